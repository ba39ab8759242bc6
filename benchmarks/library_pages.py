"""Write ``docs/names.md`` and ``docs/papers.md``: the library by other packages' names, by papers.

Usage: ``python -m benchmarks.library_pages`` from the root of the repository.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.catalogue import joined, oracles, table
from losslang import driver
from losslang.driver.stdlib import LibraryEntry
from tests.library.worked import declared

DOCS = Path(__file__).parent.parent / "docs"

NAMES = """# What other packages call them

The losses of other packages that the library has: their name, ours, and the parameters that are
called otherwise, each with its value in terms of ours. Parameters that have the same name in both
are left out. `losslang list --library torch` shows one package's. Written by
`python -m benchmarks.library_pages`.
"""

PAPERS = """# The papers and their losses

Every paper that a loss of the library comes from, what its losses are called here, and what each
was compared with. Written by `python -m benchmarks.library_pages`.
"""


def names(entries: Iterable[LibraryEntry]) -> str:
    """The page of other packages' names."""
    packages: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for entry in entries:
        for alias in entry.aliases:
            path, _, settings = alias.partition("(")
            package, _, name = path.partition(".")
            renamed = settings.removesuffix(")")
            ours = f"[{entry.name}]({source(entry)})"
            packages[package].append((f"`{name}`", ours, f"`{renamed}`" if renamed else ""))
    blocks = [NAMES]
    for package, rows in sorted(packages.items()):
        blocks += [f"## {package}", table(("theirs", "ours", "parameters"), sorted(rows))]
    return joined(blocks)


def papers(entries: Iterable[LibraryEntry]) -> str:
    """The page of papers."""
    found: dict[str, list[LibraryEntry]] = defaultdict(list)
    for entry in entries:
        for paper in cited(entry):
            found[paper].append(entry)
    rows = [(paper, links(of), compared(of)) for paper, of in sorted(found.items())]
    return joined([PAPERS, table(("paper", "losses", "compared with"), rows)])


def cited(entry: LibraryEntry) -> list[str]:
    """The papers that a loss cites, without the place in them."""
    papers = (cite.text.rsplit(", ", 1)[0] for cite in declared(entry.path).cites)
    return list(dict.fromkeys(papers))


def compared(entries: Iterable[LibraryEntry]) -> str:
    """What some losses were compared with."""
    return "; ".join(sorted({source for entry in entries for source in oracles(entry.name)}))


def links(entries: Sequence[LibraryEntry]) -> str:
    """The files of some losses."""
    return ", ".join(f"[{entry.name}]({source(entry)})" for entry in entries)


def source(entry: LibraryEntry) -> str:
    """The way from a page of the documentation to a loss."""
    return f"../stdlib/{entry.family}/{entry.path.name}"


def pages() -> Iterator[tuple[str, str]]:
    """The file names and their texts."""
    entries = driver.library()
    yield "names.md", names(entries)
    yield "papers.md", papers(entries)


def main() -> None:
    """Write the pages."""
    for name, text in pages():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
