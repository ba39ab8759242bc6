"""Explains why a text does not parse.

``RECOGNISERS`` is tried from the top; each looks at the pieces around the error and either explains it
or passes. What none of them knows is told as what was found and what was expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from losslang.diagnostics.model import Diagnostic, DiagnosticError, Label
from losslang.source import Source, Span
from losslang.syntax.layout import layout_warnings
from losslang.syntax.scan import KEYWORDS, Piece
from losslang.syntax.tables import parser
from losslang.syntax.words import (
    DECLARATIONS,
    FOREIGN_SIGNS,
    FOREIGN_WORDS,
    OPERATORS,
    STARTERS,
    TERMINALS,
)

__all__ = ["explain", "layout_warnings"]

RELATIONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_CLOSING = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Trouble:
    """Where parsing stopped: ``at`` indexes the offending piece, one past the last at the end."""

    source: Source
    pieces: Sequence[Piece]
    at: int
    expected: frozenset[str]

    @property
    def found(self) -> str:
        """The offending text, empty at the end."""
        return self.text(0)

    @property
    def kind(self) -> str:
        """The kind of the offending piece."""
        return self.pieces[self.at].kind if self.at < len(self.pieces) else "end"

    def text(self, offset: int) -> str:
        """The text of a neighbour of the offending piece, empty outside."""
        index = self.at + offset
        return self.pieces[index].text if 0 <= index < len(self.pieces) else ""

    def span(self, index: int) -> Span:
        """Where a piece stands; the end of the text is the place after the last piece."""
        if index < len(self.pieces):
            return Span(self.source, self.pieces[index].start, self.pieces[index].end)
        end = self.pieces[-1].end if self.pieces else 0
        return Span(self.source, end, end)

    @property
    def here(self) -> Span:
        """Where the offending piece stands."""
        return self.span(self.at)

    def open_brackets(self) -> list[int]:
        """Indices of the brackets that are open before the error, the innermost last."""
        stack: list[int] = []
        for index, piece in enumerate(self.pieces[: self.at]):
            if piece.kind == "open":
                stack.append(index)
            elif piece.kind == "close" and stack:
                stack.pop()
        return stack

    def before(self) -> Iterator[int]:
        """Indices of the pieces before the error inside the same bracket, the nearest first."""
        depth = 0
        for index in range(self.at - 1, -1, -1):
            kind = self.pieces[index].kind
            depth += (kind == "close") - (kind == "open")
            if depth < 0:
                return
            if depth == 0 and kind != "open":
                yield index

    def last(self, *texts: str) -> int | None:
        """The nearest piece before the error, in the same bracket, with one of these texts."""
        return next((index for index in self.before() if self.pieces[index].text in texts), None)

    def statement(self) -> str:
        """The word that began the declaration around the error."""
        starts = {"loss", "fn", "claim", "example", "cite", "import"}
        depth = 0
        found = ""
        for piece in self.pieces[: self.at]:
            depth += (piece.kind == "open") - (piece.kind == "close")
            if depth <= 0 and piece.text in starts:
                found = piece.text
        return found

    def on_one_line(self, left: int, right: int) -> bool:
        """Whether no line break stands between two neighbours of the offending piece."""
        start, end = self.span(self.at + left).end, self.span(self.at + right).start
        return "\n" not in self.source.text[start:end]

    def error(
        self,
        code: str,
        message: str,
        label: str = "",
        *,
        span: Span | None = None,
        also: tuple[Label, ...] = (),
        notes: tuple[str, ...] = (),
        help: str | None = None,
    ) -> Diagnostic:
        """A diagnostic, at the offending piece unless told otherwise."""
        return Diagnostic(code, message, Label(span or self.here, label), also, notes, help)


Recogniser: TypeAlias = Callable[[Trouble], Diagnostic | None]


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
        position = error.pos_in_stream or 0
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
    return frozenset(interactive.accepts())


def _unclosed_string(t: Trouble) -> Diagnostic | None:
    if t.kind != "unclosed":
        return None
    quotes = '"""' if t.found.startswith('"""') else '"'
    start = t.here.start
    return t.error(
        "unclosed-string",
        "this string is never closed",
        span=Span(t.source, start, start + len(quotes)),
        help=f"add {quotes} at its end"
        + ("" if len(quotes) == 3 else '; a text of several lines stands in """..."""'),
    )


def _number(t: Trouble) -> Diagnostic | None:
    here, after = t.here, t.at + 1
    if t.kind != "number" or after >= len(t.pieces) or t.pieces[after].start != here.end:
        return None
    tail = t.pieces[after].text
    if not (tail[0].isalpha() or tail[0] in "_."):
        return None
    end = t.pieces[after].end
    if tail.startswith("_"):
        help = "write the digits without underscores"
    elif tail[0] in "." or tail[0] in "xXbBoO" and t.found == "0":
        help = "numbers are decimal, such as 20, 0.5 or 1e-4"
    elif tail in ("e", "E"):
        help = "digits follow the `e`, as in 1e-4"
    else:
        help = f"a product needs its sign: {t.found} * {tail}"
    whole = Span(t.source, here.start, end)
    return t.error("malformed-number", f"`{whole.text}` is not a number", span=whole, help=help)


def _foreign_sign(t: Trouble) -> Diagnostic | None:
    # What follows a complete operand is tried too: `a**=b`, `x += 1`.
    if (
        t.found == "="
        and t.text(-1) in {"+", "-", "*", "/", "**"}
        and t.span(t.at - 1).end == t.here.start
    ):
        return t.error(
            "foreign-sign",
            f"there is no `{t.text(-1)}=`: a name has one value",
            span=t.span(t.at - 1).to(t.here),
            help="give the new value another name",
        )
    if t.found not in FOREIGN_SIGNS:
        return None
    return t.error(
        "foreign-sign", f"`{t.found}` is not a sign of this language", help=FOREIGN_SIGNS[t.found]
    )


def _unknown_character(t: Trouble) -> Diagnostic | None:
    if t.kind == "word" and not t.found.isascii():
        return t.error(
            "unknown-character",
            f"the name `{t.found}` holds letters other than a to z",
            help="spell it out: tau, gamma, eps",
        )
    if t.kind != "other":
        return None
    char = t.found
    shown = char if char.isprintable() and not char.isspace() else f"U+{ord(char):04X}"
    return t.error("unknown-character", f"the character `{shown}` has no meaning here")


def _foreign_word(t: Trouble) -> Diagnostic | None:
    for offset in (0, -1):
        word = t.text(offset)
        if offset and word == "class":  # a usual axis, which only `class Name:` is not
            continue
        if word in FOREIGN_WORDS and (offset == 0 or t.kind in ("word", "number", "sign")):
            return t.error(
                "foreign-word",
                f"there is no `{word}` in this language",
                span=t.span(t.at + offset),
                help=FOREIGN_WORDS[word],
            )
    return None


def _second_guard(t: Trouble) -> Diagnostic | None:
    guard, binder = t.last("if"), t.last("for")
    if t.found not in ("if", "for") or guard is None or binder is None or guard < binder:
        return None
    help = "join the conditions with `and`; a conditional in a guard needs parentheses"
    if t.found == "for":
        help = "move the guard behind the last binder: for i in a for j in b if ..."
    return t.error(
        "misplaced-guard",
        "there is one guard, after all binders",
        also=(Label(t.span(guard), "the guard"),),
        help=help,
    )


def _binder(t: Trouble) -> Diagnostic | None:
    help = None
    if t.text(-1) == "in" and t.text(-3) == "for":
        help = "an index runs over an axis or over range(n): for k in class, for k in range(3)"
    elif t.found == "," and t.text(-2) == "for":
        help = f"one index a binder: for {t.text(-1)} in batch for {t.text(1)} in batch"
    elif t.found == "," and (opened := t.open_brackets()) and opened[-1] > 1:
        if t.pieces[opened[-1] - 1].text == "range" and t.pieces[opened[-1] - 2].text == "in":
            help = "range(n) counts from 0 and takes only the count; shift inside the formula"
    elif t.text(-1) == "for" or t.text(-2) == "for":
        help = "a binder is written: for k in class"
    return help and t.error("bad-binder", "this is not a binder", help=help) or None


def _crowded_comprehension(t: Trouble) -> Diagnostic | None:
    opened = t.open_brackets()
    if not opened:
        return None
    if t.found == "," and t.last("for") is not None:
        return t.error(
            "comprehension-argument",
            "a comprehension is the only argument of its call",
            also=(Label(t.span(t.last("for") or 0), "the comprehension"),),
            help="it names the axes it runs over, so `axis=` is not needed",
        )
    if t.found != "for":
        return None
    caller = t.pieces[opened[-1] - 1].kind if opened[-1] else ""
    if t.last(",") is not None:
        return t.error(
            "comprehension-argument",
            "a comprehension is the only argument of its call",
            help="move the other arguments out of this call",
        )
    if t.pieces[opened[-1]].text == "(" and caller != "word":
        return t.error(
            "comprehension-argument",
            "a comprehension in plain parentheses says nothing about what to do with the values",
            help="name a reduction, sum(... for k in class), or build an array with [...]",
        )
    return None


def _missing_type(t: Trouble) -> Diagnostic | None:
    if "COLON" not in t.expected or t.found not in (",", ")", "=", "[", *RELATIONS):
        return None
    name = t.text(-1)
    return t.error(
        "missing-type",
        f"the parameter `{name}` has no type",
        span=t.span(t.at - 1),
        help=f"write its type after a colon, such as {name}: real[class]",
    )


def _comparison_in_bound(t: Trouble) -> Diagnostic | None:
    colon = t.last(":", ",")
    inside = t.statement() in ("loss", "fn") and t.open_brackets()
    if t.found not in RELATIONS or not inside or colon is None or t.pieces[colon].text != ":":
        return None
    if t.found == "==":
        help = "a default is written with one `=`: gamma: real >= 0 = 2"
    elif t.last(*RELATIONS) is None:
        return None
    else:
        help = "two bounds are an interval: real in [0, 1)"
    return t.error(
        "comparison-in-bound", f"a domain is one bound, so `{t.found}` cannot follow", help=help
    )


def _assignment(t: Trouble) -> Diagnostic | None:
    if t.found != "=" or not ({"ORDER", "EQUAL"} & t.expected):
        return None
    return t.error(
        "assignment-for-comparison",
        "`=` gives a name its value and cannot stand in an expression",
        help="compare with `==`",
    )


def _missing_body(t: Trouble) -> Diagnostic | None:
    if t.text(-1) != "=" or not (t.kind == "end" or t.found in STARTERS | {"where"}):
        return None
    return t.error("missing-body", "no formula follows this `=`", span=t.span(t.at - 1))


def _missing_equals(t: Trouble) -> Diagnostic | None:
    if "ASSIGN" not in t.expected or "ORDER" in t.expected:
        return None
    if t.found == "->":
        return t.error(
            "missing-equals", "a loss has no result type: it is real", help="write `=` in its place"
        )
    if t.found == ":":
        return t.error(
            "missing-equals", "a formula follows `=`, not `:`", help="write `=` in its place"
        )
    named = t.pieces[t.at - 1].kind == "word"
    if named and _operand_ends(t, -2) and t.on_one_line(-2, -1):
        return _unjoined(t, -1)
    opens = t.kind == "open" and t.text(-1) == ")"
    if opens or _operand(t) or t.kind in ("string", "end") or t.found in ("-", "+", "==", "where"):
        previous = t.span(t.at - 1)
        return t.error(
            "missing-equals",
            "a formula is introduced by `=`",
            "`=` is missing before this" if t.kind != "end" else "`=` and a formula are missing",
            also=(Label(previous),) if t.kind == "end" else (),
            help="loss name(...) = formula, and under `where`: name = formula",
        )
    return None


def _misplaced_text(t: Trouble) -> Diagnostic | None:
    if t.kind != "string":
        return None
    return t.error(
        "misplaced-text",
        "a string cannot stand in a formula",
        help="documentation stands before its declaration, outside of it",
    )


def _when_and_if(t: Trouble) -> Diagnostic | None:
    swap = {("claim", "if"): "when", ("loss", "when"): "if", ("fn", "when"): "if"}
    better = swap.get((t.statement(), t.found))
    if better is None or t.open_brackets() and t.found == "if":
        return None
    return t.error(
        "when-for-if",
        f"a condition is introduced by `{better}` here",
        help="a claim holds `when` its condition does; a guard is an `if`",
    )


def _missing_else(t: Trouble) -> Diagnostic | None:
    condition = t.last("if")
    if "_ELSE" not in t.expected or condition is None or _operand(t):
        return None
    return t.error(
        "missing-else",
        "this conditional has no `else`",
        also=(Label(t.span(condition), "the condition"),),
        help="a formula has a value in every case: a if c else b; a part of a sum may be (c) * a",
    )


def _brackets(t: Trouble) -> Diagnostic | None:
    opened = t.open_brackets()
    if t.kind == "close":
        if not opened:
            return t.error("unmatched-bracket", f"no bracket is open that `{t.found}` could close")
        opening = t.pieces[opened[-1]].text
        if _CLOSING[opening] != t.found and t.statement() != "" and not _in_interval(t, opened):
            return t.error(
                "unmatched-bracket",
                f"`{t.found}` cannot close `{opening}`",
                also=(Label(t.span(opened[-1]), "opened here"),),
                help=f"close it with `{_CLOSING[opening]}`",
            )
        return None
    if not opened or (t.kind != "end" and not _starts_something(t)):
        return None
    bracket = t.pieces[opened[-1]].text
    return t.error(
        "unclosed-bracket",
        f"`{bracket}` is never closed",
        span=t.span(opened[-1]),
        also=(Label(t.here, f"`{_CLOSING[bracket]}` is missing before this"),)
        if t.kind != "end"
        else (),
        help=f"add `{_CLOSING[bracket]}`",
    )


def _in_interval(t: Trouble, opened: Sequence[int]) -> bool:
    return opened[-1] > 0 and t.pieces[opened[-1] - 1].text == "in"


def _starts_something(t: Trouble) -> bool:
    """Whether the offending piece looks like the beginning of what follows the bracket."""
    if t.found in {"where", "loss", "fn", "claim", "example", "cite", "import", "="}:
        return t.found not in t.expected
    return t.kind == "word" and not t.on_one_line(-1, 0) and t.text(1) in ("=", "(", ",")


def _keyword_as_name(t: Trouble) -> Diagnostic | None:
    if t.found not in KEYWORDS or "NAME" not in t.expected:
        return None
    after = t.text(1)
    if after not in ("=", ":") and (t.found not in STARTERS or after not in ("(", "[", ",", ")")):
        return None
    return t.error(
        "keyword-as-name",
        f"`{t.found}` is a keyword and cannot be a name",
        help=f"write `{t.found}_`, say",
    )


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


def _operand(t: Trouble) -> bool:
    return t.kind in ("word", "number") and t.found not in KEYWORDS


def _operand_ends(t: Trouble, offset: int) -> bool:
    index = t.at + offset
    if index < 0:
        return False
    piece = t.pieces[index]
    return piece.kind in ("number", "close") or piece.kind == "word" and piece.text not in KEYWORDS


def _missing_operator(t: Trouble) -> Diagnostic | None:
    if not (_operand(t) or t.found == "(") or not _operand_ends(t, -1) or "PLUS" not in t.expected:
        return None
    return _unjoined(t, 0)


def _unjoined(t: Trouble, offset: int) -> Diagnostic:
    left, right = t.span(t.at + offset - 1), t.span(t.at + offset)
    return t.error(
        "missing-operator",
        f"nothing joins `{left.text}` and `{right.text}`",
        span=right,
        also=(Label(left),),
        help="write a product with `*`; arguments are parted by commas",
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
        names -= {"NAME", "NUMBER", "LPAR", "LSQB", "PLUS", "MINUS", "NOT"}
    if {"PLUS", "SLASH"} <= names:
        words.append("an operator")
        names -= OPERATORS
    if DECLARATIONS <= names:
        words.append("a declaration")
        names -= DECLARATIONS | {"_CLAIM", "_EXAMPLE", "TEXT"}
    words += sorted(TERMINALS.get(name, name.lower()) for name in names)
    if "$END" in expected:
        words.append("the end")
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1] if words else "nothing"]))


RECOGNISERS: tuple[Recogniser, ...] = (
    _empty,
    _unclosed_string,
    _number,
    _foreign_sign,
    _unknown_character,
    _foreign_word,
    _when_and_if,
    _second_guard,
    _binder,
    _crowded_comprehension,
    _missing_type,
    _comparison_in_bound,
    _assignment,
    _missing_body,
    _brackets,
    _keyword_as_name,
    _missing_else,
    _missing_equals,
    _misplaced_text,
    _misspelt_keyword,
    _missing_operator,
    _anything,
)
