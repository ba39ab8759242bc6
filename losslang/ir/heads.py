"""The heads that SymPy has no word for: a small closed set of expressions in index notation.

A loss is a *scalar* expression with free indices. ``At(u, i, k)`` reads an array; the heads that
bind an index stand in :mod:`losslang.ir.binders` and :mod:`losslang.ir.reduce`, truth values, which
are the numbers 0 and 1, in :mod:`losslang.ir.truth`.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Basic, Expr, S
from sympy.core.symbol import Str

ZERO, ONE = S.Zero, S.One
NONE = Str("")


class Axis(Basic):
    """A named axis. ``size`` is an expression for ``real[4]`` and ``range(n)``, else ``None``."""

    def __new__(cls, name: str | Str, size: Basic | None = None) -> Axis:
        return Basic.__new__(cls, Str(str(name)), NONE if size is None else size)

    @property
    def name(self) -> str:
        """The name as written."""
        return str(self.args[0])

    @property
    def size(self) -> Expr | None:
        """Number of places where it is written in the program, else ``None`` (it is an input's)."""
        return None if self.args[1] == NONE else self.args[1]

    @property
    def base(self) -> Axis:
        """The axis itself, for its second copy."""
        return Axis(self.name[:-1], self.size) if self.name.endswith("'") else self

    @property
    def other(self) -> Axis:
        """The second copy of an axis, and the axis of a second copy."""
        return self.base if self.name.endswith("'") else Axis(f"{self.name}'", self.size)

    def _sympystr(self, printer: Any) -> str:
        return self.name


class Tensor(Basic):
    """An array that is read: an input, an array hyperparameter, a state, a mask, or draws.

    ``kind`` is ``real``, ``positive`` or ``nonnegative`` (real, known to be > 0 or >= 0), ``int``,
    ``bool``, ``index`` or ``label``.
    """

    def __new__(cls, name: str | Str, kind: str | Str = "real") -> Tensor:
        return Basic.__new__(cls, Str(str(name)), Str(str(kind)))

    @property
    def name(self) -> str:
        """The name as written."""
        return str(self.args[0])

    @property
    def kind(self) -> str:
        """What its entries are."""
        return str(self.args[1])

    def _sympystr(self, printer: Any) -> str:
        return self.name


class Head(Expr):
    """Base of our expressions: real numbers that commute."""

    is_commutative = True
    is_extended_real = True

    def __new__(cls, *args: Any) -> Expr:
        return Basic.__new__(cls, *(sympy.sympify(a) for a in args))


class Index(Head):
    """A place along an axis: free, bound by a binder, or the example at hand."""

    is_integer = True
    is_nonnegative = True

    def __new__(cls, name: str | Str, axis: Axis) -> Index:
        return Basic.__new__(cls, Str(str(name)), axis)

    @property
    def name(self) -> str:
        """The name as written, or ``_n`` for a bound index."""
        return str(self.args[0])

    @property
    def axis(self) -> Axis:
        """The axis it runs over."""
        return self.args[1]

    @property
    def level(self) -> int:
        """Height of the binder that binds it; 0 for a free index."""
        return int(self.name[1:]) if self.name.startswith("_") else 0

    def _sympystr(self, printer: Any) -> str:
        return self.name


class Size(Head):
    """Number of places of an axis; at least 1 for every axis but ``batch``."""

    is_integer = True
    is_nonnegative = True

    def __new__(cls, axis: Axis) -> Expr:
        return axis.size if axis.size is not None else Basic.__new__(cls, axis.base)

    @property
    def axis(self) -> Axis:
        """The axis that is counted."""
        return self.args[0]


class At(Head):
    """``tensor[i, j, ...]``: an indexed read."""

    @property
    def tensor(self) -> Tensor:
        """What is read."""
        return self.args[0]

    @property
    def indices(self) -> tuple[Expr, ...]:
        """Where it is read."""
        return self.args[1:]

    def _eval_is_extended_positive(self) -> bool | None:
        return True if self.tensor.kind == "positive" else None

    def _eval_is_extended_nonnegative(self) -> bool | None:
        return True if self.tensor.kind in ("positive", "nonnegative", "bool", "index") else None

    def _eval_is_finite(self) -> bool:
        return True

    def _eval_is_integer(self) -> bool | None:
        return True if self.tensor.kind in ("int", "bool", "index") else None

    def _sympystr(self, printer: Any) -> str:
        return f"{self.tensor}[{', '.join(map(printer._print, self.indices))}]"


class Branch(Head):
    """``yes if test else no``; no gradient flows from the one not taken."""

    def __new__(cls, test: Expr, yes: Expr, no: Expr) -> Expr:
        if test.is_Rational:
            return no if test.is_zero else yes
        return yes if yes == no else Basic.__new__(cls, test, yes, no)


class _Extremum(Head):
    """Common part of :class:`Max` and :class:`Min` of finitely many numbers."""

    greatest = True

    def __new__(cls, *args: Expr) -> Expr:
        if sympy.S.NaN in args:
            return sympy.S.NaN
        constants = [a for a in args if a.is_Rational]
        others = [a for a in dict.fromkeys(args) if not a.is_Rational]
        if constants:
            others.append(max(constants) if cls.greatest else min(constants))
        if len(others) == 1:
            return others[0]
        return Basic.__new__(cls, *sorted(others, key=sympy.default_sort_key))


class Max(_Extremum):
    """The greatest of its arguments."""


class Min(_Extremum):
    """The smallest of its arguments."""

    greatest = False


# ---------------------------------------------------------------- marks on a value


class Detach(Head):
    """The value of its argument, through which no gradient flows; of a number itself."""

    def __new__(cls, value: Expr) -> Expr:
        return value if value.is_number and not value.has(Head) else Basic.__new__(cls, value)


class Labelled(Head):
    """``(target, body)``: ``body`` is one example's loss for the label ``target``.

    It means ``body``; soft targets, label smoothing and class weights act on it.
    """
