"""Metric learning: pairs, triplets, proxies, ranked lists, and margins on the angle of a class."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from mpmath import acos, asinh, atanh, cos, exp, floor, fsum, log, mpf, pi, sqrt, tan
from pytorch_metric_learning import losses as pml
from pytorch_metric_learning.distances import LpDistance
from torch import Tensor

from tests.library.formulas import Row, ce, cosine, dot, mean, relu
from tests.library.kinds import (
    METRIC,
    by_library,
    by_paper,
    cosines,
    faces,
    fully_labelled,
    labelled,
    normal,
    pairs,
    triples,
)
from tests.library.oracles import Case, Inputs

# ---------------------------------------------------------------- kinds of input


def signed_pairs() -> Inputs:
    """Two rows of vectors, and whether they belong together."""
    return 0.4 * normal(31, 6, 4), 0.4 * normal(32, 6, 4), torch.tensor([1, -1, 1, -1, -1, 1])


def center_cosines() -> Inputs:
    """Cosines to three centres of each of four classes."""
    return normal(33, 5, 4, 3).tanh() * 0.9, torch.tensor([0, 1, 2, 3, 1])


def absent_class() -> Inputs:
    """Cosines of a batch in which two of five classes do not occur."""
    return normal(34, 6, 5).tanh() * 0.9, torch.tensor([0, 1, 2, 0, 1, 1])


def lengths() -> Inputs:
    """Cosines, classes, and the lengths of the features times those of the classes' weights."""
    logits, target = cosines()
    return logits, target, 3 * normal(46, *logits.shape).exp()


def fields() -> Inputs:
    """Embeddings, one vector a class, and labels; the last class does not occur."""
    return normal(35, 5, 4), normal(36, 4, 4), torch.tensor([0, 2, 1, 1, 0])


def speakers() -> Inputs:
    """Three speakers with three utterances each."""
    return (normal(37, 3, 3, 4),)


def mixed_examples() -> Inputs:
    """Anchors, mixed examples, and the share of the anchor's label in each."""
    return normal(38, 4, 4), normal(39, 4, 5, 4), normal(40, 4, 5).sigmoid()


def in_the_ball() -> Inputs:
    """Points of the unit ball, hyperplanes by a point and a normal, and labels."""
    points, normals = 0.2 * normal(42, 3, 3).tanh(), normal(43, 3, 3)
    return 0.5 * normal(41, 4, 3).tanh(), points, normals, torch.tensor([0, 2, 1, 0])


def distances() -> Inputs:
    """Distances on both sides of the margin, and whether they are of similar things."""
    d = torch.tensor([0.25, 0.5, 2.0, 1.75, 0.125, 3.0], dtype=torch.float64)
    return d, torch.tensor([1, -1, 1, -1, -1, 1])


def pairs_in_the_ball() -> Inputs:
    """Pairs of points of the unit ball."""
    return 0.5 * normal(44, 5, 3).tanh(), 0.5 * normal(45, 5, 3).tanh()


# ---------------------------------------------------------------- the papers' formulas


def unit(a: Row) -> Row:
    length = sqrt(dot(a, a))
    return [x / length for x in a]


def square(a: Row, b: Row) -> Any:
    """Squared Euclidean distance."""
    return fsum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def far(a: Row, b: Row) -> Any:
    return sqrt(square(a, b))


def softplus(x: Any) -> Any:
    return log(1 + exp(x))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + exp(-x))


def positives(y: Row, i: int) -> list[int]:
    return [j for j in range(len(y)) if j != i and y[j] == y[i]]


def negatives(y: Row, i: int) -> list[int]:
    return [j for j in range(len(y)) if y[j] != y[i]]


def positive_pairs(y: Row) -> list[tuple[int, int]]:
    return [(i, j) for i in range(len(y)) for j in positives(y, i)]


def negative_pairs(y: Row) -> list[tuple[int, int]]:
    return [(i, j) for i in range(len(y)) for j in negatives(y, i)]


def contrastive(u: Row, v: Row, y: int, margin: Any) -> Any:
    d = far(u, v)
    return d**2 / 2 if y == 1 else relu(margin - d) ** 2 / 2


def cosine_embedding(u: Row, v: Row, y: int, margin: Any) -> Any:
    return 1 - cosine(u, v) if y == 1 else relu(cosine(u, v) - margin)


