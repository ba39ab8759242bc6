"""Branch and bound: a subdivision of the region on whose boxes intervals show the sign."""

from __future__ import annotations

from losslang.verify.evaluate import compile_tape
from losslang.verify.interval import Interval, Undefined
from losslang.verify.proof import Proof, Rejected
from losslang.verify.prover.run import Run
from losslang.verify.rules.boxes import (
    FORMS,
    OUTSIDE,
    Box,
    box_of,
    condition_tapes,
    excluded,
    scalar_tape,
    shows,
    split,
)
from losslang.verify.rules.common import definedness
from losslang.verify.statement import Sign
from losslang.verify.tape import Tape

MAX_BOXES = 4000
MAX_DEPTH = 60
BITS = 80
EXACT = (80, 400)


def value(run: Run, goal: Sign, effort: int) -> Proof | None:
    """The sign of a number."""
    if goal.expr.free_symbols:
        return None
    for bits in EXACT:
        try:
            found = compile_tape(goal.expr, ()).range((), bits)
        except (Undefined, TypeError):
            return None
        if found.is_finite and shows(found, goal.relation):
            return Proof("value", {"bits": bits})
    return None


def boxes(run: Run, goal: Sign, effort: int) -> Proof | None:
    """Boxes for a statement over variables whose bounds are numbers; more with more effort."""
    limit = min(MAX_BOXES, 60 * 4**effort)
    try:
        tape, whole = scalar_tape(goal), box_of(goal.region)
        needs = definedness(goal.expr, goal.region)
    except Rejected:
        return None
    if len(whole) > 9:
        return None
    conditions = condition_tapes(goal.region)
    word: list[str] = []
    waiting = [(whole, 0)]
    while waiting:
        box, depth = waiting.pop()
        letter = _letter(tape, box, goal)
        if letter is None and conditions and excluded(conditions, box, BITS):
            letter = OUTSIDE
        if letter is None:
            axis = _axis(tape, box)
            if axis is None or depth >= MAX_DEPTH or len(word) >= limit or not run.budget.left():
                return None
            if _false_in_the_middle(tape, box, goal):
                return None
            letter = str(axis)
            lower, upper = split(box, axis)
            waiting += [(upper, depth + 1), (lower, depth + 1)]
        word.append(letter)
    parts = [run.prove(need, effort) for need in needs]
    known = tuple(part for part in parts if part is not None)
    if len(known) < len(parts):
        return None
    return Proof("boxes", {"subdivision": "".join(word), "bits": BITS}, known)


def _letter(tape: Tape, box: Box, goal: Sign) -> str | None:
    for letter, bound in FORMS.items():
        try:
            if shows(bound(tape, box, BITS), goal.relation):
                return letter
        except Undefined:
            continue
    return None


def _axis(tape: Tape, box: Box) -> int | None:
    """The variable to split: that along which the formula may vary most."""
    free = [n for n, each in enumerate(box) if not each.is_point]
    if len(free) <= 1:
        return free[0] if free else None
    unbounded = [n for n in free if not box[n].is_finite]
    if unbounded:
        return unbounded[0]
    try:
        _, slopes = tape.gradient(box, BITS)
        weight = [float((abs(slopes[n]).high * box[n].width).mid()) for n in free]
        if all(w == w and w != float("inf") for w in weight) and max(weight) > 0:
            return free[weight.index(max(weight))]
    except Undefined:
        pass
    return max(free, key=lambda n: float(box[n].width.mid()))


def _false_in_the_middle(tape: Tape, box: Box, goal: Sign) -> bool:
    """Whether the statement fails at a point of the box: then no subdivision helps."""
    centre = tuple(Interval(each.midpoint, each.midpoint) for each in box)
    try:
        found = tape.range(centre, BITS)
    except Undefined:
        return False
    opposite = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
    contrary = opposite.get(goal.relation)
    return contrary is not None and not goal.region.conditions and shows(found, contrary)  # type: ignore[arg-type]
