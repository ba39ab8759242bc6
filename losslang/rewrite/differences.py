"""Differences of two inputs that overflow by themselves, inside of something that does not.

In float32 the difference of 3e38 and -3e38 is infinite. Its half is not, nor its logarithm or its
share of the sum of both sizes, so these are made of the half: halving is exact, but for numbers
below twice the least normal one, which lose half of their last place. Where nothing is left of a
difference so large, it is bounded instead.

The words are ``half_difference``, ``(x - y) / 2``; ``log1p_square`` of two numbers, that of their
quotient; and the reduction ``root_mean_square``.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Abs, Add, Expr, Mul, Pow

from losslang.ir.binders import Binder
from losslang.ir.heads import ONE, At, Branch
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Reduce
from losslang.rewrite import squares


def is_difference(e: Expr) -> bool:
    """Whether an expression is one number of an example less another.

    Two places of one array are scores that are compared with one another: those that run along it
    are left to the shifts of :mod:`losslang.rewrite.odds`.
    """
    if not isinstance(e, Add) or len(e.args) != 2:
        return False
    above = [a for a in e.args if isinstance(a, At)]
    below = [-a for a in e.args if isinstance(-a, At)]
    if len(above) != 1 or len(below) != 1 or any(a.is_integer for a in (*above, *below)):
        return False
    written = all(i.is_Integer for a in (*above, *below) for i in a.indices[-1:])
    return written or above[0].tensor != below[0].tensor


def half(e: Expr) -> Expr:
    """Half of a difference: the same word, but for its sign, whichever is subtracted."""
    if e.could_extract_minus_sign():
        return -half(-e)
    (above,) = (a for a in e.args if isinstance(a, At))
    return Apply("half_difference", above, above - e)


def _size(e: Expr) -> Expr:
    """Half of a difference where its sign does not matter."""
    found = half(e)
    return found if isinstance(found, Apply) else -found


def _split(e: Expr, test: Callable[[Expr], bool]) -> tuple[Expr, Expr] | None:
    """The one factor that passes a test, and the rest of a product."""
    found = [factor for factor in Mul.make_args(e) if test(factor)]
    if len(found) != 1:
        return None
    return found[0], Mul(*(f for f in Mul.make_args(e) if f != found[0]))


# ---------------------------------------------------------------- rules


def log_of_difference(e: Expr) -> Expr | None:
    """``log(1 + (x - y)**2 / c**2)`` as ``log1p_square(h, c / 2)`` with half the difference."""
    inside = e.args[0]
    if not (isinstance(inside, Add) and inside.args[0] == ONE):
        return None
    found = _split(squares.root(inside - 1) or ONE, is_difference)
    if found is None or squares.reads(found[1]) or not found[1].is_positive:
        return None
    return Apply("log1p_square", _size(found[0]), 1 / (2 * found[1]))


def exp_of_difference(e: Expr) -> Expr | None:
    """``exp(-(x - y)**2 / c**2)`` by the bounded quotient, whose square is multiplied out.

    Where the difference overflows, the exponential is 0; and so is its slope then, which is a
    product with the quotient itself.
    """
    number, square = e.args[0].as_coeff_Mul()
    w = squares.root(square) if number.is_negative else None
    if w is None or (found := _split(w, is_difference)) is None or squares.reads(found[1]):
        return None
    bounded = Apply("bounded", w)
    return sympy.exp(number * Apply("product", bounded, bounded))


def share_of_sizes(e: Expr) -> Expr | None:
    """``abs(x - y) / (abs(x) + abs(y))``, or over ``abs(y)``: halves, multiplied in the end."""
    above = _split(e, lambda f: isinstance(f, Abs) and is_difference(f.args[0]))
    below = above and _split(above[1], lambda f: isinstance(f, Pow) and f.exp == -1)
    if not above or not below:
        return None
    total = below[0].base
    terms = Add.make_args(total)
    if not all(isinstance(term, Abs) and isinstance(term.args[0], At) for term in terms):
        return None
    size = Abs(_size(above[0].args[0]))
    if len(terms) == 1:
        return 2 * below[1] * Apply("quotient", size, total)
    return below[1] * Apply("quotient", size, Add(*(term / 2 for term in terms)))


def square_of_difference_over(e: Expr) -> Expr | None:
    """``(x - y)**2 / v`` as ``2 h (h / (v / 2))`` with half the difference."""
    found = squares.square_over(e)
    parts = found and _split(found, lambda f: isinstance(f, Apply) and f.name == "square_ratio")
    if not parts:
        return None
    base, below = parts[0].operands
    if not is_difference(base):
        return None
    return 2 * parts[1] * Apply("square_ratio", _size(base), below / 2)


def _is_weight(e: Expr) -> bool:
    """Whether a factor is made of hyperparameters alone, perhaps chosen between by inputs."""
    outcomes = e.args[1:] if isinstance(e, Branch) else (e,)
    return not any(map(squares.reads, outcomes))


def tilted_difference(e: Branch) -> Expr | None:
    """A branch between multiples of a difference: by its half, and multiples twice as large."""
    outcomes = []
    for outcome in e.args[1:]:
        parts = _split(outcome, is_difference)
        if parts is None or abs(parts[1]) == ONE or not _is_weight(parts[1]):
            return None
        outcomes.append(Mul(2, parts[1], half(parts[0])))
    return Branch(e.args[0], *outcomes)


def tilted_square(e: Expr) -> Expr | None:
    """``w (x - y)**2`` as ``(w (x - y)) (x - y)``, if branches decide on the factor ``w``."""
    weight = _split(e, lambda f: isinstance(f, Branch) and _is_weight(f))
    square = weight and _split(
        weight[1], lambda f: isinstance(f, Pow) and f.exp == 2 and is_difference(f.base)
    )
    if not weight or not square:
        return None
    base = square[0].base
    return square[1] * Apply("product", Apply("product", weight[0], base), base)


def root_mean_square(e: Expr) -> Expr | None:
    """``sqrt`` of a mean of squares: the sum of them is never formed, nor is a length."""
    total = e.base
    if e.exp != sympy.Rational(1, 2) or not isinstance(total, Reduce) or total.op != "mean":
        return None
    if not (isinstance(total.body, Pow) and total.body.exp == 2):
        return None
    base = total.body.base
    entry = 2 * _size(base) if is_difference(base) else base
    return Binder.__new__(Reduce, "root_mean_square", total.binders, total.guard, entry)


RULES = (
    log_of_difference,
    exp_of_difference,
    share_of_sizes,
    square_of_difference_over,
    tilted_difference,
    tilted_square,
    root_mean_square,
)
