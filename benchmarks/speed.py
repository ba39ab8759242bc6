"""How fast losses are: value and gradient, beside code by hand and one copy of the logits.

Usage: ``python -m benchmarks.speed [--out FOLDER] [--only LOSS...] [--compiled]``. Writes
``speed.csv``, a row for each work, provider and mode, ``speed.png`` drawn from it, and ``speed.md``
with the table into the folder (``docs/speed`` if it is not named). ``--compiled`` adds
``torch.compile`` of the code written by hand, which takes half a minute to build for each work.

Providers take turns, so that what else the machine does falls on all of them; a turn is one call,
or as many as take ``TURN``, after one that is not timed, which finds the caches and the free memory
as another provider left them. A call makes its gradient and gives it back, as every step of
training does. Times are medians over turns; the spread is the distance between quartiles over the
median; memory is the highest resident size during a call above that before it, when there is no
gradient, in units of the first input. Beside the smallest works stands what a function of autograd
costs that computes nothing, which is as fast as a loss in Python can be.
"""

from __future__ import annotations

import argparse
import csv
import gc
import platform
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

import losslang

Loss: TypeAlias = Callable[..., Tensor]

BOTH = "forward and backward"

SECONDS = 4.0
"""How long the providers of one work take turns."""

TURN = 2e-3

LARGE = 1 << 22
"""From so many numbers on the memory of a call shows."""

SMALL = 1 << 10
"""Up to so many numbers, calls themselves are what takes time."""


@dataclass(frozen=True)
class Work:
    """A loss at a size. ``inputs`` draws its arguments, of which the real ones get gradients."""

    loss: str
    shape: tuple[int, ...]
    inputs: Callable[..., tuple[Tensor, ...]]
    by_hand: Loss
    dtype: torch.dtype = torch.float32

    @property
    def name(self) -> str:
        """The loss, and its numbers if they are not the usual ones."""
        short = str(self.dtype).removeprefix("torch.")
        return self.loss if self.dtype == torch.float32 else f"{self.loss}, {short}"


@dataclass(frozen=True)
class Row:
    """One measurement; times in milliseconds."""

    loss: str
    provider: str
    n: int
    c: int
    shape: str
    dtype: str
    mode: str
    median_ms: float
    spread: float
    extra_memory: float
    copies: float
    device: str
    versions: str


# ---------------------------------------------------------------- losses by hand


def _log_p(logits: Tensor, target: Tensor) -> Tensor:
    return logits.log_softmax(-1).gather(-1, target[:, None]).squeeze(-1)


def _focal(logits: Tensor, target: Tensor) -> Tensor:
    log_p = _log_p(logits, target)
    return (-((1 - log_p.exp()) ** 2) * log_p).mean()


def _poly(logits: Tensor, target: Tensor) -> Tensor:
    log_p = _log_p(logits, target)
    return (-log_p + 2 * (1 - log_p.exp())).mean()


def _gce(logits: Tensor, target: Tensor) -> Tensor:
    return ((1 - _log_p(logits, target).exp() ** 0.7) / 0.7).mean()


def _ldr_kl(logits: Tensor, target: Tensor) -> Tensor:
    other = torch.ones_like(logits).scatter(-1, target[:, None], 0.0)
    ahead = logits - logits.gather(-1, target[:, None]) + 0.1 * other
    return (ahead.logsumexp(-1) - torch.tensor(float(logits.shape[-1])).log()).mean()


def _squentropy(logits: Tensor, target: Tensor) -> Tensor:
    squares = (logits**2).scatter(-1, target[:, None], 0.0).sum(-1)
    return (-_log_p(logits, target) + squares / (logits.shape[-1] - 1)).mean()


def _info_nce(u: Tensor, v: Tensor) -> Tensor:
    scores = F.normalize(u, dim=-1) @ F.normalize(v, dim=-1).t() / 0.1
    return F.cross_entropy(scores, torch.arange(len(u)))


