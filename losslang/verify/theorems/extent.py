"""The values that a loss takes along one real input: signs, bounds, range."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Interval, S

from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.along import (
    ALONG,
    LINEAR,
    along,
    at_low_end,
    guessed,
    pinned,
    settled_along,
    unbounded,
    uniform,
)
from losslang.verify.theorems.pieces import Pieces, Silent, number
from losslang.verify.theorems.premises import (
    approached,
    continuous,
    everywhere,
    inside,
    premises,
    sign,
    tends,
)


@premises()
def _nonnegative(case: Case) -> Iterator[Premise]:
    p = along(case)
    yield from everywhere(p, "the function is not negative", p.formula, ">=")
    for point in _isolated(p):
        yield sign(f"nor is it at {point}", p.value(point), ">=", p.region)


def _isolated(p: Pieces) -> Iterator[Expr]:
    """The points of the domain that lie inside no piece."""
    yield from p.joints
    if p.bounds.low_closed:
        yield p.bounds.low
    if p.bounds.high_closed:
        yield p.bounds.high


@premises()
def _negative_somewhere(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p, point = settled_along(case), case.guess["at"]
    n = number(case.guess, "piece", len(p))
    yield from inside(p, n, point)
    yield sign(f"the function at {point} is negative", p.at(n, point), "<", p.region)


@premises()
def _negative_limit(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p, value = settled_along(case), case.guess["value"]
    n = number(case.guess, "piece", len(p))
    if value != S.NegativeInfinity:
        yield sign("the limit is negative", value, "<", p.region)
    yield tends(p, "the function tends to it", p.formula(n), n, at_low_end(case, p, n), value)


NONNEGATIVE = (
    Theorem(
        "nonnegative-by-pieces",
        "nonnegative",
        LINEAR,
        "A function that is nonnegative between and at its joints is nonnegative.",
        "the definition",
        _nonnegative,
    ),
    Theorem(
        "negative-at-a-point",
        "nonnegative",
        LINEAR,
        "A function with a negative value is not nonnegative.",
        "the definition",
        _negative_somewhere,
        holds=False,
    ),
    Theorem(
        "negative-in-the-limit",
        "nonnegative",
        LINEAR,
        "A function with a negative limit has negative values.",
        "the definition of a limit",
        _negative_limit,
        holds=False,
    ),
)


def _end(case: Case, p: Pieces, name: str, below: bool) -> Iterator[Premise]:
    """The guess ``name`` is the infimum (``below``) or supremum of the function.

    ``{name} piece`` and ``{name} at`` are the place where it is attained or approached. It is taken
    for not attained if ``{name} open`` is 1, and then the function must stay strictly inside.
    """
    g, value = case.guess, uniform(case, name)
    turn = S.NegativeOne if below else S.One
    relation = ">" if is_open(case, name) else ">="
    word = "lower" if below else "upper"
    yield from everywhere(
        p,
        f"{value} is a {word} bound",
        lambda n: turn * (value - p.formula(n)),
        relation,  # type: ignore[arg-type]
    )
    for point in _isolated(p):
        gap = turn * (value - p.value(point))
        yield sign(f"{value} is a {word} bound at {point}", gap, relation, p.region)  # type: ignore[arg-type]
    place = {"piece": g[f"{name} piece"], "at": g[f"{name} at"]}
    yield from approached(p, f"{value} is the best {word} bound", p.formula, value, place)


def is_open(case: Case, name: str) -> bool:
    """Whether the guess says that a bound is not attained."""
    return bool(case.guess.get(f"{name} open", S.Zero) == 1)


@premises()
def _bounded(case: Case) -> Iterator[Premise]:
    p = along(case)
    yield from _end(case, p, "low", True)
    yield from _end(case, p, "high", False)


@premises()
def _bounded_below(case: Case) -> Iterator[Premise]:
    yield from _end(case, along(case), "low", True)


@premises()
def _range(case: Case) -> Iterator[Premise]:
    p = along(case)
    yield from continuous(p)
    for name, infinite, below in (
        ("low", S.NegativeInfinity, True),
        ("high", S.Infinity, False),
    ):
        if case.guess[name] != infinite:
            yield from _attains(case, p, name)
            yield from _end(case, p, name, below)
        else:
            place = {"piece": case.guess[f"{name} piece"], "at": case.guess[f"{name} at"]}
            yield from approached(p, "the function is unbounded", p.formula, infinite, place)


def _attains(case: Case, p: Pieces, name: str) -> Iterator[Premise]:
    """A bound that is said to be attained is so inside the domain."""
    point, n = case.guess[f"{name} at"], number(case.guess, f"{name} piece", len(p))
    if not is_open(case, name):
        ends = [p.bounds.low] * (not p.bounds.low_closed) + [p.bounds.high] * (
            not p.bounds.high_closed
        )
        if point in ends:
            raise Silent
        yield from inside(p, n, point, closed=True)


@premises()
def _unbounded_below(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = settled_along(case)
    n = number(case.guess, "piece", len(p))
    low = at_low_end(case, p, n)
    yield tends(p, "the function is unbounded", p.formula(n), n, low, S.NegativeInfinity)


def interval(case: Case) -> Expr | None:
    """The range that the guess states."""
    g = case.guess
    if "low" not in g or "high" not in g:
        return None
    return Interval(g["low"], g["high"], is_open(case, "low"), is_open(case, "high"))


BOUNDED = (
    Theorem(
        "bounded-by-pieces",
        "bounded",
        ALONG,
        "A function between two numbers is bounded.",
        "the definition",
        _bounded,
        value=interval,
    ),
    Theorem(
        "tends-to-infinity",
        "bounded",
        LINEAR,
        "A function that tends to plus or minus infinity is not bounded.",
        "the definition",
        unbounded(0),
        holds=False,
    ),
)
BOUNDED_BELOW = (
    Theorem(
        "bounded-below-by-pieces",
        "bounded_below",
        ALONG,
        "A function above a number is bounded below.",
        "the definition",
        _bounded_below,
        value=guessed("low"),
    ),
    Theorem(
        "tends-to-minus-infinity",
        "bounded_below",
        LINEAR,
        "A function that tends to minus infinity is not bounded below.",
        "the definition",
        _unbounded_below,
        holds=False,
    ),
)
RANGE = (
    Theorem(
        "range-by-pieces",
        "range",
        ALONG,
        "The values of a continuous function on an interval are the interval from its infimum to "
        "its supremum, each with it if it is attained.",
        "the intermediate value theorem",
        _range,
        value=interval,
    ),
)
