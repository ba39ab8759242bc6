"""Claims of a program: what they ask, under which condition, and whether they were proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import NoReturn, TypeAlias

import sympy
from sympy import Expr, Rational

from losslang.diagnostics import fail
from losslang.ir.heads import Max, Min
from losslang.ir.loss import Constant, Loss
from losslang.ir.primitives import BY_NAME
from losslang.source import Span
from losslang.syntax import nodes
from losslang.verify.readings.algebra import spelled
from losslang.verify.verdict import Cut, Verdict


@dataclass(frozen=True)
class Settings:
    """One conjunction of a condition: halves of numbers, and choices."""

    way: tuple[Cut, ...] = ()
    choices: tuple[tuple[str, Constant], ...] = ()

    def __and__(self, other: Settings) -> Settings:
        return Settings(self.way + other.way, self.choices + other.choices)

    def fixed_to(self, known: Mapping[str, Constant | None]) -> Settings | None:
        """What is left of the conditions where some hyperparameters have values.

        ``None`` if the values do not meet them. Raises ValueError where that cannot be told.
        """
        values = {name: Rational(v) for name, v in known.items() if isinstance(v, Fraction | int)}
        way = []
        for cut in self.way:
            at = cut.at.subs({s: values[s.name] for s in cut.at.free_symbols if s.name in values})
            if cut.symbol.name not in values:
                way.append(replace(cut, at=at))
            elif at.is_Symbol:
                way.append(Cut(at, values[cut.symbol.name], not cut.above, cut.closed))
            elif at.free_symbols:
                raise ValueError(f"whether {cut} holds depends on other hyperparameters")
            elif not _meets(values[cut.symbol.name], replace(cut, at=at)):
                return None
        if any(known.get(name, choice) != choice for name, choice in self.choices):
            return None
        return Settings(tuple(way), tuple(c for c in self.choices if c[0] not in known))


def _meets(value: Expr, cut: Cut) -> bool:
    beyond = value > cut.at if cut.above else value < cut.at
    return bool(beyond == True or (cut.closed and value == cut.at))  # noqa: E712


INCOMPARABLE = "cannot compare the constant with it"
"""Why a claim of a constant may not stand though none was shown to be another."""

Alternatives: TypeAlias = tuple[Settings, ...]

EVERYWHERE: Alternatives = (Settings(),)

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


@dataclass(frozen=True)
class ClaimResult:
    """A claim, the verdict it was measured by, and whether it stands.

    ``loss`` is what the verdict and its certificate are about: the program's, with the choices of
    the claim's condition; ``None`` if no setting meets that. Where the condition has alternatives,
    ``verdict`` is the first that the claim does not stand by, or else the last; ``measured`` has
    all of them.
    """

    text: str
    span: Span
    verdict: Verdict
    ok: bool
    says: str
    loss: Loss | None = None
    measured: tuple[tuple[Settings, Verdict], ...] = ()


class Conditions:
    """Reads conditions and bounds over the hyperparameters and sizes of a loss."""

    def __init__(self, loss: Loss, sizes: Mapping[str, sympy.Symbol]) -> None:
        self._numbers = {h.name: h.symbol for h in loss.hyperparameters if not h.axes}
        self._choices = {h.name: h.options for h in loss.hyperparameters if h.options}
        self._defaults = {h.name: h.default for h in loss.hyperparameters if h.options}
        self._sizes = sizes

    def settings(self, condition: nodes.Expr | None) -> Alternatives:
        """The settings that meet a condition, for each word of the choices that it leaves open.

        A choice that is not named has its default.
        """
        found = []
        for met in self.alternatives(condition):
            named = {name for name, _ in met.choices}
            words = [
                [(name, option) for option in options]
                for name, options in self._choices.items()
                if name not in named
            ]
            for chosen in product(*words):
                others = tuple((n, o) for n, o in chosen if o != self._defaults[n])
                found.append(met & Settings((), others))
        return tuple(found)

    def alternatives(self, condition: nodes.Expr | None, negated: bool = False) -> Alternatives:
        """The settings that meet a condition, as alternatives of conjunctions."""
        match condition:
            case None:
                return EVERYWHERE
            case nodes.Unary(op="not"):
                return self.alternatives(condition.operand, not negated)
            case nodes.BoolOp():
                each = [self.alternatives(part, negated) for part in condition.operands]
                if (condition.op == "and") != negated:
                    return tuple(_joined(choice) for choice in product(*each))
                return tuple(settings for alternatives in each for settings in alternatives)
            case nodes.Compare():
                steps = [
                    self._atom(left, op, right, negated)
                    for op, left, right in zip(
                        condition.ops, condition.operands, condition.operands[1:], strict=False
                    )
                ]
                if negated:
                    return tuple(settings for step in steps for settings in step)
                return tuple(_joined(choice) for choice in product(*steps))
        _unreadable(condition)

    def _atom(self, left: nodes.Expr, op: str, right: nodes.Expr, negated: bool) -> Alternatives:
        op = _NEGATED[op] if negated else op
        if isinstance(left, nodes.Name) and left.id in self._choices:
            return self._choice(left, op, right)
        subject = self._subject(left)
        if subject is None:
            subject, right, op = self._subject(right), left, _FLIPPED[op]
        if subject is None:
            _unreadable(right)
        at = self.number(right)
        below = Settings((Cut(subject, at, False, op in ("<=", "==")),))
        above = Settings((Cut(subject, at, True, op in (">=", "==")),))
        match op:
            case "<" | "<=":
                return (below,)
            case ">" | ">=":
                return (above,)
            case "==":
                return (below & above,)
        return (below, above)

    def _choice(self, name: nodes.Name, op: str, value: nodes.Expr) -> Alternatives:
        known = self._choices[name.id]
        if not isinstance(value, nodes.Name) or value.id not in known:
            _unreadable(value)
        wanted = [o for o in known if (o == value.id) == (op == "==")]
        return tuple(Settings((), ((name.id, option),)) for option in wanted)

    def _subject(self, node: nodes.Expr) -> sympy.Symbol | None:
        if isinstance(node, nodes.Name):
            return self._numbers.get(node.id)
        if isinstance(node, nodes.Call) and node.function.id == "size":
            (axis,) = node.args
            return self._sizes.get(axis.id) if isinstance(axis, nodes.Name) else None
        return None

    def number(self, node: nodes.Expr) -> Expr:
        """A bound: an expression in numbers and hyperparameters."""
        match node:
            case nodes.Number():
                return Rational(node.value)
            case nodes.Name(id="pi"):
                return sympy.pi
            case nodes.Unary(op="-"):
                return -self.number(node.operand)
            case nodes.Unary(op="+"):
                return self.number(node.operand)
            case nodes.Binary():
                return _binary(node.op, self.number(node.left), self.number(node.right))
            case nodes.Call(function=nodes.Name(id="max" | "min" as name), args=[_, _, *_]):
                return (Max if name == "max" else Min)(*map(self.number, node.args))
            case nodes.Call() if node.function.id in BY_NAME:
                row = BY_NAME[node.function.id]
                if len(node.args) == row.arity and not node.keywords:
                    return spelled(row.build(*map(self.number, node.args)))
        subject = self._subject(node)
        if subject is None:
            _unreadable(node)
        return subject


def _binary(op: str, left: Expr, right: Expr) -> Expr:
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
    if right.is_Rational and abs(right) > MAX_POWER:
        raise ValueError("the exponent is too large")
    return left**right


MAX_POWER = 64


def _joined(parts: tuple[Settings, ...]) -> Settings:
    whole = Settings()
    for part in parts:
        whole = whole & part
    return whole


def _unreadable(node: nodes.Expr) -> NoReturn:
    fail(
        "condition-not-decidable",
        "a claim's condition compares a hyperparameter or a size with a number",
        node.span,
        help="write it as `eps > -2`, `0 <= a < 1` or `size(class) == 2`",
    )
