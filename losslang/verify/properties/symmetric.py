"""``symmetric``: the losses of all labels sum to a constant, the value."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import divergence, local_proper, margin, multiclass, profile, score

PROPERTY = Property(
    "symmetric",
    "the losses of all labels sum to a constant, the value; a divergence is the same either way",
    (
        *divergence.SYMMETRIC,
        *local_proper.SYMMETRIC,
        *multiclass.SYMMETRIC,
        *score.SYMMETRIC,
        *profile.SYMMETRIC,
        *margin.SYMMETRIC,
    ),
)
