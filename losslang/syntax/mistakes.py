"""Explains why a text does not parse.

``RECOGNISERS`` is tried from the top; each looks at the pieces around the error and either explains
it or passes. What none of them knows is told as what was found and what was expected.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import cast

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from losslang.diagnostics.model import Diagnostic, DiagnosticError
from losslang.source import Source
from losslang.syntax import foreign, misplaced
from losslang.syntax.layout import layout_warnings
from losslang.syntax.scan import KEYWORDS, Piece
from losslang.syntax.tables import parser
from losslang.syntax.trouble import Recogniser, Trouble
from losslang.syntax.words import DECLARATIONS, OPERATORS, TERMINALS

__all__ = ["explain", "layout_warnings"]


def explain(
    source: Source, pieces: tuple[Piece, ...], start: str, error: UnexpectedInput
) -> DiagnosticError:
    """The diagnostic for an error of the parser, which began at the rule ``start``."""
    code = tuple(piece for piece in pieces if piece.kind != "comment")
    at = len(code)
    # The end of the text is reported at the start of the last token, so it is told by its type.
    if isinstance(error, UnexpectedCharacters) or (
        isinstance(error, UnexpectedToken) and error.token.type != "$END"
    ):
        position = cast(int, error.pos_in_stream)
        at = next((i for i, piece in enumerate(code) if piece.end > position), len(code))
    stop = code[at].start if at < len(code) else len(source.text)
    expected = _expected(source.text[:stop], start)
    trouble = Trouble(source, code, at, expected)
    found = (recognise(trouble) for recognise in RECOGNISERS)
    return DiagnosticError(next(diagnostic for diagnostic in found if diagnostic is not None))


def _expected(before: str, start: str) -> frozenset[str]:
    """The terminals that may follow a beginning.

    The error's own set is too small: the parser has reduced on the offending token before it stops.
    """
    interactive = parser().parse_interactive(before, start=start)
    try:
        interactive.exhaust_lexer()
    except UnexpectedInput:
        return frozenset()
    return frozenset(interactive.accepts())  # type: ignore[no-untyped-call]


def _misspelt_keyword(t: Trouble) -> Diagnostic | None:
    if t.kind != "word" or t.found in KEYWORDS:
        return None
    words = {TERMINALS.get(name, "").strip("`") for name in t.expected} & KEYWORDS
    close = get_close_matches(t.found, sorted(words), n=1, cutoff=0.7)
    if not close:
        return None
    return t.error(
        "unexpected-token", f"unexpected `{t.found}`", help=f"did you mean `{close[0]}`?"
    )


def _empty(t: Trouble) -> Diagnostic | None:
    if t.pieces:
        return None
    return t.error("empty-expression", "there is no expression", help='write one, such as "ce"')


def _anything(t: Trouble) -> Diagnostic:
    hope = _listing(t.expected)
    if t.kind == "end":
        return t.error("unexpected-end", "the text ends too early", f"expected {hope}")
    if t.kind == "word" and "LOSS" in t.expected and "PLUS" not in t.expected:
        return t.error(
            "unexpected-token",
            f"`{t.found}` begins no declaration",
            f"expected {hope}",
            help="a formula in a file needs a name: loss total = ce + 0.5 * dice",
        )
    shown = t.found if len(t.found) <= 40 else f"{t.found[:37]}..."
    return t.error("unexpected-token", f"unexpected `{shown}`", f"expected {hope}")


def _listing(expected: frozenset[str]) -> str:
    names = set(expected) - {"$END"}
    words: list[str] = []
    if {"NAME", "NUMBER", "LPAR"} <= names:
        words.append("an expression")
        names -= {"NAME", "NUMBER", "LPAR", "LSQB", "PLUS", "MINUS", "NOT", "LEARN"}
    if {"PLUS", "SLASH"} <= names:
        words.append("an operator")
        names -= OPERATORS
    if names >= DECLARATIONS:
        words.append("a declaration")
        names -= DECLARATIONS | {"_CLAIM", "_EXAMPLE", "_ALIAS", "TEXT"}
    # Wherever the second copy of an axis may stand, its first may.
    names -= {"PRIMED"}
    words += sorted(TERMINALS.get(name, name.lower()) for name in names)
    if "$END" in expected:
        words.append("the end")
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1] if words else "nothing"]))


RECOGNISERS: tuple[Recogniser, ...] = (
    _empty,
    foreign.unclosed_string,
    foreign.number,
    foreign.foreign_sign,
    foreign.unknown_character,
    foreign.foreign_word,
    misplaced.when_and_if,
    misplaced.second_guard,
    misplaced.binder,
    misplaced.crowded_comprehension,
    misplaced.missing_type,
    misplaced.comparison_in_bound,
    misplaced.assignment,
    misplaced.missing_body,
    misplaced.brackets,
    misplaced.keyword_as_name,
    misplaced.missing_else,
    misplaced.missing_equals,
    misplaced.misplaced_text,
    _misspelt_keyword,
    misplaced.half_update,
    misplaced.missing_operator,
    _anything,
)
