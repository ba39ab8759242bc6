"""Soft labels: losses that are linear in a distribution over the classes."""

from __future__ import annotations

from dataclasses import replace

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import occurs
from losslang.ir.heads import At, Index, Tensor
from losslang.ir.loss import EXAMPLE
from losslang.ir.reduce import Reduce
from losslang.ir.truth import Delta
from losslang.verify.readings.algebra import rewritten, spelled
from losslang.verify.readings.example import Example


def with_hard_label(example: Example) -> Example:
    """The loss for one label, if for a distribution over labels it is the mean of these.

    The expected loss, and all that the theory says of it, is the same. Other losses stay as they
    are.
    """
    soft = [known for known in example.arrays if known.kind == "simplex"]
    if example.labels or len(soft) != 1 or len(example.arrays) != 2:
        return example
    (target,) = soft
    if example.place != (EXAMPLE,) or not target.batched:
        return example
    terms = sympy.Add.make_args(sympy.expand(example.body))
    if not all(_is_linear(term, target.tensor) for term in terms):
        return example
    label = replace(target, kind="index", axes=(), over=example.axis)
    hard = At(label.tensor, EXAMPLE)

    def rule(e: Basic) -> Basic:
        if not isinstance(e, At) or e.tensor != target.tensor:
            return e
        (place,) = (index for index in e.indices if index != EXAMPLE)
        return Delta(place, hard)

    body = spelled(rewritten(sympy.Add(*terms), rule))
    arrays = tuple(known for known in example.arrays if known != target)
    return replace(example, body=body, arrays=arrays, labels=(label,))


def _is_linear(term: Expr, target: Tensor) -> bool:
    """Whether a term is a sum over places of the target's entry times what it does not stand in.

    A term without it counts: the entries have sum 1.
    """
    if not occurs(target, term):
        return True
    found = [f for f in sympy.Mul.make_args(term) if occurs(target, f)]
    if len(found) != 1 or not isinstance(found[0], Reduce):
        return False
    fold = found[0]
    if fold.op != "sum" or len(fold.binders) != 1 or occurs(target, fold.guard):
        return False
    parts = sympy.Add.make_args(sympy.expand(fold.body))
    return all(_is_multiple(part, target, fold.binders[0]) for part in parts)


def _is_multiple(part: Expr, target: Tensor, k: Index) -> bool:
    """Whether ``part`` is the target's entry at ``k`` times what does not read the target."""
    found = [f for f in sympy.Mul.make_args(part) if occurs(target, f)]
    return len(found) == 1 and isinstance(found[0], At) and k in found[0].indices
