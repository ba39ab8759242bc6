"""Write ``docs/catalogue``: a page for each loss of the library, and an index.

Usage: ``python -m benchmarks.catalogue [--text] [LOSS...]`` from the root of the repository. With
names only their pages and pictures are written, and with ``--text`` no pictures.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from benchmarks.curves import Curve, Line, curves
from benchmarks.property_table import known
from losslang import driver
from losslang.driver.stdlib import LibraryEntry
from losslang.ir.loss import Loss
from losslang.ir.show import default, hyper_type, to_latex
from losslang.syntax import nodes
from losslang.syntax.limits import children
from tests.library.cases import CASES
from tests.library.test_stateful import ALGORITHMS
from tests.library.worked import declared, standing, worked

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "docs" / "catalogue"

COLOURS = 32
"""Of a picture: three lines and their blends with white, so that hundreds of files stay small."""

INDEX = """# The catalogue

Every loss of the standard library, by family. A page has the formula, a picture, the
hyperparameters, what is proved of the loss, what it was compared with, and what other packages call
it. Written by `python -m benchmarks.catalogue`.
"""


@dataclass(frozen=True)
class Places:
    """Where the page of each loss stands."""

    families: Mapping[str, str]

    def link(self, name: str, origin: str | None = None) -> str:
        """The way to a loss's page from another's, or from the index."""
        family = self.families[name]
        if origin is None:
            return f"{family}/{name}.md"
        return f"{name}.md" if self.families[origin] == family else f"../{family}/{name}.md"


def losses_in(node: nodes.Node, library: frozenset[str]) -> set[str]:
    """The library's losses that a formula names."""
    found: set[str] = set()
    todo = [node]
    while todo:
        here = todo.pop()
        if isinstance(here, nodes.Name) and here.id in library:
            found.add(here.id)
        todo += children(here)
    return found


def through(loss: nodes.Loss, library: frozenset[str]) -> list[str]:
    """The losses that one is written through."""
    formulas = [loss.body, *loss.where]
    own = {p.name for p in loss.signature.inputs} if loss.signature else set()
    return sorted(set().union(*(losses_in(f, library) for f in formulas)) - own - {loss.name})


def oracles(name: str) -> list[str]:
    """What a loss was compared with, by itself or in a composition."""
    words = {
        case: set(case.spec.replace("(", " ").replace(")", " ").replace(",", " ").split())
        for case in CASES
    }
    alone = [case.source for case in CASES if case.spec.partition("(")[0] == name]
    if any(spec.partition("(")[0] == name for _, spec, _ in ALGORITHMS.values()):
        alone.append("paper's algorithm over some steps, numpy")
    return list(dict.fromkeys(alone or [case.source for case in CASES if name in words[case]]))


def defaults(loss: nodes.Loss, meaning: Loss) -> dict[str, str]:
    """The default of each hyperparameter, as the program has it; those of parts as they are."""
    own = loss.signature.hyperparameters if loss.signature else ()
    written = {p.name: p.default.span.text if p.default else "" for p in own}
    return {h.name: default(h) or "" for h in meaning.hyperparameters} | written


def verified(name: str) -> list[tuple[str, str]]:
    """What the verifier says of a loss where it has decided."""
    row = known().get(name)
    return (
        [] if row is None else [(f"`{q}`", said) for q, said in row.entries.items() if said != "?"]
    )


# ---------------------------------------------------------------- a page


