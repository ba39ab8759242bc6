"""The helper functions of the call contract, as they stand in an emitted module."""

from __future__ import annotations

from collections.abc import Mapping

CONTRACT: Mapping[str, str] = {
    "_real": '''\
def _real(name: str, x: Tensor, axes: str, rank: int) -> Tensor:
    """An input of real numbers, checked; half precision is computed in float32."""
    if not x.is_floating_point() or x.ndim < rank:
        raise ValueError(f"{name} must be floating-point over ({axes}), not {x.dtype} {[*x.shape]}")
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
''',
    "_number": '''\
def _number(name: str, x: Tensor, axes: str, rank: int, like: Tensor) -> Tensor:
    """An input of labels that are numbers: of any dtype, and then of that of ``like``."""
    if not x.is_floating_point():
        x = x.to(like.dtype if like.is_floating_point() else torch.get_default_dtype())
    return _real(name, x, axes, rank)
''',
    "_whole": '''\
def _whole(name: str, x: Tensor, axes: str, rank: int) -> Tensor:
    """An input of whole numbers, checked."""
    if x.is_floating_point() or x.dtype == torch.bool or x.ndim < rank:
        raise ValueError(f"{name} must be integers over ({axes}), not {x.dtype} {[*x.shape]}")
    return x
''',
    "_same_examples": '''\
def _same_examples(**shapes: torch.Size) -> None:
    """Refuse inputs that would only fit by broadcasting."""
    if any(shape != next(iter(shapes.values())) for shape in shapes.values()):
        found = ", ".join(f"{name} {[*shape]}" for name, shape in shapes.items())
        raise ValueError(f"the inputs disagree about the axes of the examples (*batch): {found}")
''',
    "_same_sizes": '''\
def _same_sizes(axis: str, size: int | None, /, **sizes: object) -> None:
    """Refuse arrays that would only fit by broadcasting, or in part."""
    wanted = next(iter(sizes.values())) if size is None else size
    if any(found != wanted for found in sizes.values()):
        found = ", ".join(f"{name} {found}" for name, found in sizes.items())
        declared = "" if size is None else f" declared {size},"
        raise ValueError(f"the sizes of axis {axis} disagree:{declared} {found}")
''',
    "_per_example": '''\
def _per_example(value: float | Tensor, examples: torch.Size) -> float | Tensor:
    """A hyperparameter: one number, or one for each example."""
    flat = isinstance(value, Tensor) and value.ndim > 0
    return value.expand(examples).reshape(-1) if flat else value
''',
    "_single": '''\
def _single(name: str, value: float | Tensor) -> float | Tensor:
    """A hyperparameter that is the same for every example."""
    if isinstance(value, Tensor) and value.ndim:
        raise ValueError(f"{name} must be one number here, not of shape {[*value.shape]}")
    return value
''',
    "_array": '''\
def _array(
    name: str, value: Tensor | list[float] | tuple[float, ...], rank: int, like: Tensor
) -> Tensor:
    """A hyperparameter with axes of its own."""
    value = torch.as_tensor(value, dtype=like.dtype, device=like.device)
    if value.ndim != rank:
        raise ValueError(f"{name} must have {rank} axes, not the shape {[*value.shape]}")
    return value
''',
    "_hold": '''\
def _hold(module: nn.Module, name: str, value: Tensor | list[float] | tuple[float, ...]) -> None:
    """Keep an array: a parameter is trained, a tensor a buffer, and so are numbers, as written."""
    if isinstance(value, nn.Parameter):
        module.register_parameter(name, value)
        return
    exact = torch.float32 if torch.backends.mps.is_available() else torch.float64
    value = value if isinstance(value, Tensor) else torch.tensor(value, dtype=exact)
    module.register_buffer(name, value)
''',
    "_full_precision": '''\
def _full_precision(like: Tensor) -> torch.autocast:
    """Products in the precision of the inputs, also where others are computed in a lower one."""
    device = like.device.type if torch.amp.is_autocast_available(like.device.type) else "cpu"
    return torch.autocast(device, enabled=False)
''',
    "_sizes": '''\
def _sizes(name: str, given: dict[str, int] | None, wanted: tuple[str, ...]) -> dict[str, int]:
    """How many places the axes of a state have."""
    for axis in wanted:
        if axis not in (given or {}):
            raise ValueError(f"{name} keeps state over {axis}: pass sizes={{{axis!r}: ...}}")
    return dict(given or {})
''',
    "_keep": '''\
def _keep(mask: Tensor | None, shape: torch.Size, like: Tensor) -> Tensor:
    """Which examples count."""
    if mask is not None and mask.shape != shape:
        raise ValueError(f"mask has shape {[*mask.shape]}, but the examples {[*shape]}")
    return torch.ones(shape, dtype=torch.bool, device=like.device) if mask is None else mask.bool()
''',
    "_some": '''\
def _some(keep: Tensor) -> Tensor:
    """What counts, or everything where nothing does: its value is never used, but has to exist."""
    return keep | ~keep.any(-1, keepdim=True)
''',
    "_labels": '''\
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
''',
    "_reduce": '''\
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
''',
    "_whole_batch": '''\
def _whole_batch(value: Tensor, keep: Tensor, name: str, reduction: str) -> Tensor:
    """A loss that is one number for the batch; 0 if nothing counts."""
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{name} has no value per example; reduction must be mean or sum")
    return torch.where(keep.any(), value, 0.0)
''',
}
