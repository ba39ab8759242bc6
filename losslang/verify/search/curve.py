"""How to show properties along one input: which theorems, with which guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, product
from typing import TypeAlias

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.ir.heads import Max, Min
from losslang.verify.property import Strategy, no_guess
from losslang.verify.readings import Curve, Margin, Pairs
from losslang.verify.sampling import looks_false, points
from losslang.verify.search.critical import (
    Place,
    attempt,
    beside_roots,
    ends,
    greatest,
    is_inside,
    obvious_roots,
    places,
    points_of,
    roots,
    spot,
    suprema,
    tidy,
    unbounded,
)
from losslang.verify.search.limits import limit_of
from losslang.verify.search.numbers import sign_of
from losslang.verify.statement import Bounds, Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import curve as theorems
from losslang.verify.theorems.along import settled_along
from losslang.verify.theorems.pieces import Pieces, Silent, defined, jump
from losslang.verify.verdict import Witness

Along: TypeAlias = Curve | Margin | Pairs
Finder: TypeAlias = Callable[[Pieces], Iterable[Guess]]
RATES = tuple(map(sympy.Integer, (1, 0, 2, -1, -2)))
POWERS = tuple(map(sympy.Integer, (0, -1, 1)))
BOTH = (S.Infinity, S.NegativeInfinity)


def pieces_of(reading: Along, question: Question) -> Pieces | None:
    """The pieces of the curve of a reading."""
    try:
        return theorems.along(Case(reading, question))
    except Silent:
        return None


def guesses(find: Finder, refutes: bool) -> Callable[[Along, Question], Iterable[Guess]]:
    """Guesses made from the pieces of the curve; none where there are no pieces.

    A refutation may also choose the other inputs, which is tried last.
    """

    def search(reading: Along, question: Question) -> Iterator[Guess]:
        for pins in ({}, *(_pins(reading) if refutes else ())):
            try:
                p = settled_along(Case(reading, question, pins))
                yield from ({**pins, **guess} for guess in find(p))
            except Silent:
                continue

    return search


def _pins(reading: Along) -> Iterator[dict[str, Expr]]:
    """Simple values of the other inputs: all at closed ends of their domains or 0, or all at 1."""
    curve = reading if isinstance(reading, Curve) else reading.curve
    if not curve.others:
        return
    bounds = {s: curve.region.bounds(s) or Bounds() for s in curve.others}
    for preferred in (S.Zero, S.One):
        yield {
            f"input {s.name}": preferred if b.holds(preferred) else _end_of(b)
            for s, b in bounds.items()
        }


def _end_of(bounds: Bounds) -> Expr:
    if bounds.low_closed:
        return bounds.low
    if bounds.high_closed:
        return bounds.high
    return bounds.low + 1 if bounds.low.is_finite else bounds.high - 1


# ---------------------------------------------------------------- guesses


def _negative(order: int, sign: int = -1) -> Finder:
    return lambda p: points_of(p, lambda n: p.formula(n, order), sign)


def _joints(order: int, *signs: int) -> Finder:
    """Joints where a derivative seems to jump in one of the directions."""

    def find(p: Pieces) -> Iterator[Guess]:
        for n in range(len(p) - 1):
            step = attempt(jump, p, n, order)
            if step is not None and sign_of(step, p.region) in signs:
                yield {"joint": sympy.Integer(n)}

    return find


def _far_out(p: Pieces) -> Iterator[Guess]:
    """Ends where the curvature, times an exponential and a power, seems to go below 0.

    Only for losses with hyperparameters: else there is a point, which makes a better witness.
    """
    if not p.region.variables:
        return
    for n in range(len(p)):
        for end, side in ((p.spans[n].low, "+"), (p.spans[n].high, "-")):
            if not _bends_down(p, n, end, side):
                continue
            rates, lost, x = [S.Zero], 0, p.variable
            if end.is_infinite:
                rates = [sympy.sign(end) * rate for rate in RATES]
            for rate, power in product(rates, POWERS):
                near = sympy.exp(rate * x) * abs_of(x, end, side) ** power
                value = limit_of(p.formula(n, 2) * near, x, end, side, p.region)
                lost += value is None
                if lost > 2:
                    break
                if value is None or value == S.Infinity:
                    continue
                if value != S.NegativeInfinity and sign_of(value, p.region) >= 0:
                    continue
                place = {"piece": sympy.Integer(n), "at": end, "value": value}
                yield place | {"rate": rate, "power": power}
                break


def _bends_down(p: Pieces, n: int, end: Expr, side: str) -> bool:
    """Whether the curvature seems negative close to an end, for some settings."""
    for settings in islice(points(p.region), 4):
        away = 1 if side == "+" else -1
        near = -away * S(500) if end.is_infinite else end.subs(settings) + away * S(2) ** -40
        value = p.formula(n, 2).evalf(15, subs={**settings, p.variable: near}, maxn=1000)
        if not (value.is_Float and value < 0):
            return False
    return True


def abs_of(x: sympy.Symbol, end: Expr, side: str) -> Expr:
    """The distance from an end, or the size of x where the end is infinite."""
    away = x if end.is_infinite else x - end
    return -away if (side == "+") == bool(end.is_infinite) else away


def _flat(p: Pieces) -> Iterator[Guess]:
    yield from points_of(p, lambda n: p.formula(n, 2), -1)
    for n in range(len(p)):
        if p.formula(n, 2) == 0:
            yield from spot(p, n)
            continue
        for root in roots(p.formula(n, 2), p.variable, 1.0):
            if is_inside(p, n, root):
                yield {"piece": sympy.Integer(n), "at": root}


def _flattening(p: Pieces) -> Iterator[Guess]:
    for n in range(len(p)):
        for place in ends(p, n, p.formula(n, 2)):
            if place.value.is_finite and sign_of(place.value, p.region) <= 0:
                yield place.guess


def _sizes(order: int) -> Finder:
    def find(p: Pieces) -> Iterator[Guess]:
        exprs = [lambda n: p.formula(n, order), lambda n: -p.formula(n, order)]
        yield from greatest(p, exprs)

    return find


def _most_bent_in_the_middle(p: Pieces) -> Iterator[Guess]:
    """The curvature's size where the loss turns, if none is seen to be greater: no solving."""
    if not p.region.symbols:
        return
    exprs = [lambda n: p.formula(n, 2), lambda n: -p.formula(n, 2)]
    for n, which in product(range(len(p)), range(len(exprs))):
        for at in obvious_roots(p.formula(n, 1), p.variable):
            value = attempt(defined, exprs[which](n), {p.variable: at})
            if value is None or not is_inside(p, n, at) or sign_of(value, p.region) <= 0:
                continue
            gaps = (Sign(value - e(k), ">=", p.where(k)) for e in exprs for k in range(len(p)))
            if all(looks_false(gap) is None for gap in gaps):
                yield Place(tidy(value), n, at, which).guess


