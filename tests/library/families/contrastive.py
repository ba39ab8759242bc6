"""Contrast between views, between modalities, and self-supervision without negatives."""

from __future__ import annotations

from typing import Any

import torch
from mpmath import ceil, exp, fsum, log, mpf, sqrt

from tests.library.formulas import Row, clip, cosine, dot, mean, softmax
from tests.library.kinds import (
    by_paper,
    fully_labelled,
    labelled,
    normal,
    opposite_views,
    pairs,
    views,
)
from tests.library.oracles import Case, Inputs

# ---------------------------------------------------------------- kinds of input


def with_negatives() -> Inputs:
    """Two views of four examples, and as many hard negatives."""
    return normal(51, 4, 3), normal(52, 4, 3), normal(53, 4, 3)


def queued() -> Inputs:
    """Two views of four examples, and six keys of a queue."""
    return normal(51, 4, 3), normal(52, 4, 3), normal(54, 6, 3)


def guided() -> Inputs:
    """Two views of five examples, as the model and as its guide see them."""
    return normal(55, 5, 3), normal(56, 5, 3), normal(57, 5, 4), normal(58, 5, 4)


def predicted() -> Inputs:
    """Predictions of both views, and their projections."""
    return normal(55, 5, 3), normal(56, 5, 3), normal(59, 5, 3), normal(60, 5, 3)


def graded() -> Inputs:
    """Two views of five examples, and how similar each pair should be."""
    return normal(61, 5, 3), normal(62, 5, 3), torch.tensor([0.9, 0.1, 0.5, 0.3, 0.7]).double()


def matched() -> Inputs:
    """Images, texts, and labels of which two occur twice."""
    return normal(61, 5, 3), normal(62, 5, 3), torch.tensor([0, 1, 0, 2, 1])


def prototypes() -> Inputs:
    """Similarities of six examples to four prototypes, of a student and of its target."""
    return normal(63, 6, 4), normal(64, 6, 4)


def noise() -> Inputs:
    """Scores of the own instance and of four draws."""
    return normal(65, 5).exp(), normal(66, 5, 4).exp()


# ---------------------------------------------------------------- the papers' formulas


def others(n: int, i: int) -> list[int]:
    return [j for j in range(n) if j != i]


def negatives_of(u: list[Row], v: list[Row], tau: Any) -> tuple[Row, list[Row]]:
    """For each of the 2N rows: its similarity to the positive, and to the 2N - 2 negatives."""
    rows, n = u + v, len(u)
    partner = [(i + n) % (2 * n) for i in range(2 * n)]
    near = [cosine(rows[i], rows[p]) / tau for i, p in enumerate(partner)]
    away = [
        [cosine(rows[i], rows[j]) / tau for j in range(2 * n) if j not in (i, partner[i])]
        for i in range(2 * n)
    ]
    return near, away


def halves(values: Row) -> Row:
    """The mean of the values of both views of each example."""
    n = len(values) // 2
    return [(values[i] + values[i + n]) / 2 for i in range(n)]


def hcl(u: list[Row], v: list[Row], tau: Any, tau_plus: Any, beta: Any = 0) -> Row:
    values = []
    for near, away in zip(*negatives_of(u, v, tau), strict=True):
        count = len(away)
        tilted = fsum(exp((1 + beta) * x) for x in away) / fsum(exp(beta * x) for x in away)
        clean = max((tilted - tau_plus * exp(near)) / (1 - tau_plus), exp(-1 / tau))
        values.append(-log(exp(near) / (exp(near) + count * clean)))
    return halves(values)


def dcl(u: list[Row], v: list[Row], tau: Any) -> Row:
    return halves(
        [
            -near + log(fsum(exp(x) for x in away))
            for near, away in zip(*negatives_of(u, v, tau), strict=True)
        ]
    )


def dclw(u: list[Row], v: list[Row], frozen: Any, tau: Any, sigma: Any) -> Row:
    agreement = [exp(cosine(a, b) / sigma) for a, b in zip(*frozen, strict=True)]
    weights = [2 - len(u) * x / fsum(agreement) for x in agreement]
    values = [
        -weights[i % len(u)] * near + log(fsum(exp(x) for x in away))
        for i, (near, away) in enumerate(zip(*negatives_of(u, v, tau), strict=True))
    ]
    return halves(values)


def hard_contrastive(u: list[Row], v: list[Row], tau: Any, alpha: Any) -> Row:
    values = []
    for i, anchor in enumerate(u):
        s = [exp(cosine(anchor, other) / tau) for other in v]
        away = sorted((s[j] for j in others(len(v), i)), reverse=True)
        kept = away[: int(ceil(alpha * len(away)))]
        values.append(-log(s[i] / (s[i] + fsum(kept))))
    return values


