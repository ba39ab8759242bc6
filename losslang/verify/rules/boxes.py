"""Rules that evaluate formulas in interval arithmetic: at a point, and on boxes in a region.

A subdivision is a word, read in preorder: a digit splits the box at hand in two halves along the
variable of that number, a letter says how the sign is seen on the box at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from losslang.verify.evaluate import compile_tape, mean_value, monotone
from losslang.verify.interval import ONE, Interval, Undefined
from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.rules.common import definedness, get, sign_statement
from losslang.verify.statement import Bounds, Region, Relation, Sign, Statement
from losslang.verify.tape import Tape

Box: TypeAlias = tuple[Interval, ...]

MAX_WORD = 100_000
MAX_PRECISION = 2048

FORMS: dict[str, Callable[[Tape, Box, int], Interval]] = {
    "n": lambda tape, box, bits: tape.range(box, bits),
    "v": lambda tape, box, bits: mean_value(tape, box, bits),
    "m": lambda tape, box, bits: monotone(tape, box, bits),
}
"""Ways to bound a formula on a box: natural extension, mean-value form, monotonicity test."""

OUTSIDE = "x"
"""The letter for a box on which a condition of the region fails everywhere."""


def side(bounds: Bounds) -> Interval:
    """An interval around bounds that are numbers. Raises :class:`Rejected` for others."""
    ends = []
    for end in (bounds.low, bounds.high):
        if not end.is_number:
            raise Rejected(f"the end {end} is no number")
        try:
            ends.append(compile_tape(end, ()).range(()) if end.is_finite else Interval.exactly(end))
        except (TypeError, Undefined) as error:
            raise Rejected(f"the end {end} has no bounds") from error
    return Interval(ends[0].low, ends[1].high)


def box_of(region: Region) -> Box:
    """The smallest box around a region whose ends are numbers."""
    return tuple(side(bounds) for _, bounds in region.variables)


def shows(found: Interval, relation: Relation) -> bool:
    """Whether all numbers of an interval are so related to 0."""
    match relation:
        case ">":
            return bool(found.low > 0)
        case ">=":
            return bool(found.low >= 0)
        case "<":
            return bool(found.high < 0)
        case "<=":
            return bool(found.high <= 0)
        case "==":
            return bool(found.low >= 0 and found.high <= 0)
        case _:
            return bool(found.low > 0 or found.high < 0)


def split(box: Box, axis: int) -> tuple[Box, Box]:
    """The two halves along an axis."""
    middle = box[axis].midpoint
    halves = Interval(box[axis].low, middle), Interval(middle, box[axis].high)
    lower, upper = ((*box[:axis], half, *box[axis + 1 :]) for half in halves)
    return lower, upper


def scalar_tape(goal: Sign) -> Tape:
    """The program for a statement's formula."""
    try:
        return compile_tape(goal.expr, goal.region.symbols)
    except TypeError as error:
        raise Rejected(str(error)) from error


def condition_tapes(region: Region) -> list[Tape]:
    """Programs for the conditions of a region, those that are formulas."""
    tapes = []
    for condition in region.conditions:
        try:
            tapes.append(compile_tape(condition, region.symbols))
        except TypeError:
            continue
    return tapes


def excluded(conditions: Sequence[Tape], box: Box, bits: int) -> bool:
    """Whether some condition fails all over a box."""
    return any(_fails(condition, box, bits) for condition in conditions)


def _fails(condition: Tape, box: Box, bits: int) -> bool:
    try:
        return bool(condition.range(box, bits).high < ONE.low)
    except Undefined:
        return False


def _boxes(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    word, bits = get(data, "subdivision", str), get(data, "bits", int)
    if len(word) > MAX_WORD or not 16 <= bits <= MAX_PRECISION:
        raise Rejected("the subdivision is too long or too fine")
    tape, conditions = scalar_tape(goal), condition_tapes(goal.region)
    waiting = [box_of(goal.region)]
    for letter in word:
        if not waiting:
            raise Rejected("the subdivision goes on after its last box")
        box = waiting.pop()
        if letter.isdecimal() and int(letter) < len(box):
            lower, upper = split(box, int(letter))
            waiting += [upper, lower]
        elif letter == OUTSIDE and excluded(conditions, box, bits):
            continue
        elif letter not in FORMS or not _seen(tape, box, letter, bits, goal.relation):
            raise Rejected(f"the sign of {goal.expr} is not seen on {box}")
    if waiting:
        raise Rejected(f"the subdivision leaves out {waiting[-1]}")
    # Intervals take a limit for a value, so that 1/x is positive on [0, 1].
    return definedness(goal.expr, goal.region)


def _seen(tape: Tape, box: Box, letter: str, bits: int, relation: Relation) -> bool:
    try:
        return shows(FORMS[letter](tape, box, bits), relation)
    except Undefined:
        return False


def _value(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    goal = sign_statement(statement)
    bits = get(data, "bits", int)
    if goal.expr.free_symbols or not 16 <= bits <= MAX_PRECISION:
        raise Rejected(f"{goal.expr} is no number, or is wanted too precisely")
    try:
        found = compile_tape(goal.expr, ()).range((), bits)
    except (TypeError, Undefined) as error:
        raise Rejected(f"{goal.expr} has no value: {error}") from error
    if not (found.is_finite and shows(found, goal.relation)):
        raise Rejected(f"{goal.expr} lies in {found}")
    return ()


BOX_RULES: tuple[Rule, ...] = (
    Rule("value", "interval arithmetic gives the number's sign", _value),
    Rule("boxes", "interval arithmetic gives the sign on each of some boxes", _boxes),
)
