"""InfoNCE: tell the partner of each row from the partners of the other rows of the batch.

The loss to begin with for pairs: all other rows of `v` are negatives, so batches should be large
and hold no two alike. `nt_xent` adds negatives of the own view, `clip` the other direction,
`moco` a queue, `simcse` mined negatives, `supcon` labels. The paper scores by a bilinear form;
the cosine over a temperature is today's custom.

    -log(exp(s(i, i)) / sum(exp(s(i, j)) for j in batch))
    where
        s(i, j) = cosine(u[i], v[j]) / tau

Source: van den Oord, Li, Vinyals 2018, Representation Learning with Contrastive Predictive
Coding, eq. 4
Compiled by losslang 0.1.0, digest 3422ad762ee19ad4; imports only torch.
"""

import torch
from torch import Tensor, nn

__all__ = ["InfoNce", "info_nce"]


def _info_nce(u: Tensor, v: Tensor, keep: Tensor, tau: float | Tensor) -> Tensor:
    """The formula: u [n, dim], v [n, dim] -> [n]."""
    direction = _unit(u, -1)
    direction_2 = _unit(v, -1)
    kept = torch.where(
        keep, torch.einsum("id,jd->ij", direction, direction_2) / _column(tau, 1), float("-inf")
    )
    return kept.logsumexp(-1) - (direction * direction_2).sum(-1) / tau


def info_nce(
    u: Tensor, v: Tensor, *, tau: float | Tensor = 0.1, reduction: str = "mean",
    denominator: float | Tensor | None = None, weight: Tensor | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """u: real [*batch, dim]; v: real [*batch, dim]; tau: real > 0."""
    if isinstance(tau, int | float) and not (tau > 0):
        raise ValueError(f"tau must be > 0, not {tau}")
    u = _real("u", u, "*batch, dim", 1)
    v = _real("v", v, "*batch, dim", 1)
    _same_examples(u=u.shape[:-1], v=v.shape[:-1])
    examples = u.shape[:-1]
    keep = _keep(mask, examples, u)
    u = u if mask is None else u.masked_fill(~keep[..., None], 0.0)
    u = u.reshape(-1, u.shape[-1])
    v = v if mask is None else v.masked_fill(~keep[..., None], 0.0)
    v = v.reshape(-1, v.shape[-1])
    tau = _per_example(tau, examples)
    _same_sizes("dim", None, u=u.shape[-1], v=v.shape[-1])
    with _full_precision(u):
        value = _info_nce(u, v, _some(keep.reshape(-1)), tau)
    return _reduce(value, keep, weight, None, True, reduction, denominator)


class InfoNce(nn.Module):
    """Module of :func:`info_nce`; what is set here is its default."""

    def __init__(self, *, tau: float | Tensor = 0.1, **options: object) -> None:
        super().__init__()
        self.tau = tau
        self.options = options

    def forward(self, u: Tensor, v: Tensor, **options: object) -> Tensor:
        return info_nce(u, v, **{"tau": self.tau, **self.options, **options})

    def terms(self, u: Tensor, v: Tensor, **options: object) -> dict[str, Tensor]:
        """Each term of the loss, by name."""
        return {"info_nce": self(u, v, **options)}


def _column(value: float | Tensor, axes: int) -> float | Tensor:
    """A hyperparameter with one entry per example, beside further axes."""
    return value[(..., *(None,) * axes)] if isinstance(value, Tensor) and value.ndim else value


def _full_precision(like: Tensor) -> torch.autocast:
    """Products in the precision of the inputs, also where others are computed in a lower one."""
    device = like.device.type if torch.amp.is_autocast_available(like.device.type) else "cpu"
    return torch.autocast(device, enabled=False)


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


def _same_sizes(axis: str, size: int | None, /, **sizes: object) -> None:
    """Refuse arrays that would only fit by broadcasting, or in part."""
    wanted = next(iter(sizes.values())) if size is None else size
    if any(found != wanted for found in sizes.values()):
        found = ", ".join(f"{name} {found}" for name, found in sizes.items())
        declared = "" if size is None else f" declared {size},"
        raise ValueError(f"the sizes of axis {axis} disagree:{declared} {found}")


def _some(keep: Tensor) -> Tensor:
    """What counts, or everything where nothing does: its value is never used, but has to exist."""
    return keep | ~keep.any(-1, keepdim=True)


def _unit(x: Tensor, dim: int) -> Tensor:
    """A vector divided by its length; a zero vector stays zero."""
    if not x.numel():
        return x
    largest = x.detach().abs().amax(dim, keepdim=True)
    zero = largest == 0
    x = torch.where(zero, 1.0, x / torch.where(zero, 1.0, largest))
    return torch.where(zero, 0.0, x / torch.linalg.vector_norm(x, dim=dim, keepdim=True))
