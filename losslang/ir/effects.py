"""Built-in functions beyond plain formulas: gradient stops, chance, expansions."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import sympy
from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir.calls import (
    parameters,
    take_only,
)
from losslang.ir.frame import Frame
from losslang.ir.heads import ONE, ZERO, At, Detach
from losslang.ir.loss import Draw
from losslang.ir.recursion import is_step
from losslang.ir.truth import Less
from losslang.ir.values import Value, elementwise
from losslang.syntax import nodes

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


def detach(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """The value, through which no gradient flows."""
    take_only(node, 1)
    value = elab.number(node.args[0], frame)
    return replace(value, body=Detach(value.body))


def _draw_name(elab: Elaborator, kind: str) -> str:
    """``normal_1``, or with the next number that no input, hyperparameter or draw has."""
    taken = elab.inputs | {draw.name for draw in elab.draws.values()}
    taken |= {state.name for state in elab.states.values()}
    taken |= {hyper.name.split(".")[1] for _, hyper in elab.hyperparameters}
    names = (f"{kind}_{n}" for n in count(len(elab.draws) + 1))
    return next(name for name in names if name not in taken)


def outside_of_steps(node: nodes.Call, frame: Frame) -> None:
    """Refuse chance and state in a function that calls itself: they would differ at each step."""
    if any(is_step(axis) for _, axis in frame.places):
        fail(
            "recursion-effect",
            f"{node.function.id} stands in a function that calls itself",
            node.span,
            help="name it under `where` without a parameter: then it is the same at each step",
        )


def _draw(elab: Elaborator, node: nodes.Call, frame: Frame, kind: str) -> Expr:
    outside_of_steps(node, frame)
    key = (id(node), id(frame.root))
    if key not in elab.draws:
        axes = tuple(axis for _, axis in frame.places)
        elab.draws[key] = Draw(_draw_name(elab, kind), kind, axes)  # type: ignore[arg-type]
    return At(elab.draws[key].tensor, *(index for index, _ in frame.places))


def normal(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """A normal draw, ``normal(mean=0, deviation=1)``."""
    given = parameters(node, (), ("mean", "deviation"))
    draw = Value(_draw(elab, node, frame, "normal"))
    mean = elab.number(given["mean"], frame) if "mean" in given else Value(ZERO)
    deviation = elab.number(given["deviation"], frame) if "deviation" in given else Value(ONE)
    return elementwise(lambda m, d, z: m + d * z, mean, deviation, draw)


def uniform(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """A uniform draw, ``uniform(low=0, high=1)``."""
    given = parameters(node, (), ("low", "high"))
    draw = Value(_draw(elab, node, frame, "uniform"))
    low = elab.number(given["low"], frame) if "low" in given else Value(ZERO)
    high = elab.number(given["high"], frame) if "high" in given else Value(ONE)
    return elementwise(lambda a, b, u: a + (b - a) * u, low, high, draw)


def bernoulli(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """True with probability ``p``."""
    given = parameters(node, ("p",))
    probability = elab.number(given["p"], frame)
    draw = Value(_draw(elab, node, frame, "uniform"))
    return elementwise(Less, draw, probability, kind="bool")


def taylor(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``taylor(f, p, at=, order=)``: the expansion of a formula in the name ``p``."""
    from losslang.ir.expand import MAX_ORDER, series

    given = parameters(node, ("formula", "name", "at", "order"))
    name, order = given["name"], elab.scalar(given["order"], frame).body
    if not isinstance(name, nodes.Name):
        fail("not-a-name", "taylor expands in a name", name.span)
    if not order.is_Integer or not 0 <= order <= MAX_ORDER:
        fail("taylor-order", f"the order is a whole number up to {MAX_ORDER}", given["order"].span)
    point = elab.scalar(given["at"], frame)
    inner = elab.scalar(name, frame)
    variable = sympy.Symbol("taylor.x", real=True)
    formula = elab.scalar(given["formula"], frame.inner({name.id: Value(variable)}))
    terms = series(formula.body, variable, point.body, int(order), node.span)
    if any(c.has(sympy.nan, sympy.zoo, sympy.oo) for c in terms):
        fail("undefined-constant", "the formula has no expansion at this point", given["at"].span)
    body = sympy.Add(*(c * (inner.body - point.body) ** n for n, c in enumerate(terms)))
    return replace(inner, body=body)


def learn(elab: Elaborator, node: nodes.Call, frame: Frame) -> Value:
    """``learn(start)`` has its place in a config only."""
    fail(
        "misplaced-learn",
        "learn(start) is the value of a hyperparameter in a config",
        node.span,
        help="in a signature write `learn tau: real > 0 = 0.07`",
    )
