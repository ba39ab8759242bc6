"""Losses with state: the module against the interpreter and against papers' algorithms in numpy."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

import losslang
from losslang.ir.interpret import interpret
from tests.ir.programs import program

PER_SAMPLE = """
loss f(x: real, index: sample, *, g: real in (0, 1] = 0.25) = x * u[index] + next(u)[index]
where
    state u: real[sample] = 1
    u[index] <- (1 - g) * u[index] + g * x**2
"""

PER_CLASS = """
loss f(x: real[dim], target: class) = sum((x - c[target])**2) + sum(sum(c, axis=dim))
where
    state c: real[class, dim] = 0
    c[target] <- 0.5 * c[target] + 0.5 * x
"""

QUEUED = """
loss f(x: real[dim], label: label, *, length: int >= 1 = 5) =
    sum(dot(x, keys[k]) for k in queue if labels[k] == label) + count(1 for k in queue)
where
    keys = queue(x, length=length)
    labels = queue(label, length=length)
"""

CENTRED = """
loss f(x: real[dim]) = sum((x - m)**2)
where
    m = ema(x, decay=0.5)
"""

SQUARE = """
loss f(x: real[dim]) = sum(x[a] * next(c)[a, b] * x[b] for a in dim for b in dim)
where
    state c: real[dim, dim'] = 0
    c <- 0.5 * c + 0.5 * [x[a] * x[b] for a in dim for b in dim']
"""

PROGRAMS = {
    "sample": (PER_SAMPLE, {"sample": 6}),
    "class": (PER_CLASS, {"class": 3, "dim": 2}),
    "queue": (QUEUED, {"dim": 2}),
    "ema": (CENTRED, {"dim": 2}),
    "square": (SQUARE, {"dim": 2}),
}


def live(text, tmp_path, **settings):
    file = tmp_path / "f.loss"
    file.write_text(text)
    return losslang.compile(path=file, **settings).double()


def batches(text, steps=4, n=3, seed=0):
    """Random inputs by name, some indices twice in a batch."""
    draw = np.random.default_rng(seed)
    kinds = {known.name: known for known in program(text).inputs}
    for _ in range(steps):
        yield {
            name: draw.integers(0, 3, n)
            if known.kind in ("index", "label")
            else np.round(draw.normal(size=(n, *(2 for _ in known.axes))), 3)
            for name, known in kinds.items()
        }


def lists(batch):
    return {name: array.tolist() for name, array in batch.items()}


def tensors(batch):
    return [torch.from_numpy(array) for array in batch.values()]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("mask", [None, [True, False, True], [False, False, False]])
def test_a_module_and_the_interpreter_agree_step_by_step(name, mask, tmp_path):
    text, sizes = PROGRAMS[name]
    loss, module = program(text), live(text, tmp_path, sizes=sizes)
    state: Mapping[str, Any] = {}
    for batch in batches(text):
        result = interpret(loss, lists(batch), state=state, sizes=sizes, mask=mask)
        options = {} if mask is None else {"mask": torch.tensor(mask)}
        value = module(*tensors(batch), **options)
        torch.testing.assert_close(float(value), float(result.mean), rtol=1e-12, atol=1e-12)
        state = result.state
        for buffer, array in state.items():
            held = getattr(module, buffer).double().numpy()
            np.testing.assert_allclose(held, np.array(array, dtype=float), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_evaluation_changes_nothing(name, tmp_path):
    text, sizes = PROGRAMS[name]
    module = live(text, tmp_path, sizes=sizes)
    first, second, *_ = batches(text)
    module(*tensors(first))
    before = {key: value.clone() for key, value in module.state_dict().items()}
    values = [module.eval()(*tensors(second)) for _ in range(2)]
    assert values[0] == values[1]
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_flow_past_states(name, tmp_path):
    """Also where the gradient needs the old state, which the call has overwritten by then."""
    text, sizes = PROGRAMS[name]
    module = live(text, tmp_path, sizes=sizes)
    for batch in batches(text):
        x, *others = tensors(batch)
        state = {key: value.clone() for key, value in module.state_dict().items()}
        kept = module.train()(*[x.clone().requires_grad_(), *others])  # moves the state
        assert kept.requires_grad
        module.eval().load_state_dict(state)

        def value(x, others=others):
            return module(x, *others)

        assert torch.autograd.gradcheck(value, (x.requires_grad_(),))
        assert torch.autograd.gradgradcheck(value, (x,))
        grown = x.detach().clone().requires_grad_()
        module.train()(grown, *others).backward()
        assert grown.grad.isfinite().all()


def test_a_duplicate_in_a_batch_writes_the_mean(tmp_path):
    module = live(PER_SAMPLE, tmp_path, sizes={"sample": 3}, g=1)
    x = torch.tensor([1.0, 3.0, 2.0]).double()
    module(x, torch.tensor([0, 0, 2]))
    assert module.u.tolist() == [5, 1, 4]


def test_state_is_pickled_and_saved_with_the_module(tmp_path):
    module = live(PER_SAMPLE, tmp_path, sizes={"sample": 6})
    first, second, *_ = batches(PER_SAMPLE)
    module(*tensors(first))
    again = pickle.loads(pickle.dumps(module))
    fresh = live(PER_SAMPLE, tmp_path, sizes={"sample": 6})
    fresh.load_state_dict(module.state_dict())
    value = module(*tensors(second))
    assert again(*tensors(second)) == value == fresh(*tensors(second))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_emitted_module_stands_alone(name, tmp_path):
    """Its class keeps state, its function takes a dictionary in and leaves the new state there."""
    text, sizes = PROGRAMS[name]
    module = live(text, tmp_path, sizes=sizes)
    names: dict[str, Any] = {}
    exec(losslang.emit(path=tmp_path / "f.loss"), names)
    made = names["F"](sizes=sizes).double()
    state = {key: value.clone() for key, value in made.state_dict().items()}
    for batch in batches(text):
        value = module(*tensors(batch))
        assert made(*tensors(batch)) == value
        assert names["f"](*tensors(batch), state=state) == value
    assert all(torch.equal(state[key], value) for key, value in made.state_dict().items())


def test_a_module_without_sizes_is_refused(tmp_path):
    with pytest.raises(losslang.DiagnosticError, match="keeps state over sample"):
        live(PER_SAMPLE, tmp_path)
    names: dict[str, Any] = {}
    exec(losslang.emit(path=tmp_path / "f.loss"), names)
    with pytest.raises(ValueError, match="F keeps state over sample"):
        names["F"]()


def test_a_config_gives_sizes():
    file = "tests/cases/errors/files/remembering.loss"
    config = {"spec": "remembering", "import": file, "sizes": {"sample": 7, "class": 3}}
    assert losslang.from_config(config).t.shape == (7, 3)


def test_a_functional_call_moves_the_buffers_it_is_given(tmp_path):
    module = live(PER_SAMPLE, tmp_path, sizes={"sample": 6})
    (batch, *_), buffers = batches(PER_SAMPLE), {"u": torch.full((6,), 2.0).double()}
    torch.func.functional_call(module, buffers, tuple(tensors(batch)))
    assert module.u.tolist() == [1] * 6
    assert buffers["u"].tolist() != [2] * 6


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_function_can_be_mapped_over(name, tmp_path):
    text, sizes = PROGRAMS[name]
    module = live(text, tmp_path, sizes=sizes)
    names: dict[str, Any] = {}
    exec(losslang.emit(path=tmp_path / "f.loss"), names)
    several = [tensors(batch) for batch in batches(text)]
    stacked = [torch.stack(parts) for parts in zip(*several, strict=True)]

    def value(*inputs):
        return names["f"](*inputs, state=dict(module.state_dict()))

    each = torch.stack([value(*inputs) for inputs in several])
    torch.testing.assert_close(torch.func.vmap(value)(*stacked), each)


# ---------------------------------------------------------------- composition


def test_terms_of_a_composition_keep_their_states(tmp_path):
    file = tmp_path / "f.loss"
    file.write_text(PER_SAMPLE)
    config = {"spec": "f + 2 * l1(x, y)", "import": str(file), "sizes": {"sample": 6}}
    module = losslang.from_config(config)
    module.terms(torch.ones(2), torch.tensor([0, 4]), torch.zeros(2))
    module.terms(2 * torch.ones(2), torch.tensor([0, 4]), torch.zeros(2))
    assert module.u.tolist() == [1.75, 1, 1, 1, 1.75, 1]
