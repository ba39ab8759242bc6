"""The sum of ce and dice.

    ce + 0.5 * dice

Compiled by losslang 0.1.0, digest 48b35c98417b521b; imports only torch.
"""

import torch
from torch import Tensor, nn

__all__ = ["CeDice", "ce_dice"]
CHECK_LABELS = True  # labels on the CPU are checked to be in range


def _ce_dice(logits: Tensor, target: Tensor, keep: Tensor, smooth: float | Tensor) -> tuple:
    """The formula: logits [n, class, space], target [n, space]."""
    row = target.unsqueeze(-2)
    ce = -nn.functional.logsigmoid(-_log_odds(logits, row, -2))
    row_2 = keep.unsqueeze(-2)
    same = row == torch.arange(logits.shape[-2], device=logits.device).unsqueeze(-1)
    log_p = _log_softmax(logits, -2)
    p = log_p.exp()
    ratio = torch.where(row_2, ~same * p, 0.0).sum(-1) / 2
    ratio_2 = torch.where(row_2, (p - 1) * same, 0.0).sum(-1) / 2
    total = _column(smooth / 2, 1) + ratio + torch.where(row_2, same * p, 0.0).sum(-1) - ratio_2
    dice = _ratio(ratio - ratio_2, total).mean(-1) / 2
    return ce, dice


def _ce_dice_soft(
    logits: Tensor, target: Tensor, compared: Tensor, keep: Tensor, smooth: float | Tensor,
) -> tuple:
    """The formula for label weights: logits [n, class, space], target [n, class, space]."""
    log_p = _log_softmax(logits, -2)
    ce = (-target * log_p).sum(-2)
    row = keep.unsqueeze(-2)
    power = log_p.exp()
    ratio = torch.where(row, (1 - compared) * power, 0.0).sum(-1) / 2
    ratio_2 = torch.where(row, (power - 1) * compared, 0.0).sum(-1) / 2
    total = (
        _column(smooth / 2, 1)
        + ratio
        + torch.where(row, compared * power, 0.0).sum(-1)
        - ratio_2
    )
    dice = _ratio(ratio - ratio_2, total).mean(-1) / 2
    return ce, dice


def ce_dice_terms(
    logits: Tensor, target: Tensor, *, smooth: float | Tensor = 1.0, reduction: str = "mean",
    denominator: float | Tensor | None = None, weight: Tensor | None = None,
    mask: Tensor | None = None, ignore_index: int = -100, class_weight: Tensor | None = None,
    label_smoothing: float = 0.0, class_dim: int = 1,
) -> dict[str, Tensor]:
    """The sum of ce and dice.

    logits: real [batch, class, *space]; target: index over class [batch, *space]; smooth: real
    >= 0.
    """
    if isinstance(smooth, int | float) and not (smooth >= 0):
        raise ValueError(f"smooth must be >= 0, not {smooth}")
    logits = _real("logits", logits, "n, class, *space", 2).movedim(class_dim, 1)
    examples = logits.shape[:1]
    target, soft, keep, label_weight = _labels(
        target, logits.movedim(1, -1), mask, ignore_index, class_weight, label_smoothing, class_dim
    )
    compared = target
    target = target if class_weight is None or not soft else target * class_weight.to(logits)
    target = (
        target.movedim(-1, 1).unsqueeze(-1).flatten(2)
        if soft
        else target.unsqueeze(-1).flatten(1)
    )
    compared = (
        compared.movedim(-1, 1).unsqueeze(-1).flatten(2)
        if soft
        else compared.unsqueeze(-1).flatten(1)
    )
    logits = logits.unsqueeze(-1).flatten(2)
    smooth = _per_example(smooth, examples)
    value = (
        _ce_dice_soft(logits, target, compared, _some(keep.unsqueeze(-1).flatten(1)), smooth)
        if soft
        else _ce_dice(logits, target, _some(keep.unsqueeze(-1).flatten(1)), smooth)
    )
    return {
        "ce": _reduce(value[0], keep, weight, label_weight, soft, reduction, denominator),
        "dice": _reduce(
            value[1], keep.unsqueeze(-1).flatten(1).any(1), weight, None, True, reduction,
            denominator
        ),
    }


def ce_dice(logits: Tensor, target: Tensor, **options: object) -> Tensor:
    """The sum of the terms; keywords as for ce_dice_terms."""
    terms = ce_dice_terms(logits, target, **options)
    if len({term.shape for term in terms.values()}) > 1:
        raise ValueError("the terms have different examples; see ce_dice_terms")
    return sum(terms.values())


class CeDice(nn.Module):
    """Module of :func:`ce_dice`; what is set here is its default."""

    term_names = ("ce", "dice")

    def __init__(self, *, smooth: float | Tensor = 1.0, **options: object) -> None:
        super().__init__()
        self.smooth = smooth
        self.options = options

    def forward(self, logits: Tensor, target: Tensor, **options: object) -> Tensor:
        return ce_dice(logits, target, **{"smooth": self.smooth, **self.options, **options})

    def terms(self, logits: Tensor, target: Tensor, **options: object) -> dict[str, Tensor]:
        """Each term of the loss, by name."""
        return ce_dice_terms(logits, target, **{"smooth": self.smooth, **self.options, **options})


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


def _per_example(value: float | Tensor, examples: torch.Size) -> float | Tensor:
    """A hyperparameter: one number, or one for each example."""
    flat = isinstance(value, Tensor) and value.ndim > 0
    return value.expand(examples).reshape(-1) if flat else value


def _ratio(x: Tensor, y: Tensor) -> Tensor:
    """x / y, and 0 with gradient 0 where both are 0; 1 / y may overflow."""
    nothing = (x == 0) & (y == 0)
    scale = torch.where(y.abs() < 2.0**25 * torch.finfo(y.dtype).tiny, 2.0**60, 1.0)
    return torch.where(nothing, 0.0, x * scale / torch.where(nothing, 1.0, y * scale))


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


def _some(keep: Tensor) -> Tensor:
    """What counts, or everything where nothing does: its value is never used, but has to exist."""
    return keep | ~keep.any(-1, keepdim=True)
