"""Verdicts and numbers in a line of text for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sympy import Basic, Expr, Rational, Tuple

from losslang.ir.text import Printer

if TYPE_CHECKING:
    from losslang.verify.verdict import Verdict, Witness

LONGEST = 9
"""Digits and signs of a number that is shown exactly."""
LONGEST_FORMULA = 60


def short(value: Basic) -> str:
    """A formula; a number as ``1/3``, ``0.25``, ``sqrt(2)``, a long one as ``~0.333334``."""
    if isinstance(value, Tuple):
        return _value(tuple(value))
    if value.is_Rational:
        exact = _decimal(int(value.p), int(value.q)) or f"{value.p}/{value.q}"
        return exact if len(exact) <= LONGEST else _rounded(value)
    text = Printer().text(value)
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
        return Printer().text(value)
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
    """What fails, and at which numbers: ``at p = (1, 0): the minimum lies at q = 0``."""
    where = f"at {named(given.values)}" if given.values else ""
    return ": ".join(text for text in (where, given.says) if text)


def details(given: Verdict) -> Iterator[str]:
    """What there is to say beside the status, the most important first."""
    if given.condition is not None:
        yield f"when {given.condition}"
    if given.value is not None:
        yield f"value {short(given.value)}"
    if given.witness is not None:
        yield ("fails " if given.status == "conditional" else "") + witness(given.witness)
    if given.culprit is not None:
        yield f"because of {given.culprit}"
    if given.status == "tested" and given.evidence:
        yield given.evidence
    if given.status in ("tested", "unknown") and given.reason:
        yield given.reason


def verdict(given: Verdict) -> str:
    """``calibrated: conditional, when eps > -2; ...``."""
    more = "; ".join(details(given))
    return f"{given.question}: {given.status}{f', {more}' if more else ''}"
