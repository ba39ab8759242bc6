"""What is told to a user whose program is wrong: data with places, rendered elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn

from losslang.source import Span


@dataclass(frozen=True)
class Label:
    """A place in the program and what is to be said about it."""

    span: Span
    text: str = ""


@dataclass(frozen=True)
class Diagnostic:
    """One message: the code names the rule, the message states the fact, the labels show places.

    ``notes`` add facts; ``help`` says which edit mends the program.
    """

    code: str
    message: str
    primary: Label | None = None
    secondary: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    severity: Literal["error", "warning"] = "error"


class DiagnosticError(Exception):
    """Raised for a user's mistake; ``str`` of it is the rendered diagnostic."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        from losslang.diagnostics.render import render

        return "\n\n".join(render(diagnostic) for diagnostic in self.diagnostics)


class InternalError(Exception):
    """A broken invariant of the compiler itself: never the user's fault."""


def fail(
    code: str,
    message: str,
    span: Span | None = None,
    label: str = "",
    *,
    also: tuple[Label, ...] = (),
    notes: tuple[str, ...] = (),
    help: str | None = None,
) -> NoReturn:
    """Raise a :class:`DiagnosticError` that holds one error."""
    primary = None if span is None else Label(span, label)
    raise DiagnosticError(Diagnostic(code, message, primary, also, notes, help))
