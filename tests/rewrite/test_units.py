"""Formulas that are the same in every unit: which they are, and what they are computed to.

The oracle of values is the reference interpreter: it is all one which number the unit is. Where
inputs grow by a power of two, every digit of the result has to stay.
"""

from __future__ import annotations

from dataclasses import replace

import mpmath
import pytest
import sympy
import torch
from sympy import Expr

from losslang.codegen import variants
from losslang.ir import exact
from losslang.ir.binders import substitute
from losslang.ir.interpret import interpret
from losslang.ir.loss import Loss
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Ordered
from losslang.rewrite.units import Units
from tests.codegen.modules import gradients, live, losses

AREAS = "(v[0] - v[1]) * (v[2] - v[1]) / ((v[0] - w[1])**2 + (w[2] - v[1])**2)"

ALIKE = (
    AREAS,
    "sum((v[k] - w[k]) / std(v) for k in dim)",
    "log(1 + abs(mean(v) * mean(w)) / mean((v[k] - mean(w))**2 for k in dim))",
    "max(0, v[0] if v[1] < w[1] else -2 * w[0]) / sqrt((v[0] - w[0]) * max(v[1] - w[1], 0))",
)
"""Formulas that are the same in every unit."""

PARTLY = (f"abs(v[0] - x) + {AREAS}", f"exp(v[1]) * cos({AREAS})")
"""Formulas that have such a part."""

LEFT = (
    "norm(v - w)",
    "sum(normalize(v)[k] * normalize(w)[k] for k in dim)",
    "exp(v[0]) / (v[1] - v[2])**2",
    "v[0]**2 / (1 + (v[1] - v[2])**2)",
    "(v[0] if v[1] < 1 else w[1]) / (v[0] - v[2])",
    "abs(v[0]) / (abs(v[0]) + abs(w[0]))",
)
"""Lengths, units already, what depends on the unit, and what overflows no sooner than its parts."""

POINT = {"v": [[3.0, -1.5, 7.0]], "w": [[-2.0, -4.0, 0.5]], "x": [0.75]}


def loss_of(formula: str) -> Loss:
    return losses(f"loss it(v: real[dim], w: real[dim], x: real) = {formula}")[0]


def spelled_out(expr: Expr, unit: int) -> Expr:
    """The words for floats replaced by what they mean, if the unit were this number."""

    def visit(e: Expr) -> Expr | None:
        if isinstance(e, Apply) and e.name == "binade":
            return sympy.Integer(unit)
        if isinstance(e, Ordered) and e.op == "entry":
            (index,), _, body = e.open()
            return substitute(spelled_out(body, unit), {index: e.at})
        return None

    return variants._transform(expr, visit)


@pytest.mark.parametrize("unit", [1, 3, 1000])
@pytest.mark.parametrize("formula", ALIKE + PARTLY)
def test_the_value_is_the_same_in_every_unit(formula: str, unit: int) -> None:
    loss = loss_of(formula)
    (term,) = loss.terms
    found = Units(loss.inputs)(term.body)
    assert found != term.body
    again = replace(loss, terms=(replace(term, body=spelled_out(found, unit)),))
    want, value = (interpret(each, POINT, digits=60).values[0] for each in (loss, again))
    with mpmath.workdps(50):
        assert abs(exact.rough(value) - exact.rough(want)) < 1e-40


@pytest.mark.parametrize("formula", LEFT)
def test_other_formulas_stay_as_they_are(formula: str) -> None:
    loss = loss_of(formula)
    (term,) = loss.terms
    assert Units(loss.inputs)(term.body) == term.body


DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)


@DTYPES
@pytest.mark.parametrize("formula", ALIKE)
def test_no_digit_changes_where_inputs_are_scaled(formula: str, dtype: torch.dtype) -> None:
    loss = live(f"loss it(v: real[dim], w: real[dim]) = {formula}")
    v, w = (torch.tensor(POINT[name], dtype=dtype) for name in ("v", "w"))
    value, slopes = gradients(loss, v, w)
    assert value.isfinite()
    far = {torch.float32: 100, torch.float64: 1000}[dtype]
    for scale in (2.0**-far, 2.0**far):
        again, scaled = gradients(loss, scale * v, scale * w)
        assert again == value
        for slope, other in zip(slopes, scaled, strict=True):
            assert (other * scale == slope).all()


@DTYPES
def test_the_largest_numbers_have_a_value_and_a_gradient(dtype: torch.dtype) -> None:
    loss = live(f"loss it(v: real[dim], w: real[dim]) = {ALIKE[1]}")
    top = torch.finfo(dtype).max
    v, w = top * torch.tensor([[1, -1, 1]], dtype=dtype), top * torch.eye(1, 3, dtype=dtype)
    value, slopes = gradients(loss, v, w)
    assert value.isfinite()
    assert all(slope.isfinite().all() for slope in slopes)


def test_zeros_have_a_unit_too() -> None:
    loss = live("loss it(v: real[dim]) = v[0] * v[1] / ((v[0] - v[1])**2 + v[2]**2)")
    value, (slope,) = gradients(loss, torch.zeros(1, 3))
    assert value == 0
    assert (slope == 0).all()
