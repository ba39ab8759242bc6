"""Every rule wins in the regions that it names: measured with and without it, against mpmath.

Both sides are computed throughout in the precision that is measured, half precision, too.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from losslang.accuracy.floats import FORMATS, Format
from losslang.accuracy.truth import Oracle, Truth
from losslang.codegen import lower
from losslang.codegen.torch.emit import emit
from losslang.ir.loss import Loss
from losslang.rewrite import shares
from losslang.rewrite.regions import REGIONS, WITHOUT, Region
from losslang.rewrite.stability import RULES
from losslang.rewrite.units import Units
from losslang.runtime.module import load
from tests.codegen.modules import losses
from tests.sampling import is_drawn

SAMPLES = 16

FEW = 8.0
"""Ulps that do not count as worse."""

Sides = tuple[Tensor, Tensor]


def test_every_rule_names_where_it_wins() -> None:
    tables = (*RULES.values(), *shares.RULES.values())
    names = {rule.__name__ for rules in tables for rule in rules}
    names.add(Units.__name__)
    assert names == {region.rule for region in REGIONS} | set(WITHOUT)


@cache
def loss_of(formula: str) -> Loss:
    given = "v: real[dim]" if "v" in formula.replace("div", "") else "x: real"
    label = ", y: dim" if "[y]" in formula or "y)" in formula or "!= y" in formula else ""
    return losses(f"loss it({given}{label}) = {formula}")[0]


def samples(region: Region, format: Format) -> list[Any]:
    """Points of the region's path, evenly by their logarithm."""
    low, high = (bound(format.eps, format.largest) for bound in (region.low, region.high))
    ratio = (high / low) ** (1 / (SAMPLES - 1))
    return [region.path(low * ratio**n) for n in range(SAMPLES)]


def run(loss: Loss, points: Tensor) -> Sides:
    """Values and slopes of the emitted formula, without the conversions of the call contract."""
    made = emit([loss])
    formula = load(made.text, made.digest)._it
    leaf = points.clone().requires_grad_()
    labels = [torch.zeros(len(leaf), dtype=torch.long)] * (len(loss.inputs) - 1)
    values = formula(leaf, *labels)
    return values.detach(), torch.autograd.grad(values.sum(), leaf)[0]


def truths(loss: Loss, points: Tensor) -> list[Truth]:
    """The true value and slope at each point."""
    oracle = Oracle(loss)
    name, labels = loss.inputs[0].name, {known.name: [0] for known in loss.inputs[1:]}
    return [oracle.at({name: x[None].double().numpy(), **labels}, {}) for x in points]


def errors(truths: list[Truth], sides: Sides, format: Format) -> list[tuple[float, float]]:
    """The ulps of each value, and of each slope by its largest entry; NaN where none is defined."""
    found = []
    for truth, value, slope in zip(truths, *sides, strict=True):
        (entries,) = truth.gradients.values()
        by_value = ulps(value.reshape(-1), truth.values, format)
        found.append((by_value, ulps(slope.reshape(-1), entries.ravel(), format)))
    return found


def ulps(numbers: Tensor, entries: Any, format: Format) -> float:
    """The worst error, in units in the last place of the largest of some true numbers."""
    true = [entry.number for entry in entries if entry.kind == "value"]
    largest = max((abs(x) for x in true), default=0)
    if len(true) < len(entries) or largest > format.largest:
        return math.nan
    if not numbers.isfinite().all():
        return math.inf
    return max(
        float(abs(float(x) - want) / format.unit(largest))
        for x, want in zip(numbers.tolist(), true, strict=True)
    )


MEASURED = [
    pytest.param(region, dtype, id=f"{region.rule}: {region.formula} ({dtype})")
    for region in REGIONS
    for dtype in ("float32", "float64", "bfloat16")
    if dtype == "float32" or is_drawn(f"{region.formula} {dtype}", 3)
]


@pytest.mark.parametrize(("region", "dtype"), MEASURED)
def test_a_rule_wins_in_its_region(
    region: Region, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    format, loss = FORMATS[dtype], loss_of(region.formula)
    points = torch.tensor(samples(region, format), dtype=torch.float64).to(getattr(torch, dtype))
    true = truths(loss, points)
    after = errors(true, run(loss, points), format)
    with monkeypatch.context() as patch:
        patch.setattr(lower, "Stabiliser", lambda: lambda expr: expr)
        patch.setattr(Units, "__call__", lambda self, expr: expr)
        before = errors(true, run(loss, points), format)
    better = False
    for point, new, old in zip(points.tolist(), after, before, strict=True):
        size = max(map(abs, point)) if isinstance(point, list) else abs(point)
        few = FEW + (size if size < 1e3 else 0)  # rounding the argument of an exponential
        for left, right in zip(new, old, strict=True):
            if not math.isnan(right):
                assert left <= max(few, right), (point, new, old)
                better |= right > 4 * max(left, 0.5)
    assert better, list(zip(points.tolist(), after, before, strict=True))
