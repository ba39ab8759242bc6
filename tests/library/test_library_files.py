"""Every file of the standard library is complete: documented, cited, claimed, exemplified."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import losslang
from losslang import driver
from losslang.resources import folder, library_files
from losslang.syntax import nodes
from losslang.syntax.format import format_module
from tests.library.worked import module, number, worked

FILES = sorted(library_files().items())
ENTRIES = {entry.name: entry for entry in driver.library()}
each_file = pytest.mark.parametrize(("name", "path"), FILES, ids=[name for name, _ in FILES])


def losses(path: Path) -> list[nodes.Loss]:
    return [d for d in module(path).declarations if isinstance(d, nodes.Loss)]


@each_file
def test_the_file_is_named_after_its_only_loss(name: str, path: Path) -> None:
    assert [loss.name for loss in losses(path)] == [name]


@each_file
def test_the_layout_is_the_formatters(name: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert format_module(text, path.name) == text


@each_file
def test_the_summary_is_one_line_and_advice_stands_apart(name: str, path: Path) -> None:
    for declaration in module(path).declarations:
        assert isinstance(declaration, nodes.Loss | nodes.Function)
        assert declaration.doc is not None
        summary, *rest = declaration.doc.value.splitlines()
        assert summary.endswith(".")
        assert not rest or (not rest[0] and rest[-1].endswith("."))


@each_file
def test_the_source_is_cited_with_its_year_and_place(name: str, path: Path) -> None:
    (loss,) = losses(path)
    assert loss.cites
    for cite in loss.cites:
        place = cite.text.rsplit(", ", 1)[-1]
        assert place.split(" ")[0] in PLACES, place
        assert any(word.strip(",").isdecimal() and len(word) == 5 for word in cite.text.split())


@each_file
def test_something_is_claimed(name: str, path: Path) -> None:
    """Of losses over losses little may be known that holds for all of them."""
    (loss,) = losses(path)
    assert loss.claims or driver.takes_losses(loss)


@each_file
def test_the_listing_knows_what_the_file_says(name: str, path: Path) -> None:
    (loss,) = losses(path)
    entry = ENTRIES[name]
    assert entry.claims == tuple(claim.stated for claim in loss.claims)
    assert entry.aliases == tuple(alias.stated for alias in loss.aliases)


@each_file
def test_aliases_speak_of_its_parameters(name: str, path: Path) -> None:
    assert driver.check_file(path) == ()


PLACES = set("eq. sec. fig. table definition example proposition theorem problem algorithm".split())

EXAMPLES = [
    pytest.param(loss, example, id=example.span.text)
    for _, path in FILES
    for loss in losses(path)
    for example in loss.examples
]


@each_file
def test_there_is_a_worked_example(name: str, path: Path) -> None:
    (loss,) = losses(path)
    assert loss.examples


@pytest.mark.parametrize(("loss", "example"), EXAMPLES)
def test_the_compiled_code_gives_the_worked_example(
    loss: nodes.Loss, example: nodes.Example
) -> None:
    """To the digits written; an example of a loss with a value per example is a batch of one."""
    case = worked(loss, example)
    got = losslang.compile(case.spec, **case.sizes).double()(**case.inputs)
    digits = len(example.value.span.text.partition(".")[2])
    assert float(got.detach()) == pytest.approx(
        float(number(example.value)), abs=0.501 * 10.0**-digits
    )


def test_no_two_losses_share_a_name() -> None:
    paths = sorted(folder("stdlib").rglob("*.loss"))
    names = Counter(
        d.name for path in paths for d in module(path).declarations if hasattr(d, "name")
    )
    assert [name for name, count in names.items() if count > 1] == []
