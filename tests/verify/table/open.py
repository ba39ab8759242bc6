"""The statements that the verifier leaves undecided, by row and property, with the reason it gives.

A row that is here and is decided at once is a failure too, so the list stays true.
"""

from __future__ import annotations

OPEN: dict[str, str] = {
    "margin-144-auc_consistent": "wrong-scores-at-infinity-are-best-for-pairs: it is not so that",
    "more-088-exponential_tail": "flat-tail: it is not so that phi does not fall in the end",
    "more-106-excess_risk": "slope-condition-excess-risk: cannot show that the minimiser lies in",
    "more-136-exponential_tail": "no theorem speaks of this loss",
    "more-179-bounded_below": "local-shape-bounded-below: it is not so that f is bounded below",
    "more-183-order_preserving": "local-order-bending: it is not so that the function rises",
    "more-368-calibrated": "tilted-calibrated: it is not so that a common offset does not change",
    "more-508-bounded": "no theorem speaks of this loss",
    "multi-049-nonnegative": "nonnegative-by-composition: cannot show that sparsemax is never neg",
    "multi-068-order_preserving": "no theorem speaks of this loss",
    "reg-089-calibrated": "the threshold has no closed form",
    "multi-049-convex(logits)": "convex-by-composition: cannot show that sparsemax is convex",
    "more-134-lipschitz(score)": "no bound on the slope for all gamma at once",
    "more-135-proper_composite": "cannot show that the inverse link rises",
    "more-256-order_preserving": "the time was over",
    "more-477-convex(prediction)": "holds when alpha >= 2; the time was over",
}

LOOSE: dict[str, str] = {}
"""Statements decided as they should be, with a value that is a bound and not the best one."""

MEANINGLESS: dict[str, str] = {
    "reg-134-order_preserving": "order_preserving is not asked of a loss",
}
"""Statements that the verifier takes for meaningless for their kind of loss."""
