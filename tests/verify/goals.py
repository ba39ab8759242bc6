"""Statements about losses that the prover has to prove, and false ones close to them."""

from __future__ import annotations

import sympy
from sympy import Rational, S, Symbol, atan, cosh, exp, log, oo, sqrt, tanh

from losslang.ir.derive import derivative
from losslang.ir.primitives import Apply
from losslang.verify.statement import LINE, NONNEGATIVE, POSITIVE, UNIT, Bounds, Region, Sign

x, u, c, eps = sympy.symbols("x u c epsilon", real=True)
p, y, t, a, b, d, k, alpha, beta, tau, r = sympy.symbols(
    "p y t a b delta q alpha beta tau r", positive=True
)
g = Symbol("gamma", nonnegative=True)
K = Symbol("K", integer=True, positive=True)


def slope(f, v, times=1):
    for _ in range(times):
        f = derivative(f, v)
    return f


def sigmoid(z):
    return Apply("sigmoid", z)


def softplus(z):
    return Apply("softplus", z)


def over(*variables):
    return Region(tuple(variables))


PROBABILITY = (p, UNIT)
REAL = (x, LINE)
MARGIN = (u, NONNEGATIVE)
GAMMA = (g, NONNEGATIVE)

PROVED: dict[str, Sign] = {}
FALSE: dict[str, Sign] = {}


def proved(name, expr, relation, *variables):
    PROVED[name] = Sign(expr, relation, over(*variables))


def false(name, expr, relation, *variables):
    FALSE[name] = Sign(expr, relation, over(*variables))


def positive(v):
    return (v, POSITIVE)


# ---------------------------------------------------------------- losses of the label's probability

poly = -log(p) + eps * (1 - p)
ldr = log(exp(c) / p + 1 - exp(c))
DECREASING = {
    "cross-entropy": (-log(p), ()),
    "focal": (-((1 - p) ** g) * log(p), (GAMMA,)),
    "gce": ((1 - p**k) / k, (positive(k),)),
    "poly": (poly, ((eps, Bounds(S(-1), low_closed=True)),)),
    "ldr": (ldr, ((c, LINE),)),
    "hellinger": (2 - 2 * sqrt(p), ()),
    "exponential": (exp(-p / a), (positive(a),)),
    "jensen-shannon": (
        (log(2) - log(1 + p) + p * log(2 * p / (1 + p)) + (1 - p) * log(2)) / 2,
        (),
    ),
    "taylor": (((a + 1) ** b - (a + p) ** b) / b, (positive(a), positive(b))),
    "alpha": (alpha / (alpha - 1) * (1 - p ** (1 - 1 / alpha)), ((alpha, Bounds(S(1))),)),
}
for name, (f, parameters) in DECREASING.items():
    proved(f"{name} falls", -slope(f, p), ">", *parameters, PROBABILITY)
false("poly falls for less than -1", -slope(poly, p), ">", (eps, Bounds(S(-2))), PROBABILITY)
proved("poly is convex", slope(poly, p, 2), ">=", (eps, LINE), (p, Bounds(S(0), S(1), False, True)))
proved("focal is convex", slope(DECREASING["focal"][0], p, 2), ">", GAMMA, PROBABILITY)


def _convexity_in_logits(f):
    return p * (1 - p) * slope(f, p, 2) + (1 - 2 * p) * slope(f, p)


proved("g of cross-entropy", _convexity_in_logits(-log(p)), ">=", PROBABILITY)
proved("g of 1/p - 1", _convexity_in_logits(1 / p - 1), ">=", PROBABILITY)
proved("g of ldr", _convexity_in_logits(ldr), ">=", (c, LINE), PROBABILITY)
small = (eps, Bounds(S(-1), S(1), True, True))
proved("g of poly", _convexity_in_logits(poly), ">=", small, PROBABILITY)
larger = (eps, Bounds(S(-1), Rational(11, 10), True, True))
false("g of poly beyond 1", _convexity_in_logits(poly), ">=", larger, PROBABILITY)
false("g of focal", _convexity_in_logits(-((1 - p) ** 2) * log(p)), ">=", PROBABILITY)
swapped = -(p**g) * log(1 - p) + (1 - p) ** g * log(p)
proved("focal orders", swapped, ">", GAMMA, (p, Bounds(Rational(1, 2), S(1))))


