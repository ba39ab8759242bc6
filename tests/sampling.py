"""What the tests take: all of it with ``LOSSLANG_TESTS=full``, else a sample."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from zlib import crc32

FULL = os.environ.get("LOSSLANG_TESTS") == "full"

SHARE = 32
"""One loss in so many is in the sample."""

ALWAYS = frozenset(
    "adaface apl arcface barlow_twins bce ce clip ctc cvar dice dpp focal gce giou hinge"
    " huber info_nce kd kl ldam load_balance mse normalized nuclear_norm poly1 quantile"
    " sogclr supcon triplet z_loss".split()
)
"""Losses of every kind, which are always in it."""

DEAR = frozenset("entmax_loss entmax15_loss jade moco sinkhorn_divergence ssim".split())
"""Losses whose tests take minutes each, which only the whole of them has."""


def sampled(specs: Iterable[str]) -> list[str]:
    """Those of some losses that a test takes."""
    return [spec for spec in specs if is_taken(spec)]


def is_taken(spec: str) -> bool:
    """Whether the tests take a loss."""
    name = re.findall(r"[A-Za-z_]\w*", spec)[0]
    return name in ALWAYS or (is_drawn(name, SHARE) and (FULL or name not in DEAR))


def some(many: int) -> int:
    """How many of so many equal random cases the tests take."""
    return many if FULL else many // 4


def is_drawn(key: str, share: int) -> bool:
    """Whether the tests take one of many equal cases, of which the sample has one in ``share``."""
    return FULL or not crc32(key.encode()) % share
