"""``h_consistent``: a bound on the excess of the 0-1 risk for complete score functions."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import excess, local_proper, pooled

PROPERTY = Property(
    "h_consistent",
    "the excess of the 0-1 risk, with its minimisability gap, is bounded through the value",
    (
        *local_proper.H_CONSISTENT,
        *pooled.H_CONSISTENT,
        *excess.H_CONSISTENT,
    ),
)
