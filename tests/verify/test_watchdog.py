"""Calls with a time limit: they end in time, nest, and leave nothing behind."""

from __future__ import annotations

import sys
import threading
import time

import mpmath
import pytest

from losslang.verify.watchdog import TimeUp, within


def forever():
    while True:
        sum(range(100))


def test_a_quick_call_returns_its_value():
    assert within(5.0, lambda: 7) == 7


def test_a_long_call_ends_in_time():
    start = time.monotonic()
    assert within(0.05, forever) is None
    assert time.monotonic() - start < 1.0


def test_no_time_means_no_call():
    assert within(0.0, lambda: pytest.fail("called")) is None


def test_exceptions_pass_through():
    with pytest.raises(ZeroDivisionError):
        within(5.0, lambda: 1 // 0)


def test_an_inner_limit_ends_the_inner_call_only():
    assert within(5.0, lambda: (within(0.05, forever), "outer goes on")) == (
        None,
        "outer goes on",
    )


def test_an_outer_limit_ends_inner_calls_too():
    reached = []

    def work():
        within(60.0, forever)
        reached.append(1)

    assert within(0.05, work) is None
    assert not reached


def test_a_call_that_catches_exceptions_is_ended_all_the_same():
    def stubborn():
        while True:
            try:
                forever()
            except Exception:
                continue

    assert within(0.05, stubborn) is None


def test_nothing_strikes_after_the_call():
    hook = sys.unraisablehook
    for n in range(200):
        within(0.0002 * (n % 5), lambda: sum(range(2000)))
    time.sleep(0.1)
    assert sys.unraisablehook is hook
    assert within(1.0, lambda: "fine") == "fine"


def test_the_working_precision_is_restored():
    def work():
        mpmath.mp.prec = 999
        forever()

    before = mpmath.mp.prec
    assert within(0.05, work) is None
    assert mpmath.mp.prec == before


def test_other_threads_have_limits_of_their_own():
    found = []
    thread = threading.Thread(target=lambda: found.append(within(0.05, forever)))
    thread.start()
    thread.join(timeout=5.0)
    assert found == [None]


def test_the_interruption_is_no_ordinary_exception():
    assert not issubclass(TimeUp, Exception)


def test_a_profiler_may_watch():
    calls = []
    before = sys.getprofile()
    sys.setprofile(lambda *event: calls.append(event))
    try:
        assert within(0.05, forever) is None
        assert within(5.0, lambda: sum(range(10))) == 45
    finally:
        sys.setprofile(before)
    assert calls
