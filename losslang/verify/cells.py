"""Formulas with kinks, cut into smooth formulas on adjacent intervals.

``Max``, ``Min``, ``Abs``, signs and comparisons switch where a difference changes its sign. The
places are found exactly or not at all, and ordered by provable comparisons, for they may depend on
hyperparameters. Part of what the checker trusts: there is no search here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import substitute, walk
from losslang.ir.heads import Branch, Max, Min
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Equal, Less, LessEqual
from losslang.verify.compose import spread
from losslang.verify.roots import Line, Unordered
from losslang.verify.rules.common import same
from losslang.verify.statement import Bounds, Region

MAX_CELLS = 64


@dataclass(frozen=True)
class Cell:
    """``formula`` is smooth inside ``bounds`` and equals the whole there."""

    bounds: Bounds
    formula: Expr


def cells(
    expr: Expr, variable: sympy.Symbol, bounds: Bounds, region: Region
) -> tuple[Cell, ...] | None:
    """``expr`` as smooth functions of ``variable`` on adjacent intervals, from low to high.

    The region tells about the other symbols; ``variable`` itself is none of its variables.
    Neighbours share an end, and no cell is a single point. A cell's formula equals ``expr`` inside
    the cell. At a break, and at a closed end of ``bounds``, only ``expr`` itself says the value:
    what a theorem says there it has to derive from ``expr`` with the point put in. A place where
    nothing changes is no break: there too ``expr`` is known to follow the cell's formula.

    ``None`` where a switch cannot be located or two breaks cannot be ordered for all settings of
    the region, or where a formula is not known to be smooth.
    """
    try:
        line = Line(variable, bounds, region)
        found = _split(expr, line)
        if not all(_is_smooth(cell.formula, line.within(cell.bounds)) for cell in found):
            return None
    except Unordered:
        return None
    return _merged(expr, line, found)


def _split(expr: Expr, line: Line) -> list[Cell]:
    switch = _switch(expr, line.variable)
    if switch is None:
        return [Cell(line.bounds, expr)]
    found: list[Cell] = []
    for bounds, sign in line.signs(_difference(switch)):
        value = _resolved(switch, sign)
        found += _split(substitute(expr, {switch: value}), line.within(bounds))
        if len(found) > MAX_CELLS:
            raise Unordered
    return found


def _switch(expr: Basic, variable: sympy.Symbol) -> Basic | None:
    """A part that switches with ``variable`` and none of whose parts does; tests come first."""
    if not isinstance(expr, Expr) or variable not in expr.free_symbols:
        return None
    if isinstance(expr, Reduce):
        if any(_is_switch(part) and variable in part.free_symbols for part in walk(expr)):
            raise Unordered
        return None
    for arg in expr.args:
        found = _switch(arg, variable)
        if found is not None:
            return found
    return expr if _is_switch(expr) else None


def _is_switch(part: Basic) -> bool:
    if isinstance(part, Apply):
        return part.name == "sign"
    return isinstance(part, Max | Min | sympy.Abs | Less | LessEqual | Equal)


def _difference(switch: Basic) -> Expr:
    """What changes its sign where the switch switches."""
    if isinstance(switch, sympy.Abs):
        return switch.args[0]
    if isinstance(switch, Apply):
        return switch.operands[0]
    return switch.args[0] - switch.args[1]


def _resolved(switch: Basic, sign: int) -> Expr:
    """The switch where its difference has the sign."""
    if isinstance(switch, sympy.Abs):
        return sign * switch.args[0]
    if isinstance(switch, Apply):
        return S(sign)
    if isinstance(switch, Max | Min):
        first, second, *others = switch.args
        wins = sign >= 0 if isinstance(switch, Max) else sign <= 0
        return switch.func(first if wins else second, *others)
    allowed = {Less: (-1,), LessEqual: (-1, 0), Equal: (0,)}[type(switch)]
    return S(int(sign in allowed))


def _merged(expr: Expr, line: Line, found: list[Cell]) -> tuple[Cell, ...]:
    """Neighbours with one formula as one cell, where ``expr`` follows it between them too."""
    merged: list[Cell] = []
    for cell in found:
        whole = _joined(expr, line, merged[-1], cell) if merged else None
        if whole is None:
            merged.append(cell)
        else:
            merged[-1] = whole
    return tuple(merged)


def _joined(expr: Expr, line: Line, left: Cell, right: Cell) -> Cell | None:
    """Two neighbours as one cell, with the formula of one if it is that of the other too."""
    sides = (line.within(cell.bounds) for cell in (left, right))
    ways = [_at(expr, line, right.bounds.low, side.only_sign) for side in sides]
    if left.formula not in ways and right.formula not in ways:
        return None
    bounds = line.joined(left.bounds, right.bounds)
    if left.formula == right.formula:
        return Cell(bounds, left.formula)
    inside = line.within(bounds)
    if not same(left.formula, right.formula, inside.inside):
        return None
    for formula in sorted((left.formula, right.formula), key=Expr.count_ops):
        if spread(formula, inside.inside) is not None and _is_smooth(formula, inside):
            return Cell(bounds, formula)
    return None


def _at(expr: Expr, line: Line, point: Expr, tie: Callable[[Expr], int]) -> Expr | None:
    """``expr`` with its switches as they stand at a point; ``None`` where that is unknown.

    At a tie, ``Max``, ``Min`` and ``Abs`` may be read either way: as if their difference had the
    sign ``tie(difference)``.
    """
    try:
        while (switch := _switch(expr, line.variable)) is not None:
            difference = _difference(switch)
            sign = line.sign(substitute(difference, {line.variable: point}))
            if sign == 0 and isinstance(switch, Max | Min | sympy.Abs):
                sign = tie(difference)
            expr = substitute(expr, {switch: _resolved(switch, sign)})
    except Unordered:
        return None
    return expr


def formula_at(
    expr: Expr, variable: sympy.Symbol, bounds: Bounds, region: Region, point: Expr
) -> Expr | None:
    """The formula that ``expr`` follows at one point of ``bounds``, its switches settled there.

    ``None`` where a switch cannot be settled for all settings of the region.
    """
    return _at(expr, Line(variable, bounds, region), point, lambda _: 1)


# ---------------------------------------------------------------- smoothness

_ENTIRE = (
    *(sympy.Symbol, sympy.Add, sympy.Mul, sympy.exp, sympy.sin, sympy.cos, sympy.atan),
    *(sympy.sinh, sympy.cosh, sympy.tanh, sympy.asinh, sympy.erf),
)
"""Heads that are smooth wherever their arguments are."""

_SMOOTH_FOLDS = ("sum", "mean", "prod", "logsumexp", "logmeanexp")


def _is_smooth(formula: Expr, line: Line) -> bool:
    """Whether ``formula`` is smooth inside the interval wherever it has a value."""
    parts = (part for part in walk(formula) if line.variable in part.free_symbols)
    return all(_keeps_smooth(part, line) for part in parts)


def _keeps_smooth(part: Basic, line: Line) -> bool:
    if isinstance(part, _ENTIRE) or not isinstance(part, Expr):
        return True
    if isinstance(part, Branch):
        return line.variable not in part.args[0].free_symbols
    if isinstance(part, Reduce):
        return part.op in _SMOOTH_FOLDS and line.variable not in part.guard.free_symbols
    if isinstance(part, sympy.log):
        return not line.vanishes(part.args[0])
    if isinstance(part, sympy.Pow):
        if part.exp.is_integer and part.exp.is_nonnegative:
            return True
        if part.exp.is_integer and line.variable not in part.exp.free_symbols:
            return not line.vanishes(part.base)
        return line.is_positive(part.base)
    if isinstance(part, sympy.acos | sympy.asin | sympy.atanh):
        return line.is_positive(1 - part.args[0] ** 2)
    if isinstance(part, sympy.acosh):
        return line.is_positive(part.args[0] - 1)
    if isinstance(part, Apply):
        return part.name in ("sigmoid", "softplus", "lgamma", "digamma", "trigamma", "xlogy")
    return False
