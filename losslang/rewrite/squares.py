"""Squares that overflow inside of something that does not: the square is never formed.

In float32 the square of 2e19 is infinite, while its logarithm, its root and its share of a sum are
not. Each rule looks at one node, as those of :mod:`losslang.rewrite.stability` do.
"""

from __future__ import annotations

import sympy
from sympy import Add, Expr, Mul, Pow, Rational

from losslang.ir.binders import Binder, substitute, walk
from losslang.ir.heads import ONE, At, Branch
from losslang.ir.primitives import Apply
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.truth import LessEqual

WORDS = frozenset("log1p_square square_share hypot hypot_minus_one square_ratio".split())
"""``log(1 + x**2)``, ``x**2 / (1 + x**2)``, ``sqrt(x**2 + y**2)``, ``sqrt(1 + x**2) - 1`` and
``x**2 / y``.
"""


def root(expr: Expr) -> Expr | None:
    """A real ``w`` that is read from an input, with ``w**2 == expr``."""
    found: list[Expr] = []
    for factor in Mul.make_args(expr):
        base, exponent = factor.as_base_exp()
        if exponent.is_Integer and exponent % 2 == 0 and base.is_extended_real:
            found.append(base ** (exponent / 2))
        elif factor.is_positive and not reads(factor):
            found.append(sympy.sqrt(factor))
        else:
            return None
    whole = Mul(*found)
    return whole if reads(whole) else None


def reads(expr: Expr) -> bool:
    """Whether an expression depends on an input."""
    return any(isinstance(node, At) for node in walk(expr))


def log_of_square(e: Expr) -> Expr | None:
    """``log(1 + w**2)``, which grows like ``2 log(w)``."""
    inside = e.args[0]
    if isinstance(inside, Add) and inside.args[0] == ONE:
        w = root(inside - 1)
        return None if w is None else Apply("log1p_square", w)
    return None


def quadratic(e: Expr) -> tuple[Expr, Expr] | None:
    """``c > 0`` and ``w`` with ``e == c (1 + w**2)``, for a polynomial of degree 2 in an input."""
    squares = {base for term in e.args for base, n in map(_power, Mul.make_args(term)) if n == 2}
    reading = [base for base in squares if isinstance(base, At)]
    if len(reading) != 1:
        return None
    (read,) = reading
    unknown = sympy.Dummy(real=True)
    found = sympy.expand_mul(e.xreplace({read: unknown})).as_poly(unknown)
    if found is None or found.degree() != 2:
        return None
    a, b, c = found.all_coeffs()
    rest = c - b**2 / (4 * a)
    if reads(a) or reads(b) or reads(c) or not (a.is_positive and rest.is_positive):
        return None
    return rest, (read + b / (2 * a)) * sympy.sqrt(a / rest)


def _power(factor: Expr) -> tuple[Expr, Expr]:
    base, exponent = factor.as_base_exp()
    return base, exponent


def log_of_quadratic(e: Expr) -> Expr | None:
    """``log(a x**2 + b x + c)`` without a real root, by completing the square where x is large."""
    inside = e.args[0]
    found = quadratic(inside) if isinstance(inside, Add) else None
    if found is None:
        return None
    scale, w = found
    if inside.args[0] != ONE:
        root = sympy.sqrt(scale)
        return 2 * sympy.log(Apply("hypot", sympy.expand_mul(w * root), root))
    large = sympy.log(scale) + Apply("log1p_square", w)
    return Branch(LessEqual(w**2, ONE / scale), Apply("log1p", inside - 1), large)


def root_of_square(e: Expr) -> Expr | None:
    """``c sqrt(1 + w**2) - c``, which grows like ``w``."""
    for term in e.args:
        for factor in Mul.make_args(term):
            if not (isinstance(factor, Pow) and factor.exp == Rational(1, 2)):
                continue
            scale = term / factor
            inside = factor.base
            if -scale in e.args and isinstance(inside, Add) and inside.args[0] == ONE:
                w = root(inside - 1)
                if w is not None:
                    return e - term + scale + scale * Apply("hypot_minus_one", w)
    return None


def share_of_square(e: Expr) -> Expr | None:
    """``w**2 / (a + w**2)`` with a number ``a``, which grows towards 1."""
    for factor in e.args:
        base, exponent = factor.as_base_exp()
        if exponent != -1 or not (isinstance(base, Add) and base.args[0].is_positive):
            continue
        if not base.args[0].is_number:
            continue
        square = base - base.args[0]
        scale = e / factor / square
        w = root(square / base.args[0])
        if w is not None and not reads(scale):
            return scale * Apply("square_share", w)
    return None


def over_quadratic(e: Expr) -> Expr | None:
    """``x / (c + x**2)`` as ``(x / h) / h`` with ``h`` the root of what is below."""
    for factor in e.args:
        base, exponent = factor.as_base_exp()
        found = quadratic(base) if exponent == -1 and isinstance(base, Add) else None
        for read in e.args if found is not None else ():
            if isinstance(read, At) and found is not None and not reads(found[1] / read):
                root = sympy.sqrt(found[0])
                length = Apply("hypot", found[1] * root, root)
                rest = (f for f in e.args if f not in (factor, read))
                return Mul(*rest, Apply("quotient", Apply("quotient", read, length), length))
    return None


