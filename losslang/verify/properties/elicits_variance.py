"""``elicits_variance``: the best predictions of two numbers are the target's mean and variance."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import moments

PROPERTY = Property(
    "elicits_variance",
    "the mean and the variance of the target minimise the expected loss, the latter as the value",
    (*moments.ELICITS_VARIANCE,),
    means=moments.has_variance,
)
