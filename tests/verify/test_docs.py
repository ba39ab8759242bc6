"""The guide lists every property, with its arguments and its meaning."""

from __future__ import annotations

import re
from pathlib import Path

from losslang.verify.properties import PROPERTIES

GUIDE = Path(__file__).resolve().parents[2] / "docs/verify.md"
TABLE = re.compile(r"(<!-- properties: [^>]*-->\n).*(?=<!-- end -->)", re.S)


def spelled(name: str, arguments: tuple[str, ...], words: tuple[str, ...]) -> str:
    takes = [*(["input"] if "input" in arguments else []), *([" \\| ".join(words)] if words else [])]
    return f"`{name}({', '.join(takes)})`" if takes else f"`{name}`"


def table() -> str:
    rows = [
        f"| {spelled(known.name, known.arguments, known.words)} | {known.says} |\n"
        for known in PROPERTIES.values()
    ]
    return "\n| property | means |\n| --- | --- |\n" + "".join(rows) + "\n"


def test_the_guide_lists_every_property(update_golden):
    text = GUIDE.read_text(encoding="utf-8")
    wanted = TABLE.sub(lambda found: found[1] + table(), text)
    if update_golden:
        GUIDE.write_text(wanted, encoding="utf-8")
    assert GUIDE.read_text(encoding="utf-8") == wanted
    assert all(f"`{name}" in text for name in PROPERTIES)
