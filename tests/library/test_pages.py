"""The generated pages about the library speak of the library as it is."""

from __future__ import annotations

import pytest

from benchmarks import catalogue, library_pages
from losslang import driver

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
    places = catalogue.Places({entry.name: entry.family for entry in ENTRIES})
    text = (catalogue.OUTPUT / "index.md").read_text(encoding="utf-8")
    assert text == catalogue.index(ENTRIES, places)
