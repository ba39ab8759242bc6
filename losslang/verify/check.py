"""The checker: replays a certificate without searching for anything.

It reads the loss anew, asks the theorem what has to be proved, and follows each proof rule by rule.
What it trusts: the readings, the theorems, the rules, interval arithmetic, and SymPy's arithmetic,
derivatives and limits. It imports nothing from the prover.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import sympy

from losslang.diagnostics import DiagnosticError
from losslang.ir.loss import Loss
from losslang.ir.recursion import calls_itself
from losslang.verify import proof
from losslang.verify.admit import admit
from losslang.verify.decode import decode_certificate
from losslang.verify.digest import digest
from losslang.verify.formula import Malformed
from losslang.verify.partition import leaves, narrowed
from losslang.verify.proof import Rejected
from losslang.verify.readings.recognise import readings
from losslang.verify.rules import RULES
from losslang.verify.theorem import (
    Case,
    Premise,
    Question,
    Reading,
    Theorem,
    concerns,
    inputs_of,
)
from losslang.verify.theorems import THEOREMS
from losslang.verify.verdict import Certificate, Cut, Part, Use

INPUT, LEVEL, LOSS, POINT, QUANTITY = "<input>", "<level>", "<loss>", "<point>", "<quantity>"
ARGUMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(
        (
            *("convex", "strongly_convex", "smooth", "differentiable", "self_concordant"),
            *("saturates", "scale_invariant"),
        ),
        ((INPUT,),),
    ),
    "lipschitz": ((INPUT,), ("inf", "1", "2")),
    **dict.fromkeys(("jointly_convex", "shift_invariant"), ((INPUT,), (INPUT,))),
    "equals": ((LOSS,),),
    "value": ((POINT,),),
    **dict.fromkeys(("increasing", "decreasing"), ((QUANTITY,),)),
    "likelihood": (("normal", "laplace", "poisson"),),
    "elicits": (("mean", "median", "quantile", "expectile"), (LEVEL,)),
}
"""What stands in a property's parentheses, place by place; other properties have none."""

NONSENSE = (
    *(ArithmeticError, AttributeError, LookupError, NotImplementedError, RecursionError),
    *(TypeError, ValueError, DiagnosticError),
)
"""What rules and theorems may raise where a certificate gives them formulas that mean nothing."""


def check_certificate(
    loss: Loss, certificate: Certificate, known: Sequence[Reading] | None = None
) -> list[str]:
    """What the certificate proves of ``loss``, part by part.

    ``known`` are the loss's readings, for those who check many certificates of one. Raises
    :class:`~losslang.verify.proof.Rejected` where the certificate proves nothing.
    """
    question = certificate.question
    _check_question(loss, question)
    known = readings(loss) if known is None else known
    for _, part in leaves(certificate.argument, certificate.way) if calls_itself(loss) else ():
        theorem = THEOREMS.get(part.theorem)
        if theorem is None or not theorem.recursive:
            raise Rejected("the theorem does not look into a function that calls itself")
    return [
        _check_part(known, question, way, part)
        for way, part in leaves(certificate.argument, certificate.way)
    ]


def _check_question(loss: Loss, question: Question) -> None:
    """Its arguments are what the property takes, and the first is the input it is about."""
    kinds = ARGUMENTS.get(question.property, ())
    inputs = [known.name for known in loss.inputs]
    if len(question.arguments) > len(kinds):
        raise Rejected(f"{question.property} takes {len(kinds)} arguments")
    for kind, argument in zip(kinds, question.arguments, strict=False):
        known = inputs if INPUT in kind else kind
        if kind not in ((LEVEL,), (LOSS,), (POINT,), (QUANTITY,)) and argument not in known:
            raise Rejected(f"{argument!r} means nothing in {question}")
    if len(question.arguments) > 1 and question.arguments[0] in ("mean", "median"):
        raise Rejected(f"{question} has no level")
    first = question.arguments[0] if kinds[:1] == ((INPUT,),) and question.arguments else ""
    if question.input != first:
        raise Rejected(f"{question} is not about {question.input!r}")
    if kinds and not question.arguments:
        raise Rejected(f"{question.property} needs an argument")


