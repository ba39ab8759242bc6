"""How to show properties of binary losses with a loss for each label."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import substitute
from losslang.verify.property import Strategy
from losslang.verify.readings import Binary, Margin, Probability
from losslang.verify.search.critical import attempt, ends, points_of, roots, stationary, suprema
from losslang.verify.search.margin import by_pieces
from losslang.verify.search.numbers import sign_of, values
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems.decisions import middle_slopes
from losslang.verify.theorems.halves import HALF
from losslang.verify.theorems.labels import NEGATIVE, POSITIVE, pair, parts, side
from losslang.verify.theorems.pieces import Pieces, Silent, defined
from losslang.verify.theorems.probability import PROBABILITY
from losslang.verify.theorems.proper import balance
from losslang.verify.verdict import Witness
from losslang.verify.watchdog import within

ODDS = tuple(
    Rational(n)
    for n in ("3/10", "7/10", "2/5", "3/5", "9/20", "11/20", "49/100", "51/100", "1", "0")
)
NEAR = ("1/100", "1/20", "1/10", "1/5", "3/10", "2/5", "9/20", "49/100")
FAR = ("1/10", "1/2", "1", "2", "4", "8")
Finder = Callable[[Case, Pieces], Iterable[Guess]]


def guesses(find: Finder) -> Callable[[Binary | Probability | Margin, Question], Iterable[Guess]]:
    """Guesses made from the pieces of both losses; none where they have none."""
    return by_pieces(pair, find)


# ---------------------------------------------------------------- guesses


def _unbalanced(case: Case, p: Pieces) -> Iterator[Guess]:
    if p.region.symbols:
        yield from _unbalanced_ends(case, p)
    for sign in (1, -1):
        yield from points_of(p, lambda n: balance(case, p, n), sign, 2)


def _unbalanced_ends(case: Case, p: Pieces) -> Iterator[Guess]:
    """Limits that need no place inside, where the signs depend on hyperparameters."""
    for n, which, end in ((len(p) - 1, S.One, p.bounds.high), (0, S.Zero, p.bounds.low)):
        found = (place.value for place in ends(p, n, balance(case, p, n)) if place.at == end)
        yield from ({"end": which, "value": value} for value in found if value != 0)


def _negative_weight(case: Case, p: Pieces) -> Iterator[Guess]:
    yield from points_of(p, lambda n: p.formula(n, 1, NEGATIVE), -1, 2)


def _flat(case: Case, p: Pieces) -> Iterator[Guess]:
    yield from (
        {"piece": sympy.Integer(n)} for n in range(len(p)) if p.formula(n, 1, NEGATIVE) == 0
    )


def _low(case: Case, p: Pieces) -> Iterator[Guess]:
    yield {"low": S.Zero}
    exprs = [lambda n: -p.formula(n, 0, POSITIVE), lambda n: -p.formula(n, 0, NEGATIVE)]
    yield from ({"low": -place.value} for place in suprema(p, exprs)[:2])


def _wrong(case: Case, p: Pieces) -> Iterator[Guess]:
    """Odds, and decisions for the wrong label that seem to beat all for the right one."""
    for eta in ODDS:
        label = eta > HALF
        right = attempt_side(case, label)
        if right is None:
            return
        costs = []
        for n in range(len(right)):
            formula = eta * right.formula(n, 0, POSITIVE) + (1 - eta) * right.formula(
                n, 0, NEGATIVE
            )
            costs += [e.value for e in (*ends(right, n, formula), *stationary(right, n, formula))]
        for score in _decisions(case, not label, eta):
            least = attempt(_risk, case, eta, score)
            if least is not None and costs and all(_at_least(c, least, p) for c in costs):
                yield {"eta": eta, "label": S.One if label else S.Zero, "score": score}
                break


def _risk(case: Case, eta: Expr, point: Expr) -> Expr:
    x, _, _, positive, negative = parts(case.reading)
    return eta * defined(positive, {x: point}) + (1 - eta) * defined(negative, {x: point})


def attempt_side(case: Case, above: bool) -> Pieces | None:
    """The pieces on one side of the middle, if they are known."""
    try:
        return side(case, above)
    except Silent:
        return None


def _decisions(case: Case, label: bool, eta: Expr) -> Iterator[Expr]:
    p = attempt_side(case, label)
    if p is None:
        return
    middle = parts(case.reading)[2]
    yield middle
    for n in range(len(p)):
        formula = eta * p.formula(n, 0, POSITIVE) + (1 - eta) * p.formula(n, 0, NEGATIVE)
        yield from (place.at for place in stationary(p, n, formula))
    yield from (joint for joint in p.joints)
    shift = 1 if label else -1
    steps = NEAR if isinstance(case.reading, Probability) else FAR
    yield from (middle + shift * Rational(step) for step in steps)


def _at_least(cost: Expr, least: Expr, p: Pieces) -> bool:
    if cost.is_infinite:
        return bool(cost == S.Infinity)
    return all(v >= -1e-9 for v in values(cost - least, p.region))


def _sides(case: Case, p: Pieces) -> Iterator[Guess]:
    for where in (S.One, S.NegativeOne):
        slopes = middle_slopes(case, bool(where > 0))
        if sign_of(where * sympy.Add(*slopes), p.region) < 0:
            yield {"where": where}


def _convex_order(case: Case, p: Pieces) -> Iterator[Guess]:
    ways = (S.One, S.Zero) if isinstance(case.reading, Probability) else (S.Zero, S.One)
    for way in ways:
        for strict in (S.Zero, S.One):
            yield {"strict": strict, "bottom": way, "top": way}


def _minimisers(case: Case, p: Pieces) -> Iterator[Guess]:
    eta = case.reading.region.fresh("eta")
    for n in range(len(p)):
        slope = eta * p.formula(n, 1, POSITIVE) + (1 - eta) * p.formula(n, 1, NEGATIVE)
        for root in roots(slope, p.variable):
            yield {"minimiser": root, "piece": sympy.Integer(n)}


def _composite(case: Case, p: Pieces) -> Iterator[Guess]:
    v = case.reading.region.fresh("v")

    def link(n: int) -> Expr:
        slope = p.formula(n, 1, NEGATIVE)
        return slope / (slope - p.formula(n, 1, POSITIVE))

    short = within(2.0, lambda: sympy.simplify(link(0)))
    low, high = p.bounds.low, p.bounds.high
    bottoms = [e.value for e in ends(p, 0, link(0)) if e.at == low]
    tops = [e.value for e in ends(p, len(p) - 1, link(len(p) - 1)) if e.at == high]
    for bottom in bottoms:
        for top in tops:
            if short is not None:
                yield {"bottom": bottom, "top": top, "link": substitute(short, {p.variable: v})}
            yield {"bottom": bottom, "top": top}


# ---------------------------------------------------------------- witnesses


def balance_witness(case: Case) -> Witness | None:
    """The probability whose telling is not the best answer to it, and the slope there."""
    if "end" in case.guess:
        return None
    p = pair(case)
    n, point = int(case.guess["piece"]), case.guess["at"]
    slope = defined(balance(case, p, n), {p.variable: point})
    if slope.free_symbols or point.free_symbols:
        return None
    told = point if isinstance(case.reading, Probability) else 1 / (1 + sympy.exp(-point))
    return Witness(
        {"eta": told, "slope": slope},
        (Sign(slope, "!="),),
        f"for eta = {told} the expected loss is not stationary where that probability is told",
    )


def decision_witness(case: Case) -> Witness | None:
    """The odds, the wrong decision, and what a few right ones cost beside it."""
    g, middle = case.guess, parts(case.reading)[2]

    turn = 1 if g["label"] == 1 else -1
    steps = (
        ("1/100", "1/10", "2/5") if isinstance(case.reading, Probability) else ("1/10", "1", "4")
    )
    right = tuple(middle + turn * Rational(step) for step in steps)
    least, *costs = (_risk(case, g["eta"], a) for a in (g["score"], *right))
    if any(c.free_symbols for c in (least, *costs)):
        return None
    return Witness(
        {
            "eta": g["eta"],
            "decision": g["score"],
            "expected loss": least,
            "others": right,
            "their loss": tuple(costs),
        },
        tuple(Sign(c - least, ">=") for c in costs),
        f"for eta = {g['eta']} telling {g['score']} costs {least}, and no decision for the "
        "likelier label costs less",
    )


def tilt_witness(case: Case) -> Witness | None:
    """For even odds, a decision on one side that beats the middle."""
    x, _, middle, positive, negative = parts(case.reading)
    total = positive + negative
    at = defined(total, {x: middle})
    for step in (Rational(1, 5), Rational(1, 50), Rational(1, 500)):
        for point in (middle + step, middle - step):
            gain = at - defined(total, {x: point})
            if not gain.free_symbols and sign_of(gain, case.reading.region) > 0:
                return Witness(
                    {"eta": HALF, "decision": point, "gain": gain / 2},
                    (Sign(gain, ">"),),
                    f"for even odds {point} costs {gain / 2} less than the middle {middle}, and no "
                    "decision on the other side does better: it also wins for odds just against it",
                )
    return None


# ---------------------------------------------------------------- strategies

_T = {theorem.name: theorem for theorem in PROBABILITY}

PROPER = (
    Strategy(_T["not-stationary-so-not-proper"], guesses(_unbalanced), balance_witness),
    Strategy(_T["proper"]),
    Strategy(_T["negative-weight-so-not-proper"], guesses(_negative_weight)),
)
STRICTLY_PROPER = (
    Strategy(_T["not-stationary-so-not-strictly-proper"], guesses(_unbalanced), balance_witness),
    Strategy(_T["strictly-proper"]),
    Strategy(_T["negative-weight-so-not-strictly-proper"], guesses(_negative_weight)),
    Strategy(_T["no-weight-so-not-strictly-proper"], guesses(_flat)),
)
CALIBRATED = (
    Strategy(_T["convex-and-balanced"]),
    Strategy(_T["convex-and-tilted"], guesses(_sides), tilt_witness),
    Strategy(_T["balanced-losses"]),
    Strategy(_T["tilted-above"], guesses(_low), tilt_witness),
    Strategy(_T["tilted-below"], guesses(_low), tilt_witness),
    Strategy(_T["wrong-decision-is-best"], guesses(_wrong), decision_witness),
)
ORDER_PRESERVING = (
    Strategy(_T["slopes-of-both-rise"], guesses(_convex_order)),
    Strategy(_T["ratio-of-slopes-rises"]),
)
RECOVERABLE = (
    Strategy(_T["slopes-of-both-rise-so-recoverable"], guesses(_convex_order)),
    Strategy(_T["ratio-of-slopes-rises-so-recoverable"]),
)
MINIMISER = (Strategy(_T["stationary-prediction"], guesses(_minimisers)),)
PROPER_COMPOSITE = (Strategy(_T["score-proper-composite"], guesses(_composite)),)
