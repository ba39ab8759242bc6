"""Formulas as exact JSON data, and back.

A formula is a prefix array, ``["+", ["symbol", "eps", "real"], 1]``. Integers are numbers, or
strings of digits where other programs would round them; ``["/", 1, 3]`` is a third. What may stand
where is one table, :data:`HEADS`.

Files come from strangers. Nothing is evaluated as text, and every part is measured before SymPy
builds it, for SymPy computes powers of integers on construction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeAlias

import sympy
from sympy import Basic, Expr, Integer, Rational, S, Symbol, Tuple
from sympy.core.symbol import Str

from losslang.ir import heads, reduce, truth
from losslang.ir.binders import is_undefined, tree_size
from losslang.ir.limits import MAX_BITS, MAX_CONSTANT, MAX_DEPTH, bits
from losslang.ir.primitives import Apply
from losslang.ir.reduce import MAX_UNROLLED

Json: TypeAlias = Any
"""What :func:`json.loads` returns, without floating-point numbers."""

MAX_PARTS = 2_000_000
"""Parts of a whole document."""
MAX_FORMULA = 50_000
"""Parts of one formula."""
MAX_NESTING = MAX_DEPTH + 10
MAX_NAME = 200
MAX_DEGREE = 10_000
"""Of a formula in its atoms: at a number of n bits it takes about so many times n."""
MAX_ALL_BITS = 1 << 18
"""Of all numbers of one formula together."""
SAFE_INTEGER = 2**53


class Malformed(ValueError):
    """A document is not what it should be; ``path`` says where, ``problem`` why."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


# ---------------------------------------------------------------- what may stand where


@dataclass(frozen=True)
class Row:
    """One head: its class, what its first arguments are, and what any others are.

    Sorts of arguments are ``expr``, ``name``, ``axis``, ``tensor``, ``index``, ``indices``,
    ``fold``, ``order`` and ``kind``. ``least`` counts the arguments there must be.
    """

    kind: type[Basic]
    fields: tuple[str, ...]
    others: str | None = None
    least: int = 0


_ANY = ((), "expr", 2)

HEADS: dict[str, Row] = {
    "+": Row(sympy.Add, *_ANY),
    "*": Row(sympy.Mul, *_ANY),
    "^": Row(sympy.Pow, ("expr", "expr")),
    **{
        kind.__name__.lower(): Row(kind, ("expr",))
        for kind in (
            *(sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.asin, sympy.acos, sympy.atan),
            *(sympy.sinh, sympy.cosh, sympy.tanh, sympy.asinh, sympy.acosh, sympy.atanh),
            *(sympy.tan, sympy.erf, sympy.Abs, sympy.loggamma),
        )
    },
    "axis": Row(heads.Axis, ("name",), "expr"),
    "tensor": Row(heads.Tensor, ("name", "kind")),
    "index": Row(heads.Index, ("name", "axis")),
    "size": Row(heads.Size, ("axis",)),
    "at": Row(heads.At, ("tensor",), "expr"),
    "branch": Row(heads.Branch, ("expr", "expr", "expr")),
    "max": Row(heads.Max, *_ANY),
    "min": Row(heads.Min, *_ANY),
    "detach": Row(heads.Detach, ("expr",)),
    "ema": Row(heads.Ema, ("name", "expr", "expr", "expr")),
    "labelled": Row(heads.Labelled, ("expr", "expr")),
    "delta": Row(truth.Delta, ("expr", "expr")),
    "==": Row(truth.Equal, ("expr", "expr")),
    "<": Row(truth.Less, ("expr", "expr")),
    "<=": Row(truth.LessEqual, ("expr", "expr")),
    "chosen": Row(truth.Chosen, ("name", "name")),
    "and": Row(truth.And, *_ANY),
    "or": Row(truth.Or, *_ANY),
    "not": Row(truth.Not, ("expr",)),
    "reduce": Row(reduce.Reduce, ("fold", "indices", "expr", "expr")),
    "ordered": Row(reduce.Ordered, ("order", "indices", "expr", "expr", "expr")),
}

APPLIED = {
    **dict.fromkeys(("sign", "floor", "sigmoid", "softplus", "lgamma", "digamma", "trigamma"), 1),
    "xlogy": 2,
}
"""Primitives without a class of their own, and how many operands they have."""

