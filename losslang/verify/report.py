"""What is true of one loss: its verdicts, computed when they are asked for.

A :class:`Report` maps questions to verdicts. Printing it decides every question that has a meaning
for the loss; looking one up decides that one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import sympy

from losslang._version import __version__
from losslang.diagnostics import DiagnosticError
from losslang.verify import ask, layout
from losslang.verify.claims import ClaimResult
from losslang.verify.encode import encode_certificate
from losslang.verify.formula import Json, encode_expr
from losslang.verify.property import Property
from losslang.verify.statement import Sign
from losslang.verify.theorem import Question, Reading
from losslang.verify.verdict import Verdict, Witness
from losslang.verify.wording import short

if TYPE_CHECKING:
    from losslang.verify.picture import Picture

REPORT_FORMAT = "losslang-report"
CERTIFICATE_FORMAT = "losslang-certificate"
VERSION = 1
"""Of both formats. Another one is for changes that break a reader of this one."""


class Engine(ask.Asked, Protocol):
    """Decides questions about one loss: :class:`losslang.verify.engine.Engine`."""

    def look(self, questions: Collection[Question]) -> frozenset[Question]:
        """Decide those questions that take little time, the easiest first."""
        ...

    def decide(self, question: Question, waiting: int | None = None) -> Verdict:
        """The verdict; the same each time. ``waiting`` questions have to share the time left."""
        ...

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What the loss looks like to the theory, most specific first."""
        ...

    def claims(self, about: Collection[Question] | None = None) -> Iterator[ClaimResult]:
        """Judge the claims, or only those that ask some of the questions ``about``, one by one."""
        ...


