"""Losses of pairs as losses of rows: each example has a row of a matrix of products.

A contrastive loss compares an example with all others, so none can be computed alone. What it
knows of a pair is a product, ``S[i, j] = sum(left[i, d] * right[j, d] for d)``; and once the matrix
``S`` is there, the rest often is a loss of one row of it, which also reads vectors along the
columns (the labels of the others) and the row's own number (the pair ``i, i`` lies on the
diagonal). :func:`cut` separates the two. Two products of matrices make the gradients of both
factors from that of ``S``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sympy import Basic, Expr, Mul

from losslang.codegen import variants
from losslang.codegen.lower import Lowered, storage
from losslang.codegen.native.call import MATRIX
from losslang.codegen.plan import Plan
from losslang.codegen.planner import Planner
from losslang.codegen.slopes import NoSlopesError, body_of, planned
from losslang.ir.binders import Binder, free_indices, fresh, parts, substitute
from losslang.ir.heads import ONE, At, Axis, Index, Tensor
from losslang.ir.loss import BATCH, EXAMPLE, Input, Loss, Term
from losslang.ir.reduce import Reduce
from losslang.rewrite.stability import stabilise

_MATRIX = Tensor(MATRIX, "real")

COLUMNS = Axis("@columns")
"""The examples that a row is about, where they are the batch again."""


@dataclass(frozen=True)
class Cut:
    """A loss of pairs in two parts.

    ``factors`` is the plan of ``left`` and ``right``, each a matrix with rows of the same length;
    ``rows`` that of the loss of a row of ``MATRIX`` with its gradient. ``sizes`` are an array and a
    dimension of it for the number of rows and of columns of ``MATRIX``; ``columns`` is its second
    axis.
    """

    factors: Plan
    rows: Plan
    columns: Axis
    sizes: tuple[tuple[str, int], tuple[str, int]]


@dataclass(frozen=True)
class _Product:
    """An entry of the matrix: the product for ``EXAMPLE`` and the place ``column``."""

    entry: Expr
    column: Index
    inner: Index
    left: Expr
    right: Expr


def cut(low: Lowered) -> Cut:
    """The two parts. Raises :class:`NoSlopesError` for a loss that has none."""
    loss = low.loss
    if len(loss.terms) != 1 or loss.terms[0].result != (EXAMPLE,) or loss.states:
        raise NoSlopesError("the loss has no value for each example")
    (term,) = loss.terms
    body, guard = (body_of(low, expr) for expr in (term.body, term.guard))
    found = {product.entry: product for product in _products(body)}
    if len(found) != 1:
        raise NoSlopesError(f"{len(found) or 'no'} products of pairs are formed")
    (product,) = found.values()
    rewriting = _Rows(loss, product)
    body, guard = rewriting(body), rewriting(guard)
    rows = replace(
        loss,
        inputs=rewriting.inputs(body, guard),
        hyperparameters=tuple(
            h for h in loss.hyperparameters if h.kind != "real" or h.axes or body.has(h.symbol)
        ),
        terms=(Term(term.name, (EXAMPLE,), body, guard),),
    )
    factors, sizes = _factors(low, product)
    arrays = storage(rows, None, soft=False)
    arrays = arrays | {
        t: s for t, s in storage(loss, low.label, soft=False).items() if t not in arrays
    }
    return Cut(
        factors,
        planned(rows, arrays, rewriting.at_home),
        rewriting.columns,
        sizes,
    )


def _products(expr: Basic, inside: frozenset[Index] = frozenset()) -> set[_Product]:
    """Every product of pairs in an expression; ``inside`` are the indices bound around it."""
    if isinstance(expr, Reduce) and expr.op == "sum":
        product = _product(expr, inside)
        if product is not None:
            return {product}
    if isinstance(expr, Binder):
        indices, guard, body = expr.open()
        inner = (_products(e, inside.union(indices)) for e in (guard, body))
        outer = (_products(e, inside) for e in expr.rest)
        return set().union(*inner, *outer)
    return set().union(*(_products(arg, inside) for arg in expr.args))


def _product(e: Reduce, inside: frozenset[Index]) -> _Product | None:
    """``e`` as a product of something of the example and something of one place of another axis."""
    others = free_indices(e) - {EXAMPLE}
    if e.guard != ONE or len(e.binders) != 1 or len(others) != 1 or not others <= inside:
        return None
    (other,) = others
    column = Index("@j", other.axis)
    (inner,), _, body = e.open()
    body = substitute(body, {other: column})
    right = [f for f in Mul.make_args(body) if column in free_indices(f)]
    left = [f for f in Mul.make_args(body) if f not in right]
    if any(EXAMPLE in free_indices(f) for f in right):
        return None
    one, two = Mul(*left), Mul(*right)
    if not (free_indices(one) == {EXAMPLE, inner} and free_indices(two) == {column, inner}):
        return None
    return _Product(substitute(e, {other: column}), column, inner, one, two)


class _Rows:
    """Rewrites a formula over pairs as one over a row of the matrix."""

    def __init__(self, loss: Loss, product: _Product) -> None:
        self._loss = loss
        self._product = product
        self._diagonal = substitute(product.entry, {product.column: EXAMPLE})
        own = product.column.axis
        self.columns = COLUMNS if own == BATCH else own
        self._known = {known.tensor: known for known in loss.inputs}
        self._known[variants.KEEP] = Input(variants.KEEP.name, "bool")
        self._along: dict[Tensor, Input] = {
            tensor: replace(
                known,
                name=f"{known.name}{COLUMNS.name}",
                axes=(COLUMNS, *known.axes),
                batched=False,
            )
            for tensor, known in self._known.items()
            if known.batched
        }
        """What is read at another example, as arrays along the columns."""

    def __call__(self, e: Expr) -> Expr:
        if isinstance(e, Reduce) and (place := self._place(e)) is not None:
            return At(_MATRIX, EXAMPLE, place)
        if isinstance(e, Binder):
            rest = [self(a) for a in e.rest]
            indices, guard, body = e.open()
            guard, body = self(guard), self(body)
            moved = {i: fresh(COLUMNS) if i.axis == BATCH else i for i in indices}
            guard, body = substitute(guard, moved), substitute(body, moved)
            return e.func(e.op, tuple(moved.values()), guard, body, *rest)
        if isinstance(e, At):
            indices = tuple(self(i) for i in e.indices)
            elsewhere = e.tensor in self._along and indices[0] != EXAMPLE
            return At(self._along[e.tensor].tensor if elsewhere else e.tensor, *indices)
        if not e.args or isinstance(e, Index):
            return e
        return e.func(*(self(a) if isinstance(a, Expr) else a for a in e.args))

    def _place(self, e: Reduce) -> Index | None:
        """The column of the entry that an expression is, if it is one."""
        if e == self._diagonal:
            return EXAMPLE
        for other in free_indices(e) - {EXAMPLE}:
            if substitute(e, {other: self._product.column}) == self._product.entry:
                return other
        return None

    def at_home(self, e: Expr) -> Expr:
        """The expression with reads along the columns at the example as reads of its own."""
        own = {known.tensor: tensor for tensor, known in self._along.items()}
        rule = {
            read: At(own[read.tensor], *read.indices)
            for read in parts(e)
            if isinstance(read, At) and read.tensor in own and read.indices[0] == EXAMPLE
        }
        return substitute(e, rule)

    def inputs(self, *exprs: Expr) -> tuple[Input, ...]:
        """What the rewritten expressions read. Refuses what a gradient would have to reach."""
        known = [Input(MATRIX, "real", (self.columns,))]
        read = frozenset().union(*map(parts, exprs))
        for some in (*self._known.values(), *self._along.values()):
            if some.tensor not in read:
                continue
            if some.kind in ("real", "simplex", "bit", "sign") and some.batched | (
                some in self._along.values()
            ):
                raise NoSlopesError(f"{some.name} is also read outside of products")
            known.append(some)
        return tuple(known)


def _factors(
    low: Lowered, product: _Product
) -> tuple[Plan, tuple[tuple[str, int], tuple[str, int]]]:
    """The plan of both factors, and where the sizes of the matrix are found."""
    planner = Planner(storage(low.loss, low.label, soft=False))
    place = EXAMPLE if product.column.axis == BATCH else product.column
    right = substitute(product.right, {product.column: place})
    outputs = [
        planner.output("left", stabilise(product.left), ONE, (EXAMPLE, product.inner)),
        planner.output("right", stabilise(right), ONE, (place, product.inner)),
    ]
    sizes = _size(planner, BATCH), _size(planner, product.column.axis)
    return planner.finish(outputs), sizes


def _size(planner: Planner, axis: Axis) -> tuple[str, int]:
    name, dim = planner.nodes[planner.size_of(axis)].attrs
    assert isinstance(dim, int)
    return str(name), dim
