"""What a loss remembers between calls: states with updates, running averages and queues.

A state is an array that is read like an input; ``next`` reads the array that the update makes of
it, and that is a formula of its own (:class:`~losslang.ir.loss.State`). No gradient reaches either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Expr

from losslang.diagnostics import Label, fail
from losslang.ir import indexing, settings
from losslang.ir.binders import free_indices, parts, substitute
from losslang.ir.calls import parameters, take_only
from losslang.ir.effects import outside_of_steps
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, ZERO, At, Axis, Branch, Max, Min, Size, Tensor
from losslang.ir.loss import BATCH, EXAMPLE, Loss, State, assumed
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Less
from losslang.ir.values import Value, axes_text, slot
from losslang.source import Span
from losslang.syntax import nodes
from losslang.syntax.limits import children

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator

QUEUE = "queue"
"""The axis of the queues of a loss, and the function that makes them."""
FILLED = "queue_filled"
"""The state that says how many places of the queues hold something."""


# ---------------------------------------------------------------- declarations


def bind_axes(
    elab: Elaborator,
    frame: Frame,
    declaration: nodes.Loss,
    inputs: Sequence[nodes.Parameter],
    bound: Sequence[Value],
) -> None:
    """Give the axes that only states have their meaning: that of the inputs that index them."""
    for node in _states(declaration.where):
        for dim in node.type.dims:
            if dim.pack or dim.name == BATCH.name or node.type.name != "real":
                fail(
                    "state-type",
                    f"the state {node.name!r} is no array of real numbers",
                    node.type.span,
                    help="a state is real, over axes that are as long in every batch",
                )
            if dim.name is None or dim.name in frame.axes:
                continue
            over = (
                value.over
                for parameter, value in zip(inputs, bound, strict=True)
                if isinstance(parameter.type, nodes.TypeExpr) and parameter.type.name == dim.name
            )
            known = next((axis for axis in over if axis is not None), None)
            frame.axes[dim.name] = elab.new_axis(dim.name) if known is None else known
    prepare(elab, frame, (declaration.body, *declaration.where))


def prepare(elab: Elaborator, frame: Frame, formulas: Iterable[nodes.Node]) -> None:
    """Let the axis of queues be known before the first queue is looked at."""
    calls = [call for call in _calls(formulas) if call.function.id == QUEUE]
    if not calls:
        return
    if QUEUE in frame.axes:
        fail(
            "queue-length",
            f"the axis {QUEUE!r} is that of the queues here",
            calls[0].span,
            help="give the other axis of that name another one",
        )
    frame.axes[QUEUE] = elab.new_axis(QUEUE)


def _calls(formulas: Iterable[nodes.Node]) -> Iterator[nodes.Call]:
    todo = list(formulas)
    while todo:
        node = todo.pop()
        if isinstance(node, nodes.Call):
            yield node
        todo.extend(children(node))


def _states(where: Iterable[nodes.Definition]) -> Iterator[nodes.State]:
    yield from (node for node in where if isinstance(node, nodes.State))


def declare(elab: Elaborator, frame: Frame, declaration: nodes.Loss) -> None:
    """Enter the states of a loss into its frame."""
    for node in _states(declaration.where):
        axes = tuple(
            settings.fixed_axis(dim) if dim.name is None else frame.axes[dim.name]
            for dim in node.type.dims
        )
        if len(set(axes)) < len(axes):
            fail("repeated-axis", "an array has each axis once", node.type.span)
        start = Fraction(0)
        if node.start is not None:
            start = _number(elab, node.start, frame, "a state")
        domain = settings.domain(elab, node, frame)
        if start not in domain:
            fail("out-of-domain", f"the state {node.name!r} must be {domain}", node.span)
        made = State(_name(elab, node.name), axes, start, assumed(domain))
        elab.states[id(node), id(frame)] = made
        elab.keep(frame)
        frame.names[node.name] = _read(made.tensor, axes)


def _number(elab: Elaborator, node: nodes.Expr, frame: Frame, what: str) -> Fraction:
    value = elab.scalar(node, frame).body
    if not value.is_number or value.is_finite is False:
        fail("default-not-constant", f"{what} starts at a number", node.span)
    return settings.fraction(value)


def _read(tensor: Tensor, axes: tuple[Axis, ...]) -> Value:
    return Value(At(tensor, *map(slot, axes)), axes)


def _name(elab: Elaborator, wanted: str) -> str:
    """``wanted``, or with the next number that nothing else which is read has."""
    taken = elab.inputs | {draw.name for draw in elab.draws.values()}
    taken |= {state.name for state in elab.states.values()}
    name, n = wanted, 1
    while name in taken:
        n += 1
        name = f"{wanted}_{n}"
    return name


def check_sizes(loss: Loss, given: Mapping[str, Any]) -> None:
    """Refuse sizes of axes other than those that a loss keeps state over, or too few of them."""
    axes = loss.state_axes
    for axis, size in given.items():
        if axis not in axes:
            fail(
                "bad-size",
                f"{loss.name!r} keeps no state over {axis!r}, so that needs no size",
                help=f"its states are over {', '.join(axes)}" if axes else None,
            )
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            fail("bad-size", f"the size of {axis!r} is a whole number above 0, not {size!r}")
    missing = [axis for axis in axes if axis not in given]
    if missing:
        shown = ", ".join(f"{axis!r}: ..." for axis in axes)
        fail(
            "missing-size",
            f"{loss.name!r} keeps state over {' and '.join(missing)}, and nothing says how many"
            " places there are",
            help=f"give the sizes: sizes={{{shown}}}",
        )


# ---------------------------------------------------------------- updates


def update(elab: Elaborator, frame: Frame, declaration: nodes.Loss) -> None:
    """Give the states of a loss what each example writes to them."""
    found = {node.name: node for node in _states(declaration.where)}
    spans: dict[str, Span] = {}
    for node in declaration.where:
        if isinstance(node, nodes.Update):
            key = id(found[node.name]), id(frame)
            made = _updated(elab, elab.states[key], node, frame)
            elab.states[key] = made
            spans[made.name] = node.span
    _check_order(elab, spans)


def _updated(elab: Elaborator, state: State, node: nodes.Update, frame: Frame) -> State:
    if len(node.indices) > len(state.axes):
        fail(
            "too-many-indices",
            f"{len(node.indices)} indices for {axes_text(state.axes) or 'a single number'}",
            node.span,
        )
    own, rest = state.axes[: len(node.indices)], state.axes[len(node.indices) :]
    indices: list[Value] = []
    for axis, written in zip(own, node.indices, strict=True):
        index = elab.value(written, frame)
        indexing.check_index(elab, axis, index, written, frame)
        indices.append(_of_example(index, (), frame, node.span))
    value = _of_example(elab.number(node.value, frame), rest, frame, node.span)
    old = At(state.tensor, *(index.body for index in indices), *map(slot, rest))
    return replace(
        state,
        indices=tuple(index.body for index in indices),
        places=tuple(map(slot, rest)),
        **_guarded(value, old),
    )


def _guarded(value: Value, otherwise: Expr) -> dict[str, Expr]:
    """Which examples write what; a place that an array leaves out stays as it is."""
    if free_indices(value.guard) <= {EXAMPLE}:
        return {"value": value.body, "guard": value.guard}
    return {"value": Branch(value.guard, value.body, otherwise)}


def _of_example(value: Value, axes: tuple[Axis, ...], frame: Frame, span: Span) -> Value:
    """A value at the example at hand, which the loss may call otherwise, over no other axes."""
    hand = [index for index, axis in frame.root.places if axis == BATCH]
    rule = dict.fromkeys((slot(BATCH), *hand), EXAMPLE)
    body, guard = substitute(value.body, rule), substitute(value.guard, rule)
    others = tuple(axis for axis in value.axes if axis not in (*axes, BATCH))
    if others:
        fail(
            "axis-mismatch",
            f"what is kept has {axes_text(axes) or 'no axis'},"
            f" but this has {axes_text(others)} too",
            span,
        )
    loose = (free_indices(body) | free_indices(guard)) - {EXAMPLE, *map(slot, axes)}
    if loose:
        name = sorted(index.axis.name for index in loose)[0]
        fail(
            "state-index",
            f"this would be kept for each place of {name}",
            span,
            help="each example writes to one place; name the indices of what stands before `<-`",
        )
    return replace(value, body=body, guard=guard, axes=tuple(a for a in value.axes if a != BATCH))


def _check_order(elab: Elaborator, spans: dict[str, Span]) -> None:
    """No new value may depend on itself."""
    states = {state.following: state for state in elab.states.values()}

    def visit(state: State, above: tuple[str, ...]) -> None:
        for tensor in state.reads:
            read = states.get(tensor)
            if read is None:
                continue
            if read.name in (*above, state.name):
                fail(
                    "circular-definition",
                    f"the new value of {read.name!r} is defined in terms of itself",
                    spans.get(read.name) or spans[state.name],
                    help=f"read the old value, without `next`, in the update of {read.name!r}",
                )
            visit(read, (*above, state.name))

    for state in states.values():
        if state.name in spans:
            visit(state, ())


# ---------------------------------------------------------------- built-in functions


def following(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``next(u)``: a value after the batch was taken in; in evaluation nothing is."""
    take_only(node, 1)
    value = elab.value(node.args[0], frame)
    rule = {state.tensor: state.following for state in elab.states.values()}
    if parts(value.body).isdisjoint(rule):
        fail(
            "no-state",
            "this reads no state, so it has no next value",
            node.args[0].span,
            help="next(u) is what the update `u <- ...` makes of the state `u`",
        )
    return replace(value, body=substitute(value.body, rule), guard=substitute(value.guard, rule))


