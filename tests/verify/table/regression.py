"""Losses of a real target, of a probability, and scores of segmentations and lists."""

from __future__ import annotations

from tests.verify.table.row import Row

WELSCH = """
loss welsch_leclerc(prediction: real, target: real, *, c: real > 0 = 1) =
    c**2 / 2 * (1 - exp(-((target - prediction) / c)**2))
"""
GEMAN_MCCLURE = """
loss geman(prediction: real, target: real) = r**2 / (2 * (1 + r**2))
where
    r = target - prediction
"""
CAUCHY = """
loss lorentzian(prediction: real, target: real) = log(1 + (target - prediction)**2) / 2
"""
# Where the curvature changes sign is told by the widest residuals on which the loss is convex.
CAUCHY_INSIDE = "loss near(residual: real in [-1, 1]) = log(1 + residual**2) / 2"
CAUCHY_BEYOND = "loss wider(residual: real in [-1.001, 1.001]) = log(1 + residual**2) / 2"
GEMAN_INSIDE = """
loss near(residual: real in [-0.57735, 0.57735]) = residual**2 / (2 * (1 + residual**2))
"""
GEMAN_BEYOND = """
loss wider(residual: real in [-0.5774, 0.5774]) = residual**2 / (2 * (1 + residual**2))
"""
HUBER = """
loss huber_1(prediction: real, target: real) = r**2 / 2 if r <= 1 else r - 1 / 2
where
    r = abs(target - prediction)
"""
EXPECTILE = """
loss tilted(prediction: real, target: real, *, tau: real in (0, 1)) =
    abs(tau - (target < prediction)) * (target - prediction)**2
"""
PINBALL = """
loss pinball(prediction: real, target: real, *, tau: real in (0, 1)) =
    max(tau * r, (tau - 1) * r)
where
    r = target - prediction
"""
LINEX = """
loss linear_exponential(prediction: real, target: real) = exp(r) - r - 1
where
    r = target - prediction
"""
GAUSSIAN = """
loss gaussian(parameters: real[2], target: real) = s / 2 + (target - mu)**2 * exp(-s) / 2
where
    mu, s = parameters
"""
GAUSSIAN_NATURAL = """
loss gaussian(parameters: real[2], target: real) =
    target**2 * precision / 2 - target * location + location**2 / (2 * precision)
    - log(precision) / 2
where
    location, precision = parameters
"""
GAMMA = """
loss gamma_nll(prediction: real > 0, target: real > 0) = target / prediction + log(prediction)
"""
TWEEDIE = """
loss tweedie(prediction: real > 0, target: real >= 0, *, p: real in (1, 2)) =
    -target * prediction**(1 - p) / (1 - p) + prediction**(2 - p) / (2 - p)
"""
BARRON = """
loss barron(prediction: real, target: real, *, alpha: real, c: real > 0 = 1) =
    u / 2 if alpha == 2
    else log(1 + u / 2) if alpha == 0
    else abs(alpha - 2) / alpha * ((u / abs(alpha - 2) + 1)**(alpha / 2) - 1)
where
    u = ((target - prediction) / c)**2
"""
BARRON_BOUNDED = """
loss barron(prediction: real, target: real, *, alpha: real < 0, c: real > 0 = 1) =
    (2 - alpha) / alpha * ((u / (2 - alpha) + 1)**(alpha / 2) - 1)
where
    u = ((target - prediction) / c)**2
"""
BARRON_SMOOTH = """
loss barron(prediction: real, target: real, *, alpha: real in (0, 2), c: real > 0 = 1) =
    (2 - alpha) / alpha * ((u / (2 - alpha) + 1)**(alpha / 2) - 1)
where
    u = ((target - prediction) / c)**2
"""

