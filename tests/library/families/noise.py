"""Losses that withstand noisy labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import exp, fsum, log, mpf, sqrt

from tests.library.formulas import Row, ce, focal, mean, normalized, softmax
from tests.library.kinds import by_paper, extreme, plain
from tests.library.oracles import Case

Formula = Callable[..., Any]


def anorm(z: Row, y: int, a: Any, p: Any) -> Any:
    apart = [abs(a * (k == y) - u) ** p for k, u in enumerate(softmax(z))]
    return (fsum(apart) - (a - 1) ** p) / p


def agce(z: Row, y: int, a: Any = 1, q: Any = 2) -> Any:
    u = softmax(z)[y]
    return ((a + 1) ** q - (a + u) ** q) / q


def aul(z: Row, y: int, a: Any, q: Any) -> Any:
    u = softmax(z)[y]
    return ((a - u) ** q - (a - 1) ** q) / q


def aexp(z: Row, y: int, a: Any = 3) -> Any:
    return exp(-softmax(z)[y] / a)


def mae(z: Row, y: int) -> Any:
    """Half the distance of prediction and one-hot label in the sum of absolute differences."""
    return fsum(abs((k == y) - p) for k, p in enumerate(softmax(z))) / 2


def rce(z: Row, y: int, A: Any = -4) -> Any:
    """The label's log is 0 for the target and `A` for the others."""
    return -fsum(p * A for k, p in enumerate(softmax(z)) if k != y)


def gce(z: Row, y: int, q: Any) -> Any:
    return (1 - softmax(z)[y] ** q) / q


def plus(first: Formula, second: Formula) -> Formula:
    """Both, the first with its hyperparameters."""
    return lambda z, y, **hyper: first(z, y, **hyper) + second(z, y)


def nfl(z: Row, y: int) -> Any:
    return normalized(focal)(z, y, gamma=mpf("0.5"))


def agce_6(z: Row, y: int) -> Any:
    return agce(z, y, 6, mpf("1.5"))


def aul_6(z: Row, y: int) -> Any:
    return aul(z, y, mpf("6.3"), mpf("1.5"))


def aexp_5(z: Row, y: int) -> Any:
    return aexp(z, y, 5)


def normalized_negative(base: Formula, ceiling: Any) -> Formula:
    """Equation 8: one minus the share of A - L, where losses end at A."""

    def formula(z: Row, y: int) -> Any:
        room = [ceiling - min(ceiling, base(z, k)) for k in range(len(z))]
        return 1 - room[y] / fsum(room)

    return formula


def nnce(z: Row, y: int, pmin: Any) -> Any:
    clipped = [max(p, pmin) for p in softmax(z)]
    return 1 - log(clipped[y] / pmin) / fsum(log(p / pmin) for p in clipped)


def nnfl(z: Row, y: int, gamma: Any, pmin: Any) -> Any:
    def loss(p: Any) -> Any:
        return -((1 - p) ** gamma) * log(p)

    room = [loss(pmin) - loss(max(p, pmin)) for p in softmax(z)]
    return 1 - room[y] / fsum(room)


def divergence(a: Row, b: Row) -> Any:
    return fsum(x * log(x / y) for x, y in zip(a, b, strict=True) if x != 0)


def js_generalized(z: Row, y: int, w: Any) -> Any:
    """Equation 4: the weighted Jensen-Shannon divergence over -(1 - w) log(1 - w)."""
    p = softmax(z)
    e = [int(k == y) for k in range(len(z))]
    m = [w * a + (1 - w) * b for a, b in zip(e, p, strict=True)]
    total = w * divergence(e, m) + (1 - w) * divergence(p, m)
    return total / (-(1 - w) * log(1 - w))


def rll(z: Row, y: int, alpha: Any) -> Any:
    u = softmax(z)
    others = mean(log((alpha + x) / alpha) for k, x in enumerate(u) if k != y)
    return log((alpha + 1) / alpha) - log((alpha + u[y]) / alpha) + others


