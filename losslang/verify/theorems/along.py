"""A loss along one real input: its pieces, and premises that several theorems refute with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sympy import Expr

from losslang.verify.readings import Curve, Margin, Pairs
from losslang.verify.statement import Bounds
from losslang.verify.theorem import Case, Premise
from losslang.verify.theorems.pieces import Pieces, Silent, jump, known_pieces, number
from losslang.verify.theorems.premises import Premises, lies_in, premises, sign, tends

ALONG = (Curve, Margin)
LINEAR = (Curve, Margin, Pairs)
"""A sum over pairs of ``phi`` of a difference has what ``phi`` has."""

CALCULUS = "calculus: one-sided derivatives at the joints, signs of derivatives between them"


def curve_of(case: Case) -> Curve:
    """The curve that a case is about."""
    reading = case.reading
    return reading if isinstance(reading, Curve) else reading.curve


def pinned(case: Case) -> Iterator[Premise]:
    """A guess ``input x`` settles the other scalar input ``x``, which must lie in its bounds."""
    curve = curve_of(case)
    for symbol in curve.others:
        value = case.guess.get(f"input {symbol.name}")
        if value is not None:
            yield from within(value, curve.region.bounds(symbol) or Bounds(), case)


def within(value: Expr, bounds: Bounds, case: Case) -> Iterator[Premise]:
    """``value`` lies in ``bounds``."""
    return lies_in(f"{value} is possible", value, bounds, case.reading.region)


def along(case: Case) -> Pieces:
    """The smooth pieces of the curve, whatever the other inputs are."""
    if any(name.startswith("input ") for name in case.guess):
        raise Silent
    return _pieces(curve_of(case))


def settled_along(case: Case) -> Pieces:
    """The smooth pieces of the curve, with the other inputs settled as the guess says.

    For premises that refute: what fails for some inputs fails. They begin with :func:`pinned`.
    """
    curve = curve_of(case)
    values = {
        s: case.guess[f"input {s.name}"] for s in curve.others if f"input {s.name}" in case.guess
    }
    return _pieces(curve.setting(values) if values else curve)


def _pieces(curve: Curve) -> Pieces:
    return known_pieces(curve.region, curve.variable, curve.bounds, curve.function)


def uniform(case: Case, name: str) -> Expr:
    """A guessed constant that serves for all values of the other inputs."""
    value = case.guess[name]
    if value.free_symbols & set(curve_of(case).others):
        raise Silent
    return value


def guessed(name: str) -> Callable[[Case], Expr | None]:
    """The value of a theorem that is one of its guesses."""
    return lambda case: case.guess.get(name)


def at_low_end(case: Case, p: Pieces, n: int) -> bool:
    """Whether the guessed end is the lower one of its piece."""
    point = case.guess["at"]
    if point not in (p.spans[n].low, p.spans[n].high):
        raise Silent
    return bool(point == p.spans[n].low)


def unbounded(order: int) -> Premises:
    """Refuting premises: a derivative tends to plus or minus infinity at the guessed end."""

    @premises()
    def grows(case: Case) -> Iterator[Premise]:
        yield from pinned(case)
        p, value = settled_along(case), case.guess["value"]
        n = number(case.guess, "piece", len(p))
        if not value.is_infinite:
            raise Silent
        label = "the derivative is unbounded" if order else "the function is unbounded"
        yield tends(p, label, p.formula(n, order), n, at_low_end(case, p, n), value)

    return grows


@premises()
def kink(case: Case) -> Iterator[Premise]:
    """Refuting premises: the slope jumps at the guessed joint."""
    yield from pinned(case)
    p = settled_along(case)
    n = number(case.guess, "joint", len(p) - 1)
    yield sign(f"the slope jumps at {p.joints[n]}", jump(p, n), "!=", p.region)


@premises()
def jumps(case: Case) -> Iterator[Premise]:
    """Refuting premises: the function jumps at the guessed joint."""
    yield from pinned(case)
    p = settled_along(case)
    n = number(case.guess, "joint", len(p) - 1)
    yield sign(f"the function jumps at {p.joints[n]}", jump(p, n, 0), "!=", p.region)