def margin_based(u: Row, v: Row, y: int, margin: Any, beta: Any) -> Any:
    return relu(margin + y * (far(u, v) - beta))


def margin_batch_all(e: list[Row], y: Row, margin: Any, nu: Any, beta: Any) -> Any:
    triples = [(a, p, n) for a, p in positive_pairs(y) for n in negatives(y, a)]
    costs = [margin_based(e[a], e[p], 1, margin, beta) for a, p, _ in triples]
    costs += [margin_based(e[a], e[n], -1, margin, beta) for a, _, n in triples]
    return nu * beta + fsum(costs) / sum(cost > 0 for cost in costs)


def hinge_embedding(d: Any, y: int, margin: Any) -> Any:
    return d if y == 1 else relu(margin - d)


def snr_contrastive(u: Row, v: Row, y: int, pos_margin: Any, neg_margin: Any) -> Any:
    def variance(a: Row) -> Any:
        return mean((x - mean(a)) ** 2 for x in a)

    d = variance([a - b for a, b in zip(u, v, strict=True)]) / variance(u)
    return relu(d - pos_margin) if y == 1 else relu(neg_margin - d)


def triplet_batch_hard(
    e: list[Row], y: Row, margin: Any = 0, hardness: Callable[[Any], Any] = relu
) -> list[Any]:
    values: list[Any] = []
    for i, anchor in enumerate(e):
        near = [far(anchor, e[j]) for j in positives(y, i)]
        away = [far(anchor, e[j]) for j in negatives(y, i)]
        values.append(hardness(margin + max(near) - min(away)) if near and away else None)
    return values


def triplet_batch_all(e: list[Row], y: Row, margin: Any) -> Any:
    return mean(
        relu(margin + far(e[a], e[p]) - far(e[a], e[n]))
        for a, p in positive_pairs(y)
        for n in negatives(y, a)
    )


def triplet_semihard(e: list[Row], y: Row, margin: Any) -> Any:
    values = []
    for a, p in positive_pairs(y):
        d = square(e[a], e[p])
        away = [square(e[a], e[n]) for n in negatives(y, a)]
        chosen = min((x for x in away if x > d), default=max(away))
        values.append(relu(margin + d - chosen))
    return mean(values)


def angular(e: list[Row], y: Row, alpha: Any) -> Any:
    x, t = [unit(row) for row in e], tan(alpha) ** 2

    def f(a: int, p: int, n: int) -> Any:
        both = [s + t for s, t in zip(x[a], x[p], strict=True)]
        return 4 * t * dot(both, x[n]) - 2 * (1 + t) * dot(x[a], x[p])

    return mean(
        log(1 + fsum(exp(f(a, p, n)) for n in negatives(y, a))) for a, p in positive_pairs(y)
    )


def n_pairs(u: list[Row], v: list[Row]) -> list[Any]:
    return [
        log(1 + fsum(exp(dot(a, v[j]) - dot(a, v[i])) for j in range(len(v)) if j != i))
        for i, a in enumerate(u)
    ]


def tuplet_margin(e: list[Row], y: Row, scale: Any, margin: Any) -> Any:
    def one(a: int, p: int) -> Any:
        near = cos(acos(cosine(e[a], e[p])) - margin)
        return log(1 + fsum(exp(scale * (cosine(e[a], e[n]) - near)) for n in negatives(y, a)))

    return mean(one(a, p) for a, p in positive_pairs(y))


def proxy_nca(c: Row, y: int, scale: Any, included: bool = False) -> Any:
    near = [exp(-scale * (2 - 2 * x)) for x in c]
    others = fsum(x for k, x in enumerate(near) if included or k != y)
    return -log(near[y] / others)


def proxy_anchor(c: list[Row], y: Row, alpha: Any, margin: Any) -> Any:
    classes = range(len(c[0]))
    pulled = [
        log(
            1 + fsum(exp(-alpha * (row[k] - margin)) for row, z in zip(c, y, strict=True) if z == k)
        )
        for k in sorted(set(y))
    ]
    pushed = [
        log(1 + fsum(exp(alpha * (row[k] + margin)) for row, z in zip(c, y, strict=True) if z != k))
        for k in classes
    ]
    return mean(pulled) + mean(pushed)


