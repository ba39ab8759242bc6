"""The plan of a formula: arrays with dimensions instead of expressions with indices.

A :class:`Plan` is a list of nodes in order of use, each an operation on earlier ones; equal nodes
are one node, whatever their indices were called. It is the only thing a backend sees.

Dimensions are counted from the right (``-1`` is the last), so a node does not care how many
examples stand before it. A *static* node is a number that the call may also pass as a tensor with
one entry per example (a hyperparameter, or arithmetic on such).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce as fold
from typing import Literal, TypeAlias

import sympy
from sympy import Add, Expr, Mul, Pow

from losslang.diagnostics import InternalError
from losslang.ir.heads import (
    ONE,
    And,
    At,
    Axis,
    Branch,
    Chosen,
    Delta,
    Detach,
    Ema,
    Equal,
    Index,
    Less,
    LessEqual,
    Max,
    Min,
    Not,
    Or,
    Ordered,
    Reduce,
    Size,
    Tensor,
)
from losslang.ir.loss import BATCH, EXAMPLE
from losslang.ir.primitives import operands, primitive_of

DType: TypeAlias = Literal["float", "int", "bool", "static"]


@dataclass(frozen=True)
class Node:
    """``op`` of the nodes ``args`` with constants ``attrs``; ``dims`` names its dimensions."""

    op: str
    args: tuple[int, ...] = ()
    attrs: tuple[object, ...] = ()
    dims: tuple[str, ...] = ()
    dtype: DType = "float"


@dataclass(frozen=True)
class Output:
    """A term's result: ``value`` and, where some places are left out, ``guard``."""

    name: str
    value: int
    guard: int | None
    axes: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """``names`` are for readers; ``scalars`` are hyperparameters that must be single numbers."""

    nodes: tuple[Node, ...]
    outputs: tuple[Output, ...]
    names: Mapping[int, str]
    scalars: frozenset[str]


@dataclass(frozen=True)
class Storage:
    """How an array that is read lies in memory: an axis per dimension."""

    name: str
    axes: tuple[Axis, ...]
    dtype: DType = "float"


@dataclass(frozen=True)
class Array:
    """A node seen from an expression: which index runs along each of its dimensions."""

    node: int
    axes: tuple[Index, ...] = ()
    static: bool = False
    hypers: frozenset[str] = frozenset()


_FILL = {
    "sum": 0.0,
    "mean": 0.0,
    "prod": 1.0,
    "max": float("-inf"),
    "min": float("inf"),
    "logsumexp": float("-inf"),
    "logmeanexp": float("-inf"),
    "argmax": float("-inf"),
    "argmin": float("inf"),
}

LEAVES = ("read", "hyper", "const", "size", "arange", "chosen")

_TORCH_REDUCTION = {"max": "amax", "min": "amin", "logmeanexp": "logsumexp"}