def ema(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """A running average: ``next`` of a state that goes part of the way to each batch's mean."""
    outside_of_steps(node, frame)
    given = parameters(node, ("x",), ("decay", "init"))
    value = elab.number(given["x"], frame)
    axes = tuple(axis for axis in value.axes if axis != BATCH)
    value = _of_example(value, axes, frame, given["x"].span)
    x = value.body
    if EXAMPLE in free_indices(x):
        x = Reduce("mean", (EXAMPLE,), value.guard, x)
    decay = elab.scalar(given["decay"], frame).body if "decay" in given else sympy.Rational(99, 100)
    if free_indices(decay):
        fail("axes-left", "the decay of a running average is one number", given["decay"].span)
    start = _number(elab, given["init"], frame, "ema") if "init" in given else Fraction(0)
    key = (id(node), id(frame.root))
    if key not in elab.states:
        made = State(
            _name(elab, f"running_{elab.defining or 'mean'}"), axes, start, _sign(x, start)
        )
        old = At(made.tensor, *map(slot, axes))
        elab.states[key] = replace(
            made, places=tuple(map(slot, axes)), value=decay * old + (1 - decay) * x
        )
    return _read(elab.states[key].following, axes)


def queue(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The last values of earlier batches, the newest first, over the axis ``queue``."""
    outside_of_steps(node, frame)
    given = parameters(node, ("x", "length"))
    value = elab.value(given["x"], frame)
    length = elab.scalar(given["length"], frame)
    if length.kind != "int" or free_indices(length.body) or length.body.is_positive is False:
        fail(
            "queue-length",
            "the length of a queue is an int above 0, the same for every example",
            given["length"].span,
        )
    if QUEUE not in frame.axes:
        fail("misplaced-state", "a helper function keeps no state", node.span)
    root, axis = frame.root, frame.axes[QUEUE]
    filled = _filled(elab, root, axis, length.body, given["length"].span)
    key = (id(node), id(root))
    rest = tuple(a for a in value.axes if a != BATCH)
    if key not in elab.states:
        entry = _of_example(value, rest, frame, given["x"].span)
        body = entry.body if entry.guard == ONE else Branch(entry.guard, entry.body, ZERO)
        kind = "real" if value.kind in ("bit", "sign", "simplex") else value.kind
        elab.states[key] = State(
            _name(elab, f"queue_{elab.defining or 'entries'}"),
            (axis, *rest),
            kind=kind,
            places=tuple(map(slot, rest)),
            value=body,
            length=length.body,
        )
    made = elab.states[key]
    kept = Less(slot(axis), At(filled.tensor))
    return replace(_read(made.tensor, made.axes), kind=value.kind, over=value.over, guard=kept)


def _filled(elab: Elaborator, root: Frame, axis: Axis, length: Expr, span: Span) -> State:
    """How many places hold something: the same for all queues of a loss, which share the axis."""
    key = (id(axis), id(root))
    if key not in elab.states:
        made = State(_name(elab, FILLED), kind="nonnegative")
        count = Min(At(made.tensor) + Size(BATCH), length)
        elab.states[key] = replace(made, value=count)
        elab.queues[axis] = (length, span)
    known, first = elab.queues[axis]
    if known != length:
        fail(
            "queue-length",
            "the queues of a loss share an axis, so they are of one length",
            span,
            also=(Label(first, "the length of the other"),),
        )
    return elab.states[key]


def _sign(x: Expr, start: Fraction) -> str:
    """The kind of a running average of ``x``: an average of numbers has the sign they share."""
    if start > 0 and x.is_extended_positive:
        return "positive"
    return "nonnegative" if start >= 0 and _nonnegative(x) else "real"


def _nonnegative(x: Expr) -> bool:
    if x.is_extended_nonnegative:
        return True
    if isinstance(x, sympy.Add | sympy.Mul):
        return all(map(_nonnegative, x.args))
    if isinstance(x, sympy.Pow):
        return x.exp == sympy.Rational(1, 2) or (x.exp % 2) == 0 or _nonnegative(x.base)
    if isinstance(x, Max):
        return any(map(_nonnegative, x.args))
    if isinstance(x, Branch):
        return all(map(_nonnegative, x.args[1:]))
    folded = isinstance(x, Reduce) and x.op in ("sum", "mean", "max", "min", "prod")
    return folded and _nonnegative(x.body)
