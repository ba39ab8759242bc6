"""Curvature by composition: what is convex in the entries of an array, and which part breaks it.

The rules of disciplined convex programming (Grant, Boyd and Ye 2006, "Disciplined convex
programming", section 4) over the facts of the primitives, with monotonicity that depends on the
sign of the argument; log-convex functions, which are closed under sums and products (Boyd and
Vandenberghe 2004, "Convex optimization", 3.5.2); and Euclidean norms of convex nonnegative
functions (3.2.4). It is part of what the checker trusts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import sympy
from sympy import Basic, Expr, S

from losslang.ir.binders import free_indices, occurs, substitute, tree_size, walk
from losslang.ir.facts import FACTS
from losslang.ir.heads import ONE, At, Branch, Labelled, Max, Min, Tensor
from losslang.ir.primitives import operands, primitive_of
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import SPECTRA, Spectrum, spectral_axis
from losslang.ir.truth import Not
from losslang.verify.arrays import Arrays
from losslang.verify.enclosure import within
from losslang.verify.statement import Curvature, Region

CONVEX, CONCAVE = frozenset({"convex"}), frozenset({"concave"})
AFFINE, UNKNOWN = CONVEX | CONCAVE, frozenset[str]()

Bend = frozenset[str]


def flipped(bend: Bend) -> Bend:
    """The curvature of -f."""
    return frozenset({"convex": "concave", "concave": "convex"}[b] for b in bend)


class Shapes:
    """Curvatures of formulas in the entries of ``wrt``, jointly, all over ``region``."""

    def __init__(self, wrt: Tensor, region: Region, signs: Arrays | None = None) -> None:
        self.wrt = wrt
        self.region = region
        self.signs = Arrays(region) if signs is None else signs
        self.culprit: Expr | None = None
        """The smallest part without a known curvature all of whose parts have one."""
        self._known: dict[Expr, Bend] = {}
        self._inner: dict[Expr, Shapes] = {}

    def has(self, expr: Expr, curvature: Curvature) -> bool:
        """Whether ``expr`` is known to be convex, concave or affine."""
        bend = self.bend(expr)
        return bend == AFFINE or (curvature != "affine" and curvature in bend)

    def bend(self, expr: Expr) -> Bend:
        """What is known: both words for an affine formula, none where nothing is known."""
        if self._is_constant(expr):
            return AFFINE
        if expr not in self._known:
            self._known[expr] = self._look(expr)
            if not self._known[expr]:
                self._blame(expr)
        return self._known[expr]

    def _is_constant(self, *exprs: Basic) -> bool:
        return not occurs(self.wrt, *exprs)

    def _blame(self, expr: Expr) -> None:
        if self.culprit is None or tree_size(expr) < tree_size(self.culprit):
            self.culprit = expr

    def _under(self, condition: Expr) -> Shapes:
        if condition == ONE:
            return self
        if condition not in self._inner:
            signs = self.signs.under(condition)
            self._inner[condition] = Shapes(self.wrt, signs.region, signs)
        return self._inner[condition]

    def _bend_under(self, condition: Expr, expr: Expr) -> Bend:
        inner = self._under(condition)
        bend = inner.bend(expr)
        if inner.culprit is not None:
            self._blame(inner.culprit)
        return bend

    def _common(self, exprs: Iterable[Expr]) -> Bend:
        return reduce(frozenset.intersection, map(self.bend, exprs), AFFINE)

    def _look(self, expr: Expr) -> Bend:
        match expr:
            case At():
                return AFFINE if self._is_constant(*expr.indices) else UNKNOWN
            case Labelled():
                return self.bend(expr.args[1])
            case sympy.Add():
                return self._sum(expr)
            case sympy.Mul():
                return self._product(expr)
            case sympy.Pow():
                return self._power(expr)
            case Max():
                return self._common(expr.args) & CONVEX
            case Min():
                return self._common(expr.args) & CONCAVE
            case Branch():
                return self._branch(expr)
            case Reduce():
                return self._fold(expr)
            case Spectrum():
                largest = expr.op in SPECTRA and expr.at == S.Zero
                return CONVEX if largest and self._is_affine_matrix(expr) else UNKNOWN
            case Ordered():
                _, guard, body = expr.open()
                if expr.op != "cumsum" or not self._is_constant(guard, expr.at):
                    return UNKNOWN
                return self._bend_under(guard, body)
        return self._function(expr)

    # ------------------------------------------------------------ arithmetic

    def _sum(self, expr: sympy.Add) -> Bend:
        return self._common(expr.args)

    def _product(self, expr: sympy.Mul) -> Bend:
        constants = [f for f in expr.args if self._is_constant(f)]
        varying = [f for f in expr.args if not self._is_constant(f)]
        bend = self.bend(varying[0]) if len(varying) == 1 else self._of_two(varying)
        return self._scaled(sympy.Mul(*constants), bend)

    def _scaled(self, factor: Expr, bend: Bend) -> Bend:
        """``bend`` times a constant; one that is divided by has its own sign, where it is not 0."""
        if bend == AFFINE:
            return bend
        for part in sympy.Mul.make_args(factor):
            divided = isinstance(part, sympy.Pow) and part.exp == -1
            sign = self.signs.range(part.base if divided else part)
            if sign is None or not (sign.nonnegative or sign.nonpositive):
                return UNKNOWN
            bend = bend if sign.nonnegative else flipped(bend)
        return bend

    def _of_two(self, factors: list[Expr]) -> Bend:
        """A square over a concave positive formula, ``f log f``, and products multiplied out."""
        below = [f for f in factors if isinstance(f, sympy.Pow) and f.exp == -1]
        if len(below) == 1 and len(factors) == 2:
            (above,) = (f for f in factors if f not in below)
            base = below[0].base
            if self._is_square(above) and "concave" in self.bend(base) and self._positive(base):
                return CONVEX
        logs = [f for f in factors if isinstance(f, sympy.log)]
        if len(logs) == 1 and len(factors) == 2 and logs[0].args[0] in factors:
            return CONVEX if self.bend(logs[0].args[0]) == AFFINE else UNKNOWN
        product = sympy.Mul(*factors)
        longer = sympy.expand_mul(product, deep=False)
        if isinstance(longer, sympy.Add):
            return self.bend(longer)
        return CONVEX if self._is_log_convex(product) else UNKNOWN

    def _power(self, expr: sympy.Pow) -> Bend:
        base, p = expr.base, expr.exp
        if not self._is_constant(p):
            return CONVEX if self._is_log_convex(expr) else UNKNOWN
        bend = self.bend(base)
        if p.is_Integer and p.is_even and p > 0 and self._is_magnitude(base):
            return CONVEX
        if self._at_least(p, ONE) and "convex" in bend and self._nonnegative(base):
            return CONVEX
        if self._at_least(p, S.Half) and self._is_square(base):
            return CONVEX
        if self._at_least(p, S.Zero) and self._at_least(-p, -ONE):
            return CONCAVE if "concave" in bend and self._nonnegative(base) else UNKNOWN
        if self._at_least(-p, S.Zero) and "concave" in bend and self._positive(base):
            return CONVEX
        return CONVEX if self._is_log_convex(expr) else UNKNOWN

    def _is_magnitude(self, f: Expr) -> bool:
        """Whether ``|f|`` is convex: affine, convex and never negative, or the reverse."""
        bend = self.bend(f)
        return bool(
            bend == AFFINE
            or ("convex" in bend and self._nonnegative(f))
            or ("concave" in bend and self._nonnegative(-f))
        )

    def _is_square(self, e: Expr) -> bool:
        """Whether ``e`` is a nonnegative sum of squares of formulas with convex magnitudes."""
        if self._is_constant(e):
            return self._nonnegative(e)
        if isinstance(e, sympy.Add):
            return all(map(self._is_square, e.args))
        if isinstance(e, sympy.Mul):
            return all(map(self._is_square, e.args)) and (
                sum(not self._is_constant(f) for f in e.args) == 1
            )
        if isinstance(e, sympy.Pow):
            return bool(e.exp == 2) and self._is_magnitude(e.base)
        if isinstance(e, Reduce) and e.op in ("sum", "mean"):
            _, guard, body = e.open()
            return self._is_constant(guard) and self._under(guard)._is_square(body)
        return False

    # ------------------------------------------------------------ signs

    def _nonnegative(self, e: Expr) -> bool:
        known = self.signs.range(e)
        return known is not None and known.nonnegative

    def _positive(self, e: Expr) -> bool:
        known = self.signs.range(e)
        return known is not None and known.positive

    def _at_least(self, e: Expr, least: Expr) -> bool:
        return self._nonnegative(e - least)

    # ------------------------------------------------------------ functions

    def _function(self, expr: Expr) -> Bend:
        row = primitive_of(expr)
        if row is None:
            return UNKNOWN
        if row.name == "xlogy":
            return self._xlogy(*operands(expr))
        argument = operands(expr)[0]
        found = self._logarithm(argument) if row.name == "log" else UNKNOWN
        return found or self._applied(row.name, argument)

    def _applied(self, name: str, argument: Expr) -> Bend:
        """Convex if convex and rising of what is convex, or falling of what is concave."""
        facts, inner, where = FACTS[name], self.bend(argument), self.signs.range(argument)

        def holds(interval: sympy.Interval) -> bool:
            return interval == S.Reals if where is None else within(where, interval)

        bends = {bend for interval, bend in facts.bends if holds(interval)}
        slopes = {slope for interval, slope in facts.slopes if holds(interval)}
        up, down = bool(slopes & {"increasing", "nondecreasing"}), "decreasing" in slopes
        made = set()
        for bend in bends:
            other = "concave" if bend == "convex" else "convex"
            if inner == AFFINE or (up and bend in inner) or (down and other in inner):
                made.add(bend)
        return frozenset(made)

    def _xlogy(self, x: Expr, y: Expr) -> Bend:
        if x == y:
            return CONVEX if self.bend(x) == AFFINE and self._nonnegative(x) else UNKNOWN
        if self._is_constant(x):
            return self._scaled(x, self.bend(sympy.log(y)))
        return self._scaled(sympy.log(y), self.bend(x)) if self._is_constant(y) else UNKNOWN

    def _logarithm(self, inside: Expr) -> Bend:
        if self._is_log_convex(inside):
            return CONVEX
        return CONCAVE if self._is_log_concave(inside) else UNKNOWN

    def _is_log_convex(self, e: Expr) -> bool:
        if self._is_constant(e):
            return self._nonnegative(e)
        if isinstance(e, sympy.exp):
            return "convex" in self.bend(e.args[0])
        if isinstance(e, sympy.cosh):
            return self._is_magnitude(e.args[0])
        if isinstance(e, sympy.Add | sympy.Mul | Max):
            return all(map(self._is_log_convex, e.args))
        if isinstance(e, sympy.Pow) and self._is_constant(e.exp):
            return (self._nonnegative(e.exp) and self._is_log_convex(e.base)) or (
                self._nonnegative(-e.exp) and self._is_log_concave(e.base)
            )
        if isinstance(e, Reduce) and e.op in ("sum", "mean", "max", "prod"):
            _, guard, body = e.open()
            return self._is_constant(guard) and self._under(guard)._is_log_convex(body)
        return False

    def _is_log_concave(self, e: Expr) -> bool:
        if self._is_constant(e):
            return self._nonnegative(e)
        if isinstance(e, sympy.exp):
            return "concave" in self.bend(e.args[0])
        row = primitive_of(e)
        if row is not None and row.name == "sigmoid":
            return "concave" in self.bend(operands(e)[0])
        if isinstance(e, sympy.Add):
            rest = primitive_of(ONE - e)
            if rest is not None and rest.name == "sigmoid":
                return "convex" in self.bend(operands(ONE - e)[0])
        if isinstance(e, sympy.Mul):
            return all(map(self._is_log_concave, e.args))
        if isinstance(e, sympy.Pow) and self._is_constant(e.exp):
            return (self._nonnegative(e.exp) and self._is_log_concave(e.base)) or (
                self._nonnegative(-e.exp) and self._is_log_convex(e.base)
            )
        return self._positive(e) and "concave" in self.bend(e)

    # ------------------------------------------------------------ cases and folds

    def _branch(self, expr: Branch) -> Bend:
        test, yes, no = expr.args
        if not self._is_constant(test):
            return UNKNOWN
        return self._bend_under(test, yes) & self._bend_under(Not(test), no)

    def _is_affine_matrix(self, expr: Spectrum) -> bool:
        _, guard, body = expr.open()
        return guard == ONE and self.bend(body) == AFFINE

    def _spectral(self, expr: Reduce) -> Bend:
        """A fold over all numbers of the spectrum of an affine matrix.

        What is symmetric and convex in the eigenvalues is convex in the matrix, and so is the sum
        of the singular values (Davis 1957, "All convex invariant functions of hermitian
        matrices").
        """
        (index,), _, body = expr.open()
        spectra = [e for e in walk(body) if isinstance(e, Spectrum) and index in free_indices(e)]
        if len(spectra) != 1 or spectra[0].at != index or spectra[0].op not in SPECTRA:
            return UNKNOWN
        (found,) = spectra
        axes = (i.axis for i in found.binders)
        if index.axis != spectral_axis(found.op, *axes) or not self._is_affine_matrix(found):
            return UNKNOWN
        if found.op == "singular_values":
            return CONVEX if body == found and expr.op in ("sum", "mean", "max") else UNKNOWN
        known = self.signs.range(found)
        kind = "positive" if known is not None and known.positive else "real"
        number = At(Tensor("@eigenvalue", kind), index)
        rest = substitute(body, {found: number})
        if not self._is_constant(rest) or index in free_indices(substitute(rest, {number: ONE})):
            return UNKNOWN
        return Shapes(number.tensor, self.region)._fold(Reduce(expr.op, (index,), ONE, rest))

    def _fold(self, expr: Reduce) -> Bend:
        _, guard, body = expr.open()
        if not self._is_constant(guard):
            return UNKNOWN
        if guard == ONE and len(expr.binders) == 1 and body.has(Spectrum):
            spectral = self._spectral(expr)
            if spectral:
                return spectral
        bend = self._bend_under(guard, body)
        match expr.op:
            case "sum" | "mean":
                return bend
            case "max" | "logsumexp" | "logmeanexp":
                return bend & CONVEX
            case "min":
                return bend & CONCAVE
        return UNKNOWN
