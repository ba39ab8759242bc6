"""Bounds of Lipschitz constants by composition, for Euclidean norms."""

from __future__ import annotations

import sympy
from sympy import Basic, Expr, Rational, S

from losslang.ir.binders import occurs, substitute, walk
from losslang.ir.heads import ONE, At, Branch, Index, Labelled, Max, Min, Size, Tensor
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Not
from losslang.verify.arrays import Arrays
from losslang.verify.interval import rational
from losslang.verify.statement import Region

STEEPEST = {
    "abs": ONE,
    "softplus": ONE,
    "tanh": ONE,
    "atan": ONE,
    "sin": ONE,
    "cos": ONE,
    "asinh": ONE,
    "sigmoid": Rational(1, 4),
    "erf": 2 / sympy.sqrt(sympy.pi),
}
"""The greatest slopes of primitives."""

AVERAGES = ("max", "min", "mean", "logsumexp", "logmeanexp")
"""Folds whose gradient is an average of the gradients of what they fold."""


def steepness(expr: Expr, wrt: Tensor, region: Region) -> Expr | None:
    """A number L so that ``expr`` is L-Lipschitz in all entries of ``wrt`` together.

    It may depend on hyperparameters and sizes; ``None`` where the rules find none.
    """
    return _steepness(expr, wrt, Arrays(region))


def _steepness(e: Expr, wrt: Tensor, signs: Arrays) -> Expr | None:
    if not occurs(wrt, e):
        return S.Zero
    if isinstance(e, At):
        return None if occurs(wrt, *e.indices) else ONE
    if isinstance(e, Labelled):
        return _steepness(e.args[1], wrt, signs)
    if isinstance(e, sympy.Add):
        contrast = _contrast(e, wrt, signs)
        if contrast is not None:
            return contrast
        parts = [_steepness(a, wrt, signs) for a in e.args]
        return None if None in parts else sympy.Add(*parts)
    if isinstance(e, sympy.Mul):
        return _scaled(e, wrt, signs)
    if isinstance(e, Max | Min):
        return _greatest([_steepness(a, wrt, signs) for a in e.args])
    if isinstance(e, Branch) and not occurs(wrt, e.args[0]):
        test, yes, no = e.args
        cases = (
            _steepness(yes, wrt, signs.under(test)),
            _steepness(no, wrt, signs.under(Not(test))),
        )
        return _greatest(list(cases))
    if isinstance(e, sympy.Pow) and e.exp == S.Half:
        return _norm(e.base, wrt, signs)
    if isinstance(e, Reduce):
        return _fold(e, wrt, signs)
    row = primitive_of(e)
    if row is None or row.name not in STEEPEST:
        return None
    inner = _steepness(operands(e)[0], wrt, signs)
    return None if inner is None else STEEPEST[row.name] * inner


def _contrast(e: sympy.Add, wrt: Tensor, signs: Arrays) -> Expr | None:
    """``logsumexp of b(k) - b(t)`` has the steepness ``sqrt(2) L`` if ``b(k)`` reads one entry.

    Its gradient has the entries b'(k) (q_k - [k = t]) for a point q of the simplex, and L bounds
    the slopes of b.
    """
    varying = [term for term in e.args if occurs(wrt, term)]
    folds = [t for t in varying if isinstance(t, Reduce) and t.op in ("logsumexp", "logmeanexp")]
    if len(folds) != 1:
        return None
    indices, guard, body = folds[0].open()
    rest = [term for term in varying if term != folds[0]]
    reads = {part for term in rest for part in walk(term) if _reads(part, wrt)}
    if len(indices) != 1 or guard != ONE or len(reads) != 1 or not _is_apart(body, wrt, indices):
        return None
    own, (read,) = next(part for part in walk(body) if _reads(part, wrt)), reads
    place = read.indices[own.indices.index(indices[0])]
    at_place = sympy.Add.make_args(substitute(body, {indices[0]: place}))
    if occurs(wrt, place) or sum(t for t in at_place if occurs(wrt, t)) + sum(rest) != 0:
        return None
    inner = _steepness(body, wrt, signs)
    return None if inner is None else sympy.sqrt(2) * inner


def _reads(part: Basic, wrt: Tensor) -> bool:
    return isinstance(part, At) and part.tensor == wrt


def _scaled(e: sympy.Mul, wrt: Tensor, signs: Arrays) -> Expr | None:
    varying = [f for f in e.args if occurs(wrt, f)]
    inner = _steepness(varying[0], wrt, signs) if len(varying) == 1 else None
    factor = _size(sympy.Mul(*(f for f in e.args if f not in varying)), signs)
    return None if inner is None or factor is None else factor * inner


def _size(factor: Expr, signs: Arrays) -> Expr | None:
    """The absolute value of a formula in hyperparameters, or a number that bounds it everywhere."""
    known = signs.range(factor)
    if known is None or not factor.free_symbols <= set(signs.region.symbols):
        return None
    if any(isinstance(part, At | Index) for part in walk(factor)):
        ends = known.hull.low, known.hull.high
        if not all(end.is_finite() for end in ends):
            return None
        return max(abs(Rational(q.numerator, q.denominator)) for q in map(rational, ends))
    if not (known.nonnegative or known.nonpositive):
        return None
    return factor if known.nonnegative else -factor


def _greatest(parts: list[Expr | None]) -> Expr | None:
    """The greatest of some bounds, if it is plain which one that is."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    other = [part for part in known if not part.is_Rational]
    numbers = [part for part in known if part.is_Rational]
    if not other:
        return max(numbers)
    alike = len(set(other)) == 1 and all(n == 0 for n in numbers)
    return other[0] if alike else None


def _norm(base: Expr, wrt: Tensor, signs: Arrays) -> Expr | None:
    """``sqrt(c + sum of (a x[k] + b)**2)`` has the steepness ``|a|``."""
    terms = [t for t in sympy.Add.make_args(base) if occurs(wrt, t)]
    rest = signs.range(base - sympy.Add(*terms))
    if len(terms) != 1 or rest is None or not rest.nonnegative:
        return None
    if isinstance(terms[0], sympy.Pow) and terms[0].exp == 2:
        return _steepness(terms[0].base, wrt, signs)
    if not (isinstance(terms[0], Reduce) and terms[0].op == "sum"):
        return None
    indices, guard, body = terms[0].open()
    if occurs(wrt, guard) or not (isinstance(body, sympy.Pow) and body.exp == 2):
        return None
    inner = _steepness(body.base, wrt, signs.under(guard))
    return inner if _is_apart(body, wrt, indices) else None


def _is_apart(body: Expr, wrt: Tensor, indices: tuple[Index, ...]) -> bool:
    """Whether what is folded at one place shares no entry with another place."""
    reads = [part for part in walk(body) if isinstance(part, At) and part.tensor == wrt]
    whole = all(set(indices) <= set(read.indices) for read in reads)
    return whole and len({read.indices for read in reads}) == 1


def _fold(e: Reduce, wrt: Tensor, signs: Arrays) -> Expr | None:
    indices, guard, body = e.open()
    if occurs(wrt, guard):
        return None
    inner = _steepness(body, wrt, signs.under(guard))
    if inner is None or e.op in AVERAGES:
        return inner
    if e.op == "sum" and _is_apart(body, wrt, indices):
        return inner * sympy.sqrt(sympy.Mul(*(Size(index.axis) for index in indices)))
    return None
