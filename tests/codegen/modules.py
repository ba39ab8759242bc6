"""Emitted modules of programs and library losses, live, for the tests of the back half."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

import losslang
from losslang import driver
from losslang.codegen.torch.emit import Emitted, emit
from losslang.ir.compose import elaborate
from losslang.ir.loss import Loss
from losslang.ir.signatures import split_inputs
from losslang.runtime.module import load
from losslang.syntax import nodes


def losses(text: str) -> list[Loss]:
    """Every loss of a program that can stand alone."""
    module, scope = driver.load("program.loss", text)
    declared = [d for d in module.declarations if isinstance(d, nodes.Loss)]
    alone = [d for d in declared if d.signature is None or not split_inputs(d)[0]]
    return [elaborate(nodes.Name(d.name_span, d.name), scope, d.name) for d in alone]


@cache
def emitted(text: str) -> Emitted:
    """The one module of all losses of a program."""
    return emit(losses(text))


def module_of(text: str) -> ModuleType:
    """A program, emitted and executed."""
    made = emitted(text)
    return load(made.text, made.digest)


def live(text: str, name: str | None = None, /, **settings: Any) -> Any:
    """An instance of a loss of a program; of the last one unless it is named."""
    made = emitted(text)
    type_ = made.entries[name or list(made.entries)[-1]][1]
    return getattr(module_of(text), type_)(**settings)


@cache
def compiled(spec: str) -> nn.Module:
    """A library expression, compiled once per test run."""
    return losslang.compile(spec)


def normal(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Reproducible normal numbers."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def gradients(function: Any, *inputs: Tensor, **keywords: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The value, and its sum's gradient by each real input."""
    leaves = [x.detach().clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
    value = function(*leaves, **keywords)
    reals = [x for x in leaves if x.is_floating_point()]
    if not value.requires_grad:  # a count, say, or a truth value
        return value, tuple(torch.zeros_like(x) for x in reals)
    found = torch.autograd.grad(value.sum(), reals, materialize_grads=True)
    return value.detach(), found


def same(got: Any, want: Any, tolerance: float = 1e-11) -> None:
    """Equal up to rounding in float64."""
    torch.testing.assert_close(got, want, rtol=tolerance, atol=tolerance)
