"""``losslang fmt``: the one layout of a ``.loss`` file."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import click

from losslang.cli import common
from losslang.diagnostics import DiagnosticError


@click.command(
    name="fmt",
    short_help="Lay files out in the one standard way.",
    epilog="\b\n"
    "Examples:\n"
    "  losslang fmt my.loss\n"
    "  losslang fmt --check losses/      for continuous integration\n"
    "  losslang fmt --diff my.loss\n"
    "  losslang fmt - < my.loss          prints the result\n",
)
@common.loss_files_argument
@click.option("--check", is_flag=True, help="Change nothing; fail if a file would change.")
@click.option("--diff", is_flag=True, help="Like --check, and print what would change.")
def command(paths: tuple[Path, ...], check: bool, diff: bool) -> None:
    """Rewrite .loss files in the one standard layout. The meaning and the comments stay.

    A file with a syntax mistake is reported and left alone. A folder stands for the .loss files in
    it, and - for standard input, whose result is printed.
    """
    dry = check or diff
    changed = broken = 0
    targets = common.expand(paths)
    for path in targets:
        before = common.read(path)
        after = _formatted(before, path)
        if after is None:
            broken += 1
            continue
        if after != before:
            changed += 1
        if diff:
            click.echo(_difference(before, after, path), nl=False)
        elif path == common.STDIN and not check:
            click.echo(after, nl=False)
        elif after != before:
            if not check:
                common.write(path, after)
            click.echo(f"{'would format' if check else 'formatted'} {common.shown(path)}")
    if targets != [common.STDIN]:
        click.echo(_summary(len(targets), changed, broken, dry), err=True)
    if broken or (dry and changed):
        raise SystemExit(1)


def _formatted(text: str, path: Path) -> str | None:
    """The text in its standard layout, or ``None`` after its mistakes have been reported."""
    from losslang.syntax.format import format_module

    try:
        return format_module(text, common.shown(path))
    except DiagnosticError as error:
        common.report(error.diagnostics)
        return None


def _difference(before: str, after: str, path: Path) -> str:
    name = common.shown(path)
    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, name
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _summary(total: int, changed: int, broken: int, dry: bool) -> str:
    parts = [(changed, "to format" if dry else "formatted"), (broken, "with mistakes")]
    parts.append((total - changed - broken, "already in layout"))
    return ", ".join(f"{common.counted(number, 'file')} {what}" for number, what in parts if number)
