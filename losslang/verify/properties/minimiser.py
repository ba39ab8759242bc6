"""``minimiser``: what the best prediction is, for every distribution of the target."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import elicitation, excess, probability

PROPERTY = Property(
    "minimiser",
    "the minimiser of the expected loss is the value",
    (
        *elicitation.MINIMISER,
        *excess.MINIMISER,
        *probability.MINIMISER,
    ),
)
