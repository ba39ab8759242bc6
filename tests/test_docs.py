"""The documentation is true where a program can tell: losses check, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from losslang import driver
from losslang.syntax.format import format_module

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
PAGES += sorted((ROOT / "docs").rglob("*.md"))

every_page = pytest.mark.parametrize("page", PAGES, ids=[p.stem for p in PAGES])


def blocks(page: Path, language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    return [text for word, text in found if word == language]


def anchors(page: Path) -> set[str]:
    """The names that headings are linked by: lower case, no punctuation, dashes for spaces."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@every_page
def test_losses_are_right(page):
    for text in blocks(page, "loss"):
        assert driver.check_file(page, text) == ()


@every_page
def test_python_compiles(page):
    for text in blocks(page, "python"):
        compile(text, str(page), "exec")


@every_page
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    for link in links:
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), f"{link} leaves the project"
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link} names no heading"


def test_every_page_is_on_the_map():
    """Except the pages of single losses, which the catalogue's index leads to."""
    docs = ROOT / "docs"
    text = (docs / "index.md").read_text(encoding="utf-8")
    for page in {*docs.rglob("*.md")} - {docs / "index.md", *docs.glob("catalogue/*/*.md")}:
        assert f"]({page.relative_to(docs)})" in text


def test_ci_runs_what_the_readme_says():
    (command,) = (
        line
        for text in blocks(ROOT / "README.md", "sh")
        for line in text.splitlines()
        if "pytest" in line
    )
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    for step in command.split(" && "):
        assert step in script


def test_the_readme_shows_what_compile_writes():
    (shown,) = (text for text in blocks(ROOT / "README.md", "python") if "def focal" in text)
    emitted = driver.emit(path=ROOT / "examples/focal.loss")
    for part in shown.replace("    ...\n", "").split("\n\n\n"):
        assert part in emitted


def test_the_readme_shows_the_example_file():
    assert (ROOT / "examples/focal.loss").read_text(encoding="utf-8") in blocks(
        ROOT / "README.md", "loss"
    )


def test_examples_are_in_the_standard_layout():
    for path in (ROOT / "examples").rglob("*.loss"):
        text = path.read_text(encoding="utf-8")
        assert format_module(text, str(path)) == text
