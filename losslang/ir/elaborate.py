"""From syntax to SymPy: expressions, names, comprehensions and local functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, NoReturn

import sympy
from sympy import Expr, Rational

from losslang.diagnostics import Label, fail
from losslang.ir import (
    builtins,
    functions,
    indexing,
    instantiate,
    kinds,
    limits,
    operators,
    recursive,
)
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, ZERO, Axis
from losslang.ir.loss import (
    BATCH,
    PROGRESS,
    Constant,
    Draw,
    Hyperparameter,
    Requirement,
    State,
)
from losslang.ir.scope import suggestion
from losslang.ir.values import (
    Binding,
    Choice,
    FunctionValue,
    Lazy,
    LocalFunctionValue,
    LossValue,
    MapValue,
    Setting,
    Value,
    axes_text,
)
from losslang.source import Span
from losslang.syntax import nodes

MAX_STEPS = 20_000
MAX_DEPTH = 60

CONSTANTS: dict[str, Expr] = {"pi": sympy.pi, "inf": sympy.oo}


class Elaborator:
    """Evaluates the expressions of one loss and collects what stands beside its formula."""

    def __init__(self) -> None:
        self.requires: list[Requirement] = []
        self.hyperparameters: list[tuple[str, Hyperparameter]] = []
        self.registered: dict[tuple[Span, str], Binding] = {}
        self.draws: dict[tuple[int, int], Draw] = {}
        self.states: dict[tuple[int, int], State] = {}
        self.queues: dict[Axis, tuple[Expr, Span]] = {}
        self.hints: dict[sympy.Basic, str] = {}
        self.origin: dict[sympy.Basic, Span] = {}
        self.settings: Mapping[str, Setting] = {}
        self.settable: list[tuple[str, str, str, bool]] = []
        self.options: dict[str, tuple[Constant, Span]] = {}
        self.part: str | None = None
        self.labelled = False
        self.packs: frozenset[Axis] = frozenset()
        self.inputs: frozenset[str] = frozenset()
        self.recursions: list[recursive.Active] = []
        self._names: dict[tuple[int, str], Binding] = {}
        self._called: set[sympy.Basic] = set()
        self._frames: list[Frame] = []
        self._active: list[tuple[int, str]] = []
        self._axes: set[str] = set()
        self._depth = 0
        self._steps = 0

    # ------------------------------------------------------------ entry points

    def value(self, node: nodes.Expr, frame: Frame) -> Value:
        """The array that an expression stands for; a loss stands for its value."""
        return self.as_value(self.evaluate(node, frame), node)

    def as_value(self, binding: Binding, node: nodes.Node) -> Value:
        """A binding where an array is wanted."""
        if isinstance(binding, LossValue):
            return instantiate.bare(self, binding, node.span)
        if not isinstance(binding, Value):
            what = {
                Choice: "a choice",
                FunctionValue: "a function",
                LocalFunctionValue: "a function",
                MapValue: "a function",
            }
            fail(
                "not-a-value",
                f"this is {what.get(type(binding), 'not a value')}, not a number",
                node.span,
                help="compare it with one of its words"
                if isinstance(binding, Choice)
                else "call it with its arguments",
            )
        return binding

    def number(self, node: nodes.Expr, frame: Frame) -> Value:
        """An array of numbers; a ``bool`` is 0 or 1."""
        value = self.value(node, frame)
        if value.kind == "label":
            fail(
                "label-arithmetic",
                "a label has no value as a number",
                node.span,
                help="labels are only compared, with == and !=",
            )
        return value

    def scalar(self, node: nodes.Expr, frame: Frame) -> Value:
        """A number without axes."""
        value = self.number(node, frame)
        self.check_scalar(value, node)
        return value

    def check_scalar(self, value: Value, node: nodes.Expr) -> None:
        """Refuse a value with axes where a single number is wanted."""
        if value.axes:
            fail(
                "axes-left",
                f"a single number is wanted here, but this has {axes_text(value.axes)}",
                node.span,
                help=f"reduce it, for example sum(..., axis={value.axes[0]})",
            )

    def condition(self, node: nodes.Expr, frame: Frame) -> Value:
        """A truth value."""
        value = self.value(node, frame)
        if value.kind != "bool" and value.body not in (ZERO, ONE):
            fail(
                "not-a-condition",
                "a condition is wanted here, but this is a number",
                node.span,
                help="compare it, for example with `> 0`",
            )
        return value

    def evaluate(self, node: nodes.Expr, frame: Frame) -> Binding:
        """What an expression stands for in a frame."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            fail(
                "formula-too-large",
                "with its functions written out the formula is too large",
                node.span,
            )
        result = self._EVALUATE[type(node)](self, node, frame)
        if isinstance(result, Value):
            limits.check_size(result.body, node.span)
            self.origin.setdefault(result.body, node.span)
        return result

    def keep(self, frame: Frame) -> None:
        """Keep a frame alive: names and draws are remembered by its identity."""
        self._frames.append(frame)

    @property
    def defining(self) -> str | None:
        """The name under ``where`` whose formula is being evaluated."""
        return self._active[-1][1] if self._active else None

    def descend(self, span: Span, name: str) -> None:
        """Count one more level of calls; undone by :meth:`ascend`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            fail(
                "recursive-definition",
                f"{name!r} is defined in terms of itself",
                span,
                help="a definition may only use what does not depend on it",
            )

    def ascend(self) -> None:
        """Leave a level of calls."""
        self._depth -= 1

    def require(self, condition: Expr, frame: Frame, span: Span) -> None:
        """Note a condition under which the formula is defined."""
        if condition == ZERO and frame.guard == ONE:
            fail("undefined-constant", "this has no value among the real numbers", span)
        if condition != ONE:
            self.requires.append(Requirement(condition, frame.guard, span))

    def new_axis(self, name: str) -> Axis:
        """An axis that is equal to no other; its name is ``name`` where that is free."""
        free, n = name, 1
        while free in self._axes or free == BATCH.name:
            n += 1
            free = f"{name}_{n}"
        self._axes.add(free)
        return Axis(free)

    def known_axis(self, axis: Axis) -> Axis:
        """An axis that stands already; no other will have its name."""
        self._axes.add(axis.name)
        return axis

    # ------------------------------------------------------------ names

    def _number(self, node: nodes.Number, frame: Frame) -> Value:
        exact = Rational(node.value.numerator, node.value.denominator)
        return Value(exact, kind="int" if exact.is_Integer else "real")

    def _name(self, node: nodes.Name, frame: Frame) -> Binding:
        found = frame.find(node.id)
        if found is not None:
            binding, holder = found
            return self._look(node, binding, holder) if isinstance(binding, Lazy) else binding
        if node.id == "progress":
            return Value(PROGRESS)
        if node.id in CONSTANTS:
            return Value(CONSTANTS[node.id])
        entry = frame.scope.find(node.id)
        if entry is not None:
            if isinstance(entry.declaration, nodes.Function):
                return FunctionValue(entry)
            return LossValue(entry, frame, node.span)
        self.unknown(node.id, node.span, frame)

    def unknown(self, name: str, span: Span, frame: Frame) -> NoReturn:
        """Report a name that nothing defines."""
        if name.removesuffix("'") in {*frame.axes, BATCH.name}:
            fail(
                "axis-as-value",
                f"{name!r} is an axis, not a value",
                span,
                help=f"its number of places is size({name})",
            )
        known = {*frame.visible(), *builtins.TABLE, *CONSTANTS, "progress", *frame.scope.names()}
        near = suggestion(name, self.settings) or suggestion(name, known)
        meaning = None if span.source.is_file else kinds.meanings(name)
        fail("unknown-name", f"no name {name!r} in scope", span, help=meaning or near)

    def _look(self, node: nodes.Name, lazy: Lazy, holder: Frame) -> Binding:
        key = (id(holder), node.id)
        if key not in self._names:
            if key in self._active:
                fail(
                    "circular-definition",
                    f"{node.id!r} is defined in terms of itself",
                    node.span,
                    also=(Label(lazy.node.span, "its definition"),),
                )
            self._active.append(key)
            self.keep(holder)
            value = self.evaluate(lazy.node.value, holder)
            if isinstance(lazy.node, nodes.Unpack):
                value = self._place(lazy.node, self.as_value(value, lazy.node), lazy.position)
            self._active.pop()
            self._names[key] = value
            if isinstance(value, Value):
                self._named(value.body, node.id)
        return self._names[key]

    def _named(self, body: Expr, name: str) -> None:
        """Note the first name of a part; that of the function that made it is none of its own."""
        if body in self._called or body not in self.hints:
            self._called.discard(body)
            self.hints[body] = name

    def _place(self, node: nodes.Unpack, value: Value, position: int) -> Value:
        size = value.axes[0].size if len(value.axes) == 1 else None
        if size is None or size != len(node.names):
            fail(
                "unpack-size",
                f"{len(node.names)} names for {axes_text(value.axes) or 'a single number'}",
                node.span,
                help="an array of a fixed size, such as real[4], has that many places",
            )
        return value.at(value.axes[0], sympy.Integer(position))

    # ------------------------------------------------------------ calls

    def _call(self, node: nodes.Call, frame: Frame) -> Binding:
        name = node.function.id
        if name in builtins.TABLE and frame.find(name) is None and not means_loss(node, frame):
            return builtins.TABLE[name](self, node, frame)
        target = self._name(node.function, frame)
        if isinstance(target, LossValue):
            return instantiate.call(self, target, node, frame)
        if isinstance(target, LocalFunctionValue):
            return self.local_call(target, node, frame)
        if isinstance(target, MapValue):
            return functions.call(self, target, node, frame)
        if isinstance(target, FunctionValue):
            return instantiate.call_function(self, target, node, frame)
        fail(
            "not-callable",
            f"{name!r} is not a function",
            node.function.span,
            help="arrays are read with brackets, as in v[k]" if isinstance(target, Value) else None,
        )

    def local_call(self, function: LocalFunctionValue, node: nodes.Call, frame: Frame) -> Binding:
        """The value of a function under ``where``, or of one written in place."""
        wanted = function.node.parameters
        if node.keywords or len(node.args) != len(wanted):
            fail(
                "argument-count",
                f"{function.node.name}({', '.join(wanted)}) is called with {len(node.args)}"
                " arguments",
                node.span,
                also=(Label(function.node.span, "defined here"),),
            )
        if any(isinstance(arg, nodes.Comprehension) for arg in node.args):
            fail(
                "misplaced-comprehension",
                "a comprehension is the argument of a reduction",
                node.span,
            )
        values = [self.evaluate(arg, frame) for arg in node.args]
        if recursive.calls_itself(function):
            given = dict(zip(wanted, values, strict=True))
            folded = recursive.call(self, function, node, given, frame)
            if folded is not None:
                return folded
        places = tuple(
            (v.body, v.over)
            for v in values
            if isinstance(v, Value) and v.kind == "index" and v.over is not None and not v.axes
        )
        self.descend(node.span, function.node.name)
        inside = function.frame.inner(dict(zip(wanted, values, strict=True)), places)
        self.keep(inside)
        result = self.evaluate(function.node.value, inside.where(frame.guard))
        self.ascend()
        if isinstance(result, Value) and result.body not in self.hints:
            self.hints[result.body] = function.node.name
            self._called.add(result.body)
        return result

    def _misplaced(self, node: nodes.Comprehension, frame: Frame) -> Binding:
        fail("misplaced-comprehension", "a comprehension is the argument of a reduction", node.span)

    _EVALUATE: ClassVar[dict[type, Callable[..., Binding]]] = {
        nodes.Number: _number,
        nodes.Name: _name,
        nodes.Unary: operators.unary,
        nodes.Binary: operators.binary,
        nodes.Compare: operators.compare,
        nodes.BoolOp: operators.bool_op,
        nodes.Conditional: operators.conditional,
        nodes.Call: _call,
        nodes.Subscript: indexing.subscript_of,
        nodes.Comprehension: _misplaced,
        nodes.ArrayComprehension: indexing.array,
        nodes.ListLiteral: indexing.list_of,
        nodes.Lambda: functions.function,
    }


def means_loss(node: nodes.Call, frame: Frame) -> bool:
    """Whether a call in a composition means the loss of a built-in's name, as ``quantile``."""
    entry = frame.scope.find(node.function.id) if frame.open and not node.args else None
    return entry is not None and isinstance(entry.declaration, nodes.Loss)
