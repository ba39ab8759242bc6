"""``losslang check``: are these files right?"""

from __future__ import annotations

from pathlib import Path

import click

from losslang.cli import common
from losslang.diagnostics import Diagnostic, DiagnosticError
from losslang.diagnostics.render import to_json


@click.command(
    name="check",
    short_help="Look for mistakes without compiling.",
    epilog="\b\n"
    "Examples:\n"
    "  losslang check my.loss\n"
    "  losslang check losses/            every .loss file in the folder\n"
    "  losslang check --json - < my.loss for an editor\n",
)
@common.loss_files_argument
@click.option("--strict", is_flag=True, help="Let warnings fail the check too.")
@common.json_option
def command(paths: tuple[Path, ...], strict: bool, as_json: bool) -> None:
    """Look for mistakes in .loss files: syntax, names, axes, types, domains, defaults.

    Problems are printed with the place and, where there is one, the edit that mends them. Warnings
    do not fail the check. A folder stands for the .loss files in it, and - for standard input.
    """
    targets = common.expand(paths)
    found = [diagnostic for path in targets for diagnostic in _check(path)]
    failed = common.has_errors(found) or (strict and bool(found))
    if as_json:
        diagnostics = [to_json(diagnostic) for diagnostic in found]
        common.echo_json({"ok": not failed, "diagnostics": diagnostics})
    else:
        common.report(found)
        click.echo(f"{common.counted(len(targets), 'file')} checked: {_summary(found)}")
    if failed:
        raise SystemExit(1)


def _check(path: Path) -> tuple[Diagnostic, ...]:
    from losslang import driver

    try:
        return driver.check_file(common.shown(path), common.read(path))
    except DiagnosticError as error:
        return error.diagnostics


def _summary(found: list[Diagnostic]) -> str:
    if not found:
        return "no problems"
    errors = sum(diagnostic.severity == "error" for diagnostic in found)
    parts = [(errors, "error"), (len(found) - errors, "warning")]
    return ", ".join(common.counted(number, noun) for number, noun in parts if number)
