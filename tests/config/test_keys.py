"""What the keys of a config mean: options, hyperparameters, new names, parts."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy
import pytest
import torch
from torch.nn import functional

import losslang
from losslang import driver
from losslang.ir.loss import Loss

Z = torch.tensor([[2.0, 0.0, -1.0], [0.5, 1.5, 0.0], [0.0, 0.0, 3.0], [1.0, -1.0, 0.5]])
Y = torch.tensor([0, 2, 2, 1])


def loss_of(spec: str, **keys: Any) -> Loss:
    return driver.elaborated_config({"spec": spec, **keys})


def defaults(loss: Loss) -> dict[str, Any]:
    return {h.name: h.default for h in loss.hyperparameters}


# ---------------------------------------------------------------- options


OPTIONS: dict[str, Any] = {
    "reduction": "sum",
    "ignore_index": 2,
    "label_smoothing": 0.1,
    "class_weight": [1, 2, 3],
}


def test_options_are_the_defaults_of_a_call() -> None:
    options = {**OPTIONS, "class_weight": torch.tensor([1.0, 2.0, 3.0])}
    keywords = {"weight" if k == "class_weight" else k: v for k, v in options.items()}
    expected = functional.cross_entropy(Z, Y, **keywords)
    torch.testing.assert_close(losslang.from_config(spec="ce", **OPTIONS)(Z, Y), expected)


def test_a_call_may_still_say_otherwise() -> None:
    loss = losslang.from_config(spec="ce", reduction="sum")
    expected = functional.cross_entropy(Z, Y, reduction="none")
    torch.testing.assert_close(loss(Z, Y, reduction="none"), expected)


def test_denominator() -> None:
    expected = functional.cross_entropy(Z, Y, reduction="sum") / 16
    torch.testing.assert_close(losslang.from_config(spec="ce", denominator=16)(Z, Y), expected)


def test_progress_is_where_training_starts() -> None:
    loss = losslang.from_config(spec="w * ce", w="ramp(progress, 0, 1)", progress=0.5)
    torch.testing.assert_close(loss(Z, Y), 0.5 * functional.cross_entropy(Z, Y))


def test_options_inside_an_expression_hold_for_the_whole() -> None:
    loss = loss_of("ce(label_smoothing=0.1, reduction=sum) + focal")
    assert loss.options == {"label_smoothing": Fraction(1, 10), "reduction": "sum"}


def test_two_terms_may_agree_about_an_option() -> None:
    assert loss_of("ce(reduction=sum) + focal(reduction=sum)").options == {"reduction": "sum"}


def test_a_composition_of_a_file_may_set_options(tmp_path) -> None:
    path = tmp_path / "my.loss"
    path.write_text("loss total = ce(reduction=sum) + focal\n")
    assert driver.elaborated(path=path, name="total").options == {"reduction": "sum"}


@pytest.mark.parametrize("weights", [(1, 2, 3), numpy.array([1, 2, 3]), torch.tensor([1, 2, 3])])
def test_a_list_may_be_an_array(weights) -> None:
    assert loss_of("ce", class_weight=weights).options == {"class_weight": (1, 2, 3)}


# ---------------------------------------------------------------- hyperparameters


@pytest.mark.parametrize("given", [3, 3.0, "3", "1 + 2", "3e0", numpy.float32(3), torch.tensor(3)])
def test_a_hyperparameter_is_set(given) -> None:
    assert defaults(loss_of("focal", gamma=given)) == {"gamma": 3}


def test_decimals_are_exact() -> None:
    assert defaults(loss_of("focal", gamma=0.1)) == {"gamma": Fraction(1, 10)}


def test_an_array_is_set() -> None:
    assert defaults(loss_of("poly", eps=[1, "1e-1"])) == {"eps": (1, Fraction(1, 10))}


def test_a_learned_one() -> None:
    (gamma,) = loss_of("focal", gamma="learn(1.5)").hyperparameters
    assert (gamma.learn, gamma.default) == (True, Fraction(3, 2))


def test_a_formula_in_progress() -> None:
    (gamma,) = loss_of("focal", gamma="ramp(progress, 0, 2)").hyperparameters
    assert gamma.formula is not None


def test_a_hyperparameter_deep_inside() -> None:
    assert defaults(loss_of("cvar(poly)", eps=[5], alpha=0.25))["eps"] == (5,)


def test_a_hyperparameter_of_a_composition_in_a_file(tmp_path) -> None:
    (tmp_path / "my.loss").write_text("loss total = ce + focal\n")
    config = {"spec": "total", "import": "my.loss", "gamma": 3}
    assert defaults(driver.elaborated_config(config, folder=tmp_path)) == {"gamma": 3}


BOTH = "supcon + info_nce(embedding, embedding)"


def test_a_dotted_name() -> None:
    found = defaults(loss_of(BOTH, **{"supcon.tau": 0.5}))
    assert found == {"supcon_tau": Fraction(1, 2), "info_nce_tau": Fraction(1, 10)}


def test_a_nested_mapping_is_a_dotted_name() -> None:
    assert defaults(loss_of(BOTH, supcon={"tau": 0.5}))["supcon_tau"] == Fraction(1, 2)


def test_in_a_call_the_dot_is_an_underscore() -> None:
    loss = losslang.from_config(BOTH)
    labels = torch.tensor([0, 0, 1, 1])
    cold, warm = loss(Z, labels, supcon_tau=0.1), loss(Z, labels, supcon_tau=1.0)
    assert cold != warm


def test_a_name_given_in_the_call_is_not_the_losss_own() -> None:
    assert defaults(loss_of("focal(gamma=gamma)", gamma=3)) == {"gamma": 3}


# ---------------------------------------------------------------- new names and parts


def test_a_new_hyperparameter_can_be_passed_with_a_call() -> None:
    loss = losslang.from_config(spec="w * ce", w=2)
    expected = functional.cross_entropy(Z, Y)
    torch.testing.assert_close(loss(Z, Y), 2 * expected)
    torch.testing.assert_close(loss(Z, Y, w=3.0), 3 * expected)


def test_a_new_hyperparameter_can_be_learned() -> None:
    loss = losslang.from_config(spec="w * ce", w="learn(2)")
    assert [p.item() for p in loss.parameters()] == [2]


def test_parts_name_the_terms() -> None:
    loss = losslang.from_config(spec="easy + 2 * hard", easy="focal(gamma=1)", hard="focal")
    terms: Any = loss.terms
    assert list(terms(Z, Y)) == ["easy", "hard"]


def test_parts_have_hyperparameters_of_their_own() -> None:
    loss = loss_of("easy + hard", easy="focal", hard="focal", **{"easy.gamma": 1})
    assert defaults(loss) == {"easy_gamma": 1, "hard_gamma": 2}


def test_a_part_may_use_parts_and_new_names() -> None:
    loss = loss_of("total", total="base + w", base="2 * ce", w=1)
    assert defaults(loss) == {"w": 1}


def test_a_part_may_have_the_name_of_a_loss() -> None:
    assert defaults(loss_of("ce + mae", ce="focal(gamma=1)")) == {"gamma": 1}


def test_the_index_of_a_comprehension_is_no_free_name() -> None:
    loss = loss_of("sum(w * z[k] for k in class)", kind="multiclass", w=2)
    assert defaults(loss) == {"w": 2}


def test_the_formula_tells_what_the_names_mean() -> None:
    loss = loss_of("easy - log(p[y])", kind="multiclass", easy="focal(gamma=1)")
    assert loss.formula.splitlines() == [
        "easy - log(p[y])",
        "where",
        "    y = target",
        "    p = softmax(logits)",
        "    easy = focal(gamma=1)",
    ]


# ---------------------------------------------------------------- what is not run


@pytest.mark.parametrize(
    "text", ["__import__('os').system('x')", "ce.__class__", "eval(ce)", "lambda: 0", "`x`"]
)
def test_a_config_is_never_code(text) -> None:
    with pytest.raises(losslang.DiagnosticError):
        losslang.from_config(text)


def test_a_huge_list_is_refused() -> None:
    with pytest.raises(losslang.DiagnosticError, match="list-too-long"):
        loss_of("poly", eps=[0] * 10_001)


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(losslang.DiagnosticError, match="bad-config"):
        loss_of("poly", eps=endless)


def test_a_huge_number_is_refused() -> None:
    with pytest.raises(losslang.DiagnosticError, match="bad-config"):
        loss_of("focal", gamma=10**5000)
