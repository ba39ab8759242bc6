"""A module that imports only torch: the formula first, then the function, the class, helpers."""

from __future__ import annotations

import hashlib
import math
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from losslang._version import __version__
from losslang.codegen.lower import Lowered, Variant, lower
from losslang.codegen.native.call import Interval, Signature
from losslang.codegen.torch import helpers, signature, table
from losslang.codegen.torch.classes import class_text
from losslang.codegen.torch.contract import Body
from losslang.codegen.torch.formula import Writer, renamed
from losslang.codegen.torch.layout import WIDTH, call, filled, folded
from losslang.codegen.torch.part import Part
from losslang.codegen.variants import KEEP
from losslang.ir.loss import BATCH, Hyperparameter, Input, Loss

CHECK = "CHECK_LABELS = True  # labels on the CPU are checked to be in range\n"
_ALL, _DIGEST = "\1", "\2"
"""Stand for what is known only once the text is; the texts of a program lose such characters."""


@dataclass(frozen=True)
class Emitted:
    """A module's text.

    ``entries`` are its losses with the names of their function and class, ``signatures`` with how
    their functions are called, ``keywords`` with what each accepts by name, ``lowered`` with what
    the text was written from.
    """

    text: str
    entries: dict[str, tuple[str, str]]
    signatures: dict[str, Signature]
    keywords: dict[str, tuple[str, ...]]
    digest: str
    lowered: dict[str, Lowered]


def emit(losses: Iterable[Loss]) -> Emitted:
    """One module with a function and a class for each loss."""
    given = tuple(losses)
    taken = {*table.HELPERS, *helpers.CONTRACT, "CHECK_LABELS"}
    parts = [_Text(lower(loss), taken, alone=len(given) == 1) for loss in given]
    body = [text for part in parts for text in part.texts()]
    used = used_helpers("\n".join(body), {**table.HELPERS, **helpers.CONTRACT})
    entries = {part.low.loss.name: (part.function, part.type) for part in parts}
    signatures = {part.low.loss.name: part.signature() for part in parts}
    keywords = {part.low.loss.name: part.keywords() for part in parts}
    exported = sorted(name for pair in entries.values() for name in pair)
    constants = []
    if "_labels" in used:
        constants.append(CHECK)
    text = "\n\n".join(
        [
            _header(parts) + "".join(constants),
            *body,
            *(used[name] for name in sorted(used)),
        ]
    )
    text = text.replace(_ALL, ", ".join(f'"{name}"' for name in exported))
    digest = hashlib.sha256(f"{__version__}\n{text}".encode()).hexdigest()[:16]
    lowered = {part.low.loss.name: part.low for part in parts}
    return Emitted(text.replace(_DIGEST, digest), entries, signatures, keywords, digest, lowered)


def used_helpers(text: str, known: dict[str, str]) -> dict[str, str]:
    """Those of the ``known`` functions that a text calls, and those that these call."""
    used: dict[str, str] = {}
    todo = [name for name in known if re.search(rf"\b{name}\(", text)]
    while todo:
        name = todo.pop()
        if name not in used:
            used[name] = known[name]
            todo.extend(n for n in known if n != name and re.search(rf"\b{n}\(", known[name]))
    return used


def _header(parts: list[_Text]) -> str:
    lines: list[str] = []
    for part in parts:
        loss = part.low.loss
        lines += [*(loss.doc or _untold(loss)).split("\n"), ""]
        lines += [*(f"    {line}" for line in _formula_lines(loss)), ""]
        lines += [f"Source: {cite}" for cite in loss.cites]
    lines = [line.replace(_DIGEST, "?") for line in lines]
    lines.append(f"Compiled by losslang {__version__}, digest {_DIGEST}; imports only torch.")
    return "\n".join(
        [
            _docstring(filled(lines, WIDTH - 3)),
            "",
            "import torch",
            "from torch import Tensor, nn",
            "",
            f"__all__ = [{_ALL}]",
            "",
        ]
    )


def _formula_lines(loss: Loss) -> list[str]:
    """The formula as written; a single definition stands beside it if there is room."""
    lines = loss.formula.splitlines()
    if len(lines) == 3 and lines[1] == "where":
        joined = f"{lines[0]}  where  {lines[2].strip()}"
        return [joined] if len(joined) <= WIDTH - 8 else lines
    return lines


def _untold(loss: Loss) -> str:
    """A sentence for a loss that has none of its own."""
    names = [term.name for term in loss.terms]
    if len(names) == 1:
        return f"The loss {loss.name}."
    return f"The sum of {', '.join(names[:-1])} and {names[-1]}."


