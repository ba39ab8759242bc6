"""Losses from program text, and numbers from the reference interpreter, for the tests of the IR."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mpmath
import pytest
from sympy import Basic

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.driver.finding import takes_losses
from losslang.driver.stdlib import LibraryEntry
from losslang.ir import exact
from losslang.ir.compose import elaborate
from losslang.ir.interpret import interpret
from losslang.ir.loss import Loss
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.parse import parse_expression
from tests.library.worked import declared
from tests.sampling import is_taken

ROOT = Path(__file__).resolve().parents[2]
TOUR = sorted((ROOT / "tests" / "cases" / "tour").glob("*.loss"))


def standing_alone(entry: LibraryEntry) -> str:
    """A loss of the library; one that takes losses with some of them."""
    if not takes_losses(declared(entry.path)):
        return entry.name
    return "apl(nce, mae)" if entry.name == "apl" else f"{entry.name}(ce)"


NEEDS_EVERY_CLASS = "dmi"
"""It has no value for labels drawn at random, of which some may be missing."""

LIBRARY = tuple(
    standing_alone(entry)
    for entry in driver.library()
    if is_taken(entry.name) and entry.name != NEEDS_EVERY_CLASS
)
COMPOSED = (
    "ce + 0.5 * dice(smooth=0) + 1e-4 * z_loss",
    "cvar(poly(eps=[2]), alpha=0.3)",
    "ce + 0.1 * supcon(embedding, target)",
    "cvar(normalized(focal(gamma=0.5)))",
    "dice + jaccard",
    "cvar(dice)",
    "kl_dro(adaface)",
    "loss_reweighted(arcface)",
    "apl(focal, mae) + ldam",
    "0.5 * clip + mse",
    "kd(tau=ramp(progress, 4, 1))",
    "focal(gamma=learn(1))",
)


def program(text: str, spec: str | None = None) -> Loss:
    """The last loss of a program, or an expression over its losses."""
    module, scope = driver.load("program.loss", text)
    if spec is None:
        last = [d for d in module.declarations if isinstance(d, nodes.Loss)][-1]
        return elaborate(nodes.Name(last.name_span, last.name), scope, last.name)
    return elaborate(parse_expression(Source(spec, "<spec>")), scope, "loss")


def refusal(text: str, spec: str | None = None) -> str:
    """The code of the error that a program ends in."""
    with pytest.raises(DiagnosticError) as caught:
        program(text, spec)
    return caught.value.diagnostics[0].code


def value(loss: Loss | str, inputs: Mapping[str, Any], **options: Any) -> Any:
    """The mean of a loss; text is a program."""
    return interpret(program(loss) if isinstance(loss, str) else loss, inputs, **options).mean


def values(loss: Loss | str, inputs: Mapping[str, Any], **options: Any) -> Any:
    """The values of a loss with one term; text is a program."""
    return interpret(program(loss) if isinstance(loss, str) else loss, inputs, **options).values


def holds(loss: Loss, *heads: type[Basic]) -> bool:
    """Whether a head stands in the formula of a loss."""
    return any(term.body.has(*heads) for term in loss.terms)


def near(found: Any, expected: Any, digits: int = 45) -> bool:
    """Whether two numbers agree to so many digits."""
    with mpmath.workdps(60):
        found, expected = exact.rough(found), exact.rough(expected)
        return bool(abs(found - expected) <= mpmath.mpf(10) ** -digits * max(1, abs(expected)))
