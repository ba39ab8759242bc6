"""Hunt for false proofs: random losses, and a numerical look at all that the verifier says of them.

Run ``python -m benchmarks.random_formulas --count 10000 --jobs 8``. A loss is a random formula of a
margin, of a label's probability or of a residual, now and then with a hyperparameter. What is
proved is searched for a counterexample in floats (a find counts once 60 digits confirm it), what is
refuted has its witness replayed, and each certificate goes through the checker as a document.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import multiprocessing
import os
import platform
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import mpmath
import numpy as np
from sympy import Expr

from losslang import driver
from losslang.diagnostics import DiagnosticError
from losslang.verify import witnesses
from losslang.verify.evaluate import compile_tape
from losslang.verify.report import Report
from losslang.verify.verdict import Verdict

Tree: TypeAlias = "tuple[str, tuple[Tree, ...]] | str"
Values: TypeAlias = dict[str, object]

# ---------------------------------------------------------------- formulas

ONE_ARGUMENT = ("exp", "log", "sqrt", "abs", "relu", "tanh", "softplus", "sigmoid", "square", "neg")
TWO_ARGUMENTS = ("+", "+", "*", "*", "-", "/", "max", "min", "if", "**")
PARTIAL = {"log": "log of square", "sqrt": "root of square"}
"""What mostly stands for functions that few numbers have: without kinks, and for all numbers."""

NUMBERS = ("0", "1", "2", "1/2", "3", "1/3", "3/2", "1/4", "5", "7/10")


def grown(draw: random.Random, leaves: Sequence[str], depth: int) -> Tree:
    """A random formula."""
    if depth == 0 or draw.random() < 0.12:
        return draw.choice((*leaves, *leaves, draw.choice(NUMBERS)))
    if draw.random() < 0.45:
        head = draw.choice(ONE_ARGUMENT)
        if head in PARTIAL and draw.random() < 0.6:
            head = PARTIAL[head]
        return head, (grown(draw, leaves, depth - 1),)
    head = draw.choice(TWO_ARGUMENTS)
    one = grown(draw, leaves, depth - 1)
    other = draw.choice(NUMBERS[1:]) if head == "**" else grown(draw, leaves, depth - 1)
    return head, (one, other)


SPELLED = {
    "neg": "(-{})",
    "square": "({})**2",
    "log of square": "log(1 + ({})**2)",
    "root of square": "sqrt(1 + ({})**2)",
    "if": "({0} if {0} < {1} else {1}**2)",
}


def text(tree: Tree) -> str:
    """A formula as losslang writes it."""
    if isinstance(tree, str):
        return f"({tree})" if "/" in tree else tree
    head, parts = tree
    written = [text(part) for part in parts]
    if head in SPELLED:
        return SPELLED[head].format(*written)
    if head in ("+", "-", "*", "/", "**"):
        return f"({written[0]} {head} {written[1]})"
    return f"{head}({', '.join(written)})"


FLOATS: dict[str, Callable[..., object]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.logaddexp(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-np.asarray(x, float))),
    "square": lambda x: x * x,
    "log of square": lambda x: np.log(1 + x * x),
    "root of square": lambda x: np.sqrt(1 + x * x),
    "neg": lambda x: -x,
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "if": lambda x, y: np.where(x < y, x, y * y),
    "**": lambda x, n: np.power(np.asarray(x, float), n),
}
DIGITS: dict[str, Callable[..., object]] = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "sqrt": mpmath.sqrt,
    "abs": abs,
    "tanh": mpmath.tanh,
    "relu": lambda x: max(x, mpmath.mpf(0)),
    "softplus": lambda x: (
        x + mpmath.log1p(mpmath.exp(-x)) if x > 0 else mpmath.log1p(mpmath.exp(x))
    ),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "square": lambda x: x * x,
    "log of square": lambda x: mpmath.log(1 + x * x),
    "root of square": lambda x: mpmath.sqrt(1 + x * x),
    "neg": lambda x: -x,
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "max": max,
    "min": min,
    "if": lambda x, y: x if _is_less(x, y) else y * y,
    "**": lambda x, n: x**n,
}


def _is_less(x: mpmath.mpf, y: mpmath.mpf) -> bool:
    """Raises ``ArithmeticError`` where only the rounding of equal numbers tells them apart."""
    if x != y and abs(x - y) < mpmath.mpf("1e-50") * abs(y):
        raise ArithmeticError
    return bool(x < y)


def value(
    tree: Tree, at: Values, table: dict[str, Callable[..., object]], number: Callable[..., object]
) -> object:
    """A formula's value in the arithmetic of a table."""
    if isinstance(tree, str):
        if tree in at:
            return at[tree]
        top, _, bottom = tree.partition("/")
        return number(top) / number(bottom or "1")  # type: ignore[operator]
    head, parts = tree
    return table[head](*(value(part, at, table, number) for part in parts))


