"""Where a mistake is placed and what is said about it.

The whole output for one program of each kind is in tests/cases/errors; here are the finer points.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losslang.diagnostics.model import Diagnostic, DiagnosticError
from losslang.source import Source
from losslang.syntax.mistakes import layout_warnings
from losslang.syntax.parse import parse_expression, parse_module
from losslang.syntax.scan import KEYWORDS, scan

HEADER = "loss f(x: real[class], target: class) =\n    "


def mistake(text: str) -> Diagnostic:
    with pytest.raises(DiagnosticError) as caught:
        parse_module(Source(text))
    (found,) = caught.value.diagnostics
    return found


def in_body(text: str) -> Diagnostic:
    return mistake(HEADER + text)


def place(found: Diagnostic) -> str:
    assert found.primary is not None
    return found.primary.span.text


def help_of(found: Diagnostic) -> str:
    return found.help or ""


TOUR = sorted((Path(__file__).parents[1] / "cases/tour").glob("*.loss"))
TEXTS = [path.read_text(encoding="utf-8") for path in TOUR]
INSERTED = [
    *sorted(KEYWORDS),
    *"()[],:=+-*<>|.!&'",
    "==",
    "->",
    '"',
    '"""',
    "range",
    "2x",
    "τ",
    "\x00",
]


def told(parse: Callable[[Source], object], text: str) -> str:
    """What a user reads about a text, nothing if it is right; any other exception is a bug."""
    try:
        parse(Source(text))
    except DiagnosticError as error:
        return str(error)
    return ""


class TestAnything:
    """Whatever is wrong, it is told as a diagnostic that can be shown."""

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_a_program_with_pieces_changed(self, data):
        pieces = [piece.text for piece in scan(data.draw(st.sampled_from(TEXTS)))]
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(pieces) - 1))
            kept = data.draw(st.integers(0, 1))
            pieces[at : at + 1 - kept] = data.draw(st.lists(st.sampled_from(INSERTED), max_size=2))
        told(parse_module, data.draw(st.sampled_from([" ", "\n"])).join(pieces))

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=60))
    def test_any_text(self, text):
        for parse in (parse_module, parse_expression):
            told(parse, text)

    @pytest.mark.parametrize("path", TOUR, ids=[path.stem for path in TOUR])
    def test_a_program_cut_off_anywhere(self, path):
        pieces = list(scan(path.read_text(encoding="utf-8")))
        for piece in pieces[:: max(1, len(pieces) // 40)]:
            told(parse_module, path.read_text(encoding="utf-8")[: piece.end])


class TestPlaces:
    def test_the_end_is_after_the_last_word(self):
        """Lark puts an error at the end of the text to the start of the last token."""
        found = in_body("x[target] +  # to be continued\n\n")
        assert found.primary is not None
        span = found.primary.span
        assert span.source.text[: span.start].endswith("x[target] +")

    def test_an_offending_word_is_marked_as_a_whole(self):
        assert place(in_body("x[target] target")) == "target"

    def test_both_places_of_a_duplicate_are_shown(self):
        found = mistake("loss f(x: real, x: real) = x")
        assert found.primary is not None
        (first,) = found.secondary
        assert (first.span.start, found.primary.span.start) == (7, 16)

    def test_a_duplicate_learnable_parameter_is_marked_at_its_name(self):
        assert place(mistake("loss f(*, a: real = 1, learn a: real = 1) = a")) == "a"

    def test_an_unclosed_bracket_is_shown_with_what_follows(self):
        found = in_body("log(x[target]\nwhere\n    p = 1")
        assert place(found) == "("
        assert found.secondary[0].span.text == "where"

    def test_a_guard_of_another_loss_is_not_blamed(self):
        found = mistake(
            "loss f(x: real[batch]) for i in batch if x[i] > 0 = x[i]\n"
            "loss g(x: real) = x if x > 0 if x < 2"
        )
        assert found.code == "missing-else"


class TestExpected:
    def test_after_an_operator(self):
        found = in_body("x +")
        assert found.primary is not None
        assert found.primary.text == "expected an expression"

    def test_after_an_operand(self):
        """Operators too, though the parser has already given them up when it stops."""
        found = in_body("x,")
        assert found.primary is not None
        assert "an operator" in found.primary.text

    def test_after_import(self):
        found = mistake("import my.loss")
        assert found.primary is not None
        assert found.primary.text == "expected a string"


class TestHelp:
    @pytest.mark.parametrize(
        ("word", "meant"),
        [("clam", "claim"), ("exmaple", "example"), ("los", "loss"), ("wher", "where")],
    )
    def test_misspelt_keywords(self, word, meant):
        assert meant in help_of(in_body(f"x[target]\n{word} p"))

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("x && y", "and"),
            ("x || y", "or"),
            ("!x", "not"),
            ("x % 2", "floor"),
            ("x @ y", "dot"),
            ("x.mean()", "f(x)"),
            ("x ≥ 2", ">="),
            ("x × 2", "*"),
            ("x if y elif z", "else"),
            ("lambda v: v", "local function"),
            ("return x", "formula"),
            ("x is y", "=="),
            ("2x", "2 * x"),
            ("0x10", "decimal"),
            ("1.2.3", "decimal"),
            ("sum(x[k] for k in range(1, 3))", "count"),
            ("sum(x[k], k in class)", ""),
        ],
    )
    def test_habits_from_elsewhere(self, text, says):
        assert says in help_of(in_body(text))

    def test_a_typeset_letter(self):
        assert "tau" in help_of(in_body("x / τ"))


