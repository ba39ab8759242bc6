"""What PyTorch may do with a compiled loss: each transform, and what must hold of it.

A transform takes a loss and small inputs in float64 and raises an ``AssertionError`` (or whatever
torch raises) if it does not hold. The tests run them all; ``benchmarks/transform_matrix.py`` prints
them as a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import torch
from torch import Tensor

import losslang
from losslang import driver
from losslang.ir.heads import Detach
from losslang.ir.loss import Loss
from losslang.resources import library_files
from tests.ir.programs import holds
from tests.library.cases import CASES
from tests.sampling import is_taken, sampled

Inputs = tuple[Tensor, ...]
Transform = Callable[[torch.nn.Module, Inputs], None]


def normal(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


CLASSIFIED: Inputs = (2 * normal(1, 3, 3), torch.tensor([0, 2, 1]))
COSINES: Inputs = (0.8 * normal(2, 3, 3).tanh(), torch.tensor([0, 2, 1]))
# Scores and residuals keep away from the kinks at margin 1 and residual 0 and 1.
SIGNED: Inputs = (torch.tensor([0.3, -1.7, 0.6]).double(), torch.tensor([1, 1, -1]))
PAIRED: Inputs = (torch.tensor([0.3, -1.7, 2.6]).double(), torch.tensor([0.1, 0.9, 0.2]).double())
VIEWS: Inputs = (normal(3, 3, 2), normal(4, 3, 2))
LABELLED: Inputs = (normal(5, 4, 2), torch.tensor([0, 1, 0, 1]))
IMAGES: Inputs = (normal(6, 2, 2, 3), torch.tensor([[0, 1, 1], [1, 0, 1]]))
BOXES: Inputs = (
    torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 1.0, 1.5]]).double(),
    torch.tensor([[1.0, 1.1, 3.0, 4.0], [3.0, 2.0, 5.0, 4.0]]).double(),
)
CLOUDS: Inputs = (normal(10, 2, 3, 2), normal(11, 2, 2, 2))
WEIGHTS: Inputs = (normal(13, 2, 3).softmax(-1), normal(14, 2, 2).softmax(-1))
COUNTS = "counts=[50, 20, 5]"

# Losses of the library without state, by the expression that is compiled.
INPUTS: dict[str, Inputs] = {
    "ce": CLASSIFIED,
    "bce": (SIGNED[0], torch.tensor([1, 0, 1])),
    "focal": CLASSIFIED,
    "poly": CLASSIFIED,
    "poly1": CLASSIFIED,
    "poly1_focal": CLASSIFIED,
    "squentropy": CLASSIFIED,
    "ldr_kl": CLASSIFIED,
    "logit_adjusted(prior=[0.5, 0.3, 0.2])": CLASSIFIED,
    f"balanced_softmax({COUNTS})": CLASSIFIED,
    f"vs_loss({COUNTS})": CLASSIFIED,
    f"ldam({COUNTS}, scale=3)": CLASSIFIED,
    "sigmoid_focal": (SIGNED[0], torch.tensor([1, 0, 1])),
    "brier": CLASSIFIED,
    "sum_exp": CLASSIFIED,
    "crammer_singer": CLASSIFIED,
    "taylor_ce": CLASSIFIED,
    "comp_sum": CLASSIFIED,
    "stablemax_ce": CLASSIFIED,
    "taylor_softmax": CLASSIFIED,
    "spherical_softmax": CLASSIFIED,
    "z_normalised": CLASSIFIED,
    "mbls(margin=1)": CLASSIFIED,
    "gce": CLASSIFIED,
    "mae": CLASSIFIED,
    "rce": CLASSIFIED,
    "sce": CLASSIFIED,
    "normalized(gce)": CLASSIFIED,
    "nce": CLASSIFIED,
    "nfl": CLASSIFIED,
    "apl(nce, mae, alpha=2)": CLASSIFIED,
    "nce_mae": CLASSIFIED,
    "nce_rce": CLASSIFIED,
    "hinge": SIGNED,
    "squared_hinge": SIGNED,
    "logistic": SIGNED,
    "exponential": SIGNED,
    "perceptron": SIGNED,
    "savage": SIGNED,
    "tangent": SIGNED,
    "smoothed_hinge": SIGNED,
    "modified_huber": SIGNED,
    "mse": PAIRED,
    "l1": PAIRED,
    "huber": PAIRED,
    "smooth_l1": PAIRED,
    "pseudo_huber": PAIRED,
    "log_cosh": PAIRED,
    "quantile(theta=0.3)": PAIRED,
    "expectile(theta=0.3)": PAIRED,
    "cauchy": PAIRED,
    "geman_mcclure": PAIRED,
    "welsch": PAIRED,
    "tukey_biweight": PAIRED,
    "fair": PAIRED,
    "linex": PAIRED,
    "wing": PAIRED,
    "poisson_nll": PAIRED,
    "gaussian_nll": (*PAIRED, torch.tensor([0.5, 1.0, 2.0]).double()),
    "rmse": PAIRED,
    "mape": PAIRED,
    "smape": PAIRED,
    "msle": (PAIRED[0].abs(), PAIRED[1]),
    "giou": BOXES,
    "diou": BOXES,
    "kl": (CLASSIFIED[0], normal(7, 3, 3).softmax(-1)),
    "js": (CLASSIFIED[0], normal(7, 3, 3).softmax(-1)),
    "kd": (CLASSIFIED[0], normal(8, 3, 3)),
    "tversky": IMAGES,
    "dice": IMAGES,
    "jaccard": IMAGES,
    "arcface(scale=4)": COSINES,
    "cosface(scale=4)": COSINES,
    "sface(scale=2, k=4)": COSINES,
    "multi_similarity(beta=5)": LABELLED,
    "circle(gamma=4)": LABELLED,
    "triplet": (*VIEWS, normal(9, 3, 2)),
    "info_nce": VIEWS,
    "nt_xent": VIEWS,
    "supcon(tau=0.5)": LABELLED,
    "clip(tau=0.5)": VIEWS,
    "siglip(bias=-1)": VIEWS,
    "alignment": VIEWS,
    "uniformity": VIEWS[:1],
    "cvar(ce)": CLASSIFIED,
    "kl_dro(ce)": CLASSIFIED,
    "loss_reweighted(ce)": CLASSIFIED,
    "z_loss": CLASSIFIED[:1],
    "sinkhorn_divergence(iterations=2)": (*CLOUDS, *WEIGHTS),
    "ctc": (
        normal(12, 2, 4, 3),
        torch.tensor([[1, 1], [2, 1]]),
        torch.tensor([4, 3]),
        torch.tensor([2, 1]),
    ),
    "soft_dtw": CLOUDS,
    "canonical": CLASSIFIED,
    "composed_sum_exp": CLASSIFIED,
    "f_divergence": (CLASSIFIED[0], normal(7, 3, 3).softmax(-1)),
    "bregman": VIEWS,
    "itakura_saito": (VIEWS[0].exp(), VIEWS[1].exp()),
    "generalized_kl": (VIEWS[0].exp(), VIEWS[1].exp()),
    "reject_surrogate(alpha=1)": (0.3 * normal(13, 3), torch.tensor([1.0, 0, 1]).double()),
    "load_balance": (CLASSIFIED[0], torch.tensor([0, 2, 0])),
    "ce + 0.5 * dice + 0.01 * z_loss": IMAGES,
}


def names_in(specs: Iterable[str]) -> set[str]:
    """The words of some expressions."""
    return {word for spec in specs for word in re.findall(r"[A-Za-z_]\w*", spec)}


@cache
def elaborated(spec: str) -> Loss:
    """The loss, once for all tests."""
    return driver.elaborated(spec)


def keeps_state(spec: str) -> bool:
    """Whether a loss remembers anything between its calls."""
    return bool(elaborated(spec).states)


def draws(spec: str) -> bool:
    """Whether a loss depends on chance, so that no two calls are the same."""
    return bool(elaborated(spec).draws)


def others() -> Iterator[tuple[str, Inputs]]:
    """The losses that are not named above, on the inputs that they are compared with others on."""
    named, wanted = names_in(INPUTS), frozenset(sampled(library_files()))
    for case in CASES:
        name = case.spec.partition("(")[0]
        if name in wanted - named and not keeps_state(case.spec) and not draws(case.spec):
            named.add(name)
            yield case.spec, case.inputs()


# One loss of each family, for the transforms that take seconds.
FAMILIES = [
    "focal",
    f"ldam({COUNTS}, scale=3)",
    "gce",
    "logistic",
    "huber",
    "kd",
    "dice",
    "arcface(scale=4)",
    "supcon(tau=0.5)",
    "cvar(ce)",
    "loss_reweighted(ce)",
    "load_balance",
]

LOSSES = {
    spec: inputs for spec, inputs in INPUTS.items() if spec in FAMILIES or is_taken(spec)
} | dict(others())
"""The sample of them, with others that are sampled."""

# Their gradient holds a factor constant, so it is not the derivative of their value.
DETACHED = {spec for spec in LOSSES if holds(elaborated(spec), Detach)}


@cache
def compiled(spec: str) -> torch.nn.Module:
    """The loss, in float64 where it has parameters; one of each family with its kernel."""
    made = losslang.compile(spec).double()
    if spec in FAMILIES:
        made.precompile(torch.float64)
    return made


# ---------------------------------------------------------------- machinery


def split(inputs: Inputs) -> tuple[Inputs, Callable[..., Inputs]]:
    """The real inputs, and how to put others in their places."""
    places = [i for i, x in enumerate(inputs) if x.is_floating_point()]

    def join(*reals: Tensor) -> Inputs:
        whole = list(inputs)
        for place, real in zip(places, reals, strict=True):
            whole[place] = real
        return tuple(whole)

    return tuple(inputs[i] for i in places), join


def of_reals(loss: torch.nn.Module, inputs: Inputs) -> tuple[Callable[..., Tensor], Inputs]:
    """The mean as a function of the real inputs alone, and those inputs."""
    reals, join = split(inputs)
    return lambda *reals: loss(*join(*reals)), reals


def gradients(loss: Callable[..., Tensor], inputs: Inputs) -> Inputs:
    """Reverse-mode gradients by the real inputs."""
    reals, join = split(inputs)
    leaves = [x.detach().clone().requires_grad_() for x in reals]
    return torch.autograd.grad(loss(*join(*leaves)), leaves, materialize_grads=True)


def same(got: object, want: object, tolerance: float = 1e-9) -> None:
    torch.testing.assert_close(got, want, rtol=tolerance, atol=tolerance)


# ---------------------------------------------------------------- the transforms


def gradient_is_the_derivative(loss: torch.nn.Module, inputs: Inputs) -> None:
    """Central differences of the value."""
    function, reals = of_reals(loss, inputs)
    leaves = [x.detach().clone().requires_grad_() for x in reals]
    assert torch.autograd.gradcheck(function, leaves)


def double_backward(loss: torch.nn.Module, inputs: Inputs) -> None:
    """Central differences of the gradient."""
    function, reals = of_reals(loss, inputs)
    leaves = [x.detach().clone().requires_grad_() for x in reals]
    assert torch.autograd.gradgradcheck(function, leaves)


def func_grad(loss: torch.nn.Module, inputs: Inputs) -> None:
    """``torch.func.grad`` is what backward computes."""
    function, reals = of_reals(loss, inputs)
    got = torch.func.grad(function, argnums=tuple(range(len(reals))))(*reals)
    same(got, gradients(loss, inputs))


def vmap(loss: torch.nn.Module, inputs: Inputs) -> None:
    """A stack of problems, each solved by itself."""
    reals, join = split(inputs)
    stacks = [torch.stack([x, x.flip(0) * 0.9, x * 0.5]) for x in reals]
    got = torch.vmap(lambda *reals: loss(*join(*reals)))(*stacks)
    want = torch.stack([loss(*join(*rows)) for rows in zip(*stacks, strict=True)])
    same(got, want)


def vmap_of_grad(loss: torch.nn.Module, inputs: Inputs) -> None:
    """Gradients of a stack of problems."""
    reals, join = split(inputs)
    stacks = [torch.stack([x, x.flip(0) * 0.9]) for x in reals]
    numbers = tuple(range(len(reals)))
    got = torch.vmap(torch.func.grad(lambda *reals: loss(*join(*reals)), argnums=numbers))(*stacks)
    each = [gradients(loss, join(*rows)) for rows in zip(*stacks, strict=True)]
    same(got, tuple(torch.stack(column) for column in zip(*each, strict=True)))


def jvp(loss: torch.nn.Module, inputs: Inputs) -> None:
    """Forward mode: the gradient along a direction."""
    function, reals = of_reals(loss, inputs)
    tangents = tuple(normal(90 + i, *x.shape) for i, x in enumerate(reals))
    value, slope = torch.func.jvp(function, reals, tangents)[:2]
    want = sum((g * t).sum() for g, t in zip(gradients(loss, inputs), tangents, strict=True))
    same(value, loss(*inputs))
    same(slope, want)


def hessian(loss: torch.nn.Module, inputs: Inputs) -> None:
    """Forward over reverse agrees with reverse over reverse."""
    function, reals = of_reals(loss, inputs)
    got = torch.func.hessian(lambda x: function(x, *reals[1:]))(reals[0])
    want = torch.autograd.functional.hessian(lambda x: function(x, *reals[1:]), reals[0])
    same(got, want)


def aot_eager(loss: torch.nn.Module, inputs: Inputs) -> None:
    """One graph without a break, forward and backward."""
    _compiles(loss, inputs, "aot_eager")


def inductor(loss: torch.nn.Module, inputs: Inputs) -> None:
    """Generated code for forward and backward."""
    _compiles(loss, inputs, "inductor")


def _compiles(loss: torch.nn.Module, inputs: Inputs, backend: str) -> None:
    torch._dynamo.reset()
    fast = torch.compile(loss, fullgraph=True, backend=backend)
    same(fast(*inputs), loss(*inputs))
    same(gradients(fast, inputs), gradients(loss, inputs))


def export(loss: torch.nn.Module, inputs: Inputs) -> None:
    """The exported program computes the same value."""
    program = torch.export.export(loss, inputs)
    same(program.module()(*inputs), loss(*inputs))


def bfloat16(loss: torch.nn.Module, inputs: Inputs) -> None:
    """Low precision at the ends only: float32 inside, the input's type outside."""
    _low_precision(loss, inputs, torch.bfloat16)


