"""Laws known by samples, moments, teachers or what an adversary may do to them."""

from __future__ import annotations

from itertools import chain
from typing import Any

import torch
from mpmath import binomial, exp, ff, findroot, fsum, log, mp, mpf, sqrt

from tests.library.formulas import Row, ce, dot, mean, softmax
from tests.library.kinds import (
    by_paper,
    far_residuals,
    far_scores,
    normal,
    plain,
    residuals,
    scores,
)
from tests.library.oracles import Case, Inputs

# The papers' default settings, named by their decimals.
with mp.workdps(50):
    P01, P015, P1, P4, P45, P8, P9 = map(mpf, ("0.01", "0.15", "0.1", "0.4", "0.45", "0.8", "0.9"))

# ---------------------------------------------------------------- kinds of input


def moments() -> Inputs:
    """Means and covariances of three classes in two dimensions, and a classifier of four."""
    root = normal(221, 3, 2, 2)
    return (
        normal(222, 3, 2),
        root @ root.transpose(1, 2),
        normal(223, 4, 2),
        normal(224, 4),
        torch.tensor([0, 3, 1]),
    )


def draws() -> Inputs:
    """How often five outcomes were drawn from a model and from the world."""
    model = torch.tensor([[4.0, 3.0, 0.0, 1.0, 2.0], [0.0, 5.0, 5.0, 0.0, 0.0]])
    data = torch.tensor([[3.0, 3.0, 1.0, 0.0, 2.0], [2.0, 2.0, 2.0, 2.0, 2.0]])
    return model.double(), data.double()


def landmarks() -> Inputs:
    """Coordinates beyond, between and within both teachers' distances."""
    prediction = torch.tensor([2.0, 1.2, 0.6, 0.1, -2.5, -0.7, 0.05], dtype=torch.float64)
    tough = torch.tensor([1.0, -1.0, 1.0, 1.0, 1.5, 0.5, -1.0], dtype=torch.float64)
    tolerant = torch.tensor([-1.5, 1.5, 1.5, 2.0, 2.0, 1.0, 1.5], dtype=torch.float64)
    return prediction, torch.zeros_like(prediction), tough, tolerant


def reconstructions() -> Inputs:
    """Reconstructions, inputs and predicted variances."""
    return normal(225, 5, 3), normal(226, 5, 3), normal(227, 5, 3).exp()


def regressions() -> Inputs:
    """Inputs, codes, predictions and targets of five examples."""
    return normal(228, 5, 3), normal(229, 5, 2), normal(230, 5), normal(231, 5)


def conditional_laws() -> Inputs:
    """Inputs, predictions and targets of five examples."""
    x, _, prediction, target = regressions()
    return x, prediction, target


def many_labels() -> Inputs:
    """Logits of three classes, one of them spread less than 1, with labels of ones and zeros."""
    scale = torch.tensor([2.0, 0.5, 1.5], dtype=torch.float64)
    target = torch.tensor([[1, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 1, 0]])
    return normal(232, 5, 3) * scale, target.double()


def clipped() -> Inputs:
    """A student's and a teacher's logits over seven classes, and the quantiles to keep."""
    low = torch.tensor([0.3, 0.05, 0.55, 0.2], dtype=torch.float64)
    high = torch.tensor([0.99, 0.9, 0.95, 0.8], dtype=torch.float64)
    return normal(233, 4, 7, scale=2), normal(234, 4, 7, scale=2), low, high


def tempered() -> Inputs:
    """Logits, targets, and a temperature for each example."""
    logits, target = plain()
    return logits, target, torch.tensor([0.05, 0.3, 1.0, 1.2, 0.7, 0.1], dtype=torch.float64)


def refused() -> Inputs:
    """Logits, targets, how surely no answer is given, and how far inputs were moved."""
    sizes = torch.tensor([0.03125, 0.25, 0.5, 0.75, 1.5, 0.0625], dtype=torch.float64)
    return *plain(), torch.linspace(0.1, 0.9, 6, dtype=torch.float64), sizes


def autoencoded() -> Inputs:
    """What an autoencoder leaves, its four features, their decoder and their densities."""
    density = torch.tensor([0.9, 0.1, 0.01, 0.4], dtype=torch.float64)
    return normal(235, 5, 3), normal(236, 5, 4).relu() + 0.1, normal(237, 4, 3), density


