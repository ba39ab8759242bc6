"""What is known of the primitives of one argument: ranges, slopes and bends, one row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sympy import Interval, S, oo, pi

Slope: TypeAlias = Literal["increasing", "decreasing", "nondecreasing"]
Bend: TypeAlias = Literal["convex", "concave"]

REALS = S.Reals
POSITIVE = Interval.open(0, oo)
NONNEGATIVE = Interval(0, oo)
NONPOSITIVE = Interval(-oo, 0)


@dataclass(frozen=True)
class Facts:
    """What is known of a function on its ``domain``.

    ``slopes`` and ``bends`` say on which intervals it is monotone (strictly, unless it says
    ``nondecreasing``) and on which it is convex or concave. Where nothing is said nothing is known.
    ``smooth`` functions have all derivatives inside their domain.
    """

    domain: Interval = REALS
    range: Interval = REALS
    slopes: tuple[tuple[Interval, Slope], ...] = ()
    bends: tuple[tuple[Interval, Bend], ...] = ()
    smooth: bool = True

    @property
    def increasing(self) -> bool:
        """Whether it increases strictly on all of its domain."""
        return self.slopes == ((self.domain, "increasing"),)

    @property
    def decreasing(self) -> bool:
        """Whether it decreases strictly on all of its domain."""
        return self.slopes == ((self.domain, "decreasing"),)


def _rising(
    domain: Interval, range: Interval, *bends: tuple[Interval, Bend], smooth: bool = True
) -> Facts:
    return Facts(domain, range, ((domain, "increasing"),), bends, smooth)


def _falling(domain: Interval, range: Interval, *bends: tuple[Interval, Bend]) -> Facts:
    return Facts(domain, range, ((domain, "decreasing"),), bends)


_UNIT = Interval(-1, 1)
_VALLEY: tuple[tuple[Interval, Slope], ...] = (
    (NONPOSITIVE, "decreasing"),
    (NONNEGATIVE, "increasing"),
)

FACTS: dict[str, Facts] = {
    "exp": _rising(REALS, POSITIVE, (REALS, "convex")),
    "log": _rising(POSITIVE, REALS, (POSITIVE, "concave")),
    "sin": Facts(range=_UNIT),
    "cos": Facts(range=_UNIT),
    "asin": _rising(
        _UNIT, Interval(-pi / 2, pi / 2), (Interval(-1, 0), "concave"), (Interval(0, 1), "convex")
    ),
    "acos": _falling(
        _UNIT, Interval(0, pi), (Interval(-1, 0), "convex"), (Interval(0, 1), "concave")
    ),
    "atan": _rising(
        REALS,
        Interval.open(-pi / 2, pi / 2),
        (NONPOSITIVE, "convex"),
        (NONNEGATIVE, "concave"),
    ),
    "sinh": _rising(REALS, REALS, (NONPOSITIVE, "concave"), (NONNEGATIVE, "convex")),
    "cosh": Facts(REALS, Interval(1, oo), _VALLEY, ((REALS, "convex"),)),
    "tanh": _rising(REALS, Interval.open(-1, 1), (NONPOSITIVE, "convex"), (NONNEGATIVE, "concave")),
    "asinh": _rising(REALS, REALS, (NONPOSITIVE, "convex"), (NONNEGATIVE, "concave")),
    "acosh": _rising(Interval(1, oo), NONNEGATIVE, (Interval(1, oo), "concave")),
    "atanh": _rising(
        Interval.open(-1, 1),
        REALS,
        (Interval.Lopen(-1, 0), "concave"),
        (Interval.Ropen(0, 1), "convex"),
    ),
    "erf": _rising(REALS, Interval.open(-1, 1), (NONPOSITIVE, "convex"), (NONNEGATIVE, "concave")),
    "abs": Facts(REALS, NONNEGATIVE, _VALLEY, ((REALS, "convex"),), smooth=False),
    "sign": Facts(REALS, _UNIT, ((REALS, "nondecreasing"),), smooth=False),
    "floor": Facts(REALS, REALS, ((REALS, "nondecreasing"),), smooth=False),
    "sigmoid": _rising(
        REALS, Interval.open(0, 1), (NONPOSITIVE, "convex"), (NONNEGATIVE, "concave")
    ),
    "softplus": _rising(REALS, POSITIVE, (REALS, "convex")),
    "lgamma": Facts(POSITIVE, Interval.open(S(-1) / 8, oo), (), ((POSITIVE, "convex"),)),
    "digamma": _rising(POSITIVE, REALS, (POSITIVE, "concave")),
    "trigamma": _falling(POSITIVE, POSITIVE, (POSITIVE, "convex")),
}
"""By the name of the primitive."""