def _poly_focal(q, e):
    return -((1 - q) ** 2) * log(q) + e * (1 - q) ** 3


upper = (p, Bounds(Rational(1, 2), S(1)))
e159, e160 = Rational(-159, 100), Rational(-160, 100)
proved("poly-focal orders", _poly_focal(1 - p, e159) - _poly_focal(p, e159), ">", upper)
false("poly-focal at -1.6", _poly_focal(1 - p, e160) - _poly_focal(p, e160), ">", upper)

# ---------------------------------------------------------------- margin losses

MARGINS = {
    "savage": 1 / (1 + exp(x)) ** 2,
    "tangent": (2 * atan(x) - 1) ** 2,
    "sigmoid": sigmoid(-x),
    "logistic": softplus(-x),
    "exponential": exp(-x),
}
for name, phi in MARGINS.items():
    at, mirrored = (slope(phi, x).subs(x, v) for v in (u, -u))
    proved(f"{name}: D", -(at + mirrored), ">", MARGIN)
    proved(f"{name}: slopes", at - mirrored, ">=", MARGIN)
    false(f"{name}: slopes too far", at - mirrored - Rational(1, 100), ">=", MARGIN)
binary_focal = (1 - sigmoid(x)) ** g * softplus(-x)
proved(
    "focal: D",
    -(slope(binary_focal, x).subs(x, u) + slope(binary_focal, x).subs(x, -u)),
    ">",
    GAMMA,
    MARGIN,
)
proved("poly: D", 1 + 2 * eps * sigmoid(u) * sigmoid(-u), ">", (eps, Bounds(S(-2))), MARGIN)
false("poly: D below -2", 1 + 2 * eps * sigmoid(u) * sigmoid(-u), ">", (eps, Bounds(S(-3))), MARGIN)
proved("softplus is convex", slope(softplus(x), x, 2), ">=", REAL)
savage = slope(MARGINS["savage"], x)
proved("savage is 8/27-Lipschitz", Rational(8, 27) - sympy.Abs(savage), ">=", REAL)
false("savage is not 0.29-Lipschitz", Rational(29, 100) + savage, ">=", REAL)
proved("sigmoid is 1/4-Lipschitz", Rational(1, 4) - slope(sigmoid(x), x), ">=", REAL)
false("strictly", Rational(1, 4) - slope(sigmoid(x), x), ">", REAL)
logistic = softplus(-x)
for sign in (1, -1):
    curve = slope(logistic, x, 2) + sign * slope(logistic, x, 3)
    proved(f"logistic is self-concordant {sign}", curve, ">=", REAL)
scaled = slope(tau * softplus(x / tau), x, 2)
proved("a temperature divides the smoothness", 1 / (4 * tau) - scaled, ">=", positive(tau), REAL)
proved("logistic under a parabola", x**2 / 8 + x / 2 + log(2) - softplus(x), ">=", REAL)
lum = (a / ((1 + b) * r - b + a)) ** a / (1 + b)
proved("lum falls", slope(lum, r), "<", positive(a), positive(b), (r, Bounds(b / (1 + b))))

# ---------------------------------------------------------------- residuals

