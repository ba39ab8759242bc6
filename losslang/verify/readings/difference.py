"""A loss less another one that a question names: ``equals(ce)`` asks whether nothing is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import sympy
from sympy import Basic, Expr

from losslang.diagnostics import DiagnosticError
from losslang.ir import compose
from losslang.ir.binders import occurs, substitution
from losslang.ir.config import title
from losslang.ir.heads import ONE, At, Axis, Detach
from losslang.ir.loss import Domain, Hyperparameter, Input, Kind, Loss, Term
from losslang.ir.reduce import Reduce
from losslang.ir.scope import Scope
from losslang.ir.values import Value, slot
from losslang.source import Source
from losslang.syntax.parse import parse_expression
from losslang.verify.readings.algebra import rewritten, spelled
from losslang.verify.readings.domains import bounds_of
from losslang.verify.readings.fix import fixed, mapped, resized, settled, with_values
from losslang.verify.statement import Region, Sign


@dataclass(frozen=True)
class Difference:
    """``loss`` is 0 wherever the two agree; ``allowed`` are the other's domains.

    Its inputs are those of the first loss, and the hyperparameters of either that are arrays.
    """

    loss: Loss
    allowed: tuple[Sign, ...]


def difference(loss: Loss, text: str, region: Region) -> Difference | None:
    """A loss less the one that an expression over losses means; ``None`` if they do not compare.

    Inputs, axes and hyperparameters of the loss mean the same in the expression. Inputs of the
    other loss are matched by their names, and those without a namesake in their order. So are its
    hyperparameters, unless the expression sets them; those without a namesake have defaults. Raises
    :class:`~losslang.diagnostics.DiagnosticError` for a mistake in the expression.
    """
    if loss.written is None or loss.written.scope is None:
        return None
    fixed_ones = (Hyperparameter(k, "real") for k, v in loss.values.items() if isinstance(v, Expr))
    known = tuple(h for h in loss.hyperparameters if h.kind != "choice")
    lent = {h.name: replace(h, name=f"{h.name}'") for h in (*known, *fixed_ones)}
    try:
        other = _elaborated(text, loss.written.scope, loss.inputs, tuple(lent.items()))
    except DiagnosticError as error:
        if error.diagnostics[0].code == "input-clash":
            return None
        raise
    try:
        return _compared(loss, other, lent, region)
    except (_Strangers, ValueError):
        return None


class _Strangers(Exception):
    """Two losses of different inputs or settings."""


@lru_cache(maxsize=256)
def _elaborated(
    text: str,
    scope: Scope,
    inputs: tuple[Input, ...],
    lent: tuple[tuple[str, Hyperparameter], ...],
) -> Loss:
    """The loss of an expression, which may use some inputs and hyperparameters as names."""
    node = parse_expression(Source(text, "<loss>"))
    extras = compose.Extras(inputs=inputs, values={name: _value(hyper) for name, hyper in lent})
    return compose.elaborate(node, scope, title(node), extras)


def _value(hyper: Hyperparameter) -> Value:
    if not hyper.axes:
        return Value(hyper.symbol, kind=_kind(hyper))
    return Value(At(hyper.tensor, *map(slot, hyper.axes)), hyper.axes, _kind(hyper))


def _kind(hyper: Hyperparameter) -> Kind:
    return "real" if hyper.kind == "choice" else hyper.kind


def _returned(loss: Loss, other: Loss, lent: Mapping[str, Hyperparameter]) -> Loss:
    """The other loss with what it was lent as what it is."""
    known = {hyper.name: hyper for hyper in loss.hyperparameters}
    values: dict[Basic, Basic] = {}
    for name, hyper in lent.items():
        if hyper.axes:
            values[hyper.tensor] = known[name].tensor
        elif name in known:
            values[hyper.symbol] = known[name].symbol
        else:
            values[hyper.symbol] = sympy.sympify(loss.values[name])
    return mapped(other, substitution(values))


def _reads(loss: Loss, known: Input) -> bool:
    return any(occurs(known.tensor, term.body, term.guard) for term in loss.terms)


def _compared(
    loss: Loss, other: Loss, lent: Mapping[str, Hyperparameter], region: Region
) -> Difference:
    if other.draws or not {*other.states} <= {*loss.states}:
        raise _Strangers
    read = [i for i in other.inputs if i not in loss.inputs or _reads(other, i)]
    other = _with_inputs_of(loss, replace(other, inputs=tuple(read)))
    other, allowed = _with_settings_of(loss, other, region)
    # What was lent may have the name of a setting of the other's own, so it comes back last.
    other = _returned(loss, other, lent)
    (result, guard, body), theirs = _whole(loss), _whole(other)
    if theirs[:2] == (result, guard):
        left = body - theirs[2]
    else:
        left = _mean(result, guard, body) - _mean(*theirs)
        result, guard = (), ONE
    term = Term("difference", result, rewritten(spelled(left), _passed), guard)
    made = replace(loss, name="difference", terms=(term,), requires=(), written=None, hints={})
    return Difference(opened(made), allowed)


def _passed(e: Basic) -> Basic:
    """A number in place of the mark that no gradient flows through it."""
    return e.args[0] if isinstance(e, Detach) and e.args[0].is_Rational else e


def opened(loss: Loss) -> Loss:
    """The loss with its array hyperparameters among the inputs: it is 0 for all of their values."""
    arrays = [hyper for hyper in loss.hyperparameters if hyper.axes]
    inputs = (Input(h.name, _kind(h), h.axes, False, domain=h.domain) for h in arrays)
    kept = tuple(hyper for hyper in loss.hyperparameters if not hyper.axes)
    return replace(loss, inputs=(*loss.inputs, *inputs), hyperparameters=kept)


# ---------------------------------------------------------------- inputs


def _with_inputs_of(loss: Loss, other: Loss) -> Loss:
    axes: dict[Basic, Basic] = {}
    pairs = list(_matched(loss.inputs, other.inputs))
    for mine, theirs in pairs:
        for known, axis in zip(_axes(theirs), _axes(mine), strict=True):
            if axes.setdefault(known, axis) != axis or known.size != axis.size:
                raise _Strangers
    renamed = {axis: new for axis, new in axes.items() if axis != new}
    if len(set(axes.values())) < len(axes):
        raise _Strangers
    other = resized(other, renamed) if renamed else other
    return mapped(other, substitution({theirs.tensor: mine.tensor for mine, theirs in pairs}))


def _matched(mine: tuple[Input, ...], theirs: tuple[Input, ...]) -> Iterator[tuple[Input, Input]]:
    """Each of their inputs with one of mine."""
    named = {known.name: known for known in mine}
    taken = {known.name for known in theirs} & {*named}
    for known in theirs:
        found = named[known.name] if known.name in taken else None
        if found is None:
            free = (i for i in mine if i.name not in taken and _alike(i, known))
            found = next(free, None)
        if found is None or not _alike(found, known):
            raise _Strangers
        taken.add(found.name)
        yield found, known


def _alike(mine: Input, theirs: Input) -> bool:
    """Whether all that one input may be, the other may be."""
    return _shape(mine) == _shape(theirs) and _within(mine.domain, theirs.domain)


def _shape(known: Input) -> tuple[object, ...]:
    pack = None if known.pack is None else known.axes.index(known.pack)
    return known.kind, known.batched, len(known.axes), known.over is None, pack


def _axes(known: Input) -> tuple[Axis, ...]:
    return (*known.axes, *((known.over,) if known.over is not None else ()))


def _within(inner: Domain, outer: Domain) -> bool:
    mine, theirs = bounds_of(inner), bounds_of(outer)
    low = mine.low > theirs.low or (
        mine.low == theirs.low and (theirs.low_closed or not mine.low_closed)
    )
    high = mine.high < theirs.high or (
        mine.high == theirs.high and (theirs.high_closed or not mine.high_closed)
    )
    return bool(low) and bool(high)


# ---------------------------------------------------------------- hyperparameters


def _with_settings_of(loss: Loss, other: Loss, region: Region) -> tuple[Loss, tuple[Sign, ...]]:
    """The other loss with this one's settings, and that they are settings of it."""
    mine = {hyper.name: hyper for hyper in loss.hyperparameters}
    shared = [
        h
        for h in other.hyperparameters
        if not h.given and (h.name in mine or h.name in loss.values)
    ]
    rest = [h for h in other.hyperparameters if h not in shared]
    if any(h.default is None for h in rest):
        raise _Strangers
    other = fixed(other, {h.name: h.default for h in rest})
    values: dict[sympy.Symbol, Expr] = {}
    tensors: dict[Basic, Basic] = {}
    allowed: list[Sign] = []
    for hyper in shared:
        own = mine.get(hyper.name)
        if own is None and isinstance(loss.values[hyper.name], Expr) and not hyper.axes:
            values[hyper.symbol] = loss.values[hyper.name]
        elif own is None:
            other = fixed(other, {hyper.name: loss.values[hyper.name]})
        elif hyper.axes:
            if len(own.axes) != len(hyper.axes) or not _within(own.domain, hyper.domain):
                raise _Strangers
            tensors[hyper.tensor] = own.tensor
        elif hyper.kind == "choice" or own.axes or own.kind != hyper.kind != "real":
            raise _Strangers
        else:
            values[hyper.symbol] = own.symbol
        if hyper.symbol in values:
            allowed += _inside(values[hyper.symbol], hyper, own, region)
    other = with_values(mapped(other, substitution(tensors)), values)
    return settled(other), tuple(allowed)


def _inside(
    value: Expr, hyper: Hyperparameter, own: Hyperparameter | None, region: Region
) -> Iterator[Sign]:
    if own is not None and _within(own.domain, hyper.domain):
        return
    for gap, relation in bounds_of(hyper.domain).gaps(value):
        yield Sign(gap, relation, region)


# ---------------------------------------------------------------- values


def _whole(loss: Loss) -> tuple[tuple[Basic, ...], Expr, Expr]:
    """The places, the guard and the formula of all terms together; some may be one number."""
    places = {(term.result, term.guard) for term in loss.terms if term.result} or {((), ONE)}
    if len(places) != 1 or any(t.guard != ONE for t in loss.terms if not t.result):
        raise _Strangers
    ((result, guard),) = places
    return result, guard, sympy.Add(*(term.body for term in loss.terms))


def _mean(result: tuple[Basic, ...], guard: Expr, body: Expr) -> Expr:
    return Reduce("mean", result, guard, body) if result else body
