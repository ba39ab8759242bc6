"""Random syntax trees, for properties of the formatter.

Each function takes Hypothesis's ``draw`` and returns a node.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from inspect import cleandoc
from typing import Any, TypeAlias

from hypothesis import strategies as st

from losslang.source import Source, Span
from losslang.syntax import nodes

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

NOWHERE = Span(Source(""), 0, 0)
DEPTH = 4

NAMES = st.sampled_from(["a", "b", "logits", "class_", "lossy", "a_rather_long_name_for_a_value"])
AXES = st.sampled_from(["class", "batch", "space"])
NUMBERS = st.sampled_from(["0", "2", "0.5", "1e-4", "100"])
RELATIONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
ORDERS = st.sampled_from(["<", "<=", ">", ">="])
CHANCE = st.booleans()


def number(draw: Draw) -> nodes.Number:
    text = draw(NUMBERS)
    return nodes.Number(NOWHERE, text, Fraction(text))


def name(draw: Draw) -> nodes.Name:
    return nodes.Name(NOWHERE, draw(NAMES))


def several(draw: Draw, make: Callable[[Draw], Any], least: int, most: int) -> tuple[Any, ...]:
    return tuple(make(draw) for _ in range(draw(st.integers(least, most))))


def maybe(draw: Draw, make: Callable[[Draw], Any]) -> Any:
    return make(draw) if draw(CHANCE) else None


def different_names(draw: Draw, least: int, most: int) -> list[str]:
    return draw(st.lists(NAMES, min_size=least, max_size=most, unique=True))


# ---------------------------------------------------------------- expressions


def expression(draw: Draw, depth: int = DEPTH) -> nodes.Expr:
    if depth == 0:
        return name(draw) if draw(CHANCE) else number(draw)

    def inner(draw: Draw) -> nodes.Expr:
        return expression(draw, draw(st.integers(0, depth - 1)))

    return draw(st.sampled_from(SHAPES))(draw, inner)


Inner: TypeAlias = Callable[[Draw], nodes.Expr]


def unary(draw: Draw, inner: Inner) -> nodes.Expr:
    return nodes.Unary(NOWHERE, draw(st.sampled_from(["-", "+", "not"])), inner(draw))


def binary(draw: Draw, inner: Inner) -> nodes.Expr:
    op = draw(st.sampled_from(["+", "-", "*", "/", "**"]))
    return nodes.Binary(NOWHERE, op, inner(draw), inner(draw))


def compare(draw: Draw, inner: Inner) -> nodes.Expr:
    operands = several(draw, inner, 2, 3)
    ops = tuple(draw(RELATIONS) for _ in operands[1:])
    return nodes.Compare(NOWHERE, ops, operands)


def bool_op(draw: Draw, inner: Inner) -> nodes.Expr:
    return nodes.BoolOp(NOWHERE, draw(st.sampled_from(["and", "or"])), several(draw, inner, 2, 3))


def conditional(draw: Draw, inner: Inner) -> nodes.Expr:
    return nodes.Conditional(NOWHERE, inner(draw), inner(draw), inner(draw))


def call(draw: Draw, inner: Inner) -> nodes.Call:
    keywords = tuple(nodes.Keyword(NOWHERE, k, inner(draw)) for k in different_names(draw, 0, 2))
    return nodes.Call(NOWHERE, name(draw), several(draw, inner, 0, 3), keywords)


def binder(draw: Draw, inner: Inner) -> nodes.Binder:
    if draw(CHANCE):
        return nodes.Binder(NOWHERE, draw(NAMES), draw(AXES))
    return nodes.Binder(NOWHERE, draw(NAMES), None, inner(draw))


def binders(draw: Draw, inner: Inner) -> tuple[nodes.Binder, ...]:
    return several(draw, lambda draw: binder(draw, inner), 1, 2)


def reduction(draw: Draw, inner: Inner) -> nodes.Expr:
    over = nodes.Comprehension(NOWHERE, inner(draw), binders(draw, inner), maybe(draw, inner))
    return nodes.Call(NOWHERE, name(draw), (over,))


def array(draw: Draw, inner: Inner) -> nodes.Expr:
    bound = binders(draw, inner)
    return nodes.ArrayComprehension(NOWHERE, inner(draw), bound, maybe(draw, inner))


def subscript(draw: Draw, inner: Inner) -> nodes.Expr:
    return nodes.Subscript(NOWHERE, inner(draw), several(draw, inner, 1, 2))


def list_literal(draw: Draw, inner: Inner) -> nodes.Expr:
    return nodes.ListLiteral(NOWHERE, several(draw, inner, 0, 3))


SHAPES = [unary, binary, compare, bool_op, conditional, call, reduction, array, subscript]
SHAPES += [list_literal]


# ---------------------------------------------------------------- signatures


def dim(draw: Draw) -> nodes.Dim:
    kind = draw(st.sampled_from(["axis", "size", "pack"]))
    if kind == "size":
        return nodes.Dim(NOWHERE, None, draw(st.integers(1, 9)))
    return nodes.Dim(NOWHERE, draw(AXES), None, kind == "pack")


def type_expr(draw: Draw) -> nodes.TypeExpr:
    word = draw(st.sampled_from(["real", "class", "bit", "loss", "int"]))
    return nodes.TypeExpr(NOWHERE, word, several(draw, dim, 0, 2))


def domain(draw: Draw) -> nodes.Bound | nodes.Interval:
    if draw(CHANCE):
        return nodes.Bound(NOWHERE, draw(ORDERS), expression(draw, 2))
    ends = expression(draw, 2), expression(draw, 2)
    return nodes.Interval(NOWHERE, *ends, draw(CHANCE), draw(CHANCE))


def parameter(draw: Draw, called: str) -> nodes.Parameter:
    default = maybe(draw, expression)
    if draw(CHANCE):
        choices = nodes.ChoiceType(NOWHERE, tuple(different_names(draw, 2, 3)))
        return nodes.Parameter(NOWHERE, called, choices, None, default)
    limits = maybe(draw, domain)
    return nodes.Parameter(NOWHERE, called, type_expr(draw), limits, default, draw(CHANCE))


def parameters(draw: Draw, prefix: str) -> tuple[nodes.Parameter, ...]:
    return tuple(parameter(draw, f"{prefix}{i}") for i in range(draw(st.integers(0, 3))))


def signature(draw: Draw) -> nodes.Signature:
    return nodes.Signature(NOWHERE, parameters(draw, "input_"), parameters(draw, "hyper_"))


# ---------------------------------------------------------------- declarations

LINES = st.text(alphabet='ab "#\\$', max_size=12)
PROSE = st.lists(LINES, max_size=4).map(lambda lines: cleandoc("\n".join(lines)).strip())
TEXTS = PROSE.filter(lambda text: '"""' not in text)


