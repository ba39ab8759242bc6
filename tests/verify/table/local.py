"""Losses that see only p, the softmax's probability of the target."""

from __future__ import annotations

from tests.verify.table.row import Row

CROSS_ENTROPY = """
loss nll(logits: real[class], target: class) = logsumexp(logits) - logits[target]
"""
FOCAL = """
loss focal_loss(logits: real[class], target: class, *, gamma: real >= 0 = 2) =
    -(1 - p)**gamma * log(p)
where
    p = softmax(logits)[target]
"""
FOCAL_NEGATIVE = """
loss focal_loss(logits: real[class], target: class, *, gamma: real in [-1, 0)) =
    -(1 - p)**gamma * log(p)
where
    p = softmax(logits)[target]
"""
POLY1 = """
loss poly_1(logits: real[class], target: class, *, eps: real) = -log(p) + eps * (1 - p)
where
    p = softmax(logits)[target]
"""
GCE = """
loss box_cox(logits: real[class], target: class, *, q: real > 0) = (1 - p**q) / q
where
    p = softmax(logits)[target]
"""
GCE_SUM = """
loss total(logits: real[class], *, q: real in (0, 1]) =
    sum((1 - softmax(logits)[k]**q) / q for k in class)
"""
MAE = """
loss error(logits: real[class], target: class) = 1 - softmax(logits)[target]
"""
SCE_MINUS_POLY1 = """
loss difference(
    logits: real[class], target: class, *, alpha: real > 0, beta: real >= 0, A: real < 0
) =
    sce(logits, target, alpha=alpha, beta=beta, A=A) -
    alpha * poly1(logits, target, eps=-beta * A / alpha)
"""
JS = """
loss jensen_shannon(logits: real[class], target: class) =
    (log(2 / (1 + p)) + p * log(2 * p / (1 + p)) + (1 - p) * log(2)) / 2
where
    p = softmax(logits)[target]
"""
HELLINGER = """
loss hellinger(logits: real[class], target: class) = 2 - 2 * sqrt(softmax(logits)[target])
"""
SQUARE = """
loss local_square(logits: real[class], target: class) = (1 - softmax(logits)[target])**2
"""
TRAP = """
loss trap(logits: real[class], target: class) = (softmax(logits)[target] - 0.45)**2
"""
LDR = """
loss ldr(logits: real[class], target: class, *, c: real, lam: real > 0 = 1) =
    lam * log(sum(exp((logits[k] - logits[target] + c * (k != target)) / lam) for k in class))
"""
AGCE = """
loss agce(logits: real[class], target: class, *, a: real > 0, b: real > 0) =
    ((a + 1)**b - (a + p)**b) / b
where
    p = softmax(logits)[target]
"""
AGCE_CONVEX = """
loss agce(logits: real[class], target: class, *, a: real > 0, b: real in (0, 1)) =
    ((a + 1)**b - (a + p)**b) / b
where
    p = softmax(logits)[target]
"""
AUL = """
loss aul(logits: real[class], target: class, *, a: real > 1, b: real > 0) =
    ((a - p)**b - (a - 1)**b) / b
where
    p = softmax(logits)[target]
"""
AUL_CONVEX = """
loss aul(logits: real[class], target: class, *, a: real > 1, b: real > 1) =
    ((a - p)**b - (a - 1)**b) / b
where
    p = softmax(logits)[target]
"""
AEL = """
loss ael(logits: real[class], target: class, *, a: real > 0) = exp(-softmax(logits)[target] / a)
"""
INVERSE = """
loss odds(logits: real[class], target: class) = 1 / softmax(logits)[target] - 1
"""
TAYLOR_3 = """
loss taylor(logits: real[class], target: class) = (1 - p) + (1 - p)**2 / 2 + (1 - p)**3 / 3
where
    p = softmax(logits)[target]
"""

GCE_SLOPE = "sqrt(2)*(7/10)**(7/10)/(17/10)**(17/10)"
# The largest sqrt(2) * q * (1 - q) * |f'(q)| for f = -(1 - q)**2 * log(q), at q = 0.057846...
FOCAL_SLOPE = "1.59662337939106"
CUBIC_CALIBRATION = "eps > -2*(1 + gamma*log(2))/(1 + gamma)"

