"""Long rows, along which the lanes of a register run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from losslang.codegen.native.call import MATRIX
from losslang.codegen.native.function import Function
from losslang.codegen.native.operations import CLAUSE, NEUTRAL, indented, update
from losslang.codegen.plan import Node
from losslang.ir.loss import BATCH

SHORT = 2048
"""A block of longer rows is one row, so that it stays in the cache."""


class Wide(Function):
    """Rows one by one, but what is one number of a row for all rows of a block at once."""

    mode = "wide"
    rows = "count"
    row = "w"

    def _step(self) -> str:
        short = " && ".join(f"size_{n} <= {SHORT}" for n in range(len(self.text.axes)))
        return f"const int step = {short} ? W : 1"

    # ------------------------------------------------------------ reading

    def _is_replaced(self, node: Node) -> bool:
        """Whether the gradient of an array may be written over it."""
        return self.task == "both" and node.attrs[0] == MATRIX

    @property
    def _is_apart(self) -> bool:
        """Whether what is kept of a row has more digits than the gradient that will stand there."""
        return self.text.stored != self.text.real

    def _copies(self) -> Iterator[str]:
        """And room for a row that the gradient is written over, or that has more digits than it."""
        yield from super()._copies()
        for n, node in self._reads():
            if self._is_replaced(node):
                yield f"std::vector<A> row{n};"
        if self._is_apart:
            for place in self.kept:
                size = self._size(str(self.text.gradients[place][2]))
                yield f"std::vector<A> room{place}(({size} <= {SHORT} ? W : 1) * {size});"

    def _tiles(self) -> Iterator[str]:
        for n, node in self._reads():
            if len(node.dims) < 2:
                continue
            size = self._size(node.dims[1])
            start = f"{self._pointer(node)} + first * {size}"
            if self._is_replaced(node):
                yield f"row{n}.assign({start}, {start} + count * {size});"
                start = f"row{n}.data()"
            yield f"const {self._stored(node)}* const x{n} = {start};"

    def _room(self) -> Iterator[str]:
        for place in self.kept:
            if self._is_apart:
                yield f"A* const kept{place} = room{place}.data();"
            else:
                size = self._size(str(self.text.gradients[place][2]))
                yield f"A* const kept{place} = {self._target(place)} + first * {size};"

    def _at(self, axis: str, place: str) -> str:
        return f"w * {self._size(axis)} + {place}"

    # ------------------------------------------------------------ passes over a row

    def _walk(self, axis: str, reductions: Sequence[int]) -> Iterator[str]:
        arguments = [self.nodes[n].args[0] for n in reductions]
        yield "for (int w = 0; w < count; ++w) {"
        yield from indented(self._operands_of_row(arguments), 4)
        for n in reductions:
            kind = "double" if self.nodes[n].op == "sum" else self._kind(n)
            yield f"    {kind} t{n} = {NEUTRAL[self.nodes[n].op]};"
        yield from indented(self._stretches(axis, arguments, reductions), 4)
        for n in reductions:
            yield f"    r{n}[w] = {self._kind(n)}(t{n});"
        yield "}"
        self._local = set()

    def _is_last(self, axis: str, reductions: Sequence[int]) -> bool:
        """Whether rows have been read before a pass, and no other pass comes after it."""
        passes = {
            self.depth[n]
            for n in self.needed
            if self._is_reduced(n) and self.nodes[n].attrs[0] == axis
        }
        return len(passes) > 1 and self.depth[reductions[0]] == max(passes)

    def _fetches(self, axis: str) -> Iterator[str]:
        """Fetch what the next block reads, while the pass at hand computes."""
        for _, node in self._reads():
            if node.dims == (BATCH.name, axis):
                there = f"{self._pointer(node)} + (first + step + w) * {self._size(axis)} + from"
                yield f"if (w < end - first - step) fetch({there}, to - from);"

    def _operands_of_row(self, wanted: Iterable[int]) -> Iterator[str]:
        """A row's numbers that a loop along it uses, in variables of their own.

        GCC takes the choice of an entry of an array for a branch, and does not vectorise the loop.
        """
        found = {
            a for n in self._closure(wanted) for a in self.nodes[n].args if self.level(a) == "row"
        }
        for n in sorted(found):
            yield f"const {self._kind(n)} v{n} = r{n}[w];"
        self._local = found

    def _stretches(
        self, axis: str, arguments: Sequence[int], reductions: Sequence[int]
    ) -> Iterator[str]:
        """Reduce a row in parts that stay in the nearest cache.

        Where places are compared with a label, only the part with the label's place is tested.
        """
        size = self._size(axis)
        label, tests = self._label_tests(arguments)
        ops = [self.nodes[n].op for n in reductions]
        clauses = " ".join(
            f"reduction({CLAUSE[op]}: p{n})" for op, n in zip(ops, reductions, strict=True)
        )

        def part(test: str) -> Iterator[str]:
            known = dict.fromkeys(tests, test)
            yield f"#pragma omp simd {clauses}"
            yield "for (int k = from; k < to; ++k) {"
            yield from indented(self._elements(arguments, "k", "", known, hoisted=True), 4)
            yield from indented(self._keep(axis, arguments), 4)
            for op, n in zip(ops, reductions, strict=True):
                yield f"    {update(op, f'p{n}', f'e{self._counted(n) or self.nodes[n].args[0]}')}"
            yield "}"

        if label is not None:
            yield f"const int cut = {self._cut(label, size)};"
        yield f"for (int from = 0; from < {size}; from += STRETCH) {{"
        yield f"    const int to = {size} - from < STRETCH ? {size} : from + STRETCH;"
        if self._is_last(axis, reductions):
            yield from indented(self._fetches(axis), 4)
        for op, n in zip(ops, reductions, strict=True):
            kind = "Whole" if self._counted(n) else self._held(n)
            yield f"    {kind} p{n} = {kind}({NEUTRAL[op]});"
        if label is None:
            yield from indented(part(""), 4)
        else:
            yield "    if (cut < from || to <= cut) {"
            yield from indented(part("false"), 8)
            yield "    } else {"
            yield from indented(part("k == cut"), 8)
            yield "    }"
        for op, n in zip(ops, reductions, strict=True):
            yield f"    {update(op, f't{n}', f'p{n}')}"
        yield "}"

    def _counted(self, n: int) -> int | None:
        """What is true at the places that a sum counts, if it only counts."""
        argument = self.nodes[self.nodes[n].args[0]]
        counts = self.nodes[n].op == "sum" and argument.op == "cast"
        return argument.args[0] if counts and self._is_truth(argument.args[0]) else None

    def _label_tests(self, wanted: Sequence[int]) -> tuple[int | None, list[int]]:
        """The one label that places are compared with, and the comparisons."""
        found: dict[int, int] = {}
        for n in self._closure(wanted):
            node = self.nodes[n]
            if node.op == "eq" and "arange" in {self.nodes[a].op for a in node.args}:
                (found[n],) = (a for a in node.args if self.nodes[a].op != "arange")
        labels = set(found.values())
        if len(labels) != 1 or self.level(min(labels)) != "row":
            return None, []
        return labels.pop(), list(found)

    def _cut(self, label: int, size: str) -> str:
        """The place of the label; behind all places if it is none of them."""
        place = f"r{label}[w]"
        return f"{place} < 0 || {place} > {size} ? {size} : {place}"

    # ------------------------------------------------------------ results

    def _written(self, place: int, number: int, axis: str) -> Iterator[str]:
        size = self._size(axis)
        known = {self.kept[place]: self._stored_at(place)} if place in self.kept else {}
        label, tests = self._label_tests([number])
        yield f"S* const out = {self._target(place)} + first * {size};"
        yield "for (int w = 0; w < count; ++w) {"
        yield from indented(self._operands_of_row([number]), 4)
        yield from indented(self._along(number, axis, known, label, tests), 4)
        yield "}"
        self._local = set()

    def _along(
        self,
        number: int,
        axis: str,
        known: Mapping[int, str],
        label: int | None,
        tests: Sequence[int],
    ) -> Iterator[str]:
        """A gradient at all places of one row, that of the label by itself."""
        size, entry = self._size(axis), self._operand(number, "")
        if label is not None:
            yield f"const int cut = {self._cut(label, size)};"
            yield "A at_cut = 0;"
            yield f"if (cut < {size}) {{"
            yield "    const int k = cut;"
            own = dict(known) | dict.fromkeys(tests, "true")
            yield from indented(self._elements([number], "k", "", own, hoisted=True), 4)
            yield f"    at_cut = {entry};"
            yield "}"
        others = dict(known) | dict.fromkeys(tests, "false")
        yield "#pragma omp simd"
        yield f"for (int k = 0; k < {size}; ++k) {{"
        yield from indented(self._elements([number], "k", "", others, hoisted=True), 4)
        yield f"    out[{self._at(axis, 'k')}] = {entry};"
        yield "}"
        if label is not None:
            yield f"if (cut < {size}) out[{self._at(axis, 'cut')}] = at_cut;"
