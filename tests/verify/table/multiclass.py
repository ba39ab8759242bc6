"""Losses of all logits or all probabilities together."""

from __future__ import annotations

from tests.verify.table.row import Row

BRIER = """
loss quadratic(logits: real[class], target: class) = sum((p[k] - (k == target))**2 for k in class)
where
    p = softmax(logits)
"""
BRIER_SCORE = """
loss brier_score(q: simplex[class], target: class) = sum((q[k] - (k == target))**2 for k in class)
"""
SPHERICAL_SCORE = """
loss spherical_score(q: simplex[class], target: class) = 1 - q[target] / norm(q)
"""
SPHERICAL = """
loss spherical(logits: real[class], target: class) = 1 - p[target] / norm(p)
where
    p = softmax(logits)
"""
RPS = """
loss ranked_probability(q: simplex[class], target: class) =
    sum((cumsum(q)[j] - (target <= j))**2 for j in class)
"""
NCE = """
loss normalised(logits: real[class], target: class) =
    log(p[target]) / sum(log(p[k]) for k in class)
where
    p = softmax(logits)
"""
NFL = """
loss normalised_focal(logits: real[class], target: class, *, gamma: real >= 0 = 2) =
    f(target) / sum(f(k) for k in class)
where
    p = softmax(logits)
    f(k) = -(1 - p[k])**gamma * log(p[k])
"""
APL = """
loss active_passive(logits: real[class], target: class, *, a: real > 0, b: real > 0) =
    a * normalized(ce, logits, target) + b * mae(logits, target)
"""
PAIRWISE_SIGMOID = """
loss pairs(logits: real[class], target: class) =
    sum(sigmoid(logits[k] - logits[target]) for k in class if k != target)
"""
SQUARE = """
loss squares(logits: real[class], target: class) =
    sum((logits[k] - (k == target))**2 for k in class)
"""
# Below zero the loss of two classes has no lower bound, and nothing to preserve.
SMOOTHED = """
loss smoothed(logits: real[class], target: class, *, a: real >= 0) =
    (1 - a) * ce(logits, target) + a * mean(ce(logits, k) for k in class)
"""
TEMPERED = """
loss tempered(logits: real[class], target: class, *, T: real > 0) =
    -log(softmax(logits / T)[target])
"""
PALM = """
loss palm(logits: real[class], target: class, *, c: real >= 0) =
    ce(logits, target) + c * logsumexp(logits)**2
"""
SPARSEMAX = """
loss sparsemax(logits: real[class], target: class) =
    sum(p(k) * logits[k] - p(k)**2 / 2 for k in class) + 1 / 2 - logits[target]
where
    above(k) = sum(logits[j] - logits[k] for j in class if logits[j] >= logits[k])
    threshold = (sum(logits[k] for k in class if above(k) < 1) - 1) /
        count(k for k in class if above(k) < 1)
    p(k) = max(0, logits[k] - threshold)
"""
ONE_VS_ALL_HINGE = """
loss one_vs_all(logits: real[class], target: class) =
    max(0, 1 - logits[target]) + sum(max(0, 1 + logits[k]) for k in class if k != target)
"""
ONE_VS_ALL_LOGISTIC = """
loss one_vs_all(logits: real[class], target: class) =
    softplus(-logits[target]) + sum(softplus(logits[k]) for k in class if k != target)
"""
ONE_VS_ALL_EXPONENTIAL = """
loss one_vs_all(logits: real[class], target: class) =
    exp(-logits[target]) + sum(exp(logits[k]) for k in class if k != target)
"""
PAIRWISE_LOGISTIC = """
loss pairs(logits: real[class], target: class) =
    sum(log(1 + exp(logits[k] - logits[target])) for k in class if k != target)
"""
BOUNDED_CRAMMER_SINGER = """
loss rho_margin(logits: real[class], target: class) =
    min(1, max(0, 1 + max(logits[k] for k in class if k != target) - logits[target]))
"""
# The constraint that the scores sum to zero is met by taking their mean off.
CONSTRAINED_EXPONENTIAL = """
loss constrained(logits: real[class], target: class) =
    sum(exp(logits[k] - mean(logits)) for k in class if k != target)
"""
CONSTRAINED_HINGE = """
loss constrained(logits: real[class], target: class) =
    sum(max(0, 1 + logits[k] - mean(logits)) for k in class if k != target)
"""
TOP_2_HINGE = """
loss top_2(logits: real[class], target: class) =
    max(0, sum(topk([(k != target) + logits[k] - logits[target] for k in class], 2)) / 2)
"""

