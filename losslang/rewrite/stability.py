"""How floats compute a formula: rewrites that keep its value over the reals.

The result is still an expression of the IR, with further words of the floating-point vocabulary:
``Apply`` of ``expm1 log1p log1mexp logaddexp log_cosh times_exp nonzero reciprocal less_log1p``
``expm1_less`` and of :mod:`losslang.rewrite.squares` and :mod:`losslang.rewrite.differences`,
``Reduce`` by ``norm`` and ``root_mean_square``, and ``Ordered`` by ``log_softmax``, ``log_rest``,
``log_odds`` and ``unit``. Each rule looks at one node whose arguments are already rewritten.
"""

from __future__ import annotations

import sympy
from sympy import Add, Expr, Mul, Pow, Rational

from losslang.ir.binders import Binder
from losslang.ir.heads import ONE, ZERO, At, Branch, Min
from losslang.ir.primitives import Apply
from losslang.ir.recursion import Recursion
from losslang.ir.reduce import Ordered, Reduce
from losslang.rewrite import angles, differences, odds, products, shares, squares
from losslang.rewrite.branches import is_log_probability, safe_branches
from losslang.rewrite.engine import Rewriter, Rules
from losslang.rewrite.odds import scaled

HALF = Rational(1, 2)

OPPOSITE = {"max": "min", "min": "max"}

WORDS = squares.WORDS | frozenset(
    "expm1 log1p log1mexp logaddexp log_cosh nonzero reciprocal norm log_softmax unit"
    " log_odds log_rest times_exp less_log1p expm1_less difference bounded sine_of_acos angle"
    " cos_of_multiple ratio_of_sines product quotient one_minus_cube binade entry half_difference"
    " root_mean_square".split()
)
"""What a stabilised formula may say beyond the IR."""


class Stabiliser:
    """Rewrites formulas that share parts; each part is rewritten once.

    ``derived`` says that slopes are computed by formulas, so that values need not be written in a
    way that only keeps finite what automatic differentiation makes of them.
    """

    def __init__(self, *, derived: bool = False) -> None:
        # A step of a recursion reads probabilities of many classes, which share one logsumexp.
        self.by_odds = Rewriter(shares.RULES, (Recursion,))
        self._by_rules = Rewriter(_WITHOUT_DETOURS if derived else RULES)

    def __call__(self, expr: Expr) -> Expr:
        """``expr`` as floats should compute it."""
        return safe_branches(self._by_rules(self.by_odds(expr)))


def stabilise(expr: Expr) -> Expr:
    """``expr`` as floats should compute it."""
    return Stabiliser()(expr)


# ---------------------------------------------------------------- sums


def log_softmax(e: Expr) -> Expr | None:
    """``c z[y] - c logsumexp_k z[k]`` is ``c log_softmax(z)[y]``, the maximum taken off first."""
    for found in odds.differences(e):
        lse = found.lse
        word = Ordered("log_softmax", lse.binders, lse.guard, lse.body, found.place)
        return found.left - found.scale * word
    return None


def difference(e: Expr) -> Expr | None:
    """``z[k] - z[y] + r``: the difference of two entries of an array before anything is added."""
    reads = [a for a in e.args if isinstance(a, At)]
    for left in reads:
        for term in e.args:
            right = -term
            if isinstance(right, At) and right.tensor == left.tensor and len(e.args) > 2:
                return e - left + right + Apply("difference", left, right)
    return None


def expm1(e: Expr) -> Expr | None:
    """``c exp(u) - c`` is ``c expm1(u)``."""
    for term in e.args:
        scale, power = scaled(term, lambda f: isinstance(f, sympy.exp))
        if power is not None and -scale in e.args:
            return e - term + scale + scale * Apply("expm1", power.args[0])
    return None


def less_log1p(e: Expr) -> Expr | None:
    """``c w - c log(1 + w)``, whose parts agree to more digits the smaller ``w`` is."""
    for term in e.args:
        scale, log = scaled(term, lambda f: isinstance(f, Apply) and f.name == "log1p")
        if log is not None and -scale * log.operands[0] in e.args:
            return e - term + scale * log.operands[0] - scale * Apply("less_log1p", *log.operands)
    return None


