"""A loss for a theorem that refutes, and the witness that comes with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from sympy import Expr, Rational

from losslang.verify import witnesses
from losslang.verify.decide import MAX_GUESSES, Decider, decider
from losslang.verify.engine import Engine
from losslang.verify.judge import setting_on
from losslang.verify.partition import narrowed, pinned
from losslang.verify.properties import PROPERTIES
from losslang.verify.property import Strategy
from losslang.verify.prover import Budget, prove
from losslang.verify.readings.fix import fixed
from losslang.verify.sampling import looks_false
from losslang.verify.statement import Sign
from losslang.verify.theorem import Case, Question, concerns
from losslang.verify.verdict import Witness
from tests.verify.properties.deciding import loss

SECONDS = 8.0


def cases(
    program: str, asked: str, theorem: str, settings: Mapping[str, Any]
) -> Iterator[tuple[Strategy, Case]]:
    """The theorem applied to the loss, at one setting, wherever its premises look true."""
    whole = loss(program)
    values = {
        h.name: h.default for h in whole.hyperparameters if h.default is not None and not h.learn
    }
    given = {name: _exact(value) for name, value in settings.items()}
    engine = Engine(fixed(whole, {k: v for k, v in (values | given).items() if k != "K"}), 60)
    question = _question(engine, asked)
    deciding = decider(engine.loss)
    classes = Rational(settings["K"]) if "K" in settings else None
    for strategy in PROPERTIES[question.property].strategies:
        if strategy.theorem.name == theorem:
            yield from ((strategy, case) for case in _cases(deciding, question, strategy, classes))


def _exact(value: Any) -> Any:
    return value if isinstance(value, bool | str | list) else Rational(str(value))


def _question(engine: Engine, asked: str) -> Question:
    name, _, rest = asked.partition("(")
    return engine.asked(
        name, [word.strip() for word in rest.rstrip(")").split(",") if word.strip()]
    )


def _cases(
    deciding: Decider, question: Question, strategy: Strategy, classes: Expr | None
) -> Iterator[Case]:
    setting = setting_on(deciding, ())
    assert setting is not None
    setting = {s: classes if classes and s.name == "K" else v for s, v in setting.items()}
    for each in deciding.readings:
        if not isinstance(each, strategy.theorem.reads) or not concerns(each, question):
            continue
        reading = narrowed(each, pinned(setting))
        for guess in islice(strategy.guesses(reading, question), MAX_GUESSES):
            case = Case(reading, question, guess)
            premises = strategy.theorem.premises(case)
            if premises is not None and not any(
                isinstance(p.statement, Sign) and looks_false(p.statement) is not None
                for p in premises
            ):
                yield case


def proved(strategy: Strategy, case: Case) -> bool:
    """Whether all premises have proofs."""
    premises = strategy.theorem.premises(case) or ()
    return all(prove(p.statement, Budget(SECONDS)) is not None for p in premises)


def witness(strategy: Strategy, case: Case) -> Witness | None:
    """As a verdict has it: the search's own, or one out of the premises."""
    return witnesses.of(strategy, case)
