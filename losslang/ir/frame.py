"""The names an expression sees, from the innermost comprehension out to the loss's signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sympy import Expr

from losslang.ir.heads import ONE, Axis
from losslang.ir.scope import Scope
from losslang.ir.truth import And
from losslang.ir.values import Binding

Place = tuple[Expr, Axis]
"""An index and the axis it runs over."""


@dataclass(eq=False)
class Frame:
    """Names and axes of one loss (``parent`` is ``None``) or of a comprehension inside it.

    ``places`` are the indices that surround the expression, ``guard`` the condition under which it
    is evaluated at all. In an ``open`` frame, that of a composition, hyperparameters of the losses
    it names stay hyperparameters; in any other they take their defaults.
    """

    scope: Scope
    names: dict[str, Binding] = field(default_factory=dict)
    axes: dict[str, Axis] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    guard: Expr = ONE
    parent: Frame | None = None
    open: bool = False

    def find(self, name: str) -> tuple[Binding, Frame] | None:
        """The binding of ``name`` and the frame that holds it."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name], frame
            frame = frame.parent
        return None

    def visible(self) -> Iterator[str]:
        """Every name in this frame and those around it."""
        frame: Frame | None = self
        while frame is not None:
            yield from frame.names
            frame = frame.parent

    @property
    def root(self) -> Frame:
        """The frame of the loss itself."""
        return self if self.parent is None else self.parent.root

    def inner(self, names: dict[str, Binding], places: tuple[Place, ...] = ()) -> Frame:
        """A frame inside this one with further names and surrounding indices."""
        return replace(self, names=names, places=self.places + places, parent=self)

    def where(self, guard: Expr) -> Frame:
        """The same frame under a further condition."""
        return replace(self, names={}, guard=And(self.guard, guard), parent=self)
