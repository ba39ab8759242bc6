"""Ranges of sums whose parts move together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import islice

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import free_indices, substitute, walk
from losslang.ir.heads import (
    ONE,
    ZERO,
    At,
    Index,
    Max,
    Min,
    Size,
)
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.reduce import Reduce
from losslang.ir.truth import And, Not, Or, Truth
from losslang.verify.arrays.folds import Folds
from losslang.verify.enclosure import (
    ABOVE_ZERO,
    FROM_ZERO,
    Range,
    above,
    below,
    constant,
)
from losslang.verify.interval import Interval

MAX_TERMS = 12
MAX_MEMBERS = 8
MAX_FOLDS = 3
MAX_CASES = 3
"""How many truth values are tried both ways."""


class Sums(Folds):
    """Sums: a fold beside one of its members, folds over one axis, cases of truth values."""

    # ------------------------------------------------------------ sums whose parts move together

    def _sum(self, expr: sympy.Add) -> Range | None:
        found = super()._sum(expr)
        if found is None:
            return None
        for closer in (
            self._dominated,
            self._merged,
            self._collected,
            self._quadratic,
            self._corners,
            self._cases,
        ):
            better = closer(expr)
            found = found if better is None else found.meet(better)
        if not found.nonnegative and not found.nonpositive:
            better = self._absorbed(expr)
            found = found if better is None else found.meet(better)
        return found

    def _dominated(self, expr: sympy.Add) -> Range | None:
        """A term taken together with a bound of it that the other terms hold."""
        terms = sympy.Add.make_args(expr)
        if len(terms) > MAX_TERMS:
            return None
        found: Range | None = None
        for n, term in enumerate(terms):
            rest = sympy.Add(*terms[:n], *terms[n + 1 :])
            for scale, part in _scaled(term):
                weight = self._range(scale)
                if weight is None:
                    continue
                for member, gap in islice(self._members(part, rest), MAX_MEMBERS):
                    left = _flat(rest + scale * member)
                    if len(sympy.Add.make_args(left)) >= len(terms) and left != ZERO:
                        continue
                    other = self._range(left)
                    if other is not None:
                        better = weight * gap + other
                        found = better if found is None else found.meet(better)
        return found

    def _members(self, part: Expr, rest: Expr) -> Iterator[tuple[Expr, Range]]:
        """Formulas that ``part`` is at least (or at most), and where the difference lies."""
        if isinstance(part, Max | Min):
            gap = FROM_ZERO if isinstance(part, Max) else -FROM_ZERO
            yield from ((a, gap) for a in part.args if not a.is_Rational)
        elif isinstance(part, sympy.Abs):
            yield from ((a, FROM_ZERO) for a in (part.args[0], -part.args[0]))
        elif isinstance(part, sympy.log):
            yield from self._logarithm(part.args[0], rest)
        elif isinstance(part, Reduce) and part.op in ("max", "min", "logsumexp", "sum"):
            yield from self._places(part, rest)
        row = primitive_of(part)
        if row is not None and row.name == "softplus":
            yield operands(part)[0], ABOVE_ZERO

    def _logarithm(self, inside: Expr, rest: Expr) -> Iterator[tuple[Expr, Range]]:
        """``log(exp(a) + b)`` is at least ``a``, for nonnegative ``b``."""
        terms = sympy.Add.make_args(inside)
        for n, term in enumerate(terms):
            other = self._range(sympy.Add(*terms[:n], *terms[n + 1 :]))
            if isinstance(term, sympy.exp) and other is not None and other.nonnegative:
                gap = ABOVE_ZERO if other.positive else FROM_ZERO
                yield term.args[0], gap
                for member, more in self._members(term.args[0], rest):
                    if more.nonnegative:
                        yield member, gap + more

    def _places(self, part: Reduce, rest: Expr) -> Iterator[tuple[Expr, Range]]:
        """A fold compared with what it folds, at the places that ``rest`` speaks of."""
        indices, guard, body = part.open()
        if len(indices) != 1:
            return
        gap = -FROM_ZERO if part.op == "min" else FROM_ZERO
        if part.op in ("sum", "logsumexp"):
            strict = guard == ONE and self.least_size(indices[0].axis) >= 2
            gap = ABOVE_ZERO if strict else FROM_ZERO
        if part.op == "sum":
            each = self.under(guard)._range(body)
            if each is None or not (each.nonnegative or each.nonpositive):
                return
            gap = gap if each.nonzero else FROM_ZERO
            gap = gap if each.nonnegative else -gap
        for place in mentioned(indices[0], body, rest):
            rule = {indices[0]: place}
            if self._holds(substitute(guard, rule)):
                yield substitute(body, rule), gap

    def _merged(self, expr: sympy.Add) -> Range | None:
        """Sums over the same axes are one sum."""
        groups: dict[tuple[object, ...], list[Expr]] = {}
        rest: list[Expr] = []
        for term in sympy.Add.make_args(_flat(expr)):
            fold = next(
                (
                    f
                    for f in sympy.Mul.make_args(term)
                    if isinstance(f, Reduce) and f.op in ("sum", "mean")
                ),
                None,
            )
            if fold is None:
                rest.append(term)
            else:
                axes = tuple(index.axis for index in fold.binders)
                groups.setdefault((fold.op, axes, fold.guard == ONE), []).append(term)
        if all(len(group) < 2 for group in groups.values()):
            return None
        total = self._range(sympy.Add(*rest))
        for (op, _, unguarded), group in groups.items():
            made = self._one_fold(str(op), group) if unguarded and len(group) > 1 else None
            made = self._added(group) if made is None else made
            if made is None or total is None:
                return None
            total = total + made
        return total

    def _added(self, terms: Sequence[Expr]) -> Range | None:
        values = self._all(terms)
        return None if values is None else reduce(Range.__add__, values)

    def _one_fold(self, op: str, terms: Sequence[Expr]) -> Range | None:
        indices: tuple[Index, ...] | None = None
        bodies = []
        for term in terms:
            factors = list(sympy.Mul.make_args(term))
            fold = next(f for f in factors if isinstance(f, Reduce) and f.op == op)
            factors.remove(fold)
            own, _, body = fold.open()
            indices = own if indices is None else indices
            body = substitute(body, dict(zip(own, indices, strict=True)))
            bodies.append(sympy.Mul(*factors) * body)
        assert indices is not None
        body = sympy.Add(*bodies)
        found = None
        for form in dict.fromkeys((body, sympy.expand(body), _squared(body))):
            value = self._folded(op, indices, ONE, form)
            if value is not None:
                found = value if found is None else found.meet(value)
        return found

    def _collected(self, expr: sympy.Add) -> Range | None:
        """Terms with a power of a hyperparameter as a common factor are taken together."""
        found: Range | None = None
        terms = sympy.Add.make_args(_flat(expr))
        shared = {f for t in terms for f in sympy.Mul.make_args(t) if f.free_symbols}
        for factor in sorted(shared, key=sympy.default_sort_key):
            base, _ = factor.as_base_exp()
            own = [t for t in terms if factor in sympy.Mul.make_args(t)]
            if base not in self.region or len(own) < 2:
                continue
            rest = sympy.Add(*(t for t in terms if t not in own))
            values = self._all((factor, sympy.Add(*(t / factor for t in own)), rest))
            if values is not None:
                better = values[0] * values[1] + values[2]
                found = better if found is None else found.meet(better)
        return found

    def _absorbed(self, expr: sympy.Add) -> Range | None:
        """A mean or maximum plus something is the mean or maximum of what is folded plus it."""
        terms = sympy.Add.make_args(expr)
        folds = [(t, *t.as_coeff_Mul()) for t in terms if isinstance(t.as_coeff_Mul()[1], Reduce)]
        if len(folds) > MAX_FOLDS:
            return None
        found: Range | None = None
        for term, number, fold in folds:
            rest = sympy.Add(*(t for t in terms if t != term)) / number
            better = self._shifted(fold, sympy.expand_mul(rest))
            scale = constant(number)
            if better is not None and scale is not None:
                found = scale * better if found is None else found.meet(scale * better)
        return found

    def _shifted(self, fold: Reduce, rest: Expr) -> Range | None:
        """Where a fold plus ``rest`` lies."""
        indices, guard, body = fold.open()
        if fold.op == "logsumexp" and len(indices) == 1:
            # log n less the log-sum-exp of n numbers or fewer is at least minus the greatest.
            count = sympy.log(Size(indices[0].axis))
            if not (rest.coeff(count) <= -1) or not self.least_count(indices, guard):
                return None
            each = self.under(guard)._range(body + rest + count)
            return None if each is None else below(each.hull.high, each.reaches_high)
        if fold.op in ("mean", "max", "min", "logmeanexp") and self.least_count(indices, guard):
            return self._folded(fold.op, indices, guard, body + rest)
        return None

    def _quadratic(self, expr: sympy.Add) -> Range | None:
        """``a x**2 + b x + c`` with numbers ``a``, ``b`` and ``c`` is extreme at -b/(2a)."""
        reads = {part for part in walk(expr) if isinstance(part, At | sympy.Symbol)}
        whole = [r for r in reads if not any(r in o.args for o in reads)]
        if len(whole) != 1:
            return None
        x = sympy.Dummy(real=True)
        formula = substitute(expr, {whole[0]: x})
        if formula.free_symbols != {x} or not formula.is_polynomial(x) or free_indices(formula):
            return None
        poly = sympy.Poly(formula, x)
        if poly.degree() != 2 or not all(c.is_Rational for c in poly.all_coeffs()):
            return None
        a, b, c = poly.all_coeffs()
        least = Interval.exactly(c - b**2 / (4 * a))
        return above(least.low, True) if a > 0 else below(least.high, True)

    def _corners(self, expr: sympy.Add) -> Range | None:
        """A sum that is affine in an entry lies between its values at the ends of the entry."""
        for read in sorted(expr.atoms(At), key=sympy.default_sort_key):
            bounds = dict(self.region.reads).get(read.tensor)
            if bounds is None or not (bounds.low.is_Rational and bounds.high.is_Rational):
                continue
            x = sympy.Dummy(real=True)
            formula = substitute(expr, {read: x})
            if x not in formula.free_symbols or not formula.is_polynomial(x):
                continue
            if sympy.degree(formula, x) != 1 or len(formula.coeff(x, 1).args) < 2:
                continue
            ends = (sympy.expand(substitute(formula, {x: e})) for e in (bounds.low, bounds.high))
            values = [self._range(end) for end in ends]
            if values[0] is not None and values[1] is not None:
                return values[0].join(values[1])
        return None

    def _cases(self, expr: Expr) -> Range | None:
        """Each truth value is tried both ways."""
        tests = _tests(expr)
        if not 0 < len(tests) <= MAX_CASES:
            return None
        values = []
        for value, condition in ((ONE, tests[0]), (ZERO, Not(tests[0]))):
            made = substitute(expr, {tests[0]: value})
            values.append(self.under(condition)._range(made))
        return None if values[0] is None or values[1] is None else values[0].join(values[1])


def _squared(expr: Expr) -> Expr:
    """A sum of three terms as a square, if it is one up to a number."""
    short = len(sympy.Add.make_args(sympy.expand(expr))) == 3
    return sympy.factor(expr) if short else expr


def _flat(expr: Expr) -> Expr:
    """A sum whose terms are no products of sums."""
    return sympy.Add(*(sympy.expand_mul(t, deep=False) for t in sympy.Add.make_args(expr)))


def _scaled(term: Expr) -> Iterator[tuple[Expr, Expr]]:
    """A term as a factor and one of the parts that have members."""
    factors = sympy.Mul.make_args(term)
    for n, part in enumerate(factors):
        row = primitive_of(part)
        if isinstance(part, Reduce | Max | Min | sympy.Abs | sympy.log) or (
            row is not None and row.name == "softplus"
        ):
            yield sympy.Mul(*factors[:n], *factors[n + 1 :]), part


def mentioned(index: Index, body: Expr, rest: Expr) -> list[Expr]:
    """Places at which ``rest`` reads what ``body`` reads at ``index``."""
    reads = [part for part in walk(rest) if isinstance(part, At)]
    found: dict[Expr, None] = {}
    for part in walk(body):
        if isinstance(part, At) and index in part.indices:
            n = part.indices.index(index)
            for read in reads:
                if read.tensor == part.tensor and not _is_bound(read.indices[n], rest):
                    found[read.indices[n]] = None
    return list(found)


def _is_bound(place: Expr, expr: Expr) -> bool:
    return not free_indices(place) <= free_indices(expr)


def _tests(expr: Expr) -> list[Expr]:
    """The comparisons that a sum or product is made of, outside of other functions."""
    found: dict[Expr, None] = {}

    def visit(e: Basic) -> None:
        if isinstance(e, And | Or | Not | sympy.Add | sympy.Mul):
            for arg in e.args:
                visit(arg)
        elif isinstance(e, sympy.Pow) and e.exp.is_Integer:
            visit(e.base)
        elif isinstance(e, Truth):
            found[e] = None

    visit(expr)
    return list(found)
