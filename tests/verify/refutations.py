"""For each theorem that refutes: a loss, a property and settings by which to see it at work."""

from __future__ import annotations

SAMPLES: dict[str, tuple[str, str, dict[str, str]]] = {
    "local-rising": (
        """loss trap(logits: real[class], target: class) = (softmax(logits)[target] - 0.45)**2
""",
        "calibrated",
        {},
    ),
    "worst-pair-convex-calibrated": ("crammer_singer", "calibrated", {}),
    "pairwise-kink-calibrated": (
        """loss weston_watkins(logits: real[class], target: class) =
    sum(max(0, 1 + logits[k] - logits[target]) for k in class if k != target)
""",
        "calibrated",
        {},
    ),
    "one-vs-all-ties-calibrated": (
        """loss one_vs_all(logits: real[class], target: class) =
    max(0, 1 - logits[target]) + sum(max(0, 1 + logits[k]) for k in class if k != target)
""",
        "calibrated",
        {},
    ),
    "one-vs-all-idle-calibrated": (
        """loss below(logits: real[class], target: class) =
    sum(max(0, 1 + logits[k]) for k in class if k != target)
""",
        "calibrated",
        {},
    ),
    "score-normalised-calibrated": (
        """loss normalised_focal(logits: real[class], target: class, *, gamma: real >= 0 = 2) =
    f(target) / sum(f(k) for k in class)
where
    p = softmax(logits)
    f(k) = -(1 - p[k])**gamma * log(p[k])
""",
        "calibrated",
        {"gamma": "2"},
    ),
    "convex-kink-at-zero": (
        """loss doubled(score: real, target: sign) = max(0, 1 - m) + max(0, -m)
where
    m = target * score
""",
        "calibrated",
        {},
    ),
    "wrong-score-is-best": (
        """loss doubled(score: real, target: sign) = max(0, 1 - m) + max(0, -m)
where
    m = target * score
""",
        "calibrated",
        {},
    ),
    "convex-and-tilted": (
        """loss asl(p: real in (0, 1), target: bit) =
    -target * log(p) - (1 - target) * clipped**4 * log(1 - clipped)
where
    clipped = max(p - 0.05, 0)
""",
        "calibrated",
        {},
    ),
    "tilted-above": (
        """loss asl(p: real in (0, 1), target: bit) =
    -target * log(p) - (1 - target) * clipped**4 * log(1 - clipped)
where
    clipped = max(p - 0.05, 0)
""",
        "calibrated",
        {},
    ),
    "tilted-below": ("sigmoid_focal", "calibrated", {}),
    "wrong-decision-is-best": (
        """loss doubled(score: real, target: sign) = max(0, 1 - m) + max(0, -m)
where
    m = target * score
""",
        "calibrated",
        {},
    ),
    "local-disorder-vertex": ("mae", "order_preserving", {}),
    "worst-pair-convex-order": ("crammer_singer", "order_preserving", {}),
    "pairwise-kink-order": (
        """loss weston_watkins(logits: real[class], target: class) =
    sum(max(0, 1 + logits[k] - logits[target]) for k in class if k != target)
""",
        "order_preserving",
        {},
    ),
    "one-vs-all-ties-order": (
        """loss one_vs_all(logits: real[class], target: class) =
    max(0, 1 - logits[target]) + sum(max(0, 1 + logits[k]) for k in class if k != target)
""",
        "order_preserving",
        {},
    ),
    "one-vs-all-idle-order": (
        """loss far(logits: real[class], target: class) =
    abs(logits[target]) + sum(logits[k]**2 for k in class if k != target)
""",
        "order_preserving",
        {},
    ),
    "score-normalised-order": ("nce", "order_preserving", {}),
    "local-unbalanced": (
        """loss poly_1(logits: real[class], target: class, *, eps: real) = -log(p) + eps * (1 - p)
where
    p = softmax(logits)[target]
""",
        "strictly_proper",
        {"eps": "1"},
    ),
    "local-not-logarithmic": (
        """loss poly_1(logits: real[class], target: class, *, eps: real) = -log(p) + eps * (1 - p)
where
    p = softmax(logits)[target]
""",
        "strictly_proper",
        {"eps": "1"},
    ),
    "squentropy-strictly-proper": ("squentropy", "strictly_proper", {}),
    "profile-not-stationary-strictly_proper": (
        """loss poly_1(logits: real[class], target: class, *, eps: real) = -log(p) + eps * (1 - p)
where
    p = softmax(logits)[target]
""",
        "strictly_proper",
        {"eps": "1"},
    ),
    "not-stationary-so-not-strictly-proper": (
        "loss error(p: real in [0, 1], target: bit) = abs(p - target)",
        "strictly_proper",
        {},
    ),
    "local-unbalanced-weakly": (
        "loss linear(q: simplex[class], target: class) = -q[target]",
        "proper",
        {},
    ),
    "local-not-logarithmic-weakly": (
        "loss linear(q: simplex[class], target: class) = -q[target]",
        "proper",
        {},
    ),
    "profile-not-stationary-proper": (
        "loss linear(q: simplex[class], target: class) = -q[target]",
        "proper",
        {},
    ),
    "not-stationary-so-not-proper": (
        "loss error(p: real in [0, 1], target: bit) = abs(p - target)",
        "proper",
        {},
    ),
    "improper-on-sets": (
        """loss soft_dice(prediction: real[pixel] in [0, 1], target: bit[pixel]) =
    1 - 2 * sum(prediction[x] * target[x] for x in pixel) / sum(prediction + target)
""",
        "proper",
        {},
    ),
    "local-no-link": ("mae", "proper_composite", {}),
    "local-not-recoverable": ("mae", "recoverable", {}),
    "local-unbalanced-far-out": ("gce", "strictly_proper", {}),
    "local-unbalanced-far-out-weakly": ("gce", "proper", {}),
    "link-stays-below-one": (
        "loss sigmoidal(score: real, target: sign) = 1 / (1 + exp(target * score))",
        "proper_composite",
        {},
    ),
    "score-for-many-probabilities": ("hinge", "proper_composite", {}),
    "kink-for-many-probabilities": ("hinge", "proper_composite", {}),
    "link-does-not-rise": (
        """loss dwd(score: real, target: sign) = 1 - m if m <= 1 / 2 else 1 / (4 * m)
where
    m = target * score
""",
        "proper_composite",
        {},
    ),
    "link-not-canonical": (
        "loss boost(score: real, target: sign) = exp(-target * score)",
        "canonical_link",
        {},
    ),
    "score-for-many-probabilities-so-not-recoverable": ("hinge", "recoverable", {}),
    "kink-for-many-probabilities-so-not-recoverable": ("hinge", "recoverable", {}),
    "kink-ties-pairs": ("hinge", "auc_consistent", {}),
    "convex-kink-at-zero-for-pairs": ("perceptron", "auc_consistent", {}),
    "wrong-score-is-best-for-pairs": ("perceptron", "auc_consistent", {}),
    "asymmetric-divergence": (
        """loss pearson(prediction: simplex[class], target: simplex[class]) =
    sum((p[k] - q[k])**2 / q[k] for k in class)
where
    p = prediction
    q = target
""",
        "symmetric",
        {},
    ),
    "local-uneven": ("gce", "symmetric", {"q": "0.7"}),
    "local-curved": ("gce", "symmetric", {"q": "0.7"}),
    "profile-sums-differ": ("gce", "symmetric", {"q": "0.7"}),
    "sums-differ": ("savage", "symmetric", {}),
    "local-shape-not-convex": (
        """loss focal_loss(logits: real[class], target: class, *, gamma: real >= 0 = 2) =
    -(1 - p)**gamma * log(p)
where
    p = softmax(logits)[target]
""",
        "convex(logits)",
        {"gamma": "1"},
    ),
    "slope-falls-at-a-kink": (
        "loss ramp(score: real, target: sign) = min(2, max(0, 1 - target * score))",
        "convex(score)",
        {},
    ),
    "concave-at-a-point": ("tangent", "convex(score)", {}),
    "concave-near-an-end": ("tukey_biweight", "convex(prediction)", {}),
    "above-a-chord-on-a-line": ("brier", "convex(logits)", {}),
    "curvature-not-positive": ("hinge", "strongly_convex(score)", {}),
    "curvature-vanishes": ("logistic", "strongly_convex(score)", {}),
    "local-shape-not-lipschitz": (
        """loss odds(logits: real[class], target: class) = 1 / softmax(logits)[target] - 1
""",
        "lipschitz(logits)",
        {},
    ),
    "slope-unbounded": ("exponential", "lipschitz(score)", {}),
    "slope-unbounded-on-a-line": ("squentropy", "lipschitz(logits)", {}),
    "local-shape-not-smooth": ("sum_exp", "smooth(logits)", {}),
    "kink-so-not-smooth": ("hinge", "smooth(score)", {}),
    "curvature-unbounded": (
        "loss boost(score: real, target: sign) = exp(-target * score)",
        "smooth(score)",
        {},
    ),
    "kink-so-not-differentiable": ("hinge", "differentiable(score)", {}),
    "kink-so-not-differentiable-on-a-line": ("hinge", "differentiable(score)", {}),
    "unbounded-divergence": (
        """loss relative_entropy(prediction: simplex[class], target: simplex[class]) =
    sum(xlogy(p[k], p[k] / q[k]) for k in class)
where
    p = prediction
    q = target
""",
        "bounded",
        {},
    ),
    "local-shape-unbounded": (
        """loss nll(logits: real[class], target: class) = logsumexp(logits) - logits[target]
""",
        "bounded",
        {},
    ),
    "tilted-unbounded": (
        """loss nll(logits: real[class], target: class) = logsumexp(logits) - logits[target]
""",
        "bounded",
        {},
    ),
    "tends-to-infinity": ("hinge", "bounded", {}),
    "tends-to-infinity-on-a-line": (
        """loss barron(prediction: real, target: real, *, alpha: real, c: real > 0 = 1) =
    u / 2 if alpha == 2
    else log(1 + u / 2) if alpha == 0
    else abs(alpha - 2) / alpha * ((u / abs(alpha - 2) + 1)**(alpha / 2) - 1)
where
    u = ((target - prediction) / c)**2
""",
        "bounded",
        {},
    ),
    "tends-to-minus-infinity": (
        "loss unhinged(score: real, target: sign) = 1 - target * score",
        "bounded_below",
        {},
    ),
    "falls-below-a-line": (
        "loss unhinged(score: real, target: sign) = 1 - target * score",
        "bounded_below",
        {},
    ),
    "tends-to-minus-infinity-on-a-line": (
        "loss unhinged(score: real, target: sign) = 1 - target * score",
        "bounded_below",
        {},
    ),
    "negative-at-a-point": (
        "loss unhinged(score: real, target: sign) = 1 - target * score",
        "nonnegative",
        {},
    ),
    "negative-in-the-limit": (
        "loss unhinged(score: real, target: sign) = 1 - target * score",
        "nonnegative",
        {},
    ),
    "negative-for-some-inputs": (
        """loss concave(prediction: simplex[class], target: simplex[class]) =
    sum(prediction[k] - prediction[k]**2 / target[k] for k in class)
""",
        "nonnegative",
        {},
    ),
    "local-shape-not-monotone": (
        """loss trap(logits: real[class], target: class) = (softmax(logits)[target] - 0.45)**2
""",
        "monotone",
        {},
    ),
    "no-raising-tail": (
        "loss unhinged(score: real, target: sign) = 1 - target * score",
        "raising_tail",
        {},
    ),
    "flat-tail": ("squared_hinge", "exponential_tail", {}),
    "tail-of-another-kind": (
        """loss dwd(score: real, target: sign) = 1 - m if m <= 1 / 2 else 1 / (4 * m)
where
    m = target * score
""",
        "exponential_tail",
        {},
    ),
    "local-asymmetric-ratio": (
        """loss aul(logits: real[class], target: class, *, a: real > 1, b: real > 0) =
    ((a - p)**b - (a - 1)**b) / b
where
    p = softmax(logits)[target]
""",
        "asymmetric_robust",
        {"a": "3", "b": "2"},
    ),
    "local-not-asymmetric": ("gce", "asymmetric_robust", {"q": "0.7"}),
    "an offset changes the loss": ("squentropy", "shift_invariant(logits)", {}),
    "a factor changes the loss": ("ce", "scale_invariant(logits)", {}),
    "elicits-not-by-slope": (
        """loss huber_1(prediction: real, target: real) = r**2 / 2 if r <= 1 else r - 1 / 2
where
    r = abs(target - prediction)
""",
        "elicits(mean)",
        {},
    ),
    "elicits-not-by-value": (
        """loss huber_1(prediction: real, target: real) = r**2 / 2 if r <= 1 else r - 1 / 2
where
    r = abs(target - prediction)
""",
        "elicits(mean)",
        {},
    ),
    "unbounded-influence": ("expectile", "bounded_influence", {}),
    "influence-climbs": ("pseudo_huber", "redescending", {"delta": "2"}),
    "not-redescending": ("pseudo_huber", "redescending", {"delta": "2"}),
    "not-homogeneous": (
        """loss huber_1(prediction: real, target: real) = r**2 / 2 if r <= 1 else r - 1 / 2
where
    r = abs(target - prediction)
""",
        "homogeneous",
        {},
    ),
    "no power of the factor": (
        """loss huber_1(prediction: real, target: real) = r**2 / 2 if r <= 1 else r - 1 / 2
where
    r = abs(target - prediction)
""",
        "homogeneous",
        {},
    ),
    "not-bregman": ("l1", "bregman", {}),
    "no-divergence-concave": (
        """loss concave(prediction: simplex[class], target: simplex[class]) =
    sum(prediction[k] - prediction[k]**2 / target[k] for k in class)
""",
        "f_divergence",
        {},
    ),
    "tilted-calibrated": ("logit_adjusted(prior=[0.7, 0.2, 0.1])", "calibrated", {}),
    "offset-local-rising": ("poly1(eps=-3) + 0.1 * z_loss", "calibrated", {}),
    "score-oversmoothed-calibrated": (
        """loss smoothed(logits: real[class], target: class) =
    -1 * ce(logits, target) + 2 * mean(ce(logits, k) for k in class)
""",
        "calibrated",
        {},
    ),
    "score-oversharpened-calibrated": (
        """loss smoothed(logits: real[class], target: class) =
    2 * ce(logits, target) - 1 * mean(ce(logits, k) for k in class)
""",
        "calibrated",
        {},
    ),
    "wrong-scores-at-infinity-are-best": (
        """loss one(score: real, target: sign) = 1 / (1 + exp(-m))
where
    m = target * score
""",
        "calibrated",
        {},
    ),
    "local-disorder-rising": ("poly1(eps=-3)", "order_preserving", {}),
    "tilted-order": ("logit_adjusted(prior=[0.7, 0.2, 0.1])", "order_preserving", {}),
    "offset-local-disorder-rising": ("poly1(eps=-3) + 0.1 * z_loss", "order_preserving", {}),
    "offset-local-disorder-vertex": ("mae + 0.1 * z_loss", "order_preserving", {}),
    "score-oversmoothed-order": (
        """loss smoothed(logits: real[class], target: class) =
    -1 * ce(logits, target) + 2 * mean(ce(logits, k) for k in class)
""",
        "order_preserving",
        {},
    ),
    "score-oversharpened-order": (
        """loss smoothed(logits: real[class], target: class) =
    2 * ce(logits, target) - 1 * mean(ce(logits, k) for k in class)
""",
        "order_preserving",
        {},
    ),
    "local-tempered": (
        """loss one(logits: real[class], target: class) = -log(softmax(2 * logits)[target])
""",
        "strictly_proper",
        {},
    ),
    "local-not-falling": (
        """loss one(logits: real[class], target: class) = p
where
    p = softmax(logits)[target]
""",
        "strictly_proper",
        {},
    ),
    "offset-local-unbalanced": ("mae + 0.1 * z_loss", "strictly_proper", {}),
    "negative-weight-so-not-strictly-proper": (
        """loss one(probability: real in [0, 1], target: bit) = -(target - probability)**2
""",
        "strictly_proper",
        {},
    ),
    "local-tempered-weakly": (
        """loss one(logits: real[class], target: class) = -log(softmax(2 * logits)[target])
""",
        "proper",
        {},
    ),
    "offset-local-unbalanced-weakly": ("mae + 0.1 * z_loss", "proper", {}),
    "squentropy-proper": ("squentropy", "proper", {}),
    "negative-weight-so-not-proper": (
        """loss one(probability: real in [0, 1], target: bit) = -(target - probability)**2
""",
        "proper",
        {},
    ),
    "link-stays-below-one-so-not-canonical": (
        "loss sigmoidal(score: real, target: sign) = 1 / (1 + exp(target * score))",
        "canonical_link",
        {},
    ),
    "score-for-many-probabilities-so-not-canonical": ("hinge", "canonical_link", {}),
    "kink-for-many-probabilities-so-not-canonical": ("hinge", "canonical_link", {}),
    "link-does-not-rise-so-not-canonical": (
        "loss sigmoidal(score: real, target: sign) = 1 / (1 + exp(target * score))",
        "canonical_link",
        {},
    ),
    "link-stays-below-one-so-not-recoverable": (
        "loss sigmoidal(score: real, target: sign) = 1 / (1 + exp(target * score))",
        "recoverable",
        {},
    ),
    "wrong-scores-at-infinity-are-best-for-pairs": (
        """loss one(score: real, target: sign) = 1 / (1 + exp(-m))
where
    m = target * score
""",
        "auc_consistent",
        {},
    ),
    "local-shape-not-convex-rising": (
        """loss one(logits: real[class], target: class) = p
where
    p = softmax(logits)[target]
""",
        "convex(logits)",
        {},
    ),
    "slope-falls-so-not-strongly-convex": (
        """loss one(x: real) = x**2 - abs(x)
""",
        "strongly_convex(x)",
        {},
    ),
    "jump-so-not-lipschitz": (
        """loss one(x: real) = 1 if x > 0 else 0
""",
        "lipschitz(x)",
        {},
    ),
    "jump-so-not-lipschitz-on-a-line": (
        """loss one(x: real) = 1 if x > 0 else 0
""",
        "lipschitz(x)",
        {},
    ),
    "jump-so-not-smooth": (
        """loss one(x: real) = 1 if x > 0 else 0
""",
        "smooth(x)",
        {},
    ),
    "jump-so-not-differentiable": (
        """loss one(x: real) = 1 if x > 0 else 0
""",
        "differentiable(x)",
        {},
    ),
    "vertical-so-not-differentiable": (
        """loss one(x: real) = sqrt(abs(x))
""",
        "differentiable(x)",
        {},
    ),
    "jump-so-not-differentiable-on-a-line": (
        """loss one(x: real) = 1 if x > 0 else 0
""",
        "differentiable(x)",
        {},
    ),
    "derivative-1-jumps": (
        """loss one(x: real) = abs(x)
""",
        "self_concordant(x)",
        {},
    ),
    "derivative-2-jumps": ("huber", "self_concordant(prediction)", {}),
    "third-derivative-without-second": (
        """loss one(x: real) = x**3
""",
        "self_concordant(x)",
        {},
    ),
    "third-derivative-outgrows-second": (
        """loss one(x: real) = exp(x**2)
""",
        "self_concordant(x)",
        {},
    ),
    "worst-pair-unbounded": ("crammer_singer", "bounded", {}),
    "apart-unbounded": ("crammer_singer", "bounded", {}),
    "outgrows-a-line-for-a-summand": ("mae + crammer_singer", "bounded", {}),
    "tends-to-infinity-on-a-line-for-a-summand": ("mae + crammer_singer", "bounded", {}),
    "outgrows-a-line": ("crammer_singer", "bounded", {}),
    "local-shape-unbounded-below": (
        """loss one(logits: real[class], target: class) = log(p)
where
    p = softmax(logits)[target]
""",
        "bounded_below",
        {},
    ),
    "local-shape-negative": (
        """loss one(logits: real[class], target: class) = -p
where
    p = softmax(logits)[target]
""",
        "nonnegative",
        {},
    ),
    "rises-with-the-margin": (
        """loss one(score: real, target: sign) = m
where
    m = target * score
""",
        "monotone",
        {},
    ),
    "rises-and-falls": (
        """loss one(x: real) = x**2
""",
        "monotone",
        {},
    ),
    "a-requirement-fails": (
        """loss one(x: real) = log(x)
""",
        "well_defined",
        {},
    ),
    "an offset changes the loss-for-a-summand": (
        "ce + 0.1 * z_loss",
        "shift_invariant(logits)",
        {},
    ),
    "a factor changes the loss-for-a-summand": (
        """loss one(u: real[dim], v: real[dim]) = sum(u[j] * v[j] for j in dim) + 3
""",
        "scale_invariant(u)",
        {},
    ),
    "the origin matters": (
        """loss one(u: real[dim], v: real[dim]) = sum(u[j] * v[j] for j in dim)
""",
        "translation_invariant",
        {},
    ),
    "the origin matters-for-a-summand": (
        """loss one(u: real[dim], v: real[dim]) =
    sum((u[j] - v[j])**2 for j in dim) + sum(u[j]**2 for j in dim)
""",
        "translation_invariant",
        {},
    ),
    "swapping the inputs changes the loss": (
        """loss one(prediction: real, target: real) = exp(r)
where
    r = prediction - target
""",
        "exchange_invariant(prediction, target)",
        {},
    ),
    "renumbering the classes changes the loss": (
        "logit_adjusted(prior=[0.7, 0.3])",
        "permutation_equivariant",
        {},
    ),
    "another value": ("ce", "equals(mae)", {}),
    "elicits-ambiguous": (
        """loss one(prediction: real, target: real) = max(0, abs(r) - 1)
where
    r = prediction - target
""",
        "elicits(median)",
        {},
    ),
    "error-pays": (
        """loss one(prediction: real, target: real) = sin(r)
where
    r = prediction - target
""",
        "error_monotone",
        {},
    ),
    "not-zero-at-equality": (
        """loss one(prediction: real, target: real) = r**2 + 1
where
    r = prediction - target
""",
        "zero_at_equality",
        {},
    ),
    "not-bregman-divergence": (
        """loss one(prediction: simplex[class], target: simplex[class]) =
    sum(abs(prediction[k] - target[k]) for k in class)
""",
        "bregman",
        {},
    ),
    "not-bregman-entrywise": (
        """    loss entrywise(prediction: real[dim], target: real[dim]) =
    sum(abs(prediction[j] - target[j]) for j in dim)
""",
        "bregman",
        {},
    ),
    "no-divergence-at-1": (
        """loss one(prediction: simplex[class], target: simplex[class]) =
    sum(prediction[k]**2 / target[k] for k in class)
""",
        "f_divergence",
        {},
    ),
    "not-jointly-convex-divergence": (
        """loss one(prediction: simplex[class], target: simplex[class]) =
    -sum((prediction[k] - target[k])**2 / target[k] for k in class)
""",
        "jointly_convex(prediction, target)",
        {},
    ),
    "not-jointly-convex": (
        """loss one(prediction: real, target: real) = prediction * target
where
    r = prediction - target
""",
        "jointly_convex(prediction, target)",
        {},
    ),
    "local-disorder-edge": (
        "loss one(logits: real[class], target: class) = (1 - softmax(logits)[target])**2\n",
        "order_preserving",
        {"K": "4"},
    ),
    "score-active-passive-four": ("nce_mae", "order_preserving", {"K": "4"}),
    "no-weight-so-not-strictly-proper": (
        """loss one(probability: real in [0, 1], target: bit) =
    max(0, (target - probability)**2 - 1)
""",
        "strictly_proper",
        {},
    ),
    "curvature-not-positive-on-a-line": ("crammer_singer", "strongly_convex(logits)", {}),
    "curvature-vanishes-on-a-line": ("crammer_singer", "strongly_convex(logits)", {}),
    "one-vs-all-not-lipschitz": (
        """loss one(logits: real[class], target: class) =
    exp(-logits[target]) + sum(exp(logits[k]) for k in class if k != target)
where
    p = softmax(logits)[target]
""",
        "lipschitz(logits)",
        {},
    ),
    "jump-so-not-lipschitz-on-a-line-for-a-summand": (
        """loss one(u: real[dim], v: real[dim]) = u[0] + (1 if sum(u) > 0 else 0)
""",
        "lipschitz(u)",
        {},
    ),
    "one-vs-all-not-smooth": (
        """loss one(logits: real[class], target: class) =
    exp(-logits[target]) + sum(exp(logits[k]) for k in class if k != target)
where
    p = softmax(logits)[target]
""",
        "smooth(logits)",
        {},
    ),
    "kink-so-not-smooth-on-a-line": ("crammer_singer", "smooth(logits)", {}),
    "curvature-unbounded-on-a-line": (
        """loss one(u: real[dim], v: real[dim]) = sum(u[j]**4 for j in dim)
""",
        "smooth(u)",
        {},
    ),
    "kink-so-not-differentiable-on-a-line-for-a-summand": (
        "mae + crammer_singer",
        "differentiable(logits)",
        {},
    ),
    "jump-so-not-differentiable-on-a-line-for-a-summand": (
        """loss one(u: real[dim], v: real[dim]) = sum(u) + (1 if sum(u) > 0 else 0)
""",
        "differentiable(u)",
        {},
    ),
    "apart-unbounded-below": (
        """loss one(logits: real[class], target: class) =
    -logits[target] + sum(exp(logits[k]) for k in class if k != target)
where
    p = softmax(logits)[target]
""",
        "bounded_below",
        {},
    ),
    "renumbering the classes changes the loss-for-a-summand": (
        "mae + logit_adjusted(prior=[0.7, 0.3])",
        "permutation_equivariant",
        {},
    ),
    "repeating the batch changes the loss": ("nt_xent", "replication_invariant", {}),
    "elicits-no-quantile": ("huber", "elicits(quantile)", {}),
    "elicits-no-expectile": ("quantile", "elicits(expectile)", {}),
    "no-likelihood": ("mse", "likelihood(normal)", {}),
    "slope-unbounded-on-a-line-for-a-summand": ("ce + 0.1 * z_loss", "lipschitz(logits)", {}),
    "not increasing": ("loss one(x: real) = -x\n", "increasing(x)", {}),
    "not decreasing": ("loss one(x: real) = exp(x)\n", "decreasing(x)", {}),
    "grows-without-bound": ("mse", "saturates(prediction)", {}),
    "another-limit-on-each-side": ("loss one(x: real) = sigmoid(x)\n", "saturates(x)", {}),
    "not-mean-and-variance": (
        "loss one(prediction: real, target: real, spread: real > 0) =\n"
        "    log(spread) + 2 * (prediction - target)**2 / spread\n",
        "elicits_variance",
        {},
    ),
    "the order of the examples changes the loss": (
        "loss one(u: real) = sum(cumsum(u, axis=batch), axis=batch)\n",
        "batch_permutation_invariant",
        {},
    ),
}

ELSEWHERE = frozenset({"apart-negative", "renaming the labels changes the loss"})
"""Seen at work in the tests of their properties, with losses that would be long here."""
