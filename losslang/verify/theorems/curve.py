"""Theorems about a loss along one real input: convexity, slope, curvature, range.

They speak of a :class:`~losslang.verify.readings.curve.Curve`, and of margin and pairwise losses
through the curve of their ``phi``: a sum over pairs of ``phi`` of a difference has what it has.
"""

from __future__ import annotations

from losslang.verify.theorem import Theorem
from losslang.verify.theorems.along import along, curve_of
from losslang.verify.theorems.convexity import (
    CHORD,
    CONVEX_THEOREMS,
    SELF_CONCORDANT,
    STRONGLY_CONVEX,
    convexity,
)
from losslang.verify.theorems.extent import BOUNDED, BOUNDED_BELOW, NONNEGATIVE, RANGE
from losslang.verify.theorems.slope import DIFFERENTIABLE, LIPSCHITZ, MONOTONE, SMOOTH, monotonicity

__all__ = [
    "BOUNDED",
    "BOUNDED_BELOW",
    "CHORD",
    "CURVE",
    "DIFFERENTIABLE",
    "LIPSCHITZ",
    "along",
    "convexity",
    "curve_of",
    "monotonicity",
]

CURVE: tuple[Theorem, ...] = (
    *CONVEX_THEOREMS,
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
