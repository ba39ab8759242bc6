"""Write ``docs/oracles.md``: each loss, what it is compared with, and how far they differ.

Usage: ``python -m benchmarks.oracle_table [--check]`` from the root of the repository. With
``--check`` nothing is written and the exit status is 1 if a difference exceeds its tolerance.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from tests.library.cases import CASES
from tests.library.oracles import TOLERANCE, Case, measure

OUTPUT = Path(__file__).parent.parent / "docs" / "oracles.md"

HEADER = """# How the library was checked

Each loss is compared, in value and in gradient by every real input and every hyperparameter given
as a tensor, with code that does not come from this project: another library, or the paper's formula
evaluated in mpmath at 100 digits and differentiated there. Differences are the largest over the
reductions `mean` and `none`, relative to the largest entry; float64 rounds at 2e-16 and float32 at
1e-7. Written by `python -m benchmarks.oracle_table`.

| loss | inputs | oracle | value, float32 | gradient, float32 | value, float64 | gradient, float64 |
| --- | --- | --- | --- | --- | --- | --- |
"""


def row(case: Case) -> str:
    """One line of the table."""
    settings = ", ".join(f"{name}={value}" for name, value in case.hyper.items())
    spec = f"`{case.spec}`" + (f" with {settings}" if settings else "")
    single, double = measure(case, torch.float32), measure(case, torch.float64)
    errors = (single.value, single.gradient, double.value, double.gradient)
    return f"| {spec} | {case.on} | {case.source} | {' | '.join(f'{e:.0e}' for e in errors)} |"


def within(case: Case) -> bool:
    """Whether all differences are inside the tolerances of the tests."""
    for dtype, allowed in TOLERANCE.items():
        errors = measure(case, dtype)
        if max(errors.value, errors.gradient) > allowed * case.slack:
            return False
    return True


def main() -> int:
    """Write the table, or check it."""
    if "--check" in sys.argv[1:]:
        return 0 if all(within(case) for case in CASES) else 1
    OUTPUT.write_text(HEADER + "\n".join(row(case) for case in CASES) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
