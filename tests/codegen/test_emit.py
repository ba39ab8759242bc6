"""Emitted text: imports torch alone, is the same every time, and no name or text breaks it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import losslang
from losslang.codegen.torch import helpers, table
from losslang.codegen.torch.emit import Emitted, emit
from losslang.diagnostics import DiagnosticError
from losslang.driver import elaborated
from losslang.ir.recursion import Recursion
from tests.codegen.modules import emitted, live, losses, module_of, normal, same
from tests.contract.transforms import LOSSES
from tests.ir.programs import holds
from tests.sampling import some

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/cases/emitted"
SPECS = (*LOSSES, "adaface", "clip(tau=learn(0.05))")
HELPERS = {**table.HELPERS, **helpers.CONTRACT}

each_text = pytest.mark.parametrize("spec", SPECS)


@cache
def text_of(spec: str) -> str:
    return losslang.emit(spec)


def functions(text: str) -> dict[str, ast.FunctionDef]:
    return {n.name: n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}


# ---------------------------------------------------------------- what a module holds


@each_text
def test_a_module_imports_only_torch(spec: str) -> None:
    roots = set()
    for node in ast.walk(ast.parse(text_of(spec))):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add(str(node.module).split(".")[0])
    assert roots == {"torch"}


@each_text
def test_a_module_runs_as_a_file(spec: str) -> None:
    """With annotations that Python evaluates, and nothing in scope that is not imported."""
    names: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(text_of(spec), "emitted.py", "exec", dont_inherit=True), names)
    assert set(names["__all__"]) <= set(names)


@each_text
def test_a_module_defines_what_it_advertises_and_private_helpers(spec: str) -> None:
    body = ast.parse(text_of(spec)).body
    defined = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    (exported,) = [n.value for n in body if isinstance(n, ast.Assign) and _target(n) == "__all__"]
    names = set(ast.literal_eval(exported))
    assert names <= defined
    public = {name for name in defined - names if not name.startswith("_")}
    assert public <= {f"{name}_terms" for name in names}


def _target(node: ast.Assign) -> str:
    return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""


@each_text
def test_every_name_that_a_module_uses_is_defined(spec: str) -> None:
    """A helper that is called and not written would only show when the call runs."""
    tree = ast.parse(text_of(spec))
    called = {
        n.func.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert {name for name in called if name.startswith("_")} <= set(functions(text_of(spec)))


@each_text
def test_no_line_is_longer_than_a_hundred_characters(spec: str) -> None:
    assert max(map(len, text_of(spec).splitlines())) <= 100


@each_text
def test_a_text_is_clean(spec: str) -> None:
    """No blanks at line ends, one newline at the end, no third blank line in a row."""
    text = text_of(spec)
    assert all(line == line.rstrip() for line in text.splitlines())
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\n\n\n\n" not in text


def test_focal_is_two_pages() -> None:
    assert len(text_of("focal").splitlines()) < 180


@each_text
def test_no_formula_loops_in_python(spec: str) -> None:
    if holds(elaborated(spec), Recursion):
        return
    loops = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
    for name, function in functions(text_of(spec)).items():
        if name.startswith("_") and name not in HELPERS:
            assert not [n for n in ast.walk(function) if isinstance(n, loops)], name


@each_text
def test_every_function_has_a_docstring(spec: str) -> None:
    for name, function in functions(text_of(spec)).items():
        assert ast.get_docstring(function), name


# ---------------------------------------------------------------- the same text every time

PROGRAM_OF_FOUR = """
import sys
import losslang
sys.stdout.buffer.write("".join(
    losslang.emit(s) for s in ("supcon", "dice", "adaface", "ce + 0.5 * dice + 0.01 * z_loss")
).encode())
"""


def test_the_bytes_do_not_depend_on_the_process() -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM_OF_FOUR],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
        )
        for seed in ("0", "17")
    ]
    texts = {process.communicate()[0] for process in running}
    assert all(process.returncode == 0 for process in running)
    assert len(texts) == 1


DRAWN = """
"Mean squared error of a noisy prediction."
loss noisy(prediction: real, target: real, *, scale: real >= 0 = 0.1) =
    (prediction + scale * normal() - target)**2
"""

SHOWN = {
    "focal": lambda: losslang.emit("focal"),
    "info_nce": lambda: losslang.emit("info_nce"),
    "ce_dice": lambda: losslang.emit("ce + 0.5 * dice", name="ce_dice"),
    "adaface": lambda: losslang.emit("adaface"),
    "clip": lambda: losslang.emit("clip"),
    "noisy": lambda: emitted(DRAWN).text,
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_text_of_a_module(name: str, update_golden: bool) -> None:
    """What is written for six losses, word for word, so that a change to it is seen."""
    path = GOLDEN / f"{name}.py"
    text = SHOWN[name]()
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


# ---------------------------------------------------------------- texts that try to break out

HOSTILE = st.lists(
    st.sampled_from(
        [
            *[
                '"""',
                "'''",
                '"',
                "'",
                "\\",
                "\\\\",
                "\n",
                "\r",
                "\t",
                "\0",
                "\1",
                "\2",
                "\x85",
                "\u2028",
            ],
            *["{x}", "%s", "é", "数", "\U0001f600", "__ALL__", "__DIGEST__", "import os", " ", "a"],
            *["\nimport os\n", "\\N{BULLET}", "\\x41", "\\u12", '")', "#", "\ud800", "\u202e"],
        ]
    ),
    max_size=12,
).map("".join)


