"""Preferences between answers, by the log-probabilities of a policy and of its reference."""

from __future__ import annotations

from typing import Any

import torch
from mpmath import exp, fsum, log

from tests.library.formulas import Row, relu
from tests.library.kinds import by_paper, normal
from tests.library.oracles import Case, Inputs

# ---------------------------------------------------------------- kinds of input


def answers() -> Inputs:
    """Log-probabilities of a chosen and a rejected answer, of the policy and of the reference."""
    policy, rejected = -normal(91, 6, scale=9).abs(), -normal(92, 6, scale=9).abs()
    return policy, rejected, policy + normal(93, 6, scale=3), rejected + normal(94, 6, scale=3)


def far_answers() -> Inputs:
    """A policy that prefers one answer by factors beyond the range of floating-point numbers."""
    chosen = torch.tensor([-10.0, -1000.0, -20.0]).double()
    rejected = torch.tensor([-1000.0, -10.0, -20.0]).double()
    return chosen, rejected, torch.zeros(3).double() - 20, torch.zeros(3).double() - 20


def mean_answers() -> Inputs:
    """Mean log-probabilities of the tokens of a chosen and a rejected answer."""
    return -normal(95, 6).abs() - 0.125, -normal(96, 6).abs() - 0.125


def likely_answers() -> Inputs:
    """Mean log-probabilities close to zero, where 1 - exp(a) would lose its digits."""
    return -torch.tensor([1e-6, 0.5, 1e-3]).double(), -torch.tensor([0.25, 1e-6, 2e-3]).double()


def single_answers() -> Inputs:
    """Log-probabilities by policy and reference, the reference point, and whether it is desired."""
    policy = -normal(97, 6, scale=9).abs()
    points = normal(98, 6).abs()
    return policy, policy + normal(99, 6, scale=3), points, torch.tensor([1, -1, 1, -1, -1, 1])


def rewards() -> Inputs:
    """Rewards of a chosen and a rejected answer."""
    return normal(100, 6, scale=2), normal(101, 6, scale=2)


def steps() -> Inputs:
    """Log-probabilities of an action under the new and the old policy, and its advantage."""
    new = -normal(102, 8).abs()
    return new, new + normal(103, 8, scale=0.4), normal(104, 8)


def completions() -> Inputs:
    """Tokens' log-probabilities under three policies, which of them count, and the advantage."""
    new = -normal(105, 3, 4).abs()
    counted = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]])
    old, reference = new + normal(106, 3, 4, scale=0.4), new + normal(107, 3, 4, scale=0.4)
    return new, old, reference, counted, torch.tensor([1.5, -0.5, 0.25]).double()


# ---------------------------------------------------------------- the papers' formulas


def sigmoid(x: Any) -> Any:
    return 1 / (1 + exp(-x))


def margin(c: Any, r: Any, rc: Any, rr: Any) -> Any:
    return (c - rc) - (r - rr)


def dpo(c: Any, r: Any, rc: Any, rr: Any, beta: Any, eps: Any = 0) -> Any:
    h = beta * margin(c, r, rc, rr)
    return -(1 - eps) * log(sigmoid(h)) - eps * log(sigmoid(-h))


def robust_dpo(c: Any, r: Any, rc: Any, rr: Any, beta: Any, eps: Any) -> Any:
    right, flipped = dpo(c, r, rc, rr, beta), dpo(r, c, rr, rc, beta)
    return ((1 - eps) * right - eps * flipped) / (1 - 2 * eps)


def ipo(c: Any, r: Any, rc: Any, rr: Any, beta: Any) -> Any:
    return (margin(c, r, rc, rr) - 1 / (2 * beta)) ** 2


def slic(c: Any, r: Any, rc: Any, rr: Any, beta: Any) -> Any:
    return relu(1 - beta * margin(c, r, rc, rr))


def exo(c: Any, r: Any, rc: Any, rr: Any, beta: Any, eps: Any) -> Any:
    """The divergence of the policy's preference from (1 - eps, eps)."""
    q = sigmoid(beta * margin(c, r, rc, rr))
    return q * log(q / (1 - eps)) + (1 - q) * log((1 - q) / eps)


def nca_pair(c: Any, r: Any, rc: Any, rr: Any, beta: Any) -> Any:
    a, b = beta * (c - rc), beta * (r - rr)
    return -log(sigmoid(a)) - log(sigmoid(-a)) / 2 - log(sigmoid(-b)) / 2


