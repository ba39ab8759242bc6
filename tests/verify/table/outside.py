"""What the table states that no property of one loss says, and why."""

from __future__ import annotations

OUTSIDE = {
    "local-006": "calibrated for distributions without zeros only; `calibrated` means all of them",
    "local-052": "compares the largest probability with the best prediction, known by trial only",
    "margin-108": "speaks of all losses that are convex and symmetric, not of one",
    "multi-030": "speaks of the balanced error, and `calibrated` of the error rate",
    "multi-034": "speaks of the balanced error, and `calibrated` of the error rate",
    "multi-044": "names the limits of a loss as a hyperparameter goes to zero and to infinity",
    "multi-051": "calibrated for distributions with a class above one half only",
    "reg-046": "names the limit of the minimiser as a hyperparameter goes to zero",
    "reg-074": "says how the value changes with a hyperparameter, not with an input",
    "reg-075": "names limits of a loss in a hyperparameter, one of them at minus infinity",
    "reg-122": "an inequality between two divergences",
    "reg-125": "a bound on the mutual information of what the batch is drawn from",
    "reg-132": "speaks of a function of sets",
    "reg-135": "proper among distributions on the real line, of which the loss sees one family",
}
