"""The listing of the library, which is read off without parsing, says what the files say."""

from __future__ import annotations

from losslang import driver, resources
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.parse import parse_module


def parsed() -> set[tuple[str, str]]:
    found = set()
    for path in resources.library_files().values():
        for declaration in parse_module(Source(path.read_text(encoding="utf-8"))).declarations:
            if isinstance(declaration, nodes.Loss):
                assert declaration.doc is not None
                found.add((declaration.name, declaration.doc.value.split("\n")[0]))
    return found


def test_names_and_summaries() -> None:
    assert {(entry.name, entry.summary) for entry in driver.library()} == parsed()


def test_families_are_folders() -> None:
    assert all(entry.path.parent.name == entry.family for entry in driver.library())


def test_order() -> None:
    entries = driver.library()
    assert list(entries) == sorted(entries, key=lambda entry: (entry.family, entry.name))
