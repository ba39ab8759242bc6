"""Theorems about binary losses on a probability or a score, with a loss for each label.

Proofs that are our own stand in docs/design/theory.md.
"""

from __future__ import annotations

from losslang.verify.theorem import Theorem
from losslang.verify.theorems.decisions import CALIBRATED
from losslang.verify.theorems.predictions import ORDER
from losslang.verify.theorems.proper import PROPER, STRICTLY_PROPER

PROBABILITY: tuple[Theorem, ...] = (*PROPER, *STRICTLY_PROPER, *CALIBRATED, *ORDER)
