"""Compiled losses as modules: their source, their copies, their state, their hyperparameters."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounter

import losslang
from losslang.runtime.module import load
from tests.codegen.modules import emitted, live, normal, same

ROOT = Path(__file__).resolve().parents[2]
LOGITS, TARGET = normal(1, 6, 4), torch.tensor([0, 1, 2, 3, 1, 0])
PAIRS = (normal(2, 6, 3), normal(3, 6, 3))
FACES = (0.5 * normal(4, 6, 4).tanh(), TARGET, 10 + 5 * normal(5, 6).abs())
RESIDUALS = (normal(6, 6), normal(7, 6))

# A loss of each kind of state, with inputs.
STATEFUL: dict[str, tuple[Tensor, ...]] = {
    "focal(gamma=1.5)": (LOGITS, TARGET),
    "ldam(counts=[50, 20, 10, 5], scale=3)": (LOGITS, TARGET),
    "clip": PAIRS,
    "adaface(scale=4)": FACES,
    "pseudo_huber(delta=ramp(progress, 1, 0.1))": RESIDUALS,
    "ce(class_weight=[0.5, 2, 1, 0.25])": (LOGITS, TARGET),
    "ce + 0.5 * focal(gamma=learn(2))": (LOGITS, TARGET),
}
each_state = pytest.mark.parametrize("spec", STATEFUL)


def make(spec: str, **settings: Any) -> Any:
    """A compiled loss, whose attributes are its own."""
    return losslang.compile(spec, **settings)


def test_the_names_of_the_terms_are_known_before_a_call() -> None:
    loss = make("ce + 0.5 * focal")
    assert loss.term_names == ("ce", "focal") == tuple(loss.terms(LOGITS, TARGET))


# ---------------------------------------------------------------- source


def test_a_traceback_shows_the_emitted_line() -> None:
    loss = make("focal")
    try:
        loss(LOGITS, TARGET, reduction="average")
    except ValueError as error:
        shown = "".join(traceback.format_exception(error))
    assert 'raise ValueError(f"reduction must be mean, sum or none' in shown
    assert "return _reduce(value, keep" in shown


def test_inspect_finds_the_source_of_a_class_and_of_its_function() -> None:
    loss = make("focal")
    assert inspect.getsource(type(loss)).startswith("class Focal(nn.Module):")
    module = sys.modules[type(loss).__module__]
    assert inspect.getsource(module.focal).startswith("def focal(")
    assert inspect.getsource(module) == losslang.emit("focal")


def test_the_same_text_is_loaded_once() -> None:
    assert type(make("focal")) is type(make("focal"))
    assert type(make("focal")) is not type(make("gce"))


def test_a_text_that_fails_leaves_no_module_behind() -> None:
    with pytest.raises(ZeroDivisionError):
        load("1 / 0", "a-digest")
    assert "losslang.compiled_a-digest" not in sys.modules


# ---------------------------------------------------------------- copies


def copies(loss: nn.Module) -> dict[str, nn.Module]:
    file = io.BytesIO()
    torch.save(loss, file)
    file.seek(0)
    return {
        "pickle": pickle.loads(pickle.dumps(loss)),
        "deepcopy": copy.deepcopy(loss),
        "copy": copy.copy(loss),
        "torch.save": torch.load(file, weights_only=False),
    }


@each_state
def test_a_copy_computes_the_same(spec: str) -> None:
    loss = make(spec).double().eval()
    want = loss(*STATEFUL[spec])
    for how, other in copies(loss).items():
        assert other is not loss, how
        assert type(other) is type(loss), how
        assert not other.training, how
        same(other(*STATEFUL[spec]), want)


@each_state
def test_a_copy_has_state_of_its_own(spec: str) -> None:
    loss = make(spec).double()
    other = copy.deepcopy(loss)
    for mine, its in zip(loss.state_dict().values(), other.state_dict().values(), strict=True):
        assert mine.data_ptr() != its.data_ptr()


READER = """
import sys, torch
loss, inputs, want = torch.load(sys.argv[1], weights_only=False)
assert not any(name.startswith("losslang.compiled") and "restored" in name for name in sys.modules)
torch.testing.assert_close(loss(*inputs), want)
assert "lark" not in sys.modules and "losslang.ir" not in sys.modules
print(type(loss).__name__)
"""


def test_a_saved_loss_loads_in_a_fresh_process(tmp_path: Path) -> None:
    """The text travels with the state, so neither the program nor the compiler is needed."""
    inputs = (0.5 * normal(8, 6, 4).tanh(), TARGET, 10 + normal(9, 6).abs())
    loss = make("adaface(scale=4)").double()
    loss(*inputs)
    loss.eval()
    torch.save((loss, inputs, loss(*inputs)), tmp_path / "loss.pt")
    command = [sys.executable, "-c", READER, str(tmp_path / "loss.pt")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "Adaface\n", done.stderr


@each_state
def test_a_state_dict_carries_the_state_to_another_instance(spec: str) -> None:
    first, second = make(spec).double(), make(spec).double()
    with torch.no_grad():
        for value in first.state_dict().values():
            value.mul_(1.25)
    second.load_state_dict(first.state_dict())
    same(second.eval()(*STATEFUL[spec]), first.eval()(*STATEFUL[spec]))


# ---------------------------------------------------------------- learned hyperparameters

DOMAINS = {
    "real": (-2.0, 0.0, 3.0),
    "real > 0": (1e-6, 0.07, 50.0),
    "real >= 1": (1.001, 2.0),
    "real < 2": (1.5, -30.0),
    "real in [0, 1]": (0.001, 0.5, 0.99),
    "real in (-1, 3]": (-0.9, 2.5),
}


def learned(domain: str, start: float) -> Any:
    return live(f"loss it(x: real, *, learn tau: {domain} = {start}) = tau * x")


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_learned_value_starts_where_it_was_told(domain: str) -> None:
    """To the precision of the parameter, which is float32."""
    for start in DOMAINS[domain]:
        loss = learned(domain, start)
        torch.testing.assert_close(float(loss.tau.detach()), start, rtol=2e-6, atol=1e-7)
        assert [name for name, _ in loss.named_parameters()] == ["raw_tau"]


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_learned_value_stays_in_its_domain(domain: str) -> None:
    """However far the optimiser pushes, in either direction."""
    tests: dict[str, Callable[[Tensor], Any]] = {
        "real": lambda t: True,
        "real > 0": lambda t: t > 0,
        "real >= 1": lambda t: t >= 1,
        "real < 2": lambda t: t < 2,
        "real in [0, 1]": lambda t: 0 <= t <= 1,
        "real in (-1, 3]": lambda t: -1 < t <= 3,
    }
    for x in (torch.ones(1), -torch.ones(1)):
        loss = learned(domain, DOMAINS[domain][0])
        optimiser = torch.optim.Adam(loss.parameters(), lr=0.3)
        for _ in range(40):
            optimiser.zero_grad()
            loss(x).backward()
            optimiser.step()
            assert tests[domain](loss.tau.detach())
            assert loss.tau.isfinite()


def test_a_start_at_the_closed_end_of_its_domain_can_be_learned() -> None:
    """The map onto a domain reaches its ends only in the limit, so the start is just inside."""
    for domain, start in (("real >= 0", 0.0), ("real in [0, 1]", 1.0), ("real in [0, 1]", 0.0)):
        loss = learned(domain, start)
        assert abs(float(loss.tau.detach()) - start) < 1e-3
        loss(torch.ones(1)).backward()
        assert loss.raw_tau.grad.isfinite()
        assert loss.raw_tau.grad != 0


def test_a_learned_value_outside_its_domain_is_refused() -> None:
    """By the emitted class too, which knows nothing of the compiler."""
    with pytest.raises(losslang.DiagnosticError, match="tau"):
        make("clip", tau=-1.0)
    with pytest.raises(ValueError, match="tau must be > 0, not -1"):
        type(make("clip"))(tau=-1.0)


def test_a_learned_value_can_be_given_for_one_call() -> None:
    loss = make("clip")
    same(loss(*PAIRS, tau=0.5), make("clip(tau=0.5)")(*PAIRS))


def test_a_learned_value_can_be_set_when_the_module_is_made() -> None:
    loss = make("clip", tau=0.5)
    torch.testing.assert_close(float(loss.tau.detach()), 0.5, rtol=1e-6, atol=0)
    assert len(list(loss.parameters())) == 1


# ---------------------------------------------------------------- running averages

AVERAGED = """
loss averaged(x: real, *, decay: real in [0, 1) = 0.75) = x * center
where
    center = ema(mean(x, axis=batch), decay=decay, init=8)
