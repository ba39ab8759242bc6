"""From a formula of one place to C++: a function for sums over places and one for the gradient.

Rows of classes do not lie in one piece here: the places of one class do, so the lanes of a register
run across the places, and nothing has to be turned. The first function sums over chunks of places;
the second reads the logits once more and writes the gradient. Both compute whatever a place needs,
so nothing of the size of the logits is kept between the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from losslang.codegen.native.arguments import Arguments
from losslang.codegen.native.call import Kernel, Real, Sums
from losslang.codegen.native.compiler import header
from losslang.codegen.native.function import LANES, NOTHING
from losslang.codegen.native.narrow import Narrow
from losslang.codegen.native.operations import indented, is_dear
from losslang.codegen.plan import Node
from losslang.codegen.rows import NoRowsError, Rows
from losslang.codegen.variants import KEEP
from losslang.ir.loss import BATCH

WIDEST = 128
"""The most classes that a kernel is for."""

BLOCK = 4
"""Registers for each number of a place: while one waits for what it needs, others go on."""

ARRAYS = 16
"""The most arrays that a kernel reads."""

Task = Literal["sums", "slopes"]


def sums_kernel(rows: Rows, real: Real, sums: Sums) -> Kernel:
    """The functions ``sums`` and ``slopes``. Raises :class:`NoRowsError`."""
    return _Arguments(rows, real, sums).sums_kernel()


class _Arguments(Arguments):
    """What both functions share; the last output of the plan is the gradient, the others sums."""

    def __init__(self, rows: Rows, real: Real, sums: Sums) -> None:
        super().__init__(rows, real, None, None)
        *summed, gradient = rows.plan.outputs
        self.summed = [output.value for output in summed]
        (self.axis,) = {axis for output in summed for axis in output.axes[1:]}
        self.gradients = [(gradient.name, gradient.value, self.axis)]
        self.saved = []
        self.sums = sums
        lost = any(BATCH.name not in self.nodes[n].dims for n in (*self.summed, gradient.value))
        if self.axes != [self.axis] or lost or len(self.arrays) > ARRAYS:
            raise NoRowsError("what is summed is not one number for each place and class")

    def sums_kernel(self) -> Kernel:
        """The text, with the number of examples as a further size."""
        axes = (self.axis, BATCH.name)
        return replace(self.kernel(self._lines()), axes=axes, sums=self.sums)

    def _lines(self) -> Iterator[str]:
        yield header("sums.h")
        yield from self.types()
        yield f"constexpr int WIDEST = {self.sums.widest};"
        yield ""
        for task in ("sums", "slopes"):
            yield from _Places(self, task).lines()
            yield ""
        yield from self._entries()

    def _entries(self) -> Iterator[str]:
        counts = len(self.arrays), 1, len(self.hypers), 2
        many = len(self.summed)
        open_call = [
            f"    Call call(packed, {', '.join(map(str, counts))});",
            "    const long size = call.sizes[0], examples = call.sizes[1];",
            f"    const long strides[] = {{{', '.join(self._strides())}}};",
            "    const long stride = call.rows * size * sizeof(S);",
        ]
        example = f"const Example one(call, strides, {len(self.arrays)}, stride, example);"
        yield 'extern "C" long sums(const char* packed) {'
        yield from open_call
        yield f"    const long chunks = (call.rows + CHUNK - 1) / CHUNK, width = {many} * size + 1;"
        yield "    std::vector<double> parts(examples * chunks * width);"
        yield "    const auto part = [&](long example, long begin, long end, long n) {"
        yield f"        {example}"
        yield "        return sums_of(one.call, begin, end, parts.data() + n * width);"
        yield "    };"
        yield "    const int bad = in_chunks(call, examples, part);"
        yield "    for (long example = 0; example < examples; ++example)"
        yield "        for (long entry = 0; entry < width; ++entry) {"
        yield "            double total = 0;"
        yield "            for (long n = example * chunks; n < (example + 1) * chunks; ++n)"
        yield "                total += parts[n * width + entry];"
        yield "            const long m = entry / size, k = entry % size;"
        yield "            const long own = (m * examples + example) * size + k;"
        yield f"            const long end = {many} * examples * size + example;"
        yield "            const long place = entry < width - 1 ? own : end;  // how many count"
        yield "            static_cast<A*>(call.value)[place] = A(total);"
        yield "        }"
        yield "    return bad ? -1 : 0;"
        yield "}"
        yield ""
        yield 'extern "C" long slopes(const char* packed) {'
        yield from open_call
        yield "    advise(call.gradients[0], examples * stride);"
        yield "    in_chunks(call, examples, [&](long example, long begin, long end, long) {"
        yield f"        {example}"
        yield "        return slopes_of(one.call, begin, end);"
        yield "    });"
        yield "    return 0;"
        yield "}"

    def _strides(self) -> Iterator[str]:
        """How many bytes the array of one example takes."""
        for node in self.arrays.values():
            entry = {"int": "std::int64_t", "bool": "bool"}.get(node.dtype, "A")
            sizes = ["call.rows"] if BATCH.name in node.dims else []
            if len(node.dims) > len(sizes):
                sizes.append("size")
            stored = "S" if len(sizes) > 1 else entry
            yield f"long({' * '.join(sizes)} * sizeof({stored}))"


class _Places(Narrow):
    """Blocks of as many places as a register has lanes."""

    def __init__(self, text: _Arguments, task: Task) -> None:
        self._sums = text.summed if task == "sums" else []
        self._label = text.sums.label
        super().__init__(text, "slopes")
        self.name = f"{task}_of"
        self._dear = [
            n for n in self.needed if self.level(n) == "element" and is_dear(self.nodes[n].op)
        ]
        self._known: dict[int, str] = {}
        """What an earlier loop over the classes has put aside."""

    def _pointer(self, node: Node) -> str:
        return f"p{list(self.text.arrays).index(str(node.attrs[0]))}"

    def _pointers(self) -> Iterator[str]:
        """Where arrays begin, read once, so that a loop need not."""
        for _, node in self._reads():
            kind = self._stored(node)
            start = f"static_cast<const {kind}*>(call.arrays[{self._pointer(node)[1:]}])"
            yield f"const {kind}* const {self._pointer(node)} = {start};"

    def _results(self) -> list[int]:
        return self._sums or super()._results()

    def lines(self) -> Iterator[str]:
        """The text of the function."""
        part = ", double* part" if self._sums else ""
        yield f"static int {self.name}(const Call& call, long begin, long end{part}) {{"
        yield f"    constexpr int W = {LANES[self.text.real] * BLOCK};"
        yield "    const int size_0 = int(call.sizes[0]);"
        yield "    int bad = 0;"
        yield from indented(self._pointers(), 4)
        yield from indented(self._call(), 4)
        yield from indented(self._copies(), 4)
        for n in self._dear:
            yield f"    A aside{n}[WIDEST * W];"
        if self._sums:
            yield "    long counted = 0;"
        for m in range(len(self._sums)):
            yield f"    A total{m}[WIDEST * W];"
            yield f"    for (int k = 0; k < size_0 * W; ++k) total{m}[k] = 0;"
        yield "    for (long first = begin; first < end; first += W) {"
        yield "        const int count = int(end - first < W ? end - first : W);"
        yield from indented(self._block(), 8)
        yield "    }"
        for m in range(len(self._sums)):
            yield "    for (int k = 0; k < size_0; ++k) {"
            yield "        double total = 0;"
            yield f"        for (int w = 0; w < W; ++w) total += total{m}[k * W + w];"
            yield f"        part[{m} * size_0 + k] = total;"
            yield "    }"
        if self._sums:
            yield f"    part[{len(self._sums)} * size_0] = double(counted);"
        yield "    return bad;"
        yield "}"

    def _tiles(self) -> Iterator[str]:
        """What is read of the places of the block, as numbers of one width."""
        yield from self._reading()
        found = {str(node.attrs[0]): (n, node) for n, node in self._reads()}
        if KEEP.name in found and self._label in found:
            (kept, _), (label, node) = found[KEEP.name], found[self._label]
            place = list(self.text.arrays).index(KEEP.name)
            start = f"{self._pointer(node)} + first"
            yield f"if (!call.arrays[{place}])"
            yield f"    bad |= labels<W>({start}, x{label}, x{kept}, count, call.ignored, size_0);"

    def _reading(self) -> Iterator[str]:
        for n, node in self._reads():
            if BATCH.name not in node.dims:
                continue
            kind = "Whole" if node.dtype in ("int", "bool") else "A"
            if len(node.dims) > 1:
                yield f"{kind} x{n}[WIDEST * W];"
                yield "for (int k = 0; k < size_0; ++k)"
                start, target = f"{self._pointer(node)} + k * call.rows", f"x{n} + k * W"
            else:
                yield f"{kind} x{n}[W];"
                start, target = self._pointer(node), f"x{n}"
            place = list(self.text.arrays).index(str(node.attrs[0]))
            test = f"if (call.arrays[{place}]) " if node.attrs[0] == KEEP.name else ""
            yield f"    {test}lanes<W>({start} + first, {target}, count);"

    def _read(self, n: int) -> Iterator[str]:
        yield f"const {self._kind(n)} v{n} = {self._kind(n)}(x{n}[w]);"

    def _elements(
        self,
        wanted: Sequence[int],
        place: str,
        suffix: str,
        known: Mapping[int, str] = NOTHING,
        *,
        hoisted: bool = False,
    ) -> Iterator[str]:
        """As for any rows; what is dear is computed once and put aside for later loops."""
        spot = f"[{place} * W + w]"
        ready = {n: f"{name}{spot}" for n, name in self._known.items()}
        yield from super()._elements(wanted, place, suffix, {**ready, **known}, hoisted=hoisted)
        if hoisted:
            for n in self._closure(wanted, ready):
                if n in self._dear and n not in ready:
                    self._known[n] = f"aside{n}"
                    yield f"aside{n}{spot} = e{n};"

    def _outputs(self) -> Iterator[str]:
        if not self._sums:
            yield from super()._outputs()
            return
        kept = [n for n, node in self._reads() if node.attrs[0] == KEEP.name]
        each = f"x{kept[0]}[w] != 0" if kept else "1"
        yield f"for (int w = 0; w < count; ++w) counted += {each};"
        yield "for (int k = 0; k < size_0; ++k) {"
        yield "    #pragma omp simd"
        yield "    for (int w = 0; w < W; ++w) {"
        yield from indented(self._elements(self._sums, "k", "", hoisted=True), 8)
        for m, number in enumerate(self._sums):
            entry = self._operand(number, "")
            yield f"        total{m}[k * W + w] += w < count ? {entry} : A(0);"
        yield "    }"
        yield "}"

    def _written(self, place: int, number: int, axis: str) -> Iterator[str]:
        yield f"S* const out = {self._target(place)} + first;"
        yield "for (int k = 0; k < size_0; ++k) {"
        yield "    A row[W];"
        yield "    #pragma omp simd"
        yield "    for (int w = 0; w < W; ++w) {"
        yield from indented(self._elements([number], "k", "", hoisted=True), 8)
        yield f"        row[w] = {self._operand(number, '')};"
        yield "    }"
        yield "    places<W>(row, out + k * call.rows, count);"
        yield "}"
