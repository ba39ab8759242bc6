"""Every rule, given random data: where a statement is false, so is one of its premises.

The oracle is interval arithmetic at points: it shows that a statement is false, or that its formula
has no value there. A rule that lets a false statement follow from premises that no point refutes is
reported; what it is asked covers whatever a certificate may say.
"""

from __future__ import annotations

import random
from functools import partial
from itertools import islice

import pytest
import sympy
from sympy import Rational, S, oo

from losslang.ir.binders import is_undefined, substitute
from losslang.ir.heads import Branch, Max
from losslang.ir.truth import Less, LessEqual
from losslang.verify.admit import admit
from losslang.verify.evaluate import compile_tape
from losslang.verify.interval import Interval, Undefined
from losslang.verify.proof import Rejected
from losslang.verify.rules import RULES
from losslang.verify.rules.boxes import shows
from losslang.verify.rules.maps import MAPS
from losslang.verify.sampling import points
from losslang.verify.statement import (
    LINE,
    OPPOSITE,
    POSITIVE,
    UNIT,
    Bounds,
    Limit,
    Region,
    Relation,
    Sign,
)
from losslang.verify.theorems.premises import compares
from losslang.verify.tripwire import is_inside
from losslang.verify.watchdog import within
from tests.sampling import some

ROUNDS = some(60)
"""How many statements each rule is asked about in a test run."""

x = sympy.Symbol("x", real=True)
p = sympy.Symbol("p", positive=True)
a = sympy.Symbol("a", positive=True)
b = sympy.Symbol("b", real=True)
s = sympy.Symbol("s", positive=True)
t = sympy.Symbol("t", real=True)
u = sympy.Symbol("u", nonnegative=True)
slot = sympy.Symbol("_slot", real=True)

NUMBERS = tuple(Rational(n) for n in ("0", "1", "-1", "2", "1/2", "-1/2", "3", "-2", "1/3"))
INTERVALS = (
    *(LINE, POSITIVE, UNIT, Bounds(S.Zero, S.One, True, True), Bounds(-S.One, S.One, True, True)),
    *(
        Bounds(-S.One, S.One),
        Bounds(S.Zero, S.One, True),
        Bounds(-oo, S.Zero),
        Bounds(S.One, oo, True),
    ),
    *(Bounds(S.Zero, a), Bounds(-a, a, True, True), Bounds(-oo, a), Bounds(b, oo)),
)
HOLDS: tuple[Relation, ...] = (">", ">=", "<", "<=", "==", "!=")


def formula(draw: random.Random, symbols, depth: int):
    """A random formula, now and then without a value somewhere."""
    if depth == 0 or draw.random() < 0.15:
        return draw.choice((*symbols, *symbols, draw.choice(NUMBERS)))
    one = formula(draw, symbols, depth - 1)
    other = formula(draw, symbols, depth - 1)
    head = draw.choice(
        (
            *(sympy.Add, sympy.Mul, sympy.Add, sympy.Mul, lambda f, g: f - g, lambda f, g: f / g),
            *(lambda f, g: f**2, lambda f, g: sympy.exp(f), lambda f, g: sympy.log(f)),
            *(lambda f, g: sympy.sqrt(f), lambda f, g: sympy.Abs(f), lambda f, g: Max(f, g)),
            lambda f, g: Branch(Less(f, g), f, g),
            lambda f, g: 1 / f,
        )
    )
    made = head(one, other)
    bad = made.has(S.NaN, S.ComplexInfinity, S.ImaginaryUnit, oo, -oo)
    return one if bad or not isinstance(made, sympy.Expr) or made.count_ops() > 25 else made


def statement(draw: random.Random) -> Sign:
    """A random statement about one or two variables."""
    variable = draw.choice((x, x, p))
    bounds = draw.choice(
        [i for i in INTERVALS if variable == x or i in (POSITIVE, UNIT, INTERVALS[9])]
    )
    region = Region(((a, POSITIVE), (b, LINE), (variable, bounds)))
    if draw.random() < 0.2:
        region = region.where(
            draw.choice((Less, LessEqual))(formula(draw, region.symbols, 1), variable)
        )
    expr = formula(draw, (variable, variable, a, b), 3)
    kept = {variable} | expr.free_symbols | bounds.low.free_symbols | bounds.high.free_symbols
    for condition in region.conditions:
        kept |= condition.free_symbols
    variables = tuple(pair for pair in region.variables if pair[0] in kept)
    return Sign(expr, draw.choice(HOLDS), Region(variables, region.conditions))


