"""General multi-class losses: what is decided of them, held against instances with few classes."""

from __future__ import annotations

import random

import pytest
import sympy
from sympy import Expr, Rational, Symbol

from losslang.verify.readings import Multiclass, Pooled, Score
from losslang.verify.readings.fix import fixed
from losslang.verify.readings.recognise import readings
from losslang.verify.theorem import Reading
from losslang.verify.witnesses import replays
from tests.verify.properties.deciding import ask, decide, loss, reading
from tests.verify.table import multiclass as table

ONE_VS_ALL_SQUARED = """
loss one_vs_all(logits: real[class], target: class) =
    max(0, 1 - logits[target])**2 + sum(max(0, 1 + logits[k])**2 for k in class if k != target)
"""
PSEUDOSPHERICAL = """
loss cubic_spherical(q: simplex[class], target: class) =
    2 - 3 * q[target]**2 / sum(q[k]**3 for k in class)**(2 / 3)
"""
LOG_SCORE = "loss log_score(q: simplex[class], target: class) = -log(q[target])"
LINEAR_SCORE = "loss linear_score(q: simplex[class], target: class) = -q[target]"
CONSTRAINED_FLAT = """
loss constrained(logits: real[class], target: class) =
    sum(max(0, logits[k] - mean(logits))**2 for k in class if k != target)
"""
PAIRWISE_HINGE = """
loss weston_watkins(logits: real[class], target: class) =
    sum(max(0, 1 + logits[k] - logits[target]) for k in class if k != target)
"""
SQUARED_CRAMMER_SINGER = """
loss squared(logits: real[class], target: class) =
    max(0, 1 + max(logits[k] for k in class if k != target) - logits[target])**2
"""


PAIRWISE_LOGISTIC = """
loss pairs(logits: real[class], target: class) =
    sum(softplus(logits[k] - logits[target]) for k in class if k != target)
"""
LEFT_ALONE = """
loss below(logits: real[class], target: class) =
    sum(max(0, 1 + logits[k]) for k in class if k != target)
"""


