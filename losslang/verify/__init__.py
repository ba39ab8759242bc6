"""What is true of a loss: proofs, counterexamples, and for which hyperparameters.

The package can be called: ``losslang.verify("poly1")`` is :func:`losslang.driver.verify`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from losslang.verify.report import Report


class _Callable(ModuleType):
    """A package that is a function, too: importing its parts must not hide the function."""

    def __call__(
        self,
        spec: str | Mapping[str, Any] | None = None,
        *,
        path: Path | str | None = None,
        name: str | None = None,
        timeout: float = 60.0,
        **hyperparameters: Any,
    ) -> Report:
        # By its name, because a stage does not import what builds on it.
        driver: Any = import_module("losslang.driver")
        return driver.verify(spec, path=path, name=name, timeout=timeout, **hyperparameters)


sys.modules[__name__].__class__ = _Callable