def sppo(c: Any, r: Any, rc: Any, rr: Any, beta: Any) -> Any:
    return (c - rc - 1 / (2 * beta)) ** 2 + (r - rr + 1 / (2 * beta)) ** 2


def apo_zero(c: Any, r: Any, rc: Any, rr: Any, beta: Any) -> Any:
    return 1 - sigmoid(beta * (c - rc)) + sigmoid(beta * (r - rr))


def kto(
    policy: Row, reference: Row, kl: Row, y: Row, frozen: Any, beta: Any, desirable: Any
) -> Row:
    values = []
    for p, r, z, label in zip(policy, reference, frozen[2], y, strict=True):
        value = sigmoid(label * beta * (p - r - z))
        values.append((desirable if label == 1 else 1) * (1 - value))
    return values


def orpo(c: Any, r: Any, lam: Any) -> Any:
    odds = [exp(x) / (1 - exp(x)) for x in (c, r)]
    return -c - lam * log(sigmoid(log(odds[0] / odds[1])))


def simpo(c: Any, r: Any, beta: Any, gamma: Any) -> Any:
    return -log(sigmoid(beta * c - beta * r - gamma))


def cpo(c: Any, r: Any, beta: Any, lam: Any) -> Any:
    return -log(sigmoid(beta * (c - r))) - lam * c


def bradley_terry(c: Any, r: Any, margin: Any) -> Any:
    return -log(sigmoid(c - r - margin))


def surrogate(ratio: Any, advantage: Any, eps: Any) -> Any:
    clipped = min(max(ratio, 1 - eps), 1 + eps)
    return min(ratio * advantage, clipped * advantage)


def ppo_clip(new: Row, old: Row, advantage: Row, frozen: Any, eps: Any) -> Row:
    return [
        -surrogate(exp(a - b), x, eps) for a, b, x in zip(new, frozen[1], advantage, strict=True)
    ]


def grpo(
    new: list[Row],
    old: list[Row],
    reference: list[Row],
    counted: list[Row],
    advantage: Row,
    frozen: Any,
    eps: Any,
    beta: Any,
) -> Row:
    values = []
    for i, row in enumerate(new):
        terms = []
        for t in range(len(row)):
            gap = reference[i][t] - row[t]
            gain = surrogate(exp(row[t] - frozen[1][i][t]), advantage[i], eps)
            terms.append(counted[i][t] * (gain - beta * (exp(gap) - gap - 1)))
        values.append(-fsum(terms) / fsum(counted[i]))
    return values


# ---------------------------------------------------------------- the table

CASES: tuple[Case, ...] = (
    *by_paper("dpo", dpo, answers, far_answers, hyper={"beta": 0.125, "eps": 0.25}),
    *by_paper("dpo", dpo, answers, far_answers, hyper={"beta": 0.5}),
    *by_paper("robust_dpo", robust_dpo, answers, hyper={"beta": 0.125, "eps": 0.25}),
    *by_paper("ipo", ipo, answers, far_answers, hyper={"beta": 0.125}),
    *by_paper("slic", slic, answers, far_answers, hyper={"beta": 0.125}),
    *by_paper("exo", exo, answers, hyper={"beta": 0.125, "eps": 0.125}),
    *by_paper("nca_pair", nca_pair, answers, far_answers, hyper={"beta": 0.125}),
    *by_paper("sppo", sppo, answers, hyper={"beta": 0.125}),
    *by_paper("apo_zero", apo_zero, answers, hyper={"beta": 0.125}),
    *by_paper(
        "kto",
        kto,
        single_answers,
        lift=False,
        frozen=True,
        hyper={"beta": 0.125, "desirable": 1.5},
    ),
    *by_paper("orpo", orpo, mean_answers, likely_answers, hyper={"lam": 0.25}),
    *by_paper("simpo", simpo, mean_answers, hyper={"beta": 2.0, "gamma": 1.0}),
    *by_paper("cpo", cpo, mean_answers, hyper={"beta": 0.125, "lam": 0.5}),
    *by_paper("bradley_terry", bradley_terry, rewards, hyper={"margin": 0.5}),
    *by_paper("ppo_clip", ppo_clip, steps, lift=False, frozen=True, hyper={"eps": 0.25}),
    *by_paper(
        "grpo", grpo, completions, lift=False, frozen=True, hyper={"eps": 0.25, "beta": 0.125}
    ),
)
