"""Solve the heat equation by a network whose loss is made of the equation and its conditions.

A rod of length 1 starts as warm as half a sine and is held at 0 at both ends. The network maps
place and time to temperature; automatic differentiation makes the residual of the equation at
points drawn anew in every step, and the loss weighs it against the errors at the ends and at the
start.

    python examples/pinn.py
    python examples/pinn.py "pinn(border=1, first=1)" --steps 2000

It prints the root mean square of the error against the solution in closed form.
"""

from __future__ import annotations

import argparse
import math

import torch
from torch import Tensor, nn

import losslang

DIFFUSION = 0.1


def solution(points: Tensor) -> Tensor:
    """The temperature at points [N, 2] of place and time, in closed form."""
    place, time = points.T
    return torch.exp(-DIFFUSION * math.pi**2 * time) * torch.sin(math.pi * place)


def residual(network: nn.Module, points: Tensor) -> Tensor:
    """How far the network is from the equation at points [N, 2]: u_t - DIFFUSION * u_xx."""
    points = points.requires_grad_()
    (slope,) = torch.autograd.grad(network(points).sum(), points, create_graph=True)
    (bend,) = torch.autograd.grad(slope[:, 0].sum(), points, create_graph=True)
    return slope[:, 1] - DIFFUSION * bend[:, 0]


def train(spec: str, steps: int, points: int = 128) -> float:
    """The error that is left after training with a loss of residual, edge and start."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
    )
    loss = losslang.compile(spec)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(steps):
        inside, edge, start = (torch.rand(points, 2) for _ in range(3))
        edge[:, 0], start[:, 1] = edge[:, 0].round(), 0.0
        errors = (network(p).squeeze(-1) - solution(p) for p in (edge, start))
        optimiser.zero_grad()
        loss(residual(network, inside), *errors).backward()
        optimiser.step()
    with torch.no_grad():
        grid = torch.cartesian_prod(torch.linspace(0, 1, 21), torch.linspace(0, 1, 21))
        error = network(grid).squeeze(-1) - solution(grid)
        return float(error.square().mean().sqrt())


def main() -> None:
    """Train, and say how far the result is from the solution."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("loss", nargs="?", default="pinn(border=10, first=10)")
    parser.add_argument("--steps", type=int, default=600)
    options = parser.parse_args()
    print(f"{options.loss}: error {train(options.loss, options.steps):.4f}")


if __name__ == "__main__":
    main()
