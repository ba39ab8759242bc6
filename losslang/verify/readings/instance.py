"""Reductions over axes of known size, written out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import product

import sympy
from sympy import Basic, Expr, Integer

from losslang.ir.binders import Binder, substitute
from losslang.ir.heads import ONE, ZERO, At, Axis, Branch, Index, Max, Min, Size
from losslang.ir.primitives import Apply
from losslang.ir.recursion import Recursion, is_prior, rewritten
from losslang.ir.reduce import EMPTY, MAX_UNROLLED, Ordered, Reduce
from losslang.ir.spectrum import SPECTRA, Spectrum
from losslang.ir.truth import And, Equal, Less, LessEqual, Not, Or


class Unknown(Exception):
    """A formula holds an operation that is not written out."""


MAX_DEPTH = 32
"""How often a function may call itself."""

Place = tuple[Expr, Expr]
"""A guard, and the value where it is 1."""


def written_out(
    expr: Expr,
    sizes: Mapping[Axis, int],
    keep: Collection[Axis] = (),
    entry: Callable[[At], Expr] | None = None,
) -> Expr:
    """``expr`` with every reduction over axes of known size as a finite formula.

    ``entry`` tells the entries of arrays at known places, on which guards may depend.

    An axis has a known size if ``sizes`` tells it, or if its own is a number (at most 64) and it is
    none of ``keep``. Raises :class:`Unknown` for ``quantile`` along such an axis, and for spectra
    of more than two numbers.
    """
    memo: dict[Basic, Basic] = {}

    def known(axis: Axis) -> int | None:
        if axis in sizes:
            return sizes[axis]
        size = None if axis in keep or axis.size is None else visit(axis.size)
        small = size is not None and size.is_Integer and size <= MAX_UNROLLED
        return max(0, int(size)) if small and size is not None else None

    def visit(e: Basic) -> Basic:
        if not e.args:
            return e
        if e not in memo:
            memo[e] = rebuilt(e)
        return memo[e]

    def rebuilt(e: Basic) -> Basic:
        if isinstance(e, Size):
            size = known(e.axis)
            return e if size is None else Integer(size)
        if isinstance(e, Reduce):
            counts = [known(index.axis) for index in e.binders]
            if None not in counts:
                found = places(e, [range(n) for n in counts if n is not None])
                return folded(e.op, [pair for pair in found if pair[0] != ZERO])
            if any(n is not None for n in counts):
                raise Unknown("an axis of known size beside one of unknown size")
            indices, guard, body = e.open()
            return Reduce(e.op, indices, visit(guard), visit(body))
        if isinstance(e, Ordered):
            (index,) = e.binders
            count = known(index.axis)
            if count is None:
                return e
            return ordered(e.op, places(e, [range(count)]), visit(e.at))
        if isinstance(e, Branch):
            test = visit(e.args[0])
            if test in (ZERO, ONE):
                return visit(e.args[1] if test == ONE else e.args[2])
        if isinstance(e, Recursion):
            at, *place = map(visit, e.rest)
            if not all(n.is_Integer for n in (at, *place)) or at > MAX_DEPTH:
                raise Unknown("a function that calls itself at an unknown place")
            indices, _, body = e.open()
            rule = dict(zip(indices, (at, *place), strict=True))
            return visit(substitute(_with_itself(e, indices, body), rule))
        if isinstance(e, Spectrum):
            counts = [known(index.axis) for index in e.binders]
            if None in counts or e.op not in SPECTRA:
                raise Unknown(f"{e.op} of a matrix")
            rows, columns = (n for n in counts if n is not None)
            found = places(e, [range(rows), range(columns)])
            return spectrum(e.op, found, columns, visit(e.at))
        args = [visit(a) if isinstance(a, Expr) else a for a in e.args]
        made = e if all(n is o for n, o in zip(args, e.args, strict=True)) else e.func(*args)
        if isinstance(made, Apply) and made.name == "floor" and made.operands[0].is_Rational:
            return sympy.floor(made.operands[0])
        if entry is not None and isinstance(made, At) and all(i.is_Integer for i in made.indices):
            return entry(made)
        return made

    def places(e: Binder, ranges: Sequence[range]) -> list[Place]:
        found: list[Place] = []
        for place in product(*ranges):
            rule = dict(zip(e.binders, map(Integer, place), strict=True))
            guard = visit(substitute(e.guard, rule))
            value = visit(substitute(e.body, rule)) if guard != ZERO else ZERO
            found.append((guard, value))
        return found

    return visit(expr)


def _with_itself(e: Recursion, indices: tuple[Index, ...], body: Expr) -> Expr:
    """The opened body of a recursion, which reads earlier values as it is read itself."""

    def visit(part: Expr) -> Expr | None:
        if not is_prior(part, indices[0]):
            return None
        place = (rewritten(index, visit) for index in part.place)
        return Recursion(e.op, indices, ONE, body, indices[0] - part.lag, *place)

    return rewritten(body, visit)


def folded(op: str, places: Sequence[Place]) -> Expr:
    """``op`` of the values whose guards are 1. Raises :class:`Unknown`."""
    if not places:
        if op not in EMPTY:
            raise Unknown(f"{op} over nothing")
        return EMPTY[op]
    if op in _ALWAYS:
        return _ALWAYS[op](places)
    if op not in _UNGUARDED or any(guard != ONE for guard, _ in places):
        raise Unknown(f"{op} of values that may be left out")
    return _UNGUARDED[op]([value for _, value in places])


def ordered(op: str, places: Sequence[Place], at: Expr) -> Expr:
    """``cumsum``, ``rank`` or ``sort`` of the values at the places 0, 1, ..., read at ``at``.

    The guards are numbers. Raises :class:`Unknown`.
    """
    if any(guard not in (ZERO, ONE) for guard, _ in places):
        raise Unknown(f"{op} of values that may be left out")
    kept = {n: value for n, (guard, value) in enumerate(places) if guard == ONE}
    if op == "cumsum":
        return sympy.Add(*(value * LessEqual(Integer(n), at) for n, value in kept.items()))
    ranks = {n: _rank(n, kept) for n in kept}
    if op == "rank":
        missing = Branch(Or(*(Equal(at, Integer(n)) for n in kept)), ZERO, Integer(len(kept)))
        return missing + sympy.Add(*(Equal(at, Integer(n)) * rank for n, rank in ranks.items()))
    if op == "sort" and at.is_Integer and 0 <= at < len(kept):
        chosen = (Branch(Equal(ranks[n], at), value, ZERO) for n, value in kept.items())
        return sympy.Add(*chosen)
    raise Unknown(f"{op} read at {at}")


def spectrum(op: str, places: Sequence[Place], columns: int, at: Basic) -> Expr:
    """An eigenvalue of a matrix of at most two rows, or a singular value if its rank is at most 2.

    They are roots of a quadratic equation. Raises :class:`Unknown` for larger ones.
    """
    if any(guard != ONE for guard, _ in places) or not places:
        raise Unknown(f"{op} of a matrix whose entries may be left out")
    entries = [value for _, value in places]
    matrix = sympy.Matrix(len(entries) // columns, columns, entries)
    if op == "singular_values":
        matrix = matrix * matrix.T if matrix.rows <= matrix.cols else matrix.T * matrix
    if matrix.rows > 2 or not (at.is_Integer and 0 <= at < matrix.rows):
        raise Unknown(f"{op} read at {at} of {matrix.rows}")
    found = matrix[0, 0]
    if matrix.rows == 2:
        middle, half = (matrix[0, 0] + matrix[1, 1]) / 2, (matrix[0, 0] - matrix[1, 1]) / 2
        apart = sympy.sqrt(half**2 + matrix[0, 1] ** 2)
        found = middle + apart if at == 0 else middle - apart
    return sympy.sqrt(found) if op == "singular_values" else found


def _rank(place: int, values: Mapping[int, Expr]) -> Expr:
    """How many values are greater, or as great and earlier."""
    own = values[place]
    return sympy.Add(
        *(
            Not(Less(value, own)) if n < place else Less(own, value)
            for n, value in values.items()
            if n != place
        )
    )


def _place_of(rank: int, values: Mapping[int, Expr]) -> Expr:
    """The place of the value of a rank."""
    return sympy.Add(*(Integer(n) * Equal(_rank(n, values), Integer(rank)) for n in values))


def _sum(places: Sequence[Place]) -> Expr:
    return sympy.Add(*(Branch(guard, value, ZERO) for guard, value in places))


def _mean(places: Sequence[Place]) -> Expr:
    guards = [guard for guard, _ in places]
    return Branch(Or(*guards), _sum(places) / sympy.Add(*guards), ZERO)


def _log_of_sum(values: Sequence[Expr]) -> Expr:
    return sympy.log(sympy.Add(*map(sympy.exp, values)))


_ALWAYS: dict[str, Callable[[Sequence[Place]], Expr]] = {
    "sum": _sum,
    "mean": _mean,
    "prod": lambda places: sympy.Mul(*(Branch(g, v, ONE) for g, v in places)),
    "any": lambda places: Or(*(And(g, v) for g, v in places)),
    "all": lambda places: And(*(Or(Not(g), v) for g, v in places)),
}

_UNGUARDED: dict[str, Callable[[Sequence[Expr]], Expr]] = {
    "argmax": lambda values: _place_of(0, dict(enumerate(values))),
    "max": lambda values: Max(*values),
    "min": lambda values: Min(*values),
    "logsumexp": _log_of_sum,
    "logmeanexp": lambda values: _log_of_sum(values) - sympy.log(len(values)),
}
