"""The value of one expression of the IR at one assignment of its free indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product as places
from typing import Any, ClassVar, TypeAlias

import mpmath
import numpy
import sympy
from sympy import Basic, Expr, Tuple

from losslang.diagnostics import InternalError
from losslang.ir import exact
from losslang.ir.binders import Binder, free_indices
from losslang.ir.decomposition import Decomposition, decomposed
from losslang.ir.exact import Number
from losslang.ir.folds import FOLDS, UndefinedError, best, mean, quantile
from losslang.ir.heads import At, Axis, Branch, Detach, Index, Labelled, Max, Min, Size
from losslang.ir.loss import BATCH, EXAMPLE, State
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.recursion import Prior, Recursion
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import Spectrum
from losslang.ir.truth import And, Chosen, Delta, Equal, Less, LessEqual, Not, Or, Truth
from losslang.ir.unrolled import Table

Environment: TypeAlias = dict[Index, int]
Code: TypeAlias = Callable[[Environment], Number]


@dataclass(frozen=True)
class World:
    """What the names of a loss stand for. ``arrays`` hold exact numbers, batch first.

    ``states`` are found by the names of the arrays that this call makes of them.
    ``frozen`` evaluates what no gradient flows through, where another world stands for that.
    """

    arrays: Mapping[str, Any]
    scalars: Mapping[str, Number]
    choices: Mapping[str, str]
    sizes: Mapping[Axis, int]
    states: Mapping[str, State] = field(default_factory=dict)
    training: bool = True
    frozen: Evaluator | None = None


class Evaluator:
    """Evaluates expressions in one world; every value is computed once per assignment of indices.

    A guarded body, an untaken branch and the rest of a product with a factor 0 are not evaluated.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._codes: dict[Basic, Code] = {}
        self._indices: dict[Index, Index] = {}
        self._tables: dict[object, Table] = {}
        self._counted: dict[Index, Table] = {}
        self._following: dict[str, Any] = {}

    def value(self, expr: Expr, environment: Environment | None = None) -> Number:
        """The value of ``expr`` where its free indices have the given values."""
        given = environment or {}
        return self._code(expr)({self._one(index): n for index, n in given.items()})

    def holds(self, truth: Expr, environment: Environment) -> bool:
        """Whether a truth value is 1."""
        return bool(self.value(truth, environment) != 0)

    def size(self, axis: Axis) -> int:
        """Number of places of an axis."""
        if axis.size is not None:
            return max(0, int(self.value(axis.size)))
        if axis not in self.world.sizes:
            raise InternalError(f"nothing tells the size of axis {axis.name!r}")
        return self.world.sizes[axis]

    def following(self, name: str) -> Any:
        """The array that this call makes of a state, by the name under which that is read."""
        if name not in self._following:
            self._following[name] = self._made(self.world.states[name])
        return self._following[name]

    def _made(self, state: State) -> Any:
        """The new array of a state: the old one if nothing is written."""
        old = self.world.arrays[state.name]
        examples = [{EXAMPLE: n} for n in range(self.world.sizes.get(BATCH, 1))]
        writing = [env for env in examples if self.world.training and self.holds(state.guard, env)]
        if not writing:
            return old
        shape = tuple(self.size(index.axis) for index in state.places)
        if state.length is not None:
            entries = [self._written(state, env, shape) for env in reversed(writing)]
            new = numpy.empty_like(old)
            for n in range(len(old)):
                new[n] = entries[n][()] if n < len(entries) else old[n - len(entries)]
            return new
        written: dict[tuple[int, ...], list[Any]] = {}
        for env in writing:
            place = tuple(int(self.value(index, env)) for index in state.indices)
            if any(not 0 <= n < size for n, size in zip(place, old.shape, strict=False)):
                raise UndefinedError(f"there is no place {list(place)} in {state.name!r}")
            written.setdefault(place, []).append(self._written(state, env, shape))
        new = old.copy()
        for place, values in written.items():
            for inner in numpy.ndindex(shape):
                new[(*place, *inner)] = mean([value[inner] for value in values])
        return new

    def _written(self, state: State, env: Environment, shape: tuple[int, ...]) -> Any:
        """What one example writes."""
        made = numpy.empty(shape, dtype=object)
        for place in numpy.ndindex(shape):
            made[place] = self.value(
                state.value, {**env, **dict(zip(state.places, place, strict=True))}
            )
        return made

    # ------------------------------------------------------------ expressions

    def _code(self, expr: Basic) -> Code:
        known = self._codes.get(expr)
        if known is None:
            known = self._codes[expr] = self._remembered(expr, self._build(expr))
        return known

    def _one(self, index: Index) -> Index:
        """The one object that stands for equal indices: identity is much quicker to see."""
        return self._indices.setdefault(index, index)

    def _remembered(self, expr: Basic, code: Code) -> Code:
        if not expr.args or isinstance(expr, Index):
            return code
        free = tuple(map(self._one, free_indices(expr)))
        memo: dict[tuple[int, ...], Number] = {}

        def run(env: Environment) -> Number:
            key = tuple([env[index] for index in free])
            if key not in memo:
                memo[key] = code(env)
            return memo[key]

        return run

    def _build(self, expr: Basic) -> Code:
        for kind, build in self._BUILD.items():
            if isinstance(expr, kind):
                return build(self, expr)
        row = primitive_of(expr)
        if row is None:
            raise InternalError(f"no value for {type(expr).__name__}")
        if row.name == "xlogy":
            return self._xlogy(expr)
        if row.name == "abs":
            operand = self._code(expr.args[0])
            return lambda env: abs(operand(env))
        args = [self._code(arg) for arg in operands(expr)]
        return lambda env: exact.apply(row.value, *(arg(env) for arg in args))

    def _xlogy(self, expr: Basic) -> Code:
        x, y = (self._code(arg) for arg in operands(expr))

        def run(env: Environment) -> Number:
            factor = x(env)
            if factor == 0:
                return 0
            log = exact.apply(mpmath.log, y(env))
            return exact.product((lambda: factor, lambda: log))

        return run

    def _constant(self, expr: Expr) -> Code:
        if expr.is_Rational:
            value = exact.number(expr)
        elif expr.is_infinite and expr.is_extended_real:
            value = mpmath.mpf("inf" if expr.is_positive or expr == sympy.oo else "-inf")
        elif expr.is_finite and expr.is_real:
            value = mpmath.mpf(expr._to_mpmath(mpmath.mp.prec + 8))
        else:
            value = mpmath.nan
        return lambda env: value

    def _symbol(self, expr: sympy.Symbol) -> Code:
        if expr.name not in self.world.scalars:
            raise InternalError(f"no value for the symbol {expr.name!r}")
        value = self.world.scalars[expr.name]
        return lambda env: value

    def _index(self, expr: Index) -> Code:
        index = self._one(expr)
        return lambda env: env[index]

    def _size(self, expr: Size) -> Code:
        return lambda env: self.size(expr.axis)

    def _at(self, expr: At) -> Code:
        name = expr.tensor.name
        if name in self.world.states:
            return self._read_following(expr)
        if name not in self.world.arrays:
            raise InternalError(f"no array {name!r}")
        return self._read(expr, lambda: self.world.arrays[name])

    def _read_following(self, expr: At) -> Code:
        name, frozen = expr.tensor.name, self.world.frozen
        return self._read(expr, lambda: (frozen or self).following(name))

    def _read(self, expr: At, find: Callable[[], Any]) -> Code:
        name = expr.tensor.name
        indices = [self._code(index) for index in expr.indices]

        def run(env: Environment) -> Number:
            array = find()
            if array.ndim != len(indices):
                raise InternalError(f"{len(indices)} indices for {name!r} with {array.ndim} axes")
            place = tuple([int(index(env)) for index in indices])
            if any(not 0 <= n < size for n, size in zip(place, array.shape, strict=True)):
                raise UndefinedError(f"there is no place {list(place)} in {name!r}")
            return array[place]

        return run

    def _add(self, expr: Expr) -> Code:
        terms = [self._code(arg) for arg in expr.args]
        return lambda env: exact.total(term(env) for term in terms)

    def _mul(self, expr: Expr) -> Code:
        # Truth values first: a factor that they switch off may have no value there.
        ordered = sorted(expr.args, key=lambda arg: not isinstance(arg, Truth))
        factors = [self._code(arg) for arg in ordered]
        return lambda env: exact.product((lambda f=f: f(env)) for f in factors)  # type: ignore[misc]

    def _pow(self, expr: Expr) -> Code:
        base, exponent = self._code(expr.base), self._code(expr.exp)
        return lambda env: exact.power(base(env), exponent(env))

    # ------------------------------------------------------------ truth values and choices

    def _comparison(self, expr: Expr) -> Code:
        left, right = (self._code(arg) for arg in expr.args)
        wanted = {Less: (-1,), LessEqual: (-1, 0)}.get(type(expr), (0,))
        return lambda env: int(exact.compare(left(env), right(env)) in wanted)

    def _and(self, expr: And) -> Code:
        parts = [self._code(arg) for arg in expr.args]
        return lambda env: int(all(part(env) != 0 for part in parts))

    def _or(self, expr: Or) -> Code:
        parts = [self._code(arg) for arg in expr.args]
        return lambda env: int(any(part(env) != 0 for part in parts))

    def _not(self, expr: Not) -> Code:
        part = self._code(expr.args[0])
        return lambda env: int(part(env) == 0)

    def _chosen(self, expr: Chosen) -> Code:
        name, option = map(str, expr.args)
        value = int(self.world.choices[name] == option)
        return lambda env: value

    def _branch(self, expr: Branch) -> Code:
        test, yes, no = (self._code(arg) for arg in expr.args)
        return lambda env: yes(env) if test(env) != 0 else no(env)

    def _extremum(self, expr: Max | Min) -> Code:
        args = [self._code(arg) for arg in expr.args]
        wanted = 1 if isinstance(expr, Max) else -1
        return lambda env: best([arg(env) for arg in args], wanted)[1]

    # ------------------------------------------------------------ marks

    def _detach(self, expr: Detach) -> Code:
        frozen = self.world.frozen
        return self._code(expr.args[0]) if frozen is None else frozen._code(expr)

    def _labelled(self, expr: Labelled) -> Code:
        return self._code(expr.args[1])

    # ------------------------------------------------------------ binders

    def _kept(self, expr: Binder) -> Callable[[Environment], Iterator[Environment]]:
        """The environments of the places that take part."""
        guard = self._code(expr.guard)
        binders = tuple(map(self._one, expr.binders))

        def run(env: Environment) -> Iterator[Environment]:
            inner = dict(env)
            for place in places(*(range(self.size(index.axis)) for index in binders)):
                inner.update(zip(binders, place, strict=True))
                if guard(inner) != 0:
                    yield inner

        return run

    def _reduce(self, expr: Reduce) -> Code:
        kept, body = self._kept(expr), self._code(expr.body)
        fold = FOLDS.get(expr.op)
        if fold is not None:
            return lambda env: fold([body(inner) for inner in kept(env)])
        index, wanted = self._one(expr.binders[0]), 1 if expr.op == "argmax" else -1

        def run(env: Environment) -> Number:
            found = [(inner[index], body(inner)) for inner in kept(env)]
            if not found:
                raise UndefinedError(f"{expr.op} over nothing")
            return found[best([value for _, value in found], wanted)[0]][0]

        return run

    def _ordered(self, expr: Ordered) -> Code:
        kept, body, at = self._kept(expr), self._code(expr.body), self._code(expr.at)
        index, op = self._one(expr.binders[0]), expr.op

        def run(env: Environment) -> Number:
            found = [(inner[index], body(inner)) for inner in kept(env)]
            where = at(env)
            if op == "cumsum":
                return exact.total(value for place, value in found if place <= where)
            ranked = exact.descending(found)
            if op == "rank":
                order = [place for place, _ in ranked]
                return order.index(where) if where in order else len(order)
            if op == "sort":
                if not 0 <= where < len(ranked):
                    raise UndefinedError(f"there is no rank {where} among {len(ranked)} places")
                return ranked[int(where)][1]
            return quantile([value for _, value in reversed(ranked)], where)

        return run

    def _spectrum(self, expr: Spectrum) -> Code:
        kept, body = self._kept(expr), self._code(expr.body)
        rest = [self._code(arg) for arg in expr.rest]
        inside = free_indices(Tuple(expr.guard, expr.body)).difference(expr.binders)
        around = tuple(map(self._one, inside))
        row, column = map(self._one, expr.binders)
        known: dict[tuple[int, ...], Decomposition] = {}

        def run(env: Environment) -> Number:
            key = tuple([env[index] for index in around])
            if key not in known:
                entries = {(inner[row], inner[column]): body(inner) for inner in kept(env)}
                known[key] = decomposed(expr.op, entries)
            return known[key](*(int(arg(env)) for arg in rest))

        return run

    # ------------------------------------------------------------ functions that call themselves

    def _recursion(self, expr: Recursion) -> Code:
        if expr.closed not in self._tables:
            self._open(expr, *expr.open())
        table = self._tables[expr.closed]
        at, *place = (self._code(arg) for arg in expr.rest)
        return lambda env: table.read(int(at(env)), tuple([int(code(env)) for code in place]))

    def _open(self, expr: Recursion, indices: tuple[Index, ...], guard: Expr, body: Expr) -> None:
        """Make the table of a recursion; what is detached in it is read off a table of its own."""
        if self.world.frozen is not None:
            self.world.frozen._open(expr, indices, guard, body)
        own = tuple(map(self._one, indices))
        table = Table(expr, own, self.size, lambda env: self._code(body)(env))
        self._tables[expr.closed] = self._counted[indices[0]] = table

    def _prior(self, expr: Prior) -> Code:
        table, counter, lag = self._counted[expr.counter], self._one(expr.counter), expr.lag
        place = [self._code(arg) for arg in expr.place]
        return lambda env: table.read(env[counter] - lag, tuple([int(c(env)) for c in place]))

    _BUILD: ClassVar[dict[type | tuple[type, ...], Callable[[Evaluator, Any], Code]]] = {
        sympy.Number: _constant,
        sympy.NumberSymbol: _constant,
        type(sympy.zoo): _constant,
        sympy.Symbol: _symbol,
        Index: _index,
        Size: _size,
        At: _at,
        sympy.Add: _add,
        sympy.Mul: _mul,
        sympy.Pow: _pow,
        (Delta, Equal, Less, LessEqual): _comparison,
        And: _and,
        Or: _or,
        Not: _not,
        Chosen: _chosen,
        Branch: _branch,
        (Max, Min): _extremum,
        Detach: _detach,
        Labelled: _labelled,
        Reduce: _reduce,
        Ordered: _ordered,
        Spectrum: _spectrum,
        Recursion: _recursion,
        Prior: _prior,
    }


def array(value: Any, dims: int, pack: int | None = None, *, numbers: bool = True) -> Any:
    """Nested lists or an array as an object array of exact numbers with ``dims`` axes.

    The axes that stand for a pack, from place ``pack`` on, are made one.
    """
    made = numpy.array(value, dtype=object)
    if pack is not None and made.ndim != dims:
        extra = made.ndim - dims + 1
        if extra >= 0:
            made = made.reshape(*made.shape[:pack], -1, *made.shape[pack + extra :])
    if made.ndim != dims:
        raise ValueError(f"{dims} axes are wanted, but there are {made.ndim}")
    if numbers:
        flat = [exact.number(entry) for entry in made.ravel()]
        made = _filled(flat, made.shape)
    return made


def _filled(flat: list[Number], shape: tuple[int, ...]) -> Any:
    made = numpy.empty(len(flat), dtype=object)
    for n, entry in enumerate(flat):
        made[n] = entry
    return made.reshape(shape)
