"""Guards that say where an index runs become its range.

In ``sum(abs(x[h + 1] - x[h]) for h in height if h + 1 < size(height))`` the index runs over the
first ``size(height) - 1`` places. Said so, a shifted read is a slice, and nothing is left to guard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, product

import sympy
from sympy import Expr

from losslang.codegen.affine import affine, floor_of, is_shifted
from losslang.ir.binders import Binder, free_indices, substitute
from losslang.ir.heads import ONE, ZERO, Axis, Index, Max, Min, Size
from losslang.ir.inside import Domains, implied
from losslang.ir.reduce import Reduce
from losslang.ir.truth import And, Less, LessEqual, conjuncts

ALSO_EMPTY = ("sum", "mean", "prod", "any", "all")
"""Folds whose code gives a value over no places."""

SINGLE = ("max", "min", "logsumexp", "logmeanexp")

MAX_VERSIONS = 16


class Ranges:
    """Rewrites the expressions of one loss. ``seen`` has the ranges that axes were cut down to."""

    def __init__(self, domains: Domains) -> None:
        self._domains = domains
        self.seen: dict[Axis, list[tuple[Axis, Expr]]] = {}

    def __call__(self, expr: Expr) -> Expr:
        """The same formula; folds with shifted reads run over the places that their guards say."""
        if not expr.args or isinstance(expr, Index | Axis):
            return expr
        if not isinstance(expr, Binder):
            args = [self(a) if isinstance(a, Expr) else a for a in expr.args]
            return expr.func(*args) if tuple(args) != expr.args else expr
        rest = [self(a) for a in expr.rest]
        if not any(is_shifted(expr.body, index) for index in expr.binders):
            body = self(expr.body)
            if body == expr.body and tuple(rest) == expr.rest:
                return expr
            return expr.func(expr.op, expr.binders, expr.guard, body, *rest)
        indices, guard, body = expr.open()
        if isinstance(expr, Reduce) and expr.op in (*ALSO_EMPTY, *SINGLE):
            for index in indices:
                if is_shifted(body, index):
                    indices, guard, body = self._cut(expr.op, index, indices, guard, body)
        return expr.func(expr.op, indices, guard, self(body), *rest)

    def versions(self, expr: Expr) -> Iterator[Expr]:
        """An expression as it stands, and over the ranges that its indices were cut down to."""
        ranges = [
            [(index, index), *((index, Index(index.name, a) + n) for a, n in self.seen[index.axis])]
            for index in sorted(free_indices(expr), key=str)
            if index.axis in self.seen
        ]
        for rule in islice(product(*ranges), MAX_VERSIONS):
            yield substitute(expr, {old: new for old, new in rule if old != new})

    def _cut(
        self, op: str, index: Index, indices: tuple[Index, ...], guard: Expr, body: Expr
    ) -> tuple[tuple[Index, ...], Expr, Expr]:
        """The fold with one index over its range, if the guard says one."""
        size = Size(index.axis)
        first, behind = ZERO, size
        others: list[Expr] = []
        for part in conjuncts(guard):
            found = _end(part, index)
            if found is None:
                others.append(part)
            elif found[0]:
                first = self._tighter(first, found[1], Max)
            else:
                behind = self._tighter(behind, found[1], Min)
        count = sympy.expand(behind - first)
        empty = not implied(count - 1, ONE, self._domains)
        if count == size or (empty and op in SINGLE):
            return indices, guard if count != size else And(*others), body
        axis = Axis(index.axis.name, count)
        if (axis, first) not in self.seen.setdefault(index.axis, []):
            self.seen[index.axis].append((axis, first))
        moved = Index(index.name, axis)
        rule = {index: moved + first}
        indices = tuple(moved if i == index else i for i in indices)
        return indices, substitute(And(*others), rule), substitute(body, rule)

    def _tighter(self, one: Expr, other: Expr, pick: Callable[..., Expr]) -> Expr:
        """The greater of two firsts, or the smaller of two ends, decided now where it can be."""
        more = sympy.expand(one - other if pick is Max else other - one)
        if implied(more, ONE, self._domains):
            return one
        return other if implied(-more, ONE, self._domains) else pick(one, other)


def _end(part: Expr, index: Index) -> tuple[bool, Expr] | None:
    """What a comparison says of an index alone: (True, its first place) or (False, its end)."""
    if not isinstance(part, Less | LessEqual):
        return None
    left, right = part.args
    form = affine(right - left - (ONE if isinstance(part, Less) else ZERO))
    if form is None or set(form.factors) != {index} or not form.start.is_integer:
        return None
    factor = form.factors[index]
    if factor > 0:
        return True, sympy.expand(-floor_of(form.start, factor))
    return False, sympy.expand(floor_of(form.start, -factor) + 1)
