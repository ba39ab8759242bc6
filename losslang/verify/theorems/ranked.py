"""Sums of numbers that are weighted by their ranks.

The first rank, 0, is that of the greatest number. Weights that do not grow with the rank give the
greatest numbers the greatest weights, which no other order of the weights outdoes: the sum is a
maximum of linear functions, one per order.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.ir.binders import free_indices, occurs, substitute, walk
from losslang.ir.heads import ONE, ZERO, At, Branch, Size, Tensor
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Less, LessEqual
from losslang.verify.readings.structure import Structure
from losslang.verify.statement import NONNEGATIVE, Bounds, Region
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.growth import Growth
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import sign, stated
from losslang.verify.theorems.structure import array


def _weighted(case: Case) -> tuple[Expr, Expr, Expr, sympy.Symbol, Region]:
    """When a weight counts, the weight, the size of the axis, the rank, and the settings."""
    known = array(case.reading.loss, case.question.input)
    if known is None or len(case.reading.loss.terms) != 1:
        raise Silent
    (term,) = case.reading.loss.terms
    rank = case.reading.region.fresh("rank", nonnegative=True)
    found = None if occurs(known.tensor, term.guard) else weight(term.body, known.tensor, rank)
    if found is None:
        raise Silent
    return *found, rank, case.reading.region


def _is_closed(expr: Expr, region: Region) -> bool:
    """Whether a formula is about the variables of a region alone."""
    arrays = any(isinstance(e, At | Tensor | Size) for e in walk(expr))
    return expr.free_symbols <= set(region.symbols) and not free_indices(expr) and not arrays


@stated
def _by_steps(case: Case) -> Iterator[Premise]:
    """A weight is at least that of the next rank: after these two a ``rest`` of ranks is left."""
    counts, function, size, rank, region = _weighted(case)
    region = region.having(rank, NONNEGATIVE)
    rest = region.fresh("rest", nonnegative=True)
    region = region.having(rest, NONNEGATIVE)
    function = Branch(counts, function, ZERO)
    step = function - substitute(function, {rank: rank + 1})
    step = substitute(step, {size: rank + 2 + rest})
    if not _is_closed(step, region):
        raise Silent
    yield sign("a weight is at least that of the next rank", step, ">=", region)


@stated
def _by_composition(case: Case) -> Iterator[Premise]:
    """Weights fall as the rank grows through all real numbers, or are one number up to a rank."""
    counts, function, size, rank, region = _weighted(case)
    count = region.fresh("count", positive=True)
    region = region.having(count, Bounds(S.One, low_closed=True))
    ranks = Bounds(S.Zero, count - 1, low_closed=True, high_closed=True)
    counts, function = (substitute(e, {size: count}) for e in (counts, function))
    if not _is_closed(function, region.having(rank, ranks)):
        raise Silent
    growth = Growth(rank, rank)
    if counts == ONE:
        yield from growth.premises(function, -1, region.having(rank, ranks))
        return
    if not isinstance(counts, Less | LessEqual) or not _is_closed(
        counts, region.having(rank, ranks)
    ):
        raise Silent
    if occurs(rank, function):
        raise Silent
    low, high = counts.args
    yield sign("a weight is never negative", function, ">=", region)
    yield from growth.premises(high - low, -1, region.having(rank, ranks))


def weight(body: Expr, numbers: Tensor, rank: sympy.Symbol) -> tuple[Expr, Expr, Expr] | None:
    """When a rank counts, the weight as a function of it, and the size of the axis.

    ``None`` unless ``body`` is a sum over one axis of such weights times the numbers.
    """
    sums = [f for f in sympy.Mul.make_args(body) if isinstance(f, Reduce) and occurs(numbers, f)]
    if len(sums) != 1 or sums[0].op != "sum" or len(sums[0].binders) != 1:
        return None
    factor = body / sums[0]
    (index,), guard, inner = sums[0].open()
    own = At(numbers, index)
    ranks = {
        e
        for part in (guard, inner)
        for e in walk(part)
        if isinstance(e, Ordered) and e == Ordered("rank", (index,), ONE, own, index)
    }
    if len(ranks) != 1:
        return None
    put = {ranks.pop(): rank}
    guard, inner = substitute(guard, put), substitute(inner, put)
    function = factor * (inner / own)
    if occurs(numbers, guard, function) or index in free_indices(guard) | free_indices(function):
        return None
    return guard, function, Size(index.axis)


SOURCE = (
    "Hardy, Littlewood & Polya 1934, Inequalities, theorem 368; Acerbi 2002, Spectral measures of "
    "risk"
)

CONVEX = tuple(
    Theorem(
        name,
        "convex",
        Structure,
        f"Numbers are weighted by their ranks, and {says}: the sum is a maximum of linear "
        "functions, one for each order of the weights.",
        SOURCE,
        premises,
    )
    for name, says, premises in (
        ("weights-fall-by-composition", "weights fall as the rank grows", _by_composition),
        ("weights-fall-step-by-step", "no weight is less than the next", _by_steps),
    )
)
