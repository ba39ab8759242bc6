"""A small language for machine-learning losses, and its compiler.

The public names are loaded when first used, so that ``import losslang`` costs next to nothing::

    import losslang

    loss = losslang.compile("poly(eps=[2])")  # an nn.Module
    loss(logits, target)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from losslang._version import __version__

if TYPE_CHECKING:
    from losslang.diagnostics import Diagnostic, DiagnosticError
    from losslang.driver import check, compile, emit, from_config, show, verify

__all__ = [
    "Diagnostic",
    "DiagnosticError",
    "__version__",
    "check",
    "compile",
    "emit",
    "from_config",
    "show",
    "verify",
]

_HOME = {
    "Diagnostic": "losslang.diagnostics",
    "DiagnosticError": "losslang.diagnostics",
    "check": "losslang.driver",
    "compile": "losslang.driver",
    "emit": "losslang.driver",
    "from_config": "losslang.driver",
    "show": "losslang.driver",
    "verify": "losslang.verify",
}


if not TYPE_CHECKING:  # a type checker must see the names above, and no others

    def __getattr__(name: str) -> object:
        """Load a public name from the module that defines it, and keep it."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = import_module(_HOME[name])
        value = getattr(home, name, home)  # the package `verify` is a function itself
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *__all__})
