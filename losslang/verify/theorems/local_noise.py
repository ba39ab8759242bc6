"""Label noise that depends on the label: robustness of losses f(softmax(scale z)[y])."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr

from losslang.verify.readings.local import Local
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local import bounded_below, falling
from losslang.verify.theorems.local_parts import THEORY, conditions, smooth
from losslang.verify.theorems.premises import sign, tends


@conditions
def _is_concave(case: Case) -> Iterator[Premise]:
    f = smooth(case.reading)
    yield sign("f'' <= 0", f.formula(0, 2), "<=", f.where(0))
    yield from falling(case)
    yield from bounded_below(case)


@conditions
def _is_strictly_convex(case: Case) -> Iterator[Premise]:
    f = smooth(case.reading)
    yield sign("f'' > 0", f.formula(0, 2), ">", f.where(0))


@conditions
def _needs_ratio(case: Case) -> Iterator[Premise]:
    """Strictly convex, with the slopes ``start`` at 0 and ``end`` < 0 at 1."""
    f, start, end = smooth(case.reading), case.guess["start"], case.guess["end"]
    yield sign("f'' > 0", f.formula(0, 2), ">", f.where(0))
    yield tends(f, "f'(0)", f.formula(0, 1), 0, True, start)
    yield tends(f, "f'(1)", f.formula(0, 1), 0, False, end)
    yield sign("f'(1) < 0", end, "<", f.region)


def _ratio(case: Case) -> Expr:
    return case.guess["start"] / case.guess["end"]


ASYMMETRIC = Theorem(
    "local-asymmetric",
    "asymmetric_robust",
    Local,
    "f falls, is concave and bounded below: whatever the weights, the least weighted loss puts all "
    "mass on the class of the greatest weight",
    f"Zhou, Liu, Jiang, Gao, Ji 2021, Asymmetric Loss Functions; {THEORY}: Asymmetric losses",
    _is_concave,
)

NOT_ASYMMETRIC_RATIO = Theorem(
    "local-asymmetric-ratio",
    "asymmetric_robust",
    Local,
    "f is strictly convex: weights whose ratio is below f'(0) / f'(1) are served best by a mixture",
    f"Zhou, Liu, Jiang, Gao, Ji 2021, Asymmetric Loss Functions; {THEORY}: Asymmetric losses",
    _needs_ratio,
    holds=False,
    value=_ratio,
)

NOT_ASYMMETRIC = Theorem(
    "local-not-asymmetric",
    "asymmetric_robust",
    Local,
    "f is strictly convex: two classes with nearly equal weights are served best by a mixture",
    f"{THEORY}: Asymmetric losses",
    _is_strictly_convex,
    holds=False,
)

THEOREMS = (ASYMMETRIC, NOT_ASYMMETRIC_RATIO, NOT_ASYMMETRIC)
