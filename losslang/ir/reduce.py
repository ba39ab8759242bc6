"""Folds over axes and operations along one, each built in a normal form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy
from sympy import Expr, Integer, S
from sympy.core.symbol import Str

from losslang.ir.binders import Binder, free_indices, parts, substitute
from losslang.ir.heads import ONE, ZERO, Branch, Index, Size
from losslang.ir.truth import Delta


def _independent(expr: Expr, indices: Iterable[Index]) -> bool:
    return free_indices(expr).isdisjoint(indices)


class Reduce(Binder):
    """``op(body for binders if guard)``.

    ``op`` is one of ``sum prod mean max min logsumexp logmeanexp any all count argmax argmin``.
    Over nothing: sum 0, prod 1, mean 0, count 0, any 0, all 1, max and logsumexp -oo, min oo;
    argmax is undefined. ``argmax`` and ``argmin`` are the first place of the extremum, an index.

    Built in a normal form: numbers leave sums, a sum of exponentials is the exponential of a
    ``logsumexp``, and a sum over ``Delta(k, e)`` is the body at ``e``.
    """

    def __new__(cls, op: str | Str, binders: Iterable[Index], guard: Expr, body: Expr) -> Expr:
        op, binders = str(op), tuple(binders)
        for index in binders:
            if _unrolls(index, body):
                return _unrolled(op, index, binders, guard, body)
        if op == "count":
            op, body = "sum", ONE
        if op in ("sum", "mean") and guard != ZERO:
            return _linear(op, binders, guard, body)
        if op == "prod" and isinstance(body, sympy.exp):
            return sympy.exp(Reduce("sum", binders, guard, body.args[0]))
        if guard == ZERO and op in EMPTY:
            return EMPTY[op]
        return Binder.__new__(cls, op, binders, guard, body)

    def _eval_is_integer(self) -> bool | None:
        return True if self.op in ("any", "all", "argmax", "argmin") else None

    def _sympystr(self, printer: Any) -> str:
        bound = "".join(f" for {i} in {i.axis}" for i in self.binders)
        guard = "" if self.guard == ONE else f" if {printer._print(self.guard)}"
        return f"{self.op}({printer._print(self.body)}{bound}{guard})"


EMPTY: dict[str, Expr] = {
    "sum": ZERO,
    "mean": ZERO,
    "prod": ONE,
    "any": ZERO,
    "all": ONE,
    "max": S.NegativeInfinity,
    "min": S.Infinity,
    "logsumexp": S.NegativeInfinity,
    "logmeanexp": S.NegativeInfinity,
}


MAX_UNROLLED = 64


def _unrolls(index: Index, body: Expr) -> bool:
    """Whether a reduction over a few written places is written out: a list stands in its body."""
    size = index.axis.size
    if size is None or not size.is_Integer or size > MAX_UNROLLED:
        return False
    return size == 1 or any(isinstance(e, Delta) and index in e.args for e in parts(body))


def _unrolled(op: str, index: Index, binders: tuple[Index, ...], guard: Expr, body: Expr) -> Expr:
    rest = tuple(b for b in binders if b != index)
    places = [{index: Integer(n)} for n in range(int(Size(index.axis)))]
    if op == "sum":
        each = [Branch(substitute(guard, at), substitute(body, at), ZERO) for at in places]
        total = sympy.Add(*each)
        return Reduce("sum", rest, ONE, total) if rest else total
    if len(places) == 1 and guard == ONE and not rest:
        return substitute(body, places[0]) if op not in ("argmax", "argmin") else ZERO
    return Binder.__new__(Reduce, op, binders, guard, body)


def _linear(op: str, binders: tuple[Index, ...], guard: Expr, body: Expr) -> Expr:
    """A sum or mean in normal form."""
    if body == ZERO:
        return ZERO
    number, factor = body.as_coeff_Mul()
    if number != ONE:
        return number * Reduce(op, binders, guard, factor)
    if op == "sum":
        for delta in sympy.Mul.make_args(body):
            if isinstance(delta, Delta):
                for index, other in (delta.args, delta.args[::-1]):
                    if index in binders and _independent(other, (index,)):
                        rule = {index: other}
                        rest = tuple(b for b in binders if b != index)
                        value = Branch(
                            substitute(guard, rule), substitute(body / delta, rule), ZERO
                        )
                        return Reduce("sum", rest, ONE, value) if rest else value
    powers = [f for f in sympy.Mul.make_args(body) if isinstance(f, sympy.exp)]
    if len(powers) == 1 and not _independent(powers[0], binders):
        scale = body / powers[0]
        if _independent(scale, binders):
            log_op = "logsumexp" if op == "sum" else "logmeanexp"
            return scale * sympy.exp(Reduce(log_op, binders, guard, powers[0].args[0]))
    if op == "sum" and guard == ONE:
        idle = tuple(b for b in binders if _independent(body, (b,)))
        if idle:
            rest = tuple(b for b in binders if b not in idle)
            inner = Reduce("sum", rest, ONE, body) if rest else body
            return sympy.Mul(*(Size(b.axis) for b in idle)) * inner
    return Binder.__new__(Reduce, op, binders, guard, body)


class Ordered(Binder):
    """``op(body over one axis)`` read at ``rest[0]``.

    ``rank`` (how many places hold more, ties to the earlier place), ``sort`` (descending; read at a
    position), ``cumsum`` (read at a place), ``quantile`` (read at a level in [0, 1], linear between
    order statistics).
    """

    def __new__(
        cls, op: str | Str, binders: Iterable[Index], guard: Expr, body: Expr, at: Expr
    ) -> Expr:
        return Binder.__new__(cls, op, binders, guard, body, at)

    @property
    def at(self) -> Expr:
        """Where the ordered array is read."""
        return self.rest[0]

    def _eval_is_integer(self) -> bool | None:
        return True if self.op == "rank" else None

    def _sympystr(self, printer: Any) -> str:
        bound = "".join(f" for {i} in {i.axis}" for i in self.binders)
        return f"{self.op}({printer._print(self.body)}{bound})[{printer._print(self.at)}]"
