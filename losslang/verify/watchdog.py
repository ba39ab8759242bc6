"""Calls with a time limit, for algebra that may run away.

SymPy can take minutes for what looks simple, and does not look at a clock. :func:`within` lets a
timer raise an exception in the thread that computes. Calls nest, and an outer limit that passes
during an inner call ends both. A single long call of a C library is not interrupted.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import mpmath
from sympy.core.cache import clear_cache

T = TypeVar("T")


class TimeUp(BaseException):
    """A time limit passed. No ``Exception``, so that nothing on the way catches it."""


class _Here(threading.local):
    def __init__(self) -> None:
        self.deadlines: list[float] = []


_here = _Here()


def _interrupt(thread: int, exception: type[BaseException] | None) -> None:
    target = ctypes.py_object(exception) if exception else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), target)


class _Timer:
    """Interrupts one thread at one time, unless it is stopped before."""

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self._stopped = False
        self._lock = threading.Lock()
        self._thread = threading.get_ident()
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def _fire(self) -> None:
        with self._lock:
            if not self._stopped:
                self.fired = True
                _interrupt(self._thread, TimeUp)

    def stop(self) -> None:
        """From here on it does not fire; an interruption still under way is called off."""
        with self._lock:
            self._stopped = True
        self._timer.cancel()
        if self.fired:
            _interrupt(self._thread, None)


def within(seconds: float, work: Callable[[], T]) -> T | None:
    """What ``work`` returns, or ``None`` if that takes longer than ``seconds``.

    Raises:
        TimeUp: A limit around this one has passed.
    """
    deadlines = _here.deadlines
    depth, digits = len(deadlines), mpmath.mp.prec
    end = time.monotonic() + seconds
    if seconds <= 0:
        return None
    deadlines.append(end)
    result: T | None = None
    timer = _Timer(seconds)
    try:
        try:
            result = work()
        finally:
            timer.stop()
    except TimeUp:
        # It may also strike while the timer is being stopped.
        timer.stop()
        result = None
    finally:
        del deadlines[depth:]
    if timer.fired:
        mpmath.mp.prec = digits
        clear_cache()  # assumptions that were being worked out stay unknown in there
    if deadlines and time.monotonic() > min(deadlines):
        raise TimeUp
    return result
