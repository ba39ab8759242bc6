"""Break the library's losses in small ways, and count how many of the breaks the verifier flags.

Usage: ``python -m benchmarks.mutations [--jobs N] [--only TEXT] [--every N] [--missed]`` from the
root of the repository. A mutant changes one thing in a loss's formula: it flips a sign, drops a
``1 -``, swaps two parameters, changes a denominator, or takes the norm off an operand. Mutants with
the same values, at random inputs and settings, are left out. Of the others are counted, by kind of
change,

- ``rejected``: the compiler refuses the program, or a claim that has no meaning for it;
- ``contradicted``: a claim of the loss is refuted, or the constant that it names is another;
- ``unproved``: no claim is contradicted, but one has lost the proof that the loss has in that time;
- ``invariance``: an invariance that every loss should have is refuted. It is asked independently
  of the claims, so that a mutant may be in this column and in one of those before;
- ``missed``: none of these.

``--missed`` lists the mutants of the last kind.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import numpy

from losslang import driver, resources
from losslang.diagnostics import DiagnosticError
from losslang.ir.compose import elaborate
from losslang.ir.folds import UndefinedError
from losslang.ir.heads import Axis
from losslang.ir.interpret import interpret
from losslang.ir.loss import BATCH, Domain, Input, Loss
from losslang.source import Source
from losslang.syntax import nodes
from losslang.syntax.limits import children
from losslang.syntax.parse import parse_module
from losslang.verify.claims import INCOMPARABLE, ClaimResult
from losslang.verify.engine import Engine

KINDS = ("sign", "complement", "swap", "denominator", "norm")
GENERIC = ("batch_permutation_invariant", "permutation_equivariant", "relabel_invariant")
SECONDS = 20.0
DRAWS = 9


@dataclass(frozen=True)
class Mutant:
    """A program with one place changed."""

    loss: str
    kind: str
    text: str
    change: str


@dataclass(frozen=True)
class Result:
    """What was made of a mutant: an outcome, by which claim, and which invariance is refuted.

    The outcome is ``same``, ``rejected``, ``contradicted``, ``unproved`` or ``missed``; a mutant is
    missed by the claims alone if ``invariance`` names one.
    """

    mutant: Mutant
    outcome: str
    by: str = ""
    invariance: str = ""

    @property
    def flagged(self) -> bool:
        """Whether a mutant with other values is noticed at all."""
        return self.outcome not in ("same", "missed") or self.invariance != ""


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


def judge(task: tuple[Mutant, Path]) -> Result:
    """Whether a mutant has other values than its loss, and what flags it."""
    mutant, path = task
    try:
        loss = _elaborated(mutant, path)
    except DiagnosticError as error:
        return Result(mutant, "rejected", error.diagnostics[0].code)
    if same_values(loss, driver.elaborated(mutant.loss)):
        return Result(mutant, "same")
    engine = Engine(loss, SECONDS)
    try:
        by_claims = _by_claims(engine, standing(mutant.loss))
    except DiagnosticError as error:  # a claim has no meaning for what the loss has become
        by_claims = "rejected", error.diagnostics[0].code
    return Result(mutant, *by_claims, _by_invariances(engine))


def _by_invariances(engine: Engine) -> str:
    for name in GENERIC:
        question = engine.asked(name)
        if engine.has_meaning(question) and engine.decide(question).status == "refuted":
            return name
    return ""


@cache
def standing(name: str) -> frozenset[str]:
    """The claims of a loss that are proved of it in the time that a mutant has."""
    claims = Engine(driver.elaborated(name), SECONDS).claims()
    return frozenset(claim.text for claim in claims if claim.ok)


def _by_claims(engine: Engine, known: Collection[str]) -> tuple[str, str]:
    lost = ""
    questions = list(dict.fromkeys(question for _, question in engine.claimed))
    seen = engine.look(questions)
    for claim in chain(engine.claims(seen), engine.claims({*questions} - seen)):
        if not claim.ok and contradicts(claim):
            return "contradicted", claim.text
        lost = lost or ("" if claim.ok or claim.text not in known else claim.text)
    return ("unproved", lost) if lost else ("missed", "")


def contradicts(claim: ClaimResult) -> bool:
    """Whether the opposite of a claim is known for some setting, not only its proof lost."""
    if claim.text.startswith("not "):
        return claim.verdict.status in ("proved", "conditional")
    verdict = claim.verdict
    if claim.says.startswith(INCOMPARABLE):
        return False
    return verdict.status in ("proved", "refuted", "conditional") or verdict.witness is not None


# ---------------------------------------------------------------- values


def same_values(one: Loss, other: Loss) -> bool:
    """Whether two losses agree at random inputs, at and away from the defaults of their settings.

    Points at which both have no value count for nothing; there must be some at which both have one.
    """
    if one.terms == other.terms:
        return True
    agreed = False
    for seed in range(DRAWS):
        given = drawn(one, seed)
        first, second = _value(one, given), _value(other, given)
        small = 1e-9 * (1 + min(abs(first), abs(second)))
        if first != second and abs(first - second) > small:
            return False
        agreed = agreed or first < math.inf
    return agreed


def _value(loss: Loss, given: tuple[dict[str, Any], dict[str, Any]]) -> float:
    """The mean over the batch, or infinity for no value: a number that equals itself."""
    try:
        found = float(interpret(loss, *given, digits=20, draws={}, state={}).mean)
    except (UndefinedError, ValueError, TypeError, ZeroDivisionError, OverflowError):
        return math.inf
    return found if math.isfinite(found) else math.inf


def drawn(loss: Loss, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Random inputs of a loss, and settings: the defaults first, then others of their domains."""
    draw = numpy.random.default_rng(seed)
    sizes: defaultdict[Axis, int] = defaultdict(lambda: int(draw.integers(2, 4)))
    sizes[BATCH] = 4
    inputs = {known.name: _input(known, sizes, draw) for known in loss.inputs}
    settings = {}
    for hyper in loss.hyperparameters:
        if hyper.axes:
            settings[hyper.name] = _real(hyper.domain, [sizes[a] for a in hyper.axes], draw)
        elif seed >= DRAWS // 3 and hyper.kind in ("real", "int"):
            number = float(_real(hyper.domain, (), draw))
            settings[hyper.name] = round(number) + 1 if hyper.kind == "int" else number
    return inputs, settings