def soft_triple(c: list[Row], y: int, gamma: Any, scale: Any, margin: Any) -> Any:
    relaxed = []
    for row in c:
        weights = [exp(x / gamma) for x in row]
        relaxed.append(fsum(w * x for w, x in zip(weights, row, strict=True)) / fsum(weights))
    return ce([scale * (x - margin * (k == y)) for k, x in enumerate(relaxed)], y)


def arcface_straight_through(c: list[Row], y: Row, frozen: Any, scale: Any) -> Row:
    values, margin = [], mpf(1) / 2
    for row, still, t in zip(c, frozen[0], y, strict=True):
        widened = row[t] + (cos(acos(still[t]) + margin) - still[t])
        values.append(ce([scale * (widened if k == t else x) for k, x in enumerate(row)], t))
    return values


def subcenter_arcface(c: list[Row], y: int, scale: Any, margin: Any) -> Any:
    best = [max(row) for row in c]
    own = cos(acos(best[y]) + margin)
    return ce([scale * (own if k == y else x) for k, x in enumerate(best)], y)


def psi(cosine: Any, m: int) -> Any:
    """The cosine of m times an angle, continued downwards."""
    turn = int(floor(m * acos(cosine) / pi))
    return (-1) ** turn * cos(m * acos(cosine)) - 2 * turn


def large_margin_softmax(c: Row, y: int, norms: Row) -> Any:
    inner = [length * x for length, x in zip(norms, c, strict=True)]
    return ce([norms[y] * psi(c[y], 4) if k == y else x for k, x in enumerate(inner)], y)


def sphereface(c: Row, y: int, norm: Any, lam: Any = 0, m: int = 4) -> Any:
    eased = (lam * c[y] + psi(c[y], m)) / (1 + lam)
    return ce([norm * (eased if k == y else x) for k, x in enumerate(c)], y)


def combined_margin(c: Row, y: int, scale: Any, m1: Any, m2: Any, m3: Any) -> Any:
    own = cos(m1 * acos(c[y]) + m2) - m3
    return ce([scale * (own if k == y else x) for k, x in enumerate(c)], y)


def magface(c: Row, y: int, norm: Any, scale: Any, margin_low: Any, margin_high: Any) -> Any:
    a = min(max(norm, mpf(10)), mpf(110))
    m = margin_low + (margin_high - margin_low) * (a - 10) / 100
    return combined_margin(c, y, scale, 1, m, 0) + 35 * (1 / a + a / mpf(110) ** 2)


def mv_softmax(c: Row, y: int, scale: Any, margin: Any, t: Any, fixed: bool = False) -> Any:
    own = cos(acos(c[y]) + margin)
    raised = [x + (t - 1) * (1 if fixed else x + 1) if x > own else x for x in c]
    return ce([scale * (own if k == y else x) for k, x in enumerate(raised)], y)


def curricularface_at_rest(c: Row, y: int, scale: Any, margin: Any) -> Any:
    """The running average of the target's cosine stands at its initial 0."""
    own = cos(acos(c[y]) + margin)
    turned = [x * (0 + x) if x > own else x for x in c]
    return ce([scale * (own if k == y else x) for k, x in enumerate(turned)], y)


def center(e: list[Row], centres: list[Row], y: Row) -> list[Any]:
    return [square(row, centres[label]) / 2 for row, label in zip(e, y, strict=True)]


def ranked_list(
    e: list[Row], y: Row, frozen: Any, alpha: Any, margin: Any, temperature: Any, lam: Any
) -> list[Any]:
    x, fixed = [unit(row) for row in e], [unit(row) for row in frozen[0]]
    values = []
    for i, anchor in enumerate(x):
        near = [far(anchor, x[j]) - (alpha - margin) for j in positives(y, i)]
        near = [d for d in near if d > 0]
        away = [j for j in negatives(y, i) if far(anchor, x[j]) < alpha]
        w = [exp(temperature * (alpha - far(fixed[i], fixed[j]))) for j in away]
        cost = fsum(v * (alpha - far(anchor, x[j])) for v, j in zip(w, away, strict=True))
        pull = mean(near) if near else mpf(0)
        push = cost / fsum(w) if away else mpf(0)
        values.append((1 - lam) * pull + lam * push)
    return values


