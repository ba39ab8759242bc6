"""Train a small classifier on handwritten digits with a compiled loss.

First compile a loss, then train with the class that the module holds:

    losslang compile examples/focal.loss -o my_loss.py
    python examples/train_digits.py my_loss.py Focal

The module needs only torch; this script needs scikit-learn for its data.
"""

from __future__ import annotations

import argparse
import runpy

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn


def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images and labels to train on, and images and labels to test on."""
    data = load_digits()
    images = torch.tensor(data.data, dtype=torch.float32) / 16
    labels = torch.tensor(data.target)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    train, test = order[:1400], order[1400:]
    return images[train], labels[train], images[test], labels[test]


def train(loss: nn.Module, epochs: int) -> float:
    """Accuracy on the test images after training with the loss."""
    images, labels, test_images, test_labels = digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    # A loss has parameters of its own if a hyperparameter is declared with `learn`.
    optimizer = torch.optim.Adam([*model.parameters(), *loss.parameters()], lr=3e-3)
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(labels)).split(64):
            value = loss(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            total += value.item() * len(batch)
        print(f"epoch {epoch + 1:2}  loss {total / len(labels):.4f}")
    with torch.no_grad():
        right = model(test_images).argmax(-1) == test_labels
    return right.float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("module", help="a file that `losslang compile` wrote")
    parser.add_argument("name", help="the class in it, such as Focal")
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    torch.manual_seed(0)
    loss = runpy.run_path(options.module)[options.name]()
    print(f"test accuracy {train(loss, options.epochs):.3f}")


if __name__ == "__main__":
    main()
