"""From Lark's tree to the nodes of :mod:`losslang.syntax.nodes`, one method per grammar rule.

Lark's non-recursive transformer is used, so no program is too deep for this step.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import Any, TypeAlias, cast

from lark import Token, Transformer_NonRecursive, v_args
from lark.tree import Meta

from losslang.source import Source, Span
from losslang.syntax import limits, nodes, rules

Children: TypeAlias = list[Any]


@v_args(meta=True)
class Builder(Transformer_NonRecursive[Token, Any]):
    """Builds the nodes of one source."""

    def __init__(self, source: Source) -> None:
        super().__init__(visit_tokens=False)
        self.source = source

    def _span(self, meta: Meta | Token) -> Span:
        return Span(self.source, cast(int, meta.start_pos), cast(int, meta.end_pos))

    # ------------------------------------------------------------ declarations

    def module(self, meta: Meta, items: Children) -> nodes.Module:
        """The start rule of a file; its items find their declarations here."""
        whole = Span(self.source, 0, len(self.source.text))
        return nodes.Module(whole, rules.attach(items))

    def expression(self, meta: Meta, items: Children) -> nodes.Expr:
        """The start rule of a config string has one child."""
        return cast(nodes.Expr, items[0])

    def text(self, meta: Meta, items: Children) -> nodes.Text:
        return nodes.Text(self._span(meta), _unquote(items[0]))

    def cite(self, meta: Meta, items: Children) -> nodes.Cite:
        return nodes.Cite(self._span(meta), _unquote(items[0]))

    def import_(self, meta: Meta, items: Children) -> nodes.Import:
        return nodes.Import(self._span(meta), _unquote(items[0]))

    def loss(self, meta: Meta, items: Children) -> nodes.Loss:
        _, name, *rest = items
        signature = rest.pop(0) if isinstance(rest[0], nodes.Signature) else None
        binders, guard = rest.pop(0) if isinstance(rest[0], tuple) else ((), None)
        body, where = rest[0], tuple(rest[1]) if len(rest) > 1 else ()
        name_span = self._span(name)
        node = nodes.Loss(
            self._span(meta), str(name), name_span, signature, binders, guard, body, where
        )
        rules.check_loss(node)
        return node

    def result(self, meta: Meta, items: Children) -> tuple[tuple[nodes.Binder, ...], Any]:
        return _binders_and_guard(items)

    def function(self, meta: Meta, items: Children) -> nodes.Function:
        name, signature, result, body, *rest = items
        where = tuple(rest[0]) if rest else ()
        parameters = rules.plain_parameters(signature)
        node = nodes.Function(
            self._span(meta), str(name), self._span(name), parameters, result, body, where
        )
        rules.check_function(node)
        return node

    def claim(self, meta: Meta, items: Children) -> nodes.Claim:
        negated = isinstance(items[0], Token)
        claimed, *rest = items[1:] if negated else items
        condition = rest.pop()[0] if rest and isinstance(rest[-1], list) else None
        relation, bound = (str(rest[0]), rest[1]) if rest else (None, None)
        rules.check_claimed(claimed)
        return nodes.Claim(
            self._span(meta),
            claimed,
            negated,
            cast("nodes.CompareOp | None", relation),
            bound,
            condition,
        )

    def when(self, meta: Meta, items: Children) -> Children:
        return items

    def example(self, meta: Meta, items: Children) -> nodes.Example:
        return nodes.Example(self._span(meta), items[0], items[2])

    def alias(self, meta: Meta, items: Children) -> nodes.Alias:
        path, *keywords = items
        return nodes.Alias(self._span(meta), str(path), tuple(keywords))

    def where(self, meta: Meta, items: Children) -> Children:
        return items

    def let(self, meta: Meta, items: Children) -> nodes.Let:
        rules.check_name(items[0], self._span(items[0]))
        return nodes.Let(self._span(meta), str(items[0]), items[1])

    def local_function(self, meta: Meta, items: Children) -> nodes.LocalFunction:
        name, *parameters, value = items
        rules.check_names([(str(token), self._span(token)) for token in parameters], "parameter")
        for token in (name, *parameters):
            rules.check_name(token, self._span(token))
        return nodes.LocalFunction(self._span(meta), str(name), tuple(map(str, parameters)), value)

    def unpack(self, meta: Meta, items: Children) -> nodes.Unpack:
        *names, value = items
        rules.check_names([(str(token), self._span(token)) for token in names], "name")
        for token in names:
            rules.check_name(token, self._span(token))
        return nodes.Unpack(self._span(meta), tuple(map(str, names)), value)

    def state(self, meta: Meta, items: Children) -> nodes.State:
        name, type_, *rest = items
        start = rest.pop()[0] if rest and isinstance(rest[-1], list) else None
        rules.check_name(name, self._span(name))
        return nodes.State(self._span(meta), str(name), type_, rest[0] if rest else None, start)

    def update(self, meta: Meta, items: Children) -> nodes.Update:
        name, *indices, value = items
        return nodes.Update(self._span(meta), str(name), tuple(indices), value)

    # ------------------------------------------------------------ signatures and types

    def signature(self, meta: Meta, items: Children) -> nodes.Signature:
        return rules.signature(self._span(meta), items)

    def star(self, meta: Meta, items: Children) -> rules.Star:
        return rules.Star(self._span(meta))

    def parameter(self, meta: Meta, items: Children) -> nodes.Parameter:
        learn = items[0].type == "LEARN"
        name, type_, *rest = items[1:] if learn else items
        default = rest.pop()[0] if rest and isinstance(rest[-1], list) else None
        domain = rest[0] if rest else None
        rules.check_name(name, self._span(name))
        return nodes.Parameter(self._span(meta), str(name), type_, domain, default, learn)

    def choice(self, meta: Meta, items: Children) -> nodes.Parameter:
        name, *options = items
        default = options.pop()[0] if isinstance(options[-1], list) else None
        rules.check_name(name, self._span(name))
        rules.check_names([(str(token), self._span(token)) for token in options], "choice")
        type_ = nodes.ChoiceType(
            self._span(options[0]).to(self._span(options[-1])), tuple(map(str, options))
        )
        return nodes.Parameter(self._span(meta), str(name), type_, None, default)

    def default(self, meta: Meta, items: Children) -> Children:
        return items

    def type(self, meta: Meta, items: Children) -> nodes.TypeExpr:
        return nodes.TypeExpr(self._span(meta), str(items[0]), tuple(items[1:]))

    def map(self, meta: Meta, items: Children) -> nodes.MapType:
        return nodes.MapType(self._span(meta), items[0], items[1])

    def axis(self, meta: Meta, items: Children) -> nodes.Dim:
        return nodes.Dim(self._span(meta), str(items[0]))

    def fixed(self, meta: Meta, items: Children) -> nodes.Dim:
        span = self._span(meta)
        return nodes.Dim(span, None, rules.axis_size(limits.exact(items[0], span), span))

    def pack(self, meta: Meta, items: Children) -> nodes.Dim:
        return nodes.Dim(self._span(meta), str(items[0]), None, True)

    def bound(self, meta: Meta, items: Children) -> nodes.Bound:
        return nodes.Bound(self._span(meta), cast(Any, str(items[0])), items[1])

    def interval(self, meta: Meta, items: Children) -> nodes.Interval:
        opening, low, high, closing = items
        return nodes.Interval(self._span(meta), low, high, opening == "[", closing == "]")

    # ------------------------------------------------------------ expressions

    def conditional(self, meta: Meta, items: Children) -> nodes.Conditional:
        body, test, orelse = items
        return nodes.Conditional(self._span(meta), test, body, orelse)

    def lambda_(self, meta: Meta, items: Children) -> nodes.Lambda:
        rules.check_name(items[0], self._span(items[0]))
        return nodes.Lambda(self._span(meta), str(items[0]), items[1])

    def or_(self, meta: Meta, items: Children) -> nodes.BoolOp:
        return nodes.BoolOp(self._span(meta), "or", tuple(items))

    def and_(self, meta: Meta, items: Children) -> nodes.BoolOp:
        return nodes.BoolOp(self._span(meta), "and", tuple(items))

    def not_(self, meta: Meta, items: Children) -> nodes.Unary:
        return nodes.Unary(self._span(meta), "not", items[1])

    def comparison(self, meta: Meta, items: Children) -> nodes.Compare:
        return nodes.Compare(
            self._span(meta), tuple(cast(Any, map(str, items[1::2]))), tuple(items[::2])
        )

    def sum(self, meta: Meta, items: Children) -> nodes.Binary:
        left, op, right = items
        return nodes.Binary(self._span(meta), cast(Any, str(op)), left, right)

    product = sum

    def power(self, meta: Meta, items: Children) -> nodes.Binary:
        return nodes.Binary(self._span(meta), "**", items[0], items[2])

    def sign(self, meta: Meta, items: Children) -> nodes.Unary:
        return nodes.Unary(self._span(meta), cast(Any, str(items[0])), items[1])

    def subscript(self, meta: Meta, items: Children) -> nodes.Subscript:
        return nodes.Subscript(self._span(meta), items[0], tuple(items[1:]))

    def parenthesised(self, meta: Meta, items: Children) -> nodes.Expr:
        return cast(nodes.Expr, items[0])

    def number(self, meta: Meta, items: Children) -> nodes.Number:
        span = self._span(meta)
        return nodes.Number(span, str(items[0]), limits.exact(items[0], span))

    def name(self, meta: Meta, items: Children) -> nodes.Name:
        return nodes.Name(self._span(meta), str(items[0]))

    def call(self, meta: Meta, items: Children) -> nodes.Call:
        function = nodes.Name(self._span(items[0]), str(items[0]))
        args, keywords = rules.arguments(items[1:])
        return nodes.Call(self._span(meta), function, args, keywords)

    def keyword(self, meta: Meta, items: Children) -> nodes.Keyword:
        return nodes.Keyword(self._span(meta), str(items[0]), items[1])

    def comprehension(self, meta: Meta, items: Children) -> nodes.Comprehension:
        return nodes.Comprehension(self._span(meta), items[0], *_binders_and_guard(items[1:]))

    def array(self, meta: Meta, items: Children) -> nodes.ArrayComprehension:
        return nodes.ArrayComprehension(self._span(meta), items[0], *_binders_and_guard(items[1:]))

    def list_(self, meta: Meta, items: Children) -> nodes.ListLiteral:
        limits.check_elements(len(items), self._span(meta))
        return nodes.ListLiteral(self._span(meta), tuple(items))

    def binder(self, meta: Meta, items: Children) -> nodes.Binder:
        name, over, *count = items
        rules.check_name(name, self._span(name))
        if not count:
            rules.check_axis(over, self._span(over))
            return nodes.Binder(self._span(meta), str(name), str(over))
        rules.check_range(over, self._span(over))
        return nodes.Binder(self._span(meta), str(name), None, count[0])

    def guard(self, meta: Meta, items: Children) -> Children:
        return items


def _binders_and_guard(items: Children) -> tuple[tuple[nodes.Binder, ...], nodes.Expr | None]:
    guard = items[-1][0] if isinstance(items[-1], list) else None
    binders = tuple(item for item in items if isinstance(item, nodes.Binder))
    return binders, guard


def _unquote(token: str) -> str:
    width = 3 if token.startswith('"""') else 1
    return cleandoc(token[width:-width].replace("\r\n", "\n")).strip()
