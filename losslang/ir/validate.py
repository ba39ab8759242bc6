"""What every loss in the IR promises to the passes after it, and a check that it holds.

A failure is a defect of the compiler, never of a program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NoReturn

import sympy
from sympy import Basic, Expr
from sympy.core.symbol import Str

from losslang.diagnostics import InternalError
from losslang.ir.binders import Binder, free_indices, height, is_undefined, walk
from losslang.ir.heads import (
    ONE,
    ZERO,
    At,
    Axis,
    Branch,
    Detach,
    Index,
    Labelled,
    Max,
    Min,
    Size,
    Tensor,
)
from losslang.ir.loss import BATCH, EXAMPLE, PROGRESS, Loss, State
from losslang.ir.primitives import Apply, primitive_of
from losslang.ir.recursion import Prior, Recursion, is_prior
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import OUTER, Spectrum, is_separable
from losslang.ir.truth import And, Chosen, Delta, Equal, Less, LessEqual, Not, Or, Truth

REDUCE_OPS = frozenset("sum prod mean max min logsumexp logmeanexp any all argmax argmin".split())
ORDERED_OPS = frozenset("rank sort cumsum quantile".split())
STRUCTURE = (Str, Axis, Tensor, sympy.Tuple, sympy.Number, sympy.NumberSymbol, sympy.Symbol)
HEADS = (
    *(sympy.Add, sympy.Mul, sympy.Pow),
    *(Index, Size, At, Delta, Equal, Less, LessEqual, Chosen, And, Or, Not, Branch, Max, Min),
    *(Detach, Labelled, Reduce, Ordered, Spectrum, Recursion, Prior),
)


def valid(loss: Loss, words: frozenset[str] = frozenset()) -> None:
    """Raise :class:`InternalError` if a loss breaks an invariant of the IR.

    ``words`` are the primitives and operations that a pass may have added.
    """
    _Validator(loss, words).check()


class _Validator:
    def __init__(self, loss: Loss, words: frozenset[str]) -> None:
        self.loss = loss
        self.words = words
        self.tensors: dict[Tensor, tuple[Axis, ...]] = {}
        self.scalars: dict[str, str] = {PROGRESS.name: "real"}
        self.choices: dict[str, tuple[str, ...]] = {}
        for known in loss.inputs:
            self.tensors[known.tensor] = (BATCH,) * known.batched + known.axes
        for hyper in loss.hyperparameters:
            if hyper.kind == "choice":
                self.choices[hyper.name] = hyper.options
            elif hyper.axes:
                self.tensors[hyper.tensor] = hyper.axes
            else:
                self.scalars[hyper.name] = hyper.kind
        for draw in loss.draws:
            self.tensors[draw.tensor] = draw.axes
        for state in loss.states:
            self.tensors[state.tensor] = self.tensors[state.following] = state.axes
        self.axes = {axis for axes in self.tensors.values() for axis in axes} | {BATCH}
        self.axes |= {known.over for known in loss.inputs if known.over is not None}

    def check(self) -> None:
        """Check names, then every formula of the loss."""
        self._distinct("input", (known.name for known in self.loss.inputs))
        self._distinct("hyperparameter", (hyper.name for hyper in self.loss.hyperparameters))
        self._distinct("array", (tensor.name for tensor in self.tensors))
        self._distinct("term", (term.name for term in self.loss.terms))
        for state in self.loss.states:
            self._state(state)
        for term in self.loss.terms:
            for expr in (term.body, term.guard):
                self._formula(expr)
                loose = free_indices(expr).difference(term.result)
                if loose:
                    _broken(f"{_names(loose)} free in a term over {_names(term.result)}", expr)
            self._truth(term.guard)
        for requirement in self.loss.requires:
            for expr in (requirement.condition, requirement.guard):
                self._formula(expr)
                self._truth(expr)

    def _state(self, state: State) -> None:
        for expr in state.formulas:
            self._formula(expr)
        self._truth(state.guard)
        loose = frozenset().union(*map(free_indices, state.formulas)) - {EXAMPLE, *state.places}
        if loose:
            _broken(f"the state {state.name!r} is written for each {_names(loose)}")
        given = state.axes[: len(state.axes) - len(state.places)]
        if len(given) != len(state.indices) + (state.length is not None):
            _broken(f"the state {state.name!r} is written with {len(state.indices)} indices")
        for axis, index in zip(given, state.indices, strict=False):
            if not self._points_into(index, axis):
                _broken(f"{index} is no index over {axis.name!r}")

    def _distinct(self, what: str, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                _broken(f"two {what}s are named {name!r}")
            seen.add(name)

    def _formula(self, expr: Expr) -> None:
        if is_undefined(expr):
            _broken("a number without a value", expr)
        for part in walk(expr):
            known = isinstance(part, STRUCTURE + HEADS) or primitive_of(part) is not None
            if not known and not (isinstance(part, Apply) and part.name in self.words):
                _broken(f"the head {type(part).__name__} is not of the IR", part)
            for kind, check in self._CHECKS.items():
                if isinstance(part, kind):
                    check(self, part)

    # ------------------------------------------------------------ heads

    def _symbol(self, symbol: sympy.Symbol) -> None:
        if symbol.name not in self.scalars:
            _broken(f"nothing declares the symbol {symbol.name!r}")
        if symbol != PROGRESS:
            (hyper,) = (h for h in self.loss.hyperparameters if h.name == symbol.name)
            if hyper.symbol != symbol:
                _broken(f"the symbol {symbol.name!r} has other assumptions than its domain")

    def _chosen(self, expr: Chosen) -> None:
        name, option = map(str, expr.args)
        if option not in self.choices.get(name, ()):
            _broken(f"nothing declares the choice {name} == {option}")

    def _known_axis(self, axis: Axis) -> None:
        if axis not in self.axes and axis.size is None:
            _broken(f"nothing has the axis {axis.name!r}")

    def _size(self, expr: Size) -> None:
        self._known_axis(expr.axis)

    def _at(self, expr: At) -> None:
        axes = self.tensors.get(expr.tensor)
        if axes is None:
            _broken(f"nothing declares the array {expr.tensor.name!r} of kind {expr.tensor.kind}")
        if len(axes) != len(expr.indices):
            _broken(
                f"{len(expr.indices)} indices for {expr.tensor.name!r} over {_names(axes)}", expr
            )
        for axis, index in zip(axes, expr.indices, strict=True):
            if not self._points_into(index, axis.base):
                _broken(f"{index} stands at the place of axis {axis.name!r}", expr)

    def _points_into(self, index: Expr, axis: Axis) -> bool:
        """Whether an expression may stand as an index: it runs over the axis, or is an integer."""
        if isinstance(index, Index):
            return index.axis == axis or index.axis.size is not None
        if index.is_Integer:
            return index >= 0 and not (
                axis.size is not None and axis.size.is_Integer and index >= axis.size
            )
        if isinstance(index, At) and index.tensor.kind == "index":
            over = next((i.over for i in self.loss.inputs if i.tensor == index.tensor), None)
            return over == axis
        if isinstance(index, Branch):
            return all(self._points_into(arg, axis) for arg in index.args[1:])
        if isinstance(index, Reduce) and index.op in ("argmax", "argmin"):
            return index.binders[0].axis == axis or axis.size is not None
        return index.is_integer is not False

    def _binder(self, expr: Binder) -> None:
        top = max(height(expr.guard), height(expr.body)) + len(expr.binders)
        for n, index in enumerate(expr.binders):
            self._known_axis(index.axis)
            if index.name != f"_{top - n}":
                _broken(f"the bound index {index} is not canonical", expr)
        if isinstance(expr, Recursion):
            self._recursion(expr)
            return
        if isinstance(expr, Spectrum):
            self._spectrum(expr)
            return
        ops = REDUCE_OPS if isinstance(expr, Reduce) else ORDERED_OPS
        if expr.op not in ops | self.words or (
            len(expr.binders) != 1 and expr.op in (*ORDERED_OPS, "argmax", "argmin")
        ):
            _broken(f"no operation {expr.op!r} over {len(expr.binders)} axes", expr)
        self._truth(expr.guard)
        if expr.op in ("any", "all"):
            self._truth(expr.body)

    def _spectrum(self, expr: Spectrum) -> None:
        reads = {**dict.fromkeys(OUTER, 1), **dict.fromkeys(OUTER.values(), 3)}
        if len(expr.binders) != 2 or reads.get(expr.op) != len(expr.rest):
            _broken(f"no operation {expr.op!r} of a matrix", expr)
        self._truth(expr.guard)
        if not is_separable(expr.guard, *expr.binders):
            _broken("a matrix without some of its entries", expr)

    def _recursion(self, expr: Recursion) -> None:
        cases = expr.body
        if not isinstance(cases, Branch) or expr.guard != ONE:
            _broken("a recursion without cases", expr)
        if free_indices(cases) - set(expr.binders) or len(expr.rest) != len(expr.binders):
            _broken("a recursion over other indices than its own", expr)
        counter = expr.counter
        if not cases.args[0].args[0].is_Integer or cases.args[0].args[1] != counter:
            _broken("a recursion that does not count", expr)
        if any(is_prior(part, counter) for part in walk(cases.args[2])):
            _broken("a recursion without an end", expr)
        for part in walk(cases):
            if is_prior(part, counter) and len(part.args) != len(expr.binders) + 1:
                _broken("an earlier value at a place of another kind", part)

    def _condition(self, expr: Branch | And | Or | Not) -> None:
        for arg in expr.args[:1] if isinstance(expr, Branch) else expr.args:
            self._truth(arg)

    def _labelled(self, expr: Labelled) -> None:
        target, body = expr.args
        if not isinstance(target, At) or target.tensor.kind != "index":
            _broken("a labelled loss without the read of a label", expr)
        if any(isinstance(part, Labelled) for part in walk(body)):
            _broken("a labelled loss inside a labelled loss", expr)

    def _truth(self, expr: Expr) -> None:
        if not self._is_truth(expr):
            _broken("a number where a truth value is wanted", expr)

    def _is_truth(self, expr: Expr) -> bool:
        if isinstance(expr, Branch):
            return all(map(self._is_truth, expr.args))
        if isinstance(expr, At):
            return expr.tensor.kind == "bool"
        if isinstance(expr, sympy.Symbol):
            return self.scalars.get(expr.name) == "bool"
        if isinstance(expr, Reduce) and expr.op in ("max", "min"):
            return self._is_truth(expr.body)
        reduced = isinstance(expr, Reduce) and expr.op in ("any", "all")
        return expr in (ZERO, ONE) or isinstance(expr, Truth) or reduced

    _CHECKS: ClassVar[Mapping[type | tuple[type, ...], Callable[[_Validator, Any], None]]] = {
        sympy.Symbol: _symbol,
        Chosen: _chosen,
        Size: _size,
        At: _at,
        Binder: _binder,
        (Branch, And, Or, Not): _condition,
        Labelled: _labelled,
    }


def _names(things: Iterable[Basic]) -> str:
    return ", ".join(sorted(map(str, things))) or "nothing"


def _broken(message: str, expr: Basic | None = None) -> NoReturn:
    where = "" if expr is None else f": {str(expr)[:200]}"
    raise InternalError(f"invalid IR: {message}{where}")