def _least_curvature(p: Pieces) -> Iterator[Guess]:
    for guess in greatest(p, [lambda n: -p.formula(n, 2)]):
        least = -guess["value"]
        if isinstance(guess["value"], Max):
            least = Min(*(-value for value in guess["value"].args))
        if sign_of(least, p.region) > 0:
            yield {**guess, "value": least}


def _infinite(order: int) -> Finder:
    return lambda p: unbounded(p, lambda n: p.formula(n, order), *BOTH)


def _vertical(p: Pieces) -> Iterator[Guess]:
    for n, joint in enumerate(p.joints):
        for place in ends(p, n, p.formula(n, 1)):
            if place.at == joint and place.value in BOTH:
                yield {"joint": sympy.Integer(n), "value": place.value}


def _below_zero(p: Pieces) -> Iterator[Guess]:
    yield from points_of(p, p.formula, -1)
    for place in places(p, [p.formula]):
        if (
            place.value.is_finite
            and sign_of(place.value, p.region) < 0
            and is_inside(p, place.piece, place.at)
        ):
            yield place.guess


def _below_zero_at_ends(p: Pieces) -> Iterator[Guess]:
    for n in range(len(p)):
        for place in ends(p, n, p.formula(n)):
            if place.value == S.NegativeInfinity or sign_of(place.value, p.region) < 0:
                yield place.guess


def bounds(p: Pieces, below: bool) -> Iterator[dict[str, Expr]]:
    """Best bounds on one side, with a place, and whether they are attained."""
    turn = S.NegativeOne if below else S.One
    name = "low" if below else "high"
    for place in suprema(p, [lambda n: turn * p.formula(n)])[:4]:
        yield _bound(p, place, turn, name)


def _bound(p: Pieces, place: Place, turn: Expr, name: str) -> dict[str, Expr]:
    closed = (
        p.bounds.low if p.bounds.low_closed else None,
        p.bounds.high if p.bounds.high_closed else None,
    )
    attained = is_inside(p, place.piece, place.at) or place.at in (*p.joints, *closed)
    return {
        name: turn * place.value,
        f"{name} piece": sympy.Integer(place.piece),
        f"{name} at": place.at,
        f"{name} open": S.Zero if attained else S.One,
    }


