"""Every diagnostic code has a bad program, the exact text a user sees, and a section in the docs.

A case is ``tests/cases/errors/<code>[--variant]`` with one of the endings ``.loss`` (a file),
``.test`` (a file whose worked examples are run), ``.config`` (an expression), ``.yaml`` (a config),
``.show`` (an expression and a basis to expand it in), ``.verify`` (an expression and a question
about it), ``.claims`` (a file whose claims are verified) and ``.name`` (of a loss in
``files/two.loss``). Beside it stands the rendered output.
``pytest --update-golden`` rewrites the outputs.
"""

from __future__ import annotations

import ast
import re
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from losslang import driver
from losslang.diagnostics.codes import TITLES
from losslang.diagnostics.model import Diagnostic, DiagnosticError
from losslang.diagnostics.render import render

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests/cases/errors"
DOCS = ROOT / "docs/errors.md"

# Programs too large to be kept as files.
GENERATED = {
    "list-too-long.config": f"[{','.join('0' * 10_001)}]",
    "source-too-large.loss": "# again and again\n" * 20_000,
    "too-many-nodes.config": f"[{','.join(['x*x'] * 7_000)}]",
    "too-many-nodes--tokens.config": "x " * 70_000,
}

KINDS = {".loss", ".config", ".yaml", ".show", ".test", ".verify", ".claims", ".name"}
CASES = sorted({path.name for path in FOLDER.iterdir() if path.suffix in KINDS} | {*GENERATED})


def text_of(case: str) -> str:
    if case in GENERATED:
        return GENERATED[case]
    return (FOLDER / case).read_text(encoding="utf-8")


def code_of(case: str) -> str:
    return case.rsplit(".", 1)[0].split("--")[0]


def config_of(text: str) -> Any:
    """A config as YAML or, where it has something to resolve, as OmegaConf reads it."""
    read = yaml.safe_load(text)
    return OmegaConf.create(read) if "${" in text or "???" in text else read


def diagnostics_of(case: str) -> tuple[Diagnostic, ...]:
    """What a user is told about a case."""
    text = text_of(case)
    try:
        # Imports are relative to the file, and outputs show the paths.
        with chdir(FOLDER):
            if case.endswith(".loss"):
                return driver.check_file(case, text)
            if case.endswith(".test"):
                results = driver.run_examples(case, text)
                return tuple(result.problem for result in results if result.problem)
            if case.endswith(".show"):
                spec, basis = text.split(" | ")
                driver.show(spec, expand=basis)
            elif case.endswith(".verify"):
                spec, question = text.strip().split(" | ")
                driver.verify(spec).question(question)
            elif case.endswith(".claims"):
                _ = driver.verify(path=case).claims
            elif case.endswith(".config"):
                driver.elaborated_config(text)
            elif case.endswith(".yaml"):
                driver.elaborated_config(config_of(text))
            else:
                driver.elaborated(path="files/two.loss", name=text.strip())
            return ()
    except DiagnosticError as error:
        return error.diagnostics


@pytest.mark.parametrize("case", CASES)
def test_output_is_as_expected(case: str, update_golden: bool) -> None:
    rendered = "\n\n".join(render(diagnostic) for diagnostic in diagnostics_of(case)) + "\n"
    output = rendered.replace(f"{ROOT}/", "")
    golden = FOLDER / f"{case.rsplit('.', 1)[0]}.txt"
    if update_golden:
        golden.write_text(output, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == output


@pytest.mark.parametrize("case", CASES)
def test_case_shows_the_code_it_is_named_after(case: str) -> None:
    assert code_of(case) in {diagnostic.code for diagnostic in diagnostics_of(case)}


@pytest.mark.parametrize("code", TITLES)
def test_code_has_a_case(code: str) -> None:
    assert code in {code_of(case) for case in CASES}


@pytest.mark.parametrize("code", TITLES)
def test_code_is_documented(code: str) -> None:
    assert f"\n### {code}\n" in DOCS.read_text(encoding="utf-8")


def test_docs_and_cases_name_no_code_that_does_not_exist() -> None:
    documented = re.findall(r"^### (\S+)$", DOCS.read_text(encoding="utf-8"), re.M)
    assert set(documented) | {code_of(case) for case in CASES} <= set(TITLES)


def test_expected_outputs_belong_to_cases() -> None:
    outputs = {path.stem for path in FOLDER.glob("*.txt")}
    assert outputs == {case.rsplit(".", 1)[0] for case in CASES}


def test_every_code_in_the_compiler_is_listed() -> None:
    """A code is the literal first argument of ``fail``, ``Diagnostic`` or a method ``error``."""
    used = set()
    for path in (ROOT / "losslang").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called, first = node.func, node.args[0]
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in {"fail", "Diagnostic", "error"} and isinstance(first, ast.Constant):
                used.add(first.value)
    assert used <= set(TITLES)
