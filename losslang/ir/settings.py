"""Hyperparameters: types, domains and defaults, and the values a call or a config gives them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy
from sympy import Expr

from losslang.diagnostics import Label, fail
from losslang.ir import keys
from losslang.ir.frame import Frame
from losslang.ir.heads import At, Axis
from losslang.ir.loss import BATCH, PROGRESS, Constant, Domain, Hyperparameter
from losslang.ir.scope import suggestion
from losslang.ir.values import Binding, Choice, LossValue, Setting, Value, copies, slot
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


def bind(elab: Elaborator, loss: LossValue, parameter: nodes.Parameter, frame: Frame) -> Binding:
    """What a hyperparameter stands for inside an instance of a loss.

    It stays a hyperparameter of the whole where the loss was named in a composition, or where its
    default is an array or a word; in a formula it is what it was given there, or its default.
    """
    if isinstance(parameter.type, nodes.MapType):
        from losslang.ir import functions

        return functions.bind(elab, loss, parameter, frame)
    key = (loss.span, parameter.name)
    if key in elab.registered:
        binding = elab.registered[key]
        if isinstance(binding, Value):
            _take_axes(parameter, binding, frame)
        return binding
    setting = loss.settings.get(parameter.name)
    if setting is not None and parameter_has_axes(parameter):
        value = _array(elab, setting, loss.frame.open)
        if value is not None:
            _take_axes(parameter, value, frame)
            return value
    hyper = declare(elab, parameter, frame)
    found = _from_default(elab, loss, parameter, hyper, frame)
    if setting is not None:
        found = given(elab, hyper, setting, loss.frame.open)
    if not isinstance(found, Hyperparameter):
        return found
    owners = (elab.part or loss.declaration.name, loss.declaration.name)
    if loss.frame.open:
        chosen = keys.configured(elab, owners, parameter.name, setting)
        if chosen is not None:
            found = given(elab, hyper, chosen, True)
            if not isinstance(found, Hyperparameter):
                return found
    binding = register(elab, owners[0], found)
    elab.registered[key] = binding
    return binding


def parameter_has_axes(parameter: nodes.Parameter) -> bool:
    """Whether a hyperparameter is declared as an array."""
    return isinstance(parameter.type, nodes.TypeExpr) and bool(parameter.type.dims)


def _array(elab: Elaborator, setting: Setting, is_open: bool) -> Value | None:
    """The array that a formula gives; ``None`` for constants where those stay hyperparameters."""
    node = setting.node
    written = isinstance(node, nodes.ListLiteral | nodes.Number)
    if is_open and (written or (isinstance(node, nodes.Call) and node.function.id == "learn")):
        return None
    value = elab.number(node, setting.frame)
    return value if value.axes or not is_open else None


def _take_axes(parameter: nodes.Parameter, value: Value, frame: Frame) -> None:
    """Give the axes of an array hyperparameter's type the meaning they have in its value."""
    dims = parameter.type.dims if isinstance(parameter.type, nodes.TypeExpr) else ()
    if len(dims) != len(value.axes):
        fail(
            "axis-mismatch",
            f"hyperparameter {parameter.name!r} has {len(dims)} axes, but gets {len(value.axes)}",
            parameter.span,
        )
    for dim, axis in zip(dims, value.axes, strict=True):
        if dim.name is not None and frame.axes.setdefault(dim.name, axis) != axis:
            fail(
                "axis-mismatch",
                f"axis {dim.name!r} would be both {frame.axes[dim.name]} and {axis}",
                parameter.span,
            )


def _from_default(
    elab: Elaborator,
    loss: LossValue,
    parameter: nodes.Parameter,
    hyper: Hyperparameter,
    frame: Frame,
) -> Hyperparameter | Binding:
    if loss.frame.open or hyper.axes or hyper.kind == "choice":
        return hyper
    if parameter.name in loss.settings:
        return hyper
    if parameter.default is None:
        fail(
            "missing-argument",
            f"{loss.declaration.name!r} needs a value for {parameter.name!r}",
            loss.span,
            also=(Label(parameter.span, "it has no default"),),
            help=f"call it with {parameter.name}=...",
        )
    return elab.number(parameter.default, frame)


