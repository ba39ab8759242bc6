"""Equations that SymPy solves, and those that it would not come to an end with."""

from __future__ import annotations

import pytest
import sympy

from losslang.verify.solving import solve

X = sympy.Symbol("x", real=True)


def test_a_function_with_small_numbers_is_solved():
    assert solve(sympy.exp(X) - X - 1, X) == [0]


def test_a_polynomial_may_have_any_numbers():
    assert solve(X * 10**9 - 5 * 10**9, X) == [5]


def test_large_numbers_beside_a_function_are_not_tried():
    equation = -424950728 * X + 455590371 * sympy.exp((X + 1) / 3) - 819261813
    with pytest.raises(NotImplementedError):
        solve(equation, X)
