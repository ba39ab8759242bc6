"""Run the verifier on the losses whose verdicts are known, and count how it does.

Usage: ``python -m benchmarks.known_verdicts [--more] [--only TEXT] [--jobs N] [--timeout S]`` from
the root of the repository. ``--more`` adds the second table, ``--only`` keeps the rows whose id
holds the text. The exit status is 1 if a verdict is wrong.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tests.verify.table import MORE, ROWS, Row, keyed
from tests.verify.table.compare import mistake, undecided, verdict

OUTCOMES = ("right", "undecided", "wrong")
# Loads the verifier before the first row, so that no row's time has the loading in it.
WARM_UP = Row("", "loss quartic(x: real, y: real) = (x - y)**4", "nonnegative", "proved")


@dataclass(frozen=True)
class Outcome:
    """How one row went: ``kind`` is one of ``OUTCOMES``, ``says`` what the verifier answered."""

    key: str
    kind: str
    says: str
    seconds: float


def decide(row: Row) -> tuple[str, str]:
    """The kind of outcome and what the verifier said."""
    try:
        found = verdict(row)
    except Exception as error:
        return "undecided", f"{type(error).__name__}: {error}".split("\n")[0]
    says = " ".join(str(part) for part in (found.status, found.condition, found.value) if part)
    if why := undecided(row, found):
        return "undecided", why
    if why := mistake(row, found):
        return "wrong", why
    return "right", says


def _answer(row: Row, answer: Connection) -> None:
    answer.send(decide(row))


def run(key: str, row: Row, timeout: float) -> Outcome:
    """One row in a process of its own, which is ended when its time is up."""
    here, there = multiprocessing.Pipe(duplex=False)
    start = time.perf_counter()
    process = multiprocessing.Process(target=_answer, args=(row, there))
    process.start()
    there.close()
    try:
        kind, says = here.recv() if here.poll(timeout) else ("undecided", f"over {timeout:g} s")
    except EOFError:
        kind, says = "undecided", "the process ended"
    process.terminate()
    process.join()
    return Outcome(key, kind, says, time.perf_counter() - start)


def expected(row: Row) -> str:
    """What is known, in one line."""
    return " ".join(part for part in (row.status, row.condition, row.value) if part)


def main() -> int:
    """Print a line per row, then the counts."""
    parser = argparse.ArgumentParser(description="known verdicts against the verifier's")
    parser.add_argument("--more", action="store_true", help="the second table too")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose id holds TEXT")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes at a time")
    parser.add_argument("--timeout", type=float, default=60, metavar="S", help="seconds per row")
    options = parser.parse_args()
    rows = keyed((*ROWS, *MORE) if options.more else ROWS)
    chosen = {key: row for key, row in rows.items() if options.only in key}
    decide(WARM_UP)
    start = time.perf_counter()
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        tasks = [pool.submit(run, key, row, options.timeout) for key, row in chosen.items()]
        for task in tasks:
            done = task.result()
            outcomes.append(done)
            known = expected(chosen[done.key])
            line = f"{done.kind:9} {done.seconds:6.2f}s {done.key}: {known}"
            print(line if done.kind == "right" else f"{line} | {done.says}", flush=True)
    counts = ", ".join(f"{sum(o.kind == k for o in outcomes)} {k}" for k in OUTCOMES)
    times = [outcome.seconds for outcome in outcomes] or [0.0]
    print(f"{len(outcomes)} rows: {counts}")
    print(
        f"seconds: median {statistics.median(times):.2f}, max {max(times):.2f}, "
        f"total {time.perf_counter() - start:.1f}"
    )
    return int(any(outcome.kind == "wrong" for outcome in outcomes))


if __name__ == "__main__":
    raise SystemExit(main())
