"""How a diagnostic is drawn."""

from __future__ import annotations

from textwrap import dedent

import pytest

from losslang.diagnostics.model import Diagnostic, DiagnosticError, Label, fail
from losslang.diagnostics.render import MAX_COLUMNS, render, to_json
from losslang.source import Source, Span


def at(source: Source, text: str, label: str = "") -> Label:
    start = source.text.index(text)
    return Label(Span(source, start, start + len(text)), label)


def drawn(primary: Label | None, *secondary: Label) -> str:
    """The rows below the message and the place."""
    return "\n".join(render(Diagnostic("code", "message", primary, secondary)).split("\n")[3:])


def rows(text: str) -> str:
    return dedent(text).strip("\n")


def test_of_the_whole():
    source = Source("a\nb\n    total = logits + kept\n", "focal.loss")
    found = Diagnostic(
        "axis-mismatch",
        "cannot add terms over (batch, class) and (batch, token)",
        at(source, "kept", "over (batch, token)"),
        (at(source, "logits", "over (batch, class)"),),
        ("a note",),
        "reduce `token` first",
    )
    assert render(found) == rows(
        """
        error[axis-mismatch]: cannot add terms over (batch, class) and (batch, token)
          --> focal.loss:3:22
           |
         3 |     total = logits + kept
           |             ------   ^^^^ over (batch, token)
           |             |
           |             over (batch, class)
           = note: a note
           = help: reduce `token` first
        """
    )


def test_without_a_place():
    assert render(Diagnostic("code", "message", help="do this")) == (
        "error[code]: message\n   = help: do this"
    )


def test_of_a_warning():
    assert render(Diagnostic("code", "message", severity="warning")) == "warning[code]: message"


def test_three_labels_on_a_line():
    source = Source("aa bb cc")
    assert drawn(at(source, "cc", "C"), at(source, "aa", "A"), at(source, "bb", "B")) == (
        " 1 | aa bb cc\n   | -- -- ^^ C\n   | |  |\n   | |  B\n   | A"
    )


def test_overlapping_labels():
    source = Source("a + b")
    assert drawn(at(source, "+", "sign"), at(source, "a + b", "sum")) == (
        " 1 | a + b\n   | --^--\n   | | |\n   | | sign\n   | sum"
    )


def test_lines_that_touch_and_lines_apart():
    source = Source("one\ntwo\nthree\nfour\nfive\nsix\n")
    assert drawn(at(source, "three", "C"), at(source, "one", "A"), at(source, "six", "F")) == (
        " 1 | one\n   | --- A\n 2 | two\n 3 | three\n   | ^^^^^ C\n...\n 6 | six\n   | --- F"
    )


def test_line_numbers_are_aligned():
    source = Source("\n" * 8 + "nine\nten\n")
    assert drawn(at(source, "ten"), at(source, "nine")) == (
        "  9 | nine\n    | ----\n 10 | ten\n    | ^^^"
    )


def test_two_files():
    mine, other = Source("x", "mine.loss"), Source("y", "other.loss")
    assert drawn(at(mine, "x"), at(other, "y", "there")) == (
        " 1 | x\n   | ^\n  ::: other.loss:1:1\n   |\n 1 | y\n   | - there"
    )


def test_tabs_and_wide_characters():
    assert drawn(at(Source("\tab"), "b")) == " 1 |     ab\n   |      ^"
    assert drawn(at(Source("日本 x"), "x")) == " 1 | 日本 x\n   |      ^"
    assert drawn(at(Source("e\u0301 x"), "x")) == " 1 | e\u0301 x\n   |   ^"


def test_the_end_of_the_text_has_a_place():
    source = Source("x +")
    assert drawn(Label(Span(source, 3, 3), "here")) == " 1 | x +\n   |    ^ here"


def test_a_span_of_several_lines_is_marked_on_its_first():
    source = Source("f(a,\n  b)")
    assert drawn(at(source, "f(a,\n  b)", "call")) == " 1 | f(a,\n   | ^^^^ call"


def test_long_lines_are_cut():
    source = Source("x" * 300 + " y " + "z" * 300)
    line, underline = drawn(at(source, "y", "here")).split("\n")
    assert len(line) <= MAX_COLUMNS + len(" 1 | ......")
    assert line[underline.index("^")] == "y"


def test_windows_line_ends():
    assert drawn(at(Source("a\r\nb\r\n"), "b")) == " 2 | b\n   | ^"


def test_colour_changes_no_letter():
    source = Source("aa bb cc")
    found = Diagnostic("code", "message", at(source, "bb", "B"), (at(source, "aa", "A"),), ("n",))
    coloured = render(found, color=True)
    for code in ("\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == render(found)
    assert "\x1b" not in render(found)


def test_an_exception_shows_its_diagnostic():
    source = Source("x", "my.loss")
    with pytest.raises(DiagnosticError, match=r"my\.loss:1:1"):
        fail("code", "message", Span(source, 0, 1))


def test_json():
    source = Source("a\nbb", "my.loss")
    assert to_json(Diagnostic("code", "message", at(source, "bb", "B"), (), ("n",), "h")) == {
        "code": "code",
        "severity": "error",
        "message": "message",
        "primary": {
            "file": "my.loss",
            "line": 2,
            "column": 1,
            "end_line": 2,
            "end_column": 3,
            "text": "B",
        },
        "secondary": [],
        "notes": ["n"],
        "help": "h",
    }
