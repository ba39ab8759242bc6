"""The ``nn.Module`` of a loss: what it keeps, and how a call reaches the function."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from losslang.codegen.states import saved
from losslang.codegen.torch.layout import call, folded
from losslang.codegen.torch.part import Part
from losslang.codegen.torch.signature import (
    annotation,
    default,
    domain_check,
    expression,
    full,
    literal,
    quoted,
)
from losslang.ir.loss import Domain, Hyperparameter, State

_PROGRESS = [
    "    @property",
    "    def progress(self) -> float:",
    '        """Training progress in [0, 1]; the training loop sets it."""',
    "        return self._progress.item()",
    "",
    "    @progress.setter",
    "    def progress(self, value: float) -> None:",
    "        self._progress.fill_(value)",
    "",
]


def class_text(part: Part) -> str:
    """The text of a loss's class."""
    loss = part.low.loss
    hypers = loss.hyperparameters
    parameters = [f"{part.names[h.name]}: {annotation(h)}{default(h)}" for h in hypers]
    if part.has.progress:
        start = literal(loss.options.get("progress", Fraction(0)), real=True)
        parameters.append(f"progress: float = {start}")
    told = loss.state_axes
    if told:
        parameters.append("sizes: dict[str, int] | None = None")
    own = ["*", *parameters] if parameters else []
    head = call("    def __init__", ["self", *own, "**options: object"], " -> None:")
    body = [
        f"class {part.type}(nn.Module):",
        f'    """Module of :func:`{part.function}`; what is set here is its default."""',
        "",
        *([f"    term_names = ({', '.join(quoted(t.name) for t in loss.terms)})", ""] * part.many),
        head,
        "        super().__init__()",
    ]
    for hyper in hypers:
        body += [f"        {line}" for line in _stored(part, hyper)]
    if told:
        wanted = ", ".join(map(quoted, told))
        config = ", ".join(f"{quoted(axis)}: {size}" for axis, size in loss.sizes.items())
        given = f"{{{config}, **(sizes or {{}})}}" if config else "sizes"
        body.append(f"        self.sizes = _sizes({quoted(part.type)}, {given}, ({wanted},))")
    for state in loss.states:
        body.append(f"        self.register_buffer({_buffer(part, state)})")
    if part.has.progress:
        body.append(
            '        self.register_buffer("_progress", torch.tensor(0.0), persistent=False)'
        )
        body.append("        self.progress = progress")
    body += ["        self.options = options", ""]
    for hyper in hypers:
        if hyper.learn:
            body += _constrained(part, hyper)
    if part.has.progress:
        body += _PROGRESS
    body += _calls(part)
    return "\n".join([*folded(body), ""])


def _buffer(part: Part, state: State) -> str:
    """Name and first value of a state's buffer."""
    sizes = [] if state.length is None else [expression(state.length, part.names)]
    for axis in state.axes[len(sizes) :]:
        known = axis.size is not None
        sizes.append(
            expression(axis.size, part.names) if known else f"self.sizes[{quoted(axis.base.name)}]"
        )
    return f"{quoted(part.names[state.name])}, {full(state, sizes)}"


def _stored(part: Part, hyper: Hyperparameter) -> Iterator[str]:
    name = part.names[hyper.name]
    if hyper.learn:
        yield from domain_check(hyper, name)
        raw = _inverse(hyper.domain, f"torch.as_tensor({name})")
        yield f"self.raw_{name} = nn.Parameter({raw})"
    elif hyper.axes:
        yield f'_hold(self, "{name}", {name})'
    else:
        yield f"self.{name} = {name}"


def _constrained(part: Part, hyper: Hyperparameter) -> list[str]:
    name = part.names[hyper.name]
    return [
        "    @property",
        f"    def {name}(self) -> Tensor:",
        f'        """The learned value, {str(hyper.domain) or "any number"}."""',
        f"        return {_forward(hyper.domain, f'self.raw_{name}')}",
        "",
    ]