def sigmoid_layer() -> Inputs:
    """Codes between 0 and 1, and the weights of the layer that made them."""
    return normal(238, 5, 4).sigmoid(), normal(239, 4, 3)


def noise() -> Inputs:
    """A conditional and an unconditional prediction of noise, and the noise."""
    return normal(240, 5, 3), normal(241, 5, 3), normal(242, 5, 3)


# ---------------------------------------------------------------- the papers' formulas


def amarx(mu: Any, cov: Any, w: list[Row], b: Row, y: Row, lam: Any) -> list[Any]:
    rows = []
    for centre, sigma, own in zip(mu, cov, y, strict=True):
        wide = [
            [x + lam * x if i == j else x for j, x in enumerate(row)] for i, row in enumerate(sigma)
        ]
        total = mpf(0)
        for k, weights in enumerate(w):
            v = [x - z for x, z in zip(weights, w[own], strict=True)]
            spread = dot(v, [dot(row, v) for row in wide])
            total += exp(dot(v, centre) + b[k] - b[own] + spread / 2)
        rows.append(log(total))
    return rows


def blackbox_proper(order: int) -> Any:
    """The unbiased estimate of each term of (p - q)**degree, by falling factorials of counts."""
    degree = 2 * order

    def loss(model: Row, data: Row) -> Any:
        return fsum(
            (-1) ** (degree - a)
            * binomial(degree, a)
            * (ff(c, a) / ff(fsum(model), a))
            * (ff(d, degree - a) / ff(fsum(data), degree - a))
            for c, d in zip(model, data, strict=True)
            for a in range(degree + 1)
        )

    return loss


def assistive_kd(x: Any, y: Any, tough: Any, tolerant: Any) -> Any:
    """The teachers are reflected to the prediction's side, as the paper does."""
    side = 1 if x > y else -1

    def assist(teacher: Any, pull: Any, push: Any) -> Any:
        reflected, inner = (y + side * abs(teacher - y) * share for share in (1, P015))
        if side * (x - reflected) > 0:
            return pull * abs(x - reflected)
        return -push * abs(x - reflected) if side * (x - inner) >= 0 else mpf(0)

    far = abs(x - y) > abs(tolerant - y)
    main = (x - y) ** 2 + 3 * abs(tolerant - y) - (tolerant - y) ** 2 if far else 3 * abs(x - y)
    return main + assist(tough, P9, P45) + assist(tolerant, P8, P4)


def apre(x: Row, y: Row, variance: Row, alpha: Any = 1, beta: Any = 1) -> Any:
    errors = fsum((a - b) ** 2 / v for a, b, v in zip(x, y, variance, strict=True))
    return alpha * errors + beta * fsum(log(v) for v in variance)


def gram(points: list[Row], others: list[Row], sigma: Any) -> list[Row]:
    return [
        [
            exp(-fsum((a - b) ** 2 for a, b in zip(p, o, strict=True)) / (2 * sigma**2))
            for o in others
        ]
        for p in points
    ]


def cs_conditional(x: list[Row], prediction: Row, target: Row, sigma: Any) -> Any:
    column, wanted = ([[v] for v in values] for values in (prediction, target))
    K = gram(x, x, sigma)

    def inner(L: list[Row]) -> Any:
        return fsum(dot(k, row) / fsum(k) ** 2 for k, row in zip(K, L, strict=True))

    own, predicted = gram(wanted, wanted, sigma), gram(column, column, sigma)
    across = gram(column, wanted, sigma)  # the prediction at j against the target at i
    return log(inner(own)) + log(inner(predicted)) - 2 * log(inner(across))


def cs_ib(
    x: list[Row], code: list[Row], prediction: Row, target: Row, beta: Any = P01, sigma: Any = 1
) -> Any:
    n = len(x)
    K, T = gram(x, x, sigma), gram(code, code, sigma)
    joint = fsum(dot(K[j], T[j]) for j in range(n)) / n**2
    product = fsum(chain(*K)) * fsum(chain(*T)) / n**4
    mixed = fsum(fsum(K[j]) * fsum(T[j]) for j in range(n)) / n**3
    conditional = cs_conditional(x, prediction, target, sigma)
    return conditional + beta * (log(joint) + log(product) - 2 * log(mixed))


