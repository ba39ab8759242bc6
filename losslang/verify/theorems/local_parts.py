"""Losses of the label's probability: smooth pieces, sides of branches, numbers of classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import wraps

import sympy
from sympy import Basic, Expr, Rational, S

from losslang.ir.binders import substitute, walk
from losslang.ir.heads import ONE, ZERO, Branch
from losslang.ir.truth import Equal
from losslang.verify.partition import half
from losslang.verify.readings.local import Local
from losslang.verify.statement import UNIT, Bounds
from losslang.verify.theorem import Case, Premise
from losslang.verify.theorems.pieces import Pieces, Silent, known_pieces, one_piece
from losslang.verify.theorems.premises import Builder, Premises, premises, sign
from losslang.verify.verdict import Cut

HALF = Rational(1, 2)

LATE = Bounds(HALF, S.One)

EARLY = Bounds(S.Zero, HALF)

THEORY = "proof in docs/design/theory.md"


def parts(reading: Local, bounds: Bounds = UNIT) -> Pieces:
    """``f`` as smooth formulas of p. Raises :class:`Silent`."""
    return known_pieces(reading.region, reading.p, bounds, reading.f)


def smooth(reading: Local, bounds: Bounds = UNIT) -> Pieces:
    """``f`` as one smooth formula of p. Raises :class:`Silent` where it has kinks."""
    return one_piece(parts(reading, bounds))


def at_least(classes: int, reading: Local) -> Premise:
    """There are so many classes."""
    return sign(f"K >= {classes}", reading.classes - classes, ">=", reading.region)


def at_most(classes: int, reading: Local) -> Premise:
    """There are no more classes."""
    return sign(f"K <= {classes}", reading.classes - classes, "<=", reading.region)


def conditions(build: Builder) -> Premises:
    """Premises for a loss of the label's probability, for each side of its branches.

    A branch on whether a hyperparameter has some value is settled by taking that value, and by
    leaving it out.
    """

    def checked(case: Case) -> Iterator[Premise]:
        for side in _sides(case):
            yield from build(side)

    return premises()(wraps(build)(checked))


def _sides(case: Case) -> Iterator[Case]:
    reading: Local = case.reading
    tests = [e.args[0] for e in walk(reading.f) if isinstance(e, Branch)]
    test = next((t for t in tests if isinstance(t, Equal) and t.args[0].is_Rational), None)
    if test is None or test.args[1] not in reading.region:
        yield case
        return
    value, symbol = test.args
    bounds = reading.region.bounds(symbol)
    assert bounds is not None
    inner = substitute(reading.f, {test: ONE})
    settled = replace(reading, f=inner)
    yield from _sides(
        Case(settled.setting({symbol: value}), case.question, _put(case, test, {symbol: value}))
    )
    outer = replace(reading, f=substitute(reading.f, {test: ZERO}))
    for above in (False, True):
        inside = bounds.high > value if above else bounds.low < value
        if inside not in (sympy.true, sympy.false):
            raise Silent
        if inside == sympy.true:
            side = outer.within(half(reading.region, Cut(symbol, value, above, closed=False)))
            yield from _sides(Case(side, case.question, _put(case, test, {})))


def _put(case: Case, test: Expr, values: Mapping[Basic, Basic]) -> dict[str, Expr]:
    """The guess on one side of a branch."""
    answer = {test: ONE if values else ZERO}
    return {
        name: substitute(substitute(guess, answer), values) for name, guess in case.guess.items()
    }
