"""The place where parsing stopped, with what stands around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from losslang.diagnostics.model import Diagnostic, Label
from losslang.source import Source, Span
from losslang.syntax.scan import KEYWORDS, Piece
from losslang.syntax.words import STARTERS

RELATIONS = frozenset({"<", "<=", ">", ">=", "==", "!="})


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
        """Indices of the pieces before the error inside the same bracket, the nearest first.

        Outside of all brackets, those of the same declaration or definitions.
        """
        starts = frozenset() if self.open_brackets() else STARTERS | {"where"}
        depth = 0
        for index in range(self.at - 1, -1, -1):
            kind = self.pieces[index].kind
            depth += (kind == "close") - (kind == "open")
            if depth < 0 or (depth == 0 and self.pieces[index].text in starts):
                return
            if depth == 0 and kind != "open":
                yield index

    def last(self, *texts: str) -> int | None:
        """The nearest piece before the error, in the same bracket, with one of these texts."""
        return next((index for index in self.before() if self.pieces[index].text in texts), None)

    def statement(self) -> str:
        """The word that began the declaration around the error."""
        starts = {"loss", "fn", "claim", "example", "alias", "cite", "import"}
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

    def operand_at(self, offset: int = 0) -> bool:
        """Whether a name or a number stands there."""
        index = self.at + offset
        if not 0 <= index < len(self.pieces):
            return False
        piece = self.pieces[index]
        return piece.kind == "number" or (piece.kind == "word" and piece.text not in KEYWORDS)

    def operand_ends_at(self, offset: int) -> bool:
        """Whether an operand could end there."""
        index = self.at + offset
        return self.operand_at(offset) or (index >= 0 and self.pieces[index].kind == "close")

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
