"""Whether what is known of some whole numbers implies that an index lies inside its axis.

Everything is a linear inequality ``form >= 0``: the ranges of indices, the sizes of axes, the
domains of hyperparameters, and the comparisons of the guards around the index. An index is inside
if ``index <= -1`` and ``index >= size`` both contradict them, which Fourier and Motzkin's
elimination decides over the rationals. What it cannot decide counts as not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TypeAlias

import sympy
from sympy import Basic, Expr

from losslang.ir.heads import ONE, ZERO, Axis, Index, Size
from losslang.ir.loss import BATCH, Domain
from losslang.ir.primitives import Apply, operands
from losslang.ir.truth import Delta, Equal, Less, LessEqual, conjuncts

MAX_FORMS = 200
"""How many inequalities an elimination may hold before it gives up."""

Form: TypeAlias = tuple[tuple[tuple[Basic, Fraction], ...], Fraction]
"""Coefficients of what is not known, and a constant."""

Domains: TypeAlias = Mapping[str, Domain]
"""Those of hyperparameters, by name."""


def implied(wanted: Expr, known: Expr, domains: Domains | None = None) -> bool:
    """Whether ``wanted >= 0`` holds wherever the truth value ``known`` is 1.

    ``wanted`` is a whole number for every value of its indices and symbols.
    """
    wanted = sympy.expand(wanted)
    if wanted.is_Rational:
        return bool(wanted >= 0)
    forms = dict.fromkeys([_form(-wanted - 1), *map(_form, _compared(known))])
    todo = [atom for form in forms for atom, _ in form[0]]
    seen: set[Basic] = set()
    while todo:
        atom = todo.pop()
        if atom not in seen:
            seen.add(atom)
            facts = [_form(fact) for fact in _facts(atom, domains or {})]
            forms.update(dict.fromkeys(facts))
            todo += [other for fact in facts for other, _ in fact[0]]
    return _contradict(set(forms))


def _compared(known: Expr) -> Iterator[Expr]:
    """What the comparisons of a condition say is not negative."""
    for part in conjuncts(known):
        if isinstance(part, Less):
            left, right = part.args
            whole = left.is_integer and right.is_integer
            yield right - left - (ONE if whole else ZERO)
        elif isinstance(part, LessEqual):
            yield part.args[1] - part.args[0]
        elif isinstance(part, Delta | Equal):
            yield part.args[0] - part.args[1]
            yield part.args[1] - part.args[0]


def _facts(atom: Basic, domains: Domains) -> Iterator[Expr]:
    """What is known of one number: expressions that are not negative."""
    if isinstance(atom, Index):
        yield atom
        yield Size(atom.axis) - 1 - atom
    elif isinstance(atom, Size):
        yield atom if atom.axis == BATCH else atom - 1
    elif is_floor(atom):
        (below,) = operands(atom)
        yield below - atom
        above, divisor = sympy.fraction(sympy.together(below))
        whole = above.is_integer and divisor.is_Integer
        yield atom - below + (1 - 1 / divisor if whole else 1)
    elif isinstance(atom, sympy.Symbol) and atom.name in domains:
        domain = domains[atom.name]
        open_end = ONE if atom.is_integer else ZERO
        if domain.low is not None:
            low = sympy.Rational(domain.low.numerator, domain.low.denominator)
            yield atom - low - (ZERO if domain.low_closed else open_end)
        if domain.high is not None:
            high = sympy.Rational(domain.high.numerator, domain.high.denominator)
            yield high - atom - (ZERO if domain.high_closed else open_end)
    elif isinstance(atom, Expr) and atom.is_positive and atom.is_integer:
        yield atom - 1
    elif isinstance(atom, Expr) and atom.is_nonnegative:
        yield atom


def is_floor(expr: Basic) -> bool:
    """Whether an expression is the whole part of a number."""
    return isinstance(expr, Apply) and expr.name == "floor"


def _form(expr: Expr) -> Form:
    """An expression as a linear form; products of unknowns are unknowns themselves."""
    constant, found = Fraction(0), {}
    for atom, factor in sympy.expand(expr).as_coefficients_dict().items():
        if not factor.is_Rational:
            atom, factor = atom * factor, ONE
        share = Fraction(int(factor.p), int(factor.q))
        if atom == ONE:
            constant += share
        else:
            found[atom] = share
    return tuple(sorted(found.items(), key=lambda item: sympy.default_sort_key(item[0]))), constant


def _contradict(forms: set[Form]) -> bool:
    """Whether no rational numbers make all forms at least 0."""
    while forms:
        if any(not coefficients and constant < 0 for coefficients, constant in forms):
            return True
        counts: dict[Basic, tuple[int, int]] = {}
        for coefficients, _ in forms:
            for atom, factor in coefficients:
                above, below = counts.get(atom, (0, 0))
                counts[atom] = (above + (factor > 0), below + (factor < 0))
        if not counts:
            return False
        atom = min(counts, key=lambda a: (counts[a][0] * counts[a][1], str(a)))
        forms = set(_eliminated(forms, atom))
        if len(forms) > MAX_FORMS:
            return False
    return False


def _eliminated(forms: Iterable[Form], atom: Basic) -> Iterator[Form]:
    """The consequences of some inequalities for all unknowns but one."""
    above: list[tuple[Fraction, Form]] = []
    below: list[tuple[Fraction, Form]] = []
    for form in forms:
        factor = dict(form[0]).get(atom)
        if factor is None:
            yield form
        else:
            (above if factor > 0 else below).append((factor, form))
    for up, first in above:
        for down, second in below:
            total = dict(first[0])
            shares = {a: f / up for a, f in total.items()}
            for other, factor in second[0]:
                shares[other] = shares.get(other, Fraction(0)) - factor / down
            rest = [(a, f) for a, f in shares.items() if f != 0 and a != atom]
            rest.sort(key=lambda item: sympy.default_sort_key(item[0]))
            yield tuple(rest), first[1] / up - second[1] / down


def inside(index: Expr, axis: Axis, known: Expr, domains: Domains | None = None) -> bool:
    """Whether ``0 <= index < size(axis)`` wherever ``known`` is 1."""
    return implied(index, known, domains) and implied(Size(axis) - 1 - index, known, domains)
