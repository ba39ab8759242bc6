"""A small engine: decides one question about one reading of a program, without splits."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import sympy
from sympy import Expr, Rational

from losslang import driver
from losslang.ir.loss import Loss
from losslang.verify import witnesses
from losslang.verify.proof import check
from losslang.verify.properties import PROPERTIES
from losslang.verify.property import Strategy
from losslang.verify.prover import Budget, prove
from losslang.verify.readings.recognise import readings
from losslang.verify.rules import RULES
from losslang.verify.sampling import looks_false
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Question, Reading
from losslang.verify.verdict import Verdict, Witness

SECONDS = 8.0
GUESSES = 16

Kind = TypeVar("Kind", bound=Reading)


@dataclass(frozen=True)
class Decision:
    """What was found: ``holds`` is ``None`` where nothing was."""

    holds: bool | None
    theorem: str = ""
    value: Expr | None = None
    witness: Witness | None = None


def ask(program: str, property: str, kind: type[Reading], **settings: float) -> Decision:
    """What the theorems say of a program's loss, read as one kind."""
    return decide(reading(program, kind, **settings), property)


def decide(reading: Reading, property: str, *arguments: str) -> Decision:
    """The first strategy whose premises are proved, by proofs that the checker accepts."""
    question = Question(property, arguments)
    for strategy in PROPERTIES[property].strategies:
        if not isinstance(reading, strategy.theorem.reads):
            continue
        for guess in islice(strategy.guesses(reading, question), GUESSES):
            case = Case(reading, question, guess)
            if proved(strategy, case):
                theorem = strategy.theorem
                witness = None if theorem.holds else strategy.witness(case)
                return Decision(theorem.holds, theorem.name, theorem.value(case), witness)
    return Decision(None)


def proved(strategy: Strategy, case: Case) -> bool:
    """Whether all premises of a case are proved, by proofs that the checker accepts."""
    premises = strategy.theorem.premises(case)
    if premises is None:
        return False
    statements = [premise.statement for premise in premises]
    if any(isinstance(s, Sign) and looks_false(s) is not None for s in statements):
        return False
    for statement in statements:
        proof = prove(statement, Budget(SECONDS))
        if proof is None:
            return False
        check(statement, proof, RULES)
    return True


@cache
def loss(program: str) -> Loss:
    """The last loss of a text, or a loss of the library."""
    if not program.lstrip().startswith(("loss ", "fn ")):
        return driver.elaborated(program)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.loss"
        path.write_text(program, encoding="utf-8")
        name = re.findall(r"^\s*loss\s+(\w+)", program, re.MULTILINE)[-1]
        return driver.elaborated(path=path, name=name)


def reading(program: str, kind: type[Kind], **settings: float) -> Kind:
    """How a loss reads as one kind, with settings for hyperparameters."""
    found = next(r for r in readings(loss(program)) if isinstance(r, kind))
    symbols = (s for s in found.region.symbols if s.name in settings)
    values = {s: Rational(str(settings[s.name])) for s in symbols}
    return found.setting(values) if values else found


def same(one: Expr | None, other: str, **points: tuple[float, ...]) -> bool:
    """Whether a value agrees with a formula wherever the named symbols have the given values."""
    assert one is not None
    names = list(points)
    for row in zip(*points.values(), strict=True) if points else [()]:
        numbers = dict(zip(names, map(sympy.nsimplify, row), strict=True))
        left, right = (_at(sympy.sympify(str(e)), numbers) for e in (one, other))
        if abs(left - right) > 1e-9 * max(1, abs(right)):
            return False
    return True


def _at(expr: Expr, numbers: dict[str, Expr]) -> float:
    return float(expr.subs({s: numbers[s.name] for s in expr.free_symbols}).evalf(20))


def verified(program: str, question: str, tmp_path: Path, **settings: Any) -> Verdict:
    """The verdict on a question, its certificate checked and its witness replayed."""
    if program.startswith("loss"):
        path = tmp_path / "l.loss"
        path.write_text(program, encoding="utf-8")
        report = driver.verify(path=path, **settings)
    else:
        report = driver.verify(program, **settings)
    verdict = report[question]
    if verdict.certificate is not None:
        assert driver.check_certificate(report.certificate(verdict)).problem is None
    if verdict.witness is not None:
        assert witnesses.replays(verdict.witness)
    return verdict
