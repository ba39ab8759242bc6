"""After every pass of the back half a loss is still a valid one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sympy import Expr

from losslang import driver
from losslang.codegen import variants
from losslang.codegen.variants import COMPARED, KEEP, LABEL_WEIGHT, SOFT
from losslang.ir.loss import Input, Loss
from losslang.ir.validate import valid
from losslang.rewrite.stability import WORDS, stabilise
from tests.ir.programs import COMPOSED, LIBRARY

SPECS = LIBRARY + COMPOSED


def with_bodies(loss: Loss, bodies: list[Expr]) -> Loss:
    """The loss with other formulas, which may read what the call contract adds."""
    label = variants.label_input(loss)
    pack = (label.pack,) if label and label.pack else ()
    added = [Input(KEEP.name, "bool", pack), Input(LABEL_WEIGHT.name, "real", pack)]
    if label is not None and label.over is not None:
        added += [Input(t.name, "real", (label.over, *pack)) for t in (SOFT, COMPARED)]
    terms = tuple(replace(term, body=body) for term, body in zip(loss.terms, bodies, strict=True))
    return replace(loss, inputs=(*loss.inputs, *added), terms=terms)


@pytest.mark.parametrize("spec", SPECS)
def test_a_loss_without_its_marks_is_valid(spec):
    loss = driver.elaborated(spec)
    valid(with_bodies(loss, [variants.plain(term.body) for term in loss.terms]))


@pytest.mark.parametrize("spec", SPECS)
def test_a_loss_with_class_weights_is_valid(spec):
    loss = driver.elaborated(spec)
    valid(with_bodies(loss, [variants.weighted(term.body) for term in loss.terms]))


@pytest.mark.parametrize("spec", SPECS)
def test_a_loss_of_label_weights_is_valid_where_there_is_one(spec):
    loss = driver.elaborated(spec)
    label = variants.label_input(loss)
    found = [variants.softened(term.body, label) if label else None for term in loss.terms]
    bodies = [
        term.body if soft is None else soft for term, soft in zip(loss.terms, found, strict=True)
    ]
    valid(with_bodies(loss, bodies))


@pytest.mark.parametrize("spec", SPECS)
def test_a_masked_loss_is_valid(spec):
    loss = driver.elaborated(spec)
    label = variants.label_input(loss)
    pack = label.pack if label else None
    bodies = [variants.masked(term.body, pack, term.result) for term in loss.terms]
    valid(with_bodies(loss, bodies))


@pytest.mark.parametrize("spec", SPECS)
def test_a_stabilised_loss_is_valid(spec):
    loss = driver.elaborated(spec)
    bodies = [stabilise(variants.plain(term.body)) for term in loss.terms]
    valid(with_bodies(loss, bodies), WORDS)


def test_a_condition_on_labels_has_no_meaning_for_their_weights():
    loss = driver.elaborated("proxy_anchor")
    label = variants.label_input(loss)
    assert label is not None
    assert variants.softened(loss.terms[0].body, label) is None
