"""The range of the elementary functions over an interval.

Most functions are monotone, so their ends decide. A row says on which domain, and which limits
bound the values. Periodic functions and functions with one turning point follow.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import TypeAlias

from flint import arb, ctx, fmpq

from losslang.verify.interval import (
    NEGATIVE_INFINITY,
    NONNEGATIVE,
    NOUGHT,
    POSITIVE_INFINITY,
    WHOLE,
    Interval,
    Undefined,
    down,
    integer,
    up,
)

Function: TypeAlias = Callable[[Interval], Interval]
AtPoint: TypeAlias = Callable[[arb], arb]

_ONE = arb(1)
_SYMMETRIC = Interval(-_ONE, _ONE)
_FAR = arb(2) ** 40

DOMAINS: dict[str, Interval] = {
    "log": NONNEGATIVE,
    "sqrt": NONNEGATIVE,
    "asin": _SYMMETRIC,
    "acos": _SYMMETRIC,
    "atanh": _SYMMETRIC,
    "acosh": Interval(_ONE, POSITIVE_INFINITY),
    "lgamma": NONNEGATIVE,
    "digamma": NONNEGATIVE,
    "trigamma": NONNEGATIVE,
    "tetragamma": NONNEGATIVE,
    "xlogx": NONNEGATIVE,
}
"""Closed domains of the functions that do not take every number."""


def domain(name: str) -> Interval:
    """Where a function is defined, or has a limit at an end."""
    return DOMAINS.get(name, WHOLE)


def _inside(name: str, x: Interval) -> None:
    if not domain(name).contains(x):
        raise Undefined(f"{name} of {x}")


def _monotone(
    name: str,
    at: AtPoint,
    first: arb | None = None,
    last: arb | None = None,
    *,
    rising: bool = True,
) -> Function:
    """A monotone function with the limits ``first`` and ``last`` at the ends of its domain.

    Without a limit, ``at`` takes the end itself.
    """
    whole = domain(name)
    lowest, highest = (first, last) if rising else (last, first)
    least = NEGATIVE_INFINITY if lowest is None else lowest
    most = POSITIVE_INFINITY if highest is None else highest

    def value(point: arb) -> arb:
        if first is not None and point == whole.low:
            return first
        if last is not None and point == whole.high:
            return last
        return at(point)

    def function(x: Interval) -> Interval:
        if x.low < whole.low or x.high > whole.high:
            raise Undefined(f"{name} of {x}")
        start, end = (x.low, x.high) if rising else (x.high, x.low)
        return Interval(down(value(start), least), up(value(end), most))

    function.__doc__ = f"The range of ``{name}``, which is monotone on {whole}."
    return function


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


def _softplus(x: arb) -> arb:
    return x.exp().log1p() if x < NOUGHT else x + (-x).exp().log1p()


def _trigamma(x: arb) -> arb:
    return arb(2).zeta(x)


def _tetragamma(x: arb) -> arb:
    return -2 * arb(3).zeta(x)


exp = _monotone("exp", arb.exp, NOUGHT, POSITIVE_INFINITY)
log = _monotone("log", arb.log, NEGATIVE_INFINITY, POSITIVE_INFINITY)
sqrt = _monotone("sqrt", arb.sqrt, NOUGHT, POSITIVE_INFINITY)
asin = _monotone("asin", arb.asin)
acos = _monotone("acos", arb.acos, rising=False)
atan = _monotone("atan", arb.atan)
sinh = _monotone("sinh", arb.sinh, NEGATIVE_INFINITY, POSITIVE_INFINITY)
tanh = _monotone("tanh", arb.tanh, -_ONE, _ONE)
asinh = _monotone("asinh", arb.asinh, NEGATIVE_INFINITY, POSITIVE_INFINITY)
acosh = _monotone("acosh", arb.acosh, NOUGHT, POSITIVE_INFINITY)
atanh = _monotone("atanh", arb.atanh, NEGATIVE_INFINITY, POSITIVE_INFINITY)
erf = _monotone("erf", arb.erf, -_ONE, _ONE)
floor = _monotone("floor", arb.floor, NEGATIVE_INFINITY, POSITIVE_INFINITY)
sign = _monotone("sign", arb.sgn, -_ONE, _ONE)
sigmoid = _monotone("sigmoid", _sigmoid, NOUGHT, _ONE)
softplus = _monotone("softplus", _softplus, NOUGHT, POSITIVE_INFINITY)
digamma = _monotone("digamma", arb.digamma, NEGATIVE_INFINITY, POSITIVE_INFINITY)
trigamma = _monotone("trigamma", _trigamma, POSITIVE_INFINITY, NOUGHT, rising=False)
tetragamma = _monotone("tetragamma", _tetragamma, NEGATIVE_INFINITY, NOUGHT)
_cosh_of_size = _monotone("cosh", arb.cosh, None, POSITIVE_INFINITY)


def cosh(x: Interval) -> Interval:
    """The range of the hyperbolic cosine, an even function that rises with ``|x|``."""
    return _cosh_of_size(abs(x))


# ---------------------------------------------------------------- one turning point


def _valley(name: str, at: AtPoint, edges: tuple[arb, arb], turn: Callable[[int], arb]) -> Function:
    """A function that falls until a point in ``turn(bits)`` and then rises.

    ``edges`` are the limits at the ends of the domain.
    """
    whole = domain(name)

    def value(point: arb) -> arb:
        if point == whole.low:
            return edges[0]
        return edges[1] if point == whole.high else at(point)

    def function(x: Interval) -> Interval:
        _inside(name, x)
        middle = turn(ctx.prec)
        first, last = value(x.low), value(x.high)
        if x.high <= middle:
            return Interval(down(last), up(first))
        if x.low >= middle:
            return Interval(down(first), up(last))
        return Interval(down(at(middle)), max(up(first), up(last)))

    function.__doc__ = f"The range of ``{name}``, which first falls and then rises."
    return function


LGAMMA_TURN = (
    Fraction("1.46163214496836234126265954232"),
    Fraction("1.46163214496836234126265954233"),
)
"""The only positive zero of digamma lies between these."""


@cache
def _lgamma_turn(bits: int) -> arb:
    """A ball around the positive zero of digamma."""
    around = Interval.of(*LGAMMA_TURN)
    return around.low.union(around.high)


@cache
def _xlogx_turn(bits: int) -> arb:
    return arb(-1).exp()


lgamma = _valley("lgamma", arb.lgamma, (POSITIVE_INFINITY, POSITIVE_INFINITY), _lgamma_turn)
xlogx = _valley("xlogx", lambda x: x * x.log(), (NOUGHT, POSITIVE_INFINITY), _xlogx_turn)


# ---------------------------------------------------------------- periodic functions


def _wave(at: AtPoint, shift: Fraction) -> Function:
    """A function that is +1 at ``pi (shift + k)`` for even ``k``, -1 for odd ones."""

    def function(x: Interval) -> Interval:
        if not _is_moderate(x):
            return _SYMMETRIC
        first, last = _turns(x, shift)
        if last > first:
            return _SYMMETRIC
        low, high = at(x.low), at(x.high)
        made = Interval(
            min(down(low, -_ONE), down(high, -_ONE)), max(up(low, _ONE), up(high, _ONE))
        )
        if first > last:
            return made
        return Interval(made.low, _ONE) if first % 2 == 0 else Interval(-_ONE, made.high)

    return function


def _is_moderate(x: Interval) -> bool:
    """Whether the place of ``x`` within a period can be told at an ordinary precision."""
    return bool(x.low > -_FAR and x.high < _FAR)


def _turns(x: Interval, shift: Fraction) -> tuple[int, int]:
    """The first and the last whole ``k`` for which ``pi (shift + k)`` may lie in ``x``."""
    pi, offset = arb.pi(), arb(fmpq(shift.numerator, shift.denominator))
    first = (x.low / pi - offset).lower().ceil()
    last = (x.high / pi - offset).upper().floor()
    return integer(first), integer(last)


sin = _wave(arb.sin, Fraction(1, 2))
cos = _wave(arb.cos, Fraction(0))
sin.__doc__ = "The range of the sine."
cos.__doc__ = "The range of the cosine."


def tan(x: Interval) -> Interval:
    """The range of the tangent: the whole line where ``x`` may hold a pole."""
    if not _is_moderate(x):
        return WHOLE
    first, last = _turns(x, Fraction(1, 2))
    return WHOLE if first <= last else Interval(down(x.low.tan()), up(x.high.tan()))


# ---------------------------------------------------------------- two arguments


def xlogy(x: Interval, y: Interval) -> Interval:
    """``x log y``, which is 0 at ``x = 0``."""
    return x * log(y)
