"""What a loss is, for a reader: signature, formula, gradient, hyperparameters, claims."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import sympy
from sympy import Expr

from losslang.diagnostics import InternalError
from losslang.ir.abbreviate import Softmaxes, tensors, unlabelled
from losslang.ir.binders import fresh
from losslang.ir.derive import derivative
from losslang.ir.heads import At, Index
from losslang.ir.latex import INPUTS, Latex
from losslang.ir.loss import BATCH, EXAMPLE, Constant, Hyperparameter, Input, Loss, Term, Written
from losslang.ir.text import Printer, looks_at_others
from losslang.ir.values import copies
from losslang.syntax import nodes
from losslang.syntax.names import names_of

MAX_GRADIENT = 500
"""Longer gradients are not printed: nobody reads them."""

Section = tuple[str, list[str]]


def show(loss: Loss, more: Iterable[Section] = ()) -> str:
    """A page about a loss; ``more`` are further sections, a title and its lines each."""
    head = [signature(loss)]
    if loss.doc:
        head += ["", *loss.doc.splitlines()]
        if "\n" in loss.doc:
            head.append("")
    head += [f"Source: {cite}" for cite in loss.cites]
    sections: list[Section] = [
        ("Formula", to_latex(loss).splitlines()),
        ("Gradient", gradients(loss)),
        ("Inputs", _table([(i.name, type_text(i), _axes_text(i)) for i in loss.inputs])),
        ("Hyperparameters", _table([_hyperparameter(h) for h in loss.hyperparameters])),
        ("Set by the config", [f"{name} = {constant(v)}" for name, v in loss.options.items()]),
        ("Claims", [claim.stated for claim in loss.claims]),
        ("Known as", [alias.stated for alias in loss.aliases]),
        *more,
    ]
    blocks = ["\n".join(head)]
    for title, lines in sections:
        if lines:
            blocks.append("\n".join([title, *(f"    {line}".rstrip() for line in lines)]))
    return "\n\n".join(blocks)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    return ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]


# ---------------------------------------------------------------- signatures


def signature(loss: Loss) -> str:
    """``name(inputs, *, hyperparameters)`` as a declaration would have it."""
    whole = any(map(_is_whole, loss.terms))
    parts = [f"{i.name}: {type_text(i, whole)}" for i in loss.inputs]
    if loss.hyperparameters:
        parts += ["*", *map(_declared, loss.hyperparameters)]
    return f"{loss.name}({', '.join(parts)})"


def _is_whole(term: Term) -> bool:
    return looks_at_others(term.body)


def type_text(known: Input, whole: bool = False) -> str:
    """An input's type as it is written."""
    axes = [f"*{a.name}" if a == known.pack else a.name for a in copies(known.axes)]
    axes = [BATCH.name, *axes] if whole and known.batched else axes
    kind = known.over.name if known.over is not None else known.kind
    shape = f"[{', '.join(axes)}]" if axes else ""
    return f"{kind}{shape} {known.domain}".rstrip()


def _axes_text(known: Input) -> str:
    batch = [] if not known.batched else [BATCH.name] if known.pack else [f"*{BATCH.name}"]
    axes = [*batch, *(f"*{a.name}" if a == known.pack else a.name for a in copies(known.axes))]
    return f"tensor [{', '.join(axes)}]"


def hyper_type(hyper: Hyperparameter) -> str:
    """A hyperparameter's type and domain as they are written."""
    if hyper.kind == "choice":
        return " | ".join(hyper.options)
    shape = f"[{', '.join(a.name for a in copies(hyper.axes))}]" if hyper.axes else ""
    return f"{hyper.kind}{shape} {hyper.domain}".rstrip()


def default(hyper: Hyperparameter) -> str | None:
    """A hyperparameter's default as it is written, if it has one."""
    if hyper.formula is not None:
        return Printer().text(hyper.formula)
    return None if hyper.default is None else constant(hyper.default)


def _declared(hyper: Hyperparameter) -> str:
    value = default(hyper)
    learn = "learn " if hyper.learn else ""
    return f"{learn}{hyper.name}: {hyper_type(hyper)}" + ("" if value is None else f" = {value}")


def _hyperparameter(hyper: Hyperparameter) -> tuple[str, ...]:
    value = default(hyper)
    says = "must be given" if value is None else f"default {value}"
    return hyper.name, hyper_type(hyper), says + (", learned" if hyper.learn else "")