def simple_contrastive(u: list[Row], v: list[Row], lam: Any) -> Row:
    return [
        -cosine(a, v[i]) + lam * fsum(cosine(a, v[j]) for j in others(len(v), i))
        for i, a in enumerate(u)
    ]


def apart(a: Row, b: Row) -> Any:
    return 2 - 2 * cosine(a, b)


def align_uniform(u: list[Row], v: list[Row], t: Any, lam: Any) -> Any:
    def uniformity(e: list[Row]) -> Any:
        ordered = [(i, j) for i in range(len(e)) for j in others(len(e), i)]
        return log(mean(exp(-t * apart(e[i], e[j])) for i, j in ordered))

    align = mean(apart(a, b) for a, b in zip(u, v, strict=True))
    return align + lam * (uniformity(u) + uniformity(v)) / 2


def simsiam(pu: list[Row], pv: list[Row], u: list[Row], v: list[Row], frozen: Any) -> Row:
    still_u, still_v = frozen[2], frozen[3]
    return [-cosine(pu[i], still_v[i]) / 2 - cosine(pv[i], still_u[i]) / 2 for i in range(len(pu))]


def byol(pu: list[Row], pv: list[Row], u: list[Row], v: list[Row], frozen: Any) -> Row:
    still_u, still_v = frozen[2], frozen[3]
    return [apart(pu[i], still_v[i]) + apart(pv[i], still_u[i]) for i in range(len(pu))]


def negative_cosine(u: list[Row], v: list[Row], frozen: Any) -> Row:
    return [-cosine(a, b) for a, b in zip(u, frozen[1], strict=True)]


def koleo(e: list[Row]) -> Row:
    eps = mpf(10) ** -8
    return [
        -log(min(sqrt(apart(e[i], e[j])) for j in others(len(e), i)) + eps) for i in range(len(e))
    ]


def msn(student: list[Row], teacher: list[Row], frozen: Any, tau: Any, tau_target: Any) -> Any:
    p = [softmax([x / tau for x in row]) for row in student]
    q = [softmax([x / tau_target for x in row]) for row in frozen[1]]
    used = [mean(column) for column in zip(*p, strict=True)]
    cross = mean(-dot(a, [log(x) for x in b]) for a, b in zip(q, p, strict=True))
    return cross + fsum(x * log(x) for x in used)


def cyclip(image: list[Row], text: list[Row], tau: Any, cross: Any, within: Any) -> Any:
    n = range(len(image))
    across = fsum(
        (cosine(image[i], text[j]) - cosine(image[j], text[i])) ** 2 for i in n for j in n
    )
    inside = fsum(
        (cosine(image[i], image[j]) - cosine(text[i], text[j])) ** 2 for i in n for j in n
    )
    return clip(image, text, tau) + (cross * across + within * inside) / len(image)


def nce_npid(positive: Any, draws: Row) -> Any:
    """Four draws from a hundred instances."""
    rate = mpf(4) / 100
    return -log(positive / (positive + rate)) - fsum(log(1 - x / (x + rate)) for x in draws)


def moco_keys(u: list[Row], v: list[Row], keys: list[Row], frozen: Any, tau: Any) -> Row:
    values = []
    for a, b in zip(u, frozen[1], strict=True):
        near = exp(cosine(a, b) / tau)
        values.append(-log(near / (near + fsum(exp(cosine(a, k) / tau) for k in frozen[2]))))
    return values


def simcse(u: list[Row], v: list[Row], hard: list[Row], tau: Any) -> Row:
    return [
        -log(exp(cosine(a, v[i]) / tau) / fsum(exp(cosine(a, row) / tau) for row in v + hard))
        for i, a in enumerate(u)
    ]


def rince(u: list[Row], v: list[Row], tau: Any, q: Any, lam: Any) -> Row:
    return [
        -exp(q * cosine(a, v[i]) / tau) / q
        + (lam * fsum(exp(cosine(a, row) / tau) for row in v)) ** q / q
        for i, a in enumerate(u)
    ]


def spectral_contrastive(u: list[Row], v: list[Row]) -> Any:
    n = len(u)
    near = mean(dot(u[i], v[i]) for i in range(n))
    return -2 * near + mean(dot(u[i], v[j]) ** 2 for i in range(n) for j in others(n, i))


