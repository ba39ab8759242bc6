"""Pictures of counterexamples as images."""

from __future__ import annotations

import sys

import pytest

from losslang.integrations import plot
from losslang.verify.picture import Picture

PICTURE = Picture(
    "poly1 is not calibrated",
    "it costs $1",
    "share of p in q",
    "risk",
    ((0.0, 1.0), (0.5, 2.0), (1.0, 4.0)),
    ((0.0, 1.0),),
    ((1.0, 4.0),),
    ((0.0, 1.0), (1.0, 4.0)),
)


@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")]
)
def test_an_image_is_of_the_kind_asked_for(kind, start):
    pytest.importorskip("matplotlib")
    assert plot.draw([PICTURE] * 3, kind).startswith(start)


def test_an_unknown_kind_is_refused():
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match="xyz"):
        plot.draw([PICTURE], "xyz")


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(plot.NoMatplotlib, match=r"losslang\[plot\]"):
        plot.draw([PICTURE])
