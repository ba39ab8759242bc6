"""``bregman``: the loss is a Bregman divergence."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import divergence, entries, regression

PROPERTY = Property(
    "bregman",
    "the loss is a Bregman divergence, up to a term that the prediction does not change",
    (*regression.BREGMAN, *divergence.BREGMAN, *entries.BREGMAN),
    means=entries.has_entries,
)