def definition(draw: Draw, called: str) -> nodes.Definition:
    value = expression(draw)
    kind = draw(st.sampled_from([nodes.Let, nodes.LocalFunction, nodes.Unpack]))
    if kind is nodes.Let:
        return nodes.Let(NOWHERE, called, value)
    if kind is nodes.Unpack:
        return nodes.Unpack(NOWHERE, (called, f"{called}_2"), value)
    return nodes.LocalFunction(NOWHERE, called, tuple(different_names(draw, 1, 3)), value)


def definitions(draw: Draw) -> tuple[nodes.Definition, ...]:
    return tuple(definition(draw, f"part_{i}") for i in range(draw(st.integers(0, 3))))


def text(draw: Draw) -> nodes.Text:
    return nodes.Text(NOWHERE, draw(TEXTS))


def cite(draw: Draw) -> nodes.Cite:
    return nodes.Cite(NOWHERE, draw(TEXTS))


def claim(draw: Draw) -> nodes.Claim:
    claimed: nodes.Name | nodes.Call = name(draw)
    if draw(CHANCE):
        claimed = nodes.Call(NOWHERE, name(draw), several(draw, number, 0, 2))
    relation = draw(RELATIONS) if draw(CHANCE) else None
    bound = None if relation is None else expression(draw)
    return nodes.Claim(NOWHERE, claimed, draw(CHANCE), relation, bound, maybe(draw, expression))


def example(draw: Draw) -> nodes.Example:
    return nodes.Example(NOWHERE, call(draw, lambda draw: expression(draw, 2)), expression(draw))


def alias(draw: Draw) -> nodes.Alias:
    path = f"{name(draw).id}.{name(draw).id}"
    given = call(draw, lambda draw: expression(draw, 2)).keywords
    return nodes.Alias(NOWHERE, path, given)


def loss(draw: Draw, called: str) -> nodes.Loss:
    given = maybe(draw, signature)
    bound = () if given is None or draw(CHANCE) else binders(draw, lambda d: expression(d, 2))
    return nodes.Loss(
        NOWHERE,
        called,
        NOWHERE,
        given,
        bound,
        maybe(draw, expression) if bound else None,
        expression(draw),
        definitions(draw),
        maybe(draw, text),
        several(draw, cite, 0, 2),
        several(draw, claim, 0, 2),
        several(draw, example, 0, 2),
        several(draw, alias, 0, 2),
    )


def function(draw: Draw, called: str) -> nodes.Function:
    return nodes.Function(
        NOWHERE,
        called,
        NOWHERE,
        parameters(draw, "input_"),
        type_expr(draw),
        expression(draw),
        definitions(draw),
        maybe(draw, text),
        several(draw, cite, 0, 2),
    )


def declaration(draw: Draw, called: str) -> nodes.Declaration:
    kind = draw(st.sampled_from(["loss", "function", "import"]))
    if kind == "import":
        return nodes.Import(NOWHERE, draw(st.sampled_from(["my.loss", "a/b.loss"])))
    return loss(draw, called) if kind == "loss" else function(draw, called)


@st.composite
def expressions(draw: Draw) -> nodes.Expr:
    return expression(draw)


@st.composite
def modules(draw: Draw) -> nodes.Module:
    made = (declaration(draw, f"d{i}") for i in range(draw(st.integers(0, 2))))
    return nodes.Module(NOWHERE, tuple(made))
