"""Ranking: pairs and lists of items by relevance, and areas under curves over a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from mpmath import exp, fsum, log, mpf
from torch import Tensor

from tests.library.formulas import Row, mean, relu, softmax
from tests.library.kinds import by_library, by_paper, normal, scores
from tests.library.oracles import Case, Inputs

# ---------------------------------------------------------------- kinds of input


def lists() -> Inputs:
    """Scores of five items in four lists, and graded relevances with ties."""
    relevance = [[2, 0, 1, 0, 3], [0, 0, 1, 0, 0], [1, 1, 2, 0, 0], [3, 2, 1, 0, 0]]
    return normal(81, 4, 5), torch.tensor(relevance).double()


def orders() -> Inputs:
    """Scores of five items in four lists, and relevances without ties."""
    return normal(81, 4, 5), normal(82, 4, 5).exp()


def auctions() -> Inputs:
    """Predicted click rates, observed ones, and bids of five ads in three auctions."""
    return normal(83, 3, 5).sigmoid(), normal(89, 3, 5).sigmoid(), normal(84, 3, 5).exp()


def couples() -> Inputs:
    """Scores of an observed and of an unobserved item."""
    return normal(85, 6), normal(86, 6)


def ordered_couples() -> Inputs:
    """Two scores, and which of them should be the greater."""
    return normal(85, 6), normal(86, 6), torch.tensor([1, -1, 1, -1, 1, 1])


def recommended() -> Inputs:
    """The cosine of the positive, and of four negatives."""
    return normal(87, 5).tanh(), normal(88, 5, 4).tanh()


# ---------------------------------------------------------------- the papers' formulas


def ranknet(s: Row, y: Row, sigma: Any) -> Any:
    n = range(len(s))
    pairs = [(i, j) for i in n for j in n if y[i] > y[j]]
    return mean(log(1 + exp(-sigma * (s[i] - s[j]))) for i, j in pairs)


def cross_entropy(weights: Row, s: Row) -> Any:
    return -fsum(w * log(p) for w, p in zip(weights, softmax(s), strict=True))


def listnet(s: Row, y: Row) -> Any:
    return cross_entropy(softmax(y), s)


def softmax_ranking(s: Row, y: Row) -> Any:
    return cross_entropy(y, s)


def binary_listnet(s: Row, y: Row) -> Any:
    return cross_entropy([x / fsum(y) for x in y], s)


def plackett_luce(s: Row, y: Row, weight: Callable[[int, int], Any]) -> Any:
    """Weighted steps of the Plackett-Luce order by relevance; the first of equals comes first."""
    order = sorted(range(len(s)), key=lambda i: -y[i])
    steps = []
    for place, i in enumerate(order):
        rest = fsum(exp(s[j]) for j in order[place:])
        steps.append(-weight(place, len(s)) * log(exp(s[i]) / rest))
    return fsum(steps)


def listmle(s: Row, y: Row) -> Any:
    return plackett_luce(s, y, lambda place, n: 1)


def p_listmle(s: Row, y: Row) -> Any:
    return plackett_luce(s, y, lambda place, n: 2 ** (n - place - 1) - 1)


def ideal_dcg(y: Row) -> Any:
    best = sorted(y, reverse=True)
    return fsum((2**x - 1) / log(place + 2, 2) for place, x in enumerate(best))


def lambda_loss(scheme: str) -> Callable[..., Any]:
    def loss(s: Row, y: Row, sigma: Any, mu: Any = 10) -> Any:
        order = sorted(range(len(s)), key=lambda i: -s[i])
        place = {i: position + 1 for position, i in enumerate(order)}

        def discount(position: int) -> Any:
            return log(1 + position, 2)

        total = mpf(0)
        for i in place:
            for j in place:
                if y[i] <= y[j]:
                    continue
                gap = abs(place[i] - place[j])
                rho = abs(1 / discount(place[i]) - 1 / discount(place[j]))
                delta = abs(1 / discount(gap) - 1 / discount(gap + 1))
                weight = {"lambda_rank": rho, "ndcg_2": delta, "ndcg_2pp": delta + mu * rho}[scheme]
                gain = (2 ** y[i] - 2 ** y[j]) / ideal_dcg(y)
                total += weight * gain * log(1 + exp(-sigma * (s[i] - s[j])), 2)
        return total

    return loss


def approx_ndcg(s: Row, y: Row, alpha: Any) -> Any:
    dcg = mpf(0)
    for i, own in enumerate(s):
        above = fsum(1 / (1 + exp(alpha * (own - x))) for j, x in enumerate(s) if j != i)
        dcg += (2 ** y[i] - 1) / log(2 + above, 2)
    return -dcg / ideal_dcg(y)


def weighted_rank(s: Row, y: Row, bid: Row, sigma: Any) -> Any:
    n = range(len(s))
    total = mpf(0)
    for i in n:
        for j in n:
            stake = relu(bid[i] * y[i] - bid[j] * y[j])
            total += stake * log(1 + exp(-sigma * (bid[i] * s[i] - bid[j] * s[j])))
    return total


def bpr(p: Any, n: Any) -> Any:
    return -log(1 / (1 + exp(n - p)))


def cosine_contrastive(p: Any, n: Row, margin: Any, lam: Any) -> Any:
    return 1 - p + lam * mean(relu(x - margin) for x in n)


SURROGATES: dict[str, Callable[[Any, Any], Any]] = {
    "squared_hinge": lambda t, m: relu(m - t) ** 2,
    "squared": lambda t, m: (m - t) ** 2,
    "hinge": lambda t, m: relu(m - t),
    "logistic": lambda t, m: log(1 + exp(-m * t)),
}


def sides(s: Row, y: Row) -> tuple[Row, Row]:
    """Scores of the positives and of the negatives."""
    both = list(zip(s, y, strict=True))
    return [x for x, label in both if label == 1], [x for x, label in both if label == -1]


def pairwise_auc(surrogate: str) -> Callable[..., Any]:
    def loss(s: Row, y: Row, margin: Any) -> Any:
        up, down = sides(s, y)
        return mean(SURROGATES[surrogate](a - b, margin) for a in up for b in down)

    return loss


def aucm(s: Row, y: Row, a: Any, b: Any, alpha: Any, margin: Any) -> Any:
    up, down = sides(s, y)
    p = mpf(len(up)) / len(s)
    spread = (1 - p) * fsum((x - a) ** 2 for x in up) + p * fsum((x - b) ** 2 for x in down)
    gap = (p * fsum(down) - (1 - p) * fsum(up)) / len(s)
    return spread / len(s) + 2 * alpha * (p * (1 - p) * margin + gap) - p * (1 - p) * alpha**2


def worst_negatives(s: Row, y: Row, lam: Any, margin: Any) -> Row:
    up, down = sides(s, y)
    return [lam * log(mean(exp(relu(margin - a + b) ** 2 / lam) for b in down)) for a in up]


def pauc_dro_kl(s: Row, y: Row, lam: Any, margin: Any) -> Any:
    return mean(worst_negatives(s, y, lam, margin))


def tpauc_kl(s: Row, y: Row, lam: Any, tau: Any, margin: Any) -> Any:
    return tau * log(mean(exp(x / tau) for x in worst_negatives(s, y, lam, margin)))


def soap_ap(s: Row, y: Row, margin: Any) -> Any:
    up, down = sides(s, y)

    def precision(a: Any) -> Any:
        hits = fsum(relu(margin - a + b) ** 2 for b in up)
        return hits / (hits + fsum(relu(margin - a + b) ** 2 for b in down))

    return -mean(precision(a) for a in up)


# ---------------------------------------------------------------- other libraries' functions


def margin_ranking(first: Tensor, second: Tensor, target: Tensor) -> Tensor:
    return F.margin_ranking_loss(first, second, target, margin=0.25, reduction="none")


# ---------------------------------------------------------------- the table

EXPONENTIAL = "losses are exponentiated, and their rounding with them"

CASES: tuple[Case, ...] = (
    # lists
    *by_paper("ranknet", ranknet, orders, hyper={"sigma": 2.0}),
    *by_paper("listnet", listnet, lists, orders),
    *by_paper("binary_listnet", binary_listnet, lists),
    *by_paper("softmax_ranking", softmax_ranking, lists),
    *by_paper("listmle", listmle, orders),
    *by_paper("p_listmle", p_listmle, orders),
    *by_paper("lambda_loss", lambda_loss("ndcg_2pp"), orders, hyper={"sigma": 1.5, "mu": 4.0}),
    *(
        case
        for scheme in ("lambda_rank", "ndcg_2")
        for case in by_paper(
            f"lambda_loss(weighing={scheme})", lambda_loss(scheme), orders, hyper={"sigma": 1.5}
        )
    ),
    *by_paper("approx_ndcg", approx_ndcg, orders, hyper={"alpha": 2.0}),
    *by_paper("weighted_rank", weighted_rank, auctions, hyper={"sigma": 2.0}),
    # pairs
    *by_library("margin_ranking(margin=0.25)", margin_ranking, ordered_couples),
    *by_paper("bpr", bpr, couples),
    *by_paper(
        "cosine_contrastive", cosine_contrastive, recommended, hyper={"margin": 0.25, "lam": 4.0}
    ),
    # areas under curves
    *(
        case
        for surrogate in SURROGATES
        for case in by_paper(
            f"pairwise_auc(surrogate={surrogate})",
            pairwise_auc(surrogate),
            scores,
            lift=False,
            hyper={"margin": 1.5},
        )
    ),
    *by_paper(
        "aucm",
        aucm,
        scores,
        lift=False,
        hyper={"a": 0.75, "b": 0.25, "alpha": 0.5, "margin": 1.0},
    ),
    *by_paper(
        "pauc_dro_kl",
        pauc_dro_kl,
        scores,
        lift=False,
        hyper={"lam": 2.0, "margin": 1.0},
        slack=4,
        why=EXPONENTIAL,
    ),
    *by_paper(
        "tpauc_kl",
        tpauc_kl,
        scores,
        lift=False,
        hyper={"lam": 2.0, "tau": 4.0, "margin": 1.0},
        slack=4,
        why=EXPONENTIAL,
    ),
    *by_paper("soap_ap", soap_ap, scores, lift=False, hyper={"margin": 1.0}),
)
