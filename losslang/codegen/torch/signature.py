"""The public interface of a loss: its keywords, their types, defaults and domains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from losslang.codegen import variants
from losslang.codegen.lower import Lowered
from losslang.codegen.torch.names import Names
from losslang.ir.heads import Labelled
from losslang.ir.loss import Constant, Hyperparameter, Input, Loss, State


@dataclass(frozen=True)
class Needs:
    """Which parts of the contract a loss has."""

    label: bool
    class_weight: bool
    per_example: bool
    mask: bool
    generator: bool
    progress: bool
    states: bool


def needs(low: Lowered) -> Needs:
    """What applies to a loss."""
    loss = low.loss
    return Needs(
        label=low.label is not None,
        class_weight=low.label is not None and any(t.body.has(Labelled) for t in loss.terms),
        per_example=any(term.result for term in loss.terms),
        mask=any(known.batched for known in loss.inputs),
        generator=bool(loss.draws),
        progress=loss.uses_progress,
        states=bool(loss.states),
    )


def parameters(low: Lowered, names: Names) -> Iterator[str]:
    """The keyword parameters of the public function, with types and defaults."""
    has = needs(low)
    for hyper in low.loss.hyperparameters:
        yield f"{names[hyper.name]}: {annotation(hyper)}{default(hyper)}"
    options = low.loss.options
    if has.progress:
        yield f"progress: float | Tensor = {literal(options.get('progress', Fraction(0)))}"
    yield f'reduction: str = "{options.get("reduction", "mean")}"'
    share = options.get("denominator")
    yield f"denominator: float | Tensor | None = {'None' if share is None else literal(share)}"
    if has.per_example:
        yield "weight: Tensor | None = None"
    if has.mask:
        yield "mask: Tensor | None = None"
    if has.label:
        yield f"ignore_index: int = {literal(options.get('ignore_index', Fraction(-100)))}"
        if has.class_weight:
            yield f"class_weight: Tensor | None = {_tensor(options.get('class_weight'))}"
        smoothing = literal(options.get("label_smoothing", Fraction(0)), real=True)
        yield f"label_smoothing: float = {smoothing}"
        yield f"class_dim: int = {literal(options.get('class_dim', Fraction(class_place(low))))}"
    if has.generator:
        yield "generator: torch.Generator | None = None"
    if has.states:
        yield "state: dict[str, Tensor] | None = None"
        yield "training: bool = True"


def scores_of(low: Lowered) -> Input:
    """The input that has the scores of the classes which labels point into."""
    label = low.label
    assert label is not None
    return next(known for known in low.loss.inputs if variants.is_scores(known, label))


def class_place(low: Lowered) -> int:
    """Where the scores of a loss with labels have their class axis, as written."""
    scores = scores_of(low)
    assert low.label is not None
    assert low.label.over is not None
    place = scores.axes.index(low.label.over)
    return place + 1 if scores.pack else place - len(scores.axes)


def annotation(hyper: Hyperparameter) -> str:
    """Type of a hyperparameter in a signature."""
    if hyper.kind == "choice":
        return "str"
    if hyper.axes:
        return "Tensor | list[float] | tuple[float, ...]"
    plain = {"int": "int", "bool": "bool"}.get(hyper.kind, "float | Tensor")
    return f"{plain} | None" if hyper.formula is not None else plain


def default(hyper: Hyperparameter) -> str:
    """`` = value``, or nothing for a hyperparameter that has to be given."""
    if hyper.formula is not None:
        return " = None"
    if hyper.default is None:
        return ""
    if hyper.kind == "bool":
        return f" = {hyper.default != 0}"
    return f" = {literal(hyper.default, real=hyper.kind == 'real')}"


def literal(value: Constant, *, real: bool = False) -> str:
    """A constant as Python text."""
    if isinstance(value, tuple):
        inner = ", ".join(literal(v, real=real) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, Fraction):
        return repr(float(value)) if real or value.denominator != 1 else str(value.numerator)
    if isinstance(value, str):
        return quoted(value)
    return repr(value)


def _tensor(value: Constant | None) -> str:
    return "None" if value is None else f"torch.tensor({literal(value, real=True)})"


def expression(formula: Any, names: Names) -> str:
    """A number that hyperparameters may enter, as Python text."""
    symbols = formula.free_symbols
    return str(formula.xreplace({s: s.func(names[s.name]) for s in symbols}))


def unsized(loss: Loss) -> tuple[str, ...]:
    """The axes of states of which neither the inputs nor the program tell the size."""
    known = {axis for each in loss.inputs for axis in each.axes}
    known |= {axis for hyper in loss.hyperparameters for axis in hyper.axes}
    return tuple(axis for axis in loss.state_axes if axis not in {a.name for a in known})


def full(state: State, sizes: Sequence[str], more: str = "") -> str:
    """An array of a state before the first call."""
    shape = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
    if state.kind in ("real", "positive", "nonnegative"):
        return f"torch.full({shape}, {float(state.start)!r}{more})"
    dtype = "bool" if state.kind == "bool" else "long"
    return f"torch.zeros({shape}, dtype=torch.{dtype}{more})"


def quoted(text: str) -> str:
    """A string literal that shows ``text`` and nothing else."""
    escaped = text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return f'"{escaped}"'


def domain_check(hyper: Hyperparameter, name: str) -> Iterator[str]:
    """Statements that refuse a number outside its domain."""
    domain = hyper.domain
    if str(domain) and not hyper.axes:
        tests = []
        if domain.low is not None:
            tests.append(f"{name} {'>=' if domain.low_closed else '>'} {literal(domain.low)}")
        if domain.high is not None:
            tests.append(f"{name} {'<=' if domain.high_closed else '<'} {literal(domain.high)}")
        yield f"if isinstance({name}, int | float) and not ({' and '.join(tests)}):"
        yield f'    raise ValueError(f"{name} must be {domain}, not {{{name}}}")'
