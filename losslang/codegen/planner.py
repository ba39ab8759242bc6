"""From expressions over indices to the nodes of a plan.

:class:`Planner` keeps the nodes and aligns arrays; sums and products, reads, reductions and orders
each have a module of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce as fold

import sympy
from sympy import Add, Expr, Mul, Pow

from losslang.codegen import (
    arithmetic,
    lifting,
    loops,
    ordering,
    reading,
    reductions,
    spectra,
    states,
)
from losslang.codegen.complements import taken_from_one
from losslang.codegen.plan import Array, DType, Node, Output, Plan, Storage, common_axes
from losslang.codegen.whole import count, whole
from losslang.diagnostics import InternalError
from losslang.ir.binders import free_indices
from losslang.ir.heads import ONE, At, Axis, Branch, Detach, Index, Max, Min, Size, Tensor
from losslang.ir.inside import Domains, is_floor
from losslang.ir.loss import EXAMPLE, State
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.recursion import Prior, Recursion
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import Spectrum
from losslang.ir.truth import And, Chosen, Delta, Equal, Less, LessEqual, Not, Or

LEAVES = ("read", "hyper", "const", "size", "arange", "chosen")


class Planner:
    """Turns expressions into nodes. One planner makes one plan."""

    def __init__(
        self,
        storage: Mapping[Tensor, Storage],
        *,
        examples: bool = True,
        domains: Domains | None = None,
        kept: Iterable[State] = (),
    ) -> None:
        self.nodes: list[Node] = []
        self.names: dict[int, str] = {}
        self.scalars: set[str] = set()
        self.loops: dict[object, Array] = {}
        self.earlier: dict[Expr, dict[int, tuple[Array, tuple[Index, ...]]]] = {}
        self.rounds = 0
        self.domains = domains or {}
        self.states = {state.tensor: state for state in kept}
        self.following = {state.following: state for state in kept}
        self._storage = storage
        self._examples = examples
        self._known: dict[Node, int] = {}
        self._memo: dict[Expr, Array] = {}

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
        made = self.node("cast", (array.node,), axes=array.axes)
        return replace(array, node=made, static=False)

    def as_tensor(self, array: Array) -> Array:
        """A static number where torch wants a tensor; what is computed from one is a tensor."""
        node = self.nodes[array.node]
        below = {self.nodes[a].op for a in node.args if node.op != "choose"}
        if not array.static or "as_tensor" in below:
            return array
        made = self.node("as_tensor", (array.node,), dtype="static")
        return Array(made, (), True, array.hypers)

    def align(self, arrays: Sequence[Array]) -> tuple[tuple[Index, ...], list[int]]:
        """Common axes of several arrays, and each seen so that they broadcast by position."""
        axes = common_axes([array.axes for array in arrays])
        return axes, [self._viewed(array, axes) for array in arrays]

    def _viewed(self, array: Array, axes: tuple[Index, ...]) -> int:
        """The node, with dimensions of size 1 so that it lines up with ``axes`` from the right."""
        loose = bool(array.hypers) and self._examples
        own = axes[1:] if loose and axes[:1] == (EXAMPLE,) else axes
        if not array.axes:
            if not loose or not own:
                return array.node
            return self.node("column", (array.node,), (len(own),), own, self.dtype(array))
        layout = [array.axes.index(a) if a in array.axes else None for a in own]
        if loose and [place for place in layout if place is not None] != sorted(
            range(len(array.axes))
        ):
            self.scalars |= array.hypers
            loose = False
        while not loose and layout and layout[0] is None:
            layout.pop(0)
        if layout == list(range(len(array.axes))):
            return array.node
        seen = own[len(own) - len(layout) :]
        return self.node("view", (array.node,), layout, seen, self.dtype(array))

    def map(
        self, op: str, arrays: Sequence[Array], attrs: Iterable[object] = (), dtype: DType = "float"
    ) -> Array:
        """An elementwise operation."""
        axes, args = self.align(arrays)
        static = all(array.static for array in arrays)
        hypers = self._loosening(arrays, axes)
        kind: DType = "static" if static else dtype
        return Array(self.node(op, args, attrs, axes, kind), axes, static, hypers)

    @staticmethod
    def _loosening(arrays: Sequence[Array], axes: tuple[Index, ...]) -> frozenset[str]:
        """The hyperparameters that may still put examples before an array with ``axes``."""
        if EXAMPLE in axes:
            return frozenset()
        return frozenset().union(*(array.hypers for array in arrays))

    def plan(self, expr: Expr) -> Array:
        """The array of a scalar expression over its free indices."""
        if expr not in self._memo:
            self._memo[expr] = lifting.lifted(self, expr) or self._build(expr)
        return self._memo[expr]

    def know(self, expr: Expr, array: Array) -> None:
        """Say what the array of an expression is, such as the number of a loop's round."""
        self._memo[expr] = array

    def suggest(self, expr: Expr, name: str) -> None:
        """Call the array of ``expr`` by the program's name for it, if the plan has that array."""
        known, scalars = len(self.nodes), set(self.scalars)
        if isinstance(expr, sympy.exp):
            inside = self.plan(expr.args[0]).node
            if inside < known and self.nodes[inside].op not in LEAVES:
                self.names.setdefault(inside, f"log_{name}")
        number = self.plan(expr).node
        if number < known and self.nodes[number].op not in LEAVES:
            self.names.setdefault(number, name)
        self.scalars = scalars

    def _build(self, e: Expr) -> Array:
        if e.is_number and not e.has(Size, Chosen):
            return self.constant(e)
        if isinstance(e, sympy.Symbol):
            made = self.node("hyper", attrs=(e.name,), dtype="static")
            return Array(made, static=True, hypers=frozenset((e.name,)))
        if isinstance(e, Add):
            return arithmetic.plan_sum(self, e)
        if isinstance(e, Mul):
            return arithmetic.plan_product(self, e)
        if isinstance(e, Pow):
            return arithmetic.plan_power(self, e)
        if isinstance(e, At):
            return reading.plan_read(self, e)
        if isinstance(e, Index):
            return Array(self._arange(e), (e,))
        if isinstance(e, Size):
            return Array(self.size_of(e.axis), static=True)
        if isinstance(e, Delta | Equal | Less | LessEqual):
            op = {Delta: "eq", Equal: "eq", Less: "lt", LessEqual: "le"}[type(e)]
            places = all(a.is_integer for a in e.args) and any(map(free_indices, e.args))
            return self._truth(op, [whole(self, a) if places else self.plan(a) for a in e.args])
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
        if isinstance(e, Reduce):
            special = spectra.plan_logdet(self, e) or ordering.plan_by_rank(self, e)
            return special or reductions.plan_reduce(self, e)
        if isinstance(e, Ordered):
            return ordering.plan_ordered(self, e)
        if isinstance(e, Spectrum):
            return spectra.plan_spectrum(self, e)
        if isinstance(e, Recursion):
            return loops.plan_recursion(self, e)
        if isinstance(e, Prior):
            return loops.plan_prior(self, e)
        if is_floor(e) and e.has(Size) and not e.free_symbols and not free_indices(e):
            return whole(self, e)
        return self._function(e)

    def _function(self, e: Expr) -> Array:
        row = primitive_of(e)
        name = row.name if row else getattr(e, "name", type(e).__name__)
        args = [self.as_float(self.plan(a)) for a in operands(e)]
        if name in ("product", "log1p_square") and not all(a.static for a in args):
            return self.map({"product": "mul"}.get(name, name), args)
        args = [self.as_tensor(a) for a in args]
        if name == "difference":
            return self.map("add", args, ("+", "-"))
        if name == "expm1" and self.nodes[args[0].node].op == "log_softmax":
            return self._less_one(args[0])
        name = {"product": "mul", "quotient": "ratio"}.get(str(name), str(name))
        return self.map(name, args)

    def _less_one(self, log: Array) -> Array:
        """Probabilities less 1, taken from ``log_softmax`` at all places at once."""
        power = self.map("exp", [log])
        attrs = self.nodes[log.node].attrs
        return replace(power, node=self.node("less_one", (power.node,), attrs, log.axes))

    def _truth(self, op: str, args: list[Array]) -> Array:
        if not all(a.static for a in args):
            args = [self.truth_tensor(a) if op in ("and", "or") else a for a in args]
            return self.map(op, args, dtype="bool")
        hypers = frozenset().union(*(a.hypers for a in args))
        if not hypers:
            return self.map(op, args)
        # A hyperparameter may be a tensor, whose comparison Python's own words cannot combine.
        if op in ("and", "or", "not"):
            args = [self.truth_tensor(a) for a in args]
            return Array(self.node(op, [a.node for a in args], dtype="bool"), (), True, hypers)
        return self.truth_tensor(self.map(op, args))

    def truth_tensor(self, array: Array) -> Array:
        """A static truth value where torch wants a tensor."""
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
            hypers = self._loosening(both, axes)
            made = self.node(
                "choose", (test.node, *args), (), axes, "static" if static else "float"
            )
            return Array(made, axes, static, hypers)
        if self.dtype(yes) == self.dtype(no) == "int":
            return self.map("where", [test, yes, no], dtype="int")
        if yes.static and no.static:
            # Two Python numbers would make a tensor of torch's default dtype.
            yes = self.as_tensor(yes)
        return self.map("where", [self.truth_tensor(test), self.as_float(yes), self.as_float(no)])

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

    # ------------------------------------------------------------ sizes and places

    def size_of(self, axis: Axis) -> int:
        """The size of a dimension of some array that is read."""
        for storage in self._storage.values():
            if axis in storage.axes:
                place = storage.axes.index(axis) - len(storage.axes)
                return self.node("size", attrs=(storage.name, place), dtype="static")
        raise InternalError(f"no array has axis {axis}")

    def axis_size(self, axis: Axis) -> int:
        """Number of places of an axis, written or read off an array."""
        return self.size_of(axis) if axis.size is None else whole(self, count(self, axis)).node

    def _arange(self, index: Index) -> int:
        return self.node("arange", (self.axis_size(index.axis),), (), (index,), "int")

    def spread(self, array: Array, axes: tuple[Index, ...]) -> int:
        """The array with a dimension for each of ``axes``, of size 1 where it has none."""
        layout = [array.axes.index(a) if a in array.axes else None for a in axes]
        if layout == list(range(len(array.axes))):
            return array.node
        return self.node("view", (array.node,), layout, axes, self.dtype(array))

    def example_first(self, array: Array) -> Array:
        """The array with the example at hand as its first dimension, if it has it."""
        if EXAMPLE not in array.axes or array.axes[0] == EXAMPLE:
            return array
        axes = (EXAMPLE, *(a for a in array.axes if a != EXAMPLE))
        return Array(self.spread(array, axes), axes)

    def output(self, name: str, body: Expr, guard: Expr, result: tuple[Index, ...]) -> Output:
        """Plan a term: its value over ``result`` and which places count."""
        planned = self.as_tensor(self.as_float(self.plan(body)))
        if EXAMPLE not in result:
            self.scalars |= planned.hypers
        value = self.over(planned, result)
        kept = None
        if guard != ONE:
            kept = self.over(self.truth_tensor(self.plan(guard)), result)
        return Output(name, value, kept, tuple(i.axis.name for i in result))

    def over(self, array: Array, axes: tuple[Index, ...]) -> int:
        """The node of an array spread over ``axes``, repeated along those it lacks."""
        if array.axes == axes:
            return array.node
        missing = [a for a in axes if a not in array.axes]
        seen = self._viewed(array, axes) if array.hypers else self.spread(array, axes)
        if not missing:
            return seen
        sizes = [self.axis_size(a.axis) for a in axes]
        return self.node("expand", (seen, *sizes), (), axes, self.dtype(array))

    def finish(self, outputs: Iterable[Output]) -> Plan:
        """The plan of what was asked for, without nodes that it does not need."""
        asked = tuple(outputs)
        writes = [(s.name, states.plan_following(self, s).node) for s in self.states.values()]
        needed: set[int] = set()
        todo = [n for out in asked for n in (out.value, out.guard) if n is not None]
        todo += [number for _, number in writes]
        while todo:
            number = todo.pop()
            if number not in needed:
                needed.add(number)
                todo.extend(self.nodes[number].args)
        for number in taken_from_one(self.nodes, needed):
            self.nodes[number] = replace(self.nodes[number], op="log_share")
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
            tuple((name, new[number]) for name, number in writes),
        )
