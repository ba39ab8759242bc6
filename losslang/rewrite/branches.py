"""Harmless arguments for singular functions where a branch or a guard does not take them."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Basic, Dummy, Expr, Mul, Pow

from losslang.ir.binders import Binder, free_indices, substitute, walk
from losslang.ir.heads import ONE, ZERO, At, Branch, Detach, Index
from losslang.ir.primitives import Apply
from losslang.ir.recursion import Prior, Recursion
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import Delta, Not, is_settled
from losslang.rewrite import squares
from losslang.rewrite.differences import is_difference

CUBE = 3
"""From this power on, a number whose power overflows has a slope that does so too."""

SAFE: dict[str, Expr] = {
    "log": ONE,
    "log1p": ZERO,
    "log1mexp": -ONE,
    "exp": ZERO,
    "expm1": ZERO,
    "sinh": ZERO,
    "cosh": ZERO,
    "asin": ZERO,
    "acos": ZERO,
    "atanh": ZERO,
    "acosh": sympy.Integer(2),
    "lgamma": ONE,
    "digamma": ONE,
    "trigamma": ONE,
    "xlogy": ONE,
    "times_exp": ZERO,
    "one_minus_cube": ZERO,
}
"""A harmless argument of each function that is singular or overflows somewhere."""


def safe_branches(expr: Expr) -> Expr:
    """Give singular functions in a branch or under a guard a harmless argument where not taken.

    Selecting afterwards is not enough: the gradient of the part left out would be 0 times infinity.
    """
    memo: dict[Basic, Basic] = {}

    def visit(e: Basic) -> Basic:
        if not e.args or not isinstance(e, Expr):
            return e
        if e not in memo:
            memo[e] = rebuild(e)
        return memo[e]

    def rebuild(e: Expr) -> Expr:
        if isinstance(e, Branch):
            test, yes, no = (visit(a) for a in e.args)
            if is_settled(test):  # the branch that is not taken has no gradient
                return Branch(test, yes, no)
            return Branch(test, protected(yes, test), protected(no, Not(test)))
        if isinstance(e, Binder):
            guard, body = visit(e.guard), visit(e.body)
            rest = tuple(visit(a) for a in e.rest)
            if isinstance(guard, Not) and isinstance(guard.args[0], Delta):
                body = _protected_at(body, guard, e.binders)
            elif e.guard != ONE:
                body = protected(body, guard)
            same = (guard, body, rest) == (e.guard, e.body, e.rest)
            return e if same else Binder.__new__(type(e), e.op, e.binders, guard, body, *rest)
        args = [visit(a) for a in e.args]
        return e.func(*args) if tuple(args) != e.args else e

    return visit(expr)


def protected(expr: Expr, test: Expr) -> Expr:
    """``expr``, computed from harmless arguments where ``test`` is 0."""
    if not expr.args or isinstance(expr, At | Index | Recursion | Prior):
        return expr
    # What is computed once for all places of the test is not worth an array of their shape.
    if isinstance(expr, Binder | Detach) and not free_indices(test) <= free_indices(expr):
        return expr
    if isinstance(expr, Binder):
        return _protected_inside(expr, test)
    if isinstance(expr, Branch):
        decided, yes, no = expr.args
        return Branch(decided, protected(yes, test), protected(no, test))
    args = [protected(a, test) if isinstance(a, Expr) else a for a in expr.args]
    if isinstance(expr, Pow) and not (expr.exp.is_Integer and 0 < expr.exp < CUBE):
        return Pow(_where(test, args[0], ONE), args[1])
    name = expr.name if isinstance(expr, Apply) else type(expr).__name__
    if name in SAFE and not (name in ("exp", "expm1") and is_log_probability(expr)):
        first = 1 if isinstance(expr, Apply) else 0
        args[first:] = [_harmless(test, a, SAFE[name]) for a in args[first:]]
    return expr.func(*args) if tuple(args) != expr.args else expr


def _protected_at(expr: Expr, test: Expr, binders: Sequence[Index]) -> Expr:
    """``expr`` with harmless arguments at the places left out; what all places share is needed."""
    shared = [part for part in walk(expr) if part.args and free_indices(part).isdisjoint(binders)]
    signs = {part: _is_entry(1 / part) or None for part in shared if squares.reads(part)}
    kept = {part: Dummy(real=True, positive=sign) for part, sign in signs.items()}
    hidden = substitute(expr, kept)
    found: Expr = substitute(protected(hidden, test), {d: part for part, d in kept.items()})
    return found


def _protected_inside(expr: Binder, test: Expr) -> Expr:
    """A comprehension over harmless arguments."""
    indices, guard, body = expr.open()
    inside = protected(body, test)
    if inside == body:
        return expr
    return Binder.__new__(type(expr), expr.op, indices, guard, inside, *expr.rest)


def _harmless(test: Expr, argument: Expr, safe: Expr) -> Expr:
    """The argument where it is wanted: by a difference of 0 elsewhere, which may be infinite."""
    apart = {part for part in walk(argument) if isinstance(part, Expr) and is_difference(part)}
    if len(apart) == 1:
        (difference,) = apart
        if substitute(argument, {difference: ZERO}) == safe:
            chosen = Branch(test, difference, ZERO)
            found: Expr = substitute(argument, {difference: chosen})
            return found
    return _where(test, argument, safe)


def _where(test: Expr, argument: Expr, safe: Expr) -> Expr:
    """The argument where it is wanted; a number that the test does not concern is always fine."""
    if safe.is_positive and _stays_positive(argument):
        return argument
    concerned = squares.reads(argument) or (not squares.reads(test) and not argument.is_number)
    return Branch(test, argument, safe) if concerned else argument


def _stays_positive(e: Expr) -> bool:
    """Whether a number is a positive entry, or one over a fold of such, for floats too."""
    if not isinstance(e, Mul):
        return _is_entry(e)
    first, *others = e.args
    return len(others) == 1 and any(
        _is_entry(above) and (_is_entry(1 / below) or (below.is_Dummy and below.is_positive))
        for above, below in ((first, *others), (*others, first))
    )


def _is_entry(e: Expr) -> bool:
    if isinstance(e, Reduce) and e.op in ("sum", "mean", "max", "min") and e.guard == ONE:
        return _is_entry(e.body)
    return isinstance(e, At) and bool(e.is_extended_positive)


def is_log_probability(expr: Expr) -> bool:
    """Whether the argument of a function is the logarithm of a probability, and so below 0."""
    inside = expr.args[-1]
    return isinstance(inside, Ordered) and inside.op == "log_softmax"