# Binary labels and a probability.
BOOSTING = """
loss boosting(p: real in (0, 1), target: bit) =
    target * sqrt((1 - p) / p) + (1 - target) * sqrt(p / (1 - p))
"""
BINARY_SPHERICAL = """
loss spherical(p: real in [0, 1], target: bit) =
    1 - (target * p + (1 - target) * (1 - p)) / sqrt(p**2 + (1 - p)**2)
"""
BINARY_MAE = "loss error(p: real in [0, 1], target: bit) = abs(p - target)"
BINARY_CE = """
loss log_score(p: real in (0, 1), target: bit) =
    -target * log(p) - (1 - target) * log(1 - p)
"""
BINARY_GCE = """
loss box_cox(p: real in (0, 1), target: bit, *, q: real in (0, 1) = 0.7) =
    target * (1 - p**q) / q + (1 - target) * (1 - (1 - p)**q) / q
"""
ASL_CLIPPED = """
loss asl(p: real in (0, 1), target: bit) =
    -target * log(p) - (1 - target) * clipped**4 * log(1 - clipped)
where
    clipped = max(p - 0.05, 0)
"""
ASL = """
loss asl(p: real in (0, 1), target: bit, *, g_pos: real >= 0, g_neg: real >= 0) =
    -target * (1 - p)**g_pos * log(p) - (1 - target) * p**g_neg * log(1 - p)
"""
ASL_TUNED = """
loss asl(p: real in (0, 1), target: bit, *, g_pos: real >= 0) =
    -target * (1 - p)**g_pos * log(p) - (1 - target) * clipped * log(1 - clipped)
where
    clipped = max(p - 0.05, 0)
"""

# Segmentations and lists.
DICE = """
loss soft_dice(prediction: real[pixel] in [0, 1], target: bit[pixel]) =
    1 - 2 * sum(prediction[x] * target[x] for x in pixel) / sum(prediction + target)
"""
TVERSKY_MINUS_DICE = """
loss difference(logits: real[class, *space], target: class[*space]) =
    tversky(logits, target, alpha=1 / 2, beta=1 / 2, smooth=0) -
    dice(logits, target, smooth=0)
"""
TVERSKY_MINUS_JACCARD = """
loss difference(logits: real[class, *space], target: class[*space]) =
    tversky(logits, target, alpha=1, beta=1, smooth=0) - jaccard(logits, target, smooth=0)
"""
JACCARD_FROM_DICE = """
loss difference(prediction: real[pixel] in [0, 1], target: bit[pixel]) =
    1 - both / (total - both) - 2 * dice / (1 + dice)
where
    both = sum(prediction[x] * target[x] for x in pixel)
    total = sum(prediction + target)
    dice = 1 - 2 * both / total
"""
LIST_NET = """
loss list_net(scores: real[item], relevance: simplex[item]) =
    -sum(relevance[k] * log_softmax(scores)[k] for k in item)
"""
SCORE_DIFFERENCES = """
loss differences(scores: real[item], relevance: real[item]) =
    sum(
        (scores[i] - scores[j] - (relevance[i] - relevance[j]))**2
        for i in item for j in item
    )
"""

