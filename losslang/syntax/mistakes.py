"""Explains what is wrong with text that does not parse."""

from __future__ import annotations

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from losslang.diagnostics.model import Diagnostic, DiagnosticError, Label
from losslang.source import Source, Span
from losslang.syntax.scan import Piece


def explain(
    source: Source, pieces: tuple[Piece, ...], error: UnexpectedInput
) -> DiagnosticError:
    """The diagnostic for an error of the parser."""
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        span = Span(source, error.token.start_pos or 0, error.token.end_pos or 0)
        message = f"unexpected `{span.text}`"
    elif isinstance(error, UnexpectedCharacters):
        span = Span(source, error.pos_in_stream, error.pos_in_stream + 1)
        message = f"unexpected `{span.text}`"
    else:
        end = len(source.text.rstrip())
        span = Span(source, end, end)
        message = "the text ends too early"
    return DiagnosticError(Diagnostic("unexpected-token", message, Label(span)))
