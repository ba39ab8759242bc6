"""The syntax tree: one frozen class per construct of the grammar, its span first.

Spans do not take part in equality, so ``parse(format(text)) == parse(text)`` compares meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

from losslang.source import Span


@dataclass(frozen=True)
class Node:
    """Base of all nodes."""

    span: Span = field(compare=False, repr=False)


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True)
class Number(Node):
    """A literal; ``text`` keeps the digits as written, ``value`` is exact."""

    text: str = field(compare=False)
    value: Fraction


@dataclass(frozen=True)
class Name(Node):
    """A name used as an expression: an input, a loss, a built-in, ``pi``, a choice."""

    id: str


@dataclass(frozen=True)
class Unary(Node):
    """``-x``, ``+x`` or ``not x``."""

    op: Literal["-", "+", "not"]
    operand: Expr


@dataclass(frozen=True)
class Binary(Node):
    """``left op right``; ``^`` is read as ``**``."""

    op: Literal["+", "-", "*", "/", "**"]
    left: Expr
    right: Expr


CompareOp: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True)
class Compare(Node):
    """A chain ``operands[0] ops[0] operands[1] ops[1] ...``."""

    ops: tuple[CompareOp, ...]
    operands: tuple[Expr, ...]


@dataclass(frozen=True)
class BoolOp(Node):
    """``a and b and ...`` or ``a or b or ...`` with at least two operands."""

    op: Literal["and", "or"]
    operands: tuple[Expr, ...]


@dataclass(frozen=True)
class Conditional(Node):
    """``body if test else orelse``."""

    test: Expr
    body: Expr
    orelse: Expr


@dataclass(frozen=True)
class Keyword(Node):
    """``name=value`` in a call."""

    name: str
    value: Expr


@dataclass(frozen=True)
class Call(Node):
    """``function(args..., keywords...)``; ``function`` is a name.

    A reduction is a call whose only argument is a :class:`Comprehension`.
    """

    function: Name
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...] = ()


@dataclass(frozen=True)
class Subscript(Node):
    """``value[index, ...]``."""

    value: Expr
    indices: tuple[Expr, ...]


@dataclass(frozen=True)
class Binder(Node):
    """``for name in axis`` or, with ``count``, ``for name in range(count)``; exactly one is set."""

    name: str
    axis: str | None
    count: Expr | None = None


@dataclass(frozen=True)
class Comprehension(Node):
    """``element for i in a for j in b if guard``, the only argument of a reduction."""

    element: Expr
    binders: tuple[Binder, ...]
    guard: Expr | None = None


@dataclass(frozen=True)
class ArrayComprehension(Node):
    """``[element for i in a for j in b]``: an array over the bound axes."""

    element: Expr
    binders: tuple[Binder, ...]
    guard: Expr | None = None


@dataclass(frozen=True)
class ListLiteral(Node):
    """``[a, b, ...]``: values of an array hyperparameter or of a worked example."""

    elements: tuple[Expr, ...]


@dataclass(frozen=True)
class Lambda(Node):
    """``parameter -> value``: a function of one argument."""

    parameter: str
    value: Expr


Expr: TypeAlias = (
    Number
    | Name
    | Unary
    | Binary
    | Compare
    | BoolOp
    | Conditional
    | Call
    | Subscript
    | Comprehension
    | ArrayComprehension
    | ListLiteral
    | Lambda
)

# ---------------------------------------------------------------- types


@dataclass(frozen=True)
class Dim(Node):
    """One axis of an array type: a name, a fixed size (``real[4]``), or a pack (``*space``)."""

    name: str | None
    size: int | None = None
    pack: bool = False


@dataclass(frozen=True)
class TypeExpr(Node):
    """``name[dims]``; ``name`` is a word (``real``, ``bit``) or the axis an index runs over."""

    name: str
    dims: tuple[Dim, ...] = ()


@dataclass(frozen=True)
class ChoiceType(Node):
    """``linear | quadratic``: a hyperparameter that takes one of some words."""

    options: tuple[str, ...]


@dataclass(frozen=True)
class MapType(Node):
    """``real[class] -> real``: a hyperparameter that is a function of one argument."""

    argument: TypeExpr
    result: TypeExpr


@dataclass(frozen=True)
class Bound(Node):
    """A one-sided domain, ``>= 0``."""

    op: Literal["<", "<=", ">", ">="]
    value: Expr


@dataclass(frozen=True)
class Interval(Node):
    """``in [low, high)``."""

    low: Expr
    high: Expr
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True)
class Parameter(Node):
    """``learn name: type domain = default`` of a signature."""

    name: str
    type: TypeExpr | ChoiceType | MapType
    domain: Bound | Interval | None = None
    default: Expr | None = None
    learn: bool = False


@dataclass(frozen=True)
class Signature(Node):
    """Inputs stand before ``*``, hyperparameters after it."""

    inputs: tuple[Parameter, ...]
    hyperparameters: tuple[Parameter, ...] = ()


# ---------------------------------------------------------------- declarations


@dataclass(frozen=True)
class Let(Node):
    """``name = value`` under ``where``."""

    name: str
    value: Expr


@dataclass(frozen=True)
class LocalFunction(Node):
    """``name(i, j) = value`` under ``where``."""

    name: str
    parameters: tuple[str, ...]
    value: Expr


@dataclass(frozen=True)
class Unpack(Node):
    """``a, b, c = value`` under ``where``: the places of a fixed-size array."""

    names: tuple[str, ...]
    value: Expr


@dataclass(frozen=True)
class State(Node):
    """``state name: type domain = start`` under ``where``: an array kept between the calls."""

    name: str
    type: TypeExpr
    domain: Bound | Interval | None = None
    start: Expr | None = None


@dataclass(frozen=True)
class Update(Node):
    """``name[index, ...] <- value`` under ``where``: what a state is after a training step."""

    name: str
    indices: tuple[Expr, ...]
    value: Expr


Definition: TypeAlias = Let | LocalFunction | Unpack | State | Update


@dataclass(frozen=True)
class Text(Node):
    """A documentation string, its quotes and common indentation removed."""

    value: str


@dataclass(frozen=True)
class Cite(Node):
    """``cite "source"``."""

    text: str


@dataclass(frozen=True)
class Statement(Node):
    """What is said of a loss after a keyword."""

    @property
    def stated(self) -> str:
        """It as written, on one line, without the keyword."""
        said = " ".join(self.span.text.split()).partition(" ")[2]
        return said.replace("( ", "(").replace(" )", ")")


@dataclass(frozen=True)
class Claim(Statement):
    """``claim [not] property [op bound] [when condition]``.

    ``property`` is a name or a call of names, numbers and losses; ``lipschitz(logits) <= 2`` has
    ``relation`` ``"<="`` and ``bound`` ``2``.
    """

    property: Name | Call
    negated: bool = False
    relation: CompareOp | None = None
    bound: Expr | None = None
    condition: Expr | None = None


@dataclass(frozen=True)
class Example(Statement):
    """``example call == value``: holds to the digits written in ``value``."""

    call: Call
    value: Expr


@dataclass(frozen=True)
class Alias(Statement):
    """``alias library.Name(theirs=ours, ...)``: what another library calls the loss.

    ``keywords`` are that library's parameters in terms of those of the loss.
    """

    path: str
    keywords: tuple[Keyword, ...] = ()


@dataclass(frozen=True)
class Loss(Node):
    """``loss name(signature) for i in batch if guard = body where ...``.

    ``signature`` is ``None`` for a composition (``loss total = ce + dice``).
    """

    name: str
    name_span: Span = field(compare=False, repr=False)
    signature: Signature | None
    binders: tuple[Binder, ...]
    guard: Expr | None
    body: Expr
    where: tuple[Definition, ...] = ()
    doc: Text | None = None
    cites: tuple[Cite, ...] = ()
    claims: tuple[Claim, ...] = ()
    examples: tuple[Example, ...] = ()
    aliases: tuple[Alias, ...] = ()

    @property
    def statements(self) -> tuple[Claim | Example | Alias, ...]:
        """What is said of the loss below it, as it stands there."""
        found: list[Claim | Example | Alias] = [*self.claims, *self.examples, *self.aliases]
        return tuple(sorted(found, key=lambda item: item.span.start))


@dataclass(frozen=True)
class Function(Node):
    """``fn name(a: real[4]) -> real = body where ...``, a helper with types."""

    name: str
    name_span: Span = field(compare=False, repr=False)
    parameters: tuple[Parameter, ...]
    result: TypeExpr
    body: Expr
    where: tuple[Definition, ...] = ()
    doc: Text | None = None
    cites: tuple[Cite, ...] = ()


@dataclass(frozen=True)
class Import(Node):
    """``import "my.loss"``."""

    path: str


@dataclass(frozen=True)
class Comment(Node):
    """``# text``, kept for the formatter only."""

    text: str


Declaration: TypeAlias = Loss | Function | Import


@dataclass(frozen=True)
class Module(Node):
    """A whole file."""

    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False, repr=False)