ROWS = (
    # convexity in the residual
    Row("reg-000", "mse", "convex(prediction)", "proved"),
    Row("reg-002", "huber", "convex(prediction)", "proved"),
    Row("reg-003", "pseudo_huber", "convex(prediction)", "proved"),
    Row("reg-004", "log_cosh", "convex(prediction)", "proved"),
    Row("reg-009", GEMAN_MCCLURE, "convex(prediction)", "refuted"),
    Row("reg-010", WELSCH, "convex(prediction)", "refuted"),
    Row("reg-011", "tukey_biweight", "convex(prediction)", "refuted"),
    Row("reg-012", CAUCHY_INSIDE, "convex(residual)", "proved"),
    Row("reg-012", CAUCHY_BEYOND, "convex(residual)", "refuted"),
    Row("reg-014", GEMAN_INSIDE, "convex(residual)", "proved"),
    Row("reg-014", GEMAN_BEYOND, "convex(residual)", "refuted"),
    # influence and smoothness
    Row(
        "reg-018",
        "pseudo_huber",
        "bounded_influence",
        "proved",
        value="2",
        settings={"delta": 2},
    ),
    Row("reg-018", "pseudo_huber", "redescending", "refuted", settings={"delta": 2}),
    Row("reg-025", "expectile", "bounded_influence", "refuted"),
    Row("reg-026", HUBER, "smooth(prediction)", "proved", value="1"),
    Row("reg-028", "log_cosh", "smooth(prediction)", "proved", value="1"),
    Row("reg-029", CAUCHY, "smooth(prediction)", "proved", value="1"),
    # what the minimiser of the expected loss is: Gneiting 2011
    Row("reg-039", "l1", "elicits(median)", "proved"),
    Row("reg-041", EXPECTILE, "elicits(expectile)", "proved"),
    Row("reg-042", HUBER, "elicits(mean)", "refuted"),
    Row("reg-043", "huber", "elicits(median)", "refuted", settings={"delta": 1}),
    Row("reg-044", "log_cosh", "elicits(mean)", "refuted"),
    Row("reg-047", "linex", "minimiser", "proved", value="2*log(E(exp(Y/2)))", settings={"a": 0.5}),
    Row("reg-048", "poisson_nll", "minimiser", "proved", value="log(E(Y))"),
    Row("reg-051", "msle", "elicits(mean)", "refuted"),
    Row("reg-051", "msle", "minimiser", "proved", value="exp(E(log(1 + Y))) - 1"),
    # likelihoods
    Row("reg-054", GAUSSIAN, "convex(parameters)", "refuted"),
    Row("reg-055", GAUSSIAN_NATURAL, "convex(parameters)", "proved"),
    Row("reg-056", "poisson_nll", "convex(prediction)", "proved"),
    Row("reg-056", "poisson_nll", "lipschitz(prediction)", "refuted"),
    Row("reg-057", GAMMA, "convex(prediction)", "refuted"),
    Row("reg-060", TWEEDIE, "convex(prediction)", "refuted"),
    # units of the target
    Row("reg-062", "l1", "homogeneous", "proved", value="1"),
    Row("reg-063", PINBALL, "homogeneous", "proved", value="1"),
    Row("reg-067", HUBER, "homogeneous", "refuted"),
    Row("reg-068", LINEX, "homogeneous", "refuted"),
    # Barron 2019
    Row("reg-070", BARRON, "bounded", "conditional", "alpha < 0"),
    Row("reg-070", BARRON_BOUNDED, "range", "proved", value="(0, (2 - alpha)/(-alpha))"),
    Row("reg-072", BARRON, "redescending", "conditional", "alpha < 1"),
    Row("reg-073", BARRON, "smooth(prediction)", "conditional", "alpha <= 2"),
    Row("reg-073", BARRON_SMOOTH, "smooth(prediction)", "proved", value="1/c**2"),
    # scores of a probability: Buja, Stuetzle, Shen 2005; Ridnik et al. 2021
    Row("reg-078", BOOSTING, "strictly_proper", "proved"),
    Row("reg-079", BINARY_SPHERICAL, "strictly_proper", "proved"),
    Row("reg-081", BINARY_MAE, "proper", "refuted"),
    Row("reg-082", "bce", "proper", "refuted", settings={"pos_weight": 3}),
    Row("reg-083", ASL_CLIPPED, "proper", "refuted"),
    Row("reg-084", BINARY_GCE, "proper", "refuted", settings={"q": 0.7}),
    Row("reg-085", BINARY_CE, "calibrated", "proved"),
    Row("reg-087", ASL_CLIPPED, "calibrated", "refuted"),
    Row("reg-088", ASL, "calibrated", "conditional", "g_pos == g_neg"),
    Row(
        "reg-089",
        ASL_TUNED,
        "calibrated",
        "conditional",
        "2**(1 - g_pos) * (1 + g_pos * log(2)) == 9 / 11 - log(11 / 20)",
        confidence="medium",
    ),
    Row("reg-090", ASL, "recoverable", "proved"),
    # overlaps and lists
    Row("reg-129", DICE, "range", "proved", value="(0, 1)"),
    Row("reg-129", TVERSKY_MINUS_DICE, "range", "proved", value="(0, 0)"),
    Row("reg-129", TVERSKY_MINUS_JACCARD, "range", "proved", value="(0, 0)"),
    Row("reg-129", JACCARD_FROM_DICE, "range", "proved", value="(0, 0)"),
    Row("reg-130", DICE, "proper", "refuted", confidence="medium"),
    Row("reg-133", LIST_NET, "order_preserving", "proved"),
    Row("reg-134", SCORE_DIFFERENCES, "order_preserving", "proved"),
)
