"""The inputs of a composition: those of its losses, merged by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from losslang.diagnostics import Label, fail
from losslang.ir import builtins, settings, signatures
from losslang.ir.elaborate import Elaborator
from losslang.ir.frame import Frame
from losslang.ir.heads import Axis
from losslang.ir.loss import (
    BATCH,
    Input,
)
from losslang.ir.scope import Entry, Scope
from losslang.syntax import nodes
from losslang.syntax.limits import children

TYPE_WORDS = ("real", "int", "bool", "bit", "sign", "label", "simplex")


@dataclass
class Inputs:
    """The inputs of the losses an expression names, merged by name.

    ``collected`` are the compositions whose inputs are among them.
    """

    merged: dict[str, Input] = field(default_factory=dict)
    elab: Elaborator = field(default_factory=Elaborator)
    collected: set[Entry] = field(default_factory=set)
    once: bool = False
    """Whether the losses that are added next have inputs without examples."""

    def add(
        self,
        name: str,
        parameter: nodes.Parameter,
        axes: dict[str, Axis],
        whole: bool,
        scope: Scope,
    ) -> None:
        """Merge one use of an input; ``axes`` maps the using loss's axis names to ours."""
        known = self.merged.get(name)
        if known is None:
            self.merged[name] = self._new(name, parameter, axes, whole, scope)
            return
        type_ = parameter.type
        assert isinstance(type_, nodes.TypeExpr)
        dims = [dim for dim in type_.dims if dim.name != BATCH.name]
        pack = next((dim for dim in dims if dim.pack), None)
        plain = [dim for dim in dims if not dim.pack]
        shared = [axis for axis in known.axes if axis != known.pack]
        batched = not whole or len(dims) < len(type_.dims)
        if len(plain) != len(shared) or batched != known.batched:
            self._clash(name, parameter, known)
        for dim, axis in zip(plain, shared, strict=True):
            self._identify(dim, axis, axes)
        if pack is not None and known.pack is None:
            self.merged[name] = known = self._with_pack(known, dims, pack, axes)
        elif pack is not None and known.pack is not None and pack.name is not None:
            axes.setdefault(pack.name, known.pack)
        self._merge_kind(name, parameter, known, axes)

    def _new(
        self,
        name: str,
        parameter: nodes.Parameter,
        axes: dict[str, Axis],
        whole: bool,
        scope: Scope,
    ) -> Input:
        type_ = parameter.type
        assert isinstance(type_, nodes.TypeExpr)
        settings.check_copies(type_)
        dims = [dim for dim in type_.dims if dim.name != BATCH.name]
        if len(dims) < len(type_.dims) and type_.dims[0].name != BATCH.name:
            fail("batch-first", "axis batch stands first", type_.span)
        found = tuple(self._axis(dim, axes) for dim in dims)
        pack = next((a for a, dim in zip(found, dims, strict=True) if dim.pack), None)
        kind = type_.name if type_.name in TYPE_WORDS else "index"
        return Input(
            name,
            kind,  # type: ignore[arg-type]
            found,
            batched=not whole or len(dims) < len(type_.dims),
            over=self._over(type_, axes) if kind == "index" else None,
            pack=pack,
            domain=settings.domain(self.elab, parameter, Frame(scope)),
            span=parameter.span,
        )

    def _axis(self, dim: nodes.Dim, axes: dict[str, Axis]) -> Axis:
        if dim.name is None:
            return settings.fixed_axis(dim)
        name = dim.name.removesuffix("'")
        if name not in axes:
            axes[name] = self.elab.new_axis(name)
        return axes[name]

    def _over(self, type_: nodes.TypeExpr, axes: dict[str, Axis]) -> Axis:
        if type_.name == BATCH.name:
            return BATCH
        return (
            axes.setdefault(type_.name, self.elab.new_axis(type_.name))
            if (type_.name not in axes)
            else axes[type_.name]
        )

    def _identify(self, dim: nodes.Dim, axis: Axis, axes: dict[str, Axis]) -> None:
        """Make the using loss's axis and a merged input's axis one."""
        if dim.name is None:
            return
        own = axes.setdefault(dim.name.removesuffix("'"), axis)
        if own != axis:
            self._replace_axis(own, axis)
            axes.update({name: axis for name, a in axes.items() if a == own})

    def _replace_axis(self, old: Axis, new: Axis) -> None:
        def swap(axis: Axis | None) -> Axis | None:
            return new if axis == old else axis

        for name, known in self.merged.items():
            self.merged[name] = replace(
                known,
                axes=tuple(swap(a) or a for a in known.axes),
                over=swap(known.over),
                pack=swap(known.pack),
            )

    def _with_pack(
        self, known: Input, dims: list[nodes.Dim], pack: nodes.Dim, axes: dict[str, Axis]
    ) -> Input:
        axis = self._axis(pack, axes)
        place = dims.index(pack)
        return replace(known, axes=(*known.axes[:place], axis, *known.axes[place:]), pack=axis)

    def _merge_kind(
        self, name: str, parameter: nodes.Parameter, known: Input, axes: dict[str, Axis]
    ) -> None:
        type_ = parameter.type
        assert isinstance(type_, nodes.TypeExpr)
        kind = type_.name if type_.name in TYPE_WORDS else "index"
        if kind == "index":
            own = axes.get(type_.name) if type_.name != BATCH.name else BATCH
            if known.kind == "label":
                over = self._over(type_, axes)
                self.merged[name] = replace(known, kind="index", over=over, span=parameter.span)
            elif known.kind != "index" or (own is not None and own != known.over):
                if known.kind == "index" and own is not None and known.over is not None:
                    self._replace_axis(own, known.over)
                    return
                self._clash(name, parameter, known)
            elif own is None and known.over is not None:
                axes[type_.name] = known.over
        elif kind != known.kind and not (kind == "label" and known.kind == "index"):
            self._clash(name, parameter, known)

    def _clash(self, name: str, parameter: nodes.Parameter, known: Input) -> None:
        also = () if known.span is None else (Label(known.span, "and here"),)
        fail(
            "input-clash",
            f"input {name!r} is declared with two types",
            parameter.span,
            "declared here",
            also=also,
            help="call one of the losses with an input of another name",
        )


