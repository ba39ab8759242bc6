"""Clusters, codes, prototypes, neighbours and heads: embeddings judged by the company they keep."""

from __future__ import annotations

from typing import Any

import torch
from mpmath import acos, cos, exp, findroot, fsum, log, mp, mpf, sqrt

from tests.library.formulas import Row, cosine, dot, mean, relu, softmax
from tests.library.kinds import by_paper, cosines, normal, pairs, triples
from tests.library.oracles import Case, Inputs

# The papers' default settings, named by their decimals.
with mp.workdps(50):
    P001, P005, P03, P04, P05, P07 = map(mpf, ("0.01", "0.05", "0.3", "0.4", "0.5", "0.7"))
    TINY = mpf("1e-5")

# ---------------------------------------------------------------- kinds of input


def episode() -> Inputs:
    """Six queries, and the prototypes of four classes."""
    return normal(201, 6, 3), normal(202, 4, 3), torch.tensor([0, 1, 2, 3, 1, 0])


def support() -> Inputs:
    """Nine embeddings of three classes, three of each."""
    return normal(203, 9, 3), torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])


def apart() -> Inputs:
    """Two classes so far apart that no neighbour is a stranger."""
    far = torch.tensor([0.0] * 5 + [100.0] * 5, dtype=torch.float64)
    return normal(204, 10, 2) + far[:, None], torch.tensor([0] * 5 + [1] * 5)


def codes() -> Inputs:
    """Two symbols of three values each, for six labelled examples."""
    return normal(205, 6, 2, 3, scale=2), torch.tensor([0, 1, 0, 2, 1, 2])


def clusters() -> Inputs:
    """Cluster logits of a noisy and of a clean pass, inputs and their reconstructions."""
    return (
        normal(206, 5, 3, scale=2),
        normal(207, 5, 3, scale=2),
        normal(208, 5, 4),
        normal(209, 5, 4),
    )


def heads() -> Inputs:
    """Two views of four examples by two heads, and the features of the temperatures."""
    views = normal(210, 4, 2, 3), normal(211, 4, 2, 3)
    return *views, normal(212, 4, 2, 2, scale=0.5), normal(213, 4, 2, 2, scale=0.5)


def unit_triples() -> Inputs:
    """Triplets of unit vectors, on both sides of the margin."""
    anchor, positive, negative = (torch.nn.functional.normalize(t, dim=-1) for t in triples())
    return anchor, 0.9 * anchor + 0.1 * positive, 3 * negative


def faces_and_embeddings() -> Inputs:
    """Cosines to five centres, and embeddings whose negative pairs have outliers."""
    logits, target = cosines()
    return logits, normal(214, 6, 3), target


# ---------------------------------------------------------------- the papers' formulas