def _docstring(lines: Iterable[str], indent: str = "") -> str:
    """A docstring that shows the lines and ends where it should, whatever they hold."""
    text = "\n".join(lines).strip("\n")
    safe = "".join(c if c in ("\n", _DIGEST) or c.isprintable() else "?" for c in text)
    safe = safe.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if safe.endswith('"'):
        safe += " "
    tail = "" if "\n" not in safe else "\n"
    return textwrap.indent(f'"""{safe}{tail}"""', indent, lambda line: bool(line.strip()))


class _Text(Part):
    """The functions and the class of one loss."""

    def keywords(self) -> tuple[str, ...]:
        """The names of what a call accepts beside the inputs."""
        given = signature.parameters(self.low, self.names)
        return tuple(keyword.split(":")[0] for keyword in given)

    def signature(self) -> Signature:
        """How the formula for integer labels and the public function are called."""
        loss, hard = self.low.loss, self.low.hard
        states = ("state", "training") if hard.states else ()
        inputs = tuple(known.name for known in loss.inputs)
        known_names = {*inputs, *(h.name for h in loss.hyperparameters)}
        packed = any(known.pack for known in loss.inputs)
        if packed and self.low.label is not None:  # whose labels tell which places count
            known_names.add(KEEP.name)
        return Signature(
            self.exports.formula,
            (*hard.arrays, *hard.hyperparameters, *states),
            self.function,
            inputs,
            self.low.label.name if self.low.label else None,
            {h.name: (self.names[h.name], _interval(h)) for h in loss.hyperparameters},
            not self.many
            and known_names.issuperset((*hard.arrays, *hard.hyperparameters, *states))
            and set(inputs).issubset(hard.arrays)
            and not loss.options
            and not (packed and KEEP.name not in hard.arrays)
            and not any(h.formula is not None or h.learn for h in loss.hyperparameters),
        )

    def texts(self) -> Iterator[str]:
        """The parts in order of reading."""
        yield self._formula(self.low.hard, "")
        if self.low.soft is not None:
            yield self._formula(self.low.soft, "_soft")
        for name, variant in self.low.formulas.items():
            yield self._progress_formula(name, variant)
        yield from self._functions()
        yield class_text(self)

    # ------------------------------------------------------------ formulas

    def _formula(self, variant: Variant, suffix: str) -> str:
        like = self._like(variant)
        arrays = [self.names[name] for name in variant.arrays]
        plan = renamed(variant.plan, self.names.__getitem__)
        writer = Writer(plan, like, self.names.taken | set(arrays))
        states = [self.names[name] for name, _ in plan.writes]
        writer.lines += [f'{name} = state["{name}"]' for name in states]
        results: list[str] = []
        for output in variant.plan.outputs:
            text = writer.result(output.value)
            if self.many:
                text = writer.assigned(output.name, text)
            if output.guard is not None:
                kept = writer.result(output.guard)
                text = f"({text}, {kept})" if self.many else f"{text}, {kept}"
            results.append(text)
        writes = zip(states, plan.writes, strict=True)
        writer.lines += [f'state["{n}"] = {writer.result(made)}' for n, (_, made) in writes]
        result = ", ".join(results)
        pair = "tuple[Tensor, ...]" if self._is_pair(variant) else "Tensor"
        returns = "tuple" if self.many else pair
        arguments = [f"{name}: Tensor" for name in arrays]
        arguments += [f"{self.names[h]}: {self._type(h)}" for h in variant.hyperparameters]
        if variant.states:
            arguments += ["state: dict[str, Tensor]", "training: bool"]
        head = call(
            f"def {self.exports.soft if suffix else self.exports.formula}",
            arguments,
            f" -> {returns}:",
        )
        says = filled([self._formula_doc(variant, suffix)], WIDTH - 10)
        doc = _docstring(says, "    ")
        body = [*writer.lines, f"return {result}"]
        return "\n".join([head, doc, *folded(body, 4), ""])

    def _is_pair(self, variant: Variant) -> bool:
        outputs = variant.plan.outputs
        return len(outputs) == 1 and outputs[0].guard is not None

    def _formula_doc(self, variant: Variant, suffix: str) -> str:
        shapes = []
        for known in self.low.loss.inputs:
            if known.name in variant.arrays:
                soft = suffix and known is self.low.label
                shapes.append(f"{known.name} [{', '.join(self._dims(known, bool(soft)))}]")
        out = ["n", *variant.plan.outputs[0].axes[1:]] if variant.plan.outputs[0].axes else []
        what = "The formula for label weights" if suffix else "The formula"
        result = f" -> [{', '.join(out)}]" if not self.many else ""
        return f"{what}: {', '.join(shapes)}{result}."

    def _dims(self, known: Input, soft: bool) -> list[str]:
        dims = ["n"] if known.batched else []
        if soft and known.over is not None:
            dims.append(known.over.name)
        return dims + [axis.name for axis in known.axes]

    def _type(self, name: str) -> str:
        hyper = {h.name: h for h in self.low.loss.hyperparameters}.get(name)
        if hyper is None or hyper.kind == "real":
            return "float | Tensor"
        return {"int": "int", "bool": "bool", "choice": "str"}[hyper.kind]

    def _like(self, variant: Variant) -> str | None:
        reals = [k for k in self.low.loss.inputs if k.kind not in ("index", "label", "int", "bool")]
        chosen = [k for k in reals if k.name in variant.arrays]
        return self.names[chosen[0].name] if chosen else None

    def _progress_formula(self, name: str, variant: Variant) -> str:
        emitted = self.names[name]
        writer = Writer(variant.plan, "like", self.names.taken | {"like"})
        result = writer.result(variant.plan.outputs[0].value)
        head = f"def {self.exports.now(emitted)}(like: Tensor, progress: float | Tensor) -> Tensor:"
        doc = f'"""{emitted} at a point of training."""'
        return "\n".join([head, f"    {doc}", *folded([*writer.lines, f"return {result}"], 4), ""])

    # ------------------------------------------------------------ public

    def _functions(self) -> Iterator[str]:
        loss = self.low.loss
        inputs = [f"{self.names[i.name]}: Tensor" for i in loss.inputs]
        keywords = list(signature.parameters(self.low, self.names))
        name = self.exports.terms if self.many else self.function
        returns = "dict[str, Tensor]" if self.many else "Tensor"
        head = call(f"def {name}", [*inputs, "*", *keywords], f" -> {returns}:")
        body = list(Body(self.low, self.names, self.exports).lines())
        yield "\n".join([head, self._doc(), *folded(body, 4), ""])
        if self.many:
            given = ", ".join(self.names[i.name] for i in loss.inputs)
            yield "\n".join(
                [
                    call(f"def {self.function}", [*inputs, "**options: object"], " -> Tensor:"),
                    f'    """The sum of the terms; keywords as for {name}."""',
                    f"    terms = {name}({given}, **options)",
                    "    if len({term.shape for term in terms.values()}) > 1:",
                    f'        raise ValueError("the terms have different examples; see {name}")',
                    "    return sum(terms.values())",
                    "",
                ]
            )

    def _doc(self) -> str:
        loss = self.low.loss
        first = loss.doc.splitlines()[0] if loss.doc else _untold(loss)
        lead = list(filled([first], WIDTH - 10))
        parts = [f"{self.names[i.name]}: {_input_text(i)}" for i in loss.inputs]
        parts += [f"{self.names[h.name]}: {_hyper_text(h)}" for h in loss.hyperparameters]
        listed = "; ".join(parts) + "."
        if self.alone and len(listed) <= WIDTH - 10:
            return _docstring([listed], "    ")
        return _docstring([*lead, "", *textwrap.wrap(listed, WIDTH - 8)], "    ")


def _interval(hyper: Hyperparameter) -> Interval | None:
    """The domain of a number; ``None`` for an array or an option."""
    if hyper.axes or hyper.kind not in ("real", "int"):
        return None
    domain = hyper.domain
    low = -math.inf if domain.low is None else float(domain.low)
    high = math.inf if domain.high is None else float(domain.high)
    return Interval(low, high, domain.low_closed, domain.high_closed)


def _input_text(known: Input) -> str:
    axes = [*(["*batch"] if known.batched else []), *(a.name for a in known.axes)]
    if known.pack is not None:
        axes = [BATCH.name, *(f"*{a.name}" if a == known.pack else a.name for a in known.axes)]
    kind = f"index over {known.over.name}" if known.over is not None else known.kind
    return f"{kind} {known.domain}".strip() + f" [{', '.join(axes)}]"


def _hyper_text(hyper: Hyperparameter) -> str:
    kind = (
        " or ".join(hyper.options)
        if hyper.kind == "choice"
        else f"{hyper.kind} {hyper.domain}".strip()
    )
    axes = f" [{', '.join(a.name for a in hyper.axes)}]" if hyper.axes else ""
    return f"{kind}{axes}" + (", learned" if hyper.learn else "")
