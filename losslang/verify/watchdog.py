"""Calls with a time limit, for algebra that may run away.

SymPy can take minutes for what looks simple, and does not look at a clock. :func:`within` lets a
timer raise an exception in the thread that computes. Calls nest, and an outer limit that passes
during an inner call ends both. A single long call of a C library is not interrupted.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

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


class _Timer(threading.Thread):
    """Interrupts the thread that made it after some seconds, unless it is stopped before."""

    def __init__(self, seconds: float) -> None:
        super().__init__(daemon=True)
        self.fired = False
        self._hook: Callable[[Any], object] = sys.unraisablehook
        self._seconds = seconds
        self._target_thread = threading.get_ident()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def run(self) -> None:
        """Wait, then interrupt; once more every moment, in case a callback swallows it."""
        wait = self._seconds
        while not self._stopped.wait(wait):
            with self._lock:
                if not self._stopped.is_set():
                    if not self.fired:
                        self.fired, self._hook = True, sys.unraisablehook
                        sys.unraisablehook = _quietly(sys.unraisablehook)
                    _interrupt(self._target_thread, TimeUp)
            wait = 0.05

    def stop(self) -> None:
        """From here on it does nothing; an interruption still under way is called off."""
        with self._lock:
            self._stopped.set()
        if self.fired:
            _interrupt(self._target_thread, None)
            sys.unraisablehook = self._hook


def within(seconds: float, work: Callable[[], T]) -> T | None:
    """What ``work`` returns, or ``None`` if that takes longer than ``seconds``.

    Raises:
        TimeUp: A limit around this one has passed.
    """
    if seconds <= 0:
        return None
    deadlines, digits = _here.deadlines, mpmath.mp.prec
    depth = len(deadlines)
    result: T | None = None
    deadlines.append(time.monotonic() + seconds)
    timer = _Timer(seconds)
    try:
        try:
            timer.start()
            result = work()
        finally:
            timer.stop()
    except TimeUp:
        _insist(timer.stop)
    del deadlines[depth:]
    if timer.fired:
        mpmath.mp.prec = digits
        clear_cache()  # assumptions that were being worked out stay unknown in there
    if deadlines and time.monotonic() > min(deadlines):
        raise TimeUp
    return result


def _insist(step: Callable[[], None]) -> None:
    """Take a step even if an interruption comes in between."""
    while True:
        try:
            step()
        except TimeUp:
            continue
        return


def _quietly(report: Callable[[Any], object]) -> Callable[[Any], object]:
    """A hook for errors that Python cannot raise, which leaves out ours: they are raised again."""

    def hook(error: Any) -> object:
        return None if error.exc_type is TimeUp else report(error)

    return hook
