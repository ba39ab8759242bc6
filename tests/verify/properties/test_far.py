"""What losses tend to as one input moves off."""

from __future__ import annotations

import math

import pytest
import sympy

from losslang.ir.heads import Max, Min
from losslang.ir.interpret import interpret
from losslang.verify import witnesses
from losslang.verify.check import check_certificate
from losslang.verify.decode import decode_certificate
from losslang.verify.encode import encode_certificate
from losslang.verify.engine import Engine
from losslang.verify.theorem import Question
from losslang.verify.theorems.far import eventually
from losslang.verify.verdict import Verdict
from tests.verify.properties.deciding import loss

PAIR = "loss l(a: real, b: real, *, c: real > 0 = 2) = "
BOXES = "loss l(a: real[2], b: real[2]) = "


def decide(program: str, name: str) -> Verdict:
    """The verdict, its certificate checked after it was written and read."""
    engine = Engine(loss(program), 60)
    verdict = engine.decide(Question("saturates", (name,), name))
    if verdict.certificate is not None:
        check_certificate(engine.loss, decode_certificate(encode_certificate(verdict.certificate)))
    return verdict


@pytest.mark.parametrize(
    ("program", "name", "value"),
    [
        ("giou", "prediction", "2"),
        ("diou", "target", "2"),
        ("welsch", "prediction", "1"),
        ("tukey_biweight", "prediction", "c**2/6"),
        ("smape", "target", "2"),
        (PAIR + "min(abs(a - b), c)", "a", "c"),
        (PAIR + "clamp(a - b, -c, c)**2 / (1 + c)", "b", "c**2/(c + 1)"),
        (BOXES + "relu(min(a[1], b[1]) - max(a[0], b[0]))", "a", "0"),
    ],
)
def test_a_loss_saturates(program, name, value):
    found = decide(program, name)
    assert found.status == "proved"
    assert str(found.value) == value


@pytest.mark.parametrize("program", ["mse", "quantile", "cauchy", PAIR + "max(a, b)"])
def test_a_loss_grows_without_bound(program):
    found = decide(program, loss(program).inputs[0].name)
    assert found.status == "refuted"
    assert found.witness is not None
    assert witnesses.replays(found.witness)


@pytest.mark.parametrize("program", [PAIR + "tanh(a - b)", PAIR + "1 if a > b else 0"])
def test_a_loss_goes_where_its_input_goes(program):
    found = decide(program, "a")
    assert found.status == "refuted"
    assert found.witness is not None
    assert witnesses.replays(found.witness)


@pytest.mark.parametrize(("name", "value"), [("giou", 2.0), ("diou", 2.0), ("smape", 2.0)])
def test_the_interpreter_comes_close_to_the_value(name, value):
    target = [3.0, 1.0, 4.0, 6.0] if name != "smape" else 3.0
    for far in (1e6, -1e6):
        moved = [far + t for t in (0.0, 1.0, 2.0, 2.0)] if name != "smape" else far
        found = interpret(loss(name), {"prediction": [moved], "target": [target]}, {})
        assert math.isclose(float(found.mean), value, rel_tol=1e-4)


def test_cases_are_settled_where_a_difference_grows():
    t, x = sympy.Symbol("t", positive=True), sympy.Symbol("x", real=True)
    assert eventually(Max(x, t, -t), t) == t
    assert eventually(Min(x + t, 2 * t, sympy.Abs(x - t)), t) == Min(x + t, t - x)
    assert eventually(Max(t**2, t), t) == Max(t**2, t)
