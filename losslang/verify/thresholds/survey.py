"""Answers at single settings, and where between them they change.

The candidates for such places are the roots of the formulas that the theorems ask about, and the
simplest numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from losslang.verify.partition import restricted
from losslang.verify.prover import Budget
from losslang.verify.statement import Region
from losslang.verify.theorem import Question
from losslang.verify.thresholds.change import Change, alone, may_meet
from losslang.verify.thresholds.line import Line
from losslang.verify.thresholds.settings import generic, one_valued
from losslang.verify.verdict import Cut

if TYPE_CHECKING:
    from losslang.verify.decide import Decider


@dataclass
class Survey:
    """Answers at single settings, along a line for each hyperparameter and size."""

    region: Region
    lines: list[Line]

    def first(self) -> bool | None:
        """The answer at the setting that all lines go through."""
        return self.lines[0].first() if self.lines else None

    def meet(self) -> Change | None:
        """Two hyperparameters that have to be equal, or different, for the property to hold."""
        for n, line in enumerate(self.lines):
            for other in self.lines[n + 1 :]:
                if may_meet(self.region, line.symbol, other.symbol) and line.singles_out(
                    other, self.region
                ):
                    return alone(Change(line.symbol, other.symbol, True), line.first())
        return None

    def turn(self) -> Change | None:
        """An end that belongs to the settings, where the answer is another one."""
        for line in self.lines:
            found = line.turn(self.region)
            if found is not None:
                return found
        return None

    def fill(self) -> None:
        """Decide settings on one line after the other, until one has both answers."""
        for line in self.lines:
            line.fill(self.region)
            if len(set(line.known.values())) > 1:
                return

    @property
    def answers(self) -> set[bool]:
        """The different answers that were found."""
        return {answer for line in self.lines for answer in line.known.values()}

    def change(self) -> Change | None:
        """A place where the answer changes, or ``None`` if none was found."""
        for line in self.lines:
            found = line.change(self.region)
            if found is not None:
                return found
        return None


def survey(decider: Decider, question: Question, way: tuple[Cut, ...], budget: Budget) -> Survey:
    """A look at settings on the way, of which none is decided yet."""
    region = restricted(decider.parameters, way)
    fixed = one_valued(region)
    region = region.setting(fixed)
    base = generic(region)
    if base is None:
        return Survey(region, [])
    base |= fixed
    asked = question.arguments
    base = {s: value for s, value in base.items() if s.name not in asked}
    symbols = (s for s in region.symbols if s.name not in asked)
    shared: dict[tuple[Cut, ...], bool | None] = {}
    lines = [Line(decider, question, way, s, base, budget, asked=shared) for s in symbols]
    return Survey(region, lines)
