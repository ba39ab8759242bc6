"""Where code belongs: what each package may import, and what it may do to the world."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A unit imports only itself and what stands in an earlier row. Units of one row are strangers.
LAYERS = (
    ("_version",),
    ("resources", "source", "files"),
    ("diagnostics",),
    ("syntax",),
    ("ir",),
    ("verify", "rewrite"),
    ("codegen",),
    ("runtime", "accuracy"),
    ("bundle",),
    ("driver",),
    ("integrations", "balance"),
    ("cli",),
    ("__main__",),
)
LEVEL = {unit: level for level, row in enumerate(LAYERS) for unit in row}

TOUCH_FILES = (
    *("resources", "files", "driver.stdlib", "driver.loading", "runtime.cache"),
    "codegen.native.compiler",  # a C++ compiler writes files, and only files can be loaded
)
FILE_CALLS = {
    *("open", "NamedTemporaryFile", "TemporaryDirectory", "mkstemp", "mkdtemp"),
    *(".read_text", ".write_text", ".read_bytes", ".write_bytes", ".mkdir", ".unlink"),
}


@dataclass(frozen=True)
class Code:
    """One Python file of the package."""

    path: Path

    @cached_property
    def name(self) -> str:
        """Dotted name below ``losslang``; a package's ``__init__`` has the package's name."""
        parts = self.path.relative_to(ROOT / "losslang").with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)

    @property
    def unit(self) -> str:
        return self.name.split(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def imports(self) -> tuple[tuple[str, int], ...]:
        """Every module imported anywhere in the file, with the line."""
        return tuple(_imports(self.tree))

    def inside(self, *names: str) -> bool:
        return any(self.name == name or self.name.startswith(f"{name}.") for name in names)


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "write imports in full, they are read by this test"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


CODE = [Code(path) for path in sorted((ROOT / "losslang").rglob("*.py"))]
PARTS = [code for code in CODE if code.name != "__init__"]  # the facade names parts of all layers


def every_file(cases: list[Code] = PARTS) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("code", cases, ids=[code.name for code in cases])


def roots(code: Code) -> set[str]:
    return {name.split(".")[0] for name, _ in code.imports}


@every_file()
def test_a_package_imports_only_what_stands_before_it(code):
    assert code.unit in LEVEL, f"give losslang.{code.unit} its place in LAYERS"
    wrong = []
    for name, line in code.imports:
        parts = name.split(".")
        if parts[0] != "losslang" or len(parts) == 1 or parts[1] == code.unit:
            continue
        if parts[1] not in LEVEL or LEVEL[parts[1]] >= LEVEL[code.unit]:
            wrong.append(f"{code.path}:{line} imports {name}")
    assert not wrong


def plans(code: Code) -> bool:
    """Whether the file is part of the way from a formula to a plan, before any backend."""
    return code.unit == "codegen" and code.name.count(".") == 1


@every_file()
def test_heavy_libraries_stay_in_their_places(code):
    allowed = {
        "lark": code.inside("syntax"),
        "sympy": code.inside("ir", "verify", "rewrite", "accuracy.truth") or plans(code),
        "torch": code.inside("runtime", "balance", "integrations", "accuracy.measure"),
        "flint": code.inside("verify"),
        "click": code.inside("cli"),
    }
    for library in roots(code) & set(allowed):
        assert allowed[library], f"{code.name} may not import {library}"


@every_file([code for code in PARTS if not code.inside("cli", "__main__")])
def test_only_the_command_line_prints_or_exits(code):
    for node in ast.walk(code.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"print", "input", "exit", "quit"}, node.lineno
        if isinstance(node, ast.Name):
            assert node.id != "SystemExit", node.lineno
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in {
                ("sys", "exit"),
                ("sys", "stdin"),
                ("sys", "stdout"),
                ("sys", "stderr"),
                ("os", "_exit"),
            }, node.lineno


@every_file([code for code in PARTS if not code.inside(*TOUCH_FILES)])
def test_few_files_touch_the_file_system(code):
    for node in ast.walk(code.tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = f".{function.attr}" if isinstance(function, ast.Attribute) else ""
            name = function.id if isinstance(function, ast.Name) else name
            assert name not in FILE_CALLS, f"{code.path}:{node.lineno} calls {name}"


def test_no_python_beside_the_data():
    """A ``.py`` there breaks an editable install; a copy in the package would shadow it."""
    for folder in ("grammar", "stdlib"):
        assert not list((ROOT / folder).rglob("*.py"))
        assert not (ROOT / "losslang" / folder).exists()


@every_file(CODE)
def test_every_module_says_what_it_is(code):
    assert ast.get_docstring(code.tree)