def fast_ap(e: list[Row], y: Row, bins: int = 10) -> list[Any]:
    values: list[Any] = []
    for i, anchor in enumerate(e):

        def soft(members: list[int], level: int, i: int = i, anchor: Row = anchor) -> Any:
            width = mpf(4) / bins
            d2 = [2 - 2 * cosine(anchor, e[j]) for j in members]
            return fsum(relu(1 - abs(d - level * width) / width) for d in d2)

        own, total, hits, seen = positives(y, i), mpf(0), mpf(0), mpf(0)
        for level in range(bins + 1):
            hit = soft(own, level)
            hits, seen = hits + hit, seen + hit + soft(negatives(y, i), level)
            total += hit * hits / seen if seen > 0 else 0
        values.append(1 - total / len(own) if own else None)
    return values


def histogram(e: list[Row], y: Row, bins: int) -> Any:
    width = mpf(2) / (bins - 1)

    def soft(chosen: list[tuple[int, int]], level: int) -> Any:
        node = -1 + level * width
        return mean(relu(1 - abs(cosine(e[i], e[j]) - node) / width) for i, j in chosen)

    total, below = mpf(0), mpf(0)
    for level in range(bins):
        below += soft(positive_pairs(y), level)
        total += soft(negative_pairs(y), level) * below
    return total


def smooth_ap(e: list[Row], y: Row, tau: Any) -> list[Any]:
    values: list[Any] = []
    for q, query in enumerate(e):
        s = [cosine(query, row) for row in e]
        own, others = positives(y, q), [k for k in range(len(e)) if k != q]

        def rank(i: int, members: list[int], s: Row = s) -> Any:
            return 1 + fsum(sigmoid((s[j] - s[i]) / tau) for j in members if j != i)

        values.append(1 - mean(rank(i, own) / rank(i, others) for i in own) if own else None)
    return values


def pnp(penalty: Callable[[Any], Any]) -> Callable[..., list[Any]]:
    def loss(e: list[Row], y: Row, tau: Any) -> list[Any]:
        values: list[Any] = []
        for q, query in enumerate(e):
            s = [cosine(query, row) for row in e]
            before = [
                fsum(sigmoid((s[n] - s[i]) / tau) for n in negatives(y, q)) for i in positives(y, q)
            ]
            values.append(mean(penalty(r) for r in before) if before else None)
        return values

    return loss


PENALTIES: dict[str, Callable[[Any], Any]] = {
    "o": lambda r: r,
    "iu": lambda r: (1 + r) * log(1 + r),
    "ib": lambda r: (2 * r - log(1 + 2 * r)) / 4,
    "ds": lambda r: log(1 + r),
    "dq": lambda r: 1 - (1 + r) ** -4,
}


def ge2e(e: list[list[Row]], w: Any, b: Any) -> list[list[tuple[int, Row]]]:
    """For every utterance its speaker, and its similarities to all centroids."""

    def centroid(rows: list[Row]) -> Row:
        return [mean(column) for column in zip(*rows, strict=True)]

    def similarities(j: int, i: int) -> Row:
        left = [row for m, row in enumerate(e[j]) if m != i]
        centres = [centroid(left if k == j else rows) for k, rows in enumerate(e)]
        return [w * cosine(e[j][i], c) + b for c in centres]

    return [[(j, similarities(j, i)) for i in range(len(rows))] for j, rows in enumerate(e)]


def ge2e_softmax(e: list[list[Row]], w: Any, b: Any) -> Row:
    """The mean over the utterances, for each speaker."""
    return [mean(-s[j] + log(fsum(exp(x) for x in s)) for j, s in row) for row in ge2e(e, w, b)]


def ge2e_contrast(e: list[list[Row]], w: Any, b: Any) -> Row:
    def cost(j: int, s: Row) -> Any:
        return 1 - sigmoid(s[j]) + max(sigmoid(x) for k, x in enumerate(s) if k != j)

    return [mean(cost(j, s) for j, s in row) for row in ge2e(e, w, b)]


def adaptive_relevance_margin(a: Row, p: Row, n: Row) -> Any:
    return (cosine(a, p) - cosine(a, n) - (1 + cosine(p, n)) / 2) ** 2