def collect(node: nodes.Node, scope: Scope, inputs: Inputs, known: frozenset[str]) -> None:
    """Add the inputs of every loss an expression names, in order of appearance."""
    if isinstance(node, nodes.Name):
        entry = None if node.id in known else scope.find(node.id)
        if entry is not None and isinstance(entry.declaration, nodes.Loss):
            _collect_loss(entry, None, scope, inputs, known)
        return
    if isinstance(node, nodes.Call):
        name = node.function.id
        if signatures.taken_once(node) is not None:
            inputs = replace(inputs, once=True)
        built_in = name in builtins.TABLE and bool(node.args)
        entry = None if name in known or built_in else scope.find(name)
        if entry is not None and isinstance(entry.declaration, nodes.Loss):
            _collect_loss(entry, node, scope, inputs, known)
            return
    for child in children(node):
        if not (isinstance(node, nodes.Call) and child is node.function):  # it is no loss
            collect(child, scope, inputs, known | _bound(node))


def _bound(node: nodes.Node) -> frozenset[str]:
    """The indices that a comprehension binds."""
    if isinstance(node, nodes.Comprehension | nodes.ArrayComprehension):
        return frozenset(binder.name for binder in node.binders)
    return frozenset()


def _collect_loss(
    entry: Entry,
    node: nodes.Call | None,
    scope: Scope,
    inputs: Inputs,
    known: frozenset[str],
) -> None:
    declaration = entry.declaration
    assert isinstance(declaration, nodes.Loss)
    if declaration.signature is None:
        if entry not in inputs.collected:
            inputs.collected.add(entry)
            collect(declaration.body, entry.scope, inputs, frozenset())
        return
    given = signatures.Arguments({}, {}, {})
    if node is not None:
        given = signatures.arguments(declaration, node)
    for argument in given.losses.values():
        collect(argument, scope, inputs, known)
    whole = inputs.once or signatures.is_whole(declaration)
    axes: dict[str, Axis] = {}
    parameters = signatures.split_inputs(declaration)[1]
    own = {parameter.name: parameter for parameter in parameters}
    for parameter in parameters:
        passed = given.inputs.get(parameter.name)
        if passed is None:
            inputs.add(parameter.name, parameter, axes, whole, entry.scope)
        elif isinstance(passed, nodes.Name) and _is_free(passed.id, scope, known):
            inputs.add(passed.id, parameter, axes, whole, entry.scope)
        else:
            # In `ce(logits / 2, target)`, `logits` is what `ce` calls its own input.
            for name in _names(passed):
                if name in own and _is_free(name, scope, known):
                    inputs.add(name, own[name], axes, whole, entry.scope)
            collect(passed, scope, inputs, known)


def _names(node: nodes.Node) -> Iterator[str]:
    """The names in an expression that it does not bind."""
    if isinstance(node, nodes.Name):
        yield node.id
    bound = _bound(node)
    for child in children(node):
        yield from (name for name in _names(child) if name not in bound)


def _is_free(name: str, scope: Scope, known: frozenset[str]) -> bool:
    return name not in known and name not in builtins.TABLE and scope.find(name) is None
