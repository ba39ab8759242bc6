"""From row statistics to C++: a function for the values, one for the gradients, one for both.

``both`` is for where the slope of the result is known beforehand, as after a sum or a mean. What
the statistics need at each place of a row and the gradient needs again, it keeps where the gradient
will stand.
"""

from __future__ import annotations

from collections.abc import Iterator

from losslang.codegen.native.arguments import Arguments
from losslang.codegen.native.call import Kernel, Product, Real
from losslang.codegen.native.function import LANES, Function, Task
from losslang.codegen.native.narrow import NARROW, Narrow
from losslang.codegen.native.wide import SHORT, Wide
from losslang.codegen.rows import Rows

TASKS: tuple[Task, ...] = ("values", "slopes", "both")


def kernel(
    rows: Rows, real: Real, label: str | None = None, product: Product | None = None
) -> Kernel:
    """The functions of a loss; ``label`` is what may say that a row does not count.

    With ``product`` some rows may have no value, and ``both`` may put the gradient of ``MATRIX`` in
    its place. Raises :class:`NoRowsError`.
    """
    given = Arguments(rows, real, label, product)
    return given.kernel(_lines(given))


def _lines(given: Arguments) -> Iterator[str]:
    yield from given.types()
    yield ""
    # A loss without a row has nothing to be wide along.
    modes: tuple[type[Function], ...] = (Wide, Narrow) if given.axes else (Narrow,)
    for task in TASKS:
        for mode in modes:
            yield from mode(given, task).lines()
            yield ""
        yield from _entry(given, task)
        yield ""


def _entry(given: Arguments, task: Task) -> Iterator[str]:
    counts = len(given.arrays), len(given.gradients), len(given.hypers), len(given.axes)
    yield 'extern "C" long ' + task + "(const char* packed) {"
    yield f"    Call call(packed, {', '.join(map(str, counts))});"
    if task != "slopes":
        labels = "nullptr"
        if given.label in given.arrays:
            labels = f"call.arrays[{list(given.arrays).index(given.label)}]"
        yield f"    count_kept(call, {labels});"
        yield "    const std::unique_ptr<A[]> room = room_for_values<A>(call);"
    if task == "both":
        yield "    if (call.is_mean && call.kept) call.slope_scale = 1 / double(call.kept);"
    if task != "values":
        for place, (_, _, axis) in enumerate(given.gradients):
            if axis is not None:
                count = f"call.rows * call.sizes[{given.axes.index(axis)}]"
                yield f"    advise(call.gradients[{place}], {count} * sizeof(S));"
    lanes = LANES[given.real]
    short = " && ".join(f"call.sizes[{n}] <= {SHORT}" for n in range(len(given.axes)))
    yield f"    const long block = {f'{short} ? {lanes} : 1' if short else lanes};"
    yield "    const int bad = in_threads(call, block, [](const Call& c, long begin, long end) {"
    if given.axes:
        widest = " || ".join(f"c.sizes[{n}] > {NARROW}" for n in range(len(given.axes)))
        yield f"        if ({widest}) return {task}_wide(c, begin, end);"
    yield f"        return {task}_narrow(c, begin, end);"
    yield "    });"
    if task != "slopes":
        yield "    if (call.total) reduce<A>(call);"
    yield "    return bad ? -1 : call.kept;"
    yield "}"
