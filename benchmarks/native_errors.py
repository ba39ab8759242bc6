"""Print the worst errors and the speed of the functions of the native backend.

Usage: ``python -m benchmarks.native_errors [--step N] [--samples N] [--only NAME ...]`` from the
root of the repository; ``--flag`` replaces ``-march=native``. A function of one float is tried on
every ``--step``-th float, by default on all 2**32, against the C library's double. The others are
tried on ``--samples`` numbers of all sizes, half of them moderate, and double against the C
library's long double (64 bits; digamma against our own in 113). Errors are in units in the last
place of the truth, below the normal numbers in smallest subnormals. The last columns are
nanoseconds per number in arrays that stay in the first cache, and how often faster that is than a
loop over the same formula with the C library's functions of that precision. The whole table takes
an hour on two cores.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from losslang.codegen.native import compiler

UNARY = {
    "exp": "std::exp(x)",
    "expm1": "std::expm1(x)",
    "log": "std::log(x)",
    "log1p": "std::log1p(x)",
    "sqrt": "std::sqrt(x)",
    "sigmoid": "x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x))",
    "softplus": "x < 0 ? std::log1p(std::exp(x)) : x + std::log1p(std::exp(-x))",
    "tanh": "std::tanh(x)",
    "log1p_square": "std::fabs(x) < 1e9 ? std::log1p(x * x) : 2 * std::log(std::fabs(x))",
    "log1mexp": "x > W(-0.6931) ? std::log(-std::expm1(x)) : std::log1p(-std::exp(x))",
    "log_cosh": "std::fabs(x) < 1 ? std::log1p(2 * std::sinh(x / 2) * std::sinh(x / 2))"
    " : std::fabs(x) - std::log(W(2)) + std::log1p(std::exp(-2 * std::fabs(x)))",
    "sinh": "std::sinh(x)",
    "cosh": "std::cosh(x)",
    "asinh": "std::asinh(x)",
    "acosh": "std::acosh(x)",
    "atanh": "std::atanh(x)",
    "erf": "std::erf(x)",
    "sin": "std::sin(x)",
    "cos": "std::cos(x)",
    "atan": "std::atan(x)",
    "asin": "std::asin(x)",
    "acos": "std::acos(x)",
    "digamma": "true_digamma(x)",
    "lgamma": "x >= 0 ? std::lgamma(x) : W(NAN)",
}
BINARY = {
    "pow": "x >= 0 && y == y ? std::pow(x, y) : W(NAN)",
    "xlogy": "x == 0 && y == y ? 0 : x * std::log(y)",
    "hypot": "std::hypot(x, y)",
    "exp_of": "std::exp(x + y)",
}
"""What a function should be, of numbers ``x`` and ``y`` of a type ``W``."""

FACTORS = {"log1mexp": -1, "acosh": 4}
"""Where a function is not timed between 1/4 and 3/4."""


class Worst(ctypes.Structure):
    """The largest error of a function and where it is."""

    _fields_ = (("error", ctypes.c_double), ("x", ctypes.c_double), ("y", ctypes.c_double))


class Job(NamedTuple):
    """One function in one dtype, over every ``step``-th of ``count`` arguments."""

    name: str
    dtype: str
    count: int
    step: int


def program(names: list[str]) -> str:
    """The header, the search, and what it is told of each function."""
    text = [compiler.mathematics(), Path(__file__).with_suffix(".cc").read_text(encoding="utf-8")]
    for name in names:
        kind, call = ("unary", f"{name}(x)") if name in UNARY else (f"{name}_", f"{name}(x, y)")
        truth = (UNARY | BINARY)[name]
        text.append(f"FUNCTION({name}, {kind}, {call}, {FACTORS.get(name, 1)}, ({truth}))")
    return "\n".join([*text, ""])


def job(name: str, dtype: str, samples: int, step: int) -> Job:
    """What to try a function on."""
    if name in BINARY or dtype == "double":
        return Job(name, dtype, min(samples, 2**22) if name == "digamma" else samples, 1)
    return Job(name, dtype, 2**32, max(step, 1021) if name == "digamma" else step)


def measure(library: ctypes.CDLL, job: Job, threads: int) -> Worst:
    """The largest error; the threads share the arguments."""
    scan = getattr(library, f"scan_{job.name}_{job.dtype}")
    pieces = 16 * threads

    def part(index: int) -> Worst:
        worst = Worst(0, 0, 0)
        bounds = [job.count * at // pieces // job.step * job.step for at in (index, index + 1)]
        if index + 1 == pieces:
            bounds[1] = job.count
        scan((ctypes.c_uint64 * 3)(*bounds, job.step), ctypes.byref(worst))
        return worst

    with ThreadPoolExecutor(threads) as pool:
        return max(pool.map(part, range(pieces)), key=lambda worst: worst.error)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--samples", type=int, default=2**26)
    parser.add_argument("--only", nargs="*", default=[*UNARY, *BINARY])
    parser.add_argument("--flag", action="append", default=[])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    flags = [flag for flag in compiler.FLAGS if flag != "-march=native" or not options.flag]
    extra = [*options.flag, "-Wl,--no-as-needed", "-lquadmath"]
    library = compiler.load(program(options.only), [*flags, *extra])
    if isinstance(library, compiler.Failure):
        sys.exit(library.message)
    print("| function | dtype | ulps | at | ns | against libm |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in options.only:
        for dtype in ("float", "double"):
            worst = measure(
                library, job(name, dtype, options.samples, options.step), options.threads
            )
            ours = (ctypes.c_double * 2)()
            getattr(library, f"speed_{name}_{dtype}")(ours)
            at = f"{worst.x:.17g}" if name in UNARY else f"{worst.x:.17g}, {worst.y:.17g}"
            print(
                f"| {name} | {dtype} | {worst.error:.3f} | {at} |"
                f" {ours[0]:.2f} | {ours[1] / ours[0]:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
