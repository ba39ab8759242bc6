"""The generated pages about the library speak of the library as it is."""

from __future__ import annotations

import pytest

from benchmarks import catalogue, library_pages, property_table
from losslang import driver
from tests.sampling import sampled

ENTRIES = driver.library()


@pytest.mark.parametrize(("name", "text"), [*library_pages.pages()], ids=["names", "papers"])
def test_names_and_papers_are_those_of_the_files(name, text):
    """``python -m benchmarks.library_pages`` writes them."""
    assert (library_pages.DOCS / name).read_text(encoding="utf-8") == text


def test_the_catalogue_has_a_page_and_a_picture_of_every_loss():
    """``python -m benchmarks.catalogue NAME`` writes those of a loss, and without names all."""
    wanted = {(entry.family, entry.name) for entry in ENTRIES}
    for suffix in (".md", ".png"):
        pages = catalogue.OUTPUT.glob(f"*/*{suffix}")
        assert {(page.parent.name, page.stem) for page in pages} == wanted


def test_the_index_of_the_catalogue_leads_to_every_loss():
    text = (catalogue.OUTPUT / "index.md").read_text(encoding="utf-8")
    assert text == catalogue.index(ENTRIES)


def test_the_pages_of_the_catalogue_are_current():
    """``python -m benchmarks.catalogue --text`` writes them."""
    for entry, text in catalogue.pages(sampled(entry.name for entry in ENTRIES)):
        page = catalogue.OUTPUT / entry.family / f"{entry.name}.md"
        assert page.read_text(encoding="utf-8") == text, entry.name


def test_the_table_of_properties_has_every_loss():
    """``python -m benchmarks.property_table --missing`` verifies new ones."""
    assert set(property_table.known()) == {entry.name for entry in ENTRIES}


def test_the_page_of_properties_is_that_of_the_table():
    """But for its last line, which names a machine."""
    rows = [property_table.known()[entry.name] for entry in ENTRIES]
    written = property_table.OUTPUT.read_text(encoding="utf-8")
    assert written.splitlines()[:-1] == property_table.page(rows).splitlines()[:-1]
