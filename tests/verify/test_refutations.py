"""Every refutation comes with numbers that are computed anew, and that fail if they are altered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sympy import Abs, Expr, Integer

from losslang.verify.properties import PROPERTIES
from losslang.verify.statement import Relation, Sign
from losslang.verify.verdict import Witness
from losslang.verify.witnesses import in_floats, in_intervals, replays
from tests.verify import refuting
from tests.verify.refutations import ELSEWHERE, SAMPLES

OPPOSITE: dict[Relation, Relation] = {
    ">": "<=",
    ">=": "<",
    "<": ">=",
    "<=": ">",
    "==": "!=",
    "!=": "==",
}


def refuted(theorem: str) -> Witness:
    program, asked, settings = SAMPLES[theorem]
    for strategy, case in refuting.cases(program, asked, theorem, settings):
        if refuting.proved(strategy, case):
            found = refuting.witness(strategy, case)
            assert found is not None, "nothing about this refutation replays"
            return found
    raise AssertionError("the theorem does not refute its sample")


def test_every_theorem_that_refutes_has_a_sample():
    used = {s.theorem for prop in PROPERTIES.values() for s in prop.strategies}
    names = {theorem.name for theorem in used if not theorem.holds}
    assert names == {*SAMPLES, *ELSEWHERE}
    assert not {*SAMPLES} & {*ELSEWHERE}


@pytest.mark.parametrize("theorem", SAMPLES)
def test_a_refutation_has_numbers_that_replay_and_no_others_do(theorem):
    """Oracle: the opposite of a fact, and the fact with its number on the other side of 0."""
    witness = refuted(theorem)
    assert witness.facts
    assert witness.says
    assert replays(witness)
    for n, fact in enumerate(witness.facts):
        assert not fact.expr.free_symbols
        for other in (Sign(fact.expr, OPPOSITE[fact.relation]), Sign(beyond(fact), fact.relation)):
            altered = (*witness.facts[:n], other, *witness.facts[n + 1 :])
            assert not replays(replace(witness, facts=altered)), f"{other} replays too"


def beyond(fact: Sign) -> Expr:
    """A number for which the fact is false."""
    match fact.relation:
        case ">" | ">=":
            return fact.expr - Abs(fact.expr) - 1
        case "<" | "<=":
            return fact.expr + Abs(fact.expr) + 1
        case "==":
            return fact.expr + 1
        case _:
            return fact.expr - fact.expr


@pytest.mark.parametrize("relation", OPPOSITE)
def test_what_is_altered_here_is_false(relation):
    for number in map(Integer, (-2, 0, 2)):
        fact = Sign(number, relation)
        if in_floats(fact) and in_intervals(fact):
            assert not in_intervals(Sign(number, OPPOSITE[relation]))
            assert not in_intervals(Sign(beyond(fact), relation))
