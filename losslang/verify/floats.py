"""The operations of a formula in double precision, with nan and infinities as IEEE 754 has them."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import inf, nan

from flint import arb


def divide(x: float, y: float) -> float:
    """``x / y``."""
    if y != 0:
        return x / y
    return nan if x == 0 or math.isnan(x) else math.copysign(inf, x) * math.copysign(1, y)


def power(x: float, y: float) -> float:
    """``x ** y``; nan for a root of a negative number."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0 and y % 2 == 1 else inf
    except ValueError:
        return inf if x == 0 else nan


def xlogy(x: float, y: float) -> float:
    """``x log y``, which is 0 at ``x = 0``."""
    return 0.0 if x == 0 else x * FUNCTIONS["log"](y)


def greatest(*xs: float) -> float:
    """The greatest number; nan if one is."""
    return nan if any(map(math.isnan, xs)) else max(xs)


def least(*xs: float) -> float:
    """The smallest number; nan if one is."""
    return nan if any(map(math.isnan, xs)) else min(xs)


def choose(test: float, yes: float, no: float) -> float:
    """``yes if test else no``."""
    return yes if test != 0 else no


def _guarded(
    function: Callable[[float], float], limits: dict[float, float] | None = None
) -> Callable[[float], float]:
    """``function`` with an infinity where it overflows, its ``limits``, and nan outside."""
    known = limits or {}

    def run(x: float) -> float:
        if x in known:
            return known[x]
        try:
            return float(function(x))
        except OverflowError:
            return inf
        except ValueError:
            return nan

    return run


def _odd_sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(inf, x)


def _sigmoid(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    power_of_e = math.exp(x)
    return power_of_e / (1 + power_of_e)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _positive(function: Callable[[arb], arb]) -> Callable[[float], float]:
    return lambda x: float(function(arb(x)).mid()) if x > 0 else nan


def _sign(x: float) -> float:
    return x if x == 0 or math.isnan(x) else math.copysign(1, x)


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": _guarded(math.exp),
    "log": _guarded(math.log, {0.0: -inf}),
    "sqrt": _guarded(math.sqrt),
    "sin": _guarded(math.sin),
    "cos": _guarded(math.cos),
    "tan": _guarded(math.tan),
    "asin": _guarded(math.asin),
    "acos": _guarded(math.acos),
    "atan": math.atan,
    "sinh": _odd_sinh,
    "cosh": _guarded(math.cosh),
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": _guarded(math.acosh),
    "atanh": _guarded(math.atanh, {1.0: inf, -1.0: -inf}),
    "erf": math.erf,
    "abs": abs,
    "sign": _sign,
    "floor": _guarded(math.floor, {inf: inf, -inf: -inf}),
    "sigmoid": _guarded(_sigmoid),
    "softplus": _softplus,
    "lgamma": _guarded(lambda x: math.lgamma(x) if x > 0 else nan, {0.0: inf}),
    "digamma": _guarded(_positive(arb.digamma), {0.0: -inf, inf: inf}),
    "trigamma": _guarded(_positive(lambda x: arb(2).zeta(x)), {0.0: inf, inf: 0.0}),
    "xlogx": lambda x: xlogy(x, x),
}
"""The functions of one number by name."""
