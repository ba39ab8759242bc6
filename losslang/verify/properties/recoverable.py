"""``recoverable``: the best score for a probability tells the probability."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import composite, local_proper, probability

PROPERTY = Property(
    "recoverable",
    "the best score for a probability tells the probability",
    (*local_proper.RECOVERABLE, *composite.RECOVERABLE, *probability.RECOVERABLE),
)
