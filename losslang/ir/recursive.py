"""Local functions that call themselves: from calls to :class:`~losslang.ir.recursion.Recursion`.

Such a function counts down: it is ``step if n > 0 else base`` for one of its parameters, and calls
itself at ``n`` less a whole number, directly or through other functions. Its value is then a fold,
and how often it is computed is known before anything is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NoReturn

import sympy
from sympy import Expr

from losslang.diagnostics import Label, fail
from losslang.ir.binders import free_indices, fresh
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, ZERO, At, Axis, Index, Size
from losslang.ir.inside import implied
from losslang.ir.loss import Hyperparameter
from losslang.ir.recursion import Prior, recursion, steps
from losslang.ir.truth import And, LessEqual, Not
from losslang.ir.values import WHOLE, Binding, LocalFunctionValue, Value, slot
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator

MAX_COUNT = 10_000
"""How often a function may call itself."""

MAX_LAG = 8
"""How many steps back it may look."""

MAX_FIRST = 16
MAX_TRIES = 6


@dataclass
class Active:
    """A recursion whose body is being evaluated.

    ``axes``, ``guard`` and ``kept`` (the indices that a value depends on) are what is known of its
    values so far; ``axes`` is ``None`` in the base case.
    """

    function: LocalFunctionValue
    counter: Index
    counted: str
    places: dict[str, Index]
    given: dict[str, Binding]
    axes: tuple[Axis, ...] | None = None
    guard: Expr = ONE
    kept: tuple[Index, ...] = ()


@dataclass(frozen=True)
class Case:
    """The two cases of a function: ``step`` where the parameter ``name`` is at least ``first``."""

    name: str
    first: int
    step: nodes.Expr
    base: nodes.Expr


def calls_itself(function: LocalFunctionValue) -> bool:
    """Whether a function leads to itself through calls of local functions."""
    return function.node.name in _reached(function)


def call(
    elab: Elaborator,
    function: LocalFunctionValue,
    node: nodes.Call,
    given: dict[str, Binding],
    frame: Frame,
) -> Value | None:
    """The value of a call; ``None`` where the function is to be written out as any other.

    A function through which one comes back to a recursion that is being evaluated is part of it.
    """
    for active in reversed(elab.recursions):
        if active.function == function:
            return _prior(elab, active, node, given, frame)
    reached = _reached(function)
    if any(active.function.node.name in reached for active in elab.recursions):
        return None
    case = _case(elab, function)
    if case is None:
        if any(_counts(elab, function, name) for name in reached):
            return None
        fail(
            "recursion-base",
            f"{function.node.name!r} calls itself, but does not say where that ends",
            function.node.span,
            help=_form(function),
        )
    return _fold(elab, function, case, node, given, frame)


# ---------------------------------------------------------------- who calls whom


def _reached(function: LocalFunctionValue) -> set[str]:
    """The local functions that the body of a function leads to."""
    found: set[str] = set()
    todo = [function]
    while todo:
        current = todo.pop()
        for name in _called(current.node.value):
            other = current.frame.find(name)
            if name not in found and other and isinstance(other[0], LocalFunctionValue):
                found.add(name)
                todo.append(other[0])
    return found


def _called(node: object) -> Iterator[str]:
    """The names of the functions that are called in an expression."""
    if isinstance(node, nodes.Call):
        yield node.function.id
    if isinstance(node, nodes.Node):
        for part in fields(node):
            yield from _called(getattr(node, part.name))
    elif isinstance(node, tuple):
        for item in node:
            yield from _called(item)


def _counts(elab: Elaborator, function: LocalFunctionValue, name: str) -> bool:
    """Whether another function of the same circle says where it ends."""
    found = function.frame.find(name)
    if found is None or not isinstance(found[0], LocalFunctionValue):
        return False
    back = function.node.name in _reached(found[0])
    return name != function.node.name and back and _case(elab, found[0]) is not None


# ---------------------------------------------------------------- the fold


def _fold(
    elab: Elaborator,
    function: LocalFunctionValue,
    case: Case,
    node: nodes.Call,
    given: dict[str, Binding],
    frame: Frame,
) -> Value:
    at = given[case.name]
    if not isinstance(at, Value) or at.axes or at.kind not in WHOLE:
        fail(
            "recursion-count",
            f"{function.node.name!r} counts {case.name!r} down, so that is a whole number",
            node.span,
            also=(Label(function.node.span, "defined here"),),
        )
    highest = _highest(elab, at.body, case, function, node)
    places = {
        name: fresh(value.over, name)
        for name, value in given.items()
        if name != case.name
        and isinstance(value, Value)
        and value.kind == "index"
        and value.over is not None
        and not value.axes
    }
    active = Active(function, fresh(steps(highest), case.name), case.name, places, given)
    counter = Value(active.counter, kind="int")
    inner: dict[str, Binding] = {
        name: Value(index, kind="index", over=index.axis) for name, index in places.items()
    }
    names = {**given, **inner, case.name: counter}
    around = tuple((index, index.axis) for index in (active.counter, *places.values()))
    inside = function.frame.inner(names, around)
    elab.keep(inside)
    elab.recursions.append(active)
    elab.descend(node.span, function.node.name)
    step, base = _cases(elab, active, case, inside.where(frame.guard))
    elab.ascend()
    elab.recursions.pop()
    _alone(elab, step, function, node)
    domains = {h.symbol.name: h.domain for _, h in elab.hyperparameters if h.kind == "int"}
    if active.counter in free_indices(base) and not implied(at.body, frame.guard, domains):
        fail(
            "recursion-count",
            f"nothing says that {node.args[function.node.parameters.index(case.name)].span.text}"
            " is not negative",
            node.span,
            help=f"the base case of {function.node.name!r} depends on {case.name!r}, so give the"
            " number a domain, as in `int >= 0`",
        )
    where = {index: given[name].body for name, index in places.items()}  # type: ignore[union-attr]
    body = recursion(function.node.name, active.counter, case.first, step, base, at.body, where)
    assert active.axes is not None
    return Value(body, active.axes, guard=active.guard)


def _alone(elab: Elaborator, step: Expr, function: LocalFunctionValue, node: nodes.Call) -> None:
    """Refuse a recursion that is another one at each step of one around it."""
    around = {active.counter for active in elab.recursions}
    if around & free_indices(step):
        fail(
            "recursion-nested",
            f"at each step of one recursion {function.node.name!r} would begin another",
            node.span,
            help="let one function count, and the other be an array that it returns",
        )


def _cases(elab: Elaborator, active: Active, case: Case, inside: Frame) -> tuple[Expr, Expr]:
    """The bodies of the two cases. The step is evaluated again until it says what it needs."""
    test = LessEqual(sympy.Integer(case.first), active.counter)
    required = len(elab.requires)
    base = elab.number(case.base, inside.where(Not(test)))
    axes, guard, kept = base.axes, base.guard, _kept(active, base, base.axes)
    for _ in range(MAX_TRIES):
        del elab.requires[required:]
        active.axes, active.guard, active.kept = axes, guard, kept
        step = elab.number(case.step, inside.where(test))
        axes = tuple(dict.fromkeys((*base.axes, *step.axes)))
        guard = And(base.guard, step.guard)
        needed = {*active.kept, *_kept(active, base, axes), *_kept(active, step, axes)}
        kept = tuple(sorted(needed, key=sympy.default_sort_key))
        if (axes, guard, kept) == (active.axes, active.guard, active.kept):
            break
    else:
        fail(
            "recursion-shape",
            f"the axes of {active.function.node.name!r} change from step to step",
            case.step.span,
            help="give the base case the axes of the other, as in [0 for i in axis]",
        )
    if active.counter in free_indices(guard):
        fail(
            "recursion-shape",
            f"which entries {active.function.node.name!r} has changes from step to step",
            case.step.span,
            help="give every entry a value, by `a if condition else b`",
        )
    _forget(elab, active.counter, required)
    return step.body, base.body


def _kept(active: Active, value: Value, axes: tuple[Axis, ...]) -> tuple[Index, ...]:
    """The indices besides counter and places that a value depends on."""
    own = {active.counter, *active.places.values()}
    free = {*free_indices(value.body), *free_indices(value.guard), *map(slot, axes)} - own
    return tuple(sorted(free, key=sympy.default_sort_key))


def _forget(elab: Elaborator, counter: Index, required: int) -> None:
    """Drop notes about parts of the body: they mean nothing outside of it."""
    for notes in (elab.hints, elab.origin):
        for key in [k for k in notes if counter in free_indices(k)]:
            del notes[key]
    elab.requires[required:] = [
        r
        for r in elab.requires[required:]
        if counter not in free_indices(r.condition) | free_indices(r.guard)
    ]


def _prior(
    elab: Elaborator, active: Active, node: nodes.Call, given: dict[str, Binding], frame: Frame
) -> Value:
    """A call of a function inside its own body: an earlier value."""
    name = active.function.node.name
    if active.axes is None:
        fail(
            "recursion-base",
            f"the base case of {name!r} calls {name!r}",
            node.span,
            help="where the recursion ends the value is given by a formula",
        )
    at = given[active.counted]
    lag = active.counter - at.body if isinstance(at, Value) and not at.axes else ZERO
    if not lag.is_Integer or not 1 <= lag <= MAX_LAG:
        fail(
            "recursion-argument",
            f"{name!r} calls itself at something else than {active.counted} less a number from 1 to"
            f" {MAX_LAG}",
            node.span,
            also=(Label(active.function.node.span, "its definition"),),
            help=f"write the smaller number as `{active.counted} - 1`",
        )
    place: list[Expr] = []
    for parameter, value in given.items():
        if parameter in active.places:
            index = active.places[parameter]
            fits = isinstance(value, Value) and not value.axes and value.kind in WHOLE
            if not fits or value.over not in (index.axis, None):  # type: ignore[union-attr]
                _varies(active, parameter, node)
            place.append(value.body)  # type: ignore[union-attr]
        elif parameter != active.counted and value != active.given[parameter]:
            _varies(active, parameter, node)
    body = Prior(active.counter, lag, *place, *active.kept)
    return Value(body, active.axes, guard=active.guard)


def _varies(active: Active, parameter: str, node: nodes.Call) -> NoReturn:
    fail(
        "recursion-argument",
        f"{active.function.node.name!r} calls itself with another {parameter!r}",
        node.span,
        help="besides the number, only indices of axes vary; let the function return an array over"
        " an axis and read it at another place",
    )


# ---------------------------------------------------------------- the cases


def _case(elab: Elaborator, function: LocalFunctionValue) -> Case | None:
    """The cases as the conditional at the top of the body distinguishes them, if it does."""
    body = function.node.value
    if isinstance(body, nodes.Conditional):
        test = body.test
        if isinstance(test, nodes.Compare) and len(test.ops) == 1:
            left, right = test.operands
            op: str = test.ops[0]
            if not isinstance(left, nodes.Name) or left.id not in function.node.parameters:
                left, right, op = right, left, _MIRRORED.get(op, op)
            if isinstance(left, nodes.Name) and left.id in function.node.parameters:
                end = elab.scalar(right, function.frame).body
                if end.is_Integer:
                    return _distinguished(body, left.id, op, int(end), function)
    return None


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _distinguished(
    body: nodes.Conditional, name: str, op: str, end: int, function: LocalFunctionValue
) -> Case:
    if op in (">", ">=", "!="):
        step, base = body.body, body.orelse
    else:
        step, base = body.orelse, body.body
    first = end if op in (">=", "<") else end + 1
    if not 1 <= first <= MAX_FIRST or (op in ("==", "!=") and end != 0):
        fail(
            "recursion-base",
            f"the base case of {function.node.name!r} does not begin at {name} = 0"
            if first < 1 or op in ("==", "!=")
            else f"the base case of {function.node.name!r} reaches beyond {name} = {MAX_FIRST - 1}",
            body.test.span,
            help=_form(function),
        )
    return Case(name, first, step, base)


def _form(function: LocalFunctionValue) -> str:
    name, first = function.node.name, function.node.parameters[0]
    return f"write it as {name}({first}) = ... {name}({first} - 1) ... if {first} > 0 else ..."


# ---------------------------------------------------------------- how often


def _highest(
    elab: Elaborator, at: Expr, case: Case, function: LocalFunctionValue, node: nodes.Call
) -> Expr:
    """The greatest number at which a function is called, in sizes and hyperparameters.

    A recursion of which nothing says how deep it goes is refused.
    """
    if any(isinstance(part, At) for part in sympy.preorder_traversal(at)) or not _linear(at):
        fail(
            "recursion-count",
            f"how often {function.node.name!r} calls itself would depend on an input's values",
            node.span,
            help="call it at the size of an axis, and let it keep its value from some number on:"
            f" {function.node.name}({case.name} - 1) if {case.name} > length else ...",
        )
    known = {hyper.symbol: hyper for _, hyper in elab.hyperparameters}
    ends = {i: Size(i.axis) - 1 if at.coeff(i) == 1 else ZERO for i in free_indices(at)}
    highest: Expr = at.xreplace(ends)
    most: dict[Expr, Expr] = dict.fromkeys(highest.atoms(Size), ONE)
    for symbol in highest.free_symbols:
        found = known.get(symbol)
        if found is None or found.domain.high is None:
            _unbounded(function, node, found)
        most[symbol] = sympy.Integer(int(found.domain.high))
    if not highest.xreplace(most) <= MAX_COUNT:
        fail(
            "recursion-count",
            f"{function.node.name!r} would call itself more than {MAX_COUNT} times",
            node.span,
            help="say less in the hyperparameter's domain"
            if at.free_symbols
            else "call it at the size of an axis, or at a smaller number",
        )
    return highest


def _linear(at: Expr) -> bool:
    """Whether every index in a number is only added to the rest, or subtracted."""
    rest = at - sympy.Add(*(at.coeff(index) * index for index in free_indices(at)))
    return not free_indices(rest) and all(at.coeff(i) in (1, -1) for i in free_indices(at))


def _unbounded(
    function: LocalFunctionValue, node: nodes.Call, hyper: Hyperparameter | None
) -> NoReturn:
    name = hyper.name.split(".")[1] if hyper else "n"
    fail(
        "recursion-count",
        f"nothing says how often {function.node.name!r} calls itself at most",
        node.span,
        also=(Label(hyper.span, "declared here"),) if hyper and hyper.span else (),
        help=f"declare it with a domain, as in `{name}: int in [1, 1000] = 50`",
    )
