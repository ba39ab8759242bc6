"""Heads that bind indices, and what has to know of bound indices: substitution above all.

Bound indices are numbered by the height of their binder, so expressions equal up to the names of
bound indices are equal as SymPy expressions. :func:`substitute` opens a binder with fresh indices
where an index could be captured; ``xreplace`` and ``subs`` go through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cmp_to_key, lru_cache
from itertools import count
from typing import Any

from sympy import Add, Basic, Expr, Function, Mul, Pow, S, Tuple
from sympy.core.symbol import Str

from losslang.ir.heads import Axis, Head, Index

Rule = Mapping[Basic, Basic]

_fresh = count()


def fresh(axis: Axis, name: str = "%") -> Index:
    """A new free index over ``axis``, unequal to every other."""
    return Index(f"{name}%{next(_fresh)}", axis)


class Binder(Head):
    """Base of the heads that bind indices; ``args`` are (operation, indices, guard, body, *rest).

    ``rest`` stands outside the scope of the bound indices.
    """

    def __new__(
        cls, op: str | Str, binders: Iterable[Index], guard: Expr, body: Expr, *rest: Expr
    ) -> Expr:
        bound = tuple(binders)
        outside = (free_indices(guard) | free_indices(body)).difference(bound)
        top = max(height(guard), height(body)) + len(bound)
        canonical = _numbered(bound, top)
        # A part of a larger expression may hold the index of a binder around it.
        while not outside.isdisjoint(canonical):
            top += 1
            canonical = _numbered(bound, top)
        rename = {old: new for old, new in zip(bound, canonical, strict=True) if old != new}
        if rename:
            guard, body = renamed(guard, rename), renamed(body, rename)
        return Basic.__new__(cls, Str(str(op)), Tuple(*canonical), guard, body, *rest)

    @property
    def op(self) -> str:
        """The operation's name."""
        return str(self.args[0])

    @property
    def binders(self) -> tuple[Index, ...]:
        """The bound indices, outermost first."""
        return tuple(self.args[1])

    @property
    def guard(self) -> Expr:
        """Truth value: which places take part."""
        return self.args[2]

    @property
    def body(self) -> Expr:
        """The expression at one place."""
        return self.args[3]

    @property
    def rest(self) -> tuple[Expr, ...]:
        """Arguments outside the scope."""
        return self.args[4:]

    def open(self) -> tuple[tuple[Index, ...], Expr, Expr]:
        """Fresh indices, and guard and body with them in place of the bound ones."""
        new = tuple(fresh(index.axis) for index in self.binders)
        rule = dict(zip(self.binders, new, strict=True))
        return new, renamed(self.guard, rule), renamed(self.body, rule)

    def _xreplace(self, rule: Any) -> tuple[Basic, bool]:
        if not isinstance(rule, Mapping):
            return self, False  # one of SymPy's simplifications, which may stop here
        new = substitute(self, rule)
        return new, new != self

    def _eval_subs(self, old: Basic, new: Basic) -> Basic:
        return substitute(self, {old: new})


def _numbered(bound: tuple[Index, ...], top: int) -> tuple[Index, ...]:
    return tuple(Index(f"_{top - n}", index.axis) for n, index in enumerate(bound))


@lru_cache(maxsize=1 << 16)
def height(expr: Basic) -> int:
    """Largest level of a binder inside ``expr``; 0 without binders."""
    inner = max((height(arg) for arg in expr.args), default=0)
    return max(inner, expr.binders[0].level) if isinstance(expr, Binder) else inner


@lru_cache(maxsize=1 << 16)
def free_indices(expr: Basic) -> frozenset[Index]:
    """The indices of ``expr`` that no binder in it binds."""
    if isinstance(expr, Index):
        return frozenset((expr,))
    if isinstance(expr, Binder):
        scope = free_indices(expr.guard) | free_indices(expr.body)
        outside = frozenset().union(*map(free_indices, expr.rest))
        return (scope - frozenset(expr.binders)) | outside
    return frozenset().union(*map(free_indices, expr.args))


@lru_cache(maxsize=1 << 16)
def tree_size(expr: Basic) -> int:
    """Number of nodes of ``expr`` written out as a tree."""
    return 1 + sum(tree_size(arg) for arg in expr.args)


