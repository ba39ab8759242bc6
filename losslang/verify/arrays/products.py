"""Ranges of products and quotients whose parts move together."""

from __future__ import annotations

import sympy
from sympy import Expr

from losslang.ir.binders import substitute
from losslang.ir.heads import (
    ONE,
)
from losslang.ir.reduce import Reduce
from losslang.verify.arrays.folds import AROUND_ZERO, BELOW
from losslang.verify.arrays.guards import YES
from losslang.verify.arrays.sums import Sums, mentioned
from losslang.verify.enclosure import (
    ANYTHING,
    Range,
    above,
    below,
    constant,
)


class Products(Sums):
    """Products: shares of a whole, entries of unit vectors, exponentials."""

    # ------------------------------------------------------------ products

    def _product(self, expr: sympy.Mul) -> Range | None:
        number, rest = expr.as_coeff_Mul()
        if number != ONE:
            scale, each = constant(number), self._range(rest)
            return None if scale is None or each is None else scale * each
        unit = self._unit(expr)
        if unit is not None:
            return unit
        found = super()._product(expr)
        if found is None:
            return None
        for closer in (self._one_power, self._cases, self._ratio):
            better = closer(expr)
            found = found if better is None else found.meet(better)
        return found

    def _one_power(self, expr: sympy.Mul) -> Range | None:
        """Exponentials multiply to one."""
        powers = [f for f in expr.args if isinstance(f, sympy.exp)]
        if len(powers) < 2:
            return None
        rest = sympy.Mul(*(f for f in expr.args if f not in powers))
        whole = self._range(sympy.exp(sympy.Add(*(f.args[0] for f in powers))))
        other = self._range(rest)
        return None if whole is None or other is None else whole * other

    def _unit(self, expr: sympy.Mul) -> Range | None:
        """An entry of a unit vector; one of length 0 stays 0."""
        norms = [f for f in expr.args if _is_norm_below(f)]
        for norm in norms:
            (index,), guard, square = norm.base.open()
            for factor in expr.args:
                for place in mentioned(index, square, factor):
                    rule = {index: place}
                    if substitute(square, rule) == factor**2 and self._holds(
                        substitute(guard, rule)
                    ):
                        rest = self._range(expr / (norm * factor))
                        if rest is not None and self._range(factor) is not None:
                            return rest * AROUND_ZERO
        return None

    def _ratio(self, expr: sympy.Mul) -> Range | None:
        """A numerator between 0 and the denominator, or between it and its negative."""
        for factor in expr.args:
            if not (isinstance(factor, sympy.Pow) and factor.exp == -1):
                continue
            if not isinstance(factor.base, sympy.Add | Reduce):
                continue
            lower = self._range(factor.base)
            if lower is None or not lower.nonzero:
                continue
            sign = ONE if lower.positive else -ONE
            upper = sympy.Mul(*(f for f in expr.args if f != factor))
            found = ANYTHING
            gap = self._range(sign * (factor.base - upper))
            if gap is not None and gap.nonnegative:
                found = below(YES.hull.high, not gap.positive)
            gap = self._range(sign * (factor.base + upper))
            if gap is not None and gap.nonnegative:
                found = found.meet(above((-YES).hull.low, not gap.positive))
            if found != ANYTHING:
                return found
        return None


def _is_norm_below(factor: Expr) -> bool:
    return (
        isinstance(factor, sympy.Pow)
        and factor.exp == BELOW
        and isinstance(factor.base, Reduce)
        and factor.base.op == "sum"
        and len(factor.base.binders) == 1
    )
