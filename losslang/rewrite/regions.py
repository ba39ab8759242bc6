"""Where each rule wins: formulas that it rewrites, with inputs at which floats gain by it.

A region is a path of inputs and an interval of its parameter. Along all of it, the rewritten
formula is no worse than the formula as written, beyond some roundings; somewhere it is clearly
better, in value or in slope. Tests measure both sides of every region in several precisions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Bound: TypeAlias = Callable[[float, float], float]
"""An end of an interval, from the step at 1 and the largest number of a floating-point format."""

Point: TypeAlias = float | list[float]


@dataclass(frozen=True)
class Region:
    """``formula`` of ``x``, or of a vector ``v`` and a label ``y`` that is 0, at ``path(t)``.

    ``t`` runs from ``low`` to ``high``.
    """

    rule: str
    formula: str
    low: Bound
    high: Bound
    path: Callable[[float], Point] = float


def number(value: float) -> Bound:
    """The same in all formats."""
    return lambda eps, largest: value


def overflow(times: float) -> Bound:
    """Times the argument at which ``exp`` overflows."""
    return lambda eps, largest: times * math.log(largest)


def rounding(times: float) -> Bound:
    """Times the argument at which ``exp(-t)`` is lost beside 1."""
    return lambda eps, largest: -times * math.log(eps)


def power(exponent: float) -> Bound:
    """A power of the largest number: squares overflow from 0.5 on, and vanish below -0.5."""
    return lambda eps, largest: float(largest**exponent)


def share(times: float, exponent: float = 1.0) -> Bound:
    """Times a power of the largest number."""
    return lambda eps, largest: times * float(largest**exponent)


def steps(count: float) -> Bound:
    """Some steps of numbers at 1."""
    return lambda eps, largest: count * eps


def minus(t: float) -> Point:
    """A negative number."""
    return -t


def below_one(t: float) -> Point:
    """A number so much below 1."""
    return 1 - t


def ahead(t: float) -> Point:
    """One score ahead of two that tie."""
    return [t, 0.0, 0.0]


def sunk(t: float) -> Point:
    """A score, and a number as small as the root of its exponential is large."""
    return [t, math.exp(-t / 2), 0.0]


def behind(t: float) -> Point:
    """One score behind two that tie."""
    return [-t, 0.0, 0.0]


def aloft(t: float) -> Point:
    """Scores close to one another and far from 0."""
    return [t, t - 1, t - 2]


def opposed(t: float) -> Point:
    """Two scores of opposite signs."""
    return [t, -t, 0.0]


def long(t: float) -> Point:
    """A vector and its length."""
    return [3 * t, -4 * t, 0.0]


def unequal(t: float) -> Point:
    """Two large numbers and 1."""
    return [3 * t, -4 * t, 1.0]


def up(t: float) -> Point:
    """The first behind two that are near each other."""
    return [0.0, t, t - 1]


def near(t: float) -> Point:
    """Two that are equal, and one near 0."""
    return [t, t, 0.3]


def second(t: float) -> Point:
    """Only the second is not 0."""
    return [0.0, t, 0.0]


def halved(t: float) -> Point:
    """A score far behind, and a power."""
    return [-t, 0.5]


def over(t: float) -> Point:
    """Two of opposite signs, and one nearly as large as their difference."""
    return [t, -t, 1.7 * t]


def below_ahead(t: float) -> Point:
    """1 and two small numbers."""
    return [1.0, t, t]


def sure(t: float) -> Point:
    """A score far ahead, and 1."""
    return [t, 1.0, 0.0]


def alike(t: float) -> Point:
    """Three equal numbers."""
    return [t, t, t]


END = share(0.51), share(0.99)
SMALL = power(-0.3), number(0.1)
HALF = rounding(0.5), rounding(2)
BELOW_ONE = steps(4), number(0.1)
TINY = power(-0.9), power(-0.6)
HUGE = power(0.51), power(0.9)
FAR = overflow(1.1), overflow(10)
ROUNDED = rounding(0.5), overflow(0.9)

OVERLAP = "relu(v[0] - v[1]) * relu(v[2] - v[1]) / ((v[0] - v[1])**2 + (v[2] - v[1])**2)"
STANDARD = "(v[0] - mean(v)) / std(v)"
ENTROPY = "sum(xlogy(softmax(v)[k], 2 * softmax(v)[k] / (softmax(v)[k] + v[k]**2)) for k in dim)"
PART = "-log((v[y]**2 + 1) / sum(v[k]**2 + 1 for k in dim))"
OVER = "(v[0] - v[1])**2 / (2 * v[2])"
TILTED = "(v[0] - v[1]) / sqrt(5) if v[0] > v[1] else (v[1] - v[0]) / sqrt(6)"
SQUARE = "(0.25 if v[0] > v[1] else 0.5) * (v[0] - v[1])**2"
SHORTER = "sum(v[k]**2 for k in dim if k != 0) / sum(v[k]**2 for k in dim)"
PROJECTED = """
log(
    sum((v[k] * sum(v[j] for j in dim) / sum(v[j]**2 for j in dim))**2 for k in dim) /
    sum((v[k] - v[2])**2 for k in dim)
)
"""
ALONG = "sum(v[k] * (v[k] - v[2]) for k in dim) / sum((v[k] - v[2])**2 for k in dim)"
LENGTHS = "log(sum(v[k]**2 for k in dim if k != 2) / sum(v[k]**2 for k in dim if k == 2))"
POWERS = "sigmoid(v[0])**(v[1] - 1) * sigmoid(v[0])"
SHARE = "exp(v[0]) / (1 + exp(logsumexp(v)))"
ABOVE = "log(1 + sum(exp(v[k] - v[y]) for k in dim if k != y))"

LEFT = "1 - v[0] / (v[0] + v[1] + v[2])"
EITHER = "1 - (sigmoid(v[0]) if v[1] > 0 else sigmoid(-v[0]))"
LENGTHENED = "sqrt(mean(v[k]**2 for k in dim) * sum(v[k]**2 for k in dim if k != 2))"
QUOTIENTS = (
    "log(sum(sum(exp(2 * v[k] + v[j]) for j in dim) / sum(exp(v[j]) for j in dim)**2 for k in dim))"
)
OPPOSITES = "log(1 / sum(exp(v[k]) + exp(-v[k]) for k in dim))"
BESIDE = "log(1 / (exp(v[0]) + sum(exp(v[k]) for k in dim if k != 0)))"
GAP = "log(exp(v[0]) + exp(v[1])) - v[0]"
CLIPPED = "min(exp(v[0]) * v[0], clamp(exp(v[0]), 0.8, 1.2) * v[0])"
RISE = "sigmoid(x) / softplus(x)**0.5"
GAIN = "exp(x) * xlogy(x**2 * exp(-x), x**2 * exp(-x))"

REGIONS = (
    # Shifts: logarithms of sums of exponentials, and what is made of them.
    Region("softplus_of_odds", "-log(softmax(v)[y])", *ROUNDED, ahead),
    Region("log_softmax", "-log(softmax(v)[0])", number(20), number(200), aloft),
    Region("log_odds", "logsumexp(v[k] - v[y] for k in dim if k != y)", number(20), number(80), up),
    Region("apart", "sum((softmax(v)[k] - (k == y))**2 for k in dim)", *HALF, ahead),
    Region("log_of_exponentials", "log(sum(exp(v[k] - v[1]) for k in dim))", *FAR, ahead),
    Region("log_of_part", PART, power(0.1), power(0.2), ahead),
    Region("log_of_part", PART, *HUGE, second),
    Region("difference", "v[0] - v[1] + v[2]", number(20), number(200), near),
    Region("log_of_share", ENTROPY, overflow(0.6), overflow(0.9), opposed),
    Region("log_of_product", "log((1 - sigmoid(v[0])) / (1 - sigmoid(v[1])))", *FAR, aloft),
    Region("log_of_product", QUOTIENTS, *FAR, ahead),
    Region("log_of_product", OPPOSITES, *FAR, ahead),
    Region("log_of_product", BESIDE, *FAR, ahead),
    Region("softplus_of_gap", GAP, *ROUNDED, ahead),
    Region("log_rest", "sum(log(1 - softmax(v)[k]) for k in dim)", *FAR, ahead),
    Region("log_rest", "log(1 - max(softmax(v)))", *HALF, ahead),
    Region("extreme_of_exponentials", "log(max(exp(v[k]) for k in dim))", *FAR, ahead),
    # Exponentials that overflow or vanish beside others that do so, too.
    Region("share_of_sum", "exp(v[0]) / sum(exp(v[k]) for k in dim)", *FAR, ahead),
    Region("share_of_sum", "exp(v[0]) / (exp(v[0]) + exp(v[1]))", *FAR, aloft),
    Region("share_of_sigmoid", "exp(x) / sigmoid(x)", *FAR, minus),
    Region("one_exponential", "exp(v[0]) * exp(-logsumexp(v))", *FAR, ahead),
    Region("xlogy_of_exponential", GAIN, *FAR),
    Region("times_exponential", "(v[1] > 0) * exp(v[0])", *FAR, ahead),
    Region("scaled_exponential", "v[1] * exp(v[0])", overflow(1.02), overflow(1.4), sunk),
    Region("clipped", CLIPPED, *FAR, ahead),
    Region("power_from_zero", "(abs(x) - x)**0.3", number(1), number(5)),
    # 1 - p, log(1 - p), log(1 + exp) and their slopes.
    Region("one_minus_sigmoid", "1 - sigmoid(x)", *ROUNDED),
    Region("one_minus_sigmoid", "1 - softmax(v)[y]", *HALF, ahead),
    Region("less_sigmoid", "v[1] - sigmoid(v[0])", *HALF, sure),
    Region("log_of_sigmoid", "log(sigmoid(x))", *FAR, minus),
    Region("log_of_sigmoids", "log(sigmoid(2 * v[0]) - sigmoid(2 * v[1]))", *FAR, aloft),
    Region("log_of_one_plus_exp", "log(1 + exp(x))", *FAR),
    Region("log_of_one_plus_exp", "log(1 + exp(x))", *ROUNDED, minus),
    Region("logistic", "1 / (1 + exp(x))", *FAR),
    Region("share_of_exponentials", SHARE, *FAR, ahead),
    Region("exp_of_logistic", "exp(x) / (1 + exp(x))", *FAR),
    Region("sinh_over_cosh", "sinh(x) / cosh(x)", *FAR),
    Region("rounded_to_zero", "(1 - softmax(v)[0])**0.5", rounding(1.1), number(45), ahead),
    Region("power_of_logistic", "sigmoid(x)**0.5", overflow(1.2), overflow(1.8), minus),
    Region("power_of_softplus", "softplus(x)**0.5", overflow(1.2), overflow(1.8), minus),
    Region("slope_of_power_of_softplus", RISE, overflow(1.2), overflow(1.8), minus),
    Region("powers_of_one_base", POWERS, overflow(1.2), overflow(1.8), halved),
    Region("log_of_sum", "log(1 + x)", *SMALL),
    Region("log_of_sum", "log(1 - exp(-x))", *SMALL),
    Region("log_of_sum", "log(cosh(x))", *FAR),
    Region("log_of_sum", ABOVE, *FAR, behind),
    # Differences of numbers that are nearly equal.
    Region("expm1", "exp(x) - 1", *SMALL),
    Region("less_log1p", "x - log(1 + x)", *SMALL),
    Region("expm1_less", "exp(x) - x - 1", *SMALL),
    Region("sqrt_minus_one", "sqrt(1 + x) - 1", *SMALL),
    Region("root_of_square", "sqrt(1 + x**2) - 1", *SMALL),
    Region("one_minus_cube", "1 - (1 - x**2)**3", *SMALL),
    Region("rest_of_share", LEFT, *SMALL, below_ahead),
    Region("branch_of_sigmoids", EITHER, *ROUNDED, behind),
    Region("log_of_branch", "log(1 + x if x >= 0 else 1 / (1 - x))", *SMALL),
    Region("cos_of_acos", "cos(acos(x) + 0.5)", *BELOW_ONE, below_one),
    Region("cos_of_multiple", "cos(3 * acos(x))", *BELOW_ONE, below_one),
    Region("sine_of_acos", "sqrt(1 - x**2)", *BELOW_ONE, below_one),
    # Squares and lengths.
    Region("log_of_square", "log(1 + x**2)", *HUGE),
    Region("log_of_quadratic", "log(2 + x + x**2)", *HUGE),
    Region("root_of_square", "sqrt(1 + x**2) - 1", *HUGE),
    Region("share_of_square", "2 * x**2 / (x**2 + 4)", *HUGE),
    Region("share_of_squares", SHORTER, *HUGE, long),
    Region("share_of_squares", SHORTER, *TINY, long),
    Region("projection", ALONG, *HUGE, long),
    Region("projection", ALONG, *TINY, long),
    Region("log_of_lengths", LENGTHS, *HUGE, unequal),
    Region("log_of_lengths", "log(mean(v[k]**2 for k in dim))", *TINY, long),
    Region("square_over", "v[0]**2 / v[1]", *HUGE, alike),
    Region("over_quadratic", "3 * x / (x**2 + 4)", *HUGE),
    Region("root_of_squares", "sqrt(v[0]**2 + v[1]**2)", *HUGE, long),
    Region("root_of_product", LENGTHENED, power(0.26), power(0.45), long),
    Region("square_of_quotient", "v[0]**2 / v[1]**2", *HUGE, alike),
    Region("norm", "norm(v)", *HUGE, long),
    Region("norm", "norm(v)", *TINY, long),
    Region("unit", "normalize(v)[0]", *HUGE, long),
    Region("unit", PROJECTED, *HUGE, long),
    Region("over_square", "v[0] / sum(abs(v[k]) for k in dim)**2", *HUGE, long),
    Region("Units", OVERLAP, *HUGE, long),
    Region("Units", OVERLAP, *TINY, long),
    Region("Units", STANDARD, power(0.995), power(1), near),
    Region("cancelled", "(v[0] * v[1] + v[0] * v[2]) / v[0]**2", *HUGE, alike),
    # Differences that overflow by themselves.
    Region("log_of_difference", "log(1 + (v[0] - v[1])**2 / 2)", *END, opposed),
    Region("exp_of_difference", "exp(-(v[0] - v[1])**2 / 2)", *END, opposed),
    Region("share_of_sizes", "abs(v[0] - v[1]) / (abs(v[0]) + abs(v[1]))", *END, opposed),
    Region("share_of_sizes", "100 * abs(v[0] - v[1]) / abs(v[1])", *END, opposed),
    Region("square_of_difference_over", OVER, share(0.51), share(0.58), over),
    Region("tilted_difference", TILTED, *END, opposed),
    Region("tilted_square", SQUARE, share(0.51, 0.5), share(0.99, 0.5), opposed),
    Region("root_mean_square", "sqrt(mean(v[k]**2 for k in dim))", *END, alike),
)

WITHOUT = {
    "ratio_of_sines": "it is for slopes by formulas, finite at 1; its own slope gains nothing",
    "damped": "it is for slopes by formulas, where a factor of the upstream gradient comes between",
    "flat": "it takes the slope, that may overflow, from what power_of_logistic makes",
    "other_shares": "what a probability leaves of 1 in one form, which other rules know",
    "exp_of_softplus": "probabilities in one form, which other rules know",
    "sum_of_probabilities": "a logarithm and an exponential less, with as many digits",
}
"""Rules that win nothing in a formula as it is composed, and what they are for."""
