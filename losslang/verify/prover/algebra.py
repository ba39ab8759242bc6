"""Search by algebra: composition, normal forms and their factors, and counting roots."""

from __future__ import annotations

import sympy
from sympy import Expr, S

from losslang.verify.compose import Composition
from losslang.verify.proof import Proof
from losslang.verify.prover.run import Run
from losslang.verify.rules.normal import Normal, Poly, TooHard
from losslang.verify.rules.roots import polynomials
from losslang.verify.statement import Sign


def relations(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Turn every relation into > or >=."""
    match goal.relation:
        case "<" | "<=":
            return run.step(goal, "mirror", {}, effort)
        case "!=":
            steps = (("stronger", {"relation": word}) for word in (">", "<"))
            return run.first(goal, steps, effort)
    return None


def composition(run: Run, goal: Sign, effort: int) -> Proof | None:
    """As it stands."""
    return run.step(goal, "composition", {}, effort)


def identity(run: Run, goal: Sign, effort: int) -> Proof | None:
    """The normal form is 0."""
    return run.step(goal, "identity", {}, effort)


def roots(run: Run, goal: Sign, effort: int) -> Proof | None:
    """A quotient of polynomials in one variable, for which it is decided."""
    free = goal.expr.free_symbols
    if len(free) != 1:
        return None
    (symbol,) = free
    found = run.step(goal, "roots", {"variable": symbol}, effort)
    if found is None and _is_decided(goal, symbol):
        run.doubted[goal] = True
    return found


def _is_decided(goal: Sign, symbol: sympy.Symbol) -> bool:
    """Whether it is a quotient of polynomials over an interval that root counting sees as it is."""
    bounds = goal.region.bounds(symbol)
    if bounds is None or goal.region.conditions or symbol.is_integer:
        return False
    if not all(end.is_Rational or end.is_infinite for end in (bounds.low, bounds.high)):
        return False
    return polynomials(goal.expr, symbol) is not None


def factors(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Leave out the factors of the normal form whose sign is plain; prove the rest."""
    if goal.relation not in (">", ">="):
        return None
    try:
        normal = Normal(goal.region, goal.expr)
        constant, parts = normal.factors(normal.quotient(goal.expr))
    except TooHard:
        return None
    if constant == 0:
        return None
    known, rest = _sorted(normal, parts, S.One if constant > 0 else -S.One)
    factor = abs(constant) * known
    return _open(run, goal, factor, rest, effort)


def _sorted(
    normal: Normal, parts: list[tuple[Poly, int]], sign: Expr
) -> tuple[Expr, list[tuple[Expr, int]]]:
    """The product of the factors whose sign is plain, made positive, and the other factors."""
    known, rest = S.One, []
    for poly, power in parts:
        form = normal.written(poly)
        where = normal.signs.range(form)
        if where is not None and where.positive:
            known *= form**power
        elif where is not None and where.negative:
            known *= (-form) ** power
            sign = -sign if power % 2 else sign
        elif where is not None and where.nonpositive:
            rest.append((-form, power))
            sign = -sign if power % 2 else sign
        else:
            rest.append((form, power))
    if sign == -1:
        odd = next((n for n, (_, power) in enumerate(rest) if power % 2), None)
        if odd is None:
            return known, [*rest, (-S.One, 1)]
        rest[odd] = (-rest[odd][0], rest[odd][1])
    return known, rest


def _open(
    run: Run, goal: Sign, factor: Expr, rest: list[tuple[Expr, int]], effort: int
) -> Proof | None:
    if not rest:
        return run.step(goal, "rewrite", {"form": factor}, effort)
    if len(rest) == 1 and rest[0][1] == 1:
        form = rest[0][0]
        if form == goal.expr:
            return None
        found = run.step(goal, "scale", {"factor": factor, "form": form}, effort)
        run.reduced.add(goal)
        return found
    if any(power < 0 for _, power in rest):
        # A denominator of unknown sign: it has the sign of its reciprocal.
        form = sympy.Mul(*(base**power for base, power in rest))
        return (
            None
            if form == goal.expr
            else run.step(goal, "scale", {"factor": factor, "form": form}, effort)
        )
    base, power = rest[0]
    one = factor * base**power
    other = sympy.Mul(*(b**p for b, p in rest[1:]))
    if len(rest) == 1:
        if power % 2 == 0:
            return run.step(goal, "rewrite", {"form": one}, effort)
        one, other = factor * base ** (power - 1), base
    steps = (("product", {"one": sign * one, "other": sign * other}) for sign in (S.One, -S.One))
    return run.first(goal, steps, effort)


def logarithms(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Compare the logarithms of the positive and of the negative terms."""
    if goal.relation not in (">", ">="):
        return None
    signs = Composition(goal.region)
    above: list[Expr] = []
    below: list[Expr] = []
    for term in sympy.Add.make_args(goal.expr):
        known = signs.range(term)
        if known is None or not (known.positive or known.negative):
            return None
        (above if known.positive else below).append(term)
    if not above or not below or not goal.expr.has(sympy.exp, sympy.cosh, sympy.Pow):
        return None
    data = {"one": sympy.Add(*above), "other": -sympy.Add(*below)}
    return run.step(goal, "logarithms", data, effort - 1)