def metrix(a: Row, mixed: list[Row], y: Row, alpha: Any, beta: Any, margin: Any) -> Any:
    s = [cosine(a, v) - margin for v in mixed]
    near = fsum(t * exp(-alpha * x) for t, x in zip(y, s, strict=True))
    away = fsum((1 - t) * exp(beta * x) for t, x in zip(y, s, strict=True))
    return log(1 + near) / alpha + log(1 + away) / beta


def mean_field_contrastive(
    e: list[Row], m: list[Row], y: Row, pos_margin: Any, neg_margin: Any, lam: Any
) -> Any:
    def one(row: Row, label: int) -> Any:
        d = [1 - cosine(row, field) for field in m]
        away = fsum(relu(neg_margin - x) for c, x in enumerate(d) if c != label)
        return relu(d[label] - pos_margin) + away

    between = fsum(
        relu(neg_margin - (1 - cosine(a, b))) ** 2 for a in m for b in m if a is not b
    ) / len(m)
    return mean(one(row, label) for row, label in zip(e, y, strict=True)) + lam * between


def mean_field_class_wise_multi_similarity(
    e: list[Row], m: list[Row], y: Row, alpha: Any, beta: Any, base: Any, lam: Any
) -> Any:
    classes = range(len(m))
    members = [[row for row, label in zip(e, y, strict=True) if label == c] for c in classes]

    def soft(c: int, k: int, rate: Any) -> Any:
        costs = [exp(rate * (base - cosine(row, m[k]))) for row in members[c]]
        return mean(costs) if costs else mpf(0)

    pulls = fsum(log(1 + soft(c, c, alpha)) for c in classes) / alpha
    pushes = fsum(
        log(1 + soft(c, k, -beta) + soft(k, c, -beta)) for c in classes for k in classes if k != c
    ) / (2 * beta)
    between = fsum(
        (softplus(beta * (cosine(a, b) - base)) / beta) ** 2 for a in m for b in m if a is not b
    ) / len(m)
    return (pulls + pushes) / len(set(y)) + lam * between


def moebius(x: Row, y: Row, c: Any) -> Row:
    """Moebius addition in the Poincare ball of curvature -c."""
    xy, xx, yy = dot(x, y), dot(x, x), dot(y, y)
    below = 1 + 2 * c * xy + c**2 * xx * yy
    pairs = zip(x, y, strict=True)
    return [((1 + 2 * c * xy + c * yy) * a + (1 - c * xx) * b) / below for a, b in pairs]


def hyperbolic_ce(e: list[Row], points: list[Row], normals: list[Row], y: Row, c: Any) -> Row:
    def score(row: Row, p: Row, a: Row) -> Any:
        moved, length = moebius([-x for x in p], row, c), sqrt(dot(a, a))
        sine = 2 * sqrt(c) * dot(moved, a) / ((1 - c * dot(moved, moved)) * length)
        return 2 / (1 - c * dot(p, p)) * length / sqrt(c) * asinh(sine)

    scores = [[score(row, p, a) for p, a in zip(points, normals, strict=True)] for row in e]
    return [ce(row, label) for row, label in zip(scores, y, strict=True)]


def poincare_distance(u: Row, v: Row, c: Any) -> Any:
    gap = moebius([-x for x in u], v, c)
    return 2 / sqrt(c) * atanh(sqrt(c * dot(gap, gap)))


# ---------------------------------------------------------------- other libraries' functions


def raw(power: int = 1) -> LpDistance:
    """Distances of the embeddings as they are."""
    return LpDistance(normalize_embeddings=False, power=power)


def pml_triplets(e: Tensor, y: Tensor) -> Tensor:
    return pml.TripletMarginLoss(margin=0.2, distance=raw())(e, y)


def pml_margin(e: Tensor, y: Tensor) -> Tensor:
    """Its boundary is in float32, and its own distance would be of unit vectors."""
    return pml.MarginLoss(margin=0.2, beta=1.25, distance=raw())(e, y)


def pml_lifted(e: Tensor, y: Tensor) -> Tensor:
    return pml.LiftedStructureLoss(neg_margin=1, pos_margin=0, distance=raw())(e, y)


def pml_generalized_lifted(e: Tensor, y: Tensor) -> Tensor:
    return pml.GeneralizedLiftedStructureLoss(neg_margin=1, distance=raw())(e, y)


def pml_nca(e: Tensor, y: Tensor) -> Tensor:
    return pml.NCALoss(softmax_scale=0.5, distance=raw(2))(e, y)