def _input(known: Input, sizes: Mapping[Axis, int], draw: numpy.random.Generator) -> Any:
    axes = (BATCH,) * known.batched + known.axes
    shape = [a.size if a.size is not None else sizes[a] for a in axes]
    match known.kind:
        case "index":
            assert known.over is not None
            over = known.over.size if known.over.size is not None else sizes[known.over]
            return draw.integers(0, over, shape)
        case "label" | "bit" | "bool":
            return draw.integers(0, 2, shape)
        case "int":
            return draw.integers(1, 4, shape)
        case "sign":
            return draw.choice((-1, 1), shape)
        case "simplex":
            numbers = draw.exponential(size=shape)
            return numbers / numbers.sum(axis=-1, keepdims=True)
    return _real(known.domain, shape, draw)


def _real(domain: Domain, shape: Sequence[int], draw: numpy.random.Generator) -> Any:
    """Random numbers of a domain."""
    if domain.low is not None and domain.high is not None:
        return draw.uniform(float(domain.low), float(domain.high), shape)
    if domain.low is not None:
        return float(domain.low) + draw.exponential(size=shape)
    if domain.high is not None:
        return float(domain.high) - draw.exponential(size=shape)
    return 2 * draw.standard_normal(shape)


# ---------------------------------------------------------------- the whole library


def tasks(only: str = "") -> list[tuple[Mutant, Path]]:
    """Every mutant of the library's losses that can stand alone, with the file of its loss."""
    found = []
    for name, path in resources.library_files().items():
        if only in name and _stands_alone(name):
            found += [(mutant, path) for mutant in mutants(name, path)]
    return found


def _stands_alone(name: str) -> bool:
    try:
        return driver.elaborated(name) is not None
    except DiagnosticError:  # it takes another loss
        return False


def main() -> None:
    """Print the counts by kind of change, and what was missed."""
    parser = argparse.ArgumentParser(description="mutants of the library's losses")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--only", default="", metavar="TEXT", help="losses whose name holds TEXT")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="one mutant in N")
    parser.add_argument("--missed", action="store_true", help="list the mutants that pass")
    options = parser.parse_args()
    results = []
    with multiprocessing.Pool(options.jobs) as pool:
        for result in pool.imap(judge, tasks(options.only)[:: options.every], chunksize=1):
            results.append(result)
            if options.missed and result.outcome != "same" and not result.flagged:
                print(f"{result.mutant.loss}: {result.mutant.change}", flush=True)
    for kind in KINDS:
        print(f"{kind:12}", summary([r for r in results if r.mutant.kind == kind]))
    print(f"{'all':12}", summary(results))


def summary(results: Sequence[Result]) -> str:
    """The counts of one kind of change, and the share that is flagged."""
    changed = [r for r in results if r.outcome != "same"]
    counts = Counter(r.outcome for r in changed)
    flagged = sum(r.flagged for r in changed)
    sure = sum(r.outcome != "unproved" or r.invariance != "" for r in changed if r.flagged)
    columns = {
        **{o: counts[o] for o in ("rejected", "contradicted", "unproved")},
        "invariance": sum(r.invariance != "" for r in changed),
        "missed": len(changed) - flagged,
        "same": len(results) - len(changed),
    }
    shares = (
        f"{flagged / max(1, len(changed)):.1%} flagged, {sure / max(1, len(changed)):.1%} surely"
    )
    return " ".join(f"{name} {n}" for name, n in columns.items()) + f" ({shares})"


if __name__ == "__main__":
    main()