def tgce(z: Row, y: int, q: Any, k: Any) -> Any:
    p = softmax(z)[y]
    return (1 - p**q) / q if p > k else (1 - k**q) / q


def phuber_ce(z: Row, y: int, tau: Any) -> Any:
    p = softmax(z)[y]
    return -log(p) if p > 1 / tau else -tau * p + log(tau) + 1


def cores(z: Row, y: int, beta: Any) -> Any:
    return ce(z, y) - beta * mean(ce(z, k) for k in range(len(z)))


def soft_bootstrap(z: Row, y: int, beta: Any) -> Any:
    q = softmax(z)
    return -fsum((beta * (k == y) + (1 - beta) * x) * log(x) for k, x in enumerate(q))


def hard_bootstrap(z: Row, y: int, beta: Any) -> Any:
    q = softmax(z)
    winner = q.index(max(q))
    return -fsum((beta * (k == y) + (1 - beta) * (k == winner)) * log(x) for k, x in enumerate(q))


def negative_learning(z: Row, y: int) -> Any:
    return -log(fsum(p for k, p in enumerate(softmax(z)) if k != y))


def logit_clip(z: Row, y: int, tau: Any) -> Any:
    size = sqrt(fsum(x**2 for x in z))
    return ce([tau * x / size for x in z] if size >= tau else z, y)


FLOOR = "the slope in the least probability is the small difference of two larger terms"

CASES: tuple[Case, ...] = (
    *by_paper("agce", agce, plain, extreme),
    *by_paper("agce", agce, plain, hyper={"a": 3.0, "q": 0.5}),
    *by_paper("aul", aul, plain, extreme, hyper={"a": 1.5, "q": 0.9}),
    *by_paper("aexp", aexp, plain, extreme, hyper={"a": 2.5}),
    *by_paper("nmae", normalized(mae), plain, extreme),
    *by_paper("nrce", normalized(rce), plain, extreme),
    *by_paper("ngce", normalized(gce), plain, extreme, hyper={"q": 0.7}),
    *by_paper("nfl_mae", plus(nfl, mae), plain, extreme),
    *by_paper("nfl_rce", plus(nfl, rce), plain, extreme),
    *by_paper("nce_agce", plus(normalized(ce), agce_6), plain, extreme),
    *by_paper("nce_aul", plus(normalized(ce), aul_6), plain, extreme),
    *by_paper("nce_aexp", plus(normalized(ce), aexp_5), plain, extreme),
    *by_paper("normalized_negative(ce, ceiling=16)", normalized_negative(ce, 16), plain, extreme),
    *by_paper("nnce", nnce, plain, extreme, hyper={"pmin": 1e-7}, slack=8, why=FLOOR),
    *by_paper("nnfl", nnfl, plain, extreme, hyper={"gamma": 0.5, "pmin": 1e-7}, slack=8, why=FLOOR),
    *by_paper("js_generalized", js_generalized, plain, extreme, hyper={"w": 0.3}),
    *by_paper("rll", rll, plain, extreme, hyper={"alpha": 0.1}),
    *by_paper("tgce", tgce, plain, extreme, hyper={"q": 0.7, "k": 0.4}),
    *by_paper("phuber_ce", phuber_ce, plain, extreme, hyper={"tau": 10.0}),
    *by_paper("cores", cores, plain, extreme, hyper={"beta": 2.0}),
    *by_paper("soft_bootstrap", soft_bootstrap, plain, extreme, hyper={"beta": 0.95}),
    *by_paper("hard_bootstrap", hard_bootstrap, plain, hyper={"beta": 0.8}),
    *by_paper("anorm", anorm, plain, extreme, hyper={"a": 1.5, "p": 0.9}),
    *by_paper("negative_learning", negative_learning, plain, extreme),
    *by_paper("logit_clip", logit_clip, plain, hyper={"tau": 1.0}),
)
