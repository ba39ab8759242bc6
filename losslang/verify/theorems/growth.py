"""How formulas move with one quantity, told by composition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import sympy
from flint import arb
from sympy import Basic, Expr, Rational, S

from losslang.diagnostics import InternalError
from losslang.ir.binders import Binder, occurs, substitute, walk
from losslang.ir.derive import derivative
from losslang.ir.facts import FACTS
from losslang.ir.heads import At, Branch, Index, Labelled, Max, Min, Size
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.reduce import Reduce
from losslang.ir.truth import LessEqual, Not, conjuncts
from losslang.verify.arrays import Arrays
from losslang.verify.enclosure import Range
from losslang.verify.interval import rational
from losslang.verify.rules.common import placed
from losslang.verify.statement import LINE, Bounds, Region
from losslang.verify.theorem import Premise
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import sign

FOLDS = ("sum", "mean", "max", "min", "logsumexp", "logmeanexp")
"""Folds that grow with each thing that they fold."""


@dataclass(frozen=True)
class Growth:
    """Shows that formulas grow with ``entry``, a read of the array or the symbol ``of``.

    In slopes a variable stands for each read and fold, or with ``whole`` for the greatest formulas
    that do not depend on what grows.
    """

    of: Basic
    entry: Expr
    whole: bool = False

    def premises(self, e: Expr, way: int, where: Region) -> Iterator[Premise]:
        """That ``e`` does not fall (does not rise, if ``way`` is -1) where it has a value."""
        if not occurs(self.of, e):
            return
        parts = self._parts(e, way, where)
        if parts is None:
            yield from self._by_slope(e, way, where)
            return
        for part, side, region in parts:
            yield from self.premises(part, side, region)

    def _parts(self, e: Expr, way: int, where: Region) -> Sequence[tuple[Expr, int, Region]] | None:
        """Formulas that ``e`` grows with; ``None`` where it grows with none in particular."""
        if isinstance(e, Labelled):
            return [(e.args[1], way, where)]
        if isinstance(e, Reduce):
            _, guard, body = e.open()
            if e.op not in FOLDS or occurs(self.of, guard):
                raise Silent
            return [(body, way, where.where(*conjuncts(guard)))]
        if isinstance(e, Branch):
            test, yes, no = e.args
            if occurs(self.of, test):
                raise Silent
            return [(yes, way, where.where(*conjuncts(test))), (no, way, where.where(Not(test)))]
        if isinstance(e, Max | Min):
            return [(part, way, where) for part in e.args]
        if isinstance(e, sympy.Mul):
            return self._product(e, way, where)
        if isinstance(e, sympy.Pow) and e.exp.is_Rational:
            known = Arrays(where).range(e.base)
            if known is None or not known.nonnegative:
                return None
            return [(e.base, way if e.exp > 0 else -way, where)]
        varying = [a for a in e.args if isinstance(a, Expr) and occurs(self.of, a)]
        if isinstance(e, sympy.Add) and len(varying) == 1:
            return [(varying[0], way, where)]
        row = primitive_of(e)
        if row is None or row.arity != 1:
            return None
        facts, (inside,) = FACTS[row.name], operands(e)
        if not (facts.increasing or facts.decreasing):
            return None
        return [(inside, way if facts.increasing else -way, where)]

    def _product(
        self, e: sympy.Mul, way: int, where: Region
    ) -> Sequence[tuple[Expr, int, Region]] | None:
        """One factor that varies beside one of known sign, or factors that are not negative."""
        varying = [f for f in e.args if occurs(self.of, f)]
        rest = sympy.Mul(*(f for f in e.args if f not in varying))
        signs = [Arrays(where).range(part) for part in (rest, *varying)]
        known = [s for s in signs if s is not None and s.nonnegative]
        if len(varying) == 2 and known[:1] == signs[:1] and _soft_way(varying, self.of) == way:
            return []
        if len(varying) > 1 and (len(known) < len(signs) or any(map(_is_inverse, varying))):
            return None
        if signs[0] is None or not (signs[0].nonnegative or signs[0].nonpositive):
            return None
        way = way if signs[0].nonnegative else -way
        return [(factor, way, where) for factor in varying]

    def _by_slope(self, e: Expr, way: int, where: Region) -> Iterator[Premise]:
        """The slope on each side of the extrema in ``e`` at which it is continuous."""
        if not is_continuous(e, self.of):
            raise Silent
        for part, region in _without_extrema(e, self.of, where):
            try:
                slope = derivative(part, self.entry)
            except InternalError:
                raise Silent from None
            slope, region = _abstracted(slope, self.of, region, self.whole)
            slope = sympy.expand_mul(way * slope)
            slope = sympy.factor_terms(slope) if _is_indexed(slope) else slope
            yield sign("the slope", slope, ">=", region)


def _soft_way(factors: Sequence[Expr], of: Basic) -> int:
    """Which way log-sum-exp(t y) / t or log-mean-exp(t y) / t goes as ``of`` grows; 0 if unknown.

    With t the first falls by the entropy of the softmax, and the second grows by its divergence
    from the uniform weights. The number t is what grows, or its inverse.
    """
    for (soft, scale), way in product((factors, factors[::-1]), (1, -1)):
        found = _soft(soft, of)
        if found is not None and scale == sympy.Pow(of, -way):
            mean, exponents = found
            if not any(occurs(of, sympy.expand_mul(x * scale)) for x in exponents):
                return way if mean else -way
    return 0


def _soft(e: Expr, of: Basic) -> tuple[bool, list[Expr]] | None:
    """The exponents of a log-sum-exp, or of a log-mean-exp if the first is true."""
    if isinstance(e, Reduce):
        known = e.op in ("logsumexp", "logmeanexp") and not occurs(of, e.open()[1])
        return (e.op == "logmeanexp", [e.open()[2]]) if known else None
    if not isinstance(e, sympy.log):
        return None
    exponents: list[Expr] = []
    for term in sympy.Add.make_args(e.args[0]):
        if isinstance(term, sympy.exp):
            inside = _soft(term.args[0], of)
            exponents += [term.args[0]] if inside is None else inside[1]
            if inside is not None and inside[0]:
                return None
        elif not (term.is_Integer and term > 0):
            return None
    return False, exponents


def _is_inverse(e: Expr) -> bool:
    return isinstance(e, sympy.Pow) and e.exp.is_negative is True


def is_continuous(expr: Expr, of: Basic) -> bool:
    """Whether ``expr`` is made of continuous functions of a symbol or an array.

    Comparisons, guards and places along axes may not depend on it.
    """
    if not occurs(of, expr) or expr == of:
        return True
    if isinstance(expr, At):
        return not occurs(of, *expr.indices)
    if isinstance(expr, Branch):
        test, yes, no = expr.args
        return not occurs(of, test) and is_continuous(yes, of) and is_continuous(no, of)
    if isinstance(expr, Reduce):
        _, guard, body = expr.open()
        return expr.op in (*FOLDS, "prod") and not occurs(of, guard) and is_continuous(body, of)
    row = primitive_of(expr)
    known = isinstance(expr, CONTINUOUS) or (row is not None and row.name in FACTS)
    if not known or (row is not None and row.name in JUMPS):
        return False
    return all(is_continuous(a, of) for a in expr.args if isinstance(a, Expr))


CONTINUOUS = (sympy.Add, sympy.Mul, sympy.Pow, Max, Min, Labelled)

JUMPS = ("sign", "floor")


MAX_EXTREMA = 4


def _without_extrema(
    e: Expr, of: Basic, where: Region, left: int = MAX_EXTREMA
) -> Iterator[tuple[Expr, Region]]:
    """``e`` with the side in force in place of each extremum outside of folds, and where."""
    found = next((p for p in _outside(e) if isinstance(p, Max | Min) and occurs(of, p)), None)
    if found is None:
        yield e, where
        return
    if left == 0:
        raise Silent
    for winner in found.args:
        others = [a for a in found.args if a != winner]
        sides = (
            LessEqual(o, winner) if isinstance(found, Max) else LessEqual(winner, o) for o in others
        )
        here = substitute(e, {found: winner})
        yield from _without_extrema(here, of, where.where(*sides), left - 1)


def _outside(e: Basic) -> Iterator[Basic]:
    """The parts of ``e`` outside of folds."""
    yield e
    if not isinstance(e, Binder):
        for arg in e.args:
            yield from _outside(arg)


def _abstracted(slope: Expr, of: Basic, where: Region, whole: bool) -> tuple[Expr, Region]:
    """A slope with a variable in place of each formula that does not depend on what grows.

    The variable lies where the formula's values lie. The slope stays as it is if that leaves it in
    index notation.
    """
    region = Region(where.variables)
    values: dict[Basic, Basic] = {}
    signs = Arrays(where)

    def visit(e: Basic) -> Basic:
        nonlocal region
        if e in values:
            return values[e]
        apart = isinstance(e, sympy.Add | sympy.Mul) and not whole
        if isinstance(e, Expr) and not occurs(of, e) and _is_indexed(e) and not apart:
            bounds = _bounds(signs.range(e))
            symbol = placed(region.fresh(f"x{len(values) + 1}").name, bounds, region)
            region = region.having(symbol, bounds)
            values[e] = symbol
            return symbol
        if isinstance(e, Binder | At) or not e.args:
            return e
        return e.func(*map(visit, e.args))

    made = visit(slope)
    sides = (visit(c) for c in where.conditions if occurs(of, c))
    plain = [c for c in sides if not _is_indexed(c)]
    return (slope, where) if _is_indexed(made) else (made, region.where(*plain))


def _is_indexed(e: Basic) -> bool:
    return any(isinstance(part, At | Binder | Index | Size | Labelled) for part in walk(e))


def _bounds(known: Range | None) -> Bounds:
    if known is None:
        return LINE
    low, high = known.hull.low, known.hull.high
    return Bounds(
        _end(low) if low.is_finite() else S.NegativeInfinity,
        _end(high) if high.is_finite() else S.Infinity,
        bool(low.is_finite()),
        bool(high.is_finite()),
    )


def _end(number: arb) -> Rational:
    exact = rational(number)
    return Rational(exact.numerator, exact.denominator)
