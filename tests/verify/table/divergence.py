"""Divergences of two distributions, and losses over pairs."""

from __future__ import annotations

from tests.verify.table.row import Row


def _of(name: str, term: str) -> str:
    """The divergence that adds up ``term`` over the classes, p the prediction, q the target."""
    return f"""
loss {name}(prediction: simplex[class], target: simplex[class]) =
    sum({term} for k in class)
where
    p = prediction
    q = target
"""


KL = _of("relative_entropy", "xlogy(p[k], p[k] / q[k])")
REVERSE_KL = _of("reverse", "xlogy(q[k], q[k] / p[k])")
JS = _of(
    "jensen_shannon",
    "(xlogy(p[k], 2 * p[k] / (p[k] + q[k])) + xlogy(q[k], 2 * q[k] / (p[k] + q[k]))) / 2",
)
PEARSON = _of("pearson", "(p[k] - q[k])**2 / q[k]")
NEYMAN = _of("neyman", "(p[k] - q[k])**2 / p[k]")
HELLINGER = _of("hellinger", "(sqrt(p[k]) - sqrt(q[k]))**2")
TRIANGULAR = _of("triangular", "(p[k] - q[k])**2 / (p[k] + q[k])")
# f(t) = (t**a - 1 - a * (t - 1)) / (a * (a - 1)) of Cressie and Read 1984, at a = 1/2 and 3
ALPHA_HALF = _of("alpha_half", "2 * p[k] + 2 * q[k] - 4 * sqrt(p[k] * q[k])")
ALPHA_3 = _of("alpha_three", "(p[k]**3 / q[k]**2 - 3 * p[k] + 2 * q[k]) / 6")

# The same divergences of a one-hot target: q * f(1 / q) + (1 - q) * f(0) with f(0) = 1 / a.
ALPHA_LOCAL = """
loss alpha_to_label(logits: real[class], target: class, *, a: real > 1) =
    p * ((1 / p)**a - 1 - a * (1 / p - 1)) / (a * (a - 1)) + (1 - p) / a
where
    p = softmax(logits)[target]
"""
ALPHA_LOCAL_BELOW = ALPHA_LOCAL.replace("real > 1", "real in (0, 1)")

EUCLIDEAN = """
loss euclidean(prediction: real[dim], target: real[dim]) =
    sum((prediction[j] - target[j])**2 for j in dim)
"""
ITAKURA_SAITO = """
loss itakura_saito(prediction: real > 0, target: real > 0) =
    target / prediction - log(target / prediction) - 1
"""
ITAKURA_SAITO_SWAPPED = """
loss itakura_saito(prediction: real > 0, target: real > 0) =
    prediction / target - log(prediction / target) - 1
"""
INFO_NCE = """
loss contrast(scores: real[candidate], positive: candidate, *, tau: real > 0 = 0.1) =
    -scores[positive] / tau + log(sum(exp(scores[j] / tau) for j in candidate))
"""

ROWS = (
    Row("reg-092", KL, "bounded", "refuted"),
    Row("reg-094", REVERSE_KL, "f_divergence", "proved"),
    Row("reg-095", REVERSE_KL, "bounded", "refuted"),
    Row("reg-097", JS, "f_divergence", "proved"),
    Row("reg-101", PEARSON, "bounded", "refuted"),
    Row("reg-102", PEARSON, "symmetric", "refuted"),
    Row("reg-103", NEYMAN, "f_divergence", "proved"),
    Row("reg-104", NEYMAN, "bounded", "refuted"),
    Row("reg-105", NEYMAN, "symmetric", "refuted"),
    Row("reg-106", HELLINGER, "f_divergence", "proved"),
    Row("reg-107", HELLINGER, "bounded", "proved"),
    Row("reg-107", HELLINGER, "range", "proved", value="(0, 2)"),
    Row("reg-108", HELLINGER, "symmetric", "proved"),
    Row("reg-113", ALPHA_HALF, "bounded", "proved"),
    Row("reg-113", ALPHA_HALF, "range", "proved", value="(0, 4)"),
    Row("reg-116", ALPHA_3, "bounded", "refuted"),
    Row("reg-117", ALPHA_3, "symmetric", "refuted"),
    Row("reg-118", TRIANGULAR, "f_divergence", "proved"),
    Row("reg-119", TRIANGULAR, "bounded", "proved"),
    Row("reg-119", TRIANGULAR, "range", "proved", value="(0, 2)"),
    Row("reg-120", TRIANGULAR, "symmetric", "proved"),
    Row("reg-121", ALPHA_LOCAL, "calibrated", "proved"),
    Row("reg-121", ALPHA_LOCAL, "monotone", "proved"),
    Row("reg-121", ALPHA_LOCAL_BELOW, "calibrated", "proved"),
    Row("reg-124", EUCLIDEAN, "bregman", "proved"),
    Row("reg-124", EUCLIDEAN, "convex(prediction)", "proved"),
    Row("reg-124", ITAKURA_SAITO, "bregman", "proved"),
    Row("reg-124", ITAKURA_SAITO, "convex(prediction)", "refuted"),
    Row("reg-124", ITAKURA_SAITO_SWAPPED, "convex(prediction)", "proved"),
    Row("reg-126", INFO_NCE, "temperature", "proved"),
    Row("reg-127", INFO_NCE, "hardness", "proved"),
)
