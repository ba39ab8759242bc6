"""How to show what follows from composition, and inputs at which it does not hold.

Inputs are drawn at random: small sizes, rational entries. What looks false there in floating point
is proposed; whether it is false is for the premises to say.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from itertools import islice, pairwise

import sympy
from sympy import Expr, Integer, Rational, S

from losslang.ir.binders import free_indices, is_undefined, occurs, substitute, walk
from losslang.ir.heads import Branch, Size
from losslang.ir.loss import EVERYTHING, Input, Loss
from losslang.ir.reduce import Reduce
from losslang.verify import instances
from losslang.verify.arrays import spread_of
from losslang.verify.enclosure import Range
from losslang.verify.evaluate import compile_tape
from losslang.verify.instances import Entry, Inputs
from losslang.verify.interval import rational
from losslang.verify.property import Strategy
from losslang.verify.readings.curve import Curve
from losslang.verify.readings.structure import Structure
from losslang.verify.sampling import points
from losslang.verify.search import curve as along
from losslang.verify.statement import Region, Sign
from losslang.verify.theorem import Case, Guess, Question, Theorem
from losslang.verify.theorems import requirements, sections
from losslang.verify.theorems import structure as theorems
from losslang.verify.verdict import Witness

SEEDS = 24
FAR = 600
"""How far from 0 some lines lie."""
GRID = tuple(Rational(n, 2) for n in (-40, -16, -8, -4, -3, -2, -1, 0, 1, 2, 3, 4, 8, 16, 40))
Float = Callable[[float], float]

# ---------------------------------------------------------------- inputs and lines


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
        yield inputs.data() | {_named("along", key): slope for key, slope in slopes.items()}
        yield inputs.data() | {_named("along", key): -slope for key, slope in slopes.items()}


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
            | {_named("along", key): slope for key, slope in slopes.items()}
        )


def _named(word: str, key: Entry) -> str:
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


# ---------------------------------------------------------------- guesses


def _curve(reading: Structure, question: Question, guess: Guess) -> Curve | None:
    return sections.line(Case(reading, question, guess))


def chords(reading: Structure, question: Question) -> Iterator[Guess]:
    """Lines and three numbers on them, the loss at the middle one above the chord."""
    found: list[tuple[float, Guess]] = []
    for guess in (*segments(reading.loss, question), *lines(reading.loss, question)):
        curve = _curve(reading, question, guess)
        if curve is None:
            continue
        grid = GRID if curve.bounds.low.is_infinite else (S.Zero, S.Half, S.One)
        functions = floats(curve.function, curve.region, curve.variable)
        best = _above_chord(functions, grid)
        if best is not None:
            gap, (low, high) = best
            chosen = {"low": low, "middle": (low + high) / 2, "high": high}
            found.append((gap, dict(guess) | chosen))
        if len(found) == 3:
            yield from _largest_first(found)
            found.clear()
    yield from _largest_first(found)


def _largest_first(found: list[tuple[float, Guess]]) -> list[Guess]:
    return [guess for _, guess in sorted(found, key=lambda pair: -pair[0])]


def _above_chord(
    functions: list[Float], grid: tuple[Expr, ...]
) -> tuple[float, tuple[Expr, Expr]] | None:
    """The ends of the chord that the middle exceeds most, at the worst of the settings."""
    best: tuple[float, tuple[Expr, Expr]] | None = None
    for n, low in enumerate(grid):
        for high in grid[n + 1 :]:
            gaps = []
            for f in functions:
                ends, middle = f(float(low)) + f(float(high)), f(float(low + high) / 2)
                scale = 1 + abs(ends) + abs(middle)
                gaps.append((2 * middle - ends) / scale if math.isfinite(scale) else -1.0)
            gap = min(gaps, default=-1.0)
            if gap > 1e-9 and (best is None or gap > best[0]):
                best = gap, (low, high)
    return best


def negative_values(reading: Structure, question: Question) -> Iterator[Guess]:
    """Inputs at which the loss seems negative."""
    for seed in range(SEEDS):
        inputs = drawn(reading.loss, seed)
        if inputs is None:
            continue
        found = sections.value(Case(reading, question, inputs.data()))
        if found is None:
            continue
        s = reading.region.fresh("s")
        values = [f(0.0) for f in floats(found, reading.region, s)]
        if values and all(v < -1e-9 for v in values):
            yield inputs.data()


def on_lines(
    strategies: tuple[Strategy, ...], name: str, order: int | None = None
) -> Callable[..., Iterator[Guess]]:
    """Guesses for a theorem about curves, made on lines by the search for curves.

    If an order is given, only on lines along which the derivative of that order seems unbounded.
    """
    (strategy,) = (s for s in strategies if s.theorem.name == name)

    def guesses(reading: Structure, question: Question) -> Iterator[Guess]:
        tried = 0
        for guess in lines(reading.loss, question):
            curve = _curve(reading, question, guess)
            if curve is None or curve.variable not in curve.function.free_symbols:
                continue
            tried += 1
            if order is None or _grows_steep(curve, order):
                for more in islice(strategy.guesses(curve, question), 3):
                    yield dict(guess) | dict(more)
            if tried >= 6:
                return

    return guesses


def _grows_steep(curve: Curve, order: int) -> bool:
    """Whether difference quotients grow towards some entry in quarters, or far out."""
    functions = floats(curve.function, curve.region, curve.variable, 2)
    ways = [(n / 4, turn * 1e-2, turn * 1e-4) for n in range(-48, 49) for turn in (-1, 1)]
    ways += [(0.0, turn * 50.0, turn * 250.0) for turn in (-1, 1)]
    return not functions or any(
        abs(_quotient(f, at, near, order)) > abs(_quotient(f, at, far, order)) + 1
        for f in functions
        for at, far, near in ways
    )


def _quotient(f: Float, at: float, step: float, order: int) -> float:
    """A difference quotient that takes the place of a derivative, beside ``at``."""
    first, second, third = (f(at + n * step) for n in (1, 2, 3))
    return (second - first) / step if order == 1 else (third - 2 * second + first) / step**2


def plain_lines(loss: Loss, question: Question) -> Iterator[Guess]:
    """Lines along which all entries of an input rise alike, or one does."""
    for seed in range(2):
        inputs, known = drawn(loss, seed), theorems.array(loss, question.input)
        if inputs is None or known is None or known.kind != "real" or known.domain != EVERYTHING:
            return
        names = [_named("along", (known.name, at)) for at in instances.places(known, inputs.sizes)]
        yield inputs.data() | dict.fromkeys(names, S.One)
        yield from (inputs.data() | {name: S.One} for name in names[:3])


def level(reading: Structure, question: Question) -> Iterator[Guess]:
    """Plain lines on which the second derivative seems to be 0 at the start."""
    for guess in plain_lines(reading.loss, question):
        yield dict(guess) | {"piece": S.Zero, "at": S.Zero}


def flattening(reading: Structure, question: Question) -> Iterator[Guess]:
    """Plain lines on which the second derivative seems to vanish far away."""
    for guess in plain_lines(reading.loss, question):
        curve = _curve(reading, question, guess)
        if curve is not None:
            (strategy,) = (s for s in along.STRONGLY_CONVEX if s.theorem.name == VANISHING)
            yield from (dict(guess) | dict(more) for more in strategy.guesses(curve, question))


VANISHING = "curvature-vanishes"


def jumping(strategies: tuple[Strategy, ...], name: str) -> Callable[..., Iterator[Guess]]:
    """The same for jumps, which only cases, and directions of vectors, bring about."""
    guesses = on_lines(strategies, name)

    def found(reading: Structure, question: Question) -> Iterator[Guess]:
        known = theorems.array(reading.loss, question.input)
        if known is None:
            return
        for term in reading.loss.terms:
            for part in walk(term.body):
                below = isinstance(part, sympy.Pow) and part.exp.is_negative
                if (below or isinstance(part, Branch)) and occurs(known.tensor, part):
                    yield from guesses(reading, question)
                    return

    return found


def growing(strategies: tuple[Strategy, ...], name: str) -> Callable[..., Iterator[Guess]]:
    """The same, on lines along which the values seem to grow without bound first."""
    guesses = on_lines(strategies, name)

    def found(reading: Structure, question: Question) -> Iterator[Guess]:
        for guess in lines(reading.loss, question):
            curve = _curve(reading, question, guess)
            if curve is None:
                continue
            values = [
                (f(50.0), f(200.0)) for f in floats(curve.function, curve.region, curve.variable)
            ]
            if values and all(abs(b) > abs(a) + 10 for a, b in values):
                sign = S.Infinity if values[0][1] > 0 else S.NegativeInfinity
                yield dict(guess) | {
                    "piece": Integer(_last(curve)),
                    "at": S.Infinity,
                    "value": sign,
                }
        yield from guesses(reading, question)

    return found


def outgrowing(falls: bool) -> Callable[..., Iterator[Guess]]:
    """Lines on which values seem to stay beyond a line, that of ``rate`` and ``offset``."""

    def found(reading: Structure, question: Question) -> Iterator[Guess]:
        for guess in lines(reading.loss, question):
            curve = _curve(reading, question, guess)
            if curve is None or not curve.bounds.high.is_infinite:
                continue
            functions = floats(curve.function, curve.region, curve.variable)
            for turn in (-1,) if falls else (1, -1):
                slopes = [turn * (f(1000.0) - f(500.0)) / 500 for f in functions]
                if slopes and min(slopes) > 0.05:
                    rate = Rational(round(8 * min(slopes)), 16)
                    for offset in (2, 8, 40):
                        yield dict(guess) | {"rate": turn * rate, "offset": Integer(offset)}

    return found


def _last(curve: Curve) -> int:
    p = along.pieces_of(curve, Question(""))
    return 0 if p is None else len(p) - 1


def plainly_nonnegative(reading: Structure, question: Question) -> Iterator[Guess]:
    """Terms together or apart, where composition alone shows it: that takes no time."""
    for guess in together_or_apart(reading, question):
        terms = theorems.summands(Case(reading, question, guess))
        ranges = (spread_of(term.body, where) for term, where in terms)
        if all(known is not None and known.nonnegative for known in ranges):
            yield guess


def together_or_apart(reading: Structure, question: Question) -> Iterator[Guess]:
    """Terms with the same results as one, and each by itself."""
    yield {}
    if len(reading.loss.terms) > 1:
        yield {"apart": S.One}


def ends(*names: str) -> Callable[..., Iterator[Guess]]:
    """Bounds ``low`` and ``high`` of all terms, where composition tells them."""

    def found(reading: Structure, question: Question) -> Iterator[Guess]:
        guess: dict[str, Expr] = {}
        for term, where in theorems.summands(Case(reading, question)):
            known = spread_of(term.body, where)
            for name in names:
                sign = S.NegativeOne if name == "low" else S.One
                end = _number(known, sign)
                end = _end(sign * term.body, where) if end is None else end
                if end is None:
                    return
                guess[f"{name} {term.name}"] = sign * end
        yield guess

    return found


def _number(known: Range | None, sign: Expr) -> Expr | None:
    """The greatest of the numbers of a range, or of their opposites."""
    end = None if known is None else known.hull.high if sign == 1 else -known.hull.low
    if end is None or not end.is_finite():
        return None
    found = rational(end)
    return Rational(found.numerator, found.denominator)


def _end(expr: Expr, where: Region) -> Expr | None:
    """A number, or a formula in hyperparameters, that ``expr`` does not exceed."""
    number = _number(spread_of(expr, where), S.One)
    if number is not None:
        return number
    if isinstance(expr, sympy.Add):
        parts = [_end(part, where) for part in expr.args]
        return None if None in parts else sympy.Add(*parts)
    fold = _folded_end(expr, where)
    if fold is not None:
        return fold
    if isinstance(expr, sympy.Pow):
        return _power_end(expr, where)
    constants = [f for f in sympy.Mul.make_args(expr) if f.free_symbols and _is_setting(f, where)]
    rest = expr / sympy.Mul(*constants)
    if not constants or rest == expr:
        return None
    scale = spread_of(sympy.Mul(*constants), where)
    if scale is None or not (scale.nonnegative or scale.nonpositive):
        return None
    sign = S.One if scale.nonnegative else S.NegativeOne
    end = _end(sign * rest, where)
    return None if end is None else sign * sympy.Mul(*constants) * end


def _power_end(power: Expr, where: Region) -> Expr | None:
    """The same for a power whose exponent is a formula of hyperparameters, and not negative."""
    if free_indices(power.exp) or not power.exp.free_symbols <= set(where.symbols):
        return None
    ranges = [spread_of(part, where) for part in power.args]
    if any(known is None or not known.nonnegative for known in ranges):
        return None
    base = _end(power.base, where)
    return None if base is None else base**power.exp


def _folded_end(expr: Expr, where: Region) -> Expr | None:
    """The same for a number times a fold: the greatest of what is folded, and more of a sum."""
    number, fold = expr.as_coeff_Mul()
    if not isinstance(fold, Reduce):
        return None
    _, guard, body = fold.open()
    sign = S.One if number > 0 else S.NegativeOne
    each = _end(sign * body, where.where(guard))
    if each is None or fold.op not in ("mean", "max", "min", "logmeanexp", "logsumexp"):
        return None
    more = sympy.log(sympy.prod([Size(i.axis) for i in fold.binders]))
    return abs(number) * (each + (more if fold.op == "logsumexp" and number > 0 else S.Zero))


def _is_setting(expr: Expr, where: Region) -> bool:
    base, _ = expr.as_base_exp()
    return base in where and not free_indices(expr)


def steepest(reading: Structure, question: Question) -> Iterator[Guess]:
    """Lines on which the loss seems to be as steep as composition allows."""
    case = Case(reading, question)
    most = theorems.steepest(case)
    if most is None:
        return
    for guess in lines(reading.loss, question):
        curve = _curve(reading, question, guess)
        if curve is None:
            continue
        length = sympy.sqrt(sympy.Add(*(v**2 for v in sections.slopes(guess).values())))
        rate = curve.function - most * length * curve.variable
        functions = floats(rate, curve.region, curve.variable)
        for low, high in pairwise(GRID):
            if functions and all(abs(f(float(high)) - f(float(low))) < 1e-9 for f in functions):
                yield dict(guess) | {"low": low, "high": high}
                break


def breaks(reading: Structure, question: Question) -> Iterator[Guess]:
    """Inputs at which a requirement seems to fail: all alike, all zero, or drawn."""
    loss = reading.loss
    for number in range(len(loss.requires)):
        for inputs in special(loss):
            data = inputs.data() | {"requirement": Integer(number)}
            needed = loss.requires[number]
            for place in range(min(4, len(requirements.places(needed, inputs)))):
                guess = data | {"place": Integer(place), "part": S.Zero}
                found = requirements.broken(Case(reading, question, guess))
                if (
                    found is not None
                    and not is_undefined(found[1].expr)
                    and _is_so(found[1].expr, found[1].relation)
                ):
                    yield guess


def _is_so(expr: Expr, relation: str) -> bool:
    """Whether it is, or may be for some setting."""
    if expr.is_Rational:
        return bool(expr == 0 if relation == "==" else expr <= 0 if relation == "<=" else expr < 0)
    return bool(expr.free_symbols) and not expr.is_positive


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


# ---------------------------------------------------------------- witnesses


def shown(loss: Loss, inputs: Inputs) -> dict[str, Expr | tuple[Expr, ...]]:
    """The entries of each input, in the order of its places."""
    arrays = instances.arrays(loss, inputs)
    return {name: found[0] if len(found) == 1 else found for name, found in arrays.items()}


def jensen(case: Case) -> Witness | None:
    """Two inputs, and the loss halfway between them above the mean of its values."""
    curve = sections.line(case)
    if curve is None:
        return None
    loss, inputs, along_it = (
        case.reading.loss,
        instances.from_data(case.guess),
        sections.slopes(case.guess),
    )
    values: dict[str, Expr | tuple[Expr, ...]] = {}
    at = [case.guess[name] for name in ("low", "middle", "high")]
    losses = [substitute(curve.function, {curve.variable: x}) for x in at]
    for name, x in zip(("from", "to"), (at[0], at[2]), strict=True):
        moved = Inputs(
            inputs.sizes,
            {k: v + x * along_it.get(k, S.Zero) for k, v in inputs.entries.items()},
        )
        shows = shown(loss, moved)
        values |= {
            f"{input_} ({name})" if input_ == case.question.input else input_: v
            for input_, v in shows.items()
        }
    gap = 2 * losses[1] - losses[0] - losses[2]
    if gap.free_symbols:
        return None
    return Witness(
        values | {"loss": tuple(losses)},
        (Sign(gap, ">"),),
        "halfway between the two the loss is above the mean of its values",
    )


def below_zero(case: Case) -> Witness | None:
    """Inputs, and the negative value of the loss there."""
    found = sections.value(case)
    if found is None or found.free_symbols:
        return None
    inputs = instances.from_data(case.guess)
    return Witness(
        shown(case.reading.loss, inputs) | {"loss": found},
        (Sign(found, "<"),),
        "the loss is negative at these inputs",
    )


def undefined(case: Case) -> Witness | None:
    """Inputs at which an operation has no value, and which."""
    found = requirements.broken(case)
    if found is None or found[1].expr.free_symbols:
        return None
    inputs = instances.from_data(case.guess)
    text = found[0].span.text if found[0].span is not None else str(found[0].condition)
    return Witness(
        shown(case.reading.loss, inputs),
        (Sign(found[1].expr, found[1].relation),),
        f"`{text}` is not defined at these inputs",
    )


def way(case: Case) -> Witness | None:
    """Inputs, the direction in which entries move, and values of the loss that grow."""
    curve = sections.line(case)
    if curve is None or curve.function.free_symbols - {curve.variable}:
        return None
    values = [substitute(curve.function, {curve.variable: Integer(n)}) for n in (10, 100)]
    return Witness(
        _moving(case) | {"loss after 10 and 100 steps": tuple(values)},
        (Sign(values[1] - values[0], "!="),),
        "the loss grows without bound in this direction",
    )


def _moving(case: Case) -> dict[str, Expr | tuple[Expr, ...]]:
    """The inputs at which a line starts, and how fast each entry moves."""
    shows = shown(case.reading.loss, instances.from_data(case.guess))
    for (name, at), slope in sections.slopes(case.guess).items():
        shows[f"{name}{list(at)} moves by"] = slope
    return shows


def on_the_line(strategies: tuple[Strategy, ...], name: str) -> Callable[[Case], Witness | None]:
    """The witness for the loss along the line, and where the line lies."""
    (strategy,) = (s for s in strategies if s.theorem.name == name)

    def witness(case: Case) -> Witness | None:
        curve = sections.line(case)
        if curve is None:
            return None
        found = strategy.witness(sections.restricted(case, curve))
        if found is None or not found.facts:
            return None
        named = {("steps" if k == curve.input else k): v for k, v in found.values.items()}
        return Witness(_moving(case) | named, found.facts, f"along this line, {found.says}")

    return witness


def flat(case: Case) -> Witness | None:
    """Three inputs on the line, the middle one no lower below the chord than strictness asks."""
    curve = sections.line(case)
    if curve is None or curve.function.free_symbols - {curve.variable}:
        return None
    middle = case.guess["at"]
    steps = (middle - 1, middle, middle + 1)
    low, value, high = (substitute(curve.function, {curve.variable: n}) for n in steps)
    return Witness(
        _moving(case) | {"steps": steps, "loss": (low, value, high)},
        (Sign(low + high - 2 * value, "<="),),
        "the loss does not bend upwards along this line",
    )


_T: dict[str, Theorem] = {theorem.name: theorem for theorem in theorems.THEOREMS}

PLAINLY_NONNEGATIVE = (Strategy(_T["nonnegative-by-composition"], plainly_nonnegative),)
NONNEGATIVE = (
    Strategy(_T["nonnegative-by-composition"]),
    Strategy(_T["negative-for-some-inputs"], negative_values, below_zero),
)
BOUNDED_BELOW = (
    Strategy(_T["bounded-below-by-composition"], ends("low")),
    Strategy(_T["falls-below-a-line"], outgrowing(True), way),
    Strategy(
        _T["tends-to-minus-infinity-on-a-line"],
        growing(along.BOUNDED_BELOW, "tends-to-minus-infinity"),
        way,
    ),
)
BOUNDED = (Strategy(_T["bounded-by-composition"], ends("low", "high")),)
NOT_BOUNDED = (
    Strategy(_T["outgrows-a-line"], outgrowing(False), way),
    Strategy(_T["tends-to-infinity-on-a-line"], growing(along.BOUNDED, "tends-to-infinity"), way),
)
CONVEX = (Strategy(_T["convex-by-composition"], together_or_apart),)
NOT_CONVEX = (Strategy(_T["above-a-chord-on-a-line"], chords, jensen),)
LIPSCHITZ = (
    Strategy(_T["lipschitz-by-composition"], steepest),
    Strategy(_T["lipschitz-at-most"]),
    Strategy(
        _T["slope-unbounded-on-a-line"],
        on_lines(along.LIPSCHITZ, "slope-unbounded", 1),
        on_the_line(along.LIPSCHITZ, "slope-unbounded"),
    ),
    Strategy(
        _T["jump-so-not-lipschitz-on-a-line"],
        jumping(along.LIPSCHITZ, "jump-so-not-lipschitz"),
        on_the_line(along.LIPSCHITZ, "jump-so-not-lipschitz"),
    ),
)
DIFFERENTIABLE = (
    Strategy(_T["differentiable-by-composition"]),
    Strategy(
        _T["kink-so-not-differentiable-on-a-line"],
        on_lines(along.DIFFERENTIABLE, "kink-so-not-differentiable"),
        on_the_line(along.DIFFERENTIABLE, "kink-so-not-differentiable"),
    ),
    Strategy(
        _T["jump-so-not-differentiable-on-a-line"],
        jumping(along.DIFFERENTIABLE, "jump-so-not-differentiable"),
        on_the_line(along.DIFFERENTIABLE, "jump-so-not-differentiable"),
    ),
)
SMOOTH = (
    Strategy(
        _T["kink-so-not-smooth-on-a-line"],
        on_lines(along.SMOOTH, "kink-so-not-smooth"),
        on_the_line(along.SMOOTH, "kink-so-not-smooth"),
    ),
    Strategy(
        _T["curvature-unbounded-on-a-line"],
        on_lines(along.SMOOTH, "curvature-unbounded", 2),
        on_the_line(along.SMOOTH, "curvature-unbounded"),
    ),
)
STRONGLY_CONVEX = (
    Strategy(_T["curvature-not-positive-on-a-line"], level, flat),
    Strategy(
        _T["curvature-not-positive-on-a-line"],
        on_lines(along.STRONGLY_CONVEX, "curvature-not-positive"),
        flat,
    ),
    Strategy(_T["curvature-vanishes-on-a-line"], flattening),
)
WELL_DEFINED = (
    Strategy(requirements.HOLD),
    Strategy(requirements.FAIL, breaks, undefined),
)
