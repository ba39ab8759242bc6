"""Break the library's losses in small ways, and count how many of the breaks the verifier flags.

Usage: ``python -m benchmarks.mutations [--jobs N] [--only TEXT] [--missed]`` from the root of the
repository. A mutant changes one thing in a loss's formula: it flips a sign, drops a ``1 -``, swaps
two parameters, changes a denominator, or takes the norm off an operand. Mutants with the same
values are left out. A mutant is flagged by the claims if one of them is no longer proved, and by the
invariances alone if one that every loss should have is refuted. ``--missed`` lists the others.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from losslang import driver, resources
from losslang.diagnostics import DiagnosticError
from losslang.ir.compose import elaborate
from losslang.ir.loss import Loss
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.limits import children
from losslang.syntax.parse import parse_module
from losslang.verify.engine import Engine
from losslang.verify.instances import value
from losslang.verify.search.invariance import drawn

KINDS = ("sign", "complement", "swap", "denominator", "norm")
GENERIC = ("batch_permutation_invariant", "permutation_equivariant", "relabel_invariant")
SECONDS = 20.0


@dataclass(frozen=True)
class Mutant:
    """A program with one place changed."""

    loss: str
    kind: str
    text: str
    change: str


@dataclass(frozen=True)
class Result:
    """What was made of a mutant: ``same`` values, or flagged by which claim or invariance."""

    mutant: Mutant
    outcome: str
    by: str


def mutants(name: str, path: Path) -> Iterator[Mutant]:
    """Every mutant of one loss of a library file."""
    source = Source(path.read_text(encoding="utf-8"), str(path))
    for declaration in parse_module(source).declarations:
        if isinstance(declaration, nodes.Loss) and declaration.name == name:
            for pair in _pairs(declaration):
                text = _swapped(source.text, declaration, pair)
                yield Mutant(name, "swap", text, f"{pair[0]} <-> {pair[1]}")
            for node in _formulas(declaration):
                for kind, new in _changes(node):
                    start, end = node.span.start, node.span.end
                    text = source.text[:start] + new + source.text[end:]
                    yield Mutant(name, kind, text, f"{node.span.text} -> {new}")


def _formulas(loss: nodes.Loss) -> Iterator[nodes.Node]:
    todo: list[nodes.Node] = [loss.body, *loss.where]
    while todo:
        node = todo.pop()
        if isinstance(node, nodes.Call):
            todo += [*node.args, *(keyword.value for keyword in node.keywords)]
        else:
            todo += children(node)
        yield node


def _changes(node: nodes.Node) -> Iterator[tuple[str, str]]:
    if isinstance(node, nodes.Binary):
        left, right = f"({node.left.span.text})", f"({node.right.span.text})"
        if node.op in ("+", "-"):
            yield "sign", f"({left} {'-' if node.op == '+' else '+'} {right})"
        if node.op == "-" and isinstance(node.left, nodes.Number) and node.left.value == 1:
            yield "complement", right
        if node.op == "/":
            yield "denominator", f"({left} / ({right} + 1))"
            yield "denominator", f"({left} * {right})"
    if isinstance(node, nodes.Unary) and node.op == "-":
        yield "sign", f"({node.operand.span.text})"
    if isinstance(node, nodes.Call):
        yield from _calls(node)


UNNORMALISED = {"cosine": "dot", "normalize": "", "softmax": "exp"}


def _calls(node: nodes.Call) -> Iterator[tuple[str, str]]:
    arguments = ", ".join(a.span.text for a in node.args)
    if node.function.id in UNNORMALISED and not node.keywords:
        yield "norm", f"{UNNORMALISED[node.function.id]}({arguments})"
    if node.function.id == "mean":
        yield "denominator", f"sum({node.span.text[len('mean(') :]}"


def _pairs(loss: nodes.Loss) -> Iterator[tuple[str, str]]:
    """Inputs of one type, and scalar hyperparameters: a formula may take one for the other."""
    if loss.signature is None:
        return
    for parameters in (loss.signature.inputs, loss.signature.hyperparameters):
        for one, other in combinations(parameters, 2):
            if one.type.span.text == other.type.span.text:
                yield one.name, other.name


def _swapped(text: str, loss: nodes.Loss, pair: tuple[str, str]) -> str:
    other = {pair[0]: pair[1], pair[1]: pair[0]}
    names = [n for n in _formulas(loss) if isinstance(n, nodes.Name) and n.id in other]
    for name in sorted(names, key=lambda n: n.span.start, reverse=True):
        text = text[: name.span.start] + other[name.id] + text[name.span.end :]
    return text


def _elaborated(mutant: Mutant, path: Path) -> Loss:
    module, scope = driver.load(path, mutant.text)
    found = next(
        d for d in module.declarations if isinstance(d, nodes.Loss) and d.name == mutant.loss
    )
    return elaborate(nodes.Name(found.name_span, found.name), scope, found.name)


def _values(loss: Loss) -> list[float] | None:
    """The loss at a few inputs, with the defaults of its hyperparameters and away from them."""
    found = []
    for seed in range(6):
        inputs = drawn(loss, seed)
        formula = None if inputs is None else value(loss, inputs)
        if formula is None:
            return None
        setting = {
            h.symbol: h.default + (seed % 3) * (h.default + 1) / 7
            for h in loss.hyperparameters
            if not h.axes and h.default is not None and not isinstance(h.default, str)
        }
        found.append(complex(formula.subs(setting).evalf(15)).real)
    return found


def judge(task: tuple[Mutant, Path]) -> Result:
    """Whether a mutant has other values than its loss, and what flags it."""
    mutant, path = task
    try:
        loss = _elaborated(mutant, path)
    except DiagnosticError as error:
        return Result(mutant, "flagged", f"error {error.diagnostics[0].code}")
    if _same(loss, driver.elaborated(mutant.loss)):
        return Result(mutant, "same", "")
    engine = Engine(loss, SECONDS)
    for name in GENERIC:
        question = engine.asked(name)
        if engine.has_meaning(question) and engine.decide(question).status == "refuted":
            return Result(mutant, "generic", name)
    for claim in engine.claims():
        if not claim.ok:
            return Result(mutant, "flagged", f"{claim.text}: {claim.verdict.status}")
    return Result(mutant, "missed", "")


def _same(one: Loss, other: Loss) -> bool:
    try:
        first, second = _values(one), _values(other)
    except (TypeError, ValueError, KeyError):
        return one.terms == other.terms
    if first is None or second is None:
        return one.terms == other.terms
    return all(abs(a - b) <= 1e-9 * (1 + abs(a)) for a, b in zip(first, second, strict=True))


def tasks(only: str = "") -> list[tuple[Mutant, Path]]:
    """Every mutant of the library, with the file of its loss."""
    found = []
    for name, path in resources.library_files().items():
        if only in name:
            found += [(mutant, path) for mutant in mutants(name, path)]
    return found


def main() -> None:
    """Print the counts by kind of change, and what was missed."""
    parser = argparse.ArgumentParser(description="mutants of the library's losses")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--only", default="", metavar="TEXT", help="losses whose name holds TEXT")
    parser.add_argument("--missed", action="store_true", help="list the mutants that pass")
    options = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    with multiprocessing.Pool(options.jobs) as pool:
        for result in pool.imap(judge, tasks(options.only), chunksize=1):
            counts[result.mutant.kind, result.outcome] += 1
            if options.missed and result.outcome == "missed":
                print(f"{result.mutant.loss}: {result.mutant.change}", flush=True)
    for kind in KINDS:
        by = {o: counts[kind, o] for o in ("flagged", "generic", "missed", "same")}
        print(kind, " ".join(f"{outcome} {n}" for outcome, n in by.items()))
    caught = sum(n for (_, o), n in counts.items() if o in ("flagged", "generic"))
    changed = caught + sum(n for (_, o), n in counts.items() if o == "missed")
    print(f"{caught} of {changed} value-changing mutants flagged ({caught / max(1, changed):.1%})")


if __name__ == "__main__":
    main()
