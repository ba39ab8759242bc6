"""Formulas to data."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sympy import Basic, Rational, Symbol, Tuple
from sympy.core.symbol import Str

from losslang.ir import heads
from losslang.ir.primitives import Apply
from losslang.verify.formula.limits import Malformed
from losslang.verify.formula.read import FormulaReader
from losslang.verify.formula.table import (
    APPLIED,
    ASSUMPTIONS,
    NAMES,
    SAFE_INTEGER,
    WORD_OF,
    Json,
    symbol,
)


def encode_expr(expr: Basic) -> Json:
    """``expr`` as data. Raises ``ValueError`` for one that would not come back the same."""
    data = written(expr)
    try:
        back = FormulaReader().formula(data, "$")
    except Malformed as problem:
        raise ValueError(f"{expr} cannot be written down: {problem.problem}") from None
    if back != expr:
        raise ValueError(f"{expr} is not in normal form: it would be read as {back}")
    return data


def normal(expr: Any) -> Any:
    """``expr`` built anew from its leaves, as it would be read: SymPy's algebra may skip steps."""
    if not isinstance(expr, Basic) or not expr.args:
        return expr
    args = [normal(arg) for arg in expr.args]
    same = all(new is old for new, old in zip(args, expr.args, strict=True))
    again = expr.func(*args)
    return expr if same and again == expr else again


def encode_whole(number: int) -> Json:
    """An integer that other programs read without rounding."""
    return number if abs(number) < SAFE_INTEGER else str(number)


def written(expr: Basic) -> Json:
    """``expr`` as data, without a look whether it comes back. Raises ``ValueError``."""
    if isinstance(expr, Rational):
        above = encode_whole(int(expr.p))
        return above if expr.q == 1 else ["/", above, encode_whole(int(expr.q))]
    if isinstance(expr, Symbol):
        return ["symbol", expr.name, *_known(expr)]
    if expr in WORD_OF:
        return WORD_OF[expr]
    if isinstance(expr, Apply) and expr.name in APPLIED:
        return [expr.name, *map(written, expr.operands)]
    if type(expr) not in NAMES:
        raise ValueError(f"{type(expr).__name__} is no head of a formula")
    return [NAMES[type(expr)], *(_argument(arg) for arg in expr.args if arg != heads.NONE)]


def _argument(arg: Basic) -> Json:
    if isinstance(arg, Str):
        return str(arg)
    return [written(part) for part in arg] if isinstance(arg, Tuple) else written(arg)


@lru_cache(maxsize=1 << 12)
def _known(variable: Symbol) -> tuple[str, ...]:
    """The fewest words from which everything known of a symbol follows."""
    kept: tuple[str, ...] = ()
    for word in ASSUMPTIONS:
        implied = symbol(variable.name, kept).assumptions0
        if variable.assumptions0.get(word) and not implied.get(word):
            kept = (*kept, word)
    if symbol(variable.name, kept) != variable:
        raise ValueError(f"no words say what is known of {variable}")
    return kept
