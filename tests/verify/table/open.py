"""The statements that the verifier leaves undecided, by row and property, with the reason.

A row that is here and is decided is a failure too, so the list stays true.
"""

from __future__ import annotations

OPEN: dict[str, str] = {}

MEANINGLESS: dict[str, str] = {}
"""Statements that the verifier takes for meaningless for their kind of loss, with the reason."""