def floats(tree: Tree, **at: object) -> np.ndarray:
    """A formula in double precision, at many points."""
    with np.errstate(all="ignore"):
        return np.asarray(value(tree, at, FLOATS, float), float)


def exactly(tree: Tree, **at: object) -> mpmath.mpf | None:
    """A formula in 60 digits; ``None`` where it has no real value."""
    with mpmath.workdps(60):
        numbers = {name: mpmath.mpf(number) for name, number in at.items()}
        try:
            found = value(tree, numbers, DIGITS, mpmath.mpf)
        except (ArithmeticError, ValueError, TypeError):
            return None
        return found if isinstance(found, mpmath.mpf) and mpmath.isfinite(found) else None


# ---------------------------------------------------------------- losses


@dataclass(frozen=True)
class Sample:
    """One random loss: of which kind, its formula of ``v``, and whether it has ``c``."""

    seed: int
    kind: str
    tree: Tree
    free: bool

    @property
    def program(self) -> str:
        """It as a program."""
        own = ", *, c: real > 0 = 1" if self.free else ""
        inputs, where = FORMS[self.kind]
        return f"loss r({inputs}{own}) =\n    {text(self.tree)}\nwhere\n    v = {where}\n"


FORMS = {
    "margin": ("score: real, target: sign", "target * score"),
    "local": ("logits: real[class], target: class", "softmax(logits)[target]"),
    "residual": ("prediction: real, target: real", "prediction - target"),
}
INPUT = {"margin": "score", "local": "logits", "residual": "prediction"}
ASKED = ("convex({})", "calibrated", "nonnegative", "lipschitz({})", "symmetric", "bounded")


def sampled(seed: int) -> Sample:
    """The loss of a seed."""
    draw = random.Random(seed)
    kind = draw.choice(("margin", "local", "residual"))
    free = draw.random() < 0.3
    leaves = ("v", "v", "v", "c") if free else ("v",)
    while True:
        tree = grown(draw, leaves, draw.choice((2, 3, 3, 4)))
        words = text(tree)
        if "v" in words.replace("relu", "") and (not free or "c" in words) and len(words) < 120:
            return Sample(seed, kind, tree, free and "c" in words)


# ---------------------------------------------------------------- a look in floats

LINE = np.unique(
    np.concatenate(
        [
            *(np.linspace(-12, 12, 1201), np.linspace(-1, 1, 401), [-40, -25, 25, 40]),
            *(np.geomspace(1e-5, 0.01, 30), -np.geomspace(1e-5, 0.01, 30)),
        ]
    )
)
INSIDE = np.unique(np.concatenate([np.linspace(0, 1, 802)[1:-1], np.geomspace(1e-6, 0.01, 40)]))
SLACK = 1e-7


def against(
    sample: Sample, property: str, verdict: Verdict, c: float, *, is_defined: bool = True
) -> str | None:
    """A counterexample to what is proved, at one setting of the hyperparameter, or ``None``.

    Unless the loss ``is_defined`` everywhere, a property is one of the inputs where it has a value.
    """
    f = lambda v: floats(sample.tree, v=v, c=c)  # noqa: E731
    points = INSIDE if sample.kind == "local" else LINE
    values = f(points)
    if np.isnan(values).all():
        return None  # of a loss without values anything is true
    for v in points[np.isnan(values)][:5]:
        # Floats overflow; only digits tell that there is no value.
        if (
            is_defined
            and abs(v) < 5
            and exactly(sample.tree, v=v, c=c) is None
            and _is_undefined(sample, v, c)
        ):
            return f"no value at v = {v}"
    with np.errstate(all="ignore"):
        return CHECKS[property](sample, verdict, c, f, points, values)


