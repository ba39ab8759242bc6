"""Search by Taylor polynomials: powers with symbolic exponents between 0 and what is above them."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.verify.compose import Composition
from losslang.verify.proof import Proof
from losslang.verify.prover.run import Run
from losslang.verify.rules.analysis import SLOT, bounds_of
from losslang.verify.rules.common import placed
from losslang.verify.statement import Bounds, Sign

ENOUGH = 2
"""Effort that settles formulas without powers."""


SMALL_FIRST = ("reciprocal line above", "reciprocal square above", "line above")


def remainders(run: Run, goal: Sign, effort: int) -> Proof | None:
    """What is left of a power's Taylor polynomial, or of its reciprocal's, has a sign."""
    if goal.relation != ">=" or not isinstance(goal.expr, sympy.Add):
        return None
    for power in _symbolic(goal.expr):
        for sign in (1, -1):
            if sign * power not in goal.expr.args:
                continue
            rest = goal.expr - sign * power
            for word, (bound, _, _) in bounds_of(power).items():
                if rest == -sign * bound:
                    data = {"part": power, "bound": word, "form": rest + sign * SLOT}
                    return run.step(goal, "bound", data, effort)
    return None


def powers(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Let the lowest power of a base vary freely, where the other powers are multiples of it."""
    if goal.relation not in (">", ">=") or not _symbolic(goal.expr):
        return None
    spread = _spread(goal.expr)
    lowest = _lowest(spread)
    if lowest is None:
        return None
    name = goal.region.fresh("t").name
    for bounds in _above(lowest, Composition(goal.region)):
        new = placed(name, bounds, goal.region)
        form = _in_terms_of(spread, lowest, new)
        if form.is_polynomial(new) and sympy.degree(form, new) == 1:
            data = {"part": lowest, "new": new, "bounds": bounds, "form": form}
            found = run.step(goal, "lift", data, max(effort, ENOUGH))
            if found is not None:
                return found
    return None


def _symbolic(expr: Expr) -> list[sympy.Pow]:
    """The powers whose exponents are no whole numbers."""
    found = (p for p in expr.atoms(sympy.Pow) if not p.exp.is_Integer and not p.base.is_number)
    return sorted(found, key=sympy.default_sort_key)


def _spread(expr: Expr) -> Expr:
    """``expr`` as a sum of products, in each of which a base has one exponent."""
    terms = (sympy.expand_mul(term, deep=False) for term in sympy.Add.make_args(expr))
    parts = (part for term in terms for part in sympy.Add.make_args(term))
    return sympy.Add(*(sympy.powsimp(part, deep=False, combine="exp") for part in parts))


def _lowest(expr: Expr) -> sympy.Pow | None:
    """The power with the least exponent, if all have one base and differ by whole numbers."""
    powers = _symbolic(expr)
    if not powers:
        return None
    steps = [sympy.expand(p.exp - powers[0].exp) for p in powers]
    if len({p.base for p in powers}) > 1 or not all(step.is_Integer for step in steps):
        return None
    return powers[steps.index(min(steps))]


def _in_terms_of(expr: Expr, lowest: sympy.Pow, new: sympy.Symbol) -> Expr:
    base = lowest.base
    return expr.xreplace(
        {p: new * base ** sympy.expand(p.exp - lowest.exp) for p in _symbolic(expr)}
    )


def _above(power: sympy.Pow, signs: Composition) -> Iterator[Bounds]:
    """From 0 to the bounds above a power that plainly hold, those that stay small first."""
    known = bounds_of(power)
    for bound, side, where in (known[word] for word in SMALL_FIRST if word in known):
        ranges = [(signs.range(expr), relation) for expr, relation in where]
        if side == "above" and all(r is not None and r.stands(rel) for r, rel in ranges):
            yield Bounds(S.Zero, bound, high_closed=True)
