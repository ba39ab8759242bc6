"""Which theorem decides a question, and for which hyperparameters.

The engine tries the strategies of a property for all settings at once. Where neither side can be
proved it decides single settings, guesses where the answer changes, and proves both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

import sympy
from sympy import Expr

from losslang.diagnostics import InternalError
from losslang.ir.loss import Loss
from losslang.ir.recursion import calls_itself
from losslang.verify import thresholds
from losslang.verify.check import chooses_sizes, sizes_in, together
from losslang.verify.formula import normal
from losslang.verify.partition import narrowed, sides
from losslang.verify.proof import Proof
from losslang.verify.properties import PROPERTIES
from losslang.verify.property import Property, Strategy
from losslang.verify.prover import Budget, prove
from losslang.verify.prover.polynomial import hint
from losslang.verify.readings.recognise import readings
from losslang.verify.readings.structure import Structure
from losslang.verify.sampling import looks_false
from losslang.verify.statement import Region, Sign, Statement
from losslang.verify.theorem import Case, Guess, Premise, Question, Reading, concerns
from losslang.verify.thresholds import Change
from losslang.verify.tripwire import tripwire
from losslang.verify.verdict import Argument, Cut, Part, Split, Use

MAX_GUESSES = 16
MAX_SPLITS = 7
QUICK_SECONDS = 0.5
"""How long to try all settings at once before single ones are looked at."""

LIKELY_SECONDS = 3.0
"""How long to try the answer that one setting has for all of them, before more are looked at."""

GUESS_SECONDS = 3.0
PREMISE_SECONDS = 4.0


@dataclass(frozen=True)
class Open:
    """Settings for which nothing was found, and why."""

    reason: str


@dataclass(frozen=True)
class Fork:
    """A :class:`~losslang.verify.verdict.Split` that may have open ends."""

    symbol: sympy.Symbol
    at: Expr
    above_closed: bool
    below: Found
    above: Found


Found: TypeAlias = Part | Fork | Open
Key: TypeAlias = tuple[Question, tuple[Cut, ...], bool | None]
"""A question, the settings it is asked about, and the answer that has a chance."""


def settled(found: Found) -> Argument | None:
    """The argument, if nothing is open."""
    if isinstance(found, Part):
        return found
    if isinstance(found, Open):
        return None
    below, above = settled(found.below), settled(found.above)
    if below is None or above is None:
        return None
    return Split(found.symbol, found.at, found.above_closed, below, above)


@dataclass
class Decider:
    """One loss under investigation; proofs are kept for the questions to come."""

    loss: Loss
    readings: tuple[Reading, ...]
    parameters: Region
    _proofs: dict[Statement, Proof] = field(default_factory=dict)
    _unproved: dict[Statement, float] = field(default_factory=dict)
    """The patience with which a statement's proof was looked for in vain."""
    _decided: dict[tuple[Question, tuple[Cut, ...]], Part] = field(default_factory=dict)
    _open: dict[tuple[Key, float], Open] = field(default_factory=dict)
    """What stays open with some patience."""

    @property
    def sizes(self) -> frozenset[sympy.Symbol]:
        """The symbols that stand for numbers of classes."""
        return sizes_in(self.readings)

    # ------------------------------------------------------------ one region

    def attempt(
        self,
        question: Question,
        way: tuple[Cut, ...],
        budget: Budget,
        wanted: bool | None = None,
    ) -> Part | Open:
        """One theorem that settles the question for every setting on the way.

        Where the answer is known at some setting, ``wanted`` says which side alone has a chance.
        """
        key = question, way, wanted
        known = self._decided.get((question, way)) or self._open.get((key, budget.patience))
        if known is not None:
            return known
        try:
            found = self._attempt(question, way, budget, wanted)
        except RecursionError:
            found = Open("SymPy does not come to an end with some formula")
        except Exception as defect:  # must not take the verdicts on other questions with it
            name = "" if isinstance(defect, InternalError) else f"{type(defect).__name__}: "
            found = Open(f"a defect of losslang, please report it: {name}{defect}")
        if isinstance(found, Part):
            self._decided[question, way] = found
        elif budget.left() > 0:
            self._open[key, budget.patience] = found
        return found

    def _attempt(
        self, question: Question, way: tuple[Cut, ...], budget: Budget, wanted: bool | None
    ) -> Part | Open:
        recursive = calls_itself(self.loss)
        reason = "no theorem speaks of this loss"
        if recursive:
            reason = "no theorem looks into a function that calls itself"
        for strategy in PROPERTIES[question.property].strategies:
            if wanted not in (None, strategy.theorem.holds):
                continue
            if recursive and not strategy.theorem.recursive:
                continue
            for places in self._groups(strategy, question):
                if budget.left() <= 0:
                    return Open("the time was over")
                uses = []
                for place in places:
                    use = self._use(strategy, question, place, way, budget)
                    if isinstance(use, str):
                        reason = use or reason
                        break
                    uses.append(use)
                else:
                    return Part(strategy.theorem.name, strategy.theorem.holds, tuple(uses))
        return Open(reason)

    def _groups(self, strategy: Strategy, question: Question) -> Iterator[list[int]]:
        """The readings that a theorem may use, in groups that it has to use together."""
        seen: set[int] = set()
        for place, reading in enumerate(self.readings):
            if place in seen or not isinstance(reading, strategy.theorem.reads):
                continue
            if not concerns(reading, question):
                continue
            group = together(self.readings, place) if strategy.theorem.holds else [place]
            seen.update(group)
            yield group

    def _use(
        self,
        strategy: Strategy,
        question: Question,
        place: int,
        way: Sequence[Cut],
        budget: Budget,
    ) -> Use | str:
        """The theorem applied to one reading, or why not."""
        if not strategy.theorem.holds and chooses_sizes(self.readings, place, way):
            return f"{strategy.theorem.name} speaks of all sizes alike"
        reading = narrowed(self.readings[place], way)
        why = ""
        for guess in self._guesses(strategy, reading, question, budget):
            proofs = self.proofs(strategy, Case(reading, question, guess), budget)
            if isinstance(proofs, tuple):
                return Use(place, guess, proofs)
            why = why if proofs is None else f"{strategy.theorem.name}: {proofs}"
        return why

    def proofs(
        self, strategy: Strategy, case: Case, budget: Budget
    ) -> tuple[Proof, ...] | str | None:
        """Proofs of what the theorem asks for, or what has none; ``None`` if it does not apply."""
        premises = self.premises(strategy, case)
        return None if premises is None else self._proved(premises, budget)

    def _guesses(
        self, strategy: Strategy, reading: Reading, question: Question, budget: Budget
    ) -> Iterator[Guess]:
        """Guesses one by one, for later ones may take long to come by."""
        waiting = iter(strategy.guesses(reading, question))
        for _ in range(MAX_GUESSES):
            found: list[Guess] = []
            with suppress(Exception):  # algebra fails in many ways on odd formulas
                budget.part(GUESS_SECONDS).within(lambda found=found: found.append(next(waiting)))  # type: ignore[misc]
            if not found:
                return
            # As a certificate holds it: algebra may leave what evaluates further.
            yield {name: normal(value) for name, value in found[0].items()}

    @staticmethod
    def premises(strategy: Strategy, case: Case) -> Sequence[Premise] | None:
        """What the theorem asks for in a case; ``None`` where it does not apply."""
        return strategy.theorem.premises(case)

    def _proved(self, premises: Sequence[Premise], budget: Budget) -> tuple[Proof, ...] | str:
        """Proofs of all premises, or the first that has none."""
        for premise in premises:
            statement = premise.statement
            if self._has_failed(statement, budget):
                return f"cannot show that {premise.label}{hint(statement)}"
            if isinstance(statement, Sign) and looks_false(statement) is not None:
                return f"it is not so that {premise.label}"
        proofs = []
        for premise in premises:
            proof = self._prove(premise.statement, budget)
            if proof is None:
                return f"cannot show that {premise.label}{hint(premise.statement)}"
            proofs.append(proof)
        return tuple(proofs)

    def _prove(self, statement: Statement, budget: Budget) -> Proof | None:
        known = self._proofs.get(statement)
        if known is not None or self._has_failed(statement, budget):
            return known
        proof = prove(statement, budget.part(PREMISE_SECONDS))
        if proof is not None:
            tripwire(statement)
            self._proofs[statement] = proof
        elif budget.left() > 0:
            self._unproved[statement] = budget.patience
        return proof

    def _has_failed(self, statement: Statement, budget: Budget) -> bool:
        """Whether no proof was found with as much patience."""
        failed = self._unproved.get(statement, 0.0) >= budget.patience
        if failed:
            budget.give_up()
        return failed

    def formulas(self, question: Question, way: tuple[Cut, ...], budget: Budget) -> Iterator[Sign]:
        """The statements that the theorems ask about, for all settings on the way."""
        for strategy in PROPERTIES[question.property].strategies:
            for places in self._groups(strategy, question):
                for place in places:
                    reading = narrowed(self.readings[place], way)
                    for guess in islice(self._guesses(strategy, reading, question, budget), 4):
                        premises = self.premises(strategy, Case(reading, question, guess)) or ()
                        for premise in premises:
                            if isinstance(premise.statement, Sign):
                                yield premise.statement

    # ------------------------------------------------------------ all settings

    def find(
        self,
        question: Question,
        way: tuple[Cut, ...],
        budget: Budget,
        splits: int = MAX_SPLITS,
        likely: bool | None = None,
    ) -> Found:
        """Arguments for all settings on the way, as far as they are found.

        ``likely`` is the answer that some of them are known to have.
        """
        try:
            return self._find(question, way, budget, splits, likely)
        except ValueError as error:  # the halves of a cut there would leave something out
            return Open(f"a threshold could not be placed: {str(error)[:60]}")

    def _find(
        self,
        question: Question,
        way: tuple[Cut, ...],
        budget: Budget,
        splits: int,
        likely: bool | None,
    ) -> Found:
        if splits <= 0 or not thresholds.free(self.parameters, way):
            return self.attempt(question, way, budget)
        seconds = QUICK_SECONDS if likely is None else LIKELY_SECONDS
        quick = self.attempt(question, way, budget.part(seconds), likely)
        if isinstance(quick, Part):
            return quick
        found = thresholds.tested(self, way) or self._surveyed(question, way, budget)
        if not isinstance(found, Change):
            return found
        return self._divided(question, way, found, budget, splits)

    def _surveyed(
        self, question: Question, way: tuple[Cut, ...], budget: Budget
    ) -> Part | Open | Change:
        """One argument for all settings on the way, or where to divide them."""
        survey = thresholds.survey(self, question, way, budget.share(1 / 2))
        meeting = survey.meet()
        if meeting is not None:
            return meeting
        likely, turn = survey.first(), survey.turn()
        most = way if turn is None else (*way, *_beside(turn))
        whole = self.attempt(question, most, budget.part(LIKELY_SECONDS), likely)
        if isinstance(whole, Part):
            return whole if turn is None else turn
        if turn is None:
            survey.fill()
        if len(survey.answers) > 1:
            return survey.change() or Open(
                "the answer depends on the setting, but not seen where it changes"
            )
        wanted = next(iter(survey.answers), None)
        end = thresholds.end_of_half(self, way)
        special = thresholds.special(self, way, wanted)
        share = 0.6 if end else 0.4 if special else 1.0
        whole = self.attempt(question, way, budget.share(share), wanted)
        return whole if isinstance(whole, Part) else end or special or whole

    def _divided(
        self,
        question: Question,
        way: tuple[Cut, ...],
        change: Change,
        budget: Budget,
        splits: int,
    ) -> Fork:
        """Arguments for both sides of a place where the answer changes."""
        lower, upper = sides(change.symbol, change.at, change.above_closed)
        below = self.find(question, (*way, lower), budget.share(1 / 2), splits - 1, change.beside)
        if change.beside is None:
            above = self.find(question, (*way, upper), budget, splits - 1)
        else:
            above = self._from_one(question, (*way, upper), change, budget, splits - 1)
        if settled(below) is None and budget.left() > QUICK_SECONDS:
            below = self.find(question, (*way, lower), budget, splits - 1)
        return Fork(change.symbol, change.at, change.above_closed, below, above)

    def _from_one(
        self,
        question: Question,
        way: tuple[Cut, ...],
        change: Change,
        budget: Budget,
        splits: int,
    ) -> Fork:
        """Arguments for the one setting where the answer is another, and for those above it."""
        only, above = sides(change.symbol, change.at, above_closed=False)
        return Fork(
            change.symbol,
            change.at,
            False,
            self.find(question, (*way, only), budget.share(1 / 2), splits - 1, change.here),
            self.find(question, (*way, above), budget, splits - 1, change.beside),
        )


def _beside(end: Change) -> tuple[Cut, ...]:
    """All settings but those at an end."""
    below, above = sides(end.symbol, end.at, end.above_closed)
    return (below,) if end.above_closed else (above,)


def decider(loss: Loss) -> Decider:
    """Start on a loss whose hyperparameters are fixed or free over their domains."""
    read = readings(loss)
    whole = read[-1].loss if isinstance(read[-1], Structure) else loss
    return Decider(whole, read, parameters(whole, read))


def parameters(loss: Loss, read: Sequence[Reading]) -> Region:
    """Hyperparameters and sizes that some reading depends on, with their domains."""
    own = {h.symbol for h in loss.hyperparameters if not h.axes}
    inputs = {i.name for i in loss.inputs}
    region = Region()
    for reading in read:
        for symbol, bounds in reading.region.variables:
            known = symbol in own or (symbol.is_integer and symbol.name not in inputs)
            if known and symbol not in region:
                region = region.having(symbol, bounds)
    return region


def strategies(prop: Property) -> Mapping[str, Strategy]:
    """The strategies of a property by the name of their theorem."""
    return {strategy.theorem.name: strategy for strategy in prop.strategies}
