"""The temperature of losses with several soft maxima: all compare similarities at the same one."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr

from losslang.ir.heads import At
from losslang.ir.reduce import Reduce
from losslang.verify.instances import unlabelled, with_reads
from losslang.verify.readings.structure import Structure
from losslang.verify.theorem import Case, Premise, Theorem
from losslang.verify.theorems.attraction import SIMILARITY, in_similarities
from losslang.verify.theorems.contrastive import TEMPERATURE
from losslang.verify.theorems.pieces import Silent
from losslang.verify.theorems.premises import sign, stated


@stated
def _temperature(case: Case) -> Iterator[Premise]:
    """In s / temperature the loss is soft maxima and similarities, with nothing else in them."""
    loss, temperature = case.reading.loss, case.guess["temperature"]
    own = {h.symbol for h in loss.hyperparameters if not h.axes}
    if not temperature.free_symbols <= own:
        raise Silent
    soft = 0
    for term in loss.terms:
        body = in_similarities(unlabelled(term.body), loss)
        soft += _soft_maxima(with_reads(body, lambda read: _scaled(read, temperature)))
    if not soft:
        raise Silent
    yield sign("the temperature is positive", temperature, ">", case.reading.region)


def _scaled(read: At, temperature: Expr) -> Expr:
    return temperature * read if read.tensor == SIMILARITY else read


def _soft_maxima(e: Expr) -> int:
    """How many soft maxima of plain similarities a sum has, besides plain similarities."""
    count = 0
    for term in sympy.Add.make_args(sympy.expand_mul(e)):
        weight, part = term.as_coeff_Mul()
        if isinstance(part, Reduce) and part.op == "mean":
            inner = _soft_maxima(weight * part.open()[2])
            count += inner
        elif _is_soft(part) and weight > 0:
            count += 1
        elif not _is_plain(part):
            raise Silent
    return count


def _is_plain(e: Expr) -> bool:
    return isinstance(e, At) and e.tensor == SIMILARITY


def _is_soft(e: Expr) -> bool:
    if isinstance(e, Reduce):
        return e.op in ("logsumexp", "logmeanexp") and _is_plain(e.open()[2])
    return isinstance(e, sympy.log) and all(
        isinstance(a, sympy.exp) and (_is_plain(a.args[0]) or _is_soft(a.args[0]))
        for a in sympy.Add.make_args(e.args[0])
    )


TEMPERATURES = Theorem(
    "temperature of all soft maxima",
    "temperature",
    Structure,
    "divided by the temperature, similarities stand in soft maxima and by themselves alone",
    TEMPERATURE.source,
    _temperature,
    value=lambda case: case.guess["temperature"],
)

THEOREMS = (TEMPERATURES,)