def constant(value: Constant) -> str:
    """A constant as the language writes it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(constant, value))}]"
    if isinstance(value, Fraction):
        return str(value.numerator) if value.denominator == 1 else repr(float(value))
    return str(value)


# ---------------------------------------------------------------- formulas


def to_latex(loss: Loss) -> str:
    """The formula as written, in LaTeX: a line for each loss and each named part it leads to."""
    written = loss.written
    if written is None:
        raise InternalError(f"nothing says how {loss.name!r} was written")
    lines: list[str] = []
    losses = frozenset(declaration.name for declaration in written.losses)
    if not isinstance(written.expression, nodes.Name) or written.parts or not written.losses:
        parts = [part for part in _used(written) if not _is_short_name(part)]
        own = frozenset(name for part in parts for name in names_of(part))
        printer = Latex(own, losses)
        lines.append(rf"\ell = {printer.text(written.expression)}")
        lines += [printer.definition(part) for part in parts]
    for declaration in written.losses:
        lines += Latex(names_of(declaration), losses).loss(declaration)
    return "\n".join(lines)


def _is_short_name(part: nodes.Definition) -> bool:
    """Whether a part only gives an input the letter that it is printed with anyway."""
    return (
        isinstance(part, nodes.Let)
        and isinstance(part.value, nodes.Name)
        and INPUTS.get(part.value.id) == part.name
    )


def _used(written: Written) -> list[nodes.Definition]:
    """The named parts that the expression leads to."""
    found: list[nodes.Definition] = []
    todo: list[nodes.Node] = [written.expression]
    while todo:
        text = todo.pop().span.text
        for part in written.parts:
            name = "" if isinstance(part, nodes.Unpack) else part.name
            if part not in found and name in _words(text):
                found.append(part)
                todo += [] if isinstance(part, nodes.State) else [part.value]
    return [part for part in written.parts if part in found]


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


# ---------------------------------------------------------------- gradients


def gradients(loss: Loss) -> list[str]:
    """The derivative of an example's value in each real input, and what the names mean."""
    taken = {i.name for i in loss.inputs} | {h.name for h in loss.hyperparameters}
    short = {n: s for n, s in INPUTS.items() if n in taken and s not in taken}
    softmaxes = Softmaxes(frozenset(taken | {*short.values()}), hints=loss.hints)
    others = any(looks_at_others(term.body) for term in loss.terms)
    per_example = any(EXAMPLE in term.result for term in loss.terms)
    value = "d l_i" if others and per_example else "d l"
    lines: list[str] = []
    for known in loss.inputs:
        if known.kind not in ("real", "simplex", "bit"):
            continue
        printer = Printer(short, hide=not others)
        # A loss that looks at other examples has slopes in their entries as well.
        batch = [fresh(BATCH) if others else EXAMPLE] if known.batched else []
        place = At(known.tensor, *batch, *map(fresh, known.axes))
        head = f"{value} / d {printer.text(place)}"
        lines.append(f"{head} = {_gradient(loss, place, softmaxes, printer)}")
    words = _words("\n".join(lines).replace("_", " "))
    used = [f"{s} = {n}" for n, s in short.items() if s in words]
    for name, (index, scores) in softmaxes.of.items():
        if name in words:
            text = _softmax(index, scores, Printer(short, hide=not others))
            used.append(f"{name} = {text}")
    return [*lines, f"where {', '.join(used)}"] if used else lines


def _gradient(loss: Loss, place: Expr, softmaxes: Softmaxes, printer: Printer) -> str:
    try:
        slopes = [derivative(unlabelled(term.body), place) for term in loss.terms]
    except InternalError:
        return "(not derived symbolically)"
    total = softmaxes.named(sympy.Add(*slopes))
    text = printer.text(sympy.factor_terms(total)) if tensors([total]) else printer.text(total)
    return text if len(text) <= MAX_GRADIENT else f"(too long to print: {len(text)} characters)"


def _softmax(index: Index, scores: Expr, printer: Printer) -> str:
    if isinstance(scores, At):
        return f"softmax({printer.names.get(scores.tensor.name, scores.tensor.name)})"
    return f"softmax of {printer.text(scores)} over {printer.letter(index)} in {index.axis.name}"