def renamed(expr: Any, names: Mapping[Index, Index]) -> Any:
    """``expr`` with other names for some of its free indices; no two have the same then.

    What was unequal stays so, so that SymPy need not evaluate anything again.
    """
    old = frozenset(names)
    memo: dict[Basic, Basic] = {}

    def visit(node: Basic) -> Basic:
        if old.isdisjoint(free_indices(node)):
            return node
        if isinstance(node, Index):
            return names[node]
        if node not in memo:
            memo[node] = _with_renamed(node, [visit(arg) for arg in node.args])
        return memo[node]

    return visit(expr)


def _with_renamed(node: Basic, args: list[Basic]) -> Basic:
    # A rule may leave a reduction that is not in its normal form, which it gets here.
    is_as_before = all(type(new) is type(old) for new, old in zip(args, node.args, strict=True))
    if not is_as_before or not isinstance(node, Function | Pow | Add | Mul):
        return node.func(*args)
    if isinstance(node, Add | Mul):  # in SymPy's order: a number, then the others by their names
        first = 1 if args[0].is_Number else 0
        args[first:] = sorted(args[first:], key=cmp_to_key(Basic.compare))
    return node.func(*args, evaluate=False)


def substitute(expr: Any, rule: Rule) -> Any:
    """``expr`` with every free occurrence of the rule's keys replaced; never captures an index."""
    return substitution(rule)(expr) if rule else expr


def substitution(rule: Rule) -> Callable[[Any], Any]:
    """:func:`substitute` for many expressions that share parts: each part is replaced once."""
    memo: dict[Basic, Basic] = {}
    named = frozenset().union(*map(free_indices, (*rule.keys(), *rule.values())))
    # Without binders in the values, levels never grow, so a binder may keep its own indices.
    flat = not any(map(height, rule.values()))

    def walk(node: Basic) -> Basic:
        if node in rule:
            return rule[node]
        if not node.args:
            return node
        known = memo.get(node)
        if known is None:
            clear = not isinstance(node, Binder) or (flat and named.isdisjoint(node.binders))
            known = memo[node] = _rebuild(node, walk) if clear else _under(node, rule)
        return known

    return walk


def _rebuild(node: Basic, walk: Callable[[Basic], Basic]) -> Basic:
    args = [walk(arg) for arg in node.args]
    changed = any(new is not old for new, old in zip(args, node.args, strict=True))
    return node.func(*args) if changed else node


def _under(node: Binder, rule: Rule) -> Basic:
    visible = {key: value for key, value in rule.items() if key not in node.binders}
    rest = tuple(substitute(arg, rule) for arg in node.rest)
    if rest == node.rest and not any(occurs(key, node.guard, node.body) for key in visible):
        return node
    indices, guard, body = node.open()
    return node.func(node.op, indices, substitute(guard, visible), substitute(body, visible), *rest)


@lru_cache(maxsize=1 << 16)
def tree_depth(expr: Basic) -> int:
    """Number of nodes on the longest way from ``expr`` down to a leaf."""
    return 1 + max(map(tree_depth, expr.args), default=0)


@lru_cache(maxsize=1 << 16)
def is_undefined(expr: Basic) -> bool:
    """Whether some part of ``expr`` has no value among the real numbers."""
    return expr in UNDEFINED or any(map(is_undefined, expr.args))


UNDEFINED = (S.NaN, S.ComplexInfinity, S.ImaginaryUnit)


@lru_cache(maxsize=1 << 16)
def parts(expr: Basic) -> frozenset[Basic]:
    """Every subexpression, ``expr`` itself among them."""
    return frozenset((expr,)).union(*(parts(arg) for arg in expr.args))


def occurs(part: Basic, *exprs: Basic) -> bool:
    """Whether ``part`` is a subexpression of one of ``exprs``."""
    return any(part in parts(expr) for expr in exprs)


def walk(expr: Basic) -> Iterator[Basic]:
    """Every distinct subexpression once, arguments before what is made of them."""
    seen: set[Basic] = set()

    def visit(node: Basic) -> Iterator[Basic]:
        if node not in seen:
            seen.add(node)
            for arg in node.args:
                yield from visit(arg)
            yield node

    yield from visit(expr)