class Report(Mapping[str, Verdict]):
    """Verdicts about the loss ``name``, by the text of the question.

    ``source`` says which loss it is, in the words of a certificate: ``loss`` (a config), ``files``
    (their texts) and ``digest``; ``settings`` are the values of fixed hyperparameters. Looking up a
    question raises :class:`~losslang.diagnostics.DiagnosticError` if it means nothing for the loss.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        properties: Mapping[str, Property],
        source: Mapping[str, Json],
        settings: Mapping[str, str],
        about: tuple[Question, ...] | None = None,
    ) -> None:
        self.name = name
        self.settings = dict(settings)
        self.source = dict(source)
        self._engine = engine
        self._properties = properties
        self._about = about
        self._verdicts: dict[Question, Verdict] = {}

    # ------------------------------------------------------------ verdicts

    @property
    def kind(self) -> str:
        """What the loss looks like to the theory."""
        return self._engine.kind

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Every question that has a meaning for the loss, or those that the report is about."""
        return self._engine.questions() if self._about is None else self._about

    def question(self, text: str) -> Question:
        """The question that a text asks; raises for one without a meaning."""
        return ask.read(text, self._engine, self._properties)

    def __getitem__(self, text: str) -> Verdict:
        return self._decided(self.question(text))

    def __iter__(self) -> Iterator[str]:
        return map(str, self.questions)

    def __len__(self) -> int:
        return len(self.questions)

    def __contains__(self, text: object) -> bool:
        try:
            return isinstance(text, str) and self.question(text) is not None
        except DiagnosticError:
            return False

    def _decided(self, question: Question) -> Verdict:
        if question not in self._verdicts:
            waiting = None if self._about is None else len({*self._about} - {*self._verdicts})
            self._verdicts[question] = self._engine.decide(question, waiting)
        return self._verdicts[question]

    def look(self) -> None:
        """Decide the easy questions; worth doing before the first is looked up."""
        self._engine.look(self.questions)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts of all :attr:`questions`, in their order.

        The easy ones come first, then what is claimed, then what nobody asked for by itself.
        """
        self.look()
        _ = self.claims
        return tuple(map(self._decided, self.questions))

    # ------------------------------------------------------------ claims

    @cached_property
    def claims(self) -> tuple[ClaimResult, ...]:
        """What the program claims of the loss, and whether it stands."""
        return tuple(self._engine.claims(self._about))

    def about(self, *texts: str) -> Report:
        """The part of this report that some questions are about, and the claims that ask them."""
        about = tuple(dict.fromkeys(map(self.question, texts)))
        return Report(self.name, self._engine, self._properties, self.source, self.settings, about)

    @property
    def ok(self) -> bool:
        """Whether every claim stands."""
        return all(claim.ok for claim in self.claims)

    # ------------------------------------------------------------ for programs

    def to_json(self) -> dict[str, Json]:
        """Everything as data, as ``docs/verify.schema.json`` describes it."""
        return report_to_json(self, self.verdicts, self.claims)

    def certificates(self) -> list[dict[str, Json]]:
        """Documents that stand alone, each proving one verdict to whoever checks it."""
        return [self.certificate(v) for v in self.verdicts if v.certificate is not None]

    def certificate(self, verdict: Verdict) -> dict[str, Json]:
        """The document that proves one verdict. Raises ``ValueError`` if nothing does."""
        if verdict.certificate is None:
            raise ValueError(f"{verdict.question} is {verdict.status}: there is no certificate")
        return {
            "format": CERTIFICATE_FORMAT,
            "version": VERSION,
            "losslang": __version__,
            **self.source,
            "certificate": encode_certificate(verdict.certificate),
        }

    # ------------------------------------------------------------ for people

    def pictures(self) -> list[Picture]:
        """The counterexamples that a curve shows, for ``losslang.integrations.plot``."""
        from losslang.verify.picture import pictures

        failing = [v for v in self.verdicts if v.status in ("refuted", "conditional")]
        return pictures(self.name, failing, self._engine.readings)

    def __str__(self) -> str:
        return layout.table(self, self.verdicts, self.claims)

    def __repr__(self) -> str:
        decided = f"{len(self._verdicts)} of {len(self)} questions decided"
        return f"<verification of {self.name}: {decided}>"

    def _repr_html_(self) -> str:
        return layout.html(self, self.verdicts, self.claims)


# ---------------------------------------------------------------- as data


def report_to_json(
    report: Report, verdicts: tuple[Verdict, ...], claims: tuple[ClaimResult, ...]
) -> dict[str, Json]:
    """A report about some verdicts and claims as data."""
    return {
        "format": REPORT_FORMAT,
        "version": VERSION,
        "losslang": __version__,
        "name": report.name,
        "kind": report.kind,
        "settings": report.settings,
        "digest": report.source.get("digest"),
        "ok": all(claim.ok for claim in claims),
        "verdicts": [verdict_to_json(verdict) for verdict in verdicts],
        "claims": [_claim_to_json(claim) for claim in claims],
    }


def verdict_to_json(verdict: Verdict) -> dict[str, Json]:
    """A verdict as data, without its certificate."""
    return {
        "question": str(verdict.question),
        "property": verdict.question.property,
        "arguments": list(verdict.question.arguments),
        "status": verdict.status,
        "condition": verdict.condition,
        "value": None if verdict.value is None else _number(verdict.value),
        "value_is_bound": verdict.value_is_bound,
        "witness": None if verdict.witness is None else _witness(verdict.witness),
        "culprit": verdict.culprit,
        "citation": verdict.citation,
        "reason": verdict.reason,
        "evidence": verdict.evidence,
        "steps": list(verdict.steps),
        "certified": verdict.certificate is not None,
        "seconds": verdict.seconds,
    }


def _witness(witness: Witness) -> Json:
    return {
        "says": witness.says,
        "values": {name: _numbers(value) for name, value in witness.values.items()},
        "facts": [_fact(fact) for fact in witness.facts],
    }


def _fact(fact: Sign) -> Json:
    return {"left": _number(fact.expr), "relation": fact.relation, "right": 0}


def _numbers(value: object) -> Json:
    return [_numbers(each) for each in value] if isinstance(value, tuple) else _number(value)


def _number(value: object) -> Json:
    """A formula for people and for programs; ``float`` is ``null`` unless it is a finite number."""
    expr = sympy.sympify(value, strict=True)
    try:
        exact = encode_expr(expr)
    except ValueError:
        exact = None
    rough = expr.evalf(20)
    return {
        "text": short(expr),
        "exact": exact,
        "float": float(rough) if rough.is_Float or rough.is_Integer else None,
    }


def _claim_to_json(claim: ClaimResult) -> Json:
    line, column = claim.span.source.position(claim.span.start)
    return {
        "claim": claim.text,
        "file": claim.span.source.name,
        "line": line,
        "column": column,
        "ok": claim.ok,
        "status": claim.verdict.status,
        "says": claim.says,
    }
