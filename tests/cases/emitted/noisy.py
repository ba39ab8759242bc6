"""Mean squared error of a noisy prediction.

    (prediction + scale * normal() - target)**2

Compiled by losslang 0.1.0, digest 502605ae37237061; imports only torch.
"""

import torch
from torch import Tensor, nn

__all__ = ["Noisy", "noisy"]


def _noisy(prediction: Tensor, target: Tensor, normal_1: Tensor, scale: float | Tensor) -> Tensor:
    """The formula: prediction [n], target [n] -> [n]."""
    return (scale * normal_1 + prediction - target) ** 2


def noisy(
    prediction: Tensor, target: Tensor, *, scale: float | Tensor = 0.1, reduction: str = "mean",
    denominator: float | Tensor | None = None, weight: Tensor | None = None,
    mask: Tensor | None = None, generator: torch.Generator | None = None,
) -> Tensor:
    """prediction: real [*batch]; target: real [*batch]; scale: real >= 0."""
    if isinstance(scale, int | float) and not (scale >= 0):
        raise ValueError(f"scale must be >= 0, not {scale}")
    prediction = _real("prediction", prediction, "*batch", 0)
    target = _real("target", target, "*batch", 0)
    _same_examples(prediction=prediction.shape, target=target.shape)
    examples = prediction.shape
    keep = _keep(mask, examples, prediction)
    prediction = prediction if mask is None else prediction.masked_fill(~keep, 0.0)
    prediction = prediction.reshape(-1)
    target = target if mask is None else target.masked_fill(~keep, 0.0)
    target = target.reshape(-1)
    scale = _per_example(scale, examples)
    normal_1 = torch.randn(
        (prediction.shape[0],), generator=generator, dtype=prediction.dtype,
        device=prediction.device
    )
    value = _noisy(prediction, target, normal_1, scale)
    return _reduce(value, keep, weight, None, True, reduction, denominator)


class Noisy(nn.Module):
    """Module of :func:`noisy`; what is set here is its default."""

    def __init__(self, *, scale: float | Tensor = 0.1, **options: object) -> None:
        super().__init__()
        self.scale = scale
        self.options = options

    def forward(self, prediction: Tensor, target: Tensor, **options: object) -> Tensor:
        return noisy(prediction, target, **{"scale": self.scale, **self.options, **options})

    def terms(self, prediction: Tensor, target: Tensor, **options: object) -> dict[str, Tensor]:
        """Each term of the loss, by name."""
        return {"noisy": self(prediction, target, **options)}


def _keep(mask: Tensor | None, shape: torch.Size, like: Tensor) -> Tensor:
    """Which examples count."""
    if mask is not None and mask.shape != shape:
        raise ValueError(f"mask has shape {[*mask.shape]}, but the examples {[*shape]}")
    return torch.ones(shape, dtype=torch.bool, device=like.device) if mask is None else mask.bool()


def _per_example(value: float | Tensor, examples: torch.Size) -> float | Tensor:
    """A hyperparameter: one number, or one for each example."""
    flat = isinstance(value, Tensor) and value.ndim > 0
    return value.expand(examples).reshape(-1) if flat else value


def _real(name: str, x: Tensor, axes: str, rank: int) -> Tensor:
    """An input of real numbers, checked; half precision is computed in float32."""
    if not x.is_floating_point() or x.ndim < rank:
        raise ValueError(f"{name} must be floating-point over ({axes}), not {x.dtype} {[*x.shape]}")
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _reduce(
    value: Tensor, keep: Tensor, weight: Tensor | None, label_weight: Tensor | None,
    included: bool, reduction: str, denominator: float | Tensor | None,
) -> Tensor:
    """The values that count, their sum, or their weighted mean; a mean over nothing is 0."""
    if weight is not None and weight.shape != keep.shape[: weight.ndim]:
        raise ValueError(f"weight {[*weight.shape]} is not one per example (see class_weight)")
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction must be mean, sum or none, not {reduction!r}")
    value, count = value.reshape(keep.shape), keep
    for factor, in_value in ((weight, False), (label_weight, included)):
        if factor is not None:
            factor = factor.reshape(factor.shape + (1,) * (keep.ndim - factor.ndim))
            value, count = value if in_value else value * factor, count * factor
    value = torch.where(keep, value, 0.0)
    if reduction != "mean":
        return value.sum() if reduction == "sum" else value
    total = count.sum() if denominator is None else torch.as_tensor(denominator)
    return value.sum() / torch.where(total == 0, 1, total)


def _same_examples(**shapes: torch.Size) -> None:
    """Refuse inputs that would only fit by broadcasting."""
    if any(shape != next(iter(shapes.values())) for shape in shapes.values()):
        found = ", ".join(f"{name} {[*shape]}" for name, shape in shapes.items())
        raise ValueError(f"the inputs disagree about the axes of the examples (*batch): {found}")
