"""Bounds on the size of a program, so that hostile text ends in a diagnostic and not in a crash.

The text is scanned before it is parsed and the tree walked after, both without recursion.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from losslang.diagnostics.model import fail
from losslang.source import Source, Span
from losslang.syntax import nodes
from losslang.syntax.scan import Piece, scan

MAX_SOURCE = 256 * 1024
MAX_TOKENS = 40_000
MAX_NODES = 20_000
MAX_BRACKETS = 100
MAX_DEPTH = 200
MAX_DIGITS = 400
MAX_EXPONENT = 400
MAX_ELEMENTS = 10_000


def scan_within_limits(source: Source) -> tuple[Piece, ...]:
    """The pieces of the text, refused where it is too long or its brackets nest too deep."""
    if len(source.text) > MAX_SOURCE:
        fail(
            "source-too-large",
            f"a program has at most {MAX_SOURCE:,} characters, this one {len(source.text):,}",
            Span(source, 0, 0),
        )
    pieces: list[Piece] = []
    depth = 0
    for piece in scan(source.text):
        pieces.append(piece)
        if piece.kind == "open":
            depth += 1
        elif piece.kind == "close":
            depth -= 1
        if depth > MAX_BRACKETS:
            fail(
                "nesting-too-deep",
                f"brackets nest more than {MAX_BRACKETS} deep",
                Span(source, piece.start, piece.end),
                help="name inner parts under `where`",
            )
        if len(pieces) > MAX_TOKENS:
            fail(
                "too-many-nodes",
                f"a program has at most {MAX_TOKENS:,} words and signs",
                Span(source, piece.start, piece.end),
                "the limit is reached here",
                help="split the file and `import` its parts",
            )
    return tuple(pieces)


def exact(text: str, span: Span) -> Fraction:
    """The exact value of a literal, computed only after its size is known to be sane."""
    mantissa, _, exponent = text.lower().partition("e")
    digits = sum(char.isdigit() for char in mantissa)
    if digits > MAX_DIGITS:
        fail("literal-too-large", f"a number has at most {MAX_DIGITS} digits", span, f"{digits:,}")
    # The length is compared first: int() of a very long exponent is itself slow.
    if exponent and (len(exponent.lstrip("+-0")) > 3 or abs(int(exponent)) > MAX_EXPONENT):
        fail(
            "literal-too-large",
            f"a decimal exponent lies between -{MAX_EXPONENT} and {MAX_EXPONENT}",
            span,
        )
    return Fraction(text)


def check_elements(count: int, span: Span) -> None:
    """Refuse a list literal with more elements than any loss writes out."""
    if count > MAX_ELEMENTS:
        fail(
            "list-too-long",
            f"a list has at most {MAX_ELEMENTS:,} elements",
            span,
            f"{count:,} elements",
            help="pass long vectors from the training code, as an input or by name",
        )


def check_tree(root: nodes.Module | nodes.Expr) -> None:
    """Refuse a tree that is too deep for the recursive stages after this one, or too large."""
    stack: list[tuple[nodes.Node, int]] = [(root, 1)]
    count = 0
    while stack:
        node, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH:
            fail(
                "nesting-too-deep",
                f"an expression nests more than {MAX_DEPTH} operations",
                node.span,
                help="name parts of it under `where`; a long sum is sum(... for i in axis)",
            )
        if count > MAX_NODES:
            fail(
                "too-many-nodes",
                f"a program has at most {MAX_NODES:,} names, numbers and operations",
                node.span,
                "the limit is reached here",
                help="split the file and `import` its parts",
            )
        stack.extend((child, depth + 1) for child in children(node))


def children(node: nodes.Node) -> Iterator[nodes.Node]:
    """The nodes right below a node, in the order of its fields."""
    for value in vars(node).values():
        if isinstance(value, nodes.Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, nodes.Node))
