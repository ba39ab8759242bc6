"""What conditions tell: truth values, sizes of axes, and how many places take part in a fold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from sympy import Basic, Expr

from losslang.ir.binders import free_indices, substitute
from losslang.ir.heads import (
    ONE,
    At,
    Axis,
    Branch,
    Index,
    Size,
)
from losslang.ir.reduce import Reduce
from losslang.ir.truth import And, Chosen, Delta, Equal, Less, LessEqual, Not, Or, Truth, conjuncts
from losslang.verify.compose import Composition
from losslang.verify.enclosure import (
    ABOVE_ZERO,
    ANYTHING,
    FROM_ZERO,
    TRUTH,
    Range,
    above,
    below,
)
from losslang.verify.interval import Interval, precision
from losslang.verify.statement import Region

YES, NO = Range(Interval.exactly(1)), Range(Interval.exactly(0))


class Guards(Composition):
    """Ranges of truth values, and what the conditions of a region say.

    Conditions may compare sizes with numbers, and hold guards.
    """

    def __init__(self, region: Region) -> None:
        super().__init__(region)
        self._facts = frozenset(conjuncts(*region.conditions))
        self._apart = frozenset(_differences(self._facts))
        self._given |= _ends(self._facts)
        self._inner: dict[Expr, Self] = {}

    def under(self, condition: Expr) -> Self:
        """The part of the region where ``condition`` holds too."""
        if condition == ONE:
            return self
        if condition not in self._inner:
            self._inner[condition] = type(self)(self.region.where(*conjuncts(condition)))
        return self._inner[condition]

    def _range(self, expr: Basic) -> Range | None:
        found = super()._range(expr)
        if found is not None and expr in self._apart:
            if found.nonnegative:
                return found.meet(ABOVE_ZERO)
            if found.nonpositive:
                return found.meet(-ABOVE_ZERO)
        return found

    def _read(self, expr: At) -> Range | None:
        found = super()._read(expr)
        if found != ANYTHING:
            return found
        return {"positive": ABOVE_ZERO, "nonnegative": FROM_ZERO, "index": FROM_ZERO}.get(
            expr.tensor.kind, found
        )

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
        wanted = frozenset(conjuncts(guard))
        for fact in self._facts:
            if isinstance(fact, Reduce) and fact.op == "any" and len(indices) == 1:
                (index,) = fact.binders
                if index.axis != indices[0].axis:
                    continue
                rule = {index: indices[0]}
                found = conjuncts(fact.guard, fact.body)
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
