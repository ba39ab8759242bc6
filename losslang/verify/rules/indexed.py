"""Equality of formulas in index notation, by a normal form.

What does not depend on a bound index leaves a sum, a maximum or a logsumexp; positive factors leave
powers and extrema; comparisons look at the sign of a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import Binder, free_indices, tree_size
from losslang.ir.heads import ONE, ZERO, At, Branch, Index, Labelled, Max, Min
from losslang.ir.loss import BATCH
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import SPECTRA, Spectrum
from losslang.ir.truth import Delta, Equal, Less, LessEqual
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import sign_statement
from losslang.verify.statement import Statement

MAX_SIZE = 20_000

SHIFTED = ("max", "min", "logsumexp", "logmeanexp")
PLACES = ("argmax", "argmin")


def normal(expr: Expr) -> Expr:
    """An equal formula; formulas with the same normal form are equal.

    Raises :class:`~losslang.verify.proof.Rejected` for a formula that grows too large.
    """
    memo: dict[Basic, Basic] = {}

    def visit(e: Basic) -> Basic:
        if not e.args or not isinstance(e, Expr):
            return e
        if e not in memo:
            made = _merged(rebuilt(e))
            if tree_size(made) > MAX_SIZE:
                raise Rejected("the normal form is too large")
            memo[e] = made
        return memo[e]

    def rebuilt(e: Expr) -> Expr:
        if isinstance(e, Binder):
            indices, guard, body = e.open()
            parts = (indices, visit(guard), visit(body), *map(visit, e.rest))
            if isinstance(e, Spectrum):
                return _spectrum(e.op, *parts)
            made = _ordered if isinstance(e, Ordered) else _reduced
            return made(e.op, *parts)
        args = [visit(a) for a in e.args]
        if isinstance(e, Labelled):
            return args[1]
        if isinstance(e, sympy.Pow):
            return _power(*args)
        if isinstance(e, Less | LessEqual | Equal):
            return _compared(e.func, *args)
        if isinstance(e, Max | Min):
            return _extremum(e.func, args)
        if isinstance(e, sympy.log):
            return _logarithm(*args)
        if isinstance(e, Branch) and all(map(_is_polynomial, args[1:])):
            test, yes, no = args
            return no + sympy.expand_mul(test * (yes - no))
        made = e.func(*args)
        return _multiplied_out(made) if isinstance(made, sympy.Mul) else made

    return visit(expr)


def _multiplied_out(product: Expr) -> Expr:
    """A product as a sum of products, divisors staying as they are."""
    factors = sympy.Mul.make_args(product)
    below = [f for f in factors if f.is_Pow and f.exp.is_negative]
    above = [f for f in factors if f not in below]
    terms = sympy.Add.make_args(sympy.expand_mul(sympy.Mul(*above), deep=False))
    return sympy.Add(*(sympy.Mul(term, *below) for term in terms))


def _merged(e: Expr) -> Expr:
    """A sum of products with one exponential each, as SymPy leaves some apart."""
    return sympy.Add(*map(_with_one_exponential, sympy.Add.make_args(e)))


def _with_one_exponential(product: Expr) -> Expr:
    factors = sympy.Mul.make_args(product)
    powers = [f for f in factors if isinstance(f, sympy.exp)]
    if len(powers) < 2:
        return product
    total = sympy.exp(sympy.Add(*(power.args[0] for power in powers)))
    return sympy.Mul(total, *(f for f in factors if f not in powers))


def _terms(e: Expr) -> tuple[Expr, ...]:
    return sympy.Add.make_args(sympy.expand_mul(e))


def _apart(e: Expr, indices: Sequence[Index]) -> tuple[list[Expr], list[Expr]]:
    """The terms of ``e`` without the indices, and those with them."""
    outside: list[Expr] = []
    inside: list[Expr] = []
    for term in _terms(e):
        free = free_indices(term).isdisjoint(indices)
        (outside if free else inside).append(term)
    return outside, inside


def _factors(e: Expr, indices: Sequence[Index]) -> tuple[Expr, Expr]:
    """``e`` as a factor without the indices, and the rest."""
    outside: list[Expr] = []
    inside: list[Expr] = []
    for factor in sympy.Mul.make_args(e):
        if isinstance(factor, sympy.exp):
            alike, unlike = _apart(factor.args[0], indices)
            outside.append(sympy.exp(sympy.Add(*alike)))
            inside.append(sympy.exp(sympy.Add(*unlike)))
            continue
        free = free_indices(factor).isdisjoint(indices)
        (outside if free else inside).append(factor)
    return sympy.Mul(*outside), sympy.Mul(*inside)


def _positive_factor(terms: Sequence[Expr], indices: Sequence[Index]) -> Expr:
    """A positive factor that all terms share and that does not depend on the indices."""
    common: list[Expr] | None = None
    for term in terms:
        factors = [
            f
            for f in sympy.Mul.make_args(term)
            if f.is_extended_positive and free_indices(f).isdisjoint(indices)
        ]
        common = factors if common is None else [f for f in common if f in factors]
    return sympy.Mul(*(common or []))


def _reduced(op: str, indices: tuple[Index, ...], guard: Expr, body: Expr) -> Expr:
    if op in ("sum", "mean"):
        total = []
        for term in _terms(body):
            factor, rest = _factors(term, indices)
            total.append(factor * _summed(op, indices, guard, rest))
        return sympy.Add(*total)
    if op in SHIFTED:
        outside, inside = _apart(body, indices)
        scale = _positive_factor(inside, indices) if op in ("max", "min") and inside else ONE
        rest = sympy.Add(*(term / scale for term in inside))
        return sympy.Add(*outside, scale * Reduce(op, indices, guard, rest))
    if op in PLACES:
        _, inside = _apart(body, indices)
        scale = _positive_factor(inside, indices) if inside else ONE
        return Reduce(op, indices, guard, sympy.Add(*(term / scale for term in inside)))
    return Reduce(op, indices, guard, body)


def _summed(op: str, indices: tuple[Index, ...], guard: Expr, body: Expr) -> Expr:
    # Every axis but the batch has a place, so the mean of 1 along it is 1.
    if op == "mean" and body == ONE == guard and all(i.axis != BATCH for i in indices):
        return ONE
    return Reduce(op, indices, guard, body)


def _ordered(op: str, indices: tuple[Index, ...], guard: Expr, body: Expr, at: Expr) -> Expr:
    outside, inside = _apart(body, indices)
    scale = _positive_factor(inside, indices) if inside else ONE
    plain = sympy.Add(*(term / scale for term in inside))
    if op == "rank":
        return Ordered(op, indices, guard, plain, at)
    if op in ("sort", "quantile"):
        return sympy.Add(*outside, scale * Ordered(op, indices, guard, plain, at))
    return Ordered(op, indices, guard, body, at)


def _spectrum(op: str, indices: tuple[Index, ...], guard: Expr, body: Expr, *rest: Expr) -> Expr:
    """A positive factor of a matrix is one of its numbers, and none of its vectors.

    The singular values of a matrix are those of its transpose.
    """
    terms = _terms(body)
    scale = _positive_factor(terms, indices)
    plain = sympy.Add(*(term / scale for term in terms))
    made = Spectrum(op, indices, guard, plain, *rest)
    if op == "singular_values":
        turned = Spectrum(op, indices[::-1], guard, plain, *rest)
        made = min(made, turned, key=sympy.default_sort_key)
    return (scale if op in SPECTRA else ONE) * made


def _power(base: Expr, exponent: Expr) -> Expr:
    if exponent.is_Integer and 0 < exponent <= 8 and isinstance(base, sympy.Add):
        power = sympy.expand_multinomial(base**exponent)
        return power.replace(_is_power_of_truth, lambda e: e.base)
    terms = sympy.Add.make_args(base)
    scale = _positive_factor(terms, ())
    rest = sympy.Add(*(term / scale for term in terms))
    return scale**exponent * rest**exponent


def _is_power_of_truth(e: Basic) -> bool:
    """Whether a formula is a positive power of 0 or 1, which is the number itself."""
    return isinstance(e, sympy.Pow) and isinstance(e.base, Delta) and e.exp.is_positive is True


def _is_polynomial(e: Basic) -> bool:
    """Whether a formula has a value at all entries, so that it may be computed where not used."""
    if isinstance(e, sympy.Pow):
        return e.exp.is_Integer and e.exp >= 0 and _is_polynomial(e.base)
    if isinstance(e, sympy.Add | sympy.Mul):
        return all(map(_is_polynomial, e.args))
    return isinstance(e, At | sympy.Symbol | Delta) or e.is_Rational is True


def _logarithm(inside: Expr) -> Expr:
    inside = sympy.factor_terms(inside)
    inside = sympy.Mul(*(_primitive(f) for f in sympy.Mul.make_args(inside)))
    factors = sympy.Mul.make_args(inside)
    if not all(map(_is_positive, factors)):
        return sympy.log(inside)
    logs = (
        f.exp * sympy.log(f.base) if isinstance(f, sympy.Pow) else sympy.log(f) for f in factors
    )
    return sympy.Add(*logs)


def _primitive(factor: Expr) -> Expr:
    """A factor whose terms have no number in common, beside that number."""
    base, power = factor.as_base_exp()
    if not (isinstance(base, sympy.Add) and power.is_Integer):
        return factor
    content, rest = base.primitive()
    return content**power * rest**power


def _is_positive(factor: Expr) -> bool:
    """Whether a factor is known to be positive, as sums of positive numbers over classes are."""
    if isinstance(factor, sympy.Pow):
        return factor.exp.is_real is True and _is_positive(factor.base)
    if isinstance(factor, Reduce) and factor.op in ("sum", "mean") and factor.guard == ONE:
        over = all(index.axis != BATCH for index in factor.binders)
        return over and _is_positive(factor.open()[2])
    return factor.is_extended_positive is True


def _compared(head: Callable[[Expr, Expr], Expr], left: Expr, right: Expr) -> Expr:
    terms = _terms(right - left)
    scale = _positive_factor(terms, ())
    return head(ZERO, sympy.Add(*(term / scale for term in terms)))


def _extremum(head: Callable[..., Expr], args: Sequence[Expr]) -> Expr:
    split = [_terms(a) for a in args]
    shared = [t for t in split[0] if all(t in other for other in split[1:])]
    scale = _positive_factor([t for terms in split for t in terms if t != ZERO], ())
    rest = [sympy.Add(*(t / scale for t in terms if t not in shared)) for terms in split]
    return sympy.Add(*shared, scale * head(*rest))


def _indexed_identity(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    if goal.relation != "==":
        raise Rejected("the rule is about equations")
    left = normal(goal.expr)
    if left != ZERO:
        raise Rejected(f"the normal form is {left}")
    return ()


INDEXED_RULES: tuple[Rule, ...] = (
    Rule("indexed", "both sides have one normal form in index notation", _indexed_identity),
)