CONSTANTS: dict[str, Expr] = {
    "pi": S.Pi,
    "E": S.Exp1,
    "EulerGamma": S.EulerGamma,
    "Catalan": S.Catalan,
    "oo": S.Infinity,
    "-oo": S.NegativeInfinity,
}

WORDS = {
    "fold": frozenset("sum prod mean max min logsumexp logmeanexp any all argmax argmin".split()),
    "order": frozenset("rank sort cumsum quantile".split()),
    "kind": frozenset("real positive int bool index label".split()),
}

ASSUMPTIONS = (
    *("zero", "positive", "negative", "nonzero", "nonnegative", "nonpositive"),
    *("integer", "rational", "real", "finite", "extended_real"),
)
"""What a symbol may be known to be, stronger facts first."""

_CLASSES = {
    "axis": heads.Axis,
    "tensor": heads.Tensor,
    "index": heads.Index,
    "expr": Expr,
}
_NAMES = {row.kind: name for name, row in HEADS.items()}
_WORD_OF = {value: word for word, value in CONSTANTS.items()}
_WILD = (
    *("exp", "sin", "cos", "tan", "sinh", "cosh", "loggamma"),
    *("sigmoid", "softplus", "lgamma", "digamma", "trigamma"),
)
"""Functions that a huge constant makes huge, or hard to compute."""


# ---------------------------------------------------------------- to JSON


def encode_expr(expr: Basic) -> Json:
    """``expr`` as data. Raises ``ValueError`` for one that would not come back the same."""
    data = written(expr)
    try:
        back = FormulaReader().formula(data, "$")
    except Malformed as problem:
        raise ValueError(f"{expr} cannot be written down: {problem.problem}") from None
    if back != expr:
        raise ValueError(f"{expr} is not in normal form: it would be read as {back}")
    return data


def normal(expr: Any) -> Any:
    """``expr`` built anew from its leaves, as it would be read: SymPy's algebra may skip steps."""
    if not isinstance(expr, Basic) or not expr.args:
        return expr
    args = [normal(arg) for arg in expr.args]
    same = all(new is old for new, old in zip(args, expr.args, strict=True))
    again = expr.func(*args)
    return expr if same and again == expr else again


def encode_whole(number: int) -> Json:
    """An integer that other programs read without rounding."""
    return number if abs(number) < SAFE_INTEGER else str(number)


def written(expr: Basic) -> Json:
    """``expr`` as data, without a look whether it comes back. Raises ``ValueError``."""
    if isinstance(expr, Rational):
        above = encode_whole(int(expr.p))
        return above if expr.q == 1 else ["/", above, encode_whole(int(expr.q))]
    if isinstance(expr, Symbol):
        return ["symbol", expr.name, *_known(expr)]
    if expr in _WORD_OF:
        return _WORD_OF[expr]
    if isinstance(expr, Apply) and expr.name in APPLIED:
        return [expr.name, *map(written, expr.operands)]
    if type(expr) not in _NAMES:
        raise ValueError(f"{type(expr).__name__} is no head of a formula")
    return [_NAMES[type(expr)], *(_argument(arg) for arg in expr.args if arg != heads.NONE)]


def _argument(arg: Basic) -> Json:
    if isinstance(arg, Str):
        return str(arg)
    return [written(part) for part in arg] if isinstance(arg, Tuple) else written(arg)


@lru_cache(maxsize=1 << 12)
def _known(symbol: Symbol) -> tuple[str, ...]:
    """The fewest words from which everything known of a symbol follows."""
    kept: tuple[str, ...] = ()
    for word in ASSUMPTIONS:
        if symbol.assumptions0.get(word) and not _symbol(symbol.name, kept).assumptions0.get(word):
            kept = (*kept, word)
    if _symbol(symbol.name, kept) != symbol:
        raise ValueError(f"no words say what is known of {symbol}")
    return kept


def _symbol(name: str, words: Sequence[str]) -> Symbol:
    return Symbol(name, **dict.fromkeys(words, True))


# ---------------------------------------------------------------- from JSON


