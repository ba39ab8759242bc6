"""Losses of predicted paths."""

from __future__ import annotations

from typing import Any

from mpmath import sqrt

from tests.library.formulas import Row, mean
from tests.library.kinds import by_paper, normal
from tests.library.oracles import Case, Inputs


def paths() -> Inputs:
    """Three paths of four positions and the true ones."""
    return normal(60, 3, 4, 2, scale=2), normal(61, 3, 4, 2)


def sampled_paths() -> Inputs:
    """Five futures for each of two agents, and the true ones."""
    return normal(62, 2, 5, 4, 2, scale=2), normal(63, 2, 4, 2)


def scenes() -> Inputs:
    """Two scenes of three agents with five joint futures each."""
    return normal(64, 2, 3, 5, 4, 2, scale=2), normal(65, 2, 3, 4, 2)


def apart(a: Row, b: Row) -> Any:
    return sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def ade(path: list[Row], true: list[Row]) -> Any:
    return mean(apart(a, b) for a, b in zip(path, true, strict=True))


def fde(path: list[Row], true: list[Row]) -> Any:
    return apart(path[-1], true[-1])


def min_ade(paths: list[list[Row]], true: list[Row]) -> Any:
    return min(ade(path, true) for path in paths)


def jade(agents: Any, true: Any) -> Any:
    futures = zip(*agents, strict=True)
    return min(mean(ade(a, b) for a, b in zip(joint, true, strict=True)) for joint in futures)


def jfde(agents: Any, true: Any) -> Any:
    futures = zip(*agents, strict=True)
    return min(mean(fde(a, b) for a, b in zip(joint, true, strict=True)) for joint in futures)


CASES: tuple[Case, ...] = (
    *by_paper("ade", ade, paths),
    *by_paper("fde", fde, paths),
    *by_paper("min_ade", min_ade, sampled_paths),
    *by_paper("jade", jade, scenes),
    *by_paper("jfde", jfde, scenes),
)
