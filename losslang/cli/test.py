"""``losslang test``: do the worked examples of a file hold?"""

from __future__ import annotations

from pathlib import Path

import click

from losslang.cli import common
from losslang.diagnostics import Diagnostic, DiagnosticError
from losslang.diagnostics.render import to_json


@click.command(
    name="test",
    short_help="Check the worked examples of files.",
    epilog="\b\nExamples:\n  losslang test my.loss\n  losslang test --json losses/\n",
)
@common.loss_files_argument
@common.json_option
def command(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check every `example ... == value` of .loss files to the digits written.

    A folder stands for the .loss files in it, and - for standard input.
    """
    from losslang import driver

    outcomes: list[driver.ExampleResult] = []
    problems: list[Diagnostic] = []
    for path in common.expand(paths):
        try:
            outcomes += driver.run_examples(common.shown(path), common.read(path))
        except DiagnosticError as error:
            problems += error.diagnostics
    failures = [outcome.problem for outcome in outcomes if outcome.problem is not None]
    problems += failures
    if as_json:
        examples = [
            {
                "loss": outcome.loss,
                "line": outcome.line,
                "example": outcome.text,
                "ok": outcome.problem is None,
            }
            for outcome in outcomes
        ]
        diagnostics = [to_json(problem) for problem in problems]
        common.echo_json({"ok": not problems, "examples": examples, "diagnostics": diagnostics})
    else:
        common.report(problems)
        held = len(outcomes) - len(failures)
        total = common.counted(len(outcomes), "example")
        click.echo(f"{total}: {held} held, {len(failures)} failed")
    if problems:
        raise SystemExit(1)