"""


def test_a_running_average_is_a_buffer_with_its_initial_value() -> None:
    (buffer,) = live(AVERAGED).state_dict().values()
    assert float(buffer) == 8


def test_training_takes_the_batch_in_and_returns_the_new_value() -> None:
    loss, x = live(AVERAGED).double(), torch.tensor([1.0, 3.0]).double()
    assert float(loss(x)) == 2 * (0.75 * 8 + 0.25 * 2)
    (buffer,) = loss.buffers()
    assert float(buffer) == 6.5
    loss(x)
    assert float(buffer) == 0.75 * 6.5 + 0.25 * 2


def test_evaluation_returns_the_old_value_and_keeps_it() -> None:
    loss, x = live(AVERAGED).double().eval(), torch.tensor([1.0, 3.0]).double()
    assert float(loss(x)) == 2 * 8
    assert float(loss(x)) == 2 * 8
    (buffer,) = loss.buffers()
    assert float(buffer) == 8


def test_no_gradient_flows_through_a_running_average() -> None:
    loss = live(AVERAGED).double()
    x = torch.tensor([1.0, 3.0]).double().requires_grad_()
    loss(x).backward()
    same(x.grad, torch.full((2,), 6.5 / 2).double())
    assert not any(buffer.requires_grad for buffer in loss.buffers())


def test_a_masked_example_does_not_enter_a_running_average() -> None:
    loss = live(AVERAGED).double()
    loss(torch.tensor([1.0, 3.0, 100.0]).double(), mask=torch.tensor([True, True, False]))
    (buffer,) = loss.buffers()
    assert float(buffer) == 6.5


def test_a_batch_of_nothing_leaves_a_running_average_finite() -> None:
    loss = live(AVERAGED).double()
    value = loss(torch.tensor([1.0, 3.0]).double(), mask=torch.tensor([False, False]))
    assert float(value) == 0
    (buffer,) = loss.buffers()
    assert buffer.isfinite()


def test_a_running_average_is_updated_once_by_terms() -> None:
    loss = live(AVERAGED).double()
    loss.terms(torch.tensor([1.0, 3.0]).double())
    (buffer,) = loss.buffers()
    assert float(buffer) == 6.5


def test_a_running_average_of_a_composition_is_kept_too() -> None:
    loss = make("adaface + 0.1 * ce(cosines, target)").double()
    before = [buffer.clone() for buffer in loss.buffers()]
    loss(*FACES)
    assert all(bool(a != b) for a, b in zip(before, loss.buffers(), strict=True))
    after = [buffer.clone() for buffer in loss.buffers()]
    loss.eval()(*FACES)
    same(list(loss.buffers()), after)


def test_a_running_average_of_half_precision_inputs_is_kept_in_float32() -> None:
    loss = live(AVERAGED)
    loss(torch.tensor([1.0, 3.0]).bfloat16())
    (buffer,) = loss.buffers()
    assert buffer.dtype == torch.float32
    assert float(buffer) == 6.5


# ---------------------------------------------------------------- training progress


def test_setting_progress_changes_the_value() -> None:
    loss = make("pseudo_huber(delta=ramp(progress, 1, 0.1))")
    for progress in (0.0, 0.25, 1.0):
        loss.progress = progress
        assert loss.progress == progress
        want = make("pseudo_huber")(*RESIDUALS, delta=1 - 0.9 * progress)
        same(loss(*RESIDUALS), want)


def test_progress_may_be_a_tensor() -> None:
    loss = make("pseudo_huber(delta=ramp(progress, 1, 0.1))")
    loss.progress = torch.tensor(0.5)
    assert loss.progress == 0.5
    same(loss(*RESIDUALS, progress=torch.tensor(0.25)), loss(*RESIDUALS, progress=0.25), 1e-6)


def test_a_change_of_progress_recompiles_nothing() -> None:
    torch._dynamo.reset()
    counter = CompileCounter()
    loss = make("pseudo_huber(delta=ramp(progress, 1, 0.1))")
    fast = torch.compile(loss, backend=counter, fullgraph=True)
    values = []
    for step in range(4):
        loss.progress = step / 4
        values.append(float(fast(*RESIDUALS)))
        same(values[-1], float(loss(*RESIDUALS)))
    assert counter.frame_count == 1
    assert len(set(values)) == 4


def test_a_learned_value_and_a_running_average_recompile_nothing() -> None:
    torch._dynamo.reset()
    counter = CompileCounter()
    loss = make("adaface(scale=learn(4))").double()
    fast = torch.compile(loss, backend=counter, fullgraph=True)
    for _ in range(3):
        fast(*FACES).backward()
        with torch.no_grad():
            for parameter in loss.parameters():
                parameter.sub_(0.1 * parameter.grad)
    assert counter.frame_count == 1


def test_a_loss_without_schedule_has_no_progress() -> None:
    assert not hasattr(make("focal"), "progress")


# ---------------------------------------------------------------- chance

NOISY = """
loss noisy(x: real[dim], *, scale: real >= 0 = 1) = sum(x[k] * scale * normal() for k in dim)
"""


def test_a_generator_makes_draws_reproducible() -> None:
    loss, x = live(NOISY), normal(10, 5, 3)
    one, two = (torch.Generator().manual_seed(7) for _ in range(2))
    same(loss(x, generator=one), loss(x, generator=two))
    assert bool(loss(x, generator=one) != loss(x, generator=torch.Generator().manual_seed(8)))


def test_the_global_seed_governs_draws_without_a_generator() -> None:
    loss, x = live(NOISY), normal(10, 5, 3)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        first = loss(x)
        torch.manual_seed(3)
        same(loss(x), first)
        assert bool(loss(x) != first)


# ---------------------------------------------------------------- devices and precisions


@each_state
def test_a_module_moves_to_another_device(spec: str) -> None:
    """To the one that every machine has: shapes without numbers."""
    loss = make(spec).to("meta")
    value = loss(*(x.to("meta") for x in STATEFUL[spec]))
    assert value.device.type == "meta"
    assert value.shape == ()


@each_state
def test_a_module_in_half_precision_takes_inputs_of_any(spec: str) -> None:
    for dtype in (torch.bfloat16, torch.float32):
        loss = make(spec).bfloat16()
        inputs = [x.to(dtype) if x.is_floating_point() else x for x in STATEFUL[spec]]
        value = loss(*inputs)
        assert value.dtype == torch.float32
        want = make(spec).double()(*STATEFUL[spec])
        torch.testing.assert_close(value.double(), want, rtol=0.1, atol=0.05)


# ---------------------------------------------------------------- hyperparameters given to a module


def tenths(*, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=dtype)


WANT = torch.nn.functional.cross_entropy(LOGITS + tenths().log(), TARGET)


@pytest.mark.parametrize("given", ["list", "tuple", "tensor", "parameter"])
def test_an_array_is_given_when_a_module_is_made_or_called(given: str) -> None:
    """In the precision of the inputs, whatever the array's own container is."""
    prior: Any = {
        "list": tenths().tolist(),
        "tuple": tuple(tenths().tolist()),
        "tensor": tenths(),
        "parameter": nn.Parameter(tenths()),
    }[given]
    same(make("logit_adjusted", prior=prior)(LOGITS, TARGET), WANT)
    some = make("logit_adjusted(prior=[0.25, 0.25, 0.25, 0.25])")
    same(some(LOGITS, TARGET, prior=prior), WANT)


