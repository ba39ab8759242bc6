"""Statements, proofs and certificates as exact JSON data.

What :func:`encode_certificate` writes, :func:`~losslang.verify.decode.decode_certificate` reads as
the same certificate.
"""

from __future__ import annotations

from sympy import Basic

from losslang.verify.formula import Json, encode_expr, encode_whole, normal
from losslang.verify.proof import Data, Proof
from losslang.verify.statement import Bounds, Limit, Region, Shape, Sign, Statement
from losslang.verify.theorem import Question
from losslang.verify.verdict import Argument, Certificate, Part, Use

RELATIONS = {(True, True): ">=", (True, False): ">", (False, True): "<=", (False, False): "<"}
"""How a half is written, by whether it is above its end and whether it has it."""


def encode_bounds(bounds: Bounds) -> Json:
    """``["bounds", low, high, "[)"]``."""
    ends = ("[" if bounds.low_closed else "(") + ("]" if bounds.high_closed else ")")
    return ["bounds", encode_expr(normal(bounds.low)), encode_expr(normal(bounds.high)), ends]


def encode_region(region: Region) -> Json:
    """The parts of a region that are not empty, by name."""
    parts = {
        "variables": [[encode_expr(s), encode_bounds(b)] for s, b in region.variables],
        "conditions": [encode_expr(condition) for condition in region.conditions],
        "reads": [[encode_expr(t), encode_bounds(b)] for t, b in region.reads],
    }
    return {name: part for name, part in parts.items() if part}


def encode_statement(statement: Statement) -> Json:
    """An object that holds what the statement holds, and its ``kind``."""
    common = {"expr": encode_expr(statement.expr), "region": encode_region(statement.region)}
    match statement:
        case Sign():
            return {"kind": "sign", **common, "relation": statement.relation}
        case Limit():
            return {
                "kind": "limit",
                **common,
                "variable": encode_expr(statement.variable),
                "point": encode_expr(statement.point),
                "side": statement.side,
                "value": encode_expr(statement.value),
            }
        case Shape():
            return {
                "kind": "shape",
                **common,
                "wrt": encode_expr(statement.wrt),
                "curvature": statement.curvature,
            }


def encode_data(data: Data) -> Json:
    """What a rule is given: formulas bare, all else marked by a head that no formula has."""
    if isinstance(data, Basic):
        return encode_expr(normal(data))
    if isinstance(data, Bounds):
        return encode_bounds(data)
    if isinstance(data, str):
        return ["text", data]
    if isinstance(data, int):
        return ["whole", encode_whole(data)]
    return ["list", *map(encode_data, data)]


def encode_proof(proof: Proof) -> Json:
    """A tree of objects with ``rule``, and ``data`` and ``parts`` where there are any."""
    node: dict[str, Json] = {"rule": proof.rule}
    if proof.data:
        node["data"] = {name: encode_data(data) for name, data in proof.data.items()}
    if proof.parts:
        node["parts"] = [encode_proof(part) for part in proof.parts]
    return node


def _encode_use(use: Use) -> Json:
    return {
        "reading": use.reading,
        "guess": {name: encode_expr(normal(value)) for name, value in use.guess.items()},
        "proofs": [encode_proof(proof) for proof in use.proofs],
    }


def _encode_argument(argument: Argument) -> Json:
    if isinstance(argument, Part):
        return {
            "theorem": argument.theorem,
            "holds": argument.holds,
            "uses": [_encode_use(use) for use in argument.uses],
        }
    return {
        "split": encode_expr(argument.symbol),
        "at": encode_expr(argument.at),
        "above_closed": argument.above_closed,
        "below": _encode_argument(argument.below),
        "above": _encode_argument(argument.above),
    }


def encode_question(question: Question) -> dict[str, Json]:
    """A question as data."""
    return {
        "property": question.property,
        "arguments": list(question.arguments),
        "input": question.input,
    }


def encode_certificate(certificate: Certificate) -> dict[str, Json]:
    """A certificate as data. Raises ``ValueError`` for one that could not be read back."""
    return {
        "question": encode_question(certificate.question),
        "way": [
            [encode_expr(cut.symbol), RELATIONS[cut.above, cut.closed], encode_expr(cut.at)]
            for cut in certificate.way
        ],
        "argument": _encode_argument(certificate.argument),
    }
