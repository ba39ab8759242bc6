"""CLIP: the mean of InfoNCE from images to texts and from texts to images, at a learned
temperature.

Use it for two modalities in which each example has one partner, with large batches. `siglip`
decides each pair by itself and normalises over no batch, `unicl` allows several partners,
`cyclip` adds consistency. The temperature begins at 0.07, and the authors keep it above 0.01.

    0.5 * mean(info_nce(image, text, tau=tau)) + 0.5 * mean(info_nce(text, image, tau=tau))

Source: Radford, Kim, Hallacy, Ramesh, Goh, Agarwal, Sastry, Askell, Mishkin, Clark, Krueger,
Sutskever 2021, Learning Transferable Visual Models From Natural Language Supervision, fig. 3
Compiled by losslang 0.1.0, digest 3ff0c39ee231625c; imports only torch.
"""

import torch
from torch import Tensor, nn

__all__ = ["Clip", "clip"]


def _clip(image: Tensor, text: Tensor, keep: Tensor, tau: float | Tensor) -> Tensor:
    """The formula: image [n, dim], text [n, dim] -> []."""
    direction = _unit(image, -1)
    direction_2 = _unit(text, -1)
    kept = torch.where(keep, torch.einsum("jd,id->ij", direction, direction_2) / tau, float("-inf"))
    s = (direction * direction_2).sum(-1) / tau
    at_least = keep.to(image.dtype).sum(-1).clamp(min=1)
    s_2 = torch.einsum("id,jd->ij", direction, direction_2) / tau
    kept_2 = torch.where(keep, torch.where(keep, s_2, float("-inf")).logsumexp(-1) - s, 0.0)
    return (
        torch.where(keep, kept.logsumexp(-1) - s, 0.0).sum(-1) / at_least / 2
        + kept_2.sum(-1) / at_least / 2
    )


def clip(
    image: Tensor, text: Tensor, *, tau: float | Tensor = 0.07, reduction: str = "mean",
    denominator: float | Tensor | None = None, mask: Tensor | None = None,
) -> Tensor:
    """image: real [*batch, dim]; text: real [*batch, dim]; tau: real > 0, learned."""
    if isinstance(tau, int | float) and not (tau > 0):
        raise ValueError(f"tau must be > 0, not {tau}")
    image = _real("image", image, "*batch, dim", 1)
    text = _real("text", text, "*batch, dim", 1)
    _same_examples(image=image.shape[:-1], text=text.shape[:-1])
    examples = image.shape[:-1]
    keep = _keep(mask, examples, image)
    image = image if mask is None else image.masked_fill(~keep[..., None], 0.0)
    image = image.reshape(-1, image.shape[-1])
    text = text if mask is None else text.masked_fill(~keep[..., None], 0.0)
    text = text.reshape(-1, text.shape[-1])
    tau = _single("tau", tau)
    _same_sizes("dim", None, image=image.shape[-1], text=text.shape[-1])
    with _full_precision(image):
        value = _clip(image, text, _some(keep.reshape(-1)), tau)
    return _whole_batch(value, keep, "clip", reduction)


class Clip(nn.Module):
    """Module of :func:`clip`; what is set here is its default."""

    def __init__(self, *, tau: float | Tensor = 0.07, **options: object) -> None:
        super().__init__()
        if isinstance(tau, int | float) and not (tau > 0):
            raise ValueError(f"tau must be > 0, not {tau}")
        self.raw_tau = nn.Parameter(torch.as_tensor(tau).log())
        self.options = options

    @property
    def tau(self) -> Tensor:
        """The learned value, > 0."""
        return self.raw_tau.exp()

    def forward(self, image: Tensor, text: Tensor, **options: object) -> Tensor:
        return clip(image, text, **{"tau": self.tau, **self.options, **options})

    def terms(self, image: Tensor, text: Tensor, **options: object) -> dict[str, Tensor]:
        """Each term of the loss, by name."""
        return {"clip": self(image, text, **options)}


def _full_precision(like: Tensor) -> torch.autocast:
    """Products in the precision of the inputs, also where others are computed in a lower one."""
    device = like.device.type if torch.amp.is_autocast_available(like.device.type) else "cpu"
    return torch.autocast(device, enabled=False)


def _keep(mask: Tensor | None, shape: torch.Size, like: Tensor) -> Tensor:
    """Which examples count."""
    if mask is not None and mask.shape != shape:
        raise ValueError(f"mask has shape {[*mask.shape]}, but the examples {[*shape]}")
    return torch.ones(shape, dtype=torch.bool, device=like.device) if mask is None else mask.bool()


def _real(name: str, x: Tensor, axes: str, rank: int) -> Tensor:
    """An input of real numbers, checked; half precision is computed in float32."""
    if not x.is_floating_point() or x.ndim < rank:
        raise ValueError(f"{name} must be floating-point over ({axes}), not {x.dtype} {[*x.shape]}")
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


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


def _single(name: str, value: float | Tensor) -> float | Tensor:
    """A hyperparameter that is the same for every example."""
    if isinstance(value, Tensor) and value.ndim:
        raise ValueError(f"{name} must be one number here, not of shape {[*value.shape]}")
    return value


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


def _whole_batch(value: Tensor, keep: Tensor, name: str, reduction: str) -> Tensor:
    """A loss that is one number for the batch; 0 if nothing counts."""
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{name} has no value per example; reduction must be mean or sum")
    return torch.where(keep.any(), value, 0.0)
