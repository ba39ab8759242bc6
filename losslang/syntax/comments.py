"""Where comments belong, so that the formatter can put them back.

A comment on a line of its own leads the next unit; one behind text trails the unit that ended
before it; one inside a unit moves in front of that unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from losslang.source import Source, Span
from losslang.syntax import nodes
from losslang.syntax.scan import scan


@dataclass
class Remarks:
    """The comments of a module by the place of their unit."""

    leading: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    trailing: dict[tuple[int, int], str] = field(default_factory=dict)
    final: list[str] = field(default_factory=list)

    def leads(self, unit: Span) -> bool:
        """Whether comments stand before the unit."""
        return (unit.start, unit.end) in self.leading

    def trails(self, unit: Span) -> bool:
        """Whether a comment stands behind the unit."""
        return (unit.start, unit.end) in self.trailing

    def before(self, unit: Span, indent: int = 0) -> list[str]:
        """The comments that stand before a unit."""
        lines = self.leading.get((unit.start, unit.end), [])
        return [line and " " * indent + line for line in lines]

    def around(self, unit: Span, text: str, indent: int = 0) -> list[str]:
        """The text of a unit with its comments."""
        after = self.trailing.get((unit.start, unit.end))
        whole = text if after is None else f"{text}  {after}"
        return [*self.before(unit, indent), whole]


def attach_comments(module: nodes.Module) -> Remarks:
    """Find the unit of every comment."""
    remarks = Remarks()
    if not module.comments:
        return remarks
    units = sorted(_units(module), key=lambda span: (span.start, -span.end))
    pending: dict[tuple[int, int], list[nodes.Comment]] = {}
    last: list[nodes.Comment] = []
    for comment in module.comments:
        unit, trails = _unit_of(comment, units)
        if unit is None:
            last.append(comment)
            continue
        key = (unit.start, unit.end)
        if trails:
            if key in remarks.trailing:
                # Only one can stand behind the unit; the others go before it.
                remarks.leading.setdefault(key, []).append(remarks.trailing[key])
            remarks.trailing[key] = comment.text.rstrip()
        else:
            pending.setdefault(key, []).append(comment)
    for key, comments in pending.items():
        remarks.leading.setdefault(key, []).extend(_lines(comments, key[0]))
    remarks.final = _lines(last, len(module.span.source.text))
    return remarks


def header_span(node: nodes.Loss | nodes.Function) -> Span:
    """The header of a declaration, from its keyword to before its `=`."""
    end = node.name_span.end
    if isinstance(node, nodes.Function):
        end = node.result.span.end
    else:
        parts: list[nodes.Node] = [*([node.signature] if node.signature else []), *node.binders]
        if node.guard is not None:
            parts.append(node.guard)
        end = max([end, *(part.span.end for part in parts)])
    return Span(node.span.source, node.span.start, end)


def where_span(node: nodes.Loss | nodes.Function) -> Span:
    """The word ``where`` of a declaration that has definitions."""
    source = node.span.source
    start, end = node.body.span.end, node.where[0].span.start
    for piece in scan(source.text[start:end]):
        if piece.text == "where":
            return Span(source, start + piece.start, start + piece.end)
    return Span(source, end, end)


def _units(module: nodes.Module) -> Iterator[Span]:
    for declaration in module.declarations:
        if isinstance(declaration, nodes.Import):
            yield declaration.span
            continue
        if declaration.doc is not None:
            yield declaration.doc.span
        yield from (cite.span for cite in declaration.cites)
        yield header_span(declaration)
        if isinstance(declaration, nodes.Function):
            yield from (parameter.span for parameter in declaration.parameters)
        else:
            if declaration.signature is not None:
                signature = declaration.signature
                parameters = signature.inputs + signature.hyperparameters
                yield from (parameter.span for parameter in parameters)
            yield from (item.span for item in declaration.statements)
        yield declaration.body.span
        if declaration.where:
            yield where_span(declaration)
        yield from (definition.span for definition in declaration.where)


def _unit_of(comment: nodes.Comment, units: Sequence[Span]) -> tuple[Span | None, bool]:
    """The unit of a comment, and whether the comment stands behind it."""
    start, source = comment.span.start, comment.span.source
    around = [unit for unit in units if unit.start < start < unit.end]
    # Parameters lie inside a header: a comment between them belongs to one of them.
    inside = around[-1] if around else None
    candidates = [
        unit
        for unit in units
        if inside is None or (inside.start <= unit.start and unit.end <= inside.end)
    ]
    before = [unit for unit in candidates if unit.end <= start]
    after = [unit for unit in candidates if unit.start >= start]
    # Of two units that ended, the header reaches further than the last of its parameters.
    nearest = max(before, key=lambda unit: unit.end, default=None)
    if nearest is not None and _behind_text(source, start):
        return nearest, True
    if inside is not None and not after:
        return nearest or inside, False
    return (after[0] if after else None), False


def _behind_text(source: Source, start: int) -> bool:
    line, column = source.position(start)
    return bool(source.line(line)[: column - 1].strip())


def _lines(comments: Sequence[nodes.Comment], end: int) -> list[str]:
    """The comments, with one empty line wherever there were any below one of them."""
    lines: list[str] = []
    for index, comment in enumerate(comments):
        text = comment.span.source.text
        lines.append(comment.text.rstrip())
        following = comments[index + 1].span.start if index + 1 < len(comments) else end
        gap = text[comment.span.end : following]
        if gap.count("\n") > 1 and not gap.strip() and following != len(text):
            lines.append("")
    return lines
