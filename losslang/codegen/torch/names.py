"""Python names for the names of a program: no collision, nothing that a name could break."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

_RESERVED = frozenset(
    {
        "torch",
        "Tensor",
        "nn",
        "annotations",
        "self",
        "examples",
        "keep",
        "soft",
        "compared",
    }
    | {
        "label_weight",
        "state",
        "sizes",
        "counted",
        "training",
        "progress",
        "generator",
        "options",
        "terms",
        "term_names",
    }
    | set(dir(builtins))
    | set(keyword.kwlist)
    | set(keyword.softkwlist)
    # A module keeps its hyperparameters as attributes, beside those that every module has.
    | set(
        "add_module apply bfloat16 buffers call_super_init children compile cpu cuda double"
        " dump_patches extra_repr float forward get_buffer get_extra_state get_parameter"
        " get_submodule half ipu load_state_dict modules mtia named_buffers named_children"
        " named_modules named_parameters parameters register_backward_hook register_buffer"
        " register_forward_hook register_forward_pre_hook register_full_backward_hook"
        " register_full_backward_pre_hook register_load_state_dict_post_hook"
        " register_load_state_dict_pre_hook register_module register_parameter"
        " register_state_dict_post_hook register_state_dict_pre_hook requires_grad_"
        " set_extra_state set_submodule share_memory state_dict to to_empty train type xpu"
        " zero_grad T_destination".split()
    )
)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z", re.ASCII)


class Names:
    """Maps a name of the program to the one emitted; ``names["max"]`` is ``max_``.

    ``attributes`` are those that the loss's class has for itself.
    """

    def __init__(self, names: Iterable[str], attributes: Iterable[str] = ()) -> None:
        self._emitted: dict[str, str] = {}
        taken = set(attributes)
        for name in dict.fromkeys(names):
            # What begins with an underscore is the module's own.
            plain = name.lstrip("_")
            emitted = plain if _IDENTIFIER.match(plain) else "name"
            while emitted in _RESERVED or emitted in taken:
                emitted += "_"
            taken.add(emitted)
            self._emitted[name] = emitted

    def __getitem__(self, name: str) -> str:
        return self._emitted.get(name, name.lstrip("@"))

    def local(self, wanted: str) -> str:
        """A name for a variable of the emitted text's own: the program's names go before it."""
        while wanted in self._emitted.values():
            wanted += "_"
        return wanted

    @property
    def taken(self) -> frozenset[str]:
        """Every name that a local variable must not have."""
        return frozenset(self._emitted.values()) | _RESERVED


class Exports:
    """The names at the top of one loss's part of a module, none of them taken by another part."""

    def __init__(self, name: str, taken: set[str]) -> None:
        def claim(wanted: str) -> str:
            while wanted in taken:
                wanted += "_"
            taken.add(wanted)
            return wanted

        self.function = claim(Names([name])[name])
        self.type = claim(class_name(name))
        self.terms = claim(f"{self.function}_terms")
        self.formula = claim(f"_{self.function}")
        self.soft = claim(f"{self.formula}_soft")
        self._claim = claim
        self._now: dict[str, str] = {}

    def now(self, name: str) -> str:
        """The function that computes a hyperparameter at a point of training."""
        if name not in self._now:
            self._now[name] = self._claim(f"{self.formula}_{name}")
        return self._now[name]


def class_name(name: str) -> str:
    """``info_nce`` as the name of a class, ``InfoNce``."""
    joined = "".join(part[:1].upper() + part[1:] for part in name.split("_") if part)
    return (
        joined if joined.isidentifier() and joined not in _RESERVED else f"{joined or 'Loss'}Loss"
    )
