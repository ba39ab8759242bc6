"""A margin loss as two halves, phi(u) and phi(-u) for u >= 0, and premises about them.

With eta = P(Y = 1 | x), the loss of a score v costs C_eta(v) = eta phi(v) + (1 - eta) phi(-v) on
average. For S(v) = phi(v) + phi(-v), which is even, and t = 2 eta - 1,

    C_eta(v) = t phi(v) + (1 - t) S(v) / 2.

By symmetry theorems only look at eta > 1/2; the right scores are then those above zero. The only
possible inverse link is e(v) = phi'(-v) / (phi'(v) + phi'(-v)), for
C_eta'(v) = -D(v) (eta - e(v)) with D(v) = -(phi'(v) + phi'(-v)).
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Rational, S

from losslang.verify.cells import formula_at
from losslang.verify.statement import LINE, NONNEGATIVE
from losslang.verify.theorem import Case, Premise
from losslang.verify.theorems.pieces import Pieces, defined, known_pieces, near, place
from losslang.verify.theorems.premises import continuous, everywhere, inside, sign

HALF = Rational(1, 2)
UPPER, LOWER = 0, 1
"""The functions of :func:`halves`: phi(u) and phi(-u)."""
OWN = "proof in docs/design/theory.md: "


def whole(case: Case) -> Pieces:
    """The pieces of ``phi``."""
    return known_pieces(case.reading.region, case.reading.m, LINE, case.reading.phi)


def halves(case: Case) -> Pieces:
    """The pieces of phi(u) and phi(-u) for u >= 0."""
    r = case.reading
    mirror = defined(r.phi, {r.m: -r.m})
    return known_pieces(r.region, r.m, NONNEGATIVE, r.phi, mirror)


def falls_at_zero(p: Pieces) -> Iterator[Premise]:
    """``phi`` has a negative slope at 0, in whichever piece that lies."""
    for n, span in enumerate(p.spans):
        where = near(p.region, span.low, span.high)
        if where is not None:
            yield sign("the slope at 0 is negative", p.at(n, S.Zero, 1), "<", where)


def falls_later(case: Case, p: Pieces) -> Iterator[Premise]:
    """``phi`` has a negative slope at the guessed place, which is not below 0."""
    n, point = place(case.guess, p)
    yield from inside(p, n, point, closed=True)
    yield sign(f"{point} is not below 0", point, ">=", p.region)
    yield sign(f"the slope at {point} is negative", p.at(n, point, 1), "<", p.region)


def phi(case: Case, point: Expr) -> Expr:
    """``phi`` at a point, by the formula in force there if that is known."""
    r = case.reading
    here = formula_at(r.phi, r.m, LINE, r.region, point)
    return defined(r.phi if here is None else here, {r.m: point})


def both(p: Pieces, n: int, order: int = 0) -> Expr:
    """A derivative of S(u) = phi(u) + phi(-u) on a piece of the halves."""
    return p.formula(n, order, UPPER) + p.formula(n, order, LOWER)


def weight(p: Pieces, n: int) -> Expr:
    """D(u) = -(phi'(u) + phi'(-u)) on a piece of the halves."""
    return p.formula(n, 1, LOWER) - p.formula(n, 1, UPPER)


def cost(p: Pieces, n: int, eta: Expr, order: int = 0) -> Expr:
    """A derivative of C_eta(u) on a piece of the halves."""
    return eta * p.formula(n, order, UPPER) + (1 - eta) * p.formula(n, order, LOWER)


def cost_at(case: Case, eta: Expr, score: Expr) -> Expr:
    """C_eta at a score."""
    return eta * phi(case, score) + (1 - eta) * phi(case, -score)


def joined(p: Pieces) -> Iterator[Premise]:
    """``phi`` is continuous."""
    yield from continuous(p, 0, UPPER)
    yield from continuous(p, 0, LOWER)


def above(p: Pieces, bound: Expr, *functions: int, label: str) -> Iterator[Premise]:
    """The named ones of the functions are at least ``bound`` inside all pieces."""
    for n in range(len(p)):
        for k in functions:
            yield sign(label, p.formula(n, 0, k) - bound, ">=", p.where(n))


def turn(p: Pieces) -> Expr:
    """The slope to the right of zero less the slope to the left of it."""
    return p.at(0, S.Zero, 1, UPPER) + p.at(0, S.Zero, 1, LOWER)


def differentiable(p: Pieces) -> Iterator[Premise]:
    """``phi`` has a continuous derivative."""
    yield from joined(p)
    for k in (UPPER, LOWER):
        yield from continuous(p, 1, k)
    yield sign("the slopes on both sides of 0 agree", turn(p), "==", p.region)


def symmetry(case: Case) -> Iterator[Premise]:
    """phi(m) + phi(-m) is the guessed ``sum``."""
    p, total = halves(case), case.guess["sum"]
    yield from everywhere(p, "phi(u) + phi(-u) is constant", lambda n: both(p, n) - total, "==")
    for point in (S.Zero, *p.joints):
        at = p.value(point, UPPER) + p.value(point, LOWER) - total
        yield sign(f"also at {point}", at, "==", p.region)


def serves_both(case: Case, score: Expr) -> Iterator[Premise]:
    """``phi`` is continuous and ``score`` minimises S."""
    p = halves(case)
    yield from joined(p)
    least = phi(case, score) + phi(case, -score)
    yield from everywhere(
        p, f"phi(u) + phi(-u) is least at {score}", lambda n: both(p, n) - least, ">="
    )


def slopes(p: Pieces) -> Iterator[Premise]:
    """S does not fall and phi(u) - phi(-u) falls for u > 0; phi has a slope at 0."""
    yield from everywhere(p, "phi'(u) + phi'(-u) < 0", lambda n: weight(p, n), ">")
    yield from everywhere(p, "phi'(-u) <= phi'(u)", lambda n: both(p, n, 1), ">=")
    yield from joined(p)
    yield sign("the slopes on both sides of 0 agree", turn(p), "==", p.region)
    fall = p.at(0, S.Zero, 1, LOWER) - p.at(0, S.Zero, 1, UPPER)
    yield sign("the slope at 0 is negative", fall, ">", p.region)


def rising_link(p: Pieces) -> Iterator[Premise]:
    """phi'(-u)/(phi'(u) + phi'(-u)) does not fall for u > 0."""
    yield from differentiable(p)
    yield from weighed(p)
    yield from everywhere(p, "the inverse link does not fall", lambda n: wronskian(p, n), ">=")


def weighed(p: Pieces) -> Iterator[Premise]:
    """D(u) > 0 for u >= 0, ``phi`` being differentiable."""
    yield from everywhere(p, "phi'(u) + phi'(-u) < 0", lambda n: weight(p, n), ">")
    for n, point in enumerate((S.Zero, *p.joints)):
        at = p.at(n, point, 1, LOWER) - p.at(n, point, 1, UPPER)
        yield sign(f"also at {point}", at, ">", p.region)


def wronskian(p: Pieces, n: int) -> Expr:
    """e'(u) D(u)^2 for the inverse link e = phi'(-u)/(phi'(u) + phi'(-u))."""
    upper, lower = p.formula(n, 1, UPPER), p.formula(n, 1, LOWER)
    return p.formula(n, 2, UPPER) * lower - upper * p.formula(n, 2, LOWER)
