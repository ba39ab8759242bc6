"""``losslang test``: do the worked examples of a file hold, and how exact is the emitted code?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from losslang.cli import common
from losslang.diagnostics import Diagnostic, DiagnosticError
from losslang.diagnostics.render import to_json

if TYPE_CHECKING:
    from losslang.driver import AccuracyResult


@click.command(
    name="test",
    short_help="Check the worked examples of files, or the accuracy of losses.",
    epilog="\b\nExamples:\n  losslang test my.loss\n  losslang test --json losses/\n"
    "  losslang test focal --accuracy\n"
    "  losslang test focal --accuracy --backend native\n",
)
@click.argument("targets", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--accuracy",
    is_flag=True,
    help="Measure value and gradient of the emitted code on hard inputs instead.",
)
@click.option(
    "--backend",
    type=click.Choice(["torch", "native"]),
    default="torch",
    help="With --accuracy: the emitted code, or kernels for the CPU.",
)
@common.json_option
def command(targets: tuple[str, ...], accuracy: bool, backend: str, as_json: bool) -> None:
    """Check every `example ... == value` of .loss files to the digits written.

    A folder stands for the .loss files in it, and - for standard input.

    With --accuracy, FILE may also be an expression such as focal(gamma=3). The code that
    `losslang compile` writes is run in float32, float64 and bfloat16 on hard inputs and compared
    with the formula and its derivative in many digits. The table shows the worst errors in units
    in the last place; the status is 1 if anything is infinite or NaN that should be finite.
    """
    if accuracy:
        _accuracy(targets, backend, as_json)
    else:
        _examples([_file(target) for target in targets], as_json)


def _file(target: str) -> Path:
    path = Path(target)
    if path != common.STDIN and not path.exists():
        raise click.BadParameter(f"Path {target!r} does not exist.", param_hint="'FILE...'")
    return path


def _examples(paths: list[Path], as_json: bool) -> None:
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


def _accuracy(targets: tuple[str, ...], backend: str, as_json: bool) -> None:
    from losslang.accuracy import report

    results: list[AccuracyResult] = []
    with common.reported():
        for result in _measured(targets, backend):
            results.append(result)
            if not as_json:
                about = "worst errors in units in the last place" if result.rows else "not measured"
                click.echo(f"{result.loss}: {about}")
                lines = report.table(result.rows) if result.rows else [result.reason]
                click.echo("".join(f"  {line}\n" for line in lines))
    rows = [row for result in results for row in result.rows]
    bad = sum(bool(row.non_finite) for row in rows)
    if as_json:
        common.echo_json({"ok": not bad, "rows": [report.as_json(row) for row in rows]})
    else:
        total = common.counted(len(rows), "measurement")
        click.echo(f"{total}: {bad} with numbers that should be finite and are not")
    if bad:
        raise SystemExit(1)


def _measured(targets: tuple[str, ...], backend: str) -> Iterator[AccuracyResult]:
    """The losses of the files, and the expressions, in order."""
    from losslang import driver

    for target in targets:
        path = Path(target)
        if target.endswith(".loss") or path == common.STDIN or path.is_dir():
            for file in common.expand([_file(target)]):
                shown, text = common.shown(file), common.read(file)
                yield from driver.accuracy(path=shown, text=text, backend=backend)
        else:
            yield from driver.accuracy(target, backend=backend)
