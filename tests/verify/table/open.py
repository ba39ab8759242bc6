"""The statements that the verifier leaves undecided, by row and property, with the reason.

A row that is here and is decided is a failure too, so the list stays true.
"""

from __future__ import annotations

OPEN: dict[str, str] = {}