def expm1_less(e: Expr) -> Expr | None:
    """``c expm1(w) - c w``, whose parts agree to more digits the smaller ``w`` is."""
    for term in e.args:
        scale, power = scaled(term, lambda f: isinstance(f, Apply) and f.name == "expm1")
        if power is not None and -scale * power.operands[0] in e.args:
            rest = e - term + scale * power.operands[0]
            return rest + scale * Apply("expm1_less", *power.operands)
    return None


def sqrt_minus_one(e: Expr) -> Expr | None:
    """``sqrt(1 + w) - 1`` is ``w / (sqrt(1 + w) + 1)``: no cancellation for small ``w``."""
    for term in e.args:
        scale, root = scaled(term, lambda f: isinstance(f, Pow) and f.exp == HALF)
        if root is not None and -scale in e.args and ONE in Add.make_args(root.base):
            return e - term + scale + scale * (root.base - 1) / (root + 1)
    return None


def one_minus_cube(e: Expr) -> Expr | None:
    """``1 - (1 - w)**3`` is ``w (3 - 3 w + w**2)``: no cancellation for small ``w``."""
    for term in e.args:
        scale, cube = scaled(term, lambda f: isinstance(f, Pow) and f.exp == 3)
        if cube is not None and -scale in e.args and ONE in Add.make_args(cube.base):
            return e - term + scale - scale * Apply("one_minus_cube", 1 - cube.base)
    return None


# ---------------------------------------------------------------- logarithms


def log_of_sum(e: Expr) -> Expr | None:
    """``log`` of ``1 + exp``, ``1 - exp``, ``1 + x`` and of sums of exponentials."""
    inside = e.args[0]
    if isinstance(inside, Add):
        powers = [odds.log_of_term(term) for term in inside.args]
        if all(p is not None for p in powers):
            return _logaddexp([p for p in powers if p is not None])
        if inside.args[0] == ONE:
            return Apply("log1p", inside - 1)
    if (
        inside.could_extract_minus_sign()
        and isinstance(-inside, Apply)
        and (-inside).name == "expm1"
    ):
        return Apply("log1mexp", (-inside).operands[0])
    if isinstance(inside, sympy.cosh):
        return Apply("log_cosh", inside.args[0])
    return None


def log_rest(e: Expr) -> Expr | None:
    """``log(1 - softmax(z)[k])`` by the other places, and of the largest or least such share."""
    if not (isinstance(e, Apply) and e.name == "log1mexp"):
        return None
    (share,) = e.operands
    if isinstance(share, Reduce) and share.op in OPPOSITE:
        rest = log_rest(Apply("log1mexp", share.body))
        if rest is not None:
            return Reduce(OPPOSITE[share.op], share.binders, share.guard, rest)
    if isinstance(share, Ordered) and share.op == "log_softmax":
        return Ordered("log_rest", share.binders, share.guard, share.body, share.at)
    return None


def softplus_of_gap(e: Expr) -> Expr | None:
    """``c log(exp(x) + exp(y)) - c x`` is ``c softplus(y - x)``."""
    for term in e.args:
        scale, total = scaled(term, lambda f: isinstance(f, Apply) and f.name == "logaddexp")
        rest = e - term
        for x, y in () if total is None else (total.operands, total.operands[::-1]):
            left = rest + scale * x
            if odds.is_shorter(left, rest):
                return left + scale * Apply("softplus", y - x)
    return None


def _logaddexp(powers: list[Expr]) -> Expr:
    if len(powers) == 2 and ZERO in powers:
        return Apply("softplus", powers[0] + powers[1])
    total = powers[0]
    for power in powers[1:]:
        total = Apply("logaddexp", total, power)
    return total


# ---------------------------------------------------------------- powers


def norm(e: Expr) -> Expr | None:
    """``sqrt`` of a sum of squares is a norm, its gradient 0 at 0; its reciprocal is 0 there."""
    if not isinstance(e.exp, Rational) or not isinstance(e.base, Reduce):
        return None
    total = e.base
    if e.exp.q != 2 and not (e.exp.q == 1 and e.exp < -1):
        return None
    side = _side(total.body)
    if total.op not in ("sum", "mean") or side is None:
        return None
    length = Binder.__new__(Reduce, "norm", total.binders, total.guard, side)
    if total.op == "mean":
        length = length / sympy.sqrt(Reduce("count", total.binders, total.guard, ONE))
    if e.exp > 0:
        return length ** (2 * e.exp)
    return Apply("reciprocal", length) ** (-2 * e.exp)