def shown(text: str) -> str:
    """A text as a docstring shows it: layout and unprintable characters aside."""
    return "".join("".join(c if c.isprintable() or c == "\n" else "?" for c in text).split())


@settings(max_examples=some(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(doc=HOSTILE, cite=HOSTILE)
def test_no_text_breaks_out_of_a_docstring(doc: str, cite: str) -> None:
    """Whatever doc and citation say, the module is what it is without them, and shows them."""
    loss = replace(elaborated("mse"), doc=doc, cites=(cite,))
    text = emit([loss]).text
    tree = ast.parse(text)
    written = "".join((ast.get_docstring(tree, clean=False) or "").split())
    assert shown(doc) in written
    assert shown(cite) in written
    assert _shape(tree) == _shape(ast.parse(text_of("mse")))
    compile(text.encode(), "emitted.py", "exec")


def _shape(tree: ast.Module) -> list[str]:
    """Every statement but the docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
    return [ast.dump(node) for node in tree.body]


# ---------------------------------------------------------------- names

BAD_LOSS_NAMES = [
    *["max", "torch", "nn", "class_", "focal_terms", "Tensor", "self", "print", "type", "value"],
    *["_keep", "_real", "reduce", "real", "labels", "unit", "column", "CHECK_LABELS", "Focal", "_"],
    *["__all__", "match", "async_", "terms", "forward", "options", "annotations", "loss_", "LOSS"],
]


@pytest.mark.parametrize("name", BAD_LOSS_NAMES)
def test_a_loss_may_have_any_name(name: str) -> None:
    """The length of a vector's negative cosine calls helpers, which the name must not hide."""
    text = f"""
    loss {name}(logits: real[class], target: class, *, tau: real > 0 = 2) =
        ce(logits / tau, target) + 1 - dot(normalize(logits), normalize(logits))
    """
    loss = live(text)
    logits, target = normal(1, 4, 3), torch.tensor([0, 1, 2, 0])
    want = torch.nn.functional.cross_entropy(logits / 2, target)
    same(loss(logits, target), want)
    same(loss(logits, target, mask=torch.tensor([True] * 4)), want)
    function, type_ = emitted(text).entries[name]
    assert function.isidentifier()
    assert type(loss).__name__ == type_


BAD_PARAMETERS = [
    *[
        "self",
        "keep",
        "value",
        "torch",
        "nn",
        "options",
        "averages",
        "training",
        "examples",
        "soft",
    ],
    *["x", "scaled", "max", "half", "train", "forward", "parameters", "type", "register_buffer"],
    *["raw_b", "terms", "label_weight", "_real", "_", "__class__", "space", "like", "n", "float"],
    *["_keep", "name", "name_", "settings", "isinstance", "dict", "super", "T_destination", "to"],
    *["_progress", "_parameters", "state_dict", "apply", "repr", "match", "double", "_column"],
]


def _keyword(text: str, position: int) -> str:
    """The name that a hyperparameter got in the emitted signature."""
    made = emitted(text)
    function = functions(made.text)[next(iter(made.entries.values()))[0]]
    return function.args.kwonlyargs[position].arg


@pytest.mark.parametrize("name", BAD_PARAMETERS)
def test_a_hyperparameter_may_have_any_name(name: str) -> None:
    other = "c" if name == "b" else "b"
    text = f"""
    loss scaled(prediction: real[dim], *, {name}: real = 2, learn {other}: real > 0 = 3) =
        {name} * sum(prediction[k] * {other} for k in dim)
    """
    x = normal(2, 4, 3)
    keyword = _keyword(text, 0)
    loss = live(text)
    same(loss(x), 6 * x.sum(1).mean(), 1e-6)
    same(loss(x, **{keyword: 5.0}), 15 * x.sum(1).mean(), 1e-6)
    same(live(text, **{keyword: 5.0})(x), 15 * x.sum(1).mean(), 1e-6)
    half = loss.half().train().eval()
    assert half(x).isfinite()
    assert len(list(half.parameters())) == 1


@pytest.mark.parametrize("name", [n for n in BAD_PARAMETERS if n not in ("scaled", "__class__")])
def test_an_input_may_have_any_name(name: str) -> None:
    text = f"loss scaled({name}: real[dim], *, tau: real > 0 = 2) = sum(v / tau for v in dim)"
    text = f"loss scaled({name}: real[dim], *, tau: real > 0 = 2) = sum({name}[k] for k in dim)/tau"
    x = normal(3, 4, 3)
    same(live(text)(x), x.sum(1).mean() / 2)


def test_an_input_keeps_its_name_before_a_variable_of_the_text() -> None:
    loss = live("loss scaled(value: real[dim]) = sum(value[k]**2 for k in dim)")
    x = normal(3, 4, 3)
    same(loss(value=x), x.square().sum(1).mean())


@pytest.mark.parametrize("name", [n for n in BAD_PARAMETERS if n != "scaled"])
def test_a_part_may_have_any_name(name: str) -> None:
    """A `where` name becomes a local variable, which must hide no function that is called."""
    text = f"""
    loss scaled(prediction: real[dim], *, tau: real > 0 = 2) =
        {name}**2 + {name} * norm(normalize(prediction))
    where
        {name} = sum(prediction[k]**3 / tau for k in dim)
    """
    if name in ("prediction", "tau"):
        return
    x = normal(4, 4, 3)
    part = (x**3).sum(1) / 2
    same(live(text)(x), (part**2 + part).mean())


def test_classes_whose_names_would_coincide_differ() -> None:
    text = """
    loss a_b(x: real) = x
    loss aB(x: real) = 2 * x
    loss AB(x: real) = 3 * x
    loss a_b_terms(x: real) = 4 * x
    """
    entries = emitted(text).entries
    assert len({name for pair in entries.values() for name in pair}) == 8
    x = torch.ones(2)
    assert [float(live(text, name)(x)) for name in entries] == [1, 2, 3, 4]
    for name, (function, _) in entries.items():
        assert float(getattr(module_of(text), function)(x)) == float(live(text, name)(x))


def test_a_formula_of_one_loss_is_not_that_of_another() -> None:
    """`ce` has a formula for soft labels, which would be named as the formula of `ce_soft`."""
    text = """
    loss first(logits: real[class], target: class) = ce(logits, target)
    loss first_soft(logits: real[class], target: class) = 2 * ce(logits, target)
    """
    logits, target = normal(5, 3, 4), torch.tensor([1, 0, 3])
    soft = torch.nn.functional.one_hot(target, 4).double()
    for inputs in ((logits, target), (logits, soft)):
        same(2 * live(text, "first")(*inputs), live(text, "first_soft")(*inputs))


def test_inputs_and_hyperparameters_may_be_called_as_another_loss() -> None:
    text = """
    loss ce2(ce3: real[class], target: class) = ce(ce3, target)
    loss ce3(logits: real[class], target: class, *, ce2: real = 2) = ce2 * ce(logits, target)
    """
    logits, target = normal(5, 3, 4), torch.tensor([1, 0, 3])
    same(2 * live(text, "ce2")(logits, target), live(text, "ce3")(logits, target))


@pytest.mark.parametrize("word", ["max", "torch", "None_", "self", "_x", "__all__", "linear"])
def test_a_choice_may_be_any_word(word: str) -> None:
    text = f"""
    loss chosen(x: real, *, mode: {word} | other = {word}) = x if mode == {word} else 2 * x
    """
    x = normal(6, 3)
    same(live(text)(x), x.mean())
    same(live(text, mode="other")(x), 2 * x.mean())
    with pytest.raises(ValueError, match="mode must be one of"):
        live(text)(x, mode="neither")


def test_a_program_cannot_name_what_calls_are_made_with() -> None:
    for word in ("reduction", "mask", "weight", "class_dim", "generator"):
        with pytest.raises(DiagnosticError):
            losses(f"loss a(x: real, *, {word}: real = 1) = x")


# ---------------------------------------------------------------- several losses in a module

TWO = """
loss one(logits: real[class], target: class) = ce(logits, target)
loss two(logits: real[class], target: class) = focal(logits, target)
"""


def test_two_losses_share_their_helpers() -> None:
    made = emitted(TWO)
    names = [n.name for n in ast.parse(made.text).body if isinstance(n, ast.FunctionDef)]
    assert len(names) == len(set(names))
    assert made.text.count("def _labels(") == 1
    assert made.text.count("CHECK_LABELS = ") == 1


def test_the_switch_of_a_module_turns_off_the_check_of_labels() -> None:
    """Without the check an impossible label reads some memory or raises in torch, as it may."""
    text = TWO.replace("one", "switched")
    module: Any = module_of(text)
    loss = live(text, "switched")
    logits, bad = normal(7, 2, 3), torch.tensor([0, 3])
    with pytest.raises(IndexError, match="outside 0 to 2"):
        loss(logits, bad)
    module.CHECK_LABELS = False
    with pytest.raises((RuntimeError, IndexError)) as caught:
        loss(logits, bad)
    assert "outside 0 to 2" not in str(caught.value)
    module.CHECK_LABELS = True


def test_an_entry_is_the_function_and_the_class_of_a_loss() -> None:
    made: Emitted = emitted(TWO)
    assert made.entries == {"one": ("one", "One"), "two": ("two", "Two")}
