"""Sums, products and powers of arrays: small shapes are combined before large ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import sympy
from sympy import Add, Expr, Mul, Pow

from losslang.codegen import lifting
from losslang.codegen.plan import Array
from losslang.ir.heads import ONE, Branch, Detach, Index, Max, Size
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Truth

if TYPE_CHECKING:
    from losslang.codegen.planner import Planner

Part = TypeVar("Part")


def plan_sum(planner: Planner, e: Add) -> Array:
    """The array of a sum; a term may be subtracted."""
    parts: list[tuple[Array, bool]] = []
    for term in e.args:
        negative = term.could_extract_minus_sign()
        parts.append((planner.as_float(planner.plan(-term if negative else term)), negative))
    while len(parts) > 1:
        batch = _smallest(parts, lambda part: part[0].axes)
        parts = [part for part in parts if part not in batch]
        batch.sort(key=lambda part: part[1])
        signs = tuple("-" if negative else "+" for _, negative in batch)
        total = planner.map("add", [array for array, _ in batch], signs)
        parts.insert(0, (total, False))
    return parts[0][0]


def is_below(factor: Expr) -> bool:
    """Whether a factor of a product is divided by."""
    return isinstance(factor, Pow) and bool(factor.exp.could_extract_minus_sign())


def positive(e: Expr) -> bool:
    """Whether a number is known to be above 0, also as a float: exponentials round to 0."""
    if isinstance(e, sympy.exp):
        return False
    if isinstance(e, Apply) and e.name == "binade":
        return True
    if isinstance(e, Add):
        return any(map(positive, e.args)) and all(map(nonnegative, e.args))
    if e.is_extended_positive and not e.has(sympy.exp):
        return True
    if isinstance(e, Reduce) and e.op not in ("sum", "mean", "prod", "max", "min"):
        return e.op == "count"
    return isinstance(e, Size) or _inherits(e, positive)


def nonnegative(e: Expr) -> bool:
    """Whether a number is known not to be below 0."""
    if e.is_extended_nonnegative or isinstance(e, sympy.Abs | Truth):
        return True
    if isinstance(e, Pow) and (e.exp == sympy.Rational(1, 2) or (e.exp % 2) == 0):
        return True
    if isinstance(e, Max):
        return any(map(nonnegative, e.args))
    if isinstance(e, Reduce) and e.op in ("norm", "root_mean_square", "count"):
        return True
    if isinstance(e, Reduce) and e.op not in ("sum", "mean", "prod", "max", "min"):
        return False
    return isinstance(e, Size) or positive(e) or _inherits(e, nonnegative)


def _inherits(e: Expr, sign: Callable[[Expr], bool]) -> bool:
    """Whether a number has a sign because its parts have it."""
    if isinstance(e, Add | Mul):
        return all(map(sign, e.args))
    if isinstance(e, Branch):
        return all(map(sign, e.args[1:]))
    if isinstance(e, Detach):
        return sign(e.args[0])
    if isinstance(e, Reduce):
        return sign(e.body)
    return isinstance(e, Pow) and sign(e.base)


def plan_product(planner: Planner, e: Mul) -> Array:
    """The array of a product, its negative powers divided by."""
    number, rest = e.as_coeff_Mul()
    above: list[Array] = []
    below: list[Array] = []
    for factor in lifting.grouped(Mul.make_args(rest)):
        if is_below(factor):
            below.append(planner.plan(1 / factor))
        elif factor != ONE:
            above.append(planner.plan(factor))
    negative = number.is_negative
    size = abs(number)
    if size != 1:
        p, q = size.as_numer_denom()
        if p != 1 and q != 1:
            above.insert(0, planner.constant(size))
        elif q != 1:
            below.insert(0, planner.constant(q))
        else:
            above.insert(0, planner.constant(p))
    top = multiplied(planner, above) if above else planner.constant(ONE)
    if below:
        bottom = multiplied(planner, below)
        op = "div" if top.static or bottom.static or not _may_both_vanish(e) else "ratio"
        top = planner.map(op, [planner.as_float(top), planner.as_float(bottom)])
    return planner.map("neg", [planner.as_float(top)]) if negative else top


def _may_both_vanish(e: Mul) -> bool:
    """Whether a quotient may be 0 / 0, as far as signs tell."""
    return not all(
        positive(factor.base) for factor in e.args if isinstance(factor, Pow) and is_below(factor)
    )


def multiplied(planner: Planner, arrays: list[Array]) -> Array:
    """The product of arrays."""
    if not any(planner.dtype(a) == "float" for a in arrays) and len(arrays) > 1:
        # Truth values times numbers would have torch's default dtype.
        arrays = [planner.as_float(a) for a in arrays]
    parts = list(arrays)
    while len(parts) > 1:
        batch = _smallest(parts, lambda part: part.axes)
        parts = [part for part in parts if part not in batch]
        parts.insert(0, planner.map("mul", batch))
    return parts[0]


def plan_power(planner: Planner, e: Pow) -> Array:
    """The array of a power."""
    base, exponent = planner.as_float(planner.plan(e.base)), e.exp
    if exponent.could_extract_minus_sign() and exponent.is_number:
        return planner.map("div", [planner.constant(ONE), planner.as_float(planner.plan(1 / e))])
    if exponent == sympy.Rational(1, 2):
        return planner.map("sqrt", [planner.as_tensor(base)])
    of_any_sign = exponent.is_integer and not exponent.is_number and not e.base.is_nonnegative
    op = "integer_pow" if of_any_sign else "pow"
    return planner.map(op, [base, planner.as_float(planner.plan(exponent))])


def _smallest(parts: list[Part], axes_of: Callable[[Part], tuple[Index, ...]]) -> list[Part]:
    """The parts to combine first: those of the smallest shape, at least two."""
    ranked = sorted(parts, key=lambda part: len(axes_of(part)))
    first = axes_of(ranked[0])
    batch = [part for part in ranked if set(axes_of(part)) == set(first)]
    if len(batch) == 1:
        batch = ranked[:2]
    return [part for part in parts if part in batch]
