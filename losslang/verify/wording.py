"""Verdicts and numbers in a line of text for a reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import sympy
from sympy import Basic, Expr, Rational, S, Tuple
from sympy.core.function import AppliedUndef

from losslang.ir.text import ATOM, LOOSE, SUM, Printer

if TYPE_CHECKING:
    from losslang.verify.verdict import Verdict, Witness

LONGEST = 9
"""Digits and signs of a number that is shown exactly."""
LONGEST_FORMULA = 60

PLACES = ("piece", "joint", "which")
"""Names under which searches count pieces of a function, which says nothing to a reader."""
TOLD = ("loss", "slope", "slopes", "curvature", "sums", "before", "after", "expected loss")
"""Names of values that need not stand beside a sentence with the same numbers."""

Written: TypeAlias = tuple[str, int]


class ValuePrinter(Printer):
    """Writes what a verdict may have as its value: intervals, cases, unknown functionals, too."""

    def _interval(self, e: sympy.Interval) -> Written:
        left, right = "(" if e.left_open else "[", ")" if e.right_open else "]"
        return f"{left}{short(e.start)}, {short(e.end)}{right}", ATOM

    def _cases(self, e: sympy.Piecewise) -> Written:
        *cases, (last, otherwise) = e.args
        text = "".join(f"{self.text(value, SUM)} if {short(test)} else " for value, test in cases)
        tail = "" if otherwise == S.true else f" if {short(otherwise)}"
        return f"{text}{self.text(last, SUM)}{tail}", LOOSE

    def _relation(self, e: sympy.core.relational.Relational) -> Written:
        return f"{self.text(e.lhs, SUM)} {e.rel_op} {self.text(e.rhs, SUM)}", LOOSE

    def _tuple(self, e: Tuple) -> Written:
        return f"({', '.join(map(short, e))})", ATOM

    def _unknown(self, e: AppliedUndef) -> Written:
        return f"{e.func.__name__}({', '.join(map(self.text, e.args))})", ATOM

    _WRITE: ClassVar[Mapping[type | tuple[type, ...], Callable[[Any, Any], Written]]] = {
        sympy.Interval: _interval,
        sympy.Piecewise: _cases,
        sympy.core.relational.Relational: _relation,
        Tuple: _tuple,
        AppliedUndef: _unknown,
        **Printer._WRITE,
    }


def short(value: Basic) -> str:
    """A formula; a number as ``1/3``, ``0.25``, ``sqrt(2)``, a long one as ``~0.333334``."""
    if value.is_Rational:
        exact = _decimal(int(value.p), int(value.q)) or f"{value.p}/{value.q}"
        return exact if len(exact) <= LONGEST else _rounded(value)
    text = ValuePrinter().text(value)
    if value.is_number and len(text) > LONGEST_FORMULA:
        return _rounded(value)
    return text


def _decimal(above: int, below: int) -> str:
    """The decimal that ends after few digits; nothing for any other number."""
    for digits in range(7):
        if 10**digits % below == 0:
            scaled = f"{abs(above) * 10**digits // below:0{digits + 1}d}"
            point = len(scaled) - digits
            text = scaled[:point] + ("." + scaled[point:] if digits else "")
            return f"-{text}" if above < 0 else text
    return ""


def _rounded(value: Basic) -> str:
    number = value.evalf(20)
    if not (number.is_Float or number.is_Integer):
        return ValuePrinter().text(value)
    text = f"{float(number):.6g}"
    away = number - int(float(text)) if "." not in text and "e" not in text else 0
    if away and abs(away) < 1e-3:
        return f"~{text} {'+' if away > 0 else '-'} {abs(float(away)):.3g}"
    return text if value.is_Rational and Rational(text) == value else f"~{text}"


def named(values: Mapping[str, Expr | tuple[Expr, ...]]) -> str:
    """``eps = -3, p = (1, 0, 0)``."""
    return ", ".join(f"{name} = {_value(value)}" for name, value in values.items())


def _value(value: Expr | tuple[Expr, ...]) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_value(each) for each in value)})"
    return short(value)


def witness(given: Witness) -> str:
    """What fails, and at which numbers: ``at p = (1, 0): the minimum lies at q = 0``.

    A sentence is said once, and a value that it tells is not told again.
    """
    says = sentences(given)
    shown = {k: v for k, v in given.values.items() if k not in PLACES and not _told(k, v, says)}
    # A search that has one variable calls its place `at`.
    where = f"at {named({('x' if k == 'at' else k): v for k, v in shown.items()})}" if shown else ""
    return ": ".join(text for text in (where, says) if text)


def sentences(given: Witness) -> str:
    """What a witness says, each sentence once, whatever the interval it is about."""
    return "; ".join(dict.fromkeys(_BOUNDS.sub("", each) for each in given.says.split("; ")))


_BOUNDS = re.compile(r" on [(\[][^,;]*, [^,;]*[)\]]$")


def _told(name: str, value: Expr | tuple[Expr, ...], says: str) -> bool:
    if isinstance(value, tuple):
        return name in TOLD and all(_told(name, each, says) for each in value)
    texts = {short(value), str(value)}
    if name in TOLD:
        return any(re.search(rf"(?<![\w./-]){re.escape(t)}(?![\w/]|\.\d)", says) for t in texts)
    return any(re.search(rf"\b{name} = {re.escape(t)}(?![\w/]|\.\d)", says) for t in texts)


def details(given: Verdict) -> Iterator[str]:
    """What there is to say beside the status, the most important first."""
    if given.condition is not None:
        yield f"when {given.condition}"
    if given.value is not None:
        yield f"value {value(given)}"
    if given.witness is not None:
        yield ("fails " if given.status == "conditional" else "") + witness(given.witness)
    if given.culprit is not None:
        yield f"because of {given.culprit}"
    if given.status == "tested" and given.evidence:
        yield given.evidence
    if given.status in ("tested", "unknown") and given.reason:
        yield given.reason


def value(given: Verdict) -> str:
    """A verdict's value: ``2``; for a bound of the best one ``<= 2``, ``>= 2`` or ``in [0, 2]``."""
    if given.value is None:
        return "none"
    if not given.value_is_bound:
        return short(given.value)
    sign = "in" if isinstance(given.value, sympy.Interval) else given.allows[0]
    return f"{sign} {short(given.value)}"


def verdict(given: Verdict) -> str:
    """``calibrated: conditional, when eps > -2; ...``."""
    more = "; ".join(details(given))
    return f"{given.question}: {given.status}{f', {more}' if more else ''}"
