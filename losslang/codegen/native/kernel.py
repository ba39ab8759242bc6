"""From row statistics to C++: a function for the values, one for the gradients, one for both.

``both`` is for where the slope of the result is known beforehand, as after a sum or a mean. What
the statistics need at each place of a row and the gradient needs again, it keeps where the gradient
will stand.

They walk over blocks of rows. A *wide* block is one row, whose passes are vectorised along the row;
a *narrow* block is as many rows as a register has lanes, laid out so that the lanes run across the
rows. The text of a formula is the same for both: ``w`` is the row in the block and ``k`` the place
in the row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from losslang.codegen.native import table
from losslang.codegen.native.call import MATRIX, Kernel, Product, Read, Real
from losslang.codegen.plan import Node
from losslang.codegen.products import COLUMNS
from losslang.codegen.rows import REDUCTIONS, NoRowsError, Rows
from losslang.codegen.slopes import SLOPE
from losslang.ir.loss import BATCH

Mode = Literal["wide", "narrow"]
Task = Literal["values", "slopes", "both"]
TASKS: tuple[Task, ...] = ("values", "slopes", "both")

NARROW = 48
"""Rows of at most so many places are put into lanes."""

SHORT = 2048
"""A wide block of longer rows is one row, so that it stays in the cache."""

LANES = {"float": 16, "double": 8}

STORED = {"bfloat16": "BFloat16", "float16": "Float16"}
"""The types in which the arrays of a kernel are stored that computes in float."""

_NEUTRAL = {
    "sum": "A(0)",
    "prod": "A(1)",
    "amax": "-infinity<A>",
    "amin": "infinity<A>",
    "any": "false",
    "all": "true",
}
NOTHING: Mapping[int, str] = MappingProxyType({})

_CLAUSE = {"sum": "+", "prod": "*", "amax": "max", "amin": "min", "any": "|", "all": "&"}


def kernel(
    rows: Rows, real: Real, label: str | None = None, product: Product | None = None
) -> Kernel:
    """The functions of a loss; ``label`` is what may say that a row does not count.

    With ``product`` some rows may have no value, and ``both`` may put the gradient of ``MATRIX`` in
    its place. Raises :class:`NoRowsError`.
    """
    return Text(rows, real, label, product).kernel()


class Text:
    """What the functions share: the order of arguments, and the statistics that are kept."""

    def __init__(self, rows: Rows, real: Real, label: str | None, product: Product | None) -> None:
        self.label = label
        self.product = product
        self.rows = rows
        self.nodes = rows.plan.nodes
        self.real: Literal["float", "double"] = "double" if real == "double" else "float"
        self.stored = STORED.get(real, self.real)
        first, *others = rows.plan.outputs
        if first.guard is not None and product is None:
            raise NoRowsError("some rows have no value")
        self.value = first.value
        self.guard = first.guard
        self.gradients = [(out.name, out.value, _along(out.axes)) for out in others]
        reads = [n for n in self.nodes if n.op == "read"]
        self.arrays = {str(n.attrs[0]): n for n in reads}
        keys = [_key(n) for n in self.nodes if n.op in ("hyper", "chosen")]
        self.hypers = list(dict.fromkeys(keys))
        axes = [dim for n in self.nodes for dim in n.dims if dim != BATCH.name]
        axes += [a for _, _, a in self.gradients if a is not None]
        self.axes = [axis for axis in dict.fromkeys(axes) if axis not in rows.sizes]
        of_value = rows.needed([self.value])
        of_slopes = rows.needed([number for _, number, _ in self.gradients])
        self.saved = [
            n
            for n in sorted(of_value & of_slopes)
            if self.nodes[n].op in REDUCTIONS and self.nodes[n].dims == (BATCH.name,)
        ]

    def kernel(self) -> Kernel:
        """The text, and how it is called."""
        return Kernel(
            "\n".join(self._lines()),
            tuple(_read(name, node) for name, node in self.arrays.items()),
            tuple(self.hypers),
            tuple(self.axes),
            len(self.saved),
            tuple((name.removeprefix("d "), axis) for name, _, axis in self.gradients),
            self.guard is not None,
            self.product,
        )

    def _lines(self) -> Iterator[str]:
        yield f"using A = {self.real};"
        yield f"using S = {self.stored};"
        yield "using Whole = Format<A>::Word;"
        yield ""
        for task in TASKS:
            for mode in self.modes():
                yield from Function(self, task, mode).lines()
                yield ""
            yield from self._entry(task)
            yield ""

    def modes(self) -> tuple[Mode, ...]:
        """A loss without a row has nothing to be wide along."""
        return ("wide", "narrow") if self.axes else ("narrow",)

    def _entry(self, task: Task) -> Iterator[str]:
        counts = len(self.arrays), len(self.gradients), len(self.hypers), len(self.axes)
        yield 'extern "C" long ' + task + "(const char* packed) {"
        yield f"    Call call(packed, {', '.join(map(str, counts))});"
        if task != "slopes":
            labels = "nullptr"
            if self.label in self.arrays:
                labels = f"call.arrays[{list(self.arrays).index(self.label)}]"
            yield f"    count_kept(call, {labels});"
        if task == "both":
            yield "    if (call.is_mean && call.kept) call.slope_scale = 1 / double(call.kept);"
        if task != "values":
            for place, (_, _, axis) in enumerate(self.gradients):
                if axis is not None:
                    count = f"call.rows * call.sizes[{self.axes.index(axis)}]"
                    yield f"    advise(call.gradients[{place}], {count} * sizeof(S));"
        yield "    const int bad = in_threads(call, [](const Call& c, long begin, long end) {"
        if self.axes:
            widest = " || ".join(f"c.sizes[{n}] > {NARROW}" for n in range(len(self.axes)))
            yield f"        if ({widest}) return {task}_wide(c, begin, end);"
        yield f"        return {task}_narrow(c, begin, end);"
        yield "    });"
        if task != "slopes":
            yield "    if (call.total) reduce<A>(call);"
        yield "    return bad ? -1 : call.kept;"
        yield "}"


def _read(name: str, node: Node) -> Read:
    entries: Literal["real", "int", "bool"] = "real"
    if node.dtype in ("int", "bool"):
        entries = node.dtype
    argument = name.removesuffix(COLUMNS.name)
    return Read(argument, BATCH.name in node.dims, _along(node.dims), entries)


def _along(axes: Sequence[str]) -> str | None:
    return next((axis for axis in axes if axis != BATCH.name), None)


def _key(node: Node) -> str:
    return "=".join(str(a) for a in node.attrs)


class Function:
    """The rows of one block, for one task and one way to vectorise."""

    def __init__(self, text: Text, task: Task, mode: Mode) -> None:
        self.text = text
        self.nodes = text.nodes
        self.mode = mode
        self.task = task
        self.name = f"{task}_{mode}"
        self.lanes = LANES[text.real]
        self.rows = "W" if mode == "narrow" else "count"
        self.results = self._results()
        self.loaded = text.saved if task == "slopes" else []
        wanted = [*self.results, *text.rows.sizes.values()]
        self.needed = sorted(text.rows.needed(wanted, self.loaded))
        self.depth = self._depths()
        self.kept = self._kept() if task == "both" else {}
        self.divisors = {
            self.nodes[n].args[1] for n in self.needed if self._is_by_the_call(self.nodes[n])
        }
        self._local: set[int] = set()
        """The rows' numbers that the loop at hand has in variables of its own."""

    def _results(self) -> list[int]:
        """What the function computes."""
        text, task = self.text, self.task
        gradients = [number for _, number, _ in text.gradients]
        return [
            *([text.value] if task != "slopes" else ()),
            *([text.guard] if task != "slopes" and text.guard is not None else ()),
            *(gradients if task != "values" else ()),
        ]

    def _kept(self) -> dict[int, int]:
        """The dearest of what a pass computes at each place and a gradient there needs again.

        By the place of the gradient.
        """
        found: dict[int, int] = {}
        for place, (_, number, axis) in enumerate(self.text.gradients):
            if axis is None:
                continue
            passed = [
                node.args[0]
                for n, node in ((n, self.nodes[n]) for n in self.needed)
                if node.op in REDUCTIONS and self.level(n) == "row" and node.attrs[0] == axis
            ]
            shared = set(self._closure(passed)) & set(self._closure([number]))
            dear = shared.difference(found.values())
            costs = {n: self._cost(n) for n in dear if self._kind(n) == "A"}
            best = max(costs, key=lambda n: (costs[n], -n), default=None)
            if best is not None and costs[best]:
                found[place] = best
        return found

    def _cost(self, number: int) -> int:
        """How many functions have to be evaluated for a node at a place."""
        ops = (self.nodes[n].op for n in self._closure([number]))
        return sum(map(is_dear, ops))

    def _depths(self) -> dict[int, int]:
        """In which pass a node can be known: 0 before the first."""
        depth: dict[int, int] = {}
        for n in self.needed:
            node = self.nodes[n]
            below = 0 if n in self.loaded else max((depth[a] for a in node.args), default=0)
            counted = node.op in REDUCTIONS and n not in self.loaded and BATCH.name in node.dims
            depth[n] = below + counted
        return depth

    def level(self, number: int) -> str:
        """``call``, ``row`` or ``element``: for what a node is one number."""
        dims = self.nodes[number].dims
        return "call" if not dims else "row" if dims == (BATCH.name,) else "element"

    # ------------------------------------------------------------ the function

    def lines(self) -> Iterator[str]:
        """The text of the function."""
        yield f"static int {self.name}(const Call& call, long begin, long end) {{"
        yield f"    constexpr int W = {self.lanes};"
        for n, axis in enumerate(self.text.axes):
            yield f"    const int size_{n} = int(call.sizes[{n}]);  // {axis_text(axis)}"
        yield "    int bad = 0;"
        yield from indented(self._call(), 4)
        yield from indented(self._copies(), 4)
        if self.mode == "wide":
            short = " && ".join(f"size_{n} <= {SHORT}" for n in range(len(self.text.axes)))
            yield f"    const int step = {short} ? W : 1;"
        else:
            yield "    constexpr int step = W;"
        yield "    for (long first = begin; first < end; first += step) {"
        yield "        const int count = int(end - first < step ? end - first : step);"
        yield from indented(self._block(), 8)
        yield "    }"
        yield "    return bad;"
        yield "}"

    def _call(self) -> Iterator[str]:
        """What is one number for the whole call."""
        for n in self.needed:
            if self.level(n) != "call":
                continue
            node = self.nodes[n]
            if node.op in REDUCTIONS:
                yield from self._table_reduction(n)
            else:
                kind = "bool" if self._is_truth(n) else "double"
                yield f"const {kind} c{n} = {self._at_call(n)};"
            if n in self.divisors:
                yield f"const A i{n} = inverse<A>(c{n});"
            for axis, count in self.text.rows.sizes.items():
                if count == n:
                    yield f"const int {self._size(axis)} = int(c{n});"

    def _table_reduction(self, n: int) -> Iterator[str]:
        node = self.nodes[n]
        axis = str(node.attrs[0])
        yield f"double c{n};"
        yield "{"
        yield f"    A total = {_NEUTRAL[node.op]};"
        yield f"    for (int k = 0; k < {self._size(axis)}; ++k) {{"
        yield from indented(self._elements(node.args, "k", ""), 8)
        yield f"        {_update(node.op, 'total', f'e{node.args[0]}')}"
        yield "    }"
        yield f"    c{n} = total;"
        yield "}"

    def _block(self) -> Iterator[str]:
        if self.label is not None:
            yield "int skipped[W];"
        yield from self._tiles()
        for place in self.kept:
            if self.mode == "narrow":
                yield f"A kept{place}[{NARROW} * W];"
            elif self._is_apart:
                yield f"A* const kept{place} = room{place}.data();"
            else:
                size = self._size(str(self.text.gradients[place][2]))
                yield f"A* const kept{place} = {self._target(place)} + first * {size};"
        last = max((self.depth[n] for n in self.needed), default=0)
        for level in range(last + 1):
            yield from self._passes(level)
            yield from self._rows(level)
            yield from self._exponentials(level)
        yield from self._outputs()

    def _exponentials(self, level: int) -> Iterator[str]:
        """What exponentials of differences need to know of the row."""
        for n in self.needed:
            node = self.nodes[n]
            if node.op != "exp_less" or self.level(n) != "element":
                continue
            top = node.args[1]
            if self.level(top) == "row" and self.depth[top] == level:
                yield f"ExpBelow<A, W> d{n};"
                yield f"for (int w = 0; w < {self.rows}; ++w) d{n}.set(w, r{top}[w]);"

    # ------------------------------------------------------------ reading

    def _reads(self) -> Iterator[tuple[int, Node]]:
        for n in self.needed:
            if self.nodes[n].op == "read":
                yield n, self.nodes[n]

    def _pointer(self, node: Node) -> str:
        place = list(self.text.arrays).index(str(node.attrs[0]))
        return f"static_cast<const {self._stored(node)}*>(call.arrays[{place}])"

    def _stored(self, node: Node) -> str:
        if node.dtype in ("int", "bool"):
            return "std::int64_t" if node.dtype == "int" else "bool"
        return "S" if BATCH.name in node.dims and node.attrs[0] != SLOPE.name else "A"

    def _is_replaced(self, node: Node) -> bool:
        """Whether the gradient of an array may be written over it."""
        return self.task == "both" and self.mode == "wide" and node.attrs[0] == MATRIX

    def _is_table(self, node: Node) -> bool:
        """Whether an array along the row is read as numbers of the same width as those of the row,
        without which a loop over them is hardly one over registers.
        """
        is_shared = node.op == "read" and len(node.dims) == 1 and BATCH.name not in node.dims
        return is_shared and node.dtype in ("int", "bool")

    def _copies(self) -> Iterator[str]:
        """Copies of arrays along the row, and room for a row that the gradient is written over."""
        for n, node in self._reads():
            if self._is_table(node):
                start, size = self._pointer(node), self._size(node.dims[0])
                yield f"const std::vector<Whole> table{n}({start}, {start} + {size});"
                yield f"const Whole* const x{n} = table{n}.data();"
            elif self._is_replaced(node):
                yield f"std::vector<A> row{n};"
        if self._is_apart:
            for place in self.kept:
                size = self._size(str(self.text.gradients[place][2]))
                yield f"std::vector<A> room{place}(({size} <= {SHORT} ? W : 1) * {size});"

    @property
    def _is_apart(self) -> bool:
        """Whether what is kept of a row has more digits than the gradient that will stand there."""
        return self.mode == "wide" and self.text.stored != self.text.real

    def _tiles(self) -> Iterator[str]:
        """The rows of the block: pointers to them, or a copy across lanes."""
        for n, node in self._reads():
            if len(node.dims) < 2:
                continue
            size = self._size(node.dims[1])
            if self.mode == "wide":
                start = f"{self._pointer(node)} + first * {size}"
                if self._is_replaced(node):
                    yield f"row{n}.assign({start}, {start} + count * {size});"
                    start = f"row{n}.data()"
                yield f"const {self._stored(node)}* const x{n} = {start};"
                continue
            kind = self._kind(n)
            yield f"{kind} x{n}[{NARROW} * W];"
            yield "for (int w = 0; w < W; ++w) {"
            yield "    const long i = first + (w < count ? w : count - 1);"
            entry = f"{self._pointer(node)}[i * {size} + k]"
            yield f"    for (int k = 0; k < {size}; ++k) x{n}[k * W + w] = {entry};"
            yield "}"

    def _size(self, axis: str) -> str:
        own = [*self.text.axes, *self.text.rows.sizes]
        return f"size_{own.index(axis)}"

    def _kind(self, n: int) -> str:
        if self._is_truth(n):
            return "bool"
        return "int" if self.nodes[n].dtype == "int" else "A"

    def _held(self, n: int) -> str:
        """The type that a row's number has in memory: the same width for all that lanes hold."""
        return "Whole" if self._is_truth(n) else self._kind(n)

    def _is_truth(self, n: int) -> bool:
        node = self.nodes[n]
        return node.dtype == "bool" or node.op in ("eq", "lt", "le", "and", "or", "not", "chosen")

    # ------------------------------------------------------------ rows

    def _rows(self, level: int) -> Iterator[str]:
        """What is known of each row after some passes."""
        mine = [
            n
            for n in self.needed
            if self.level(n) == "row"
            and self.depth[n] == level
            and (self.nodes[n].op not in REDUCTIONS or n in self.loaded)
        ]
        if not mine:
            return
        kept = [n for n in mine if self._leaves(n, mine)]
        for n in kept:
            yield f"{self._held(n)} r{n}[W];"
        checked = " reduction(|: bad)" if any(self.nodes[n].op == "at" for n in mine) else ""
        yield f"#pragma omp simd{checked}"
        yield f"for (int w = 0; w < {self.rows}; ++w) {{"
        last = "(w < count ? w : count - 1)" if self.mode == "narrow" else "w"
        yield f"    const long i = first + {last};"
        self._local = set(mine)
        for n in mine:
            yield from indented(self._row(n), 4)
            if n in kept:
                yield f"    r{n}[w] = v{n};"
        self._local = set()
        yield "}"

    def _leaves(self, n: int, block: Sequence[int]) -> bool:
        """Whether a row's number is used outside of the loop that computes it."""
        return n in self.results or any(
            n in self.nodes[m].args and m not in block for m in self.needed
        )

    def _row(self, n: int) -> Iterator[str]:
        node = self.nodes[n]
        if n in self.loaded:
            place = self.loaded.index(n)
            yield f"const A v{n} = static_cast<const A*>(call.saved)[{place} * call.rows + i];"
            return
        if node.op == "read":
            yield from self._read(n)
            return
        if node.op == "at":
            x, label = node.args
            axis = _along(self.nodes[x].dims)
            assert axis is not None
            size, chosen = self._size(axis), self._operand(label, "")
            yield f"const bool out{n} = ({chosen} < 0) | ({chosen} >= {size});"
            yield f"bad |= out{n};"
            yield f"const int k{n} = out{n} ? 0 : {chosen};"
            yield from self._elements([x], f"k{n}", f"_{n}")
            yield f"const {self._kind(n)} v{n} = e{x}_{n};"
            return
        text = "int(i)" if node.op == "example" else self._formula(n, "")
        yield f"const {self._kind(n)} v{n} = {text};"

    def _read(self, n: int) -> Iterator[str]:
        node, kind = self.nodes[n], self._kind(n)
        entry = f"{self._pointer(node)}[i]"
        if node.attrs[0] == SLOPE.name:
            entry = "A(call.slope_scale)"
            if self.task == "slopes":
                entry = f"{self._pointer(node)}[i * call.slope_step] * {entry}"
            if self.label is not None:
                entry = f"skipped[w] ? A(0) : {entry}"
        elif node.attrs[0] == self.text.label:
            yield f"skipped[w] = {entry} == call.ignored;"
            entry = f"skipped[w] ? 0 : int({entry})"
            yield f"const {kind} v{n} = {entry};"
            return
        yield f"const {kind} v{n} = {kind}({entry});"

    @property
    def label(self) -> int | None:
        """The node that says whether a row counts, if the function reads it."""
        reads = (n for n, node in self._reads() if node.attrs[0] == self.text.label)
        return next(reads, None)

    # ------------------------------------------------------------ passes over a row

    def _passes(self, level: int) -> Iterator[str]:
        mine = [
            n
            for n in self.needed
            if self.nodes[n].op in REDUCTIONS
            and self.level(n) == "row"
            and self.depth[n] == level
            and n not in self.loaded
        ]
        groups: dict[tuple[str, str], list[int]] = {}
        for n in mine:
            groups.setdefault((str(self.nodes[n].attrs[0]), self._condition(n)), []).append(n)
        for (axis, condition), reductions in groups.items():
            yield from self._pass(axis, condition, reductions)

    def _condition(self, n: int) -> str:
        """Where only some gradients need a statistic: that one of them is wanted."""
        places = [
            place
            for place, (_, number, _) in enumerate(self.text.gradients)
            if n in self.text.rows.needed([number], self.loaded)
        ]
        of_value = self.task != "slopes" and n in self.text.rows.needed([self.text.value])
        if of_value or len(places) == len(self.text.gradients):
            return ""
        return " || ".join(f"call.gradients[{place}]" for place in places)

    def _pass(self, axis: str, condition: str, reductions: Sequence[int]) -> Iterator[str]:
        for n in reductions:
            yield f"{self._held(n)} r{n}[W]{' = {}' if condition else ''};"
        if condition:
            yield f"if ({condition}) {{"
        yield from indented(self._walk(axis, reductions), 4 if condition else 0)
        if condition:
            yield "}"

    def _walk(self, axis: str, reductions: Sequence[int]) -> Iterator[str]:
        arguments = [self.nodes[n].args[0] for n in reductions]
        if self.mode == "narrow":
            for n in reductions:
                yield f"for (int w = 0; w < W; ++w) r{n}[w] = {_NEUTRAL[self.nodes[n].op]};"
            yield f"for (int k = 0; k < {self._size(axis)}; ++k) {{"
            yield "    #pragma omp simd"
            yield "    for (int w = 0; w < W; ++w) {"
            yield from indented(self._elements(arguments, "k", "", hoisted=True), 8)
            yield from indented(self._keep(axis, arguments), 8)
            for n in reductions:
                argument = f"e{self.nodes[n].args[0]}"
                yield f"        {_update(self.nodes[n].op, f'r{n}[w]', argument)}"
            yield "    }"
            yield "}"
            return
        yield "for (int w = 0; w < count; ++w) {"
        yield from indented(self._operands_of_row(arguments), 4)
        for n in reductions:
            kind = "double" if self.nodes[n].op == "sum" else self._kind(n)
            yield f"    {kind} t{n} = {_NEUTRAL[self.nodes[n].op]};"
        yield from indented(self._stretches(axis, arguments, reductions), 4)
        for n in reductions:
            yield f"    r{n}[w] = {self._kind(n)}(t{n});"
        yield "}"
        self._local = set()

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

    def _keep(self, axis: str, arguments: Sequence[int]) -> Iterator[str]:
        """Put what the gradient needs again where the gradient will stand."""
        found = self._closure(arguments)
        for place, n in self.kept.items():
            if n in found and self.text.gradients[place][2] == axis:
                yield f"{self._stored_at(place)} = e{n};"

    def _stored_at(self, place: int) -> str:
        return f"kept{place}[{self._at(str(self.text.gradients[place][2]), 'k')}]"

    def _at(self, axis: str, place: str) -> str:
        """Where a place of a row of the block stands in memory."""
        if self.mode == "narrow":
            return f"{place} * W + w"
        return f"w * {self._size(axis)} + {place}"

    def _target(self, place: int) -> str:
        stored = "A" if self.text.gradients[place][2] is None else "S"
        return f"static_cast<{stored}*>(call.gradients[{place}])"

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
            f"reduction({_CLAUSE[op]}: p{n})" for op, n in zip(ops, reductions, strict=True)
        )

        def part(test: str) -> Iterator[str]:
            known = dict.fromkeys(tests, test)
            yield f"#pragma omp simd {clauses}"
            yield "for (int k = from; k < to; ++k) {"
            yield from indented(self._elements(arguments, "k", "", known, hoisted=True), 4)
            yield from indented(self._keep(axis, arguments), 4)
            for op, n in zip(ops, reductions, strict=True):
                yield f"    {_update(op, f'p{n}', f'e{self._counted(n) or self.nodes[n].args[0]}')}"
            yield "}"

        if label is not None:
            yield f"const int cut = {self._cut(label, size)};"
        yield f"for (int from = 0; from < {size}; from += STRETCH) {{"
        yield f"    const int to = {size} - from < STRETCH ? {size} : from + STRETCH;"
        for op, n in zip(ops, reductions, strict=True):
            kind = "Whole" if self._counted(n) else self._held(n)
            yield f"    {kind} p{n} = {kind}({_NEUTRAL[op]});"
        if label is None:
            yield from indented(part(""), 4)
        else:
            yield "    if (cut < from || to <= cut) {"
            yield from indented(part("false"), 8)
            yield "    } else {"
            yield from indented(part("k == cut"), 8)
            yield "    }"
        for op, n in zip(ops, reductions, strict=True):
            yield f"    {_update(op, f't{n}', f'p{n}')}"
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

    def _outputs(self) -> Iterator[str]:
        if self.task != "slopes":
            value = self._outside(self.text.value)
            if self.label is not None:
                value = f"skipped[w] ? A(0) : {value}"
            target = "static_cast<A*>(call.value)[first + w]"
            yield f"for (int w = 0; w < count; ++w) {target} = {value};"
            if self.text.guard is not None:
                guard = f"static_cast<bool*>(call.guard)[first + w] = {self._truth()}"
                yield f"for (int w = 0; w < count; ++w) {guard};"
            for place, n in enumerate(self.text.saved):
                kept = f"static_cast<A*>(call.saved)[{place} * call.rows + first + w] = r{n}[w]"
                yield f"if (call.saved) for (int w = 0; w < count; ++w) {kept};"
        if self.task == "values":
            return
        for place, (_, number, axis) in enumerate(self.text.gradients):
            yield f"if (call.gradients[{place}]) {{"
            if axis is None:
                entry = f"{self._target(place)}[first + w] = {self._outside(number)};"
                yield f"    for (int w = 0; w < count; ++w) {entry}"
            else:
                yield from indented(self._written(place, number, axis), 4)
            yield "}"

    def _truth(self) -> str:
        """Whether a row has a value."""
        number = self.text.guard
        assert number is not None
        return f"r{number}[w]" if self.level(number) == "row" else f"c{number}"

    def _outside(self, number: int) -> str:
        return f"r{number}[w]" if self.level(number) == "row" else f"A(c{number})"

    def _written(self, place: int, number: int, axis: str) -> Iterator[str]:
        """A gradient at all places of a row."""
        size, entry = self._size(axis), self._operand(number, "")
        known = {self.kept[place]: self._stored_at(place)} if place in self.kept else {}
        if self.mode == "wide":
            label, tests = self._label_tests([number])
            yield f"S* const out = {self._target(place)} + first * {size};"
            yield "for (int w = 0; w < count; ++w) {"
            yield from indented(self._operands_of_row([number]), 4)
            yield from indented(self._along(number, axis, known, label, tests), 4)
            yield "}"
            self._local = set()
            return
        yield f"A out[{NARROW} * W];"
        yield f"for (int k = 0; k < {size}; ++k) {{"
        yield "    #pragma omp simd"
        yield "    for (int w = 0; w < W; ++w) {"
        yield from indented(self._elements([number], "k", "", known, hoisted=True), 8)
        yield f"        out[k * W + w] = {entry};"
        yield "    }"
        yield "}"
        yield "for (int w = 0; w < count; ++w)"
        target = f"{self._target(place)}[(first + w) * {size} + k]"
        yield f"    for (int k = 0; k < {size}; ++k) {target} = out[k * W + w];"

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

    # ------------------------------------------------------------ one place of a row

    def _closure(self, wanted: Iterable[int], known: Collection[int] = ()) -> list[int]:
        """What has to be known at a place of the row for some results there."""
        found: set[int] = set()
        todo = [n for n in wanted if self.level(n) == "element"]
        while todo:
            n = todo.pop()
            if n not in found:
                found.add(n)
                if n not in known:
                    todo += [a for a in self.nodes[n].args if self.level(a) == "element"]
        return sorted(found)

    def _elements(
        self,
        wanted: Sequence[int],
        place: str,
        suffix: str,
        known: Mapping[int, str] = NOTHING,
        *,
        hoisted: bool = False,
    ) -> Iterator[str]:
        """The numbers at one place of the row that some results are computed from.

        ``known`` are those that need no computing; with ``hoisted`` the loop comes after
        :meth:`_exponentials`.
        """
        for n in self._closure(wanted, known):
            node = self.nodes[n]
            if n in known:
                text = known[n]
            elif node.op == "arange":
                text = place
            elif self._is_table(node):
                text = f"{self._kind(n)}(x{n}[{place}])"
            elif node.op == "read" and BATCH.name not in node.dims:
                text = f"{self._pointer(node)}[{place}]"
            elif node.op == "read":
                text = f"x{n}[{self._at(node.dims[1], place)}]"
            elif node.op == "at":
                raise NoRowsError("a place of the row names another")
            elif node.op == "exp_less" and hoisted and self.level(node.args[1]) == "row":
                text = f"d{n}(w, {self._operand(node.args[0], suffix)})"
            else:
                text = self._formula(n, suffix)
            yield f"const {self._kind(n)} e{n}{suffix} = {text};"

    def _operand(self, n: int, suffix: str) -> str:
        """A node's name inside a loop over rows or places."""
        level = self.level(n)
        if level == "call":
            node = self.nodes[n]
            if node.op == "const":
                return _literal(node.attrs[0])
            return f"c{n}" if self._is_truth(n) else f"A(c{n})"
        if level == "element":
            return f"e{n}{suffix}"
        return f"v{n}" if n in self._local else f"r{n}[w]"

    def _is_by_the_call(self, node: Node) -> bool:
        """Whether each place of a row is divided by the same number in the whole call."""
        if node.op != "div":
            return False
        return [self.level(a) for a in node.args] == ["element", "call"]

    def _formula(self, n: int, suffix: str) -> str:
        node = self.nodes[n]
        names = [self._operand(a, suffix) for a in node.args]
        if self._is_by_the_call(node):
            return f"({names[0]} * i{node.args[1]})"
        if node.op == "cast" and self._is_truth(node.args[0]):
            return f"({names[0]} ? A(1) : A(0))"  # what a loop over registers can do
        return _text(node, names, "A")

    def _at_call(self, n: int) -> str:
        node = self.nodes[n]
        if node.op in ("hyper", "chosen"):
            value = f"call.hypers[{self.text.hypers.index(_key(node))}]"
            return f"{value} != 0" if node.op == "chosen" else value
        if node.op == "size":
            axis = str(node.attrs[0])
            return "double(call.rows)" if axis == BATCH.name else f"double({self._size(axis)})"
        if node.op == "const":
            return _literal(node.attrs[0], "double")
        return _text(node, [f"c{a}" for a in node.args], "double")


