"""Write ``docs/accuracy.md``: how exact the emitted code of every loss of the library is.

Usage: ``python -m benchmarks.accuracy`` from the root of the repository. Takes some minutes on two
cores. The exit status is 1 if a number is infinite or NaN that should be finite.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

import torch

import losslang
from losslang import driver
from losslang.accuracy.measure import Errors, Row

OUTPUT = Path(__file__).parent.parent / "docs" / "accuracy.md"

TAKEN = {
    "apl": "apl(nce, mae)",
    "cvar": "cvar(ce)",
    "kl_dro": "kl_dro(ce)",
    "loss_reweighted": "loss_reweighted(ce)",
    "normalized": "normalized(gce)",
}
"""Losses that take losses, with some."""

EXTREME = ("largest", "square overflows")
"""Patterns, by how their names begin, in which inputs or their squares are near the range's end."""

HEADER = """# How exact the emitted code is

Each loss of the library, in value and in gradient by every input, against its own formula: that is
differentiated exactly and evaluated in as many digits as two precisions need to agree. The inputs
are hard ones: random; scores of 1e4 and of the size of the largest number; ties; one class; one
row; a probability within an ulp of 0 and of 1; no row and only masked rows; residuals that are
huge, tiny, equal, opposite or nearly equal; zero vectors; vertices and edges of the simplex; and
hyperparameters at the ends of their domains. `losslang test focal --accuracy` prints one loss in
full, pattern by pattern.

Numbers are units in the last place (ulps) of the true number, entry by entry, the worst of all
entries. A gradient entry that is the small difference of larger ones has few correct digits and
shows here as many ulps, though it is small beside its neighbours. Ties at kinks, where the gradient
has no one value, are asked to be finite only. In half precision the loss is computed in float32 and
the gradient rounded at the end.

- *random*: normal inputs of order two.
- *worst*: over all patterns, with the pattern; those with inputs near the end of the range aside.
- *not finite*: patterns with an infinity or NaN where the true number is finite in the precision.

"""

COLUMNS = """| loss | precision | random | worst value | worst gradient | not finite |
| --- | --- | --- | --- | --- | --- |
"""


def measured(name: str) -> list[Row]:
    """All rows of one loss."""
    torch.set_num_threads(1)
    (result,) = driver.accuracy(TAKEN.get(name, name))
    return list(result.rows)


def line(rows: list[Row]) -> str:
    """One loss in one precision."""
    plain = next(row for row in rows if row.pattern == "random")
    usual = [row for row in rows if not row.pattern.startswith(EXTREME)]
    bad = [row.pattern for row in rows if row.non_finite]
    both = f"{ulps(plain.value)}, {ulps(plain.gradient)}"
    worst = (_worst(usual, "value"), _worst(usual, "gradient"))
    cells = (f"`{rows[0].loss}`", rows[0].dtype, both, *worst, "; ".join(bad))
    return f"| {' | '.join(cells)} |"


def _worst(rows: list[Row], part: str) -> str:
    row = max(rows, key=lambda row: getattr(row, part).ulps)
    found = ulps(getattr(row, part))
    return found if getattr(row, part).ulps < 1 else f"{found}: {row.pattern}"


def ulps(errors: Errors) -> str:
    """Few digits."""
    return f"{errors.ulps:.1f}" if errors.ulps < 100 else f"{errors.ulps:.0e}"


def summary(groups: list[list[Row]]) -> str:
    """How many losses keep which bounds."""
    found = []
    for dtype in dict.fromkeys(rows[0].dtype for rows in groups):
        own = [rows for rows in groups if rows[0].dtype == dtype]
        finite = sum(not any(row.non_finite for row in rows) for rows in own)
        usual = [[row for row in rows if not row.pattern.startswith(EXTREME)] for rows in own]
        calm = sum(not any(row.non_finite for row in rows) for rows in usual)
        exact = sum(all(row.value.excess == row.gradient.excess == 0 for row in r) for r in usual)
        found.append(
            f"- {dtype}: of {len(own)} losses {finite} are finite on every pattern, {calm} on every"
            f" one within the range; {exact} are within 8 ulps there, beside half an ulp of the"
            " distance between scores."
        )
    return "\n".join(found) + "\n\n"


def setting() -> str:
    """Where this was measured."""
    parts = [f"losslang {losslang.__version__}"]
    parts += [f"{name} {version(name)}" for name in ("torch", "mpmath", "sympy")]
    python = f"Python {platform.python_version()}"
    return f"Measured on {platform.machine()}, {python}, {', '.join(parts)}, on the CPU.\n"


def write(groups: list[list[Row]]) -> None:
    """The page."""
    note = "Written by `python -m benchmarks.accuracy`. "
    table = "\n".join(line(rows) for rows in groups) + "\n"
    OUTPUT.write_text(
        HEADER + summary(groups) + COLUMNS + table + "\n" + note + setting(), encoding="utf-8"
    )


def grouped(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows of each loss in each precision."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.loss, row.dtype), []).append(row)
    return list(found.values())


def main() -> int:
    """Measure the library and write the page."""
    names = [entry.name for entry in driver.library()]
    with ProcessPoolExecutor(2) as pool:
        rows = [row for some in pool.map(measured, names) for row in some]
    write(grouped(rows))
    return 1 if any(row.non_finite for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
