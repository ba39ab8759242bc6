"""``excess_risk``: the excess of the 0-1 risk is bounded through the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import excess, local_proper

PROPERTY = Property(
    "excess_risk",
    "the excess of the 0-1 risk is bounded through the value",
    (
        *local_proper.EXCESS_RISK,
        *excess.EXCESS_RISK,
    ),
)
