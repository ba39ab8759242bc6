"""From a scalar expression to the steps of a tape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import ClassVar, TypeAlias

import sympy
from flint import arb
from sympy import Basic, Expr

from losslang.ir.heads import Branch, Detach, Max, Min
from losslang.ir.primitives import Apply
from losslang.ir.truth import And, Equal, Less, LessEqual, Not, Or, Truth
from losslang.verify import atoms
from losslang.verify.interval import Interval
from losslang.verify.operations import Operation
from losslang.verify.tape import Step, Tape

Rule: TypeAlias = tuple[Expr, Expr]

_CONSTANTS: dict[Basic, Callable[[], arb]] = {
    sympy.pi: arb.pi,
    sympy.E: arb.const_e,
    sympy.EulerGamma: arb.const_euler,
    sympy.Catalan: arb.const_catalan,
}

_FUNCTIONS: dict[type, str] = {
    getattr(sympy, name): name
    for name in "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf".split()
} | {sympy.Abs: "abs", sympy.sign: "sign", sympy.floor: "floor", sympy.loggamma: "lgamma"}


class Compiler:
    """Gives each subexpression a slot; ``steps`` fill the slots in order.

    The arguments are those of :func:`losslang.verify.evaluate.compile_tape`.
    """

    def __init__(self, symbols: Sequence[Expr], inside: bool) -> None:
        self.symbols = tuple(symbols)
        self.inside = inside
        self.slots: dict[Basic, int] = {symbol: n for n, symbol in enumerate(self.symbols)}
        self.size = len(self.symbols)
        self.varying = set(range(self.size))
        self.plain = set(range(self.size))  # inputs and rational numbers
        self.done: dict[tuple[Operation, tuple[int, ...]], int] = {}
        self.constants: list[tuple[int, Callable[[], Interval], float]] = []
        self.steps: list[Step] = []

    def tape(self, root: int) -> Tape:
        """The program whose last value is in ``root``."""
        return Tape(
            self.symbols,
            tuple(self.constants),
            tuple(step for step in self.steps if step[0] not in self.varying),
            tuple(step for step in self.steps if step[0] in self.varying),
            root,
            self._is_loose(),
        )

    def _is_loose(self) -> bool:
        """Whether some part may jump at an end of a box where an inner comparison is decided."""
        inner: set[int] = set()
        for slot, operation, reads in self.steps:
            passes = operation in (atoms.NOT, atoms.AND, atoms.OR)
            if operation in (atoms.INNER_LESS, atoms.INNER_LESS_EQUAL) or (
                passes and inner & set(reads)
            ):
                inner.add(slot)
            elif inner & set(reads[1:] if operation is atoms.choose(True) else reads):
                return True
        return False

    def slot(self, expr: Basic) -> int:
        """Where the value of ``expr`` is found."""
        if expr not in self.slots:
            self.slots[expr] = self._build(expr)
        return self.slots[expr]

    def _step(self, operation: Operation, *reads: int) -> int:
        if (operation, reads) not in self.done:
            self.steps.append((self.size, operation, reads))
            if self.varying & set(reads):
                self.varying.add(self.size)
            self.done[operation, reads] = self.size
            self.size += 1
        return self.done[operation, reads]

    def _build(self, expr: Basic) -> int:
        if isinstance(expr, sympy.Number | sympy.NumberSymbol):
            return self._constant(expr)
        for kind, build in self._BUILD.items():
            if isinstance(expr, kind):
                return build(self, expr)
        name = expr.name if isinstance(expr, Apply) else _FUNCTIONS.get(type(expr))
        args = expr.operands if isinstance(expr, Apply) else expr.args
        if name == "xlogy":
            x, y = map(self.slot, args)
            return self._entropy(x) if x == y else self._step(atoms.XLOGY, x, y)
        if name in atoms.FUNCTIONS:
            return self._step(atoms.FUNCTIONS[name], self.slot(args[0]))
        raise TypeError(f"{type(expr).__name__} is no scalar formula of the inputs: {expr}")

    def _entropy(self, x: int) -> int:
        return self._step(atoms.FUNCTIONS["xlogx"], x)

    # ------------------------------------------------------------ numbers

    def _constant(self, expr: Expr) -> int:
        if expr in _CONSTANTS:
            ball = _CONSTANTS[expr]
            around: Callable[[], Interval] = lambda: Interval.exactly(ball())  # noqa: E731
        elif isinstance(expr, sympy.Float):
            return self.slot(sympy.Rational(expr))
        elif expr.is_Rational or expr.is_infinite:
            around = lambda: Interval.exactly(expr)  # noqa: E731
        else:
            raise TypeError(f"{expr} is no real number that is known here")
        self.constants.append((self.size, around, float(expr)))
        self.plain.add(self.size)
        self.size += 1
        return self.size - 1

    # ------------------------------------------------------------ arithmetic

    def _add(self, expr: Expr) -> int:
        terms = [self.slot(arg) for arg in expr.args]
        return self._step(atoms.add(len(terms)), *terms)

    def _mul(self, expr: Expr) -> int:
        tests = [arg for arg in expr.args if isinstance(arg, Truth)]
        others = [arg for arg in expr.args if not isinstance(arg, Truth)]
        if tests:
            # A factor that a truth value switches off may have no value.
            return self._choice(And(*tests), sympy.Mul(*others), sympy.S.Zero)
        above, below = [], []
        for arg in others:
            if arg.is_Rational:
                above.append(sympy.Integer(arg.p))
                below.append(sympy.Integer(arg.q))
            elif isinstance(arg, sympy.Pow) and arg.exp.is_Rational and arg.exp < 0:
                below.append(1 / arg)
            else:
                above.append(arg)
        above, below = ([one for one in side if one != 1] for side in (above, below))
        product = self._product(above)
        return self._step(atoms.DIVIDE, product, self._product(below)) if below else product

    def _product(self, factors: list[Expr]) -> int:
        rest = list(factors)
        slots = []
        for log in [one for one in factors if isinstance(one, sympy.log) and one.args[0] in rest]:
            rest.remove(log)
            rest.remove(log.args[0])
            slots.append(self._entropy(self.slot(log.args[0])))
        negative = sympy.S.NegativeOne in rest and len(rest) + len(slots) > 1
        if negative:
            rest.remove(sympy.S.NegativeOne)
        slots += [self.slot(factor) for factor in rest]
        if not slots:
            return self.slot(sympy.S.One)
        product = slots[0]
        for slot in slots[1:]:
            product = self._step(atoms.MULTIPLY, product, slot)
        return self._step(atoms.NEGATE, product) if negative else product

    def _pow(self, expr: Expr) -> int:
        base, exponent = expr.base, expr.exp
        if base == sympy.E:
            return self._step(atoms.FUNCTIONS["exp"], self.slot(exponent))
        if exponent == sympy.Rational(1, 2):
            return self._step(atoms.FUNCTIONS["sqrt"], self.slot(base))
        if exponent.is_Rational:
            power = atoms.power(Fraction(int(exponent.p), int(exponent.q)))
            return self._step(power, self.slot(base))
        return self._step(atoms.POWER, self.slot(base), self.slot(exponent))

    # ------------------------------------------------------------ order and truth

    def _extremum(self, expr: Expr) -> int:
        operation = atoms.MAX if isinstance(expr, Max | sympy.Max) else atoms.MIN
        return self._step(operation, *map(self.slot, expr.args))

    def _comparison(self, expr: Truth) -> int:
        left, right = map(self.slot, expr.args)
        inner = self.inside and left in self.plain and right in self.plain
        if isinstance(expr, Equal):
            return self._step(atoms.EQUAL, left, right)
        if isinstance(expr, Less):
            return self._step(atoms.INNER_LESS if inner else atoms.LESS, left, right)
        return self._step(atoms.INNER_LESS_EQUAL if inner else atoms.LESS_EQUAL, left, right)

    def _and(self, expr: And) -> int:
        return self._step(atoms.AND, *map(self.slot, expr.args))

    def _or(self, expr: Or) -> int:
        return self._step(atoms.OR, *map(self.slot, expr.args))

    def _not(self, expr: Not) -> int:
        return self._step(atoms.NOT, self.slot(expr.args[0]))

    def _branch(self, expr: Branch) -> int:
        return self._choice(*expr.args)

    def _choice(self, test: Expr, yes: Expr, no: Expr) -> int:
        operation = atoms.choose(meets(test, yes - no, self.symbols))
        return self._step(operation, self.slot(test), self.slot(yes), self.slot(no))

    def _detach(self, expr: Detach) -> int:
        return self.slot(expr.args[0])

    _BUILD: ClassVar[dict[type | tuple[type, ...], Callable[[Compiler, Expr], int]]] = {
        sympy.Add: _add,
        sympy.Mul: _mul,
        sympy.Pow: _pow,
        (Max, Min, sympy.Max, sympy.Min): _extremum,
        (Less, LessEqual, Equal): _comparison,
        And: _and,
        Or: _or,
        Not: _not,
        Branch: _branch,
        Detach: _detach,
    }


def meets(test: Expr, difference: Expr, symbols: Sequence[Expr]) -> bool:
    """Whether ``difference`` is seen to be 0 wherever ``test`` changes its value.

    ``False`` where that is unknown, and where ``test`` is of numbers alone.
    """
    if not test.has(*symbols):
        return False
    comparisons = test.atoms(Less, LessEqual, Equal)
    if not comparisons or test.atoms(Truth) - comparisons - test.atoms(And, Or, Not):
        return False
    return all(
        sympy.expand(difference.subs(rule)) == 0
        for comparison in comparisons
        for rule in _boundary(comparison.args[0], comparison.args[1], symbols)
    )


def _boundary(left: Expr, right: Expr, symbols: Sequence[Expr]) -> Iterator[list[Rule]]:
    """Substitutions of equals for equals, one list of which holds wherever ``left == right``."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, sympy.Abs):
            for value in (other, -other):
                for rule in _boundary(one.args[0], value, symbols):
                    yield [(one, other), *rule]
            return
    gap = sympy.expand(left - right)
    for symbol in symbols:
        factor = gap.coeff(symbol)
        if factor.is_Rational and factor != 0:
            yield [(symbol, symbol - gap / factor)]
            return
    yield [(left, right)]
