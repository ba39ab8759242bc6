"""AdaFace: an angular and an additive margin that grow with the quality of the image, read off the
feature norm.

Use it for face recognition from images of mixed quality: a hard example counts more if its
feature is long, which means a good image, and less if it is short. With good images `arcface` or
`cosface` do as well; `magface` also trains the length, which here gets no gradient. `norm` is
the feature's length before it is normalised. The authors' code takes the unbiased deviation.

    ce([scale * adapted(k) for k in class], target)
    where
        adapted(k) = cos(acos(cosines[k]) - margin * quality) - margin * (quality + 1)
            if k == target
            else cosines[k]
        center = ema(mean(norm, axis=batch), decay=decay, init=20)
        spread = ema(widened * std(norm, axis=batch), decay=decay, init=100)
        widened = sqrt(size(batch) / max(size(batch) - 1, 1)) if estimate == unbiased else 1
        quality = detach(clamp(h * (norm - center) / (spread + 0.001), -1, 1))

Source: Kim, Jain, Liu 2022, AdaFace: Quality Adaptive Margin for Face Recognition, eq. 18
Compiled by losslang 0.1.0, digest 64fe39d50bcdc281; imports only torch.
"""

import torch
from torch import Tensor, nn

__all__ = ["Adaface", "adaface"]
CHECK_LABELS = True  # labels on the CPU are checked to be in range


def _adaface(
    cosines: Tensor, target: Tensor, norm: Tensor, keep: Tensor, counted: Tensor,
    margin: float | Tensor, h: float | Tensor, scale: float | Tensor, decay: float | Tensor,
    estimate: str, state: dict[str, Tensor], training: bool,
) -> Tensor:
    """The formula: cosines [n, class], target [n], norm [n] -> [n]."""
    running_center = state["running_center"]
    running_spread = state["running_spread"]
    row = target.unsqueeze(-1)
    part = counted.any(-1)
    total = 1 - decay
    summed = keep.to(cosines.dtype).sum(-1)
    at_least = (summed - 1).clamp(min=1)
    part_2 = 1 / at_least > 0
    chosen = torch.where(part_2, 1 / torch.where(part_2, torch.where(part_2, at_least, 1), 1), 1)
    part_3 = summed > 0
    chosen_2 = torch.where(part_3, torch.where(part_3, torch.where(part_3, summed, 1), 1).sqrt(), 0)
    widened = (
        torch.where(part_2, torch.where(part_2, chosen, 1).sqrt(), 0) * chosen_2
        if estimate == "unbiased"
        else 1
    )
    at_least_2 = summed.clamp(min=1)
    ratio = torch.where(keep, norm, 0.0).sum(-1) / at_least_2
    product = (
        total
        * widened
        * _root_mean_square(torch.where(keep, norm - ratio, 0.0), at_least_2, -1)
    )
    spread = _following(
        running_spread, torch.where(part, decay * running_spread + product, running_spread),
        training
    )
    total_2 = 0.001 + spread
    chosen_3 = torch.where(part, decay * running_center + total * ratio, running_center)
    center = _following(running_center, chosen_3, training)
    part_4 = (h * norm / total_2 - h * center / total_2).clamp(min=-1).clamp(max=1).detach()
    product_2 = margin * part_4
    picked = cosines.gather(-1, row).squeeze(-1)
    total_3 = (
        margin
        + product_2
        - _sine_of_acos(picked) * product_2.sin()
        - picked * product_2.cos()
    )
    chosen_4 = torch.where(
        row != torch.arange(cosines.shape[-1], device=cosines.device),
        _column(scale, 1) * (total_3.unsqueeze(-1) + cosines), 0
    )
    state["running_center"] = center
    state["running_spread"] = spread
    return -nn.functional.logsigmoid(-_log_odds(_bounded(chosen_4), row, -1))


