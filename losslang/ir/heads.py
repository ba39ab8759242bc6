"""The heads that SymPy has no word for: a small closed set of expressions in index notation.

A loss is a *scalar* expression with free indices. ``At(u, i, k)`` reads an array, ``Reduce`` and
``Ordered`` bind an index, ``Delta`` compares two. Truth values are the numbers 0 and 1.

Bound indices are numbered by the height of their binder, so expressions equal up to the names of
bound indices are equal as SymPy expressions. :func:`substitute` opens binders with fresh indices,
so substitution never captures; ``xreplace`` and ``subs`` go through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import count
from typing import Any

import sympy
from sympy import Basic, Expr, Integer, S, Tuple
from sympy.core.symbol import Str

Rule = Mapping[Basic, Basic]

ZERO, ONE = S.Zero, S.One
NONE = Str("")


class Axis(Basic):
    """A named axis. ``size`` is an expression for ``real[4]`` and ``range(n)``, else ``None``."""

    def __new__(cls, name: str | Str, size: Basic | None = None) -> Axis:
        return Basic.__new__(cls, Str(str(name)), NONE if size is None else size)

    @property
    def name(self) -> str:
        """The name as written."""
        return str(self.args[0])

    @property
    def size(self) -> Expr | None:
        """Number of places where it is written in the program, else ``None`` (it is an input's)."""
        return None if self.args[1] == NONE else self.args[1]

    def _sympystr(self, printer: Any) -> str:
        return self.name


class Tensor(Basic):
    """An array that is read: an input, an array hyperparameter, a mask, or an array of draws.

    ``kind`` is ``real``, ``positive`` (real, known to be > 0), ``int``, ``bool``, ``index`` or
    ``label``.
    """

    def __new__(cls, name: str | Str, kind: str | Str = "real") -> Tensor:
        return Basic.__new__(cls, Str(str(name)), Str(str(kind)))

    @property
    def name(self) -> str:
        """The name as written."""
        return str(self.args[0])

    @property
    def kind(self) -> str:
        """What its entries are."""
        return str(self.args[1])

    def _sympystr(self, printer: Any) -> str:
        return self.name


class Head(Expr):
    """Base of our expressions: real numbers that commute."""

    is_commutative = True
    is_extended_real = True

    def __new__(cls, *args: Any) -> Expr:
        return Basic.__new__(cls, *(sympy.sympify(a) for a in args))


class Index(Head):
    """A place along an axis: free, bound by a binder, or the example at hand."""

    is_integer = True
    is_nonnegative = True

    def __new__(cls, name: str | Str, axis: Axis) -> Index:
        return Basic.__new__(cls, Str(str(name)), axis)

    @property
    def name(self) -> str:
        """The name as written, or ``_n`` for a bound index."""
        return str(self.args[0])

    @property
    def axis(self) -> Axis:
        """The axis it runs over."""
        return self.args[1]

    @property
    def level(self) -> int:
        """Height of the binder that binds it; 0 for a free index."""
        return int(self.name[1:]) if self.name.startswith("_") else 0

    def _sympystr(self, printer: Any) -> str:
        return self.name


class Size(Head):
    """Number of places of an axis; at least 1 for every axis but ``batch``."""

    is_integer = True
    is_nonnegative = True

    def __new__(cls, axis: Axis) -> Expr:
        return axis.size if axis.size is not None else Basic.__new__(cls, axis)

    @property
    def axis(self) -> Axis:
        """The axis that is counted."""
        return self.args[0]


class At(Head):
    """``tensor[i, j, ...]``: an indexed read."""

    @property
    def tensor(self) -> Tensor:
        """What is read."""
        return self.args[0]

    @property
    def indices(self) -> tuple[Expr, ...]:
        """Where it is read."""
        return self.args[1:]

    def _eval_is_extended_positive(self) -> bool | None:
        return True if self.tensor.kind == "positive" else None

    def _eval_is_extended_nonnegative(self) -> bool | None:
        return True if self.tensor.kind in ("positive", "bool", "index") else None

    def _eval_is_finite(self) -> bool:
        return True

    def _eval_is_integer(self) -> bool | None:
        return True if self.tensor.kind in ("int", "bool", "index") else None

    def _sympystr(self, printer: Any) -> str:
        return f"{self.tensor}[{', '.join(map(printer._print, self.indices))}]"


# ---------------------------------------------------------------- truth values


class Truth(Head):
    """A head whose value is 0 or 1."""

    is_integer = True
    is_nonnegative = True


class Delta(Truth):
    """1 where two indices are equal, else 0."""

    def __new__(cls, left: Expr, right: Expr) -> Expr:
        if left == right:
            return ONE
        if left.is_Integer and right.is_Integer:
            return ZERO
        left, right = sorted((left, right), key=sympy.default_sort_key)
        return Basic.__new__(cls, left, right)


class Equal(Truth):
    """1 where two numbers (or two labels) are equal, else 0."""

    def __new__(cls, left: Expr, right: Expr) -> Expr:
        if left == right:
            return ONE
        if left.is_Rational and right.is_Rational:
            return ZERO
        left, right = sorted((left, right), key=sympy.default_sort_key)
        return Basic.__new__(cls, left, right)


class Less(Truth):
    """1 where ``left < right``, else 0."""

    def __new__(cls, left: Expr, right: Expr) -> Expr:
        if left.is_Rational and right.is_Rational:
            return Integer(int(bool(left < right)))
        return ZERO if left == right else Basic.__new__(cls, left, right)


class LessEqual(Truth):
    """1 where ``left <= right``, else 0."""

    def __new__(cls, left: Expr, right: Expr) -> Expr:
        if left.is_Rational and right.is_Rational:
            return Integer(int(bool(left <= right)))
        return ONE if left == right else Basic.__new__(cls, left, right)


class Chosen(Truth):
    """1 where the hyperparameter ``name`` has the choice ``option``, else 0."""

    def __new__(cls, name: str | Str, option: str | Str) -> Expr:
        return Basic.__new__(cls, Str(str(name)), Str(str(option)))


def _flatten(cls: type[Truth], args: Iterable[Expr], neutral: Expr) -> list[Expr]:
    flat: dict[Expr, None] = {}
    for arg in args:
        for part in arg.args if isinstance(arg, cls) else (arg,):
            if part != neutral:
                flat[part] = None
    return list(flat)


class And(Truth):
    """1 where every argument is 1."""

    def __new__(cls, *args: Expr) -> Expr:
        flat = _flatten(cls, args, ONE)
        if ZERO in flat:
            return ZERO
        return flat[0] if len(flat) == 1 else Basic.__new__(cls, *flat) if flat else ONE


class Or(Truth):
    """1 where some argument is 1."""

    def __new__(cls, *args: Expr) -> Expr:
        flat = _flatten(cls, args, ZERO)
        if ONE in flat:
            return ONE
        return flat[0] if len(flat) == 1 else Basic.__new__(cls, *flat) if flat else ZERO


class Not(Truth):
    """1 where the argument is 0."""

    def __new__(cls, arg: Expr) -> Expr:
        if arg in (ZERO, ONE):
            return ONE - arg
        if isinstance(arg, Not):
            return arg.args[0]
        if isinstance(arg, Less):
            return LessEqual(arg.args[1], arg.args[0])
        if isinstance(arg, LessEqual):
            return Less(arg.args[1], arg.args[0])
        return Basic.__new__(cls, arg)


class Branch(Head):
    """``yes if test else no``; no gradient flows from the one not taken."""

    def __new__(cls, test: Expr, yes: Expr, no: Expr) -> Expr:
        if test.is_Rational:
            return no if test.is_zero else yes
        return yes if yes == no else Basic.__new__(cls, test, yes, no)


class _Extremum(Head):
    """Common part of :class:`Max` and :class:`Min` of finitely many numbers."""

    greatest = True

    def __new__(cls, *args: Expr) -> Expr:
        constants = [a for a in args if a.is_Rational]
        others = [a for a in dict.fromkeys(args) if not a.is_Rational]
        if constants:
            others.append(max(constants) if cls.greatest else min(constants))
        if len(others) == 1:
            return others[0]
        return Basic.__new__(cls, *sorted(others, key=sympy.default_sort_key))


class Max(_Extremum):
    """The greatest of its arguments."""


class Min(_Extremum):
    """The smallest of its arguments."""

    greatest = False


# ---------------------------------------------------------------- marks on a value


class Detach(Head):
    """The value of its argument, through which no gradient flows."""


class Ema(Head):
    """Running average ``(site, x, decay, init)``: the site's buffer after it took in ``x``."""

    def __new__(cls, site: str | Str, x: Expr, decay: Expr, init: Expr) -> Expr:
        return Basic.__new__(cls, Str(str(site)), x, decay, init)

    @property
    def site(self) -> str:
        """Name of the buffer."""
        return str(self.args[0])


class Labelled(Head):
    """``(target, body)``: ``body`` is one example's loss for the label ``target``.

    It means ``body``; soft targets, label smoothing and class weights act on it.
    """


# ---------------------------------------------------------------- binders

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
            guard, body = substitute(guard, rename), substitute(body, rename)
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
        return new, substitute(self.guard, rule), substitute(self.body, rule)

    def _xreplace(self, rule: Rule) -> tuple[Basic, bool]:
        new = substitute(self, rule)
        return new, new != self

    def _eval_subs(self, old: Basic, new: Basic) -> Basic:
        return substitute(self, {old: new})


def _numbered(bound: tuple[Index, ...], top: int) -> tuple[Index, ...]:
    return tuple(Index(f"_{top - n}", index.axis) for n, index in enumerate(bound))


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

    def _eval_is_extended_positive(self) -> bool | None:
        return None

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
    return size == 1 or any(isinstance(e, Delta) and index in e.args for e in _parts(body))


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


# ---------------------------------------------------------------- structure


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
def _parts(expr: Basic) -> frozenset[Basic]:
    return frozenset((expr,)).union(*(_parts(arg) for arg in expr.args))


def occurs(part: Basic, *exprs: Basic) -> bool:
    """Whether ``part`` is a subexpression of one of ``exprs``."""
    return any(part in _parts(expr) for expr in exprs)


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
