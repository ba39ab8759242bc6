"""What a plan is said to cost."""

from __future__ import annotations

import pytest

from losslang import driver
from losslang.codegen.cost import cost_lines, plan_lines
from losslang.codegen.lower import lower
from losslang.codegen.plan import Plan


def plan(spec: str) -> Plan:
    return lower(driver.elaborated(spec)).hard.plan


def costs(spec: str) -> dict[str, str]:
    rows = [line.split("  ", 1) for line in cost_lines(plan(spec)) if "  " in line]
    return {title: amount.strip() for title, amount in rows}


def test_a_softmax_costs_a_function_of_every_class() -> None:
    assert costs("ce")["exp, log, ..."] == "N*C + N"


def test_a_matrix_of_pairs_is_squared() -> None:
    assert costs("info_nce")["multiplications"].startswith("N^2*D")


def test_sorting_is_counted() -> None:
    assert "sorted numbers" in costs("cvar(ce)")


def test_a_formula_without_arrays_is_linear_in_the_examples() -> None:
    assert costs("mse")["numbers kept"].endswith("N")


def test_the_letters_are_explained() -> None:
    assert cost_lines(plan("ce"))[-1] == "where N = examples, C = size(class)"


@pytest.mark.parametrize("spec", ["ce", "info_nce", "dice", "clip"])
def test_a_plan_has_a_line_for_each_node_and_term(spec) -> None:
    made = plan(spec)
    assert len(plan_lines(made)) == len(made.nodes) + len(made.outputs)


def test_the_lines_of_a_plan() -> None:
    assert plan_lines(plan("ce"))[3] == "%3 = log_odds(%0, %2, -1)  float [batch]"
