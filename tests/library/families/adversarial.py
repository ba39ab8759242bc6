"""Losses of clean, attacked and bounded logits."""

from __future__ import annotations

from typing import Any

from mpmath import exp, fsum, log, sqrt

from tests.library.formulas import Row, ce, comp_sum, softmax
from tests.library.kinds import by_paper, extreme, normal, plain
from tests.library.oracles import Case, Inputs


def attacked() -> Inputs:
    """Clean logits, those of an attack, and labels."""
    return normal(95, 6, 5, scale=2), normal(96, 6, 5, scale=2), plain()[1]


def far_attacked() -> Inputs:
    """A clean prediction that is sure, and an attack that turns it."""
    logits, target = extreme()
    return logits[:2], logits[:2].flip(1), target[:2]


def divergence(p: Row, q: Row) -> Any:
    return fsum(a * log(a / b) for a, b in zip(p, q, strict=True))


def smooth_adversarial(z: Row, adv: Row, y: int, order: Any, rho: Any, nu: Any) -> Any:
    moved = sqrt(fsum(((adv[y] - a) - (z[y] - b)) ** 2 for a, b in zip(adv, z, strict=True)))
    return comp_sum([x / rho for x in z], y, order) + nu * moved


def trades(z: Row, adv: Row, y: int, beta: Any) -> Any:
    return ce(z, y) + beta * divergence(softmax(z), softmax(adv))


def mart(z: Row, adv: Row, y: int, beta: Any) -> Any:
    p, q = softmax(z), softmax(adv)
    boosted = -log(q[y]) - log(1 - max(x for k, x in enumerate(q) if k != y))
    return boosted + beta * divergence(p, q) * (1 - p[y])


def cc_ibp(adv: Row, worst: Row, y: int, alpha: Any) -> Any:
    return ce([(1 - alpha) * a + alpha * b for a, b in zip(adv, worst, strict=True)], y)


def mtl_ibp(adv: Row, worst: Row, y: int, alpha: Any) -> Any:
    return (1 - alpha) * ce(adv, y) + alpha * ce(worst, y)


def exp_ibp(adv: Row, worst: Row, y: int, alpha: Any) -> Any:
    return ce(adv, y) ** (1 - alpha) * ce(worst, y) ** alpha


def sovr(zs: list[Row], ys: list[int], share: float, lam: Any) -> list[Any]:
    """The examples in the order of their lead, the largest first."""
    leads = [max(x for k, x in enumerate(z) if k != y) - z[y] for z, y in zip(zs, ys, strict=True)]
    hard = sorted(range(len(zs)), key=lambda i: -leads[i])
    chosen = {i for place, i in enumerate(hard) if place < share * len(zs)}

    def rest(z: Row, y: int) -> Any:
        return fsum(log(1 + exp(-x if k == y else x)) for k, x in enumerate(z))

    return [
        lam * rest(z, y) if i in chosen else ce(z, y)
        for i, (z, y) in enumerate(zip(zs, ys, strict=True))
    ]


CASES: tuple[Case, ...] = (
    *by_paper(
        "smooth_adversarial_comp_sum",
        smooth_adversarial,
        attacked,
        hyper={"order": 1.5, "rho": 0.8, "nu": 0.5},
    ),
    *by_paper("trades", trades, attacked, far_attacked, hyper={"beta": 6.0}),
    *by_paper("mart", mart, attacked, hyper={"beta": 5.0}),
    *by_paper(
        "cc_ibp",
        cc_ibp,
        attacked,
        far_attacked,
        hyper={"alpha": 0.4},
        slack=20,
        why="a small slope that is the difference of larger ones",
    ),
    *by_paper("mtl_ibp", mtl_ibp, attacked, far_attacked, hyper={"alpha": 0.4}),
    *by_paper("exp_ibp", exp_ibp, attacked, hyper={"alpha": 0.4}),
    *by_paper(
        "sovr(share=0.5)",
        lambda zs, ys, lam: sovr(zs, ys, 0.5, lam),
        plain,
        lift=False,
        hyper={"lam": 1.2},
    ),
)
