"""A config gives the loss it says: against formulas written in torch."""

from __future__ import annotations

from collections import UserDict
from pathlib import Path
from typing import Any

import hydra.utils
import pytest
import torch
import yaml
from omegaconf import OmegaConf
from torch.nn import functional

import losslang
from losslang import driver

Z = torch.tensor([[2.0, 0.0, -1.0], [0.5, 1.5, 0.0], [0.0, 0.0, 3.0], [1.0, -1.0, 0.5]])
Y = torch.tensor([0, 2, 2, 1])
P = Z.softmax(-1).gather(-1, Y[:, None]).squeeze(-1)

README = """
loss:
  spec: "-(1 - p[y])**gamma * log(p[y]) + eps * (1 - p[y])"
  kind: multiclass
  gamma: 2
  eps: 1
"""
POLY_FOCAL = (-((1 - P) ** 2) * P.log() + (1 - P)).mean()


def focal(gamma: float) -> torch.Tensor:
    return (-((1 - P) ** gamma) * P.log()).mean()


def value(config: object, *inputs: torch.Tensor, **keys: Any) -> torch.Tensor:
    loss = losslang.from_config(config, **keys)
    return loss(*(inputs or (Z, Y))).detach()


# ---------------------------------------------------------------- what a config may be


def test_a_string() -> None:
    torch.testing.assert_close(value("ce"), functional.cross_entropy(Z, Y))


def test_a_mapping() -> None:
    torch.testing.assert_close(value({"spec": "focal", "gamma": 3}), focal(3))


def test_a_mapping_that_is_no_dict() -> None:
    torch.testing.assert_close(value(UserDict(spec="focal", gamma=3)), focal(3))


@pytest.mark.parametrize("config", [{"loss": "ce"}, {"loss": {"spec": "ce"}}])
def test_what_stands_under_loss(config) -> None:
    torch.testing.assert_close(value(config), functional.cross_entropy(Z, Y))


def test_other_sections_of_a_training_may_stand_beside_it() -> None:
    config = {"loss": "ce", "optimizer": {"name": "sgd"}, "epochs": 3}
    torch.testing.assert_close(value(config), functional.cross_entropy(Z, Y))


def test_keywords_alone() -> None:
    torch.testing.assert_close(losslang.from_config(spec="focal", gamma=3)(Z, Y), focal(3))


def test_keywords_add_to_a_string_and_a_mapping() -> None:
    torch.testing.assert_close(value("focal", gamma=3), focal(3))
    torch.testing.assert_close(value({"spec": "focal", "gamma": 1}, gamma=3), focal(3))


def test_a_yaml_file() -> None:
    torch.testing.assert_close(value(yaml.safe_load(README)), POLY_FOCAL)


def test_numbers_that_yaml_reads_as_strings() -> None:
    config = yaml.safe_load("{spec: w * ce, w: 1e-4}")
    assert isinstance(config["w"], str)
    torch.testing.assert_close(value(config), 1e-4 * functional.cross_entropy(Z, Y))


def test_omegaconf_with_interpolation() -> None:
    config = OmegaConf.create({"start": 3, "loss": {"spec": "focal", "gamma": "${start}"}})
    torch.testing.assert_close(value(config), focal(3))
    torch.testing.assert_close(value(config.loss), focal(3))


def test_omegaconf_lists() -> None:
    loss = driver.elaborated_config(OmegaConf.create({"spec": "poly", "eps": [1, 2]}))
    assert loss.hyperparameters[0].default == (1, 2)


def test_hydra_makes_one_from_its_target() -> None:
    config = OmegaConf.create(
        {"_target_": "losslang.from_config", "spec": "focal", "gamma": 3, "reduction": "sum"}
    )
    torch.testing.assert_close(hydra.utils.instantiate(config)(Z, Y), 4 * focal(3))


def test_hydra_passes_a_whole_config() -> None:
    config = {"_target_": "losslang.from_config", "config": {"spec": "focal", "gamma": 3}}
    torch.testing.assert_close(hydra.utils.instantiate(config)(Z, Y), focal(3))


def test_hydras_own_keys_are_passed_over() -> None:
    config = {"_target_": "losslang.from_config", "spec": "focal", "gamma": 3}
    torch.testing.assert_close(value(config), focal(3))


def test_the_config_is_left_as_it_was() -> None:
    config = {"spec": "easy + ce", "easy": "focal", "import": None, "gamma": 1}
    before = dict(config)
    losslang.from_config(config, gamma=3)
    assert config == before


# ---------------------------------------------------------------- kinds


def test_multiclass_names() -> None:
    config = {"spec": "-log(p[y]) - z[y] + logsumexp(z)", "kind": "multiclass"}
    torch.testing.assert_close(value(config), 2 * functional.cross_entropy(Z, Y))


def test_binary_names() -> None:
    score, sign = torch.tensor([0.5, -2.0]), torch.tensor([1.0, -1.0])
    config = {"spec": "log(1 + exp(-m)) + 0 * f * y", "kind": "binary"}
    expected = functional.softplus(-score * sign).mean()
    torch.testing.assert_close(value(config, score, sign), expected)


def test_regression_names() -> None:
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([0.0, 5.0])
    config = {"spec": "r**2 + (y - x) * r", "kind": "regression"}
    torch.testing.assert_close(value(config, x, y), 2 * ((y - x) ** 2).mean())


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("multiclass", ["logits", "target"]),
        ("binary", ["score", "target"]),
        ("regression", ["prediction", "target"]),
    ],
)
def test_a_kind_has_the_standard_inputs_whatever_the_formula_uses(kind, names) -> None:
    loss = driver.elaborated_config({"spec": "w", "kind": kind, "w": 1})
    assert [known.name for known in loss.inputs] == names


def test_a_kind_goes_with_losses_of_the_library() -> None:
    config = {"spec": "-log(p[y]) + focal", "kind": "multiclass"}
    torch.testing.assert_close(value(config), functional.cross_entropy(Z, Y) + focal(2))


# ---------------------------------------------------------------- files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my.loss").write_text("loss mine(x: real, *, k: real = 2) = k * x\n")
    (tmp_path / "other.loss").write_text("loss other(x: real) = x**2\nloss both = other\n")
    return tmp_path


def test_losses_of_a_file(folder: Path) -> None:
    config = {"spec": "mine + 0.5 * other", "import": ["my.loss", "other.loss"], "k": 3}
    assert losslang.from_config(config, folder=folder)(torch.tensor([2.0])) == 8


def test_a_loss_of_a_file_by_name(folder: Path) -> None:
    config = {"path": "other.loss", "name": "other"}
    assert losslang.from_config(config, folder=folder)(torch.tensor([3.0])) == 9


def test_name_names_the_class() -> None:
    assert type(losslang.from_config({"spec": "2 * ce", "name": "doubled"})).__name__ == "Doubled"


def test_compile_and_emit_read_configs_too() -> None:
    config = {"spec": "focal", "gamma": 3, "name": "mine"}
    torch.testing.assert_close(losslang.compile(config)(Z, Y), focal(3))
    assert "def mine(" in losslang.emit(config)
