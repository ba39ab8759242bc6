"""Print which transforms of PyTorch each loss of the library works under.

Usage: ``python -m benchmarks.transform_matrix [--inductor]`` from the root of the repository.
"""

from __future__ import annotations

import sys

from tests.contract.transforms import LOSSES, TRANSFORMS, Transform, applies, compiled, inductor


def outcome(name: str, transform: Transform, spec: str) -> str:
    """``yes``, ``no``, or ``-`` where the question has no meaning."""
    if not applies(name, spec):
        return "-"
    try:
        transform(compiled(spec), LOSSES[spec])
    except Exception:  # whatever torch raises, the answer is no
        return "no"
    return "yes"


def main() -> int:
    """Print the table; the exit status is 1 if any answer is no."""
    chosen = dict(TRANSFORMS)
    if "--inductor" in sys.argv[1:]:
        chosen["inductor"] = inductor
    print(f"| loss | {' | '.join(chosen)} |")
    print(f"| --- |{' --- |' * len(chosen)}")
    failed = False
    for spec in LOSSES:
        answers = [outcome(name, transform, spec) for name, transform in chosen.items()]
        failed |= "no" in answers
        print(f"| `{spec}` | {' | '.join(answers)} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
