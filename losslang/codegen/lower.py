"""From a loss to the plans that its module needs: one for labels, one for label weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from sympy import Expr

from losslang.codegen import states, variants
from losslang.codegen.plan import Plan, Storage
from losslang.codegen.planner import Planner
from losslang.codegen.ranges import Ranges
from losslang.ir.binders import free_indices
from losslang.ir.heads import ONE, At, Axis, Index, Labelled, Tensor
from losslang.ir.loss import BATCH, EXAMPLE, Input, Loss, State, Term
from losslang.ir.truth import And
from losslang.rewrite.stability import Stabiliser, stabilise
from losslang.rewrite.units import Units

MAX_HINTS = 40
"""How many of the program's names are looked up in a plan: they only serve readers."""


@dataclass(frozen=True)
class Variant:
    """A plan with the names of the arrays and hyperparameters that it reads, in order."""

    plan: Plan
    arrays: tuple[str, ...]
    hyperparameters: tuple[str, ...]
    states: bool


@dataclass(frozen=True)
class Lowered:
    """What a backend emits. ``weighted`` says for which terms a class weight multiplies the result.

    ``soft`` is ``None`` where label weights have no meaning, which is so in the terms ``unsoft``;
    ``comparing`` says that labels are used otherwise than by a loss for each label; ``formulas``
    are the plans of defaults that depend on training progress.
    """

    loss: Loss
    label: Input | None
    hard: Variant
    soft: Variant | None
    weighted: tuple[bool, ...]
    unsoft: tuple[str, ...]
    comparing: bool
    formulas: dict[str, Variant]


def lower(loss: Loss) -> Lowered:
    """Plan a loss under the call contract."""
    label = variants.label_input(loss)
    linear = tuple(
        term.body.has(Labelled) and variants.is_linear_in_labels(term.body) for term in loss.terms
    )

    def hard(term: Term) -> Expr:
        marked = label is not None and term.body.has(Labelled)
        simple = linear[loss.terms.index(term)] or not marked
        return variants.plain(term.body) if simple else variants.weighted(term.body)

    plain = [variants.plain(term.guard) for term in loss.terms]
    soft: Variant | None = None
    unsoft: tuple[str, ...] = ()
    if label is not None:
        bodies = [variants.softened(term.body, label) for term in loss.terms]
        guards = [variants.softened(term.guard, label) for term in loss.terms]
        pairs = zip(loss.terms, bodies, guards, strict=True)
        unsoft = tuple(term.name for term, *found in pairs if None in found)
        unsoft += tuple(s.name for s in loss.states if not _has_soft(s, label))
        if not unsoft:
            found = [[e for e in some if e is not None] for some in (bodies, guards)]
            soft = _variant(loss, label, *found, soft=True)
    return Lowered(
        loss,
        label,
        _variant(loss, label, [hard(term) for term in loss.terms], plain, soft=False),
        soft,
        linear,
        unsoft,
        label is not None and any(variants.compares_labels(t.body, label) for t in loss.terms),
        {h.name: _formula(loss, h.formula) for h in loss.hyperparameters if h.formula is not None},
    )


def _has_soft(state: State, label: Input) -> bool:
    return None not in [variants.softened(formula, label) for formula in state.formulas]


def storage(loss: Loss, label: Input | None, *, soft: bool) -> dict[Tensor, Storage]:
    """How everything that a loss reads lies in memory."""
    pack: tuple[Axis, ...] = (label.pack,) if label and label.pack else ()
    found: dict[Tensor, Storage] = {}
    for known in loss.inputs:
        if soft and label is not None and known.name == label.name:
            assert label.over is not None
            axes = (BATCH, label.over, *pack)
            marked = any(term.body.has(Labelled) for term in loss.terms)
            found[variants.SOFT] = Storage(label.name, axes)
            name = variants.COMPARED.name if marked else label.name
            found[variants.COMPARED] = Storage(name, axes)
            continue
        dtype = {"index": "int", "label": "int", "int": "int", "bool": "bool"}.get(
            known.kind, "float"
        )
        axes = (*((BATCH,) if known.batched else ()), *known.axes)
        found[known.tensor] = Storage(known.name, axes, dtype)  # type: ignore[arg-type]
    for hyper in loss.hyperparameters:
        if hyper.axes:
            found[hyper.tensor] = Storage(hyper.name, hyper.axes)
    for state in loss.states:
        found[state.tensor] = Storage(state.name, state.axes, states.dtype_of(state))
    for draw in loss.draws:
        found[draw.tensor] = Storage(draw.name, draw.axes)
    found[variants.KEEP] = Storage(variants.KEEP.name, (BATCH, *pack), "bool")
    found[variants.COUNTED] = Storage(variants.COUNTED.name, (BATCH,), "bool")
    found[variants.LABEL_WEIGHT] = Storage(variants.LABEL_WEIGHT.name, (BATCH, *pack))
    return found


def _variant(
    loss: Loss, label: Input | None, bodies: list[Expr], guards: list[Expr], *, soft: bool
) -> Variant:
    pack = label.pack if label else None
    in_units, stabiliser = Units(loss.inputs), Stabiliser()
    examples = any(term.result for term in loss.terms)
    domains = {h.name: h.domain for h in loss.hyperparameters if h.kind == "int"}
    in_ranges = Ranges(domains)

    def ready(expr: Expr, result: tuple[Index, ...]) -> Expr:
        return stabiliser(in_units(in_ranges(variants.masked(expr, pack, result))))

    def kept(expr: Expr) -> Expr:
        meant = variants.softened(expr, label) if soft and label is not None else None
        return ready(variants.plain(expr) if meant is None else meant, (EXAMPLE,))

    found = [states.rewritten(state, kept) for state in loss.states]
    if any(known.batched for known in loss.inputs):
        counted = At(variants.COUNTED, EXAMPLE)
        found = [replace(state, guard=And(counted, state.guard)) for state in found]
    planner = Planner(
        storage(loss, label, soft=soft), examples=examples, domains=domains, kept=found
    )

    outputs = [
        planner.output(term.name, ready(body, term.result), ready(guard, term.result), term.result)
        for term, body, guard in zip(loss.terms, bodies, guards, strict=True)
    ]
    for hint, name in islice(loss.hints.items(), MAX_HINTS):
        if not soft and isinstance(hint, Expr):
            for part in in_ranges.versions(in_units.same(variants.plain(hint))):
                planner.suggest(ready(part, tuple(free_indices(part))), name)
    return _read(loss, planner.finish(outputs))


def _formula(loss: Loss, formula: Expr) -> Variant:
    planner = Planner(storage(loss, None, soft=False))
    return _read(loss, planner.finish([planner.output("value", stabilise(formula), ONE, ())]))


def _read(loss: Loss, plan: Plan) -> Variant:
    arrays = {str(n.attrs[0]) for n in plan.nodes if n.op in ("read", "size")}
    hypers = {str(n.attrs[0]) for n in plan.nodes if n.op in ("hyper", "chosen")}
    declared = [h.name for h in loss.hyperparameters]
    marks = (variants.COMPARED, variants.KEEP, variants.COUNTED, variants.LABEL_WEIGHT)
    own = tuple(mark.name for mark in marks)
    order = [*(i.name for i in loss.inputs), *declared, *(d.name for d in loss.draws)]
    return Variant(
        plan,
        tuple(name for name in (*order, *own) if name in arrays),
        tuple(name for name in (*declared, "progress") if name in hypers),
        bool(plan.writes),
    )
