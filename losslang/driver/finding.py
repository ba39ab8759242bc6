"""The losses that an expression, a config or a file speaks of, elaborated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from losslang import bundle
from losslang.diagnostics import fail
from losslang.driver.loading import load, load_each, no_file, read_file
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.parse import parse_expression

if TYPE_CHECKING:
    from losslang.ir.loss import Loss
    from losslang.ir.scope import Scope


def elaborated(
    spec: str | Mapping[str, Any] | None = None,
    *,
    path: Path | str | None = None,
    name: str | None = None,
) -> Loss:
    """The IR of a config expression, or of the loss ``name`` of a file.

    ``spec`` is an expression over the standard library and, with ``path``, over that file, or a
    config. Raises :class:`~losslang.diagnostics.DiagnosticError`.
    """
    if spec is not None and not isinstance(spec, str):
        return elaborated_config(spec)
    if path is None and spec is not None:
        return _of_library(spec, name)
    module, scope = load(path) if path is not None else no_file()
    if spec is None:
        return of_declaration(declared(module, name), scope)
    return _of_expression(spec, scope, name)


@lru_cache(maxsize=1024)
def _of_library(spec: str, name: str | None) -> Loss:
    """The IR of an expression over the library, which a process reads once."""
    return _of_expression(spec, no_file()[1], name)


def _of_expression(spec: str, scope: Scope, name: str | None) -> Loss:
    from losslang.ir.compose import elaborate

    expression = parse_expression(Source(spec, "<spec>"))
    return _complete(elaborate(expression, scope, name or _title(expression)))


def elaborated_config(
    config: Any,
    *,
    folder: Path | str = ".",
    read: bundle.Read | None = None,
    of_values: bool = False,
) -> Loss:
    """The IR of a config: a string, or a mapping with ``spec`` and what it uses.

    Paths of files in the config are relative to ``folder``, and ``read`` gives their texts. With
    ``of_values`` a loss over losses that is named without them is one of their values. Raises
    :class:`~losslang.diagnostics.DiagnosticError`.
    """
    from losslang.ir import config as configs

    understood = configs.read(config)
    scopes = load_each((Path(folder) / file for file in understood.files), read or read_file)
    return _complete(configs.elaborate(understood, no_file(*scopes)[1], of_values=of_values))


def of_declaration(declaration: nodes.Loss, scope: Scope) -> Loss:
    """The IR of a loss that stands alone in a file with that scope."""
    from losslang.ir.compose import elaborate

    name = nodes.Name(declaration.name_span, declaration.name)
    return _complete(elaborate(name, scope, declaration.name))


def losses(path: Path | str) -> tuple[str, ...]:
    """The names of a file's losses that can stand alone, in order; at least one."""
    return tuple(loss.name for loss in _standing_alone(load(path)[0], path))


def every_loss(path: Path | str, text: str | None = None) -> list[Loss]:
    """The IR of every loss of a file that can stand alone; ``text`` stands in for its content."""
    module, scope = load(path, text)
    return [of_declaration(loss, scope) for loss in _standing_alone(module, path)]


def _complete(loss: Loss) -> Loss:
    """The loss, if a training loop can call it: one without inputs is a mistake."""
    if not loss.inputs:
        fail(
            "no-inputs",
            "this loss has no inputs, so it would be the same whatever a model predicts",
            None if loss.written is None else loss.written.expression.span,
            help="name a loss, or give the signature its inputs",
        )
    return loss


def declared(module: nodes.Module, name: str | None) -> nodes.Loss:
    """The loss of that name, or the only one of a module."""
    losses = {d.name: d for d in module.declarations if isinstance(d, nodes.Loss)}
    if name is None and len(losses) == 1:
        name = next(iter(losses))
    if name is None or name not in losses:
        from losslang.ir.scope import suggestion

        wanted = "which loss?" if name is None else f"no loss {name!r} in this file"
        known = ", ".join(losses) or "none"
        fail("unknown-loss", wanted, help=suggestion(name or "", losses) or f"it has {known}")
    return losses[name]


def _title(expression: nodes.Expr) -> str:
    from losslang.ir.signatures import taken_once

    expression = taken_once(expression) or expression
    if isinstance(expression, nodes.Name):
        return expression.id
    if isinstance(expression, nodes.Call):
        return expression.function.id
    return "loss"


def _standing_alone(module: nodes.Module, path: Path | str) -> list[nodes.Loss]:
    found = [d for d in module.declarations if isinstance(d, nodes.Loss) and not takes_losses(d)]
    if not found:
        fail("unknown-loss", f"{path} declares no loss that can stand alone")
    return found


def takes_losses(loss: nodes.Loss) -> bool:
    """Whether a loss is one of other losses, which it has to be given."""
    from losslang.ir.signatures import losses_taken

    return bool(losses_taken(loss))
