"""The papers' formulas in mpmath, over nested lists of numbers, written from the papers alone.

A function of one example takes a row of logits (or a score, a prediction) and its label and returns
a number; `rows` lifts it to a batch. Functions of a whole batch return one number per row, or
``None`` for a row the paper's sum leaves out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import acos, atan, cos, cosh, exp, fsum, log, mp, mpf, sqrt

Row = list[Any]

# The papers' default settings, named by their decimals.
with mp.workdps(50):
    P07, P1, P25, P3, P333, P35, P4, P5, P7, P8, P123 = map(
        mpf, ("0.07", "0.1", "0.25", "0.3", "0.333", "0.35", "0.4", "0.5", "0.7", "0.8", "1.23")
    )


def rows(formula: Callable[..., Any]) -> Callable[..., list[Any]]:
    """The formula of one example, over a batch of them; hyperparameters are shared."""

    def batch(*inputs: Any, **hyper: Any) -> list[Any]:
        return [formula(*example, **hyper) for example in zip(*inputs, strict=True)]

    return batch


def mean(values: Any) -> Any:
    values = list(values)
    return fsum(values) / len(values)


def softmax(z: Row) -> Row:
    total = fsum(exp(x) for x in z)
    return [exp(x) / total for x in z]


def relu(x: Any) -> Any:
    return x if x > 0 else mpf(0)


def dot(a: Row, b: Row) -> Any:
    return fsum(x * y for x, y in zip(a, b, strict=True))


def cosine(a: Row, b: Row) -> Any:
    return dot(a, b) / sqrt(dot(a, a) * dot(b, b))


# ---------------------------------------------------------------- classification


def ce(z: Row, y: int) -> Any:
    return -log(softmax(z)[y])


def focal(z: Row, y: int, gamma: Any = 2) -> Any:
    p = softmax(z)[y]
    return -((1 - p) ** gamma) * log(p)


def poly(z: Row, y: int, eps: Row) -> Any:
    p = softmax(z)[y]
    return -log(p) + fsum(e * (1 - p) ** (j + 1) for j, e in enumerate(eps))


def poly1(z: Row, y: int, eps: Any = 2) -> Any:
    return poly(z, y, [eps])


def poly1_focal(z: Row, y: int, eps: Any = 1, gamma: Any = 2) -> Any:
    p = softmax(z)[y]
    return -((1 - p) ** gamma) * log(p) + eps * (1 - p) ** (gamma + 1)


def squentropy(z: Row, y: int) -> Any:
    return ce(z, y) + fsum(x**2 for k, x in enumerate(z) if k != y) / (len(z) - 1)


def ldr_kl(z: Row, y: int, tau: Any = 1, margin: Any = P1) -> Any:
    terms = [exp((margin * (k != y) + x - z[y]) / tau) for k, x in enumerate(z)]
    return tau * log(mean(terms))


def sum_exp(z: Row, y: int) -> Any:
    return fsum(exp(x - z[y]) for k, x in enumerate(z) if k != y)


def comp_sum(z: Row, y: int, order: Any) -> Any:
    """Integral of (1 + t) ** -order from 0 to the sum-exponential loss."""
    u = sum_exp(z, y)
    return log(1 + u) if order == 1 else ((1 + u) ** (1 - order) - 1) / (1 - order)


def stablemax_ce(z: Row, y: int) -> Any:
    s = [x + 1 if x >= 0 else 1 / (1 - x) for x in z]
    return -log(s[y] / fsum(s))


def taylor_softmax(z: Row, y: int) -> Any:
    s = [1 + x + x**2 / 2 for x in z]
    return -log(s[y] / fsum(s))


def spherical_softmax(z: Row, y: int, eps: Any) -> Any:
    s = [x**2 + eps for x in z]
    return -log(s[y] / fsum(s))


def z_normalised(z: Row, y: int, a: Any = 1, b: Any = 1) -> Any:
    mid = mean(z)
    deviation = sqrt(mean((x - mid) ** 2 for x in z))
    return log(1 + exp(a * (b - (z[y] - mid) / deviation))) / a


def mbls(z: Row, y: int, margin: Any = 10, alpha: Any = P1) -> Any:
    return ce(z, y) + alpha * fsum(relu(max(z) - x - margin) for x in z)


def js(z: Row, q: Row) -> Any:
    p = softmax(z)
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return fsum(a * log(a / m) for v in (p, q) for a, m in zip(v, middle, strict=True)) / 2


def crammer_singer(z: Row, y: int) -> Any:
    return relu(1 + max(x for k, x in enumerate(z) if k != y) - z[y])


def taylor_ce(z: Row, y: int, order: int = 2) -> Any:
    p = softmax(z)[y]
    return fsum((1 - p) ** k / k for k in range(1, order + 1))


def z_loss(z: Row) -> Any:
    return log(fsum(exp(x) for x in z)) ** 2


# ---------------------------------------------------------------- long tails


def logit_adjusted(z: Row, y: int, prior: Row, tau: Any = 1) -> Any:
    return ce([x + tau * log(pi) for x, pi in zip(z, prior, strict=True)], y)


def balanced_softmax(z: Row, y: int, counts: Row) -> Any:
    weights = [n * exp(x) for x, n in zip(z, counts, strict=True)]
    return -log(weights[y] / fsum(weights))


def vs_loss(z: Row, y: int, counts: Row, gamma: Any = P3, tau: Any = 1) -> Any:
    most, total = max(counts), fsum(counts)
    return ce(
        [(n / most) ** gamma * x + tau * log(n / total) for x, n in zip(z, counts, strict=True)],
        y,
    )


def ldam(z: Row, y: int, counts: Row, margin: Any = P5, scale: Any = 30) -> Any:
    # The rarest class gets the whole margin, as the paper normalises its constant C.
    drop = margin * (min(counts) / counts[y]) ** mpf("0.25")
    return ce([scale * (x - drop * (k == y)) for k, x in enumerate(z)], y)


# ---------------------------------------------------------------- label noise


def gce(z: Row, y: int, q: Any = P7) -> Any:
    return (1 - softmax(z)[y] ** q) / q


def rce(z: Row, y: int, A: Any = -4) -> Any:
    # -sum_k p_k log(onehot_k), with A for log 0 and 0 for log 1.
    return -fsum(p * A for k, p in enumerate(softmax(z)) if k != y)


def sce(z: Row, y: int, alpha: Any = P1, beta: Any = 1, A: Any = -4) -> Any:
    return alpha * ce(z, y) + beta * rce(z, y, A)


def normalized(base: Callable[..., Any]) -> Callable[..., Any]:
    def formula(z: Row, y: int, **hyper: Any) -> Any:
        return base(z, y, **hyper) / fsum(base(z, k, **hyper) for k in range(len(z)))

    return formula


def nce_mae(z: Row, y: int, alpha: Any = 1, beta: Any = 1) -> Any:
    return alpha * normalized(ce)(z, y) + beta * (1 - softmax(z)[y])


def nce_rce(z: Row, y: int, alpha: Any = 1, beta: Any = 1) -> Any:
    return alpha * normalized(ce)(z, y) + beta * rce(z, y)


# ---------------------------------------------------------------- binary and regression


def bce(s: Any, t: Any, pos_weight: Any = 1) -> Any:
    p = 1 / (1 + exp(-s))
    return -(pos_weight * t * log(p) + (1 - t) * log(1 - p))


def exponential(s: Any, y: Any) -> Any:
    return exp(-y * s)


def sigmoid_focal(s: Any, t: Any, alpha: Any = P25, gamma: Any = 2) -> Any:
    p = 1 / (1 + exp(-s))
    positive = -alpha * (1 - p) ** gamma * log(p)
    return t * positive - (1 - t) * (1 - alpha) * p**gamma * log(1 - p)


def savage(s: Any, y: Any) -> Any:
    return 1 / (1 + exp(2 * y * s)) ** 2


def tangent(s: Any, y: Any) -> Any:
    return (2 * atan(y * s) - 1) ** 2


def smoothed_hinge(s: Any, y: Any) -> Any:
    m = y * s
    return mpf("0.5") - m if m <= 0 else relu(1 - m) ** 2 / 2


def modified_huber(s: Any, y: Any) -> Any:
    m = y * s
    return relu(1 - m) ** 2 if m >= -1 else -4 * m


def cauchy(x: Any, y: Any, c: Any = 1) -> Any:
    return log(((x - y) / c) ** 2 / 2 + 1)


def geman_mcclure(x: Any, y: Any, c: Any = 1) -> Any:
    return 2 * ((x - y) / c) ** 2 / (((x - y) / c) ** 2 + 4)


def welsch(x: Any, y: Any, c: Any = 1) -> Any:
    return 1 - exp(-(((x - y) / c) ** 2) / 2)


def tukey_biweight(x: Any, y: Any, c: Any) -> Any:
    inside = min(((x - y) / c) ** 2, 1)
    return c**2 / 6 * (1 - (1 - inside) ** 3)


def fair(x: Any, y: Any, c: Any = 1) -> Any:
    r = abs(x - y) / c
    return c**2 * (r - log(1 + r))


def linex(x: Any, y: Any, a: Any = 1) -> Any:
    return exp(a * (y - x)) - a * (y - x) - 1


def wing(x: Any, y: Any, w: Any = 10, eps: Any = 2) -> Any:
    r = abs(x - y)
    return w * log(1 + r / eps) if r < w else r - (w - w * log(1 + w / eps))


def expectile(x: Any, y: Any, theta: Any = P5) -> Any:
    return abs(theta - (1 if y < x else 0)) * (y - x) ** 2


def pseudo_huber(x: Any, y: Any, delta: Any = 1) -> Any:
    return delta**2 * (sqrt(1 + ((x - y) / delta) ** 2) - 1)


def log_cosh(x: Any, y: Any) -> Any:
    return log(cosh(x - y))


def quantile(x: Any, y: Any, theta: Any = P5) -> Any:
    return theta * relu(y - x) + (1 - theta) * relu(x - y)


def rmse(x: Row, y: Row) -> Any:
    return sqrt(mean((a - b) ** 2 for a, b in zip(x, y, strict=True)))


def mape(x: Any, y: Any) -> Any:
    return 100 * abs(y - x) / abs(y)


def smape(x: Any, y: Any) -> Any:
    return 2 * abs(y - x) / (abs(x) + abs(y))


def msle(x: Any, y: Any) -> Any:
    return (log(1 + y) - log(1 + x)) ** 2


# ---------------------------------------------------------------- boxes (x1, y1, x2, y2)


def _overlap(a: Row, b: Row) -> tuple[Any, Any, Any, Any]:
    """Intersection, union, and the sides of the smallest box around both."""
    width = relu(min(a[2], b[2]) - max(a[0], b[0]))
    height = relu(min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    sides = max(a[2], b[2]) - min(a[0], b[0]), max(a[3], b[3]) - min(a[1], b[1])
    return width * height, areas[0] + areas[1] - width * height, *sides


def giou(a: Row, b: Row) -> Any:
    shared, union, width, height = _overlap(a, b)
    return 1 - (shared / union - (width * height - union) / (width * height))


def diou(a: Row, b: Row) -> Any:
    shared, union, width, height = _overlap(a, b)
    apart = [(a[k] + a[k + 2]) / 2 - (b[k] + b[k + 2]) / 2 for k in (0, 1)]
    return 1 - shared / union + dot(apart, apart) / (width**2 + height**2)


# ---------------------------------------------------------------- segmentation


def tversky(z: list[Row], y: Row, alpha: Any = P3, beta: Any = P7, smooth: Any = 1) -> Any:
    """``z[class][place]``, one index per place; alpha weighs false positives, as in the paper."""
    p = list(zip(*(softmax(list(column)) for column in zip(*z, strict=True)), strict=True))
    ratios = []
    for c, probabilities in enumerate(p):
        true = fsum(x for x, label in zip(probabilities, y, strict=True) if label == c)
        false_positive = fsum(x for x, label in zip(probabilities, y, strict=True) if label != c)
        false_negative = fsum(
            1 - x for x, label in zip(probabilities, y, strict=True) if label == c
        )
        index = (true + smooth) / (true + alpha * false_positive + beta * false_negative + smooth)
        ratios.append(index)
    return 1 - mean(ratios)


def dice(z: list[Row], y: Row, smooth: Any = 1) -> Any:
    p = list(zip(*(softmax(list(column)) for column in zip(*z, strict=True)), strict=True))
    ratios = []
    for c, probabilities in enumerate(p):
        overlap = fsum(x for x, label in zip(probabilities, y, strict=True) if label == c)
        volume = fsum(probabilities) + sum(label == c for label in y)
        ratios.append((2 * overlap + smooth) / (volume + smooth))
    return 1 - mean(ratios)


def jaccard(z: list[Row], y: Row, smooth: Any = 1) -> Any:
    p = list(zip(*(softmax(list(column)) for column in zip(*z, strict=True)), strict=True))
    ratios = []
    for c, probabilities in enumerate(p):
        overlap = fsum(x for x, label in zip(probabilities, y, strict=True) if label == c)
        union = fsum(probabilities) + sum(label == c for label in y) - overlap
        ratios.append((overlap + smooth) / (union + smooth))
    return 1 - mean(ratios)


# ---------------------------------------------------------------- metric learning


def arcface(c: Row, y: int, scale: Any = 64, margin: Any = P5) -> Any:
    return ce([scale * (cos(acos(x) + margin) if k == y else x) for k, x in enumerate(c)], y)


def cosface(c: Row, y: int, scale: Any = 64, margin: Any = P35) -> Any:
    return ce([scale * (x - margin * (k == y)) for k, x in enumerate(c)], y)


def adaface_at_rest(
    c: list[Row], y: Row, norm: Row, frozen: Any, margin: Any = P4, h: Any = P333
) -> list[Any]:
    """AdaFace with its statistics at their first values, mean 20 and deviation 100, and s = 64."""
    values = []
    for cosines, label, size in zip(c, y, frozen[2], strict=True):
        quality = min(max(h * (size - 20) / (100 + mpf("0.001")), -1), 1)
        angle, drop = -margin * quality, margin * quality + margin
        logits = [
            64 * (cos(acos(x) + angle) - drop) if k == label else 64 * x
            for k, x in enumerate(cosines)
        ]
        values.append(ce(logits, label))
    return values


def sface(
    c: list[Row], y: Row, frozen: Any, scale: Any = 4, k: Any = 8, a: Any = P8, b: Any = P123
) -> list[Any]:
    values = []
    for row, label, held in zip(c, y, frozen[0], strict=True):
        near = 1 / (1 + exp(-k * (acos(held[label]) - a)))
        far = [1 / (1 + exp(k * (acos(x) - b))) for x in held]
        pushed = fsum(far[j] * x for j, x in enumerate(row) if j != label)
        values.append(scale * (pushed - near * row[label]))
    return values


def multi_similarity(
    e: list[Row], y: Row, alpha: Any = 2, beta: Any = 50, base: Any = 1
) -> list[Any]:
    values = []
    for i, anchor in enumerate(e):
        s = [cosine(anchor, other) - base for other in e]
        near = fsum(exp(-alpha * x) for j, x in enumerate(s) if j != i and y[j] == y[i])
        far = fsum(exp(beta * x) for j, x in enumerate(s) if y[j] != y[i])
        values.append(log(1 + near) / alpha + log(1 + far) / beta)
    return values


def circle(e: list[Row], y: Row, frozen: Any, margin: Any = P4, gamma: Any = 80) -> list[Any]:
    """One value per anchor that has a positive and a negative; the pair weights are constants."""
    values: list[Any] = []
    for i, anchor in enumerate(e):
        positives = [j for j in range(len(e)) if j != i and y[j] == y[i]]
        negatives = [j for j in range(len(e)) if y[j] != y[i]]
        if not positives or not negatives:
            values.append(None)
            continue

        def at(j: int, i: int = i) -> Any:
            return cosine(frozen[0][i], frozen[0][j])

        pull = fsum(
            exp(-gamma * relu(1 + margin - at(j)) * (cosine(anchor, e[j]) - (1 - margin)))
            for j in positives
        )
        push = fsum(
            exp(gamma * relu(at(j) + margin) * (cosine(anchor, e[j]) - margin)) for j in negatives
        )
        values.append(log(1 + push * pull))
    return values


# ---------------------------------------------------------------- contrast


def info_nce(u: list[Row], v: list[Row], tau: Any = P1) -> list[Any]:
    return [
        -log(exp(cosine(u[i], v[i]) / tau) / fsum(exp(cosine(u[i], other) / tau) for other in v))
        for i in range(len(u))
    ]


def nt_xent(u: list[Row], v: list[Row], tau: Any = P5) -> list[Any]:
    """Mean of the losses of the two ordered pairs of each example, among the 2N rows."""
    views, n = u + v, len(u)

    def pair(i: int, j: int) -> Any:
        others = fsum(exp(cosine(views[i], views[k]) / tau) for k in range(2 * n) if k != i)
        return -log(exp(cosine(views[i], views[j]) / tau) / others)

    return [(pair(i, i + n) + pair(i + n, i)) / 2 for i in range(n)]


def supcon(e: list[Row], y: Row, tau: Any = P1) -> list[Any]:
    values: list[Any] = []
    for i, anchor in enumerate(e):
        positives = [j for j in range(len(e)) if j != i and y[j] == y[i]]
        others = fsum(exp(cosine(anchor, e[k]) / tau) for k in range(len(e)) if k != i)
        terms = [log(exp(cosine(anchor, e[p]) / tau) / others) for p in positives]
        values.append(-mean(terms) if positives else None)
    return values


def clip(u: list[Row], v: list[Row], tau: Any = P07) -> Any:
    return (mean(info_nce(u, v, tau)) + mean(info_nce(v, u, tau))) / 2


def siglip(u: list[Row], v: list[Row], tau: Any = P1, bias: Any = -10) -> list[Any]:
    values = []
    for i, row in enumerate(u):
        logits = [cosine(row, other) / tau + bias for other in v]
        values.append(fsum(log(1 + exp(-x if j == i else x)) for j, x in enumerate(logits)))
    return values


def _apart(a: Row, b: Row) -> Any:
    """Squared distance of the unit vectors."""
    return 2 - 2 * cosine(a, b)


def alignment(u: Row, v: Row, alpha: Any = 2) -> Any:
    return _apart(u, v) ** (alpha / mpf(2))


def uniformity(e: list[Row], t: Any = 2) -> Any:
    pairs = [(i, j) for i in range(len(e)) for j in range(i)]
    return log(mean(exp(-t * _apart(e[i], e[j])) for i, j in pairs))


# ---------------------------------------------------------------- whole batches


def cvar_ce(z: list[Row], y: Row, alpha: Any = P5) -> Any:
    """Mean of the worst alpha of the batch; the loss on the boundary counts by its fraction."""
    losses = sorted((ce(row, label) for row, label in zip(z, y, strict=True)), reverse=True)
    worst = alpha * len(losses)
    return fsum(min(max(worst - rank, 0), 1) * loss for rank, loss in enumerate(losses)) / worst


def kl_dro_ce(z: list[Row], y: Row, tau: Any = 1) -> Any:
    return tau * log(mean(exp(ce(row, label) / tau) for row, label in zip(z, y, strict=True)))


STRATEGIES: dict[str, Callable[[Any], Any]] = {
    "linear_upper": lambda h: min(h + 1, 1),
    "quadratic": lambda h: 1 - h**2,
    "extremes": abs,
}


def loss_reweighted_ce(strategy: str = "linear_upper") -> Callable[..., list[Any]]:
    """Losses are mapped to [-1, 1] by their least and greatest; the temperature is one half."""

    def loss(z: list[Row], y: Row, frozen: Any) -> list[Any]:
        held = [ce(row, label) for row, label in zip(*frozen, strict=True)]
        low, high = min(held), max(held)
        merits = [STRATEGIES[strategy]((x - low) / (high - low) * 2 - 1) for x in held]
        weights = softmax([2 * merit for merit in merits])
        each = zip(weights, z, y, strict=True)
        return [len(z) * weight * ce(row, label) for weight, row, label in each]

    return loss


def load_balance(router: list[Row], chosen: Row) -> Any:
    experts = len(router[0])
    masses = [mean(softmax(row)[e] for row in router) for e in range(experts)]
    return experts * fsum(
        mpf(sum(c == e for c in chosen)) / len(chosen) * masses[e] for e in range(experts)
    )


# ---------------------------------------------------------------- compositions


def segmentation_total(z: list[list[Row]], y: list[Row]) -> Any:
    """Mean cross-entropy over places, half of Dice without smoothing, and a small z-loss."""
    columns = [list(column) for image in z for column in zip(*image, strict=True)]
    labels = [label for image in y for label in image]
    cross = mean(ce(column, label) for column, label in zip(columns, labels, strict=True))
    overlap = mean(dice(image, label, smooth=0) for image, label in zip(z, y, strict=True))
    drift = mean(z_loss(column) for column in columns)
    return cross + mpf("0.5") * overlap + mpf("1e-4") * drift
