"""One statement about a loss whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["proved", "refuted", "conditional"]


@dataclass(frozen=True)
class Row:
    """A loss, a property, and what is true of them.

    ``program`` is an expression over the standard library, or the text of a file, whose last loss
    is meant. ``settings`` fix hyperparameters; the others range over their domains, and the number
    of classes over all K >= 2. The property then holds always (``proved``), never (``refuted``), or
    exactly where ``condition`` does.

    ``value`` is the constant or transform that goes with a property that holds, as an expression
    in the hyperparameters and in

    - ``t`` for ``excess_risk`` and ``h_consistent``, with ``B``, the scores' bound, or ``K``,
    - ``v``, the score, for the inverse link of a ``proper_composite`` loss of a score,
    - ``Y`` and ``E(...)``, the mean over the target, for ``minimiser``;

    that of ``range`` is the pair of infimum and supremum. That of a refuted ``asymmetric_robust``
    is the ratio of two labels' weights from which on the loss is robust.
    """

    id: str
    program: str
    property: str
    status: Status
    condition: str | None = None
    value: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    confidence: Literal["high", "medium", "low"] = "high"
    source: str = ""
