"""From text to nodes: what each construct becomes, and where it stands."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from losslang.source import Source, Span
from losslang.syntax import nodes
from losslang.syntax.format import expression_text
from losslang.syntax.limits import children
from losslang.syntax.parse import parse_expression, parse_module

TOUR = sorted((Path(__file__).parents[1] / "cases/tour").glob("*.loss"))


def expression(text: str) -> nodes.Expr:
    return parse_expression(Source(text))


def module(text: str) -> nodes.Module:
    return parse_module(Source(text))


def loss(text: str) -> nodes.Loss:
    (found,) = module(text).declarations
    assert isinstance(found, nodes.Loss)
    return found


def parameter(text: str) -> nodes.Parameter:
    signature = loss(f"loss f(*, {text}) = 1").signature
    assert signature is not None
    return signature.hyperparameters[0]


def same(left: str, right: str) -> bool:
    return expression(left) == expression(right)


def walk(node: nodes.Node):
    yield node
    for child in children(node):
        yield from walk(child)


class TestPrecedence:
    @pytest.mark.parametrize(
        ("text", "meaning"),
        [
            ("a + b * c", "a + (b * c)"),
            ("a - b - c", "(a - b) - c"),
            ("a / b * c", "(a / b) * c"),
            ("a**b**c", "a**(b**c)"),
            ("-a**b", "-(a**b)"),
            ("-a * b", "(-a) * b"),
            ("a**-b", "a**(-b)"),
            ("a**-b**c", "a**(-(b**c))"),
            ("-(1 - p)**gamma * log(p)", "(-((1 - p)**gamma)) * log(p)"),
            ("a**b[k]", "a**(b[k])"),
            ("not a == b", "not (a == b)"),
            ("a or b and c", "a or (b and c)"),
            ("a if b else c if d else e", "a if b else (c if d else e)"),
            ("a + b if c else d", "(a + b) if c else d"),
            ("a or b if c else d", "(a or b) if c else d"),
        ],
    )
    def test_binds_as_in_python(self, text, meaning):
        assert same(text, meaning)

    def test_caret_is_a_power(self):
        assert same("a^b", "a**b")

    def test_comparisons_chain(self):
        found = expression("0 < x <= 1")
        assert isinstance(found, nodes.Compare)
        assert found.ops == ("<", "<=")
        assert [expression_text(operand) for operand in found.operands] == ["0", "x", "1"]

    def test_a_parenthesised_comparison_does_not_chain(self):
        assert not same("(a < b) < c", "a < b < c")

    def test_operands_of_and_are_collected(self):
        found = expression("a and b and c")
        assert isinstance(found, nodes.BoolOp)
        assert len(found.operands) == 3


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("2", Fraction(2)),
            ("0.1", Fraction(1, 10)),
            (".5", Fraction(1, 2)),
            ("2.", Fraction(2)),
            ("1e-4", Fraction(1, 10_000)),
            ("2.5E+2", Fraction(250)),
            ("007", Fraction(7)),
        ],
    )
    def test_value_is_exact(self, text, value):
        found = expression(text)
        assert isinstance(found, nodes.Number)
        assert (found.value, found.text) == (value, text)


class TestCalls:
    def test_keywords(self):
        found = expression("dice(logits, target, smooth=0)")
        assert isinstance(found, nodes.Call)
        assert [k.name for k in found.keywords] == ["smooth"]
        assert len(found.args) == 2

    def test_a_trailing_comma_is_allowed(self):
        assert same("f(a, b,)", "f(a, b)")

    def test_a_call_without_arguments(self):
        assert expression("uniform()") == nodes.Call(
            Span(Source(""), 0, 0), nodes.Name(Span(Source(""), 0, 0), "uniform"), ()
        )

    def test_a_comprehension_is_the_only_argument(self):
        found = expression("sum(x[i] * y[j] for i in a for j in b if i != j)")
        assert isinstance(found, nodes.Call)
        (inner,) = found.args
        assert isinstance(inner, nodes.Comprehension)
        assert [(b.name, b.axis) for b in inner.binders] == [("i", "a"), ("j", "b")]
        assert inner.guard == expression("i != j")

    def test_a_binder_over_a_count(self):
        found = expression("sum(k for k in range(n + 1))")
        assert isinstance(found, nodes.Call)
        (inner,) = found.args
        assert isinstance(inner, nodes.Comprehension)
        assert inner.binders[0].axis is None
        assert inner.binders[0].count == expression("n + 1")

    def test_the_element_may_be_a_conditional(self):
        found = expression("[a if k == t else b for k in class]")
        assert isinstance(found, nodes.ArrayComprehension)
        assert isinstance(found.element, nodes.Conditional)

    def test_a_conditional_guard_needs_parentheses(self):
        assert same("sum(x for k in a if (b if c else d))", "sum(x for k in a if (b if c else d))")

    def test_result_of_a_call_has_subscripts(self):
        assert same("softmax(z)[k]", "(softmax(z))[k]")

    def test_a_subscript_has_several_indices(self):
        found = expression("p[c, x]")
        assert isinstance(found, nodes.Subscript)
        assert len(found.indices) == 2

    def test_lists_nest(self):
        found = expression("[[1, -2], [3, 4]]")
        assert isinstance(found, nodes.ListLiteral)
        assert all(isinstance(row, nodes.ListLiteral) for row in found.elements)


class TestConfigs:
    @pytest.mark.parametrize(
        "text",
        [
            "ce + 0.5 * dice(smooth=0) + 1e-4 * z_loss",
            "cvar(poly(eps=[2]), alpha=0.3)",
            "sce(tau=learn_me)",
            "-(1 - p[y])**gamma * log(p[y]) + eps * (1 - p[y])",
            "strategy(kind=linear)",
        ],
    )
    def test_expressions_of_configs(self, text):
        assert expression_text(expression(text)) == text

    def test_line_breaks_do_not_matter(self):
        assert same("ce\n  + 0.5\n* dice(\n  smooth=0)", "ce + 0.5 * dice(smooth=0)")

    def test_comments_do_not_matter(self):
        assert same("ce + # the usual\n dice", "ce + dice")


class TestLearn:
    def test_in_a_call(self):
        """``learn`` is a keyword of signatures and, in an expression, the name of a call."""
        found = expression("sce(tau=learn(0.07))")
        assert isinstance(found, nodes.Call)
        value = found.keywords[0].value
        assert isinstance(value, nodes.Call)
        assert value.function.id == "learn"


class TestParameters:
    def test_bound_and_default(self):
        found = parameter("gamma: real >= 0 = 2")
        assert isinstance(found.domain, nodes.Bound)
        assert found.domain.op == ">="
        assert found.default == expression("2")

    def test_a_bound_is_arithmetic(self):
        found = parameter("gamma: real > 1 / 2 = 2")
        assert isinstance(found.domain, nodes.Bound)
        assert found.domain.value == expression("1 / 2")

    @pytest.mark.parametrize(
        ("text", "closed"),
        [
            ("[0, 1]", (True, True)),
            ("(0, 1]", (False, True)),
            ("[0, 1)", (True, False)),
            ("(-1, 1)", (False, False)),
        ],
    )
    def test_intervals(self, text, closed):
        domain = parameter(f"alpha: real in {text} = 0.5").domain
        assert isinstance(domain, nodes.Interval)
        assert (domain.low_closed, domain.high_closed) == closed

    def test_learnable(self):
        assert parameter("learn tau: real > 0 = 0.07").learn

    def test_choices(self):
        found = parameter("strategy: linear | quadratic = linear")
        assert isinstance(found.type, nodes.ChoiceType)
        assert found.type.options == ("linear", "quadratic")

    @pytest.mark.parametrize(
        ("text", "dims"),
        [
            ("real", []),
            ("real[class]", [("class", None, False)]),
            ("real[class, *space]", [("class", None, False), ("space", None, True)]),
            ("class[*space]", [("space", None, True)]),
            ("real[4]", [(None, 4, False)]),
            ("loss[batch]", [("batch", None, False)]),
            ("loss", []),
        ],
    )
    def test_types(self, text, dims):
        found = parameter(f"a: {text}").type
        assert isinstance(found, nodes.TypeExpr)
        assert [(dim.name, dim.size, dim.pack) for dim in found.dims] == dims

    def test_inputs_and_hyperparameters(self):
        signature = loss("loss f(x: real, y: real, *, a: real = 1,) = x").signature
        assert signature is not None
        assert [p.name for p in signature.inputs] == ["x", "y"]
        assert [p.name for p in signature.hyperparameters] == ["a"]

    def test_only_hyperparameters(self):
        signature = loss("loss f(*, a: real = 1) = a").signature
        assert signature is not None
        assert signature.inputs == ()


class TestDeclarations:
    def test_a_composition_has_no_signature(self):
        found = loss("loss total = ce + 0.5 * dice(smooth=0)")
        assert found.signature is None
        assert found.body == expression("ce + 0.5 * dice(smooth=0)")

    def test_result_axes_and_guard(self):
        found = loss("loss f(x: real[b, t]) for i in b for j in t if k[i, j] = x[i, j]")
        assert [(b.name, b.axis) for b in found.binders] == [("i", "b"), ("j", "t")]
        assert found.guard == expression("k[i, j]")

    def test_definitions(self):
        found = loss("loss f(x: real) = x where a = 1 g(i, j) = i + j c, d = box")
        assert [type(d) for d in found.where] == [nodes.Let, nodes.LocalFunction, nodes.Unpack]

    def test_a_function(self):
        (found,) = module("fn iou(a: real[4], b: real[4]) -> real = a[0] where q = 1").declarations
        assert isinstance(found, nodes.Function)
        assert [p.name for p in found.parameters] == ["a", "b"]
        assert found.result.name == "real"

    def test_an_import(self):
        (found,) = module('import "my.loss"').declarations
        assert isinstance(found, nodes.Import)
        assert found.path == "my.loss"

    def test_text_and_citations_belong_to_the_declaration_below(self):
        found = loss('"""What it is."""\ncite "A"\ncite "B"\nloss f(x: real) = x')
        assert found.doc is not None
        assert found.doc.value == "What it is."
        assert [cite.text for cite in found.cites] == ["A", "B"]

    def test_text_loses_its_indentation(self):
        found = loss('"""First.\n\n    Second.\n      Third.\n    """\nloss f(x: real) = x')
        assert found.doc is not None
        assert found.doc.value == "First.\n\nSecond.\n  Third."

    def test_strings_have_no_escapes(self):
        found = loss('cite "$\\frac{a}{b}$"\nloss f(x: real) = x')
        assert found.cites[0].text == "$\\frac{a}{b}$"

    def test_claims_belong_to_the_loss_above(self):
        first, second = module(
            "loss f(x: real) = x claim convex loss g(x: real) = x claim not bounded"
        ).declarations
        assert isinstance(first, nodes.Loss)
        assert isinstance(second, nodes.Loss)
        assert [claim.negated for claim in (*first.claims, *second.claims)] == [False, True]

    def test_a_claim_in_full(self):
        (claim,) = loss("loss f(x: real) = x claim not lipschitz(x, inf) <= 2 when a > 0").claims
        assert claim.property == expression("lipschitz(x, inf)")
        assert (claim.negated, claim.relation, claim.bound) == (True, "<=", expression("2"))
        assert claim.condition == expression("a > 0")

    def test_an_alias(self):
        (alias,) = loss(
            "loss f(x: real, *, tau: real = 1) = x / tau alias some.loss.F(inverse=1 / tau)"
        ).aliases
        assert alias.path == "some.loss.F"
        assert [(k.name, k.value) for k in alias.keywords] == [("inverse", expression("1 / tau"))]
        assert alias.stated == "some.loss.F(inverse=1 / tau)"

    def test_an_example(self):
        (example,) = loss(
            "loss f(x: real[class], target: class) = x[target]\n"
            "example f(x=[2, 0, -1], target=0) == -0.5"
        ).examples
        assert example.value == expression("-0.5")
        assert example.call.keywords[0].value == expression("[2, 0, -1]")

    def test_comments_are_kept_aside(self):
        found = module("# one\nloss f(x: real) = x # two")
        assert [comment.text for comment in found.comments] == ["# one", "# two"]

    def test_a_hash_in_a_string_is_no_comment(self):
        assert module('cite "no. #4"\nloss f(x: real) = x').comments == ()

    def test_an_empty_file_has_no_declarations(self):
        assert module("# nothing yet\n").declarations == ()


class TestSpans:
    @pytest.mark.parametrize("path", TOUR, ids=[path.stem for path in TOUR])
    def test_children_lie_inside(self, path):
        for node in walk(parse_module(Source(path.read_text()))):
            for child in children(node):
                attached = isinstance(node, nodes.Loss | nodes.Function) and isinstance(
                    child, nodes.Text | nodes.Cite | nodes.Claim | nodes.Example
                )
                assert attached or node.span.start <= child.span.start, child
                assert attached or child.span.end <= node.span.end, child

    @pytest.mark.parametrize("path", TOUR, ids=[path.stem for path in TOUR])
    def test_an_expression_is_what_its_span_covers(self, path):
        for node in walk(parse_module(Source(path.read_text()))):
            if isinstance(node, nodes.Expr) and not isinstance(node, nodes.Comprehension):
                assert parse_expression(Source(node.span.text)) == node

    def test_parentheses_belong_to_the_operation_around(self):
        found = expression("(a) * (b + c)")
        assert isinstance(found, nodes.Binary)
        assert found.span.text == "(a) * (b + c)"
        assert found.right.span.text == "b + c"

    def test_the_name_of_a_loss(self):
        assert loss("loss focal(x: real) = x").name_span.text == "focal"

    def test_a_loss_ends_with_its_definitions(self):
        found = loss("loss f(x: real) = p where p = x\nclaim convex")
        assert found.span.text == "loss f(x: real) = p where p = x"


@pytest.mark.parametrize("path", TOUR, ids=[path.stem for path in TOUR])
def test_programs_of_the_tour_parse(path):
    assert parse_module(Source(path.read_text())).declarations
