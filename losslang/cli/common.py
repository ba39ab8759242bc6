"""What the subcommands share: which files are meant, and how problems are told."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from losslang import files
from losslang.diagnostics import Diagnostic, DiagnosticError

STDIN = Path("-")

loss_files_argument = click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for a program to read."
)

scope_option = click.option(
    "--from",
    "scope",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Let the expression use this file's losses too.",
)


class Target(NamedTuple):
    """What TARGET and its options mean: an expression, one loss of a file, or a whole file.

    With an expression, ``name`` is what its result is to be called.
    """

    spec: str | None
    path: Path | None
    name: str | None


def resolve(target: str, name: str | None, scope: Path | None) -> Target:
    """Make sense of TARGET, ``--name`` and ``--from`` together."""
    if not target.endswith(".loss"):
        if name is not None and not name.isidentifier():
            raise click.UsageError(f"{name!r} cannot be the name of a function")
        return Target(target, scope, name)
    path = Path(target)
    if not path.is_file():
        raise click.UsageError(f"there is no file {target!r}")
    if scope is not None:
        raise click.UsageError("--from goes with an expression, not with a file")
    return Target(None, path, name)


def expand(paths: Iterable[Path]) -> list[Path]:
    """The files meant: a folder stands for every ``.loss`` file below it."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.loss")) if path != STDIN and path.is_dir() else [path]
    if not found:
        raise click.UsageError("there is no .loss file in that folder")
    return found


def shown(path: Path) -> str:
    """The name under which a file is reported."""
    return "<stdin>" if path == STDIN else str(path)


def read(path: Path) -> str:
    """The text of a file, or of standard input for ``-``."""
    try:
        if path == STDIN:
            return sys.stdin.buffer.read().decode("utf-8-sig").replace("\r\n", "\n")
        return files.read(path)
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{shown(path)} is not UTF-8 text (byte {error.start})"
        ) from error
    except OSError as error:
        raise click.ClickException(f"cannot read {shown(path)}: {error.strerror}") from error


def write(path: Path, content: str | bytes) -> None:
    """Replace a file in one step."""
    try:
        files.write_atomically(path, content)
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from error


def make_folder(path: Path) -> None:
    """Make a folder where it is missing."""
    try:
        files.make_folder(path)
    except OSError as error:
        raise click.ClickException(f"cannot make {path}: {error.strerror}") from error


def report(diagnostics: Iterable[Diagnostic]) -> None:
    """Print problems for a person, on standard error."""
    from losslang.diagnostics.render import render

    for diagnostic in diagnostics:
        click.echo(render(diagnostic) + "\n", err=True)


@contextmanager
def reported() -> Iterator[None]:
    """Print a user's mistake and leave with status 1."""
    try:
        yield
    except DiagnosticError as error:
        report(error.diagnostics)
        raise SystemExit(1) from error


def echo_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def counted(number: int, noun: str) -> str:
    """``1 file`` or ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def has_errors(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether one of them is more than a warning."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)
