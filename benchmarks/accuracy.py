"""Write ``docs/accuracy.md``: how exact the emitted code of every loss of the library is.

Usage: ``python -m benchmarks.accuracy [--jobs N] [--missing] [LOSS...]`` from the root of the
repository. With names only those losses are measured anew; what is known of the others is read from
``docs/accuracy.csv``, which has a line per loss and precision. The exit status is 1 if a loss is
less exact than it should be and has no reason beside it.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import platform
import sys
import traceback
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path

import torch

import losslang
from losslang import driver
from losslang.accuracy.measure import Row
from losslang.accuracy.truth import Oracle
from tests.library.worked import by_name_or_example

OUTPUT = Path(__file__).parent.parent / "docs" / "accuracy.md"
DATA = OUTPUT.with_suffix(".csv")

OTHERS = "1 - p of a class that is not the label: p is kept, and 1 - p is not"
PAIRS = "similarities are kept, and 1 - similarity is not: nothing is left where vectors coincide"
CANCELS = "entries of the gradient that are differences of nearly equal numbers"
NEARLY = "differences of nearly equal numbers"
CERTAIN = "near a certain prediction it is a difference of nearly equal numbers"
POWERS = "a power or a scale of 100 of what is rounded"
SMALL = "a hyperparameter near 0 divides, or is a power"
KINK = "a kink nearer than the rounding of the inputs, or a tie"
LIKELY = "two distributions nearly equal: logarithms of their quotients cancel"
ALIKE = "a variance or a length of 0 where numbers are alike"
BEYOND_EXP = "exponentials beyond the range, which a product with 0 or a minimum takes away"
EXPONENTS = "what is taken the exponential of is that large, and rounded"

TILTS = "exponentials beyond the range where a temperature is near 0"
TRIGAMMA = "the slope of digamma, which torch computes to nine digits"

REASONS = {
    "arcface": EXPONENTS,
    "arcface_straight_through": EXPONENTS,
    "cc_ibp": "scores that are sums of two inputs, rounded",
    "class_balanced": "1 - beta**n, where beta is close to 1",
    "combined_margin": EXPONENTS,
    "evidential_ce": TRIGAMMA,
    "evidential_mse": "one class: a variance of 0, as a difference of equal numbers",
    "magface": EXPONENTS,
    "mv_softmax": EXPONENTS,
    "nce_npid": EXPONENTS,
    "negative_cosine": CANCELS,
    "proxy_nca": POWERS,
    "ranked_list": "weights exp(alpha d) of pairs, which leave the range where alpha is 100",
    "sd_sdr": "a projection, of which every step rounds",
    "sparsemax_loss": CANCELS,
    "poly1_focal": EXPONENTS,
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
    "kd": LIKELY,
    "js": LIKELY,
    "adaface": "a difference of cosines near 1, times the scale",
    "triplet": CANCELS,
    "apl": CANCELS,
    "nce": CANCELS,
    "nce_mae": CANCELS,
    "nce_rce": CANCELS,
    "nfl": CANCELS,
    "normalized": CANCELS,
    "load_balance": OTHERS,
    "loss_reweighted": "the loss that is weighted is infinite; differences of large losses",
    "kl_dro": "`log(n)` is subtracted, to which the sum comes close where losses are small",
    "dice": OTHERS,
    "jaccard": OTHERS,
    "tversky": OTHERS,
    "mart": LIKELY,
    "distribution_balanced": SMALL,
    "balanced_l1": SMALL,
    "stratified_rejection": SMALL,
    "reject_surrogate": SMALL,
    "energy_score": ALIKE,
    "pearson": ALIKE,
    "bp_mll": BEYOND_EXP,
    "barron": "a power less 1, where the residual is small against c",
    "blackbox_proper": "products of counts, added with signs in turn",
    "asymmetric_focal_tversky": OTHERS,
    "asymmetric_unified_focal": OTHERS,
    "esrm": BEYOND_EXP,
    "exo": "two preferences that are nearly alike where `eps` is near 1/2",
    "kurtosis": ALIKE,
    "metrix": PAIRS + "; exponentials beyond the range where alpha is 100",
    "rince": PAIRS + "; " + TILTS,
    "orpo": "differences of log odds that are large and nearly equal",
}

GAINS = "gains of `2**relevance` beyond the range; for tiny relevance, what they exceed 1 by"
LEAST = "a quotient of two numbers near the least, or by one"
GAMMAS = "differences of logarithms of gamma functions, which are large and nearly equal"
HARD = "determinants and singular values where eigenvalues round to 0"

SPECTRUM = "singular vectors, which a decomposition finds to a few digits less"

FLAT = "the slope of tanh, which is 1 less its square, where that rounds to 1"

GROUPS = {
    FLAT: "hypersparse softcap_ce",
    PAIRS: "macl mean_field_contrastive simple_contrastive sincere supcon_in",
    SPECTRUM: "bsp bss",
    GAINS: "approx_ndcg lambda_loss",
    LEAST: "bce_blur heteroscedastic_gaussian size_penalty",
    TILTS: "dclw debiased_contrastive dist_kd hcl",
    HARD: "dmi coding_rate mcr2",
    CERTAIN: "adaptive_confidence adaptive_threshold_focal agce alpha_divergence anorm aul augmix"
    " cdw_ce confidence_penalty correctness_aware cpc dca emd_squared hard_bootstrap"
    " js_generalized mdca mmce nce_aexp nce_agce nce_aul nfl_mae nfl_rce ngce nnce nnfl"
    " normalized_negative power_score pseudospherical_score rll seesaw soft_bootstrap sord"
    " spherical_score tempnet tgce trades",
    NEARLY: "adaptive_confidence_kd align_uniform bce_kd binary_listnet bregman ciou"
    " cosine_embedding dac_kl dkd eiou entropic_open_set entropy_min esr extended_iou"
    " generalized_js generalized_jsd_kd generalized_kl hellinger hyperbolic_pairwise_confusion"
    " itakura_saito listnet log_magnitude logit_standard_kd matsushita nrmse objectosphere"
    " outlier_exposure renyi"
    " reverse_kd reverse_kl rse si_sdr si_snr silog skew_kd snr soft_ce softmax_ranking tvd uld",
    POWERS: "asl asl_single balanced_qfl dual_focal inverse_focal lum pu_mlc qfl ranknet two_way",
    KINK: "dfl multiclass_perceptron ramp rho_margin",
    CANCELS: "adaptive_margin_triplet adaptive_relevance_margin cores grpo holistic_robust"
    " kto label_smoothing listmle margin_batch_all logit_clip logit_norm nkd",
    SMALL: "weighted_rank",
    GAMMAS: "evidential_kl neg_binomial_nll student_t_nll",
}
REASONS |= {name: reason for reason, names in GROUPS.items() for name in names.split()}
"""Why a loss is not as exact as the rest, where rounded inputs do not explain it; by what the worst
pattern and the formula show."""

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
  hyperparameters are changed by half an ulp. *Sums or squares of the largest numbers*: it is finite
  but where inputs, or their squares, are near the range's end. *Sums over several rows*: of other
  examples, places or vectors, whose terms may cancel; 8 ulps are asked only of losses that look at
  the rows of their inputs one by one.

"""