def test_an_array_of_the_config_has_the_precision_of_the_inputs() -> None:
    loss = make("logit_adjusted(prior=[0.1, 0.2, 0.3, 0.4])")
    same(loss(LOGITS, TARGET), WANT)
    assert loss(LOGITS.float(), TARGET).dtype == torch.float32


def test_a_number_has_the_precision_of_the_inputs() -> None:
    """1/3 is no number of float32, and the square root of a hyperparameter is taken in float64."""
    text = "loss it(x: real, *, a: real > 0 = 1) = x * sqrt(a) + log(a)"
    third = 1 / 3
    want = normal(11, 3).mean() * third**0.5 + torch.tensor(third, dtype=torch.float64).log()
    same(live(text)(normal(11, 3), a=third), want)
    same(live(text, a=third)(normal(11, 3)), want)


@pytest.mark.parametrize("shape", ["number", "array", "per example"])
def test_a_gradient_reaches_a_tensor_given_per_call(shape: str) -> None:
    spec, name, value = {
        "number": ("focal", "gamma", torch.tensor(1.5).double()),
        "array": ("logit_adjusted(prior=[0.25, 0.25, 0.25, 0.25])", "prior", tenths()),
        "per example": ("focal", "gamma", torch.linspace(1, 2, 6).double()),
    }[shape]
    leaf = value.requires_grad_()
    make(spec)(LOGITS, TARGET, **{name: leaf}).backward()
    assert leaf.grad is not None
    assert bool((leaf.grad != 0).all())