def sincere(e: list[Row], y: Row, tau: Any) -> list[Any]:
    values: list[Any] = []
    for i, anchor in enumerate(e):
        s = [exp(cosine(anchor, row) / tau) for row in e]
        away = fsum(x for x, label in zip(s, y, strict=True) if label != y[i])
        own = [s[j] for j in others(len(e), i) if y[j] == y[i]]
        values.append(-mean(log(x / (x + away)) for x in own) if own else None)
    return values


def supcon_in(e: list[Row], y: Row, tau: Any) -> list[Any]:
    values: list[Any] = []
    for i, anchor in enumerate(e):
        s = {j: exp(cosine(anchor, e[j]) / tau) for j in others(len(e), i)}
        own = [x for j, x in s.items() if y[j] == y[i]]
        values.append(-log(mean(own) / fsum(s.values())) if own else None)
    return values


def macl(u: list[Row], v: list[Row], frozen: Any, tau: Any, alpha: Any, level: Any) -> Row:
    agreement = mean(cosine(a, b) for a, b in zip(*frozen, strict=True))
    t = tau * (1 + alpha * (agreement - level))

    def probability(a: list[Row], b: list[Row], i: int) -> Any:
        return exp(cosine(a[i], b[i]) / t) / fsum(exp(cosine(a[i], row) / t) for row in b)

    return [
        -log(probability(u, v, i)) / (1 - probability(frozen[0], frozen[1], i))
        for i in range(len(u))
    ]


def asp_patchnce_at_first(u: list[Row], v: list[Row], frozen: Any, tau: Any) -> Row:
    """At the start of training all patches weigh the same."""
    return [
        -log(exp(cosine(a, frozen[1][i]) / tau) / fsum(exp(cosine(a, k) / tau) for k in frozen[1]))
        for i, a in enumerate(u)
    ]


def gist_embed(u: list[Row], v: list[Row], gu: list[Row], gv: list[Row], tau: Any) -> Row:
    values = []
    for i, anchor in enumerate(u):
        limit = cosine(gu[i], gv[i])
        terms = [exp(cosine(anchor, v[i]) / tau)]
        for j in others(len(u), i):
            sides = (
                (cosine(anchor, v[j]), cosine(gu[i], gv[j])),
                (cosine(anchor, u[j]), cosine(gu[i], gu[j])),
                (cosine(v[i], v[j]), cosine(gv[i], gv[j])),
            )
            terms += [exp(s / tau) for s, guide in sides if guide <= limit]
        values.append(-log(terms[0] / fsum(terms)))
    return values


def cosent(u: list[Row], v: list[Row], y: Row, tau: Any) -> Any:
    s = [cosine(a, b) / tau for a, b in zip(u, v, strict=True)]
    n = range(len(y))
    return log(1 + fsum(exp(s[j] - s[i]) for i in n for j in n if y[i] > y[j]))


def unicl(image: list[Row], text: list[Row], y: Row, tau: Any) -> Any:
    def one_way(a: list[Row], b: list[Row]) -> Any:
        values = []
        for i, row in enumerate(a):
            s = [exp(cosine(row, other) / tau) for other in b]
            own = [x for x, label in zip(s, y, strict=True) if label == y[i]]
            values.append(-mean(log(x / fsum(s)) for x in own))
        return mean(values)

    return one_way(image, text) + one_way(text, image)


def sycon(
    u: list[Row], v: list[Row], prediction: list[Row], past: list[Row], frozen: Any, tau: Any
) -> Row:
    """Either model's negatives stand in both losses: that of the views, and that of the past."""

    def one(anchor: Row, i: int, own: list[Row], other: list[Row]) -> Any:
        near = exp(cosine(anchor, own[i]) / tau)
        away = [exp(cosine(anchor, m[j]) / tau) for m in (own, other) for j in others(len(u), i)]
        return -log(near / (near + fsum(away)))

    still = frozen[3]
    return [one(u[i], i, v, still) + one(prediction[i], i, still, v) for i in range(len(u))]


def dclw_of_views(u: list[Row], v: list[Row], frozen: Any) -> Row:
    """At the paper's sigma of 1/2."""
    return dclw(u, v, frozen, mpf(1) / 8, mpf(1) / 2)


def macl_of_views(u: list[Row], v: list[Row], frozen: Any) -> Row:
    """At the paper's alpha of 1/2."""
    return macl(u, v, frozen, mpf(1) / 4, mpf(1) / 2, mpf(1) / 4)


# ---------------------------------------------------------------- the table

COLD = "similarities are divided by a temperature, and so is their rounding"
VIEWS: dict[str, Any] = {"lift": False, "slack": 4, "why": COLD}