def float16(loss: torch.nn.Module, inputs: Inputs) -> None:
    """As for bfloat16."""
    _low_precision(loss, inputs, torch.float16)


def _low_precision(loss: torch.nn.Module, inputs: Inputs, dtype: torch.dtype) -> None:
    reals, join = split(inputs)
    low = [x.to(dtype) for x in reals]
    exact = join(*(x.double() for x in low))
    leaves = [x.clone().requires_grad_() for x in low]
    value = loss(*join(*leaves))
    slopes = torch.autograd.grad(value, leaves, materialize_grads=True)
    # One rounding of the result, and float32's own error, which is far below it.
    step = torch.finfo(dtype).eps
    same(value.double(), loss(*exact), step)
    for slope, want, leaf in zip(slopes, gradients(loss, exact), leaves, strict=True):
        assert slope.dtype == leaf.dtype
        torch.testing.assert_close(
            slope.double(), want, rtol=step, atol=step * float(want.abs().max()) / 8
        )


def autocast(loss: torch.nn.Module, inputs: Inputs) -> None:
    """A region of automatic mixed precision around the forward does not lower the loss."""
    reals, join = split(inputs)
    single = join(*(x.float() for x in reals))
    leaves = [x.float().requires_grad_() for x in reals]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(*join(*leaves))
    same(value.double(), loss(*single).double(), 1e-5)
    same(torch.autograd.grad(value, leaves, materialize_grads=True), gradients(loss, single), 1e-5)


TRANSFORMS: dict[str, Transform] = {
    "gradient": gradient_is_the_derivative,
    "double backward": double_backward,
    "func.grad": func_grad,
    "vmap": vmap,
    "vmap(grad)": vmap_of_grad,
    "jvp": jvp,
    "hessian": hessian,
    "compile": aot_eager,
    "export": export,
    "bfloat16": bfloat16,
    "float16": float16,
    "autocast": autocast,
}


EMPTY_SUMS = {"gist_embed", "mean_field_class_wise_multi_similarity"}
"""Sums of exponentials that may be empty beside others: torch has slopes for them, no tangents."""


AT_JOINTS = {"adaptive_wing"}
"""Losses whose second derivative jumps at an input that they are compared at."""


def applies(transform: str, spec: str) -> bool:
    """Differences of a value say nothing about a gradient that holds a factor constant."""
    if spec in AT_JOINTS and transform == "double backward":
        return False
    if spec in EMPTY_SUMS and transform in {"double backward", "jvp", "hessian"}:
        return False
    return spec not in DETACHED or transform not in {"gradient", "double backward"}
