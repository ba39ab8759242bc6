"""What the loss tends to as one input moves off: all of its entries by one growing number."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import walk
from losslang.ir.heads import ONE, Branch, Index, Max, Min
from losslang.ir.loss import BATCH, EVERYTHING, EXAMPLE, Loss
from losslang.ir.truth import Equal, Less, LessEqual
from losslang.verify import instances
from losslang.verify.instances import Inputs
from losslang.verify.readings.algebra import rewritten
from losslang.verify.readings.structure import Structure
from losslang.verify.settle import settled
from losslang.verify.statement import LINE, Limit, Region
from losslang.verify.theorem import Case, Premise, Question, Theorem
from losslang.verify.theorems.elicitation import only
from losslang.verify.theorems.invariance import BY_DEFINITION
from losslang.verify.theorems.pieces import Silent, number
from losslang.verify.theorems.premises import sign, stated

MAX_ENTRIES = 12
SIZES = {BATCH.name: 1}

# ---------------------------------------------------------------- one example


def entries(loss: Loss) -> dict[instances.Entry, str]:
    """A name for each entry of one example.

    Silent unless all entries may be any real numbers, and the loss is a mean over its examples.
    """
    found: dict[instances.Entry, str] = {}
    for known in loss.inputs:
        free = known.kind == "real" and known.domain == EVERYTHING and known.batched
        if not free or any(axis.size is None for axis in known.axes):
            raise Silent
        for at in instances.places(known, SIZES):
            found[known.name, at] = "_".join((known.name, *map(str, at[1:])))
    for term in loss.terms:
        places = {e for e in walk(term.body) if isinstance(e, Index) and e.axis == BATCH}
        if term.result != (EXAMPLE,) or term.guard != ONE or not places <= {EXAMPLE}:
            raise Silent
    if len(found) > MAX_ENTRIES:
        raise Silent
    return found


def moved(loss: Loss, question: Question, at: dict[instances.Entry, Expr], by: Expr) -> Expr:
    """The loss with the input that is asked about moved from its place. Silent without one."""
    if question.input not in {name for name, _ in at}:
        raise Silent
    there = {key: e + by if key[0] == question.input else e for key, e in at.items()}
    found = instances.formula(loss, Inputs(SIZES, there))
    if found is None:
        raise Silent
    return found


def away(reading: Structure, question: Question, t: sympy.Symbol, side: int) -> tuple[Expr, Region]:
    """The loss at any inputs, one of which has moved by ``side * t``, for large ``t``.

    Silent where it is not known which cases hold at last.
    """
    region, at = reading.region, {}
    for key, name in entries(reading.loss).items():
        symbol = region.fresh(name)
        region = region.having(symbol, LINE)
        at[key] = symbol
    found = eventually(moved(reading.loss, question, at, side * t), t)
    return named(settled(found, reading.region), t, region)


# ---------------------------------------------------------------- for large t


def eventually(expr: Expr, t: sympy.Symbol) -> Expr:
    """A formula with the same values from some ``t`` on, which depends on the other variables.

    Comparisons, extrema and absolute values are settled where a difference grows with ``t``.
    """

    def rule(e: Basic) -> Basic:
        if t not in e.free_symbols:
            return e
        if isinstance(e, Less | LessEqual):
            return {1: ONE, -1: S.Zero}.get(trend(e.args[1] - e.args[0], t), e)
        if isinstance(e, Equal):
            return e if trend(e.args[1] - e.args[0], t) == 0 else S.Zero
        if isinstance(e, sympy.Abs):
            return {1: e.args[0], -1: -e.args[0]}.get(trend(e.args[0], t), e)
        if isinstance(e, Max | Min):
            wins = 1 if isinstance(e, Max) else -1
            beaten = {a for a in e.args if any(trend(b - a, t) == wins for b in e.args)}
            return e.func(*(a for a in e.args if a not in beaten))
        return e

    return rewritten(expr, rule)


def trend(expr: Expr, t: sympy.Symbol) -> int:
    """1 if ``expr`` tends to infinity with ``t``, -1 if to minus infinity, 0 if that is not known.

    It is known of linear functions whose slope has a sign.
    """
    spread = sympy.expand(expr)
    slope = spread.coeff(t, 1)
    if t in sympy.expand(spread - slope * t).free_symbols | slope.free_symbols:
        return 0
    return 1 if slope.is_positive else -1 if slope.is_negative else 0


def named(expr: Expr, t: sympy.Symbol, region: Region) -> tuple[Expr, Region]:
    """The formula with a new variable, any real number, for each case that ``t`` is not part of.

    Silent if ``t`` is part of a case.
    """
    cases = (Max, Min, Branch, Less, LessEqual, Equal, sympy.Abs)
    names: dict[Basic, sympy.Symbol] = {}

    def rule(e: Basic) -> Basic:
        nonlocal region
        if not isinstance(e, cases):
            return e
        if t in e.free_symbols:
            raise Silent
        if e not in names:
            names[e] = region.fresh("c")
            region = region.having(names[e], LINE)
        return names[e]

    return rewritten(expr, rule), region


# ---------------------------------------------------------------- the theorems


@stated
def _saturates(case: Case) -> Iterator[Premise]:
    reading: Structure = case.reading
    value, t = only(case.guess["value"], reading.region), reading.region.fresh("t", positive=True)
    if value.is_infinite:
        raise Silent
    for side in (1, -1):
        tail, region = away(reading, case.question, t, side)
        limit = Limit(tail, t, S.Infinity, "-", value, region)
        yield Premise(f"{case.question.input} moves {'up' if side > 0 else 'down'}", limit)


def tail(case: Case, side: int) -> tuple[Expr, sympy.Symbol]:
    """The loss at the guess's inputs, the input having moved to a side, 1 or -1."""
    loss = case.reading.loss
    t = case.reading.region.fresh("t", positive=True)
    found = eventually(moved(loss, case.question, start(case), side * t), t)
    return settled(found, case.reading.region), t


