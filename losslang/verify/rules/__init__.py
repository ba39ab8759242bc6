"""The rules of inference: what a proof may consist of, each trusted and without any search."""

from __future__ import annotations

from losslang.verify.proof import Rule
from losslang.verify.rules.analysis import ANALYSIS_RULES
from losslang.verify.rules.arrays import ARRAY_RULES
from losslang.verify.rules.boxes import BOX_RULES
from losslang.verify.rules.cases import CASE_RULES
from losslang.verify.rules.indexed import INDEXED_RULES
from losslang.verify.rules.limits import LIMIT_RULES
from losslang.verify.rules.maps import MAP_RULES
from losslang.verify.rules.monotone import MONOTONE_RULES
from losslang.verify.rules.polynomial import POLYNOMIAL_RULES
from losslang.verify.rules.roots import ROOT_RULES
from losslang.verify.rules.shape import SHAPE_RULES
from losslang.verify.rules.signs import SIGN_RULES

ALL: tuple[Rule, ...] = (
    *SIGN_RULES,
    *ROOT_RULES,
    *MAP_RULES,
    *CASE_RULES,
    *ANALYSIS_RULES,
    *LIMIT_RULES,
    *BOX_RULES,
    *POLYNOMIAL_RULES,
    *INDEXED_RULES,
    *ARRAY_RULES,
    *MONOTONE_RULES,
    *SHAPE_RULES,
)

RULES: dict[str, Rule] = {rule.name: rule for rule in ALL}
"""By the name that proofs use."""
