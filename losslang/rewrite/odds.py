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
from losslang.ir.heads import ONE, ZERO, At, Branch, Index, Tensor
from losslang.ir.loss import EXAMPLE
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import And, Delta, Not
from losslang.rewrite import angles
from losslang.rewrite.engine import Rules
from losslang.rewrite.signs import is_positive

LSE = {"sum": "logsumexp", "mean": "logmeanexp"}
"""What the logarithm of a sum or mean of exponentials is."""


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
            if not is_shorter(left, rest):
                left = rest - sympy.expand_mul(expected)
            if is_shorter(left, rest):
                yield Difference(left, scale, lse, place)


def scaled(term: Expr, test: Callable[[Expr], bool]) -> tuple[Expr, Expr | None]:
    """A product as what passes ``test`` and the rest of its factors."""
    factors = Mul.make_args(term)
    for factor in factors:
        if test(factor):
            # Not by division: SymPy leaves exponentials of some sums and their opposites apart.
            return Mul(*(f for f in factors if f != factor)), factor
    return ONE, None


def without_exponentials(product: Expr) -> tuple[Expr, Expr]:
    """A product without its exponentials, and the sum of their exponents."""
    factors = Mul.make_args(product)
    powers = [factor for factor in factors if isinstance(factor, sympy.exp)]
    rest = (factor for factor in factors if factor not in powers)
    return Mul(*rest), Add(*(power.args[0] for power in powers))


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


def is_shorter(left: Expr, whole: Expr) -> bool:
    """Whether a sum has fewer terms than another."""
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
    """The log-odds against ``place``: the other places' ``logsumexp`` less the body there.

    Differences between the two places are taken before they are scaled or added up.
    """
    (index,) = lse.binders
    same = Delta(index, place)
    here = substitute(lse.body, {index: place})
    rest = sympy.expand_mul(substitute(lse.body, {same: ZERO}) - here)
    ahead: Expr = ZERO
    for term in Add.make_args(rest):
        there = substitute(term, {index: place})
        if there != term and -there in Add.make_args(rest):
            scale, inner = term.as_independent(index, as_Add=False)
            ahead += scale * (inner - substitute(inner, {index: place}))
            rest += there - term
    apart, others = rest.as_independent(index, as_Add=True)
    if _tensors(apart) & _tensors(ahead + others):
        apart, others = ZERO, _gathered(rest, index)
    guard = And(lse.guard, Not(same))
    return apart + Reduce("logsumexp", (index,), guard, ahead + others)


def _gathered(e: Expr, index: Index) -> Expr:
    """A sum with what is the same at all places as one factor before it."""
    factors = [
        {f for f in Mul.make_args(term) if not f.is_number and index not in free_indices(f)}
        for term in Add.make_args(e)
    ]
    scale = Mul(*set.intersection(*factors))
    return scale * Add(*(term / scale for term in Add.make_args(e)))


def log_odds(e: Reduce) -> Expr | None:
    """The log-odds against one class of each row, in one word of the floats."""
    if e.op != "logsumexp" or len(e.binders) != 1 or not isinstance(e.guard, Not):
        return None
    (index,), same = e.binders, e.guard.args[0]
    if not isinstance(same, Delta) or index not in same.args:
        return None
    (place,) = (a for a in same.args if a != index)
    less, body = e.body.as_independent(index, as_Add=True)
    if not _is_one(place):
        return None
    is_ahead = _spelled(substitute(e.body, {index: place})) == ZERO
    if not is_ahead or less == ZERO or _spelled(body) != body:
        body = Apply("bounded", e.body if is_ahead else Branch(e.guard, e.body, ZERO))
    return Ordered("log_odds", e.binders, ONE, body, place)


def _spelled(e: Expr) -> Expr:
    """Without the word that takes differences first."""
    words = [w for w in walk(e) if isinstance(w, Apply) and w.name == "difference"]
    found: Expr = substitute(e, {w: w.operands[0] - w.operands[1] for w in words})
    return found


