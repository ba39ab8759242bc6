"""Every file of the standard library is complete: documented, cited, claimed, exemplified."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from losslang import driver
from losslang.resources import folder, library_files
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.format import format_module
from losslang.syntax.parse import parse_module

FILES = sorted(library_files().items())
each_file = pytest.mark.parametrize(("name", "path"), FILES, ids=[name for name, _ in FILES])


def source_of(path: Path) -> Source:
    return Source(path.read_text(encoding="utf-8"), path.name)


def declarations(path: Path) -> list[nodes.Declaration]:
    return list(parse_module(source_of(path)).declarations)


def losses(path: Path) -> list[nodes.Loss]:
    return [d for d in declarations(path) if isinstance(d, nodes.Loss)]


@each_file
def test_the_file_is_named_after_its_only_loss(name: str, path: Path) -> None:
    assert [loss.name for loss in losses(path)] == [name]


@each_file
def test_the_layout_is_the_formatters(name: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert format_module(text, path.name) == text


@each_file
def test_the_summary_is_one_line(name: str, path: Path) -> None:
    for declaration in declarations(path):
        assert isinstance(declaration, nodes.Loss | nodes.Function)
        assert declaration.doc is not None
        assert len(declaration.doc.value.splitlines()) == 1
        assert declaration.doc.value.endswith(".")


@each_file
def test_the_source_is_cited_with_its_year_and_place(name: str, path: Path) -> None:
    (loss,) = losses(path)
    assert loss.cites
    for cite in loss.cites:
        place = cite.text.rsplit(", ", 1)[-1]
        assert place.split(" ")[0] in {"eq.", "sec.", "fig.", "theorem", "problem"}, place
        assert any(word.strip(",").isdecimal() and len(word) == 5 for word in cite.text.split())


@each_file
def test_something_is_claimed(name: str, path: Path) -> None:
    (loss,) = losses(path)
    assert loss.claims


@each_file
def test_the_worked_examples_hold(name: str, path: Path) -> None:
    outcomes = driver.run_examples(str(path), path.read_text(encoding="utf-8"))
    assert outcomes
    assert [outcome.text for outcome in outcomes if outcome.problem is not None] == []


def test_no_two_losses_share_a_name() -> None:
    paths = sorted(folder("stdlib").rglob("*.loss"))
    names = Counter(d.name for path in paths for d in declarations(path) if hasattr(d, "name"))
    assert [name for name, count in names.items() if count > 1] == []
