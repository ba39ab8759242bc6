"""Statements about losses whose truth is known, from the literature or by proof.

``ROWS`` covers every id of ``IDS`` that is not in ``OUTSIDE``; ``MORE`` are further ones.
"""

from __future__ import annotations

from tests.verify.table import divergence, local, margin, multiclass, regression
from tests.verify.table.ids import IDS
from tests.verify.table.open import OPEN
from tests.verify.table.outside import OUTSIDE
from tests.verify.table.row import Row

ROWS = margin.ROWS + local.ROWS + multiclass.ROWS + regression.ROWS + divergence.ROWS

__all__ = ["IDS", "OPEN", "OUTSIDE", "ROWS", "Row"]