@pytest.mark.parametrize("spec", ["focal", "logit_adjusted"])
def test_a_parameter_given_when_a_module_is_made_is_trained(spec: str) -> None:
    name, start = ("gamma", torch.tensor(1.5)) if spec == "focal" else ("prior", tenths())
    parameter = nn.Parameter(start)
    loss = make(spec, **{name: parameter})
    assert [p is parameter for p in loss.parameters()] == [True]
    loss(LOGITS, TARGET).backward()
    assert parameter.grad is not None
    assert bool((parameter.grad != 0).all())
    assert name in loss.state_dict()


def test_a_keyword_of_the_call_may_be_set_when_a_module_is_made() -> None:
    loss = make("ce", reduction="sum", label_smoothing=0.1)
    want = torch.nn.functional.cross_entropy(LOGITS, TARGET, reduction="sum", label_smoothing=0.1)
    same(loss(LOGITS, TARGET), want)
    same(loss(LOGITS, TARGET, reduction="mean"), want / 6)


def test_an_unknown_keyword_is_refused() -> None:
    with pytest.raises((TypeError, losslang.DiagnosticError), match="gama"):
        make("focal", gama=2)(LOGITS, TARGET)


def test_two_instances_of_a_module_share_nothing() -> None:
    text = "loss it(x: real, *, learn tau: real > 0 = 1) = tau * x"
    first, second = live(text), live(text)
    assert first.raw_tau is not second.raw_tau
    assert emitted(text).entries == {"it": ("it", "It")}