def pu_mlc(z: list[Row], y: list[Row], frozen: Any, gamma: Any = 1, alpha: Any = 1) -> Any:
    def probabilities(column: Row, tau: Any) -> Row:
        return [1 / (1 + exp(-x / tau)) for x in column]

    total = mpf(0)
    for k in range(len(z[0])):
        still = [row[k] for row in frozen[0]]
        tau = min(mpf(1), alpha * sqrt(mean((x - mean(still)) ** 2 for x in still)))
        p = probabilities([row[k] for row in z], tau)
        weight = mean(probabilities(still, tau)) ** gamma
        positives = [log(x) for x, row in zip(p, frozen[1], strict=True) if row[k] == 1]
        total += weight * log(mean(p)) - mean(positives)
    return total


def quantile(values: Row, level: Any) -> Any:
    ascending = sorted(values)
    place = level * (len(values) - 1)
    below = min(int(place), len(values) - 2)
    return ascending[below] + (place - below) * (ascending[below + 1] - ascending[below])


def dac_kl(student: Row, teacher: Row, low: Any, high: Any) -> Any:
    least, most = quantile(teacher, low), quantile(teacher, high)
    kept = [k for k, t in enumerate(teacher) if least <= t <= most]
    p, q = softmax([teacher[k] for k in kept]), softmax([student[k] for k in kept])
    return fsum(a * log(a / b) for a, b in zip(p, q, strict=True))


def tempnet(z: Row, y: int, tau: Any, rho: Any = 9) -> Any:
    """Cross-entropy at the temperature, times it, as the authors write it."""
    return tau * ce([x / tau for x in z], y) + (rho - log(len(z))) * tau


def stratified_rejection(z: Row, y: int, no: Any, size: Any, power: Any = 2) -> Any:
    price = 1 - size**power if size < 1 else mpf(0)
    return no * price + (1 - no) * (1 - softmax(z)[y])


def stratified_step(z: Row, y: int, no: Any, size: Any) -> Any:
    return no * (1 if size <= P1 else 0) + (1 - no) * (1 - softmax(z)[y])


def aux_zipf(rest: list[Row], f: list[Row], decoder: list[Row], density: Row) -> list[Any]:
    places = sorted(range(len(density)), key=lambda k: -density[k])
    total = fsum(mpf(1) / (n + 1) for n in range(len(density)))
    law = {k: fsum(density) / (place + 1) / total for place, k in enumerate(places)}
    rare = [k for k in law if density[k] < law[k]]
    return [
        fsum((x - fsum(own[k] * decoder[k][d] for k in rare)) ** 2 for d, x in enumerate(left))
        for left, own in zip(rest, f, strict=True)
    ]


def contractive(code: list[Row], w: list[Row]) -> list[Any]:
    return [
        fsum((h * (1 - h)) ** 2 * fsum(x**2 for x in row) for h, row in zip(own, w, strict=True))
        for own in code
    ]


def ensloss_at_rest(score: Row, y: Row, frozen: Any) -> list[Any]:
    """Without deviation all drawn slopes are 1, and die out beyond a margin of 1."""
    held = [1 / max(mpf(1), s * t) for s, t in zip(frozen[0], y, strict=True)]
    return [-h * s * t for h, s, t in zip(held, score, y, strict=True)]


def squares(own: Row, wanted: Row) -> Any:
    return fsum((a - b) ** 2 for a, b in zip(own, wanted, strict=True))


def spectral(share: Any) -> Any:
    def loss(x: Row, y: Row) -> Any:
        losses = sorted((a - b) ** 2 for a, b in zip(x, y, strict=True))
        n = len(losses)
        return fsum(
            (share(mpf(i + 1) / n) - share(mpf(i) / n)) * value for i, value in enumerate(losses)
        )

    return loss