def pml_tuplet(e: Tensor, y: Tensor) -> Tensor:
    return pml.TupletMarginLoss(margin=math.degrees(0.1), scale=8)(e, y)


def pml_variance(e: Tensor, y: Tensor) -> Tensor:
    return pml.IntraPairVarianceLoss(pos_eps=0.01, neg_eps=0.01)(e, y)


def pml_fast_ap(e: Tensor, y: Tensor) -> Tensor:
    return pml.FastAPLoss(num_bins=10)(e, y)


def pml_thresholds(e: Tensor, y: Tensor) -> Tensor:
    return pml.ThresholdConsistentMarginLoss()(e, y)


def torch_hinge_embedding(d: Tensor, y: Tensor) -> Tensor:
    return F.hinge_embedding_loss(d, y, reduction="none")


def normalized_softmax(cosines: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(cosines / 0.5, target, reduction="none")


# ---------------------------------------------------------------- the table

SCALED = "the cosines' rounding is scaled with them"

CASES: tuple[Case, ...] = (
    *by_paper(
        "arcface_straight_through",
        arcface_straight_through,
        cosines,
        lift=False,
        frozen=True,
        hyper={"scale": 16.0},
    ),
    # pairs and triplets
    *by_paper("contrastive", contrastive, signed_pairs, hyper={"margin": 1.25}),
    *by_paper("cosine_embedding", cosine_embedding, signed_pairs, hyper={"margin": 0.25}),
    *by_paper("margin_based", margin_based, signed_pairs, hyper={"margin": 0.25, "beta": 1.0}),
    *by_paper(
        "margin_batch_all",
        margin_batch_all,
        labelled,
        lift=False,
        hyper={"margin": 0.25, "nu": 0.5, "beta": 1.5},
    ),
    *by_library("margin_batch_all(beta=1.25)", pml_margin, labelled, source=METRIC),
    *by_paper("hinge_embedding", hinge_embedding, distances, hyper={"margin": 1.25}),
    *by_library("hinge_embedding", torch_hinge_embedding, distances),
    *by_paper(
        "snr_contrastive",
        snr_contrastive,
        signed_pairs,
        hyper={"pos_margin": 0.25, "neg_margin": 2.0},
    ),
    *by_paper(
        "triplet_batch_hard",
        triplet_batch_hard,
        labelled,
        fully_labelled,
        lift=False,
        hyper={"margin": 0.25},
    ),
    *by_paper(
        "triplet_batch_hard(surrogate=softplus)",
        lambda e, y: triplet_batch_hard(e, y, hardness=softplus),
        fully_labelled,
        lift=False,
    ),
    *by_paper("triplet_batch_all", triplet_batch_all, labelled, lift=False, hyper={"margin": 0.25}),
    *by_library("triplet_batch_all(average=active)", pml_triplets, labelled, source=METRIC),
    *by_paper("triplet_semihard", triplet_semihard, labelled, lift=False, hyper={"margin": 0.25}),
    *by_paper("angular", angular, labelled, lift=False, hyper={"alpha": 0.75}),
    *by_paper("n_pairs", n_pairs, pairs, lift=False),
    *by_library("lifted_structure", pml_lifted, fully_labelled, source=METRIC),
    *by_library("generalized_lifted", pml_generalized_lifted, fully_labelled, source=METRIC),
    *by_library("nca(scale=0.5)", pml_nca, fully_labelled, source=METRIC),
    *by_library("tuplet_margin(scale=8)", pml_tuplet, labelled, source=METRIC),
    *by_paper(
        "tuplet_margin", tuplet_margin, labelled, lift=False, hyper={"scale": 4.0, "margin": 0.25}
    ),
    *by_library("intra_pair_variance", pml_variance, labelled, source=METRIC),
    *by_library("tcm", pml_thresholds, labelled, source=METRIC),
    # proxies
    *by_library("normalized_softmax(tau=0.5)", normalized_softmax, cosines),
    *by_paper("proxy_nca", proxy_nca, cosines, hyper={"scale": 3.0}),
    *by_paper(
        "proxy_nca(own=included)",
        lambda c, y, scale: proxy_nca(c, y, scale, included=True),
        cosines,
        hyper={"scale": 3.0},
    ),
    *by_paper(
        "proxy_anchor",
        proxy_anchor,
        absent_class,
        lift=False,
        hyper={"alpha": 32.0, "margin": 0.125},
        slack=8,
        why=SCALED,
    ),
    *by_paper(
        "soft_triple",
        soft_triple,
        center_cosines,
        hyper={"gamma": 0.125, "scale": 20.0, "margin": 0.25},
        slack=8,
        why=SCALED,
    ),
    *by_paper("center", center, fields, lift=False),
    *by_paper(
        "mean_field_contrastive",
        mean_field_contrastive,
        fields,
        lift=False,
        hyper={"pos_margin": 0.125, "neg_margin": 1.25, "lam": 0.5},
    ),
    *by_paper(
        "mean_field_class_wise_multi_similarity",
        mean_field_class_wise_multi_similarity,
        fields,
        lift=False,
        hyper={"alpha": 2.0, "beta": 8.0, "base": 0.75, "lam": 0.5},
        slack=4,
        why=SCALED,
    ),
    # angles
    *by_paper(
        "subcenter_arcface",
        subcenter_arcface,
        center_cosines,
        hyper={"scale": 8.0, "margin": 0.5},
    ),
    *by_paper("large_margin_softmax", large_margin_softmax, lengths, slack=8, why=SCALED),
    *by_paper("sphereface", sphereface, faces, hyper={"lam": 5.0}, slack=8, why=SCALED),
    *by_paper(
        "combined_margin",
        combined_margin,
        cosines,
        hyper={"scale": 8.0, "m1": 1.25, "m2": 0.25, "m3": 0.125},
    ),
    *by_paper(
        "magface",
        magface,
        faces,
        hyper={"scale": 8.0, "margin_low": 0.5, "margin_high": 0.75},
    ),
    *by_paper("mv_softmax", mv_softmax, cosines, hyper={"scale": 8.0, "margin": 0.5, "t": 1.25}),
    *by_paper(
        "mv_softmax(strength=fixed)",
        lambda c, y, **hyper: mv_softmax(c, y, fixed=True, **hyper),
        cosines,
        hyper={"scale": 8.0, "margin": 0.5, "t": 1.25},
    ),
    *by_paper(
        "curricularface",
        curricularface_at_rest,
        cosines,
        hyper={"scale": 8.0, "margin": 0.5},
        training=False,
    ),
    # hyperbolic space
    *by_paper("hyperbolic_ce", hyperbolic_ce, in_the_ball, lift=False, hyper={"c": 0.75}),
    *by_paper(
        "hyperbolic_pairwise_confusion", poincare_distance, pairs_in_the_ball, hyper={"c": 0.75}
    ),
    # ranked lists
    *by_paper(
        "ranked_list(alpha=1.25, temperature=2)",
        lambda e, y, frozen, margin, lam: ranked_list(
            e, y, frozen, mpf(5) / 4, margin, mpf(2), lam
        ),
        labelled,
        lift=False,
        frozen=True,
        hyper={"margin": 0.5, "lam": 0.25},
    ),
    *by_paper("histogram(bins=21)", lambda e, y: histogram(e, y, 21), labelled, lift=False),
    *by_library("fast_ap", pml_fast_ap, fully_labelled, source=METRIC),
    *by_paper("fast_ap", fast_ap, labelled, lift=False),
    *by_paper("smooth_ap", smooth_ap, labelled, lift=False, hyper={"tau": 0.25}),
    *(
        case
        for variant, penalty in PENALTIES.items()
        for case in by_paper(
            f"pnp(variant={variant})", pnp(penalty), labelled, lift=False, hyper={"tau": 0.25}
        )
    ),
    # utterances, relevances, mixtures
    *by_paper(
        "ge2e_softmax",
        ge2e_softmax,
        speakers,
        lift=False,
        hyper={"w": 4.0, "b": -2.0},
        slack=100,
        why="the slope by b is 0, of which rounding errors are left",
    ),
    *by_paper("ge2e_contrast", ge2e_contrast, speakers, lift=False, hyper={"w": 4.0, "b": -2.0}),
    *by_paper("adaptive_relevance_margin", adaptive_relevance_margin, triples),
    *by_paper(
        "metrix",
        metrix,
        mixed_examples,
        hyper={"alpha": 2.0, "beta": 16.0, "margin": 0.5},
    ),
)
