"""Quotients and powers of what may vanish or overflow: exponentials, and shares of a sum."""

from __future__ import annotations

import sympy
from sympy import Add, Expr, Mul, Pow

from losslang.ir.heads import ONE, ZERO, At, Branch
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Less
from losslang.rewrite import odds, squares
from losslang.rewrite.engine import Rules
from losslang.rewrite.signs import is_positive


def log_of_product(e: Expr) -> Expr | None:
    """``log(a / b)`` is ``log(a) - log(b)`` where exponentials make both vanish or overflow.

    That of a sum or mean of such quotients is a logsumexp.
    """
    inside = e.args[0]
    if isinstance(inside, Reduce) and inside.op in odds.LSE and _is_product(inside.body):
        return Reduce(odds.LSE[inside.op], inside.binders, inside.guard, sympy.log(inside.body))
    if not _is_product(inside):
        return None
    factors = Mul.make_args(inside)
    number = Mul(*(f for f in factors if f.is_number))
    return Add(sympy.log(number), *(_log(f) for f in factors if not f.is_number))


def _is_product(e: Expr) -> bool:
    """Whether a number is a product of positive ones, of which one may vanish or overflow."""
    factors = Mul.make_args(e)
    sums = [f for f in factors if _sums_exponentials(f.as_base_exp()[0])]
    return isinstance(e, Mul | Pow) and bool(sums) and all(map(_has_logarithm, factors))


def _sums_exponentials(e: Expr) -> bool:
    """Whether a number is a sigmoid or a sum of exponentials, of which one may be such a sum."""
    if isinstance(e, Apply):
        return bool(e.name == "sigmoid")
    terms = Add.make_args(e)
    sums = any(isinstance(term, Reduce) for term in terms)
    return sums and all(odds.log_of_term(term) is not None for term in terms)


def _has_logarithm(e: Expr) -> bool:
    if isinstance(e, sympy.exp):
        return True
    base, exponent = e.as_base_exp()
    return bool(_sums_exponentials(base) or e.is_extended_positive) and exponent.is_real


def _log(e: Expr) -> Expr:
    if isinstance(e, sympy.exp):
        return e.args[0]
    base, exponent = e.as_base_exp()
    return exponent * sympy.log(base)


def share_of_sum(e: Expr) -> Expr | None:
    """``exp(u) / sum_k exp(v[k])`` is ``exp(u - logsumexp(v))``, which no exponential overflows."""
    for factor in e.args:
        total, exponent = factor.as_base_exp()
        if exponent != -1 or not isinstance(total, Reduce | Add):
            continue
        for power in e.args:
            if not isinstance(power, sympy.exp):
                continue
            share = _share(power, total)
            if share is not None:
                return Mul(share, *(a for a in e.args if a not in (power, factor)))
    return None


def _share(power: Expr, total: Expr) -> Expr | None:
    if isinstance(total, Reduce):
        whole = odds.log_of_total(total)
        return None if whole is None else sympy.exp(power.args[0] - whole)
    others = [term for term in total.args if term != power]
    if len(others) != 1 or len(total.args) != 2 or not isinstance(others[0], sympy.exp):
        return None
    return Apply("sigmoid", power.args[0] - others[0].args[0])


def share_of_sigmoid(e: Expr) -> Expr | None:
    """``exp(u) / sigmoid(v)`` is ``exp(u + softplus(-v))``, where both may round to 0."""
    for factor in e.args:
        below, exponent = factor.as_base_exp()
        if exponent != -1 or not (isinstance(below, Apply) and below.name == "sigmoid"):
            continue
        for power in e.args:
            if isinstance(power, sympy.exp):
                share = sympy.exp(power.args[0] + Apply("softplus", -below.operands[0]))
                return Mul(share, *(a for a in e.args if a not in (power, factor)))
    return None


def one_exponential(e: Expr) -> Expr | None:
    """``exp(u) exp(-v)`` is ``exp(u - v)``: one may overflow where the other vanishes."""
    if sum(isinstance(factor, sympy.exp) for factor in e.args) < 2:
        return None
    rest, exponent = odds.without_exponentials(e)
    return rest * sympy.exp(exponent)


def rest_of_share(e: Expr) -> Expr | None:
    """``1 - a / (a + b)`` is ``b / (a + b)``: nothing is subtracted where ``b`` is small."""
    for term in e.args:
        for one in e.args:
            rest = _rest(-term / one) if one != term and one.is_number else None
            if rest is not None:
                return e - one - term + one * rest
    return None


def _rest(part: Expr) -> Expr | None:
    """``1 - part`` of a share of a sum, or of a mean of shares."""
    scale, mean = odds.scaled(part, lambda f: isinstance(f, Reduce) and f.op == "mean")
    if isinstance(mean, Reduce):
        indices, guard, body = mean.open()
        inside = _rest(scale * body)
        return None if inside is None else Reduce("mean", indices, guard, inside)
    for factor in Mul.make_args(part):
        total, exponent = factor.as_base_exp()
        if exponent == -1 and isinstance(total, Add):
            rest = total - Mul(*(f for f in Mul.make_args(part) if f != factor))
            if {*Add.make_args(rest)} < {*total.args}:
                return rest * factor
    return None


def branch_of_sigmoids(e: Expr) -> Expr | None:
    """A branch of sigmoids is a sigmoid of a branch, from which no digit is lost."""
    test, yes, no = e.args
    if all(isinstance(s, Apply) and s.name == "sigmoid" for s in (yes, no)):
        return Apply("sigmoid", Branch(test, yes.operands[0], no.operands[0]))
    return None


def xlogy_of_exponential(e: Expr) -> Expr | None:
    """``xlogy(x exp(u), y exp(v))`` is ``exp(u) (xlogy(x, y) + x v)``."""
    if not (isinstance(e, Apply) and e.name == "xlogy"):
        return None
    (x, outer), (y, inner) = map(odds.without_exponentials, e.operands)
    if outer == inner == ZERO:
        return None
    known = ZERO if y == ONE else Apply("xlogy", x, y)
    return sympy.exp(outer) * (known + x * inner)


def power_from_zero(e: Expr) -> Expr | None:
    """``x**c`` with a fraction ``c > 0``, its slope 0 where ``x`` is 0."""
    base, exponent = e.base, e.exp
    if exponent.is_Integer or not exponent.is_extended_positive or not squares.reads(base):
        return None
    if is_positive(base) or isinstance(base, At) or _is_kept(base):
        return None
    if exponent.is_Rational and exponent.q == 2 and (isinstance(base, Add) or _is_square(base)):
        return None
    some = Less(ZERO, base)
    return Branch(some, Branch(some, base, ONE) ** exponent, ZERO)


def _is_kept(e: Expr) -> bool:
    return isinstance(e, Branch) and e.args[0] == Less(ZERO, e.args[1]) and e.args[2] == ONE


def _is_square(e: Expr) -> bool:
    """Whether the root of a number is a length, or a product."""
    return squares.length(e) is not None or isinstance(e, Mul)


_OWN: Rules = {
    Add: (rest_of_share,),
    sympy.log: (log_of_product,),
    Mul: (share_of_sum, share_of_sigmoid, one_exponential),
    Branch: (branch_of_sigmoids,),
    Apply: (xlogy_of_exponential,),
    Pow: (power_from_zero,),
}
RULES: Rules = {
    head: (*odds.RULES.get(head, ()), *_OWN.get(head, ())) for head in {**odds.RULES, **_OWN}
}
"""Those of :mod:`losslang.rewrite.odds`, and then these."""
