"""Text and live modules of losses, and how exact the modules are."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from losslang.diagnostics import fail
from losslang.driver.finding import elaborated, elaborated_config, every_loss

if TYPE_CHECKING:
    from losslang.accuracy.measure import Row
    from losslang.codegen.lower import Lowered
    from losslang.codegen.native.call import Kernel, Real
    from losslang.ir.loss import Loss
    from losslang.runtime.module import Module


def emit(
    spec: str | Mapping[str, Any] | None = None,
    *,
    path: Path | str | None = None,
    name: str | None = None,
) -> str:
    """Python source that imports only torch, of a config expression or of a file's losses.

    With ``path`` alone the module holds every loss of the file that can stand alone.
    """
    from losslang.codegen.torch.emit import emit as emitted

    if spec is None and name is None and path is not None:
        return emitted(every_loss(path)).text
    return emitted([elaborated(spec, path=path, name=name)]).text


def compile(
    spec: str | Mapping[str, Any] | None = None,
    *,
    path: Path | str | None = None,
    name: str | None = None,
    backend: str = "auto",
    **settings: Any,
) -> Module:
    """A live ``nn.Module`` of a config expression, or of a loss of a file.

    ``settings`` are the module's own keywords: hyperparameters, and defaults of the call contract.
    ``backend`` is ``"auto"``, or ``"torch"`` for no kernels. A kernel for the CPU is built beside
    the calls as soon as there was enough to do, and serves those after it; ``precompile()`` of the
    module waits for it. Raises
    :class:`~losslang.diagnostics.DiagnosticError` for a mistake in the program.
    """
    with _collection_postponed():
        return _live(elaborated(spec, path=path, name=name), backend, settings)


def from_config(
    config: Any = None, *, folder: Path | str = ".", backend: str = "auto", **keys: Any
) -> Module:
    """A live ``nn.Module`` of a config: an expression, or a mapping with its ``spec``.

    ``keys`` are added to the config, so Hydra can call this as a ``_target_``. Raises
    :class:`~losslang.diagnostics.DiagnosticError` for a mistake in the config.
    """
    from losslang.ir.config import merged

    return _live(elaborated_config(merged(config, keys), folder=folder), backend, {})


@dataclass(frozen=True)
class AccuracyResult:
    """How exact the code of one loss is; without rows, ``reason`` says why it is not measured."""

    loss: str
    rows: tuple[Row, ...]
    reason: str = ""


def accuracy(
    spec: str | None = None,
    *,
    path: Path | str | None = None,
    text: str | None = None,
    backend: str = "torch",
) -> Iterator[AccuracyResult]:
    """Measure the code of an expression, or of every loss of a file that stands alone.

    ``text`` stands in for the content of the file; ``backend`` is ``"torch"`` for the emitted code
    or ``"native"`` for kernels, which not every loss has. Raises
    :class:`~losslang.diagnostics.DiagnosticError` for a mistake in the program.
    """
    found = [elaborated(spec)] if path is None else every_loss(path, text)
    for loss in found:
        yield _measured(loss, spec or loss.name, backend)


def _measured(loss: Loss, name: str, backend: str) -> AccuracyResult:
    from losslang.accuracy.inputs import needed_settings
    from losslang.accuracy.measure import DTYPES, measure, with_kernels

    if loss.draws:
        return AccuracyResult(name, (), "it draws random numbers")
    if any(state.axes for state in loss.states):
        return AccuracyResult(name, (), "its value depends on what it keeps")
    is_native = backend == "native"
    module = _live(loss, "auto" if is_native else backend, needed_settings(loss)).eval()
    dtypes = with_kernels(module) if is_native else DTYPES
    if not dtypes:
        return AccuracyResult(name, (), "there is no kernel for it")
    return AccuracyResult(name, tuple(measure(loss, module, dtypes, name)))


@contextmanager
def _collection_postponed() -> Iterator[None]:
    """No search for garbage: with torch loaded it takes longer than the compiling it interrupts."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _live(loss: Loss, backend: str, settings: Mapping[str, Any]) -> Module:
    from losslang.codegen.torch.emit import emit as emitted
    from losslang.runtime.module import Kernels
    from losslang.runtime.module import load as load_module

    if backend not in ("auto", "torch"):
        raise ValueError(f"backend must be 'auto' or 'torch', not {backend!r}")
    text = emitted([loss])
    _check_settings(loss, settings, text.keywords[loss.name])
    low = text.lowered[loss.name]
    kernels = Kernels((text.signatures[loss.name],), lambda _, real: _kernel(low, real))
    module = load_module(text.text, text.digest, kernels if backend == "auto" else None)
    made: Module = getattr(module, text.entries[loss.name][1])(**settings)
    return made


def _kernel(low: Lowered, real: Real) -> Kernel | str:
    with _collection_postponed():
        from losslang.codegen.native.choice import kernel_of

        return kernel_of(low, real)


def _check_settings(loss: Loss, settings: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse keywords that no call of the loss would accept, and numbers outside their domains."""
    from losslang.ir.scope import suggestion
    from losslang.ir.states import check_sizes

    if loss.state_axes:
        check_sizes(loss, {**loss.sizes, **(settings.get("sizes") or {})})
        known = (*known, "sizes")
    hypers = {hyper.name: hyper for hyper in loss.hyperparameters}
    for name, value in settings.items():
        if name not in known:
            fail(
                "unknown-keyword",
                f"{loss.name!r} has no keyword {name!r}",
                help=suggestion(name, known) or f"it has {', '.join(known)}",
            )
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and name in hypers and value not in hypers[name].domain:
            domain = hypers[name].domain
            fail("out-of-domain", f"hyperparameter {name!r} must be {domain}, but is {value}")
