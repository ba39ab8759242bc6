"""Emitted text as a live module: its source shows in tracebacks, its instances pickle.

The text is executed once per process under a name made of its digest. An instance pickles as that
text with its state, so it can be loaded where losslang knows nothing of the original file.
"""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

PREFIX = "losslang.compiled"

if TYPE_CHECKING:
    from losslang.codegen.native.call import Kernel, Real, Signature

    class Module(nn.Module):
        """What a compiled loss is: a module with its terms, hyperparameters and progress.

        ``term_names`` has a loss of several terms.
        """

        progress: float
        term_names: tuple[str, ...]

        def precompile(self, dtype: torch.dtype = torch.float32) -> bool:
            """Wait for the kernel for numbers of one type; whether there is one."""

        def terms(self, *inputs: Tensor, **options: Any) -> dict[str, Tensor]:
            """Each term of the loss, by name."""

        def __getattr__(self, name: str) -> Any: ...

else:
    Module = nn.Module


@dataclass(frozen=True)
class Kernels:
    """How kernels are made for the losses of a module.

    ``write`` makes the kernel of a formula, which is named, for a type of numbers, or says why
    there is none.
    """

    signatures: tuple[Signature, ...]
    write: Callable[[str, Real], Kernel | str]


def load(text: str, digest: str, kernels: Kernels | None = None) -> ModuleType:
    """The module of an emitted text; the same object for the same text.

    With ``kernels`` its formulas are computed by them where they fit.
    """
    name = f"{PREFIX}_{digest}" if kernels is None else f"{PREFIX}_{digest}_native"
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__source__", None) == text:
        return known
    filename = f"<{name}>"
    module = ModuleType(name, None)
    module.__dict__.update(__file__=filename, __source__=text, __digest__=digest, __kernels__={})
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
            setattr(value, "precompile", _precompile)  # noqa: B010
    if kernels is not None:
        _dispatch(module, kernels)
    return module


def _dispatch(module: ModuleType, kernels: Kernels) -> None:
    from losslang.runtime.backend import Dispatch, Whole

    for signature in kernels.signatures:
        name = signature.formula
        found = Dispatch(getattr(module, name), signature, partial(kernels.write, name))
        module.__kernels__[name] = found
        setattr(module, name, found)
        if signature.is_plain:
            public = getattr(module, signature.function)
            setattr(module, signature.function, Whole(public, found))


def _precompile(self: nn.Module, dtype: torch.dtype = torch.float32) -> bool:
    """Wait for the kernels for numbers of one type; whether there are any."""
    dispatched = sys.modules[type(self).__module__].__kernels__.values()
    ready = [dispatch.precompile(dtype) for dispatch in dispatched]
    return any(ready)


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
    written = {name: dispatch.written() for name, dispatch in module.__kernels__.items()}
    given = (module.__source__, module.__digest__, type(self).__name__, written or None)
    return restore, given, self.__dict__.copy()


def restore(
    text: str,
    digest: str,
    class_name: str,
    written: Mapping[str, tuple[Signature, Mapping[Real, Kernel | str]]] | None = None,
) -> nn.Module:
    """An empty instance of an emitted class, for :mod:`pickle` to fill.

    ``written`` has for each formula how it is called and its kernels, if it had some.
    """
    kernels = None
    if written is not None:
        signatures = tuple(signature for signature, _ in written.values())
        kernels = Kernels(signatures, lambda name, real: written[name][1][real])
    type_ = getattr(load(text, digest, kernels), class_name)
    instance: nn.Module = type_.__new__(type_)
    nn.Module.__init__(instance)
    return instance
