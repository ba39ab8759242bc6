"""Dual norms of the slopes of losses of logits.

The slope of a multiclass loss is a number times a difference of two points of the simplex: of the
softmax and the label's vertex, or of two vertices. A Lipschitz constant is the greatest such number
times the greatest dual norm of such a difference, which is that of two vertices.
"""

from __future__ import annotations

import sympy
from sympy import Expr, S

from losslang.verify.theorem import Case
from losslang.verify.theorems.pieces import Silent

_DUAL = {"inf": S(2), "1": S.One}
"""By the norm of the logits that is asked about, other than the Euclidean one."""


def dual_norm(case: Case) -> Expr:
    """The dual norm of e_y - e_k, for the norm that the question names; Silent for others."""
    words = set(case.question.arguments) - {case.question.input, case.reading.input}
    if words <= {"2"}:
        return sympy.sqrt(2)
    if len(words) > 1 or not words <= set(_DUAL):
        raise Silent
    return _DUAL[words.pop()]
