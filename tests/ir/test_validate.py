"""The invariants of the IR: every loss we have keeps them, and a broken one is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sympy
from sympy import Integer

from losslang import driver
from losslang.diagnostics import InternalError
from losslang.ir.binders import Binder, fresh
from losslang.ir.heads import ONE, ZERO, At, Axis, Branch, Index, Labelled, Size, Tensor
from losslang.ir.loss import BATCH, EXAMPLE, Loss, Requirement, State
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Chosen
from losslang.ir.validate import valid
from losslang.syntax import nodes
from tests.ir.programs import COMPOSED, LIBRARY, TOUR, program


@pytest.mark.parametrize("spec", LIBRARY + COMPOSED)
def test_a_loss_of_the_library_is_valid(spec: str) -> None:
    valid(driver.elaborated(spec))


def tour() -> list[Any]:
    found = []
    for path in TOUR:
        text = path.read_text(encoding="utf-8").replace('import "my.loss"', "")
        module, _ = driver.load(path, text)
        for declaration in module.declarations:
            if isinstance(declaration, nodes.Loss):
                found.append(
                    pytest.param(text, declaration.name, id=f"{path.stem}-{declaration.name}")
                )
    return found


@pytest.mark.parametrize(("text", "name"), tour())
def test_a_loss_of_the_tour_elaborates_and_is_valid(text: str, name: str) -> None:
    transforms = {"cvar", "kl_dro", "loss_reweighted", "normalized"}
    valid(program(text, f"{name}(ce)" if name in transforms else name))


# ---------------------------------------------------------------- broken losses

SOUND = program(
    "loss f(x: real[class], y: class, *, a: real > 0 = 1, kind: p | q = p)"
    " = a * logsumexp(x) - x[y]"
)
X, Y = SOUND.inputs
CLASS = X.axes[0]
K = fresh(CLASS)
READ = At(X.tensor, EXAMPLE, K)


def changed(body: Any) -> Loss:
    return replace(SOUND, terms=(replace(SOUND.terms[0], body=body),))


def keeping(**state: Any) -> Loss:
    return replace(SOUND, states=(State("m", **state),))


def raw(op: str, indices: tuple[Index, ...], guard: Any, body: Any) -> Any:
    """A reduction as it stands, without its normal form."""
    return sympy.Basic.__new__(
        Reduce, sympy.core.symbol.Str(op), sympy.Tuple(*indices), guard, body
    )


BROKEN = [
    ("free in a term", changed(READ)),
    ("nothing declares the array 'z'", changed(At(Tensor("z"), EXAMPLE))),
    ("nothing declares the array 'x' of kind bool", changed(At(Tensor("x", "bool"), EXAMPLE, K))),
    ("1 indices for 'x'", changed(At(X.tensor, EXAMPLE))),
    ("stands at the place of axis 'class'", changed(At(X.tensor, EXAMPLE, EXAMPLE))),
    ("stands at the place of axis 'class'", changed(At(X.tensor, EXAMPLE, Integer(-1)))),
    ("nothing declares the symbol 'b'", changed(sympy.Symbol("b"))),
    ("has other assumptions", changed(sympy.Symbol("a"))),
    ("nothing declares the choice", changed(Branch(Chosen("kind", "r"), ONE, ZERO))),
    ("nothing has the axis 'token'", changed(Size(Axis("token")))),
    ("nothing has the axis 'token'", changed(Reduce("max", (fresh(Axis("token")),), ONE, ONE))),
    (
        "not of the IR",
        changed(sympy.Piecewise((ONE, sympy.Symbol("a", positive=True) > 2), (ZERO, True))),
    ),
    ("without a value", changed(sympy.nan)),
    ("without a value", changed(sympy.I)),
    ("not canonical", changed(raw("max", (K,), ONE, READ))),
    ("no operation 'median'", changed(Binder.__new__(Reduce, "median", (K,), ONE, READ))),
    ("truth value is wanted", changed(Binder.__new__(Reduce, "max", (K,), READ, READ))),
    ("truth value is wanted", changed(Branch(At(Y.tensor, EXAMPLE), ONE, ZERO))),
    ("inside a labelled loss", changed(Labelled(At(Y.tensor, EXAMPLE), SOUND.terms[0].body))),
    ("without the read of a label", changed(Labelled(At(X.tensor, EXAMPLE, ZERO), ONE))),
    ("nothing declares the array 'm'", changed(At(Tensor("m")))),
    ("the state 'm' is written for each", keeping(value=READ)),
    ("the state 'm' is written with 0 indices", keeping(axes=(CLASS,), value=ONE)),
    ("is no index over 'class'", keeping(axes=(CLASS,), indices=(EXAMPLE,), value=ONE)),
    ("two terms are named", replace(SOUND, terms=SOUND.terms * 2)),
    ("two inputs are named", replace(SOUND, inputs=SOUND.inputs * 2)),
    ("truth value is wanted", replace(SOUND, requires=(Requirement(READ, ONE),))),
    ("truth value is wanted", replace(SOUND, terms=(replace(SOUND.terms[0], guard=Integer(2)),))),
]


@pytest.mark.parametrize(
    ("message", "loss"), BROKEN, ids=lambda part: part if isinstance(part, str) else ""
)
def test_a_broken_loss_is_found(message: str, loss: Loss) -> None:
    with pytest.raises(InternalError, match=message):
        valid(loss)


def test_the_loss_that_was_broken_was_sound() -> None:
    valid(SOUND)
    assert SOUND.terms[0].result == (EXAMPLE,)
    assert EXAMPLE.axis == BATCH
