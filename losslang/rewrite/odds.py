"""Probabilities of one class, written by their log-odds.

Where a formula reads ``log softmax(z)[y]``, put ``u = logsumexp(z[k] - z[y] for k if k != y)``,
the log-odds against class ``y``. Then ``-log p`` is ``softplus(u)``, ``p`` is ``sigmoid(-u)``,
``1 - p`` is ``sigmoid(u)`` and ``-log(1 - p)`` is ``softplus(-u)``: nothing is subtracted from 1,
so every digit is kept however close ``p`` is to 0 or 1. The same holds for the slopes, whose
factors have one sign: ``d u / d z[k]`` is the share of ``k`` among the other classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sympy
from sympy import Add, Expr, Mul, Pow

from losslang.ir.binders import free_indices, substitute, walk
from losslang.ir.heads import ONE, ZERO, At, Index
from losslang.ir.loss import EXAMPLE
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import And, Delta, Not
from losslang.rewrite.engine import Rules


@dataclass(frozen=True)
class Difference:
    """``left + scale * (lse - z[place])`` with ``lse`` the logsumexp of ``z[k]`` over ``k``."""

    left: Expr
    scale: Expr
    lse: Reduce
    place: Expr


def differences(e: Expr) -> Iterator[Difference]:
    """The ways to see a sum as a multiple of some ``log softmax(z)[place]`` and a rest."""
    for term in e.args:
        scale, lse = scaled(term, lambda f: isinstance(f, Reduce) and f.op == "logsumexp")
        if not isinstance(lse, Reduce) or len(lse.binders) != 1:
            continue
        (index,) = lse.binders
        rest = e - term
        for place in places(rest, index):
            picked = substitute(lse.body, {index: place})
            if picked == lse.body or substitute(lse.guard, {index: place}) != ONE:
                continue
            expected = -scale * picked
            wanted = {*Add.make_args(expected), *Add.make_args(sympy.expand_mul(expected))}
            if not wanted & set(Add.make_args(rest)):
                continue
            left = rest - expected
            if not _shorter(left, rest):
                left = rest - sympy.expand_mul(expected)
            if _shorter(left, rest):
                yield Difference(left, scale, lse, place)


def scaled(term: Expr, test: Callable[[Expr], bool]) -> tuple[Expr, Expr | None]:
    """A product as what passes ``test`` and the rest of its factors."""
    for factor in Mul.make_args(term):
        if test(factor):
            return term / factor, factor
    return ONE, None


def places(expr: Expr, index: Index) -> Iterator[Expr]:
    """The indices at which ``expr`` reads arrays along the axis of ``index``."""
    seen: set[Expr] = set()
    for node in walk(expr):
        for place in (
            node.indices if isinstance(node, At) else node.args if isinstance(node, Delta) else ()
        ):
            along = place.axis == index.axis if isinstance(place, Index) else True
            if (
                along
                and place not in seen
                and (not isinstance(place, Index) or place in free_indices(expr))
            ):
                seen.add(place)
                yield place


def _shorter(left: Expr, whole: Expr) -> bool:
    return len(Add.make_args(left)) < len(Add.make_args(whole)) or left == ZERO


# ---------------------------------------------------------------- rules


def softplus_of_odds(e: Expr) -> Expr | None:
    """``c logsumexp_k z[k] - c z[y]`` is ``c softplus(u)``, if ``y`` is one class of each row."""
    for found in differences(e):
        if _is_one(found.place):
            return found.left + found.scale * Apply("softplus", against(found.lse, found.place))
    return None


def _is_one(place: Expr) -> bool:
    """Whether a place is one of each row; at a running index, log_softmax serves all places."""
    return isinstance(place, At) or place == EXAMPLE


def against(lse: Reduce, place: Expr) -> Expr:
    """The log-odds against ``place``: the other places' ``logsumexp`` less the body there."""
    (index,) = lse.binders
    ahead = lse.body - substitute(lse.body, {index: place})
    return Reduce("logsumexp", (index,), And(lse.guard, Not(Delta(index, place))), ahead)


def log_odds(e: Reduce) -> Expr | None:
    """The log-odds against one class of each row, in one word of the floats."""
    if e.op != "logsumexp" or len(e.binders) != 1 or not isinstance(e.guard, Not):
        return None
    (index,), same = e.binders, e.guard.args[0]
    if not isinstance(same, Delta) or index not in same.args:
        return None
    (place,) = (a for a in same.args if a != index)
    less, body = e.body.as_independent(index, as_Add=True)
    if not _is_one(place) or less + substitute(body, {index: place}) != ZERO:
        return None
    return Ordered("log_odds", e.binders, ONE, body, place)


def one_minus_sigmoid(e: Expr) -> Expr | None:
    """``c - c sigmoid(x)`` is ``c sigmoid(-x)``."""
    for term in e.args:
        scale, s = scaled(term, lambda f: isinstance(f, Apply) and f.name == "sigmoid")
        if isinstance(s, Apply) and -scale in e.args:
            return e - term + scale - scale * Apply("sigmoid", -s.operands[0])
    return None


def logistic(e: Expr) -> Expr | None:
    """``1 / (1 + exp(u))`` is ``sigmoid(-u)``, which cannot overflow."""
    base = e.base
    if not (e.exp.could_extract_minus_sign() and isinstance(base, Add) and len(base.args) == 2):
        return None
    one, power = base.args
    if one != ONE or not isinstance(power, sympy.exp):
        return None
    return Apply("sigmoid", -power.args[0]) ** -e.exp


def log_of_sigmoid(e: Expr) -> Expr | None:
    """``log(sigmoid(x))`` is ``-softplus(-x)``."""
    inside = e.args[0]
    if isinstance(inside, Apply) and inside.name == "sigmoid":
        return -Apply("softplus", -inside.operands[0])
    return None


def log_of_one_plus_exp(e: Expr) -> Expr | None:
    """``log(1 + exp(x))`` is ``softplus(x)``; the exponential may be a product of several."""
    inside = e.args[0]
    if isinstance(inside, Add) and len(inside.args) == 2 and inside.args[0] == ONE:
        powers = Mul.make_args(inside.args[1])
        if all(isinstance(power, sympy.exp) for power in powers):
            return Apply("softplus", Add(*(power.args[0] for power in powers)))
    return None


def exp_of_softplus(e: Expr) -> Expr | None:
    """``exp(-softplus(x))`` is ``sigmoid(-x)``."""
    inside = -e.args[0]
    if isinstance(inside, Apply) and inside.name == "softplus":
        return Apply("sigmoid", -inside.operands[0])
    return None


def powers_of_one_base(e: Expr) -> Expr | None:
    """``x**(g - 1) x`` is ``x**g``: the slope of a power of ``p`` times that of ``p``."""
    for power in e.args:
        base, exponent = power.as_base_exp()
        if not isinstance(exponent, Add):
            continue
        for other in e.args:
            same, number = other.as_base_exp()
            if same == base and number.is_number:
                rest = (a for a in e.args if a not in (power, other))
                return Mul(*rest, base ** (exponent + number))
    return None


RULES: Rules = {
    Add: (softplus_of_odds, one_minus_sigmoid),
    sympy.log: (log_of_sigmoid, log_of_one_plus_exp),
    sympy.exp: (exp_of_softplus,),
    Pow: (logistic,),
    Mul: (powers_of_one_base,),
}
