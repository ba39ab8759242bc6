"""Sums, products and powers of arrays: small shapes are combined before large ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import sympy
from sympy import Add, Mul, Pow

from losslang.codegen.plan import Array
from losslang.ir.heads import ONE, Index

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


def plan_product(planner: Planner, e: Mul) -> Array:
    """The array of a product, its negative powers divided by."""
    number, rest = e.as_coeff_Mul()
    above: list[Array] = []
    below: list[Array] = []
    for factor in Mul.make_args(rest):
        if isinstance(factor, Pow) and factor.exp.could_extract_minus_sign():
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
        top = planner.map(
            "div", [planner.as_float(top), planner.as_float(multiplied(planner, below))]
        )
    return planner.map("neg", [planner.as_float(top)]) if negative else top


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
    return planner.map("pow", [base, planner.as_float(planner.plan(exponent))])


def _smallest(parts: list[Part], axes_of: Callable[[Part], tuple[Index, ...]]) -> list[Part]:
    """The parts to combine first: those of the smallest shape, at least two."""
    ranked = sorted(parts, key=lambda part: len(axes_of(part)))
    first = axes_of(ranked[0])
    batch = [part for part in ranked if set(axes_of(part)) == set(first)]
    if len(batch) == 1:
        batch = ranked[:2]
    return [part for part in parts if part in batch]
