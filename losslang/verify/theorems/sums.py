"""Multi-class losses as formulas of the label's entry and of sums over all classes."""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Expr

from losslang.ir.binders import free_indices, substitute, walk
from losslang.ir.derive import derivative
from losslang.ir.heads import ONE, ZERO, At
from losslang.ir.reduce import Reduce
from losslang.verify.readings.multiclass import Multiclass
from losslang.verify.readings.pooled import Pooled, pooled
from losslang.verify.readings.score import Score
from losslang.verify.statement import Region
from losslang.verify.theorems.pieces import Silent


@dataclass(frozen=True)
class Sums:
    """A loss ``h`` of the label's entry ``z`` and of sums over the classes.

    Each of ``sums`` is (symbol, body): the symbol is the sum over k of ``body`` at z = z[k].
    ``pools`` are the symbols of the reading that bodies may mention, such as the mean.
    """

    region: Region
    h: Expr
    z: sympy.Symbol
    sums: tuple[tuple[sympy.Symbol, Expr], ...]
    pools: tuple[tuple[sympy.Symbol, Expr], ...]
    classes: Expr

    def separate(self) -> tuple[Expr, Expr]:
        """``(a, b)`` where the loss is a(z[y]) + the sum over k of b(z[k]).

        Raises :class:`Silent` for a loss of another form.
        """
        own, everywhere = self.h, ZERO
        inside = {symbol for symbol, _ in self.sums} | {symbol for symbol, _ in self.pools}
        for symbol, body in self.sums:
            weight = sympy.expand(derivative(self.h, symbol))
            if weight.free_symbols & (inside | {self.z}) or body.free_symbols & inside:
                raise Silent
            own, everywhere = substitute(own, {symbol: ZERO}), everywhere + weight * body
        if own.free_symbols & inside:
            raise Silent
        return own, everywhere


def sums_of(reading: Pooled | Score | Multiclass) -> Sums:
    """The sums in a loss of logits or of probabilities. Raises :class:`Silent`."""
    seen = reading if isinstance(reading, Pooled) else pooled(reading)  # type: ignore[arg-type]
    if seen is None:
        raise Silent
    h, found = seen.h, []
    for n, (symbol, pool) in enumerate(seen.pools):
        total = seen.region.fresh(f"S{n + 1}", positive=True)
        if pool.op not in ("sum", "mean", "logsumexp", "logmeanexp"):
            raise Silent
        body = entry_body(pool, seen)
        if pool.op in ("logsumexp", "logmeanexp"):
            body = sympy.exp(body)
        else:
            total = seen.region.fresh(f"S{n + 1}")
        value = total / seen.classes if pool.op in ("mean", "logmeanexp") else total
        if pool.op in ("logsumexp", "logmeanexp"):
            value = sympy.log(value)
        h = substitute(h, {symbol: value})
        found.append((total, body))
    return Sums(seen.region, sympy.expand(h), seen.z, tuple(found), seen.pools, seen.classes)


def entry_body(pool: Reduce, reading: Pooled) -> Expr:
    """What is reduced, at one entry z; other pools of the reading stand for themselves."""
    if len(pool.binders) != 1 or pool.guard != ONE:
        raise Silent
    (k,), _, body = pool.open()
    body = substitute(body, {e: symbol for symbol, e in reading.pools if e != pool})
    reads = {e for e in walk(body) if isinstance(e, At) and k in e.indices}
    if len(reads) != 1:
        raise Silent
    body = substitute(body, {reads.pop(): reading.z})
    if free_indices(body) or any(isinstance(e, At | Reduce) for e in walk(body)):
        raise Silent
    return body
