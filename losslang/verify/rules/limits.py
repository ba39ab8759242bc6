"""The rule for one-sided limits.

SymPy's ``limit`` (Gruntz, "On computing limits in a symbolic manipulation system", 1996) is
trusted here, under a time limit, and doubted: at points that approach the limit, for several values
of the parameters, the formula has to come closer in many digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import mpmath
import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import substitute, walk
from losslang.ir.evaluate import Evaluator, World
from losslang.ir.primitives import Apply
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import INFINITE, same
from losslang.verify.rules.spelled import spelled
from losslang.verify.sampling import points
from losslang.verify.statement import Bounds, Limit, Region, Statement
from losslang.verify.watchdog import within

SECONDS = 4.0
"""The time that a limit may take."""

STEPS = (12, 40, 120)
"""Powers of one half: distances from a finite point. Infinity is approached by 2^2, 2^12, 2^40."""


def _limit(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    if not isinstance(statement, Limit):
        raise Rejected("the rule is about limits")
    if statement.variable in statement.region:
        raise Rejected("the region holds the variable of the limit")
    plain = ranged(statement)
    found = evaluate(plain.expr, plain.variable, plain.point, plain.side)
    if plain.value == 0 and found != 0 and _vanishes(plain):
        found = S.Zero
    if found is None:
        raise Rejected(f"the limit of {statement.expr} is not known")
    value = plain.value
    equal = found == value or (
        found not in INFINITE and value not in INFINITE and same(found, value, plain.region)
    )
    if not equal:
        raise Rejected(f"the limit of {statement.expr} is {found}, not {value}")
    if not approaches(statement):
        raise Rejected(f"{statement.expr} does not seem to approach {value}")
    return tuple(_at_ends(statement))


def _vanishes(statement: Limit) -> bool:
    """Whether the logarithm of a product's size tends to -oo, which SymPy sees more often."""
    factors = [f.as_base_exp() for f in sympy.Mul.make_args(sympy.factor_terms(statement.expr))]
    size = sympy.Add(*(power * sympy.log(base**2) / 2 for base, power in factors))
    return evaluate(size, statement.variable, statement.point, statement.side) == -S.Infinity


def _at_ends(statement: Limit) -> Iterator[Limit]:
    """The statement at the closed ends of parameters, where a limit may be another."""
    used = statement.expr.free_symbols | statement.point.free_symbols
    for symbol, bounds in statement.region.variables:
        if symbol in used and _has_number(symbol, bounds):
            for end, closed in ((bounds.low, bounds.low_closed), (bounds.high, bounds.high_closed)):
                if closed:
                    rule = {symbol: end}
                    parts = (statement.expr, statement.point, statement.value)
                    expr, point, value = (substitute(e, rule) for e in parts)
                    region = statement.region.setting(rule)
                    yield replace(statement, expr=expr, point=point, value=value, region=region)


def _has_number(symbol: sympy.Symbol, bounds: Bounds) -> bool:
    """Whether a parameter is continuous, between numbers of which one is finite."""
    low, high = bounds.low, bounds.high
    numbers = low.is_number and high.is_number and low != high
    return bool(numbers and not symbol.is_integer and (low.is_finite or high.is_finite))


def ranged(statement: Limit) -> Limit:
    """The same statement with parameters as functions of positive numbers, whose range SymPy knows.

    It leaves out the closed ends of parameters.
    """
    region = Region()
    rule: dict[Basic, Basic] = {}
    for symbol, bounds in statement.region.variables:
        image, new, within = _image(symbol, bounds.subs(rule), statement)
        region = region.having(new, within)
        if new != symbol:
            rule[symbol] = image
    parts = (substitute(e, rule) for e in (statement.expr, statement.point, statement.value))
    expr, point, value = parts
    conditions = tuple(substitute(c, rule) for c in statement.region.conditions)
    region = replace(region, conditions=conditions, reads=statement.region.reads)
    return replace(statement, expr=expr, point=point, value=value, region=region)


def _image(
    symbol: sympy.Symbol, bounds: Bounds, statement: Limit
) -> tuple[Expr, sympy.Symbol, Bounds]:
    """A parameter as a function of a positive one, and where that lies."""
    low, high = bounds.low, bounds.high
    plain = symbol.is_positive and low == 0 and high.is_infinite
    if plain or not _has_number(symbol, bounds):
        return symbol, symbol, bounds
    new = statement.region.fresh(f"{symbol.name}'", positive=True)
    if low.is_infinite:
        image = high - new
    else:
        image = low + new if high.is_infinite else (low + high * new) / (1 + new)
    return image, new, Bounds(S.Zero)


