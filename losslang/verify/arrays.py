"""Ranges of formulas in index notation: sums, maxima and log-sum-exps over axes of any size.

What :mod:`losslang.verify.compose` does for formulas of numbers, :class:`Arrays` does for whole
losses. Parts that move together are taken together: a log-sum-exp less one of its members is not
negative, sums over one axis are one sum, a sum of squares is at least the square that Cauchy and
Schwarz put below it. It is part of what the checker trusts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import islice

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import free_indices, substitute, walk
from losslang.ir.heads import (
    ONE,
    ZERO,
    At,
    Axis,
    Branch,
    Detach,
    Ema,
    Index,
    Labelled,
    Max,
    Min,
    Size,
)
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import And, Chosen, Delta, Equal, Less, LessEqual, Not, Or, Truth
from losslang.verify.compose import Composition
from losslang.verify.enclosure import (
    ABOVE_ZERO,
    ANYTHING,
    FROM_ZERO,
    TRUTH,
    Range,
    above,
    applied,
    below,
    constant,
    greatest,
)
from losslang.verify.interval import Interval, precision
from losslang.verify.statement import Region

YES, NO = Range(Interval.exactly(1)), Range(Interval.exactly(0))
AROUND_ZERO = Range(Interval.of(-1, 1))

BELOW = -S.Half

MAX_TERMS = 12
MAX_MEMBERS = 8
MAX_FOLDS = 3
MAX_CASES = 3
"""How many truth values are tried both ways."""


def spread_of(expr: Expr, region: Region) -> Range | None:
    """Where the values of ``expr`` lie, its free indices being anywhere on their axes.

    ``None`` unless it is known to have one everywhere.
    """
    return Arrays(region).range(expr)


class Arrays(Composition):
    """Ranges of formulas in index notation over one region.

    The region's conditions may compare sizes with numbers, and hold guards.
    """

    def __init__(self, region: Region) -> None:
        super().__init__(region)
        self._facts = frozenset(_conjuncts(*region.conditions))
        self._apart = frozenset(_differences(self._facts))
        self._given |= _ends(self._facts)
        self._inner: dict[Expr, Arrays] = {}

    def under(self, condition: Expr) -> Arrays:
        """The part of the region where ``condition`` holds too."""
        if condition == ONE:
            return self
        if condition not in self._inner:
            self._inner[condition] = Arrays(self.region.where(*_conjuncts(condition)))
        return self._inner[condition]

    def _range(self, expr: Basic) -> Range | None:
        found = super()._range(expr)
        if found is not None and expr in self._apart:
            if found.nonnegative:
                return found.meet(ABOVE_ZERO)
            if found.nonpositive:
                return found.meet(-ABOVE_ZERO)
        return found

    def _look(self, expr: Basic) -> Range | None:
        if isinstance(expr, Reduce):
            return self._reduced(expr)
        if isinstance(expr, Index):
            return FROM_ZERO
        if isinstance(expr, Size):
            least = self.least_size(expr.axis)
            return above(Interval.exactly(least).low, True)
        if isinstance(expr, Labelled):
            return self._range(expr.args[1])
        if isinstance(expr, Detach):
            return self._range(expr.args[0])
        if isinstance(expr, Ema):
            return self._average(expr)
        if isinstance(expr, Branch):
            return self._branch(expr)
        if isinstance(expr, Ordered):
            return self._ordered(expr)
        if isinstance(expr, sympy.exp):
            return self._exponential(expr)
        if isinstance(expr, sympy.log) and isinstance(expr.args[0], Size):
            least = self.least_size(expr.args[0].axis)
            return above(_log(least).hull.low, True) if least else None
        return super()._look(expr)

    def _read(self, expr: At) -> Range | None:
        found = super()._read(expr)
        if found == ANYTHING and expr.tensor.kind == "positive":
            return ABOVE_ZERO
        return FROM_ZERO if found == ANYTHING and expr.tensor.kind == "index" else found

    # ------------------------------------------------------------ truth values

    def holds(self, truth: Expr) -> bool:
        """Whether a truth value is known to be 1."""
        with precision():
            return self._holds(truth)

    def _holds(self, truth: Expr) -> bool:
        if truth == ONE or truth in self._facts:
            return True
        if isinstance(truth, And):
            return all(map(self._holds, truth.args))
        return not isinstance(truth, Reduce) and self._range(truth) == YES

    def _truth(self, expr: Truth) -> Range | None:
        if expr in self._facts:
            return YES
        if Not(expr) in self._facts:
            return NO
        if isinstance(expr, Chosen):
            return TRUTH
        if isinstance(expr, And | Or | Not):
            return self._connective(expr)
        if any(isinstance(side, Index) for side in expr.args):
            return TRUTH
        if self._all(expr.args) is None:
            return None
        difference = expr.args[1] - expr.args[0]
        gap = self._range(difference)
        if gap is None:
            return TRUTH
        if isinstance(expr, Equal) and difference in self._apart:
            return NO
        for kind, yes, no in ((Less, ">", "<="), (LessEqual, ">=", "<"), (Equal, "==", "!=")):
            if isinstance(expr, kind):
                return YES if gap.stands(yes) else NO if gap.stands(no) else TRUTH  # type: ignore[arg-type]
        return TRUTH

    def _connective(self, expr: Truth) -> Range | None:
        values = self._all(expr.args)
        if values is None:
            return YES if isinstance(expr, Or) and self._last_resort(expr) else None
        if isinstance(expr, Not):
            return YES + -values[0]
        strong = NO if isinstance(expr, And) else YES
        if strong in values:
            return strong
        if all(v == YES + -strong for v in values):
            return YES + -strong
        return YES if strong == YES and self._last_resort(expr) else TRUTH

    def _last_resort(self, expr: Truth) -> bool:
        """Whether some alternative holds where no other one does."""
        for n, last in enumerate(expr.args):
            others = (Not(a) for a in (*expr.args[:n], *expr.args[n + 1 :]))
            if self.under(And(*others))._range(last) == YES:
                return True
        return False

    def _branch(self, expr: Branch) -> Range | None:
        test, yes, no = expr.args
        if self._range(test) is None:
            return None
        if self._holds(test):
            return self._range(yes)
        if self._holds(Not(test)):
            return self._range(no)
        first, second = self.under(test)._range(yes), self.under(Not(test))._range(no)
        return None if first is None or second is None else first.join(second)

    def _average(self, expr: Ema) -> Range | None:
        """Averages of what came before, the first of which is a number."""
        _, x, decay, init = expr.args
        new, weight, old = map(self._range, (x, decay, init))
        if new is None or weight is None or old is None:
            return None
        one = weight + -YES
        return old.join(new) if weight.nonnegative and one.nonpositive else None

    # ------------------------------------------------------------ folds

    def least_size(self, axis: Axis) -> int:
        """A number of places that ``axis`` has at least."""
        least = 0
        for fact in self._facts:
            if isinstance(fact, LessEqual) and fact.args[1] == Size(axis):
                least = max(least, int(fact.args[0]) if fact.args[0].is_Integer else 0)
        if axis.size is not None:
            known = self._range(axis.size)
            for n in (1, 2):
                if known is not None and known.hull.low >= n:
                    least = max(least, n)
            if axis.size.is_Integer:
                least = max(least, int(axis.size))
        return least

    def least_count(self, indices: Sequence[Index], guard: Expr) -> int:
        """How many places take part at least."""
        sizes = [self.least_size(index.axis) for index in indices]
        if guard == ONE:
            return math.prod(sizes)
        return max(self._all_but(indices, guard, sizes), self._takes_part(indices, guard))

    @staticmethod
    def _all_but(indices: Sequence[Index], guard: Expr, sizes: Sequence[int]) -> int:
        """How many places there are where two indices differ, or one and what is fixed."""
        if not (isinstance(guard, Not) and isinstance(guard.args[0], Delta)):
            return 0
        sides = guard.args[0].args
        bound = [i for i in indices if i in sides]
        if len(bound) == 2 and len(indices) == 2:
            return sizes[0] * (sizes[0] - 1) if bound[0].axis == bound[1].axis else 0
        if len(bound) == 1 and free_indices(guard).isdisjoint(set(indices) - set(bound)):
            return math.prod(n - (i in bound) for i, n in zip(indices, sizes, strict=True))
        return 0

    def _takes_part(self, indices: Sequence[Index], guard: Expr) -> bool:
        """Whether some place is known to take part."""
        wanted = frozenset(_conjuncts(guard))
        for fact in self._facts:
            if isinstance(fact, Reduce) and fact.op == "any" and len(indices) == 1:
                (index,) = fact.binders
                if index.axis != indices[0].axis:
                    continue
                rule = {index: indices[0]}
                found = _conjuncts(fact.guard, fact.body)
                if wanted <= {substitute(f, rule) for f in found}:
                    return True
        if len(indices) == 1:
            places = {p for f in self._facts for p in free_indices(f)}
            for place in places:
                if place.axis == indices[0].axis and self._holds(
                    substitute(guard, {indices[0]: place})
                ):
                    return True
        return False

    def _reduced(self, expr: Reduce) -> Range | None:
        if expr.op in ("argmax", "argmin"):
            return FROM_ZERO
        indices, guard, body = expr.open()
        return self._folded(expr.op, indices, guard, body)

    def _folded(self, op: str, indices: tuple[Index, ...], guard: Expr, body: Expr) -> Range | None:
        each = self.under(guard)._range(body)
        if each is None or self._range(guard) is None:
            return None
        if op in ("any", "all"):
            return TRUTH
        least = self.least_count(indices, guard)
        if op == "sum":
            return self._total(indices, guard, body, each, least)
        if op == "prod":
            if each.positive:
                return ABOVE_ZERO
            return FROM_ZERO if each.nonnegative else ANYTHING
        if op == "mean":
            return each if least else each.join(NO)
        if not least:
            return None
        if op == "logsumexp":
            more = _log(least)
            return above((each.hull + more.hull).low, each.reaches_low)
        return each if op in ("max", "min", "logmeanexp") else None

    def _total(
        self, indices: tuple[Index, ...], guard: Expr, body: Expr, each: Range, least: int
    ) -> Range:
        """The sum of at least so many values that lie in ``each``."""
        times = Range(Interval.exactly(least))
        low = times * above(each.hull.low, each.reaches_low) if each.nonnegative else ANYTHING
        high = times * below(each.hull.high, each.reaches_high) if each.nonpositive else ANYTHING
        found = ANYTHING
        if each.nonnegative:
            found = above(low.hull.low, least == 0 or each.reaches_low)
        if each.nonpositive:
            found = found.meet(below(high.hull.high, least == 0 or each.reaches_high))
        bound = self._cauchy_schwarz(indices, guard, body)
        return found if bound is None else found.meet(bound)

    def _cauchy_schwarz(self, indices: tuple[Index, ...], guard: Expr, body: Expr) -> Range | None:
        """Products of two unit vectors, and squares of sums of unit vectors."""
        if len(indices) != 1:
            return None
        (index,) = indices
        if isinstance(body, sympy.Pow) and body.exp == 2:
            lengths = [self._length(index, guard, term) for term in sympy.Add.make_args(body.base)]
            known = [v for v in lengths if v is not None]
            if len(known) < len(lengths):
                return None
            total = reduce(Range.__add__, known)
            return FROM_ZERO.meet(below((total * total).hull.high, True))
        rest, units = _units(index, guard, body)
        if len(units) != 2 or index in free_indices(rest):
            return None
        scale = self._range(rest)
        return None if scale is None else scale * AROUND_ZERO

    def _length(self, index: Index, guard: Expr, term: Expr) -> Range | None:
        """The length of a vector that is a number times a unit vector."""
        rest, units = _units(index, guard, term)
        scale = self._range(rest) if len(units) == 1 and index not in free_indices(rest) else None
        return None if scale is None else greatest([scale, -scale])

    def _ordered(self, expr: Ordered) -> Range | None:
        indices, guard, body = expr.open()
        if self._range(expr.at) is None or self._range(guard) is None:
            return None
        each = self.under(guard)._range(body)
        if each is None:
            return None
        if expr.op == "rank":
            return FROM_ZERO
        if expr.op == "cumsum":
            return FROM_ZERO if each.nonnegative else -FROM_ZERO if each.nonpositive else ANYTHING
        places = isinstance(expr.at, Index) and expr.at.axis == indices[0].axis and guard == ONE
        return each if expr.op == "sort" and places else None

    def _exponential(self, expr: sympy.exp) -> Range | None:
        """The exponential of a log-sum-exp is a sum, which may be one of nothing."""
        terms = sympy.Add.make_args(expr.args[0])
        for term in terms:
            if isinstance(term, Reduce) and term.op == "logsumexp":
                indices, guard, body = term.open()
                if not self.least_count(indices, guard):
                    rest = sympy.Add(*(t for t in terms if t != term))
                    if self._range(rest) is None:
                        return None
                    return self._folded("sum", indices, guard, sympy.exp(body + rest))
        return super()._look(expr)

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
        for place in _mentioned(indices[0], body, rest):
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
        for form in dict.fromkeys((body, sympy.expand(body))):
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

    # ------------------------------------------------------------ products

    def _product(self, expr: sympy.Mul) -> Range | None:
        number, rest = expr.as_coeff_Mul()
        if number != ONE:
            scale, each = constant(number), self._range(rest)
            return None if scale is None or each is None else scale * each
        unit = self._unit(expr)
        if unit is not None:
            return unit
        found = super()._product(expr)
        if found is None:
            return None
        for closer in (self._one_power, self._cases, self._ratio):
            better = closer(expr)
            found = found if better is None else found.meet(better)
        return found

    def _one_power(self, expr: sympy.Mul) -> Range | None:
        """Exponentials multiply to one."""
        powers = [f for f in expr.args if isinstance(f, sympy.exp)]
        if len(powers) < 2:
            return None
        rest = sympy.Mul(*(f for f in expr.args if f not in powers))
        whole = self._range(sympy.exp(sympy.Add(*(f.args[0] for f in powers))))
        other = self._range(rest)
        return None if whole is None or other is None else whole * other

    def _unit(self, expr: sympy.Mul) -> Range | None:
        """An entry of a unit vector; one of length 0 stays 0."""
        norms = [f for f in expr.args if _is_norm_below(f)]
        for norm in norms:
            (index,), guard, square = norm.base.open()
            for factor in expr.args:
                for place in _mentioned(index, square, factor):
                    rule = {index: place}
                    if substitute(square, rule) == factor**2 and self._holds(
                        substitute(guard, rule)
                    ):
                        rest = self._range(expr / (norm * factor))
                        if rest is not None and self._range(factor) is not None:
                            return rest * AROUND_ZERO
        return None

    def _ratio(self, expr: sympy.Mul) -> Range | None:
        """A numerator between 0 and the denominator, or between it and its negative."""
        for factor in expr.args:
            if not (isinstance(factor, sympy.Pow) and factor.exp == -1):
                continue
            if not isinstance(factor.base, sympy.Add | Reduce):
                continue
            lower = self._range(factor.base)
            if lower is None or not lower.nonzero:
                continue
            sign = ONE if lower.positive else -ONE
            upper = sympy.Mul(*(f for f in expr.args if f != factor))
            found = ANYTHING
            gap = self._range(sign * (factor.base - upper))
            if gap is not None and gap.nonnegative:
                found = below(YES.hull.high, not gap.positive)
            gap = self._range(sign * (factor.base + upper))
            if gap is not None and gap.nonnegative:
                found = found.meet(above((-YES).hull.low, not gap.positive))
            if found != ANYTHING:
                return found
        return None


def _log(n: int) -> Range:
    """Where the logarithm of a number of places lies."""
    found = applied("log", Range(Interval.exactly(n)))
    assert found is not None
    return found


def _conjuncts(*conditions: Expr) -> list[Expr]:
    made: list[Expr] = []
    for condition in conditions:
        made.extend(condition.args if isinstance(condition, And) else [condition])
    return [c for c in made if c != ONE]


def _differences(facts: Iterable[Expr]) -> Iterator[Expr]:
    """What is known not to be 0 although its sign is not known."""
    for fact in facts:
        if isinstance(fact, Not) and isinstance(fact.args[0], Equal):
            left, right = fact.args[0].args
            yield from (left - right, right - left)


def _ends(facts: Iterable[Expr]) -> dict[Basic, Range]:
    """What is known to be above or below a number."""
    made: dict[Basic, Range] = {}
    for fact in facts:
        if not isinstance(fact, Less | LessEqual):
            continue
        (left, right), reached = fact.args, isinstance(fact, LessEqual)
        if left.is_Rational:
            made[right] = above(Interval.exactly(left).low, reached)
        elif right.is_Rational:
            made[left] = below(Interval.exactly(right).high, reached)
    return made


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


def _mentioned(index: Index, body: Expr, rest: Expr) -> list[Expr]:
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


def _is_norm_below(factor: Expr) -> bool:
    return (
        isinstance(factor, sympy.Pow)
        and factor.exp == BELOW
        and isinstance(factor.base, Reduce)
        and factor.base.op == "sum"
        and len(factor.base.binders) == 1
    )


def _units(index: Index, guard: Expr, term: Expr) -> tuple[Expr, list[Expr]]:
    """A product as the unit vectors along ``index`` in it, and the rest."""
    factors = list(sympy.Mul.make_args(term))
    if len(factors) == 1 and isinstance(term, sympy.Pow) and term.exp == 2:
        factors = [term.base, term.base]
    found = []
    for factor in list(factors):
        if index not in free_indices(factor):
            continue
        norm = Reduce("sum", (index,), guard, factor**2) ** BELOW
        if norm in factors:
            factors.remove(norm)
            factors.remove(factor)
            found.append(factor * norm)
    return sympy.Mul(*factors), found


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