class TestReserved:
    @pytest.mark.parametrize("word", ["lambda", "class", "def", "None", "pass"])
    def test_keywords_of_python(self, word):
        assert mistake(f"loss f({word}: real) = 1").code == "reserved-name"

    @pytest.mark.parametrize("word", ["weight", "reduction", "progress", "class_dim"])
    def test_words_of_every_call(self, word):
        assert mistake(f"loss f(*, {word}: real = 1) = 1").code == "reserved-name"

    def test_an_axis_may_be_called_class(self):
        parse_module(Source("loss f(x: real[class]) = sum(x[k] for k in class)"))

    def test_a_function_may_use_words_of_the_call(self):
        """Only losses are called with ``weight=``."""
        parse_module(Source("fn f(weight: real) -> real = weight"))


class TestConfigs:
    def test_nothing(self):
        with pytest.raises(DiagnosticError) as caught:
            parse_expression(Source("  # nothing"))
        assert caught.value.diagnostics[0].code == "empty-expression"

    def test_a_declaration(self):
        with pytest.raises(DiagnosticError) as caught:
            parse_expression(Source("loss f = ce"))
        assert caught.value.diagnostics[0].code == "unexpected-token"


class TestLayoutWarnings:
    @pytest.mark.parametrize("sign", ["- 1", "+ 1", "[target]"])
    def test_of_a_line_that_continues_in_silence(self, sign):
        (found,) = layout_warnings(Source(f"{HEADER}x\n    {sign}\n"))
        assert (found.code, found.severity) == ("unclear-layout", "warning")

    def test_of_a_bracket_that_makes_a_call(self):
        (found,) = layout_warnings(Source(f"{HEADER}x\n    (target)\n"))
        assert found.code == "unclear-layout"

    @pytest.mark.parametrize(
        "text",
        [
            "x +\n    1",
            "(x\n    + 1)",
            "f(\n    [1],\n    -1\n)",
            "x\nwhere\n    p = -1\n    q = 2",
            "\n    -x[target]",
        ],
    )
    def test_not_of_lines_that_cannot_be_misread(self, text):
        assert layout_warnings(Source(HEADER + text)) == ()

    def test_accept_a_module(self):
        module = parse_module(Source(f"{HEADER}x[target]\n    - 1"))
        assert [found.code for found in layout_warnings(module)] == ["unclear-layout"]

    def test_of_a_text_before_a_claim(self):
        text = f'{HEADER}x[target]\n"""Doc."""\nclaim convex\nloss g = f'
        assert [found.code for found in layout_warnings(Source(text))] == ["text-before-claim"]
