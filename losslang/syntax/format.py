"""The one layout of a ``.loss`` file.

Expressions are laid out from the tree, so equal trees give equal text; comments are put back next
to the unit (a header, a body, a definition, a claim, ...) where they stood.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import cleandoc

from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.comments import Remarks, attach_comments, header_span, where_span
from losslang.syntax.parse import parse_module
from losslang.syntax.pretty import LINE, Doc, Group, IfBroken, Nest, bracketed, joined, layout

WIDTH = 100

# Binding strength of each construct, after the rules of the grammar.
CONDITIONAL, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, OPERAND = range(10)


def format_module(text: str, name: str = "<string>") -> str:
    """The text in its standard layout; a mistake in it raises a ``DiagnosticError``."""
    return module_text(parse_module(Source(text, name)))


def module_text(module: nodes.Module) -> str:
    """A whole file."""
    remarks = attach_comments(module)
    lines: list[str] = []
    previous: nodes.Declaration | None = None
    for declaration in module.declarations:
        both_imports = isinstance(declaration, nodes.Import) and isinstance(previous, nodes.Import)
        if previous is not None and not both_imports:
            lines.append("")
        lines += _declaration(declaration, remarks)
        previous = declaration
    if remarks.final:
        lines += ["", *remarks.final] if lines else remarks.final
    return "\n".join(lines) + "\n" if lines else ""


def expression_text(node: nodes.Expr | nodes.Comprehension) -> str:
    """An expression on one line."""
    return layout(Group(_expr(node, CONDITIONAL)), 1 << 30)


# ---------------------------------------------------------------- declarations


def _declaration(node: nodes.Declaration, remarks: Remarks) -> list[str]:
    if isinstance(node, nodes.Import):
        return remarks.around(node.span, f"import {_quoted(node.path)}")
    lines: list[str] = []
    if node.doc is not None:
        lines += remarks.around(node.doc.span, _triple_quoted(node.doc.value))
    for cite in node.cites:
        lines += remarks.around(cite.span, f"cite {_quoted(cite.text)}")
    if lines:
        lines.append("")
    lines += _header_and_body(node, remarks)
    if node.where:
        lines += remarks.around(where_span(node), "where")
        for definition in node.where:
            text = layout(_definition(definition), WIDTH, 4)
            lines += remarks.around(definition.span, text, 4)
    if isinstance(node, nodes.Loss):
        if node.statements:
            lines.append("")
        for statement in node.statements:
            lines += remarks.around(statement.span, layout(_statement(statement), WIDTH))
    return lines


def _header_and_body(node: nodes.Loss | nodes.Function, remarks: Remarks) -> list[str]:
    header = header_span(node)
    end: Doc
    if isinstance(node, nodes.Function):
        parameters = nodes.Signature(node.span, node.parameters)
        start, end = f"fn {node.name}", (" -> ", _type(node.result), " =")
    elif node.signature is not None:
        parameters = node.signature
        start, end = f"loss {node.name}", (_result(node), " =")
    else:
        return _composition(node, remarks)
    if any(remarks.leads(p.span) or remarks.trails(p.span) for p in _parameters(parameters)):
        text = _commented_header(start, parameters, end, remarks)
    else:
        text = layout((start, _signature(parameters), end), WIDTH)
    body = layout(_expr(node.body, CONDITIONAL, top=True), WIDTH, 4)
    return [*remarks.around(header, text), *remarks.around(node.body.span, body, 4)]


def _composition(node: nodes.Loss, remarks: Remarks) -> list[str]:
    """``loss total = ...`` stands on one line where it fits and no comment parts it."""
    header, body = header_span(node), node.body
    if not remarks.trails(header) and not remarks.leads(body.span):
        value = _expr(body, CONDITIONAL, top=True)
        text = layout((f"loss {node.name} =", Group(Nest((LINE, value)))), WIDTH)
        return [*remarks.before(header), *remarks.around(body.span, text)]
    text = layout(_expr(body, CONDITIONAL, top=True), WIDTH, 4)
    head = remarks.around(header, f"loss {node.name} =")
    return [*head, *remarks.around(body.span, text, 4)]


def _commented_header(start: str, signature: nodes.Signature, end: Doc, remarks: Remarks) -> str:
    """One parameter a line, because comments stand between them."""
    lines = [f"{start}("]
    for parameter in _parameters(signature):
        if signature.hyperparameters and parameter is signature.hyperparameters[0]:
            lines.append("    *,")
        text = layout((_parameter(parameter), ","), WIDTH, 4)
        lines += remarks.around(parameter.span, text, 4)
    return "\n".join([*lines, layout((")", end), WIDTH)])


def _parameters(signature: nodes.Signature) -> tuple[nodes.Parameter, ...]:
    return signature.inputs + signature.hyperparameters


def _definition(node: nodes.Definition) -> Doc:
    if isinstance(node, nodes.State):
        return ("state ", _declared(node.name, node.type, node.domain, node.start))
    if isinstance(node, nodes.Update):
        indices = [_expr(index, CONDITIONAL, top=True) for index in node.indices]
        place = bracketed("[", joined((",", LINE), indices), "]") if indices else ""
        return (node.name, place, " <- ", Nest(_expr(node.value, CONDITIONAL, top=True)))
    if isinstance(node, nodes.Let):
        name = node.name
    elif isinstance(node, nodes.LocalFunction):
        name = f"{node.name}({', '.join(node.parameters)})"
    else:
        name = ", ".join(node.names)
    return (f"{name} = ", Nest(_expr(node.value, CONDITIONAL, top=True)))


def _statement(node: nodes.Claim | nodes.Example | nodes.Alias) -> Doc:
    if isinstance(node, nodes.Alias):
        keywords = _arguments([*map(_keyword, node.keywords)]) if node.keywords else ""
        return Group(("alias ", node.path, keywords))
    if isinstance(node, nodes.Example):
        value = _expr(node.value, SUM)
        return ("example ", _expr(node.call, OPERAND), Group(Nest((" ==", LINE, value))))
    parts: list[Doc] = ["claim not " if node.negated else "claim ", _expr(node.property, OPERAND)]
    if node.bound is not None:
        parts.append(Group(Nest((f" {node.relation}", LINE, _expr(node.bound, SUM)))))
    if node.condition is not None:
        parts.append(Nest((LINE, "when ", Nest(_expr(node.condition, CONDITIONAL)))))
    return Group(tuple(parts))


# ---------------------------------------------------------------- texts


def _quoted(text: str) -> str:
    return _triple_quoted(text) if '"' in text or "\n" in text else f'"{text}"'


def _triple_quoted(text: str) -> str:
    if cleandoc(text).strip() != text:
        # An indented second line would be taken for the margin if the first stood at the quotes.
        return f'"""\n{text}\n"""'
    if "\n" in text:
        return f'"""{text}\n"""'
    return f'"""{text} """' if text.endswith('"') else f'"""{text}"""'


# ---------------------------------------------------------------- signatures and types


def _signature(signature: nodes.Signature) -> Doc:
    entries = [_parameter(parameter) for parameter in signature.inputs]
    if signature.hyperparameters:
        entries += ["*", *(_parameter(parameter) for parameter in signature.hyperparameters)]
    if not entries:
        return "()"
    return bracketed("(", (joined((",", LINE), entries), IfBroken(",")), ")")


def _parameter(node: nodes.Parameter) -> Doc:
    declared = _declared(node.name, node.type, node.domain, node.default)
    return ("learn ", declared) if node.learn else declared


def _declared(
    name: str,
    type_: nodes.TypeExpr | nodes.ChoiceType | nodes.MapType,
    domain: nodes.Bound | nodes.Interval | None,
    start: nodes.Expr | None,
) -> Doc:
    """``name: type domain = start``."""
    parts: list[Doc] = [f"{name}: ", _type(type_)]
    if isinstance(domain, nodes.Bound):
        parts += [f" {domain.op} ", _expr(domain.value, SUM)]
    elif isinstance(domain, nodes.Interval):
        parts += [" in ", "[" if domain.low_closed else "("]
        parts += [_expr(domain.low, SUM), ", ", _expr(domain.high, SUM)]
        parts.append("]" if domain.high_closed else ")")
    if start is not None:
        parts += [" = ", _expr(start, CONDITIONAL)]
    return tuple(parts)


def _type(node: nodes.TypeExpr | nodes.ChoiceType | nodes.MapType) -> str:
    if isinstance(node, nodes.MapType):
        return f"{_type(node.argument)} -> {_type(node.result)}"
    if isinstance(node, nodes.ChoiceType):
        return " | ".join(node.options)
    dims = ", ".join(
        f"*{dim.name}" if dim.pack else str(dim.size if dim.name is None else dim.name)
        for dim in node.dims
    )
    return f"{node.name}[{dims}]" if dims else node.name


def _result(node: nodes.Loss) -> Doc:
    if not node.binders:
        return ""
    return Group(Nest((LINE, Group(_binders(node.binders, node.guard)))))


def _binders(binders: Sequence[nodes.Binder], guard: nodes.Expr | None) -> Doc:
    parts = [_binder(binder) for binder in binders]
    if guard is not None:
        parts.append(("if ", Nest(_expr(guard, OR))))
    return joined(LINE, parts)


def _binder(node: nodes.Binder) -> Doc:
    if node.count is None:
        return f"for {node.name} in {node.axis}"
    return (f"for {node.name} in range", bracketed("(", _expr(node.count, CONDITIONAL), ")"))


# ---------------------------------------------------------------- expressions


def _expr(node: nodes.Expr, least: int, *, top: bool = False) -> Doc:
    """The document of an expression, in parentheses where it binds weaker than ``least``.

    ``top``: it stands alone on its lines, so those after the first need no further indentation.
    """
    strength = _strength(node)
    if strength < least:
        return bracketed("(", _expr(node, CONDITIONAL, top=True), ")")
    if isinstance(node, nodes.Binary) and node.op != "**":
        return _chain(_operands(node, strength), top)
    if isinstance(node, nodes.Compare):
        operands = [_expr(operand, SUM) for operand in node.operands]
        return _chain([("", operands[0]), *zip(node.ops, operands[1:], strict=True)], top)
    if isinstance(node, nodes.BoolOp):
        parts = [(node.op, _expr(operand, strength + 1)) for operand in node.operands]
        return _chain(parts, top)
    if isinstance(node, nodes.Conditional):
        body, test = _expr(node.body, OR), _expr(node.test, OR)
        rest = (LINE, "if ", test, LINE, "else ", _expr(node.orelse, CONDITIONAL, top=True))
        return Group((body, rest if top else Nest(rest)))
    if isinstance(node, nodes.Lambda):
        return (f"{node.parameter} -> ", _expr(node.value, CONDITIONAL))
    return _tight(node)


def _tight(node: nodes.Expr) -> Doc:
    """Constructs without spaces of their own."""
    if isinstance(node, nodes.Number):
        return node.text
    if isinstance(node, nodes.Name):
        return node.id
    if isinstance(node, nodes.Unary):
        if node.op == "not":
            return ("not ", _expr(node.operand, NOT))
        return (node.op, _expr(node.operand, SIGN))
    if isinstance(node, nodes.Binary):
        return (_expr(node.left, OPERAND), "**", _expr(node.right, SIGN))
    if isinstance(node, nodes.Subscript):
        indices = [_expr(index, CONDITIONAL, top=True) for index in node.indices]
        return (_expr(node.value, OPERAND), bracketed("[", joined((",", LINE), indices), "]"))
    if isinstance(node, nodes.ListLiteral):
        elements = [_expr(element, CONDITIONAL, top=True) for element in node.elements]
        return bracketed("[", joined((",", LINE), elements), "]") if elements else "[]"
    if isinstance(node, nodes.ArrayComprehension):
        return bracketed("[", _comprehension(node), "]")
    if isinstance(node, nodes.Comprehension):
        return _comprehension(node)
    assert isinstance(node, nodes.Call)
    arguments = [_expr(argument, CONDITIONAL, top=True) for argument in node.args]
    return (node.function.id, _arguments([*arguments, *map(_keyword, node.keywords)]))


def _keyword(node: nodes.Keyword) -> Doc:
    return (f"{node.name}=", _expr(node.value, CONDITIONAL))


def _arguments(arguments: list[Doc]) -> Doc:
    return bracketed("(", joined((",", LINE), arguments), ")") if arguments else "()"


def _comprehension(node: nodes.Comprehension | nodes.ArrayComprehension) -> Doc:
    element = Group(_expr(node.element, CONDITIONAL, top=True))
    return (element, LINE, Group(_binders(node.binders, node.guard)))


def _operands(node: nodes.Binary, strength: int) -> list[tuple[str, Doc]]:
    """A chain of operators of one strength, each operand with the operator before it."""
    found: list[tuple[str, Doc]] = []
    left: nodes.Expr = node
    while isinstance(left, nodes.Binary) and _strength(left) == strength:
        found.append((left.op, _expr(left.right, strength + 1)))
        left = left.left
    found.append(("", _expr(left, strength)))
    return found[::-1]


def _chain(operands: Sequence[tuple[str, Doc]], top: bool) -> Doc:
    """Operands with a line break possible after each operator, never before one."""
    rest: tuple[Doc, ...] = tuple((f" {op}", LINE, operand) for op, operand in operands[1:])
    return Group((operands[0][1], rest if top else Nest(rest)))


def _strength(node: nodes.Expr) -> int:
    if isinstance(node, nodes.Conditional | nodes.Lambda):
        return CONDITIONAL
    if isinstance(node, nodes.BoolOp):
        return OR if node.op == "or" else AND
    if isinstance(node, nodes.Unary):
        return NOT if node.op == "not" else SIGN
    if isinstance(node, nodes.Compare):
        return COMPARISON
    if isinstance(node, nodes.Binary):
        return {"**": POWER, "*": PRODUCT, "/": PRODUCT}.get(node.op, SUM)
    return OPERAND