def _adaface_soft(
    cosines: Tensor, target: Tensor, norm: Tensor, keep: Tensor, counted: Tensor,
    margin: float | Tensor, h: float | Tensor, scale: float | Tensor, decay: float | Tensor,
    estimate: str, state: dict[str, Tensor], training: bool,
) -> Tensor:
    """The formula for label weights: cosines [n, class], target [n, class], norm [n] -> [n]."""
    running_center = state["running_center"]
    running_spread = state["running_spread"]
    place = torch.arange(cosines.shape[-1], device=cosines.device)
    part = counted.any(-1)
    total = 1 - decay
    summed = keep.to(cosines.dtype).sum(-1)
    at_least = summed.clamp(min=1)
    ratio = torch.where(keep, norm, 0.0).sum(-1) / at_least
    chosen = torch.where(part, decay * running_center + total * ratio, running_center)
    new = _following(running_center, chosen, training)
    at_least_2 = (summed - 1).clamp(min=1)
    part_2 = 1 / at_least_2 > 0
    chosen_2 = torch.where(
        part_2, 1 / torch.where(part_2, torch.where(part_2, at_least_2, 1), 1), 1
    )
    part_3 = summed > 0
    chosen_3 = torch.where(part_3, torch.where(part_3, torch.where(part_3, summed, 1), 1).sqrt(), 0)
    product = torch.where(part_2, torch.where(part_2, chosen_2, 1).sqrt(), 0) * chosen_3
    product_2 = (
        total
        * (product if estimate == "unbiased" else 1)
        * _root_mean_square(torch.where(keep, norm - ratio, 0.0), at_least, -1)
    )
    new_2 = _following(
        running_spread, torch.where(part, decay * running_spread + product_2, running_spread),
        training
    )
    part_4 = (h * (norm - new) / (0.001 + new_2)).clamp(min=-1).clamp(max=1).detach()
    product_3 = margin * part_4
    total_2 = (
        _sine_of_acos(cosines) * product_3.sin().unsqueeze(-1)
        - (margin * (1 + part_4)).unsqueeze(-1)
    )
    chosen_4 = torch.where(
        place == place.unsqueeze(-1),
        (total_2 + cosines * product_3.cos().unsqueeze(-1)).unsqueeze(-2), cosines.unsqueeze(-2)
    )
    part_5 = _log_softmax(_column(scale, 2) * chosen_4, -1).diagonal(dim1=-2, dim2=-1)
    state["running_center"] = new
    state["running_spread"] = new_2
    return (-target * part_5).sum(-1)


def adaface(
    cosines: Tensor, target: Tensor, norm: Tensor, *, margin: float | Tensor = 0.4,
    h: float | Tensor = 0.333, scale: float | Tensor = 64.0, decay: float | Tensor = 0.99,
    estimate: str = "biased", reduction: str = "mean", denominator: float | Tensor | None = None,
    weight: Tensor | None = None, mask: Tensor | None = None, ignore_index: int = -100,
    class_weight: Tensor | None = None, label_smoothing: float = 0.0, class_dim: int = -1,
    state: dict[str, Tensor] | None = None, training: bool = True,
) -> Tensor:
    """AdaFace: an angular and an additive margin that grow with the quality of the image, read
    off the feature norm.

    cosines: real in [-1, 1] [*batch, class]; target: index over class [*batch]; norm: real >= 0
    [*batch]; margin: real in [0, 1.5]; h: real >= 0; scale: real > 0; decay: real in [0, 1);
    estimate: biased or unbiased.
    """
    if isinstance(margin, int | float) and not (margin >= 0 and margin <= 1.5):
        raise ValueError(f"margin must be in [0, 1.5], not {margin}")
    if isinstance(h, int | float) and not (h >= 0):
        raise ValueError(f"h must be >= 0, not {h}")
    if isinstance(scale, int | float) and not (scale > 0):
        raise ValueError(f"scale must be > 0, not {scale}")
    if isinstance(decay, int | float) and not (decay >= 0 and decay < 1):
        raise ValueError(f"decay must be in [0, 1), not {decay}")
    if estimate not in ("biased", "unbiased"):
        raise ValueError("estimate must be one of biased, unbiased, not " + repr(estimate))
    cosines = _real("cosines", cosines, "*batch, class", 1).movedim(class_dim, -1)
    norm = _real("norm", norm, "*batch", 0)
    _same_examples(cosines=cosines.shape[:-1], norm=norm.shape)
    examples = cosines.shape[:-1]
    target, soft, keep, label_weight = _labels(
        target, cosines, mask, ignore_index, class_weight, label_smoothing, class_dim
    )
    target = target if class_weight is None or not soft else target * class_weight.to(cosines)
    target = target.reshape(-1, *target.shape[keep.ndim :])
    cosines = cosines if mask is None else cosines.masked_fill(~keep[..., None], 0.0)
    cosines = cosines.reshape(-1, cosines.shape[-1])
    norm = norm if mask is None else norm.masked_fill(~keep, 1.0)
    norm = norm.reshape(-1)
    margin = _per_example(margin, examples)
    h = _per_example(h, examples)
    scale = _per_example(scale, examples)
    decay = _single("decay", decay)
    if state is None:
        state = {
            "running_center": torch.full((), 20.0, dtype=cosines.dtype, device=cosines.device),
            "running_spread": torch.full((), 100.0, dtype=cosines.dtype, device=cosines.device)
        }
    value = (
        _adaface_soft(
            cosines, target, norm, _some(keep.reshape(-1)), keep.reshape(-1), margin, h, scale,
            decay, estimate, state, training
        )
        if soft
        else _adaface(
            cosines, target, norm, _some(keep.reshape(-1)), keep.reshape(-1), margin, h, scale,
            decay, estimate, state, training
        )
    )
    return _reduce(value, keep, weight, label_weight, soft, reduction, denominator)


