"""How fast losses are: value and gradient, beside code by hand and one copy of the logits.

Usage: ``python -m benchmarks.speed [--out FOLDER] [--only LOSS...] [--shapes NxC...]
[--compiled]``. Writes ``speed.csv``, a row for each loss, provider and shape, ``speed.png`` drawn
from it, and ``speed.md`` with the table into the folder (``docs/speed`` if it is not named).
``--compiled`` adds ``torch.compile`` of the code written by hand, which takes half a minute to
build for each shape.

Providers take turns, so that what else the machine does falls on all of them. Times are medians;
the spread is the distance between quartiles over the median; memory is the highest resident size
during a call above that before it, in units of the logits.
"""

from __future__ import annotations

import argparse
import csv
import gc
import platform
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

import losslang

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]

SHAPES = ((32, 10), (256, 100), (65536, 10), (8192, 1000), (2048, 32000))
SECONDS = 4.0
"""How long the providers of one loss at one shape take turns."""


@dataclass(frozen=True)
class Row:
    """One measurement; times in milliseconds."""

    loss: str
    provider: str
    n: int
    c: int
    dtype: str
    mode: str
    median_ms: float
    spread: float
    extra_memory: float
    copies: float
    device: str
    versions: str


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


BY_HAND: dict[str, Loss] = {
    "ce": lambda z, y: -_log_p(z, y).mean(),
    "focal": _focal,
    "poly": _poly,
    "gce": _gce,
    "ldr_kl": _ldr_kl,
    "squentropy": _squentropy,
}
"""The losses as one writes them, with the defaults of the library."""


def providers(loss: str, *, compiled: bool) -> dict[str, Loss]:
    """The ways to compute a loss, the kernel first."""
    kernel = losslang.compile(loss)
    if not kernel.precompile():
        raise SystemExit(f"there is no kernel for {loss}; is there a C++ compiler?")
    found: dict[str, Loss] = {
        "losslang": kernel,
        "losslang, torch": losslang.compile(loss, backend="torch"),
        "by hand": BY_HAND[loss],
    }
    if loss == "ce":
        found["F.cross_entropy"] = F.cross_entropy
    if compiled:
        found["torch.compile"] = torch.compile(BY_HAND[loss])
    return found


def measured(loss: str, n: int, c: int, *, compiled: bool) -> Iterator[Row]:
    """All providers of one loss at one shape, in turns."""
    torch.manual_seed(0)
    logits = torch.randn(n, c, requires_grad=True)
    target = torch.randint(0, c, (n,))
    copy, plain = torch.empty(n, c), logits.detach()

    def step(function: Loss) -> Callable[[], None]:
        def both() -> None:
            logits.grad = None
            function(logits, target).backward()  # type: ignore[no-untyped-call]

        return both

    steps = {name: step(f) for name, f in providers(loss, compiled=compiled).items()}

    def copied() -> None:
        copy.copy_(plain)

    steps["copy"] = copied
    times: dict[str, list[float]] = {name: [] for name in steps}
    for run in steps.values():
        run()
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times["copy"]) < 5:
        for name, run in steps.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    of_copy = statistics.median(times["copy"])
    for name, taken in times.items():
        low, median, high = statistics.quantiles(taken, n=4)
        memory = extra_memory(steps[name]) / (n * c * 4) if n * c >= 1 << 22 else float("nan")
        yield Row(
            loss=loss,
            provider=name,
            n=n,
            c=c,
            dtype="float32",
            mode="forward and backward",
            median_ms=round(1e3 * median, 4),
            spread=round((high - low) / median, 3),
            extra_memory=round(memory, 2),
            copies=round(median / of_copy, 2),
            device=f"{platform.machine()}, {torch.get_num_threads()} threads",
            versions=f"torch {torch.__version__}, losslang {losslang.__version__}",
        )


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


def table(rows: list[Row]) -> str:
    """The rows as a page."""
    names = list(dict.fromkeys(r.provider for r in rows if r.provider != "copy"))
    lines = [
        "# How fast losses are",
        "",
        "Value and gradient of the mean, in milliseconds (and in copies of the logits into memory",
        "that was touched before), float32 on the CPU. Written by `python -m benchmarks.speed`;",
        "absolute times belong to the machine, so compare along a row.",
        "",
        "| loss | N | C | " + " | ".join(names) + " |",
        "| --- |" + " --- |" * (2 + len(names)),
    ]
    for key in dict.fromkeys((r.loss, r.n, r.c) for r in rows):
        cells = {r.provider: r for r in rows if (r.loss, r.n, r.c) == key}
        texts = [
            f"{cells[name].median_ms:.3g} ({cells[name].copies:.3g})" if name in cells else ""
            for name in names
        ]
        lines.append(f"| `{key[0]}` | {key[1]} | {key[2]} | " + " | ".join(texts) + " |")
    lines += ["", f"{rows[0].device}; {rows[0].versions}.", "", "![the same drawn](speed.png)", ""]
    return "\n".join(lines)


def drawn(rows: list[Row], path: Path) -> None:
    """Bars of times over that of the code by hand, a panel for each shape."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shapes = list(dict.fromkeys((r.n, r.c) for r in rows))
    names = [p for p in dict.fromkeys(r.provider for r in rows) if p != "copy"]
    figure, axes = pyplot.subplots(
        1, len(shapes), figsize=(3.2 * len(shapes), 3.6), sharey=True, squeeze=False
    )
    for panel, (n, c) in zip(axes[0], shapes, strict=True):
        here = [r for r in rows if (r.n, r.c) == (n, c)]
        losses = list(dict.fromkeys(r.loss for r in here))
        own = {r.loss: r.median_ms for r in here if r.provider == "by hand"}
        for place, name in enumerate(names):
            bars = [
                (losses.index(r.loss), r.median_ms / own[r.loss])
                for r in here
                if r.provider == name
            ]
            width = 0.8 / len(names)
            panel.bar(
                [x + width * (place - (len(names) - 1) / 2) for x, _ in bars],
                [y for _, y in bars],
                width,
                label=name,
            )
        panel.axhline(1, color="black", linewidth=0.6)
        panel.set_xticks(range(len(losses)), losses, rotation=60, fontsize=8)
        panel.set_title(f"{n} x {c}", fontsize=9)
    axes[0][0].set_ylabel("time, that of the code by hand = 1")
    axes[0][0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _shape(text: str) -> tuple[int, int]:
    n, _, c = text.partition("x")
    return int(n), int(c)


def main() -> None:
    """Measure, and write the rows, the picture and the page."""
    parser = argparse.ArgumentParser(description="time losses beside code written by hand")
    parser.add_argument("--out", type=Path, default=Path("docs/speed"), metavar="FOLDER")
    parser.add_argument("--only", nargs="*", choices=list(BY_HAND), default=list(BY_HAND))
    parser.add_argument("--shapes", nargs="*", metavar="NxC", help="such as 2048x32000")
    parser.add_argument("--compiled", action="store_true")
    options = parser.parse_args()
    shapes: tuple[tuple[int, int], ...] = SHAPES
    if options.shapes:
        shapes = tuple(_shape(text) for text in options.shapes)
    rows: list[Row] = []
    for n, c in shapes:
        for loss in options.only:
            rows += measured(loss, n, c, compiled=options.compiled)
            for row in rows[-5:]:
                if row.loss == loss:
                    print(
                        f"{row.loss:11} {row.provider:16} {n:6} {c:6} {row.median_ms:9.3f} ms",
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
