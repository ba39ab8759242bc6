"""One run of the prover: what it has tried, and steps from a rule to a proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from losslang.verify.proof import Data, Proof, Rejected
from losslang.verify.prover.budget import Budget
from losslang.verify.rules import RULES
from losslang.verify.sampling import looks_false
from losslang.verify.statement import Shape, Sign, Statement


@dataclass(frozen=True)
class Layer:
    """One way to look for a proof, tried at ``effort`` or more.

    It has ``seconds`` at first, and thrice as many for each further unit of effort. A layer without
    them proves other statements on its way.
    """

    name: str
    effort: int
    search: Callable[[Run, Sign, int], Proof | None]
    seconds: float | None = None
    raw: bool = False
    """Whether to try it on formulas that have a simpler form with the same sign."""
    share: float = 0.5
    """How much of the time that is left a layer without ``seconds`` has."""

    def budget(self, whole: Budget, effort: int) -> Budget:
        """What it has of a search's budget."""
        if self.seconds is None:
            return whole.share(self.share)
        return whole.part(self.seconds * 3.0 ** (effort - self.effort))


Step: TypeAlias = tuple[str, Mapping[str, Data]]


@dataclass
class Run:
    """The state of one search: everything in it is forgotten afterwards."""

    budget: Budget
    layers: tuple[Layer, ...]
    tried: dict[Statement, tuple[int, Proof | None]] = field(default_factory=dict)
    reduced: set[Statement] = field(default_factory=set)
    """Statements for which a simpler one was found that is equivalent."""
    doubted: dict[Sign, bool] = field(default_factory=dict)

    def prove(self, statement: Statement, effort: int) -> Proof | None:
        """A proof found with at most so much effort, or ``None``."""
        known = self.tried.get(statement)
        if known is not None and (known[1] is not None or known[0] >= effort):
            return known[1]
        if effort < 0 or not self.budget.left():
            return None
        self.tried[statement] = (effort, None)  # a search that comes back here goes in a circle
        proof = self._search(statement, effort)
        self.tried[statement] = (effort, proof)
        return proof

    def _search(self, statement: Statement, effort: int) -> Proof | None:
        if not isinstance(statement, Sign):
            rule = "shape" if isinstance(statement, Shape) else "limit"
            return self.step(statement, rule, {}, effort)
        for layer in self.layers:
            if layer.effort > effort or (statement in self.reduced and not layer.raw):
                continue
            if self.doubted.get(statement) or (layer.effort > 0 and self.is_doubtful(statement)):
                return None
            own = layer.budget(self.budget, effort)
            try:
                found = own.within(partial(layer.search, self, statement, effort))
            except Exception:  # SymPy fails on odd input in many ways; such a layer finds nothing
                found = None
            if found is not None:
                return found
        return None

    def is_doubtful(self, statement: Sign) -> bool:
        """Whether samples contradict the statement."""
        if statement not in self.doubted:
            self.doubted[statement] = looks_false(statement, 40) is not None
        return self.doubted[statement]

    def step(
        self, statement: Statement, rule: str, data: Mapping[str, Data], effort: int
    ) -> Proof | None:
        """A proof that begins with a rule and goes on with at most ``effort`` for its parts."""
        try:
            needed = RULES[rule].premises(statement, data)
        except Rejected:
            return None
        signs = [one for one in needed if isinstance(one, Sign)]
        if any(self.is_doubtful(one) for one in signs):
            self._doubt(statement, rule, signs)
            return None
        parts = []
        for one in needed:
            part = self.prove(one, effort)
            if part is None:
                self._doubt(statement, rule, signs)
                return None
            parts.append(part)
        return Proof(rule, data, tuple(parts))

    def _doubt(self, statement: Statement, rule: str, needed: list[Sign]) -> None:
        """Doubt a statement with a doubtful equivalent."""
        same = {"scale": needed[1:2], "map": needed[-1:], "mirror": needed, "rewrite": needed[:1]}
        if isinstance(statement, Sign) and any(self.doubted.get(s) for s in same.get(rule, ())):
            self.doubted[statement] = True

    def first(self, statement: Sign, steps: Iterable[Step], effort: int) -> Proof | None:
        """The first of several steps that leads to a proof."""
        for rule, data in steps:
            found = self.step(statement, rule, data, effort)
            if found is not None:
                return found
        return None
