"""Write ``docs/properties.md``: what the verifier says of every loss of the library.

Usage: ``python -m benchmarks.property_table [--jobs N] [--timeout S] [--claims] [LOSS...]`` from
the root of the repository. With names only those losses are verified anew; what is known of the
others is read from ``docs/properties.csv``, which has a line per loss and question.
"""

from __future__ import annotations

import argparse
import csv
import io
import multiprocessing
import platform
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import losslang
from losslang import driver
from losslang.resources import library_files
from losslang.syntax import nodes
from losslang.verify.verdict import Verdict
from losslang.verify.wording import short
from tests.library.worked import by_name_or_example, declared

OUTPUT = Path(__file__).parent.parent / "docs" / "properties.md"
DATA = OUTPUT.with_suffix(".csv")

HEADER = """# Properties of the library

What `losslang verify` says of the library's losses, for all settings of their hyperparameters and
every number of classes, unless a condition is given. Losses of one kind stand together; a property
that has no meaning for a kind is not in its table. Written by
`python -m benchmarks.property_table`.

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


def row(name: str, timeout: float) -> Row:
    """All verdicts on one loss, as its example has it where something must be given.

    What it claims without a condition has been proved, whatever the time here: its proofs stand in
    ``tests/cases/proofs``.
    """
    report = by_name_or_example(name, lambda spec: losslang.verify(spec, timeout=timeout))
    entries: dict[str, str] = {}
    for verdict in report.verdicts:
        question = str(verdict.question)
        key = column(question)
        entries[question if key in entries else key] = entry(verdict)
    return completed(Row(name, report.kind, entries))


def completed(row: Row) -> Row:
    """The row with the answers that a loss claims where the table has none."""
    loss = declared(library_files()[row.name])
    entries = dict(row.entries)
    for claim in loss.claims:
        if claim.condition is None and claim.relation is None:
            question = claim.property.span.text
            key = question if question in entries else first(question, loss)
            if entries.get(key) == "?":
                entries[key] = "no" if claim.negated else "yes"
    return replace(row, entries=entries)


def first(question: str, loss: nodes.Loss) -> str:
    """The column of a question about the first input, which goes without its name."""
    inputs = loss.signature.inputs if loss.signature else ()
    about = question.partition("(")[2].rstrip(")").split(",")[0]
    return column(question) if inputs and about == inputs[0].name else question


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
        f"{decided} of {asked} questions about {len(rows)} losses decided ({machine}, losslang"
        f" {losslang.__version__})."
    )
    return HEADER + "\n".join(lines) + "\n"


@cache
def known() -> dict[str, Row]:
    """The rows that have been written."""
    rows: dict[str, Row] = {}
    if DATA.exists():
        with DATA.open(encoding="utf-8", newline="") as file:
            for name, kind, question, said in csv.reader(file):
                rows.setdefault(name, Row(name, kind, {})).entries[question] = said
    return rows


def write(rows: Iterable[Row]) -> None:
    """Write data and page."""
    kept = list(rows)
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerows((r.name, r.kind, *cell) for r in kept for cell in r.entries.items())
    DATA.write_text(text.getvalue(), encoding="utf-8")
    OUTPUT.write_text(page(kept), encoding="utf-8")


def _job(arguments: tuple[str, float]) -> Row:
    return row(*arguments)


def main() -> None:
    """Verify losses and write what is known of all."""
    parser = argparse.ArgumentParser(description="what the verifier says of the library")
    parser.add_argument("losses", nargs="*", metavar="LOSS")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--timeout", type=float, default=90.0, metavar="S")
    parser.add_argument("--missing", action="store_true", help="only losses without a row")
    parser.add_argument("--claims", action="store_true", help="verify none; take over new claims")
    options = parser.parse_args()
    names = [entry.name for entry in driver.library()]
    rows = dict(known())
    if options.claims:
        return write(completed(rows[name]) for name in names if name in rows)
    wanted = [n for n in options.losses or names if not (options.missing and n in rows)]
    jobs = [(name, options.timeout) for name in wanted]
    with multiprocessing.Pool(options.jobs) as pool:
        for found in pool.imap_unordered(_job, jobs):
            rows[found.name] = found
            write(rows[name] for name in names if name in rows)


if __name__ == "__main__":
    main()