@pytest.mark.parametrize(
    ("program", "kind", "settings", "prop", "holds"),
    [
        (PAIRWISE_LOGISTIC, Multiclass, {}, "order_preserving", True),
        (PAIRWISE_HINGE, Multiclass, {"K": 2}, "order_preserving", True),
        (PAIRWISE_HINGE, Multiclass, {"K": 3}, "order_preserving", False),
        (PAIRWISE_HINGE, Multiclass, {"K": 7}, "calibrated", False),
        (LEFT_ALONE, Pooled, {}, "calibrated", False),
        (table.BRIER, Score, {}, "calibrated", True),
        (table.BRIER, Score, {}, "order_preserving", True),
        (table.BRIER_SCORE, Score, {}, "strictly_proper", True),
        (table.SPHERICAL_SCORE, Score, {}, "strictly_proper", True),
        (table.SPHERICAL, Score, {}, "calibrated", True),
        (PSEUDOSPHERICAL, Score, {}, "strictly_proper", True),
        (table.RPS, Score, {}, "strictly_proper", True),
        (LOG_SCORE, Score, {}, "strictly_proper", True),
        (LINEAR_SCORE, Score, {}, "strictly_proper", False),
        (table.NCE, Score, {"K": 2}, "calibrated", True),
        (table.NCE, Score, {"K": 3}, "calibrated", False),
        (table.NCE, Score, {"K": 6}, "calibrated", False),
        (table.NFL, Score, {"K": 3, "gamma": 2}, "calibrated", False),
        (table.APL, Score, {}, "calibrated", True),
        (table.APL, Score, {"K": 3}, "order_preserving", True),
        (table.APL, Score, {"K": 4}, "order_preserving", False),
        (table.SMOOTHED, Score, {"a": 0.1}, "order_preserving", True),
        (table.SMOOTHED, Score, {"a": 1}, "order_preserving", False),
        (table.PALM, Pooled, {}, "strictly_proper", True),
        (table.PALM, Pooled, {}, "order_preserving", True),
        ("squentropy", Pooled, {}, "calibrated", True),
        ("squentropy", Pooled, {}, "order_preserving", True),
        ("squentropy", Pooled, {}, "strictly_proper", False),
        ("z_normalised", Pooled, {}, "order_preserving", True),
        (table.SQUARE, Pooled, {}, "order_preserving", True),
        (table.ONE_VS_ALL_LOGISTIC, Pooled, {}, "order_preserving", True),
        (table.ONE_VS_ALL_EXPONENTIAL, Pooled, {}, "order_preserving", True),
        (ONE_VS_ALL_SQUARED, Pooled, {}, "order_preserving", True),
        (table.ONE_VS_ALL_HINGE, Pooled, {"K": 2}, "calibrated", True),
        (table.ONE_VS_ALL_HINGE, Pooled, {"K": 3}, "calibrated", False),
        (table.CONSTRAINED_EXPONENTIAL, Pooled, {}, "calibrated", True),
        (table.CONSTRAINED_HINGE, Pooled, {}, "calibrated", True),
        (CONSTRAINED_FLAT, Pooled, {}, "calibrated", None),
        (table.PAIRWISE_LOGISTIC, Multiclass, {}, "calibrated", True),
        (table.PAIRWISE_SIGMOID, Multiclass, {}, "order_preserving", True),
        (table.PAIRWISE_SIGMOID, Multiclass, {}, "symmetric", True),
        (PAIRWISE_HINGE, Multiclass, {}, "calibrated", None),
        ("crammer_singer", Multiclass, {"K": 2}, "calibrated", True),
        ("crammer_singer", Multiclass, {"K": 3}, "calibrated", False),
        (SQUARED_CRAMMER_SINGER, Multiclass, {"K": 4}, "calibrated", False),
        (table.BOUNDED_CRAMMER_SINGER, Multiclass, {}, "calibrated", True),
        ("crammer_singer", Multiclass, {}, "convex", True),
        ("crammer_singer", Multiclass, {}, "bounded", False),
    ],
)
def test_a_known_answer_is_found(
    program: str, kind: type[Reading], settings: dict[str, float], prop: str, holds: bool | None
) -> None:
    """Oracle: the papers that the theorems cite. ``None``: no theorem here may decide it."""
    found = ask(program, prop, kind, **settings)
    assert found.holds is holds
    if found.witness is not None:
        assert replays(found.witness)


@pytest.mark.parametrize(
    ("program", "kind", "value"),
    [
        (table.CONSTRAINED_EXPONENTIAL, Pooled, "2 - sqrt(4 - t**2)"),
        (table.CONSTRAINED_HINGE, Pooled, "t"),
    ],
)
def test_constrained_losses_bound_the_zero_one_risk(
    program: str, kind: type[Reading], value: str
) -> None:
    """Oracle: Awasthi, Mao, Mohri, Zhong 2022."""
    found = ask(program, "h_consistent", kind).value
    assert found is not None
    expected = sympy.sympify(value, {"t": Symbol("t", real=True)})
    assert sympy.simplify(found - expected) == 0


# ---------------------------------------------------------------- against instances


def point(draw: random.Random, classes: int) -> list[float]:
    """A point of the simplex, often close to a face."""
    raw = [draw.random() ** 3 + 1e-6 for _ in range(classes)]
    return [x / sum(raw) for x in raw]