def _bounded(p: Pieces) -> Iterator[Guess]:
    for low in bounds(p, True):
        yield from (low | high for high in bounds(p, False))


def _range(p: Pieces) -> Iterator[Guess]:
    lows, highs = ([*bounds(p, below)] or [*_infinities(p, below)] for below in (True, False))
    yield from (low | high for low in lows for high in highs)


def _infinities(p: Pieces, below: bool) -> Iterator[dict[str, Expr]]:
    name, infinite = ("low", S.NegativeInfinity) if below else ("high", S.Infinity)
    for guess in unbounded(p, p.formula, infinite):
        yield {name: infinite, f"{name} piece": guess["piece"], f"{name} at": guess["at"]}


def _turns(p: Pieces) -> Iterator[Guess]:
    for up in points_of(p, lambda n: p.formula(n, 1), 1, 2):
        for down in points_of(p, lambda n: p.formula(n, 1), -1, 2):
            yield {
                "rise piece": up["piece"],
                "rise at": up["at"],
                "fall piece": down["piece"],
                "fall at": down["at"],
            }


def _ratio(p: Pieces, n: int, turn: int) -> Expr:
    second = p.formula(n, 2)
    if second == 0:
        return S.Zero
    return turn * sympy.cancel(sympy.together(p.formula(n, 3) / second))


def _concordant(p: Pieces) -> Iterator[Guess]:
    exprs = [lambda n: _ratio(p, n, 1), lambda n: _ratio(p, n, -1)]
    yield from ({"value": place.value} for place in suprema(p, exprs))


def _not_concordant(p: Pieces) -> Iterator[Guess]:
    yield from points_of(p, lambda n: p.formula(n, 2), -1, 2)
    for place in places(p, [lambda n: p.formula(n, 1)]):
        if is_inside(p, place.piece, place.at):
            yield place.guess


def _ratio_infinite(p: Pieces) -> Iterator[Guess]:
    yield from unbounded(p, lambda n: _ratio(p, n, 1), *BOTH)


# ---------------------------------------------------------------- witnesses


def no_witness(case: Case) -> Witness | None:
    """For theorems that hold, or refute without numbers."""
    return None


def _function(case: Case) -> Callable[[Expr], Expr]:
    curve = theorems.curve_of(case)
    rule = {
        s: case.guess[f"input {s.name}"] for s in curve.others if f"input {s.name}" in case.guess
    }
    return lambda x: substitute(curve.function, {**rule, curve.variable: x})


def jensen(case: Case) -> Witness | None:
    """Three points where the middle lies above the chord, near the guessed one."""
    p, f = theorems.along(case), _function(case)
    middle = case.guess["at"] if "at" in case.guess else p.joints[int(case.guess["joint"])]
    for step in (S.One, Rational(1, 2), Rational(1, 8), Rational(1, 64), Rational(1, 1024)):
        gap = 2 * f(middle) - f(middle - step) - f(middle + step)
        if not gap.free_symbols and sign_of(gap, p.region) > 0 and _within(p, middle, step):
            low, high = middle - step, middle + step
            name = theorems.curve_of(case).input
            return Witness(
                {name: (low, middle, high), "loss": (f(low), f(middle), f(high))},
                (Sign(gap, ">"),),
                f"at {name} = {middle} the loss lies above the chord from {low} to {high}",
            )
    return None


def _within(p: Pieces, middle: Expr, step: Expr) -> bool:
    gaps = (middle - step - p.bounds.low, p.bounds.high - middle - step)
    return all(gap == S.Infinity or sign_of(gap, p.region) > 0 for gap in gaps)


def value_at(word: str, relation: str) -> Callable[[Case], Witness | None]:
    """The loss at the guessed point, which is less than zero."""

    def witness(case: Case) -> Witness | None:
        value, name = _function(case)(case.guess["at"]), theorems.curve_of(case).input
        if value.free_symbols or not case.guess["at"].is_finite:
            return None
        return Witness(
            {name: case.guess["at"], "loss": value},
            (Sign(value, relation),),  # type: ignore[arg-type]
            f"at {name} = {case.guess['at']} the loss is {word}",
        )

    return witness


def steep(order: int) -> Callable[[Case], Witness | None]:
    """A point where the loss (its slope, its curvature) is beyond a thousand."""

    def witness(case: Case) -> Witness | None:
        p, name = theorems.along(case), theorems.curve_of(case).input
        n, end = int(case.guess["piece"]), case.guess["at"]
        formula = p.formula(n, order)
        for k in range(1, 40):
            x = _towards(end, k, p.spans[n].low == end)
            value = attempt(substitute, formula, {p.variable: x})
            if value is not None and not value.free_symbols and is_inside(p, n, x):
                for sign in (1, -1):
                    if sign_of(sign * value - 1000, p.region) > 0:
                        word = ("loss", "slope", "curvature")[order]
                        return Witness(
                            {name: x, word: value},
                            (Sign(sign * value - 1000, ">"),),
                            f"at {name} = {x} the {word} exceeds {sign * 1000} and has no bound",
                        )
        return None

    return witness