COLUMNS = """| loss | precision | random | worst value | worst gradient | not finite | why |
| --- | --- | --- | --- | --- | --- | --- |
"""

HOURS = {
    "sinkhorn_divergence": "every entry of its gradient goes through hundreds of steps in many"
    " digits, which takes hours"
}
"""Losses that are not measured, and why."""

LATER = "not yet"
"""Said of a loss that was never measured."""

ROUNDED = "rounded inputs"
SUMS = "sums over several rows"
BEYOND = "sums or squares of the largest numbers"
"""Reasons that the pattern or the form of the loss gives."""


@dataclass(frozen=True)
class Line:
    """One loss in one precision; numbers are ulps.

    ``rows`` says that it looks at the rows of its inputs one by one. ``excess`` and ``unexplained``
    are the worst of all patterns within the range, as :class:`~losslang.accuracy.measure.Errors`
    has them. ``aside`` says why a loss is not measured.
    """

    loss: str
    dtype: str
    rows: bool = True
    random_value: float = 0.0
    random_gradient: float = 0.0
    value: float = 0.0
    value_at: str = ""
    gradient: float = 0.0
    gradient_at: str = ""
    excess: float = 0.0
    unexplained: float = 0.0
    non_finite: str = ""
    aside: str = ""

    @property
    def is_finite_within(self) -> bool:
        """Whether it is finite on every pattern within the range."""
        return all(name.startswith(EXTREME) for name in self.non_finite.split("; ") if name)

    @property
    def reason(self) -> str:
        """Why it is not finite, or not exact; empty where it is both, or where no one knows."""
        if self.loss in REASONS and (self.non_finite or self.unexplained):
            return REASONS[self.loss]
        if (self.unexplained and self.rows) or not self.is_finite_within:
            return ""
        summed = self.unexplained and not self.rows
        found = (BEYOND, self.non_finite), (SUMS if summed else ROUNDED, self.excess)
        return "; ".join(reason for reason, holds in found if holds)

    @property
    def is_exact(self) -> bool:
        """Whether it is finite and within its bounds, or has a reason not to be."""
        return bool(self.aside or self.reason) or not (self.excess or self.non_finite)


