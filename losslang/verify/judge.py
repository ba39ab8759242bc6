"""From arguments to verdicts: condition, value, witness, culprit and the steps for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import sympy
from sympy import Expr, Rational

from losslang.ir.binders import substitute
from losslang.ir.heads import Max, Min
from losslang.verify import settle, witnesses
from losslang.verify.conditions import Name, condition
from losslang.verify.decide import Decider, Fork, Found, Open, settled, strategies
from losslang.verify.partition import narrowed, pinned, restricted, sides
from losslang.verify.proof import Proof
from losslang.verify.properties import PROPERTIES
from losslang.verify.prover import Budget
from losslang.verify.rules import RULES
from losslang.verify.statement import Region
from losslang.verify.theorem import Case, Question
from losslang.verify.theorems import THEOREMS
from losslang.verify.thresholds import generic
from losslang.verify.verdict import Certificate, Cut, Part, Verdict, Witness

WITNESS_SECONDS = 4.0


def verdict(
    decider: Decider, question: Question, found: Found, name: Name, way: tuple[Cut, ...] = ()
) -> Verdict:
    """What ``found`` says of the question, for all settings on the way."""
    parts = list(_leaves(found, way))
    sides = {part.holds if isinstance(part, Part) else None for _, part in parts}
    argument = settled(found)
    certificate = Certificate(question, way, argument) if argument is not None else None
    steps = tuple(line for where, part in parts for line in explain(decider, question, where, part))
    given = Verdict(
        question,
        "unknown",
        condition=condition(found, name, decider.parameters),
        citation=_citations(parts),
        certificate=certificate,
        steps=steps,
    )
    if None in sides:
        reason = _reason(parts, given.condition, name)
        witness = find_witness(decider, question, way) if decider.parameters.variables else None
        if witness is not None:
            reason = f"fails for the settings of the witness; {reason}"
        return replace(given, reason=reason, condition=None, witness=witness)
    if sides == {True}:
        return replace(given, status="proved", **_valued(decider, question, parts))
    where, part = next((w, p) for w, p in parts if isinstance(p, Part) and not p.holds)
    witness = find_witness(decider, question, where, part)
    if witness is None:
        return replace(given, reason="the numbers of the counterexample do not replay")
    if sides == {False}:
        return replace(
            given, status="refuted", witness=witness, **_valued(decider, question, parts)
        )
    return replace(
        given,
        status="conditional",
        witness=witness,
        **_valued(decider, question, [(w, p) for w, p in parts if _holds(p)]),
    )


def _holds(part: Part | Open) -> bool:
    return isinstance(part, Part) and part.holds


def _leaves(found: Found, way: tuple[Cut, ...]) -> Iterator[tuple[tuple[Cut, ...], Part | Open]]:
    if not isinstance(found, Fork):
        yield way, found
        return
    below, above = sides(found.symbol, found.at, found.above_closed)
    yield from _leaves(found.below, (*way, below))
    yield from _leaves(found.above, (*way, above))


def _reason(
    parts: Sequence[tuple[tuple[Cut, ...], Part | Open]], where: str | None, name: Name
) -> str:
    reasons = dict.fromkeys(p.reason for _, p in parts if isinstance(p, Open))
    known = f"holds when {where}; " if where else ""
    return known + "; ".join(reasons)


def _citations(parts: Sequence[tuple[tuple[Cut, ...], Part | Open]]) -> str | None:
    found = [THEOREMS[p.theorem].source for _, p in parts if isinstance(p, Part)]
    return "; ".join(dict.fromkeys(found)) or None


def _cases(
    decider: Decider, question: Question, way: tuple[Cut, ...], part: Part
) -> Iterator[Case]:
    for use in part.uses:
        yield Case(narrowed(decider.readings[use.reading], way), question, use.guess)


def _valued(
    decider: Decider,
    question: Question,
    parts: Sequence[tuple[tuple[Cut, ...], Part | Open]],
) -> dict[str, Any]:
    """What the theorems say besides, where it is the same for all settings, and how sharp it is."""
    told = [(way, part) for way, part in parts if isinstance(part, Part)]
    values: list[tuple[Region, Expr | None]] = []
    for way, part in told:
        region = restricted(decider.parameters, way)
        cases = _cases(decider, question, way, part)
        worst = _over_labels(question, [_told(part, case) for case in cases])
        values.append((region, settle.settled(worst, region) if isinstance(worst, Expr) else worst))
    value = _common(values)
    loose = value is not None and not all(THEOREMS[part.theorem].exact for _, part in told)
    return {"value": value, "value_is_bound": loose}


def _common(values: Sequence[tuple[Region, Expr | None]]) -> Expr | None:
    """One formula for the values in several regions; a region may be a single setting."""
    for _, candidate in values:
        if candidate is not None and all(_agree(candidate, v, region) for region, v in values):
            return candidate
    return None


def _agree(candidate: Expr, value: Expr | None, region: Region) -> bool:
    pinned = {s: bounds.low for s, bounds in region.variables if bounds.low == bounds.high}
    return value is not None and (candidate == value or substitute(candidate, pinned) == value)


def _told(part: Part, case: Case) -> Expr | None:
    return THEOREMS[part.theorem].value(case)


WORST: dict[str, type[Expr]] = {
    "bounded_below": Min,
    "bounded_influence": Max,
    "lipschitz": Max,
    "self_concordant": Max,
    "smooth": Max,
    "strongly_convex": Min,
}
"""How the constants for several labels make one for all of them."""


def _over_labels(question: Question, values: Sequence[Expr | None]) -> Expr | None:
    known = list(dict.fromkeys(values))
    if len(known) == 1:
        return known[0]
    if None in known:
        return None
    if question.property == "range":
        return _hull(known)
    return WORST[question.property](*known) if question.property in WORST else None


def _hull(ranges: Sequence[Expr | None]) -> Expr | None:
    """The least interval around sets of numbers; ``None`` if it is not known which ends are."""
    if not all(isinstance(each, sympy.Set) and not each.free_symbols for each in ranges):
        return None
    union = sympy.Union(*ranges)
    low, high = union.inf, union.sup
    return sympy.Interval(low, high, low not in union, high not in union)


# ---------------------------------------------------------------- witnesses


def find_witness(
    decider: Decider, question: Question, way: tuple[Cut, ...], part: Part | None = None
) -> Witness | None:
    """Numbers for one setting on the way, at which the property was refuted.

    ``part`` refutes it for every setting on the way. What it says of this one setting is tried
    first; the numbers of an argument made for this setting alone are often found where it has none.
    """
    setting = setting_on(decider, way)
    if setting is None:
        return None
    setting = {s: v for s, v in setting.items() if s.name not in question.arguments}
    here = (*way, *pinned(setting))
    if part is not None:
        made = _numbers(decider, question, here, _at(part, setting), setting)
        if made is not None:
            return made
    found = decider.attempt(question, here, Budget(WITNESS_SECONDS))
    if not isinstance(found, Part) or found.holds:
        return None
    return _numbers(decider, question, here, found, setting)


def _at(part: Part, setting: Mapping[sympy.Symbol, Expr]) -> Part:
    """The argument with guesses for one setting."""
    uses = (
        replace(use, guess={name: substitute(e, setting) for name, e in use.guess.items()})
        for use in part.uses
    )
    return replace(part, uses=tuple(uses))


def _numbers(
    decider: Decider,
    question: Question,
    here: tuple[Cut, ...],
    part: Part,
    setting: Mapping[sympy.Symbol, Expr],
) -> Witness | None:
    strategy = strategies(PROPERTIES[question.property])[part.theorem]
    for case in _cases(decider, question, here, part):
        made = witnesses.of(strategy, case)
        if made is not None:
            own = {s: v for s, v in setting.items() if _depends(decider, part, s)}
            return witnesses.with_settings(made, own)
    return None


def _depends(decider: Decider, part: Part, symbol: sympy.Symbol) -> bool:
    """Whether a reading depends on a hyperparameter, or its formulas on a size."""
    readings = [decider.readings[use.reading] for use in part.uses]
    if symbol in {hyper.symbol for hyper in decider.loss.hyperparameters}:
        return any(symbol in reading.region for reading in readings)
    formulas = [getattr(reading, f.name) for reading in readings for f in fields(reading)]
    return any(isinstance(e, Expr) and e != symbol and symbol in e.free_symbols for e in formulas)


def setting_on(decider: Decider, way: tuple[Cut, ...]) -> dict[sympy.Symbol, Expr] | None:
    """One setting on the way: the defaults if they lie on it, else plain numbers."""
    region = restricted(decider.parameters, way)
    setting: dict[sympy.Symbol, Expr] = {}
    defaults = {h.symbol: h.default for h in decider.loss.hyperparameters if not h.axes}
    for symbol, bounds in region.variables:
        here = bounds.subs(setting)
        default = defaults.get(symbol)
        if here.low == here.high:
            setting[symbol] = here.low
        elif (
            default is not None
            and not isinstance(default, str | tuple)
            and here.holds(Rational(default))
        ):
            setting[symbol] = Rational(default)
        else:
            made = generic(Region(((symbol, here),)))
            if made is None:
                return None
            setting |= made
    return setting


# ---------------------------------------------------------------- explanations


def explain(
    decider: Decider, question: Question, way: tuple[Cut, ...], part: Part | Open
) -> Iterator[str]:
    """The argument for one region of settings, line by line."""
    where = " and ".join(map(str, way))
    if isinstance(part, Open):
        yield f"{f'For {where}: ' if where else ''}open: {part.reason}."
        return
    theorem = THEOREMS[part.theorem]
    yield f"{f'For {where}: ' if where else ''}{theorem.says} ({theorem.source})."
    strategy = strategies(PROPERTIES[question.property])[part.theorem]
    for use, case in zip(part.uses, _cases(decider, question, way, part), strict=True):
        yield f"  Read as {case.reading.kind}."
        for name, value in case.guess.items():
            yield f"  With {name} = {value}."
        for premise, proof in zip(decider.premises(strategy, case) or (), use.proofs, strict=True):
            yield f"  {premise.label}: {premise.statement}"
            yield f"      {methods(proof)}"


def methods(proof: Proof) -> str:
    """By which rules a proof goes, outermost first."""
    names: list[str] = []

    def visit(node: Proof) -> None:
        names.append(RULES[node.rule].says)
        for each in node.parts:
            visit(each)

    visit(proof)
    counted = [
        f"{n} ({names.count(n)} times)" if names.count(n) > 1 else n for n in dict.fromkeys(names)
    ]
    return "by " + ", ".join(counted)