pseudo_huber = d**2 * (sqrt(1 + (x / d) ** 2) - 1)
barron = (2 - a) / a * (((x / d) ** 2 / (2 - a) + 1) ** (a / 2) - 1)
proved("pseudo-Huber is convex", slope(pseudo_huber, x, 2), ">", positive(d), REAL)
proved("log-cosh is convex", slope(log(cosh(x)), x, 2), ">", REAL)
proved("log-cosh is 1-Lipschitz", 1 - tanh(x), ">", REAL)
proved("log-cosh is 1-smooth", 1 - slope(tanh(x), x), ">=", REAL)
proved("a root is below", 1 - x / sqrt(1 + x**2), ">", REAL)
proved("a root is above", 1 + x / sqrt(1 + x**2), ">", REAL)
proved("charbonnier is convex", slope(sqrt(1 + x**2), x, 2), ">", REAL)
convex = (a, Bounds(S(1), S(2), True, False))
proved("barron is convex", slope(barron, x, 2), ">=", convex, positive(d), REAL)
wild = (a, Bounds(Rational(1, 2), S(2), True, False))
false("barron is not for a < 1", slope(barron, x, 2), ">=", wild, positive(d), REAL)
cauchy = slope(log(1 + x**2 / d**2), x)
proved("cauchy is Lipschitz", 1 / d - cauchy, ">=", positive(d), REAL)
proved("cauchy, a root as bound", sqrt(2) / 2 - x / (1 + x**2 / 2), ">=", REAL)
false("cauchy, less", Rational(7, 10) - x / (1 + x**2 / 2), ">=", REAL)
geman = slope(x**2 / (1 + x**2), x)
proved("geman-mcclure is Lipschitz", 3 * sqrt(3) / 8 - geman, ">=", REAL)
proved("welsch is Lipschitz", exp(Rational(-1, 2)) - x * exp(-(x**2) / 2), ">=", REAL)
false("cauchy is not convex", slope(log(1 + x**2 / d), x, 2), ">=", positive(d), REAL)
inside = (x, Bounds(-sqrt(d), sqrt(d)))
proved("cauchy is convex inside", slope(log(1 + x**2 / d), x, 2), ">=", positive(d), inside)
proved(
    "pinball, smoothed",
    slope(tau * x + a * softplus(-x / a), x, 2),
    ">",
    *map(positive, (tau, a)),
    REAL,
)
proved("a quadratic form", d * x**2 + 2 * d * x + d + 1, ">", positive(d), REAL)
proved("a square", d * x**2 - 2 * x + 1 / d, ">=", positive(d), REAL)
proved("inside a threshold", d - x, ">", positive(d), (x, Bounds(S(0), d)))
proved("squares inside a threshold", d**2 - x**2, ">", positive(d), (x, Bounds(S(0), d)))

prediction, target = sympy.symbols("prediction target", real=True)
error = pseudo_huber.subs(x, prediction - target)
both = ((target, LINE), (prediction, LINE))
proved("pseudo-Huber of a difference", slope(error, prediction, 2), ">=", positive(d), *both)
proved("and its slope", d - slope(error, prediction), ">=", positive(d), *both)
gce_slope = -7 * p ** Rational(7, 10) * (1 - p) ** 2 / 5 - p ** Rational(7, 10) / 2
proved("roots of a probability", gce_slope + Rational(152121351, 287520596), ">=", PROBABILITY)
false("roots, a little less", gce_slope + Rational(483, 913), ">=", PROBABILITY)
constant = Rational(13, 192) + 55 * sqrt(33) / 576
savage_bend = 8 * exp(2 * x) / (exp(2 * x) + 1) ** 3 - 24 * exp(4 * x) / (exp(2 * x) + 1) ** 4
proved("savage is smooth, its constant a root", constant + savage_bend, ">=", REAL)
false("savage, a little less", constant - Rational(1, 10**6) + savage_bend, ">=", REAL)
tail = 4 * exp(-x) + 4 * exp(6 * x) / (exp(2 * x) + 1) ** 3 - 4
proved("a tail from 1 on", tail, ">=", (x, Bounds(S(1))))
false("far away", (50 - x) / ((50 - x) ** 2 / 2 + 1), ">", REAL)

# ---------------------------------------------------------------- double zeros, several variables