def _check_part(
    known: Sequence[Reading], question: Question, way: Sequence[Cut], part: Part
) -> str:
    theorem = THEOREMS.get(part.theorem)
    if theorem is None:
        raise Rejected(f"there is no theorem {part.theorem!r}")
    if theorem.property != question.property:
        raise Rejected(f"{theorem.name} is about {theorem.property}, not {question.property}")
    if theorem.holds != part.holds:
        raise Rejected(f"{theorem.name} shows the opposite of what is claimed")
    places = [use.reading for use in part.uses]
    if not all(0 <= place < len(known) for place in places) or not places:
        raise Rejected("the loss does not read so")
    if len(set(places)) < len(places) or len(places) > 1 > part.holds:
        raise Rejected("the argument says something twice")
    if part.holds and not covers(known, places):
        raise Rejected("the argument leaves out a label")
    for use in part.uses:
        if not part.holds and chooses_sizes(known, use.reading, way):
            raise Rejected(f"{theorem.name} may speak of other sizes")
        try:
            reading = narrowed(known[use.reading], way)
        except ValueError as error:
            raise Rejected(f"the settings are not divided: {error}") from error
        _check_use(reading, question, theorem, use)
    where = " and ".join(map(str, way))
    claim = f"{question} {'holds' if part.holds else 'fails'}{f' for {where}' if where else ''}"
    return f"{claim}, by {theorem.name}: {theorem.says}"


def _check_use(reading: Reading, question: Question, theorem: Theorem, use: Use) -> None:
    if not isinstance(reading, theorem.reads) or not concerns(reading, question):
        raise Rejected(f"{theorem.name} is not about {reading.kind}")
    premises = _premises(theorem, Case(reading, question, use.guess))
    if len(premises) != len(use.proofs):
        raise Rejected(f"{theorem.name} has {len(premises)} premises, not {len(use.proofs)}")
    for premise, tree in zip(premises, use.proofs, strict=True):
        try:
            proof.check(premise.statement, tree, RULES, admit)
        except Rejected as error:
            raise Rejected(f"{premise.label}: {error}") from error
        except NONSENSE as error:
            raise Rejected(f"{premise.label}: the proof is nonsense: {error}") from error


def _premises(theorem: Theorem, case: Case) -> Sequence[Premise]:
    try:
        premises = theorem.premises(case)
    except NONSENSE as error:
        raise Rejected(f"{theorem.name} is used with nonsense: {error}") from error
    if premises is None:
        raise Rejected(f"{theorem.name} does not apply to this loss")
    return premises


def together(known: Sequence[Reading], place: int) -> list[int]:
    """The places of the readings that differ from one only in the label they are for."""
    first = known[place]
    if not getattr(first, "case", ""):
        return [place]
    return [
        n
        for n, other in enumerate(known)
        if type(other) is type(first) and inputs_of(other) == inputs_of(first)
    ]


def chooses_sizes(known: Sequence[Reading], place: int, way: Sequence[Cut]) -> bool:
    """Whether numbers for a reading may be of sizes that some halves leave out.

    It has no symbol for a size that another reading has, so that what refutes it chooses one.
    """
    return any(c.symbol in sizes_in(known) and c.symbol not in known[place].region for c in way)


def sizes_in(known: Sequence[Reading]) -> frozenset[sympy.Symbol]:
    """The symbols that stand for numbers of classes."""
    found = (getattr(reading, "classes", None) for reading in known)
    return frozenset(size for size in found if isinstance(size, sympy.Symbol))


def covers(known: Sequence[Reading], places: Collection[int]) -> bool:
    """Whether the readings at some places are one reading of the loss, for all of its labels."""
    return set(places) == set(together(known, min(places)))


def check_document(
    document: Mapping[str, Any], load: Callable[[Mapping[str, Any]], Loss]
) -> list[str]:
    """Check a certificate that stands alone; ``load`` makes the loss that it names.

    Raises :class:`~losslang.verify.proof.Rejected`, also for a document that is malformed or about
    another version of the loss.
    """
    try:
        certificate = decode_certificate(document["certificate"])
    except (Malformed, KeyError, TypeError) as error:
        raise Rejected(f"not a certificate: {error}") from error
    loss = load(document)
    if digest(loss) != document.get("digest"):
        raise Rejected("the loss has changed since the certificate was made")
    return check_certificate(loss, certificate)
