"""Exact normal forms: quotients of polynomials over exponentials, logarithms, roots and the rest.

:class:`Normal` writes a formula as ``numerator / denominator``, polynomials with rational
coefficients in *atoms*: variables, ``exp(u)`` of monomials, ``log(p)`` of irreducible ``p``,
roots of such ``p``, and applications of other functions to normal forms. Powers with symbolic
exponents are exponentials of logarithms. The laws that split logarithms and roots hold where their
parts are positive; :mod:`losslang.verify.compose` has to know that they are, else nothing is split.

Equal numerators over equal denominators are equal formulas wherever both have values. Whether they
have values is not asked here.
"""

from __future__ import annotations

from collections.abc import Callable
from math import lcm

import sympy
from sympy import Basic, Expr, Rational, S

from losslang.ir.binders import UNDEFINED
from losslang.ir.heads import Max, Min
from losslang.ir.primitives import Apply, operands, primitive_of
from losslang.verify.compose import Composition
from losslang.verify.rules.quotients import (
    MAX_EXPONENT,
    NOUGHT,
    ONE,
    PLACES,
    RING,
    UNITY,
    ZERO,
    Poly,
    Quotient,
    TooHard,
    constant,
    primes,
    rational,
)
from losslang.verify.rules.spelled import spelled
from losslang.verify.statement import Region

__all__ = ["Normal", "Poly", "Quotient", "TooHard"]


class _Restart(Exception):
    """A smaller unit for some exponential turned up."""


