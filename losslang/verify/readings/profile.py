"""Multi-class losses where one class has one value and all others have another, for K classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy
from sympy import Basic, Expr, Integer, S

from losslang.ir.binders import Binder, free_indices, occurs, substitute
from losslang.ir.heads import ONE, ZERO, At, Index, Max, Min
from losslang.ir.primitives import log
from losslang.ir.reduce import EMPTY, Ordered, Reduce
from losslang.ir.truth import Delta
from losslang.verify.readings.algebra import spelled
from losslang.verify.readings.instance import Unknown
from losslang.verify.readings.multiclass import Classes, Multiclass
from losslang.verify.readings.score import Score
from losslang.verify.statement import Bounds, Region


@dataclass(frozen=True)
class Profile:
    """The loss of the class in ``front`` and of each of the ``others``, over a region.

    ``classes`` is K, a number or a variable of the region.
    """

    region: Region
    classes: Expr
    front: Expr
    others: Expr


def profiles(
    reading: Multiclass | Score, own: sympy.Symbol, other: sympy.Symbol
) -> tuple[Profile, ...]:
    """The loss where the first class has the value ``own`` and the others have ``other``.

    One formula for all large K and one for each small number of classes: together they cover the
    region. Raises :class:`~losslang.verify.readings.instance.Unknown` and ``ValueError``.
    """
    if reading.classes.is_Integer:
        return (_counted(reading, int(reading.classes), own, other),)
    bounds = reading.region.bounds(reading.classes)
    if bounds is None or not bounds.low.is_Rational or bounds.high.free_symbols:
        raise ValueError("the number of classes depends on something else")
    general = _Members(reading.reads, reading.classes, own, other)
    losses = general.loss(reading.body, 0), general.loss(reading.body, 1)
    low = max(2, int(sympy.ceiling(bounds.low)))
    if low == bounds.low and not bounds.low_closed:
        low += 1
    small = [n for n in range(low, general.least) if _below(n, bounds)]
    found = [_counted(reading, n, own, other) for n in small]
    first = max(low, general.least)
    if _below(first, bounds):
        large = replace(bounds, low=Integer(first), low_closed=True)
        region = reading.region.having(reading.classes, large)
        found.append(Profile(region, reading.classes, *losses))
    return tuple(found)


def _below(n: int, bounds: Bounds) -> bool:
    return bool(n < bounds.high) or bool(n == bounds.high and bounds.high_closed)


def _counted(
    reading: Multiclass | Score, count: int, own: sympy.Symbol, other: sympy.Symbol
) -> Profile:
    found = reading.at(count)
    if isinstance(reading, Multiclass):
        symbols, losses = found
    else:
        symbols, losses = reading.symbols(count), found
    rule = {symbol: own if n == 0 else other for n, symbol in enumerate(symbols)}
    first, second = (spelled(substitute(losses[n], rule)) for n in (0, 1))
    region = reading.region
    if not reading.classes.is_Integer:
        region = region.setting({reading.classes: Integer(count)})
    return Profile(region, Integer(count), first, second)


class _Members:
    """Reductions over one class in front and the others, which are alike.

    The classes that are told apart are numbered: 0 is the one in front. What a binder stands for is
    one of them, or one of the rest, of which there have to be ``least - ...`` or more.
    """

    def __init__(
        self, reads: Classes, classes: sympy.Symbol, own: sympy.Symbol, other: sympy.Symbol
    ) -> None:
        self.reads, self.classes = reads, classes
        self.values = own, other
        self.least = 2

    def loss(self, body: Expr, label: int) -> Expr:
        """``body`` where the label is number 0 or 1."""
        if any(occurs(hyper.tensor, body) for hyper in self.reads.arrays):
            raise Unknown("an array over the classes")
        y = Index("label", self.reads.axis)
        named = substitute(body, {self.reads.label: y})
        if occurs(self.reads.target.tensor, named) or not self.is_even(named):
            raise Unknown("a formula in which classes are not alike")
        found = self.visit(substitute(named, {y: Integer(label)}), label + 1)
        if free_indices(found) or occurs(self.reads.values, found):
            raise Unknown("an axis beside that of the classes")
        return spelled(found)

    def is_even(self, e: Basic) -> bool:
        """Whether indices only read the values and are compared with each other."""
        if isinstance(e, Index | Ordered):
            return False
        if isinstance(e, At):
            return e.tensor == self.reads.values and all(isinstance(i, Index) for i in e.indices)
        if isinstance(e, Delta):
            return all(isinstance(i, Index) for i in e.args)
        if isinstance(e, Reduce):
            alone = all(index.axis == self.reads.axis for index in e.binders)
            return alone and self.is_even(e.guard) and self.is_even(e.body)
        if isinstance(e, Binder):
            return False
        return all(self.is_even(arg) for arg in e.args if isinstance(arg, Expr))

    def visit(self, e: Basic, known: int) -> Expr:
        """``e`` with ``known`` classes told apart."""
        if isinstance(e, Reduce):
            return self.reduced(e, known)
        if isinstance(e, At):
            for n in range(known):
                if e == self.reads.entry(Integer(n)):
                    return self.values[n > 0]
        if not e.args or not isinstance(e, Expr):
            return e
        args = [self.visit(a, known) if isinstance(a, Expr) else a for a in e.args]
        return e if all(n is o for n, o in zip(args, e.args, strict=True)) else e.func(*args)

    def reduced(self, e: Reduce, known: int) -> Expr:
        """A reduction, as one of how many of each kind there are."""
        indices, guard, body = e.open()
        members: list[tuple[Expr, Expr]] = []
        for times, numbers, told in self.places(len(indices), known):
            rule = dict(zip(indices, map(Integer, numbers), strict=True))
            inside = self.visit(substitute(guard, rule), told)
            if inside not in (ZERO, ONE):
                raise Unknown(f"{e.op} of values that may be left out")
            if inside == ONE:
                members.append((times, self.visit(substitute(body, rule), told)))
        return _folded(e.op, members)

    def places(
        self, binders: int, known: int, told: tuple[int, ...] = ()
    ) -> Iterator[tuple[Expr, tuple[int, ...], int]]:
        """How many, the numbers of the classes that binders stand for, and how many are told."""
        if binders == 0:
            yield S.One, told, known
            return
        for n in range(known):
            yield from self.places(binders - 1, known, (*told, n))
        # There is one of the rest at least.
        self.least = max(self.least, known + 1)
        for times, numbers, count in self.places(binders - 1, known + 1, (*told, known)):
            yield times * (self.classes - known), numbers, count


def _folded(op: str, members: list[tuple[Expr, Expr]]) -> Expr:
    """``op`` of values, each so many times. Raises :class:`Unknown`."""
    if not members:
        if op not in EMPTY:
            raise Unknown(f"{op} over nothing")
        return EMPTY[op]
    count = sympy.Add(*(times for times, _ in members))
    total = sympy.Add(*(times * value for times, value in members))
    match op:
        case "sum":
            return total
        case "mean":
            return total / count
        case "prod":
            return sympy.Mul(*(value**times for times, value in members))
        case "max" | "min":
            distinct = list(dict.fromkeys(value for _, value in members))
            return (Max if op == "max" else Min)(*distinct)
        case "logsumexp" | "logmeanexp":
            inside = sympy.Add(*(times * sympy.exp(value) for times, value in members))
            return log(inside) if op == "logsumexp" else log(inside / count)
    raise Unknown(f"{op} over classes of two kinds")
