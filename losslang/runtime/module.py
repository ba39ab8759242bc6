"""Emitted text as a live module: its source shows in tracebacks, its instances pickle.

The text is executed once per process under a name made of its digest. An instance pickles as that
text with its state, so it can be loaded where losslang knows nothing of the original file.
"""

from __future__ import annotations

import inspect
import linecache
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

PREFIX = "losslang.compiled"

if TYPE_CHECKING:

    class Module(nn.Module):
        """What a compiled loss is: a module with its terms, hyperparameters and progress."""

        progress: float

        def terms(self, *inputs: Tensor, **options: Any) -> dict[str, Tensor]:
            """Each term of the loss, by name."""

        def __getattr__(self, name: str) -> Any: ...

else:
    Module = nn.Module


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
            setattr(value, "extra_repr", _settings)  # noqa: B010
    return module


def _settings(self: nn.Module) -> str:
    """The hyperparameters of a module, as it prints them."""
    names = inspect.signature(type(self).__init__).parameters
    return ", ".join(
        f"{name}={_short(getattr(self, name))}" for name in names if name not in ("self", "options")
    )


def _short(value: object) -> str:
    if not isinstance(value, Tensor):
        return repr(value)
    return f"{value.item():.4g}" if value.ndim == 0 else f"Tensor{[*value.shape]}"


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
