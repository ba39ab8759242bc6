"""Rules for products: factors that vanish against others that overflow, and what cancels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy
from sympy import Add, Expr, Mul, Pow

from losslang.ir.binders import substitute, walk
from losslang.ir.heads import ONE, ZERO, At, Branch, Max, Min
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Less, Truth
from losslang.rewrite import odds, squares

ROUNDED = sympy.Integer(64)
"""From here on a sigmoid is 1 to more digits than floats have."""


def flat(e: Expr) -> Expr | None:
    """``softplus(u) exp(-g softplus(-u))``: the power has no slope once it is 1 to the last digit.

    Otherwise the slope of the power, which is 0, would be multiplied with what overflows.
    """
    for factor in e.args:
        if not (isinstance(factor, Apply) and factor.name == "softplus"):
            continue
        odds = factor.operands[0]
        rest = {Apply("softplus", -odds): Apply("softplus", -Min(ROUNDED, odds))}
        for power in e.args:
            bent = substitute(power, rest) if isinstance(power, sympy.exp) else power
            if bent != power:
                return Mul(bent, *(a for a in e.args if a != power))
    return None


def power_of_softplus(e: Expr) -> Expr | None:
    """``softplus(u)**g`` is ``exp(g u)`` for a small ``u``: a root has no slope at 0."""
    if not (isinstance(e.base, Apply) and e.base.name == "softplus"):
        return None
    if (e.exp - 1).is_nonnegative:
        return None
    odds = e.base.operands[0]
    if isinstance(odds, Max) and -ROUNDED in odds.args:
        return None
    kept = Apply("softplus", Max(odds, -ROUNDED)) ** e.exp
    return Branch(Less(odds, -ROUNDED), sympy.exp(e.exp * odds), kept)


def slope_of_power_of_softplus(e: Expr) -> Expr | None:
    """``softplus(u)**g sigmoid(u)`` is ``exp((g + 1) u)`` where the power is ``exp(g u)``."""
    for power in e.args:
        if not (isinstance(power, Branch) and isinstance(power.args[1], sympy.exp)):
            continue
        test, tail, kept = power.args
        for slope in e.args:
            if not (isinstance(slope, Apply) and slope.name == "sigmoid"):
                continue
            odds = slope.operands[0]
            if test == Less(odds, -ROUNDED):
                joined = Branch(test, sympy.exp(tail.args[0] + odds), kept * slope)
                return Mul(joined, *(a for a in e.args if a not in (power, slope)))
    return None


def clipped(e: Expr) -> Expr | None:
    """``min(r A, clamp(r, a, b) A)`` of an exponential ``r``, as PPO has it, the sign of A first.

    Where A is positive and ``r`` above ``b``, nothing of ``r`` is needed, which may be infinite.
    """
    for factor, ratio, low, high in _clamps(e.args) if len(e.args) == 2 else ():
        fits = high.is_positive and (high - low).is_nonnegative
        whole = {ratio * factor, scaled_exponential(ratio * factor)}
        if isinstance(ratio, sympy.exp) and fits and not whole.isdisjoint(e.args):
            smallest = Branch(Less(sympy.log(high), ratio.args[0]), high, ratio)
            return factor * Branch(Less(factor, ZERO), Max(ratio, low), smallest)
    return None


def _clamps(products: Iterable[Expr]) -> Iterator[tuple[Expr, Expr, Expr, Expr]]:
    """``A``, ``r``, ``a`` and ``b`` wherever there is an ``A min(b, max(a, r))``."""
    for product in products:
        for inner in Mul.make_args(product):
            for floor in inner.args if isinstance(inner, Min) else ():
                high = Min(*(a for a in inner.args if a != floor))
                for ratio in floor.args if isinstance(floor, Max) else ():
                    low = Max(*(a for a in floor.args if a != ratio))
                    yield product / inner, ratio, low, high


def exp_of_logistic(e: Expr) -> Expr | None:
    """``exp(u) sigmoid(-u)`` is ``sigmoid(u)``."""
    for power in e.args:
        if isinstance(power, sympy.exp):
            mate = Apply("sigmoid", -power.args[0])
            if mate in e.args:
                rest = (a for a in e.args if a not in (power, mate))
                return Mul(*rest, Apply("sigmoid", power.args[0]))
    return None


def damped(e: Expr) -> Expr | None:
    """``softplus(u) sigmoid(-u)`` before other factors, with which the softplus could overflow."""
    for mate in e.args:
        if not (isinstance(mate, Apply) and mate.name == "sigmoid"):
            continue
        large = Apply("softplus", -mate.operands[0])
        for factor in e.args:
            rest = Mul(*(a for a in e.args if a not in (factor, mate)))
            if factor == large:
                return Apply("product", mate, large) * rest
            if isinstance(factor, Add) and any(large in Mul.make_args(t) for t in factor.args):
                return Add(*(mate * term for term in factor.args)) * rest
    return None


def over_square(e: Expr) -> Expr | None:
    """``x / s**2`` as ``(x / s) / s`` for a sum ``s``, whose square may overflow."""
    for factor in e.args:
        total, exponent = factor.as_base_exp()
        if exponent != -2 or not isinstance(total, Reduce):
            continue
        others = [a for a in e.args if a != factor]
        reading = [a for a in others if squares.reads(a) and not isinstance(a, Pow)]
        words = [a for a in reading if isinstance(a, Apply)]
        above = next(iter([*words, *reading]), ONE)
        ratio = Apply("quotient", Apply("quotient", above, total), total)
        return Mul(ratio, *(a for a in others if a != above))
    return None


def sinh_over_cosh(e: Expr) -> Expr | None:
    """``sinh(x) / cosh(x)`` is ``tanh(x)``, which cannot overflow."""
    for factor in e.args:
        below, power = factor.as_base_exp()
        if isinstance(below, sympy.cosh) and power == -1:
            above = sympy.sinh(below.args[0])
            if above in e.args:
                rest = (a for a in e.args if a not in (factor, above))
                return Mul(*rest, sympy.tanh(below.args[0]))
    return None


def unit(e: Expr) -> Expr | None:
    """``v[d] / norm(v)`` is a unit vector, computed without overflow and 0 for a zero vector.

    So for an inner product with ``v``.
    """
    for factor in e.args:
        base, times = factor.as_base_exp()
        if not (isinstance(base, Apply) and base.name == "reciprocal" and times.is_Integer):
            continue
        length = base.operands[0]
        if not (isinstance(length, Reduce) and length.op == "norm" and len(length.binders) == 1):
            continue
        for entry in e.args:
            inside, power = entry.as_base_exp()
            found = _of_unit(inside, length) if power.is_Integer and power > 0 else None
            if found is not None:
                both = min(times, power)
                rest = (a for a in e.args if a not in (factor, entry))
                left = base ** (times - both) * inside ** (power - both)
                return Mul(*rest, found**both) * left
    return None


def _of_unit(e: Expr, norm: Reduce) -> Expr | None:
    """An entry of a vector, or an inner product with it, by the unit vector."""
    for place in odds.places(e, norm.binders[0]):
        if substitute(norm.body, {norm.binders[0]: place}) == e:
            return Ordered("unit", norm.binders, norm.guard, norm.body, place)
    return squares.along(e, norm)


def log_of_share(e: Expr) -> Expr | None:
    """``exp(w) (w - log(m))`` is ``exp(w) log(exp(w) / m)``, which is 0 where both round to 0."""
    for power in e.args:
        for total in e.args if isinstance(power, sympy.exp) else ():
            product = _times_log(power, total)
            for term in Add.make_args(total):
                for inner in Mul.make_args(term):
                    found = _times_log(power, inner)
                    if found is not None and product is None:
                        product = term / inner * found + power * (total - term)
            if product is not None:
                return Mul(product, *(a for a in e.args if a not in (power, total)))
    return None


def _times_log(power: Expr, total: Expr) -> Expr | None:
    """The product of ``exp(w)`` with a sum of ``w``, ``-log(m)`` and others."""
    w = power.args[0]
    for term in total.args if isinstance(total, Add) and w in total.args else ():
        below = _log_below(term)
        if below is not None and _is_part(power, below):
            return Apply("xlogy", power, power / below) + power * (total - w - term)
    return None


def _log_below(term: Expr) -> Expr | None:
    """``m`` of ``log(1 / m)`` or ``-log(m)``."""
    if isinstance(term, sympy.log):
        base, exponent = term.args[0].as_base_exp()
        return base if exponent == -1 else None
    return (-term).args[0] if isinstance(-term, sympy.log) else None


def _is_part(part: Expr, whole: Expr) -> bool:
    """Whether a sum has a multiple of ``part`` among its terms."""
    return any(part in Mul.make_args(term) for term in Add.make_args(whole))


def cancelled(e: Expr) -> Expr | None:
    """``(m a + m b) / m**2`` is ``(a + b) / m``, without what may be 0 over 0."""
    below = {f.base: f for f in e.args if isinstance(f, Pow) and f.exp.is_Integer and f.exp < 0}
    for total in e.args:
        if not isinstance(total, Add):
            continue
        shared = set.intersection(*({*Mul.make_args(term)} for term in total.args))
        rest = Add(*(term / Mul(*shared) for term in total.args))
        if shared & set(below) or (shared and rest in below):
            return e / total * Mul(*shared) * rest
    return None


def times_exponential(e: Expr) -> Expr | None:
    """``t exp(u)`` of a truth value ``t`` is 0 where it is, though ``exp(u)`` be beyond the range.

    Not of a number: its own slope, where it is 0, is the exponential.
    """
    for test in e.args:
        for power in e.args if isinstance(test, Truth) else ():
            if isinstance(power, sympy.exp) and _may_overflow(power.args[0]):
                kept = sympy.exp(Branch(test, power.args[0], ZERO))
                return Mul(kept, *(a for a in e.args if a != power))
    return None


def scaled_exponential(e: Expr) -> Expr | None:
    """``x exp(u)`` of entries ``x`` that may be small, or 0, where ``exp(u)`` overflows."""
    entries = [a for a in e.args if isinstance(a, At) and not a.is_integer]
    for power in e.args if entries else ():
        if isinstance(power, sympy.exp) and _may_overflow(power.args[0]):
            rest = (a for a in e.args if a != power and a not in entries)
            return Mul(*rest, Apply("times_exp", Mul(*entries), power.args[0]))
    return None


def _may_overflow(exponent: Expr) -> bool:
    """Whether an exponent is of inputs, and not known to be of a share or of a distance."""
    if isinstance(exponent, Branch) or not squares.reads(exponent):
        return False
    if (-exponent).is_extended_nonnegative:
        return False
    return not any(isinstance(node, Reduce | Ordered | Apply) for node in walk(exponent))
