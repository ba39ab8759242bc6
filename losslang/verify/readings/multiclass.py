"""Multi-class losses in general: instantiated at a number of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Expr

from losslang.ir.loss import Hyperparameter, Input
from losslang.verify.statement import Region
from losslang.verify.theorem import Reading


@dataclass(frozen=True)
class Pooled(Reading):
    """A multi-class loss ``h`` of the label's logit and of pools, each symmetric in all classes.

    ``z`` is the label's logit. Each of ``pools`` is a pair (symbol, reduction): the symbol stands
    in ``h`` for the value of the reduction, which runs over every class and does not mention
    the label. ``classes`` is K, a variable of the region; ``input`` the logits.
    """

    kind: ClassVar[str] = "a loss of the label's logit and of pools over the classes"

    h: Expr
    z: sympy.Symbol
    pools: tuple[tuple[sympy.Symbol, Expr], ...]
    classes: sympy.Symbol
    input: str


@dataclass(frozen=True)
class Multiclass(Reading):
    """Any loss of logits over the classes and one label among them.

    ``body`` is the formula of one example; ``logits`` and ``target`` are the inputs it reads,
    ``arrays`` the hyperparameters with a number for each class.
    """

    kind: ClassVar[str] = "a multi-class loss"

    body: Expr
    logits: Input
    target: Input
    arrays: tuple[Hyperparameter, ...]
    classes: sympy.Symbol

    @property
    def input(self) -> str:
        """The name of the logits."""
        return self.logits.name

    def at(self, classes: int) -> tuple[tuple[sympy.Symbol, ...], tuple[Expr, ...]]:
        """The logits z1 ... zK of K classes, and the loss for each label."""
        raise NotImplementedError

    def region_at(self, classes: int) -> Region:
        """The region of the loss at K classes: with the entries of arrays, without K."""
        raise NotImplementedError


@dataclass(frozen=True)
class Score(Reading):
    """A multi-class loss of a point of the simplex and one label.

    ``simplex`` is the input that is the point, or whose softmax is if ``composed``.
    """

    kind: ClassVar[str] = "a loss on the simplex"

    body: Expr
    simplex: Input
    target: Input
    arrays: tuple[Hyperparameter, ...]
    classes: sympy.Symbol
    composed: bool

    @property
    def input(self) -> str:
        """The name of the simplex, or of the logits."""
        return self.simplex.name

    def symbols(self, classes: int) -> tuple[sympy.Symbol, ...]:
        """The entries q1 ... qK, positive numbers whose sum is 1."""
        return tuple(sympy.Symbol(f"q{k + 1}", positive=True) for k in range(classes))

    def at(self, classes: int) -> tuple[Expr, ...]:
        """The loss for each label at K classes, in the symbols q1 ... qK."""
        raise NotImplementedError

    def region_at(self, classes: int) -> Region:
        """The region of the loss at K classes: with the entries of arrays, without K and q."""
        raise NotImplementedError
