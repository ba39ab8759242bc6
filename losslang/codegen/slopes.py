"""The plan of a loss together with its gradients, for backends that compute both by formula.

The gradients are taken of the formula in the form that :mod:`losslang.rewrite.odds` gives it, and
are stabilised like any other formula; one planner plans all of them, so that what value and
gradients have in common is one node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sympy import Basic, Expr

from losslang.codegen import variants
from losslang.codegen.lower import Lowered, storage
from losslang.codegen.plan import Plan, Storage
from losslang.codegen.planner import Planner
from losslang.ir import adjoint
from losslang.ir.binders import fresh, occurs, substitute
from losslang.ir.heads import ONE, At, Index, Tensor
from losslang.ir.loss import BATCH, EXAMPLE, Loss, Term
from losslang.rewrite.branches import safe_branches
from losslang.rewrite.stability import Stabiliser
from losslang.rewrite.units import Units

SLOPE = Tensor("@slope", "real")
"""What the rest of the computation multiplies each example's gradient with."""


class NoSlopesError(Exception):
    """A loss has no plan of values and slopes of examples; its message says why."""


def with_slopes(low: Lowered) -> Plan:
    """Outputs of a loss with a value per example: the value, and ``d x`` for every input and
    hyperparameter that is a real number, each multiplied by the example's slope.

    The gradient by a single hyperparameter is one number per example; its sum is the gradient.
    Raises :class:`NoSlopesError` for a loss of another form.
    """
    loss = low.loss
    if len(loss.terms) != 1 or loss.terms[0].result != (EXAMPLE,) or loss.states:
        raise NoSlopesError("the loss has no value for each example")
    in_units = Units(loss.inputs)
    terms = tuple(replace(term, body=in_units(body_of(low, term.body))) for term in loss.terms)
    return planned(replace(loss, terms=terms), storage(loss, low.label, soft=False))


def body_of(low: Lowered, expr: Expr) -> Expr:
    """A formula of the loss without marks, what is masked left out of it."""
    pack = low.label.pack if low.label else None
    return variants.masked(variants.plain(expr), pack)


def planned(
    loss: Loss, arrays: Mapping[Tensor, Storage], rewrite: Callable[[Expr], Expr] = lambda e: e
) -> Plan:
    """:func:`with_slopes` of a loss of one term, as it stands, rewritten last."""
    (term,) = loss.terms
    planner = Planner({**arrays, SLOPE: Storage(SLOPE.name, (BATCH,))})
    stabiliser = Stabiliser(derived=True)
    value, guard = (rewrite(stabiliser(e)) for e in (term.body, term.guard))
    outputs = [planner.output(term.name, value, guard, term.result)]
    body = safe_branches(stabiliser.by_odds(term.body))
    found = gradients(loss, replace(term, body=body), At(SLOPE, EXAMPLE))
    own = [Tensor(f"@{hyper.name}", "real") for hyper in loss.hyperparameters]
    if any(occurs(tensor, gradient.value) for gradient in found.values() for tensor in own):
        raise NoSlopesError("an example depends on another")
    for name, gradient in found.items():
        value = rewrite(stabiliser(gradient.value))
        outputs.append(planner.output(f"d {name}", value, ONE, gradient.places))
    return planner.finish(outputs)


def gradients(loss: Loss, term: Term, upstream: Expr) -> dict[str, adjoint.Gradient]:
    """The gradients of a term by the inputs and hyperparameters that are real numbers, by name."""
    names: dict[Tensor, str] = {}
    places: dict[adjoint.Variable, tuple[Index, ...]] = {}
    for known in loss.inputs:
        if known.kind in ("real", "simplex") and known.batched:
            names[known.tensor] = known.name
            places[known.tensor] = (EXAMPLE, *(fresh(axis) for axis in known.axes))
    # A hyperparameter as if it were one number per example, so that its gradient is, too.
    spread: dict[Basic, Basic] = {}
    for hyper in loss.hyperparameters:
        if hyper.kind == "real" and not hyper.axes:
            own = Tensor(f"@{hyper.name}", "real")
            names[own], places[own] = hyper.name, (EXAMPLE,)
            spread[hyper.symbol] = At(own, EXAMPLE)
    single = {read: symbol for symbol, read in spread.items()}
    total = adjoint.Output(substitute(term.body, spread), upstream, term.result)
    try:
        found = adjoint.gradients([total], places)
    except adjoint.NoRuleError as error:
        raise NoSlopesError(str(error)) from None
    return {
        names[v]: adjoint.Gradient(found[v].places, substitute(found[v].value, single))
        for v in names
    }
