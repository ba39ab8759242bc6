"""The call contract in emitted code: the public function of a loss and the helpers it calls.

Only the parts that apply to a loss are written: a loss without labels has no ``ignore_index``, one
without a value per example no ``weight``.
"""

from __future__ import annotations

from collections.abc import Iterator

from losslang.codegen import variants
from losslang.codegen.lower import Lowered, Variant
from losslang.codegen.plan import Node
from losslang.codegen.torch.names import Exports, Names
from losslang.codegen.torch.signature import (
    class_place,
    domain_check,
    expression,
    full,
    needs,
    quoted,
    scores_of,
    unsized,
)
from losslang.diagnostics import InternalError
from losslang.ir.heads import Axis, Labelled, Size
from losslang.ir.loss import BATCH, Hyperparameter, Input, State
from losslang.ir.values import copies


class Body:
    """Writes the body of a public function: check, flatten, compute, reduce."""

    def __init__(self, low: Lowered, names: Names, exports: Exports) -> None:
        self.low = low
        self.names = names
        self.exports = exports
        self.has = needs(low)
        self.flat = is_flat(low)
        self._value = names.local("value")

    def lines(self) -> Iterator[str]:
        """The statements, not indented."""
        yield from self._domains()
        yield from self._inputs()
        yield from self._labels()
        yield from self._flattened()
        yield from self._hyperparameters()
        yield from self._sizes()
        yield from self._draws()
        yield from self._compute()
        yield from self._reduced()

    # ------------------------------------------------------------ inputs

    def _domains(self) -> Iterator[str]:
        for hyper in self.low.loss.hyperparameters:
            name = self.names[hyper.name]
            if hyper.kind == "choice":
                options = ", ".join(quoted(o) for o in hyper.options)
                yield f"if {name} not in ({options}):"
                message = f"{name} must be one of {', '.join(hyper.options)}, not "
                yield f"    raise ValueError({quoted(message)} + repr({name}))"
            else:
                yield from domain_check(hyper, name)

    def _inputs(self) -> Iterator[str]:
        examples: list[str] = []
        for known in self.low.loss.inputs:
            if known is self.low.label:
                continue
            name = self.names[known.name]
            yield f"{name} = {self._checked(known)}"
            yield from self._square(known, name)
            if known.batched:
                examples.append(f"{name}={name}.shape{self._leading(known)}")
        if len(examples) > 1:
            yield f"_same_examples({', '.join(examples)})"
        packs = [k for k in self.low.loss.inputs if k.pack and k is not self.low.label]
        if len(packs) > 1:
            shapes = (f"{self.names[k.name]}=[*{self._pack_shape(k)}]" for k in packs)
            yield f"_same_sizes({quoted(str(packs[0].pack))}, None, {', '.join(shapes)})"
        if examples and (self.low.label is None or self._uses_examples()):
            yield f"examples = {examples[0].split('=', 1)[1]}"

    @staticmethod
    def _square(known: Input, name: str) -> Iterator[str]:
        """An axis and its second copy are of one size, which nothing would notice if it is 1."""
        for n, axis in enumerate(known.axes):
            if axis in known.axes[:n]:
                one, other = known.axes.index(axis) - len(known.axes), n - len(known.axes)
                yield f"if {name}.shape[{one}] != {name}.shape[{other}]:"
                message = f"{known.name} is not square over ({axis}, {axis.other})"
                yield f"    raise ValueError({quoted(message)})"

    def _pack_shape(self, known: Input) -> str:
        """The sizes of the axes that a pack stands for, before they are made one."""
        assert known.pack is not None
        first = known.axes.index(known.pack) + known.batched
        after = len(known.axes) - 1 - known.axes.index(known.pack)
        return f"{self.names[known.name]}.shape[{first}:{-after if after else ''}]"

    def _sizes(self) -> Iterator[str]:
        """An axis has one size wherever it stands: the declared one, if that is a number."""
        found: dict[Axis, list[str]] = {}
        loss = self.low.loss
        apart = {BATCH, *(k.pack for k in loss.inputs)}
        inputs = [(k.name, k.axes) for k in loss.inputs if k is not self.low.label]
        for name, axes in (*inputs, *((h.name, h.axes) for h in loss.hyperparameters)):
            array = self.names[name]
            for axis in dict.fromkeys(a for a in axes if a not in apart):
                place = axes.index(axis) - len(axes)
                found.setdefault(axis, []).append(f"{array}={array}.shape[{place}]")
        for axis, sizes in found.items():
            declared = axis.size if axis.size is not None and axis.size.is_Integer else None
            if len(sizes) > 1 or declared is not None:
                yield f"_same_sizes({quoted(str(axis))}, {declared}, {', '.join(sizes)})"

    def _uses_examples(self) -> bool:
        return self.flat and any(self._is_per_example(h) for h in self.low.loss.hyperparameters)

    def _checked(self, known: Input) -> str:
        name = self.names[known.name]
        batch = ["n" if self._has_pack() else "*batch"] if known.batched else []
        axes = ", ".join([*batch, *(_axis_text(known, a) for a in copies(known.axes))])
        text = f"{quoted(known.name)}, {name}, {quoted(axes)}, {self._rank(known)}"
        if known.kind in ("index", "label", "int"):
            return f"_whole({text})"
        if known.kind == "bool":
            return f"{name}.bool()"
        if known.kind in ("bit", "sign"):
            return f"_number({text}, {self._like(known)})"
        moved = ""
        if self.low.label is not None and variants.is_scores(known, self.low.label):
            moved = f".movedim(class_dim, {-1 if not known.pack else class_place(self.low)})"
        return f"_real({text}){moved}"

    def _like(self, known: Input) -> str:
        """The input whose type of float a label takes on: the first of real numbers, or itself."""
        labels = ("index", "label", "int", "bool", "bit", "sign")
        reals = (i for i in self.low.loss.inputs if i.kind not in labels)
        return self.names[next(reals, known).name]

    def _has_pack(self) -> bool:
        return any(known.pack for known in self.low.loss.inputs)

    def _rank(self, known: Input) -> int:
        plain = [a for a in known.axes if a != known.pack]
        return len(plain) + (1 if known.pack and known.batched else 0)

    def _leading(self, known: Input) -> str:
        if known.pack:
            return "[:1]"
        return f"[:-{len(known.axes)}]" if known.axes else ""

    # ------------------------------------------------------------ labels and masks

    def _labels(self) -> Iterator[str]:
        label = self.low.label
        if label is None:
            if self.has.mask:
                yield f"keep = _keep(mask, examples, {self._any_batched()})"
            return
        name, scores = self.names[label.name], scores_of(self.low)
        logits = self.names[scores.name]
        place = class_place(self.low)
        last = f"{logits}.movedim({place}, -1)" if scores.pack else logits
        weight = "class_weight" if self.has.class_weight else "None"
        given = f"{name}, {last}, mask, ignore_index, {weight}, label_smoothing, class_dim"
        yield f"{name}, soft, keep, label_weight = _labels({given})"
        arrays = [name]
        if self.has.class_weight:
            if self.low.comparing:
                yield f"compared = {name}"
                arrays.append("compared")
            weighted = f"{name} * class_weight.to({logits})"
            yield f"{name} = {name} if class_weight is None or not soft else {weighted}"
        for array in arrays:
            if label.pack:
                soft = f"{array}.movedim(-1, 1).unsqueeze(-1).flatten(2)"
                yield f"{array} = {soft} if soft else {array}.unsqueeze(-1).flatten(1)"
            elif self.flat:
                yield f"{array} = {array}.reshape(-1, *{array}.shape[keep.ndim :])"

    def _any_batched(self) -> str:
        return self.names[next(k for k in self.low.loss.inputs if k.batched).name]

    def _flattened(self) -> Iterator[str]:
        for known in self.low.loss.inputs:
            if known is self.low.label or not known.batched:
                continue
            name = self.names[known.name]
            filled = known.kind in ("real", "simplex", "index")
            if filled and self.has.mask and not self._has_pack():
                marks = f"[...{', None' * len(known.axes)}]" if known.axes else ""
                fill = f"{name}.masked_fill(~keep{marks}, {_harmless(known, name)})"
                yield f"{name} = {name} if mask is None else {fill}"
            if known.pack:
                if known.axes[-1] == known.pack:
                    yield f"{name} = {name}.unsqueeze(-1).flatten({len(known.axes)})"
                else:
                    after = len(known.axes) - 1 - known.axes.index(known.pack)
                    kept = ", ".join(f"{name}.shape[-{n}]" for n in range(after, 0, -1))
                    yield f"{name} = {name}.reshape({name}.shape[0], -1, {kept})"
            elif self.flat:
                kept = "".join(f", {name}.shape[-{n}]" for n in range(len(known.axes), 0, -1))
                yield f"{name} = {name}.reshape(-1{kept})"

    # ------------------------------------------------------------ hyperparameters and draws

    def _hyperparameters(self) -> Iterator[str]:
        like = self.like()
        loss = self.low.loss
        for hyper in loss.hyperparameters:
            name = self.names[hyper.name]
            if hyper.formula is not None:
                yield f"if {name} is None:"
                yield f"    {name} = {self.exports.now(name)}({like}, progress)"
            if hyper.axes:
                yield f"{name} = _array({quoted(hyper.name)}, {name}, {len(hyper.axes)}, {like})"
            elif hyper.kind == "real" and not self._is_per_example(hyper):
                yield f"{name} = _single({quoted(hyper.name)}, {name})"
            elif hyper.kind == "real" and self.flat:
                yield f"{name} = _per_example({name}, examples)"

    def _is_per_example(self, hyper: Hyperparameter) -> bool:
        """Whether a tensor with one entry per example may stand for it."""
        soft = self.low.soft.plan.scalars if self.low.soft else frozenset()
        single = hyper.name in self.low.hard.plan.scalars | soft
        return hyper.kind == "real" and not hyper.axes and not single and self.has.per_example

    def like(self) -> str:
        """An input whose dtype and device everything else takes."""
        reals = [k for k in self.low.loss.inputs if k.kind not in ("index", "label", "int", "bool")]
        return self.names[reals[0].name] if reals else "None"

    def _draws(self) -> Iterator[str]:
        like = self.like()
        for draw in self.low.loss.draws:
            sizes = ", ".join(self._size(axis) for axis in draw.axes)
            make = "torch.randn" if draw.kind == "normal" else "torch.rand"
            shape = f"({sizes}{',' if len(draw.axes) == 1 else ''})"
            given = f"{shape}, generator=generator, dtype={like}.dtype, device={like}.device"
            yield f"{draw.name} = {make}({given})"

    def _size(self, axis: Axis) -> str:
        """The size of an axis: as written, or that of an array which has it."""
        loss = self.low.loss
        if axis.size is not None and not axis.size.has(Size):
            return expression(axis.size, self.names)
        arrays = [(h.name, h.axes) for h in loss.hyperparameters]
        for known in loss.inputs:
            if known is not self.low.label:
                arrays.append((known.name, (*((BATCH,) if known.batched else ()), *known.axes)))
        for name, axes in arrays:
            if axis in axes:
                return f"{self.names[name]}.shape[{axes.index(axis)}]"
        raise InternalError(f"a draw runs over {axis}, which no array has")

    # ------------------------------------------------------------ compute and reduce

    def arguments(self, variant: Variant) -> list[str]:
        """What a formula is called with."""
        pack = bool(self.low.label and self.low.label.pack)
        keep = "_some(keep.unsqueeze(-1).flatten(1))" if pack else "_some(keep.reshape(-1))"
        weight = f"(keep.to({self.like()}.dtype) if label_weight is None else label_weight)"
        weight += "[..., None].flatten(1)" if pack else ".reshape(-1)"
        counted = "keep.flatten(1).any(1)" if pack else "keep.reshape(-1)"
        special = {
            variants.KEEP.name: keep,
            variants.COUNTED.name: counted,
            variants.LABEL_WEIGHT.name: weight,
        }
        names = (*variant.arrays, *variant.hyperparameters)
        found = [special.get(name, self.names[name]) for name in names]
        return found + (["state", "training"] if variant.states else [])

    def _compute(self) -> Iterator[str]:
        low = self.low
        if self.has.states:
            yield "if state is None:"
            yield f"    {self._fresh_state()}"
        formula = self.exports.formula
        call = f"{formula}({', '.join(self.arguments(low.hard))})"
        contract = any(n.op == "einsum" for n in low.hard.plan.nodes)
        indent = ""
        if contract:
            yield f"with _full_precision({self.like()}):"
            indent = "    "
        if low.label is None:
            yield f"{indent}{self._value} = {call}"
            return
        if low.soft is None:
            yield f"{indent}if soft:"
            message = f"{', '.join(low.unsoft)} has no meaning for soft labels"
            yield f"{indent}    raise ValueError({quoted(message)})"
            yield f"{indent}{self._value} = {call}"
            return
        soft = f"{self.exports.soft}({', '.join(self.arguments(low.soft))})"
        yield f"{indent}{self._value} = {soft} if soft else {call}"

    def _fresh_state(self) -> str:
        """A statement that makes a state to start from, where the inputs tell its size."""
        loss = self.low.loss
        if unsized(loss):
            message = f"pass state=..., a dictionary such as {self.exports.type} keeps in buffers"
            return f"raise ValueError({quoted(message)})"
        made = [f"{quoted(self.names[state.name])}: {self._filled(state)}" for state in loss.states]
        return f"state = {{{', '.join(made)}}}"

    def _filled(self, state: State) -> str:
        """A new array for a state, like the inputs."""
        queue = state.length is not None
        sizes = [] if state.length is None else [expression(state.length, self.names)]
        sizes += [self._size(axis.base) for axis in state.axes[queue:]]
        whole = state.kind in ("int", "index", "label", "bool")
        dtype = "" if whole else f", dtype={self.like()}.dtype"
        return full(state, sizes, f"{dtype}, device={self.like()}.device")

    def _reduced(self) -> Iterator[str]:
        terms = self.low.hard.plan.outputs
        if len(terms) == 1:
            yield f"return {self._reduction(0, self._value)}"
            return
        yield "return {"
        for n, output in enumerate(terms):
            entry = f"{quoted(output.name)}: {self._reduction(n, f'{self._value}[{n}]')},"
            yield f"    {entry}"
        yield "}"

    def _reduction(self, n: int, value: str) -> str:
        term = self.low.hard.plan.outputs[n]
        guarded = term.guard is not None
        if guarded:
            value, guard = f"{value}[0]", f"{value}[1]"
        if not term.axes:
            if not self.has.mask:
                return value
            if len(self.low.hard.plan.outputs) > 1:
                return f"torch.where(keep.any(), {value}, 0.0)"
            return f"_whole_batch({value}, keep, {quoted(term.name)}, reduction)"
        mapped = len(term.axes) > 1
        label_pack = bool(self.low.label and self.low.label.pack)
        keep = "keep.unsqueeze(-1).flatten(1).any(1)" if label_pack and not mapped else "keep"
        if mapped and self._marks() < len(term.axes):
            more = len(term.axes) - self._marks()
            spread = f"[...{', None' * more}].expand(*keep.shape, *{value}.shape[-{more}:])"
            keep = f"keep{spread}"
        if guarded:
            keep = f"{keep} & {guard}.reshape(keep.shape)"
        weighs = self.low.label is not None and self.low.loss.terms[n].body.has(Labelled)
        labels = "label_weight" if weighs else "None"
        included = "soft" if weighs and self.low.weighted[n] else "True"
        return f"_reduce({value}, {keep}, weight, {labels}, {included}, reduction, denominator)"

    def _marks(self) -> int:
        """Of how many axes of a result the marks of what counts know: the examples, the pack."""
        return 2 if self._has_pack() and self.low.label and self.low.label.pack else 1