def _at(bound: Expr, c: float) -> float:
    """A number that a verdict gives, at one setting of the hyperparameter."""
    if bound.is_infinite:
        return float(bound)
    symbols = sorted(bound.free_symbols, key=str)
    return compile_tape(bound, symbols).float([c] * len(symbols))


def _is_undefined(sample: Sample, v: float, c: float) -> bool:
    """Whether digits find no real value close by either, so that it is no matter of one point."""
    return all(exactly(sample.tree, v=v + d, c=c) is None for d in (1e-9, -1e-9))


def _nonnegative(sample, verdict, c, f, points, values):  # type: ignore[no-untyped-def]
    for v in points[values < -SLACK][:3]:
        found = exactly(sample.tree, v=v, c=c)
        if found is not None and found < 0:
            return f"{found} at v = {v}"
    return None


def _bounded(sample, verdict, c, f, points, values):  # type: ignore[no-untyped-def]
    ends = [verdict.value.inf, verdict.value.sup] if verdict.value is not None else []
    if len(ends) != 2 or any(
        end.free_symbols - {s for s in end.free_symbols if s.name == "c"} for end in ends
    ):
        return None
    low, high = (_at(end, c) for end in ends)
    slack = SLACK * (1 + abs(low) + abs(high))
    for v in points[(values < low - slack) | (values > high + slack)][:3]:
        found = exactly(sample.tree, v=v, c=c)
        if found is not None and not low - slack < found < high + slack:
            return f"{found} at v = {v} is outside of [{low}, {high}]"
    return None


def _symmetric(sample, verdict, c, f, points, values):  # type: ignore[no-untyped-def]
    pairs = [(1.0, -1.0), (2.0, -2.0), (0.25, -0.25), (5.0, -5.0)]
    if sample.kind == "local":
        pairs = [(0.5, 0.5), (0.25, 0.75), (0.1, 0.9), (0.01, 0.99)]
    sums = [[exactly(sample.tree, v=v, c=c) for v in pair] for pair in pairs]
    totals = [a + b for a, b in sums if a is not None and b is not None]
    if any(abs(t - totals[0]) > 1e-12 * (1 + abs(t)) for t in totals):
        return f"the sums {[float(t) for t in totals]} differ"
    return None


def _segments(
    sample: Sample, c: float, draw: random.Random
) -> Iterator[tuple[tuple[float, ...], float]]:
    """Places ``v`` at the ends and inside of segments of the input, and the first end's share."""
    for _ in range(400):
        share = draw.choice((0.5, 0.5, 0.25, 0.9))
        reach = draw.choice((0.1, 1.0, 4.0, 10.0))
        if sample.kind != "local":
            one, other = (draw.uniform(-reach, reach) for _ in range(2))
            yield (one, other, share * one + (1 - share) * other), share
            continue
        size = draw.choice((2, 3))
        one, other = (
            np.array([draw.uniform(-reach, reach) for _ in range(size)]) for _ in range(2)
        )
        yield tuple(_softmax(z) for z in (one, other, share * one + (1 - share) * other)), share


def _softmax(z: np.ndarray) -> float:
    weights = np.exp(z - z.max())
    return float(weights[0] / weights.sum())


def _convex(sample, verdict, c, f, points, values):  # type: ignore[no-untyped-def]
    for places, share in _segments(sample, c, random.Random(sample.seed)):
        one, other, middle = f(np.array(places))
        above = middle - share * one - (1 - share) * other
        if above > 1e-6 * (1 + abs(one) + abs(other)) and math.isfinite(above):
            exact = [exactly(sample.tree, v=v, c=c) for v in places]
            if None not in exact and exact[2] - share * exact[0] - (1 - share) * exact[1] > 1e-9 * (
                1 + abs(exact[0]) + abs(exact[1])
            ):
                return f"v = {places[2]} lies above the chord from {places[0]} to {places[1]}"
    return None


