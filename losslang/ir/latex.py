"""A loss in LaTeX as its author wrote it: named parts, bound indices, indicators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from losslang.syntax import nodes

ATOM, POWER, PRODUCT, SUM, RELATION, LOOSE = 5, 4, 3, 2, 1, 0

GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau"
    " upsilon phi chi psi omega".split()
)
INPUTS = {"logits": "z", "target": "y", "score": "f", "prediction": "x"}
WORDS = {"eps": r"\varepsilon", "inf": r"\infty", "lam": r"\lambda", **INPUTS}
FUNCTIONS = {"log": r"\log", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "tanh": r"\tanh"}
FUNCTIONS["logdet"] = r"\log\det"
RELATIONS = {"==": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}
BIG = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min"}
FENCES = {"abs": (r"\lvert ", r" \rvert"), "norm": (r"\lVert ", r" \rVert")}
FENCES["floor"] = (r"\lfloor ", r" \rfloor")


class Latex:
    """Writes syntax trees. ``taken`` are the names that a loss gives something itself.

    No short name stands for one of them; ``losses`` are the other losses it may name.
    """

    def __init__(
        self, taken: frozenset[str] = frozenset(), losses: frozenset[str] = frozenset()
    ) -> None:
        self._taken = taken
        self._losses = losses - taken

    def text(self, node: nodes.Node, strength: int = LOOSE) -> str:
        """``node``, in parentheses where it binds less than ``strength``."""
        text, own = self._WRITE[type(node)](self, node)
        return text if own >= strength else rf"\left({text}\right)"

    def name(self, word: str) -> str:
        """A name: a letter as it is, a Greek one by its command, a word upright."""
        if word in self._losses:
            return self.head(word)
        short = WORDS.get(word, word)
        if short != word and short not in self._taken:
            return short
        if word in GREEK:
            return f"\\{word}"
        if len(word) == 1:
            return word
        head, _, tail = word.partition("_")
        if tail and (len(head) == 1 or head in GREEK):
            return f"{self.name(head)}_{{{self.name(tail) if len(tail) == 1 else _upright(tail)}}}"
        if len(word) == 2 and word[1].isdigit():
            return f"{word[0]}_{word[1]}"
        return _upright(word)

    # ------------------------------------------------------------ operators

    def _number(self, e: nodes.Number) -> tuple[str, int]:
        mantissa, _, exponent = e.text.lower().partition("e")
        if not exponent:
            return e.text, ATOM
        power = f"10^{{{int(exponent)}}}"
        return (power, POWER) if mantissa == "1" else (rf"{mantissa} \cdot {power}", PRODUCT)

    def _name(self, e: nodes.Name) -> tuple[str, int]:
        return self.name(e.id), ATOM

    def _unary(self, e: nodes.Unary) -> tuple[str, int]:
        if e.op == "not":
            return rf"\lnot {self.text(e.operand, ATOM)}", RELATION
        return f"{e.op}{self.text(e.operand, PRODUCT)}", SUM

    def _binary(self, e: nodes.Binary) -> tuple[str, int]:
        if e.op == "/":
            if isinstance(e.left, nodes.Number | nodes.Name) and _in_exponent(e):
                return f"{self.text(e.left)}/{self.text(e.right, ATOM)}", PRODUCT
            return rf"\frac{{{self.text(e.left)}}}{{{self.text(e.right)}}}", ATOM
        if e.op == "**":
            base = self._factor(e.left, ATOM)
            if base.startswith((r"\frac", r"\begin")):
                base = rf"\left({base}\right)"
            return f"{base}^{{{self.text(e.right)}}}", POWER
        if e.op == "*":
            if isinstance(e.left, nodes.Unary) and e.left.op == "-":
                return f"-{self.text(replace(e, left=e.left.operand))}", SUM
            left, right = self._factor(e.left, PRODUCT), self._factor(e.right, POWER)
            sign = r" \cdot " if right[:1].isdigit() else r" \, "
            return f"{left}{sign}{right}", PRODUCT
        right = self.text(e.right, SUM if e.op == "+" else PRODUCT)
        return f"{self._factor(e.left, SUM)} {e.op} {right}", SUM

    def _factor(self, e: nodes.Expr, strength: int) -> str:
        """An operand; a comparison counts as a number in arithmetic."""
        if isinstance(e, nodes.Compare | nodes.BoolOp):
            return rf"\mathbb{{1}}\left[{self.text(e)}\right]"
        return self.text(e, strength)

    def _compare(self, e: nodes.Compare) -> tuple[str, int]:
        parts = [self.text(e.operands[0], SUM)]
        for op, operand in zip(e.ops, e.operands[1:], strict=True):
            parts += [RELATIONS[op], self.text(operand, SUM)]
        return " ".join(parts), RELATION

    def _bool_op(self, e: nodes.BoolOp) -> tuple[str, int]:
        word = r" \land " if e.op == "and" else r" \lor "
        return word.join(self.text(o, RELATION) for o in e.operands), LOOSE

    def _conditional(self, e: nodes.Conditional) -> tuple[str, int]:
        rows, rest = [], e
        while isinstance(rest, nodes.Conditional):
            rows.append(rf"{self._factor(rest.body, LOOSE)} & \text{{if }} {self.text(rest.test)}")
            rest = rest.orelse  # type: ignore[assignment]
        rows.append(rf"{self._factor(rest, LOOSE)} & \text{{otherwise}}")
        lines = r" \\ ".join(rows)
        return rf"\begin{{cases}} {lines} \end{{cases}}", ATOM

    # ------------------------------------------------------------ arrays and calls

    def _subscript(self, e: nodes.Subscript) -> tuple[str, int]:
        places = ", ".join(self.text(index) for index in e.indices)
        base = self.text(e.value, ATOM)
        if isinstance(e.value, nodes.Subscript):
            base = rf"\left({base}\right)"
        return f"{base}_{{{places}}}", ATOM

    def _lambda(self, e: nodes.Lambda) -> tuple[str, int]:
        return rf"{self.name(e.parameter)} \mapsto {self._factor(e.value, LOOSE)}", LOOSE

    def _under(self, e: nodes.Comprehension | nodes.ArrayComprehension) -> str:
        bound = ", ".join(self._binder(b) for b in e.binders)
        return bound if e.guard is None else rf"{bound} \,:\, {self.text(e.guard)}"

    def _binder(self, e: nodes.Binder) -> str:
        if e.count is not None:
            return rf"0 \le {self.name(e.name)} < {self.text(e.count, SUM)}"
        return rf"{self.name(e.name)} \in {_upright(e.axis or '')}"

    def _comprehension(self, e: nodes.Comprehension) -> tuple[str, int]:
        return f"{self._factor(e.element, LOOSE)}, {self._under(e)}", LOOSE

    def _array(self, e: nodes.ArrayComprehension) -> tuple[str, int]:
        return rf"\left[{self._factor(e.element, LOOSE)}\right]_{{{self._under(e)}}}", ATOM

    def _list(self, e: nodes.ListLiteral) -> tuple[str, int]:
        return rf"\left[{', '.join(map(self.text, e.elements))}\right]", ATOM

    def _call(self, e: nodes.Call) -> tuple[str, int]:
        name, args = e.function.id, e.args
        if len(args) == 1 and isinstance(args[0], nodes.Comprehension):
            big = BIG.get(name, rf"\operatorname*{{{_plain(name)}}}")
            body = self._factor(args[0].element, PRODUCT)
            return rf"{big}_{{{self._under(args[0])}}} {body}", PRODUCT
        if len(args) == 1 and not e.keywords:
            if name in FENCES:
                return f"{FENCES[name][0]}{self._factor(args[0], LOOSE)}{FENCES[name][1]}", ATOM
            if name == "sqrt":
                return rf"\sqrt{{{self._factor(args[0], LOOSE)}}}", ATOM
            if name == "exp":
                return f"e^{{{self._factor(args[0], LOOSE)}}}", POWER
            if name in FUNCTIONS and isinstance(args[0], nodes.Name | nodes.Number):
                return rf"{FUNCTIONS[name]} {self.text(args[0])}", POWER
            if name == "onehot":
                return rf"\mathbf{{e}}_{{{self.text(args[0])}}}", ATOM
        if name == "dot" and len(args) == 2:
            return rf"\langle {self.text(args[0])}, {self.text(args[1])} \rangle", ATOM
        if name == "xlogy" and len(args) == 2:
            log = replace(e, function=replace(e.function, id="log"), args=args[1:])
            return rf"{self._factor(args[0], PRODUCT)} \, {self.text(log, POWER)}", PRODUCT
        shown = [self._factor(a, LOOSE) for a in args]
        shown += [
            f"{self.name(k.name)}={self.text(k.value)}" for k in e.keywords if k.name != "axis"
        ]
        head = FUNCTIONS.get(name) or (BIG[name] if name in BIG else self._function(name))
        return rf"{head}\left({', '.join(shown)}\right)", ATOM

    def _function(self, name: str) -> str:
        shown = self.name(name)
        return rf"\operatorname{{{_plain(name)}}}" if shown.startswith(r"\mathrm") else shown

    _WRITE: ClassVar[Mapping[type, Callable[[Latex, Any], tuple[str, int]]]] = {
        nodes.Number: _number,
        nodes.Name: _name,
        nodes.Unary: _unary,
        nodes.Binary: _binary,
        nodes.Compare: _compare,
        nodes.BoolOp: _bool_op,
        nodes.Conditional: _conditional,
        nodes.Subscript: _subscript,
        nodes.Comprehension: _comprehension,
        nodes.ArrayComprehension: _array,
        nodes.ListLiteral: _list,
        nodes.Call: _call,
        nodes.Lambda: _lambda,
    }

    # ------------------------------------------------------------ definitions

    def definition(self, e: nodes.Definition) -> str:
        """A name under ``where`` with its formula."""
        if isinstance(e, nodes.State):
            start = "0" if e.start is None else self.text(e.start)
            return rf"{self.name(e.name)} \gets {start} \quad \text{{at the start}}"
        if isinstance(e, nodes.Update):
            place = f"_{{{', '.join(map(self.text, e.indices))}}}" if e.indices else ""
            return rf"{self.name(e.name)}{place} \gets {self._factor(e.value, LOOSE)}"
        if isinstance(e, nodes.LocalFunction):
            head = f"{self._function(e.name)}({', '.join(map(self.name, e.parameters))})"
        elif isinstance(e, nodes.Unpack):
            head = f"({', '.join(map(self.name, e.names))})"
        else:
            head = self.name(e.name)
        return f"{head} = {self._factor(e.value, LOOSE)}"

    @staticmethod
    def head(name: str) -> str:
        """What a loss is called."""
        return rf"\ell_{{\mathrm{{{_plain(name)}}}}}"

    def loss(self, e: nodes.Loss) -> list[str]:
        """A declaration, a line for its formula and one for each of its parts."""
        index = ", ".join(self.name(b.name) for b in e.binders)
        head = self.head(e.name) + (f"({index})" if index else "")
        first = f"{head} = {self._factor(e.body, LOOSE)}"
        if e.guard is not None:
            first += rf" \quad \text{{for }} {index} \text{{ with }} {self.text(e.guard)}"
        return [first, *map(self.definition, e.where)]


def _in_exponent(e: nodes.Binary) -> bool:
    return isinstance(e.left, nodes.Number) and isinstance(e.right, nodes.Number)


def _plain(word: str) -> str:
    return word.replace("_", r"\_")


def _upright(word: str) -> str:
    return rf"\mathrm{{{_plain(word)}}}"
