"""The rule for polynomials in several variables: z3's nlsat decides if there is a counterexample.

The decision procedure is "Solving non-linear arithmetic" (Jovanovic and de Moura, 2012). It runs in
a process of its own, under a time limit, and gets the question as SMT-LIB text. Without z3, an
optional dependency, the rule rejects everything.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec

import sympy
from sympy import Expr

from losslang.ir.binders import walk
from losslang.ir.truth import Equal, Less, LessEqual, Not, conjuncts
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import sign_statement
from losslang.verify.statement import Region, Relation, Sign, Statement

SECONDS = 4.0
"""The time that a question may take."""

MAX_OPERATIONS = 2000
MAX_EXPONENT = 60

MISSING = "z3 decides polynomials in several variables: install losslang[verify]"

WORKER = """
import sys, z3
solver = z3.SolverFor("QF_NRA")
solver.from_string(sys.stdin.read())
print(solver.check())
"""
"""What the process runs; the question is read as data."""


class NotPolynomial(Exception):
    """A formula is no quotient of polynomials with rational coefficients."""


def _polynomial(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    try:
        question = counterexamples(goal)
    except NotPolynomial as error:
        raise Rejected(f"{goal.expr} is not made of polynomials: {error}") from None
    if not is_installed():
        raise Rejected(MISSING)
    answer = decided(question)
    if answer != "unsat":
        raise Rejected(f"z3 finds no proof that there is no counterexample: {answer}")
    return ()


def is_installed() -> bool:
    """Whether z3 can be asked."""
    return find_spec("z3") is not None


@lru_cache(maxsize=1 << 10)
def decided(question: str) -> str:
    """What z3 says of SMT-LIB text: ``sat``, ``unsat``, ``unknown``, or ``late``."""
    try:
        run = subprocess.run(
            [sys.executable, "-I", "-c", WORKER],
            input=question,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "late"
    return run.stdout.strip() if run.returncode == 0 else "unknown"


# ---------------------------------------------------------------- the question


def counterexamples(goal: Sign) -> str:
    """SMT-LIB text that can be satisfied if the statement is false somewhere in its region.

    Whole numbers count as real ones, and bounds and conditions that are not made of polynomials are
    left out: both only add points. Raises :class:`NotPolynomial`.
    """
    names = {symbol: f"v{n}" for n, symbol in enumerate(goal.region.symbols)}
    top, bottom = _quotient(goal.expr, names)
    undefined = [f"(= {_term(base, names)} 0)" for base in _denominators(goal.expr)]
    wrong = [*undefined, f"(= {bottom} 0)", f"(not {_related(goal.relation, top, bottom)})"]
    lines = [f"(declare-const {name} Real)" for name in names.values()]
    lines += [f"(assert {fact})" for fact in _inside(goal.region, names)]
    return "\n".join([*lines, f"(assert (or {' '.join(wrong)}))", ""])


def _inside(region: Region, names: Mapping[sympy.Symbol, str]) -> Iterator[str]:
    for symbol, bounds in region.variables:
        for gap, relation in bounds.gaps(symbol):
            yield from _fact(gap, relation, names)
    for part in conjuncts(*region.conditions):
        yield from _condition(part, names)


def _condition(part: Expr, names: Mapping[sympy.Symbol, str]) -> Iterator[str]:
    relation: Relation = "=="
    if isinstance(part, Not) and isinstance(part.args[0], Equal):
        part, relation = part.args[0], "!="
    elif isinstance(part, Less | LessEqual):
        relation = "<" if isinstance(part, Less) else "<="
    elif not isinstance(part, Equal):
        return
    yield from _fact(part.args[0] - part.args[1], relation, names)


def _fact(expr: Expr, relation: Relation, names: Mapping[sympy.Symbol, str]) -> Iterator[str]:
    """What ``expr relation 0`` says wherever the formula has a value."""
    try:
        top, bottom = _quotient(expr, names)
    except NotPolynomial:
        return
    yield f"(or (= {bottom} 0) {_related(relation, top, bottom)})"


def _related(relation: Relation, top: str, bottom: str) -> str:
    """``top / bottom relation 0``, where ``bottom`` is not 0."""
    product = f"(* {top} {bottom})"
    if relation == "!=":
        return f"(not (= {product} 0))"
    return f"({'=' if relation == '==' else relation} {product} 0)"


def _quotient(expr: Expr, names: Mapping[sympy.Symbol, str]) -> tuple[str, str]:
    if not expr.free_symbols <= set(names):
        raise NotPolynomial("it mentions strangers")
    for part in walk(expr):
        if not (
            part.is_Rational
            or isinstance(part, sympy.Symbol | sympy.Add | sympy.Mul)
            or (isinstance(part, sympy.Pow) and part.exp.is_Integer)
        ):
            raise NotPolynomial(str(part))
    top, bottom = sympy.fraction(sympy.together(expr))
    return _term(top, names), _term(bottom, names)


def _denominators(expr: Expr) -> Iterator[Expr]:
    for part in walk(expr):
        if isinstance(part, sympy.Pow) and part.exp.is_negative:
            yield sympy.fraction(sympy.together(part.base))[0]


def _term(expr: Expr, names: Mapping[sympy.Symbol, str]) -> str:
    """A polynomial as SMT-LIB writes it."""
    if sympy.count_ops(expr) > MAX_OPERATIONS:
        raise NotPolynomial("it is too long")
    if expr.is_Rational:
        whole = f"{abs(expr.p)}.0" if expr.q == 1 else f"(/ {abs(expr.p)}.0 {expr.q}.0)"
        return f"(- {whole})" if expr.p < 0 else whole
    if isinstance(expr, sympy.Symbol):
        return names[expr]
    if isinstance(expr, sympy.Add | sympy.Mul):
        parts = " ".join(_term(part, names) for part in expr.args)
        return f"({'+' if isinstance(expr, sympy.Add) else '*'} {parts})"
    if isinstance(expr, sympy.Pow) and expr.exp.is_Integer and 0 < expr.exp <= MAX_EXPONENT:
        return f"(* {' '.join([_term(expr.base, names)] * int(expr.exp))})"
    raise NotPolynomial(str(expr))


POLYNOMIAL_RULES: tuple[Rule, ...] = (
    Rule("polynomial", "z3 finds that polynomials have no such values", _polynomial),
)
