"""Certificates as JSON: what comes back is what was written, and hostile files are refused."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Rational, S, Symbol

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.ir.heads import At, Axis, Detach, Index, Labelled, Size, Tensor
from losslang.ir.primitives import PRIMITIVES
from losslang.ir.reduce import Ordered
from losslang.ir.spectrum import Spectrum
from losslang.ir.truth import And, Chosen, Equal, Less, LessEqual, Not, Or
from losslang.verify.decode import decode_certificate, decode_proof, decode_statement
from losslang.verify.encode import (
    encode_certificate,
    encode_proof,
    encode_statement,
)
from losslang.verify.formula import APPLIED, HEADS, FormulaReader, Malformed, encode_expr
from losslang.verify.proof import Proof
from losslang.verify.statement import Bounds, Limit, Region, Shape, Sign, point
from losslang.verify.theorem import Question
from losslang.verify.verdict import Certificate, Cut, Part, Split, Use
from tests.ir.expressions import numbers, patient
from tests.sampling import is_drawn

X, Y = Symbol("x", real=True), Symbol("y", real=True)
EPS = Symbol("eps", real=True)
K = Symbol("K", integer=True, positive=True)
CLASS = Axis("class")
LOGITS = Tensor("logits")


def through_text(data: Any) -> Any:
    """What a file makes of data: JSON text, read without floating-point numbers."""
    return json.loads(json.dumps(data, allow_nan=False), parse_float=pytest.fail)


def read(data: Any) -> Any:
    return FormulaReader().formula(through_text(data), "$")


# ---------------------------------------------------------------- formulas come back


@patient
@given(numbers())
def test_any_formula_comes_back(expr):
    assert read(encode_expr(expr)) == expr


def library() -> list[str]:
    return [entry.name for entry in driver.library() if is_drawn(entry.name, 4)]


@pytest.mark.parametrize("name", library())
def test_every_formula_of_the_library_comes_back(name):
    try:
        loss = driver.elaborated(name)
    except DiagnosticError:
        pytest.skip("takes losses")
    formulas = [formula for term in loss.terms for formula in (term.body, term.guard)]
    formulas += [part for need in loss.requires for part in (need.condition, need.guard)]
    for formula in formulas:
        assert read(encode_expr(formula)) == formula


@pytest.mark.parametrize(
    "symbol",
    [
        Symbol("z"),
        Symbol("p'", real=True),
        Symbol("tau", positive=True),
        Symbol("n", integer=True, nonnegative=True),
        Symbol("m", integer=True, negative=True),
        K,
    ],
    ids=str,
)
def test_a_symbol_comes_back_with_what_is_known_of_it(symbol):
    assert read(encode_expr(symbol)) == symbol


ROW_AND_COLUMN = (Index("k", CLASS), Index("j", CLASS))

SIMPLE = [
    *(Integer(0), Integer(-7), Integer(10) ** 40, -(Integer(2) ** 60), Rational(-22, 7)),
    *(S.Pi, S.Exp1, S.Infinity, S.NegativeInfinity, sympy.sqrt(2) / 3, sympy.exp(S.Half)),
    *(
        Less(X, Y),
        LessEqual(X, Integer(2)),
        Equal(X, Y),
        Not(Equal(X, Y)),
        Chosen("mode", "linear"),
    ),
    *(sympy.tan(X), sympy.loggamma(X), S.EulerGamma, S.Catalan),
    *(And(Less(X, Y), Less(S.Zero, X)), Or(Less(X, Y), Less(S.Zero, X))),
    *(Detach(X), Labelled(X, Y)),
    *(Axis("class"), Axis("n", Integer(4)), Size(CLASS), Tensor("t", "positive")),
    At(LOGITS, Index("k", CLASS), Integer(0)),
    Ordered("quantile", (Index("k", CLASS),), S.One, At(LOGITS, Index("k", CLASS)), S.Half),
    Spectrum("eigenvalues", ROW_AND_COLUMN, S.One, At(LOGITS, *ROW_AND_COLUMN), S.Zero),
    Spectrum("singular_vectors", ROW_AND_COLUMN, S.One, X, S.Zero, *ROW_AND_COLUMN),
]


@pytest.mark.parametrize("expr", SIMPLE, ids=str)
def test_each_kind_of_formula_comes_back(expr):
    assert read(encode_expr(expr)) == expr


@pytest.mark.parametrize("row", PRIMITIVES, ids=lambda row: row.name)
def test_every_primitive_has_a_form(row):
    expr = row.build(*(Symbol(name, real=True) for name in "xyz"[: row.arity]))
    assert read(encode_expr(expr)) == expr


@pytest.mark.parametrize("row", PRIMITIVES, ids=lambda row: row.name)
def test_the_derivatives_of_primitives_have_a_form(row):
    arguments = [Symbol(name, positive=True) for name in "xyz"[: row.arity]]
    for derivative in (d(*arguments) for d in row.derivatives):
        if derivative is not S.NaN:
            assert read(encode_expr(derivative)) == derivative


def test_no_name_means_two_heads():
    assert not HEADS.keys() & APPLIED.keys()
    assert {"/", "symbol", "bounds", "list", "text", "whole"}.isdisjoint(HEADS.keys() | APPLIED)


@pytest.mark.parametrize(
    "expr",
    [
        sympy.Mul(2, X + Y, evaluate=False),
        sympy.Function("f")(X),
        sympy.Float("0.5"),
        sympy.Dummy("d"),
        S.NaN,
        S.ImaginaryUnit,
    ],
    ids=str,
)
def test_what_would_not_come_back_is_not_written(expr):
    with pytest.raises(ValueError, match=r"head|normal form|known"):
        encode_expr(expr)


# ---------------------------------------------------------------- statements and certificates


REGION = Region(
    (
        (K, Bounds(Integer(2), S.Infinity, low_closed=True)),
        (EPS, Bounds(Integer(-1), S.Infinity, low_closed=True)),
        (X, Bounds(-EPS, EPS + 1, high_closed=True)),
    ),
    (Less(EPS, K),),
    ((LOGITS, Bounds(S.Zero)),),
)

STATEMENTS = [
    Sign(X * EPS - 1, "<=", REGION),
    Sign(S.NegativeOne, "!="),
    Limit(sympy.log(X), X, S.Zero, "+", S.NegativeInfinity, Region(REGION.variables[:2])),
    Shape(At(LOGITS, Index("k", CLASS)), LOGITS, "convex", REGION),
]


@pytest.mark.parametrize("statement", STATEMENTS, ids=str)
def test_a_statement_comes_back(statement):
    assert decode_statement(through_text(encode_statement(statement))) == statement


PROOF = Proof(
    "cases",
    {
        "at": Rational(1, 3),
        "box": Bounds(S.Zero, S.One, high_closed=True),
        "depth": 3,
        "huge": 10**30,
        "which": "left",
        "empty": "",
        "points": (X, ("a", (S.Half, 2)), point(S.Zero)),
    },
    (Proof("interval"), Proof("split", {"terms": ()}, (Proof("interval"),))),
)

CERTIFICATE = Certificate(
    Question("lipschitz", ("logits", "inf"), "logits"),
    (Cut(EPS, Integer(-4), True, False), Cut(K, 2 * EPS, False, True)),
    Split(
        EPS,
        Rational(-1, 2),
        True,
        Part("not-calibrated", False, (Use(0, {"q": Rational(1, 4)}, (PROOF,)),)),
        Split(
            K,
            Integer(3),
            False,
            Part("calibrated", True, (Use(0, {}, ()), Use(1, {"c": sympy.log(2)}, (PROOF,) * 2))),
            Part("calibrated", True, ()),
        ),
    ),
)


def test_a_proof_comes_back_with_texts_numbers_and_formulas_told_apart():
    back = decode_proof(through_text(encode_proof(PROOF)))
    assert back == PROOF
    assert type(back.data["depth"]) is int
    assert back.data["points"] == PROOF.data["points"]


def test_what_algebra_left_open_is_written_as_what_it_evaluates_to():
    lazy = sympy.Mul(2, X + sympy.exp(1, evaluate=False), evaluate=False)
    back = decode_proof(through_text(encode_proof(Proof("rule", {"at": lazy}))))
    assert back.data["at"] == 2 * X + 2 * S.Exp1


def test_a_certificate_comes_back():
    assert decode_certificate(through_text(encode_certificate(CERTIFICATE))) == CERTIFICATE


# ---------------------------------------------------------------- files from strangers


SYMBOL = ["symbol", "x", "real"]


def power(base: Any, *exponents: Any) -> Any:
    for exponent in exponents:
        base = ["^", base, exponent]
    return base


def nested(depth: int) -> Any:
    formula: Any = SYMBOL
    for _ in range(depth):
        formula = ["exp", formula]
    return formula


LIST = ["delta", ["index", "_1", ["axis", "n", 64]], ["index", "i", ["axis", "n", 64]]]


def list_sum(body: Any, level: int) -> Any:
    axis = ["axis", f"n{level}", 64]
    index = ["index", f"_{level}", axis]
    body = ["*", body, ["delta", index, ["index", "i", axis]]]
    return ["reduce", "max", [index], 1, body]


def lists(levels: int) -> Any:
    body: Any = ["exp", SYMBOL]
    for level in range(1, levels + 1):
        body = ["+", list_sum(body, level), list_sum(["*", 2, body], level)]
    return body


HOSTILE = {
    "a float": 0.5,
    "truth": True,
    "nothing": None,
    "an object": {"rule": "x"},
    "no head": [],
    "a head that is no text": [[1], 2],
    "a word": "x",
    "code": "__import__('os').system('true')",
    "a strange head": ["eval", "1"],
    "a function of SymPy's": ["Integral", SYMBOL],
    "nan": "nan",
    "too few": ["+", 1],
    "too many": ["exp", 1, 2],
    "a formula for an axis": ["size", SYMBOL],
    "an axis for a formula": ["exp", ["axis", "class"]],
    "two sizes": ["axis", "class", 2, 3],
    "an unknown fold": ["reduce", "eval", [["index", "k", ["axis", "class"]]], 1, SYMBOL],
    "an unknown kind": ["tensor", "t", "complex"],
    "an index twice": ["reduce", "sum", [["index", "k", ["axis", "a"]]] * 2, 1, SYMBOL],
    "no indices": ["reduce", "sum", [], 1, SYMBOL],
    "an unknown fact": ["symbol", "x", "commutative"],
    "facts at odds": ["symbol", "x", "positive", "negative"],
    "an endless name": ["symbol", "x" * 1000],
    "a name that is no text": ["symbol", ["x"]],
    "a name that moves the cursor": ["symbol", "x\x1b[2J"],
    "a denominator of zero": ["/", 1, 0],
    "a division by zero": power(0, -1),
    "a root of a negative number": power(-1, ["/", 1, 2]),
    "a logarithm of zero": ["log", 0],
    "too many digits": "9" * 5000,
    "a giant power": power(9, power(9, power(9, 9))),
    "a giant negative power": power(["/", 2, 3], -100_000),
    "a giant power of a product": power(["*", 3, SYMBOL], 9999, 9999),
    "a giant power in stages": power(SYMBOL, *[1000] * 20),
    "a power of pi": power("pi", 10**9),
    "an irrational power": power(2, ["*", 10**12, "pi"]),
    "a tower": ["exp", ["exp", ["exp", ["exp", 9]]]],
    "a sine of a giant": ["sin", ["exp", 9000, 1]],
    "a giant argument": ["exp", "1" + "0" * 30],
    "a deep formula": nested(500),
    "lists in lists": lists(6),
    "a long sum of numbers": ["+", *(["/", 1, 3**700 + n] for n in range(400))],
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_formula_is_refused_at_once(data):
    start = time.perf_counter()
    with pytest.raises(Malformed):
        FormulaReader().formula(data, "$")
    assert time.perf_counter() - start < 5


def test_a_formula_that_nests_too_deep_to_follow_is_refused():
    with pytest.raises(Malformed, match="nests"):
        FormulaReader().formula(nested(100_000), "$")


def test_the_message_says_where():
    data = encode_certificate(CERTIFICATE)
    data["argument"]["above"]["below"]["uses"][1]["proofs"][0]["data"]["points"][2][2][1] = 0.5
    with pytest.raises(Malformed) as caught:
        decode_certificate(data)
    assert caught.value.path == ("$.argument.above.below.uses[1].proofs[0].data.points[2][2][1]")


def test_two_variables_of_one_name_are_refused():
    data = encode_statement(Sign(X, "<", Region(((X, Bounds()),))))
    data["region"]["variables"] *= 2
    with pytest.raises(Malformed, match="one name"):
        decode_statement(data)


def deep_proof(depth: int) -> Any:
    proof: Any = {"rule": "leaf"}
    for _ in range(depth):
        proof = {"rule": "split", "parts": [proof]}
    return proof


def test_a_proof_that_nests_too_deep_is_refused():
    with pytest.raises(Malformed, match="nests"):
        decode_proof(deep_proof(5000))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*HEADS, *APPLIED, "symbol", "/"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["rule", "parts", "data"]), inner, max_size=3)
    ),
    max_leaves=12,
)


def places(data: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of a document but the whole."""
    if not isinstance(data, dict | list):
        return []
    keys = data.keys() if isinstance(data, dict) else range(len(data))
    return [place for key in keys for place in [(*way, key), *places(data[key], (*way, key))]]


DOCUMENT = encode_certificate(CERTIFICATE)


@patient
@given(st.sampled_from(places(DOCUMENT)), JUNK)
def test_a_spoiled_document_is_malformed_or_another_certificate(place, junk):
    data = copy.deepcopy(DOCUMENT)
    part: Any = data
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = junk
    try:
        certificate = decode_certificate(data)
    except Malformed:
        return
    assert decode_certificate(encode_certificate(certificate)) == certificate


@patient
@given(JUNK)
def test_junk_is_malformed_or_a_formula(junk):
    try:
        expr = FormulaReader().formula(junk, "$")
    except Malformed:
        return
    assert read(encode_expr(expr)) == expr