def measured(name: str) -> list[Line]:
    """What is found of one loss, as its example has it where something must be given."""
    if name in HOURS:
        return [Line(name, "", aside=HOURS[name])]
    torch.set_num_threads(1)
    (result,) = by_name_or_example(name, lambda spec: [*driver.accuracy(spec)])
    if not result.rows:
        return [Line(name, "", aside=result.reason)]
    found: dict[str, list[Row]] = {}
    for row in result.rows:
        found.setdefault(row.dtype, []).append(row)
    single = by_name_or_example(name, by_rows)
    return [line(name, dtype, single, rows) for dtype, rows in found.items()]


def by_rows(spec: str) -> bool:
    """Whether a loss looks at its inputs row by row: at one axis of one example."""
    oracle = Oracle(driver.elaborated(spec))
    return oracle.local and all(len(known.axes) <= 1 for known in oracle.reals)


def tried(name: str) -> list[Line]:
    """As :func:`measured`; a defect of ours is told and does not end the run."""
    try:
        return measured(name)
    except Exception:
        print(f"{name}: {traceback.format_exc()}", file=sys.stderr, flush=True)
        return []


def line(name: str, dtype: str, single: bool, rows: list[Row]) -> Line:
    """One loss in one precision."""
    plain = next(row for row in rows if row.pattern == "random")
    usual = [row for row in rows if not row.pattern.startswith(EXTREME)]
    value = max(usual, key=lambda row: row.value.ulps)
    gradient = max(usual, key=lambda row: row.gradient.ulps)
    errors = [part for row in usual for part in (row.value, row.gradient)]
    return Line(
        name,
        dtype,
        single,
        shortened(plain.value.ulps),
        shortened(plain.gradient.ulps),
        shortened(value.value.ulps),
        value.pattern,
        shortened(gradient.gradient.ulps),
        gradient.pattern,
        shortened(max(part.excess for part in errors)),
        shortened(max(part.unexplained for part in errors)),
        "; ".join(row.pattern for row in rows if row.non_finite),
    )


def shortened(number: float) -> float:
    """A number with three digits."""
    return float(f"{number:.3g}")


def shown(line: Line) -> str:
    """A line of the table."""
    both = f"{ulps(line.random_value)}, {ulps(line.random_gradient)}"
    worst = [
        ulps(found) if found < 1 else f"{ulps(found)}: {at}"
        for found, at in ((line.value, line.value_at), (line.gradient, line.gradient_at))
    ]
    cells = (f"`{line.loss}`", line.dtype, both, *worst, line.non_finite, line.reason)
    return f"| {' | '.join(cells)} |"