def evaluate(
    expr: Expr, variable: sympy.Symbol, point: Expr, side: str, seconds: float = SECONDS
) -> Expr | None:
    """A one-sided limit, or ``None`` where SymPy finds none in time or one that is no real."""

    def work() -> Expr | None:
        try:
            plain = spell(expr)
            if point in INFINITE:
                return sympy.limit(plain, variable, point)
            return sympy.limit(plain, variable, point, side)
        except (NotImplementedError, ValueError, TypeError, ArithmeticError, RecursionError):
            return None
        except (AttributeError, KeyError, IndexError, AssertionError):  # defects of SymPy
            return None

    found = within(seconds, work)
    if not isinstance(found, Expr) or variable in found.free_symbols:
        return None
    if found in INFINITE:
        return found
    odd = (sympy.Limit, sympy.Order, sympy.sign, sympy.Piecewise, sympy.AccumBounds, sympy.re)
    if found.has(*odd) or found.has(*INFINITE, S.NaN, S.ComplexInfinity, S.ImaginaryUnit):
        return None
    return found


def spell(expr: Expr) -> Expr:
    """Our own functions in SymPy's, as far as it has any."""
    rule: dict[Basic, Basic] = {}
    for part in walk(expr):
        if isinstance(part, Apply):
            inside = substitute(part, rule) if rule else part
            plain = spelled(inside)
            if plain is None:
                raise ValueError(f"SymPy does not know {part}")
            rule[part] = plain
    return substitute(expr, rule)


# ---------------------------------------------------------------- the tripwire


def approaches(statement: Limit, samples: int = 3) -> bool:
    """Whether numbers speak for the limit: each step comes closer, or is close."""
    region = Region(
        tuple((s, b) for s, b in statement.region.variables), statement.region.conditions
    )
    for point in islice(points(region), samples):
        distances = [_distance(statement, point, step) for step in STEPS]
        known = [d for d in distances if d is not None]
        if len(known) >= 2 and not _shrinks(known):
            return False
    return True


def _shrinks(distances: list[mpmath.mpf]) -> bool:
    first, last = distances[0], distances[-1]
    return bool(last <= first or last < mpmath.mpf(10) ** -12)


def _distance(statement: Limit, point: Mapping[sympy.Symbol, Expr], step: int) -> mpmath.mpf | None:
    """How far the formula is from the limit; 1/|value| from the right infinity."""
    with mpmath.workprec(2000):
        try:
            at = _number(statement.point, point) if statement.point not in INFINITE else None
            if at is None:
                near = mpmath.mpf(2) ** {12: 2, 40: 12, 120: 40}[step]
                near = near if statement.point == S.Infinity else -near
            else:
                near = at + (1 if statement.side == "+" else -1) * mpmath.mpf(2) ** -step
            value = _number(statement.expr, {**point, statement.variable: near})
            if statement.value in INFINITE:
                up = value if statement.value == S.Infinity else -value
                return mpmath.exp(-up) if up < 1000 else 1 / up**4
            return abs(value - _number(statement.value, point))
        except (ArithmeticError, ValueError, TypeError, OverflowError):
            return None


def _number(expr: Expr, point: Mapping[sympy.Symbol, object]) -> mpmath.mpf:
    scalars = {symbol.name: mpmath.mpf(_exact(value)) for symbol, value in point.items()}
    value = Evaluator(World({}, scalars, {}, {})).value(expr)
    if isinstance(value, int):
        return mpmath.mpf(value)
    value = (
        mpmath.mpf(value)
        if not hasattr(value, "numerator")
        else (mpmath.mpf(int(value.numerator)) / int(value.denominator))
    )
    if not mpmath.isfinite(value):
        raise ValueError("no number")
    return value


def _exact(value: object) -> object:
    if isinstance(value, sympy.Rational):
        return mpmath.mpf(int(value.p)) / int(value.q)
    return value


LIMIT_RULES: tuple[Rule, ...] = (
    Rule("limit", "SymPy finds the limit, and numbers come close to it", _limit),
)
