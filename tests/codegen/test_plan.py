"""Plans: equal arrays once, sums of products as contractions, dimensions counted from the right."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from losslang import driver
from losslang.codegen.lower import Lowered, lower
from losslang.codegen.plan import Plan
from tests.codegen.modules import losses
from tests.contract.transforms import LOSSES

PAIRS = "u: real[batch, dim], v: real[batch, dim]"
CLASSES = "logits: real[class], target: class"


@cache
def planned(text: str) -> Lowered:
    """The plans of the last loss of a program, or of a library expression."""
    return lower(losses(text)[-1] if text.lstrip().startswith("loss ") else driver.elaborated(text))


def plan(text: str) -> Plan:
    return planned(text).hard.plan


def ops(text: str) -> Counter[str]:
    return Counter(node.op for node in plan(text).nodes)


# ---------------------------------------------------------------- value numbering


def test_the_names_of_indices_make_no_difference() -> None:
    """`s(i, j)` under one sum and `s(i, k)` under another are one array."""
    text = f"""
    loss it({PAIRS}) for i in batch =
        sum(exp(2 * s(i, j)) for j in batch if j != i) + max(s(i, k) for k in batch if k != i)
    where
        s(i, j) = dot(u[i], v[j])
    """
    assert ops(text)["einsum"] == 1


@pytest.mark.parametrize("spec", LOSSES)
def test_no_two_nodes_are_equal(spec: str) -> None:
    nodes = plan(spec).nodes
    assert len(nodes) == len(set(nodes))


@pytest.mark.parametrize("spec", LOSSES)
def test_a_plan_holds_what_its_outputs_need_in_order_of_use(spec: str) -> None:
    found = plan(spec)
    used = {argument for node in found.nodes for argument in node.args}
    for output in found.outputs:
        used |= {output.value} | ({output.guard} if output.guard is not None else set())
    assert used == set(range(len(found.nodes)))
    for number, node in enumerate(found.nodes):
        assert all(argument < number for argument in node.args)


def test_softmax_and_its_logarithm_share_one_array() -> None:
    assert ops("kd")["log_softmax"] == 2
    assert ops("ce + 0.5 * dice")["log_softmax"] == 1
    assert ops("js")["log_softmax"] == 1


# ---------------------------------------------------------------- contractions


@pytest.mark.parametrize("spec", ["info_nce", "nt_xent", "supcon(tau=0.5)", "siglip", "clip"])
def test_dot_products_of_pairs_are_contractions(spec: str) -> None:
    """Nothing in the plan runs over two batches and the features at once."""
    found = ops(spec)
    assert found["einsum"] >= 1
    assert not [n for n in plan(spec).nodes if Counter(n.dims)["batch"] == 2 and len(n.dims) > 2]


DIFFERENCES = frozenset(
    "align_uniform cs_conditional cs_divergence cs_ib cs_qmi generalized_lifted hsic icnn"
    " kde_kl koleo lifted_structure margin_batch_all mmd nca ranked_list rkd_angle rkd_distance"
    " triplet_batch_all triplet_batch_hard triplet_semihard uniformity".split()
)
"""Distances need differences, if they are to be exact for near vectors."""

CENTRES = frozenset({"ge2e_contrast", "ge2e_softmax"})
"""Each utterance has centres of its own, from which it is left out."""


@pytest.mark.parametrize("spec", LOSSES)
def test_no_plan_of_the_library_forms_pairs_of_vectors(spec: str) -> None:
    if spec.partition("(")[0] in DIFFERENCES | CENTRES:
        return
    assert not [n for n in plan(spec).nodes if Counter(n.dims)["batch"] == 2 and "dim" in n.dims]


def test_a_contraction_takes_factors_that_are_inside_and_leaves_those_outside() -> None:
    text = f"""
    loss it({PAIRS}, *, tau: real > 0 = 1) for i in batch =
        sum(sum(u[i, d] * v[j, d] / tau for d in dim)**2 for j in batch)
    """
    (node,) = [n for n in plan(text).nodes if n.op == "einsum"]
    assert node.attrs[0] in ("id,jd->ij", "jd,id->ij")
    assert node.dims.count("batch") == 2


def test_a_sum_over_one_array_is_no_contraction() -> None:
    text = "loss it(v: real[dim], w: real[dim]) = sum(v[k] * w[k] for k in dim)"
    assert ops(text)["einsum"] == 0
    assert ops(text)["sum"] == 1


# ---------------------------------------------------------------- reads and dimensions


def test_a_label_reads_its_class_by_a_gather() -> None:
    (node,) = [n for n in plan("crammer_singer").nodes if n.op == "gather"]
    assert node.attrs == (-1,)
    assert node.dims == ("batch",)


def test_a_label_reads_an_array_of_classes_by_an_index() -> None:
    text = f"loss it({CLASSES}, *, w: real[class] = [1, 2]) = w[target] * logits[target]"
    assert ops(text)["take"] == 1
    assert ops(text)["gather"] == 1


def test_the_place_of_the_example_itself_is_a_diagonal_or_a_product_of_rows() -> None:
    """`s(i, i)` needs no full matrix."""
    text = f"loss it({PAIRS}) for i in batch = s(i, i) where s(i, j) = dot(u[i], v[j])"
    assert ops(text)["einsum"] == 0
    assert all(len(node.dims) <= 2 for node in plan(text).nodes)


@pytest.mark.parametrize("spec", LOSSES)
def test_dimensions_are_counted_from_the_right(spec: str) -> None:
    """So that any number of batch dimensions may stand on the left."""
    along = {"sum", "mean", "amax", "amin", "logsumexp", "log_softmax", "norm", "unit", "sort"}
    for node in plan(spec).nodes:
        if node.op in along | {"rank", "gather", "cumsum", "prod"}:
            assert all(isinstance(a, int) and a < 0 for a in node.attrs)


def test_a_written_place_is_a_selection() -> None:
    text = "loss it(box: real[4]) = box[2] - box[0]"
    selected = {node.attrs for node in plan(text).nodes if node.op == "select"}
    assert selected == {(-1, 0), (-1, 2)}


def test_a_size_is_read_off_an_array() -> None:
    text = "loss it(v: real[dim]) = sum(v) / size(dim)**2"
    (node,) = [n for n in plan(text).nodes if n.op == "size"]
    assert node.attrs == ("v", -1)
    assert node.dtype == "static"


# ---------------------------------------------------------------- guards


def test_a_guard_on_the_result_is_an_output_of_its_own() -> None:
    (output,) = plan("supcon").outputs
    assert output.guard is not None
    assert plan("supcon").nodes[output.guard].dtype == "bool"
    assert output.axes == ("batch",)


def test_a_guard_on_a_comprehension_fills_in_what_changes_nothing() -> None:
    fills = {"sum": 0.0, "max": float("-inf"), "min": float("inf"), "prod": 1.0}
    for op, fill in fills.items():
        text = f"loss it(v: real[dim]) = {op}(v[k]**3 for k in dim if v[k] > 1)"
        (node,) = [n for n in plan(text).nodes if n.op == "fill"]
        assert node.attrs == (fill,)


def test_a_mean_under_a_guard_divides_by_the_count_and_never_by_zero() -> None:
    text = "loss it(v: real[dim]) = mean(v[k]**3 for k in dim if v[k] > 1)"
    assert ops(text)["mean"] == 0
    assert ops(text)["clamp_min"] == 1


# ---------------------------------------------------------------- hyperparameters


def test_arithmetic_on_hyperparameters_stays_outside_the_arrays() -> None:
    text = "loss it(x: real, *, a: real > 0 = 1, b: real = 2) = x * (a + b) / a**2"
    dims = [n.dims for n in plan(text).nodes if n.dtype == "static"]
    assert len(dims) > 3
    assert not any(dims)


def test_a_hyperparameter_inside_a_pair_has_to_be_one_number() -> None:
    """One that stands beside the example may be given per example."""
    assert plan("clip").scalars == {"tau"}
    assert plan("focal").scalars == frozenset()
    assert "alpha" in plan("cvar(ce)").scalars


def test_a_hyperparameter_beside_other_axes_becomes_a_column() -> None:
    text = "loss it(v: real[dim], *, tau: real > 0 = 1) = logsumexp(v[k] / tau for k in dim)"
    (node,) = [n for n in plan(text).nodes if n.op == "column"]
    assert node.attrs == (1,)


# ---------------------------------------------------------------- what a module needs of it


def test_soft_labels_have_a_plan_where_they_have_a_meaning() -> None:
    assert planned("ce").soft is not None
    assert planned("dice").soft is not None
    assert planned("mse").soft is None


def test_a_mask_is_read_only_by_formulas_that_look_at_the_batch() -> None:
    assert "@keep" not in planned("focal").hard.arrays
    assert "@keep" in planned("info_nce").hard.arrays


def test_names_of_the_program_are_given_to_its_arrays() -> None:
    assert "p" in plan("loss it(v: real[dim]) = entropy(p) where p = softmax(v)").names.values()
