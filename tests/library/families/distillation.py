"""What a student takes over from a teacher: logits, features, and relations between examples."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from mpmath import exp, fsum, log, mpf, sqrt
from torch import Tensor

from tests.library.formulas import Row, cosine, dot, mean, softmax
from tests.library.kinds import by_library, by_paper, far_models, normal, plain, two_models
from tests.library.oracles import Case, Inputs

# ---------------------------------------------------------------- kinds of input


def two_models_and_target() -> Inputs:
    """Logits of a student and of its teacher, and the label."""
    logits, target = plain()
    return logits, normal(71, *logits.shape, scale=2), target


def features() -> Inputs:
    """Features of a student in three dimensions and of its teacher in four."""
    return normal(72, 5, 3), normal(73, 5, 4)


def maps() -> Inputs:
    """Two examples with feature maps of three and of two channels over six places."""
    return normal(74, 2, 3, 6), normal(75, 2, 2, 6)


def wide_maps() -> Inputs:
    """Feature maps of two channels, seven high and five wide, which no pyramid divides evenly."""
    return normal(80, 2, 2, 7, 5), normal(81, 2, 2, 7, 5)


def low_maps() -> Inputs:
    """Feature maps as high as the finest level of a pyramid, so that the level is left out."""
    return normal(82, 2, 3, 4, 6), normal(83, 2, 3, 4, 6)


def tiny_maps() -> Inputs:
    """Feature maps of one row: no level is left."""
    return normal(84, 2, 3, 1, 2), normal(85, 2, 3, 1, 2)


def four_scores() -> Inputs:
    """Scores of a relevant and an irrelevant passage, of a student and of its teacher."""
    return normal(76, 5), normal(77, 5), normal(78, 5), normal(79, 5)


# ---------------------------------------------------------------- the papers' formulas


def divided(z: Row, tau: Any) -> Row:
    return [x / tau for x in z]


def divergence(p: Row, q: Row) -> Any:
    return fsum(a * log(a / b) for a, b in zip(p, q, strict=True))


def kd(s: Row, t: Row, tau: Any) -> Any:
    return tau**2 * divergence(softmax(divided(t, tau)), softmax(divided(s, tau)))


def reverse_kd(s: Row, t: Row, tau: Any) -> Any:
    return kd(t, s, tau)


def generalized_jsd(s: Row, t: Row, beta: Any, tau: Any) -> Any:
    p, q = softmax(divided(t, tau)), softmax(divided(s, tau))
    m = [beta * a + (1 - beta) * b for a, b in zip(p, q, strict=True)]
    return beta * divergence(p, m) + (1 - beta) * divergence(q, m)


def skew_kd(s: Row, t: Row, alpha: Any) -> Any:
    p, q = softmax(t), softmax(s)
    return divergence(p, [alpha * a + (1 - alpha) * b for a, b in zip(p, q, strict=True)])


def without(z: Row, y: int) -> Row:
    return [x for k, x in enumerate(z) if k != y]


def dkd(s: Row, t: Row, y: int, alpha: Any, beta: Any, tau: Any) -> Any:
    p, q = softmax(divided(t, tau)), softmax(divided(s, tau))
    target = divergence([p[y], 1 - p[y]], [q[y], 1 - q[y]])
    rest = divergence(softmax(divided(without(t, y), tau)), softmax(divided(without(s, y), tau)))
    return tau**2 * (alpha * target + beta * rest)


def nkd(s: Row, t: Row, y: int, gamma: Any, tau: Any) -> Any:
    p, q = softmax(divided(without(t, y), tau)), softmax(divided(without(s, y), tau))
    rest = dot(p, [log(x) for x in q])
    return -softmax(t)[y] * log(softmax(s)[y]) - gamma * tau**2 * rest


def standard(z: Row) -> Row:
    centred = [x - mean(z) for x in z]
    return [x / (sqrt(dot(centred, centred) / len(z)) + mpf(10) ** -7) for x in centred]


def logit_standard_kd(s: Row, t: Row, tau: Any) -> Any:
    return kd(standard(s), standard(t), tau)


def pearson(a: Row, b: Row) -> Any:
    return cosine([x - mean(a) for x in a], [x - mean(b) for x in b])


def dist_kd(s: list[Row], t: list[Row], beta: Any, gamma: Any, tau: Any) -> Any:
    p, q = ([softmax(divided(row, tau)) for row in z] for z in (t, s))
    across = zip(map(list, zip(*p, strict=True)), map(list, zip(*q, strict=True)), strict=True)
    within = 1 - mean(pearson(a, b) for a, b in zip(p, q, strict=True))
    return tau**2 * (beta * within + gamma * (1 - mean(pearson(a, b) for a, b in across)))


def bce_kd(s: Row, t: Row, tau: Any) -> Any:
    def bits(x: Any) -> Row:
        return [1 / (1 + exp(-x / tau)), 1 / (1 + exp(x / tau))]

    return tau**2 * fsum(divergence(bits(a), bits(b)) for a, b in zip(t, s, strict=True))


def logit_kd(s: Row, t: Row) -> Any:
    return fsum((a - b) ** 2 for a, b in zip(s, t, strict=True)) / 2


def vid(s: Row, t: Row, variance: Any) -> Any:
    return mean(
        (a - b) ** 2 / (2 * variance) + log(variance) / 2 for a, b in zip(t, s, strict=True)
    )


def margin_mse(p: Any, n: Any, tp: Any, tn: Any) -> Any:
    return ((p - n) - (tp - tn)) ** 2


def uld(s: Row, t: Row) -> Any:
    return fsum(abs(a - b) for a, b in zip(sorted(softmax(s)), sorted(softmax(t)), strict=True))


def unit(a: Row) -> Row:
    return [x / sqrt(dot(a, a)) for x in a]


def attention_transfer(s: list[Row], t: list[Row]) -> Any:
    def attention(channels: list[Row]) -> Row:
        return unit([mean(x**2 for x in place) for place in zip(*channels, strict=True)])

    return mean((a - b) ** 2 for a, b in zip(attention(s), attention(t), strict=True))


def hierarchical_context(s: Tensor, t: Tensor) -> Tensor:
    """The levels by torch's pooling, with weights halved from one to the next."""
    used = [level for level in (4, 2, 1) if level < s.shape[2]]
    weights = [0.5**place for place in range(len(used) + 1)]
    errors = [((s - t) ** 2).mean((1, 2, 3))]
    errors += [F.adaptive_avg_pool2d(s - t, level).square().mean((1, 2, 3)) for level in used]
    weighted = [w * error for w, error in zip(weights, errors, strict=True)]
    return torch.stack(weighted).sum(0) / sum(weights)


