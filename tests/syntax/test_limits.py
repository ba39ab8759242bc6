"""Hostile text ends in a diagnostic, and soon."""

from __future__ import annotations

import time

import pytest

from losslang.diagnostics.model import DiagnosticError
from losslang.source import Source
from losslang.syntax import limits
from losslang.syntax.format import format_module
from losslang.syntax.parse import parse_expression, parse_module
from losslang.syntax.tables import parser

parser()  # built once, so that it is not timed below


def code_of(parse, text: str) -> str:
    started = time.process_time()
    with pytest.raises(DiagnosticError) as caught:
        parse(Source(text))
    str(caught.value)
    assert time.process_time() - started < 10
    return caught.value.diagnostics[0].code


HOSTILE = {
    "10 MB of comments": ("#" * 10_000_000, "source-too-large"),
    "10 MB of digits": ("1" * 10_000_000, "source-too-large"),
    "a list as large as a file may be": (f"[{'0,' * 100_000}0]", "too-many-nodes"),
    "a list beyond its limit": (f"[{'0,' * 10_000}0]", "list-too-long"),
    "10,000 brackets": ("(" * 10_000 + "x" + ")" * 10_000, "nesting-too-deep"),
    "10,000 subscripts": ("x" + "[0]" * 10_000, "nesting-too-deep"),
    "10,000 lists in lists": ("[" * 10_000 + "]" * 10_000, "nesting-too-deep"),
    "10,000 signs": ("-" * 10_000 + "x", "nesting-too-deep"),
    "10,000 negations": ("not " * 10_000 + "x", "nesting-too-deep"),
    "10,000 powers": ("**".join("x" * 10_000), "nesting-too-deep"),
    "10,000 summands": ("+".join("x" * 10_000), "nesting-too-deep"),
    "8,000 conditions": ("x if x else " * 8_000 + "x", "nesting-too-deep"),
    "open brackets": ("(" * 10_000, "nesting-too-deep"),
    "30,000 signs": ("-" * 30_000, "unexpected-end"),
    "256 KiB of signs": ("-" * 260_000, "too-many-nodes"),
    "256 KiB of names": ("x " * 130_000, "too-many-nodes"),
    "100,000 digits": ("1" * 100_000, "literal-too-large"),
    "100,000 decimals": ("0." + "1" * 100_000, "literal-too-large"),
    "a large exponent": ("1e1000000000", "literal-too-large"),
    "a tiny exponent": ("1e-1000000000", "literal-too-large"),
    "an exponent of 100,000 digits": ("1e" + "9" * 100_000, "literal-too-large"),
    "quotes": ('"' * 250_000, "too-many-nodes"),
    "an open text": ('"""' + "x" * 250_000, "unclosed-string"),
    "control characters": ("\x00\x1b" * 50, "unknown-character"),
    "half a surrogate pair": ("\ud800", "unknown-character"),
}


@pytest.mark.parametrize(("text", "code"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_expressions(text, code):
    assert code_of(parse_expression, text) == code


@pytest.mark.parametrize(("text", "code"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(text, code):
    assert code_of(parse_module, f"loss f = {text}") in (code, "source-too-large", "missing-body")


def test_terminal_codes_are_not_passed_on():
    with pytest.raises(DiagnosticError) as caught:
        parse_expression(Source("x + \x1b[31m"))
    assert "\x1b" not in str(caught.value)


class TestWithinTheLimits:
    def test_brackets(self):
        depth = limits.MAX_BRACKETS
        parse_expression(Source("(" * depth + "x" + ")" * depth))

    def test_a_chain(self):
        """One level for each operator, and one for the operand at the bottom."""
        parse_expression(Source(" + ".join("x" * limits.MAX_DEPTH)))

    def test_an_exponent(self):
        parse_expression(Source("1e400"))
        parse_expression(Source("1e-0400"))

    def test_a_long_list(self):
        parse_expression(Source(f"[{','.join('0' * limits.MAX_ELEMENTS)}]"))

    def test_the_deepest_tree_can_be_formatted_and_compared(self):
        body = "-(" * 99 + "x" + ")" * 99
        text = format_module(f"loss f = {body}")
        assert parse_module(Source(text)) == parse_module(Source(f"loss f = {body}"))
