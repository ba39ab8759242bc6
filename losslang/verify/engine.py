"""The verifier of one loss: which questions have a meaning, their verdicts, and its claims."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

import sympy
from sympy import Basic, Expr, Rational

from losslang.ir.binders import substitute
from losslang.ir.loss import Loss
from losslang.syntax import nodes
from losslang.verify import wording
from losslang.verify.ask import understood
from losslang.verify.claims import INCOMPARABLE, ClaimResult, Conditions, Settings
from losslang.verify.culprit import culprit
from losslang.verify.decide import Decider, Found, decider, settled
from losslang.verify.judge import verdict
from losslang.verify.partition import half
from losslang.verify.properties import PROPERTIES
from losslang.verify.property import Property
from losslang.verify.prover import Budget, prove
from losslang.verify.readings import Regression, Residual
from losslang.verify.readings.fix import fixed
from losslang.verify.sampling import looks_false
from losslang.verify.statement import MIRRORED, Region, Relation, Sign
from losslang.verify.theorem import Question, Reading
from losslang.verify.verdict import Cut, Verdict

OTHERS = 4
"""Among how many questions at most the time that is left is shared."""

LOOKS = 0.3, 1.0
"""What each question may take before any has more, in one round after the other."""

ROUND_SECONDS = 12.0
"""How long to try with ordinary patience; the next rounds are each so many times as long:"""

MORE = 4.0
CULPRIT_SECONDS = 5.0
BOUND_SECONDS = 5.0
LABELS = ("index", "bit", "sign", "label", "bool", "int")


class Engine:
    """Decides questions about ``loss``; hyperparameters that were given a value are fixed to it.

    ``timeout`` bounds the seconds that all questions together take; what the search tries has
    limits of its own, in processor time.
    """

    def __init__(self, loss: Loss, timeout: float = 600.0) -> None:
        self.whole = loss
        given = {h.name: h.default for h in loss.hyperparameters if h.given and not h.learn}
        self.loss = fixed(loss, given)
        self._timeout = timeout
        self._seconds: defaultdict[Question, float] = defaultdict(float)
        self._verdicts: dict[Question, Verdict] = {}
        self._deciders: dict[tuple[object, ...], Decider] = {}

    # ------------------------------------------------------------ what may be asked

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What the loss looks like to the theory, most specific first."""
        return self._decider.readings

    @property
    def kind(self) -> str:
        """What diagnostics call the loss."""
        return self.readings[0].kind

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs that a property may be asked in: those of real numbers."""
        return tuple(i.name for i in self.loss.inputs if i.kind not in LABELS)

    def questions(self) -> tuple[Question, ...]:
        """Every question that has a meaning for this loss and that a report answers unasked."""
        return tuple(q for p in PROPERTIES.values() for q in self._asked(p) if self._is_listed(q))

    def _is_listed(self, question: Question) -> bool:
        prop = PROPERTIES[question.property]
        return any(
            prop.speaks_of(reading, question) and prop.listed(reading, question)
            for reading in self.readings
        )

    @cached_property
    def _predicted(self) -> tuple[str, ...]:
        """The inputs without what a regression loss compares its prediction with."""
        given = {r.inputs[1] for r in self.readings if isinstance(r, Residual | Regression)}
        return tuple(name for name in self.inputs if name not in given)

    def _asked(self, prop: Property) -> Iterator[Question]:
        if "input" in prop.arguments:
            for name in self._predicted:
                question = Question(prop.name, (name,), name)
                if self.has_meaning(question):
                    yield question
        elif prop.words:
            for word in prop.words:
                if self.has_meaning(Question(prop.name, (word,))):
                    yield Question(prop.name, (word,))
        elif self.has_meaning(Question(prop.name)):
            yield Question(prop.name)

    def has_meaning(self, question: Question) -> bool:
        """Whether the property speaks of a loss of this kind."""
        prop = PROPERTIES.get(question.property)
        return prop is not None and any(
            prop.speaks_of(reading, question) for reading in self.readings
        )

    def asked(self, property: str, arguments: Sequence[str] = ()) -> Question:
        """The question as it is kept: a lone input need not be named.

        A property of one input that is asked without naming it is asked of the one that it has a
        meaning for, the first if there are several.
        """
        prop = PROPERTIES.get(property)
        if prop is not None and "input" in prop.arguments:
            if not arguments or arguments[0] not in self.inputs:
                named = [n for n in self.inputs if self.has_meaning(Question(property, (n,), n))]
                arguments = (*named[:1], *arguments)
            if arguments:
                return Question(property, tuple(arguments), arguments[0])
        return Question(property, tuple(arguments))

    # ------------------------------------------------------------ verdicts

    def left(self) -> float:
        """Seconds that are left for all questions."""
        return max(0.0, self._timeout - sum(self._seconds.values()))

    def look(self, questions: Collection[Question]) -> frozenset[Question]:
        """Decide those questions that take little time, the easiest first, and say which.

        So hard ones do not take the time of easy ones.
        """
        for seconds in LOOKS:
            for question in questions:
                if question not in self._verdicts:
                    self._look(question, seconds)
        return frozenset(q for q in questions if q in self._verdicts)

    def _look(self, question: Question, seconds: float) -> None:
        start = time.perf_counter()
        budget = self._budget(seconds)
        found = self._decider.find(question, (), budget)
        self._seconds[question] += time.perf_counter() - start
        if settled(found) is not None or not budget.was_short:
            self._verdicts[question] = self._told(self._decider, question, Settings(), found)

    def decide(self, question: Question, waiting: int | None = None) -> Verdict:
        """The verdict; the same each time.

        It may take its part of the time left for ``waiting`` questions, or for many if that is not
        known.
        """
        if question not in self._verdicts:
            self._verdicts[question] = self._judged(self._decider, question, Settings(), waiting)
        return self._verdicts[question]

    @cached_property
    def _decider(self) -> Decider:
        return decider(self.loss)

    def _judged(
        self, deciding: Decider, question: Question, where: Settings, waiting: int | None
    ) -> Verdict:
        start = time.perf_counter()
        whole = Budget(self.left() / (OTHERS if waiting is None else min(max(waiting, 1), OTHERS)))
        seconds, patience = ROUND_SECONDS, 1.0
        while True:
            budget = self._budget(min(seconds, whole.left()), patience)
            found = deciding.find(question, where.way, budget)
            if settled(found) is not None or not budget.was_short or whole.left() < seconds:
                break
            seconds, patience = seconds * MORE, patience * MORE
        self._seconds[question] += time.perf_counter() - start
        return self._told(deciding, question, where, found)

    def _budget(self, seconds: float, patience: float = 1.0) -> Budget:
        return Budget(seconds, patience, time.monotonic() + self.left())

    def _told(
        self, deciding: Decider, question: Question, where: Settings, found: Found
    ) -> Verdict:
        start = time.perf_counter()
        given = verdict(deciding, question, found, self._name, where.way)
        argument = settled(found)
        if given.status == "refuted" and argument is not None:
            blamed = culprit(deciding, question, argument, self._budget(CULPRIT_SECONDS))
            given = replace(given, culprit=blamed)
        self._seconds[question] += time.perf_counter() - start
        return replace(given, seconds=round(self._seconds[question], 3))

    def _name(self, symbol: sympy.Symbol) -> str:
        sizes = {size: name for name, size in self._sizes.items()}
        return f"size({sizes[symbol]})" if symbol in sizes else symbol.name

    @cached_property
    def _sizes(self) -> dict[str, sympy.Symbol]:
        return sizes(self.loss, self._decider.readings)

    # ------------------------------------------------------------ claims

    @cached_property
    def claimed(self) -> tuple[tuple[nodes.Claim, Question], ...]:
        """The claims of the program, and what they ask.

        Claims of how a loss moves with a hyperparameter say nothing where that has a value. Raises
        :class:`~losslang.diagnostics.DiagnosticError` for a claim that asks no question.
        """
        return tuple(
            (claim, understood(claim.property, self, PROPERTIES))
            for claim in self.whole.claims
            if not self._is_settled(claim.property)
        )

    def claims(self, about: Collection[Question] | None = None) -> Iterator[ClaimResult]:
        """Judge the claims, or only those that ask some of the questions ``about``, one by one."""
        wanted = [
            (c, question) for c, question in self.claimed if about is None or question in about
        ]
        for n, (claim, question) in enumerate(wanted):
            yield self._claim(claim, question, self._open(wanted[n:]))

    def _open(self, claims: Sequence[tuple[nodes.Claim, Question]]) -> int:
        """How many claims take time yet."""
        return sum(c.condition is not None or q not in self._verdicts for c, q in claims)

    def _is_settled(self, claimed: nodes.Expr) -> bool:
        """Whether a hyperparameter that has a value is asked about, or another value of it."""
        prop = PROPERTIES.get(claimed.function.id) if isinstance(claimed, nodes.Call) else None
        if prop is None or not isinstance(claimed, nodes.Call):
            return False
        given = {h.name for h in self.whole.hyperparameters if h.given}
        names = [each.id for each in claimed.args if isinstance(each, nodes.Name)]
        names = names if "quantity" in prop.arguments else [k.name for k in claimed.keywords]
        return not given.isdisjoint(names)

    def _claim(self, claim: nodes.Claim, question: Question, waiting: int) -> ClaimResult:
        conditions = Conditions(self.whole, self._sizes)
        worst: tuple[Verdict, bool, str, Loss | None] | None = None
        measured = []
        for settings in conditions.settings(claim.condition):
            result = self._claimed(question, settings, claim, conditions, waiting)
            if result is not None:
                measured.append((settings, result[0]))
                worst = result if worst is None or worst[1] else worst
        if worst is None:
            worst = (
                Verdict(question, "proved"),
                True,
                "no setting that is asked about meets it",
                None,
            )
        return ClaimResult(claim.stated, claim.span, *worst, tuple(measured))

    def _claimed(
        self,
        question: Question,
        settings: Settings,
        claim: nodes.Claim,
        conditions: Conditions,
        waiting: int,
    ) -> tuple[Verdict, bool, str, Loss | None] | None:
        """One alternative of a claim's condition; ``None`` if no setting asked about meets it."""
        known = {h.name: h.default for h in self.whole.hyperparameters if h.given}
        try:
            where = settings.fixed_to(known)
            if where is None:
                return None
            deciding = self._for(where)
            region = narrowed_region(deciding.parameters, where.way)
        except ValueError as error:
            return Verdict(question, "unknown", reason=str(error)), False, str(error), None
        loss = fixed(self.loss, dict(where.choices))
        given = (
            self.decide(question, waiting)
            if where == Settings()
            else self._judged(deciding, question, where, waiting)
        )
        wanted = "refuted" if claim.negated else "proved"
        if claim.bound is not None and not claim.negated and given.status == "proved":
            values = {h.symbol: known[h.name] for h in self.whole.hyperparameters if h.given}
            numbers = {s: Rational(v) for s, v in values.items() if isinstance(v, Fraction | int)}
            bound = substitute(conditions.number(claim.bound), numbers)
            ok, says = self._bounded(region, given, claim.relation or "<=", bound)
            return given, ok, says, loss
        ok = given.status == wanted
        return given, ok, "" if ok else _shortfall(given), loss

    def _for(self, where: Settings) -> Decider:
        if not where.choices:
            return self._decider
        if where.choices not in self._deciders:
            self._deciders[where.choices] = decider(fixed(self.loss, dict(where.choices)))
        return self._deciders[where.choices]

    def _bounded(
        self, region: Region, given: Verdict, relation: Relation, bound: Expr
    ) -> tuple[bool, str]:
        if given.value is None:
            return False, "the verdict gives no constant to compare with"
        if relation not in given.allows:
            return False, f"{wording.value(given)} is a bound, and may not be the best"
        low, high = _ends(given.value)
        sign = Sign(bound - (low if relation in (">", ">=") else high), MIRRORED[relation], region)
        if prove(sign, Budget(BOUND_SECONDS)) is not None:
            return True, ""
        if looks_false(sign) is None:
            return False, f"{INCOMPARABLE}: {wording.value(given)}"
        return False, f"the constant is {wording.value(given)}"