def is_flat(low: Lowered) -> bool:
    """Whether the formula wants a single batch axis: it looks at other examples, or draws."""
    if any(known.pack for known in low.loss.inputs) or low.loss.draws or low.loss.states:
        return True
    plans = [low.hard.plan, *([low.soft.plan] if low.soft else [])]
    return any(_names_batch(node) for plan in plans for node in plan.nodes)


def _names_batch(node: Node) -> bool:
    """Whether a node needs to know how many leading axes there are."""
    if node.op in ("expand", "einsum") or (
        node.op == "read" and node.attrs[0] in (variants.KEEP.name, variants.LABEL_WEIGHT.name)
    ):
        return True
    if BATCH.name not in node.dims:
        return False
    if node.op == "view":
        order = [place for place in node.attrs if isinstance(place, int)]
        return order != sorted(order)
    return node.dims[0] != BATCH.name or node.dims.count(BATCH.name) > 1


def _axis_text(known: Input, axis: object) -> str:
    name = getattr(axis, "name", str(axis))
    return f"*{name}" if axis == known.pack else str(name)


def _harmless(known: Input, name: str) -> str:
    """A number inside the domain of an input, which the module calls ``name``."""
    domain = known.domain
    if known.kind == "index":
        return "0"
    if known.kind == "simplex":
        return f"1 / {name}.shape[-1]"
    low, high = domain.low, domain.high
    if low is not None and high is not None:
        return repr(float((low + high) / 2))
    if low is not None and low >= 0:
        return repr(float(low + 1))
    if high is not None and high <= 0:
        return repr(float(high - 1))
    return "0.0"
