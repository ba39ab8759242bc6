"""How each operation on numbers is written in C++."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from losslang.codegen.plan import Node
from losslang.codegen.rows import NoRowsError

FUNCTIONS = frozenset(
    "exp log log1p expm1 log1mexp log_cosh sqrt sigmoid softplus tanh sinh cosh sin cos asin acos"
    " atan asinh acosh atanh erf lgamma digamma pow integer_pow xlogy times_exp log1p_square"
    " hypot ratio_of_sines binade".split()
)
"""Functions of ``mathematics.h``, by their names there."""

TEMPLATES: Mapping[str, str] = {
    "abs": "absolute(@)",
    "neg": "-@",
    "sign": "A((@ > 0) - (@ < 0))",
    "floor": "__builtin_floor(@)",
    "nonzero": "(@ < A(1e-20) ? A(1e-20) : @)",
    "reciprocal": "(@ == 0 ? A(0) : A(1) / @)",
    "cast": "A(@)",
    "not": "!@",
    "exp_less": "exp_of_difference<A>(@, $)",
    "logaddexp": "log_of_sum<A>(@, $)",
    "square_ratio": "(@ * (@ / $))",
    "sine_of_acos": "losslang::sqrt(@ * @ < 1 ? (A(1) - @) * (A(1) + @) : A(0))",
    "ratio": "((@ == 0) & ($ == 0) ? A(0) : @ / $)",
    "div": "(@ / $)",
    "minimum": "($ < @ ? $ : @)",
    "maximum": "($ > @ ? $ : @)",
    "static_minimum": "($ < @ ? $ : @)",
    "static_maximum": "($ > @ ? $ : @)",
    "clamp_min": "(@ < $ ? $ : @)",
    "clamp_max": "(@ > $ ? $ : @)",
    "eq": "(@ == $)",
    "lt": "(@ < $)",
    "le": "(@ <= $)",
}

JOINED: Mapping[str, str] = {"mul": " * ", "and": " & ", "or": " | "}

NEUTRAL = {
    "sum": "A(0)",
    "prod": "A(1)",
    "amax": "-infinity<A>",
    "amin": "infinity<A>",
    "any": "false",
    "all": "true",
}
"""What a reduction of nothing is."""

CLAUSE = {"sum": "+", "prod": "*", "amax": "max", "amin": "min", "any": "|", "all": "&"}
"""How OpenMP names a reduction."""


def is_dear(op: str) -> bool:
    """Whether an operation evaluates a function, and not only arithmetic."""
    return op == "exp_less" or op in FUNCTIONS


def update(op: str, total: str, x: str) -> str:
    """One number more in a reduction."""
    match op:
        case "sum":
            return f"{total} += {x};"
        case "prod":
            return f"{total} *= {x};"
        case "amax":
            return f"{total} = {x} > {total} ? {x} : {total};"
        case "amin":
            return f"{total} = {x} < {total} ? {x} : {total};"
        case "any":
            return f"{total} |= {x};"
    return f"{total} &= {x};"


def operation(node: Node, names: Sequence[str], real: str) -> str:
    """One operation on numbers."""
    match node.op:
        case "add":
            signed = [f"{s} {name}" for s, name in zip(node.attrs, names, strict=True)]
            return f"({' '.join(signed).removeprefix('+ ')})"
        case "where" | "choose":
            return f"({names[0]} ? {names[1]} : {names[2]})"
        case "fill":
            return f"({names[0]} ? {names[1]} : {literal(node.attrs[0])})"
        case "power":
            return f"power<{node.attrs[0]}>({names[0]})"
        case "lowest":
            return "std::numeric_limits<A>::lowest()"
        case "highest":
            return "std::numeric_limits<A>::max()"
    if node.op in JOINED:
        return f"({JOINED[node.op].join(names)})"
    if node.op in FUNCTIONS:
        return f"losslang::{node.op}({', '.join(f'{real}({name})' for name in names)})"
    template = TEMPLATES.get(node.op)
    if template is None:
        raise NoRowsError(f"{node.op} has no native form")
    text = template.replace("@", names[0])
    if len(names) > 1:
        text = text.replace("$", names[1])
    return text if real == "A" else text.replace("A(", f"{real}(")


def literal(value: object, real: str = "A") -> str:
    """A constant."""
    assert isinstance(value, int | float)
    if value in (float("inf"), float("-inf")):
        return f"{'-' if value < 0 else ''}infinity<{real}>"
    return f"{real}({value!r})"


def axis_text(axis: str) -> str:
    """An axis in a comment: only letters, digits and underscores of its name."""
    return "".join(c for c in axis if c.isascii() and (c.isalnum() or c == "_"))


def indented(lines: Iterable[str], width: int) -> Iterator[str]:
    """Lines moved to the right."""
    for line in lines:
        yield " " * width + line
