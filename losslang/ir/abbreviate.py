"""Short names for a reader: ``p`` for a softmax, where the IR has exponentials and their sum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import free_indices, substitute, walk
from losslang.ir.heads import ONE, At, Axis, Index, Labelled, Tensor
from losslang.ir.loss import BATCH
from losslang.ir.reduce import Reduce
from losslang.ir.values import slot

LETTERS = "pqrst"


@dataclass
class Softmaxes:
    """The softmaxes of some expressions, each an array that is read like an input.

    ``of`` maps the name to the exponents at the index that stands for any place; ``hints`` are the
    program's own names.
    """

    taken: frozenset[str] = frozenset()
    hints: Mapping[Basic, str] = field(default_factory=dict)
    of: dict[str, tuple[Index, Expr]] = field(default_factory=dict)
    _tensors: dict[Basic, Tensor] = field(default_factory=dict)

    def named(self, expr: Expr) -> Expr:
        """``expr`` with ``log p[k]`` for ``z[k] - logsumexp(z)``."""
        # Replacing one renumbers the indices around it, so the others are looked for anew.
        while True:
            found = {e for e in walk(expr) if isinstance(e, Reduce) and _is_normaliser(e)}
            ordered = sorted(found, key=lambda e: (len(free_indices(e)), str(e)))
            changed = (self._replaced(expr, total) for total in ordered)
            new = next((other for other in changed if other != expr), None)
            if new is None:
                return expr
            expr = new

    def _read(self, total: Reduce, place: Expr) -> Expr:
        """The entry at ``place`` of the softmax that ``total`` normalises."""
        (index,), _, body = total.open()
        others = sorted(free_indices(total), key=lambda i: (i.axis != BATCH, i.axis.name, i.name))
        if isinstance(body, At):  # in the order of the array itself
            others = [i for i in body.indices if i in others or i == index]
        elif index not in others:
            others.append(index)
        # The same softmax at another example is another entry of the same array.
        slots = {other: Index(f"<{n}>", other.axis) for n, other in enumerate(others)}
        key = substitute(body, slots)
        known = self._tensors.get(key)
        if known is None:
            written = substitute(sympy.exp(body - total), {index: slot(index.axis)})
            hint = self.hints.get(written)
            hidden = {*self.taken, *self.of, *(self.hints.values() if hint else ())}
            free = (c for c in LETTERS if c not in hidden)
            name = hint or next(free, f"softmax_{len(self.of) + 1}")
            known = self._tensors[key] = Tensor(name, "positive")
            self.of[name] = index, body
        return At(known, *(place if other == index else other for other in others))

    def _replaced(self, expr: Expr, total: Reduce) -> Expr:
        memo: dict[Basic, Basic] = {}

        def visit(node: Basic) -> Basic:
            if isinstance(node, Axis | Index | Tensor) or not node.args:
                return node
            if node not in memo:
                memo[node] = rebuilt(node)
            return memo[node]

        def rebuilt(node: Basic) -> Basic:
            if isinstance(node, sympy.Add):
                node = self._logarithm(node, total) or node
            args = [visit(arg) for arg in node.args]
            return node if args == list(node.args) else node.func(*args)

        result: Expr = visit(expr)
        return result

    def _logarithm(self, node: Expr, total: Reduce) -> Expr | None:
        """A sum in which ``c * (z[k] - total)`` is ``c * log p[k]``."""
        args = list(node.args)
        share = next((a.as_coefficient(total) for a in args if a.as_coefficient(total)), None)
        if share is None:
            return None
        (index,), _, body = total.open()
        for place in _places(node):
            wanted = sympy.Add.make_args(
                sympy.expand_mul(-share * substitute(body, {index: place}))
            )
            if all(part in args for part in wanted):
                rest = [a for a in args if a not in wanted and a != share * total]
                return sympy.Add(-share * sympy.log(self._read(total, place)), *rest)
        return None


def _is_normaliser(e: Reduce) -> bool:
    return e.op == "logsumexp" and len(e.binders) == 1 and e.guard == ONE


def _places(expr: Expr) -> Iterator[Expr]:
    """The indices with which ``expr`` reads something."""
    seen: dict[Expr, None] = {}
    for node in walk(expr):
        if isinstance(node, At):
            seen.update(dict.fromkeys(node.indices))
    yield from seen


def unlabelled(expr: Expr) -> Expr:
    """``expr`` without the marks of labels, which mean nothing for its value."""
    marks = [e for e in walk(expr) if isinstance(e, Labelled)]
    for mark in marks:
        expr = _without(expr, mark)
    return expr


def _without(expr: Basic, mark: Labelled) -> Expr:
    if expr == mark:
        body: Expr = mark.args[1]
        return body
    if not expr.args or isinstance(expr, Axis | Index | Tensor):
        return expr
    args = [_without(arg, mark) for arg in expr.args]
    return expr if args == list(expr.args) else expr.func(*args)


def tensors(exprs: Iterable[Expr]) -> frozenset[str]:
    """The names of the arrays that some expressions read."""
    return frozenset(e.name for expr in exprs for e in walk(expr) if isinstance(e, Tensor))
