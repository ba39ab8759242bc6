"""Train a small classifier on handwritten digits with compiled losses.

Losses that yaml files choose, one training for each, and a table of all:

    python examples/train_digits.py --conf examples/conf/ce.yaml examples/conf/focal.yaml

Or the loss of a module that `losslang compile` wrote, which needs torch and no losslang:

    losslang compile examples/focal.loss -o my_loss.py
    python examples/train_digits.py my_loss.py Focal

With `--noise 0.4` that share of the training images gets a wrong label. The labels that the model
is tested on stay right.
"""

from __future__ import annotations

import argparse
import runpy
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from tqdm import tqdm


class Digits(NamedTuple):
    """Images as rows of 64 numbers in [0, 1], and their labels."""

    images: Tensor
    labels: Tensor


def digits(noise: float) -> tuple[Digits, Digits]:
    """What to train on, with a share of wrong labels, and what to test on."""
    data = load_digits()
    images = torch.tensor(data.data, dtype=torch.float32) / 16
    labels = torch.tensor(data.target)
    draw = torch.Generator().manual_seed(0)
    train, test = torch.randperm(len(labels), generator=draw).split([1400, len(labels) - 1400])
    wrong = torch.rand(len(train), generator=draw) < noise
    shift = torch.randint(1, 10, (len(train),), generator=draw)
    given = torch.where(wrong, (labels[train] + shift) % 10, labels[train])
    return Digits(images[train], given), Digits(images[test], labels[test])


def from_yaml(path: Path) -> Any:
    """The loss that a yaml file describes; its paths are relative to the file."""
    import yaml

    import losslang

    try:
        return losslang.from_config(yaml.safe_load(path.read_text("utf-8")), folder=path.parent)
    except losslang.DiagnosticError as error:  # a mistake in the config, with its place and a hint
        raise SystemExit(f"{path}: {error}") from None


class Result(NamedTuple):
    """What is left of a training."""

    accuracy: float
    loss: float
    seconds: float


def fit(loss: Any, train: Digits, test: Digits, epochs: int, quiet: bool) -> Result:
    """Train a fresh model; log the loss, its terms and what it learned after each epoch."""
    start = time.perf_counter()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    # A loss has parameters of its own where a hyperparameter is declared or set with `learn`.
    optimizer = torch.optim.Adam([*model.parameters(), *loss.parameters()], lr=3e-3)
    bar = tqdm(range(epochs), unit="epoch", leave=False, disable=quiet or None)
    for epoch in bar:
        loss.train()
        if hasattr(loss, "progress"):  # something in it follows the training, such as a ramp
            loss.progress = epoch / epochs
        for batch in torch.randperm(len(train.labels)).split(64):
            value = loss(model(train.images[batch]), train.labels[batch])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
        loss.eval()
        with torch.no_grad():
            terms = loss.terms(model(train.images), train.labels)
        total = sum(term.item() for term in terms.values())
        shown = {"loss": total, **learned(loss)}
        if len(terms) > 1:
            shown |= {name: term.item() for name, term in terms.items()}
        if not quiet:
            bar.write(f"epoch {epoch + 1:2}" + "".join(f"  {k} {v:.4f}" for k, v in shown.items()))
    with torch.no_grad():
        right = model(test.images).argmax(-1) == test.labels
    return Result(right.float().mean().item(), total, time.perf_counter() - start)


def learned(loss: Any) -> dict[str, float]:
    """The learned hyperparameters: `loss.tau` is in its domain, the parameter `raw_tau` is free."""
    names = [name.removeprefix("raw_") for name, _ in loss.named_parameters()]
    return {name: getattr(loss, name).mean().item() for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("module", nargs="?", help="a file that `losslang compile` wrote")
    parser.add_argument("name", nargs="?", help="the class in it, such as Focal")
    parser.add_argument("--conf", nargs="+", type=Path, default=[], help="yaml files with a loss")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--noise", type=float, default=0.0, help="share of wrong training labels")
    parser.add_argument("--quiet", action="store_true", help="print the results alone")
    options = parser.parse_args()
    if bool(options.conf) == bool(options.name):
        parser.error("give either a module and the name of a class, or --conf with yaml files")
    losses = {path.stem: from_yaml(path) for path in options.conf}
    if options.name:
        losses[options.name] = runpy.run_path(options.module)[options.name]()

    data = digits(options.noise)
    rows = {}
    for name, loss in losses.items():
        if len(losses) > 1 and not options.quiet:
            print(f"\n{name}")
        rows[name] = fit(loss, *data, options.epochs, options.quiet)
    if len(rows) > 1:
        print(f"\n{'':16} test accuracy  training loss  seconds")
        for name, row in rows.items():
            print(f"{name:16} {row.accuracy:13.3f}  {row.loss:13.4f}  {row.seconds:7.2f}")
    else:
        print(f"test accuracy {rows.popitem()[1].accuracy:.3f}")


if __name__ == "__main__":
    main()
