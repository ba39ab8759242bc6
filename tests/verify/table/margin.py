"""Losses of a score and a sign, as functions of the margin m = target * score."""

from __future__ import annotations

from tests.verify.table.row import Row

SQUARED_HINGE = "loss l(score: real, target: sign) = max(0, 1 - target * score)**2"
HINGE = "loss svm(score: real, target: sign) = max(0, 1 - target * score)"
LOGISTIC = "loss logit(score: real, target: sign) = log(1 + exp(-target * score))"
EXPONENTIAL = "loss boost(score: real, target: sign) = exp(-target * score)"
SQUARE = "loss square(score: real, target: sign) = (1 - target * score)**2"
UNHINGED = "loss unhinged(score: real, target: sign) = 1 - target * score"
ABSOLUTE = "loss absolute(score: real, target: sign) = abs(1 - target * score)"
SIGMOID = "loss sigmoidal(score: real, target: sign) = 1 / (1 + exp(target * score))"
RAMP = "loss ramp(score: real, target: sign) = min(2, max(0, 1 - target * score))"
RAMP_0 = "loss ramp(score: real, target: sign) = min(1, max(0, 1 - target * score))"
RAMP_HALF = "loss ramp(score: real, target: sign) = min(1 / 2, max(0, 1 - target * score))"
HINGE_PERCEPTRON = """
loss doubled(score: real, target: sign) = max(0, 1 - m) + max(0, -m)
where
    m = target * score
"""
MODIFIED_HUBER = """
loss huberised(score: real, target: sign) = max(0, 1 - m)**2 if m >= -1 else -4 * m
where
    m = target * score
"""
RENNIE = """
loss smooth(score: real, target: sign) = 1 / 2 - m if m <= 0 else (1 - m)**2 / 2 if m < 1 else 0
where
    m = target * score
"""
SMOOTHED = """
loss smoothed(score: real, target: sign, *, gamma: real > 0) =
    0 if m >= 1 else 1 - m - gamma / 2 if m <= 1 - gamma else (1 - m)**2 / (2 * gamma)
where
    m = target * score
"""
LUM = """
loss lum(score: real, target: sign, *, a: real > 0, c: real >= 0) =
    1 - m if m < c / (1 + c) else 1 / (1 + c) * (a / ((1 + c) * m - c + a))**a
where
    m = target * score
"""
LUM_2_1 = """
loss lum(score: real, target: sign) = 1 - m if m < 1 / 2 else 1 / 2 * (2 / (2 * m + 1))**2
where
    m = target * score
"""
DWD = """
loss dwd(score: real, target: sign) = 1 - m if m <= 1 / 2 else 1 / (4 * m)
where
    m = target * score
"""
FOCAL = """
loss focal_margin(score: real, target: sign, *, gamma: real >= 0 = 2) =
    (1 - p)**gamma * log(1 + exp(-target * score))
where
    p = sigmoid(target * score)
"""
GCE = """
loss gce_margin(score: real, target: sign, *, q: real in (0, 1] = 0.7) =
    (1 - sigmoid(target * score)**q) / q
"""

# The margin of a pair is the difference of two scores.
PAIRS_EXPONENTIAL = """
loss rank_boost(score: real[batch], target: bit[batch]) =
    sum(exp(score[j] - score[i]) for i in batch for j in batch if target[i] > target[j])
"""
PAIRS_SQUARE = """
loss auc_square(score: real[batch], target: bit[batch]) =
    mean(
        (1 - (score[i] - score[j]))**2
        for i in batch for j in batch if target[i] == 1 and target[j] == 0
    )
"""
PAIRS_PERCEPTRON = """
loss auc_perceptron(score: real[batch], target: bit[batch]) =
    mean(
        relu(score[j] - score[i])
        for i in batch for j in batch if target[i] == 1 and target[j] == 0
    )
"""

LOGISTIC_PSI = "((1 + t)*log(1 + t) + (1 - t)*log(1 - t))/2"

