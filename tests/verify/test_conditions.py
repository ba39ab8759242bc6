"""Conditions say exactly where a tree of halves holds, in the language's own words."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, S, oo

from losslang.verify.conditions import condition
from losslang.verify.decide import Fork, Open
from losslang.verify.statement import LINE, Bounds, Region
from losslang.verify.verdict import Part

eps, tau = sympy.symbols("eps tau", real=True)
K = sympy.Symbol("K", integer=True, positive=True)
YES, NO = Part("t", True, ()), Part("u", False, ())
REGION = Region(((eps, LINE), (tau, LINE), (K, Bounds(S(2), oo, True))))


def name(symbol: sympy.Symbol) -> str:
    return "size(class)" if symbol == K else symbol.name


def said(found) -> str | None:
    return condition(found, name, REGION)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (YES, None),
        (NO, None),
        (Fork(eps, S(-2), False, NO, YES), "eps > -2"),
        (Fork(eps, S(-2), True, NO, YES), "eps >= -2"),
        (Fork(eps, Rational(1, 2), True, YES, NO), "eps < 0.5"),
        (Fork(eps, Rational(1, 3), False, YES, NO), "eps <= 1/3"),
        (Fork(eps, S.Zero, True, NO, Fork(eps, S.One, True, YES, NO)), "0 <= eps < 1"),
        (Fork(eps, S.Zero, True, NO, Fork(eps, S.Zero, False, YES, NO)), "eps == 0"),
        (Fork(eps, S.Zero, True, YES, Fork(eps, S.Zero, False, NO, YES)), "eps != 0"),
        (Fork(K, S(3), True, YES, NO), "size(class) == 2"),
        (Fork(eps, tau, False, NO, YES), "eps > tau"),
        (Fork(eps, S.Zero, False, Open("?"), YES), "eps > 0"),
        (Fork(eps, S.Zero, False, YES, Fork(eps, S.One, False, YES, YES)), None),
        (Fork(eps, S.Zero, False, NO, Fork(tau, S.One, True, NO, YES)), "eps > 0 and tau >= 1"),
    ],
)
def test_a_tree_of_halves_in_words(found, text):
    assert said(found) == text


LINES = {"eps": (-4, 4), "tau": (-4, 4)}


@st.composite
def trees(draw, lines=None, depth=3):
    """Trees whose halves lie within the halves they divide, as the search makes them."""
    lines = lines or LINES
    symbol = draw(st.sampled_from([eps, tau]))
    low, high = lines[symbol.name]
    if depth == 0 or low >= high or (draw(st.booleans()) and depth < 3):
        return draw(st.sampled_from([YES, NO]))
    at = draw(st.integers(low, high))
    closed = draw(st.booleans())
    below, above = (
        draw(trees({**lines, symbol.name: ends}, depth - 1))
        for ends in ((low, at - 1), (at + 1, high))
    )
    return Fork(symbol, Rational(at, 2), closed, below, above)


def holds(found, setting) -> bool:
    """Whether the tree holds at a setting, told by walking down."""
    while isinstance(found, Fork):
        value = setting[found.symbol.name]
        above = value > found.at or (value == found.at and found.above_closed)
        found = found.above if above else found.below
    return found.holds


@given(trees())
def test_the_words_mean_what_the_tree_means(found):
    text = said(found)
    for n in range(-5, 6):
        for k in range(-5, 6):
            setting = {"eps": Rational(n, 2), "tau": Rational(k, 2)}
            expected = holds(found, setting)
            if text is None:
                assert expected == holds(found, {"eps": Rational(1, 4), "tau": Rational(1, 4)})
            else:
                assert bool(eval(text, {"__builtins__": {}}, setting)) == expected
