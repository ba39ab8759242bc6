"""The guide lists every property, with its arguments and its meaning."""

from __future__ import annotations

import re
from pathlib import Path

from losslang.verify.properties import PROPERTIES
from losslang.verify.property import Property

GUIDE = Path(__file__).resolve().parents[2] / "docs/verify.md"
TABLE = re.compile(r"(<!-- properties: [^>]*-->\n).*(?=<!-- end -->)", re.S)


def spelled(known: Property) -> str:
    """``lipschitz(input, inf | 1 | 2)``."""
    kinds = known.arguments or (("word",) if known.words else ())
    plain = ("input", "level", "loss", "quantity")
    takes = [kind if kind in plain else " \\| ".join(known.words) for kind in kinds]
    return f"`{known.name}({', '.join(takes)})`" if takes else f"`{known.name}`"


def table() -> str:
    rows = [f"| {spelled(known)} | {known.says} |\n" for known in PROPERTIES.values()]
    return "\n| property | means |\n| --- | --- |\n" + "".join(rows) + "\n"


def test_the_guide_lists_every_property(update_golden):
    text = GUIDE.read_text(encoding="utf-8")
    wanted = TABLE.sub(lambda found: found[1] + table(), text)
    if update_golden:
        GUIDE.write_text(wanted, encoding="utf-8")
    assert GUIDE.read_text(encoding="utf-8") == wanted
    assert all(f"`{name}" in wanted for name in PROPERTIES)
