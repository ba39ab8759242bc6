"""The worked examples of the standard library hold, by the reference interpreter."""

from __future__ import annotations

from typing import Any

import pytest

from losslang import driver
from losslang.ir import exact
from losslang.ir.interpret import interpret
from losslang.syntax import nodes
from tests.library.worked import declared, number, takes_a_batch
from tests.sampling import is_taken


def worked() -> list[Any]:
    """The worked examples of the library with their losses."""
    found = []
    for entry in filter(lambda entry: is_taken(entry.name), driver.library()):
        declaration = declared(entry.path)
        for example in declaration.examples:
            found.append(pytest.param(declaration, example, id=example.span.text))
    return found


@pytest.mark.parametrize(("declaration", "example"), worked())
def test_a_worked_example_holds_to_the_digits_written(
    declaration: nodes.Loss, example: nodes.Example
) -> None:
    given = {keyword.name: keyword.value for keyword in example.call.keywords}
    bases = ", ".join(f"{n}={e.id}" for n, e in given.items() if isinstance(e, nodes.Name))
    loss = driver.elaborated(f"{declaration.name}({bases})" if bases else declaration.name)
    numbers = {n: number(e) for n, e in given.items() if not isinstance(e, nodes.Name)}
    inputs = {i.name: numbers.pop(i.name) for i in loss.inputs}
    if not takes_a_batch(declaration) and any(term.result for term in loss.terms):
        inputs = {name: [one] for name, one in inputs.items()}
    written = len(example.value.span.text.partition(".")[2])
    found = interpret(loss, inputs, numbers).mean
    error = exact.rough(found) - exact.rough(number(example.value))
    assert abs(error) <= 0.5 * 10.0**-written
