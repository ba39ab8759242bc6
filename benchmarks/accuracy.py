"""Write ``docs/accuracy.md``: how exact the emitted code of every loss of the library is.

Usage: ``python -m benchmarks.accuracy`` from the root of the repository. Takes some minutes on two
cores. The exit status is 1 if a loss is less exact than it should be and has no reason beside it.
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

SURPRISE = "a logarithm of a probability is beyond the range before it is weighted or divided"
OTHERS = "1 - p of a class that is not the label: p is kept, and 1 - p is not"
PAIRS = "similarities are kept, and 1 - similarity is not: nothing is left where vectors coincide"
CANCELS = "entries of the gradient that are differences of nearly equal numbers"
EXPONENTS = "what is taken the exponential of is that large, and rounded"

REASONS = {
    "poly1_focal": EXPONENTS,
    "balanced_softmax": EXPONENTS,
    "ldam": EXPONENTS,
    "logit_adjusted": EXPONENTS,
    "vs_loss": EXPONENTS,
    "multi_similarity": PAIRS,
    "mbls": "the two summands are computed one by one",
    "brier": OTHERS,
    "ldr_kl": "`log(C)` is subtracted, to which the sum comes close where `tau` is large",
    "z_normalised": CANCELS,
    "alignment": CANCELS,
    "clip": PAIRS,
    "info_nce": PAIRS,
    "nt_xent": PAIRS,
    "siglip": PAIRS,
    "supcon": PAIRS,
    "uniformity": PAIRS,
    "circle": PAIRS,
    "diou": CANCELS,
    "giou": CANCELS,
    "kd": "two distributions nearly equal: logarithms of their quotients cancel",
    "js": "two distributions nearly equal: logarithms of their quotients cancel",
    "kl": SURPRISE,
    "adaface": "a difference of cosines near 1, times the scale",
    "triplet": CANCELS,
    "apl": CANCELS,
    "nce": CANCELS,
    "nce_mae": CANCELS,
    "nce_rce": CANCELS,
    "nfl": CANCELS + "; " + SURPRISE,
    "normalized": CANCELS,
    "load_balance": OTHERS,
    "loss_reweighted": "the loss that is weighted is infinite; differences of large losses",
    "kl_dro": "`log(n)` is subtracted, to which the sum comes close where losses are small",
    "dice": OTHERS,
    "jaccard": OTHERS,
    "tversky": OTHERS,
}
"""Why a loss is not as exact as the rest, where rounded inputs do not explain it."""

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
- *why*: for a loss that is not finite somewhere, or off by more than 8 ulps and half an ulp of the
  distance between scores. *Rounded inputs*: the true number itself moves about as far if inputs and
  hyperparameters are changed by half an ulp.

"""

COLUMNS = """| loss | precision | random | worst value | worst gradient | not finite | why |
| --- | --- | --- | --- | --- | --- | --- |
"""

ROUNDED = "rounded inputs"


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
    cells = (f"`{rows[0].loss}`", rows[0].dtype, both, *worst, "; ".join(bad), reason(rows))
    return f"| {' | '.join(cells)} |"


def reason(rows: list[Row]) -> str:
    """Why a loss is not finite, or not exact; empty where it is both, or where no one knows."""
    usual = [row for row in rows if not row.pattern.startswith(EXTREME)]
    errors = [part for row in usual for part in (row.value, row.gradient)]
    if any(row.non_finite for row in rows) or any(part.unexplained for part in errors):
        return REASONS.get(rows[0].loss.partition("(")[0], "")
    return ROUNDED if any(part.excess for part in errors) else ""


def is_exact(rows: list[Row]) -> bool:
    """Whether a loss is finite and within its bounds, or has a reason not to be."""
    usual = [row for row in rows if not row.pattern.startswith(EXTREME)]
    within = not any(row.value.excess or row.gradient.excess for row in usual)
    return bool(reason(rows)) or (within and not any(row.non_finite for row in rows))


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
        rounded = sum(reason(rows) == ROUNDED for rows in own)
        found.append(
            f"- {dtype}: of {len(own)} losses {finite} are finite on every pattern, {calm} on every"
            f" one within the range; {exact} are within 8 ulps there, beside half an ulp of the"
            f" distance between scores, and {rounded} more as near as rounded inputs allow."
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
    groups = grouped(rows)
    write(groups)
    return 0 if all(map(is_exact, groups)) else 1


if __name__ == "__main__":
    sys.exit(main())