proved("exp above its tangent", exp(x) - 1 - x, ">=", REAL)
false("exp strictly above", exp(x) - 1 - x, ">", REAL)
false("exp above more", exp(x) - Rational(101, 100) - x, ">=", REAL)
proved("welsch", 1 - (1 + x**2) * exp(-(x**2)), ">=", REAL)
false("welsch, twice", 1 - (1 + 2 * x**2) * exp(-(x**2)), ">=", REAL)
proved("log below its tangent", t - 1 - log(t), ">=", positive(t))
proved("log above a quotient", log(1 + t) - 2 * t / (2 + t), ">", positive(t))
proved("cosh below a gaussian", exp(x**2 / 2) - cosh(x), ">=", REAL)
proved("generalised KL", t * log(t / y) - t + y, ">=", positive(y), positive(t))
false(
    "generalised KL, less",
    t * log(t / y) - t + y - Rational(1, 100),
    ">=",
    positive(y),
    positive(t),
)
proved("Itakura-Saito", t / y - log(t / y) - 1, ">=", positive(y), positive(t))
beta_divergence = (t**beta + (beta - 1) * y**beta - beta * t * y ** (beta - 1)) / (
    beta * (beta - 1)
)
proved("beta divergence", beta_divergence, ">=", (beta, Bounds(S(1))), positive(y), positive(t))
proved("Poisson", exp(x) - t * x - t + t * log(t), ">=", positive(t), REAL)
binary_kl = p * log(p / y) + (1 - p) * log((1 - p) / (1 - y))
proved("KL of coins", binary_kl, ">=", (y, UNIT), PROBABILITY)
proved("Pinsker", binary_kl - 2 * (p - y) ** 2, ">=", (y, UNIT), PROBABILITY)
false("more than Pinsker", binary_kl - 3 * (p - y) ** 2, ">=", (y, UNIT), PROBABILITY)
entropy = p * log(p) + (1 - p) * log(1 - p)
proved("a bit", entropy + log(2), ">=", PROBABILITY)
js = t * log(t) - (1 + t) * log((1 + t) / 2)
proved("generator of Jensen-Shannon", js, ">=", positive(t))
renyi = (t**alpha - alpha * t - (1 - alpha)) / (alpha * (alpha - 1))
proved("generators of alpha divergences", renyi, ">=", (alpha, Bounds(S(1))), positive(t))
tsallis = (1 - p**alpha - (1 - p) ** alpha) / (alpha - 1)
proved("Tsallis entropy", tsallis, ">", (alpha, Bounds(S(1))), PROBABILITY)
proved("three squares", p**2 * y + p * y**2 - 3 * p * y + 1, ">=", positive(y), positive(p))
proved("dice", 1 - 2 * p * y / (p + y), ">=", (y, UNIT), PROBABILITY)
proved("classes", log(K) - log(2), ">=", (K, Bounds(S(2), oo, True)))

# ---------------------------------------------------------------- powers with free exponents

_base = 1 + x**2 / (d**2 * (2 - eps))
_bend = _base ** (eps / 2 - 1) / d**2 * (1 - x**2 / (d**2 * _base))
SHAPE = {"below two": Bounds(S.Zero, S(2)), "below zero": Bounds(-oo, S.Zero)}
for _name, _bounds in SHAPE.items():
    for _sign in (1, -1):
        _where = ((eps, _bounds), positive(d), REAL)
        proved(f"barron smooth {_name} {_sign}", 1 / d**2 + _sign * _bend, ">=", *_where)
        false(f"barron less smooth {_name} {_sign}", 1 / (2 * d**2) - _bend, ">=", *_where)
proved("bernoulli", (1 + p) ** a - 1 - a * p, ">=", (a, Bounds(S.One, oo)), positive(p))
false("bernoulli turned", (1 + p) ** a - 1 - a * p, ">=", positive(a), positive(p))
proved("power below its chord", 1 + k * p - (1 + p) ** k, ">=", (k, UNIT), positive(p))
