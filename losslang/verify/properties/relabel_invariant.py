"""The property ``relabel_invariant``."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import invariance

PROPERTY = Property(
    "relabel_invariant",
    "only whether labels are equal matters, not what they are called",
    (*invariance.RELABEL_INVARIANT,),
    arguments=(),
    means=invariance.has_names,
)
