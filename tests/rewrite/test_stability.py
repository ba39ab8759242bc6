"""Every rewrite keeps the value over the reals, and floats compute it no worse than before.

A case is a formula that a rule rewrites, with places where it matters. What it means is asked of
the reference interpreter, in many digits; the rewritten formula is spelled out again for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import mpmath
import pytest
import sympy
import torch
from sympy import Expr
from torch import Tensor

from losslang.codegen import lower, variants
from losslang.codegen.torch.emit import emit
from losslang.ir import exact
from losslang.ir.binders import substitute, walk
from losslang.ir.interpret import gradient, interpret
from losslang.ir.loss import Loss
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Delta, Not
from losslang.rewrite import regions, shares
from losslang.rewrite.stability import RULES, WORDS, Stabiliser, stabilise
from losslang.runtime.module import load
from tests.codegen.modules import gradients, live, losses, same

DTYPES = (torch.float32, torch.float64)


@dataclass(frozen=True, eq=False)
class Case:
    """``words`` are what the rewritten formula has to contain; ``points`` are single examples."""

    rule: str
    formula: str
    words: tuple[str, ...]
    points: tuple[Any, ...]

    @property
    def is_vector(self) -> bool:
        return isinstance(self.points[0], list)

    @property
    def is_labelled(self) -> bool:
        return re.search(r"\by\b", self.formula) is not None

    @property
    def program(self) -> str:
        given = "v: real[dim]" if self.is_vector else "x: real"
        label = ", y: dim" if self.is_labelled else ""
        return f"loss it({given}{label}) = {self.formula}"


SMALL = (1e-12, -1e-12, 1e-6, -1e-3, 0.3, -0.7, 2.0)
LARGE = (30.0, -30.0, 60.0, -60.0)
BOTH = SMALL + LARGE
SQUARED = (*BOTH, 1e20, -3e25)
RATIOS = ([3.0, 2.0, 0.0], [1e20, 1e20, 0.0], [-2e25, 1e20, 1.0], [1e-3, 5.0, 0.0])
SCORES = ([0.5, -1.0, 2.0], [40.0, -40.0, 0.0], [-70.0, 60.0, 0.0], [1e4, 0.0, -1e4], [3.0] * 3)
SURE = (*SCORES[:3], [200.0, 0.0, -100.0])
FALLING = ([0.5, -1.0, 2.0], [40.0, 39.0, 0.0], [-60.0, -61.0, 0.0], [1e4, 9e3, 0.0])
LENGTHS = ([3.0, 2.0, 0.0], [1e3, -1.0, 5.0], [1e-3, 5.0, 0.0])
EVEN = ([0.5, -1.0, 2.0], [9.0, 100.0, -40.0], [0.0, 100.0, 60.0])
PARTS = ([0.5, -1.0, 2.0], [40.0, -40.0, 0.0], [1e15, 0.0, 1.0], [0.0, 1e15, 1.0])
UNITS = (0.3, -0.7, 0.999, -0.9999)
APART = ([0.5, -1.0, 2.0], [3.0, 2.0, 1.0], [1e20, -3e20, 1.0], [3e38, -3e38, 1.0])
VECTORS = ([3.0, -4.0, 12.0], [1e-30, 2e-30, -1e-30], [1e30, 2e30, 3e30], [1e-3, 1e3, 0.0])

CASES = (
    Case("log_of_difference", "log(1 + (v[0] - v[1])**2 / 2)", ("half_difference",), APART),
    Case("exp_of_difference", "exp(-(v[0] - v[1])**2 / 2)", ("bounded",), APART),
    Case(
        "share_of_sizes",
        "2 * abs(v[0] - v[1]) / (abs(v[0]) + abs(v[1]))",
        ("half_difference", "quotient"),
        APART,
    ),
    Case("share_of_sizes", "100 * abs(v[0] - v[1]) / abs(v[1])", ("half_difference",), APART),
    Case(
        "square_of_difference_over",
        "(v[0] - v[1])**2 / (2 * v[2])",
        ("half_difference", "square_ratio"),
        (*APART[:2], [2e38, -2e38, 3e38]),
    ),
    Case(
        "tilted_difference",
        "(v[0] - v[1]) / sqrt(2) if v[0] >= v[1] else (v[1] - v[0]) / sqrt(3)",
        ("half_difference",),
        (*APART[:3], [2e38, -2e38, 0.0], [-2e38, 2e38, 0.0]),
    ),
    Case(
        "tilted_square",
        "(0.25 if v[0] >= v[1] else 0.5) * (v[0] - v[1])**2",
        ("product",),
        (*APART[:2], [2e19, -5e18, 0.0]),
    ),
    Case(
        "root_mean_square",
        "3 * sqrt(mean(v[k]**2 for k in dim))",
        ("root_mean_square",),
        (*VECTORS, [1e38] * 3),
    ),
    Case("one_minus_cube", "2 - 2 * (1 - x**2)**3", ("one_minus_cube",), SMALL),
    Case("flat", "softplus(x) * sigmoid(x)**1.5", ("softplus",), (*SMALL, 60.0)),
    Case("damped", "softplus(x) * sigmoid(-x) * x", ("product",), BOTH),
    Case("damped", "(softplus(x) + x) * sigmoid(-x)", ("sigmoid",), BOTH),
    Case("over_square", "v[0] / sum(abs(v[k]) for k in dim)**2", ("quotient",), LENGTHS),
    Case("norm", "v[0] / sum(v[k]**2 for k in dim)**2", ("unit", "reciprocal"), LENGTHS),
    Case("root_of_product", regions.LENGTHENED, ("norm", "root_mean_square"), LENGTHS),
    Case("square_of_quotient", "v[0]**2 / v[1]**2", ("quotient",), RATIOS),
    Case("log_of_product", "log((1 - sigmoid(v[0])) / (1 - sigmoid(v[1])))", ("softplus",), EVEN),
    Case("log_of_product", regions.QUOTIENTS, (), EVEN),
    Case("log_of_product", regions.OPPOSITES, ("logaddexp",), EVEN),
    Case("log_of_product", regions.BESIDE, ("logaddexp",), EVEN),
    Case("extreme_of_exponentials", "log(1 - max(softmax(v)))", ("log_rest",), SURE),
    Case("log_rest", "sum(log(1 - softmax(v)[k]) for k in dim)", ("log_rest",), SURE),
    Case("share_of_sum", "exp(v[0]) / sum(exp(v[k]) for k in dim)", ("log_softmax",), SCORES),
    Case("share_of_sum", "exp(v[0]) / (exp(v[0]) + exp(v[1]))", ("sigmoid",), SCORES),
    Case("share_of_sigmoid", "exp(x) / sigmoid(x)", ("softplus",), BOTH),
    Case("one_exponential", "exp(v[0]) * exp(-logsumexp(v))", ("log_softmax",), SCORES),
    Case("other_shares", "sum(softmax(v)[k] for k in dim if k != y)", ("log_odds",), SCORES),
    Case("xlogy_of_exponential", regions.GAIN, ("xlogy",), (*SMALL, 60.0)),
    Case("times_exponential", "(v[1] > 0) * exp(v[0])", (), (*EVEN, [900.0, 0.0, 1.0])),
    Case("scaled_exponential", "v[1] * exp(v[0])", ("times_exp",), (*EVEN, [80.0, 1e-20, 1.0])),
    Case("power_from_zero", "(abs(x) - x)**0.3", (), BOTH),
    Case("rest_of_share", regions.LEFT, (), LENGTHS),
    Case("rest_of_share", "1 - mean(3 / (3 + v[k]**2) for k in dim)", (), LENGTHS),
    Case("branch_of_sigmoids", regions.EITHER, ("sigmoid",), EVEN),
    Case("cancelled", "(v[0] * v[1] + v[0] * v[2]) / v[0]**2", (), LENGTHS),
    Case("log_of_exponentials", "log(sum(exp(v[k] - v[0]**2) for k in dim))", (), EVEN),
    Case("softplus_of_odds", "-log(softmax(v)[y])", ("softplus", "log_odds"), SCORES),
    Case("softplus_of_odds", "3 * logsumexp(v / 3) - v[y]", ("softplus", "log_odds"), SCORES),
    Case("one_minus_sigmoid", "1 - softmax(v)[y]", ("sigmoid", "log_odds"), SCORES),
    Case("less_sigmoid", "3 * sigmoid(v[0]) - 3 * v[1]", ("sigmoid",), EVEN),
    Case("log_of_sigmoid", "log(1 - softmax(v)[y])", ("softplus", "log_odds"), SCORES),
    Case("exp_of_softplus", "softmax(v)[y]", ("sigmoid", "log_odds"), SCORES),
    Case("log_of_one_plus_exp", "log(1 + exp(x))", ("softplus",), BOTH),
    Case("sinh_over_cosh", "sinh(x) / cosh(x)", (), (*BOTH, 1e4, -1e4)),
    Case("powers_of_one_base", "sigmoid(x)**(x - 1) * sigmoid(x)", ("softplus",), SMALL),
    Case("log_odds", "logsumexp(v[k] - v[y] for k in dim if k != y)", ("log_odds",), SCORES),
    Case("log_softmax", "-log(softmax(v)[0])", ("log_softmax",), SCORES),
    Case("log_softmax", "2 * v[1] - 2 * logsumexp(v)", ("log_softmax",), SCORES),
    Case("log_softmax", "log(softmax(v / 3)[2])**2", ("log_softmax",), SCORES),
    Case("expm1", "3 * exp(x) - 3", ("expm1",), BOTH),
    Case("expm1", "1 - exp(-x)", ("expm1",), BOTH),
    Case("expm1", "1 - softmax(v)[0]", ("expm1",), SCORES),
    Case("less_log1p", "abs(x) - log(1 + abs(x))", ("less_log1p",), BOTH),
    Case("expm1_less", "exp(x) - x - 1", ("expm1_less",), BOTH),
    Case("expm1_less", "3 * exp(-2 * x) + 6 * x - 3", ("expm1_less",), BOTH),
    Case("one_minus_sigmoid", "2 - 2 * sigmoid(x)", ("sigmoid",), BOTH),
    Case("sqrt_minus_one", "sqrt(1 + x) - 1", (), (1e-12, -1e-12, 1e-6, 0.3, 60.0)),
    Case("sqrt_minus_one", "4 * sqrt(1 + x**4) - 4", (), BOTH[1:]),
    Case("log_of_sum", "log(1 + exp(x))", ("softplus",), BOTH),
    Case("log_of_sum", "log(1 + 2 * exp(-x))", ("softplus",), BOTH),
    Case("log_of_sum", regions.ABOVE, ("softplus", "log_odds"), (*SCORES, [900.0, -900.0, 0.0])),
    Case("log_of_sum", "log(1 + x)", ("log1p",), (1e-12, 1e-6, 0.3, 2.0, 60.0)),
    Case("log_of_square", "log(1 + x**2)", ("log1p_square",), SQUARED),
    Case("log_of_square", "log(1 + x**2 / 2)", ("log1p_square",), SQUARED),
    Case("root_of_square", "sqrt(1 + x**2) - 1", ("hypot_minus_one",), SQUARED),
    Case("root_of_square", "4 * sqrt(1 + (x / 2)**2) - 4", ("hypot_minus_one",), SQUARED),
    Case("share_of_square", "2 * x**2 / (x**2 + 4)", ("square_share",), SQUARED),
    Case("over_quadratic", "3 * x / (x**2 + 4)", ("hypot", "quotient"), SQUARED),
    Case("log_of_quadratic", "log(2 * x**2 + 3)", ("hypot",), SQUARED),
    Case("root_of_squares", "sqrt(v[0]**2 + v[1]**2)", ("hypot",), RATIOS),
    Case("share_of_squares", regions.SHORTER, ("norm", "quotient"), VECTORS),
    Case("share_of_squares", "mean(v)**2 / mean(v[k]**2 for k in dim)", ("quotient",), VECTORS),
    Case("projection", regions.ALONG, ("unit",), VECTORS),
    Case("log_of_lengths", "log(mean(v[k]**2 for k in dim))", ("root_mean_square",), VECTORS),
    Case("log_of_lengths", regions.LENGTHS, ("norm",), VECTORS[:3]),
    Case("square_over", "v[0]**2 / v[1]", ("square_ratio",), RATIOS),
    Case(
        "log_of_share",
        "sum(xlogy(softmax(v)[k], 2 * softmax(v)[k] / (softmax(v)[k] + v[k]**2)) for k in dim)",
        ("xlogy",),
        ([0.5, -1.0, 2.0], [60.0, -60.0, 0.0], [-70.0, 60.0, 0.0]),
    ),
    Case(
        "log_of_part", "-log((v[y]**2 + 1) / sum(v[k]**2 + 1 for k in dim))", ("log_odds",), PARTS
    ),
    Case(
        "log_of_part", "log((v[0]**2 + 1) / sum(v[k]**2 + 1 for k in dim))", ("log_softmax",), PARTS
    ),
    Case("log_of_quadratic", "log(1 + x + x**2 / 2)", ("log1p_square",), SQUARED),
    Case("log_of_branch", "log(1 + x if x >= 0 else 1 / (1 - x))", ("log1p",), BOTH),
    Case("apart", "sum((softmax(v)[k] - (k == y))**2 for k in dim)", ("sigmoid",), SCORES),
    Case(
        "apart", "log(mean(exp(v[k] - v[y] + 0.5 * (k != y)) for k in dim))", ("log_odds",), SCORES
    ),
    Case(
        "difference", "logsumexp(v[k] + v[k]**2 - v[y] for k in dim)", ("difference",), SCORES[:3]
    ),
    Case("cos_of_acos", "cos(acos(x) + 0.5)", ("sine_of_acos",), UNITS),
    Case("cos_of_multiple", "cos(3 * acos(x))", ("cos_of_multiple",), UNITS),
    Case("cos_of_multiple", "cos(2.5 * acos(x) - 0.5)", ("cos_of_multiple",), UNITS),
    Case("ratio_of_sines", "sin(3 * acos(x)) / sqrt(1 - x**2)", ("ratio_of_sines",), UNITS[:2]),
    Case("ratio_of_sines", "sin(2 * acos(x) + 1) / (1 - x**2)**1.5", ("reciprocal",), UNITS[:2]),
    Case("sine_of_acos", "sqrt(1 - x**2)", ("sine_of_acos",), UNITS),
    Case("sine_of_acos", "1 / sqrt(1 - x**2)", ("sine_of_acos", "reciprocal"), UNITS),
    Case("log_of_sum", "log(1 - exp(-x**2))", ("log1mexp",), (1e-3, 0.1, 0.8, -1.0, 5.0, -8.0)),
    Case("softplus_of_gap", regions.GAP, ("softplus",), EVEN),
    Case("log_of_sum", "log(exp(x) + exp(-2 * x))", ("logaddexp",), BOTH),
    Case("log_of_sum", "log(3 * exp(x) + exp(-x) / 2)", ("logaddexp",), BOTH),
    Case("log_of_sum", "log(exp(x) + exp(2 * x) + 1)", ("logaddexp",), BOTH),
    Case("log_of_sum", "log(sigmoid(x))", ("softplus",), BOTH),
    Case("log_of_sum", "log(1 - sigmoid(x))", ("softplus",), BOTH),
    Case("log_of_sum", "log(cosh(x))", ("log_cosh",), BOTH),
    Case("norm", "norm(v)", ("norm",), VECTORS),
    Case("norm", "norm(v)**3", ("norm",), (VECTORS[0], VECTORS[3])),
    Case("norm", "norm(v / (2 + v[0]))", ("norm",), (VECTORS[0], VECTORS[3])),
    # The slope of the reciprocal of 1e-30 is beyond the range of float32.
    Case("norm", "1 / norm(v)", ("norm", "reciprocal"), (VECTORS[0], *VECTORS[2:])),
    Case("unit", "normalize(v)[0]", ("unit",), VECTORS),
    Case("unit", "sum(normalize(v)[k]**3 for k in dim)", ("unit",), VECTORS),
    Case("unit", regions.PROJECTED, ("unit", "quotient"), (*LENGTHS, VECTORS[2])),
    Case("logistic", "1 / (1 + exp(-x))", ("sigmoid",), BOTH),
    Case("logistic", "(1 + exp(x))**(-2)", ("sigmoid",), BOTH),
    Case("power_of_logistic", "sigmoid(x)**0.5", ("softplus",), BOTH),
    Case("power_of_logistic", "(1 - sigmoid(x))**1.5", ("softplus",), BOTH),
    Case("power_of_softplus", "softplus(x)**0.5", ("softplus",), BOTH),
    Case("power_of_softplus", "softplus(x)**(-1.5)", ("softplus",), SMALL),
    Case("slope_of_power_of_softplus", regions.RISE, ("softplus", "sigmoid"), BOTH),
    Case("share_of_exponentials", regions.SHARE, ("softplus",), SCORES),
    Case("log_of_sigmoids", "log(sigmoid(2 * v[0]) - sigmoid(2 * v[1]))", ("log1mexp",), FALLING),
    Case("clipped", "min(exp(v[0]) * v[1], clamp(exp(v[0]), 0.8, 1.2) * v[1])", (), EVEN),
    Case("exp_of_logistic", "exp(x) / (1 + exp(x))", ("sigmoid",), BOTH),
    Case("rounded_to_zero", "(1 - softmax(v)[0])**0.5", ("nonzero",), SCORES[:3]),
    Case(
        "sum_of_probabilities",
        "log(sum(softmax(v)[k] for k in dim if k != 2))",
        ("log_softmax",),
        SCORES[:3],
    ),
    Case("sum_of_probabilities", "mean(softmax(v)[k]**2 for k in dim)", ("log_softmax",), SCORES),
)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.rule}: {c.formula}")


# ---------------------------------------------------------------- what a rewritten formula means

MEANINGS: Mapping[str, Callable[..., Expr]] = {
    "expm1": lambda x: sympy.exp(x) - 1,
    "log1p": lambda x: sympy.log(1 + x),
    "log1mexp": lambda x: sympy.log(1 - sympy.exp(x)),
    "logaddexp": lambda x, y: sympy.log(sympy.exp(x) + sympy.exp(y)),
    "reciprocal": lambda x: 1 / x,
    "nonzero": lambda x: x,
    "log_cosh": lambda x: sympy.log(sympy.cosh(x)),
    "log1p_square": lambda x, unit=1: sympy.log(1 + (x / unit) ** 2),
    "half_difference": lambda x, y: (x - y) / 2,
    "square_share": lambda x: x**2 / (1 + x**2),
    "hypot_minus_one": lambda x: sympy.sqrt(1 + x**2) - 1,
    "square_ratio": lambda x, y: x**2 / y,
    "times_exp": lambda x, u: x * sympy.exp(u),
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "less_log1p": lambda x: x - sympy.log(1 + x),
    "expm1_less": lambda x: sympy.exp(x) - 1 - x,
    "difference": lambda x, y: x - y,
    "bounded": lambda x: x,
    "one_minus_cube": lambda x: 1 - (1 - x) ** 3,
    "product": lambda x, y: x * y,
    "quotient": lambda x, y: x / y,
    "sine_of_acos": lambda x: sympy.sqrt(1 - x**2),
    "angle": sympy.acos,
    "cos_of_multiple": lambda x, n: sympy.cos(n * sympy.acos(x)),
    "ratio_of_sines": lambda x, n: sympy.sin(n * sympy.acos(x)) / sympy.sqrt(1 - x**2),
}


def spelled_out(expr: Expr) -> Expr:
    """The words that only floats need, replaced by what they mean."""

    def visit(e: Expr) -> Expr | None:
        if isinstance(e, Apply) and e.name in MEANINGS:
            return MEANINGS[e.name](*map(spelled_out, e.operands))
        if isinstance(e, Reduce) and e.op == "norm":
            indices, guard, body = e.open()
            squares = Reduce("sum", indices, spelled_out(guard), spelled_out(body) ** 2)
            return sympy.sqrt(squares)
        if isinstance(e, Reduce) and e.op == "root_mean_square":
            indices, guard, body = e.open()
            return sympy.sqrt(Reduce("mean", indices, spelled_out(guard), spelled_out(body) ** 2))
        if isinstance(e, Ordered) and e.op in ("log_softmax", "log_rest", "log_odds", "unit"):
            (index,), guard, body = e.open()
            guard, body = spelled_out(guard), spelled_out(body)
            here = substitute(body, {index: spelled_out(e.at)})
            if e.op == "unit":
                return here / sympy.sqrt(Reduce("sum", (index,), guard, body**2))
            if e.op == "log_odds":
                others = Not(Delta(index, e.at))
                return Reduce("logsumexp", (index,), others, body - here)
            log_p = here - Reduce("logsumexp", (index,), guard, body)
            return log_p if e.op == "log_softmax" else sympy.log(1 - sympy.exp(log_p))
        return None

    return variants._transform(expr, visit)


@cache
def meaning(case: Case) -> Loss:
    return losses(case.program)[0]


def truth(loss: Loss, point: Any) -> Any:
    """The value at one example, exact inputs and a hundred digits."""
    return interpret(loss, example(loss, point), digits=100).values[0]


def example(loss: Loss, point: Any) -> dict[str, Any]:
    """The inputs of one example; a label is that of the first class."""
    return {loss.inputs[0].name: [point], **({"y": [0]} if len(loss.inputs) > 1 else {})}


def parts(expr: Expr) -> set[str]:
    """The names of the operations in an expression."""
    nodes = list(sympy.preorder_traversal(expr))
    return {e.name for e in nodes if isinstance(e, Apply)} | {
        e.op for e in nodes if isinstance(e, Reduce | Ordered)
    }


@each_case
def test_a_rule_applies(case: Case) -> None:
    body = meaning(case).terms[0].body
    found = Stabiliser()(body)
    assert found != body
    assert set(case.words) <= parts(found)


@each_case
def test_a_rewrite_keeps_the_value_over_the_reals(case: Case) -> None:
    loss = meaning(case)
    (term,) = loss.terms
    again = replace(loss, terms=(replace(term, body=spelled_out(stabilise(term.body))),))
    for point in case.points:
        want, found = truth(loss, point), truth(again, point)
        with mpmath.workdps(40):
            error = abs(exact.rough(found) - exact.rough(want))
            assert error <= 1e-30 * max(1, abs(exact.rough(want)))


def test_every_rule_has_a_case() -> None:
    tables = (*RULES.values(), *shares.RULES.values())
    names = {rule.__name__ for rules in tables for rule in rules}
    assert set(MEANINGS) <= WORDS
    assert names == {case.rule for case in CASES}


# ---------------------------------------------------------------- what floats make of it


def run(case: Case, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The values at all points, and their gradients."""
    made = emit([meaning(case)])
    loss = getattr(load(made.text, made.digest), made.entries["it"][1])()
    leaf = torch.tensor(case.points, dtype=torch.float64).to(dtype).requires_grad_()
    labels = [torch.zeros(len(leaf), dtype=torch.long)] if case.is_labelled else []
    values = loss(leaf, *labels, reduction="none")
    return values.detach().double(), torch.autograd.grad(values.sum(), leaf)[0].double()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@each_case
