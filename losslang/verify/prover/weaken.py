"""Search for something stronger that is simpler: ends, fewer terms, parts as variables, bounds."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, S

from losslang.verify.compose import Composition
from losslang.verify.interval import rational
from losslang.verify.proof import Proof, Rejected
from losslang.verify.prover.run import Run, Step
from losslang.verify.rules.analysis import SLOT, bounds_of
from losslang.verify.rules.common import placed, slope
from losslang.verify.rules.normal import Normal, TooHard
from losslang.verify.statement import Bounds, Sign


def ends(run: Run, goal: Sign, effort: int) -> Proof | None:
    """A formula that is concave in a variable of a bounded interval is least at the ends."""
    if goal.relation not in (">", ">="):
        return None
    for symbol in goal.region.symbols:
        bounds = goal.region.bounds(symbol)
        assert bounds is not None
        if symbol not in goal.expr.free_symbols or symbol.is_integer:
            continue
        if bounds.low.is_infinite or bounds.high.is_infinite:
            continue
        try:
            bend = slope(goal.expr, symbol, 2)
        except Rejected:
            continue
        if run.is_doubtful(Sign(bend, "<=", goal.region)):
            continue
        words = ("",) if goal.relation == ">=" else ("low", "high")
        steps = (("concave", {"variable": symbol, "strict": word}) for word in words)
        found = run.first(goal, steps, effort - 1)
        if found is not None:
            return found
    return None


def affine(run: Run, goal: Sign, effort: int) -> Proof | None:
    """A formula that is affine in a variable of a bounded interval: its ends say all there is."""
    if goal.relation != ">=":
        return None
    for symbol in reversed(goal.region.symbols):
        bounds = goal.region.bounds(symbol)
        assert bounds is not None
        if symbol not in goal.expr.free_symbols or symbol.is_integer:
            continue
        if bounds.low.is_infinite or bounds.high.is_infinite:
            continue
        if goal.expr.is_polynomial(symbol) and sympy.degree(goal.expr, symbol) == 1:
            return run.step(goal, "concave", {"variable": symbol, "strict": ""}, effort)
    return None


def fewer(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Leave out positive terms with a part that also stands in negative ones."""
    if goal.relation not in (">", ">="):
        return None
    try:
        normal = Normal(goal.region, goal.expr)
        quotient = normal.quotient(goal.expr)
    except TooHard:
        return None
    if not quotient.bottom.is_constant():
        return None
    terms = sympy.Add.make_args(normal.written(quotient.top))
    signs = {term: normal.signs.range(term) for term in terms}
    for atom in normal.atoms:
        if not isinstance(atom, sympy.log | sympy.exp | sympy.Pow | sympy.Symbol):
            continue
        out = [t for t, r in signs.items() if r is not None and r.nonnegative and t.has(atom)]
        kept = [t for t in terms if t not in out]
        if not out or not any(t.has(atom) for t in kept):
            continue
        data = {"one": sympy.Add(*kept), "other": sympy.Add(*out)}
        found = run.step(goal, "sum", data, effort - 1)
        if found is not None:
            return found
    return None


def lifts(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Let a part vary freely in its range."""
    if goal.relation not in (">", ">="):
        return None
    return run.first(goal, _lifts(goal), effort - 1)


def _lifts(goal: Sign) -> Iterator[Step]:
    try:
        normal = Normal(goal.region, goal.expr)
        quotient = normal.quotient(goal.expr)
    except TooHard:
        return
    name, whole = goal.region.fresh("t").name, normal.formula(quotient)
    for atom in normal.atoms:
        if isinstance(atom, sympy.Symbol) or not atom.free_symbols:
            continue
        for bounds in _ranges(atom, normal):
            new = placed(name, bounds, goal.region)
            form = whole.xreplace({atom: new})
            if not form.has(atom) and form.has(new):
                yield "lift", {"part": atom, "new": new, "bounds": bounds, "form": form}


def _ranges(atom: Expr, normal: Normal) -> Iterator[Bounds]:
    """Where a part lies: between simpler functions, or numbers."""
    inside = normal.signs.range(atom.args[0] - 1) if isinstance(atom, sympy.log) else None
    if inside is not None and inside.nonnegative:
        x = atom.args[0]
        yield Bounds(S.Zero, x - 1, low_closed=True, high_closed=True)
        yield Bounds(2 * (x - 1) / (x + 1), x - 1, low_closed=True, high_closed=True)
    known = normal.signs.range(atom)
    if known is not None:
        low, high = known.hull.low, known.hull.high
        yield Bounds(
            sympy.Rational(str(rational(low))) if low.is_finite() else -sympy.oo,
            sympy.Rational(str(rational(high))) if high.is_finite() else sympy.oo,
            known.reaches_low,
            known.reaches_high,
        )


def bounds(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Replace a function by a bound of its value, if the formula is affine in it."""
    if goal.relation not in (">", ">="):
        return None
    return run.first(goal, _bounds(goal), effort - 1)


def _bounds(goal: Sign) -> Iterator[Step]:
    signs = Composition(goal.region)
    for part in sorted(goal.expr.atoms(sympy.Function), key=sympy.default_sort_key):
        known = bounds_of(part)
        if not known:
            continue
        form = goal.expr.xreplace({part: SLOT})
        weight = sympy.diff(form, SLOT) if form.is_polynomial(SLOT) else None
        if weight is None or weight.has(SLOT):
            continue
        side = signs.range(weight)
        for word, (_, where, _) in known.items():
            if side is not None and (side.nonnegative if where == "below" else side.nonpositive):
                yield "bound", {"part": part, "bound": word, "form": form}
