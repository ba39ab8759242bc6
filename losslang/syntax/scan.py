"""A coarse, total scan of program text into pieces.

The parser's lexer stops at the first character it does not know; this one never does, so it serves
for what must work on any text: size limits, comments, explaining mistakes, layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

KEYWORDS = frozenset(
    "loss claim cite example alias import where when for in if else and or not learn fn"
    " state".split()
)

_PIECE = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<string>\"{3}[\s\S]*?\"{3}|"(?!"")[^"\n]*")
    | (?P<unclosed>\"{3}[\s\S]*|"[^\n]*)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<open>[(\[])
    | (?P<close>[)\]])
    | (?P<sign>:=|->|\*\*|//|&&|\|\||==|!=|<=|>=|[-+*/^<>=,:|])
    | (?P<space>[ \t\r\n\f]+)
    | (?P<other>[\s\S])
    """,
    re.VERBOSE,
)


class Piece(NamedTuple):
    """A stretch of text; ``kind`` is a group of the pattern above."""

    kind: str
    start: int
    end: int
    text: str


def scan(text: str) -> Iterator[Piece]:
    """All pieces of a text but its white space, lazily and in order."""
    for match in _PIECE.finditer(text):
        if match.lastgroup != "space":
            yield Piece(str(match.lastgroup), match.start(), match.end(), match.group())