def _supcon(embedding: Tensor, label: Tensor) -> Tensor:
    unit = F.normalize(embedding, dim=-1)
    own = torch.eye(len(unit), dtype=torch.bool)
    log_share = (unit @ unit.t() / 0.1).masked_fill(own, -torch.inf).log_softmax(-1)
    positive = (label[:, None] == label) & ~own
    count = positive.sum(-1)
    each = torch.where(positive, log_share, 0.0).sum(-1) / count.clamp(min=1)
    return -each.sum() / (count > 0).sum()


def _dice(logits: Tensor, target: Tensor) -> Tensor:
    p = logits.softmax(1)
    true = F.one_hot(target, logits.shape[1]).movedim(-1, 1)
    both = (p * true).flatten(2).sum(-1)
    sizes = (p.flatten(2) + true.flatten(2)).sum(-1)
    return (1 - (2 * both + 1) / (sizes + 1)).mean()


# ---------------------------------------------------------------- works


def _labelled(n: int, c: int) -> tuple[Tensor, ...]:
    return torch.randn(n, c), torch.randint(0, c, (n,))


def _pairs(n: int, d: int) -> tuple[Tensor, ...]:
    return torch.randn(n, d), torch.randn(n, d)


def _embedded(n: int, d: int) -> tuple[Tensor, ...]:
    return torch.randn(n, d), torch.randint(0, 50, (n,))


def _images(n: int, c: int, *space: int) -> tuple[Tensor, ...]:
    return torch.randn(n, c, *space), torch.randint(0, c, (n, *space))


ROWS: Mapping[str, Loss] = {
    "ce": lambda z, y: -_log_p(z, y).mean(),
    "focal": _focal,
    "poly": _poly,
    "gce": _gce,
    "ldr_kl": _ldr_kl,
    "squentropy": _squentropy,
}
SHAPES = ((32, 10), (256, 100), (16384, 100), (65536, 10), (8192, 1000), (2048, 32000))

WORKS = (
    *(Work(loss, shape, _labelled, ROWS[loss]) for shape in SHAPES for loss in ROWS),
    *(Work(loss, SHAPES[-1], _labelled, ROWS[loss], torch.bfloat16) for loss in ("ce", "focal")),
    Work("info_nce", (2048, 128), _pairs, _info_nce),
    Work("supcon", (2048, 128), _embedded, _supcon),
    Work("dice", (8, 4, 256, 256), _images, _dice),
)
"""With the defaults of the library."""


class _Nothing(torch.autograd.Function):
    """A function with a gradient, neither of which is computed."""

    @staticmethod
    def forward(ctx: Any, first: Tensor) -> Tensor:
        ctx.save_for_backward(first)
        return torch.empty(())

    @staticmethod
    def backward(ctx: Any, _: Tensor) -> Tensor:
        (first,) = ctx.saved_tensors
        return torch.empty_like(first)


def _nothing(first: Tensor, *_: Tensor) -> Tensor:
    found: Tensor = _Nothing.apply(first)  # type: ignore[no-untyped-call]
    return found


def _products(first: Tensor, *_: Tensor) -> Callable[[], None]:
    """The products of matrices that a loss of pairs cannot do without: scores and two slopes."""
    x = first.detach()

    def run() -> None:
        scores = x @ x.t()
        scores @ x
        scores.t() @ x

    return run


@cache
def _live(loss: str, backend: str, dtype: torch.dtype) -> Loss:
    made = losslang.compile(loss, backend=backend)
    if backend == "auto" and not made.precompile(dtype):
        raise SystemExit(f"there is no kernel for {loss}; is there a C++ compiler?")
    return made


def providers(work: Work, *, compiled: bool) -> dict[str, Loss]:
    """The ways to compute a loss, the kernel first."""
    found: dict[str, Loss] = {
        "losslang": _live(work.loss, "auto", work.dtype),
        "losslang, torch": _live(work.loss, "torch", work.dtype),
        "by hand": work.by_hand,
    }
    if work.loss == "ce":
        found["F.cross_entropy"] = F.cross_entropy
    if compiled:
        torch.compiler.reset()  # or it gives up on a function at its eighth shape
        found["torch.compile"] = torch.compile(work.by_hand)
    return found