class Adaface(nn.Module):
    """Module of :func:`adaface`; what is set here is its default."""

    def __init__(
        self, *, margin: float | Tensor = 0.4, h: float | Tensor = 0.333,
        scale: float | Tensor = 64.0, decay: float | Tensor = 0.99, estimate: str = "biased",
        **options: object,
    ) -> None:
        super().__init__()
        self.margin = margin
        self.h = h
        self.scale = scale
        self.decay = decay
        self.estimate = estimate
        self.register_buffer("running_center", torch.full((), 20.0))
        self.register_buffer("running_spread", torch.full((), 100.0))
        self.options = options

    def forward(self, cosines: Tensor, target: Tensor, norm: Tensor, **options: object) -> Tensor:
        state = self._state()
        value = adaface(cosines, target, norm, state=state, **self._settings(options))
        self._store(state)
        return value

    def terms(
        self, cosines: Tensor, target: Tensor, norm: Tensor, **options: object,
    ) -> dict[str, Tensor]:
        """Each term of the loss, by name."""
        return {"adaface": self(cosines, target, norm, **options)}

    def _settings(self, options: dict[str, object]) -> dict[str, object]:
        return {
            "margin": self.margin, "h": self.h, "scale": self.scale, "decay": self.decay,
            "estimate": self.estimate, "training": self.training, **self.options, **options
        }

    def _state(self) -> dict[str, Tensor]:
        return {
            "running_center": self.running_center.clone(),
            "running_spread": self.running_spread.clone()
        }

    def _store(self, state: dict[str, Tensor]) -> None:
        for name, value in state.items():
            getattr(self, name).copy_(value)


def _bounded(x: Tensor) -> Tensor:
    """x, and the largest number of its sign where it is infinite."""
    return x.clamp(torch.finfo(x.dtype).min, torch.finfo(x.dtype).max)


def _column(value: float | Tensor, axes: int) -> float | Tensor:
    """A hyperparameter with one entry per example, beside further axes."""
    return value[(..., *(None,) * axes)] if isinstance(value, Tensor) and value.ndim else value


def _following(old: Tensor, new: Tensor, training: bool) -> Tensor:
    """A state after the call: in training what it was given, without gradient."""
    return new.detach().to(old.dtype) if training else old


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


def _root_mean_square(x: Tensor, count: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """The root of the sum of squares over their count, also where squares overflow or vanish."""
    if not x.numel():
        return torch.linalg.vector_norm(x, dim=dim)
    size = x.detach().abs().amax(dim, keepdim=True)
    size = torch.where((size == 0) | size.isinf(), 1.0, size)
    length = torch.linalg.vector_norm(x / size, dim=dim)
    return length / count.sqrt() * size.squeeze(dim)


def _same_examples(**shapes: torch.Size) -> None:
    """Refuse inputs that would only fit by broadcasting."""
    if any(shape != next(iter(shapes.values())) for shape in shapes.values()):
        found = ", ".join(f"{name} {[*shape]}" for name, shape in shapes.items())
        raise ValueError(f"the inputs disagree about the axes of the examples (*batch): {found}")


def _sine_of_acos(x: Tensor) -> Tensor:
    """sqrt(1 - x**2), with gradient 0 at 1 and -1."""
    square = (1 - x) * (1 + x)
    flat = square <= 0
    return torch.where(flat, 0.0, torch.where(flat, 1.0, square).sqrt())


def _single(name: str, value: float | Tensor) -> float | Tensor:
    """A hyperparameter that is the same for every example."""
    if isinstance(value, Tensor) and value.ndim:
        raise ValueError(f"{name} must be one number here, not of shape {[*value.shape]}")
    return value


def _some(keep: Tensor) -> Tensor:
    """What counts, or everything where nothing does: its value is never used, but has to exist."""
    return keep | ~keep.any(-1, keepdim=True)
