"""Segment made-up shapes with a loss per pixel, a loss per image, and sums of the two.

Each image of 32 by 32 shows a disc and a box in noise; a network of three convolutions says what
every pixel belongs to. Pixels at the shapes' borders belong to nothing: their label is ignored, as
annotators mark what they cannot tell.

    python examples/segmentation.py
    python examples/segmentation.py "focal + jaccard" "tversky(alpha=0.3, beta=0.7)"
"""

from __future__ import annotations

import argparse
import time
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

import losslang

IGNORED = 255
LOSSES = ["ce", "dice(smooth=1)", "ce + 0.5 * dice(smooth=0)"]


class Scenes(NamedTuple):
    """Images [n, 1, 32, 32], and for every pixel 0, 1 for a disc, 2 for a box, or IGNORED."""

    images: Tensor
    labels: Tensor


def scenes(count: int, seed: int) -> Scenes:
    """Shapes at random places, brighter than what is around them, in noise."""
    draw = torch.Generator().manual_seed(seed)
    at = torch.arange(32.0)
    labels = torch.zeros(count, 32, 32, dtype=torch.long)
    for kind in (1, 2):
        row, column, size = torch.rand(3, count, 1, 1, generator=draw)
        down = (at[:, None] - 6 - 20 * row).abs()
        right = (at - 6 - 20 * column).abs()
        distance = down.hypot(right) if kind == 1 else torch.maximum(down, right)
        labels[distance < 4 + 2 * size] = kind
    noise = torch.randn(count, 1, 32, 32, generator=draw)
    images = (labels > 0)[:, None] + 0.5 * noise
    return Scenes(images, labels.masked_fill(border(labels), IGNORED))


def border(labels: Tensor) -> Tensor:
    """Where a pixel's neighbours do not all have the same label."""
    values = labels[:, None].float()
    highest = functional.max_pool2d(values, 3, stride=1, padding=1)
    lowest = -functional.max_pool2d(-values, 3, stride=1, padding=1)
    return (highest != lowest)[:, 0]


def fit(loss: Any, train: Scenes, epochs: int) -> nn.Module:
    """A network trained from the same start, with the same batches, whatever the loss."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(),
        nn.Conv2d(12, 12, 5, padding=4, dilation=2), nn.ReLU(),
        nn.Conv2d(12, 3, 5, padding=2),
    )  # fmt: skip
    optimizer = torch.optim.Adam([*model.parameters(), *loss.parameters()], lr=5e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(train.images)).split(16):
            # Logits [n, class, height, width] and labels [n, height, width].
            value = loss(model(train.images[batch]), train.labels[batch])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
    return model


def overlaps(found: Tensor, labels: Tensor) -> list[float]:
    """Intersection over union of each class, over the pixels that count."""
    counts = labels != IGNORED
    both = [(found == c) & (labels == c) & counts for c in range(3)]
    either = [((found == c) | (labels == c)) & counts for c in range(3)]
    return [(a.sum() / b.sum()).item() for a, b in zip(both, either, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("losses", nargs="*", default=LOSSES, help="expressions over the library")
    parser.add_argument("--images", type=int, default=128, help="how many to train on")
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    known, unseen = scenes(options.images, seed=0), scenes(64, seed=1)
    for spec in options.losses:
        start = time.perf_counter()
        # Keywords of the call, given here, are the defaults of every call.
        loss: Any = losslang.compile(spec, class_dim=1, ignore_index=IGNORED)
        model = fit(loss, known, options.epochs)
        seconds = time.perf_counter() - start
        with torch.no_grad():
            logits = model(unseen.images)
            terms = loss.terms(logits, unseen.labels)
        each = overlaps(logits.argmax(1), unseen.labels)
        print(f"{spec}  ({seconds:.1f} s)")
        names = zip(("background", "disc", "box"), each, strict=True)
        print(f"    mean IoU {sum(each) / 3:.3f}:", *(f"{n} {iou:.3f}" for n, iou in names))
        print("    test loss:", *(f"{name} {value.item():.4f}" for name, value in terms.items()))


if __name__ == "__main__":
    main()
