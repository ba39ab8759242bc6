"""The formatter: one layout, the same meaning, every comment kept."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings

from losslang.source import Source
from losslang.syntax.format import WIDTH, expression_text, format_module, module_text
from losslang.syntax.layout import layout_warnings
from losslang.syntax.parse import parse_expression, parse_module
from tests.syntax import strategies

TOUR = sorted((Path(__file__).parents[1] / "cases/tour").glob("*.loss"))

every_program = pytest.mark.parametrize("path", TOUR, ids=[path.stem for path in TOUR])
thorough = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def comments(text: str) -> list[str]:
    return sorted(comment.text.rstrip() for comment in parse_module(Source(text)).comments)


def assert_formats(before: str, after: str) -> None:
    before, after = dedent(before).strip("\n") + "\n", dedent(after).strip("\n") + "\n"
    assert format_module(before) == after
    assert format_module(after) == after


class TestMeaning:
    @every_program
    def test_is_kept(self, path):
        text = path.read_text()
        assert parse_module(Source(format_module(text))) == parse_module(Source(text))

    @every_program
    def test_second_time_changes_nothing(self, path):
        once = format_module(path.read_text())
        assert format_module(once) == once

    @thorough
    @given(strategies.expressions())
    def test_of_any_expression_is_kept(self, node):
        assert parse_expression(Source(expression_text(node))) == node

    @thorough
    @given(strategies.modules())
    def test_of_any_module_is_kept(self, node):
        text = module_text(node)
        assert parse_module(Source(text)) == node
        assert format_module(text) == text

    @thorough
    @given(strategies.modules())
    def test_no_line_is_mistaken_for_a_continuation(self, node):
        assert layout_warnings(Source(module_text(node))) == ()


class TestLayout:
    def test_of_a_loss(self):
        assert_formats(
            '''
            """Doc.""" cite "A"
            loss f(x:real[class],target:class,*,gamma:real>=0=2)=-(1-p)^gamma*log(p) where
            p=softmax(x)[target] claim calibrated claim convex when gamma==0
            example f(x=[1,2],target=0)==0.5
            ''',
            '''
            """Doc."""
            cite "A"

            loss f(x: real[class], target: class, *, gamma: real >= 0 = 2) =
                -(1 - p)**gamma * log(p)
            where
                p = softmax(x)[target]

            claim calibrated
            claim convex when gamma == 0
            example f(x=[1, 2], target=0) == 0.5
            ''',
        )

    def test_of_a_composition(self):
        assert_formats("loss total=ce+0.5*dice(smooth=0)", "loss total = ce + 0.5 * dice(smooth=0)")

    def test_of_imports(self):
        assert_formats(
            'import "a.loss"\n\n\nimport "b.loss" loss total = a + b',
            'import "a.loss"\nimport "b.loss"\n\nloss total = a + b',
        )

    def test_claims_and_examples_keep_their_order(self):
        text = "loss f(x: real) =\n    x\n\nexample f(x=1) == 1\nclaim convex\n"
        assert format_module(text) == text

    def test_a_long_claim_breaks_before_what_is_claimed_and_before_its_condition(self):
        text = (
            "loss f(x: real[k], *, c: real = 1) =\n    c * sum(x)\n\n"
            "claim value(x=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]) ==\n"
            "    (1 + 2 + 3 + 4) * c + (5 + 6 + 7 + 8) * c + (9 + 10 + 11 + 12) * c\n"
            "    when c > 0\n"
        )
        assert format_module(text) == text

    def test_an_alias_breaks_like_a_call(self):
        short = "loss f(x: real) =\n    x\n\nalias a.F(y=x)\n"
        assert format_module(short) == short
        given = [f"parameter_{n}=x" for n in range(8)]
        assert format_module(short.replace("y=x", ", ".join(given))).endswith(
            "alias a.F(\n    " + ",\n    ".join(given) + "\n)\n"
        )

    def test_text_of_several_lines(self):
        assert_formats(
            '"""First.\n\n    Second.\n      Third."""\nloss f = g',
            '"""First.\n\nSecond.\n  Third.\n"""\n\nloss f = g',
        )

    def test_of_nothing(self):
        assert format_module("\n\n") == ""

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("((a))", "a"),
            ("(a * b) + c", "a * b + c"),
            ("a * (b + c)", "a * (b + c)"),
            ("a - (b - c)", "a - (b - c)"),
            ("(-a)**2", "(-a)**2"),
            ("-(a**2)", "-a**2"),
            ("2**(-k)", "2**-k"),
            ("(a < b) * c", "(a < b) * c"),
            ("not (a == b)", "not a == b"),
            ("f((a), (b if c else d))", "f(a, b if c else d)"),
            ("(a if b else c) if d else e", "(a if b else c) if d else e"),
            ("[x[k]for k in class if(k!=t)]", "[x[k] for k in class if k != t]"),
        ],
    )
    def test_has_no_needless_parentheses(self, before, after):
        assert expression_text(parse_expression(Source(before))) == after


class TestWrapping:
    @every_program
    def test_keeps_to_the_width(self, path):
        assert all(len(line) <= WIDTH for line in format_module(path.read_text()).splitlines())

    def test_a_long_signature_has_one_parameter_a_line(self):
        assert_formats(
            """
            loss ldam(logits: real[class], target: class, *, counts: real[class] > 0,
              margin: real > 0 = 0.5, scale: real = 30) = logits[target]
            """,
            """
            loss ldam(
                logits: real[class],
                target: class,
                *,
                counts: real[class] > 0,
                margin: real > 0 = 0.5,
                scale: real = 30,
            ) =
                logits[target]
            """,
        )

    def test_result_axes_go_to_a_line_of_their_own(self):
        assert_formats(
            """
            loss supcon(embedding: real[batch, dim], label: label[batch]) for i in batch
            if any(positive(i, j) for j in batch) = 1
            """,
            """
            loss supcon(embedding: real[batch, dim], label: label[batch])
                for i in batch if any(positive(i, j) for j in batch) =
                1
            """,
        )

    def test_a_sum_breaks_after_its_operators(self):
        term = "a_rather_long_function_name(first_argument, second_argument)"
        assert_formats(
            f"loss f(x: real) = {term} + {term} - {term}",
            f"loss f(x: real) =\n    {term} +\n    {term} -\n    {term}",
        )

    def test_a_definition_continues_further_in(self):
        term = "a_rather_long_function_name(first_argument, second_argument)"
        assert_formats(
            f"loss f(x: real) = p where p = {term} + {term}",
            f"loss f(x: real) =\n    p\nwhere\n    p = {term} +\n        {term}",
        )

    def test_a_long_call_has_one_argument_a_line(self):
        long = "a_rather_long_name_for_an_argument"
        assert_formats(
            f"loss f(x: real) = g({long}, {long}, {long})",
            f"loss f(x: real) =\n    g(\n        {long},\n        {long},\n        {long}\n    )",
        )


class TestComments:
    def test_stay_where_they_are(self):
        text = dedent(
            '''
            # licence

            # about f
            """Doc."""  # after the text
            cite "A"  # after the citation

            # before the header
            loss f(x: real) =  # after the header
                # before the body
                x**2 + p  # after the body
            # before where
            where  # after where
                # before p
                p = 2  # after p

            # before the claim
            claim convex  # after the claim

            # at the end
            '''
        ).lstrip("\n")
        assert format_module(text) == text

    def test_between_parameters_keep_them_apart(self):
        assert_formats(
            """
            loss f(x: real, # the score
              # what it should be
              y: real, *, a: real = 1 # strength
            ) = x
            """,
            """
            loss f(
                x: real,  # the score
                # what it should be
                y: real,
                *,
                a: real = 1,  # strength
            ) =
                x
            """,
        )

    def test_inside_a_formula_move_before_it(self):
        assert_formats(
            """
            loss f(x: real) =
                x + # the first
                2
            """,
            """
            loss f(x: real) =
                # the first
                x + 2
            """,
        )

    def test_of_a_composition(self):
        text = "# all of it\nloss total = ce + dice  # equal parts\n"
        assert format_module(text) == text

    def test_alone_in_a_file(self):
        assert format_module("# nothing yet\n\n\n# really") == "# nothing yet\n\n# really\n"

    @every_program
    def test_none_is_lost_wherever_it_stands(self, path):
        """A comment behind each line of each program."""
        source = path.read_text().splitlines()
        quotes = 0
        lines = []
        for number, line in enumerate(source):
            quotes += line.count('"""')
            lines.append(line if quotes % 2 else f"{line} # {number}")
        text = "\n".join(lines)
        once = format_module(text)
        assert comments(once) == comments(text)
        assert format_module(once) == once

    @every_program
    def test_none_is_lost_on_lines_of_their_own(self, path):
        lines = []
        for number, line in enumerate(path.read_text().splitlines()):
            lines += [f"# {number}", line]
        text = "\n".join(lines)
        once = format_module(text)
        assert comments(once) == comments(text)
        assert format_module(once) == once
