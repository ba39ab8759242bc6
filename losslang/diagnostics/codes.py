"""Every diagnostic code with a one-line title; ``docs/errors.md`` has a section for each."""

from __future__ import annotations

TITLES: dict[str, str] = {
    "unexpected-token": "the text does not go on as the grammar allows",
}