def drawn_inputs(work: Work) -> list[Tensor]:
    """The same for all providers; those that are real want gradients."""
    torch.manual_seed(0)
    return [
        x.to(work.dtype).requires_grad_() if x.is_floating_point() else x
        for x in work.inputs(*work.shape)
    ]


def steps(
    work: Work, inputs: list[Tensor], *, compiled: bool
) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """Provider, mode and what to time."""
    leaves = [x for x in inputs if x.requires_grad]

    def both(function: Loss) -> Callable[[], None]:
        def run() -> None:
            function(*inputs).backward()  # type: ignore[no-untyped-call]
            for leaf in leaves:
                leaf.grad = None

        return run

    def forward(function: Loss) -> Callable[[], None]:
        def run() -> None:
            with torch.no_grad():
                function(*inputs)

        return run

    for name, function in providers(work, compiled=compiled).items():
        yield name, BOTH, both(function)
        yield name, "forward", forward(function)
    plain, copy = inputs[0].detach(), torch.empty_like(inputs[0])
    yield "copy", "", lambda: (copy.copy_(plain), None)[1]
    if inputs[0].numel() <= SMALL:
        yield "a call alone", BOTH, both(_nothing)
    if work.loss in ("info_nce", "supcon"):
        yield "three products", "", _products(*inputs)


def measured(work: Work, *, compiled: bool) -> Iterator[Row]:
    """All providers of one work, in turns."""
    inputs = drawn_inputs(work)
    runs = list(steps(work, inputs, compiled=compiled))
    times: list[list[float]] = [[] for _ in runs]
    counts = [_calls_a_turn(run) for _, _, run in runs]
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times[0]) < 5:
        for (_, _, run), count, taken in zip(runs, counts, times, strict=True):
            run()
            start = time.perf_counter()
            for _ in range(count):
                run()
            taken.append((time.perf_counter() - start) / count)
    (of_copy,) = (
        statistics.median(taken)
        for (name, _, _), taken in zip(runs, times, strict=True)
        if name == "copy"
    )
    size = torch.Size(work.shape).numel()
    for (name, mode, run), taken in zip(runs, times, strict=True):
        low, median, high = statistics.quantiles(taken, n=4)
        memory = float("nan")
        if size >= LARGE:
            for x in inputs:
                x.grad = None
            memory = extra_memory(run) / (size * work.dtype.itemsize)
        yield Row(
            loss=work.loss,
            provider=name,
            n=work.shape[0],
            c=work.shape[1],
            shape="x".join(map(str, work.shape)),
            dtype=str(work.dtype).removeprefix("torch."),
            mode=mode,
            median_ms=round(1e3 * median, 4),
            spread=round((high - low) / median, 3),
            extra_memory=round(memory, 2),
            copies=round(median / of_copy, 2),
            device=f"{_processor()}, {torch.get_num_threads()} threads",
            versions=f"torch {torch.__version__}, losslang {losslang.__version__}",
        )


def _calls_a_turn(run: Callable[[], None]) -> int:
    run()
    start = time.perf_counter()
    run()
    return max(1, int(TURN / (time.perf_counter() - start)))