def square_over(e: Expr) -> Expr | None:
    """``w**2 / v`` as ``w (w / v)``: finite also where the square is not."""
    squares = [f for f in e.args if isinstance(f, Pow) and f.exp == 2 and reads(f)]
    below = [f for f in e.args if isinstance(f, Pow) and f.exp == -1 and isinstance(f.base, At)]
    if len(squares) != 1 or len(below) != 1:
        return None
    rest = (f for f in e.args if f not in (squares[0], below[0]))
    return Mul(*rest, Apply("square_ratio", squares[0].base, below[0].base))


def square_of_quotient(e: Expr) -> Expr | None:
    """``w**2 / v**2`` as ``(w / v)**2``, where the squares overflow or vanish and it does not."""
    for under in e.args:
        below, exponent = under.as_base_exp()
        if exponent != -2 or not isinstance(below, At):
            continue
        for over in e.args:
            above, power = over.as_base_exp()
            if power == 2 and reads(above):
                rest = (f for f in e.args if f not in (over, under))
                return Mul(*rest, Apply("quotient", above, below) ** 2)
    return None


def share_of_squares(e: Expr) -> Expr | None:
    """``sum(v**2) / sum(w**2)`` as the square of a quotient of lengths; so also of means."""
    for under in e.args:
        below = length(under.base) if isinstance(under, Pow) and under.exp == -1 else None
        if below is None:
            continue
        for over in e.args:
            above = _root(over, below.op)
            if above is not None:
                rest = (f for f in e.args if f not in (over, under))
                return Mul(*rest, Apply("quotient", above, below) ** 2)
    return None


def _root(over: Expr, op: str) -> Expr | None:
    """The root of a square of a sum or mean, or the length that ``op`` computes."""
    if isinstance(over, Pow) and over.exp == 2 and isinstance(over.base, Reduce):
        return over.base
    above = length(over)
    return above if above is not None and above.op == op else None


def projection(e: Expr) -> Expr | None:
    """``sum(v w) / sum(w**2)``, how far ``v`` goes along ``w``, by the unit vector of ``w``."""
    for under in e.args:
        total, times = under.as_base_exp()
        below = length(total) if times.is_Integer and times < 0 else None
        if below is None or below.op != "norm" or len(below.binders) != 1:
            continue
        for over in e.args:
            inner, power = over.as_base_exp()
            found = along(inner, below)
            if found is not None and power.is_Integer and power > 0:
                both = min(-times, power)
                rest = (f for f in e.args if f not in (over, under))
                left = total ** (times + both) * inner ** (power - both)
                return Mul(*rest, Apply("quotient", found, below) ** both, left)
    return None


def along(inner: Expr, norm: Reduce) -> Expr | None:
    """An inner product with a vector, by the unit vector."""
    if not isinstance(inner, Reduce) or inner.op != "sum" or len(inner.binders) != 1:
        return None
    (place,), guard, body = inner.open()
    there = {norm.binders[0]: place}
    entry = substitute(norm.body, there)
    if entry not in Mul.make_args(body) or substitute(norm.guard, there) != guard:
        return None
    unit = Ordered("unit", norm.binders, norm.guard, norm.body, place)
    return Reduce("sum", (place,), guard, body / entry * unit)


def length(total: Expr) -> Reduce | None:
    """The root of a sum or mean of squares, which are never added up."""
    words = {"sum": "norm", "mean": "root_mean_square"}
    if not isinstance(total, Reduce) or total.op not in words:
        return None
    entry = root(total.body)
    if entry is None:
        return None
    return Binder.__new__(Reduce, words[total.op], total.binders, total.guard, entry)


def log_of_lengths(e: Expr) -> Expr | None:
    """``log((v / w)**2)`` of lengths ``v`` and ``w``, and of one of them, without the square."""
    share, exponent = e.args[0].as_base_exp()
    if exponent == 2 and isinstance(share, Apply) and share.name == "quotient":
        return 2 * sympy.log(share)
    for factor in Mul.make_args(e.args[0]):
        total, exponent = factor.as_base_exp()
        rest, whole = e.args[0] / factor, length(total)
        if whole is not None and exponent.is_number and rest.is_positive:
            return sympy.log(rest) + 2 * exponent * sympy.log(whole)
    return None


def root_of_squares(e: Expr) -> Expr | None:
    """``sqrt(x**2 + y**2 + ...)``: without overflow, its slope 0 where all of them are 0."""
    if e.exp != Rational(1, 2) or not isinstance(e.base, Add):
        return None
    roots = [root(term) for term in e.base.args]
    found: Expr | None = roots[0]
    for other in roots[1:]:
        found = None if found is None or other is None else Apply("hypot", found, other)
    return found


def root_of_product(e: Expr) -> Expr | None:
    """``sqrt(a b)`` of sums or means of squares is a product of lengths."""
    halves = e.exp.is_Rational and e.exp.q == 2
    if halves and isinstance(e.base, Mul) and all(length(f) is not None for f in e.base.args):
        return Mul(*(Pow(f, e.exp) for f in e.base.args))
    return None
