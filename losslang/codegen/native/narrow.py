"""As many short rows at a time as a register has lanes, which run across the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from losslang.codegen.native.function import Function
from losslang.codegen.native.operations import NEUTRAL, indented, update

NARROW = 48
"""Rows of at most so many places are put into lanes."""


class Narrow(Function):
    """A block is turned round where it is read and where it is written."""

    mode = "narrow"
    rows = "W"
    row = "(w < count ? w : count - 1)"

    def _step(self) -> str:
        return "constexpr int step = W"

    def _tiles(self) -> Iterator[str]:
        for n, node in self._reads():
            if len(node.dims) < 2:
                continue
            size = self._size(node.dims[1])
            kind = self._kind(n)
            yield f"{kind} x{n}[{NARROW} * W];"
            yield f"turn<W>(x{n}, {self._pointer(node)} + first * {size}, {size}, count);"

    def _room(self) -> Iterator[str]:
        for place in self.kept:
            yield f"A kept{place}[{NARROW} * W];"

    def _at(self, axis: str, place: str) -> str:
        return f"{place} * W + w"

    def _walk(self, axis: str, reductions: Sequence[int]) -> Iterator[str]:
        arguments = [self.nodes[n].args[0] for n in reductions]
        for n in reductions:
            yield f"for (int w = 0; w < W; ++w) r{n}[w] = {NEUTRAL[self.nodes[n].op]};"
        yield f"for (int k = 0; k < {self._size(axis)}; ++k) {{"
        yield "    #pragma omp simd"
        yield "    for (int w = 0; w < W; ++w) {"
        yield from indented(self._elements(arguments, "k", "", hoisted=True), 8)
        yield from indented(self._keep(axis, arguments), 8)
        for n in reductions:
            argument = f"e{self.nodes[n].args[0]}"
            yield f"        {update(self.nodes[n].op, f'r{n}[w]', argument)}"
        yield "    }"
        yield "}"

    def _written(self, place: int, number: int, axis: str) -> Iterator[str]:
        size, entry = self._size(axis), self._operand(number, "")
        known = {self.kept[place]: self._stored_at(place)} if place in self.kept else {}
        yield f"A out[{NARROW} * W];"
        yield f"for (int k = 0; k < {size}; ++k) {{"
        yield "    #pragma omp simd"
        yield "    for (int w = 0; w < W; ++w) {"
        yield from indented(self._elements([number], "k", "", known, hoisted=True), 8)
        yield f"        out[k * W + w] = {entry};"
        yield "    }"
        yield "}"
        yield f"turn_back<W>({self._target(place)} + first * {size}, out, {size}, count);"
