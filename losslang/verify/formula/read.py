"""Formulas from data: shapes, sorts of arguments and sizes are checked, part by part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import sympy
from sympy import Basic, Expr, Integer, Rational

from losslang.ir import truth
from losslang.ir.binders import is_undefined, tree_size
from losslang.ir.limits import MAX_BITS, MAX_CONSTANT, bits
from losslang.ir.primitives import Apply
from losslang.verify.formula.limits import (
    MAX_ALL_BITS,
    MAX_ARGUMENT,
    MAX_DEGREE,
    MAX_FORMULA,
    MAX_NAME,
    MAX_NESTING,
    MAX_PARTS,
    Malformed,
    copies,
    degree,
    magnitude,
)
from losslang.verify.formula.table import (
    APPLIED,
    ASSUMPTIONS,
    CLASSES,
    CONSTANTS,
    HEADS,
    WILD,
    WORDS,
    Json,
    Row,
    is_known,
    symbol,
)


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

    def name(self, data: Json, path: str, most: int = MAX_NAME) -> str:
        """A short text."""
        self.count(path)
        if not isinstance(data, str) or not 0 < len(data) <= most or not data.isprintable():
            raise Malformed(path, f"wanted a text of at most {most} characters")
        return data

    def argument_text(self, data: Json, path: str) -> str:
        """What a question is about: an input, a word, or a formula over losses."""
        return self.name(data, path, MAX_ARGUMENT)

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
            return symbol(name, words)
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
        return _of(CLASSES[sort], self._read(data, path, depth + 1), path)

    def _measure(self, head: str, args: Sequence[Any], path: str) -> None:
        """Refuse what SymPy would take long to build."""
        if head in WILD and magnitude(args[0], path) > MAX_CONSTANT:
            raise Malformed(path, f"{head} of a constant larger than {MAX_CONSTANT:,.0f}")
        if head == "^":
            base, exponent = args
            size = magnitude(exponent, path)
            if size > MAX_DEGREE:
                raise Malformed(path, f"an exponent is larger than {MAX_DEGREE:,}")
            longest = max((bits(number) for number in base.atoms(Rational)), default=0)
            self._spend(longest * size if exponent.is_Rational else 0, path)
        elif head == "reduce" and args[3].has(truth.Delta):
            # A list is written out, and with it whatever stands around its elements.
            if copies(args[1]) * (tree_size(args[2]) + tree_size(args[3])) > MAX_FORMULA:
                raise Malformed(path, f"written out this has more than {MAX_FORMULA:,} parts")
        elif head == "axis" and len(args) > 2:
            raise Malformed(path, "an axis has one size")


def _built(head: str, build: Any, args: Sequence[Any], path: str) -> Basic:
    try:
        value: Basic = build(*args)
    except (TypeError, ValueError, AttributeError, ArithmeticError) as problem:
        raise Malformed(path, f"{head} of such arguments has no meaning") from problem
    if is_undefined(value) or not all(map(is_known, (value, *value.args))):
        raise Malformed(path, "this has no value among the real numbers")
    if value.is_Rational and bits(value) > MAX_BITS:
        raise Malformed(path, f"a number has more than {MAX_BITS} binary digits")
    if degree(value) > MAX_DEGREE:
        raise Malformed(path, f"the formula's degree is larger than {MAX_DEGREE:,}")
    return value


def _of(kind: type[Any], value: Basic, path: str) -> Any:
    if not isinstance(value, kind):
        raise Malformed(path, f"wanted {kind.__name__.lower()}, not {type(value).__name__.lower()}")
    return value


def _is_decimal(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
