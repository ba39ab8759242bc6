"""The verifier against known verdicts, of the literature and of the theory."""

from __future__ import annotations

from collections import Counter

import pytest

from losslang.diagnostics import DiagnosticError
from tests.sampling import FULL, is_drawn
from tests.verify.table import IDS, LOOSE, MEANINGLESS, MORE, OPEN, OUTSIDE, ROWS, keyed
from tests.verify.table.compare import mistake, undecided, verdict

KEYED = keyed((*ROWS, *MORE))
ALLOWED_OPEN = {"rows": 0.05, "more": 0.09}
CLOSE = 5.0
"""Seconds after which an open row may be decided on a fast machine and not on a slow one."""

PATIENT = 900.0
"""Seconds for a program's rows, many times what they take, so that a slow machine decides them."""


def test_every_statement_has_a_row_or_a_reason():
    covered = {row.id for row in ROWS}
    assert covered | set(OUTSIDE) == set(IDS)
    assert not covered & set(OUTSIDE)
    assert len(OUTSIDE) <= 35


def test_each_statement_stands_once():
    assert len(set(IDS)) == len(IDS)
    asked = Counter((r.program, r.property, str(r.settings)) for r in KEYED.values() if not r.value)
    assert [question for question, times in asked.items() if times > 1] == []


@pytest.mark.parametrize(("name", "rows"), [("rows", ROWS), ("more", MORE)])
def test_few_statements_are_open(name, rows):
    high = {key for key, row in keyed(rows).items() if row.confidence == "high"}
    assert {*OPEN, *MEANINGLESS} <= set(KEYED)
    assert len(high & {*OPEN, *MEANINGLESS}) <= ALLOWED_OPEN[name] * len(high)


DRAWN = [key for key in KEYED if FULL or (is_drawn(key, 32) and key not in OPEN)]
"""The open ones say little, and take the whole time that a question has."""


@pytest.mark.parametrize("key", DRAWN)
def test_verdict(key):
    row = KEYED[key]
    if key in MEANINGLESS:
        with pytest.raises(DiagnosticError):
            verdict(row)
        return
    if key in OPEN:
        found = verdict(row)
        assert undecided(row, found) or found.seconds > CLOSE, "decided by now"
        return
    found = verdict(row, PATIENT)
    assert undecided(row, found) == ""
    assert (mistake(row, found) == "") != (key in LOOSE)