ROWS = (
    # calibration for every number of classes
    Row("local-000", "ce", "calibrated", "proved", source="Zhang 2004"),
    Row("local-002", FOCAL_NEGATIVE, "calibrated", "proved"),
    Row("local-004", "poly1", "monotone", "conditional", "eps >= -1"),
    Row("local-008", "poly1_focal", "calibrated", "conditional", CUBIC_CALIBRATION),
    Row("local-009", GCE, "calibrated", "proved"),
    Row("local-011", SCE_MINUS_POLY1, "range", "proved", value="(0, 0)"),
    Row("local-012", "sce", "calibrated", "proved"),
    Row("local-014", JS, "calibrated", "proved"),
    Row("local-015", HELLINGER, "calibrated", "proved"),
    Row("local-017", SQUARE, "calibrated", "proved"),
    Row("local-018", LDR, "calibrated", "proved"),
    Row("local-019", AGCE, "calibrated", "proved"),
    Row("local-021", AEL, "calibrated", "proved"),
    Row("local-022", TRAP, "calibrated", "refuted"),
    Row("local-024", "poly1", "calibrated", "refuted", settings={"eps": -3}),
    # strict order of all classes: Yang & Koyejo 2020; two classes have no order beyond the best
    Row("local-026", "focal", "order_preserving", "proved", settings={"gamma": 2}),
    Row("local-028", "mae", "order_preserving", "conditional", "size(class) == 2"),
    Row("local-030", POLY1, "order_preserving", "proved", settings={"eps": -1.5}),
    Row(
        "local-035", GCE, "order_preserving", "conditional", "size(class) == 2", settings={"q": 1.5}
    ),
    # strictly proper: only the logarithm is, from three classes on
    Row("local-041", POLY1, "strictly_proper", "refuted", settings={"eps": 1}),
    Row("local-044", JS, "strictly_proper", "refuted"),
    Row("local-045", "ldr_kl", "strictly_proper", "refuted", settings={"tau": 1, "margin": 1}),
    Row("local-047", TAYLOR_3, "strictly_proper", "refuted"),
    Row("local-050", "gce", "proper_composite", "proved", settings={"q": 0.7}),
    # the sum over the labels: Ghosh, Kumar, Sastry 2017
    Row("local-056", "gce", "symmetric", "refuted", settings={"q": 0.7}),
    Row("local-057", "sce", "symmetric", "refuted"),
    Row("local-058", FOCAL, "symmetric", "refuted", settings={"gamma": 2}),
    Row("local-059", "taylor_ce", "symmetric", "refuted", settings={"order": 2}),
    Row("local-060", JS, "symmetric", "refuted"),
    Row("local-063", GCE_SUM, "range", "proved", value="((K - K**(1 - q))/q, (K - 1)/q)"),
    # robust to label-dependent noise: Zhou et al. 2021
    Row("local-067", AUL, "asymmetric_robust", "proved", settings={"a": 1.5, "b": 0.9}),
    Row("local-068", AUL, "asymmetric_robust", "refuted", settings={"a": 3, "b": 2}),
    Row("local-069", AEL, "asymmetric_robust", "refuted", settings={"a": 1.5}),
    Row("local-071", "gce", "asymmetric_robust", "refuted", settings={"q": 0.7}),
    Row("local-072", AGCE_CONVEX, "asymmetric_robust", "refuted", value="(1 + 1/a)**(1 - b)"),
    Row("local-072", AUL_CONVEX, "asymmetric_robust", "refuted", value="(a/(a - 1))**(b - 1)"),
    Row("local-072", AEL, "asymmetric_robust", "refuted", value="exp(1/a)"),
    # convexity, slope and range in the logits
    Row("local-073", CROSS_ENTROPY, "convex(logits)", "proved"),
    Row("local-074", FOCAL, "convex(logits)", "refuted", settings={"gamma": 1}),
    Row("local-078", "gce", "convex(logits)", "refuted", settings={"q": 0.7}),
    Row("local-080", INVERSE, "convex(logits)", "proved"),
    Row("local-081", LDR, "convex(logits)", "proved", settings={"c": 1, "lam": 1}),
    Row("local-085", "gce", "lipschitz(logits)", "proved", value=GCE_SLOPE, settings={"q": 0.7}),
    Row(
        "local-086",
        "focal",
        "lipschitz(logits)",
        "proved",
        value=FOCAL_SLOPE,
        settings={"gamma": 2},
    ),
    Row("local-087", INVERSE, "lipschitz(logits)", "refuted"),
    Row("local-090", "gce", "bounded", "proved", settings={"q": 0.7}),
    Row("local-090", "gce", "range", "proved", value="(0, 10/7)", settings={"q": 0.7}),
    Row("local-091", JS, "bounded", "proved"),
    Row("local-091", JS, "range", "proved", value="(0, log(2))"),
    Row("local-092", TAYLOR_3, "bounded", "proved"),
    Row("local-092", TAYLOR_3, "range", "proved", value="(0, 11/6)"),
    # consistency for all scores: Mao, Mohri, Zhong 2023, theorem 3.1
    Row("local-095", "sum_exp", "h_consistent", "proved", value="1 - sqrt(1 - t**2)"),
    Row("local-098", MAE, "h_consistent", "proved", value="t/K"),
)
