"""Emitted text as a live module: its source shows in tracebacks, its instances pickle.

The text is executed once per process under a name made of its digest. An instance pickles as that
text with its state, so it can be loaded where losslang knows nothing of the original file.
"""

from __future__ import annotations

import linecache
import sys
from types import ModuleType
from typing import Any, TypeAlias

from torch import nn

PREFIX = "losslang.compiled"

Module: TypeAlias = nn.Module
"""What a compiled loss is, for code that must not import torch itself."""


def load(text: str, digest: str) -> ModuleType:
    """The module of an emitted text; the same object for the same text."""
    name = f"{PREFIX}_{digest}"
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__source__", None) == text:
        return known
    filename = f"<{name}>"
    module = ModuleType(name, None)
    module.__dict__.update(__file__=filename, __source__=text, __digest__=digest)
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    sys.modules[name] = module
    try:
        exec(compile(text, filename, "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == name:
            setattr(value, "__reduce_ex__", _reduce_module)  # noqa: B010 - mypy knows the base's
    return module


def _reduce_module(self: nn.Module, protocol: Any) -> tuple[Any, ...]:
    module = sys.modules[type(self).__module__]
    given = (module.__source__, module.__digest__, type(self).__name__)
    return restore, given, self.__dict__.copy()


def restore(text: str, digest: str, class_name: str) -> nn.Module:
    """An empty instance of an emitted class, for :mod:`pickle` to fill."""
    type_ = getattr(load(text, digest), class_name)
    instance: nn.Module = type_.__new__(type_)
    nn.Module.__init__(instance)
    return instance
