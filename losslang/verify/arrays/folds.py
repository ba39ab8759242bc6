"""Ranges of sums, maxima and log-sum-exps from the ranges of what they fold."""

from __future__ import annotations

from functools import reduce

import sympy
from sympy import Expr, S

from losslang.ir.binders import free_indices
from losslang.ir.heads import (
    ONE,
    Index,
    Size,
)
from losslang.ir.reduce import Ordered, Reduce
from losslang.verify.arrays.guards import NO, Guards
from losslang.verify.enclosure import (
    ABOVE_ZERO,
    ANYTHING,
    FROM_ZERO,
    TRUTH,
    Range,
    above,
    applied,
    below,
    greatest,
)
from losslang.verify.interval import Interval

AROUND_ZERO = Range(Interval.of(-1, 1))

BELOW = -S.Half


class Folds(Guards):
    """Ranges of folds, and of vectors of length one."""

    def _reduced(self, expr: Reduce) -> Range | None:
        if expr.op in ("argmax", "argmin"):
            return FROM_ZERO
        indices, guard, body = expr.open()
        return self._folded(expr.op, indices, guard, body)

    def _folded(self, op: str, indices: tuple[Index, ...], guard: Expr, body: Expr) -> Range | None:
        each = self.under(guard)._range(body)
        if each is None or self._range(guard) is None:
            return None
        if op in ("any", "all"):
            return TRUTH
        least = self.least_count(indices, guard)
        if op == "sum":
            return self._total(indices, guard, body, each, least)
        if op == "prod":
            if each.positive:
                return ABOVE_ZERO
            return FROM_ZERO if each.nonnegative else ANYTHING
        if op == "mean":
            return each if least else each.join(NO)
        if not least:
            return None
        if op == "logsumexp":
            more = log_of(least)
            return above((each.hull + more.hull).low, each.reaches_low)
        return each if op in ("max", "min", "logmeanexp") else None

    def _total(
        self, indices: tuple[Index, ...], guard: Expr, body: Expr, each: Range, least: int
    ) -> Range:
        """The sum of at least so many values that lie in ``each``."""
        times = Range(Interval.exactly(least))
        low = times * above(each.hull.low, each.reaches_low) if each.nonnegative else ANYTHING
        high = times * below(each.hull.high, each.reaches_high) if each.nonpositive else ANYTHING
        found = ANYTHING
        if each.nonnegative:
            found = above(low.hull.low, least == 0 or each.reaches_low)
        if each.nonpositive:
            found = found.meet(below(high.hull.high, least == 0 or each.reaches_high))
        bound = self._cauchy_schwarz(indices, guard, body)
        return found if bound is None else found.meet(bound)

    def _cauchy_schwarz(self, indices: tuple[Index, ...], guard: Expr, body: Expr) -> Range | None:
        """Products of two unit vectors, and squares of sums of unit vectors."""
        if len(indices) != 1:
            return None
        (index,) = indices
        if isinstance(body, sympy.Pow) and body.exp == 2:
            lengths = [self._length(index, guard, term) for term in sympy.Add.make_args(body.base)]
            known = [v for v in lengths if v is not None]
            if len(known) < len(lengths):
                return None
            total = reduce(Range.__add__, known)
            return FROM_ZERO.meet(below((total * total).hull.high, True))
        rest, found = units(index, guard, body)
        if len(found) != 2 or index in free_indices(rest):
            return None
        scale = self._range(rest)
        return None if scale is None else scale * AROUND_ZERO

    def _length(self, index: Index, guard: Expr, term: Expr) -> Range | None:
        """The length of a vector that is a number times a unit vector."""
        rest, found = units(index, guard, term)
        is_number = len(found) == 1 and index not in free_indices(rest)
        scale = self._range(rest) if is_number else None
        return None if scale is None else greatest([scale, -scale])

    def _ordered(self, expr: Ordered) -> Range | None:
        indices, guard, body = expr.open()
        if self._range(expr.at) is None or self._range(guard) is None:
            return None
        each = self.under(guard)._range(body)
        if each is None:
            return None
        if expr.op == "rank":
            return FROM_ZERO
        if expr.op == "cumsum":
            return FROM_ZERO if each.nonnegative else -FROM_ZERO if each.nonpositive else ANYTHING
        sizes = [Size(i.axis) for i in (expr.at, *indices) if isinstance(i, Index)]
        places = len(sizes) == 2 and sizes[0] == sizes[1] and guard == ONE
        return each if expr.op == "sort" and places else None

    def _exponential(self, expr: sympy.exp) -> Range | None:
        """The exponential of a log-sum-exp is a sum, which may be one of nothing."""
        terms = sympy.Add.make_args(expr.args[0])
        for term in terms:
            if isinstance(term, Reduce) and term.op == "logsumexp":
                indices, guard, body = term.open()
                if not self.least_count(indices, guard):
                    rest = sympy.Add(*(t for t in terms if t != term))
                    if self._range(rest) is None:
                        return None
                    return self._folded("sum", indices, guard, sympy.exp(body + rest))
        return super()._look(expr)


def log_of(n: int) -> Range:
    """Where the logarithm of a number of places lies."""
    found = applied("log", Range(Interval.exactly(n)))
    assert found is not None
    return found


def units(index: Index, guard: Expr, term: Expr) -> tuple[Expr, list[Expr]]:
    """A product as the unit vectors along ``index`` in it, and the rest."""
    factors = list(sympy.Mul.make_args(term))
    if len(factors) == 1 and isinstance(term, sympy.Pow) and term.exp == 2:
        factors = [term.base, term.base]
    found = []
    for factor in list(factors):
        if index not in free_indices(factor):
            continue
        norm = Reduce("sum", (index,), guard, factor**2) ** BELOW
        if norm in factors:
            factors.remove(norm)
            factors.remove(factor)
            found.append(factor * norm)
    return sympy.Mul(*factors), found
