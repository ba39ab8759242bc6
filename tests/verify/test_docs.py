"""The guide lists every property, and what it shows of a terminal is what the command prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from losslang.cli import main
from losslang.verify.properties import PROPERTIES
from losslang.verify.property import Property

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/verify.md"
SESSION = re.compile(r"```\n\$ (losslang verify [^\n]*)\n(.*?)```", re.S)
SECONDS = re.compile(r" +\d+\.\d\d s$", re.M)
TABLE = re.compile(r"(<!-- properties: [^>]*-->\n).*(?=<!-- end -->)", re.S)


def spelled(known: Property) -> str:
    """``lipschitz(input, inf | 1 | 2)``."""
    kinds = known.arguments or (("word",) if known.words else ())
    plain = ("input", "level", "loss", "point", "quantity")
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


@pytest.mark.parametrize("page", [GUIDE, ROOT / "README.md"], ids=lambda page: page.name)
def test_what_a_page_shows_is_what_the_command_prints(page, update_golden):
    text = page.read_text(encoding="utf-8")
    (shown,) = SESSION.finditer(text)
    result = CliRunner().invoke(main, shlex.split(shown[1])[1:])
    assert result.exit_code == 0
    if update_golden:
        new = text[: shown.start(2)] + result.output.rstrip() + "\n" + text[shown.end(2) :]
        page.write_text(new, encoding="utf-8")
    else:
        assert SECONDS.sub("", shown[2]).strip() == SECONDS.sub("", result.output).strip()
