"""How floats compute a formula: rewrites that keep its value over the reals.

The result is still an expression of the IR, with further words of the floating-point vocabulary:
``Apply`` of ``expm1 log1p log1mexp logaddexp log_cosh nonzero reciprocal less_log1p expm1_less``
and of the words of :mod:`losslang.rewrite.squares`, ``Reduce`` by ``norm``, and ``Ordered`` by
``log_softmax``, ``log_odds`` and ``unit``. Each rule looks at one node whose arguments are already
rewritten.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Add, Basic, Dummy, Expr, Mul, Pow, Rational

from losslang.ir.binders import Binder, free_indices, substitute, walk
from losslang.ir.heads import ONE, ZERO, At, Branch, Detach, Ema, Index, Min
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Delta, Not
from losslang.rewrite import odds, squares
from losslang.rewrite.engine import Rewriter, Rules
from losslang.rewrite.odds import scaled

HALF = Rational(1, 2)

ROUNDED = sympy.Integer(64)
"""From here on a sigmoid is 1 to more digits than floats have."""

WORDS = squares.WORDS | frozenset(
    "expm1 log1p log1mexp logaddexp log_cosh nonzero reciprocal norm log_softmax unit"
    " log_odds less_log1p expm1_less difference bounded sine_of_acos product quotient"
    " one_minus_cube".split()
)
"""What a stabilised formula may say beyond the IR."""


class Stabiliser:
    """Rewrites formulas that share parts; each part is rewritten once.

    ``derived`` says that slopes are computed by formulas, so that values need not be written in a
    way that only keeps finite what automatic differentiation makes of them.
    """

    def __init__(self, *, derived: bool = False) -> None:
        self.by_odds = Rewriter(odds.RULES)
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
        scale, cube = scaled(term, lambda f: isinstance(f, Pow) and f.exp == CUBE)
        if cube is not None and -scale in e.args and ONE in Add.make_args(cube.base):
            return e - term + scale - scale * Apply("one_minus_cube", 1 - cube.base)
    return None


# ---------------------------------------------------------------- logarithms


def log_of_sum(e: Expr) -> Expr | None:
    """``log`` of ``1 + exp``, ``1 - exp``, ``1 + x`` and of sums of exponentials."""
    inside = e.args[0]
    if isinstance(inside, Add):
        powers = [_log_term(term) for term in inside.args]
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


def _log_term(term: Expr) -> Expr | None:
    """The logarithm of a positive number times an exponential."""
    number, rest = term.as_coeff_Mul()
    if not number.is_positive:
        return None
    factors = [] if rest == ONE else Mul.make_args(rest)
    if not all(isinstance(factor, sympy.exp) for factor in factors):
        return None
    return Add(sympy.log(number), *(factor.args[0] for factor in factors))


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
    if not isinstance(e.exp, Rational) or e.exp.q != 2 or not isinstance(e.base, Reduce):
        return None
    total = e.base
    squared = isinstance(total.body, Pow) and total.body.exp == 2
    if total.op not in ("sum", "mean") or not squared:
        return None
    length = Binder.__new__(Reduce, "norm", total.binders, total.guard, total.body.base)
    if total.op == "mean":
        length = length / sympy.sqrt(Reduce("count", total.binders, total.guard, ONE))
    if e.exp.p > 0:
        return length**e.exp.p
    return Apply("reciprocal", length) ** -e.exp.p


def sine_of_acos(e: Expr) -> Expr | None:
    """``sqrt(1 - x**2)``, its slope 0 at 1 and -1; its reciprocal is 0 there."""
    if not isinstance(e.exp, Rational) or e.exp.q != 2:
        return None
    square = 1 - e.base
    if not (isinstance(square, Pow) and square.exp == 2):
        return None
    sine = Apply("sine_of_acos", square.base)
    return sine**e.exp.p if e.exp.p > 0 else Apply("reciprocal", sine) ** -e.exp.p


def rounded_to_zero(e: Expr) -> Expr | None:
    """A power of ``1 - p``, which rounds to 0 long before its slope there would be infinite."""
    whole = e.exp.is_Integer and e.exp > 0
    inside = -e.base
    if whole or not (isinstance(inside, Apply) and inside.name == "expm1"):
        return None
    return Apply("nonzero", e.base) ** e.exp if _is_log_probability(inside) else None


def power_of_logistic(e: Expr) -> Expr | None:
    """``sigmoid(u)**g`` is ``exp(-g softplus(-u))``, whose slope is finite where it rounds to 0."""
    whole = e.exp.is_Integer and e.exp > 0
    if whole or not (isinstance(e.base, Apply) and e.base.name == "sigmoid"):
        return None
    return sympy.exp(-e.exp * Apply("softplus", -e.base.operands[0]))


def flat(e: Expr) -> Expr | None:
    """``softplus(u) exp(-g softplus(-u))``: the power has no slope once it is 1 to the last digit.

    Otherwise the slope of the power, which is 0, would be multiplied with what overflows.
    """
    for factor in e.args:
        if not (isinstance(factor, Apply) and factor.name == "softplus"):
            continue
        odds = factor.operands[0]
        rest = {Apply("softplus", -odds): Apply("softplus", -Min(ROUNDED, odds))}
        for power in e.args:
            bent = substitute(power, rest) if isinstance(power, sympy.exp) else power
            if bent != power:
                return Mul(bent, *(a for a in e.args if a != power))
    return None


def exp_of_logistic(e: Expr) -> Expr | None:
    """``exp(u) sigmoid(-u)`` is ``sigmoid(u)``."""
    for power in e.args:
        if isinstance(power, sympy.exp):
            mate = Apply("sigmoid", -power.args[0])
            if mate in e.args:
                rest = (a for a in e.args if a not in (power, mate))
                return Mul(*rest, Apply("sigmoid", power.args[0]))
    return None


def damped(e: Expr) -> Expr | None:
    """``softplus(u) sigmoid(-u)`` before other factors, with which the softplus could overflow."""
    for mate in e.args:
        if not (isinstance(mate, Apply) and mate.name == "sigmoid"):
            continue
        large = Apply("softplus", -mate.operands[0])
        for factor in e.args:
            rest = Mul(*(a for a in e.args if a not in (factor, mate)))
            if factor == large:
                return Apply("product", mate, large) * rest
            if isinstance(factor, Add) and any(large in Mul.make_args(t) for t in factor.args):
                return Add(*(mate * term for term in factor.args)) * rest
    return None


def over_square(e: Expr) -> Expr | None:
    """``x / s**2`` as ``(x / s) / s`` for a sum ``s``, whose square may overflow."""
    for factor in e.args:
        total, exponent = factor.as_base_exp()
        if exponent != -2 or not isinstance(total, Reduce):
            continue
        others = [a for a in e.args if a != factor]
        reading = [a for a in others if squares.reads(a) and not isinstance(a, Pow)]
        words = [a for a in reading if isinstance(a, Apply)]
        above = next(iter([*words, *reading]), ONE)
        ratio = Apply("quotient", Apply("quotient", above, total), total)
        return Mul(ratio, *(a for a in others if a != above))
    return None


def sinh_over_cosh(e: Expr) -> Expr | None:
    """``sinh(x) / cosh(x)`` is ``tanh(x)``, which cannot overflow."""
    for factor in e.args:
        below, power = factor.as_base_exp()
        if isinstance(below, sympy.cosh) and power == -1:
            above = sympy.sinh(below.args[0])
            if above in e.args:
                rest = (a for a in e.args if a not in (factor, above))
                return Mul(*rest, sympy.tanh(below.args[0]))
    return None


def unit(e: Expr) -> Expr | None:
    """``v[d] / norm(v)`` is a unit vector, computed without overflow and 0 for a zero vector."""
    for factor in e.args:
        base, times = factor.as_base_exp()
        if not (isinstance(base, Apply) and base.name == "reciprocal" and times.is_Integer):
            continue
        length = base.operands[0]
        if not (isinstance(length, Reduce) and length.op == "norm" and len(length.binders) == 1):
            continue
        for entry in e.args:
            inside, power = entry.as_base_exp()
            if not (power.is_Integer and power > 0):
                continue
            for place in odds.places(inside, length.binders[0]):
                if substitute(length.body, {length.binders[0]: place}) == inside:
                    found = Ordered("unit", length.binders, length.guard, length.body, place)
                    both = min(times, power)
                    rest = (a for a in e.args if a not in (factor, entry))
                    left = base ** (times - both) * inside ** (power - both)
                    return Mul(*rest, found**both) * left
    return None


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


def log_of_share(e: Expr) -> Expr | None:
    """``exp(w) (w - log(m))`` is ``exp(w) log(exp(w) / m)``, which is 0 where both round to 0."""
    for power in e.args:
        for total in e.args if isinstance(power, sympy.exp) else ():
            product = _times_log(power, total)
            for term in Add.make_args(total):
                for inner in Mul.make_args(term):
                    found = _times_log(power, inner)
                    if found is not None and product is None:
                        product = term / inner * found + power * (total - term)
            if product is not None:
                return Mul(product, *(a for a in e.args if a not in (power, total)))
    return None


def _times_log(power: Expr, total: Expr) -> Expr | None:
    """The product of ``exp(w)`` with a sum of ``w``, ``-log(m)`` and others."""
    w = power.args[0]
    for term in total.args if isinstance(total, Add) and w in total.args else ():
        below = _log_below(term)
        if below is not None and _is_part(power, below):
            return Apply("xlogy", power, power / below) + power * (total - w - term)
    return None


def _log_below(term: Expr) -> Expr | None:
    """``m`` of ``log(1 / m)`` or ``-log(m)``."""
    if isinstance(term, sympy.log):
        base, exponent = term.args[0].as_base_exp()
        return base if exponent == -1 else None
    return (-term).args[0] if isinstance(-term, sympy.log) else None


def _is_part(part: Expr, whole: Expr) -> bool:
    """Whether a sum has a multiple of ``part`` among its terms."""
    return any(part in Mul.make_args(term) for term in Add.make_args(whole))


def cancelled(e: Expr) -> Expr | None:
    """``(m a + m b) / m**2`` is ``(a + b) / m``, without what may be 0 over 0."""
    below = {f.base: f for f in e.args if isinstance(f, Pow) and f.exp.is_Integer and f.exp < 0}
    for total in e.args:
        if not isinstance(total, Add):
            continue
        shared = set.intersection(*({*Mul.make_args(term)} for term in total.args))
        rest = Add(*(term / Mul(*shared) for term in total.args))
        if shared & set(below) or (shared and rest in below):
            return e / total * Mul(*shared) * rest
    return None


RULES: Rules = {
    Add: (
        log_softmax,
        difference,
        expm1,
        less_log1p,
        expm1_less,
        odds.one_minus_sigmoid,
        squares.root_of_square,
        sqrt_minus_one,
        one_minus_cube,
    ),
    sympy.log: (
        squares.log_of_square,
        squares.log_of_quadratic,
        odds.log_of_sigmoid,
        odds.log_of_branch,
        log_of_sum,
    ),
    sympy.exp: (sum_of_probabilities,),
    Pow: (norm, sine_of_acos, odds.logistic, rounded_to_zero, power_of_logistic),
    Reduce: (odds.log_odds,),
    Mul: (
        unit,
        cancelled,
        flat,
        log_of_share,
        damped,
        over_square,
        exp_of_logistic,
        sinh_over_cosh,
        squares.share_of_square,
        squares.square_over,
    ),
}

_DETOURS = (power_of_logistic, flat)

_WITHOUT_DETOURS: Rules = {
    head: tuple(rule for rule in rules if rule not in _DETOURS) for head, rules in RULES.items()
}


# ---------------------------------------------------------------- branches

CUBE = 3
"""From this power on, a number whose power overflows has a slope that does so too."""

SAFE: dict[str, Expr] = {
    "log": ONE,
    "log1p": ZERO,
    "log1mexp": -ONE,
    "exp": ZERO,
    "expm1": ZERO,
    "sinh": ZERO,
    "cosh": ZERO,
    "asin": ZERO,
    "acos": ZERO,
    "atanh": ZERO,
    "acosh": sympy.Integer(2),
    "lgamma": ONE,
    "digamma": ONE,
    "trigamma": ONE,
    "xlogy": ONE,
    "one_minus_cube": ZERO,
}
"""A harmless argument of each function that is singular or overflows somewhere."""


def safe_branches(expr: Expr) -> Expr:
    """Give singular functions in a branch or under a guard a harmless argument where not taken.

    Selecting afterwards is not enough: the gradient of the part left out would be 0 times infinity.
    """
    memo: dict[Basic, Basic] = {}

    def visit(e: Basic) -> Basic:
        if not e.args or not isinstance(e, Expr):
            return e
        if e not in memo:
            memo[e] = rebuild(e)
        return memo[e]

    def rebuild(e: Expr) -> Expr:
        if isinstance(e, Branch):
            test, yes, no = (visit(a) for a in e.args)
            return Branch(test, protected(yes, test), protected(no, Not(test)))
        if isinstance(e, Binder):
            guard, body = visit(e.guard), visit(e.body)
            rest = tuple(visit(a) for a in e.rest)
            if isinstance(guard, Not) and isinstance(guard.args[0], Delta):
                body = _protected_at(body, guard, e.binders)
            elif e.guard != ONE:
                body = protected(body, guard)
            same = (guard, body, rest) == (e.guard, e.body, e.rest)
            return e if same else Binder.__new__(type(e), e.op, e.binders, guard, body, *rest)
        args = [visit(a) for a in e.args]
        return e.func(*args) if tuple(args) != e.args else e

    return visit(expr)


def protected(expr: Expr, test: Expr) -> Expr:
    """``expr``, computed from harmless arguments where ``test`` is 0."""
    if not expr.args or isinstance(expr, At | Index | Ema):
        return expr
    # What is computed once for all places of the test is not worth an array of their shape.
    if isinstance(expr, Binder | Detach) and not free_indices(test) <= free_indices(expr):
        return expr
    if isinstance(expr, Binder):
        return _protected_inside(expr, test)
    if isinstance(expr, Branch):
        decided, yes, no = expr.args
        return Branch(decided, protected(yes, test), protected(no, test))
    args = [protected(a, test) if isinstance(a, Expr) else a for a in expr.args]
    if isinstance(expr, Pow) and not (expr.exp.is_Integer and 0 < expr.exp < CUBE):
        return Pow(_where(test, args[0], ONE), args[1])
    name = expr.name if isinstance(expr, Apply) else type(expr).__name__
    if name in SAFE and not (name in ("exp", "expm1") and _is_log_probability(expr)):
        first = 1 if isinstance(expr, Apply) else 0
        args[first:] = [_where(test, a, SAFE[name]) for a in args[first:]]
    return expr.func(*args) if tuple(args) != expr.args else expr


def _protected_at(expr: Expr, test: Expr, binders: Sequence[Index]) -> Expr:
    """``expr`` with harmless arguments at the places left out; what all places share is needed."""
    shared = [part for part in walk(expr) if part.args and free_indices(part).isdisjoint(binders)]
    kept = {part: Dummy(real=True) for part in shared if squares.reads(part)}
    hidden = substitute(expr, kept)
    found: Expr = substitute(protected(hidden, test), {d: part for part, d in kept.items()})
    return found


def _protected_inside(expr: Binder, test: Expr) -> Expr:
    """A comprehension over harmless arguments."""
    indices, guard, body = expr.open()
    inside = protected(body, test)
    if inside == body:
        return expr
    return Binder.__new__(type(expr), expr.op, indices, guard, inside, *expr.rest)


def _where(test: Expr, argument: Expr, safe: Expr) -> Expr:
    """The argument where it is wanted; a number that the test does not concern is always fine."""
    if isinstance(argument, At) and argument.is_extended_positive and safe.is_positive:
        return argument
    concerned = squares.reads(argument) or (not squares.reads(test) and not argument.is_number)
    return Branch(test, argument, safe) if concerned else argument


def _is_log_probability(expr: Expr) -> bool:
    inside = expr.args[-1]
    return isinstance(inside, Ordered) and inside.op == "log_softmax"