class Normal:
    """Normal forms over one region, comparable with one another while :attr:`atoms` stay."""

    def __init__(self, region: Region, *formulas: Expr) -> None:
        """Of ``formulas``, which :meth:`quotient` may then be asked for.

        Raises:
            TooHard: There are too many atoms or terms.
        """
        self.signs = Composition(region)
        self._units: dict[Basic, int] = {}
        self._clear()
        while True:
            try:
                for formula in formulas:
                    self.quotient(formula)
            except _Restart:
                self._clear()
            else:
                return

    def _clear(self) -> None:
        self.atoms: list[Expr] = []
        self._places: dict[Basic, int] = {}
        self._exponents: dict[int, Quotient] = {}
        self._roots: dict[int, tuple[Quotient, int]] = {}
        self._known: dict[Basic, Quotient] = {}

    # ------------------------------------------------------------ asking

    def quotient(self, formula: Expr) -> Quotient:
        """The normal form of a formula, or of a part of one."""
        if formula not in self._known:
            self._known[formula] = self._reduced(self._make(formula))
        return self._known[formula]

    def is_zero(self, formula: Expr) -> bool:
        """Whether the normal form is 0."""
        return self.quotient(formula).is_zero

    def written(self, poly: Poly) -> Expr:
        """A polynomial as a formula."""
        terms = []
        for exponents, coefficient in poly.to_dict().items():
            powers = [atom**n for atom, n in zip(self.atoms, exponents, strict=False) if n]
            terms.append(sympy.Mul(rational(coefficient), *powers))
        return sympy.Add(*terms)

    def formula(self, of: Quotient) -> Expr:
        """A quotient as a formula."""
        return self.written(of.top) / self.written(of.bottom)

    def factors(self, of: Quotient) -> tuple[Rational, list[tuple[Poly, int]]]:
        """A rational number and irreducible polynomials with their exponents."""
        number, above = of.top.factor()
        under, below = of.bottom.factor()
        parts = [(p, int(n)) for p, n in above] + [(p, -int(n)) for p, n in below]
        return rational(number / under), parts

    # ------------------------------------------------------------ atoms

    def _atom(self, meaning: Expr) -> Quotient:
        place = self._places.get(meaning)
        if place is None:
            place = self._places[meaning] = len(self.atoms)
            if place >= PLACES:
                raise TooHard("too many atoms")
            self.atoms.append(meaning)
        return Quotient(RING.gen(place))

    def _place(self, of: Poly) -> int | None:
        """The atom that a polynomial is, if it is one."""
        terms = of.to_dict()
        if len(terms) != 1:
            return None
        ((exponents, coefficient),) = terms.items()
        return exponents.index(1) if coefficient == 1 and sum(exponents) == 1 else None

    def _unit(self, key: Basic, exponent: Rational) -> int:
        """The number of equal steps in which a multiple of ``key`` is reached; grows as needed."""
        unit = self._units.get(key, 1)
        needed = lcm(unit, int(exponent.q))
        if needed > MAX_EXPONENT:
            raise TooHard("too fine a root")
        if needed != unit:
            self._units[key] = needed
            raise _Restart
        return unit

    # ------------------------------------------------------------ building

    def _make(self, e: Expr) -> Quotient:
        if e.is_Rational:
            return constant(e)
        if e.is_Number or e in UNDEFINED:
            raise TooHard(f"{e} is not an exact number")
        if isinstance(e, sympy.Add):
            return self._fold(e.args, Quotient.__add__, ZERO)
        if isinstance(e, sympy.Mul):
            return self._fold(e.args, Quotient.__mul__, UNITY)
        if isinstance(e, sympy.Symbol):
            return self._variable(e)
        if isinstance(e, sympy.exp):
            return self._exp(self.quotient(e.args[0]))
        if e == S.Exp1:
            return self._exp(UNITY)
        if isinstance(e, sympy.Pow):
            return self._power(e)
        if isinstance(e, sympy.log):
            return self._log(self.quotient(e.args[0]), e)
        return self._function(e)

    def _fold(
        self,
        parts: tuple[Expr, ...],
        operation: Callable[[Quotient, Quotient], Quotient],
        made: Quotient,
    ) -> Quotient:
        for part in parts:
            made = operation(made, self.quotient(part))
        return made

    def _variable(self, symbol: sympy.Symbol) -> Quotient:
        unit = self._units.get(symbol, 1)
        return self._atom(symbol) if unit == 1 else self._atom(symbol ** Rational(1, unit)) ** unit

    def _power(self, e: sympy.Pow) -> Quotient:
        base = self.quotient(e.base)
        if e.exp.is_Integer:
            if abs(e.exp) > MAX_EXPONENT:
                raise TooHard("too large an exponent")
            return base ** int(e.exp)
        if e.exp.is_Rational:
            return self._root(base, e.exp, e)
        log = self._split_log(base, e.base)
        return self._opaque(e) if log is None else self._exp(self.quotient(e.exp) * log)

    def _root(self, base: Quotient, exponent: Rational, e: Expr) -> Quotient:
        """``base ** exponent``, split if all parts are nonnegative."""
        parts = self._upright(base, e.base)
        if parts is None:
            return self._opaque(e)
        made = UNITY
        for p, n in parts:
            made = made * self._root_of(p, n * exponent)
        return made

    def _root_of(self, p: Poly, exponent: Rational) -> Quotient:
        place = self._place(p)
        if place is not None and place in self._exponents:
            return self._exp(self._exponents[place] * constant(exponent))
        if place is not None and place in self._roots:
            of, degree = self._roots[place]
            return self._root_of(of.top, exponent / degree)
        if exponent.is_Integer:
            return Quotient(p) ** int(exponent)
        key = self.written(p)
        unit = self._unit(key, exponent)
        if isinstance(key, sympy.Symbol):
            root = self._variable_root(key, unit)
        else:
            root = self._atom(key ** Rational(1, unit))
            self._roots[self._place(root.top)] = (Quotient(p), unit)  # type: ignore[index]
        return root ** int(exponent * unit)

    def _variable_root(self, symbol: sympy.Symbol, unit: int) -> Quotient:
        return self._atom(symbol ** Rational(1, unit))

    def _exp(self, of: Quotient) -> Quotient:
        made = UNITY
        bottom = self.written(of.bottom)
        for exponents, coefficient in of.top.to_dict().items():
            factor = rational(coefficient)
            mono = {n: k for n, k in enumerate(exponents) if k}
            inner = self._inner(mono) if of.bottom == ONE else None
            if inner is not None:
                made = made * self._root_of(inner, factor)
                continue
            key = sympy.Mul(*(self.atoms[n] ** k for n, k in mono.items())) / bottom
            made = made * self._exponential(key, mono, of.bottom, factor)
        return made

    def _inner(self, mono: dict[int, int]) -> Poly | None:
        """The ``p`` of a monomial that is just ``log(p)``."""
        if list(mono.values()) != [1]:
            return None
        (place,) = mono
        atom = self.atoms[place]
        return self.quotient(atom.args[0]).top if isinstance(atom, sympy.log) else None

    def _exponential(
        self, key: Expr, mono: dict[int, int], bottom: Poly, factor: Rational
    ) -> Quotient:
        unit = self._unit(sympy.Tuple(key), factor)
        atom = self._atom(sympy.exp(key / unit, evaluate=False))
        place = self._place(atom.top)
        assert place is not None
        if place not in self._exponents:
            top = RING.from_dict({tuple(mono.get(n, 0) for n in range(PLACES)): 1})
            self._exponents[place] = Quotient.of(top / unit, bottom)
        return atom ** int(factor * unit)

    def _log(self, of: Quotient, e: Expr) -> Quotient:
        made = self._split_log(of, e.args[0])
        return self._opaque(e) if made is None else made

    def _split_log(self, of: Quotient, formula: Expr) -> Quotient | None:
        """The logarithm of a product as a sum, if all factors are known to be positive."""
        parts = self._upright(of, formula, strictly=True)
        if parts is None:
            return None
        made = ZERO
        for p, n in parts:
            made = made + constant(Rational(n)) * self._log_of(p)
        return made

    def _upright(
        self, of: Quotient, formula: Expr, *, strictly: bool = False
    ) -> list[tuple[Poly, int]] | None:
        """Nonnegative (positive, if ``strictly``) factors with exponents, if all are known.

        One factor may have the sign that is left over from the sign of the ``formula`` itself.
        """
        number, parts = self.factors(of)
        sign = 1 if number > 0 else -1
        made, left = list(primes(abs(number))), []
        for p, n in parts:
            known = self.signs.range(self.written(p))
            if known is None or not (known.nonzero or (not strictly and known.nonnegative)):
                left.append((p, n))
            elif known.negative:
                made.append((-p, n))
                sign = -sign if n % 2 else sign
            else:
                made.append((p, n))
        whole = self.signs.range(formula)
        if len(left) == 1 and abs(left[0][1]) == 1:
            if whole is None or not (whole.positive or (not strictly and whole.nonnegative)):
                return None
            ((p, n),) = left
            made.append((p if sign > 0 else -p, n))
            return made if all(self._is_positive(q) for q, _ in made[:-1]) else None
        return made if not left and sign > 0 else None

    def _is_positive(self, p: Poly) -> bool:
        known = self.signs.range(self.written(p))
        return known is not None and known.positive

    def _log_of(self, p: Poly) -> Quotient:
        place = self._place(p)
        if place is not None and place in self._exponents:
            return self._exponents[place]
        if place is not None and place in self._roots:
            of, degree = self._roots[place]
            return self._log_of(of.top) * constant(Rational(1, degree))
        if place is not None and isinstance(self.atoms[place], sympy.Pow):
            base, exponent = self.atoms[place].args
            if isinstance(base, sympy.Symbol) and exponent.is_Rational:
                return self._atom(sympy.log(base)) * constant(exponent)
        return self._atom(sympy.log(self.written(p), evaluate=False))

    def _function(self, e: Expr) -> Quotient:
        plain = spelled(e)
        if plain is not None:
            return self.quotient(plain)
        if isinstance(e, Max | Min) and len(e.args) == 2:
            known = self.signs.range(e.args[0] - e.args[1])
            if known is not None and (known.nonnegative or known.nonpositive):
                return self.quotient(e.args[known.nonnegative != isinstance(e, Max)])
        row = primitive_of(e)
        if row is None:
            return self._opaque(e)
        known = self.signs.range(operands(e)[0])
        if known is not None and row.name == "abs":
            if known.nonnegative or known.nonpositive:
                inside = self.quotient(e.args[0])
                return inside if known.nonnegative else -inside
        elif known is not None and row.name == "sign" and known.nonzero:
            return UNITY if known.positive else -UNITY
        elif row.name == "xlogy":
            x, y = operands(e)
            inside_y = self.signs.range(y)
            if inside_y is not None and inside_y.positive:
                return self.quotient(x * sympy.log(y))
        return self._opaque(e)

    def _opaque(self, e: Expr) -> Quotient:
        """An application of which nothing is known but its normal arguments."""
        if isinstance(e, sympy.Function | Apply) and len(operands(e)) == 1 and primitive_of(e):
            inside = self.formula(self.quotient(operands(e)[0]))
            row = primitive_of(e)
            assert row is not None
            made = row.build(inside)
            if primitive_of(made) is not None and primitive_of(made).name == row.name:  # type: ignore[union-attr]
                return self._atom(made)
        return self._atom(e)

    # ------------------------------------------------------------ roots satisfy their equations

    def _reduced(self, of: Quotient) -> Quotient:
        if not self._roots:
            return of
        return Quotient.of(self._lower(of.top), self._lower(of.bottom))

    def _lower(self, poly: Poly) -> Poly:
        changed = True
        while changed:
            changed, total = False, NOUGHT
            for exponents, coefficient in poly.to_dict().items():
                rest, extra = list(exponents), ONE
                for place, (base, degree) in self._roots.items():
                    if rest[place] >= degree:
                        times, rest[place] = divmod(rest[place], degree)
                        extra, changed = extra * base.top**times, True
                total += RING.from_dict({tuple(rest): coefficient}) * extra
            poly = total
        return poly