def _lipschitz(sample, verdict, c, f, points, values):  # type: ignore[no-untyped-def]
    bound = verdict.value
    if bound is None or any(s.name != "c" for s in bound.free_symbols):
        return None
    most = _at(bound, c)
    draw = random.Random(sample.seed)
    for _ in range(400):
        reach = draw.choice((0.2, 2.0, 8.0))
        size = draw.choice((2, 3)) if sample.kind == "local" else 1
        z = np.array([draw.uniform(-reach, reach) for _ in range(size)])
        step = np.array([draw.uniform(-1, 1) for _ in range(size)]) * draw.choice((1e-3, 0.1, 1.0))
        places = (_softmax(z), _softmax(z + step)) if size > 1 else (z[0], (z + step)[0])
        rise = abs(np.subtract(*f(np.array(places))))
        if rise > (most * np.linalg.norm(step)) * (1 + 1e-6) + 1e-9:
            exact = [exactly(sample.tree, v=v, c=c) for v in places]
            if (
                None not in exact
                and abs(exact[0] - exact[1]) > most * np.linalg.norm(step) * (1 + 1e-6) + 1e-9
            ):
                return f"the slope between v = {places[0]} and {places[1]} is more than {most}"
    return None


def _calibrated(sample, verdict, c, f, points, values):  # type: ignore[no-untyped-def]
    """Some wrong score costs less, on average, than every right one of a grid."""
    if sample.kind == "margin":
        own, mirrored = values, f(-points)
        for eta in (0.501, 0.51, 0.55, 0.6, 0.7, 0.8, 0.9, 0.99, 1.0):
            cost = eta * own + (1 - eta) * mirrored if eta < 1 else own
            found = _wrong(cost, points > 0)
            if found is not None:
                return f"at eta = {eta} the score {points[found]} is better than every right one"
        return None
    grid = np.array(
        [q for q in itertools.product(np.linspace(0.01, 0.98, 98), repeat=2) if sum(q) < 0.995]
    )
    q3 = np.column_stack([grid, 1 - grid.sum(1)])
    two = np.column_stack([points, 1 - points])
    for p, worlds in (
        (two, ((0.51, 0.49), (0.6, 0.4), (0.9, 0.1))),
        (q3, ((0.4, 0.35, 0.25), (0.6, 0.3, 0.1), (0.34, 0.33, 0.33))),
    ):
        for world in worlds:
            cost = sum(w * f(p[:, k]) for k, w in enumerate(world))
            found = _wrong(cost, p[:, 0] > p[:, 1:].max(1) - TIE)
            if found is not None:
                return f"for labels of {world} the softmax {p[found]} beats every right one"
    return None


TIE = 0.015
"""What is wrong by less counts as right: a right softmax may lie between those of the grid."""


def _wrong(cost: np.ndarray, right: np.ndarray) -> int | None:
    known = np.isfinite(cost)
    if not (known & right).any() or not (known & ~right).any():
        return None
    best, worst = cost[known & right].min(), cost[known & ~right].min()
    if worst < best - 1e-5 * (1 + abs(best)):
        return int(np.flatnonzero(known & ~right & (cost == worst))[0])
    return None


CHECKS = {
    "nonnegative": _nonnegative,
    "bounded": _bounded,
    "symmetric": _symmetric,
    "convex": _convex,
    "lipschitz": _lipschitz,
    "calibrated": _calibrated,
}

# ---------------------------------------------------------------- one loss

SETTINGS = (0.13, 0.5, 1.0, 1.7, 4.0, 23.0)
DEFECTS = ("false proof", "false witness", "rejected certificate", "crash")
HARD_LIMIT = 150


