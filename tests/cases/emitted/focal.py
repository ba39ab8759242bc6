"""Focal loss: cross-entropy with the well-classified examples weighted down.

Use it where many easy examples drown the few hard ones, as background does in dense detection.
It is not proper: its probabilities are too cautious, and want calibrating before they are read.

    -(1 - p)**gamma * log(p)  where  p = softmax(logits)[target]

Source: Lin, Goyal, Girshick, He, Dollar 2017, Focal Loss for Dense Object Detection, eq. 4
Compiled by losslang 0.1.0, digest ec1b4c239f60f156; imports only torch.
"""

import torch
from torch import Tensor, nn

__all__ = ["Focal", "focal"]
CHECK_LABELS = True  # labels on the CPU are checked to be in range


def _focal(logits: Tensor, target: Tensor, gamma: float | Tensor) -> Tensor:
    """The formula: logits [n, class], target [n] -> [n]."""
    odds = _log_odds(logits, target.unsqueeze(-1), -1)
    return (
        -nn.functional.logsigmoid(-odds)
        * (gamma * nn.functional.logsigmoid(odds.clamp(max=64))).exp()
    )


def _focal_soft(logits: Tensor, target: Tensor, gamma: float | Tensor) -> Tensor:
    """The formula for label weights: logits [n, class], target [n, class] -> [n]."""
    log_p = _log_softmax(logits, -1)
    product = _rest(log_p.exp(), -1).clamp(min=1e-20) ** _column(gamma, 1) * target * log_p
    return -product.sum(-1)


def focal(
    logits: Tensor, target: Tensor, *, gamma: float | Tensor = 2.0, reduction: str = "mean",
    denominator: float | Tensor | None = None, weight: Tensor | None = None,
    mask: Tensor | None = None, ignore_index: int = -100, class_weight: Tensor | None = None,
    label_smoothing: float = 0.0, class_dim: int = -1,
) -> Tensor:
    """logits: real [*batch, class]; target: index over class [*batch]; gamma: real >= 0."""
    if isinstance(gamma, int | float) and not (gamma >= 0):
        raise ValueError(f"gamma must be >= 0, not {gamma}")
    logits = _real("logits", logits, "*batch, class", 1).movedim(class_dim, -1)
    target, soft, keep, label_weight = _labels(
        target, logits, mask, ignore_index, class_weight, label_smoothing, class_dim
    )
    target = target if class_weight is None or not soft else target * class_weight.to(logits)
    logits = logits if mask is None else logits.masked_fill(~keep[..., None], 0.0)
    value = _focal_soft(logits, target, gamma) if soft else _focal(logits, target, gamma)
    return _reduce(value, keep, weight, label_weight, soft, reduction, denominator)


class Focal(nn.Module):
    """Module of :func:`focal`; what is set here is its default."""

    def __init__(self, *, gamma: float | Tensor = 2.0, **options: object) -> None:
        super().__init__()
        self.gamma = gamma
        self.options = options

    def forward(self, logits: Tensor, target: Tensor, **options: object) -> Tensor:
        return focal(logits, target, **{"gamma": self.gamma, **self.options, **options})

    def terms(self, logits: Tensor, target: Tensor, **options: object) -> dict[str, Tensor]:
        """Each term of the loss, by name."""
        return {"focal": self(logits, target, **options)}


def _column(value: float | Tensor, axes: int) -> float | Tensor:
    """A hyperparameter with one entry per example, beside further axes."""
    return value[(..., *(None,) * axes)] if isinstance(value, Tensor) and value.ndim else value


def _labels(
    target: Tensor, logits: Tensor, mask: Tensor | None, ignore_index: int,
    class_weight: Tensor | None, smoothing: float, class_dim: int,
) -> tuple[Tensor, bool, Tensor, Tensor | None]:
    """Labels (soft: a weight for every class), which of them count, and their class weights."""
    rows, classes, soft = logits.shape[:-1], logits.shape[-1], target.is_floating_point()
    target = target.movedim(class_dim, -1).to(logits.dtype) if soft else target
    wanted = {"target": logits.shape if soft else rows, "mask": rows, "class_weight": (classes,)}
    for name, x in (("target", target), ("mask", mask), ("class_weight", class_weight)):
        if x is not None and x.shape != wanted[name]:
            raise ValueError(f"{name} is {[*x.shape]}, not {[*wanted[name]]} (see class_dim)")
    keep = torch.ones_like(logits[..., 0], dtype=torch.bool) if mask is None else mask.bool()
    if not soft:
        keep = keep & (target != ignore_index)
        target = torch.where(keep, target.long(), 0)
        tracing = torch.compiler.is_compiling() or torch._C._functorch.peek_interpreter_stack()
        known = (target >= 0) & (target < classes)
        if CHECK_LABELS and target.is_cpu and not tracing and not known.all():
            raise IndexError(f"target has labels outside 0 to {classes - 1}")
    scale = None if soft or class_weight is None else class_weight.to(logits)[target]
    if smoothing:
        target = target if soft else target[..., None] == torch.arange(classes, device=keep.device)
        target, soft = (1 - smoothing) * target.to(logits.dtype) + smoothing / classes, True
    return target, soft, keep, scale


class _LogOdds(torch.autograd.Function):
    """Keeps one array for the gradient: the share of each class among those not labelled."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, label: Tensor, dim: int) -> tuple[Tensor, Tensor]:
        others = x.scatter(dim, label, -float("inf"))
        share = others.softmax(dim)
        return others.amax(dim) - x.gather(dim, label).squeeze(dim) - share.amax(dim).log(), share

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.dim = inputs[2]
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(inputs[0], inputs[1], output[1])
        ctx.save_for_forward(inputs[0], inputs[1], output[1])

    @staticmethod
    def backward(ctx, slope: Tensor, _):
        x, label, share = ctx.saved_tensors
        if torch.is_grad_enabled():  # the slope will be differentiated, too
            share = x.scatter(ctx.dim, label, -float("inf")).softmax(ctx.dim)
        slope = slope.unsqueeze(ctx.dim)
        return (slope * share).scatter(ctx.dim, label, -slope), None, None

    @staticmethod
    def jvp(ctx, along: Tensor, *_):
        x, label, share = ctx.saved_tensors
        return (share * along).sum(ctx.dim) - along.gather(ctx.dim, label).squeeze(ctx.dim), None


def _log_odds(x: Tensor, label: Tensor, dim: int) -> Tensor:
    """log(sum of exp(x[k] - x[label]) over k != label); a large finite number if it is infinite."""
    if torch.compiler.is_compiling() or x.shape[dim] == 1:
        odds = (x - x.gather(dim, label)).scatter(dim, label, -float("inf"))
        odds = odds.squeeze(dim) if x.shape[dim] == 1 else odds.logsumexp(dim)
    else:
        odds, _ = _LogOdds.apply(x, label, dim)
    return odds.clamp(torch.finfo(x.dtype).min, torch.finfo(x.dtype).max)


def _log_softmax(x: Tensor, dim: int) -> Tensor:
    """log_softmax; the lowest finite number where it is below the range, as 0 times it is 0."""
    return x.log_softmax(dim).clamp(min=torch.finfo(x.dtype).min)


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


def _rest(p: Tensor, dim: int) -> Tensor:
    """1 - p for a softmax, with every digit also where it is close to 0."""
    large = p.detach() > 0.5
    return torch.where(large, torch.where(large, 0.0, p).sum(dim, keepdim=True), 1 - p)