def holistic_robust(x: Row, y: Row, alpha: Any = P1, r: Any = P1) -> Any:
    """The mean under the worst weights, which are as q / (eta - loss), at the radius itself."""
    losses = sorted((a - b) ** 2 for a, b in zip(x, y, strict=True))
    n, worst = len(losses), losses[-1]
    removed, q = alpha, []
    for _ in losses:
        taken = min(removed, mpf(1) / n)
        removed -= taken
        q.append(mpf(1) / n - taken)
    values = [(w, v) for w, v in zip([*q, alpha], [*losses, worst], strict=True) if w > 0]

    def weights(shift: Any) -> Row:
        raw = [w / (worst + shift - v) for w, v in values]
        return [w / fsum(raw) for w in raw]

    def excess(t: Any) -> Any:
        p = weights(exp(t))
        return fsum(w * log(w / b) for (w, _), b in zip(values, p, strict=True)) - r

    start = log((worst - losses[0]) / (exp(r) - 1))
    root = findroot(excess, (start - 8, start), solver="anderson", tol=mpf(10) ** -180)
    return dot(weights(exp(root)), [v for _, v in values])


# ---------------------------------------------------------------- the table

COLD = "logits are divided by a temperature, and so is their rounding"
WORST = "the worst case moves with the batch, and the loss is a difference of two larger numbers"

CASES: tuple[Case, ...] = (
    *by_paper("amarx(lam=1)", amarx, moments, lift=False, hyper={"lam": 0.5}),
    *by_paper("blackbox_proper", blackbox_proper(1), draws),
    *by_paper("blackbox_proper(order=2)", blackbox_proper(2), draws, slack=8, why=WORST),
    *by_paper("assistive_kd", assistive_kd, landmarks),
    *by_paper("apre", apre, reconstructions, hyper={"alpha": 2.0, "beta": 0.5}),
    *by_paper(
        "cs_conditional",
        cs_conditional,
        conditional_laws,
        lift=False,
        hyper={"sigma": 1.5},
        slack=8,
        why=WORST,
    ),
    *by_paper(
        "cs_ib",
        cs_ib,
        regressions,
        lift=False,
        hyper={"beta": 0.5, "sigma": 1.5},
        slack=8,
        why=WORST,
    ),
    *by_paper("pu_mlc", pu_mlc, many_labels, lift=False, frozen=True),
    *by_paper(
        "pu_mlc(gamma=2, alpha=0.5)",
        lambda z, y, frozen: pu_mlc(z, y, frozen, 2, mpf(1) / 2),
        many_labels,
        lift=False,
        frozen=True,
    ),
    *by_paper("dac_kl", dac_kl, clipped),
    *by_paper("tempnet", tempnet, tempered, hyper={"rho": 2.0}, slack=8, why=COLD),
    *by_paper("stratified_rejection(mae, radius=1)", stratified_rejection, refused),
    *by_paper(
        "stratified_rejection(mae, radius=1, power=0.5)",
        lambda z, y, no, size: stratified_rejection(z, y, no, size, mpf(1) / 2),
        refused,
    ),
    *by_paper("stratified_rejection(mae, radius=1, cost=step)", stratified_step, refused),
    *by_paper("aux_zipf", aux_zipf, autoencoded, lift=False),
    *by_paper("contractive", contractive, sigmoid_layer, lift=False),
    *by_paper("cfg_diffusion(drop=0)", lambda c, u, e: squares(c, e), noise),
    *by_paper("cfg_diffusion(drop=1)", lambda c, u, e: squares(u, e), noise),
    *by_paper("ensloss(deviation=0)", ensloss_at_rest, scores, far_scores, lift=False, frozen=True),
    *by_paper("spectral(mse)", spectral(lambda t: t**2), residuals, far_residuals, lift=False),
    *by_paper(
        "spectral(mse, share=t -> t**2 * (3 - t) / 2)",
        spectral(lambda t: t**2 * (3 - t) / 2),
        residuals,
        lift=False,
    ),
    *by_paper(
        "holistic_robust(mse)",
        holistic_robust,
        residuals,
        far_residuals,
        lift=False,
        slack=20,
        why=WORST,
    ),
    *by_paper(
        "holistic_robust(mse)",
        holistic_robust,
        residuals,
        lift=False,
        hyper={"alpha": 0.3, "r": 0.5},
        slack=20,
        why=WORST,
    ),
)