def examined(seed: int, timeout: float) -> tuple[Counter[str], list[str]]:
    """Counts of verdicts and defects for one loss, and a line for each defect."""
    sample = sampled(seed)
    counts: Counter[str] = Counter(losses=1)
    lines: list[str] = []

    def late(*_: object) -> None:
        raise TimeoutError

    if threadless := hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, late)
        signal.alarm(HARD_LIMIT)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "r.loss"
            path.write_text(sample.program, encoding="utf-8")
            _examine(sample, path, timeout, counts, lines)
    except DiagnosticError:
        counts["not a loss"] += 1
    except TimeoutError:
        counts["late"] += 1
        lines.append(f"late: seed {seed}: {text(sample.tree)}")
    except Exception as error:
        counts["crash"] += 1
        lines.append(f"crash: seed {seed}: {text(sample.tree)}: {type(error).__name__}: {error}")
    finally:
        if threadless:
            signal.alarm(0)
    return counts, lines


def _examine(
    sample: Sample, path: Path, timeout: float, counts: Counter[str], lines: list[str]
) -> None:
    report = driver.verify(path=path, timeout=4 * timeout)  # of which a question may take a quarter
    for asked in ASKED:
        question = asked.format(INPUT[sample.kind])
        if question not in report:
            continue
        verdict = report[question]
        counts["questions"] += 1
        counts[verdict.status] += 1
        for defect, says in _defects(sample, report, verdict):
            counts[defect] += 1
            lines.append(
                f"{defect}: seed {sample.seed}: {sample.kind} {text(sample.tree)}: {question} "
                f"{verdict.status} {verdict.condition or ''}: {says}"
            )


def _defects(sample: Sample, report: Report, verdict: Verdict) -> Iterator[tuple[str, str]]:
    if "defect of losslang" in verdict.reason:
        yield "false proof" if "there is a proof" in verdict.reason else "crash", verdict.reason
    if verdict.certificate is not None:
        document = json.loads(json.dumps(report.certificate(verdict)))
        result = driver.check_certificate(document)
        if result.problem is not None:
            yield "rejected certificate", result.problem
    if verdict.status in ("refuted", "conditional"):
        assert verdict.witness is not None
        if not witnesses.replays(verdict.witness):
            yield "false witness", str(verdict.witness)
    if verdict.status in ("proved", "conditional"):
        is_defined = report["well_defined"].status not in ("refuted", "conditional")
        for c in SETTINGS if sample.free else SETTINGS[2:3]:
            if _applies(verdict, c):
                asked = verdict.question.property
                found = against(sample, asked, verdict, c, is_defined=is_defined)
                if found is not None:
                    yield "false proof", f"with c = {c}: {found}"
                    return


def _applies(verdict: Verdict, c: float) -> bool:
    """Whether the condition of a verdict holds at a setting; not asked where it is about sizes."""
    if verdict.status == "proved":
        return True
    condition = verdict.condition or "False"
    if "size" in condition:
        return False
    names = {"c": c, "sqrt": math.sqrt, "log": math.log, "exp": math.exp, "abs": abs}
    return bool(eval(condition, {"__builtins__": {}}, names))  # the verifier's own words


# ---------------------------------------------------------------- many


def main() -> int:
    """Print each defect as it turns up, then the counts."""
    parser = argparse.ArgumentParser(description="random losses, verified and looked at")
    parser.add_argument("--count", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the first loss")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="processes at a time")
    parser.add_argument(
        "--timeout", type=float, default=3.0, metavar="T", help="seconds a question"
    )
    options = parser.parse_args()
    start, total = time.perf_counter(), Counter[str]()
    seeds = range(options.seed, options.seed + options.count)
    with multiprocessing.Pool(options.jobs, maxtasksperchild=100) as pool:
        for counts, lines in pool.imap(partial(examined, timeout=options.timeout), seeds):
            total += counts
            for line in lines:
                print(line, flush=True)
    seconds = time.perf_counter() - start
    print(", ".join(f"{n} {name}" for name, n in sorted(total.items(), key=lambda item: -item[1])))
    print(", ".join(f"{total[name]} {name}" for name in DEFECTS))
    print(
        f"seeds {seeds.start} to {seeds.stop - 1} in {seconds:.0f} s on {options.jobs} of "
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python "
        f"{sys.version.split()[0]}, SymPy {version('sympy')}, flint {version('python-flint')}"
    )
    return int(any(total[name] for name in DEFECTS))


if __name__ == "__main__":
    raise SystemExit(main())