def balanced(scores: list[Row], eps: Any, iterations: int) -> list[Row]:
    """Rows and columns of a matrix of exponentials brought to equal sums in turn, the rows last."""
    q = [[exp(x / eps) for x in row] for row in scores]
    for _ in range(iterations):
        used = [fsum(column) for column in zip(*q, strict=True)]
        q = [[x / total for x, total in zip(row, used, strict=True)] for row in q]
        q = [[x / fsum(row) for x in row] for row in q]
    return q


def swav(u: list[Row], v: list[Row], frozen: Any, tau: Any) -> Row:
    of_u, of_v = (balanced(scores, mpf(1) / 2, 3) for scores in frozen)

    def missed(q: Row, scores: Row) -> Any:
        return -dot(q, [log(p) for p in softmax([x / tau for x in scores])])

    return [missed(of_v[i], u[i]) + missed(of_u[i], v[i]) for i in range(len(u))]


CASES: tuple[Case, ...] = (
    *by_paper("swav(eps=0.5)", swav, pairs, lift=False, frozen=True, hyper={"tau": 1.0}),
    # negatives
    *by_paper("hcl", hcl, pairs, hyper={"tau": 0.5, "tau_plus": 0.125, "beta": 0.5}, **VIEWS),
    *by_paper(
        "hcl", hcl, opposite_views, hyper={"tau": 0.5, "tau_plus": 0.5, "beta": 1.0}, **VIEWS
    ),
    *by_paper("debiased_contrastive", hcl, pairs, hyper={"tau": 0.5, "tau_plus": 0.125}, **VIEWS),
    *by_paper("dcl", dcl, pairs, opposite_views, hyper={"tau": 0.125}, **VIEWS),
    *by_paper("dclw(tau=0.125)", dclw_of_views, pairs, frozen=True, **VIEWS),
    *by_paper(
        "hard_contrastive", hard_contrastive, pairs, hyper={"tau": 0.25, "alpha": 0.625}, **VIEWS
    ),
    *by_paper("simple_contrastive", simple_contrastive, pairs, hyper={"lam": 0.5}, **VIEWS),
    *by_paper("moco_keys", moco_keys, queued, frozen=True, hyper={"tau": 0.25}, **VIEWS),
    *by_paper("simcse", simcse, with_negatives, hyper={"tau": 0.125}, **VIEWS),
    *by_paper("rince", rince, pairs, hyper={"tau": 0.5, "q": 0.5, "lam": 0.125}, **VIEWS),
    *by_paper("spectral_contrastive", spectral_contrastive, pairs, lift=False),
    *by_paper("macl(tau=0.25, level=0.25)", macl_of_views, pairs, frozen=True, **VIEWS),
    *by_paper(
        "asp_patchnce", asp_patchnce_at_first, pairs, frozen=True, hyper={"tau": 0.25}, **VIEWS
    ),
    *by_paper("gist_embed", gist_embed, guided, hyper={"tau": 0.125}, **VIEWS),
    *by_paper("sycon", sycon, predicted, frozen=True, hyper={"tau": 0.25}, **VIEWS),
    *by_paper("nce_npid(n=100)", nce_npid, noise),
    # labels
    *by_paper("sincere", sincere, labelled, hyper={"tau": 0.25}, **VIEWS),
    *by_paper("supcon_in", supcon_in, labelled, fully_labelled, hyper={"tau": 0.25}, **VIEWS),
    *by_paper("cosent", cosent, graded, hyper={"tau": 0.125}, **VIEWS),
    *by_paper("unicl", unicl, matched, hyper={"tau": 0.125}, **VIEWS),
    # two modalities
    *by_paper("cyclip", cyclip, pairs, hyper={"tau": 0.125, "cross": 0.25, "within": 0.5}, **VIEWS),
    # no negatives
    *by_paper("align_uniform", align_uniform, pairs, hyper={"t": 2.0, "lam": 0.5}, lift=False),
    *by_paper("negative_cosine", negative_cosine, pairs, lift=False, frozen=True),
    *by_paper("simsiam", simsiam, predicted, lift=False, frozen=True),
    *by_paper("byol", byol, predicted, lift=False, frozen=True),
    *by_paper("koleo", koleo, views, lift=False),
    *by_paper(
        "msn(tau_target=0.25)",
        lambda s, t, frozen, tau: msn(s, t, frozen, tau, mpf(1) / 4),
        prototypes,
        frozen=True,
        hyper={"tau": 0.5},
        **VIEWS,
    ),
)