def page(entry: LibraryEntry, parents: Sequence[str], heirs: Sequence[str], places: Places) -> str:
    """The page of a loss."""
    loss = declared(entry.path)
    meaning = standing(entry.path)
    summary, _, more = (loss.doc.value if loss.doc else "").partition("\n")
    formula = " \\\\\n".join(to_latex(meaning).splitlines())
    blocks = [
        f"# {entry.name}",
        summary,
        more.strip(),
        f"```math\n\\begin{{gathered}}\n{formula}\n\\end{{gathered}}\n```",
        f"![value and slope of {entry.name}]({entry.name}.png)",
        "\n".join(f"- {cite.text}" for cite in loss.cites),
    ]
    for word, names in (("Written through", parents), ("Through it", heirs)):
        if names:
            links = ", ".join(f"[{name}]({places.link(name, entry.name)})" for name in names)
            blocks.append(f"{word}: {links}.")
    values = defaults(loss, meaning)
    if meaning.hyperparameters:
        rows = [
            (f"`{h.name}`", f"`{hyper_type(h)}`", f"`{value}`" if (value := values[h.name]) else "")
            for h in meaning.hyperparameters
        ]
        blocks += ["## Hyperparameters", table(("name", "values", "default"), rows)]
    if entry.claims:
        blocks += ["## Claims, all proved", "\n".join(f"- `{claim}`" for claim in entry.claims)]
    if decided := verified(entry.name):
        blocks += ["## What is decided", table(("property", "holds"), decided)]
    blocks += ["## Compared with", "\n".join(f"- {source}" for source in oracles(entry.name))]
    if entry.aliases:
        blocks += ["## Elsewhere", "\n".join(f"- `{alias}`" for alias in entry.aliases)]
    source = entry.path.relative_to(ROOT).as_posix()
    blocks.append(f"The source is [{source}](../../../{source}).")
    return joined(blocks)


def joined(blocks: Iterable[str]) -> str:
    """A page of blocks; empty ones are left out."""
    return "\n\n".join(block.strip() for block in blocks if block.strip()) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(c.replace('|', chr(92) + '|') for c in row)} |" for row in cells
    )


def pages(wanted: Container[str]) -> Iterator[tuple[LibraryEntry, str]]:
    """The pages of some losses."""
    entries = driver.library()
    names = frozenset(entry.name for entry in entries)
    places = Places({entry.name: entry.family for entry in entries})
    parents = {entry.name: through(declared(entry.path), names) for entry in entries}
    heirs = defaultdict(list)
    for name, above in parents.items():
        for parent in above:
            heirs[parent].append(name)
    for entry in entries:
        if entry.name in wanted:
            yield entry, page(entry, parents[entry.name], heirs[entry.name], places)


def index(entries: Sequence[LibraryEntry]) -> str:
    """The page that leads to the others."""
    places = Places({entry.name: entry.family for entry in entries})
    blocks = [INDEX]
    for family, group in groupby(entries, key=lambda entry: entry.family):
        rows = [(f"[{e.name}]({places.link(e.name)})", e.summary) for e in group]
        blocks += [f"## {family.capitalize()}", table(("loss", "is"), rows)]
    return joined(blocks)


# ---------------------------------------------------------------- a picture


def drawn(line: Line, found: Sequence[Curve], path: Path) -> None:
    """Value and slope side by side."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from PIL import Image

    figure, panels = pyplot.subplots(1, 2, figsize=(7, 2.5))
    for panel, title in zip(panels, ("value", "slope"), strict=True):
        for curve in found:
            heights = curve.values if title == "value" else curve.slopes
            panel.plot(curve.places, heights, label=curve.label, linewidth=1.2)
        panel.set_title(title, fontsize=9)
        panel.set_xlabel(line.label, fontsize=8)
        panel.tick_params(labelsize=7)
        panel.spines[["top", "right"]].set_visible(False)
    if found[0].label:
        panels[0].legend(fontsize=7, frameon=False)
    figure.tight_layout()
    drawing = io.BytesIO()
    figure.savefig(drawing, dpi=90)
    pyplot.close(figure)
    Image.open(drawing).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def main() -> None:
    """Write the pages and pictures."""
    parser = argparse.ArgumentParser(description="a page for each loss of the library")
    parser.add_argument("losses", nargs="*", metavar="LOSS")
    parser.add_argument("--text", action="store_true", help="write no pictures")
    options = parser.parse_args()
    entries = driver.library()
    wanted = frozenset(options.losses) or frozenset(entry.name for entry in entries)
    for entry, text in pages(wanted):
        folder = OUTPUT / entry.family
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{entry.name}.md").write_text(text, encoding="utf-8")
        if not options.text:
            loss = declared(entry.path)
            drawn(*curves(worked(loss, loss.examples[0])), folder / f"{entry.name}.png")
        print(entry.name, flush=True)
    if not options.losses:
        (OUTPUT / "index.md").write_text(index(entries), encoding="utf-8")


if __name__ == "__main__":
    main()
