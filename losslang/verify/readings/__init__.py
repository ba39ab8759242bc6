"""What a loss looks like to the theory, recognised from its formula and never declared.

One file a kind. :func:`~losslang.verify.readings.recognise.readings` gives every kind that fits a
loss, the most specific first.
"""

from losslang.verify.readings.binary import Binary, Probability
from losslang.verify.readings.curve import Curve
from losslang.verify.readings.divergence import Divergence
from losslang.verify.readings.fix import fixed
from losslang.verify.readings.local import Local
from losslang.verify.readings.margin import Margin
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.readings.pairs import Pairs
from losslang.verify.readings.pooled import Pooled
from losslang.verify.readings.recognise import parts, readings
from losslang.verify.readings.regression import Regression, Residual
from losslang.verify.readings.score import Score
from losslang.verify.readings.structure import Structure

__all__ = [
    "Binary",
    "Curve",
    "Divergence",
    "Local",
    "Margin",
    "Multiclass",
    "Pairs",
    "Pooled",
    "Probability",
    "Regression",
    "Residual",
    "Score",
    "Structure",
    "fixed",
    "parts",
    "readings",
]
