"""Whether a verdict says what is known: its status, the meaning of its condition, its value."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import Any, cast

import sympy
from sympy.core.function import AppliedUndef

import losslang
from losslang import driver
from losslang.ir.loss import Loss
from tests.verify.table.row import Row

DECIDED = ("proved", "refuted", "conditional")

# ---------------------------------------------------------------- asking


def is_text(program: str) -> bool:
    """Whether a program is a file's text, and not an expression over the library."""
    return program.lstrip().startswith(("loss ", "fn "))


@cache
def loss_of(program: str) -> Loss:
    """The IR of a row's program."""
    if not is_text(program):
        return driver.elaborated(program)
    with _file(program) as place:
        return driver.elaborated(**place)


def verdict(row: Row, seconds: float = 60.0) -> Any:
    """What the verifier says of the row's property.

    ``seconds`` are for all rows about one program; a question may take a part of them.
    """
    report = _report(row.program, tuple(sorted(_frozen(row.settings))), seconds)
    return report[row.property]


def _frozen(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        yield name, tuple(value) if isinstance(value, list) else value


@cache
def _report(program: str, settings: tuple[tuple[str, Any], ...], seconds: float) -> Any:
    given = {name: list(v) if isinstance(v, tuple) else v for name, v in settings}
    verify = cast(Any, losslang).verify
    if not is_text(program):
        return verify(program, timeout=seconds, **given)
    with _file(program) as place:
        return verify(**place, timeout=seconds, **given)


@contextmanager
def _file(program: str) -> Iterator[dict[str, Any]]:
    """A file that holds a program, and the name of its last loss."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.loss"
        path.write_text(program, encoding="utf-8")
        yield {"path": path, "name": re.findall(r"^\s*loss\s+(\w+)", program, re.MULTILINE)[-1]}


# ---------------------------------------------------------------- comparing


def undecided(row: Row, found: Any) -> str:
    """Why a verdict leaves a row open; empty if it decides it."""
    if found.status not in DECIDED:
        return f"{found.status}: {getattr(found, 'reason', '')}"
    if row.value is not None and found.status == row.status and found.value is None:
        return "no value"
    return ""


def mistake(row: Row, found: Any) -> str:
    """What a verdict that decides a row says wrongly; empty if it is right."""
    if found.status != row.status:
        of = f" ({found.condition})" if found.condition else ""
        return f"{found.status}{of}, not {row.status}"
    loss = loss_of(row.program)
    if row.status == "conditional" and (row.condition is None or found.condition is None):
        return "no condition"
    if row.status == "conditional":
        point = disagreement(str(row.condition), str(found.condition), loss, row.settings)
        if point is not None:
            return f"where {found.condition}, not where {row.condition}: at {point}"
    if row.value is not None:
        at = difference(row.value, found.value, loss, row.settings)
        if at:
            return f"value {found.value}, not {row.value}: at {at}"
    return ""


# ---------------------------------------------------------------- conditions

NUMBERS = [
    Fraction(n, 100) for n in (-700, -300, -175, -100, -50, -1, 0, 1, 50, 100, 150, 200, 400)
]
SIZES = range(2, 8)
FUNCTIONS = {
    name: getattr(math, name) for name in ("log", "exp", "sqrt", "pi", "tanh", "log1p", "expm1")
} | {"abs": abs, "min": min, "max": max}


def disagreement(
    one: str, other: str, loss: Loss, settings: Mapping[str, Any]
) -> dict[str, Any] | None:
    """A setting of a grid, which has the conditions' own numbers on it, where they differ."""
    texts = [re.sub(r"size\((\w+)\)", r"size_\1", text).replace("^", "**") for text in (one, other)]
    written = [Fraction(n) for text in texts for n in re.findall(r"\d+(?:\.\d+)?", text)]
    nudges = (Fraction(0), Fraction(1, 1000), Fraction(-1, 1000))
    near = {sign * n + d for n in written for d in nudges for sign in (1, -1)}
    names = sorted({name for text in texts for name in re.findall(r"[A-Za-z_]\w*", text)})
    grids: dict[str, Sequence[Any]] = {}
    for name in names:
        if name.startswith("size_"):
            grids[name] = SIZES
        elif name not in FUNCTIONS and name not in ("and", "or", "not"):
            grids[name] = _values(loss, name, settings, sorted(near | set(NUMBERS)))
    for place in product(*grids.values()):
        point = dict(zip(grids, place, strict=True))
        truths = [bool(eval(t, {"__builtins__": {}} | FUNCTIONS, dict(point))) for t in texts]
        if truths[0] != truths[1]:
            return point
    return None


def _values(
    loss: Loss, name: str, settings: Mapping[str, Any], numbers: Sequence[Fraction]
) -> Sequence[Any]:
    if name in settings:
        return [settings[name]]
    (hyper,) = (h for h in loss.hyperparameters if h.name == name)
    whole = [n for n in numbers if hyper.kind != "int" or n.denominator == 1]
    return [n for n in whole if n in hyper.domain]


# ---------------------------------------------------------------- values

TRANSFORM_POINTS: dict[str, Sequence[Any]] = {
    "t": (0.07, 0.45, 0.83),
    "B": (0.3, 1.0, 2.5),
    "K": (2, 3, 5),
    "v": (-0.4, 0.1, 0.35),
}
# The target of an expected loss: its values and their probabilities.
ATOMS = ((sympy.Rational(1, 5), 0.3), (sympy.Integer(1), 0.5), (sympy.Integer(3), 0.2))
TOLERANCE = 1e-6
MAX_POINTS = 200


def difference(one: Any, other: Any, loss: Loss, settings: Mapping[str, Any]) -> str:
    """A point where two values, or pairs of values, differ; empty if they agree at all points."""
    inside_means = {"Y"} | {i.name for i in loss.inputs}
    known = {h.name for h in loss.hyperparameters} | set(TRANSFORM_POINTS) | inside_means
    left, right = _numbers(one, known), _numbers(other, known)
    if len(left) != len(right):
        return f"{left} against {right}"
    names = sorted({str(s) for e in (*left, *right) for s in e.free_symbols} - inside_means)
    grids: list[Sequence[Any]] = []
    for name in names:
        numbers = [n for n in NUMBERS if n.denominator < 100 or n > 0]
        of_loss = any(h.name == name for h in loss.hyperparameters)
        grids.append(_values(loss, name, settings, numbers) if of_loss else TRANSFORM_POINTS[name])
    for place in islice(product(*grids), MAX_POINTS):
        point = dict(zip(names, place, strict=True))
        for a, b in zip(left, right, strict=True):
            x, y = _at(a, point), _at(b, point)
            if not (x == y or abs(x - y) <= TOLERANCE * max(1, abs(x))):
                return f"{point}, {x} against {y}"
    return ""


def _numbers(value: Any, known: Collection[str]) -> tuple[sympy.Expr, ...]:
    """A value, or the two ends of a range, with symbols that are told apart by name alone."""
    if isinstance(value, sympy.Interval):
        value = (value.start, value.end)
    if isinstance(value, sympy.FiniteSet):
        (only,) = value
        value = (only, only)
    if isinstance(value, tuple | list | sympy.Tuple):
        return tuple(number for part in value for number in _numbers(part, known))
    text = str(value).strip().replace("^", "**")
    text = re.sub(r"size\(\w+\)", "K", text)
    if re.fullmatch(r"[\[(].*,.*[\])]", text) and _is_pair(text):
        text = f"({text[1:-1]})"
    scope: dict[str, Any] = {name: sympy.Symbol(name) for name in known}
    scope |= {"E": sympy.Function("E"), "min": sympy.Min, "max": sympy.Max, "inf": sympy.oo}
    # The number of classes is K in the table.
    parsed = sympy.sympify(text.replace("Size(class)", "K"), locals=scope)
    return tuple(parsed) if isinstance(parsed, tuple | sympy.Tuple) else (parsed,)


def _is_pair(text: str) -> bool:
    """Whether the outermost brackets of a text belong together and hold a comma of their own."""
    depth, commas = 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        commas += letter == "," and depth == 1
        if depth == 0 and place < len(text) - 1:
            return False
    return commas == 1


def _at(expr: sympy.Expr, point: Mapping[str, Any]) -> float:
    values = {sympy.Symbol(n): sympy.nsimplify(v) for n, v in point.items()}
    at = expr.subs(values)
    for mean in at.atoms(AppliedUndef):
        inside = mean.args[0]
        atoms = (weight * inside.subs(dict.fromkeys(inside.free_symbols, y)) for y, weight in ATOMS)
        at = at.subs(mean, sum(atoms))
    number = complex(at.evalf(30))
    return number.real if abs(number.imag) < 1e-12 else math.nan
