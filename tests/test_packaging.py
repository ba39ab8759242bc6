"""Each way to install the project brings the grammar and the standard library along."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Prints what an installed copy finds: where it lies, the grammar's size, the number of losses.
PROBE = """
import losslang, losslang.resources as r
print(losslang.__file__, len(r.grammar_text()), len(r.library_files()), sep="|")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of what belongs to the project, so that no build leaves anything in the real one."""
    copy = tmp_path_factory.mktemp("checkout")
    skip = shutil.ignore_patterns("__pycache__", ".*_cache")
    for folder in ("losslang", "grammar", "stdlib"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=skip)
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def built(checkout, tmp_path_factory):
    """The wheel and the sdist."""
    out = tmp_path_factory.mktemp("built")
    code = (
        "import sys; from hatchling.build import build_sdist, build_wheel;"
        "build_wheel(sys.argv[1]); build_sdist(sys.argv[1])"
    )
    run(sys.executable, "-c", code, str(out), cwd=checkout)
    (wheel,) = out.glob("*.whl")
    (sdist,) = out.glob("*.tar.gz")
    return wheel, sdist


def run(*command: str, cwd: Path, **variables: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(*what: str, into: Path) -> Path:
    """Install without dependencies or downloads; the folder that a ``site`` must be told of."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    quiet = [
        "--no-index",
        "--no-compile",
        "--disable-pip-version-check",
        "--prefix",
        str(into),
        "--ignore-installed",
    ]
    run(*pip, *quiet, *what, cwd=into)
    (site,) = into.glob("lib*/python*/site-packages")
    return site


def check(site: Path, expected_home: Path) -> None:
    """An interpreter that sees this installation alone finds both data folders."""
    code = f"import site; site.addsitedir({str(site)!r}){PROBE}"
    # -S leaves out the running environment's own packages, where losslang may be installed too.
    home, grammar, losses = run(sys.executable, "-S", "-c", code, cwd=site).strip().split("|")
    assert Path(home).resolve().parent == (expected_home / "losslang").resolve()
    assert int(grammar) == len((ROOT / "grammar/losslang.lark").read_text(encoding="utf-8"))
    assert int(losses) == len(list((ROOT / "stdlib").rglob("*.loss"))) > 0


def test_pip_install(checkout, tmp_path):
    site = install(str(checkout), into=tmp_path)
    check(site, site)


def test_pip_install_editable(checkout, tmp_path):
    check(install("--editable", str(checkout), into=tmp_path), checkout)


def test_wheel(built, tmp_path):
    site = install(str(built[0]), into=tmp_path)
    check(site, site)
    command = str(tmp_path / ("Scripts" if os.name == "nt" else "bin") / "losslang")
    assert PROJECT_VERSION in run(command, "--version", cwd=tmp_path, PYTHONPATH=str(site))


def test_sdist(built, tmp_path):
    site = install(str(built[1]), into=tmp_path)
    check(site, site)


def test_wheel_holds_the_package_and_nothing_else(built):
    names = zipfile.ZipFile(built[0]).namelist()
    tops = {name.split("/")[0] for name in names}
    version = PROJECT_VERSION
    assert tops == {"losslang", f"losslang-{version}.dist-info"}
    assert "losslang/py.typed" in names
    assert "losslang/codegen/native/mathematics.h" in names
    assert f"losslang-{version}.dist-info/licenses/LICENSE" in names


def test_sdist_holds_the_license(built):
    with tarfile.open(built[1]) as archive:
        names = archive.getnames()
    assert f"losslang-{PROJECT_VERSION}/LICENSE" in names


def _version() -> str:
    found = re.search(r'__version__ = "(.*)"', (ROOT / "losslang/_version.py").read_text())
    assert found
    return found[1]


PROJECT_VERSION = _version()


def normal(requirement: str) -> str:
    """The name in a requirement, as registries compare it."""
    return canonicalize_name(Requirement(requirement).name)


PINNED = {
    normal(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
}


def test_every_requirement_is_pinned():
    """Also what our requirements require in turn, as far as it is installed here."""
    extras = PROJECT["optional-dependencies"].values()
    queue = [*PROJECT["dependencies"], *(one for extra in extras for one in extra)]
    wanted: set[str] = set()
    while queue:
        requirement = Requirement(queue.pop())
        name = canonicalize_name(requirement.name)
        marker = requirement.marker
        if name not in wanted and (marker is None or marker.evaluate({"extra": ""})):
            wanted.add(name)
            with contextlib.suppress(PackageNotFoundError):
                queue += metadata.requires(name) or []
    assert wanted <= PINNED


# Where a distribution is not called what one imports.
DISTRIBUTION = {"flint": "python-flint", "z3": "z3-solver"}


def test_what_the_package_imports_is_required():
    extras = PROJECT["optional-dependencies"]
    required = {normal(one) for one in PROJECT["dependencies"] + extras["plot"] + extras["verify"]}
    imported = set()
    for path in (ROOT / "losslang").rglob("*.py"):
        if "integrations" in path.parts:
            continue  # each of these is for those who have the other library
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    others = imported - set(sys.stdlib_module_names) - {"losslang"}
    assert {DISTRIBUTION.get(name, name) for name in others} <= required


def test_changelog_names_the_version():
    assert f"## {PROJECT_VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