class FormulaReader:
    """Reads formulas; what it has read of one document counts towards its limits."""

    def __init__(self) -> None:
        self._parts = 0
        self._formula = 0
        self._bits = 0.0

    def count(self, path: str) -> None:
        """Take note of one more part of the document."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Malformed(path, f"the document has more than {MAX_PARTS:,} parts")

    def formula(self, data: Json, path: str) -> Basic:
        """One formula, axis, array or index."""
        self._formula, self._bits = 0, 0.0
        try:
            return self._read(data, path, 0)
        except RecursionError:
            raise Malformed(path, "the formula nests too deep") from None

    def expr(self, data: Json, path: str) -> Expr:
        """One formula with a value."""
        return _of(Expr, self.formula(data, path), path)

    def name(self, data: Json, path: str) -> str:
        """A short text."""
        self.count(path)
        if not isinstance(data, str) or not 0 < len(data) <= MAX_NAME or not data.isprintable():
            raise Malformed(path, f"wanted a text of at most {MAX_NAME} characters")
        return data

    def whole(self, data: Json, path: str) -> int:
        """An integer."""
        self.count(path)
        if isinstance(data, int) and not isinstance(data, bool):
            number = data
        elif isinstance(data, str) and len(data) <= MAX_BITS and _is_decimal(data):
            number = int(data)
        else:
            raise Malformed(path, f"wanted an integer of at most {MAX_BITS} digits")
        self._spend(number.bit_length(), path)
        return number

    def _spend(self, amount: float, path: str) -> None:
        self._bits += amount
        if amount > MAX_BITS or self._bits > MAX_ALL_BITS:
            raise Malformed(path, f"a number has more than {MAX_BITS} binary digits")

    def _read(self, data: Json, path: str, depth: int) -> Basic:
        self.count(path)
        self._formula += 1
        if self._formula > MAX_FORMULA:
            raise Malformed(path, f"the formula has more than {MAX_FORMULA:,} parts")
        if depth > MAX_NESTING:
            raise Malformed(path, f"the formula nests more than {MAX_NESTING} deep")
        if isinstance(data, str) and data in CONSTANTS:
            return CONSTANTS[data]
        if not isinstance(data, list):
            return Integer(self.whole(data, path))
        head = data[0] if data else None
        if head == "/" and len(data) == 3:
            return self._quotient(data, path)
        if head == "symbol" and len(data) >= 2:
            return self._symbol(data, path)
        if isinstance(head, str) and head in APPLIED:
            row = Row(Apply, ("expr",) * APPLIED[head])
            build: Callable[..., Basic] = partial(Apply, head)
        elif isinstance(head, str) and head in HEADS:
            row, build = HEADS[head], HEADS[head].kind
        else:
            raise Malformed(path, f"{_shown(head)} is no head of a formula")
        args = self._args(row, data, path, depth)
        self._measure(head, args, path)
        return _built(head, build, args, path)

    def _quotient(self, data: Json, path: str) -> Basic:
        above, below = (self.whole(part, f"{path}[{n}]") for n, part in enumerate(data[1:], 1))
        if below < 1:
            raise Malformed(path, "the denominator is not positive")
        return Rational(above, below)

    def _symbol(self, data: Json, path: str) -> Basic:
        words = data[2:]
        strange = [word for word in words if word not in ASSUMPTIONS]
        if strange:
            raise Malformed(path, f"{_shown(strange[0])} is nothing known of a symbol")
        name = self.name(data[1], f"{path}[1]")
        try:
            return _symbol(name, words)
        except sympy.core.facts.InconsistentAssumptions:
            raise Malformed(path, f"no number is {' and '.join(words)}") from None

    def _args(self, row: Row, data: Json, path: str, depth: int) -> list[Any]:
        given = len(data) - 1
        least = max(row.least, len(row.fields))
        if given < least or (row.others is None and given > least):
            wanted = f"{least}" if row.others is None else f"at least {least}"
            raise Malformed(path, f"{data[0]} takes {wanted} arguments, not {given}")
        sorts = (*row.fields, *(row.others or "" for _ in range(given - len(row.fields))))
        return [
            self._argument(sort, part, f"{path}[{n}]", depth)
            for n, (sort, part) in enumerate(zip(sorts, data[1:], strict=True), 1)
        ]

    def _argument(self, sort: str, data: Json, path: str, depth: int) -> Any:
        if sort == "name":
            return self.name(data, path)
        if sort in WORDS:
            if self.name(data, path) not in WORDS[sort]:
                raise Malformed(path, f"there is no {sort} {_shown(data)}")
            return data
        if sort == "indices":
            if not isinstance(data, list) or not 0 < len(data) <= MAX_NESTING:
                raise Malformed(path, "wanted a list of indices")
            parts = [
                self._argument("index", part, f"{path}[{n}]", depth) for n, part in enumerate(data)
            ]
            if len(set(parts)) < len(parts):
                raise Malformed(path, "an index is bound twice")
            return tuple(parts)
        return _of(_CLASSES[sort], self._read(data, path, depth + 1), path)

    def _measure(self, head: str, args: Sequence[Any], path: str) -> None:
        """Refuse what SymPy would take long to build."""
        if head in _WILD and _magnitude(args[0], path) > MAX_CONSTANT:
            raise Malformed(path, f"{head} of a constant larger than {MAX_CONSTANT:,.0f}")
        if head == "^":
            base, exponent = args
            size = _magnitude(exponent, path)
            if size > MAX_DEGREE:
                raise Malformed(path, f"an exponent is larger than {MAX_DEGREE:,}")
            longest = max((bits(number) for number in base.atoms(Rational)), default=0)
            self._spend(longest * size if exponent.is_Rational else 0, path)
        elif head == "reduce" and args[3].has(truth.Delta):
            # A list is written out, and with it whatever stands around its elements.
            if _copies(args[1]) * (tree_size(args[2]) + tree_size(args[3])) > MAX_FORMULA:
                raise Malformed(path, f"written out this has more than {MAX_FORMULA:,} parts")
        elif head == "axis" and len(args) > 2:
            raise Malformed(path, "an axis has one size")


def _built(head: str, build: Any, args: Sequence[Any], path: str) -> Basic:
    try:
        value: Basic = build(*args)
    except (TypeError, ValueError, AttributeError, ArithmeticError) as problem:
        raise Malformed(path, f"{head} of such arguments has no meaning") from problem
    if is_undefined(value) or not all(map(_is_known, (value, *value.args))):
        raise Malformed(path, "this has no value among the real numbers")
    if value.is_Rational and bits(value) > MAX_BITS:
        raise Malformed(path, f"a number has more than {MAX_BITS} binary digits")
    if _degree(value) > MAX_DEGREE:
        raise Malformed(path, f"the formula's degree is larger than {MAX_DEGREE:,}")
    return value


def _is_known(value: Basic) -> bool:
    """Whether a formula has one of our heads, and is no interval or such of SymPy's."""
    kinds = (Rational, Symbol, Str, Tuple, Apply)
    return type(value) in _NAMES or value in _WORD_OF or isinstance(value, kinds)


