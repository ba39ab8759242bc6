"""What formulas seem to be at random settings: enough to drop a guess, never to keep a claim."""

from __future__ import annotations

import math
from itertools import islice

from sympy import Expr

from losslang.verify.evaluate import compile_tape
from losslang.verify.sampling import looks_false, points
from losslang.verify.statement import Region, Sign
from losslang.verify.theorem import Case, Theorem

SAMPLES = 12
CLEAR = 1e-9


def values(expr: Expr, region: Region, count: int = SAMPLES) -> list[float]:
    """``expr`` in double precision at random points of a region; none where it has no value."""
    try:
        tape = compile_tape(expr, region.symbols)
        drawn = list(islice(points(region), count))
        return [tape.float([float(p[s]) for s in region.symbols]) for p in drawn]
    except (TypeError, ValueError, ArithmeticError):
        return []


def sign_of(expr: Expr, region: Region) -> int:
    """1 or -1 where all samples have that sign, else 0."""
    found = values(expr, region, 1 if not region.variables else SAMPLES)
    if not found or not all(map(math.isfinite, found)):
        return 0
    if min(found) > CLEAR:
        return 1
    return -1 if max(found) < -CLEAR else 0


def likely(theorem: Theorem, case: Case, count: int = 12) -> bool:
    """Whether no premise of a theorem is seen to be false."""
    premises = theorem.premises(case)
    if premises is None:
        return False
    statements = [premise.statement for premise in premises]
    return all(looks_false(s, count) is None for s in statements if isinstance(s, Sign))
