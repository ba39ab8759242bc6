"""How long a search may go on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeVar

from losslang.verify.watchdog import now, within

T = TypeVar("T")


class Budget:
    """Processor time that is running out.

    ``patience`` stretches the limits that parts of a search set themselves. The budget also ends at
    the real time ``until``, of ``time.monotonic``.
    """

    def __init__(
        self,
        seconds: float,
        patience: float = 1.0,
        until: float = math.inf,
        short: Short | None = None,
    ) -> None:
        """``seconds`` from now on."""
        self.end = now() + seconds
        self.patience = patience
        self.until = until
        self._short = short or Short()

    def left(self) -> float:
        """Seconds left; 0 when none are."""
        left = max(0.0, min(self.end - now(), self.until - time.monotonic()))
        if not left:
            self.give_up()
        return left

    def give_up(self) -> None:
        """Note that something was left out which takes longer than this budget allows."""
        self._short.happened = True

    @property
    def was_short(self) -> bool:
        """Whether it has run out, or a part of it has: with more, more might have been found."""
        return self._short.happened

    def part(self, seconds: float) -> Budget:
        """A budget of so many seconds, stretched by the patience, within this one."""
        return self._of(min(seconds * self.patience, self.left()))

    def share(self, fraction: float) -> Budget:
        """A fraction of what is left."""
        return self._of(self.left() * fraction)

    def _of(self, seconds: float) -> Budget:
        return Budget(seconds, self.patience, self.until, self._short)

    def within(self, work: Callable[[], T]) -> T | None:
        """What ``work`` returns, or ``None`` if that takes longer than is left."""
        found = within(self.left(), work)
        self.left()
        return found


class Short:
    """Whether some budget of a family ran out."""

    happened = False