def data(draw: random.Random, goal: Sign):
    """Random data that suits the statement better than chance."""
    symbols = goal.region.symbols
    one = formula(draw, symbols, 2)
    parts = [e for e in sympy.preorder_traversal(goal.expr) if isinstance(e, sympy.Expr)]
    part = draw.choice(parts)
    new = draw.choice((s, t, u))
    form = draw.choice(
        (
            goal.expr.xreplace({part: new}),
            goal.expr.xreplace({part: slot}),
            one,
            goal.expr / one if one != 0 else one,
        )
    )
    split = draw.choice((goal.expr - one, goal.expr / one if one != 0 else one, one))
    first = draw.choice((one, split))
    return {
        "variable": draw.choice(symbols),
        "end": draw.choice(("low", "high")),
        "strict": draw.choice(("slope", "value", "low", "high", "")),
        **({"value": draw.choice((*NUMBERS, oo, one))} if draw.random() < 0.5 else {}),
        "at": draw.choice(
            (
                draw.choice(NUMBERS),
                (draw.choice(NUMBERS),),
                tuple(draw.choice(NUMBERS) for _ in range(2)),
                (one,),
                one,
            )
        ),
        "part": part,
        "bound": draw.choice(
            (
                *("above", "below", "pade above", "pade below", "square below"),
                *("line below", "line above", "reciprocal line above", "reciprocal square above"),
            )
        ),
        "form": form,
        "new": new,
        "map": draw.choice(tuple(MAPS)),
        "bounds": draw.choice(INTERVALS),
        "condition": draw.choice((Less, LessEqual))(one, draw.choice(symbols)),
        "relation": draw.choice(HOLDS),
        "factor": draw.choice((first, goal.expr)),
        "one": first,
        "other": draw.choice((one, split, goal.expr - first)),
        "subdivision": draw.choice(
            ("n", "v", "m", "0nn", "0mm", "0vv", "1nn", "00nnn", "x", "0nx", "0xn")
        ),
        "bits": 80,
        "centre": draw.choice((S.Zero, one)),
        "scale": draw.choice((S.One, a, one)),
        "exponent": draw.choice((S(2), Rational(1, 2), a, one)),
    }


def refuted(claim, count: int = 60, *, widely: bool = False) -> bool:
    """Whether a statement is false, or has no value, at one of some points of its region.

    ``widely`` leaves out points that may stand alone, which a change of variables would hide.
    """
    if isinstance(claim, Limit):
        return _no_limit(claim)
    try:
        tape = compile_tape(claim.expr, claim.region.symbols)
    except TypeError:
        return True
    drawn = islice(points(claim.region, 3), count) if widely else _points(claim.region, count)
    return any(_fails(claim, tape, point) for point in drawn)


def _points(region: Region, count: int):
    draw = random.Random(7)
    for point in islice(points(Region(region.variables), 3), count):
        if is_inside(point, region):
            yield point
        for symbol, bounds in region.variables:
            here = bounds.subs(point)
            ends = [e for e in (here.low, here.high) if e.is_Rational]
            special = [
                *ends,
                S.Zero,
                S.One,
                *(e + Rational(1, 10**6) for e in ends),
                *(e - Rational(1, 10**6) for e in ends),
                S(50),
                S(-50),
            ]
            for value in draw.sample(special, 4):
                other = {**point, symbol: value}
                if is_inside(other, region):
                    yield other
    if not region.variables:
        yield {}


def _fails(claim: Sign, tape, point) -> bool:
    if not all(value.is_Rational for value in point.values()):
        return False
    box = [Interval.exactly(point[symbol]) for symbol in claim.region.symbols]
    found = None
    for bits in (64, 300):
        try:
            found = tape.range(box, bits)
        except Undefined:
            continue
        if shows(found, OPPOSITE[claim.relation]) or (found.is_point and not found.is_finite):
            return is_inside(point, claim.region)
        if not found.low <= 0 <= found.high:
            return False
    return (found is None or _fails_exactly(claim, point)) and is_inside(point, claim.region)


def _fails_exactly(claim: Sign, point) -> bool:
    value = substitute(claim.expr, point)
    return is_undefined(value) or (value.is_Rational and not compares(value, claim.relation))


def _no_limit(claim: Limit) -> bool:
    try:
        return RULES["limit"].premises(claim, {}) != ()
    except Rejected:
        return True


def suspicious(name: str, seed: int):
    """A false statement whose premises look true, if the draw makes one."""
    draw = random.Random(seed)
    goal = statement(draw)
    try:
        admit(goal)
    except Rejected:
        return None
    if not refuted(goal, 20, widely=True):
        return None
    for _ in range(12):
        given = data(draw, goal)
        try:
            needed = RULES[name].premises(goal, given)
            for premise in needed:
                admit(premise)
        except Rejected:
            continue
        except (
            TypeError,
            ValueError,
            AttributeError,
            NotImplementedError,
            ArithmeticError,
            RecursionError,
        ):
            continue
        if not any(refuted(premise) for premise in needed):
            return goal, given, needed
    return None


NAMES = sorted(set(RULES) - {"limit", "indexed"})


@pytest.mark.parametrize("name", NAMES)
def test_what_is_false_does_not_follow(name):
    for seed in range(ROUNDS):
        found = within(5.0, partial(suspicious, name, seed))
        assert found is None, f"{name}, seed {seed}: {found[0]} from {[*map(str, found[2])]}"
