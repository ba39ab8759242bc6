"""Formulas that are the same in every unit of their inputs, computed in one of the inputs' size.

The overlap of two boxes is a quotient of areas, a standardised score one of sums. Areas and sums
may be beyond the range of floats where their quotient is not. In a unit of about the largest input
they are near 1, and with a power of two as the unit nothing is rounded on the way there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy
from sympy import Add, Basic, Expr, Mul, Pow

from losslang.ir.binders import Binder, fresh, walk
from losslang.ir.heads import ONE, ZERO, At, Axis, Branch, Detach, Index, Max, Min, Tensor
from losslang.ir.loss import EXAMPLE, Input
from losslang.ir.primitives import Apply, operands, primitive_of
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Truth

SQUARE = 2


class NoDegreeError(Exception):
    """A formula does not grow like a power of the unit."""


class Units:
    """Rewrites formulas of a loss; the examples' real ``inputs`` are what has a unit."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        self._axes: Mapping[Tensor, tuple[Axis, ...]] = {
            known.tensor: known.axes
            for known in inputs
            if known.kind == "real" and known.batched and known.axes and known.pack is None
        }
        self._degrees: dict[Basic, Expr | None] = {}
        self._units: dict[Tensor, Expr] = {}

    def __call__(self, expr: Expr) -> Expr:
        """``expr``, in units of its inputs' size if it divides by squares or products of sums."""
        if not isinstance(expr, Expr) or not any(map(self._divides_by_areas, walk(expr))):
            return expr
        if self._has_no_unit(expr):
            return self._in_units(expr)
        if isinstance(expr, Binder):
            return expr
        args = [self(a) for a in expr.args]
        return expr.func(*args) if tuple(args) != expr.args else expr

    def same(self, expr: Expr) -> Expr:
        """What a formula, as it was before, is called where a larger one was put in units."""
        return self._divided(expr, self._units)

    def _in_units(self, expr: Expr) -> Expr:
        reads = {e for e in walk(expr) if isinstance(e, At) and e.tensor in self._axes}
        if any(read.indices[0] != EXAMPLE for read in reads):
            return expr
        tensors = sorted({read.tensor for read in reads}, key=list(self._axes).index)
        units = dict.fromkeys(tensors, self._unit(tensors))
        self._units |= units
        return self._divided(expr, units)

    def _divided(self, e: Expr, units: Mapping[Tensor, Expr]) -> Expr:
        """``e`` with every array divided by its unit, and read only then."""
        if isinstance(e, At) and e.tensor in units:
            *first, place = e.indices
            running = fresh(self._axes[e.tensor][-1])
            row = At(e.tensor, *first, running) / units[e.tensor]
            return Ordered("entry", (running,), ONE, row, place)
        if isinstance(e, Binder):
            indices, guard, body = e.open()
            guard, body, *rest = (self._divided(a, units) for a in (guard, body, *e.rest))
            return e.func(e.op, indices, guard, body, *rest)
        if isinstance(e, Index) or not e.args:
            return e
        args = [self._divided(a, units) if isinstance(a, Expr) else a for a in e.args]
        return e.func(*args) if tuple(args) != e.args else e

    def _unit(self, tensors: Iterable[Tensor]) -> Expr:
        """The power of two that is just below the largest number of an example."""
        sizes = []
        for tensor in tensors:
            places = [fresh(axis) for axis in self._axes[tensor]]
            size = sympy.Abs(At(tensor, EXAMPLE, *places))
            sizes.append(Reduce("max", places, ONE, size))
        return Apply("binade", Detach(Max(*sizes)))

    # ------------------------------------------------------------ degrees

    def _has_no_unit(self, e: Expr) -> bool:
        try:
            return self._degree(e) == ZERO
        except NoDegreeError:
            return False

    def _divides_by_areas(self, e: Basic) -> bool:
        """Whether ``e`` is the reciprocal of a power of squares or products of sums."""
        if not isinstance(e, Pow) or not e.exp.could_extract_minus_sign():
            return False
        if not any(isinstance(part, Add) and self._reads(part) for part in walk(e.base)):
            return False
        try:
            return (self._degree(e.base) or ZERO) >= SQUARE
        except NoDegreeError:
            return False

    def _reads(self, e: Basic) -> bool:
        return any(isinstance(part, At) and part.tensor in self._axes for part in walk(e))

    def _degree(self, e: Basic) -> Expr | None:
        """The ``h`` with ``e(c x) == c**h e(x)`` for ``c > 0``; ``None`` for 0, which has each."""
        if e not in self._degrees:
            self._degrees[e] = self._found(e)
        return self._degrees[e]

    def _found(self, e: Basic) -> Expr | None:
        if e == ZERO:
            return None
        if isinstance(e, At) and e.tensor in self._axes:
            return ONE
        if not self._reads(e):
            return ZERO
        if isinstance(e, Mul):
            return Add(*(self._degree(a) or ZERO for a in e.args))
        if isinstance(e, Pow) and not self._reads(e.exp):
            degree = self._degree(e.base)
            if not degree or e.exp.is_number:
                return degree and degree * e.exp
        if isinstance(e, Truth):
            self._common(e.args)
            return ZERO
        if isinstance(e, Branch):
            self._common(e.args[:1])
            return self._common(e.args[1:])
        if isinstance(e, Add | sympy.Abs | Max | Min | Detach):
            return self._common(e.args)
        if isinstance(e, Reduce) and self._common((e.guard,)) in (None, ZERO):
            degree = self._degree(e.body)
            if e.op in ("sum", "mean", "max", "min"):
                return degree
            if degree == ZERO:
                return ZERO
        elif primitive_of(e) is not None and not any(map(self._degree, operands(e))):
            return ZERO
        raise NoDegreeError

    def _common(self, parts: Iterable[Basic]) -> Expr | None:
        found = {degree for degree in map(self._degree, parts) if degree is not None}
        if len(found) > 1:
            raise NoDegreeError
        return found.pop() if found else None
