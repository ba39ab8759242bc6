"""Which summand of a loss breaks what the rest keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from sympy import Integer

from losslang.ir.loss import Loss
from losslang.verify.property import Strategy
from losslang.verify.readings.structure import Structure
from losslang.verify.search import invariance, structure
from losslang.verify.search.numbers import likely
from losslang.verify.theorem import Case, Guess, Question, Theorem
from losslang.verify.theorems import summands as theorems
from losslang.verify.theorems.summands import REST
from losslang.verify.verdict import Witness

FEW = 4


def _guesses(keeping: Strategy, refuting: Strategy) -> Callable[..., Iterator[Guess]]:
    """The simplest summand first; only such that the rest seems to keep the property."""

    def guesses(reading: Structure, question: Question) -> Iterator[Guess]:
        loss: Loss = reading.loss
        found = theorems.summands(loss)
        if len(found) < 2:
            return
        for n in sorted(range(len(found)), key=lambda n: int(found[n].body.count_ops())):
            one, rest = (replace(reading, loss=part) for part in theorems.apart(loss, n))
            kept = _kept(keeping, rest, question)
            if kept is None:
                continue
            for guess in islice(refuting.guesses(one, question), FEW):
                yield {"summand": Integer(n), **kept, **guess}

    return guesses


def _kept(keeping: Strategy, rest: Structure, question: Question) -> Guess | None:
    for guess in islice(keeping.guesses(rest, question), FEW):
        if likely(keeping.theorem, Case(rest, question, guess)):
            return {REST + name: value for name, value in guess.items()}
    return None


def _witness(refuting: Strategy) -> Callable[[Case], Witness | None]:
    """The numbers for the whole loss at the inputs that break the summand, else for that alone."""

    def witness(case: Case) -> Witness | None:
        both = theorems.cases(case)
        if both is None:
            return None
        whole = Case(case.reading, case.question, both[0].guess)
        return refuting.witness(whole) or refuting.witness(both[0])

    return witness


def _all(module: object) -> Iterator[Strategy]:
    for each in vars(module).values():
        if isinstance(each, tuple):
            yield from (s for s in each if isinstance(s, Strategy))


_S = {s.theorem.name: s for s in (*_all(structure), *_all(invariance))}


def _blamed(keeping: Theorem, refuting: Theorem, theorem: Theorem) -> Strategy:
    held, refuted = _S[keeping.name], _S[refuting.name]
    return Strategy(theorem, _guesses(held, refuted), _witness(refuted))


_FOUND = tuple(
    _blamed(*pair, theorem) for pair, theorem in zip(theorems.PAIRS, theorems.THEOREMS, strict=True)
)


def of(prop: str) -> tuple[Strategy, ...]:
    """The strategies for a property."""
    return tuple(s for s in _FOUND if s.theorem.property == prop)