def _side(square: Expr) -> Expr | None:
    """A ``w`` with ``w**2 == square``, for a product or quotient of squares."""
    powers = [factor.as_base_exp() for factor in Mul.make_args(square)]
    if any(exponent not in (2, -2) for _, exponent in powers):
        return None
    return Mul(*(base ** (exponent / 2) for base, exponent in powers))


def rounded_to_zero(e: Expr) -> Expr | None:
    """A power of ``1 - p``, which rounds to 0 long before its slope there would be infinite."""
    whole = e.exp.is_Integer and e.exp > 0
    inside = -e.base
    if whole or not (isinstance(inside, Apply) and inside.name == "expm1"):
        return None
    return Apply("nonzero", e.base) ** e.exp if is_log_probability(inside) else None


def power_of_logistic(e: Expr) -> Expr | None:
    """``sigmoid(u)**g`` is ``exp(-g softplus(-u))``, whose slope is finite where it rounds to 0."""
    whole = e.exp.is_Integer and e.exp > 0
    if whole or not (isinstance(e.base, Apply) and e.base.name == "sigmoid"):
        return None
    return sympy.exp(-e.exp * Apply("softplus", -e.base.operands[0]))


# ---------------------------------------------------------------- exponentials


def sum_of_probabilities(e: Expr) -> Expr | None:
    """A sum or mean of probabilities is safe as it stands; no logarithm is needed."""
    total = e.args[0]
    if not isinstance(total, Reduce) or total.op not in ("logsumexp", "logmeanexp"):
        return None
    body = total.body
    if not (isinstance(body, Ordered) and body.op == "log_softmax"):
        return None
    op = "sum" if total.op == "logsumexp" else "mean"
    return Binder.__new__(Reduce, op, total.binders, total.guard, sympy.exp(body))


RULES: Rules = {
    Add: (
        log_softmax,
        difference,
        expm1,
        less_log1p,
        expm1_less,
        odds.one_minus_sigmoid,
        squares.root_of_square,
        softplus_of_gap,
        sqrt_minus_one,
        one_minus_cube,
    ),
    sympy.log: (
        differences.log_of_difference,
        squares.log_of_square,
        squares.log_of_lengths,
        squares.log_of_quadratic,
        odds.log_of_sigmoid,
        odds.log_of_branch,
        log_of_sum,
    ),
    sympy.exp: (sum_of_probabilities, differences.exp_of_difference),
    Pow: (
        differences.root_mean_square,
        squares.root_of_squares,
        squares.root_of_product,
        norm,
        angles.sine_of_acos,
        odds.logistic,
        rounded_to_zero,
        power_of_logistic,
        products.power_of_softplus,
    ),
    sympy.cos: (angles.cos_of_multiple,),
    Branch: (differences.tilted_difference,),
    Min: (products.clipped,),
    Reduce: (odds.log_odds,),
    Apply: (log_rest,),
    Mul: (
        squares.projection,
        squares.square_of_quotient,
        squares.share_of_squares,
        products.unit,
        products.cancelled,
        products.flat,
        products.slope_of_power_of_softplus,
        products.log_of_share,
        products.damped,
        products.over_square,
        products.exp_of_logistic,
        products.sinh_over_cosh,
        angles.ratio_of_sines,
        squares.share_of_square,
        differences.share_of_sizes,
        differences.tilted_square,
        differences.square_of_difference_over,
        squares.square_over,
        squares.over_quadratic,
        products.times_exponential,
        products.scaled_exponential,
    ),
}

_DETOURS = (power_of_logistic, products.flat, angles.cos_of_multiple, *differences.RULES)

_WITHOUT_DETOURS: Rules = {
    head: tuple(rule for rule in rules if rule not in _DETOURS) for head, rules in RULES.items()
}
