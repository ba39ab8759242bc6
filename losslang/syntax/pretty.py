"""Lays documents out within a line width, after Wadler's "A prettier printer".

A group is printed on one line if it fits; otherwise its own line breaks are taken and its inner
groups are asked in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Break:
    """A place for a line break; ``flat`` is printed where none is taken."""

    flat: str


@dataclass(frozen=True)
class IfBroken:
    """Text that is only printed in a group that takes its line breaks."""

    text: str


@dataclass(frozen=True)
class Nest:
    """Line breaks inside are indented further, by four columns."""

    content: Doc


@dataclass(frozen=True)
class Group:
    """Takes all of its own line breaks or none."""

    content: Doc


Doc: TypeAlias = str | Break | IfBroken | Nest | Group | tuple["Doc", ...]

LINE = Break(" ")
SOFT = Break("")
STEP = 4

_Item: TypeAlias = tuple[int, bool, Doc]


def joined(separator: Doc, items: Iterable[Doc]) -> Doc:
    """The items with a separator between neighbours."""
    result: list[Doc] = []
    for item in items:
        if result:
            result.append(separator)
        result.append(item)
    return tuple(result)


def bracketed(opening: str, content: Doc, closing: str) -> Doc:
    """Content between brackets, on lines of its own where it does not fit."""
    return Group((opening, Nest((SOFT, content)), SOFT, closing))


def layout(doc: Doc, width: int, indent: int = 0) -> str:
    """The text of a document whose first line begins in column ``indent``."""
    out = [" " * indent]
    column = indent
    stack: list[_Item] = [(indent, False, doc)]
    while stack:
        depth, flat, item = stack.pop()
        if isinstance(item, str):
            out.append(item)
            column += len(item)
        elif isinstance(item, tuple):
            stack.extend((depth, flat, part) for part in reversed(item))
        elif isinstance(item, Nest):
            stack.append((depth + STEP, flat, item.content))
        elif isinstance(item, Group):
            fits = flat or _fits(width - column, item.content, stack)
            stack.append((depth, fits, item.content))
        elif isinstance(item, IfBroken):
            stack.append((depth, flat, "" if flat else item.text))
        elif flat:
            stack.append((depth, flat, item.flat))
        else:
            out.append("\n" + " " * depth)
            column = depth
    return "".join(out)


def _fits(room: int, content: Doc, rest: Sequence[_Item]) -> bool:
    """Whether content fits flat, together with what follows up to the next possible break."""
    stack: list[_Item] = [(0, True, content)]
    at = len(rest)
    while room >= 0:
        if not stack:
            if at == 0:
                return True
            at -= 1
            stack.append(rest[at])
        _, flat, item = stack.pop()
        if isinstance(item, str):
            room -= len(item)
        elif isinstance(item, tuple):
            stack.extend((0, flat, part) for part in reversed(item))
        elif isinstance(item, (Nest, Group)):
            stack.append((0, flat, item.content))
        elif isinstance(item, Break):
            if not flat:
                return True
            room -= len(item.flat)
        elif not flat:
            room -= len(item.text)
    return False