def gap(a: Row, b: Row) -> Any:
    return sqrt(fsum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def proto_triplet(query: list[Row], prototype: list[Row], y: Row, margin: Any = P05) -> list[Any]:
    rows = []
    for x, own in zip(query, y, strict=True):
        others = [gap(x, p) for k, p in enumerate(prototype) if k != own]
        rows.append(relu(gap(x, prototype[own]) - min(others) + margin))
    return rows


def adaptive_margin_triplet(a: Row, p: Row, n: Row) -> Any:
    near, far = gap(a, p), gap(a, n)
    m_sim = 1 + 2 / (exp(4 * near) + exp(-4 * near))
    m_dissim = 1 + 2 / (exp(-4 * far + 4) + exp(4 * far - 4))
    return relu(near - far + m_sim + m_dissim)


def icnn(k: int, wide: int) -> Any:
    def loss(e: list[Row], y: Row) -> Any:
        n, own_means, other_sums, own_counts = len(e), [], [], 0
        for i in range(n):
            order = sorted((j for j in range(n) if j != i), key=lambda j: gap(e[i], e[j]))
            foes = [gap(e[i], e[j]) for j in order[:wide] if y[j] != y[i]]
            ratios = [gap(e[i], e[j]) / min(foes) if foes else mpf(0) for j in order[:k]]
            scale = max([mpf(1), *ratios])
            own = [r / scale for r, j in zip(ratios, order[:k], strict=True) if y[j] == y[i]]
            own_counts += len(own)
            own_means += [mean(own)] if own else []
            other_sums.append([gap(e[i], e[j]) for j in order[:k] if y[j] != y[i]])
        flat = [d for row in other_sums for d in row]
        others = mean(mean(row) / max(flat) for row in other_sums if row) if flat else mpf(1)
        score = ((1 - mean(own_means) + others) / 2 + mpf(own_counts) / (n * k)) / 2
        return -log(score)

    return loss


def entropy(p: Row) -> Any:
    return -fsum(x * log(x) for x in p)


def dimco(z: list[list[Row]], y: Row) -> Any:
    p = [[softmax(row) for row in example] for example in z]
    information = mpf(0)
    for c in range(len(z[0])):

        def average(members: list[int], c: int = c) -> Row:
            return [mean(p[i][c][s] for i in members) for s in range(len(p[0][c]))]

        information += entropy(average(list(range(len(z)))))
        for label in set(y):
            members = [i for i in range(len(z)) if y[i] == label]
            information -= mpf(len(members)) / len(z) * entropy(average(members))
    return -information


def depict(
    noisy: list[Row], clean: list[Row], x: list[Row], back: list[Row], frozen: Any
) -> list[Any]:
    p = [softmax(row) for row in frozen[1]]
    rows = []
    for i, z in enumerate(noisy):
        weights = [p[i][k] / sqrt(fsum(row[k] for row in p)) for k in range(len(z))]
        q = [w / fsum(weights) for w in weights]
        cross = -fsum(a * log(b) for a, b in zip(q, softmax(z), strict=True))
        rows.append(cross + gap(x[i], back[i]) ** 2 / len(x[i]))
    return rows


def divergence(h: Row, tau: Any) -> Any:
    """Of the softmax of ``h / tau`` from the uniform law."""
    return fsum(p * log(p * len(h)) for p in softmax([x / tau for x in h]))


def rgcl(u: list[Row], v: list[Row], rho: Any = P03) -> list[Any]:
    """The worst mean itself where the constraint alone binds, else its bound at the end of tau."""
    rows = []
    for i, a in enumerate(u):
        h = [cosine(a, b) - cosine(a, v[i]) for j, b in enumerate(v) if j != i]
        ends = [
            tau for tau, sign in ((P005, 1), (P07, -1)) if sign * (rho - divergence(h, tau)) >= 0
        ]
        if ends:
            tau = ends[0]
            rows.append(tau * log(mean(exp(x / tau) for x in h)) + tau * rho)
        else:
            tau = findroot(lambda t, h=h: divergence(h, t) - rho, (P005, P07), solver="anderson")
            rows.append(dot(softmax([x / tau for x in h]), h))
    return rows


def amcl(u: Any, v: Any, tu: Any, tv: Any, beta: Any = P001) -> list[Any]:
    def omega(tau: Any) -> Any:
        return beta * (mpf(len(u[0][0])) / 2 * log(tau) + 1 / tau)

    rows = []
    for i in range(len(u)):
        total = mpf(0)
        for h in range(len(u[0])):
            for (a, ta), (b, tb) in (((u, tu), (v, tv)), ((v, tv), (u, tu))):

                def tau(x: Row, y: Row) -> Any:
                    return TINY + (2 - TINY) / (1 + exp(dot(x, y)))

                near = tau(ta[i][h], tb[i][h])
                total += omega(near) - cosine(a[i][h], b[i][h]) / near
                negatives = mpf(0)
                for other, to in ((a, ta), (b, tb)):
                    for j in range(len(u)):
                        if j != i:
                            t = tau(ta[i][h], to[j][h])
                            negatives += exp(cosine(a[i][h], other[j][h]) / t - omega(t))
                total += log(negatives)
        rows.append(total / 2)
    return rows


def unpg(adapted: Any, whisker: int = 1) -> Any:
    def loss(c: list[Row], e: list[Row], y: Row, scale: Any = 64) -> list[Any]:
        n = len(y)
        found = [cosine(e[a], e[b]) for a in range(n) for b in range(a + 1, n) if y[a] != y[b]]
        ascending = sorted(found)
        lower, upper = (ascending[int(q * len(found))] for q in (0.25, 0.75))
        spread = whisker * (upper - lower)
        kept = [s for s in found if lower - spread <= s <= upper + spread]
        rows = []
        for row, own in zip(c, y, strict=True):
            top = exp(scale * adapted(row[own]))
            rest = fsum(exp(scale * x) for k, x in enumerate(row) if k != own)
            rows.append(-log(top / (top + rest + fsum(exp(scale * s) for s in kept))))
        return rows

    return loss


# ---------------------------------------------------------------- the table

COLD = "similarities are divided by a temperature, and so is their rounding"

CASES: tuple[Case, ...] = (
    *by_paper("proto_triplet", proto_triplet, episode, lift=False, hyper={"margin": 0.5}),
    *by_paper("adaptive_margin_triplet", adaptive_margin_triplet, triples, unit_triples),
    *by_paper("icnn(k=3, wide=5)", icnn(3, 5), support, lift=False),
    *by_paper("icnn(k=3, wide=4)", icnn(3, 4), apart, lift=False),
    *by_paper("dimco", dimco, codes, lift=False),
    *by_paper("depict", depict, clusters, lift=False, frozen=True),
    *by_paper("rgcl", rgcl, pairs, lift=False, hyper={"rho": 0.3}, slack=8, why=COLD),
    *by_paper("rgcl", rgcl, pairs, lift=False, hyper={"rho": 5.0}, slack=8, why=COLD),
    *by_paper("rgcl", rgcl, pairs, lift=False, hyper={"rho": 0.001}),
    *by_paper("amcl", amcl, heads, lift=False, hyper={"beta": 0.01}),
    *by_paper(
        "unpg(scale=8)",
        lambda *a: unpg(lambda s: s - P04)(*a, scale=8),
        faces_and_embeddings,
        lift=False,
    ),
    *by_paper(
        "unpg(adapted=s -> cos(acos(s) + 0.5), scale=8)",
        lambda *a: unpg(lambda s: cos(acos(s) + P05))(*a, scale=8),
        faces_and_embeddings,
        lift=False,
    ),
)
