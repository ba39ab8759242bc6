"""Rules that change variables: a variable becomes a function of a new one that reaches every value.

Each map is a row: which interval it takes, the old variable as a function of the new one, and where
the new one lies. With ``low`` and ``high`` the ends of the old interval:

* ``ratio``, ``ratio down``: ``(low + high s) / (1 + s)`` and ``(high + low s) / (1 + s)``;
* ``above``, ``below``: ``low + s``, ``high - s``;
* ``affine``: ``centre + scale s``; ``reciprocal``: ``1 / s``; ``power``: ``s ** n``;
* ``log``: ``scale log s``; ``exp``: ``exp(s)``; ``logit``: ``1 / (1 + exp(-s))``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy
from sympy import Expr, S, oo

from losslang.ir.binders import substitute
from losslang.verify.compose import Composition
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import get, new_variable, sign_statement, variable
from losslang.verify.statement import Bounds, Region, Sign, Statement


@dataclass(frozen=True)
class Change:
    """The old variable as ``image`` of the new one in ``bounds``, and what has to hold for that.

    ``ends`` are old values that the image does not reach.
    """

    image: Expr
    bounds: Bounds
    needs: tuple[tuple[Expr, str], ...] = ()
    ends: tuple[Expr, ...] = ()


def _finite(*ends: Expr) -> None:
    if any(end.is_infinite for end in ends):
        raise Rejected("the map needs a finite end")


def _ratio(old: Bounds, s: Expr, _: Mapping[str, Data]) -> Change:
    _finite(old.low, old.high)
    ends = (old.high,) if old.high_closed else ()
    image = (old.low + old.high * s) / (1 + s)
    return Change(image, Bounds(S.Zero, oo, old.low_closed), ends=ends)


def _ratio_down(old: Bounds, s: Expr, _: Mapping[str, Data]) -> Change:
    _finite(old.low, old.high)
    ends = (old.low,) if old.low_closed else ()
    image = (old.high + old.low * s) / (1 + s)
    return Change(image, Bounds(S.Zero, oo, old.high_closed), ends=ends)


def _above(old: Bounds, s: Expr, _: Mapping[str, Data]) -> Change:
    _finite(old.low)
    high = oo if old.high.is_infinite else old.high - old.low
    return Change(old.low + s, Bounds(S.Zero, high, old.low_closed, old.high_closed))


def _below(old: Bounds, s: Expr, _: Mapping[str, Data]) -> Change:
    _finite(old.high)
    high = oo if old.low.is_infinite else old.high - old.low
    return Change(old.high - s, Bounds(S.Zero, high, old.high_closed, old.low_closed))


def _affine(old: Bounds, s: Expr, data: Mapping[str, Data]) -> Change:
    centre, scale = get(data, "centre", Expr), get(data, "scale", Expr)
    if s in centre.free_symbols | scale.free_symbols:
        raise Rejected("the map mentions its variable")
    low = old.low if old.low.is_infinite else (old.low - centre) / scale
    high = old.high if old.high.is_infinite else (old.high - centre) / scale
    bounds = Bounds(low, high, old.low_closed, old.high_closed)
    return Change(centre + scale * s, bounds, ((scale, ">"),))


def _reciprocal(old: Bounds, s: Expr, _: Mapping[str, Data]) -> Change:
    _finite(old.low)
    needs: tuple[tuple[Expr, str], ...] = ((old.low, ">"),)
    high = oo
    if old.low != 0:
        high = 1 / old.low
    elif not old.low_closed:
        needs = ()
    low = S.Zero if old.high.is_infinite else 1 / old.high
    bounds = Bounds(low, high, old.high_closed, old.low_closed)
    return Change(1 / s, bounds, needs)


def _power(old: Bounds, s: Expr, data: Mapping[str, Data]) -> Change:
    n = get(data, "exponent", Expr)
    _finite(old.low)
    if s in n.free_symbols:
        raise Rejected("the map mentions its variable")
    high = oo if old.high.is_infinite else old.high ** (1 / n)
    low = S.Zero if old.low == 0 else old.low ** (1 / n)
    bounds = Bounds(low, high, old.low_closed, old.high_closed)
    needs = () if old.low == 0 else ((old.low, ">"),)
    return Change(s**n, bounds, ((n, ">"), *needs))


def _log(old: Bounds, s: Expr, data: Mapping[str, Data]) -> Change:
    scale = get(data, "scale", Expr)
    if s in scale.free_symbols:
        raise Rejected("the map mentions its variable")
    low = S.Zero if old.low.is_infinite else sympy.exp(old.low / scale)
    high = oo if old.high.is_infinite else sympy.exp(old.high / scale)
    bounds = Bounds(low, high, old.low_closed, old.high_closed)
    return Change(scale * sympy.log(s), bounds, ((scale, ">"),))


def _exp(old: Bounds, s: Expr, _: Mapping[str, Data]) -> Change:
    _finite(old.low)
    high = oo if old.high.is_infinite else sympy.log(old.high)
    if old.low == 0:
        ends = (S.Zero,) if old.low_closed else ()
        return Change(sympy.exp(s), Bounds(-oo, high, False, old.high_closed), ends=ends)
    bounds = Bounds(sympy.log(old.low), high, old.low_closed, old.high_closed)
    return Change(sympy.exp(s), bounds, ((old.low, ">"),))


def _logit(old: Bounds, s: Expr, _: Mapping[str, Data]) -> Change:
    if (old.low, old.high) != (S.Zero, S.One):
        raise Rejected("the map is for numbers between 0 and 1")
    ends = (S.Zero,) * old.low_closed + (S.One,) * old.high_closed
    return Change(1 / (1 + sympy.exp(-s)), Bounds(), ends=ends)


MAPS: dict[str, Callable[[Bounds, Expr, Mapping[str, Data]], Change]] = {
    "ratio": _ratio,
    "ratio down": _ratio_down,
    "above": _above,
    "below": _below,
    "affine": _affine,
    "reciprocal": _reciprocal,
    "power": _power,
    "log": _log,
    "exp": _exp,
    "logit": _logit,
}


def changed(
    region: Region, old: sympy.Symbol, new: sympy.Symbol, change: Change
) -> tuple[Region, Mapping[sympy.Symbol, Expr]]:
    """The region with the new variable in the place of the old one, and the substitution."""
    rule = {old: change.image}
    variables = tuple(
        (new, change.bounds) if symbol == old else (symbol, bounds.subs(rule))
        for symbol, bounds in region.variables
    )
    conditions = tuple(c for c in (substitute(c, rule) for c in region.conditions) if c != S.One)
    return Region(variables, conditions, region.reads), rule


def _map(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    region = goal.region
    old, new = variable(data, region), get(data, "new", sympy.Symbol)
    kind = get(data, "map", str)
    if kind not in MAPS:
        raise Rejected(f"there is no map {kind!r}")
    bounds = region.bounds(old)
    assert bounds is not None
    place = region.symbols.index(old)
    earlier = Region(region.variables[:place])
    change = MAPS[kind](bounds, new, data)
    if not (change.image.free_symbols - {new}) <= set(earlier.symbols):
        raise Rejected("the map mentions a later variable")
    new_variable(new, change.bounds, region, earlier)
    needs = [(e, r) for e, r in change.needs if not _plain(e, r, earlier)]
    after, rule = changed(region, old, new, change)
    return (
        *(Sign(e, r, earlier) for e, r in needs),  # type: ignore[arg-type]
        *(
            Sign(substitute(goal.expr, {old: end}), goal.relation, region.setting({old: end}))
            for end in change.ends
        ),
        Sign(substitute(goal.expr, rule), goal.relation, after),
    )


def _plain(expr: Expr, relation: str, region: Region) -> bool:
    known = Composition(region).range(expr)
    return known is not None and known.stands(relation)  # type: ignore[arg-type]


MAP_RULES: tuple[Rule, ...] = (
    Rule("map", "a function of a new variable reaches every value of the old one", _map),
)
