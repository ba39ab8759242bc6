"""Inputs and lines of inputs at which a property of a whole loss is seen to fail."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Integer, S

from losslang.ir.binders import substitute
from losslang.ir.loss import Loss
from losslang.verify import instances
from losslang.verify.instances import Inputs
from losslang.verify.property import Strategy
from losslang.verify.readings.curve import Curve
from losslang.verify.search import curve as along
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems import requirements, sections
from losslang.verify.verdict import Witness


def last_piece(curve: Curve) -> int:
    """The number of the last piece of a curve."""
    p = along.pieces_of(curve, Question(""))
    return 0 if p is None else len(p) - 1


def shown(loss: Loss, inputs: Inputs) -> dict[str, Expr | tuple[Expr, ...]]:
    """The entries of each input, in the order of its places."""
    arrays = instances.arrays(loss, inputs)
    return {name: found[0] if len(found) == 1 else found for name, found in arrays.items()}


def jensen(case: Case) -> Witness | None:
    """Two inputs, and the loss halfway between them above the mean of its values."""
    curve = sections.line(case)
    if curve is None:
        return None
    loss, inputs, along_it = (
        case.reading.loss,
        instances.from_data(case.guess),
        sections.slopes(case.guess),
    )
    values: dict[str, Expr | tuple[Expr, ...]] = {}
    at = [case.guess[name] for name in ("low", "middle", "high")]
    losses = [substitute(curve.function, {curve.variable: x}) for x in at]
    for name, x in zip(("from", "to"), (at[0], at[2]), strict=True):
        moved = Inputs(
            inputs.sizes,
            {k: v + x * along_it.get(k, S.Zero) for k, v in inputs.entries.items()},
        )
        shows = shown(loss, moved)
        values |= {
            f"{input_} ({name})" if input_ == case.question.input else input_: v
            for input_, v in shows.items()
        }
    gap = 2 * losses[1] - losses[0] - losses[2]
    if gap.free_symbols:
        return None
    return Witness(
        values | {"loss": tuple(losses)},
        (Sign(gap, ">"),),
        "halfway between the two the loss is above the mean of its values",
    )


def below_zero(case: Case) -> Witness | None:
    """Inputs, and the negative value of the loss there."""
    found = sections.value(case)
    if found is None or found.free_symbols:
        return None
    inputs = instances.from_data(case.guess)
    return Witness(
        shown(case.reading.loss, inputs) | {"loss": found},
        (Sign(found, "<"),),
        "the loss is negative at these inputs",
    )


def undefined(case: Case) -> Witness | None:
    """Inputs at which an operation has no value, and which."""
    found = requirements.broken(case)
    if found is None or found[1].expr.free_symbols:
        return None
    inputs = instances.from_data(case.guess)
    text = found[0].span.text if found[0].span is not None else str(found[0].condition)
    return Witness(
        shown(case.reading.loss, inputs),
        (Sign(found[1].expr, found[1].relation),),
        f"`{text}` is not defined at these inputs",
    )


def way(case: Case) -> Witness | None:
    """Inputs, the direction in which entries move, and values of the loss that grow."""
    curve = sections.line(case)
    if curve is None or curve.function.free_symbols - {curve.variable}:
        return None
    values = [substitute(curve.function, {curve.variable: Integer(n)}) for n in (10, 100)]
    return Witness(
        _moving(case) | {"loss after 10 and 100 steps": tuple(values)},
        (Sign(values[1] - values[0], "!="),),
        "the loss grows without bound in this direction",
    )


def _moving(case: Case) -> dict[str, Expr | tuple[Expr, ...]]:
    """The inputs at which a line starts, and how fast each entry moves."""
    shows = shown(case.reading.loss, instances.from_data(case.guess))
    for (name, at), slope in sections.slopes(case.guess).items():
        shows[f"{name}{list(at)} moves by"] = slope
    return shows


def on_the_line(strategies: tuple[Strategy, ...], name: str) -> Callable[[Case], Witness | None]:
    """The witness for the loss along the line, and where the line lies."""
    (strategy,) = (s for s in strategies if s.theorem.name == name)

    def witness(case: Case) -> Witness | None:
        curve = sections.line(case)
        if curve is None:
            return None
        found = strategy.witness(sections.restricted(case, curve))
        if found is None or not found.facts:
            return None
        named = {("steps" if k == curve.input else k): v for k, v in found.values.items()}
        return Witness(_moving(case) | named, found.facts, f"along this line, {found.says}")

    return witness


def flat(case: Case) -> Witness | None:
    """Three inputs on the line, the middle one no lower below the chord than strictness asks."""
    curve = sections.line(case)
    if curve is None or curve.function.free_symbols - {curve.variable}:
        return None
    middle = case.guess["at"]
    steps = (middle - 1, middle, middle + 1)
    low, value, high = (substitute(curve.function, {curve.variable: n}) for n in steps)
    return Witness(
        _moving(case) | {"steps": steps, "loss": (low, value, high)},
        (Sign(low + high - 2 * value, "<="),),
        "the loss does not bend upwards along this line",
    )
