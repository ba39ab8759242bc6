"""What each reduction makes of the values that take part, also of none."""

from __future__ import annotations

from collections.abc import Callable

import mpmath

from losslang.ir import exact
from losslang.ir.exact import Number


class UndefinedError(ArithmeticError):
    """The loss has no value: it reads outside an array, or asks for the place of no maximum."""


def best(values: list[Number], wanted: int) -> tuple[int, Number]:
    """The first place of the greatest (``wanted`` 1) or smallest (-1) value, and the value."""
    place = 0
    for n, value in enumerate(values):
        if exact.compare(value, values[place]) == wanted:
            place = n
    return place, values[place]


def quantile(ascending: list[Number], level: Number) -> Number:
    """The quantile at a level in [0, 1], linear between order statistics."""
    if not ascending or not 0 <= level <= 1:
        raise UndefinedError(f"no quantile at level {level} of {len(ascending)} numbers")
    position = exact.product((lambda: level, lambda: len(ascending) - 1))
    below = int(mpmath.floor(exact.rough(position)))
    above = min(below + 1, len(ascending) - 1)
    share = exact.total((position, -below))
    step = exact.total((ascending[above], -ascending[below]))
    return exact.total((ascending[below], exact.product((lambda: share, lambda: step))))


def mean(values: list[Number]) -> Number:
    """The mean; 0 of nothing."""
    if not values:
        return 0
    return exact.product((lambda: exact.total(values), lambda: exact.power(len(values), -1)))


def _product(values: list[Number]) -> Number:
    return exact.product((lambda v=v: v) for v in values)  # type: ignore[misc]


def _log_of_mean(values: list[Number]) -> Number:
    return exact.log_of_sum(values) - mpmath.log(len(values)) if values else mpmath.ninf


FOLDS: dict[str, Callable[[list[Number]], Number]] = {
    "sum": exact.total,
    "prod": _product,
    "mean": mean,
    "max": lambda values: best(values, 1)[1] if values else mpmath.ninf,
    "min": lambda values: best(values, -1)[1] if values else mpmath.inf,
    "logsumexp": exact.log_of_sum,
    "logmeanexp": _log_of_mean,
    "any": lambda values: int(any(value != 0 for value in values)),
    "all": lambda values: int(all(value != 0 for value in values)),
}
