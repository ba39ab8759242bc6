"""Losses for classes of very different frequency."""

from __future__ import annotations

from typing import Any

from mpmath import exp, fsum, log, mpf

from tests.library.formulas import Row, ce, focal, softmax
from tests.library.kinds import COUNTS, by_paper, extreme, normal, plain
from tests.library.oracles import Case, Inputs


def penultimate() -> Inputs:
    """Logits, labels, and the features of the last layer."""
    return *plain(), normal(90, 6, 3)


def class_balanced(base: Any) -> Any:
    """Effective numbers (1 - beta^n) / (1 - beta); weights normalised to sum to the classes."""

    def formula(z: Row, y: int, counts: Row, beta: Any) -> Any:
        weights = [(1 - beta) / (1 - beta**n) for n in counts]
        return len(z) * weights[y] / fsum(weights) * base(z, y)

    return formula


def cdt(z: Row, y: int, counts: Row, gamma: Any) -> Any:
    return ce([x / (max(counts) / n) ** gamma for x, n in zip(z, counts, strict=True)], y)


def seesaw(zs: list[Row], ys: list[int], counts: Row, p: Any, q: Any, frozen: Any) -> list[Any]:
    """Equation 5: factors on the other classes' exponentials, the second held constant."""
    out = []
    for z, y, w in zip(zs, ys, frozen[0], strict=True):
        s, total = softmax(w), exp(z[y])
        for k, x in enumerate(z):
            if k != y:
                spared = (counts[k] / counts[y]) ** p if counts[k] < counts[y] else mpf(1)
                again = (s[k] / s[y]) ** q if s[k] > s[y] else mpf(1)
                total += spared * again * exp(x)
        out.append(log(total) - z[y])
    return out


def ib_loss(
    zs: list[Row], ys: list[int], fs: list[Row], counts: Row, alpha: Any, frozen: Any
) -> list[Any]:
    out = []
    for z, y, w, f in zip(zs, ys, frozen[0], frozen[2], strict=True):
        error = fsum(abs(p - (k == y)) for k, p in enumerate(softmax(w)))
        influence = error * fsum(abs(x) for x in f)
        rarity = 1 / counts[y] / fsum(1 / n for n in counts)
        out.append(alpha * rarity * ce(z, y) / (influence + mpf("0.001")))
    return out


ONES = "counts=[1, 1, 1, 1, 1]"

CASES: tuple[Case, ...] = (
    *by_paper(
        f"class_balanced(ce, {ONES})",
        class_balanced(ce),
        plain,
        extreme,
        hyper={"counts": COUNTS, "beta": 0.99},
    ),
    *by_paper(
        f"class_balanced(focal, {ONES})",
        class_balanced(focal),
        plain,
        hyper={"counts": COUNTS, "beta": 0.9},
    ),
    *by_paper(f"cdt({ONES})", cdt, plain, extreme, hyper={"counts": COUNTS, "gamma": 0.3}),
    *by_paper(
        f"seesaw({ONES})",
        seesaw,
        plain,
        extreme,
        lift=False,
        frozen=True,
        hyper={"counts": COUNTS, "p": 0.8, "q": 2.0},
    ),
    *by_paper(
        f"ib_loss({ONES})",
        ib_loss,
        penultimate,
        lift=False,
        frozen=True,
        hyper={"counts": COUNTS, "alpha": 10.0},
    ),
)
