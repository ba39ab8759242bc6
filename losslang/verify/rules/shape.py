"""The rule about curvature: replaying the composition from the facts of the primitives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from losslang.verify.proof import Data, Rejected, Rule
from losslang.verify.shapes import Shapes
from losslang.verify.statement import Shape, Statement


def _shape(statement: Statement, data: Mapping[str, Data]) -> Sequence[Statement]:
    if not isinstance(statement, Shape):
        raise Rejected(f"the rule is about curvature, not about {statement}")
    shapes = Shapes(statement.wrt, statement.region)
    if not shapes.has(statement.expr, statement.curvature):
        raise Rejected(f"nothing makes {shapes.culprit or statement.expr} {statement.curvature}")
    return ()


SHAPE_RULES: tuple[Rule, ...] = (Rule("shape", "the curvatures of the parts compose", _shape),)
