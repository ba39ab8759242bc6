"""From syntax to SymPy: expressions, names, comprehensions and local functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar, NoReturn

import sympy
from sympy import Expr, Rational

from losslang.diagnostics import Label, fail
from losslang.ir import builtins, instantiate, limits
from losslang.ir.binders import free_indices, fresh, substitute
from losslang.ir.frame import Frame, Place
from losslang.ir.heads import ONE, ZERO, Axis, Branch, Index
from losslang.ir.loss import (
    BATCH,
    EXAMPLE,
    PROGRESS,
    Average,
    Constant,
    Draw,
    Hyperparameter,
    Kind,
    Requirement,
)
from losslang.ir.scope import suggestion
from losslang.ir.truth import And, Chosen, Delta, Equal, Less, LessEqual, Not, Or
from losslang.ir.values import (
    Binding,
    Choice,
    FunctionValue,
    Lazy,
    LocalFunctionValue,
    LossValue,
    Setting,
    Value,
    elementwise,
    slot,
)
from losslang.source import Span
from losslang.syntax import nodes

MAX_STEPS = 20_000
MAX_DEPTH = 60
MAX_LIST = 64

CONSTANTS: dict[str, Expr] = {"pi": sympy.pi, "inf": sympy.oo}


class Elaborator:
    """Evaluates the expressions of one loss and collects what stands beside its formula."""

    def __init__(self) -> None:
        self.requires: list[Requirement] = []
        self.hyperparameters: list[tuple[str, Hyperparameter]] = []
        self.registered: dict[tuple[Span, str], Binding] = {}
        self.draws: dict[tuple[int, int], Draw] = {}
        self.averages: dict[tuple[int, int], Average] = {}
        self.hints: dict[sympy.Basic, str] = {}
        self.origin: dict[sympy.Basic, Span] = {}
        self.settings: Mapping[str, Setting] = {}
        self.settable: list[tuple[str, str, str, bool]] = []
        self.options: dict[str, tuple[Constant, Span]] = {}
        self.part: str | None = None
        self.labelled = False
        self.packs: frozenset[Axis] = frozenset()
        self._names: dict[tuple[int, str], Binding] = {}
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
        if value.axes:
            fail(
                "axes-left",
                f"a single number is wanted here, but this has {axes_text(value.axes)}",
                node.span,
                help=f"reduce it, for example sum(..., axis={value.axes[0]})",
            )
        return value

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

    def new_axis(self, name: str, size: Expr | None = None) -> Axis:
        """An axis that is equal to no other; its name is ``name`` where that is free."""
        free, n = name, 1
        while free in self._axes or free == BATCH.name:
            n += 1
            free = f"{name}_{n}"
        self._axes.add(free)
        return Axis(free, size)

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
        if name in frame.axes or name == BATCH.name:
            fail(
                "axis-as-value",
                f"{name!r} is an axis, not a value",
                span,
                help=f"its number of places is size({name})",
            )
        known = {*frame.visible(), *builtins.TABLE, *CONSTANTS, "progress", *frame.scope.names()}
        near = suggestion(name, self.settings) or suggestion(name, known)
        fail("unknown-name", f"no name {name!r} in scope", span, help=near)

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
                self.hints.setdefault(value.body, node.id)
        return self._names[key]

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

    # ------------------------------------------------------------ operators

    def _unary(self, node: nodes.Unary, frame: Frame) -> Value:
        if node.op == "not":
            return elementwise(Not, self.condition(node.operand, frame), kind="bool")
        value = self.number(node.operand, frame)
        kind: Kind = "int" if value.kind == "int" else "real"
        return elementwise(lambda x: -x if node.op == "-" else x, value, kind=kind)

    def _binary(self, node: nodes.Binary, frame: Frame) -> Value:
        left, right = self.number(node.left, frame), self.number(node.right, frame)
        a, b = left.body, right.body
        if node.op == "**":
            limits.check_power(a, b, node.span)
            if not b.is_integer:
                self.require(LessEqual(ZERO, a), frame, node.span)
            if not b.is_nonnegative:
                self.require(Not(Equal(a, ZERO)), frame, node.span)
        if node.op == "/":
            self.require(Not(Equal(b, ZERO)), frame, node.right.span)
        whole = left.kind in WHOLE and right.kind in WHOLE and node.op in ("+", "-", "*")
        return elementwise(ARITHMETIC[node.op], left, right, kind="int" if whole else "real")

    def _compare(self, node: nodes.Compare, frame: Frame) -> Value:
        first = self.evaluate(node.operands[0], frame)
        if isinstance(first, Choice):
            return self._chosen(node, first)
        values = [self.as_value(first, node.operands[0])]
        values += [self.value(operand, frame) for operand in node.operands[1:]]
        parts = [
            self._comparison(op, left, right, node)
            for op, (left, right) in zip(node.ops, pairwise(values), strict=True)
        ]
        return elementwise(And, *parts, kind="bool")

    def _comparison(self, op: str, left: Value, right: Value, node: nodes.Compare) -> Value:
        kinds = {left.kind, right.kind}
        if "label" in kinds and (op not in ("==", "!=") or not kinds <= {"label", "index"}):
            fail(
                "label-arithmetic",
                "a label is only compared with another label, by == or !=",
                node.span,
            )
        if kinds == {"index"} and op in ("==", "!="):
            if left.over != right.over:
                fail(
                    "axis-mismatch",
                    f"an index over {left.over} is compared with one over {right.over}",
                    node.span,
                    help="indices of different axes are never equal",
                )
            return elementwise(EQUALITY[op](Delta), left, right, kind="bool")
        if "index" in kinds and kinds <= {"index", "int"} and op in ("==", "!="):
            return elementwise(EQUALITY[op](Delta), left, right, kind="bool")
        if op in ("==", "!="):
            return elementwise(EQUALITY[op](Equal), left, right, kind="bool")
        return elementwise(ORDER[op], left, right, kind="bool")

    def _chosen(self, node: nodes.Compare, choice: Choice) -> Value:
        other = node.operands[1]
        if len(node.ops) != 1 or node.ops[0] not in ("==", "!="):
            fail(
                "choice-comparison",
                "a choice is compared with one of its words, by == or !=",
                node.span,
            )
        if not isinstance(other, nodes.Name) or other.id not in choice.options:
            written = other.id if isinstance(other, nodes.Name) else other.span.text
            fail(
                "unknown-choice",
                f"{written!r} is not a choice of {choice.written!r}",
                other.span,
                help=suggestion(written, choice.options) or f"one of {', '.join(choice.options)}",
            )
        same = Chosen(choice.name, other.id)
        return Value(same if node.ops[0] == "==" else Not(same), kind="bool")

    def _bool_op(self, node: nodes.BoolOp, frame: Frame) -> Value:
        parts: list[Value] = []
        for operand in node.operands:
            parts.append(self.condition(operand, frame))
            known = parts[-1].body if node.op == "and" else Not(parts[-1].body)
            frame = frame.where(known)
        return elementwise(And if node.op == "and" else Or, *parts, kind="bool")

    def _conditional(self, node: nodes.Conditional, frame: Frame) -> Binding:
        test = self.condition(node.test, frame)
        if test.body in (ZERO, ONE):
            return self.evaluate(node.orelse if test.body == ZERO else node.body, frame)
        yes = self.value(node.body, frame.where(test.body))
        no = self.value(node.orelse, frame.where(Not(test.body)))
        if yes.kind == no.kind and yes.over == no.over:
            return replace(elementwise(Branch, test, yes, no, kind=yes.kind), over=yes.over)
        if "label" in (yes.kind, no.kind):
            fail("label-arithmetic", "one branch is a label and the other is not", node.span)
        return elementwise(Branch, test, yes, no)

    # ------------------------------------------------------------ arrays

    def _subscript(self, node: nodes.Subscript, frame: Frame) -> Value:
        base = self.evaluate(node.value, frame)
        if isinstance(base, LossValue):
            base = replace(base, whole=True)
        value = self.as_value(base, node.value)
        indices = [self.value(index, frame) for index in node.indices]
        return self.subscript(value, indices, node)

    def subscript(self, value: Value, indices: list[Value], node: nodes.Subscript) -> Value:
        """``value[indices]``: each index takes the place of an axis, from the left."""
        if self._looks_at_batch(value, indices):
            index, *indices = indices
            rule = {EXAMPLE: index.body}
            value = replace(
                value,
                body=substitute(value.body, rule),
                guard=substitute(value.guard, rule),
                axes=tuple(dict.fromkeys(value.axes + index.axes)),
            )
        if len(indices) > len(value.axes):
            fail(
                "too-many-indices",
                f"{len(indices)} indices for {axes_text(value.axes) or 'a single number'}",
                node.span,
            )
        for axis, index, place in zip(
            value.axes, indices, node.indices[-len(indices) :], strict=False
        ):
            self._check_index(axis, index, place)
        rule = {slot(a): i.body for a, i in zip(value.axes, indices, strict=False)}
        rest = value.axes[len(indices) :]
        new = tuple(axis for index in indices for axis in index.axes)
        return replace(
            value,
            body=substitute(value.body, rule),
            guard=substitute(value.guard, rule),
            axes=tuple(dict.fromkeys(new + rest)),
        )

    @staticmethod
    def _looks_at_batch(value: Value, indices: list[Value]) -> bool:
        """Whether the first index picks another example of a per-example value."""
        return (
            BATCH not in value.axes
            and indices[0].over == BATCH
            and EXAMPLE in free_indices(value.body)
        )

    def _check_index(self, axis: Axis, index: Value, node: nodes.Expr) -> None:
        if index.kind == "index":
            same_size = (
                index.over is not None and axis.size is not None and index.over.size == axis.size
            )
            if (
                index.over == axis
                or same_size
                or (index.over is not None and index.over.size is not None)
            ):
                return
            fail(
                "axis-mismatch",
                f"an index over {index.over} stands at the place of axis {axis}",
                node.span,
                help=f"use an index that runs over {axis}",
            )
        if index.kind != "int":
            fail(
                "not-an-index",
                "this is not an index",
                node.span,
                help=f"an index over {axis} is wanted",
            )
        if index.body.is_Integer:
            size = axis.size
            if index.body < 0 or (size is not None and size.is_Integer and index.body >= size):
                fail(
                    "index-out-of-range",
                    f"there is no place {index.body} on axis {axis}",
                    node.span,
                )

    def bind(
        self, binders: tuple[nodes.Binder, ...], frame: Frame, holder: Frame | None = None
    ) -> tuple[tuple[Index, ...], Frame]:
        """Fresh indices for the binders of a comprehension and the frame in which they are seen."""
        names: dict[str, Binding] = {}
        places: list[Place] = []
        for binder in binders:
            self._check_binder(binder, frame)
            if binder.axis is not None:
                axis = self.axis(binder.axis, binder.span, frame)
            else:
                assert binder.count is not None
                axis = self._range(binder, frame)
            index = fresh(axis, binder.name)
            names[binder.name] = Value(index, kind="index", over=axis)
            places.append((index, axis))
        return tuple(index for index, _ in places), frame.inner(names, tuple(places))

    def _range(self, binder: nodes.Binder, frame: Frame) -> Axis:
        assert binder.count is not None
        count = self.scalar(binder.count, frame)
        if count.kind not in WHOLE or free_indices(count.body) or count.body.is_negative:
            fail(
                "range-size",
                "range(n) takes a number of places that is the same for every example",
                binder.count.span,
            )
        return Axis(f"range({count.body})", count.body)

    @staticmethod
    def _check_binder(binder: nodes.Binder, frame: Frame) -> None:
        found = frame.find(binder.name)
        if found is not None:
            fail(
                "shadowed-name",
                f"the index {binder.name!r} hides another {binder.name!r}",
                binder.span,
                help="choose another name for the index",
            )

    def axis(self, name: str, span: Span, frame: Frame) -> Axis:
        """The axis of that name in a frame."""
        if name in frame.axes:
            return frame.axes[name]
        if name == BATCH.name:
            return BATCH
        known = [*frame.axes, BATCH.name]
        fail(
            "unknown-axis",
            f"no axis {name!r}",
            span,
            help=suggestion(name, known) or f"the axes here are {', '.join(known)}",
        )

    def comprehension(
        self, node: nodes.Comprehension | nodes.ArrayComprehension, frame: Frame
    ) -> tuple[tuple[Index, ...], Expr, Value]:
        """Bound indices, guard and element of a comprehension."""
        indices, inside = self.bind(node.binders, frame)
        guard = ONE
        if node.guard is not None:
            test = self.condition(node.guard, inside)
            if test.axes:
                fail("axes-left", f"a guard has {axes_text(test.axes)}", node.guard.span)
            guard = test.body
        element = self.value(node.element, inside.where(guard))
        return indices, And(guard, element.guard), element

    def _array(self, node: nodes.ArrayComprehension, frame: Frame) -> Value:
        indices, guard, element = self.comprehension(node, frame)
        value = element
        for index in indices:
            if index.axis in value.axes:
                fail("repeated-axis", f"the array would have axis {index.axis} twice", node.span)
        rule = {index: slot(index.axis) for index in indices}
        axes = tuple(dict.fromkeys(index.axis for index in indices))
        if len(axes) != len(indices):
            fail(
                "repeated-axis",
                "an array has each axis once",
                node.span,
                help="write pairs over one axis as a local function, s(i, j) = ...",
            )
        return replace(
            value,
            body=substitute(value.body, rule),
            guard=substitute(guard, rule),
            axes=axes + value.axes,
        )

    def _list(self, node: nodes.ListLiteral, frame: Frame) -> Value:
        if len(node.elements) > MAX_LIST:
            fail(
                "list-too-long",
                f"a list in a formula has at most {MAX_LIST} elements",
                node.span,
                help="make it an array hyperparameter",
            )
        axis = Axis(str(len(node.elements)), sympy.Integer(len(node.elements)))
        values = [self.scalar(element, frame) for element in node.elements]
        places = [Delta(slot(axis), sympy.Integer(n)) for n in range(len(values))]
        body = sympy.Add(*(at * v.body for at, v in zip(places, values, strict=True)))
        return Value(body, (axis,))

    # ------------------------------------------------------------ calls

    def _call(self, node: nodes.Call, frame: Frame) -> Binding:
        name = node.function.id
        if name in builtins.TABLE and frame.find(name) is None and not means_loss(node, frame):
            return builtins.TABLE[name](self, node, frame)
        target = self._name(node.function, frame)
        if isinstance(target, LossValue):
            return instantiate.call(self, target, node, frame)
        if isinstance(target, LocalFunctionValue):
            return self._local_call(target, node, frame)
        if isinstance(target, FunctionValue):
            return instantiate.call_function(self, target, node, frame)
        fail(
            "not-callable",
            f"{name!r} is not a function",
            node.function.span,
            help="arrays are read with brackets, as in v[k]" if isinstance(target, Value) else None,
        )

    def _local_call(self, function: LocalFunctionValue, node: nodes.Call, frame: Frame) -> Binding:
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
        if isinstance(result, Value):
            self.hints.setdefault(result.body, function.node.name)
        return result

    def _misplaced(self, node: nodes.Comprehension, frame: Frame) -> Binding:
        fail("misplaced-comprehension", "a comprehension is the argument of a reduction", node.span)

    _EVALUATE: ClassVar[dict[type, Callable[..., Binding]]] = {
        nodes.Number: _number,
        nodes.Name: _name,
        nodes.Unary: _unary,
        nodes.Binary: _binary,
        nodes.Compare: _compare,
        nodes.BoolOp: _bool_op,
        nodes.Conditional: _conditional,
        nodes.Call: _call,
        nodes.Subscript: _subscript,
        nodes.Comprehension: _misplaced,
        nodes.ArrayComprehension: _array,
        nodes.ListLiteral: _list,
    }


def means_loss(node: nodes.Call, frame: Frame) -> bool:
    """Whether a call in a composition means the loss of a built-in's name, as ``quantile``."""
    entry = frame.scope.find(node.function.id) if frame.open and not node.args else None
    return entry is not None and isinstance(entry.declaration, nodes.Loss)


WHOLE = ("int", "index", "bool")

ARITHMETIC: dict[str, Callable[[Expr, Expr], Expr]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}

ORDER: dict[str, Callable[[Expr, Expr], Expr]] = {
    "<": Less,
    "<=": LessEqual,
    ">": lambda a, b: Less(b, a),
    ">=": lambda a, b: LessEqual(b, a),
}

EQUALITY: dict[str, Callable[[Callable[..., Expr]], Callable[[Expr, Expr], Expr]]] = {
    "==": lambda same: same,
    "!=": lambda same: lambda a, b: Not(same(a, b)),
}


def axes_text(axes: tuple[Axis, ...]) -> str:
    """``axes (batch, class)`` for a message; empty without axes."""
    if not axes:
        return ""
    names = ", ".join(axis.name for axis in axes)
    return f"axis {names}" if len(axes) == 1 else f"axes ({names})"


__all__ = ["Elaborator", "axes_text"]
