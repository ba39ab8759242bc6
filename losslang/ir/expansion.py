"""A loss as a series in an affine function of ``p``, the probability of the label."""

from __future__ import annotations

from fractions import Fraction
from typing import NoReturn

import sympy
from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir.abbreviate import Softmaxes, tensors, unlabelled
from losslang.ir.binders import free_indices, substitute, walk
from losslang.ir.expand import MAX_ORDER, series
from losslang.ir.heads import ONE, ZERO, At, Axis, Branch, Size
from losslang.ir.loss import EXAMPLE, Hyperparameter, Loss
from losslang.ir.reduce import Reduce
from losslang.ir.text import POWER, PRODUCT, Printer
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.parse import parse_expression

P = sympy.Symbol("p", positive=True)
T = sympy.Symbol("t", positive=True)
MAX_WRITTEN = 64


def expansion(loss: Loss, basis: str, order: int) -> str:
    """The terms up to ``order`` of a loss in powers of ``basis``, such as ``1 - p``.

    Raises :class:`~losslang.diagnostics.DiagnosticError` for a loss that is no function of ``p``
    alone, a basis that is not affine in it, and an order that is too large.
    """
    if not 0 <= order <= MAX_ORDER:
        fail("taylor-order", f"the order of an expansion is at most {MAX_ORDER}")
    base, written = _basis(loss, basis)
    start, slope = base.subs(P, 0), sympy.diff(base, P)
    formula = substitute(probability_formula(loss), {P: (T - start) / slope})
    found: dict[Expr, Expr] = {}
    rests: dict[Expr, Expr] = {}
    for term in sympy.Add.make_args(sympy.expand_mul(formula)):
        power, rest = _split(term)
        shift, alpha = (power, ZERO) if power.is_Integer and power > 0 else (ZERO, power)
        rests[alpha] = rests.get(alpha, ZERO) + T**shift * rest
    for alpha, rest in rests.items():
        for n, coefficient in enumerate(_coefficients(rest, order, loss, written)):
            found[alpha + n] = found.get(alpha + n, ZERO) + coefficient
    open_ended = [alpha for alpha, rest in rests.items() if not _ends(rest, order)]
    return _text(found, [alpha + order + 1 for alpha in open_ended], written)


# ---------------------------------------------------------------- what is expanded


def probability_formula(loss: Loss) -> Expr:
    """The formula of a loss with the symbol ``p`` for ``softmax(logits)[target]``."""
    body = unlabelled(sympy.Add(*(_listed(term.body, loss) for term in loss.terms)))
    softmaxes = Softmaxes(tensors([body]) | {h.name for h in loss.hyperparameters})
    body = softmaxes.named(body)
    wrong = next((t for t in loss.terms if t.guard != ONE or EXAMPLE not in t.result), None)
    if wrong is not None:
        _refuse(loss, "it has no value for each example")
    for name, (_, scores) in softmaxes.of.items():
        if not isinstance(scores, At) or name not in tensors([body]):
            _refuse(loss, "its softmax is not that of the logits as they are")
    rule: dict[Expr, Expr] = {}
    for read in [e for e in walk(body) if isinstance(e, At)]:
        name = read.tensor.name
        if name in softmaxes.of and any(isinstance(i, At) for i in read.indices):
            rule[read] = P
        elif name in softmaxes.of:
            _refuse(loss, "it looks at the probabilities of the other classes too")
    body = substitute(body, rule)
    left = sorted(tensors([body]))
    if left or free_indices(body):
        _refuse(loss, f"it depends on {', '.join(left) or 'an index'} in another way")
    return body


def _refuse(loss: Loss, why: str) -> NoReturn:
    fail(
        "no-expansion",
        f"{loss.name} is no function of p = softmax(logits)[target] alone: {why}",
        help="only such a loss has an expansion in powers of a function of p",
    )


def _listed(body: Expr, loss: Loss) -> Expr:
    """Sums over entries of array hyperparameters or a range, written out at the defaults."""
    sizes: dict[Axis, Expr] = {}
    entries: dict[Expr, Expr] = {}
    whole: dict[Expr, Expr] = {}
    for hyper in loss.hyperparameters:
        if len(hyper.axes) == 1 and isinstance(hyper.default, tuple):
            size = len(hyper.default)
            sizes[hyper.axes[0]] = sympy.Integer(size)
            for n in range(size):
                entries[At(hyper.tensor, sympy.Integer(n))] = entry_symbol(hyper, n)
        elif hyper.kind == "int" and isinstance(hyper.default, Fraction):
            whole[hyper.symbol] = sympy.Integer(hyper.default.numerator)
    while True:
        totals = (e for e in walk(body) if isinstance(e, Reduce) and e.op in ("sum", "mean"))
        found = next((e for e in totals if _size(e, sizes, whole) is not None), None)
        if found is None:
            named = {Size(axis): size for axis, size in sizes.items()}
            return substitute(body, {**entries, **named})
        body = substitute(body, {found: _written_out(found, _size(found, sizes, whole) or 0)})


def _size(total: Reduce, sizes: dict[Axis, Expr], whole: dict[Expr, Expr]) -> int | None:
    """Over how many places a sum runs, where that is known and small."""
    axis = total.binders[0].axis
    size = sizes.get(axis) or (None if axis.size is None else substitute(axis.size, whole))
    small = size is not None and size.is_Integer and 0 < size <= MAX_WRITTEN
    return int(size) if small and len(total.binders) == 1 and size is not None else None