def is_dear(op: str) -> bool:
    """Whether an operation evaluates a function, and not only arithmetic."""
    return op == "exp_less" or op in table.FUNCTIONS


def _update(op: str, total: str, x: str) -> str:
    match op:
        case "sum":
            return f"{total} += {x};"
        case "prod":
            return f"{total} *= {x};"
        case "amax":
            return f"{total} = {x} > {total} ? {x} : {total};"
        case "amin":
            return f"{total} = {x} < {total} ? {x} : {total};"
        case "any":
            return f"{total} |= {x};"
    return f"{total} &= {x};"


def _text(node: Node, names: Sequence[str], real: str) -> str:
    """One operation on numbers."""
    match node.op:
        case "add":
            signed = [f"{s} {name}" for s, name in zip(node.attrs, names, strict=True)]
            return f"({' '.join(signed).removeprefix('+ ')})"
        case "where" | "choose":
            return f"({names[0]} ? {names[1]} : {names[2]})"
        case "fill":
            return f"({names[0]} ? {names[1]} : {_literal(node.attrs[0])})"
        case "power":
            return f"power<{node.attrs[0]}>({names[0]})"
        case "lowest":
            return "std::numeric_limits<A>::lowest()"
        case "highest":
            return "std::numeric_limits<A>::max()"
    if node.op in table.JOINED:
        return f"({table.JOINED[node.op].join(names)})"
    if node.op in table.FUNCTIONS:
        return f"losslang::{node.op}({', '.join(f'{real}({name})' for name in names)})"
    template = table.TEMPLATES.get(node.op)
    if template is None:
        raise NoRowsError(f"{node.op} has no native form")
    text = template.replace("@", names[0])
    if len(names) > 1:
        text = text.replace("$", names[1])
    return text if real == "A" else text.replace("A(", f"{real}(")


def _literal(value: object, real: str = "A") -> str:
    assert isinstance(value, int | float)
    if value in (float("inf"), float("-inf")):
        return f"{'-' if value < 0 else ''}infinity<{real}>"
    return f"{real}({value!r})"


def axis_text(axis: str) -> str:
    """An axis in a comment: only letters, digits and underscores of its name."""
    return "".join(c for c in axis if c.isascii() and (c.isalnum() or c == "_"))


def indented(lines: Iterable[str], width: int) -> Iterator[str]:
    """Lines moved to the right."""
    for line in lines:
        yield " " * width + line
