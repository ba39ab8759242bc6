"""Line breaks for emitted statements: no line longer than a reader's screen."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise

WIDTH = 100

_HEAD = re.compile(r"(return |raise |[\w, .]+ = |)(.*)", re.DOTALL)
_CHAIN = re.compile(r"(?<=[)\]])\.(?=\w+\()")
_LOOSEST_FIRST = ((" if ", " else "), (" | ",), (" & ",), (" + ", " - "), (" * ", " / "))


def folded(lines: Iterable[str], indent: int = 0) -> Iterator[str]:
    """Statements, each indented and broken where it would be too long."""
    for line in lines:
        yield from _fold(" " * indent + line)


def _fold(line: str) -> Iterator[str]:
    if len(line) <= WIDTH or '"""' in line:
        yield line
        return
    indent = line[: len(line) - len(line.lstrip())]
    matched = _HEAD.match(line.lstrip())
    assert matched is not None
    head, text = matched.groups()
    if text.endswith(":"):
        yield line
        return
    for operators in _LOOSEST_FIRST:
        pieces = _split(text, operators)
        if len(pieces) > 1:
            yield f"{indent}{head}("
            yield from folded(pieces, len(indent) + 4)
            yield f"{indent})"
            return
    links = _links(text)
    if len(links) > 2:
        yield f"{indent}{head}("
        yield f"{indent}    {links[0]}"
        yield from (f"{indent}    {link}" for link in links[1:])
        yield f"{indent})"
        return
    yield from _bracketed(indent, head, text)


def _links(text: str) -> list[str]:
    """A chain of method calls, cut before each that stands outside all brackets."""
    outside = {at for at, depth in _depths(text) if depth == 0}
    cuts = [match.start() for match in _CHAIN.finditer(text) if match.start() in outside]
    return [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]


def _bracketed(indent: str, head: str, text: str) -> Iterator[str]:
    """Break inside the last brackets of an expression before which it still fits on a line."""
    opening = _last_opening(text, WIDTH - len(indent) - len(head))
    if opening is None:
        yield f"{indent}{head}{text}"
        return
    closing = _matching(text, opening)
    inside = text[opening + 1 : closing]
    pieces = [piece.strip() for piece in _split(inside, (",",), keep=False)]
    yield f"{indent}{head}{text[: opening + 1]}"
    yield from _filled(pieces, len(indent) + 4)
    yield f"{indent}{text[closing:]}"


def _filled(pieces: list[str], indent: int) -> Iterator[str]:
    """Arguments, as many on a line as fit."""
    line = ""
    for piece in pieces:
        if line and indent + len(line) + len(piece) + 3 > WIDTH:
            yield " " * indent + line + ","
            line = ""
        line = f"{line}, {piece}" if line else piece
    yield from _fold(" " * indent + line)


def _split(text: str, marks: tuple[str, ...], *, keep: bool = True) -> list[str]:
    """Cut outside all brackets; a piece keeps the mark that it begins with."""
    pieces, start = [], 0
    for at, depth in _depths(text):
        mark = next((m for m in marks if depth == 0 and text.startswith(m, at)), None)
        if mark is not None and at > start:
            pieces.append(text[start:at])
            start = at + (1 if keep else len(mark))
    return [*pieces, text[start:]]


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """Every position outside quotes with the number of brackets around it."""
    depth, quote = 0, ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote and text[at - 1] != "\\" else quote
            continue
        if char in "\"'":
            quote = char
        depth -= char in ")]}"
        yield at, depth
        depth += char in "([{"


def _last_opening(text: str, room: int) -> int | None:
    found = None
    for at, depth in _depths(text):
        if depth == 0 and text[at] in "([{" and text[at + 1 : at + 2] not in (")", "]"):
            found = at if at < room or found is None else found
    return found


def _matching(text: str, opening: int) -> int:
    return next(at for at, depth in _depths(text) if at > opening and depth == 0)


def filled(lines: Iterable[str], width: int) -> Iterator[str]:
    """Lines of prose, wrapped; an indented line goes on further in."""
    for line in lines:
        if len(line) <= width:
            yield line
        else:
            inside = " " * (len(line) - len(line.lstrip()) + 4) if line.startswith(" ") else ""
            yield from textwrap.wrap(
                line,
                width,
                subsequent_indent=inside,
                break_long_words=False,
                break_on_hyphens=not inside,
            )


def call(head: str, arguments: list[str], tail: str) -> str:
    """A signature on one line, or wrapped as few lines as it takes."""
    one = f"{head}({', '.join(arguments)}){tail}"
    if len(one) <= WIDTH:
        return one
    indent = " " * (len(head) - len(head.lstrip()) + 4)
    lines = textwrap.wrap(
        ",\0".join(a.replace(" ", "\1") for a in arguments).replace("\0", " ") + ",",
        WIDTH - len(indent),
        break_long_words=False,
        break_on_hyphens=False,
    )
    close = indent[4:] + ")" + tail
    return "\n".join([f"{head}(", *(indent + line.replace("\1", " ") for line in lines), close])
