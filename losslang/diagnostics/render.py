"""Diagnostics as text."""

from __future__ import annotations

from losslang.diagnostics.model import Diagnostic


def render(diagnostic: Diagnostic) -> str:
    """A diagnostic as plain text."""
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"]
    if diagnostic.primary is not None:
        span = diagnostic.primary.span
        line, column = span.source.position(span.start)
        lines += [f"  --> {span.source.name}:{line}:{column}", "    " + span.source.line(line)]
    if diagnostic.help:
        lines.append(f"   = help: {diagnostic.help}")
    return "\n".join(lines)
