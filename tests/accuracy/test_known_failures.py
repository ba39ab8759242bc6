"""Places where well-known implementations of these losses overflow or lose their gradient.

Each place is a family of inputs of size ``s`` with the least size at which some published code
returns an infinite or undefined value or gradient, in float32 and in float64. Ours are run there
and at larger sizes, and must be finite wherever the true number is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy
import pytest

from losslang import driver
from losslang.accuracy.floats import FORMATS
from losslang.accuracy.inputs import Hard
from losslang.accuracy.measure import measure_one
from losslang.accuracy.truth import Oracle

LARGER = (1.0, 1.5, 3.0, 10.0, 100.0, 1e4)

Inputs = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Place:
    """``single`` and ``double`` are the least sizes; ``sized`` makes hyperparameters of a size."""

    spec: str
    what: str
    inputs: Callable[[float], Inputs]
    single: float
    double: float
    settings: dict[str, float] = field(default_factory=dict)
    sized: dict[str, Callable[[float], float]] = field(default_factory=dict)

    def __str__(self) -> str:
        settings = "".join(f" {name}={value}" for name, value in self.settings.items())
        return f"{self.spec}{settings}: {self.what}"


def scores(*signs: float, target: int = 0) -> Callable[[float], Inputs]:
    return lambda s: {"logits": [[s * sign for sign in signs]], "target": [target]}


def score(sign: float, label: int) -> Callable[[float], Inputs]:
    return lambda s: {"score": [sign * s], "target": [label]}


def residual(s: float) -> Inputs:
    return {"prediction": [s, -s], "target": [0.0, 0.0]}


def equal(s: float) -> Inputs:
    return {"prediction": [s, s], "target": [s, s]}


def image(s: float) -> Inputs:
    """Both classes, right everywhere."""
    return {"logits": [[[s, -s, s], [-s, s, -s]]], "target": [[0, 1, 0]]}


def background(s: float) -> Inputs:
    """One class alone, right everywhere."""
    return {"logits": [[[s, s, s], [-s, -s, -s]]], "target": [[0, 0, 0]]}


def models(student: tuple[float, ...], teacher: tuple[float, ...]) -> Callable[[float], Inputs]:
    return lambda s: {
        "student": [[s * x for x in student]],
        "teacher": [[s * x for x in teacher]],
    }


def opposite_views(s: float) -> Inputs:
    return {"u": [[1.0, 0.0], [-1.0, 0.0]], "v": [[-1.0, 0.0], [1.0, 0.0]]}


def opposite_groups(s: float) -> Inputs:
    rows = [[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]]
    return {"embedding": rows, "label": [0, 1, 0, 1]}


def rows_alike(s: float) -> Inputs:
    return {"embedding": [[s, s], [s, s], [-s, s]]}


HALF = {"gamma": 0.5}
COLD = {"tau": lambda s: 1 / s}

PLACES = (
    Place("log_cosh", "a residual", residual, 90, 720),
    Place("cauchy", "a residual", residual, 1e20, 1e155),
    Place("pseudo_huber", "a residual", residual, 1e20, 1e155),
    Place("geman_mcclure", "a residual", residual, 1e20, 1e155),
    Place("welsch", "a residual", residual, 1e19, 1e150),
    Place("rmse", "an exact prediction", equal, 3.1e-5, 3.1e-5),
    Place("rmse", "a residual", residual, 1e20, 1e155),
    Place("msle", "an exact prediction", equal, 3.1e-5, 3.1e-5),
    Place("smape", "an exact prediction", equal, 3.1e-5, 3.1e-5),
    Place("poisson_nll", "a large rate", residual, 89, 720),
    Place("logistic", "wrong", score(-1, 1), 89, 720),
    Place("exponential", "wrong", score(-1, 1), 80, 700),
    Place("bce", "wrong", score(1, 0), 89, 720),
    *(
        Place("sigmoid_focal", what, inputs, 17, 37, HALF)
        for what, inputs in {
            "right positive": score(1, 1),
            "right negative": score(-1, 0),
            "wrong positive": score(-1, 1),
        }.items()
    ),
    *(
        Place(spec, what, inputs, 8.4, 19, HALF)
        for spec in ("focal", "poly1_focal")
        for what, inputs in {
            "ahead of negatives": scores(1, -1, -1),
            "zero ahead of negatives": scores(0, -1, -1),
            "ahead of zeros": scores(1, 0, 0),
            "behind": scores(-1, 1, 1),
            "all alike": scores(1, 1, 1),
        }.items()
    ),
    *(
        Place(spec, what, inputs, 45, 360)
        for spec in ("gce", "sce", "nce", "nfl", "ce", "comp_sum")
        for what, inputs in {
            "behind": scores(-1, 1, 1),
            "zero behind": scores(0, 1, 1),
            "all below": scores(-1, -1, -1),
        }.items()
    ),
    Place("ldr_kl", "all below", scores(-1, -1, -1), 89, 720),
    Place("kd", "opposed", models((1, -1, 0), (-1, 1, 0)), 52, 380, {"tau": 1.0}),
    Place("kd", "alike", models((1, -1, 0), (1, -1, 0)), 52, 380, {"tau": 1.0}),
    Place("kd", "undecided student", models((0, 0, 0), (1, -1, 0)), 52, 380, {"tau": 1.0}),
    *(Place(spec, "perfect", image, 8.4, 19) for spec in ("tversky", "dice", "jaccard")),
    *(Place(spec, "background", background, 46, 360) for spec in ("tversky", "dice", "jaccard")),
    Place("info_nce", "opposite partners", opposite_views, 89, 720, sized=COLD),
    Place("nt_xent", "opposite partners", opposite_views, 91, 720, sized=COLD),
    Place("supcon", "opposite groups", opposite_groups, 91, 720, sized=COLD),
    Place("uniformity", "rows alike", rows_alike, 6.7, 19),
)


@cache
def prepared(spec: str) -> tuple[Oracle, Any]:
    return Oracle(driver.elaborated(spec)), driver.compile(spec).eval()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_ours_are_finite_where_others_are_not(place: Place, dtype: str) -> None:
    oracle, module = prepared(place.spec)
    least = place.single if dtype == "float32" else place.double
    measured = 0
    for factor in LARGER:
        size = least * factor
        arrays = {name: numpy.array(x) for name, x in place.inputs(size).items()}
        settings = dict(place.settings) | {name: of(size) for name, of in place.sized.items()}
        hard = Hard(f"size {size:g}", arrays, settings)
        row = measure_one(oracle, module, place.spec, FORMATS[dtype], hard)
        assert not row.non_finite, (hard.name, row.non_finite)
        measured += row.value.counted
    assert measured