def _ends(value: Basic) -> tuple[Expr, Expr]:
    """The infimum and the supremum of what a verdict has as its value: a number, or a range."""
    if isinstance(value, sympy.Interval):
        return value.inf, value.sup
    low, high = value if isinstance(value, sympy.Tuple) else (value, value)
    return low, high


def narrowed_region(region: Region, way: Sequence[Cut]) -> Region:
    """The settings in all of some halves. Raises ValueError for a half that is none."""
    for cut in way:
        if cut.symbol in region:
            region = half(region, cut)
    return region


def _shortfall(given: Verdict) -> str:
    match given.status:
        case "conditional":
            return f"holds only when {given.condition}"
        case "proved":
            return "it holds"
        case "refuted":
            return "it fails"
    return given.reason


def sizes(loss: Loss, readings: Sequence[Reading]) -> dict[str, sympy.Symbol]:
    """The symbols that stand for the sizes of axes, by the axis's name."""
    found: dict[str, sympy.Symbol] = {}
    inputs = {known.name: known for known in loss.inputs}
    for reading in readings:
        symbol = getattr(reading, "classes", None)
        known = inputs.get(getattr(reading, "input", ""))
        if symbol is not None and known is not None and known.axes:
            indexed = [i.over.name for i in loss.inputs if i.over and i.over in known.axes]
            name = indexed[0] if indexed else known.axes[0].name
            found.setdefault(name, symbol)
    return found
