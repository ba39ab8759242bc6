"""Reverse-mode differentiation in index notation.

Each part ``e`` of a formula has an *adjoint*: by how much the total grows with the value of ``e``,
at each place of the free indices of ``e``. The adjoint of the whole is the upstream gradient, and
every part passes its own on to its arguments, once, after all its uses have added to it; so what
the formula shares, the gradient shares. An index that an argument does not have is summed over, an
index that is read at ``z[b, y[b]]`` leaves a ``Delta``, which sums then eliminate.

See Griewank, Walther 2008, Evaluating Derivatives, ch. 3 (the reverse mode); Laue, Mitterreiter,
Giesen 2018, Computing Higher Order Derivatives of Matrix and Tensor Expressions (indices).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import sympy
from sympy import Expr

from losslang.diagnostics import InternalError
from losslang.ir.binders import Binder, free_indices, fresh, substitute
from losslang.ir.heads import (
    ONE,
    ZERO,
    At,
    Branch,
    Detach,
    Index,
    Labelled,
    Max,
    Min,
    Size,
    Tensor,
)
from losslang.ir.loss import BATCH
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import SPECTRA, Spectrum
from losslang.ir.truth import And, Delta, Less, LessEqual, Not, Truth

_FLAT = (Truth, Index, Size, Detach)
"""Heads through which no gradient flows."""


@dataclass(frozen=True)
class Output:
    """A summand of the total: ``sum(upstream * body for result)``."""

    body: Expr
    upstream: Expr
    result: tuple[Index, ...]


@dataclass(frozen=True)
class Gradient:
    """The derivative of the total by an array, at a place of each of its axes."""

    places: tuple[Index, ...]
    value: Expr


class NoRuleError(InternalError):
    """An operation has no derivative."""


Variable: TypeAlias = Tensor | sympy.Symbol


def gradients(
    outputs: Iterable[Output], variables: Mapping[Variable, tuple[Index, ...]]
) -> dict[Variable, Gradient]:
    """The gradient of a total by each of ``variables``, at the given places.

    At a kink it is one element of the generalised gradient: the first of equal arguments of an
    extremum takes it all. Raises :class:`NoRuleError` for ``quantile`` and for
    eigenvectors, which have none.
    """
    tape = _Tape(tuple(variables))
    for output in outputs:
        tape.order(output.body)
    for output in outputs:
        tape.add(output.body, output.upstream, output.result)
    found = tape.run()
    return {v: Gradient(places, found[v](places)) for v, places in variables.items()}


class _Total:
    """The gradient by one variable: a sum over all places where it is read."""

    def __init__(self) -> None:
        self.reads: list[tuple[Expr, tuple[Expr, ...]]] = []

    def __call__(self, places: Sequence[Index]) -> Expr:
        apart = tuple(fresh(place.axis) for place in places)
        total: Expr = ZERO
        for adjoint, indices in self.reads:
            same = sympy.Mul(*(Delta(i, j) for i, j in zip(indices, apart, strict=True)))
            over = _ordered(free_indices(sympy.Add(adjoint, *indices)))
            total += _summed(over, adjoint * same)
        return substitute(total, dict(zip(apart, places, strict=True)))


class _Tape:
    """The parts of a formula that depend on some variable, arguments before what uses them."""

    def __init__(self, variables: tuple[Variable, ...]) -> None:
        self._variables = variables
        self._totals: defaultdict[Variable, _Total] = defaultdict(_Total)
        self._reaches: dict[Expr, bool] = {}
        self._opened: dict[Binder, tuple[tuple[Index, ...], Expr, Expr]] = {}
        self._adjoints: defaultdict[Expr, list[Expr]] = defaultdict(list)

    def order(self, e: Expr) -> bool:
        """Put ``e`` on the tape after its arguments; whether it depends on a variable."""
        if e not in self._reaches:
            if isinstance(e, At):
                self._reaches[e] = e.tensor in self._variables
            elif isinstance(e, _FLAT):
                self._reaches[e] = False
            else:
                below = [self.order(a) for a in self._arguments(e)]
                self._reaches[e] = e in self._variables or any(below)
        return self._reaches[e]

    def add(self, e: Expr, adjoint: Expr, extra: Iterable[Index]) -> None:
        """Add to the adjoint of ``e``, summed over those of ``extra`` that it does not have."""
        if adjoint != ZERO and self._reaches[e]:
            over = _ordered(set(extra) - free_indices(e))
            self._adjoints[e].append(_summed(over, adjoint))

    def run(self) -> defaultdict[Variable, _Total]:
        """Pass every adjoint on, from the whole to the reads."""
        for e in reversed(list(self._reaches)):
            adjoint = sympy.Add(*self._adjoints.pop(e, ()))
            if adjoint == ZERO:
                continue
            if isinstance(e, At):
                self._totals[e.tensor].reads.append((adjoint, e.indices))
            elif isinstance(e, sympy.Symbol):
                self._totals[e].reads.append((adjoint, ()))
            else:
                mine = free_indices(e)
                for argument, contribution, bound in self._passed(e, adjoint):
                    self.add(argument, contribution, mine.union(bound))
        return self._totals

    def _arguments(self, e: Expr) -> Iterator[Expr]:
        if isinstance(e, Binder):
            yield self.opened(e)[2]
        elif isinstance(e, Max | Min):
            yield from _halves(e)
        else:
            yield from (a for a in e.args if isinstance(a, Expr))

    def opened(self, e: Binder) -> tuple[tuple[Index, ...], Expr, Expr]:
        """Indices, guard and body; binders over the same axis share names where they can.

        Extrema and products over several indices are opened one index at a time.
        """
        if e not in self._opened:
            taken = set(free_indices(e))
            new: list[Index] = []
            for index in e.binders:
                n = 0
                while (name := Index(f"@{n}", index.axis)) in taken:
                    n += 1
                taken.add(name)
                new.append(name)
            rule = dict(zip(e.binders, new, strict=True))
            guard, body = substitute(e.guard, rule), substitute(e.body, rule)
            if e.op in ("max", "min", "prod") and len(new) > 1:
                first, *others = new
                new, guard, body = [first], ONE, Reduce(e.op, others, guard, body)
            self._opened[e] = tuple(new), guard, body
        return self._opened[e]

    # ------------------------------------------------------------ one part

    def _passed(self, e: Expr, adjoint: Expr) -> Iterator[tuple[Expr, Expr, tuple[Index, ...]]]:
        """What ``e`` passes on: an argument, its share, and the indices that ``e`` binds."""
        if isinstance(e, Reduce):
            yield from self._reduce(e, adjoint)
        elif isinstance(e, Ordered):
            yield from self._along(e, adjoint)
        elif isinstance(e, Spectrum):
            yield from self._entries(e, adjoint)
        elif isinstance(e, Branch):
            test, yes, no = e.args
            yield yes, adjoint * test, ()
            yield no, adjoint * Not(test), ()
        elif isinstance(e, Labelled):
            yield e.args[1], adjoint, ()
        elif isinstance(e, Max | Min):
            yield from _extremum(e, adjoint)
        else:
            for argument, slope in _partials(e):
                yield argument, adjoint * slope, ()

    def _reduce(self, e: Reduce, adjoint: Expr) -> Iterator[tuple[Expr, Expr, tuple[Index, ...]]]:
        indices, guard, body = self.opened(e)
        kept = adjoint * guard
        match e.op:
            case "sum":
                share = kept
            case "mean":
                share = kept / _count(e)
            case "logsumexp" | "logmeanexp":
                share = kept * sympy.exp(body - e)
                if e.op == "logmeanexp":
                    share = share / _count(e)
                yield from _exponents(body, indices, adjoint, share)
                return
            case "max" | "min":
                best = Reduce(f"arg{e.op}", indices, guard, body)
                share = adjoint * Delta(indices[0], best)
            case "prod":
                other = fresh(indices[0].axis)
                rename = {indices[0]: other}
                others = And(substitute(guard, rename), Not(Delta(other, indices[0])))
                share = kept * Reduce("prod", (other,), others, substitute(body, rename))
            case "any" | "all" | "argmax" | "argmin":
                return
            case _:
                raise NoRuleError(f"no derivative for {e.op}")
        yield body, share, indices

    def _along(self, e: Ordered, adjoint: Expr) -> Iterator[tuple[Expr, Expr, tuple[Index, ...]]]:
        indices, guard, body = self.opened(e)
        if e.op == "rank":
            return
        if e.op == "cumsum":
            share = Branch(And(guard, LessEqual(indices[0], e.at)), adjoint, ZERO)
        elif e.op == "sort":
            rank = Ordered("rank", indices, guard, body, indices[0])
            if isinstance(e.at, Index) and Size(e.at.axis) != Size(indices[0].axis):
                # The first few alone are read: a sum over them may become a read at any rank.
                guard = And(guard, Less(rank, Size(e.at.axis)))
            share = Branch(guard, adjoint * Delta(rank, e.at), ZERO)
        elif e.op == "entry":
            share = adjoint * Delta(indices[0], e.at)
        else:
            raise NoRuleError(f"no derivative for {e.op}")
        yield body, share, indices

    def _entries(
        self, e: Spectrum, adjoint: Expr
    ) -> Iterator[tuple[Expr, Expr, tuple[Index, ...]]]:
        if e.op not in SPECTRA:
            raise NoRuleError(f"no derivative for {e.op}")
        indices, guard, body = self.opened(e)
        yield body, Branch(guard, adjoint * e.slope(*indices), ZERO), indices


def _partials(e: Expr) -> Iterator[tuple[Expr, Expr]]:
    """The arguments of an elementwise operation with its partial derivatives."""
    if isinstance(e, sympy.Add):
        yield from ((a, ONE) for a in e.args)
    elif isinstance(e, sympy.Mul):
        for n, a in enumerate(e.args):
            yield a, sympy.Mul(*e.args[:n], *e.args[n + 1 :])
    elif isinstance(e, sympy.Pow):
        base, exponent = e.args
        yield base, exponent * base ** (exponent - 1)
        yield exponent, e * sympy.log(base)
    else:
        row = primitive_of(e)
        if row is None:
            raise NoRuleError(f"no derivative for {type(e).__name__}")
        args = operands(e)
        for a, by in zip(args, row.derivatives, strict=True):
            yield a, by(*args)


def _exponents(
    body: Expr, indices: tuple[Index, ...], adjoint: Expr, share: Expr
) -> Iterator[tuple[Expr, Expr, tuple[Index, ...]]]:
    """Of ``logsumexp(c * (a + b[k]) for k)``.

    What is the same at every place is added to the whole, and needs no sum of shares.
    """

    def fixed(part: Expr) -> bool:
        return free_indices(part).isdisjoint(indices)

    scale, (total, *others) = sympy.Integer(1), (body,)
    if isinstance(body, sympy.Mul):
        total, *others = sorted(body.args, key=lambda a: (fixed(a), not isinstance(a, sympy.Add)))
        scale = sympy.Mul(*others)
    if not isinstance(total, sympy.Add) or not fixed(scale):
        yield body, share, indices
        return
    for n, factor in enumerate(others):
        yield factor, share * total * sympy.Mul(*others[:n], *others[n + 1 :]), indices
    for term in total.args:
        whole = fixed(term)
        yield term, (adjoint if whole else share) * scale, () if whole else indices


def _extremum(e: Expr, adjoint: Expr) -> Iterator[tuple[Expr, Expr, tuple[Index, ...]]]:
    """A number passes on nothing where it ties, so ``relu`` has slope 0 at 0, as in torch."""
    first, rest = _halves(e)
    ahead = Less(rest, first) if isinstance(e, Max) else Less(first, rest)
    yield first, Branch(ahead, adjoint, ZERO), ()
    yield rest, Branch(ahead, ZERO, adjoint), ()


def _halves(e: Expr) -> tuple[Expr, Expr]:
    """One argument of an extremum, no number if there is another, and the rest."""
    numbers = [a for a in e.args if a.is_number]
    first, *others = [*(a for a in e.args if not a.is_number), *numbers]
    return first, e.func(*others)


def _count(e: Reduce) -> Expr:
    count = Reduce("count", e.binders, e.guard, ONE)
    sure = e.guard == ONE and all(index.axis != BATCH for index in e.binders)
    return count if sure else Max(count, ONE)


def _summed(over: tuple[Index, ...], e: Expr) -> Expr:
    return Reduce("sum", over, ONE, e) if over else e


def _ordered(indices: Iterable[Index]) -> tuple[Index, ...]:
    return tuple(sorted(indices, key=sympy.default_sort_key))
