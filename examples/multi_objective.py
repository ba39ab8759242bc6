"""Train one encoder for two tasks at once, and compare ways of weighing them.

Each digit stands somewhere on a larger noisy canvas. The model says which digit it is, and in which
column its left edge is. Columns are counted in thirds, so that their squared error is too large for
a plain sum.

    python examples/multi_objective.py
    python examples/multi_objective.py --only sum shares upgrad --epochs 60

`upgrad` needs torchjd: `pip install 'losslang[multi]'`. How to choose is said in
docs/multi-objective.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

import losslang
from losslang.balance import DWA, GradientShares, GradNorm, RandomWeighting

SUM = "ce + mse(guess, column)"
UNITS = 3.0  # of a column


class Model(nn.Module):
    """Layers that both tasks share, and a head for each."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(128, 128), nn.ReLU())
        self.shared = nn.Linear(128, 32)
        self.digit, self.place = nn.Linear(32, 10), nn.Linear(32, 1)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The model's outputs, by the names of the loss's inputs."""
        features = self.shared(self.encoder(images)).relu()
        return {"logits": self.digit(features), "guess": self.place(features).squeeze(-1)}


def uncertainty(_: Model) -> Any:
    return losslang.from_config(
        spec="digit + place",
        digit="uncertainty(ce)",
        place="uncertainty(0.5 * mse(guess, column))",
    )


def scheduled(_: Model) -> Any:
    return losslang.compile("ce + ramp(progress, 0, 0.1) * mse(guess, column)")


# Both heads are outputs; each term has a gradient by one of them.
LOSSES: dict[str, Callable[[Model], Any]] = {
    "sum": lambda model: losslang.compile(SUM),
    "scheduled": scheduled,
    "uncertainty": uncertainty,
    "shares": lambda model: GradientShares(losslang.compile(SUM), wrt=("logits", "guess")),
    "gradnorm": lambda model: GradNorm(losslang.compile(SUM), model.shared.weight),
    "dwa": lambda model: DWA(losslang.compile(SUM)),
    "random": lambda model: RandomWeighting(losslang.compile(SUM)),
    "upgrad": lambda model: losslang.compile(SUM),
}


def gradients(name: str, loss: Any, model: Model, given: dict[str, Tensor]) -> None:
    """One backward; ``given`` has all inputs of the loss."""
    if name != "upgrad":
        loss(**given).backward()
        return
    from torchjd.aggregation import UPGrad
    from torchjd.autojac import backward, jac_to_grad

    backward([*loss.terms(**given).values()])
    jac_to_grad(model.parameters(), UPGrad())


def view(images: Tensor) -> tuple[Tensor, Tensor]:
    """Each image of 8 by 8 on a noisy canvas of 8 by 16, and the column where it is."""
    column = torch.randint(9, (len(images),))
    padded = functional.pad(images.reshape(-1, 8, 8), (8, 8))
    canvas = padded.unfold(2, 16, 1)[torch.arange(len(images)), :, 8 - column].flatten(1)
    return canvas + 0.1 * torch.randn_like(canvas), UNITS * column


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=LOSSES, default=[*LOSSES])
    parser.add_argument("--epochs", type=int, default=40)
    options = parser.parse_args()

    data = load_digits()
    images, labels = torch.tensor(data.data).float() / 16, torch.tensor(data.target)
    draw = torch.Generator().manual_seed(0)
    train, test = torch.randperm(len(labels), generator=draw).split([1400, len(labels) - 1400])

    print("             accuracy  columns off")
    for name in options.only:
        torch.manual_seed(0)
        model = Model()
        loss = LOSSES[name](model)
        # What a loss learns, such as its weights, has a rate of its own and no decay.
        optimizer = torch.optim.AdamW([{"params": model.parameters()}], lr=3e-3)
        if own := [*loss.parameters()]:
            optimizer.add_param_group({"params": own, "lr": 2e-2, "weight_decay": 0.0})
        for epoch in range(options.epochs):
            if hasattr(loss, "progress"):
                loss.progress = epoch / options.epochs
            for batch in train[torch.randperm(len(train))].split(100):
                seen, column = view(images[batch])
                optimizer.zero_grad()
                given = {**model(seen), "target": labels[batch], "column": column}
                gradients(name, loss, model, given)
                optimizer.step()
            if isinstance(loss, DWA):
                loss.end_epoch()
        with torch.no_grad():
            seen, column = view(images[test])
            said = model(seen)
        accuracy = (said["logits"].argmax(-1) == labels[test]).float().mean().item()
        off = (said["guess"] - column).abs().mean().item() / UNITS
        print(f"{name:12} {accuracy:8.3f} {off:12.2f}")


if __name__ == "__main__":
    main()