class Planner:
    """Turns expressions into nodes. One planner makes one plan."""

    def __init__(self, storage: Mapping[Tensor, Storage]) -> None:
        self.nodes: list[Node] = []
        self.names: dict[int, str] = {}
        self.scalars: set[str] = set()
        self._storage = storage
        self._known: dict[Node, int] = {}
        self._memo: dict[Expr, Array] = {}

    # ------------------------------------------------------------ building nodes

    def node(
        self,
        op: str,
        args: Iterable[int] = (),
        attrs: Iterable[object] = (),
        axes: Iterable[Index] = (),
        dtype: DType = "float",
    ) -> int:
        """The number of a node; an equal one is not made twice."""
        dims = tuple(index.axis.name for index in axes)
        made = Node(op, tuple(args), tuple(attrs), dims, dtype)
        if made not in self._known:
            self._known[made] = len(self.nodes)
            self.nodes.append(made)
        return self._known[made]

    def dtype(self, array: Array) -> DType:
        """Type of an array's entries."""
        return self.nodes[array.node].dtype

    def constant(self, number: Expr) -> Array:
        """A number known now."""
        value = float("inf") if number == sympy.oo else float(number)
        plain = int(value) if number.is_Integer else value
        return Array(self.node("const", attrs=(plain,), dtype="static"), static=True)

    def as_float(self, array: Array) -> Array:
        """Truth values and whole numbers as floats, for arithmetic."""
        if self.dtype(array) in ("float", "static"):
            return array
        return Array(self.node("cast", (array.node,), axes=array.axes), array.axes)

    def as_tensor(self, array: Array) -> Array:
        """A static number where torch wants a tensor."""
        if not array.static:
            return array
        made = self.node("as_tensor", (array.node,), dtype="static")
        return Array(made, (), True, array.hypers)

    # ------------------------------------------------------------ broadcasting

    def align(self, arrays: Sequence[Array]) -> tuple[tuple[Index, ...], list[int]]:
        """Common axes of several arrays, and each seen so that they broadcast by position."""
        axes = common_axes([array.axes for array in arrays])
        return axes, [self._viewed(array, axes) for array in arrays]

    def _viewed(self, array: Array, axes: tuple[Index, ...]) -> int:
        if array.static:
            if array.hypers and axes and EXAMPLE not in axes:
                self.scalars |= array.hypers
            elif array.hypers and len(axes) > 1:
                return self.node("column", (array.node,), (len(axes) - 1,), dtype="static")
            return array.node
        layout = [array.axes.index(a) if a in array.axes else None for a in axes]
        while layout and layout[0] is None:
            layout.pop(0)
        if layout == list(range(len(array.axes))):
            return array.node
        seen = axes[len(axes) - len(layout) :]
        return self.node("view", (array.node,), layout, seen, self.dtype(array))

    def map(
        self, op: str, arrays: Sequence[Array], attrs: Iterable[object] = (), dtype: DType = "float"
    ) -> Array:
        """An elementwise operation."""
        axes, args = self.align(arrays)
        static = all(array.static for array in arrays)
        hypers = frozenset().union(*(array.hypers for array in arrays))
        kind: DType = "static" if static else dtype
        return Array(self.node(op, args, attrs, axes, kind), axes, static, hypers)

    # ------------------------------------------------------------ expressions

    def plan(self, expr: Expr) -> Array:
        """The array of a scalar expression over its free indices."""
        if expr not in self._memo:
            self._memo[expr] = self._build(expr)
        return self._memo[expr]

    def suggest(self, expr: Expr, name: str) -> None:
        """Call the array of ``expr`` by the program's name for it, if the plan has that array."""
        known = len(self.nodes)
        if isinstance(expr, sympy.exp):
            inside = self.plan(expr.args[0]).node
            if inside < known and self.nodes[inside].op not in LEAVES:
                self.names.setdefault(inside, f"log_{name}")
        number = self.plan(expr).node
        if number < known and self.nodes[number].op not in LEAVES:
            self.names.setdefault(number, name)

    def _build(self, e: Expr) -> Array:
        if e.is_number and not e.has(Size, Chosen):
            return self.constant(e)
        if isinstance(e, sympy.Symbol):
            made = self.node("hyper", attrs=(e.name,), dtype="static")
            return Array(made, static=True, hypers=frozenset((e.name,)))
        if isinstance(e, Add):
            return self._sum(e)
        if isinstance(e, Mul):
            return self._product(e)
        if isinstance(e, Pow):
            return self._power(e)
        if isinstance(e, At):
            return self._read(e)
        if isinstance(e, Index):
            return Array(self._arange(e), (e,))
        if isinstance(e, Size):
            return Array(self._size(e.axis), static=True)
        if isinstance(e, Delta | Equal | Less | LessEqual):
            op = {Delta: "eq", Equal: "eq", Less: "lt", LessEqual: "le"}[type(e)]
            return self._truth(op, [self.plan(a) for a in e.args])
        if isinstance(e, And | Or | Not):
            op = {And: "and", Or: "or", Not: "not"}[type(e)]
            return self._truth(op, [self.plan(a) for a in e.args])
        if isinstance(e, Chosen):
            name, option = (str(a) for a in e.args)
            return Array(self.node("chosen", attrs=(name, option), dtype="static"), static=True)
        if isinstance(e, Branch):
            return self._branch(e)
        if isinstance(e, Max | Min):
            return self._extremum(e)
        if isinstance(e, Detach):
            return self.map("detach", [self.as_tensor(self.plan(e.args[0]))])
        if isinstance(e, Ema):
            x, decay = self.plan(e.args[1]), self.plan(e.args[2])
            self.scalars |= decay.hypers
            made = self.node("ema", (self.as_tensor(x).node, decay.node), (e.site,))
            return Array(made)
        if isinstance(e, Reduce):
            return self._reduce(e)
        if isinstance(e, Ordered):
            return self._ordered(e)
        return self._function(e)

    def _function(self, e: Expr) -> Array:
        row = primitive_of(e)
        name = row.name if row else getattr(e, "name", type(e).__name__)
        args = [self.as_tensor(self.as_float(self.plan(a))) for a in operands(e)]
        return self.map(str(name), args)

    def _truth(self, op: str, args: list[Array]) -> Array:
        if not all(a.static for a in args):
            args = [self._truth_tensor(a) if op in ("and", "or") else a for a in args]
            return self.map(op, args, dtype="bool")
        hypers = frozenset().union(*(a.hypers for a in args))
        if not hypers:
            return self.map(op, args)
        # A hyperparameter may be a tensor, whose comparison Python's own words cannot combine.
        if op in ("and", "or", "not"):
            args = [self._truth_tensor(a) for a in args]
            return Array(self.node(op, [a.node for a in args], dtype="bool"), (), True, hypers)
        return self._truth_tensor(self.map(op, args))

    def _truth_tensor(self, array: Array) -> Array:
        if not array.static or self.dtype(array) == "bool":
            return array
        made = self.node("as_truth", (array.node,), dtype="bool")
        return Array(made, (), True, array.hypers)

    def _branch(self, e: Branch) -> Array:
        test, yes, no = (self.plan(a) for a in e.args)
        if test.static and not test.hypers:
            both = [self.as_float(yes), self.as_float(no)]
            axes, args = self.align(both)
            static = yes.static and no.static
            hypers = yes.hypers | no.hypers
            made = self.node(
                "choose", (test.node, *args), (), axes, "static" if static else "float"
            )
            return Array(made, axes, static, hypers)
        if self.dtype(yes) == self.dtype(no) == "int":
            return self.map("where", [test, yes, no], dtype="int")
        return self.map("where", [test, self.as_float(yes), self.as_float(no)])

    def _extremum(self, e: Max | Min) -> Array:
        least = isinstance(e, Min)
        arrays = [self.as_float(self.plan(a)) for a in e.args]
        numbers = [a for a in arrays if a.static and not a.hypers]
        others = [a for a in arrays if not a.static or a.hypers]
        pair = "minimum" if least else "maximum"
        if not others:
            return fold(lambda a, b: self.map(f"static_{pair}", [a, b]), numbers)
        joined = fold(lambda a, b: self.map(pair, [self.as_tensor(a), self.as_tensor(b)]), others)
        bound = "clamp_max" if least else "clamp_min"
        return fold(lambda a, b: self.map(bound, [self.as_tensor(a), b]), numbers, joined)

    # ------------------------------------------------------------ arithmetic

    def _sum(self, e: Add) -> Array:
        parts: list[tuple[Array, bool]] = []
        for term in e.args:
            negative = term.could_extract_minus_sign()
            parts.append((self.as_float(self.plan(-term if negative else term)), negative))
        while len(parts) > 1:
            batch = _smallest(parts, lambda part: part[0].axes)
            parts = [part for part in parts if part not in batch]
            batch.sort(key=lambda part: part[1])
            signs = tuple("-" if negative else "+" for _, negative in batch)
            total = self.map("add", [array for array, _ in batch], signs)
            parts.insert(0, (total, False))
        return parts[0][0]

    def _product(self, e: Mul) -> Array:
        number, rest = e.as_coeff_Mul()
        above: list[Array] = []
        below: list[Array] = []
        for factor in Mul.make_args(rest):
            if isinstance(factor, Pow) and factor.exp.could_extract_minus_sign():
                below.append(self.plan(1 / factor))
            elif factor != ONE:
                above.append(self.plan(factor))
        negative = number.is_negative
        size = abs(number)
        if size != 1:
            p, q = size.as_numer_denom()
            if p != 1 and q != 1:
                above.insert(0, self.constant(size))
            elif q != 1:
                below.insert(0, self.constant(q))
            else:
                above.insert(0, self.constant(p))
        top = self._multiplied(above) if above else self.constant(ONE)
        if below:
            top = self.map("div", [self.as_float(top), self.as_float(self._multiplied(below))])
        return self.map("neg", [self.as_float(top)]) if negative else top

    def _multiplied(self, arrays: list[Array]) -> Array:
        if all(self.dtype(a) == "bool" for a in arrays) and len(arrays) > 1:
            arrays = [self.as_float(arrays[0]), *arrays[1:]]
        parts = list(arrays)
        while len(parts) > 1:
            batch = _smallest(parts, lambda part: part.axes)
            parts = [part for part in parts if part not in batch]
            parts.insert(0, self.map("mul", batch))
        return parts[0]

    def _power(self, e: Pow) -> Array:
        base, exponent = self.as_float(self.plan(e.base)), e.exp
        if exponent.could_extract_minus_sign() and exponent.is_number:
            return self.map("div", [self.constant(ONE), self.as_float(self.plan(1 / e))])
        if exponent == sympy.Rational(1, 2):
            return self.map("sqrt", [self.as_tensor(base)])
        return self.map("pow", [base, self.as_float(self.plan(exponent))])

    # ------------------------------------------------------------ reading

    def _size(self, axis: Axis) -> int:
        for storage in self._storage.values():
            if axis in storage.axes:
                place = storage.axes.index(axis) - len(storage.axes)
                return self.node("size", attrs=(storage.name, place), dtype="static")
        raise InternalError(f"no array has axis {axis}")

    def _arange(self, index: Index) -> int:
        size = index.axis.size
        count = self._size(index.axis) if size is None else self.plan(size).node
        return self.node("arange", (count,), (), (index,), "int")

    def _read(self, e: At) -> Array:
        storage = self._storage[e.tensor]
        places = tuple(Index(f"@{n}", axis) for n, axis in enumerate(storage.axes))
        made = self.node("read", attrs=(storage.name,), axes=places, dtype=storage.dtype)
        if not places:
            return Array(made, static=True, hypers=frozenset((storage.name,)))
        array = Array(made, places)
        pairs = sorted(
            zip(places, e.indices, strict=True), key=lambda p: not isinstance(p[1], Index)
        )
        for place, index in pairs:
            array = self._at(array, place, index)
        return array

    def _at(self, array: Array, place: Index, index: Expr) -> Array:
        """``array`` read at ``index`` along the dimension of ``place``."""
        dim = array.axes.index(place)
        dtype = self.dtype(array)
        if isinstance(index, Index) and index not in array.axes:
            axes = tuple(index if a == place else a for a in array.axes)
            return self._example_first(Array(array.node, axes))
        rest = tuple(a for a in array.axes if a != place)
        if isinstance(index, Index):
            other = array.axes.index(index)
            axes = (*(a for a in rest if a != index), index)
            dims = tuple(sorted((dim - len(array.axes), other - len(array.axes))))
            made = self.node("diagonal", (array.node,), dims, axes, dtype)
            return self._example_first(Array(made, axes))
        if index.is_Integer:
            made = self.node(
                "select", (array.node,), (dim - len(array.axes), int(index)), rest, dtype
            )
            return Array(made, rest)
        where = self.plan(index)
        if not set(where.axes) & set(rest):
            axes = rest + where.axes
            moved = self._ordered_as(array, (*rest, place))
            made = self.node("take", (moved, where.node), (), axes, dtype)
            return self._example_first(Array(made, axes))
        out = common_axes([rest, where.axes])
        if out == rest:
            spot = self._spread(where, array.axes, place)
            op = "gather" if set(where.axes) == set(rest) else "take_along"
            made = self.node(op, (array.node, spot), (dim - len(array.axes),), rest, dtype)
            return Array(made, rest)
        moved = self._spread(array, (*out, place), None)
        spot = self._spread(where, (*out, place), place)
        return Array(self.node("take_along", (moved, spot), (-1,), out, dtype), out)

    def _spread(self, array: Array, axes: tuple[Index, ...], place: Index | None) -> int:
        layout = [array.axes.index(a) if a in array.axes else None for a in axes]
        if layout == list(range(len(array.axes))):
            return array.node
        return self.node("view", (array.node,), layout, axes, self.dtype(array))

    def _ordered_as(self, array: Array, axes: tuple[Index, ...]) -> int:
        return self._spread(array, axes, None)

    def _example_first(self, array: Array) -> Array:
        if EXAMPLE not in array.axes or array.axes[0] == EXAMPLE:
            return array
        axes = (EXAMPLE, *(a for a in array.axes if a != EXAMPLE))
        return Array(self._ordered_as(array, axes), axes)

    # ------------------------------------------------------------ reductions

    def _reduce(self, e: Reduce) -> Array:
        if e.op in ("any", "all"):
            return self._any_all(e)
        if e.op in ("sum", "mean") and e.guard == ONE:
            contracted = self._contraction(e)
            if contracted is not None:
                return contracted
        body = self.plan(e.body)
        if e.guard == ONE:
            if body.static:
                body = self.as_tensor(body)
            array = self.as_float(body)
            count: Array | None = None
        else:
            guard = self._truth_tensor(self.plan(e.guard))
            count = self._count(guard, e.binders)
            if e.body == ONE and e.op == "sum":
                return count
            array = self._filled(guard, self.as_float(body), _FILL[e.op])
        return self._collapsed(e, array, count)

    def _filled(self, guard: Array, body: Array, value: float) -> Array:
        axes, args = self.align([guard, body])
        return Array(self.node("fill", args, (value,), axes), axes)

    def _count(self, guard: Array, binders: tuple[Index, ...]) -> Array:
        present = tuple(b for b in binders if b in guard.axes)
        total = self._collapse("sum", self.as_float(guard), present)
        return self._times_sizes(total, [b for b in binders if b not in guard.axes])

    def _times_sizes(self, array: Array, missing: Sequence[Index]) -> Array:
        for index in missing:
            array = self.map("mul", [array, Array(self._axis_size(index.axis), static=True)])
        return array

    def _axis_size(self, axis: Axis) -> int:
        return self._size(axis) if axis.size is None else self.plan(axis.size).node

    def _collapse(self, op: str, array: Array, binders: Sequence[Index]) -> Array:
        if not binders:
            return array
        rest = tuple(a for a in array.axes if a not in binders)
        dims = tuple(array.axes.index(b) - len(array.axes) for b in binders)
        dtype: DType = (
            "int" if op.startswith("arg") else "bool" if op in ("any", "all") else "float"
        )
        return Array(self.node(op, (array.node,), dims, rest, dtype), rest)

    def _collapsed(self, e: Reduce, array: Array, count: Array | None) -> Array:
        present = [b for b in e.binders if b in array.axes]
        missing = [b for b in e.binders if b not in array.axes]
        op = _TORCH_REDUCTION.get(e.op, e.op)
        if e.op == "mean" and (count is not None or any(b.axis == BATCH for b in present)):
            total = self._collapse("sum", array, present)
            if count is None:
                sizes = [Array(self._axis_size(b.axis), static=True) for b in present]
                number = fold(lambda a, b: self.map("mul", [a, b]), sizes)
                nonzero = self.map("static_maximum", [number, self.constant(ONE)])
            else:
                total = self._times_sizes(total, missing)
                nonzero = self.map("clamp_min", [count, self.constant(ONE)])
            return self.map("div", [total, nonzero])
        result = self._collapse(op, array, present)
        if e.op == "sum":
            return self._times_sizes(result, missing)
        if e.op in ("logmeanexp", "logsumexp"):
            return self._log_count(e, result, present, missing, count)
        return result

    def _log_count(
        self,
        e: Reduce,
        result: Array,
        present: list[Index],
        missing: list[Index],
        count: Array | None,
    ) -> Array:
        counted = present if e.op == "logmeanexp" else missing
        if e.op == "logmeanexp" and count is not None:
            number = self.map("clamp_min", [count, self.constant(ONE)])
        elif counted:
            sizes = [Array(self._axis_size(b.axis), static=True) for b in counted]
            number = self.as_tensor(fold(lambda a, b: self.map("mul", [a, b]), sizes))
        else:
            return result
        sign = "-" if e.op == "logmeanexp" else "+"
        return self.map("add", [result, self.map("log", [number])], ("+", sign))

    def _any_all(self, e: Reduce) -> Array:
        parts = [e.guard, e.body] if e.op == "any" else [Or(Not(e.guard), e.body)]
        array = self._truth_tensor(self.plan(And(*parts)))
        return self._collapse(e.op, array, [b for b in e.binders if b in array.axes])

    def _contraction(self, e: Reduce) -> Array | None:
        """A sum of products whose factors have different axes, without forming the product."""
        groups: dict[tuple[Index, ...], list[Expr]] = {}
        outside: list[Expr] = []
        for factor in Mul.make_args(e.body):
            axes = self.plan(factor).axes
            if axes:
                groups.setdefault(axes, []).append(factor)
            else:
                outside.append(factor)
        merged: dict[tuple[Index, ...], list[Expr]] = {}
        for axes in sorted(groups, key=len, reverse=True):
            home = next((big for big in merged if set(axes) <= set(big)), axes)
            merged.setdefault(home, []).extend(groups[axes])
        union = common_axes(list(merged))
        if len(merged) < 2 or any(set(union) == set(axes) for axes in merged):
            return None
        arrays = [
            self.as_float(self._multiplied([self.plan(f) for f in fs])) for fs in merged.values()
        ]
        rest = tuple(a for a in union if a not in e.binders)
        letters = _letters(union)
        text = ",".join("".join(letters[a] for a in array.axes) for array in arrays)
        spec = f"{text}->{''.join(letters[a] for a in rest)}"
        made = self.node("einsum", [array.node for array in arrays], (spec,), rest)
        total = Array(made, rest)
        if e.op == "mean":
            for b in e.binders:
                size = Array(self._axis_size(b.axis), static=True)
                total = self.map(
                    "div", [total, self.map("static_maximum", [size, self.constant(ONE)])]
                )
        else:
            total = self._times_sizes(total, [b for b in e.binders if b not in union])
        return self._multiplied([self.plan(f) for f in outside] + [total]) if outside else total

    # ------------------------------------------------------------ order

    def _ordered(self, e: Ordered) -> Array:
        index = e.binders[0]
        body = self.as_float(self.plan(e.body))
        if index not in body.axes:
            spread = self.plan(index)
            zero = self.map("mul", [self.as_float(spread), self.constant(sympy.Integer(0))])
            body = self.map("add", [body, zero], ("+", "+"))
        if e.guard != ONE:
            fill = {"cumsum": 0.0, "quantile": float("nan")}.get(e.op, float("-inf"))
            body = self._filled(self._truth_tensor(self.plan(e.guard)), body, fill)
        dim = body.axes.index(index) - len(body.axes)
        if e.op == "quantile":
            level = self.plan(e.at)
            self.scalars |= level.hypers
            rest = tuple(a for a in body.axes if a != index)
            name = "quantile" if e.guard == ONE else "nanquantile"
            return Array(self.node(name, (body.node, level.node), (dim,), rest), rest)
        if e.op == "sort":
            return self._sorted(e, body, index, dim)
        dtype: DType = "int" if e.op == "rank" else "float"
        made = self.node(e.op, (body.node,), (dim,), body.axes, dtype)
        return self._at(Array(made, body.axes), index, e.at)

    def _sorted(self, e: Ordered, body: Array, index: Index, dim: int) -> Array:
        whole = not isinstance(e.at, Index) or e.at.axis.size == Size(index.axis)
        if whole:
            made = self.node("sort", (body.node,), (dim,), body.axes)
        else:
            assert isinstance(e.at, Index)
            assert e.at.axis.size is not None
            count = self.plan(e.at.axis.size)
            made = self.node("topk", (body.node, count.node), (dim,), body.axes)
        return self._at(Array(made, body.axes), index, e.at)

    # ------------------------------------------------------------ results

    def output(self, name: str, body: Expr, guard: Expr, result: tuple[Index, ...]) -> Output:
        """Plan a term: its value over ``result`` and which places count."""
        value = self._over(self.as_tensor(self.as_float(self.plan(body))), result)
        kept = None
        if guard != ONE:
            kept = self._over(self._truth_tensor(self.plan(guard)), result)
        return Output(name, value, kept, tuple(i.axis.name for i in result))

    def _over(self, array: Array, axes: tuple[Index, ...]) -> int:
        if array.axes == axes:
            return array.node
        missing = [a for a in axes if a not in array.axes]
        seen = self._spread(array, axes, None)
        if not missing:
            return seen
        sizes = [self._axis_size(a.axis) for a in axes]
        return self.node("expand", (seen, *sizes), (), axes, self.dtype(array))

    def finish(self, outputs: Iterable[Output]) -> Plan:
        """The plan of what was asked for, without nodes that it does not need."""
        asked = tuple(outputs)
        needed: set[int] = set()
        todo = [n for out in asked for n in (out.value, out.guard) if n is not None]
        while todo:
            number = todo.pop()
            if number not in needed:
                needed.add(number)
                todo.extend(self.nodes[number].args)
        new = {old: place for place, old in enumerate(sorted(needed))}
        return Plan(
            tuple(
                replace(self.nodes[old], args=tuple(new[a] for a in self.nodes[old].args))
                for old in new
            ),
            tuple(
                replace(o, value=new[o.value], guard=None if o.guard is None else new[o.guard])
                for o in asked
            ),
            {new[n]: name for n, name in self.names.items() if n in needed},
            frozenset(self.scalars),
        )