def _of(kind: type[Any], value: Basic, path: str) -> Any:
    if not isinstance(value, kind):
        raise Malformed(path, f"wanted {kind.__name__.lower()}, not {type(value).__name__.lower()}")
    return value


def _is_decimal(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def _magnitude(value: Basic, path: str) -> float:
    """How large a constant is, roughly; 0 for a formula with variables and for infinity."""
    if not value.is_number or value.is_infinite:
        return 0.0
    if value.is_Rational:
        return float(min(abs(value.p) // value.q, 10**300))
    found = value.evalf(8)
    if found.has(S.ImaginaryUnit):
        raise Malformed(path, "a constant is no real number")
    # SymPy knows no value of our own heads, and computes none while it builds formulas.
    return min(abs(float(found)), 1e300) if found.is_Float else 0.0


@lru_cache(maxsize=1 << 16)
def _degree(value: Basic) -> float:
    """Bound on the degree of ``value`` in its atoms, functions taken as atoms of degree 1."""
    if isinstance(value, sympy.Pow) and value.exp.is_Rational:
        return max(1.0, float(abs(value.exp))) * _degree(value.base)
    if isinstance(value, sympy.Mul):
        return sum(map(_degree, value.args))
    return max(map(_degree, value.args), default=1.0)


def _copies(binders: Sequence[heads.Index]) -> int:
    """How often the body of a reduction may be written out."""
    sizes = (index.axis.size for index in binders)
    count = 1
    for size in sizes:
        if size is not None and size.is_Integer and size <= MAX_UNROLLED:
            count *= max(int(size), 1)
    return count


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
