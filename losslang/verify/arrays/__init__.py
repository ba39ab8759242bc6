"""Ranges of formulas in index notation: sums, maxima and log-sum-exps over axes of any size.

What :mod:`losslang.verify.compose` does for formulas of numbers, :class:`Arrays` does for whole
losses. Parts that move together are taken together: a log-sum-exp less one of its members is not
negative, sums over one axis are one sum, a sum of squares is at least the square that Cauchy and
Schwarz put below it. It is part of what the checker trusts.
"""

from __future__ import annotations

import sympy
from sympy import Basic, Expr

from losslang.ir.heads import Branch, Detach, Index, Labelled, Size
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import Spectrum
from losslang.verify.arrays.folds import log_of
from losslang.verify.arrays.matrices import Matrices
from losslang.verify.enclosure import FROM_ZERO, Range, above
from losslang.verify.interval import Interval
from losslang.verify.statement import Region


def spread_of(expr: Expr, region: Region) -> Range | None:
    """Where the values of ``expr`` lie, its free indices being anywhere on their axes.

    ``None`` unless it is known to have one everywhere.
    """
    return Arrays(region).range(expr)


class Arrays(Matrices):
    """Ranges of formulas in index notation over one region."""

    def _look(self, expr: Basic) -> Range | None:
        if isinstance(expr, Reduce):
            return self._reduced(expr)
        if isinstance(expr, Index):
            return FROM_ZERO
        if isinstance(expr, Size):
            least = self.least_size(expr.axis)
            return above(Interval.exactly(least).low, True)
        if isinstance(expr, Labelled):
            return self._range(expr.args[1])
        if isinstance(expr, Detach):
            return self._range(expr.args[0])
        if isinstance(expr, Branch):
            return self._branch(expr)
        if isinstance(expr, Ordered):
            return self._ordered(expr)
        if isinstance(expr, Spectrum):
            return self._spectrum(expr)
        if isinstance(expr, sympy.exp):
            return self._exponential(expr)
        if isinstance(expr, sympy.log) and isinstance(expr.args[0], Size):
            least = self.least_size(expr.args[0].axis)
            return above(log_of(least).hull.low, True) if least else None
        return super()._look(expr)