@dataclass
class _Order:
    """Order of indices that no single array has all of."""

    seen: list[Index] = field(default_factory=list)

    def __call__(self, index: Index) -> tuple[int, int, int]:
        return (index != EXAMPLE, -index.level, self.seen.index(index))


def common_axes(axes: Sequence[tuple[Index, ...]]) -> tuple[Index, ...]:
    """The union: in the order of the array that has them all, else outer binders first."""
    union = list(dict.fromkeys(a for some in axes for a in some))
    for some in sorted(axes, key=len, reverse=True):
        if len(some) == len(union):
            return some
        break
    return tuple(sorted(union, key=_Order(union)))


def _smallest(parts: list, axes_of) -> list:  # type: ignore[no-untyped-def,type-arg]
    """The parts to combine first: those of the smallest shape, at least two."""
    ranked = sorted(parts, key=lambda part: len(axes_of(part)))
    first = axes_of(ranked[0])
    batch = [part for part in ranked if set(axes_of(part)) == set(first)]
    if len(batch) == 1:
        batch = ranked[:2]
    return [part for part in parts if part in batch]


def _letters(axes: tuple[Index, ...]) -> dict[Index, str]:
    """A letter for each axis: the first of its name where that is free."""
    letters: dict[Index, str] = {}
    for index in axes:
        wanted = [*index.axis.name.lower(), *"ijklmnopqrstuvwxyz"]
        if index.axis == BATCH:
            wanted = list("ijklmn")
        letters[index] = next(c for c in wanted if c.isalpha() and c not in letters.values())
    return letters
