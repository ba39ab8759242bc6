"""``likelihood``: the loss is the negative log-likelihood of a law."""

from __future__ import annotations

from losslang.verify.property import Property
from losslang.verify.search import likelihood

PROPERTY = Property(
    "likelihood",
    "the loss is the negative logarithm of the law's density, up to a term in the target alone",
    (*likelihood.LIKELIHOOD,),
    arguments=("word",),
    words=("normal", "laplace", "poisson"),
    means=likelihood.predicts,
    listed=lambda reading, question: False,
)
