"""Train encoders of handwritten digits with losses of whole batches, and compare them.

Each digit is seen twice, somewhere on a larger noisy canvas. InfoNCE and CLIP learn that the two
views belong together, and see no labels. SupCon pulls images of one label together, as far as a
mask says that labels are known. The last loss is a classifier's, with SupCon on its features.

    python examples/contrastive.py
    python examples/contrastive.py --only clip supcon --known 0.1

An encoder is judged by what the nearest training images with a known label say of a test image.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

import losslang

Terms = dict[str, Tensor]


class Digits(NamedTuple):
    """Images, and their labels."""

    images: Tensor
    labels: Tensor


@dataclass
class Batch:
    """What a model says of two views of some images, and which of their labels are known."""

    first: Tensor
    second: Tensor
    logits: Tensor
    label: Tensor
    known: Tensor


def pairs(loss: Any, batch: Batch) -> Terms:
    """A loss of two views: row i of the one belongs to row i of the other."""
    terms: Terms = loss.terms(batch.first, batch.second)
    return terms


def labelled(loss: Any, batch: Batch) -> Terms:
    """A loss of one set of rows. What the mask leaves out is absent: anchor, pair and sum."""
    rows, label = torch.cat([batch.first, batch.second]), batch.label.repeat(2)
    terms: Terms = loss.terms(rows, label, mask=batch.known.repeat(2))
    return terms


def classified(loss: Any, batch: Batch) -> Terms:
    """A sum of terms with inputs of its own, by name."""
    terms: Terms = loss.terms(
        logits=batch.logits, target=batch.label, embedding=batch.first, mask=batch.known
    )
    return terms


LOSSES: dict[str, tuple[str, Callable[[Any, Batch], Terms]]] = {
    "info_nce": ("info_nce(tau=0.2)", pairs),
    "clip": ("clip", pairs),  # its temperature is learned
    "supcon": ("supcon(tau=0.2)", labelled),
    "ce_supcon": ("ce + 0.1 * supcon(embedding, target)", classified),
}


class Model(nn.Module):
    """An encoder, and a classifier of what it makes of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(121, 256), nn.ReLU(), nn.Linear(256, 32))
        self.classifier = nn.Linear(32, 10)

    def forward(self, images: Tensor, label: Tensor, known: Tensor) -> Batch:
        """Two views of the images, and what is known of them."""
        first, second = self.encoder(view(images)), self.encoder(view(images))
        return Batch(first, second, self.classifier(first), label, known)


def view(images: Tensor) -> Tensor:
    """Each image of 8 by 8 at a random place of a noisy canvas of 11 by 11."""
    padded = functional.pad(images.reshape(-1, 8, 8), (3, 3, 3, 3))
    windows = padded.unfold(1, 11, 1).unfold(2, 11, 1)  # image, down, right, and the canvas
    down, right = torch.randint(4, (2, len(images)))
    canvas = windows[torch.arange(len(images)), down, right].flatten(1)
    return canvas + 0.1 * torch.randn_like(canvas)


def nearest(encoder: nn.Module, labelled: Digits, images: Tensor) -> Tensor:
    """The label of the labelled image that is most alike, for views of images."""
    with torch.no_grad():
        rows = functional.normalize(encoder(view(labelled.images)), dim=-1)
        alike = functional.normalize(encoder(view(images)), dim=-1) @ rows.T
    return labelled.labels[alike.argmax(-1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=LOSSES, default=[*LOSSES])
    parser.add_argument("--known", type=float, default=0.2, help="share of labels to train with")
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()

    data = load_digits()
    images = torch.tensor(data.data, dtype=torch.float32) / 16
    labels = torch.tensor(data.target)
    draw = torch.Generator().manual_seed(0)
    train, test = torch.randperm(len(labels), generator=draw).split([1400, len(labels) - 1400])
    known = torch.rand(len(labels), generator=draw) < options.known
    some = train[known[train]]

    def accuracy(model: Model) -> float:
        found = nearest(model.encoder, Digits(images[some], labels[some]), images[test])
        return (found == labels[test]).float().mean().item()

    torch.manual_seed(0)
    print(f"untrained   accuracy {accuracy(Model()):.3f}")
    for name in options.only:
        spec, call = LOSSES[name]
        loss: Any = losslang.compile(spec)
        torch.manual_seed(0)
        model = Model()
        optimizer = torch.optim.Adam([*model.parameters(), *loss.parameters()], lr=2e-3)
        for _ in range(options.epochs):
            for batch in train[torch.randperm(len(train))].split(100):
                terms = call(loss, model(images[batch], labels[batch], known[batch]))
                optimizer.zero_grad()
                torch.stack([*terms.values()]).sum().backward()
                optimizer.step()
        last = "".join(f"  {term} {value.item():.4f}" for term, value in terms.items())
        tau = f"  learned tau {loss.tau.item():.4f}" if name == "clip" else ""
        print(f"{name:10}  accuracy {accuracy(model):.3f}{last}{tau}")


if __name__ == "__main__":
    main()