def apart(e: Reduce) -> Expr | None:
    """What a row has at the one place that a formula tests for, apart from the other places."""
    if e.op not in ("sum", "logsumexp", "logmeanexp") or len(e.binders) != 1 or e.guard != ONE:
        return None
    (index,) = e.binders
    for node in walk(e.body):
        if not (isinstance(node, Delta) and index in node.args):
            continue
        (place,) = (a for a in node.args if a != index)
        if not (_is_one(place) and free_indices(place) <= free_indices(e)):
            continue
        here = substitute(e.body, {index: place})
        if e.op == "sum":
            rest = substitute(e.body, {node: ZERO})
            return here + Reduce("sum", (index,), Not(node), rest)
        count = Reduce("count", (index,), ONE, ONE)
        mean = sympy.log(count) if e.op == "logmeanexp" else ZERO
        return here + Apply("softplus", against(e, place)) - mean
    return None


def _tensors(e: Expr) -> set[Tensor]:
    """The arrays of real numbers that an expression reads."""
    reads = (node for node in walk(e) if isinstance(node, At))
    return {read.tensor for read in reads if not read.is_integer}


def log_of_exponentials(e: Expr) -> Expr | None:
    """The logarithm of a sum or mean of exponentials, which may overflow where it does not."""
    return log_of_total(e.args[0])


def log_of_total(total: Expr) -> Expr | None:
    """The logarithm of what is a sum or mean of exponentials."""
    if not isinstance(total, Reduce) or total.op not in LSE:
        return None
    if not all(isinstance(power, sympy.exp) for power in Add.make_args(total.body)):
        return None
    power = total.body
    log = power.args[0] if isinstance(power, sympy.exp) else sympy.log(power)
    return Reduce(LSE[total.op], total.binders, total.guard, log)


def log_of_term(term: Expr) -> Expr | None:
    """The logarithm of a positive number times exponentials and sums of them."""
    number, rest = term.as_coeff_Mul()
    if not number.is_positive:
        return None
    factors = [] if rest == ONE else Mul.make_args(rest)
    logs = [f.args[0] if isinstance(f, sympy.exp) else log_of_total(f) for f in factors]
    known = [log for log in logs if log is not None]
    return Add(sympy.log(number), *known) if len(known) == len(logs) else None


def extreme_of_exponentials(e: Reduce) -> Expr | None:
    """The largest of exponentials is the exponential of the largest."""
    if e.op in ("max", "min") and isinstance(e.body, sympy.exp):
        return sympy.exp(Reduce(e.op, e.binders, e.guard, e.body.args[0]))
    return None


def other_shares(e: Reduce) -> Expr | None:
    """The probabilities of all classes but one add to ``sigmoid(u)``."""
    if e.op != "sum" or len(e.binders) != 1 or not isinstance(e.guard, Not):
        return None
    (index,), same = e.binders, e.guard.args[0]
    if not (isinstance(same, Delta) and index in same.args and isinstance(e.body, sympy.exp)):
        return None
    (place,) = (a for a in same.args if a != index)
    for found in differences(e.body.args[0]) if _is_one(place) else ():
        if found.place == index and found.scale == -1 and found.left == ZERO:
            return Apply("sigmoid", against(found.lse, place))
    return None


def log_of_part(e: Expr) -> Expr | None:
    """``log(f(y) / sum_k f(k))`` of positive numbers, as if they were exponentials."""
    inside = e.args[0]
    for factor in Mul.make_args(inside):
        whole, exponent = factor.as_base_exp()
        if exponent != -1 or not isinstance(whole, Reduce) or whole.op != "sum":
            continue
        of_rows = EXAMPLE in free_indices(whole) and len(whole.binders) == 1
        if not of_rows or whole.guard != ONE or not is_positive(whole.body):
            continue
        (index,), part = whole.binders, inside / factor
        for place in places(part, index):
            if substitute(whole.body, {index: place}) == part:
                lse = Reduce("logsumexp", (index,), ONE, sympy.log(whole.body))
                if _is_one(place):
                    return -Apply("softplus", against(lse, place))
                return sympy.log(part) - lse
    return None


def log_of_branch(e: Expr) -> Expr | None:
    """The logarithm of a branch is a branch of logarithms, if both are of positive numbers."""
    inside = e.args[0]
    if not isinstance(inside, Branch):
        return None
    test, yes, no = inside.args
    return Branch(test, _log(yes), _log(no)) if is_positive(inside) else None


def _log(e: Expr) -> Expr:
    base, exponent = e.as_base_exp()
    return exponent * sympy.log(base) if exponent.is_number else sympy.log(e)


def one_minus_sigmoid(e: Expr) -> Expr | None:
    """``c - c sigmoid(x)`` is ``c sigmoid(-x)``."""
    for term in e.args:
        scale, s = scaled(term, lambda f: isinstance(f, Apply) and f.name == "sigmoid")
        if isinstance(s, Apply) and -scale in e.args:
            return e - term + scale - scale * Apply("sigmoid", -s.operands[0])
    return None


