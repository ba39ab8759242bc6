"""Diagnostics as text for a person and as data for a program.

One block per source: each line that a label points at, its labels underlined (``^`` the primary
one, ``-`` the others), their texts to the right or hanging below.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from losslang.diagnostics.model import Diagnostic, Label
from losslang.source import Source, Span

TAB = 4
MAX_COLUMNS = 120
# How much of an overlong line is shown before its first label.
LEAD = 40

_COLORS = {"error": "31", "warning": "33", "frame": "34", "bold": "1"}


def render(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """A diagnostic as text, plain unless colour is asked for."""
    paint = _Paint(color)
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    lines = [f"{head}{paint(f': {diagnostic.message}', 'bold')}"]
    marks = _marks(diagnostic)
    width = max((len(str(mark.line)) for mark in marks), default=1)
    frame = _Frame(width, paint, diagnostic.severity)
    for index, source in enumerate(_sources(marks)):
        here = [mark for mark in marks if mark.span.source is source]
        lines += frame.block(source, here, "-->" if index == 0 else ":::")
    remarks = [("note", note) for note in diagnostic.notes]
    if diagnostic.help is not None:
        remarks.append(("help", diagnostic.help))
    for kind, text in remarks:
        indent = " " * (width + 4 + len(kind) + 2)
        lines.append(frame.side(f"= {kind}: ") + text.replace("\n", f"\n{indent}"))
    return "\n".join(line.rstrip() for line in lines)


def to_json(diagnostic: Diagnostic) -> dict[str, object]:
    """A diagnostic with its places as lines and columns, both counted from 1."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "primary": None if diagnostic.primary is None else _label_to_json(diagnostic.primary),
        "secondary": [_label_to_json(label) for label in diagnostic.secondary],
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
    }


def _label_to_json(label: Label) -> dict[str, object]:
    source = label.span.source
    line, column = source.position(label.span.start)
    end_line, end_column = source.position(label.span.end)
    return {
        "file": source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "text": label.text,
    }


@dataclass(frozen=True)
class _Mark:
    """A label with the line it stands on; a span of several lines is marked on its first."""

    span: Span
    text: str
    primary: bool

    @property
    def line(self) -> int:
        return self.span.source.position(self.span.start)[0]


def _marks(diagnostic: Diagnostic) -> list[_Mark]:
    marks = [_Mark(label.span, label.text, False) for label in diagnostic.secondary]
    if diagnostic.primary is not None:
        marks.insert(0, _Mark(diagnostic.primary.span, diagnostic.primary.text, True))
    return marks


def _sources(marks: Iterable[_Mark]) -> list[Source]:
    found: list[Source] = []
    for mark in marks:
        if not any(mark.span.source is source for source in found):
            found.append(mark.span.source)
    return found


class _Paint:
    """Wraps text in terminal colours, or leaves it alone."""

    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, text: str, role: str) -> str:
        return f"\x1b[{_COLORS[role]}m{text}\x1b[0m" if self.color and text.strip() else text


class _Frame:
    """The gutter with line numbers, and what stands to its right."""

    def __init__(self, width: int, paint: _Paint, severity: str) -> None:
        self.width = width
        self.paint = paint
        self.severity = severity

    def side(self, sign: str, number: str = "") -> str:
        return self.paint(f" {number.rjust(self.width)} {sign}", "frame")

    def block(self, source: Source, marks: Sequence[_Mark], arrow: str) -> list[str]:
        line, column = source.position(marks[0].span.start)
        pointer = self.paint(f"{' ' * (self.width + 1)}{arrow}", "frame")
        rows = [f"{pointer} {source.name}:{line}:{column}", self.side("|")]
        previous = 0
        for number in sorted({mark.line for mark in marks}):
            if previous and number - previous == 2:
                rows += self._line(source, number - 1, [])
            elif previous and number - previous > 2:
                rows.append(self.paint("...", "frame"))
            rows += self._line(source, number, [mark for mark in marks if mark.line == number])
            previous = number
        return rows

    def _line(self, source: Source, number: int, marks: Sequence[_Mark]) -> list[str]:
        start = source.line_starts[number - 1]
        shown = _Shown(source.line(number), [mark.span.start - start for mark in marks])
        underlines = [
            _Underline(*shown.columns(m.span.start - start, m.span.end - start), m.text, m.primary)
            for m in marks
        ]
        rows = [f"{self.side('|', str(number))} {shown.text}"]
        for row in _underline_rows(underlines):
            text = "".join(
                self.paint("".join(char for char, _ in run), self.severity if primary else "frame")
                for primary, run in groupby(row, key=itemgetter(1))
            )
            rows.append(f"{self.side('|')} {text}")
        return rows


