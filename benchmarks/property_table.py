"""Write ``docs/properties.md``: what the verifier says of every loss of the library.

Usage: ``python -m benchmarks.property_table [--jobs N] [--timeout S] [LOSS...]`` from the root of
the repository. With names only those losses are printed, and nothing is written.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import losslang
from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.verify.verdict import Verdict
from losslang.verify.wording import short

OUTPUT = Path(__file__).parent.parent / "docs" / "properties.md"

HEADER = """# Properties of the library

What `losslang verify` says of every loss, for all settings of its hyperparameters and every number
of classes, unless a condition is given. Losses of one kind stand together; a property that has no
meaning for a kind is not in its table. Written by `python -m benchmarks.property_table`.

| entry | means |
| --- | --- |
| yes | proved, with a certificate that a separate checker accepts |
| no | refuted: it fails for every setting, and there is a counterexample |
| a condition | it holds exactly then; both sides are proved |
| = value | proved, and the constant, range, degree or link that belongs to it |
| ? | undecided |

"""


@dataclass(frozen=True)
class Row:
    """One loss: its kind, and an entry per question."""

    name: str
    kind: str
    entries: dict[str, str]
    seconds: float


def entry(verdict: Verdict) -> str:
    """A cell of the table."""
    value = "" if verdict.value is None else f"= {short(verdict.value)}"
    match verdict.status:
        case "proved":
            return value or "yes"
        case "refuted":
            return "no"
        case "conditional":
            return f"{verdict.condition}"
    return "?"


def column(question: str) -> str:
    """Questions that differ only in the input's name share a column."""
    name, _, rest = question.partition("(")
    return question if name == "elicits" or not rest else name


def row(name: str, timeout: float) -> Row | None:
    """All verdicts on one loss; ``None`` for one that takes another loss."""
    start = time.perf_counter()
    try:
        report = losslang.verify(name, timeout=timeout)
    except DiagnosticError:
        return None
    entries: dict[str, str] = {}
    for verdict in report.verdicts:
        question = str(verdict.question)
        key = column(question)
        entries[question if key in entries else key] = entry(verdict)
    return Row(name, report.kind, entries, time.perf_counter() - start)


def table(rows: list[Row]) -> list[str]:
    """Losses of one kind."""
    columns = list(dict.fromkeys(c for r in rows for c in r.entries))
    lines = [
        "| loss | " + " | ".join(columns) + " |",
        "| --- |" + " --- |" * len(columns),
    ]
    for r in rows:
        cells = [r.entries.get(c, "").replace("|", "\\|") for c in columns]
        lines.append(f"| `{r.name}` | " + " | ".join(cells) + " |")
    return lines


def page(rows: list[Row]) -> str:
    """The whole page."""
    kinds: dict[str, list[Row]] = defaultdict(list)
    for r in rows:
        kinds[r.kind].append(r)
    lines = []
    for kind, members in kinds.items():
        title = kind.removeprefix("a ").removeprefix("an ")
        lines += [f"## {title[0].upper()}{title[1:]}", "", *table(members), ""]
    decided = sum(e != "?" for r in rows for e in r.entries.values())
    asked = sum(len(r.entries) for r in rows)
    machine = f"Python {platform.python_version()}, {multiprocessing.cpu_count()} cores"
    lines.append(
        f"{decided} of {asked} questions decided ({machine}, losslang {losslang.__version__})."
    )
    return HEADER + "\n".join(lines) + "\n"


def _job(arguments: tuple[str, float]) -> Row | None:
    return row(*arguments)


def main() -> None:
    """Write the page, or print a part of it."""
    parser = argparse.ArgumentParser(description="what the verifier says of the library")
    parser.add_argument("losses", nargs="*", metavar="LOSS")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--timeout", type=float, default=90.0, metavar="S")
    options = parser.parse_args()
    names = options.losses or [known.name for known in driver.library()]
    with multiprocessing.Pool(options.jobs) as pool:
        jobs = [(name, options.timeout) for name in names]
        rows = [r for r in pool.imap(_job, jobs, chunksize=1) if r is not None]
    if options.losses:
        print(page(rows))
    else:
        OUTPUT.write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
