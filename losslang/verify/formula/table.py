"""What may stand where in a formula that is written as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy
from sympy import Basic, Expr, Rational, S, Symbol, Tuple
from sympy.core.symbol import Str

from losslang.ir import heads, recursion, reduce, spectrum, truth
from losslang.ir.primitives import Apply

Json: TypeAlias = Any
"""What :func:`json.loads` returns, without floating-point numbers."""

SAFE_INTEGER = 2**53
"""From here on other programs may round an integer."""


@dataclass(frozen=True)
class Row:
    """One head: its class, what its first arguments are, and what any others are.

    Sorts of arguments are ``expr``, ``name``, ``axis``, ``tensor``, ``index``, ``indices``,
    ``fold``, ``order``, ``spectrum`` and ``kind``. ``least`` counts the arguments there must be.
    """

    kind: type[Basic]
    fields: tuple[str, ...]
    others: str | None = None
    least: int = 0


_ANY = ((), "expr", 2)

HEADS: dict[str, Row] = {
    "+": Row(sympy.Add, *_ANY),
    "*": Row(sympy.Mul, *_ANY),
    "^": Row(sympy.Pow, ("expr", "expr")),
    **{
        kind.__name__.lower(): Row(kind, ("expr",))
        for kind in (
            *(sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.asin, sympy.acos, sympy.atan),
            *(sympy.sinh, sympy.cosh, sympy.tanh, sympy.asinh, sympy.acosh, sympy.atanh),
            *(sympy.tan, sympy.erf, sympy.Abs, sympy.loggamma),
        )
    },
    "axis": Row(heads.Axis, ("name",), "expr"),
    "tensor": Row(heads.Tensor, ("name", "kind")),
    "index": Row(heads.Index, ("name", "axis")),
    "size": Row(heads.Size, ("axis",)),
    "at": Row(heads.At, ("tensor",), "expr"),
    "branch": Row(heads.Branch, ("expr", "expr", "expr")),
    "max": Row(heads.Max, *_ANY),
    "min": Row(heads.Min, *_ANY),
    "detach": Row(heads.Detach, ("expr",)),
    "labelled": Row(heads.Labelled, ("expr", "expr")),
    "delta": Row(truth.Delta, ("expr", "expr")),
    "==": Row(truth.Equal, ("expr", "expr")),
    "<": Row(truth.Less, ("expr", "expr")),
    "<=": Row(truth.LessEqual, ("expr", "expr")),
    "chosen": Row(truth.Chosen, ("name", "name")),
    "and": Row(truth.And, *_ANY),
    "or": Row(truth.Or, *_ANY),
    "not": Row(truth.Not, ("expr",)),
    "reduce": Row(reduce.Reduce, ("fold", "indices", "expr", "expr")),
    "recursion": Row(recursion.Recursion, ("name", "indices", "expr", "expr"), "expr", 5),
    "prior": Row(recursion.Prior, (), "expr", 2),
    "spectrum": Row(spectrum.Spectrum, ("spectrum", "indices", "expr", "expr"), "expr", 5),
    "ordered": Row(reduce.Ordered, ("order", "indices", "expr", "expr", "expr")),
}

APPLIED = {
    **dict.fromkeys(("sign", "floor", "sigmoid", "softplus", "lgamma", "digamma", "trigamma"), 1),
    "xlogy": 2,
}
"""Primitives without a class of their own, and how many operands they have."""

CONSTANTS: dict[str, Expr] = {
    "pi": S.Pi,
    "E": S.Exp1,
    "EulerGamma": S.EulerGamma,
    "Catalan": S.Catalan,
    "oo": S.Infinity,
    "-oo": S.NegativeInfinity,
}

WORDS = {
    "fold": frozenset("sum prod mean max min logsumexp logmeanexp any all argmax argmin".split()),
    "order": frozenset("rank sort cumsum quantile".split()),
    "spectrum": frozenset((*spectrum.OUTER, *spectrum.OUTER.values())),
    "kind": frozenset("real positive nonnegative int bool index label".split()),
}

ASSUMPTIONS = (
    *("zero", "positive", "negative", "nonzero", "nonnegative", "nonpositive"),
    *("integer", "rational", "real", "finite", "extended_real"),
)
"""What a symbol may be known to be, stronger facts first."""


CLASSES = {
    "axis": heads.Axis,
    "tensor": heads.Tensor,
    "index": heads.Index,
    "expr": Expr,
}
"""The sorts of arguments that are formulas themselves."""
NAMES = {row.kind: name for name, row in HEADS.items()}
"""What a class of SymPy or ours is called."""
WORD_OF = {value: word for word, value in CONSTANTS.items()}
"""What a constant is called."""
WILD = (
    *("exp", "sin", "cos", "tan", "sinh", "cosh", "loggamma"),
    *("sigmoid", "softplus", "lgamma", "digamma", "trigamma"),
)
"""Functions that a huge constant makes huge, or hard to compute."""


def symbol(name: str, words: Sequence[str]) -> Symbol:
    """The variable of that name of which the words hold."""
    return Symbol(name, **dict.fromkeys(words, True))


def is_known(value: Basic) -> bool:
    """Whether a formula has one of our heads, and is no interval or such of SymPy's."""
    kinds = (Rational, Symbol, Str, Tuple, Apply)
    return type(value) in NAMES or value in WORD_OF or isinstance(value, kinds)
