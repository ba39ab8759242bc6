"""Bounds on what SymPy is asked to build, checked before it builds it.

SymPy evaluates numbers on construction (``9**9**9``) and shares subexpressions that later passes
walk as trees, so both are bounded here: a specification may come from a stranger.
"""

from __future__ import annotations

from typing import NoReturn

import sympy
from sympy import Expr

from losslang.diagnostics import fail
from losslang.ir.binders import is_undefined, tree_depth, tree_size
from losslang.source import Span

MAX_EXPONENT = 1000
MAX_BITS = 4096
MAX_TREE = 20_000
MAX_DEPTH = 100
MAX_CONSTANT = 10_000.0


def bits(number: Expr) -> int:
    """Length of a rational number's longer part; 0 for anything else."""
    if not number.is_Rational:
        return 0
    return max(int(number.p).bit_length(), int(number.q).bit_length())


def check_power(base: Expr, exponent: Expr, span: Span) -> None:
    """Refuse a power whose value, or that of a number in it, would be huge."""
    if not exponent.is_number:
        return
    size = abs(_approximate(exponent, span))
    if size > MAX_EXPONENT:
        fail(
            "exponent-too-large",
            f"the exponent is larger than {MAX_EXPONENT}",
            span,
            help="exponents of a loss are small numbers",
        )
    numbers = max((bits(n) for n in base.atoms(sympy.Rational)), default=0)
    if exponent.is_Rational and numbers * size > MAX_BITS:
        fail("number-too-large", f"this number has more than {MAX_BITS} binary digits", span)


def check_argument(argument: Expr, span: Span) -> None:
    """Refuse a constant argument of a function that grows fast."""
    if argument.is_number and abs(_approximate(argument, span)) > MAX_CONSTANT:
        fail(
            "constant-too-large",
            f"a function of a constant larger than {MAX_CONSTANT:g}",
            span,
            help="write the value of the function as a number",
        )


def check_size(body: Expr, span: Span) -> None:
    """Refuse a formula that is too large when its names are written out, or undefined outright."""
    if tree_size(body) > MAX_TREE:
        fail(
            "formula-too-large",
            f"with its names written out the formula has more than {MAX_TREE} parts",
            span,
            help="break the loss into terms, or use a reduction over an axis",
        )
    if tree_depth(body) > MAX_DEPTH:
        too_deep(span)
    if body.is_Rational and bits(body) > MAX_BITS:
        fail("number-too-large", f"this number has more than {MAX_BITS} binary digits", span)
    if is_undefined(body):
        fail("undefined-constant", "this has no value among the real numbers", span)


def too_deep(span: Span) -> NoReturn:
    """Refuse a formula that nests deeper than later passes can follow."""
    fail(
        "nesting-too-deep",
        "with its names written out the formula nests too deep",
        span,
        help="a name that is made of another, and so on, has a limit",
    )


def _approximate(number: Expr, span: Span) -> float:
    if number.is_Rational and bits(number) > MAX_BITS:
        fail("number-too-large", f"this number has more than {MAX_BITS} binary digits", span)
    try:
        return float(number.evalf(8))
    except (TypeError, OverflowError, ValueError):
        return float("inf")