@pytest.mark.parametrize(
    "program",
    [
        table.BRIER_SCORE,
        table.SPHERICAL_SCORE,
        PSEUDOSPHERICAL,
        table.RPS,
        LOG_SCORE,
    ],
)
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_a_strictly_proper_score_is_least_at_the_label(program: str, classes: int) -> None:
    """Oracle: the expected loss at random points, computed from the formula at K classes."""
    read = reading(program, Score)
    assert isinstance(read, Score)
    symbols, losses = read.symbols(classes), read.at(classes)
    values = sympy.lambdify(symbols, losses, "math")
    draw = random.Random(classes)
    for _ in range(40):
        p = point(draw, classes)
        best = sum(w * v for w, v in zip(p, values(*p), strict=True))
        for _ in range(10):
            q = point(draw, classes)
            assert sum(w * v for w, v in zip(p, values(*q), strict=True)) > best - 1e-12


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        (table.NCE, Score),
        (table.NFL, Score),
        (table.APL, Score),
        ("nce_mae", Score),
        (table.PAIRWISE_SIGMOID, Multiclass),
    ],
)
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_a_symmetric_loss_sums_to_its_value(
    program: str, kind: type[Reading], classes: int
) -> None:
    """Oracle: the sum over the labels at random logits, from the formula at K classes."""
    found = ask(program, "symmetric", kind)
    assert found.holds
    assert found.value is not None
    read = reading(program, Multiclass)
    assert isinstance(read, Multiclass)
    symbols, losses = read.at(classes)
    draw = random.Random(classes)
    numbers: dict[Symbol, Expr] = {s: Rational(3, 2) for s in read.region.symbols}
    numbers[read.classes] = sympy.Integer(classes)
    for _ in range(5):
        logits = {z: Rational(draw.randint(-40, 40), 10) for z in symbols}
        total = sympy.Add(*losses).subs(numbers).subs(logits)
        assert abs(sympy.N(total - found.value.subs(numbers))) < 1e-9


@pytest.mark.parametrize(
    ("program", "kind"), [("crammer_singer", Multiclass), (table.ONE_VS_ALL_HINGE, Pooled)]
)
def test_a_witness_is_a_wrong_minimiser(program: str, kind: type[Reading]) -> None:
    """Oracle: the risk at random logits is nowhere below that at the tie of the witness."""
    witness = ask(program, "calibrated", kind, K=3).witness
    assert witness is not None
    p, z = witness.values["p"], witness.values["z"]
    assert isinstance(p, tuple)
    assert isinstance(z, tuple)
    tied = (*z, z[0])[:3]
    read = reading(program, Multiclass)
    assert isinstance(read, Multiclass)
    symbols, losses = read.at(3)
    risk = sympy.Add(*(w * loss for w, loss in zip(p, losses, strict=True)))
    least = risk.subs(dict(zip(symbols, tied, strict=True)))
    draw = random.Random(3)
    for _ in range(200):
        other = [Rational(draw.randint(-30, 30), 10) for _ in symbols]
        assert risk.subs(dict(zip(symbols, other, strict=True))) >= least


# ---------------------------------------------------------------- classes that are not alike


@pytest.mark.parametrize(
    ("program", "settings", "holds"),
    [
        ("logit_adjusted", {"prior": [0.7, 0.2, 0.1], "tau": 1}, False),
        ("logit_adjusted", {"prior": [0.5, 0.25, 0.25], "tau": 0}, True),
        ("ldam", {"counts": [100, 30, 10], "margin": 0.5, "scale": 1}, False),
        ("balanced_softmax", {"counts": [2, 1]}, False),
    ],
)
def test_offsets_for_each_class_spoil_calibration(
    program: str, settings: dict[str, object], holds: bool
) -> None:
    """Oracle: Menon et al. 2021, for the error without class weights."""
    read = next(r for r in readings(fixed(loss(program), settings)) if isinstance(r, Multiclass))
    assert decide(read, "calibrated").holds is holds


@pytest.mark.parametrize("prior", [[0.7, 0.2, 0.1], [0.4, 0.35, 0.25]])
def test_equal_logits_are_optimal_for_the_witness(prior: list[float]) -> None:
    """Oracle: the minimiser of logit-adjusted cross-entropy, log p - log prior up to an offset."""
    adjusted = fixed(loss("logit_adjusted"), {"prior": prior, "tau": 1})
    witness = decide(
        next(r for r in readings(adjusted) if isinstance(r, Multiclass)), "calibrated"
    ).witness
    assert witness is not None
    assert witness.values["p"] == tuple(Rational(str(x)) for x in prior)
