"""Sums of a convex or concave function over a point of the simplex, and losses of such a sum.

The sum S of b over the entries q_1, ..., q_K of a point inside the simplex lies between its value
where the entries are alike and what it tends to where all mass goes to one of them; if the label's
entry t is given, the same holds of the others, which share 1 - t.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy
from sympy import Expr, Interval, S

from losslang.ir.binders import substitute, walk
from losslang.ir.derive import derivative
from losslang.ir.heads import ONE, At, Index
from losslang.ir.loss import Domain
from losslang.ir.reduce import Reduce
from losslang.verify.readings.algebra import rewritten, spelled
from losslang.verify.readings.example import axes_of, example_of
from losslang.verify.readings.score import Score
from losslang.verify.readings.softmax import of_total_one, points, through_softmax
from losslang.verify.readings.structure import Structure
from losslang.verify.statement import UNIT, Bounds, Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.local_parts import THEORY
from losslang.verify.theorems.pieces import Pieces, Silent, known_pieces, one_piece
from losslang.verify.theorems.premises import approached, everywhere, premises, sign, tends
from losslang.verify.theorems.sums import sums_of


@dataclass(frozen=True)
class Total:
    """A formula ``h`` of the sum ``total`` of ``body``, a function of p in (0, 1).

    ``own`` is the label's entry in ``h``, if there is a label.
    """

    region: Region
    h: Expr
    total: sympy.Symbol
    p: sympy.Symbol
    body: Expr
    classes: Expr
    own: sympy.Symbol | None


def total_of(reading: Score | Structure) -> Total:
    """The one sum of a loss on the simplex. Raises :class:`Silent`."""
    return _of_label(reading) if isinstance(reading, Score) else _of_no_label(reading)


def _of_label(reading: Score) -> Total:
    found = sums_of(reading)
    p = found.region.fresh("p", positive=True)
    if len(found.sums) == 1:
        (total, body), h = found.sums[0], found.h
    else:
        own, body = found.separate()
        total = found.region.fresh("S")
        h = own + total
    if h.free_symbols - set(found.region.symbols) - {found.z, total}:
        raise Silent
    return Total(found.region, h, total, p, substitute(body, {found.z: p}), found.classes, found.z)


def _of_no_label(reading: Structure) -> Total:
    """A loss of one array alone, on the simplex or through a softmax."""
    example = example_of(reading.loss)
    if example is None or example.classes is None or example.axis is None:
        raise Silent
    if len(example.arrays) != 1 or example.labels or example.scalars or example.entries:
        raise Silent
    (known,) = example.arrays
    if known.kind == "simplex":
        entries = points(known.name)
        body = spelled(substitute(example.body, {known.tensor: entries}))
        forms = [(of_total_one(body, entries, example.axis), entries)]
    elif known.kind == "real" and known.domain == Domain():
        found = through_softmax(example.body, known.tensor, example.axis)
        forms = [(body, entries) for body, entries, _ in found]
    else:
        raise Silent
    bounds = example.region.bounds(example.classes)
    if not forms or bounds is None:
        raise Silent
    body, entries = forms[0]
    region = reading.region.having(example.classes, bounds)
    folds = {e for e in walk(body) if isinstance(e, Reduce)}
    if len(folds) != 1:
        raise Silent
    (fold,) = folds
    if fold.guard != ONE or len(fold.binders) != 1 or fold.binders[0].axis != example.axis:
        raise Silent
    (k,), _, inner = fold.open()
    place = {index.axis: index for index in example.place}
    entry = At(entries, *(k if a == example.axis else place[a] for a in axes_of(known)))
    p = region.fresh("p", positive=True)
    inner = substitute(inner, {entry: p})
    is_log = fold.op in ("logsumexp", "logmeanexp")
    total = region.fresh("S", **({"positive": True} if is_log else {}))
    value = total / example.classes if fold.op in ("mean", "logmeanexp") else total
    if fold.op not in ("sum", "mean") and not is_log:
        raise Silent
    h = rewritten(body, lambda e: (sympy.log(value) if is_log else value) if e == fold else e)
    made = Total(region, h, total, p, sympy.exp(inner) if is_log else inner, example.classes, None)
    if any(isinstance(e, At | Index | Reduce) for f in (made.h, made.body) for e in walk(f)):
        raise Silent
    return made


# ---------------------------------------------------------------- between which numbers


@dataclass(frozen=True)
class Extent:
    """The least and the greatest the loss can be for each ``own`` entry t, or at all."""

    region: Region
    low: Expr
    high: Expr
    own: sympy.Symbol | None


def extent(case: Case) -> tuple[Extent, tuple[Premise, ...]]:
    """Where the loss lies, and the premises of that. Raises :class:`Silent`.

    The guess says whether b is convex (``bend`` 1) or concave (-1), what it tends to at 0
    (``zero``) and, without a label, at 1 (``one``), and whether the loss rises with the sum
    (``turn`` 1) or falls (-1).
    """
    bend, turn, zero = (case.guess[name] for name in ("bend", "turn", "zero"))
    if bend not in (1, -1) or turn not in (1, -1) or not zero.is_finite:
        raise Silent
    found = total_of(case.reading)
    b = _smooth(found.region, found.p, found.body)
    needed = [*everywhere(b, "the summand bends one way", lambda n: bend * b.formula(n, 2), ">=")]
    needed.append(tends(b, "the summand tends to it at 0", b.formula(0), 0, True, zero))
    count, region = found.classes, found.region
    if found.own is None:
        one = case.guess["one"]
        needed.append(tends(b, "the summand tends to it at 1", b.formula(0), 0, False, one))
        alike, apart = count * b.at(0, 1 / count), one + (count - 1) * zero
        t = None
    else:
        t = region.fresh("t", positive=True)
        region = region.having(t, UNIT)
        at = b.at(0, t)
        alike = at + (count - 1) * b.at(0, (1 - t) / (count - 1))
        apart = at + b.at(0, 1 - t) + (count - 2) * zero
    least, most = (alike, apart) if bend == 1 else (apart, alike)
    h = found.h if t is None else substitute(found.h, {found.own: t})
    inner = region.having(found.total, Bounds(least, most, low_closed=True, high_closed=True))
    steep = derivative(h, found.total)
    needed.append(sign("the loss moves one way with the sum", turn * steep, ">=", inner))
    ends = [substitute(h, {found.total: end}) for end in (least, most)]
    low, high = ends if turn == 1 else reversed(ends)
    return Extent(found.region, low, high, t), tuple(needed)


def _smooth(region: Region, p: sympy.Symbol, formula: Expr) -> Pieces:
    return one_piece(known_pieces(region, p, UNIT, formula))


def _end(case: Case, found: Extent, below: bool) -> Iterator[Premise]:
    """The guess's ``low`` (``high``) is the infimum (supremum) over t."""
    name = "low" if below else "high"
    value, turn = case.guess[name], S.NegativeOne if below else S.One
    formula = found.low if below else found.high
    assert found.own is not None
    f = _smooth(found.region, found.own, formula)
    label = f"the loss goes no {'lower' if below else 'higher'} than {value}"
    yield from everywhere(f, label, lambda n: turn * (value - f.formula(n)), ">=")
    place = {"piece": S.Zero, "at": case.guess[f"{name} at"]}
    yield from approached(f, f"the loss comes close to {value}", f.formula, value, place)


