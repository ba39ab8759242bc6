"""Signs of numbers, as far as their form tells."""

from __future__ import annotations

from sympy import Add, Basic, Dummy, Expr

from losslang.ir.binders import substitute
from losslang.ir.heads import ONE, ZERO, At, Branch
from losslang.ir.truth import Less, LessEqual
from losslang.rewrite.squares import quadratic


def is_positive(e: Expr) -> bool:
    """Whether a real number is known to be above 0."""
    if e.is_extended_positive:
        return True
    if isinstance(e, Branch):
        test, yes, no = e.args
        return is_positive(_where(test, ONE, yes)) and is_positive(_where(test, ZERO, no))
    return isinstance(e, Add) and quadratic(e) is not None


def _where(test: Expr, truth: Expr, e: Expr) -> Expr:
    """``e`` with a number of known sign in place of the input that a test compares with 0."""
    if not isinstance(test, Less | LessEqual):
        return e
    left, right = test.args
    compared = right if left == ZERO else left if right == ZERO else None
    if not isinstance(compared, At):
        return e
    above, strict = (compared == right) == (truth == ONE), isinstance(test, Less)
    sign = ("positive" if strict else "nonnegative") if truth == ONE else "nonnegative"
    if truth != ONE and not strict:
        sign = "positive"
    size = Dummy(real=True, **{sign: True})
    known: Basic = size if above else -size
    found: Expr = substitute(e, {compared: known})
    return found