def nst(s: list[Row], t: list[Row]) -> Any:
    def kernel(a: list[Row], b: list[Row]) -> Any:
        return mean(dot(unit(x), unit(y)) ** 2 for x in a for y in b)

    return kernel(t, t) + kernel(s, s) - 2 * kernel(s, t)


def similarity_preserving(s: list[Row], t: list[Row]) -> Any:
    def relations(e: list[Row]) -> list[Row]:
        return [unit([dot(a, b) for b in e]) for a in e]

    both = zip(relations(s), relations(t), strict=True)
    gaps = ((x - y) ** 2 for a, b in both for x, y in zip(a, b, strict=True))
    return fsum(gaps) / len(s) ** 2


def correlation_congruence(s: list[Row], t: list[Row]) -> Any:
    n = range(len(s))
    return mean((dot(s[i], s[j]) - dot(t[i], t[j])) ** 2 for i in n for j in n)


def pkt(s: list[Row], t: list[Row]) -> Any:
    def conditional(e: list[Row]) -> list[Row]:
        table = []
        for i, a in enumerate(e):
            near = [(cosine(a, b) + 1) / 2 for j, b in enumerate(e) if j != i]
            table.append([x / fsum(near) for x in near])
        return table

    return fsum(divergence(p, q) for p, q in zip(conditional(t), conditional(s), strict=True))


def huber(x: Any) -> Any:
    return x**2 / 2 if abs(x) <= 1 else abs(x) - mpf(1) / 2


def rkd_distance(s: list[Row], t: list[Row]) -> Any:
    def relations(e: list[Row]) -> Row:
        gaps = [[x - y for x, y in zip(a, b, strict=True)] for a in e for b in e if a is not b]
        lengths = [sqrt(dot(g, g)) for g in gaps]
        return [x / mean(lengths) for x in lengths]

    return mean(huber(a - b) for a, b in zip(relations(s), relations(t), strict=True))