class _Shown:
    """A line as it is displayed, and the column of each of its characters."""

    def __init__(self, line: str, starts: Sequence[int]) -> None:
        # A line may be megabytes long: no more of it is looked at than can be shown.
        start = max(0, min(starts, default=0) - LEAD)
        self._begin = start if _width(line[: MAX_COLUMNS + 1]) > MAX_COLUMNS else 0
        before = "..." if self._begin else ""
        self._columns = [len(before)]
        shown: list[str] = []
        for char in line[self._begin : self._begin + MAX_COLUMNS + 1]:
            text, width = _cell(char)
            if self._columns[-1] + width > len(before) + MAX_COLUMNS:
                break
            shown.append(text)
            self._columns.append(self._columns[-1] + width)
        after = "..." if self._begin + len(shown) < len(line) else ""
        self.text = before + "".join(shown) + after

    def columns(self, start: int, end: int) -> tuple[int, int]:
        """Display columns of a range of characters, at least one wide."""
        last = len(self._columns) - 1
        left = self._columns[min(max(start - self._begin, 0), last)]
        right = self._columns[min(max(end - self._begin, 0), last)]
        return left, max(right, left + 1)


def _width(text: str) -> int:
    return sum(_cell(char)[1] for char in text)


def _cell(char: str) -> tuple[str, int]:
    if char == "\t":
        return " " * TAB, TAB
    if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"}:
        # Such a character could move the cursor or reverse the line on a terminal.
        return "\ufffd", 1
    if unicodedata.combining(char):
        return char, 0
    return char, 2 if unicodedata.east_asian_width(char) in "WF" else 1


@dataclass(frozen=True)
class _Underline:
    left: int
    right: int
    text: str
    primary: bool


def _underline_rows(underlines: Sequence[_Underline]) -> list[list[tuple[str, bool]]]:
    """Rows of characters, each with whether it belongs to the primary label."""
    if not underlines:
        return []
    first: dict[int, tuple[str, bool]] = {}
    for mark in sorted(underlines, key=lambda mark: mark.primary):
        for column in range(mark.left, mark.right):
            first[column] = ("^" if mark.primary else "-", mark.primary)
    rows = [first]
    spoken = sorted((m for m in underlines if m.text), key=lambda mark: (mark.left, mark.right))
    ends = max(mark.left for mark in underlines), max(mark.right for mark in underlines)
    # Behind the underlines only what belongs to the last of them can be read without doubt.
    if spoken and (spoken[-1].left, spoken[-1].right) == ends:
        last = spoken.pop()
        _write(first, last.right + 1, last.text, last.primary)
    if spoken:
        rows.append({mark.left: ("|", mark.primary) for mark in spoken})
    while spoken:
        last = spoken.pop()
        row = {mark.left: ("|", mark.primary) for mark in spoken if mark.left < last.left}
        _write(row, last.left, last.text, last.primary)
        rows.append(row)
    return [[row.get(at, (" ", False)) for at in range(max(row) + 1)] for row in rows]


def _write(row: dict[int, tuple[str, bool]], at: int, text: str, primary: bool) -> None:
    row.update({at + offset: (char, primary) for offset, char in enumerate(text)})