ROWS = (
    # convexity
    Row("margin-001", SQUARED_HINGE, "convex(score)", "proved"),
    Row("margin-003", "exponential", "convex(score)", "proved"),
    Row("margin-006", SQUARE, "convex(score)", "proved"),
    Row("margin-008", UNHINGED, "convex(score)", "proved"),
    Row("margin-009", LUM_2_1, "convex(score)", "proved", source="Liu, Zhang, Wu 2011"),
    Row("margin-012", "tangent", "convex(score)", "refuted"),
    Row("margin-014", RAMP, "convex(score)", "refuted"),
    Row("margin-016", FOCAL, "convex(score)", "conditional", "gamma == 0"),
    Row("margin-018", GCE, "convex(score)", "refuted"),
    # calibration: Bartlett, Jordan, McAuliffe 2006, and beyond convex losses
    Row("margin-022", "exponential", "calibrated", "proved"),
    Row("margin-023", MODIFIED_HUBER, "calibrated", "proved"),
    Row("margin-024", "smoothed_hinge", "calibrated", "proved"),
    Row("margin-026", ABSOLUTE, "calibrated", "proved"),
    Row("margin-029", HINGE_PERCEPTRON, "calibrated", "refuted"),
    Row("margin-032", "savage", "calibrated", "proved"),
    Row("margin-036", RAMP_0, "calibrated", "proved"),
    Row("margin-037", RAMP_HALF, "calibrated", "proved"),
    Row("margin-040", SMOOTHED, "calibrated", "proved"),
    Row("margin-041", LUM, "calibrated", "proved"),
    Row("margin-043", FOCAL, "calibrated", "proved"),
    # what an excess of the loss's risk says about the excess of the error rate
    Row("margin-048", SQUARE, "excess_risk", "proved", value="t**2"),
    Row("margin-049", "modified_huber", "excess_risk", "proved", value="t**2"),
    Row("margin-051", "logistic", "excess_risk", "proved", value=LOGISTIC_PSI),
    Row("margin-052", "savage", "excess_risk", "proved", value="t**2/4"),
    Row("margin-055", RAMP, "excess_risk", "proved", value="t"),
    Row("margin-057", "smoothed_hinge", "excess_risk", "proved", value="t**2/(1 + t)"),
    Row("margin-058", ABSOLUTE, "excess_risk", "proved", value="t"),
    # slope and curvature
    Row("margin-059", HINGE, "lipschitz(score)", "proved", value="1"),
    Row("margin-060", "logistic", "lipschitz(score)", "proved", value="1"),
    Row("margin-062", "smoothed_hinge", "lipschitz(score)", "proved", value="1"),
    Row("margin-063", SIGMOID, "lipschitz(score)", "proved", value="1/4"),
    Row("margin-064", "savage", "lipschitz(score)", "proved", value="16/27"),
    Row("margin-068", "exponential", "lipschitz(score)", "refuted"),
    Row("margin-070", SQUARE, "lipschitz(score)", "refuted"),
    Row("margin-071", LOGISTIC, "smooth(score)", "proved", value="1/4"),
    Row("margin-072", "squared_hinge", "smooth(score)", "proved", value="2"),
    Row("margin-073", MODIFIED_HUBER, "smooth(score)", "proved", value="2"),
    Row("margin-075", RENNIE, "smooth(score)", "proved", value="1"),
    Row("margin-076", SMOOTHED, "smooth(score)", "proved", value="2", settings={"gamma": 0.5}),
    Row("margin-076", SMOOTHED, "smooth(score)", "proved", value="1/gamma"),
    Row("margin-077", "hinge", "smooth(score)", "refuted"),
    Row("margin-080", "logistic", "strongly_convex(score)", "refuted"),
    Row("margin-081", "logistic", "self_concordant(score)", "proved", source="Bach 2010"),
    # range
    Row("margin-085", "tangent", "bounded", "proved"),
    Row("margin-085", "tangent", "range", "proved", value="(0, (1 + pi)**2)"),
    Row("margin-086", SIGMOID, "bounded", "proved"),
    Row("margin-086", SIGMOID, "range", "proved", value="(0, 1)"),
    Row("margin-088", UNHINGED, "bounded_below", "refuted"),
    # tails: Dai 2025; Soudry et al. 2018
    Row("margin-090", "exponential", "raising_tail", "proved", confidence="medium"),
    Row("margin-093", DWD, "raising_tail", "proved", confidence="medium"),
    Row(
        "margin-094",
        LUM,
        "raising_tail",
        "proved",
        settings={"a": 0.5, "c": 1},
        confidence="medium",
    ),
    Row("margin-095", UNHINGED, "raising_tail", "refuted", confidence="medium"),
    Row("margin-123", "savage", "exponential_tail", "proved"),
    Row("margin-124", DWD, "exponential_tail", "refuted"),
    Row("margin-126", "squared_hinge", "exponential_tail", "refuted"),
    # symmetry, which makes a loss indifferent to evenly flipped labels: van Rooyen et al. 2015
    Row("margin-098", RAMP, "symmetric", "proved"),
    Row("margin-103", "savage", "symmetric", "refuted"),
    Row("margin-104", "tangent", "symmetric", "refuted"),
    Row("margin-105", EXPONENTIAL, "symmetric", "refuted"),
    Row("margin-106", SIGMOID, "symmetric", "proved"),
    # probabilities from scores: Reid & Williamson 2010
    Row("margin-111", "savage", "proper_composite", "proved", value="1/(1 + exp(-2*v))"),
    Row("margin-112", SQUARE, "proper_composite", "proved", value="(1 + v)/2"),
    Row("margin-112", SQUARE, "canonical_link", "proved"),
    Row("margin-113", "squared_hinge", "proper_composite", "proved", value="(1 + v)/2"),
    Row("margin-114", "tangent", "proper_composite", "proved", value="1/2 + atan(v)"),
    Row("margin-116", "hinge", "recoverable", "refuted"),
    Row("margin-118", LUM_2_1, "recoverable", "proved"),
    Row("margin-119", LOGISTIC, "canonical_link", "proved"),
    # scores between -B and B: Awasthi et al. 2022
    Row("margin-127", "hinge", "h_consistent", "proved", value="Min(B, 1)*t"),
    Row(
        "margin-128",
        "logistic",
        "h_consistent",
        "proved",
        value=f"Piecewise(({LOGISTIC_PSI}, t <= tanh(B/2)), (log(2) - (t + 1)/2*log(1 + exp(-B))"
        " - (1 - t)/2*log(1 + exp(B)), True))",
    ),
    Row(
        "margin-129",
        "exponential",
        "h_consistent",
        "proved",
        value="Piecewise((1 - sqrt(1 - t**2), t <= tanh(B)),"
        " (1 - (t + 1)/2*exp(-B) - (1 - t)/2*exp(B), True))",
    ),
    # as a loss of the difference of two scores: Gao & Zhou 2015
    Row("margin-134", "exponential", "auc_consistent", "proved"),
    Row("margin-134", PAIRS_EXPONENTIAL, "auc_consistent", "proved"),
    Row("margin-137", LUM, "auc_consistent", "proved"),
    Row("margin-137", DWD, "auc_consistent", "proved"),
    Row("margin-138", SQUARE, "auc_consistent", "proved"),
    Row("margin-138", PAIRS_SQUARE, "auc_consistent", "proved"),
    Row("margin-139", "hinge", "auc_consistent", "refuted"),
    Row("margin-141", "perceptron", "auc_consistent", "refuted"),
    Row("margin-141", PAIRS_PERCEPTRON, "auc_consistent", "refuted"),
    Row("margin-142", SIGMOID, "auc_consistent", "proved"),
    Row("margin-144", "savage", "auc_consistent", "proved", confidence="low"),
)
