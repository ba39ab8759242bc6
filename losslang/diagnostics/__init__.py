"""Messages about a user's program: data (`model`), the list of rules (`codes`), text (`render`)."""

from losslang.diagnostics.model import Diagnostic, DiagnosticError, InternalError, Label, fail

__all__ = ["Diagnostic", "DiagnosticError", "InternalError", "Label", "fail"]