def _written_out(total: Reduce, size: int) -> Expr:
    (index,), guard, element = total.open()
    places = [{index: sympy.Integer(n)} for n in range(size)]
    written = sympy.Add(*(substitute(guard * element, at) for at in places))
    return written if total.op == "sum" else written / size


def entry_symbol(hyper: Hyperparameter, place: int) -> sympy.Symbol:
    """The symbol that stands for one entry of an array hyperparameter."""
    return sympy.Symbol(f"{hyper.name}[{place}]", real=True)


# ---------------------------------------------------------------- the basis


def _basis(loss: Loss, text: str) -> tuple[Expr, str]:
    """The basis as an expression in ``p``, and as it is shown."""
    node = parse_expression(Source(text.strip(), "<basis>"))
    symbols = {h.name: h.symbol for h in loss.hyperparameters if not h.axes and h.kind != "choice"}
    base = sympy.expand(_affine(node, {**symbols, "p": P}))
    if sympy.diff(base, P).is_zero is not False or base.diff(P).has(P):
        fail("bad-basis", "the basis of an expansion is an affine function of p", node.span)
    simple = isinstance(node, nodes.Name)
    return base, node.span.text if simple else f"({node.span.text})"


def _affine(node: nodes.Expr, symbols: dict[str, Expr]) -> Expr:
    """A basis's arithmetic; ``nan`` where it is something else."""
    if isinstance(node, nodes.Number):
        return sympy.Rational(node.value.numerator, node.value.denominator)
    if isinstance(node, nodes.Name) and node.id in symbols:
        return symbols[node.id]
    if isinstance(node, nodes.Unary) and node.op != "not":
        return sympy.Integer(-1 if node.op == "-" else 1) * _affine(node.operand, symbols)
    if isinstance(node, nodes.Binary) and node.op != "**":
        left, right = _affine(node.left, symbols), _affine(node.right, symbols)
        if node.op == "/":
            return left / right
        if node.op == "*":
            return left * right
        return left + right if node.op == "+" else left - right
    fail(
        "bad-basis",
        "the basis of an expansion is an affine function of p",
        node.span,
        "this is not",
        help="for example 1 - p, or p",
    )


# ---------------------------------------------------------------- series and their text


def _split(term: Expr) -> tuple[Expr, Expr]:
    """A product as a power of ``t`` and the rest."""
    power, rest = ZERO, ONE
    for factor in sympy.Mul.make_args(term):
        base, exponent = factor.as_base_exp()
        if base == T and not exponent.has(T):
            power += exponent
        else:
            rest *= factor
    return power, rest


def _coefficients(rest: Expr, order: int, loss: Loss, written: str) -> list[Expr]:
    coefficients = series(rest, T, ZERO, order)
    if any(c.is_finite is False or c.has(sympy.nan, sympy.zoo, sympy.oo) for c in coefficients):
        _refuse_series(loss, written)
    return coefficients


def _refuse_series(loss: Loss, written: str) -> NoReturn:
    fail(
        "no-expansion",
        f"{loss.name} has no series in powers of {written}: it is not smooth where that is 0",
        help="-log(p), say, has one in powers of 1 - p, and none in powers of p",
    )


def _ends(rest: Expr, order: int) -> bool:
    """Whether the terms shown are all there are."""
    if not rest.is_polynomial(T):
        return False
    return rest == ZERO or bool(sympy.degree(rest, T) <= order)


def _text(found: dict[Expr, Expr], rests: list[Expr], written: str) -> str:
    printer = Printer()
    text = ""
    whole = {power: c for power, c in found.items() if power.is_Integer}
    for power in [*sorted(whole), *(power for power in found if power not in whole)]:
        forms = _forms(found[power])
        shown = [_term(printer, form, power, written) for form in forms if form != ZERO]
        text += min(shown, key=lambda one: (len(one), one), default="")
    text = text.removeprefix(" + ")
    if text.startswith(" - "):
        text = f"-{text[3:]}"
    ends = [f"O({_times(printer, ONE, power, written)})" for power in rests]
    return " + ".join([text, *ends] if text else ends or ["0"])


def _forms(coefficient: Expr) -> set[Expr]:
    """A coefficient factored and multiplied out; with branches, each side in its shorter form."""
    if not coefficient.has(Branch):
        return {sympy.factor(coefficient), sympy.expand(coefficient)}

    def shorter(side: Expr) -> Expr:
        return min(_forms(side), key=lambda form: (len(str(form)), str(form)))

    def simpler(branch: Branch) -> Expr:
        return Branch(branch.args[0], *map(shorter, branch.args[1:]))

    return {coefficient.replace(lambda part: isinstance(part, Branch), simpler)}


def _term(printer: Printer, coefficient: Expr, power: Expr, written: str) -> str:
    """A summand with its sign."""
    negative = coefficient.could_extract_minus_sign() and not _leads_with_plus(coefficient)
    size = -coefficient if negative else coefficient
    plain = printer.text(size, PRODUCT) if power == ZERO else None
    return (" - " if negative else " + ") + (plain or _times(printer, size, power, written))


def _leads_with_plus(coefficient: Expr) -> bool:
    """Whether a sum is written with a positive part first, so that it needs no sign before it."""
    parts = sympy.Add.make_args(coefficient)
    return len(parts) > 1 and not all(part.could_extract_minus_sign() for part in parts)


def _times(printer: Printer, coefficient: Expr, power: Expr, written: str) -> str:
    exponent = printer.text(power)
    raised = f"^{exponent}" if exponent.isalnum() else f"^({exponent})"
    scaled = "" if coefficient == ONE else printer.text(coefficient, POWER - 1) + " "
    return f"{scaled}{written}{'' if power == ONE else raised}"
