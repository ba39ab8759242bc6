"""Proper binary losses; terms as in :mod:`.labels`."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr

from losslang.verify.readings import Binary, Margin, Probability
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.labels import NEGATIVE, POSITIVE, joined, pair
from losslang.verify.theorems.pieces import Pieces, defined, number, place
from losslang.verify.theorems.premises import Premises, everywhere, inside, premises, sign, tends


def balance(case: Case, p: Pieces, n: int) -> Expr:
    """L's slope at the probability that the score states, up to a positive factor."""
    x = p.variable
    positive, negative = p.formula(n, 1, POSITIVE), p.formula(n, 1, NEGATIVE)
    if isinstance(case.reading, Probability):
        return x * positive + (1 - x) * negative
    return sympy.exp(x) * positive + negative


def _proper(strict: bool) -> Premises:
    @premises()
    def build(case: Case) -> Iterator[Premise]:
        p = pair(case)
        label = "the expected loss is stationary at the true probability"
        yield from everywhere(p, label, lambda n: balance(case, p, n), "==")
        slope = lambda n: p.formula(n, 1, NEGATIVE)  # noqa: E731
        yield from everywhere(p, "the weight is positive", slope, ">" if strict else ">=")
        yield from joined(p)

    return build


@premises()
def _not_stationary(case: Case) -> Iterator[Premise]:
    """At a point, or as the probability nears ``end``, 0 or 1: then at points close to it."""
    p = pair(case)
    if "end" in case.guess:
        low, value = case.guess["end"] == 0, case.guess["value"]
        n = 0 if low else len(p) - 1
        yield tends(p, "the slope there", balance(case, p, n), n, low, value)
        if not value.is_infinite:
            yield sign("the limit is not 0", value, "!=", p.region)
        return
    n, point = place(case.guess, p)
    yield from inside(p, n, point)
    slope = defined(balance(case, p, n), {p.variable: point})
    yield sign(f"the expected loss is not stationary at {point}", slope, "!=", p.region)


@premises()
def _negative_weight(case: Case) -> Iterator[Premise]:
    p = pair(case)
    n, point = place(case.guess, p)
    yield from inside(p, n, point)
    yield sign(f"the weight at {point} is negative", p.at(n, point, 1, NEGATIVE), "<", p.region)


@premises()
def _no_weight(case: Case) -> Iterator[Premise]:
    p = pair(case)
    n = number(case.guess, "piece", len(p))
    yield sign(
        "the loss of label 0 is flat on a piece", p.formula(n, 1, NEGATIVE), "==", p.where(n)
    )


def weight(case: Case) -> Expr | None:
    """w(q) = negative'(q)/q, for a loss of a probability in one piece."""
    if not isinstance(case.reading, Probability):
        return None
    p = pair(case)
    return sympy.simplify(p.formula(0, 1, NEGATIVE) / p.variable) if len(p) == 1 else None


SHUFORD = "Shuford, Albert & Massengill 1966, thm 1; Reid & Williamson 2010, thm 1"
READS = (Probability, Binary, Margin)


def _proper_theorems(property: str, strict: bool) -> tuple[Theorem, ...]:
    word = "strictly proper" if strict else "proper"
    kebab = word.replace(" ", "-")
    about = {"property": property, "reads": READS, "holds": False}
    refuting = (
        Theorem(
            f"not-stationary-so-not-{kebab}",
            says=f"A loss is not {word} if, for some probability, telling it is no stationary "
            "point of the expected loss. A score v tells the probability sigmoid(v).",
            source=SHUFORD,
            premises=_not_stationary,
            **about,  # type: ignore[arg-type]
        ),
        Theorem(
            f"negative-weight-so-not-{kebab}",
            says=f"A loss is not {word} if negative'(q)/q is negative somewhere: telling that "
            "probability is then a maximum of the expected loss, or not stationary.",
            source=SHUFORD,
            premises=_negative_weight,
            **about,  # type: ignore[arg-type]
        ),
        Theorem(
            f"no-weight-so-not-{kebab}",
            says="A loss is not strictly proper if it does not change on an interval.",
            source=SHUFORD,
            premises=_no_weight,
            **about,  # type: ignore[arg-type]
        ),
    )
    return (
        Theorem(
            kebab,
            property,
            READS,
            f"A loss is {word} if q positive'(q) + (1 - q) negative'(q) = 0 and negative'(q) is "
            f"{'positive' if strict else 'nonnegative'} for all q in (0, 1), between joints. A "
            "score v tells the probability sigmoid(v).",
            SHUFORD,
            _proper(strict),
            value=weight,
        ),
        *(refuting if strict else refuting[:2]),
    )


PROPER = _proper_theorems("proper", False)
STRICTLY_PROPER = _proper_theorems("strictly_proper", True)
