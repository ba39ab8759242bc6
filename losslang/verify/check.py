"""The checker: replays a certificate without searching for anything.

It reads the loss anew, asks the theorem what has to be proved, and follows each proof rule by rule.
What it trusts: the readings, the theorems, the rules, interval arithmetic, and SymPy's arithmetic,
derivatives and limits. It imports nothing from the prover.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from losslang.ir.loss import Loss
from losslang.verify import encode, proof
from losslang.verify.partition import leaves, narrowed
from losslang.verify.proof import Rejected
from losslang.verify.readings.recognise import readings
from losslang.verify.rules import RULES
from losslang.verify.theorem import Case, Question, Reading, concerns, inputs_of
from losslang.verify.theorems import THEOREMS
from losslang.verify.verdict import Certificate, Cut, Part, Use


def check_certificate(loss: Loss, certificate: Certificate) -> list[str]:
    """What the certificate proves of ``loss``, part by part.

    Raises :class:`~losslang.verify.proof.Rejected` where it does not.
    """
    known = readings(loss)
    return [
        _check_part(known, certificate.question, way, part)
        for way, part in leaves(certificate.argument, certificate.way)
    ]


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
    if part.holds and set(places) != set(together(known, places[0])):
        raise Rejected("the argument leaves out a label")
    for use in part.uses:
        _check_use(narrowed(known[use.reading], way), question, part, use)
    return f"{theorem.name}: {theorem.says}"


def _check_use(reading: Reading, question: Question, part: Part, use: Use) -> None:
    theorem = THEOREMS[part.theorem]
    if not isinstance(reading, theorem.reads) or not concerns(reading, question):
        raise Rejected(f"{theorem.name} is not about {reading.kind}")
    premises = theorem.premises(Case(reading, question, use.guess))
    if premises is None:
        raise Rejected(f"{theorem.name} does not apply to this loss")
    if len(premises) != len(use.proofs):
        raise Rejected(f"{theorem.name} has {len(premises)} premises, not {len(use.proofs)}")
    for premise, tree in zip(premises, use.proofs, strict=True):
        try:
            proof.check(premise.statement, tree, RULES)
        except Rejected as error:
            raise Rejected(f"{premise.label}: {error}") from error


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


def check_document(
    document: Mapping[str, Any], load: Callable[[Mapping[str, Any]], Loss]
) -> list[str]:
    """Check a certificate that stands alone; ``load`` makes the loss that it names.

    Raises :class:`~losslang.verify.proof.Rejected`, also for a document that is malformed or about
    another version of the loss.
    """
    try:
        certificate = encode.decode_certificate(document["certificate"])
    except (encode.Malformed, KeyError, TypeError) as error:
        raise Rejected(f"not a certificate: {error}") from error
    loss = load(document)
    if encode.digest(loss) != document.get("digest"):
        raise Rejected("the loss has changed since the certificate was made")
    return check_certificate(loss, certificate)
