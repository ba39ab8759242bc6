"""Statements, proofs and certificates from JSON data.

Reading checks shapes, sizes and depths, and nothing else: whether a certificate proves anything is
for :mod:`losslang.verify.check` to say. What is not of the right form raises
:class:`~losslang.verify.formula.Malformed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

from sympy import Symbol

from losslang.ir.heads import Tensor
from losslang.verify.encode import RELATIONS
from losslang.verify.formula import FormulaReader, Json, Malformed
from losslang.verify.proof import Data, Proof
from losslang.verify.statement import (
    Bounds,
    Curvature,
    Limit,
    Region,
    Relation,
    Shape,
    Sign,
    Statement,
)
from losslang.verify.theorem import Question
from losslang.verify.verdict import Argument, Certificate, Cut, Part, Split, Use

MAX_PROOF_DEPTH = 150
MAX_DATA_DEPTH = 20
MAX_SPLITS = 100
MAX_READINGS = 1000

T = TypeVar("T")


def decode_statement(data: Json, path: str = "$") -> Statement:
    """The statement that :func:`encode_statement` wrote."""
    return _Reader().statement(data, path)


def decode_proof(data: Json, path: str = "$") -> Proof:
    """The proof that :func:`encode_proof` wrote."""
    return _Reader().proof(data, path)


def decode_certificate(data: Json, path: str = "$") -> Certificate:
    """The certificate that :func:`encode_certificate` wrote."""
    return _Reader().certificate(data, path)


class _Reader(FormulaReader):
    """Reads what certificates are made of, one document at a time."""

    def items(self, data: Json, path: str, read: Callable[[Json, str], T]) -> tuple[T, ...]:
        self.count(path)
        if not isinstance(data, list):
            raise Malformed(path, "wanted a list")
        return tuple(read(item, f"{path}[{n}]") for n, item in enumerate(data))

    def table(self, data: Json, path: str, read: Callable[[Json, str], T]) -> dict[str, T]:
        self.count(path)
        if not isinstance(data, dict):
            raise Malformed(path, "wanted an object")
        return {self.name(key, path): read(item, f"{path}.{key}") for key, item in data.items()}

    def record(self, data: Json, path: str, needed: str, optional: str = "") -> Mapping[str, Json]:
        """An object with these keys, no others, all of ``needed`` among them."""
        self.count(path)
        if not isinstance(data, dict):
            raise Malformed(path, "wanted an object")
        missing = [key for key in needed.split() if key not in data]
        strange = [key for key in data if key not in f"{needed} {optional}".split()]
        if missing:
            raise Malformed(path, f"it has no {missing[0]!r}")
        if strange:
            raise Malformed(path, f"nothing is called {strange[0][:40]!r} here")
        return data

    def word(self, data: Json, path: str, words: tuple[Any, ...]) -> Any:
        if not isinstance(data, str) or data not in words:
            raise Malformed(path, f"wanted one of {', '.join(words)}")
        return data

    def typed(self, kind: type[T], data: Json, path: str) -> T:
        value = self.formula(data, path)
        if not isinstance(value, kind):
            raise Malformed(path, f"wanted a {kind.__name__.lower()}")
        return value

    def bounds(self, data: Json, path: str) -> Bounds:
        if not isinstance(data, list) or len(data) != 4 or data[0] != "bounds":
            raise Malformed(path, "wanted bounds")
        low, high = self.expr(data[1], f"{path}[1]"), self.expr(data[2], f"{path}[2]")
        ends = self.word(data[3], f"{path}[3]", ("()", "(]", "[)", "[]"))
        return Bounds(low, high, ends[0] == "[", ends[1] == "]")

    def bounded(self, kind: type[T]) -> Callable[[Json, str], tuple[T, Bounds]]:
        def read(data: Json, path: str) -> tuple[T, Bounds]:
            if not isinstance(data, list) or len(data) != 2:
                raise Malformed(path, "wanted a variable and its bounds")
            return self.typed(kind, data[0], f"{path}[0]"), self.bounds(data[1], f"{path}[1]")

        return read

    def region(self, data: Json, path: str) -> Region:
        given = self.record(data, path, "", "variables conditions reads")
        variables = self.items(
            given.get("variables", []), f"{path}.variables", self.bounded(Symbol)
        )
        conditions = self.items(given.get("conditions", []), f"{path}.conditions", self.expr)
        reads = self.items(given.get("reads", []), f"{path}.reads", self.bounded(Tensor))
        names = [symbol.name for symbol, _ in variables]
        if len(set(names)) < len(names):
            raise Malformed(f"{path}.variables", "two variables have one name")
        return Region(variables, conditions, reads)

    def statement(self, data: Json, path: str) -> Statement:
        kind = data.get("kind") if isinstance(data, dict) else None
        needed = {
            "sign": "relation",
            "limit": "variable point side value",
            "shape": "wrt curvature",
        }
        if not isinstance(kind, str) or kind not in needed:
            raise Malformed(path, f"the kind of a statement is one of {', '.join(needed)}")
        given = self.record(data, path, f"kind expr region {needed[kind]}")
        expr = self.expr(given["expr"], f"{path}.expr")
        region = self.region(given["region"], f"{path}.region")
        if kind == "sign":
            relation = self.word(given["relation"], f"{path}.relation", get_args(Relation))
            return Sign(expr, relation, region)
        if kind == "limit":
            return Limit(
                expr,
                self.typed(Symbol, given["variable"], f"{path}.variable"),
                self.expr(given["point"], f"{path}.point"),
                self.word(given["side"], f"{path}.side", ("+", "-")),
                self.expr(given["value"], f"{path}.value"),
                region,
            )
        wrt = self.typed(Tensor, given["wrt"], f"{path}.wrt")
        curvature = self.word(given["curvature"], f"{path}.curvature", get_args(Curvature))
        return Shape(expr, wrt, curvature, region)

    def data(self, data: Json, path: str, depth: int = 0) -> Data:
        head = data[0] if isinstance(data, list) and data else None
        if depth > MAX_DATA_DEPTH:
            raise Malformed(path, f"lists nest more than {MAX_DATA_DEPTH} deep")
        if head == "bounds":
            return self.bounds(data, path)
        if head == "list":
            self.count(path)
            return tuple(
                self.data(item, f"{path}[{n}]", depth + 1) for n, item in enumerate(data[1:], 1)
            )
        if head == "text" and len(data) == 2:
            return self.text(data[1], f"{path}[1]")
        if head == "whole" and len(data) == 2:
            return self.whole(data[1], f"{path}[1]")
        return self.expr(data, path)

    def text(self, data: Json, path: str) -> str:
        return "" if data == "" else self.name(data, path)

    def proof(self, data: Json, path: str, depth: int = 0) -> Proof:
        if depth > MAX_PROOF_DEPTH:
            raise Malformed(path, f"the proof nests more than {MAX_PROOF_DEPTH} deep")
        given = self.record(data, path, "rule", "data parts")
        return Proof(
            self.name(given["rule"], f"{path}.rule"),
            self.table(given.get("data", {}), f"{path}.data", self.data),
            self.items(
                given.get("parts", []),
                f"{path}.parts",
                lambda part, at: self.proof(part, at, depth + 1),
            ),
        )

    def truth(self, data: Json, path: str) -> bool:
        if not isinstance(data, bool):
            raise Malformed(path, "wanted true or false")
        return data

    def cut(self, data: Json, path: str) -> Cut:
        if not isinstance(data, list) or len(data) != 3:
            raise Malformed(path, "wanted a symbol, a relation and an end")
        relation = self.word(data[1], f"{path}[1]", tuple(RELATIONS.values()))
        above, closed = next(side for side, text in RELATIONS.items() if text == relation)
        symbol = self.typed(Symbol, data[0], f"{path}[0]")
        return Cut(symbol, self.expr(data[2], f"{path}[2]"), above, closed)

    def argument(self, data: Json, path: str, depth: int = 0) -> Argument:
        if depth > MAX_SPLITS:
            raise Malformed(path, f"splits nest more than {MAX_SPLITS} deep")
        if not isinstance(data, dict) or "split" not in data:
            return self.part(data, path)
        given = self.record(data, path, "split at above_closed below above")
        return Split(
            self.typed(Symbol, given["split"], f"{path}.split"),
            self.expr(given["at"], f"{path}.at"),
            self.truth(given["above_closed"], f"{path}.above_closed"),
            self.argument(given["below"], f"{path}.below", depth + 1),
            self.argument(given["above"], f"{path}.above", depth + 1),
        )

    def part(self, data: Json, path: str) -> Part:
        given = self.record(data, path, "theorem holds uses")
        return Part(
            self.name(given["theorem"], f"{path}.theorem"),
            self.truth(given["holds"], f"{path}.holds"),
            self.items(given["uses"], f"{path}.uses", self.use),
        )

    def use(self, data: Json, path: str) -> Use:
        given = self.record(data, path, "reading guess proofs")
        reading = self.whole(given["reading"], f"{path}.reading")
        if not 0 <= reading <= MAX_READINGS:
            raise Malformed(f"{path}.reading", f"wanted a number up to {MAX_READINGS}")
        return Use(
            reading,
            self.table(given["guess"], f"{path}.guess", self.expr),
            self.items(given["proofs"], f"{path}.proofs", self.proof),
        )

    def question(self, data: Json, path: str) -> Question:
        given = self.record(data, path, "property arguments input")
        return Question(
            self.name(given["property"], f"{path}.property"),
            self.items(given["arguments"], f"{path}.arguments", self.argument_text),
            self.text(given["input"], f"{path}.input"),
        )

    def certificate(self, data: Json, path: str) -> Certificate:
        given = self.record(data, path, "question way argument")
        return Certificate(
            self.question(given["question"], f"{path}.question"),
            self.items(given["way"], f"{path}.way", self.cut),
            self.argument(given["argument"], f"{path}.argument"),
        )
