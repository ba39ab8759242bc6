"""Every file of the standard library is complete: documented, cited, claimed, exemplified."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

import losslang
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
    given = {keyword.name: keyword.value for keyword in example.call.keywords}
    words = [f"{n}={base.id}" for n, base in given.items() if isinstance(base, nodes.Name)]
    numbers = {n: number(v) for n, v in given.items() if not isinstance(v, nodes.Name)}
    words += [f"{n}={numbers.pop(n)}" for n in [*numbers] if n in hyperparameters(loss)]
    spec = f"{loss.name}({', '.join(words)})" if words else loss.name
    meaning = driver.elaborated(spec)
    alone = any(term.result for term in meaning.terms) and not takes_a_batch(loss)
    inputs = {
        known.name: torch.tensor([numbers[known.name]] if alone else numbers[known.name])
        for known in meaning.inputs
    }
    reals = {known.name for known in meaning.inputs if known.kind not in WHOLE}
    got = losslang.compile(spec).double()(
        **{name: x.double() if name in reals else x for name, x in inputs.items()}
    )
    digits = len(example.value.span.text.partition(".")[2])
    assert float(got.detach()) == pytest.approx(number(example.value), abs=0.501 * 10.0**-digits)


WHOLE = {"index", "label", "bit", "sign"}


def hyperparameters(loss: nodes.Loss) -> set[str]:
    return {p.name for p in loss.signature.hyperparameters} if loss.signature else set()


def takes_a_batch(loss: nodes.Loss) -> bool:
    """Whether the inputs of an example are a whole batch."""
    if loss.signature is None:
        return False
    types = [p.type for p in loss.signature.inputs if isinstance(p.type, nodes.TypeExpr)]
    return any(t.dims and t.dims[0].name == "batch" for t in types)


def number(node: nodes.Node) -> Any:
    """The numbers written in an example: whole ones stay whole."""
    if isinstance(node, nodes.ListLiteral):
        return [number(element) for element in node.elements]
    if isinstance(node, nodes.Unary):
        return -number(node.operand)
    assert isinstance(node, nodes.Number)
    return int(node.value) if node.value.denominator == 1 else float(node.value)


def test_no_two_losses_share_a_name() -> None:
    paths = sorted(folder("stdlib").rglob("*.loss"))
    names = Counter(d.name for path in paths for d in declarations(path) if hasattr(d, "name"))
    assert [name for name, count in names.items() if count > 1] == []