def given(
    elab: Elaborator, hyper: Hyperparameter, setting: Setting, is_open: bool
) -> Hyperparameter | Value:
    """A hyperparameter with the value it is set to, or that value where it is no constant."""
    node, learn = setting.node, hyper.learn
    if isinstance(node, nodes.Call) and node.function.id == "learn" and is_open:
        node, learn = _learned(node), True
    if hyper.kind == "choice" or (hyper.axes and isinstance(node, nodes.ListLiteral)):
        start = constant(elab, node, hyper, setting.frame)
        return replace(hyper, default=start, formula=None, learn=learn, given=True)
    if hyper.axes:
        fail(
            "axis-mismatch",
            f"hyperparameter {hyper.name!r} is an array, but gets a single number",
            node.span,
            help=f"write a list: [{node.span.text}]",
        )
    value = elab.scalar(node, setting.frame)
    if value.kind == "bool" and hyper.kind != "bool":
        fail("type-mismatch", f"hyperparameter {hyper.name!r} is no truth value", node.span)
    if value.body.is_number:
        start = _checked(hyper, _real(value.body, node), node)
        if not is_open:
            return value
        return replace(hyper, default=start, formula=None, learn=learn, given=True)
    if is_open and value.body.free_symbols == {PROGRESS}:
        if learn:
            fail("default-not-constant", "what is learned starts at a number", node.span)
        return replace(hyper, default=None, formula=value.body)
    return value


def introduce(elab: Elaborator, name: str, setting: Setting) -> Binding:
    """A hyperparameter that a config adds to its expression."""
    hyper = Hyperparameter(name, "real", span=setting.node.span)
    found = given(elab, hyper, setting, True)
    return register(elab, "loss", found) if isinstance(found, Hyperparameter) else found


def _learned(node: nodes.Call) -> nodes.Expr:
    if len(node.args) != 1 or node.keywords:
        fail("argument-count", "learn(start) takes the value to start from", node.span)
    return node.args[0]


def declare(elab: Elaborator, parameter: nodes.Parameter, frame: Frame) -> Hyperparameter:
    """The hyperparameter a signature declares, with its default."""
    if isinstance(parameter.type, nodes.ChoiceType):
        options = parameter.type.options
        blank = Hyperparameter(parameter.name, "choice", options=options, span=parameter.span)
    else:
        assert isinstance(parameter.type, nodes.TypeExpr)
        check_copies(parameter.type)
        kind = parameter.type.name
        if kind not in ("real", "int", "bool"):
            fail(
                "hyperparameter-type",
                f"hyperparameter {parameter.name!r} cannot be of type {kind!r}",
                parameter.span,
                help="a hyperparameter is real, int, bool, or a choice of words",
            )
        blank = Hyperparameter(
            parameter.name,
            kind,  # type: ignore[arg-type]
            axes=tuple(_axis(elab, dim, frame) for dim in parameter.type.dims),
            domain=domain(elab, parameter, frame),
            learn=parameter.learn,
            span=parameter.span,
        )
    if parameter.default is None:
        return blank
    if blank.kind != "choice" and not isinstance(parameter.default, nodes.ListLiteral):
        value = elab.number(parameter.default, frame)
        if value.body.free_symbols == {PROGRESS}:
            return replace(blank, formula=value.body)
    return replace(blank, default=constant(elab, parameter.default, blank, frame))


def _axis(elab: Elaborator, dim: nodes.Dim, frame: Frame) -> Axis:
    if dim.name is None:
        return fixed_axis(dim)
    if dim.name == BATCH.name:
        fail(
            "hyperparameter-type",
            "a hyperparameter has no axis batch",
            dim.span,
            help="any hyperparameter takes a tensor with one value per example when it is called",
        )
    if dim.name.removesuffix("'") not in frame.axes:
        frame.axes[dim.name] = elab.new_axis(dim.name)
    return frame.axes[dim.name.removesuffix("'")]


def check_copies(type_: nodes.TypeExpr) -> None:
    """The second copy of an axis stands in a type behind the first, and no axis stands twice."""
    seen: list[str] = []
    for dim in type_.dims:
        name = str(dim.size) if dim.name is None else dim.name
        if name in seen:
            fail(
                "repeated-axis",
                "an array has each axis once",
                type_.span,
                help=f"its second copy is {name}'" if dim.name else None,
            )
        first = name.removesuffix("'")
        if first != name and (first not in seen or first == BATCH.name):
            fail(
                "second-copy",
                f"{name} has no meaning in this type",
                dim.span,
                help="an input has one batch"
                if first == BATCH.name
                else f"a second copy stands behind the axis, as in real[{first}, {name}]",
            )
        seen.append(name)


def fixed_axis(dim: nodes.Dim) -> Axis:
    """The axis of ``real[4]``: equal for equal sizes."""
    assert dim.size is not None
    return Axis(str(dim.size), sympy.Integer(dim.size))