def less_sigmoid(e: Expr) -> Expr | None:
    """``c t - c sigmoid(x)`` of an entry ``t``, without a difference where it is 0 or 1."""
    for term in e.args:
        scale, s = scaled(term, lambda f: isinstance(f, Apply) and f.name == "sigmoid")
        for other in e.args if isinstance(s, Apply) else ():
            entry = -other / scale
            if isinstance(entry, At) and isinstance(s, Apply):
                above, below = Apply("sigmoid", -s.operands[0]), s
                return e - term - other + scale * (1 - entry) * below - scale * entry * above
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


def log_of_sigmoids(e: Expr) -> Expr | None:
    """``log(sigmoid(x) - sigmoid(y))`` is ``-softplus(-x) - softplus(y) + log(1 - exp(y - x))``."""
    inside = e.args[0]
    if not isinstance(inside, Add) or len(inside.args) != 2:
        return None
    for term in inside.args:
        more, less = term, term - inside
        if all(isinstance(s, Apply) and s.name == "sigmoid" for s in (more, less)):
            (x,), (y,) = more.operands, less.operands
            apart = sympy.log(1 - sympy.exp(y - x))
            return apart - Apply("softplus", -x) - Apply("softplus", y)
    return None


def log_of_one_plus_exp(e: Expr) -> Expr | None:
    """``log(1 + c exp(x))`` is ``softplus(x + log(c))``."""
    inside = e.args[0]
    if isinstance(inside, Add) and len(inside.args) == 2 and inside.args[0] == ONE:
        scale, exponent = without_exponentials(inside.args[1])
        if exponent != ZERO and scale.is_extended_positive:
            return Apply("softplus", exponent + sympy.log(scale))
    return None


def exp_of_softplus(e: Expr) -> Expr | None:
    """``exp(-softplus(x))`` is ``sigmoid(-x)``."""
    inside = -e.args[0]
    if isinstance(inside, Apply) and inside.name == "softplus":
        return Apply("sigmoid", -inside.operands[0])
    return None


def share_of_exponentials(e: Expr) -> Expr | None:
    """``exp(u) sigmoid(-v)`` is ``exp(u - softplus(v))``, where a logsumexp ``v`` may be large."""
    for power in e.args:
        for mate in e.args if isinstance(power, sympy.exp) else ():
            if isinstance(mate, Apply) and mate.name == "sigmoid":
                total = -mate.operands[0]
                if isinstance(total, Reduce) and total.op == "logsumexp":
                    rest = (a for a in e.args if a not in (power, mate))
                    return Mul(*rest, sympy.exp(power.args[0] - Apply("softplus", total)))
    return None


def powers_of_one_base(e: Expr) -> Expr | None:
    """``x**(g - 1) x`` is ``x**g``: the slope of a power of ``p`` times that of ``p``."""
    for other in e.args:
        for factor in e.args if other.as_base_exp()[1].is_number else ():
            products = [_merged(term, other) for term in Add.make_args(factor)]
            if factor != other and any(product is not None for product in products):
                terms = zip(Add.make_args(factor), products, strict=True)
                total = Add(*(term * other if p is None else p for term, p in terms))
                return Mul(total, *(a for a in e.args if a not in (factor, other)))
    return None


def _merged(term: Expr, other: Expr) -> Expr | None:
    """A product times a power of some base, if it has another one with a sum as its exponent."""
    base, number = other.as_base_exp()
    factors = Mul.make_args(term)
    for power in factors:
        same, exponent = power.as_base_exp()
        if same == base and isinstance(exponent, Add):
            # Not by division: SymPy leaves powers with such exponents apart.
            return Mul(base ** (exponent + number), *(f for f in factors if f != power))
    return None


RULES: Rules = {
    Add: (softplus_of_odds, one_minus_sigmoid, less_sigmoid),
    sympy.log: (
        log_of_exponentials,
        log_of_part,
        log_of_sigmoid,
        log_of_sigmoids,
        log_of_one_plus_exp,
    ),
    sympy.exp: (exp_of_softplus,),
    sympy.cos: (angles.cos_of_acos,),
    Pow: (logistic,),
    Reduce: (apart, other_shares, extreme_of_exponentials),
    Mul: (powers_of_one_base, share_of_exponentials),
}
