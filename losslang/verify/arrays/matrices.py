"""Where eigenvalues and singular values lie.

A sum of products ``f(a) f(b)`` with weights that are not negative has no negative eigenvalue, and
``c`` on the diagonal moves every eigenvalue by ``c`` (Horn and Johnson 2013, Matrix Analysis, 7.1
and 2.4).
"""

from __future__ import annotations

from functools import reduce

import sympy
from sympy import Expr

from losslang.ir.binders import free_indices, substitute
from losslang.ir.heads import ONE, Index
from losslang.ir.reduce import Reduce
from losslang.ir.spectrum import SPECTRA, Spectrum, spectral_axis
from losslang.ir.truth import Delta
from losslang.verify.arrays.folds import AROUND_ZERO
from losslang.verify.arrays.products import Products
from losslang.verify.enclosure import ANYTHING, FROM_ZERO, Range


class Matrices(Products):
    """Ranges of spectra."""

    def _spectrum(self, expr: Spectrum) -> Range | None:
        (row, column), guard, body = expr.open()
        entries = self.under(guard)._range(body)
        if entries is None or self._range(guard) is None or not self._exists(expr):
            return None
        if expr.op not in SPECTRA:
            return AROUND_ZERO
        if expr.op == "singular_values":
            return FROM_ZERO
        parts = [self._part(term, row, column) for term in sympy.Add.make_args(body)]
        known = [part for part in parts if part is not None]
        return reduce(Range.__add__, known) if len(known) == len(parts) else ANYTHING

    def _exists(self, expr: Spectrum) -> bool:
        """Whether the spectrum has the number that is read."""
        row, column = expr.binders
        if expr.guard != ONE:
            return False
        if isinstance(expr.at, Index):
            op = "eigenvalues" if expr.op.startswith("eigen") else "singular_values"
            return bool(expr.at.axis == spectral_axis(op, row.axis, column.axis))
        least = min(self.least_size(row.axis), self.least_size(column.axis))
        return bool(expr.at.is_Integer and 0 <= expr.at < least)

    def _part(self, term: Expr, row: Index, column: Index) -> Range | None:
        """What a summand of a symmetric matrix adds to its eigenvalues."""
        place = Delta(row, column)
        factors = list(sympy.Mul.make_args(term))
        outside = sympy.Mul(*(f for f in factors if free_indices(f).isdisjoint((row, column))))
        rest = term / outside
        if rest == place:
            return self._range(outside)
        scale = self._range(outside)
        if scale is None or not scale.nonnegative:
            return None
        if isinstance(rest, Reduce) and rest.op in ("sum", "mean"):
            _, guard, body = rest.open()
            apart = free_indices(guard).isdisjoint((row, column))
            return FROM_ZERO if apart and self.under(guard)._is_square(body, row, column) else None
        return FROM_ZERO if self._is_square(rest, row, column) else None

    def _is_square(self, e: Expr, row: Index, column: Index) -> bool:
        """Whether ``e`` is ``w f(row) f(column)`` with ``w`` not negative."""
        weight: list[Expr] = []
        left: list[Expr] = []
        right: list[Expr] = []
        for factor in sympy.Mul.make_args(e):
            free = free_indices(factor)
            if {row, column} <= free:
                return False
            (left if row in free else right if column in free else weight).append(factor)
        known = self._range(sympy.Mul(*weight))
        same = substitute(sympy.Mul(*left), {row: column}) == sympy.Mul(*right)
        return same and known is not None and known.nonnegative
