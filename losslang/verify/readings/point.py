"""Inputs that a question names: ``value(logits=[0, 0], target=1)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NoReturn, TypeAlias

import numpy
from sympy import Basic, Expr, Integer, Rational

from losslang.diagnostics import fail
from losslang.ir.elaborate import Elaborator
from losslang.ir.evaluate import array
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, At, Detach
from losslang.ir.loss import BATCH, Input, Loss
from losslang.ir.scope import suggestion
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.parse import parse_expression
from losslang.verify import instances
from losslang.verify.instances import Entry, Inputs
from losslang.verify.readings.algebra import rewritten
from losslang.verify.readings.fix import fixed, mapped
from losslang.verify.readings.memory import TRAINING

Nested: TypeAlias = "Expr | list[Nested]"


@dataclass(frozen=True)
class Point:
    """A loss, with the settings that a question names, and the inputs that it names."""

    loss: Loss
    inputs: Inputs


def point(loss: Loss, text: str) -> Point | None:
    """What the arguments in ``text`` say, as in a worked example: inputs, and settings of arrays.

    Inputs without an axis for the batch are one example. An array that no input has the axis of is
    as long as its default. States are what they are before the first call in training. ``None`` for
    a loss without a program, in which names have no meaning. Raises
    :class:`~losslang.diagnostics.DiagnosticError` for a mistake.
    """
    if loss.written is None or loss.written.scope is None:
        return None
    call = parse_expression(Source(f"value({text})", "<point>"))
    assert isinstance(call, nodes.Call)
    frame = Frame(loss.written.scope)
    given = {name: _numbers(node, frame) for name, node in _arguments(loss, call).items()}
    passed = {known.name for known in loss.inputs}
    settings = {n: _setting(v, call) for n, v in given.items() if n not in passed}
    try:
        loss = fixed(loss, _by_entries(loss, settings, call))
    except ValueError as error:
        _refuse(str(error), call)
    return Point(_at_the_start(loss), _placed(loss, given, call))


def _refuse(problem: str, node: nodes.Node, help: str | None = None) -> NoReturn:
    fail("property-argument", problem, node.span, help=help)


def _arguments(loss: Loss, call: nodes.Call) -> dict[str, nodes.Expr]:
    names = [known.name for known in loss.inputs]
    if len(call.args) > len(names):
        _refuse(f"the loss has {len(names)} inputs", call)
    given: dict[str, nodes.Expr] = dict(zip(names, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.name in given:
            _refuse(f"{keyword.name!r} is given twice", keyword)
        given[keyword.name] = keyword.value
    arrays = [*(h.name for h in loss.hyperparameters if h.axes), *_taken_apart(loss)]
    known = [*names, *arrays]
    for name, node in given.items():
        if name in {h.name for h in loss.hyperparameters} - {*known}:
            _refuse(
                f"{name!r} is a setting",
                node,
                f"write it as a condition, `when {name} == {node.span.text}`",
            )
        if name not in known:
            near = suggestion(name, known) or f"its parameters are {', '.join(known)}"
            _refuse(f"the loss has no parameter {name!r}", node, near)
    missing = [name for name in names if name not in given]
    if missing:
        _refuse(f"{', '.join(map(repr, missing))} must be given", call)
    return given


def _taken_apart(loss: Loss) -> list[str]:
    """The names of arrays whose entries are hyperparameters of their own, ``eps[0]``."""
    names = (h.name.partition("[") for h in loss.hyperparameters)
    return list(dict.fromkeys(name for name, bracket, _ in names if bracket))


def _by_entries(loss: Loss, settings: Mapping[str, Any], call: nodes.Call) -> dict[str, Any]:
    """The settings, of such an array entry by entry."""
    found = dict(settings)
    for name in _taken_apart(loss):
        if name in found:
            entries = numpy.ndenumerate(numpy.array(found.pop(name), dtype=object))
            named = {f"{name}[{', '.join(map(str, at))}]": entry for at, entry in entries}
            wanted = {h.name for h in loss.hyperparameters if h.name.startswith(f"{name}[")}
            if {*named} != wanted:
                _refuse(f"{name!r} has as many places as its default, {len(wanted)}", call)
            found |= named
    return found


def _numbers(node: nodes.Expr, frame: Frame) -> Nested:
    """Nested lists of exact numbers."""
    if isinstance(node, nodes.ListLiteral):
        return [_numbers(element, frame) for element in node.elements]
    value: Expr = Elaborator().scalar(node, frame).body
    if value.free_symbols or not value.is_real:
        _refuse("a point is made of numbers", node, "such as 0.5, log(2) or [1, 0]")
    return value


def _setting(value: Nested, call: nodes.Call) -> Any:
    """A number or nested lists of numbers, as hyperparameters have them."""
    if isinstance(value, list):
        return [_setting(each, call) for each in value]
    if not value.is_Rational:
        _refuse("a hyperparameter is set to a fraction", call)
    return Fraction(int(Rational(value).p), int(Rational(value).q))


# ---------------------------------------------------------------- inputs


def _placed(loss: Loss, given: Mapping[str, Nested], call: nodes.Call) -> Inputs:
    """Sizes and entries."""
    one = _is_one_example(loss, given)
    sizes: dict[str, int] = {BATCH.name: 1} if one else {}
    entries: dict[Entry, Expr] = {}
    for known in loss.inputs:
        found = _array(known, [given[known.name]] if one and known.batched else given[known.name])
        if found is None:
            wanted = (
                f"full array over {', '.join(map(str, known.axes))}" if known.axes else "number"
            )
            _refuse(f"{known.name!r} is no {wanted}", call)
        if found.size > instances.MAX_ENTRIES:
            _refuse(f"{known.name!r} has more than {instances.MAX_ENTRIES} entries", call)
        entries |= {(known.name, at): number for at, number in numpy.ndenumerate(found)}
        for axis, size in zip(known.dims, found.shape, strict=True):
            if axis.size not in (None, size) or sizes.setdefault(axis.name, size) != size:
                _refuse(f"{known.name!r} has {size} places on axis {axis}", call)
        if known.over is not None and known.over.size is None:
            sizes.setdefault(known.over.name, 1 + max(map(int, found.ravel())))
    for state in loss.states:
        if state.length is not None:
            length = loss.values.get(str(state.length), state.length)
            sizes |= {state.axes[0].name: int(length)} if isinstance(length, Integer) else {}
    for axis in instances.axes_of(loss):
        if axis.base.name in sizes:
            sizes.setdefault(axis.name, sizes[axis.base.name])
    inputs = Inputs(sizes, entries)
    for known in loss.inputs:
        if not instances.admits(replace(loss, inputs=(known,)), inputs):
            _refuse(f"{known.name!r} is outside of its domain", call)
    return inputs


def _is_one_example(loss: Loss, given: Mapping[str, Nested]) -> bool:
    """Whether what is given has no axis for the batch."""
    for known in loss.inputs:
        if known.batched and known.pack is None:
            return numpy.ndim(numpy.array(given[known.name], dtype=object)) == len(known.axes)
    return any(term.result for term in loss.terms)


def _array(known: Input, value: Nested) -> Any:
    """An array of numbers over the input's axes; ``None`` if it is none."""
    pack = None if known.pack is None else known.dims.index(known.pack)
    try:
        found = array(value, len(known.dims), pack, numbers=False)
    except ValueError:
        return None
    full = found.size and not any(isinstance(entry, list) for entry in found.ravel())
    return found if full else None


def _at_the_start(loss: Loss) -> Loss:
    """The values of the loss in training, before its states have changed."""
    starts = {s.tensor: Rational(s.start.numerator, s.start.denominator) for s in loss.states}

    def rule(e: Basic) -> Basic:
        if isinstance(e, Detach):
            return e.args[0]
        if e == TRAINING:
            return ONE
        return starts.get(e.tensor, e) if isinstance(e, At) else e

    return replace(mapped(loss, lambda formula: rewritten(formula, rule)), states=())