def domain(elab: Elaborator, parameter: nodes.Parameter | nodes.State, frame: Frame) -> Domain:
    """The interval that the declaration of a parameter or a state writes."""

    def end(node: nodes.Expr) -> Fraction | None:
        value = elab.number(node, frame).body
        if value.is_infinite:
            return None
        if not value.is_number:
            fail("domain-not-constant", "the end of a domain is a number", node.span)
        return fraction(value)

    written = parameter.domain
    if isinstance(written, nodes.Bound):
        closed = written.op.endswith("=")
        if written.op.startswith(">"):
            return Domain(low=end(written.value), low_closed=closed)
        return Domain(high=end(written.value), high_closed=closed)
    if isinstance(written, nodes.Interval):
        interval = Domain(
            end(written.low), end(written.high), written.low_closed, written.high_closed
        )
        if interval.low is not None and interval.high is not None and interval.low > interval.high:
            fail("empty-domain", "no number is in this interval", written.span)
        return interval
    return Domain()


def constant(elab: Elaborator, node: nodes.Expr, hyper: Hyperparameter, frame: Frame) -> Constant:
    """The value of a hyperparameter, checked against its type and domain."""
    if hyper.kind == "choice":
        if isinstance(node, nodes.Name) and node.id in hyper.options:
            return node.id
        written = node.span.text
        fail(
            "unknown-choice",
            f"{written!r} is not a choice of {hyper.name!r}",
            node.span,
            help=suggestion(written, hyper.options) or f"one of {', '.join(hyper.options)}",
        )
    return _nested(elab, node, hyper, frame, len(hyper.axes))


def _nested(
    elab: Elaborator, node: nodes.Expr, hyper: Hyperparameter, frame: Frame, depth: int
) -> Constant:
    if depth and isinstance(node, nodes.ListLiteral):
        return tuple(_nested(elab, e, hyper, frame, depth - 1) for e in node.elements)
    if isinstance(node, nodes.ListLiteral):
        fail("axis-mismatch", f"{hyper.name!r} has fewer axes than this list", node.span)
    value = elab.number(node, frame).body
    if not value.is_number:
        fail("default-not-constant", "this default is not a number", node.span)
    return _checked(hyper, _real(value, node), node)


def _real(value: Expr, node: nodes.Expr) -> Fraction:
    """The number a constant stands for."""
    if value.is_finite is False:
        fail("undefined-constant", "this is no real number", node.span)
    return fraction(value)


def _checked(hyper: Hyperparameter, number: Fraction, node: nodes.Expr) -> Fraction:
    if hyper.kind == "bool" and number not in (0, 1):
        fail("type-mismatch", f"hyperparameter {hyper.name!r} is a truth value", node.span)
    if hyper.kind == "int" and number.denominator != 1:
        fail("type-mismatch", f"hyperparameter {hyper.name!r} is an int", node.span)
    if number not in hyper.domain:
        labels = () if hyper.span is None else (Label(hyper.span, "declared here"),)
        fail(
            "out-of-domain",
            f"hyperparameter {hyper.name!r} must be {hyper.domain}, but is {node.span.text}",
            node.span,
            also=labels,
        )
    return number


def fraction(value: Expr) -> Fraction:
    """A number of the language as it is, or rounded to a float where it is not rational."""
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    return Fraction(float(value))


def register(elab: Elaborator, owner: str, hyper: Hyperparameter) -> Binding:
    """Add a hyperparameter to the whole, under a name no other has until names are settled."""
    unique = replace(hyper, name=f"{owner}.{hyper.name}.{len(elab.hyperparameters)}")
    elab.hyperparameters.append((owner, unique))
    if hyper.kind == "choice":
        return Choice(unique.name, hyper.name, hyper.options)
    if hyper.axes:
        axes = copies(hyper.axes)
        return Value(At(unique.tensor, *map(slot, axes)), axes, hyper.kind)
    return Value(unique.symbol, kind=hyper.kind)


def settle_names(found: list[tuple[str, Hyperparameter]], taken: set[str]) -> dict[str, str]:
    """Final names: the declared one where one loss has it, else with the loss's name before it.

    None of them is among ``taken``, to which they are added.
    """
    plain = [hyper.name.split(".")[1] for _, hyper in found]
    final: dict[str, str] = {}
    for (owner, hyper), name in zip(found, plain, strict=True):
        chosen = name if plain.count(name) == 1 else f"{owner}_{name}"
        n = 1
        while chosen in taken:
            n += 1
            chosen = f"{owner}_{name}_{n}"
        taken.add(chosen)
        final[hyper.name] = chosen
    return final
