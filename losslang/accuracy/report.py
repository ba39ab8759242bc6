"""Measured errors as a table that is read at a glance, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from losslang.accuracy.measure import Errors, Row

WIDTH = 8


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The lines for one loss: a pattern each, the worst errors in ulps for each precision."""
    dtypes = list(dict.fromkeys(row.dtype for row in rows))
    patterns = list(dict.fromkeys(row.pattern for row in rows))
    known = {(row.pattern, row.dtype): row for row in rows}
    left = max(map(len, patterns))
    yield " " * left + "".join(f"  {dtype:^{2 * WIDTH}}" for dtype in dtypes)
    yield " " * left + "".join(f"  {'value':>{WIDTH}}{'slope':>{WIDTH}}" for _ in dtypes)
    for pattern in patterns:
        cells = [_cells(known.get((pattern, dtype))) for dtype in dtypes]
        yield f"{pattern:<{left}}" + "".join(f"  {v:>{WIDTH}}{g:>{WIDTH}}" for v, g in cells)
    for row in rows:
        if row.non_finite:
            more = len(row.non_finite) - 1
            others = f", and {more} more" if more else ""
            yield f"not finite: {row.dtype}, {row.pattern}: {row.non_finite[0]}{others}"


def _cells(row: Row | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    marks = [any(p.startswith(start) for p in row.non_finite) for start in ("value", "d ")]
    value, gradient = (
        "not fin" if bad else shown(errors)
        for errors, bad in zip((row.value, row.gradient), marks, strict=True)
    )
    return value, gradient


def shown(errors: Errors) -> str:
    """Ulps with two digits; a dash where no number had a finite true value."""
    if not errors.counted:
        return "-"
    return f"{errors.ulps:.1f}" if errors.ulps < 1000 else f"{errors.ulps:.0e}"


def as_json(row: Row) -> dict[str, Any]:
    """A row as plain data."""
    return {
        "loss": row.loss,
        "dtype": row.dtype,
        "pattern": row.pattern,
        "value": _numbers(row.value),
        "gradient": _numbers(row.gradient),
        "non_finite": list(row.non_finite),
    }


def _numbers(errors: Errors) -> dict[str, Any]:
    """``relative`` is missing where a true 0 came out as something else."""
    numbers: dict[str, Any] = {"ulps": errors.ulps, "counted": errors.counted}
    if errors.relative != float("inf"):
        numbers["relative"] = errors.relative
    return numbers
