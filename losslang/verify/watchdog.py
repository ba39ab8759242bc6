"""Calls with a time limit, for algebra that may run away.

SymPy can take minutes for what looks simple, and does not look at a clock. During :func:`within`
another thread does, and raises an exception in the one that computes. Calls nest, and an outer
limit that passes during an inner call ends both. A single long call of a C library is not
interrupted.

Time is what the computing thread has spent on a processor, so that other work on the machine does
not change what can be proved.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

import mpmath
from sympy.core.cache import clear_cache

T = TypeVar("T")

PERIOD = 0.005
"""How often the clock is looked at, in seconds."""

AGAIN = 0.05
"""How long after an interruption another one follows, for a callback may swallow the first."""


Clock: TypeAlias = Callable[[], float]


def clock_of(thread: int) -> Clock:
    """The processor time of a running thread in seconds; real time where no system call tells."""
    if hasattr(time, "pthread_getcpuclockid"):
        return partial(time.clock_gettime, time.pthread_getcpuclockid(thread))
    return time.monotonic


def now() -> float:
    """What :func:`clock_of` tells of this thread."""
    return clock_of(threading.get_ident())()


class TimeUp(BaseException):
    """A time limit passed. No ``Exception``, so that nothing on the way catches it."""


class _Here(threading.local):
    def __init__(self) -> None:
        self.deadlines: list[float] = []


class _Watchdog:
    """The thread that looks at the clock; it starts when first needed, and sleeps in between.

    An interruption may strike the other threads at any point, also in here. So they hold a lock in
    ``with`` statements only, and wait for nothing else.
    """

    def __init__(self) -> None:
        self._deadlines: dict[int, tuple[float, Clock]] = {}
        self._lock = threading.Lock()
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._asleep = False
        self._thread: threading.Thread | None = None
        self._report: Callable[[Any], object] | None = None

    def watch(self, thread: int, deadline: float) -> None:
        """Interrupt a thread from ``deadline`` on, until told otherwise."""
        clock = clock_of(thread)
        with self._lock:
            self._deadlines[thread] = deadline, clock
            asleep, self._asleep = self._asleep, False
        if asleep:
            self._wake.put(None)

    def release(self, thread: int) -> None:
        """Leave a thread alone; an interruption may still be under way."""
        with self._lock:
            self._deadlines.pop(thread, None)
            if self._report is not None and not self._deadlines:
                sys.unraisablehook, self._report = self._report, None

    def start(self) -> None:
        """See that the thread runs. It does not survive a fork."""
        if self._thread is None or not self._thread.is_alive():
            self._lock, self._asleep = threading.Lock(), False
            self._thread = threading.Thread(target=self._patrol, daemon=True)
            self._thread.start()

    def _patrol(self) -> None:
        while True:
            with self._lock:
                self._asleep = not self._deadlines
            if self._asleep:
                self._wake.get()
            time.sleep(PERIOD)
            with self._lock:
                self._look()

    def _look(self) -> None:
        for thread, (deadline, clock) in self._deadlines.items():
            time_now = clock()
            if time_now > deadline:
                self._deadlines[thread] = time_now + AGAIN, clock
                if self._report is None:
                    self._report = sys.unraisablehook
                    sys.unraisablehook = _quietly(self._report)
                _interrupt(thread)


def _interrupt(thread: int) -> None:
    # An interruption is never called off: CPython 3.11 would go on looking for it at every step.
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))


def _quietly(report: Callable[[Any], object]) -> Callable[[Any], object]:
    """A hook for errors that Python cannot raise, which leaves out ours: they are raised again."""

    def hook(error: Any) -> object:
        return None if error.exc_type is TimeUp else report(error)

    return hook


_here = _Here()
_watchdog = _Watchdog()


def within(seconds: float, work: Callable[[], T]) -> T | None:
    """What ``work`` returns, or ``None`` if that takes more than ``seconds`` of processor time.

    Raises:
        TimeUp: A limit around this one has passed.
    """
    if seconds <= 0:
        return None
    outer, thread, digits = tuple(_here.deadlines), threading.get_ident(), mpmath.mp.prec
    if not outer:
        _watchdog.start()
    deadline = now() + seconds
    result: T | None = None
    if outer and deadline >= min(outer):
        # The limit around this one passes first.
        return work()
    try:
        try:
            _here.deadlines = [*outer, deadline]
            _watchdog.watch(thread, deadline)
            result = work()
        finally:
            _leave(thread, outer)
    except TimeUp:
        _insist(lambda: _leave(thread, outer))
    end = now()
    if end > deadline:
        mpmath.mp.prec = digits
        clear_cache()  # assumptions that were being worked out stay unknown in there
    if outer and end > min(outer):
        raise TimeUp
    return result


def _leave(thread: int, outer: tuple[float, ...]) -> None:
    """Go back to the limits around this one."""
    _here.deadlines = list(outer)
    _watchdog.release(thread)
    try:
        for _ in range(3):
            pass  # what is still under way strikes here at the latest
    except TimeUp:
        pass
    if outer:
        _watchdog.watch(thread, min(outer))


def _insist(step: Callable[[], None]) -> None:
    """Take a step even if an interruption comes in between."""
    while True:
        try:
            step()
        except TimeUp:
            continue
        return