def extra_memory(run: Callable[[], None]) -> float:
    """Bytes by which the resident memory rises at most during a call."""
    gc.collect()
    before, most, done = _resident(), 0.0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, _resident() - before)
            time.sleep(0.0005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    run()
    done.set()
    watcher.join()
    return most


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096.0


def _processor() -> str:
    """What the system calls it."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text(encoding="utf-8").splitlines() if cpus.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


# ---------------------------------------------------------------- table and picture


def by_work(rows: list[Row]) -> dict[tuple[str, str], dict[str, Row]]:
    """Of value and gradient, and of what has no mode: name and shape, then provider."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        if row.mode in (BOTH, ""):
            name = row.loss if row.dtype == "float32" else f"{row.loss}, {row.dtype}"
            found.setdefault((name, row.shape), {})[row.provider] = row
    return found


def table(rows: list[Row]) -> str:
    """The rows as a page."""
    works = by_work(rows)
    names = list(dict.fromkeys(p for cells in works.values() for p in cells if p != "copy"))
    lines = [
        "# How fast losses are",
        "",
        "Value and gradient of the mean, in milliseconds, and in copies of the first input into",
        "memory that was touched before; numbers are float32 where nothing else is said. In",
        "brackets the highest memory that a call takes beside its inputs, in units of the first",
        "one. Written by `python -m benchmarks.speed`; absolute times belong to the machine, so",
        "compare along a row. The times of the forward alone are in [speed.csv](speed.csv).",
        "",
        "| loss | shape | " + " | ".join(names) + " | by hand / losslang | copies |",
        "| --- | --- |" + " --- |" * (2 + len(names)),
    ]
    for (name, shape), cells in works.items():
        texts = [_cell(cells[p]) if p in cells else "" for p in names]
        ratio = cells["by hand"].median_ms / cells["losslang"].median_ms
        ends = [f"{ratio:.2g}", f"{cells['losslang'].copies:.2g}"]
        lines.append(f"| `{name}` | {shape} | " + " | ".join(texts + ends) + " |")
    lines += ["", f"{rows[0].device}; {rows[0].versions}.", "", "![the same drawn](speed.png)", ""]
    return "\n".join(lines)


def _cell(row: Row) -> str:
    memory = "" if row.extra_memory != row.extra_memory else f" [{row.extra_memory:.2g}]"
    return f"{row.median_ms:.3g}{memory}"


def drawn(rows: list[Row], path: Path) -> None:
    """Bars of times over that of the code by hand, a panel for each shape."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Rectangle

    works = by_work(rows)
    shapes = list(dict.fromkeys(shape for _, shape in works))
    names = list(dict.fromkeys(p for cells in works.values() for p in cells if p != "copy"))
    colours = {name: f"C{place}" for place, name in enumerate(names)}
    across = 4
    figure, axes = pyplot.subplots(
        -(-len(shapes) // across), across, figsize=(3.6 * across, 6.4), squeeze=False
    )
    for panel, shape in zip(axes.flat, shapes, strict=False):
        here = {name: cells for (name, at), cells in works.items() if at == shape}
        shown = [p for p in names if any(p in cells for cells in here.values())]
        for place, provider in enumerate(shown):
            width = 0.8 / len(shown)
            for x, cells in enumerate(here.values()):
                if provider in cells:
                    height = cells[provider].median_ms / cells["by hand"].median_ms
                    at = x + width * (place - (len(shown) - 1) / 2)
                    panel.bar(at, height, width, color=colours[provider])
        panel.axhline(1, color="black", linewidth=0.6)
        panel.set_xticks(range(len(here)), list(here), rotation=40, fontsize=8, ha="right")
        panel.set_title(shape, fontsize=9)
    for panel in axes.flat[len(shapes) :]:
        panel.set_axis_off()
    for row in axes:
        row[0].set_ylabel("time, that of the code by hand = 1", fontsize=8)
    handles = [Rectangle((0, 0), 1, 1, color=colours[name]) for name in names]
    figure.legend(handles, names, loc="lower center", ncol=len(names), fontsize=8)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main() -> None:
    """Measure, and write the rows, the picture and the page."""
    parser = argparse.ArgumentParser(description="time losses beside code written by hand")
    parser.add_argument("--out", type=Path, default=Path("docs/speed"), metavar="FOLDER")
    parser.add_argument("--only", nargs="*", choices=sorted({work.loss for work in WORKS}))
    parser.add_argument("--compiled", action="store_true")
    options = parser.parse_args()
    rows: list[Row] = []
    for work in WORKS:
        if options.only is None or work.loss in options.only:
            found = list(measured(work, compiled=options.compiled))
            rows += found
            for row in found:
                if row.mode != "forward":
                    print(
                        f"{work.name:16} {row.provider:16} {row.shape:14} {row.median_ms:10.3f} ms"
                        f" {row.copies:8.2f} copies",
                        flush=True,
                    )
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "speed.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
    drawn(rows, options.out / "speed.png")
    (options.out / "speed.md").write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
