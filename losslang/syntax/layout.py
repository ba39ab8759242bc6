"""Warnings about text that parses otherwise than its lines suggest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from losslang.diagnostics.model import Diagnostic, Label
from losslang.source import Source, Span
from losslang.syntax import nodes
from losslang.syntax.scan import KEYWORDS, Piece, scan

_CONTINUING = frozenset({"-", "+", "(", "["})


def layout_warnings(program: nodes.Module | Source) -> tuple[Diagnostic, ...]:
    """Lines that silently go on with the line above, and texts that seem to belong to it."""
    source = program if isinstance(program, Source) else program.span.source
    pieces = [piece for piece in scan(source.text) if piece.kind != "comment"]
    return (*_continued_lines(source, pieces), *_texts_after_their_loss(source, pieces))


def _continued_lines(source: Source, pieces: list[Piece]) -> Iterator[Diagnostic]:
    depth = 0
    for index, (above, piece) in enumerate(pairwise(pieces)):
        depth += (above.kind == "open") - (above.kind == "close")
        # Inside brackets the line above could not have ended.
        if depth or piece.text not in _CONTINUING or not _could_end(pieces, index):
            continue
        if "\n" not in source.text[above.end : piece.start]:
            continue
        yield Diagnostic(
            "unclear-layout",
            f"this line goes on with the formula of the line above: it begins with `{piece.text}`",
            Label(Span(source, piece.start, piece.end)),
            help=f"end the line above with `{piece.text}`, or put the formula in parentheses",
            severity="warning",
        )


def _could_end(pieces: list[Piece], index: int) -> bool:
    piece = pieces[index]
    if piece.kind == "word":
        declares = index > 0 and pieces[index - 1].text in ("loss", "fn")
        return piece.text not in KEYWORDS and not declares
    return piece.kind in ("number", "close")


def _texts_after_their_loss(source: Source, pieces: list[Piece]) -> Iterator[Diagnostic]:
    for index in range(1, len(pieces) - 1):
        piece, after = pieces[index], pieces[index + 1]
        if piece.kind != "string" or pieces[index - 1].text in ("cite", "import"):
            continue
        if after.text in ("claim", "example", "alias"):
            yield Diagnostic(
                "text-before-claim",
                "this string documents the next declaration, not the one above it",
                Label(Span(source, piece.start, piece.end)),
                (Label(Span(source, after.start, after.end), "this belongs to the loss above"),),
                help="move it before the declaration that it documents",
                severity="warning",
            )
