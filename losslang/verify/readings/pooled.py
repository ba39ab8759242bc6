"""Multi-class losses of the label's logit and of symmetric reductions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import free_indices, occurs, substitute
from losslang.ir.heads import ONE, ZERO, At, Index
from losslang.ir.primitives import log
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import Spectrum
from losslang.ir.truth import Delta
from losslang.verify.readings.algebra import rewritten, split_factors
from losslang.verify.readings.local import elsewhere
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Pooled(Reading):
    """A multi-class loss ``h`` of the label's logit and of pools, each symmetric in all classes.

    ``z`` is the label's logit. Each of ``pools`` is a pair (symbol, reduction): the symbol stands
    in ``h`` for the value of the reduction, which runs over every class and does not mention
    the label. ``classes`` is K, a variable of the region; ``input`` the logits.
    """

    kind: ClassVar[str] = "a loss of the label's logit and of pools over the classes"

    h: Expr
    z: sympy.Symbol
    pools: tuple[tuple[sympy.Symbol, Expr], ...]
    classes: sympy.Symbol
    input: str


class _NotPooled(Exception):
    """A reduction depends on the label in a way that cannot be split off."""


def pooled(reading: Multiclass) -> Pooled | None:
    """The reading of a loss in which the label can be split off from every reduction."""
    if any(occurs(hyper.tensor, reading.body) for hyper in reading.reads.arrays):
        return None
    pools = _Pools(reading)
    try:
        body = rewritten(reading.body, pools.rule)
    except _NotPooled:
        return None
    z = reading.region.fresh("z")
    h = substitute(body, {reading.reads.entry(reading.reads.label): z})
    if reading.reads.remain(h):
        return None
    found = tuple((symbol, pools.whole(e)) for e, symbol in pools.symbols.items())
    used = tuple((symbol, e) for symbol, e in found if symbol in h.free_symbols)
    return Pooled(reading.region, h, z, used, reading.classes, reading.input)


class _Pools:
    """Reductions over the classes, and the symbols that stand for them."""

    def __init__(self, reading: Multiclass) -> None:
        self.reading = reading
        self.reads = reading.reads
        self.symbols: dict[Expr, sympy.Symbol] = {}

    def rule(self, e: Basic) -> Basic:
        """``e`` with its label split off, and a symbol for the rest."""
        if not self.closed(e) or all(i.axis != self.reads.axis for i in e.binders):
            return e
        if len(e.binders) != 1:
            raise _NotPooled
        if not occurs(self.reads.target.tensor, e):
            return self.pool(e)
        (k,), guard, body = e.open()
        here = {k: self.reads.label}
        guards = substitute(guard, here), elsewhere(guard, k, self.reads)
        if not all(g in (ZERO, ONE) for g in guards):
            raise _NotPooled
        own, other = substitute(body, here), elsewhere(body, k, self.reads)
        rest = self.reading.classes - 1
        count = guards[0] + rest * guards[1]
        if e.op in ("sum", "mean"):
            total = guards[0] * own + guards[1] * self.others(other, k)
            return total if e.op == "sum" else total / count
        shift, inside = self.apart(other, k)
        all_alike = guards == (ONE, ONE) and own == substitute(other, here)
        if e.op in ("max", "min", "logsumexp", "logmeanexp") and all_alike:
            return shift + self.pool(Reduce(e.op, (k,), ONE, inside))
        if e.op in ("logsumexp", "logmeanexp"):
            weights = self.others(sympy.exp(inside), k) * sympy.exp(shift)
            total = log(guards[0] * sympy.exp(own) + guards[1] * weights)
            return total if e.op == "logsumexp" else total - log(count)
        raise _NotPooled

    def closed(self, e: Basic) -> bool:
        """Whether it is a reduction that depends on no index of a reduction around it."""
        return isinstance(e, Reduce) and free_indices(e) <= set(self.reads.place)

    def others(self, value: Expr, k: Index) -> Expr:
        """The sum over the classes but the label."""
        total = ZERO
        for term in sympy.Add.make_args(sympy.expand(value)):
            outside, inside = split_factors(term, (k,))
            everywhere = self.pool(Reduce("sum", (k,), ONE, inside))
            total += outside * (everywhere - substitute(inside, {k: self.reads.label}))
        return total

    def apart(self, value: Expr, k: Index) -> tuple[Expr, Expr]:
        """``value`` as a part free of ``k`` and the others."""
        terms = sympy.Add.make_args(sympy.expand(value))
        free = [term for term in terms if k not in free_indices(term)]
        return sympy.Add(*free), sympy.Add(*(term for term in terms if term not in free))

    def pool(self, e: Expr) -> Expr:
        """A symbol for a reduction that does not mention the label, inside what multiplies it."""

        def rule(part: Basic) -> Basic:
            if not self.closed(part):
                return part
            if not _is_symmetric(part):
                raise _NotPooled
            if part not in self.symbols:
                name = f"R{len(self.symbols) + 1}"
                self.symbols[part] = self.reading.region.fresh(name)
            return self.symbols[part]

        return e if not isinstance(e, Reduce) and not e.has(Reduce) else rewritten(e, rule)

    def whole(self, e: Expr) -> Expr:
        """A pool with the pools inside it written out."""
        back = {symbol: part for part, symbol in self.symbols.items()}
        while any(symbol in e.free_symbols for symbol in back):
            e = substitute(e, back)
        return e


def _is_symmetric(e: Basic) -> bool:
    """Whether a formula treats all places alike: indices only read arrays and name one another.

    A read at the label does not: it has an index inside its index.
    """
    if isinstance(e, Index | Ordered | Spectrum):
        return False
    if isinstance(e, At):
        return all(isinstance(index, Index) for index in e.indices)
    if isinstance(e, Delta) and all(isinstance(index, Index) for index in e.args):
        return True
    if isinstance(e, Reduce):
        return not e.op.startswith("arg") and _is_symmetric(e.guard) and _is_symmetric(e.body)
    return all(_is_symmetric(arg) for arg in e.args if isinstance(arg, Expr))