def start(case: Case) -> dict[instances.Entry, Expr]:
    """The guess's inputs. Silent unless there is a number for each entry."""
    given = instances.from_data(case.guess).entries
    known = entries(case.reading.loss)
    if not known.keys() <= given.keys():
        raise Silent
    return {key: given[key] for key in known}


@stated
def _grows(case: Case) -> Iterator[Premise]:
    found, t = tail(case, 2 * number(case.guess, "up", 2) - 1)
    value = case.guess["value"]
    if value not in (S.Infinity, S.NegativeInfinity):
        raise Silent
    limit = Limit(found, t, S.Infinity, "-", value, case.reading.region)
    yield Premise("the loss has no bound", limit)


@stated
def _parts(case: Case) -> Iterator[Premise]:
    region, limits = case.reading.region, []
    for side, name in ((1, "up"), (-1, "down")):
        found, t = tail(case, side)
        limits.append(only(case.guess[f"limit {name}"], region))
        limit = Limit(found, t, S.Infinity, "-", limits[-1], region)
        yield Premise(f"{case.question.input} moves {name}", limit)
    if any(limit.is_infinite for limit in limits):
        raise Silent
    yield sign("the limits differ", limits[1] - limits[0], "!=", region)


SATURATES = Theorem(
    "saturates",
    "saturates",
    Structure,
    "As all entries of the input grow, or fall, by one number, the loss tends to the value",
    BY_DEFINITION,
    _saturates,
    value=lambda case: case.guess["value"],
)
GROWS = Theorem(
    "grows-without-bound",
    "saturates",
    Structure,
    "As all entries of the input grow or fall by one number, the loss has no bound",
    BY_DEFINITION,
    _grows,
    holds=False,
)
PARTS = Theorem(
    "another-limit-on-each-side",
    "saturates",
    Structure,
    "The loss tends to one number as all entries of the input grow, and to another as they fall",
    BY_DEFINITION,
    _parts,
    holds=False,
)

FAR = (SATURATES, GROWS, PARTS)