def _calls(part: Part) -> list[str]:
    loss = part.low.loss
    inputs = [part.names[i.name] for i in loss.inputs]
    typed = [f"{name}: Tensor" for name in inputs]
    settings = [f'"{part.names[h.name]}": self.{part.names[h.name]}' for h in loss.hyperparameters]
    if part.has.progress:
        settings.append('"progress": self._progress')
    merged = "{" + ", ".join([*settings, "**self.options", "**options"]) + "}"
    if part.has.states:
        return _keeping(part, typed, inputs, settings)
    lines = [
        call("    def forward", ["self", *typed, "**options: object"], " -> Tensor:"),
    ]
    given = ", ".join(inputs)
    lines += [
        f"        return {part.function}({given}, **{merged})",
        "",
        call("    def terms", ["self", *typed, "**options: object"], " -> dict[str, Tensor]:"),
        '        """Each term of the loss, by name."""',
    ]
    if part.many:
        lines.append(f"        return {part.exports.terms}({given}, **{merged})")
    else:
        title = quoted(loss.terms[0].name)
        lines.append(f"        return {{{title}: self({given}, **options)}}")
    return lines


def _keeping(part: Part, typed: list[str], inputs: list[str], settings: list[str]) -> list[str]:
    """The calls of a loss with state: they pass its buffers, and keep what becomes of them."""
    plans = [part.low.hard.plan, *([part.low.soft.plan] if part.low.soft else [])]
    buffers = []
    for state in part.low.loss.states:
        name = part.names[state.name]
        clone = ".clone()" if saved(plans, state) else ""  # for the gradient
        buffers.append(f"{quoted(name)}: self.{name}{clone}")
    given, typing = ", ".join(inputs), [*typed, "**options: object"]
    value = part.names.local("value")
    settings = [*settings, '"training": self.training', "**self.options", "**options"]

    def called(function: str) -> list[str]:
        return [
            "        state = self._state()",
            f"        {value} = {function}({given}, state=state, **self._settings(options))",
            "        self._store(state)",
            f"        return {value}",
            "",
        ]

    title = quoted(part.low.loss.terms[0].name)
    alone = [f"        return {{{title}: self({given}, **options)}}", ""]
    return [
        call("    def forward", ["self", *typing], " -> Tensor:"),
        *called(part.function),
        call("    def terms", ["self", *typing], " -> dict[str, Tensor]:"),
        '        """Each term of the loss, by name."""',
        *(called(part.exports.terms) if part.many else alone),
        "    def _settings(self, options: dict[str, object]) -> dict[str, object]:",
        f"        return {{{', '.join(settings)}}}",
        "",
        "    def _state(self) -> dict[str, Tensor]:",
        f"        return {{{', '.join(buffers)}}}",
        "",
        "    def _store(self, state: dict[str, Tensor]) -> None:",
        "        for name, value in state.items():",
        "            getattr(self, name).copy_(value)",
    ]


def _forward(domain: Domain, raw: str) -> str:
    """A smooth map of the real line into a domain."""
    if domain.low is not None and domain.high is not None:
        low, width = literal(domain.low, real=True), literal(domain.high - domain.low, real=True)
        return f"{low} + {width} * {raw}.sigmoid()"
    if domain.low is not None:
        return (
            f"{raw}.exp()" if domain.low == 0 else f"{literal(domain.low, real=True)} + {raw}.exp()"
        )
    if domain.high is not None:
        return f"{literal(domain.high, real=True)} - {raw}.exp()"
    return raw


NEAR = 1e-6
"""How close to a closed end of its domain a learned value starts; at the end it could not move."""


def _inverse(domain: Domain, value: str) -> str:
    """Where :func:`_forward` reaches a value."""
    if domain.low is not None and domain.high is not None:
        low, width = literal(domain.low, real=True), literal(domain.high - domain.low, real=True)
        return f"(({value} - {low}) / {width}).logit({NEAR})"
    if domain.low is not None:
        away = f"({value} - {literal(domain.low, real=True)})" if domain.low else value
        return f"{away}.clamp(min={NEAR}).log()" if domain.low_closed else f"{away}.log()"
    if domain.high is not None:
        away = f"({literal(domain.high, real=True)} - {value})"
        return f"{away}.clamp(min={NEAR}).log()" if domain.high_closed else f"{away}.log()"
    return f"{value}.float()"
