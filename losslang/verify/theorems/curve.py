"""Theorems about a loss along one real input: convexity, slope, curvature, range.

They speak of a :class:`~losslang.verify.readings.curve.Curve`, and of margin and pairwise losses
through the curve of their ``phi``. Proofs that are not elementary stand in docs/design/theory.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Interval, S

from losslang.verify.readings import Curve, Margin, Pairs
from losslang.verify.statement import Bounds
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.pieces import (
    Pieces,
    Silent,
    approached,
    continuous,
    everywhere,
    inside,
    jump,
    number,
    pieces,
    premises,
    sign,
    supremum,
    tends,
)

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
    label, region = f"{value} is possible", case.reading.region
    if bounds.low != S.NegativeInfinity:
        yield sign(label, value - bounds.low, ">=" if bounds.low_closed else ">", region)
    if bounds.high != S.Infinity:
        yield sign(label, bounds.high - value, ">=" if bounds.high_closed else ">", region)


def along(case: Case) -> Pieces:
    """The smooth pieces of the curve, with the other inputs settled as the guess says."""
    curve = curve_of(case)
    values = {
        s: case.guess[f"input {s.name}"] for s in curve.others if f"input {s.name}" in case.guess
    }
    curve = curve.setting(values) if values else curve
    found = pieces(curve.region, curve.variable, curve.bounds, curve.function)
    if found is None:
        raise Silent
    return found


def uniform(case: Case, name: str) -> Expr:
    """A guessed constant that serves for all values of the other inputs."""
    value = case.guess[name]
    if value.free_symbols & set(curve_of(case).others):
        raise Silent
    return value


def guessed(name: str):  # type: ignore[no-untyped-def]
    """The value of a theorem that is one of its guesses."""
    return lambda case: case.guess.get(name)


# ---------------------------------------------------------------- convexity


def convexity(p: Pieces, k: int = 0) -> Iterator[Premise]:
    """Function ``k`` is convex."""
    yield from everywhere(
        p, "the second derivative is not negative", lambda n: p.formula(n, 2, k), ">="
    )
    yield from continuous(p, 0, k)
    for n, joint in enumerate(p.joints):
        yield sign(f"the slope does not fall at {joint}", jump(p, n, 1, k), ">=", p.region)


@premises()
def _convex(case: Case) -> Iterator[Premise]:
    yield from convexity(along(case))


@premises()
def _concave_somewhere(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = along(case)
    n, point = number(case.guess, "piece", len(p)), case.guess["at"]
    yield from inside(p, n, point)
    yield sign(f"the second derivative at {point} is negative", p.at(n, point, 2), "<", p.region)


@premises()
def _slope_falls(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = along(case)
    n = number(case.guess, "joint", len(p) - 1)
    yield sign(f"the slope falls at {p.joints[n]}", jump(p, n), "<", p.region)


@premises()
def _concave_far_out(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p, g = along(case), case.guess
    n, rate, power, value = number(g, "piece", len(p)), g["rate"], g["power"], g["value"]
    low = _low(case, p, n)
    end, x = g["at"], p.variable
    if (rate.free_symbols | power.free_symbols) or not (rate.is_Rational and power.is_Rational):
        raise Silent
    if end.is_infinite:
        scale = sympy.exp(rate * x) * (-x if low else x) ** power
    else:
        scale = (x - end if low else end - x) ** power
    label = "the second derivative, times a positive factor, tends to it"
    yield tends(p, label, p.formula(n, 2) * scale, n, low, value)
    if value != S.NegativeInfinity:
        yield sign("the limit is negative", value, "<", p.region)


@premises()
def _chord(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    curve, g = curve_of(case), case.guess
    low, middle, high = g["low"], g["middle"], g["high"]
    region = curve.region
    for point in (low, high):
        yield from within(point, curve.bounds, case)
    yield sign("the points are in order", middle - low, ">", region)
    yield sign("the points are in order", high - middle, ">", region)
    rule = {s: g[f"input {s.name}"] for s in curve.others if f"input {s.name}" in g}

    def f(x: Expr) -> Expr:
        return sympy.sympify(curve.function.xreplace({**rule, curve.variable: x}))

    above = f(middle) * (high - low) - f(low) * (high - middle) - f(high) * (middle - low)
    yield sign("the middle lies above the chord", above, ">", region)


CONVEX = Theorem(
    "convex-by-pieces",
    "convex",
    LINEAR,
    "A continuous function is convex if its second derivative is nonnegative between its kinks and "
    "its slope rises at each of them.",
    "Hiriart-Urruty & Lemaréchal 2001, Fundamentals of Convex Analysis, thm B.4.3.1; " + CALCULUS,
    _convex,
)
CONCAVE_SOMEWHERE = Theorem(
    "concave-at-a-point",
    "convex",
    LINEAR,
    "A function whose second derivative is negative at a point is not convex.",
    CALCULUS,
    _concave_somewhere,
    holds=False,
)
CONCAVE_FAR_OUT = Theorem(
    "concave-near-an-end",
    "convex",
    LINEAR,
    "A function whose second derivative, times a positive factor, tends to a negative number is "
    "not convex.",
    CALCULUS,
    _concave_far_out,
    holds=False,
)
SLOPE_FALLS = Theorem(
    "slope-falls-at-a-kink",
    "convex",
    LINEAR,
    "A function whose slope falls at a kink is not convex.",
    CALCULUS,
    _slope_falls,
    holds=False,
)
CHORD = Theorem(
    "above-a-chord",
    "convex",
    LINEAR,
    "A function that lies above one of its chords somewhere is not convex.",
    "Jensen 1906, the definition of convexity",
    _chord,
    holds=False,
)


@premises()
def _strongly_convex(case: Case) -> Iterator[Premise]:
    p, least = along(case), uniform(case, "value")
    yield sign("the constant is positive", least, ">", p.region)
    yield from supremum(p, "-f'' is at most -mu", [lambda n: -p.formula(n, 2)], -least, case.guess)
    yield from continuous(p)
    for n, joint in enumerate(p.joints):
        yield sign(f"the slope does not fall at {joint}", jump(p, n), ">=", p.region)


@premises()
def _flat_somewhere(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = along(case)
    n, point = number(case.guess, "piece", len(p)), case.guess["at"]
    yield from inside(p, n, point)
    yield sign(
        f"the second derivative at {point} is not positive", p.at(n, point, 2), "<=", p.region
    )


@premises()
def _flattens(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = along(case)
    n, value = number(case.guess, "piece", len(p)), case.guess["value"]
    yield sign("the limit is not positive", value, "<=", p.region)
    yield tends(p, "the second derivative tends to it", p.formula(n, 2), n, _low(case, p, n), value)


def _low(case: Case, p: Pieces, n: int) -> bool:
    """Whether the guessed end is the lower one of its piece."""
    point = case.guess["at"]
    if point not in (p.spans[n].low, p.spans[n].high):
        raise Silent
    return bool(point == p.spans[n].low)


STRONGLY_CONVEX = (
    Theorem(
        "strongly-convex-by-pieces",
        "strongly_convex",
        ALONG,
        "A continuous function is strongly convex with mu the infimum of its second derivative "
        "between kinks, if that is positive and the slope rises at each kink.",
        "Nesterov 2018, Lectures on Convex Optimization, thm 2.1.11; " + CALCULUS,
        _strongly_convex,
        value=guessed("value"),
    ),
    Theorem(
        "curvature-not-positive",
        "strongly_convex",
        ALONG,
        "A function whose second derivative is zero or less at a point is not strongly convex.",
        CALCULUS,
        _flat_somewhere,
        holds=False,
    ),
    Theorem(
        "curvature-vanishes",
        "strongly_convex",
        ALONG,
        "A function whose second derivative tends to zero or less is not strongly convex.",
        CALCULUS,
        _flattens,
        holds=False,
    ),
    Theorem(
        "slope-falls-so-not-strongly-convex",
        "strongly_convex",
        ALONG,
        "A function whose slope falls at a kink is not convex, let alone strongly.",
        CALCULUS,
        _slope_falls,
        holds=False,
    ),
)

# ---------------------------------------------------------------- slope and curvature


def _both(p: Pieces, order: int):  # type: ignore[no-untyped-def]
    return [lambda n: p.formula(n, order), lambda n: -p.formula(n, order)]


@premises()
def _lipschitz(case: Case) -> Iterator[Premise]:
    p = along(case)
    yield from supremum(
        p, "the slope's size is at most L", _both(p, 1), uniform(case, "value"), case.guess
    )
    yield from continuous(p)


@premises()
def _smooth(case: Case) -> Iterator[Premise]:
    p = along(case)
    yield from supremum(
        p, "the curvature's size is at most beta", _both(p, 2), uniform(case, "value"), case.guess
    )
    yield from continuous(p)
    yield from continuous(p, 1)


def _unbounded(order: int):  # type: ignore[no-untyped-def]
    @premises()
    def grows(case: Case) -> Iterator[Premise]:
        yield from pinned(case)
        p, value = along(case), case.guess["value"]
        n = number(case.guess, "piece", len(p))
        if not value.is_infinite:
            raise Silent
        label = "the derivative is unbounded" if order else "the function is unbounded"
        yield tends(p, label, p.formula(n, order), n, _low(case, p, n), value)

    return grows


@premises()
def _kink(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = along(case)
    n = number(case.guess, "joint", len(p) - 1)
    yield sign(f"the slope jumps at {p.joints[n]}", jump(p, n), "!=", p.region)


@premises()
def _jump(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = along(case)
    n = number(case.guess, "joint", len(p) - 1)
    yield sign(f"the function jumps at {p.joints[n]}", jump(p, n, 0), "!=", p.region)


LIPSCHITZ = (
    Theorem(
        "lipschitz-by-pieces",
        "lipschitz",
        ALONG,
        "A continuous function is Lipschitz with constant L, and with no smaller one, if L is the "
        "supremum of |f'| between its kinks.",
        "the mean value theorem",
        _lipschitz,
        value=guessed("value"),
    ),
    Theorem(
        "slope-unbounded",
        "lipschitz",
        ALONG,
        "A function whose slope is unbounded is not Lipschitz.",
        "the mean value theorem",
        _unbounded(1),
        holds=False,
    ),
    Theorem(
        "jump-so-not-lipschitz",
        "lipschitz",
        ALONG,
        "A function that jumps is not Lipschitz.",
        "a Lipschitz function is continuous",
        _jump,
        holds=False,
    ),
)
SMOOTH = (
    Theorem(
        "smooth-by-pieces",
        "smooth",
        ALONG,
        "A function with a continuous derivative is beta-smooth, and for no smaller beta, if beta "
        "is the supremum of |f''| between its joints.",
        "the mean value theorem, applied to the derivative",
        _smooth,
        value=guessed("value"),
    ),
    Theorem(
        "kink-so-not-smooth",
        "smooth",
        ALONG,
        "A function whose slope jumps has no Lipschitz derivative.",
        CALCULUS,
        _kink,
        holds=False,
    ),
    Theorem(
        "curvature-unbounded",
        "smooth",
        ALONG,
        "A function whose second derivative is unbounded has no Lipschitz derivative.",
        "the mean value theorem, applied to the derivative",
        _unbounded(2),
        holds=False,
    ),
    Theorem(
        "jump-so-not-smooth",
        "smooth",
        ALONG,
        "A function that jumps has no derivative there.",
        CALCULUS,
        _jump,
        holds=False,
    ),
)


@premises()
def _differentiable(case: Case) -> Iterator[Premise]:
    p = along(case)
    yield from continuous(p)
    yield from continuous(p, 1)


@premises()
def _vertical(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p, value = along(case), case.guess["value"]
    n = number(case.guess, "joint", len(p) - 1)
    if not value.is_infinite:
        raise Silent
    yield tends(p, f"the slope at {p.joints[n]} is infinite", p.formula(n, 1), n, False, value)


DIFFERENTIABLE = (
    Theorem(
        "differentiable-by-pieces",
        "differentiable",
        LINEAR,
        "A continuous function is differentiable if its slopes on both sides of each joint agree.",
        CALCULUS,
        _differentiable,
    ),
    Theorem(
        "kink-so-not-differentiable",
        "differentiable",
        LINEAR,
        "A function with different slopes on the two sides of a point has no derivative there.",
        CALCULUS,
        _kink,
        holds=False,
    ),
    Theorem(
        "jump-so-not-differentiable",
        "differentiable",
        LINEAR,
        "A function that jumps has no derivative there.",
        CALCULUS,
        _jump,
        holds=False,
    ),
    Theorem(
        "vertical-so-not-differentiable",
        "differentiable",
        LINEAR,
        "A function whose slope tends to infinity at a point has no derivative there.",
        CALCULUS,
        _vertical,
        holds=False,
    ),
)

# ---------------------------------------------------------------- range


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
    p, point = along(case), case.guess["at"]
    n = number(case.guess, "piece", len(p))
    yield from inside(p, n, point)
    yield sign(f"the function at {point} is negative", p.at(n, point), "<", p.region)


@premises()
def _negative_limit(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p, value = along(case), case.guess["value"]
    n = number(case.guess, "piece", len(p))
    if value != S.NegativeInfinity:
        yield sign("the limit is negative", value, "<", p.region)
    yield tends(p, "the function tends to it", p.formula(n), n, _low(case, p, n), value)


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
    p = along(case)
    n = number(case.guess, "piece", len(p))
    low = _low(case, p, n)
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
        _unbounded(0),
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

# ---------------------------------------------------------------- monotone, self-concordant

NONINCREASING, NONDECREASING = sympy.symbols("nonincreasing nondecreasing", real=True)


def monotonicity(p: Pieces, rising: bool, k: int = 0) -> Iterator[Premise]:
    """Function ``k`` is continuous and never falls (never rises)."""
    relation, word = (">=", "negative") if rising else ("<=", "positive")
    yield from everywhere(p, f"the slope is not {word}", lambda n: p.formula(n, 1, k), relation)  # type: ignore[arg-type]
    yield from continuous(p, 0, k)


def _monotone(rising: bool):  # type: ignore[no-untyped-def]
    @premises()
    def build(case: Case) -> Iterator[Premise]:
        if curve_of(case).case:
            raise Silent
        yield from monotonicity(along(case), rising)

    return build


@premises()
def _turns(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = along(case)
    if curve_of(case).case:
        raise Silent
    for word, relation in (("rise", ">"), ("fall", "<")):
        n, point = number(case.guess, f"{word} piece", len(p)), case.guess[f"{word} at"]
        yield from inside(p, n, point)
        yield sign(f"the function {word}s at {point}", p.at(n, point, 1), relation, p.region)  # type: ignore[arg-type]


@premises()
def _rises(case: Case) -> Iterator[Premise]:
    p = along(case)
    n, point = number(case.guess, "piece", len(p)), case.guess["at"]
    yield from inside(p, n, point)
    yield sign(f"the function rises at {point}", p.at(n, point, 1), ">", p.region)


MONOTONE = (
    Theorem(
        "rises-with-the-margin",
        "monotone",
        Margin,
        "A margin loss that rises at some margin does not only reward larger ones.",
        "the definition",
        _rises,
        holds=False,
    ),
    Theorem(
        "never-rises",
        "monotone",
        ALONG,
        "A continuous function whose slope is nowhere positive never rises.",
        "the mean value theorem",
        _monotone(False),
        value=lambda _: NONINCREASING,
    ),
    Theorem(
        "never-falls",
        "monotone",
        Curve,
        "A continuous function whose slope is nowhere negative never falls.",
        "the mean value theorem",
        _monotone(True),
        value=lambda _: NONDECREASING,
    ),
    Theorem(
        "rises-and-falls",
        "monotone",
        Curve,
        "A function that rises at one point and falls at another is not monotone.",
        "the definition",
        _turns,
        holds=False,
    ),
)


@premises()
def _self_concordant(case: Case) -> Iterator[Premise]:
    p, constant = along(case), uniform(case, "value")
    yield from everywhere(p, "the function is convex", lambda n: p.formula(n, 2), ">=")
    yield from everywhere(
        p, "f''' <= M f''", lambda n: constant * p.formula(n, 2) - p.formula(n, 3), ">="
    )
    yield from everywhere(
        p, "-f''' <= M f''", lambda n: constant * p.formula(n, 2) + p.formula(n, 3), ">="
    )
    for order in range(4):
        yield from continuous(p, order)


@premises()
def _bends_too_fast(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p = along(case)
    n, point = number(case.guess, "piece", len(p)), case.guess["at"]
    yield from inside(p, n, point)
    yield sign(
        f"the second derivative at {point} is not positive", p.at(n, point, 2), "<=", p.region
    )
    yield sign(f"the third derivative at {point} is not zero", p.at(n, point, 3), "!=", p.region)


@premises()
def _ratio_unbounded(case: Case) -> Iterator[Premise]:
    yield from pinned(case)
    p, value = along(case), case.guess["value"]
    n = number(case.guess, "piece", len(p))
    if not value.is_infinite:
        raise Silent
    yield from everywhere(p, "the second derivative is positive", lambda n: p.formula(n, 2), ">")
    ratio = p.formula(n, 3) / p.formula(n, 2)
    yield tends(p, "f'''/f'' is unbounded", ratio, n, _low(case, p, n), value)


def _joint_of(order: int):  # type: ignore[no-untyped-def]
    @premises()
    def build(case: Case) -> Iterator[Premise]:
        yield from pinned(case)
        p = along(case)
        n = number(case.guess, "joint", len(p) - 1)
        label = f"a derivative jumps at {p.joints[n]}"
        yield sign(label, jump(p, n, order), "!=", p.region)

    return build


BACH = "Bach 2010, Self-concordant analysis for logistic regression, prop. 1"
SELF_CONCORDANT = (
    Theorem(
        "self-concordant",
        "self_concordant",
        ALONG,
        "A convex function with three continuous derivatives and |f'''| <= M f'' is generalised "
        "self-concordant with constant M.",
        BACH + "; Sun & Tran-Dinh 2019, def. 2 with nu = 2",
        _self_concordant,
        value=guessed("value"),
    ),
    Theorem(
        "third-derivative-without-second",
        "self_concordant",
        ALONG,
        "A function with f'' <= 0 and f''' != 0 at a point has no M with |f'''| <= M f''.",
        "the definition",
        _bends_too_fast,
        holds=False,
    ),
    Theorem(
        "third-derivative-outgrows-second",
        "self_concordant",
        ALONG,
        "A function for which f'''/f'' is unbounded has no M with |f'''| <= M f''.",
        "the definition",
        _ratio_unbounded,
        holds=False,
    ),
    *(
        Theorem(
            f"derivative-{order}-jumps",
            "self_concordant",
            ALONG,
            "A generalised self-concordant function has three continuous derivatives.",
            "the definition",
            _joint_of(order),
            holds=False,
        )
        for order in (1, 2)
    ),
)

CURVE: tuple[Theorem, ...] = (
    CONVEX,
    CONCAVE_SOMEWHERE,
    CONCAVE_FAR_OUT,
    SLOPE_FALLS,
    CHORD,
    *STRONGLY_CONVEX,
    *LIPSCHITZ,
    *SMOOTH,
    *DIFFERENTIABLE,
    *NONNEGATIVE,
    *BOUNDED,
    *BOUNDED_BELOW,
    *RANGE,
    *MONOTONE,
    *SELF_CONCORDANT,
)
