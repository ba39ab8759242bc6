"""Statements about losses whose truth is known, from the literature or by proof.

``ROWS`` covers every id of ``IDS`` that is not in ``OUTSIDE``; ``MORE`` are further ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.verify.table import divergence, local, margin, multiclass, regression
from tests.verify.table.ids import IDS
from tests.verify.table.more import MORE
from tests.verify.table.open import LOOSE, MEANINGLESS, OPEN
from tests.verify.table.outside import OUTSIDE
from tests.verify.table.row import Row

ROWS = margin.ROWS + local.ROWS + multiclass.ROWS + regression.ROWS + divergence.ROWS


def keyed(rows: Iterable[Row]) -> dict[str, Row]:
    """The rows by id and property; the second of the same name is called ``...-2``."""
    seen: Counter[str] = Counter()
    found: dict[str, Row] = {}
    for row in rows:
        name = f"{row.id}-{row.property}"
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name}-{seen[name]}"] = row
    return found


__all__ = ["IDS", "LOOSE", "MEANINGLESS", "MORE", "OPEN", "OUTSIDE", "ROWS", "Row", "keyed"]
