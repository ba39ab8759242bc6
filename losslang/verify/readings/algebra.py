"""Exact rewriting by which the recognisers see through the way a formula is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import sympy
from sympy import Basic, Expr, Symbol

from losslang.ir.binders import free_indices, substitute
from losslang.ir.heads import ONE, ZERO, Labelled, Max, Min
from losslang.ir.primitives import Apply, log
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Equal, Less, LessEqual
from losslang.verify.cells import cells
from losslang.verify.rules.normal import Normal, TooHard
from losslang.verify.statement import LINE, Bounds, Region


def rewritten(expr: Basic, rule: Callable[[Basic], Basic]) -> Basic:
    """``expr`` with ``rule`` applied to every part, the innermost first.

    The rule sees the body of a binder with free indices in place of the bound ones.
    """
    memo: dict[Basic, Basic] = {}

    def visit(e: Basic) -> Basic:
        if e not in memo:
            memo[e] = rule(rebuilt(e)) if e.args else rule(e)
        return memo[e]

    def rebuilt(e: Basic) -> Basic:
        if isinstance(e, Reduce):
            indices, guard, body = e.open()
            return Reduce(e.op, indices, visit(guard), visit(body))
        args = [visit(a) if isinstance(a, Expr) else a for a in e.args]
        return e if all(n is o for n, o in zip(args, e.args, strict=True)) else e.func(*args)

    return visit(expr)


def spelled(expr: Expr) -> Expr:
    """``expr`` with sigmoid and softplus in exponentials, x log y as a product where x is not 0.

    Fractions are rounded down.
    """

    def rule(e: Basic) -> Basic:
        if isinstance(e, Labelled):
            return e.args[1]
        if isinstance(e, sympy.log):
            return log(e.args[0])
        if not isinstance(e, Apply):
            return e
        x = e.operands[0]
        if e.name == "sigmoid":
            return 1 / (1 + sympy.exp(-x))
        if e.name == "softplus":
            return sympy.log(1 + sympy.exp(x))
        if e.name == "floor" and x.is_Rational:
            return sympy.floor(x)
        if e.name == "xlogy" and x == ZERO:
            return ZERO
        if e.name == "xlogy" and x.is_extended_nonzero:
            return x * log(e.operands[1])
        return e

    return rewritten(expr, lambda e: _complement(rule(e)))


def _complement(e: Basic) -> Basic:
    """1 - 1 / (1 + exp(x)) as 1 / (1 + exp(-x))."""
    if isinstance(e, sympy.Add) and len(e.args) == 2 and ONE in e.args:
        other = -(e - 1)
        if isinstance(other, sympy.Pow) and other.exp == -1:
            power = other.base - 1
            if isinstance(power, sympy.exp):
                return 1 / (1 + sympy.exp(-power.args[0]))
    return e


# ---------------------------------------------------------------- one symbol brought outside


def drawn_out(expr: Expr, symbol: Symbol) -> Expr:
    """``expr`` with the powers of exp(``symbol``) and multiples of ``symbol`` brought outside.

    Exactly equal for every real value of ``symbol``. A formula that does not change with it loses
    it if its parts scale with exp(``symbol``) or are shifted by it: logsumexp(symbol + f) becomes
    symbol + logsumexp(f).
    """

    def rule(e: Basic) -> Basic:
        if symbol not in e.free_symbols:
            return e
        if isinstance(e, sympy.Add):
            weight, rest = _scale(e, symbol)
            return e if weight == ZERO else sympy.exp(weight * symbol) * rest
        if isinstance(e, sympy.exp):
            return sympy.exp(sympy.expand(e.args[0]))
        if isinstance(e, sympy.log):
            weight, rest = _scale(e.args[0], symbol)
            return weight * symbol + log(rest)
        if isinstance(e, sympy.Pow) and symbol not in e.exp.free_symbols:
            weight, rest = _scale(e.base, symbol)
            return sympy.exp(sympy.expand(weight * e.exp * symbol)) * rest**e.exp
        if isinstance(e, Max | Min):
            return _extremum(e, symbol)
        if isinstance(e, Less | LessEqual | Equal):
            difference = sympy.expand(e.args[0] - e.args[1])
            return e.func(_scale(difference, symbol)[1], ZERO)
        if isinstance(e, Reduce):
            return _reduction(e, symbol)
        return e

    found = rewritten(expr, rule)
    return sympy.expand(found) if symbol in found.free_symbols else found


def _scale(expr: Expr, symbol: Symbol) -> tuple[Expr, Expr]:
    """``(w, rest)`` with ``expr = exp(w symbol) rest``; w = 0 where no power is common."""
    terms = [_weight(term, symbol) for term in sympy.Add.make_args(expr)]
    if len({weight for weight, _ in terms}) != 1:
        terms = [_weight(t, symbol) for t in sympy.Add.make_args(sympy.expand(expr))]
    if len({weight for weight, _ in terms}) != 1:
        return ZERO, expr
    return terms[0][0], sympy.Add(*(rest for _, rest in terms))


def _weight(term: Expr, symbol: Symbol) -> tuple[Expr, Expr]:
    weight, rest = ZERO, []
    for factor in sympy.Mul.make_args(term):
        if isinstance(factor, sympy.exp):
            slope, remainder = _slope(factor.args[0], symbol)
            weight += slope
            rest.append(sympy.exp(remainder))
        else:
            rest.append(factor)
    return weight, sympy.Mul(*rest)


def _slope(expr: Expr, symbol: Symbol) -> tuple[Expr, Expr]:
    """``(c, rest)`` with ``expr = c symbol + rest`` and no symbol in c (in rest where it can)."""
    expanded = sympy.expand(expr)
    slope = expanded.coeff(symbol, 1)
    if symbol in slope.free_symbols:
        return ZERO, expr
    return slope, sympy.expand(expanded - slope * symbol)


def _extremum(e: Max | Min, symbol: Symbol) -> Expr:
    slopes = [_slope(arg, symbol) for arg in e.args]
    if len({slope for slope, _ in slopes}) == 1 and slopes[0][0] != ZERO:
        return slopes[0][0] * symbol + e.func(*(rest for _, rest in slopes))
    scales = [_scale(arg, symbol) if arg != ZERO else None for arg in e.args]
    weights = {scale[0] for scale in scales if scale is not None}
    if len(weights) != 1:
        return e
    rests = (ZERO if scale is None else scale[1] for scale in scales)
    return sympy.exp(weights.pop() * symbol) * e.func(*rests)


def _reduction(e: Reduce, symbol: Symbol) -> Expr:
    indices, guard, body = e.open()
    if symbol in guard.free_symbols:
        return e
    if e.op in ("sum", "mean"):
        total = ZERO
        for term in sympy.Add.make_args(sympy.expand(body)):
            outside, inside = split_factors(term, indices)
            total += outside * Reduce(e.op, indices, guard, inside)
        return total
    return shifted(e)


def shifted(e: Reduce) -> Expr:
    """A reduction with the terms or factors that do not depend on its indices outside."""
    indices, guard, body = e.open()
    if e.op in ("sum", "mean"):
        factor, rest = split_factors(body, indices)
        return factor * Reduce(e.op, indices, guard, rest)
    if e.op not in _SHIFTED:
        return e
    terms = sympy.Add.make_args(sympy.expand(body))
    outside = [term for term in terms if free_indices(term).isdisjoint(indices)]
    if not outside:
        return e
    inside = sympy.Add(*(term for term in terms if term not in outside))
    return sympy.Add(*outside) + Reduce(e.op, indices, guard, inside)


_SHIFTED = ("logsumexp", "logmeanexp", "max", "min")
"""Reductions f with f(c + x) = c + f(x), where something takes part."""


def split_factors(term: Expr, indices: Sequence[Basic]) -> tuple[Expr, Expr]:
    """A product as (factors free of the indices, the others)."""
    outside: list[Expr] = []
    inside: list[Expr] = []
    for factor in sympy.Mul.make_args(term):
        (outside if free_indices(factor).isdisjoint(indices) else inside).append(factor)
    return sympy.Mul(*outside), sympy.Mul(*inside)


def through_sigmoid(expr: Expr, score: Symbol, probability: Symbol) -> Expr:
    """``expr`` of a score, as a formula of the probability sigmoid(score)."""
    other = sympy.Dummy("other", positive=True)
    logit = sympy.log(probability) - sympy.log(other)
    found = complemented(rewritten(expr, lambda e: logit if e == score else e), probability, other)
    return substitute(found, {other: 1 - probability})


def complemented(expr: Expr, one: Symbol, other: Symbol) -> Expr:
    """``expr`` with 1 for the sum of the two symbols, in quotients as well."""
    whole, rest = one + other, {1 - one: other, 1 - other: one, one - 1: -other, other - 1: -one}

    def rule(e: Basic) -> Basic:
        if isinstance(e, sympy.log):
            return log(e.args[0])
        if isinstance(e, sympy.exp):
            return _power(e)
        if not isinstance(e, sympy.Add) or e.free_symbols.isdisjoint((one, other)):
            return e
        if e in rest:
            return rest[e]
        if not e.is_rational_function(one, other):
            return e
        factored = sympy.factor(sympy.together(e))
        parts = (f.as_base_exp() for f in sympy.Mul.make_args(factored))
        return _shorter(sympy.Mul(*(ONE if base == whole else base**n for base, n in parts)), e)

    return rewritten(expr, rule)


def _power(e: sympy.exp) -> Expr:
    """exp(a log x) as x**a."""
    logs = [f for f in sympy.Mul.make_args(e.args[0]) if isinstance(f, sympy.log)]
    return logs[0].args[0] ** (e.args[0] / logs[0]) if len(logs) == 1 else e


def _shorter(new: Expr, old: Expr) -> Expr:
    return new if new.count_ops() <= old.count_ops() else old


# ---------------------------------------------------------------- equality


def same(left: Expr, right: Expr, variable: Symbol, region: Region) -> bool:
    """Whether two formulas of a real ``variable`` are known to be equal over the region.

    By exact normal forms, piece by piece where they have kinks; ``False`` where in doubt.
    """
    if left == right or _is_zero(left - right, region.having(variable, LINE)):
        return True
    difference = left - right
    found = cells(difference, variable, LINE, region)
    if found is None:
        return False
    breaks = (substitute(difference, {variable: cell.bounds.low}) for cell in found[1:])
    return all(_is_zero(at, region) for at in breaks) and all(
        _is_zero(cell.formula, region.having(variable, _inside(cell.bounds))) for cell in found
    )


def _is_zero(expr: Expr, region: Region) -> bool:
    try:
        return Normal(region, expr).is_zero(expr)
    except TooHard:
        return False


def _inside(bounds: Bounds) -> Bounds:
    return replace(bounds, low_closed=False, high_closed=False)
