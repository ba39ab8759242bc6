"""Cross-entropy with offsets for each class or pair of classes, as in losses for long tails.

The loss is logsumexp(scale z_k + c_k) - scale z_y + rest, where c and rest do not depend on the
logits z but may depend on classes and label.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import free_indices, occurs, substitute, walk
from losslang.ir.derive import derivative
from losslang.ir.heads import ONE, ZERO, At, Index
from losslang.ir.reduce import Reduce
from losslang.verify.readings.instance import Unknown
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import THEORY, at_least
from losslang.verify.theorems.norms import dual_norm
from losslang.verify.theorems.pieces import Silent, defined, number
from losslang.verify.theorems.premises import premises, sign

MAX_CLASSES = 6


def scale_of(reading: Multiclass) -> Expr:
    """The scale of a loss of this form. Raises :class:`Silent` for any other."""
    return _parts(reading)[0]


def _parts(reading: Multiclass) -> tuple[Expr, Expr, Index]:
    """The scale, the offset c_k, and its index k."""
    label, reads = reading.reads.label, reading.reads
    body = sympy.expand(reading.body)
    found = [t for t in sympy.Add.make_args(body) if _sums_exponentials(t, reading)]
    if len(found) != 1:
        raise Silent
    (k,), _, inner = found[0].open()
    scale, offset = _split(sympy.expand(inner), reads.entry(k))
    own, rest = _split(sympy.expand(body - found[0]), reads.entry(label))
    if own != -scale or _reads_logits(offset, reading) or _reads_logits(rest, reading):
        raise Silent
    if free_indices(scale) or any(isinstance(e, At | Reduce) for e in walk(scale)):
        raise Silent
    return scale, offset, k


def _sums_exponentials(term: Expr, reading: Multiclass) -> bool:
    return (
        isinstance(term, Reduce)
        and term.op == "logsumexp"
        and len(term.binders) == 1
        and term.guard == ONE
        and term.binders[0].axis == reading.reads.axis
        and _reads_logits(term, reading)
    )


def _split(expr: Expr, entry: At) -> tuple[Expr, Expr]:
    """(c, rest) where expr = c entry + rest and neither holds the entry."""
    rest = substitute(expr, {entry: ZERO})
    slope = sympy.expand(expr - rest).coeff(entry, 1)
    if sympy.expand(expr - rest - slope * entry) != 0 or slope.has(entry):
        raise Silent
    return slope, rest


def _reads_logits(expr: Expr, reading: Multiclass) -> bool:
    return any(isinstance(e, At) and e.tensor == reading.reads.values for e in walk(expr))


@premises()
def _is_lipschitz(case: Case) -> Iterator[Premise]:
    dual_norm(case)
    yield sign("the scale is no less than 0", scale_of(case.reading), ">=", case.reading.region)


@premises()
def _is_unbounded(case: Case) -> Iterator[Premise]:
    yield sign("the scale is positive", scale_of(case.reading), ">", case.reading.region)
    yield at_least(2, case.reading)


@premises()
def _is_even(case: Case) -> Iterator[Premise]:
    scale, offset, k = _parts(case.reading)
    if k in free_indices(offset) or occurs(case.reading.reads.label, offset):
        raise Silent
    yield sign("the scale is positive", scale, ">", case.reading.region)


EVEN = tuple(
    Theorem(
        f"tilted-even-{word}",
        prop,
        Multiclass,
        "cross-entropy up to what does not depend on the logits: softmax(scale z) = p is optimal",
        f"{THEORY}: Offsets for each class",
        _is_even,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)
LIPSCHITZ = Theorem(
    "tilted-lipschitz",
    "lipschitz",
    Multiclass,
    "cross-entropy with offsets: the gradient is scale (q - e_y) for a point q of the simplex",
    f"{THEORY}: Offsets for each class",
    _is_lipschitz,
    value=lambda case: dual_norm(case) * scale_of(case.reading),
)
UNBOUNDED = Theorem(
    "tilted-unbounded",
    "bounded",
    Multiclass,
    "cross-entropy with offsets grows without bound as the label's logit falls",
    f"{THEORY}: Offsets for each class",
    _is_unbounded,
    holds=False,
)

# ---------------------------------------------------------------- at one number of classes


def instance(reading: Multiclass) -> tuple[tuple[sympy.Symbol, ...], tuple[Expr, ...]]:
    """Logits and losses at the only number of classes there is. Raises :class:`Silent`."""
    bounds = reading.region.bounds(reading.classes)
    count = reading.classes if bounds is None else bounds.low
    if not count.is_Integer or (bounds is not None and bounds.high != count):
        raise Silent
    if not 2 <= count <= MAX_CLASSES:
        raise Silent
    try:
        return reading.at(int(count))
    except (Unknown, ValueError) as error:
        raise Silent from error


def _is_convex(loss: Expr, symbols: tuple[sympy.Symbol, ...]) -> bool:
    """Whether a loss is plainly a nonnegative combination of logsumexps of affine functions."""
    for term in sympy.Add.make_args(sympy.expand_mul(loss)):
        factor, rest = term.as_independent(*symbols, as_Add=False)
        if rest == S.One or rest in symbols:
            continue
        if not isinstance(rest, sympy.log) or not factor.is_nonnegative:
            return False
        if not all(_is_exponential(e, symbols) for e in sympy.Add.make_args(rest.args[0])):
            return False
    return True


def _is_exponential(term: Expr, symbols: tuple[sympy.Symbol, ...]) -> bool:
    factor, power = term.as_independent(*symbols, as_Add=False)
    if not factor.is_positive:
        return False
    if power == S.One:
        return True
    if not isinstance(power, sympy.exp):
        return False
    degrees = (sympy.diff(power.args[0], a, b) for a in symbols for b in symbols)
    return all(degree == 0 for degree in degrees)


@premises()
def _is_tilted(case: Case) -> Iterator[Premise]:
    """At z = 0 the gradients are the rates of a Markov chain that the uniform law does not keep."""
    symbols, losses = instance(case.reading)
    region = case.reading.region_at(len(symbols))
    if not all(_is_convex(loss, symbols) for loss in losses):
        raise Silent
    origin = dict.fromkeys(symbols, S.Zero)
    rates = [[defined(derivative(loss, z), origin) for z in symbols] for loss in losses]
    for y, row in enumerate(rates):
        yield sign(f"a common offset does not change l_{y + 1}", sum(row), "==", region)
        for k, rate in enumerate(row):
            if k != y:
                yield sign(f"l_{y + 1} rises with z_{k + 1}", rate, ">=", region)
    column = number(case.guess, "class", len(symbols))
    total = sum(row[column] for row in rates)
    yield sign(f"z_{column + 1} pulls at z = 0 for uniform p", total, "!=", region)


TILTED = tuple(
    Theorem(
        f"tilted-{word}",
        prop,
        Multiclass,
        "the loss is convex and z = 0 is not optimal for the uniform p, so it is for another p and "
        "ties all classes",
        f"Menon et al. 2021, Long-Tail Learning via Logit Adjustment; {THEORY}: Offsets for each "
        "class",
        _is_tilted,
        holds=False,
    )
    for word, prop in (("order", "order_preserving"), ("calibrated", "calibrated"))
)

TILT = (*EVEN, LIPSCHITZ, UNBOUNDED, *TILTED)
