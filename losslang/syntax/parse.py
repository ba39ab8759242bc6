"""From text to the syntax tree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from lark.exceptions import UnexpectedInput, VisitError

from losslang.source import Source, Span
from losslang.syntax import limits, mistakes, nodes
from losslang.syntax.build import Builder
from losslang.syntax.scan import Piece
from losslang.syntax.tables import parser


def parse_module(source: Source) -> nodes.Module:
    """The tree of a ``.loss`` file; a mistake raises a ``DiagnosticError``."""
    pieces = limits.scan_within_limits(source)
    module = cast(nodes.Module, _build(source, pieces, "module"))
    comments = tuple(
        nodes.Comment(Span(source, piece.start, piece.end), piece.text)
        for piece in pieces
        if piece.kind == "comment"
    )
    return replace(module, comments=comments)


def parse_expression(source: Source) -> nodes.Expr:
    """The tree of an expression, as a config holds it."""
    return cast(nodes.Expr, _build(source, limits.scan_within_limits(source), "expression"))


def _build(source: Source, pieces: tuple[Piece, ...], start: str) -> Any:
    try:
        tree = parser().parse(source.text, start=start)
    except UnexpectedInput as error:
        raise mistakes.explain(source, pieces, start, error) from None
    try:
        root = Builder(source).transform(tree)
    except VisitError as error:
        # Lark wraps whatever a callback raises.
        raise error.orig_exc from None
    limits.check_tree(root)
    return root
