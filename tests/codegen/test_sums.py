"""Where a loss of sums over places is cut into a loss of one place and a formula of the sums."""

from __future__ import annotations

import pytest

from losslang import driver
from losslang.codegen.lower import lower
from losslang.codegen.rows import rows
from losslang.codegen.slopes import NoSlopesError
from losslang.codegen.sums import Cut, cut
from tests.codegen.modules import losses


def parts(spec: str) -> Cut:
    loss = losses(spec)[0] if spec.startswith("loss ") else driver.elaborated(spec)
    return cut(lower(loss))


HEAD = "loss it(logits: real[class, *space], target: class[*space]) = "


def test_equal_sums_are_one() -> None:
    text = "mean(s(c) / (1 + s(c)) for c in class) where s(c) = sum(logits[c, x] for x in space)"
    assert len(parts(HEAD + text).names) == 1


def test_what_is_summed_is_a_formula_of_the_row_at_a_place() -> None:
    found = parts("dice")
    reads = {str(node.attrs[0]) for node in found.places.nodes if node.op == "read"}
    assert reads == {"logits", "target", "@keep", *found.slopes}
    assert found.scores == "logits"


def test_all_classes_of_a_place_share_one_exponential() -> None:
    ops = [node.op for node in rows(parts("dice").places).plan.nodes]
    assert ops.count("exp_less") == 1
    assert not {"exp", "expm1", "log"} & set(ops)


def test_the_rest_reads_only_sums() -> None:
    found = parts("tversky(alpha=0.3, beta=0.7)")
    reads = {str(node.attrs[0]) for node in found.rest.nodes if node.op == "read"}
    assert reads == set(found.names)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mean(max(logits[c, x] for x in space) for c in class)", "outside of sums"),
        ("sum(logits[0, x] for x in space)", "one for each class"),
    ],
)
def test_other_losses_are_not_cut(text: str, reason: str) -> None:
    with pytest.raises(NoSlopesError, match=reason):
        parts(HEAD + text)


def test_the_page_of_a_loss_shows_what_is_summed_and_what_becomes_of_it() -> None:
    page = driver.show("dice", plan=True)
    assert "d logits[k] from" in page
    assert "read(@sum0)" in page
