"""An engine whose verdicts are known, to test what becomes of verdicts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import sympy
from sympy import Integer, Rational, S, Symbol

from losslang.source import Source, Span
from losslang.verify.claims import ClaimResult
from losslang.verify.proof import Proof
from losslang.verify.property import Property
from losslang.verify.readings import Local
from losslang.verify.report import Report
from losslang.verify.statement import LINE, Bounds, Region, Sign
from losslang.verify.theorem import Question
from losslang.verify.verdict import Certificate, Part, Split, Use, Verdict, Witness

EPS = Symbol("eps", real=True)
K = Symbol("K", integer=True, positive=True)
M, P = Symbol("m", real=True), Symbol("p", positive=True)

PROPERTIES = {
    prop.name: prop
    for prop in (
        Property("calibrated", "the least risk gives the most probable label", ()),
        Property("convex", "convex in an input", (), arguments=("input",)),
        Property("lipschitz", "bounded slope", (), arguments=("input", "norm"), words=("2", "inf")),
        Property("elicits", "least at a functional", (), words=("mean", "median")),
        Property("quantile", "a level", (), arguments=("word", "level"), words=("left",)),
        Property("bounded", "bounded from above", ()),
    )
}

CALIBRATED, BOUNDED = Question("calibrated"), Question("bounded")
CONVEX = Question("convex", ("logits",), "logits")
LIPSCHITZ = Question("lipschitz", ("logits",), "logits")

CERTIFICATE = Certificate(
    CALIBRATED,
    (),
    Split(
        EPS,
        Integer(-2),
        False,
        Part("turning", False, (Use(0, {"place": S.Half}, (Proof("interval"),)),)),
        Part("falling", True, (Use(0, {}, (Proof("interval", {"depth": 3}),)),)),
    ),
)

WITNESS = Witness(
    {
        "K": Integer(2),
        "eps": Integer(-3),
        "p": (S.One, S.Zero),
        "q": (Rational(1, 3), Rational(2, 3)),
    },
    (Sign(sympy.log(3) - 1, ">="),),
    "a label that is certain is not the likeliest at the least risk",
)

VERDICTS = {
    CALIBRATED: Verdict(
        CALIBRATED,
        "conditional",
        condition="eps > -2",
        witness=WITNESS,
        citation="A paper, Theorem 1",
        seconds=0.25,
        certificate=CERTIFICATE,
        steps=("For eps > -2: f falls (A paper).", "  f' < 0: eps - 1/p < 0"),
    ),
    CONVEX: Verdict(
        CONVEX,
        "refuted",
        witness=Witness({"eps": Integer(2), "logits": Rational(1, 3)}, (), "the loss bends down"),
        culprit="the term eps * (1 - p)",
        seconds=1.5,
    ),
    LIPSCHITZ: Verdict(LIPSCHITZ, "proved", value=sympy.sqrt(2) * (1 + EPS), seconds=0.004),
    BOUNDED: Verdict(BOUNDED, "unknown", reason="the time was over", seconds=15.0),
}


class KnownEngine:
    """Answers from a table, and remembers what was decided."""

    kind = "a loss of the label's probability"
    inputs = ("logits",)
    readings: tuple[Any, ...] = (
        Local(
            Region(((EPS, LINE), (K, Bounds(Integer(2))))),
            EPS * (1 - P) - sympy.log(P),
            P,
            K,
            "logits",
        ),
    )

    def __init__(self, claims: Sequence[ClaimResult] = ()) -> None:
        self.decided: list[Question] = []
        self._claims = tuple(claims)

    def questions(self) -> tuple[Question, ...]:
        return tuple(VERDICTS)

    def has_meaning(self, question: Question) -> bool:
        return question.property in {"calibrated", "convex", "lipschitz", "quantile", "bounded"}

    def asked(self, property: str, arguments: Sequence[str] = ()) -> Question:
        if "input" in PROPERTIES[property].arguments:
            if not arguments or arguments[0] not in self.inputs:
                arguments = ("logits", *arguments)
            return Question(property, tuple(arguments), arguments[0])
        return Question(property, tuple(arguments))

    def look(self, questions: Collection[Question]) -> frozenset[Question]:
        """Nothing takes long here."""
        return frozenset(questions)

    def decide(self, question: Question, waiting: int | None = None) -> Verdict:
        self.decided.append(question)
        known = VERDICTS.get(question)
        return known or replace(VERDICTS[BOUNDED], question=question)

    def claims(self, about: Collection[Question] | None = None) -> Iterator[ClaimResult]:
        yield from (c for c in self._claims if about is None or c.verdict.question in about)


def claim(text: str, question: Question, ok: bool, says: str = "") -> ClaimResult:
    source = Source(f"loss mine = 0\nclaim {text}\n", "mine.loss")
    return ClaimResult(text, Span(source, 14, 20 + len(text)), VERDICTS[question], ok, says)


STANDS = claim("calibrated when eps > -2", CALIBRATED, True)
FALLS = claim("convex(logits)", CONVEX, False, "it fails")

SOURCE = {"loss": {"spec": "poly1", "eps": "-3"}, "files": {}, "digest": "sha256:" + "0" * 64}


def report(*claims: ClaimResult, engine: KnownEngine | None = None) -> Report:
    """A report on a loss called ``poly1``."""
    return Report("poly1", engine or KnownEngine(claims), PROPERTIES, SOURCE, {"eps": "-3"})
