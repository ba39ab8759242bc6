"""Expressions of the IR as a line of text for a reader: `p_k - [k = y]`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import sympy
from sympy import Basic, Expr

from losslang.ir.binders import Binder, free_indices
from losslang.ir.heads import ONE, At, Branch, Detach, Index, Labelled, Max, Min, Size
from losslang.ir.loss import BATCH, EXAMPLE
from losslang.ir.primitives import Apply
from losslang.ir.recursion import Prior, Recursion
from losslang.ir.reduce import Ordered, Reduce
from losslang.ir.spectrum import Spectrum
from losslang.ir.truth import And, Chosen, Delta, Equal, Less, LessEqual, Not, Or, Truth

ATOM, POWER, PRODUCT, SUM, LOOSE = 4, 3, 2, 1, 0

PREFERRED = {"class": "kcjl", "batch": "jlmn", "dim": "d", "space": "x", "order": "n"}


class Printer:
    """Writes expressions. ``names`` renames inputs; ``hide`` drops the index of the example."""

    def __init__(self, names: Mapping[str, str] | None = None, *, hide: bool = True) -> None:
        self.names = dict(names or {})
        self.hide = hide
        self._letters: dict[Index, str] = {EXAMPLE: "i"}

    def text(self, expr: Basic, strength: int = LOOSE) -> str:
        """``expr``, in parentheses where it binds less than ``strength``."""
        for kind, write in self._WRITE.items():
            if isinstance(expr, kind):
                text, own = write(self, expr)
                return text if own >= strength else f"({text})"
        name = getattr(expr, "name", None) or type(expr).__name__.lower()
        operands = expr.operands if isinstance(expr, Apply) else expr.args
        return f"{name}({', '.join(self.text(a) for a in operands)})"

    # ------------------------------------------------------------ indices

    def letter(self, index: Index) -> str:
        """What an index is called: a letter that suits its axis and that no other has."""
        if index not in self._letters:
            name = index.axis.name
            plain = index.name.split("%")[0]
            options = [plain] if plain.isidentifier() and not plain.startswith("_") else []
            options += [*PREFERRED.get(name, name[:1]), *"ijklmnuvwxyz"]
            used = {*self._letters.values(), *self.names.values()}
            self._letters[index] = next((c for c in options if c not in used), index.name)
        return self._letters[index]

    def _bound(self, e: Binder) -> tuple[str, str, str]:
        """Body, binders and guard of a comprehension."""
        before = dict(self._letters)
        for index in e.binders:
            self._letters.pop(index, None)
        bound = "".join(f" for {self.letter(i)} in {i.axis.name}" for i in e.binders)
        guard = "" if e.guard == ONE else f" if {self.truth(e.guard)}"
        body = self.text(e.body)
        self._letters = before
        return body, bound, guard

    # ------------------------------------------------------------ arithmetic

    def _number(self, e: Expr) -> tuple[str, int]:
        text = str(e).replace("oo", "inf")
        return text, SUM if text.startswith("-") else PRODUCT if "/" in text else ATOM

    def _symbol(self, e: sympy.Symbol) -> tuple[str, int]:
        return str(e.name), ATOM

    def _at(self, e: At) -> tuple[str, int]:
        indices = [i for i in e.indices if not (self.hide and i == EXAMPLE)]
        name = self.names.get(e.tensor.name, e.tensor.name)
        places = [self.text(i) for i in indices]
        if len(places) == 1 and places[0].isalnum():
            return f"{name}_{places[0]}", ATOM
        return (f"{name}[{', '.join(places)}]" if places else name), ATOM

    def _add(self, e: Expr) -> tuple[str, int]:
        parts = [(a.could_extract_minus_sign(), n, a) for n, a in enumerate(e.args)]
        text = ""
        for negative, _, part in sorted(parts, key=lambda p: p[:2]):
            shown = self.text(-part if negative else part, PRODUCT)
            sign = " - " if negative else " + "
            text += shown if not text and not negative else (sign if text else "-") + shown
        return text, SUM

    def _mul(self, e: Expr) -> tuple[str, int]:
        if e.could_extract_minus_sign():
            difference = next((f for f in e.args if _is_difference(f)), None)
            if difference is None or sympy.Mul(*(f for f in e.args if f != difference)) == -1:
                return f"-{self.text(-e, PRODUCT)}", SUM
            # -a (b - c) reads better as a (c - b).
            turned = sympy.Add(*(-part for part in difference.args))
            return self._product(
                [
                    -e.as_coeff_Mul()[0],
                    *(turned if f == difference else f for f in e.as_coeff_mul()[1]),
                ]
            )
        return self._product([*e.args])

    def _product(self, args: list[Expr]) -> tuple[str, int]:
        above, below = [], []
        number = sympy.Mul(*(a for a in args if a.is_Rational))
        factors = sorted((a for a in args if not a.is_Rational), key=lambda a: a.is_Add)
        if abs(number.p) != 1:
            above.append(sympy.Integer(number.p))
        if number.q != 1:
            below.append(sympy.Integer(number.q))
        for factor in factors:
            base, exponent = factor.as_base_exp()
            inverse = not isinstance(factor, sympy.exp) and exponent.could_extract_minus_sign()
            (below if inverse else above).append(base**-exponent if inverse else factor)
        text = " ".join(self.text(f, POWER) for f in above) or "1"
        if below:
            text += " / " + self.text(sympy.Mul(*below), POWER)
        return text, PRODUCT

    def _pow(self, e: Expr) -> tuple[str, int]:
        if e.exp == sympy.Rational(1, 2):
            norm = self._norm(e.base)
            return norm or f"sqrt({self.text(e.base)})", ATOM
        if e.exp.could_extract_minus_sign():
            return f"1 / {self.text(e.base**-e.exp, POWER)}", PRODUCT
        norm = self._norm(e.base) if (2 * e.exp).is_Integer else None
        if norm is not None:
            return f"{norm}^{2 * e.exp}", POWER
        return f"{self.text(e.base, ATOM)}^{self.text(e.exp, ATOM)}", POWER

    def _norm(self, e: Expr) -> str | None:
        """``norm(v)`` for a sum of the squares of one array's entries."""
        if not (isinstance(e, Reduce) and e.op == "sum" and e.guard == ONE and len(e.binders) == 1):
            return None
        base, exponent = e.body.as_base_exp()
        if exponent != 2:
            return None
        signs = [a.could_extract_minus_sign() for a in sympy.Add.make_args(base)]
        parts = zip(sympy.Add.make_args(base), signs, strict=True)
        rows = [self._row(-a if minus else a, e.binders[0]) for a, minus in parts]
        if None in rows:
            return None
        text = "".join(
            f" {'-' if m else '+'} {r}"
            for r, m in sorted(zip(rows, signs, strict=True), key=lambda p: p[1])
        )
        return f"norm({text.removeprefix(' + ').strip()})"

    def _row(self, e: Expr, index: Index) -> str | None:
        """An array along an index: the read without it."""
        if not isinstance(e, At) or e.indices[-1] != index or index in e.indices[:-1]:
            return None
        return self.text(At(e.tensor, *e.indices[:-1]))

    # ------------------------------------------------------------ truth values

    def truth(self, e: Expr) -> str:
        """A condition, without brackets around it."""
        if isinstance(e, Delta | Equal | Less | LessEqual):
            left, right = e.args
            if isinstance(e, Delta) and isinstance(left, At) and not isinstance(right, At):
                left, right = right, left
            sign = {Less: "<", LessEqual: "<="}.get(type(e), "=")
            return f"{self.text(left, SUM)} {sign} {self.text(right, SUM)}"
        if isinstance(e, Chosen):
            return f"{e.args[0]} = {e.args[1]}"
        if isinstance(e, Not) and isinstance(e.args[0], Delta | Equal):
            return self.truth(e.args[0]).replace(" = ", " != ")
        if isinstance(e, Not):
            return f"not ({self.truth(e.args[0])})"
        if isinstance(e, And | Or):
            word = " and " if isinstance(e, And) else " or "
            loose = [isinstance(a, Or if isinstance(e, And) else And) for a in e.args]
            parts = [self.truth(a) for a in e.args]
            pairs = zip(parts, loose, strict=True)
            return word.join(f"({part})" if wrap else part for part, wrap in pairs)
        return self.text(e)

    def _indicator(self, e: Expr) -> tuple[str, int]:
        return f"[{self.truth(e)}]", ATOM

    def _branch(self, e: Branch) -> tuple[str, int]:
        test, yes, no = e.args
        return f"{self.text(yes, SUM)} if {self.truth(test)} else {self.text(no)}", LOOSE

    # ------------------------------------------------------------ heads

    def _reduce(self, e: Reduce) -> tuple[str, int]:
        norm = self._norm(e)
        if norm is not None:
            return f"{norm}^2", POWER
        if e.op == "sum" and e.guard == ONE and len(e.binders) == 1 and len(e.body.args) == 2:
            rows = [self._row(factor, e.binders[0]) for factor in e.body.args]
            if isinstance(e.body, sympy.Mul) and None not in rows:
                return f"dot({rows[0]}, {rows[1]})", ATOM
        body, bound, guard = self._bound(e)
        if e.op == "sum" and e.body == ONE:
            return f"count({bound.strip()}{guard})", ATOM
        return f"{e.op}({body}{bound}{guard})", ATOM

    def _ordered(self, e: Ordered) -> tuple[str, int]:
        body, bound, guard = self._bound(e)
        return f"{e.op}({body}{bound}{guard})[{self.text(e.at)}]", ATOM

    def _spectrum(self, e: Spectrum) -> tuple[str, int]:
        body, bound, guard = self._bound(e)
        return f"{e.op}({body}{bound}{guard})[{', '.join(map(self.text, e.rest))}]", ATOM

    def _recursion(self, e: Recursion) -> tuple[str, int]:
        places = [self.text(a) for a in e.rest if not (self.hide and a == EXAMPLE)]
        return f"{e.op}({', '.join(places)})", ATOM

    def _prior(self, e: Prior) -> tuple[str, int]:
        places = [f"{self.letter(e.counter)} - {e.lag}", *map(self.text, e.place)]
        return f"prior({', '.join(places)})", ATOM

    def _size(self, e: Size) -> tuple[str, int]:
        return f"size({e.axis.name})", ATOM

    def _call(self, e: Expr) -> tuple[str, int]:
        logs = [a for a in sympy.Mul.make_args(e.args[0]) if isinstance(a, sympy.log)]
        if isinstance(e, sympy.exp) and len(logs) == 1:
            exponent = self.text(e.args[0] / logs[0], ATOM)
            return f"{self.text(logs[0].args[0], ATOM)}^{exponent}", POWER
        name = {Max: "max", Min: "min", Detach: "detach", sympy.Abs: "abs"}.get(type(e), "exp")
        return f"{name}({', '.join(self.text(a) for a in e.args)})", ATOM

    def _log(self, e: Expr) -> tuple[str, int]:
        inner = e.args[0]
        if isinstance(inner, At | sympy.Symbol):
            return f"log {self.text(inner, ATOM)}", POWER
        return f"log({self.text(inner)})", ATOM

    _WRITE: ClassVar[
        Mapping[type | tuple[type, ...], Callable[[Printer, Any], tuple[str, int]]]
    ] = {
        Index: lambda self, e: (self.letter(e), ATOM),
        sympy.Symbol: _symbol,
        sympy.Number: _number,
        At: _at,
        Labelled: lambda self, e: (self.text(e.args[1], ATOM), ATOM),
        sympy.Add: _add,
        sympy.Mul: _mul,
        sympy.log: _log,
        type(sympy.E): lambda self, e: ("exp(1)", ATOM),
        (sympy.exp, Max, Min, Detach, sympy.Abs): _call,
        sympy.Pow: _pow,
        Truth: _indicator,
        Branch: _branch,
        Reduce: _reduce,
        Ordered: _ordered,
        Spectrum: _spectrum,
        Recursion: _recursion,
        Prior: _prior,
        Size: _size,
    }


def _is_difference(e: Expr) -> bool:
    return e.is_Add and any(a.could_extract_minus_sign() for a in e.args)


def looks_at_others(expr: Expr) -> bool:
    """Whether an expression reads other examples than the one at hand."""
    return any(
        isinstance(node, Index) and node.axis == BATCH and node != EXAMPLE
        for node in _outside_of_recursions(expr)
    ) or any(index.axis == BATCH and index != EXAMPLE for index in free_indices(expr))


def _outside_of_recursions(expr: Basic) -> Iterator[Basic]:
    """The parts of an expression; of a function that calls itself only where it is read."""
    yield expr
    for arg in expr.rest if isinstance(expr, Recursion) else expr.args:
        yield from _outside_of_recursions(arg)