def ulps(found: float) -> str:
    """Few digits."""
    return f"{found:.1f}" if found < 100 else f"{found:.0e}"


def summary(lines: list[Line]) -> str:
    """How many losses keep which bounds."""
    found = []
    for dtype in dict.fromkeys(line.dtype for line in lines):
        own = [line for line in lines if line.dtype == dtype]
        finite = sum(not line.non_finite for line in own)
        calm = sum(line.is_finite_within for line in own)
        single = [line for line in own if line.rows]
        exact = sum(not line.excess for line in single)
        rounded = sum(bool(line.excess and not line.unexplained) for line in single)
        found.append(
            f"- {dtype}: of {len(own)} losses {finite} are finite on every pattern, {calm} on every"
            f" one within the range. Of {len(single)} that look at one row at a time {exact} are"
            f" within 8 ulps there, beside half an ulp of the distance between scores, and"
            f" {rounded} more as near as rounded inputs allow."
        )
    return "\n".join(found) + "\n\n"


def setting() -> str:
    """Where this was measured."""
    parts = [f"losslang {losslang.__version__}"]
    parts += [f"{name} {version(name)}" for name in ("torch", "mpmath", "sympy")]
    python = f"Python {platform.python_version()}"
    return f"Measured on {platform.machine()}, {python}, {', '.join(parts)}, on the CPU.\n"


def aside(lines: list[Line]) -> str:
    """The losses that are not measured."""
    if not lines:
        return ""
    listed = "".join(f"- `{line.loss}`: {line.aside}\n" for line in lines)
    return f"\nNot measured:\n\n{listed}"


def page(lines: list[Line]) -> str:
    """The whole page."""
    note = "Written by `python -m benchmarks.accuracy`. "
    kept = [line for line in lines if not line.aside]
    there = {line.loss for line in lines}
    absent = [entry.name for entry in driver.library() if entry.name not in there]
    table = "\n".join(map(shown, kept)) + "\n"
    rest = aside(
        [line for line in lines if line.aside] + [Line(n, "", aside=LATER) for n in absent]
    )
    return HEADER + summary(kept) + COLUMNS + table + rest + "\n" + note + setting()


def known() -> dict[str, list[Line]]:
    """The lines that have been written."""
    found: dict[str, list[Line]] = {}
    if DATA.exists():
        numbers = [f.name for f in fields(Line) if f.type == "float"]
        with DATA.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                values = row | {name: float(row[name]) for name in numbers}
                values["rows"] = row["rows"] == "True"
                found.setdefault(row["loss"], []).append(Line(**values))  # type: ignore[arg-type]
    return found


def write(lines: list[Line]) -> None:
    """Write data and page."""
    with DATA.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, [f.name for f in fields(Line)], lineterminator="\n")
        rows.writeheader()
        rows.writerows(map(asdict, lines))
    OUTPUT.write_text(page(lines), encoding="utf-8")


def main() -> int:
    """Measure losses and write what is known of all."""
    parser = argparse.ArgumentParser(description="how exact the emitted code is")
    parser.add_argument("losses", nargs="*", metavar="LOSS")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--missing", action="store_true", help="only losses without a line")
    options = parser.parse_args()
    names = [entry.name for entry in driver.library()]
    lines = known()
    wanted = [n for n in options.losses or names if not (options.missing and n in lines)]
    with multiprocessing.Pool(options.jobs) as pool:
        for found in filter(None, pool.imap_unordered(tried, wanted)):
            lines[found[0].loss] = found
            write([each for name in names for each in lines.get(name, ())])
    everything = [each for name in names for each in lines.get(name, ())]
    write(everything)
    return 0 if set(lines) >= set(wanted) and all(each.is_exact for each in everything) else 1


if __name__ == "__main__":
    sys.exit(main())