@premises()
def _lies_between(case: Case) -> Iterator[Premise]:
    found, needed = extent(case)
    yield from needed
    if found.own is not None:
        for below in (True, False):
            yield from _end(case, found, below)


def _ends(case: Case) -> tuple[Expr, Expr]:
    """The infimum and the supremum."""
    found, _ = extent(case)
    if found.own is not None:
        return case.guess["low"], case.guess["high"]
    return _with_powers(found.low), _with_powers(found.high)


def _with_powers(expr: Expr) -> Expr:
    """``exp(a log b)`` written as ``b**a``."""

    def power(e: Expr) -> Expr:
        for part in sympy.Mul.make_args(e.args[0]):
            if isinstance(part, sympy.log):
                return part.args[0] ** (e.args[0] / part)
        return e

    return expr.replace(lambda e: isinstance(e, sympy.exp), power)


@premises()
def _is_nonnegative(case: Case) -> Iterator[Premise]:
    found, needed = extent(case)
    yield from needed
    where = found.region if found.own is None else found.region.having(found.own, UNIT)
    yield sign("the least value is not negative", found.low, ">=", where)


_SAYS = (
    "a loss that rises, or falls, with the sum of a convex or concave function over a point of the "
    "simplex "
)
_SOURCE = f"Jensen 1906; {THEORY}: Sums over the simplex"
_KINDS = (Score, Structure)

RANGE = Theorem(
    "simplex-range",
    "range",
    _KINDS,
    _SAYS + "is extreme where the entries are alike, and where all mass is on one of them",
    _SOURCE,
    _lies_between,
    value=lambda case: sympy.Tuple(*_ends(case)),
)
BOUNDED = Theorem(
    "simplex-bounded",
    "bounded",
    _KINDS,
    _SAYS + "is bounded by its values where the entries are alike, or one has all mass",
    _SOURCE,
    _lies_between,
    value=lambda case: Interval(*_ends(case)),
)
NONNEGATIVE = Theorem(
    "simplex-nonnegative",
    "nonnegative",
    _KINDS,
    _SAYS + "is not negative if its least value for each probability of the label is not",
    _SOURCE,
    _is_nonnegative,
)

THEOREMS = (RANGE, BOUNDED, NONNEGATIVE)
