"""Inputs to try a loss at, and lines of inputs to try it along."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice

import sympy
from sympy import Expr, Integer, Rational, S

from losslang.ir.loss import EVERYTHING, Input, Loss
from losslang.verify import instances
from losslang.verify.evaluate import compile_tape
from losslang.verify.instances import Entry, Inputs
from losslang.verify.sampling import points
from losslang.verify.statement import Region
from losslang.verify.theorem import Guess, Question
from losslang.verify.theorems import structure as theorems

Float = Callable[[float], float]

SEEDS = 24

FAR = 600
"""How far from 0 some lines lie."""

GRID = tuple(Rational(n, 2) for n in (-40, -16, -8, -4, -3, -2, -1, 0, 1, 2, 3, 4, 8, 16, 40))


def drawn(loss: Loss, seed: int) -> Inputs | None:
    """Small sizes, and rational entries of all inputs; every third time simple ones."""
    chance = random.Random(seed)
    plain = seed % 3 == 0
    pointed = {i.over.name for i in loss.inputs if i.over is not None}
    sizes = {a.name: 2 if seed < 8 else chance.choice((1, 2, 3)) for a in instances.axes_of(loss)}
    for name in sizes:
        if name in pointed:
            sizes[name] = max(2, sizes[name])
        elif plain and name != "batch":
            sizes[name] = 1
    if not any(_couples(loss, i) for i in loss.inputs):
        sizes["batch"] = 1
    entries: dict[Entry, Expr] = {}
    for known in loss.inputs:
        for at in instances.places(known, sizes):
            entries[known.name, at] = _entry(known, sizes, chance, plain)
        if known.kind == "simplex":
            _normalise(entries, known, sizes)
    found = Inputs(sizes, entries)
    return found if instances.admits(loss, found) else None


def _couples(loss: Loss, known: Input) -> bool:
    """Whether the loss looks at several examples of an input at once."""
    return known.batched and any(
        not term.result or "batch" in str(term.body) or "batch" in str(term.guard)
        for term in loss.terms
    )


def _entry(known: Input, sizes: dict[str, int], chance: random.Random, plain: bool) -> Expr:
    match known.kind:
        case "index":
            assert known.over is not None
            return Integer(chance.randrange(int(known.over.size or sizes[known.over.name])))
        case "label" | "int" | "bit" | "bool":
            return Integer(chance.randrange(2))
        case "sign":
            return Integer(chance.choice((-1, 1)))
        case "simplex":
            return Integer(chance.randrange(4) + 1)
    for _ in range(60):
        number = (
            Integer(chance.choice((-1, 1)))
            if plain
            else Rational(chance.randint(-12, 12), chance.choice((1, 2, 4)))
        )
        if number in known.domain:
            return number
    return Rational(1, 2) if Rational(1, 2) in known.domain else Integer(1)


def _normalise(entries: dict[Entry, Expr], known: Input, sizes: dict[str, int]) -> None:
    totals: dict[tuple[int, ...], Expr] = {}
    for at in instances.places(known, sizes):
        totals[at[:-1]] = totals.get(at[:-1], S.Zero) + entries[known.name, at]
    for at in instances.places(known, sizes):
        entries[known.name, at] /= totals[at[:-1]]


def lines(loss: Loss, question: Question) -> Iterator[Guess]:
    """Lines of inputs: a few entries of the input that is asked about move."""
    for seed in range(SEEDS):
        inputs = drawn(loss, seed)
        if inputs is None:
            continue
        chance = random.Random(1000 + seed)
        names = [question.input] if question.input else [i.name for i in loss.inputs]
        movable = [
            i
            for i in loss.inputs
            if i.name in names and i.kind == "real" and i.domain == EVERYTHING
        ]
        if not movable:
            continue
        keys = [(i.name, at) for i in movable for at in instances.places(i, inputs.sizes)]
        if seed % 6 == 4:
            inputs.entries.update({key: inputs.entries[key] - FAR for key in keys})  # type: ignore[attr-defined]
        chosen = chance.sample(keys, 1 if seed % 2 == 0 else chance.randint(1, len(keys)))
        slopes = {key: Integer(chance.choice((-1, 1))) for key in chosen}
        yield inputs.data() | {named_entry("along", key): slope for key, slope in slopes.items()}
        yield inputs.data() | {named_entry("along", key): -slope for key, slope in slopes.items()}


def segments(loss: Loss, question: Question) -> Iterator[Guess]:
    """Lines between two points of a bounded input's domain."""
    known = theorems.array(loss, question.input)
    if known is None or (known.kind == "real" and known.domain == EVERYTHING):
        return
    for seed in range(SEEDS):
        one, other = drawn(loss, seed), drawn(loss, seed + 3 * SEEDS)
        if one is None or other is None or one.sizes != other.sizes:
            continue
        slopes = {
            key: other.entries[key] - old
            for key, old in one.entries.items()
            if key[0] == known.name
        }
        yield (
            one.data()
            | {"from": S.Zero, "to": S.One}
            | {named_entry("along", key): slope for key, slope in slopes.items()}
        )


def named_entry(word: str, key: Entry) -> str:
    """What a guess calls an entry of an input."""
    return " ".join(map(str, (word, key[0], *key[1])))


def floats(expr: Expr, region: Region, symbol: sympy.Symbol, count: int = 6) -> list[Float]:
    """The formula as a function of ``symbol`` at a few settings of the other variables."""
    try:
        tape = compile_tape(expr, (*region.symbols, symbol))
    except (TypeError, ValueError):
        return []
    found: list[Float] = []
    for point in islice(points(region), count):
        values = [float(point[s]) for s in region.symbols]
        found.append(lambda x, values=values: tape.float([*values, x]))  # type: ignore[misc]
    return found


def plain_lines(loss: Loss, question: Question) -> Iterator[Guess]:
    """Lines along which all entries of an input rise alike, or one does."""
    for seed in range(2):
        inputs, known = drawn(loss, seed), theorems.array(loss, question.input)
        if inputs is None or known is None or known.kind != "real" or known.domain != EVERYTHING:
            return
        names = [
            named_entry("along", (known.name, at)) for at in instances.places(known, inputs.sizes)
        ]
        yield inputs.data() | dict.fromkeys(names, S.One)
        yield from (inputs.data() | {name: S.One} for name in names[:3])


def special(loss: Loss) -> Iterator[Inputs]:
    """Inputs whose entries are all zero or all one, at several sizes, and random ones."""
    for seed in range(6):
        base = drawn(loss, seed)
        if base is None:
            continue
        for size in (base.sizes, {**base.sizes, "batch": 1}):
            for filling in (S.Zero, S.One):
                yield from _filled(loss, base, dict(size), filling)
        yield base


def _filled(loss: Loss, base: Inputs, sizes: dict[str, int], filling: Expr) -> Iterator[Inputs]:
    entries: dict[Entry, Expr] = {}
    for known in loss.inputs:
        for at in instances.places(known, sizes):
            entry = base.entries[known.name, at]
            if known.kind == "simplex":
                entry = S.One if at[-1] == 0 else S.Zero
            elif known.kind == "real" and filling in known.domain:
                entry = filling
            entries[known.name, at] = entry
    found = Inputs(sizes, entries)
    if instances.admits(loss, found):
        yield found