def rkd_angle(s: list[Row], t: list[Row]) -> Any:
    def angle(e: list[Row], i: int, j: int, k: int) -> Any:
        one = [x - y for x, y in zip(e[i], e[j], strict=True)]
        two = [x - y for x, y in zip(e[k], e[j], strict=True)]
        return cosine(one, two)

    n = range(len(s))
    triples = [(i, j, k) for i in n for j in n for k in n if len({i, j, k}) == 3]
    return mean(huber(angle(s, *triple) - angle(t, *triple)) for triple in triples)


# ---------------------------------------------------------------- other libraries' functions


def soft_cross_entropy(student: Tensor, teacher: Tensor) -> Tensor:
    return F.cross_entropy(student, teacher.softmax(-1), reduction="none")


def adaptive_confidence_kd(
    students: list[Row], teachers: list[Row], frozen: Any, tau: Any
) -> list[Any]:
    """With a quarter of the full share."""
    found = []
    for s, t, still in zip(students, teachers, frozen[0], strict=True):
        q, p = softmax([x / tau for x in s]), softmax([x / tau for x in t])
        apart = fsum(b * log(b / a) for a, b in zip(q, p, strict=True))
        first = t.index(max(t))
        own, weak = 1 / max(softmax(still)), 1 / softmax(still)[first]
        share = own / (own + weak) / 4
        found.append((1 - share) * tau**2 * apart - share * log(max(softmax(s))))
    return found


# ---------------------------------------------------------------- the table

WARM = "the slope in the temperature is the small difference of two larger terms"

CASES: tuple[Case, ...] = (
    # logits
    *by_library("soft_ce", soft_cross_entropy, two_models, far_models),
    *by_paper("reverse_kd", reverse_kd, two_models, hyper={"tau": 2.0}, slack=4, why=WARM),
    *by_paper(
        "generalized_jsd_kd",
        generalized_jsd,
        two_models,
        hyper={"beta": 0.25, "tau": 2.0},
        slack=4,
        why=WARM,
    ),
    *by_paper("skew_kd", skew_kd, two_models, hyper={"alpha": 0.125}),
    *by_paper(
        "dkd",
        dkd,
        two_models_and_target,
        hyper={"alpha": 1.0, "beta": 8.0, "tau": 4.0},
        slack=8,
        why=WARM,
    ),
    *by_paper(
        "nkd", nkd, two_models_and_target, hyper={"gamma": 1.5, "tau": 2.0}, slack=4, why=WARM
    ),
    *by_paper(
        "logit_standard_kd", logit_standard_kd, two_models, hyper={"tau": 2.0}, slack=8, why=WARM
    ),
    *by_paper(
        "dist_kd",
        dist_kd,
        two_models,
        lift=False,
        hyper={"beta": 1.0, "gamma": 2.0, "tau": 2.0},
        slack=8,
        why=WARM,
    ),
    *by_paper("bce_kd", bce_kd, two_models, hyper={"tau": 2.0}, slack=4, why=WARM),
    *by_paper("logit_kd", logit_kd, two_models),
    *by_paper("uld", uld, two_models),
    *by_paper("margin_mse", margin_mse, four_scores),
    # features
    *by_paper("vid", vid, two_models, hyper={"variance": 0.75}),
    *by_paper("attention_transfer", attention_transfer, maps),
    *by_library("hierarchical_context", hierarchical_context, wide_maps, low_maps, tiny_maps),
    *by_paper("nst", nst, maps),
    # relations
    *by_paper("similarity_preserving", similarity_preserving, features, lift=False),
    *by_paper("correlation_congruence", correlation_congruence, features, lift=False),
    *by_paper("pkt", pkt, features, lift=False),
    *by_paper(
        "adaptive_confidence_kd(lam=0.25)",
        adaptive_confidence_kd,
        two_models,
        frozen=True,
        lift=False,
        hyper={"tau": 2.0},
    ),
    *by_paper("rkd_distance", rkd_distance, features, lift=False),
    *by_paper("rkd_angle", rkd_angle, features, lift=False),
)