def test_a_rewrite_is_computed_no_worse(
    case: Case, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values: as near as without it, up to some roundings, and finite wherever the true one is."""
    rewritten, slopes = run(case, dtype)
    with monkeypatch.context() as patch:
        patch.setattr(lower, "Stabiliser", lambda: lambda expr: expr)
        plain, _ = run(case, dtype)
    eps, huge = torch.finfo(dtype).eps, torch.finfo(dtype).max
    for n, point in enumerate(case.points):
        held = torch.tensor(point, dtype=torch.float64).to(dtype).tolist()
        want = truth(meaning(case), held)
        if abs(want) > huge:
            continue
        error = abs(float(rewritten[n]) - float(want))
        before = abs(float(plain[n]) - float(want))
        allowed = 8 * eps * max(abs(float(want)), float(torch.finfo(dtype).tiny))
        assert error <= max(allowed, before if before == before else 0), (point, want)
        assert slopes[n].isfinite().all(), (point, slopes[n])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@each_case
def test_the_gradient_of_a_rewrite_is_the_derivative(case: Case, dtype: torch.dtype) -> None:
    """Where the slope is neither tiny beside the value nor beyond the range of the floats."""
    _, slopes = run(case, dtype)
    loss, name = meaning(case), meaning(case).inputs[0].name
    for n, point in enumerate(case.points):
        held = torch.tensor(point, dtype=torch.float64).to(dtype).tolist()
        if max(map(abs, point if isinstance(point, list) else [point])) > 1e3:
            continue
        if min(abs(p) for p in (point if isinstance(point, list) else [point]) if p) < 1e-5:
            continue
        found = gradient(loss, example(loss, held), name, digits=40)
        want = torch.tensor(found.astype(float), dtype=torch.float64)[0]
        scale = float(want.abs().max())
        if 1e-6 < scale < 1e30:
            tolerance = 1e3 * torch.finfo(dtype).eps
            torch.testing.assert_close(slopes[n], want, rtol=tolerance, atol=tolerance * scale)


def test_a_factor_of_0_still_has_the_slope_of_its_exponential() -> None:
    value, (slope, _) = gradients(
        live("loss it(x: real, y: real) = x * exp(y)"), torch.tensor([0.0]), torch.tensor([2.0])
    )
    assert value == 0
    torch.testing.assert_close(slope, torch.tensor([2.0]).exp())


# ---------------------------------------------------------------- vectors without a direction


@pytest.mark.parametrize(
    "formula", ["norm(v)", "norm(v / (2 + v[0]))", "normalize(v)[1]", "distance(v, v)"]
)
def test_a_zero_vector_has_a_value_and_a_gradient_of_zero(formula: str) -> None:
    loss = live(f"loss it(v: real[dim]) = {formula}")
    value, (slope,) = gradients(loss, torch.zeros(2, 3))
    assert value == 0
    assert not slope.any()


@pytest.mark.parametrize("size", [1e-30, 1e-20, 1.0, 1e20, 1e30])
def test_a_cosine_does_not_depend_on_lengths(size: float) -> None:
    loss = live("loss it(u: real[dim], v: real[dim]) = cosine(u, v)")
    u, v = torch.tensor([[3.0, 4.0]]), torch.tensor([[4.0, 3.0]])
    value, (by_u, _) = gradients(loss, u * size, v)
    torch.testing.assert_close(value, torch.tensor(0.96))
    _, (want, _) = gradients(loss, u, v)
    if size < 1e30:
        torch.testing.assert_close(by_u * size, want, rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------- branches not taken

# Formulas with an input that takes the second branch, in whose place the first is singular.
BRANCHES = {
    "log(x) if x > 0.5 else 3 * x": (-1.0, 0.0, 0.25),
    "3 * x if x < 0.5 else log(0.5 - x)**2 if x < 0 else 3 * x": (0.5, 0.75),
    "sqrt(x) if x > 0.5 else 3 * x": (-1.0, 0.0),
    "x**0.3 if x > 0.5 else 3 * x": (-1.0, 0.0),
    "x**(-2) if x > 0.5 else 3 * x": (0.0,),
    "1 / x if x > 0.5 else 3 * x": (0.0,),
    "acos(x) if abs(x) < 0.5 else 3 * x": (1.0, -1.0, 3.0),
    "asin(x)**2 if abs(x) < 0.5 else 3 * x": (1.0, -1.0, 3.0),
    "atanh(x) if abs(x) < 0.5 else 3 * x": (1.0, -1.0, 3.0),
    "acosh(x) if x > 2 else 3 * x": (1.0, -1.0),
    "exp(x) if x < 50 else 3 * x": (1000.0,),
    "exp(x**2) * x if x < 5 else 3 * x": (100.0,),
    "cosh(x) if x < 50 else 3 * x": (1000.0,),
    "lgamma(x) if x > 0.5 else 3 * x": (0.0, -1.0, -2.5),
    "digamma(x) if x > 0.5 else 3 * x": (0.0, -1.0),
    "log(x)**0.5 if x > 2 else 3 * x": (-1.0, 0.0, 1.0),
    "log(sqrt(x) - 1) if x > 2 else 3 * x": (-1.0, 0.0, 1.0),
    "log1p(x) if x > 0.5 else 3 * x": (-1.0, -2.0),
    "logit(x) if abs(x - 0.5) < 0.25 else 3 * x": (0.0, 1.0, 2.0),
    "log(1 - exp(-x)) if x > 0.5 else 3 * x": (0.0, -1.0),
    "sqrt(1 + x) - 1 if x > 0.5 else 3 * x": (-1.0, -3.0),
    "xlogy(x, x) if x > 0.5 else 3 * x": (0.0, -1.0),
    "(log(x) if x > 2 else sqrt(x)) if x > 0.5 else 3 * x": (-1.0, 0.0),
}


@pytest.mark.parametrize("formula", BRANCHES)
def test_a_branch_that_is_not_taken_sends_no_gradient(formula: str) -> None:
    points = torch.tensor(BRANCHES[formula], dtype=torch.float64)
    for dtype in DTYPES:
        loss = live(f"loss it(x: real) = {formula}")
        value, (slope,) = gradients(loss, points.to(dtype), reduction="none")
        same(value.double(), 3 * points)
        same(slope.double(), torch.full_like(points, 3))


# Formulas whose comprehension, in a branch or under its guard, leaves out what is singular.
GUARDED: dict[str, Callable[[Tensor], Tensor]] = {
    "sum(log(v[k]) for k in dim if v[k] > 0)": lambda v: v.log().sum(-1),
    "mean(sqrt(v[k]) for k in dim if v[k] > 0)": lambda v: v.sqrt().mean(-1),
    "max(1 / v[k] for k in dim if v[k] > 0)": lambda v: (1 / v).amax(-1),
    "prod(v[k]**(-0.5) for k in dim if v[k] > 0)": lambda v: (v**-0.5).prod(-1),
    "logsumexp(log(v[k]) for k in dim if v[k] > 0)": lambda v: v.sum(-1).log(),
    "logsumexp(1 / v[k] for k in dim if v[k] > 0)": lambda v: (1 / v).logsumexp(-1),
    "sum(exp(1 / v[k]) for k in dim if v[k] > 0)": lambda v: (1 / v).exp().sum(-1),
    "std(log(v[k]) for k in dim if v[k] > 0)": lambda v: v.log().std(-1, correction=0),
    "sum(v[k] * log(v[k]) if v[k] > 0 else 0 for k in dim)": lambda v: (v * v.log()).sum(-1),
    "norm([log(v[k]) if v[k] > 0 else 0 for k in dim])": lambda v: v.log().norm(dim=-1),
}


@pytest.mark.parametrize("formula", GUARDED)
def test_a_guard_keeps_singular_places_out_of_the_gradient(formula: str) -> None:
    """As if the vector had only its positive entries."""
    kept = torch.tensor([[0.5, 3.0, 1.5]], dtype=torch.float64)
    whole = torch.tensor([[0.5, 0.0, 3.0, -1.0, 1.5]], dtype=torch.float64)
    positive = whole[0] > 0
    value, (slope,) = gradients(live(f"loss it(v: real[dim]) = {formula}"), whole)
    want, (expected,) = gradients(lambda v: GUARDED[formula](v).mean(), kept)
    same(value, want)
    same(slope[:, positive], expected)
    assert not slope[:, ~positive].any()


INSIDE = [
    "sum(log(v[k]) for k in dim) if v[0] > 0 else 3 * v[0]",
    "log(sum(sqrt(v[k]) for k in dim)) if v[0] > 0 else 3 * v[0]",
    "max(1 / v[k] for k in dim) if v[0] > 0 else 3 * v[0]",
    "sum(detach(log(v[k])) * acos(v[k]) for k in dim) if v[0] > 0 else 3 * v[0]",
    "sum(exp(v[k]**4) for k in dim) if v[0] > 0 else 3 * v[0]",
    "(log(v[1]) if v[1] > -2 else 1) if v[0] > 0 else 3 * v[0]",
    "sqrt(sum(v[k] for k in dim)) if v[0] > 0 else 3 * v[0]",
    "norm(v)**(-1) if v[0] > 0 else 3 * v[0]",
    "sort([log(v[k]) for k in dim])[0] if v[0] > 0 else 3 * v[0]",
]


@pytest.mark.parametrize("formula", INSIDE)
def test_a_comprehension_in_a_branch_that_is_not_taken_sends_no_gradient(formula: str) -> None:
    for row in ([-1.0, 0.0, 50.0], [0.0, 0.0, 0.0], [-1.0, -1.0, -1.0]):
        point = torch.tensor([row], dtype=torch.float64)
        value, (slope,) = gradients(live(f"loss it(v: real[dim]) = {formula}"), point)
        same(float(value), 3 * row[0])
        same(slope, torch.tensor([[3.0, 0.0, 0.0]]).double())


# ---------------------------------------------------------------- conditions on hyperparameters

SETTINGS = {
    "(1 - x**q) / q if q > 0 else -log(x)": lambda x, q: (1 - x**q) / q if q else -x.log(),
    "-log(x) if q == 0 else (1 - x**q) / q": lambda x, q: (1 - x**q) / q if q else -x.log(),
    "x * log(q) if q > 0 else x": lambda x, q: x * (q.log() if q else 1),
    "x / q if q != 0 else 3 * x": lambda x, q: x / q if q else 3 * x,
    "x * sqrt(q) if q > 0 and q < 5 else 3 * x": lambda x, q: x * q.sqrt() if q else 3 * x,
}


@pytest.mark.parametrize("formula", SETTINGS)
@pytest.mark.parametrize("q", [0.0, 0.5])
def test_a_condition_on_a_hyperparameter_may_be_decided_by_a_number_or_a_tensor(
    formula: str, q: float
) -> None:
    loss = live(f"loss it(x: real, *, q: real >= 0 = 1) = {formula}")
    x, setting = torch.tensor([0.2, 0.9], dtype=torch.float64), torch.tensor(q).double()
    want, (expected,) = gradients(lambda x: SETTINGS[formula](x, setting).mean(), x)
    for given in (q, int(q) if q == 0 else q, setting, setting.expand(2)):
        value, (slope,) = gradients(loss, x, q=given)
        same(value, want)
        same(slope, expected)
    leaf = setting.clone().requires_grad_()
    (by_q,) = torch.autograd.grad(loss(x, q=leaf), leaf)
    assert by_q.isfinite()
    each = torch.tensor([q, 0.5], dtype=torch.float64, requires_grad=True)
    (by_each,) = torch.autograd.grad(loss(x, q=each), each)
    assert by_each.isfinite().all()


def test_a_part_is_rewritten_as_the_whole_is() -> None:
    """What became of a part serves its names."""
    loss = losses("loss it(v: real[dim]) = log(p)**2 where p = softmax(v)[0]")[0]
    (part,) = (e for e, name in loss.hints.items() if name == "p")
    stabiliser = Stabiliser()
    assert stabiliser(sympy.log(part)) in walk(stabiliser(loss.terms[0].body))
