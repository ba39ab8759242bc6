"""Bounds of a loss by composition: what its terms do not exceed, as formulas in hyperparameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy
from sympy import Expr, Rational, S

from losslang.ir.binders import free_indices
from losslang.ir.heads import Size
from losslang.ir.reduce import Reduce
from losslang.verify.arrays import spread_of
from losslang.verify.enclosure import Range
from losslang.verify.interval import rational
from losslang.verify.readings.structure import Structure
from losslang.verify.statement import Region
from losslang.verify.theorem import Case, Guess, Question
from losslang.verify.theorems import structure as theorems


def ends(*names: str) -> Callable[..., Iterator[Guess]]:
    """Bounds ``low`` and ``high`` of all terms, where composition tells them."""

    def found(reading: Structure, question: Question) -> Iterator[Guess]:
        guess: dict[str, Expr] = {}
        for term, where in theorems.summands(Case(reading, question)):
            known = spread_of(term.body, where)
            for name in names:
                sign = S.NegativeOne if name == "low" else S.One
                end = _number(known, sign)
                end = _end(sign * term.body, where) if end is None else end
                if end is None:
                    return
                guess[f"{name} {term.name}"] = sign * end
        yield guess

    return found


def _number(known: Range | None, sign: Expr) -> Expr | None:
    """The greatest of the numbers of a range, or of their opposites."""
    end = None if known is None else known.hull.high if sign == 1 else -known.hull.low
    if end is None or not end.is_finite():
        return None
    found = rational(end)
    return Rational(found.numerator, found.denominator)


def _end(expr: Expr, where: Region) -> Expr | None:
    """A number, or a formula in hyperparameters, that ``expr`` does not exceed."""
    number = _number(spread_of(expr, where), S.One)
    if number is not None:
        return number
    if isinstance(expr, sympy.Add):
        parts = [_end(part, where) for part in expr.args]
        return None if None in parts else sympy.Add(*parts)
    fold = _folded_end(expr, where)
    if fold is not None:
        return fold
    if isinstance(expr, sympy.Pow):
        return _power_end(expr, where)
    constants = [f for f in sympy.Mul.make_args(expr) if f.free_symbols and _is_setting(f, where)]
    rest = expr / sympy.Mul(*constants)
    if not constants or rest == expr:
        return None
    scale = spread_of(sympy.Mul(*constants), where)
    if scale is None or not (scale.nonnegative or scale.nonpositive):
        return None
    sign = S.One if scale.nonnegative else S.NegativeOne
    end = _end(sign * rest, where)
    return None if end is None else sign * sympy.Mul(*constants) * end


def _power_end(power: Expr, where: Region) -> Expr | None:
    """The same for a power whose exponent is a formula of hyperparameters, and not negative."""
    if free_indices(power.exp) or not power.exp.free_symbols <= set(where.symbols):
        return None
    ranges = [spread_of(part, where) for part in power.args]
    if any(known is None or not known.nonnegative for known in ranges):
        return None
    base = _end(power.base, where)
    return None if base is None else base**power.exp


def _folded_end(expr: Expr, where: Region) -> Expr | None:
    """The same for a number times a fold: the greatest of what is folded, and more of a sum."""
    number, fold = expr.as_coeff_Mul()
    if not isinstance(fold, Reduce):
        return None
    _, guard, body = fold.open()
    sign = S.One if number > 0 else S.NegativeOne
    each = _end(sign * body, where.where(guard))
    if each is None or fold.op not in ("mean", "max", "min", "logmeanexp", "logsumexp"):
        return None
    more = sympy.log(sympy.prod([Size(i.axis) for i in fold.binders]))
    return abs(number) * (each + (more if fold.op == "logsumexp" and number > 0 else S.Zero))


def _is_setting(expr: Expr, where: Region) -> bool:
    base, _ = expr.as_base_exp()
    return base in where and not free_indices(expr)
