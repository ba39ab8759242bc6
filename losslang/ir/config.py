"""A loss from a config: an expression with named parts, hyperparameters and defaults beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from losslang.diagnostics import fail
from losslang.ir import builtins, compose, functionals, kinds, plain, states
from losslang.ir.elaborate import CONSTANTS
from losslang.ir.loss import Loss
from losslang.ir.options import CALL_WORDS
from losslang.ir.scope import Scope, suggestion
from losslang.syntax import nodes
from losslang.syntax.limits import children

STRUCTURE = ("spec", "kind", "import", "path", "name", "sizes")
# What Hydra may leave in the mapping that it read.
HYDRA = ("_target_", "_convert_", "_recursive_", "_partial_")


@dataclass(frozen=True)
class Config:
    """A config that was read but not understood yet.

    ``beside`` are the keys next to a ``loss:`` at the top, which belong to the rest of a training.
    """

    spec: nodes.Expr
    kind: str | None
    files: tuple[str, ...]
    name: str | None
    values: Mapping[str, plain.Value]
    sizes: Mapping[str, int] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()


def read(config: Any) -> Config:
    """A string, a mapping, or a mapping with the one or the other under ``loss``."""
    config, beside = _inner(plain.plain(config))
    if isinstance(config, str):
        return Config(plain.expression(config, "spec").node, None, (), None, {}, {}, beside)
    if not isinstance(config, Mapping):
        fail(
            "bad-config",
            f"a config is a string or a mapping, not {type(config).__name__}",
            help='for example "ce + 0.5 * dice", or {"spec": "focal", "gamma": 2}',
        )
    sizes = _sizes(config.get("sizes"))
    config = {key: value for key, value in config.items() if key != "sizes"}
    found = {key: value for key, value in plain.keys(config).items() if key not in HYDRA}
    files = _files(found.pop("import", None), "import") + _files(found.pop("path", None), "path")
    name, kind = _word(found.pop("name", None), "name"), _word(found.pop("kind", None), "kind")
    spec = found.pop("spec", None)
    if spec is None and files and name:
        spec = name
    if spec is None:
        near = suggestion("spec", found) or "the expression stands under `spec`"
        fail("missing-spec", "the config has no `spec`, so it says no loss", help=near)
    if not isinstance(spec, str):
        fail("bad-config", f"`spec` is a string, not {type(spec).__name__}")
    if kind is not None and kind not in kinds.KINDS:
        known = ", ".join(kinds.KINDS)
        fail(
            "unknown-kind",
            f"there is no kind {kind!r}",
            help=suggestion(kind, kinds.KINDS) or f"the kinds are {known}",
        )
    values = {key: plain.expression(value, key) for key, value in found.items()}
    return Config(plain.expression(spec, "spec").node, kind, files, name, values, sizes, beside)


def merged(config: Any, keys: Mapping[str, Any]) -> Any:
    """A config with further keys, which stand before its own."""
    config = plain.plain(config)
    if config is None or not keys:
        return keys if config is None else config
    inner, beside = _inner(config)
    under = {"spec": inner} if isinstance(inner, str) else inner
    if not isinstance(under, Mapping):
        return config
    changed = {**under, **keys}
    return {"loss": changed, **dict.fromkeys(beside)} if beside else changed


def _inner(config: Any) -> tuple[Any, frozenset[str]]:
    """What stands under ``loss``, and the keys beside it."""
    if isinstance(config, Mapping) and "loss" in config and "spec" not in config:
        return plain.plain(config["loss"]), frozenset(str(key) for key in config) - {"loss"}
    return config, frozenset()


def _files(value: Any, key: str) -> tuple[str, ...]:
    files = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(files, list | tuple) or not all(isinstance(file, str) for file in files):
        fail("bad-config", f"`{key}` is the path of a .loss file, or a list of them")
    return tuple(files)


def _sizes(value: Any) -> Mapping[str, int]:
    sizes = {} if value is None else plain.plain(value)
    if not isinstance(sizes, Mapping):
        fail("bad-config", "`sizes` gives axes of states their sizes: {sample: 50000}")
    return {str(axis): plain.plain(size) for axis, size in sizes.items()}


def _word(value: Any, key: str) -> str | None:
    if value is not None and not (isinstance(value, str) and value.isidentifier()):
        fail("bad-config", f"`{key}` is a single word, not {value!r}")
    return value


# ---------------------------------------------------------------- meaning


def elaborate(config: Config, scope: Scope, *, of_values: bool = False) -> Loss:
    """The IR of a config's loss. Raises :class:`~losslang.diagnostics.DiagnosticError`.

    With ``of_values`` a loss over losses that is named without them is one of their values.
    """
    if of_values:
        scope = functionals.over_values(config.spec, scope)
    kind = None if config.kind is None else kinds.declared(config.kind)
    brought = {} if kind is None else {d.name: d for d in kind.where if isinstance(d, nodes.Let)}
    _check_brought(config, brought)
    parts, new = _named(config, scope)
    rest = {k: v.node for k, v in config.values.items() if k not in parts and k not in new}
    signature = () if kind is None or kind.signature is None else kind.signature.inputs
    extras = compose.Extras(
        signature,
        (*brought.values(), *parts.values()),
        new,
        {key: node for key, node in rest.items() if key not in CALL_WORDS},
        {key: node for key, node in rest.items() if key in CALL_WORDS},
    )
    loss = compose.elaborate(config.spec, scope, config.name or title(config.spec), extras)
    _check_beside(config, loss)
    if config.sizes:
        states.check_sizes(loss, config.sizes)
        loss = replace(loss, sizes=config.sizes)
    used = [d for name, d in brought.items() if _uses(config.spec, parts, name)]
    definitions = [*used, *parts.values()]
    if definitions:
        lines = [config.spec.span.text, "where"]
        lines += [f"    {d.name} = {d.value.span.text}" for d in definitions]
        loss = replace(loss, formula="\n".join(lines))
    return loss


def title(expression: nodes.Expr) -> str:
    """What a loss is called that has no name of its own."""
    if isinstance(expression, nodes.Name):
        return expression.id
    if isinstance(expression, nodes.Call) and expression.function.id not in builtins.TABLE:
        return expression.function.id
    return "loss"


def _named(config: Config, scope: Scope) -> tuple[dict[str, nodes.Let], dict[str, nodes.Expr]]:
    """The keys that the expression uses as names: parts, and new hyperparameters."""
    parts: dict[str, nodes.Let] = {}
    new: dict[str, nodes.Expr] = {}
    todo = [config.spec]
    while todo:
        for name in free_names(todo.pop()):
            value = config.values.get(name.id)
            if value is None or name.id in CALL_WORDS or name.id in parts or name.id in new:
                continue
            entry = scope.find(name.id)
            if _is_number(value.node) and entry is None:
                new[name.id] = value.node
            elif value.text and not isinstance(value.node, nodes.Number):
                parts[name.id] = nodes.Let(value.node.span, name.id, value.node)
                todo.append(value.node)
            else:
                _refuse(name, value, entry is not None)
    return parts, new


def _refuse(name: nodes.Name, value: plain.Value, is_loss: bool) -> None:
    if is_loss:
        fail(
            "unknown-key",
            f"{name.id!r} is a loss, and cannot be a number too",
            value.node.span,
            help="choose another name for the number",
        )
    fail(
        "bad-config",
        f"{name.id!r} is a name in the expression, so it is a number or a string with a formula",
        value.node.span,
    )


def _is_number(node: nodes.Expr) -> bool:
    """Whether a value depends on nothing but constants and the progress of training."""
    if isinstance(node, nodes.ListLiteral | nodes.Compare):
        return False
    known = {*CONSTANTS, *builtins.TABLE, "progress", "learn"}
    return all(name.id in known for name in free_names(node))


def free_names(node: nodes.Node, bound: frozenset[str] = frozenset()) -> Iterator[nodes.Name]:
    """The names that an expression uses and that none of its comprehensions binds."""
    if isinstance(node, nodes.Comprehension | nodes.ArrayComprehension):
        bound |= {binder.name for binder in node.binders}
    if isinstance(node, nodes.Lambda):
        bound |= {node.parameter}
    if isinstance(node, nodes.Name) and node.id not in bound:
        yield node
    for child in children(node):
        yield from free_names(child, bound)


def _uses(spec: nodes.Expr, parts: Mapping[str, nodes.Let], name: str) -> bool:
    values = [spec, *(part.value for part in parts.values())]
    return any(found.id == name for value in values for found in free_names(value))


def _check_brought(config: Config, brought: Mapping[str, nodes.Let]) -> None:
    for name, value in config.values.items():
        if name in brought:
            fail(
                "duplicate-name",
                f"{name!r} is given twice",
                value.node.span,
                help=f"kind {config.kind} brings {name} = {brought[name].value.span.text}",
            )


def _check_beside(config: Config, loss: Loss) -> None:
    """Refuse settings of the loss that stand next to ``loss:`` and would be passed over."""
    own = {*STRUCTURE, *CALL_WORDS, *(hyper.name for hyper in loss.hyperparameters)} - {
        "name",
        "path",
    }
    for key in sorted(config.beside & own):
        fail(
            "misplaced-key",
            f"{key!r} stands beside `loss`, where it has no effect on it",
            help=f"write it below: {{loss: {{spec: ..., {key}: ...}}}}",
        )
