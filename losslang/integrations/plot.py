"""Counterexamples as images, with matplotlib: ``pip install "losslang[plot]"``."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from math import ceil
from textwrap import fill
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from losslang.verify.picture import Picture

COLUMNS = 2
WIDTH, HEIGHT = 5.6, 4.4
"""Inches of one picture."""
CURVE, WRONG, RIGHT = "#30506e", "#c8321e", "#2e7d4f"


class NoMatplotlib(Exception):
    """matplotlib is not installed."""

    def __init__(self) -> None:
        super().__init__("drawing needs matplotlib: pip install 'losslang[plot]'")


def draw(pictures: Sequence[Picture], kind: str = "png") -> bytes:
    """An image, ``png``, ``svg`` or ``pdf``, with the pictures side by side.

    Raises :class:`NoMatplotlib`, or ``ValueError`` for a kind that matplotlib does not know.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise NoMatplotlib from None
    columns = min(COLUMNS, len(pictures))
    rows = ceil(len(pictures) / columns)
    figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained")
    for place, picture in enumerate(pictures, 1):
        _draw(figure.add_subplot(rows, columns, place), picture)
    image = BytesIO()
    figure.savefig(image, format=kind, dpi=120)
    return image.getvalue()


def _draw(axes: Any, picture: Picture) -> None:
    axes.plot(*_coordinates(picture.line), color=CURVE, linewidth=1.8, zorder=2)
    if picture.chord:
        ends = _coordinates(picture.chord)
        axes.plot(*ends, color=WRONG, linewidth=1, linestyle="--", marker=".", zorder=3)
    for points, color, marker in ((picture.beside, RIGHT, "s"), (picture.points, WRONG, "o")):
        axes.scatter(*_coordinates(points), color=color, marker=marker, s=36, zorder=4)
    axes.set_title(fill(_plain(picture.title), 52), fontsize=11)
    axes.set_xlabel(_plain(picture.x_label))
    axes.set_ylabel(_plain(picture.y_label))
    axes.annotate(
        fill(_plain(picture.says), 66),
        (0.5, -0.17),
        xycoords="axes fraction",
        ha="center",
        va="top",
        fontsize=8.5,
    )
    if picture.logarithmic:
        axes.set_xscale("log")
    axes.grid(alpha=0.25)


def _coordinates(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _plain(text: str) -> str:
    """Text in which matplotlib reads no formula."""
    return text.replace("$", r"\$")
