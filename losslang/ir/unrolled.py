"""The values of a function that calls itself, computed from its base case on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product as places
from typing import Any, TypeAlias

import mpmath

from losslang.ir import exact
from losslang.ir.exact import Number
from losslang.ir.folds import UndefinedError
from losslang.ir.heads import Axis, Index
from losslang.ir.recursion import Recursion

Place: TypeAlias = tuple[int, ...]

MAX_BITS = 4096
"""Rational values grow with the steps; longer ones are rounded to the working precision."""


class Table:
    """Values by number and place. Each is computed once, smaller numbers before larger ones.

    ``size`` and ``value`` are the evaluator's, ``indices`` and ``body`` those of the opened
    recursion.
    """

    def __init__(
        self,
        recursion: Recursion,
        indices: tuple[Index, ...],
        size: Callable[[Axis], int],
        value: Callable[[dict[Index, int]], Number],
    ) -> None:
        self._counter, *self._indices = indices
        self._size, self._value = size, value
        self._done = min(0, recursion.first - recursion.depth) - 1
        self._known: dict[tuple[int, Place], Any] = {}

    def read(self, number: int, place: Place) -> Number:
        """The value at a number and a place; raises what computing it raises."""
        while self._done < number:
            self._done += 1
            self._step(self._done)
        if (number, place) not in self._known:
            raise UndefinedError(f"there is no value at {number}, {list(place)}")
        found = self._known[number, place]
        if isinstance(found, UndefinedError):
            raise found
        return found

    def _step(self, number: int) -> None:
        for place in places(*(range(self._size(index.axis)) for index in self._indices)):
            env = {self._counter: number, **dict(zip(self._indices, place, strict=True))}
            try:
                found = self._value(env)
            except UndefinedError as error:
                found = error
            else:
                if not isinstance(found, mpmath.mpf) and _bits(found) > MAX_BITS:
                    found = exact.rough(found)
            self._known[number, place] = found


def _bits(number: Number) -> int:
    return int(number.numerator).bit_length() + int(number.denominator).bit_length()
