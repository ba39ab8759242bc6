"""One function of a kernel, over blocks of rows.

``w`` is the row in the block and ``k`` the place in the row, whichever of the two the lanes of a
register run along; that, and where a place of a row stands in memory, is for
:class:`~losslang.codegen.native.wide.Wide` and :class:`~losslang.codegen.native.narrow.Narrow`.

In the text, ``c3`` is node 3 of the row form where it is one number of the call, ``r3[w]`` where it
is one of the row, ``v3`` that in a loop over rows, and ``e3`` where it is one of a place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Literal

from losslang.codegen.native.arguments import Arguments, along, key
from losslang.codegen.native.operations import (
    NEUTRAL,
    axis_text,
    indented,
    is_dear,
    literal,
    operation,
    update,
)
from losslang.codegen.plan import Node
from losslang.codegen.rows import REDUCTIONS, NoRowsError
from losslang.codegen.slopes import SLOPE
from losslang.ir.loss import BATCH

Task = Literal["values", "slopes", "both"]

LANES = {"float": 16, "double": 8}

NOTHING: Mapping[int, str] = MappingProxyType({})


class Function(ABC):
    """The rows of one block, for one task."""

    mode: ClassVar[str]
    rows: ClassVar[str]
    """How many rows a loop over those of the block goes through."""
    row: ClassVar[str]
    """Which row of the block is read where ``w`` may be behind the last."""

    def __init__(self, text: Arguments, task: Task) -> None:
        self.text = text
        self.nodes = text.nodes
        self.task = task
        self.name = f"{task}_{self.mode}"
        self.lanes = LANES[text.real]
        self.results = self._results()
        self.loaded = text.saved if task == "slopes" else []
        wanted = [*self.results, *text.rows.sizes.values()]
        self.needed = sorted(text.rows.needed(wanted, self.loaded))
        self.depth = self._depths()
        self._of_values = text.rows.needed(self._values())
        self._of_gradients = [
            text.rows.needed([number], self.loaded) for _, number, _ in text.gradients
        ]
        self.kept = self._kept() if task == "both" else {}
        self.divisors = {
            self.nodes[n].args[1] for n in self.needed if self._is_by_the_call(self.nodes[n])
        }
        self._local: set[int] = set()
        """The rows' numbers that the loop at hand has in variables of its own."""

    def _results(self) -> list[int]:
        """What the function computes."""
        gradients = [number for _, number, _ in self.text.gradients]
        return [*self._values(), *(gradients if self.task != "values" else ())]

    def _values(self) -> list[int]:
        """What is known of a row whether or not its gradients are wanted."""
        if self.task == "slopes":
            return []
        return [self.text.value, *([] if self.text.guard is None else [self.text.guard])]

    def _kept(self) -> dict[int, int]:
        """The dearest of what a pass computes at each place and a gradient there needs again.

        By the place of the gradient. A pass that is left out where nobody wants its gradient
        keeps nothing.
        """
        found: dict[int, int] = {}
        for place, (_, number, axis) in enumerate(self.text.gradients):
            if axis is None:
                continue
            passed = [
                node.args[0]
                for n, node in ((n, self.nodes[n]) for n in self.needed)
                if self._is_reduced(n) and node.attrs[0] == axis and not self._condition(n)
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

    @abstractmethod
    def _step(self) -> str:
        """How many rows a block has, as a declaration of ``step``."""

    @abstractmethod
    def _tiles(self) -> Iterator[str]:
        """The rows of the block, to be read as ``x3``."""

    @abstractmethod
    def _room(self) -> Iterator[str]:
        """Where what is kept of each place stands."""

    @abstractmethod
    def _at(self, axis: str, place: str) -> str:
        """Where a place of a row of the block stands in memory."""

    @abstractmethod
    def _walk(self, axis: str, reductions: Sequence[int]) -> Iterator[str]:
        """Reductions along a row."""

    @abstractmethod
    def _written(self, place: int, number: int, axis: str) -> Iterator[str]:
        """A gradient at all places of the rows."""

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
        yield f"    {self._step()};"
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
        yield f"    A total = {NEUTRAL[node.op]};"
        yield f"    for (int k = 0; k < {self._size(axis)}; ++k) {{"
        yield from indented(self._elements(node.args, "k", ""), 8)
        yield f"        {update(node.op, 'total', f'e{node.args[0]}')}"
        yield "    }"
        yield f"    c{n} = total;"
        yield "}"

    def _block(self) -> Iterator[str]:
        if self.label is not None:
            yield "int skipped[W];"
        yield from self._tiles()
        yield from self._room()
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

    def _is_table(self, node: Node) -> bool:
        """Whether an array along the row is read as numbers of the same width as those of the row,
        without which a loop over them is hardly one over registers.
        """
        is_shared = node.op == "read" and len(node.dims) == 1 and BATCH.name not in node.dims
        return is_shared and node.dtype in ("int", "bool")

    def _copies(self) -> Iterator[str]:
        """Copies of arrays along the row."""
        for n, node in self._reads():
            if self._is_table(node):
                start, size = self._pointer(node), self._size(node.dims[0])
                yield f"const std::vector<Whole> table{n}({start}, {start} + {size});"
                yield f"const Whole* const x{n} = table{n}.data();"

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
        yield f"    const long i = first + {self.row};"
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
            axis = along(self.nodes[x].dims)
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
                yield f"const A slope = {self._pointer(node)}[i * call.slope_step];"
                entry = f"slope * {entry}"
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
        mine = [n for n in self.needed if self._is_reduced(n) and self.depth[n] == level]
        groups: dict[tuple[str, str], list[int]] = {}
        for n in mine:
            groups.setdefault((str(self.nodes[n].attrs[0]), self._condition(n)), []).append(n)
        for (axis, condition), reductions in groups.items():
            yield from self._pass(axis, condition, reductions)

    def _is_reduced(self, n: int) -> bool:
        """Whether a number of each row comes from a pass over it."""
        is_reduction = self.nodes[n].op in REDUCTIONS and n not in self.loaded
        return is_reduction and self.level(n) == "row"

    def _condition(self, n: int) -> str:
        """Where only some gradients need a statistic: that one of them is wanted."""
        places = [place for place, needed in enumerate(self._of_gradients) if n in needed]
        if n in self._of_values or len(places) == len(self._of_gradients):
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

    def _keep(self, axis: str, arguments: Sequence[int]) -> Iterator[str]:
        """Put what the gradient needs again where the gradient will stand."""
        found = self._closure(arguments)
        for place, n in self.kept.items():
            if n in found and self.text.gradients[place][2] == axis:
                yield f"{self._stored_at(place)} = e{n};"

    def _stored_at(self, place: int) -> str:
        return f"kept{place}[{self._at(str(self.text.gradients[place][2]), 'k')}]"

    def _target(self, place: int) -> str:
        stored = "A" if self.text.gradients[place][2] is None else "S"
        return f"static_cast<{stored}*>(call.gradients[{place}])"

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
                return literal(node.attrs[0])
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
        return operation(node, names, "A")

    def _at_call(self, n: int) -> str:
        node = self.nodes[n]
        if node.op in ("hyper", "chosen"):
            value = f"call.hypers[{self.text.hypers.index(key(node))}]"
            return f"{value} != 0" if node.op == "chosen" else value
        if node.op == "size":
            axis = str(node.attrs[0])
            return "double(call.rows)" if axis == BATCH.name else f"double({self._size(axis)})"
        if node.op == "const":
            return literal(node.attrs[0], "double")
        return operation(node, [f"c{a}" for a in node.args], "double")
