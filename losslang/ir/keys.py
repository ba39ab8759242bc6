"""Which hyperparameter a config's key means: `tau` of the one loss that has it, or `supcon.tau`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslang.diagnostics import Label, fail
from losslang.ir.options import DEFAULTS
from losslang.ir.scope import suggestion
from losslang.ir.values import Setting

if TYPE_CHECKING:
    from losslang.ir.elaborate import Elaborator


def configured(
    elab: Elaborator, owners: tuple[str, ...], name: str, setting: Setting | None
) -> Setting | None:
    """The value that a config's key gives to a hyperparameter of a loss."""
    dotted = [key for owner in owners for key in (f"{owner}.{name}", f"{owner}_{name}")]
    chosen = next((key for key in dotted if key in elab.settings), None)
    if chosen is None and setting is None and name in elab.settings:
        chosen = name
    elab.settable.append((owners[0], name, chosen or "", setting is not None))
    if chosen is not None and setting is not None:
        fail(
            "repeated-argument",
            f"{chosen!r} is given twice",
            elab.settings[chosen].node.span,
            also=(Label(setting.node.span, "and here"),),
        )
    return None if chosen is None else elab.settings[chosen]


def check_all_used(elab: Elaborator) -> None:
    """Refuse a key of a config that sets nothing, or that could mean several hyperparameters."""
    for key, setting in elab.settings.items():
        used = [f"{owner}.{name}" for owner, name, by, _ in elab.settable if by == key]
        if len(set(used)) > 1 and "." not in key:
            fail(
                "ambiguous-key",
                f"several terms have a hyperparameter {key!r}",
                setting.node.span,
                help=f"say which: {', '.join(sorted(set(used)))}",
            )
        if not used:
            _unused(elab, key, setting)


def _unused(elab: Elaborator, key: str, setting: Setting) -> None:
    span = setting.node.span
    if any(name == key and fixed for _, name, _, fixed in elab.settable):
        fail("repeated-argument", f"the expression itself gives {key!r} its value", span)
    plain = [name for _, name, _, _ in elab.settable]
    dotted = [f"{owner}.{name}" for owner, name, _, _ in elab.settable if plain.count(name) > 1]
    known = dict.fromkeys([*plain, *dotted])
    if key in setting.frame.names:
        fail(
            "unknown-key",
            f"{key!r} is an input of this loss",
            span,
            help="inputs are passed with each call",
        )
    fail(
        "unknown-key",
        f"nothing in this loss is called {key!r}",
        span,
        help=suggestion(key, [*known, *DEFAULTS, *setting.frame.scope.names()])
        or (f"its hyperparameters are {', '.join(known)}" if known else None)
        or "it has no hyperparameters",
    )