def _towards(end: Expr, k: int, low: bool) -> Expr:
    if end.is_infinite:
        return sympy.sign(end) * S(2) ** k
    return end + (1 if low else -1) * Rational(1, 2) ** k


def sides(order: int) -> Callable[[Case], Witness | None]:
    """The loss, or its slope, on both sides of the guessed joint."""
    word = ("loss", "slope", "curvature")[order]

    def witness(case: Case) -> Witness | None:
        p, n = theorems.along(case), int(case.guess["joint"])
        joint, name = p.joints[n], theorems.curve_of(case).input
        left, right = p.at(n, joint, order), p.at(n + 1, joint, order)
        if (left - right).free_symbols:
            return None
        return Witness(
            {name: joint, f"{word}s" if order else word: (left, right)},
            (Sign(left - right, "!="),),
            f"at {name} = {joint} the {word} jumps from {left} to {right}",
        )

    return witness


slopes = sides(1)


# ---------------------------------------------------------------- strategies

_T = {theorem.name: theorem for theorem in theorems.CURVE}


def _by(
    name: str, find: Finder | None = None, witness: Callable[[Case], Witness | None] = no_witness
) -> Strategy:
    theorem = _T[name]
    return Strategy(theorem, guesses(find, not theorem.holds) if find else no_guess, witness)


CONVEX = (
    _by("slope-falls-at-a-kink", _joints(1, -1), jensen),
    _by("concave-at-a-point", lambda p: beside_roots(p, lambda n: p.formula(n, 2), -1), jensen),
    _by("concave-near-an-end", _far_out),
    _by("concave-at-a-point", _negative(2), jensen),
    _by("convex-by-pieces"),
)
STRONGLY_CONVEX = (
    _by("curvature-not-positive", _flat),
    _by("curvature-vanishes", _flattening),
    _by("slope-falls-so-not-strongly-convex", _joints(1, -1), jensen),
    _by("strongly-convex-by-pieces", _least_curvature),
)
LIPSCHITZ = (
    _by("slope-unbounded", _infinite(1), steep(1)),
    _by("jump-so-not-lipschitz", _joints(0, 1, -1), sides(0)),
    _by("lipschitz-by-pieces", _sizes(1)),
)
SMOOTH = (
    _by("kink-so-not-smooth", _joints(1, 1, -1), slopes),
    _by("smooth-by-pieces", _most_bent_in_the_middle),
    _by("curvature-unbounded", _infinite(2), steep(2)),
    _by("jump-so-not-smooth", _joints(0, 1, -1), sides(0)),
    _by("smooth-by-pieces", _sizes(2)),
)
DIFFERENTIABLE = (
    _by("kink-so-not-differentiable", _joints(1, 1, -1), slopes),
    _by("jump-so-not-differentiable", _joints(0, 1, -1), sides(0)),
    _by("vertical-so-not-differentiable", _vertical),
    _by("differentiable-by-pieces"),
)
NONNEGATIVE = (
    _by("negative-at-a-point", _below_zero, value_at("negative", "<")),
    _by("nonnegative-by-pieces"),
    _by("negative-in-the-limit", _below_zero_at_ends),
)
BOUNDED = (
    _by("tends-to-infinity", _infinite(0), steep(0)),
    _by("bounded-by-pieces", _bounded),
)
BOUNDED_BELOW = (
    _by("tends-to-minus-infinity", lambda p: unbounded(p, p.formula, S.NegativeInfinity), steep(0)),
    _by("bounded-below-by-pieces", lambda p: bounds(p, True)),
)
RANGE = (_by("range-by-pieces", _range),)
MONOTONE = (
    _by("rises-with-the-margin", _negative(1, 1)),
    _by("rises-and-falls", _turns),
    _by("never-rises"),
    _by("never-falls"),
)
SELF_CONCORDANT = (
    _by("derivative-1-jumps", _joints(1, 1, -1), slopes),
    _by("derivative-2-jumps", _joints(2, 1, -1), sides(2)),
    _by("third-derivative-without-second", _not_concordant),
    _by("third-derivative-outgrows-second", _ratio_infinite),
    _by("self-concordant", _concordant),
)
