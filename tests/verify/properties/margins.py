"""Margin losses that the tests speak of, as programs."""

from __future__ import annotations

FORMULAS = {
    "logistic": "log(1 + exp(-m))",
    "exponential": "exp(-m)",
    "hinge": "max(0, 1 - m)",
    "squared hinge": "max(0, 1 - m)**2",
    "smoothed hinge": "1 / 2 - m if m <= 0 else (1 - m)**2 / 2 if m < 1 else 0",
    "modified Huber": "max(0, 1 - m)**2 if m >= -1 else -4 * m",
    "square": "(1 - m)**2",
    "unhinged": "1 - m",
    "absolute": "abs(1 - m)",
    "perceptron": "max(0, -m)",
    "hinge and perceptron": "max(0, 1 - m) + max(0, -m)",
    "DWD": "1 - m if m <= 1 / 2 else 1 / (4 * m)",
    "ramp": "min(2, max(0, 1 - m))",
    "ramp from 0": "min(1, max(0, 1 - m))",
    "ramp from 1/2": "min(1 / 2, max(0, 1 - m))",
    "sigmoid": "1 / (1 + exp(m))",
    "Savage": "1 / (1 + exp(2 * m))**2",
    "tangent": "(2 * atan(m) - 1)**2",
    "rising": "exp(m)",
    "trap": "1 / (1 + exp(m)) - (3/2) * exp(-(m + 4)**2)",
}


def margin(formula: str, hyperparameters: str = "") -> str:
    """A program for a formula of the margin m."""
    more = f", *, {hyperparameters}" if hyperparameters else ""
    return f"""
loss l(score: real, target: sign{more}) = {formula}
where
    m = target * score
"""


PROGRAMS = {name: margin(formula) for name, formula in FORMULAS.items()}