ROWS = (
    Row("multi-001", BRIER, "calibrated", "proved"),
    Row("multi-002", "brier", "order_preserving", "proved"),
    Row("multi-003", BRIER_SCORE, "strictly_proper", "proved"),
    Row("multi-004", SPHERICAL_SCORE, "strictly_proper", "proved"),
    Row("multi-008", RPS, "strictly_proper", "proved"),
    Row("multi-010", "brier", "convex(logits)", "refuted"),
    Row("multi-011", SPHERICAL, "calibrated", "proved"),
    # normalised losses: Ma et al. 2020
    Row("multi-012", NCE, "symmetric", "proved"),
    Row("multi-016", NFL, "calibrated", "conditional", "size(class) == 2", settings={"gamma": 2}),
    Row("multi-017", APL, "calibrated", "proved"),
    Row("multi-019", "nce_mae", "symmetric", "proved"),
    Row(
        "multi-020", APL, "order_preserving", "conditional", "size(class) <= 3", confidence="medium"
    ),
    Row("multi-022", PAIRWISE_SIGMOID, "order_preserving", "proved"),
    Row("multi-023", "squentropy", "calibrated", "proved"),
    Row("multi-024", "squentropy", "order_preserving", "proved"),
    Row("multi-025", "squentropy", "strictly_proper", "refuted"),
    Row("multi-026", SQUARE, "order_preserving", "proved"),
    Row("multi-027", SMOOTHED, "order_preserving", "conditional", "a < 1"),
    # long tails: Menon et al. 2021; Cao et al. 2019
    Row(
        "multi-031",
        "logit_adjusted",
        "calibrated",
        "refuted",
        settings={"prior": [0.7, 0.2, 0.1], "tau": 1},
    ),
    Row(
        "multi-033",
        "ldam",
        "calibrated",
        "refuted",
        settings={"counts": [100, 30, 10], "margin": 0.5, "scale": 1},
    ),
    Row("multi-038", TEMPERED, "order_preserving", "proved"),
    # de Brébisson & Vincent 2016
    Row("multi-039", "z_normalised", "order_preserving", "proved"),
    Row("multi-040", "z_normalised", "shift_invariant(logits)", "proved"),
    Row("multi-040", "z_normalised", "scale_invariant(logits)", "proved"),
    Row("multi-041", PALM, "strictly_proper", "proved"),
    # Fenchel-Young: Blondel, Martins, Niculae 2020
    Row("multi-049", SPARSEMAX, "nonnegative", "proved"),
    Row("multi-049", SPARSEMAX, "convex(logits)", "proved"),
    # hinges and what is built of them
    Row("multi-050", "crammer_singer", "calibrated", "conditional", "size(class) == 2"),
    Row("multi-056", ONE_VS_ALL_HINGE, "calibrated", "conditional", "size(class) == 2"),
    Row("multi-058", ONE_VS_ALL_LOGISTIC, "order_preserving", "proved"),
    Row("multi-060", ONE_VS_ALL_EXPONENTIAL, "order_preserving", "proved"),
    Row("multi-061", PAIRWISE_LOGISTIC, "calibrated", "proved"),
    Row("multi-063", "sum_exp", "order_preserving", "proved"),
    Row("multi-065", BOUNDED_CRAMMER_SINGER, "calibrated", "proved"),
    Row("multi-066", CONSTRAINED_EXPONENTIAL, "calibrated", "proved"),
    Row("multi-068", TOP_2_HINGE, "order_preserving", "conditional", "size(class) == 2"),
    Row("multi-069", "ce", "order_preserving", "proved"),
    Row(
        "multi-070",
        CONSTRAINED_EXPONENTIAL,
        "h_consistent",
        "proved",
        value="2 - sqrt(4 - t**2)",
        confidence="medium",
    ),
    Row(
        "multi-072",
        CONSTRAINED_HINGE,
        "h_consistent",
        "proved",
        value="t",
        confidence="medium",
    ),
    Row("multi-073", "crammer_singer", "convex(logits)", "proved"),
    Row("multi-073", "crammer_singer", "lipschitz(logits, inf)", "proved", value="2"),
    Row("multi-075", "mae", "symmetric", "proved"),
)
