"""Heads for a function that calls itself at a smaller whole number.

``Recursion`` is such a function read at one place, ``Prior`` an earlier value inside its body.
A value of it depends on its bound indices and on earlier values alone, so it can be computed by a
loop that carries the last few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Expr

from losslang.ir.binders import Binder, free_indices, fresh, substitute, walk
from losslang.ir.heads import ONE, Axis, Branch, Head, Index
from losslang.ir.truth import LessEqual

if TYPE_CHECKING:
    from losslang.ir.loss import Loss


def steps(highest: Expr) -> Axis:
    """What a number that a recursion counts runs along, up to the highest."""
    return Axis("step", highest + 1)


def is_step(axis: Axis) -> bool:
    """Whether an axis is that of the numbers that a recursion counts."""
    return axis.name == "step" and axis.size is not None


class Prior(Head):
    """``(counter, lag, i, j, ...)``: the value ``lag`` steps before, at the place ``i, j, ...``.

    ``counter`` is the index that the recursion around it binds.
    """

    @property
    def counter(self) -> Index:
        """The counter of the recursion whose value this is."""
        return self.args[0]

    @property
    def lag(self) -> int:
        """How many steps before."""
        return int(self.args[1])

    @property
    def place(self) -> tuple[Expr, ...]:
        """Where the earlier value is read."""
        return self.args[2:]


class Recursion(Binder):
    """The function called ``op``, read at ``rest``: a count and a place for each other index.

    The indices are the counter and those of a place; nothing else is free in the body, which is
    ``Branch(first <= counter, step, base)``. Only the step holds a ``Prior``.
    """

    @property
    def counter(self) -> Index:
        """The bound number."""
        return self.binders[0]

    @property
    def at(self) -> Expr:
        """The number at which it is read."""
        return self.rest[0]

    @property
    def place(self) -> tuple[Expr, ...]:
        """The place at which it is read."""
        return self.rest[1:]

    @property
    def first(self) -> int:
        """The smallest number at which the function calls itself."""
        return int(self.body.args[0].args[0])

    @property
    def depth(self) -> int:
        """How many steps back it looks."""
        return max(e.lag for e in walk(self.body) if is_prior(e, self.counter))

    @property
    def closed(self) -> tuple[object, ...]:
        """What it is apart from where it is read."""
        return self.op, self.binders, self.body

    def _sympystr(self, printer: Any) -> str:
        return f"{self.op}({', '.join(printer._print(a) for a in self.rest)})"


def is_prior(e: object, counter: Index) -> bool:
    """Whether ``e`` is an earlier value of the recursion that binds ``counter``."""
    return isinstance(e, Prior) and e.counter == counter


def recursion(
    name: str,
    counter: Index,
    first: int,
    step: Expr,
    base: Expr,
    at: Expr,
    place: dict[Index, Expr],
) -> Expr:
    """``step if first <= counter else base`` at a number and a place.

    ``place`` says where each index of the body is read. What stays free is read where it stands.
    """
    body = Branch(LessEqual(sympy.Integer(first), counter), step, base)
    if not any(is_prior(e, counter) for e in walk(body)):
        return substitute(body, {counter: at, **place})
    loose = sorted(free_indices(body) - {counter, *place}, key=sympy.default_sort_key)
    renamed = {index: fresh(index.axis) for index in loose}
    indices = (counter, *place, *renamed.values())
    places = (at, *place.values(), *loose)
    return Recursion(name, indices, ONE, substitute(body, renamed), *places)


def rewritten(expr: Expr, visit: Callable[[Expr], Expr | None]) -> Expr:
    """Rebuild ``expr``; ``visit`` sees every part, binders opened, and may replace it outright."""
    found = visit(expr)
    if found is not None:
        return found
    if isinstance(expr, Binder):
        rest = [rewritten(a, visit) for a in expr.rest]
        indices, guard, body = expr.open()
        return expr.func(expr.op, indices, rewritten(guard, visit), rewritten(body, visit), *rest)
    if not expr.args or isinstance(expr, Index):
        return expr
    args = [rewritten(a, visit) if isinstance(a, Expr) else a for a in expr.args]
    return expr.func(*args) if tuple(args) != expr.args else expr


def calls_itself(loss: Loss) -> bool:
    """Whether a function of the loss calls itself."""
    formulas = (e for term in loss.terms for e in (term.body, term.guard))
    return any(isinstance(part, Recursion) for e in formulas for part in walk(e))
