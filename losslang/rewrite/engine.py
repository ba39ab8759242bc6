"""Rewriting an expression bottom-up by a table of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from sympy import Basic, Expr

from losslang.ir.binders import Binder
from losslang.ir.primitives import Apply

Rule: TypeAlias = Callable[[Expr], Expr | None]
"""What an expression may be written as, or ``None``; its arguments are already rewritten."""

Rules: TypeAlias = Mapping[type, tuple[Rule, ...]]
"""The rules for each head, in the order in which they are tried."""


class Rewriter:
    """Applies rules until none matches; a part that occurs often is rewritten once.

    What stands inside a binder of the kinds ``apart`` is left alone.
    """

    def __init__(self, rules: Rules, apart: tuple[type[Binder], ...] = ()) -> None:
        self._rules = rules
        self._apart = apart
        self._memo: dict[Basic, Expr] = {}

    def __call__(self, expr: Expr) -> Expr:
        """``expr`` with every part rewritten."""
        if not expr.args:
            return expr
        if expr not in self._memo:
            self._memo[expr] = self._settled(self._rebuilt(expr))
        return self._memo[expr]

    def _settled(self, expr: Expr) -> Expr:
        for rule in self._rules.get(_kind(expr), ()):
            found = rule(expr)
            if found is not None:
                return self._settled(found) if _kind(found) == _kind(expr) else self(found)
        return expr

    def _rebuilt(self, expr: Expr) -> Expr:
        if isinstance(expr, Binder):
            rest = map(self, expr.rest)
            if isinstance(expr, self._apart):
                return Binder.__new__(type(expr), *expr.args[:4], *rest)
            indices, guard, body = expr.open()
            return Binder.__new__(type(expr), expr.op, indices, self(guard), self(body), *rest)
        args = [self(a) if isinstance(a, Expr) else a for a in expr.args]
        return expr.func(*args) if tuple(args) != expr.args else expr


def _kind(expr: Basic) -> type:
    return Apply if isinstance(expr, Apply) else type(expr)
