"""``losslang verify``: what is true of a loss, proved or refuted."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from losslang.cli import common
from losslang.diagnostics import Diagnostic, DiagnosticError
from losslang.diagnostics.render import to_json

if TYPE_CHECKING:
    from losslang.verify.report import Report

# What a config says beside hyperparameters.
NO_HYPERPARAMETERS = ("spec", "kind", "import", "path", "name")


@click.command(
    name="verify",
    short_help="Prove or refute properties of a loss, for all hyperparameters.",
    epilog="\b\n"
    "Examples:\n"
    "  losslang verify poly1\n"
    "  losslang verify poly1 --set eps=-3 --plot poly1.png\n"
    "  losslang verify my.loss --name focal --property calibrated\n"
    "  losslang verify poly1 --explain calibrated\n"
    "  losslang verify my.loss --json > report.json\n"
    "  losslang verify poly1 --certificates proofs\n"
    "  losslang verify --check proofs/poly1.calibrated.json\n",
)
@click.argument("target", required=False)
@click.option("--name", metavar="NAME", help="Only this loss of the file.")
@common.scope_option
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Fix a hyperparameter; the others stay free. May be repeated.",
)
@click.option(
    "--property",
    "properties",
    multiple=True,
    metavar="PROPERTY",
    help='Decide only this, such as "convex(logits)". May be repeated.',
)
@click.option("--explain", metavar="PROPERTY", help="Print the argument for this verdict.")
@common.json_option
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw the counterexamples (needs matplotlib).",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For all questions together.",
)
@click.option(
    "--certificates",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write a certificate for each verdict with a proof.",
)
@click.option(
    "--check",
    "certificate",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Check a certificate; no TARGET is needed.",
)
def command(
    target: str | None,
    name: str | None,
    scope: Path | None,
    settings: tuple[str, ...],
    properties: tuple[str, ...],
    explain: str | None,
    as_json: bool,
    plot: Path | None,
    timeout: float,
    certificates: Path | None,
    certificate: Path | None,
) -> None:
    """Prove or refute what can be said of TARGET, for all settings of its hyperparameters.

    Each property with a meaning for the loss is proved, refuted with numbers at which it fails, or
    proved to hold exactly under a condition. The exit status is 1 if a claim of the loss does not
    stand. A file stands for all its losses.
    """
    if certificate is not None:
        if target is not None:
            raise click.UsageError("--check goes without a TARGET")
        _check(certificate, as_json, timeout)
        return
    if target is None:
        raise click.UsageError("say which loss, or give a certificate to --check")
    asked = properties if explain is None else (*properties, explain)
    run = _Run(_losses(target, name, scope), _assignments(settings), asked, timeout)
    for report in run.reports():
        if not as_json:
            click.echo(_explanation(report, explain) if explain is not None else str(report))
            click.echo()
    if as_json:
        reports = [report.to_json() for report in run.done]
        problems = [to_json(problem) for problem in run.problems]
        common.echo_json({"ok": run.ok, "reports": reports, "diagnostics": problems})
    else:
        common.report(run.problems)
    if certificates is not None:
        _write(run.done, certificates)
    if plot is not None:
        _plot(run.done, plot)
    if not run.ok:
        raise SystemExit(1)


# ---------------------------------------------------------------- what is meant


def _losses(target: str, name: str | None, scope: Path | None) -> list[common.Target]:
    """The losses of a file one by one, or what an expression means."""
    from losslang import driver

    chosen = common.resolve(target, name, scope)
    if chosen.spec is not None and name is not None:
        raise click.UsageError("--name goes with a file, not with an expression")
    if chosen.spec is not None or chosen.path is None or name is not None:
        return [chosen]
    with common.reported():
        names = driver.losses(chosen.path)
    return [chosen._replace(name=each) for each in names]


def _assignments(settings: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for setting in settings:
        name, equals, value = (part.strip() for part in setting.partition("="))
        if not (name and equals and value):
            raise click.UsageError(f"--set takes NAME=VALUE, not {setting!r}")
        if name in NO_HYPERPARAMETERS:
            raise click.UsageError(f"--set sets hyperparameters, and {name!r} is none")
        found[name] = value
    return found


class _Run:
    """Several losses, verified one after the other within one time limit."""

    def __init__(
        self,
        losses: Sequence[common.Target],
        settings: Mapping[str, str],
        asked: Sequence[str],
        timeout: float,
    ) -> None:
        self.losses = losses
        self.settings = settings
        self.asked = asked
        self.end = time.monotonic() + timeout
        self.done: list[Report] = []
        self.problems: list[Diagnostic] = []

    @property
    def ok(self) -> bool:
        """Whether every loss could be read, and every claim stands."""
        return not self.problems and all(report.ok for report in self.done)

    def reports(self) -> Iterator[Report]:
        """A report for each loss without a mistake, all its questions decided."""
        for n, loss in enumerate(self.losses):
            share = max(self.end - time.monotonic(), 0.0) / (len(self.losses) - n)
            try:
                report = self._decided(loss, share)
            except DiagnosticError as error:
                self.problems += error.diagnostics
            else:
                self.done.append(report)
                yield report

    def _decided(self, loss: common.Target, seconds: float) -> Report:
        from losslang import driver

        config: dict[str, Any] = {} if loss.spec is None else {"spec": loss.spec}
        config |= self.settings
        report = driver.verify(config, path=loss.path, name=loss.name, timeout=seconds)
        if self.asked:
            report = report.about(*self.asked)
        with told(f"{report.name}: easy questions"):
            report.look()
        with told(f"{report.name}: claims"):
            _ = report.claims
        for n, question in enumerate(report, 1):
            with told(f"{report.name}: {question} ({n} of {len(report)})"):
                _ = report[question]
        return report


@contextmanager
def told(text: str) -> Iterator[None]:
    """Tell a person at a terminal what is being done, until it is done."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text}", nl=False, err=True)
    try:
        yield
    finally:
        if sys.stderr.isatty():
            click.echo("\r\x1b[K", nl=False, err=True)


# ---------------------------------------------------------------- what is written


def _explanation(report: Report, text: str) -> str:
    from losslang.verify.layout import explanation

    return explanation(report, report[text])


def _write(reports: Sequence[Report], folder: Path) -> None:
    documents = [
        (report.name, document) for report in reports for document in report.certificates()
    ]
    common.make_folder(folder)
    for name, document in documents:
        question = document["certificate"]["question"]
        words = "-".join([question["property"], *question["arguments"]])
        path = folder / f"{re.sub(r'[^-.a-zA-Z0-9_]+', '_', f'{name}.{words}')}.json"
        common.write(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    click.echo(f"wrote {common.counted(len(documents), 'certificate')} to {folder}", err=True)


def _plot(reports: Sequence[Report], path: Path) -> None:
    from losslang.integrations import plot

    pictures = [picture for report in reports for picture in report.pictures()]
    if not pictures:
        click.echo("nothing was refuted, so there is nothing to draw", err=True)
        return
    try:
        image = plot.draw(pictures, path.suffix.removeprefix(".") or "png")
    except plot.NoMatplotlib as error:
        raise click.ClickException(str(error)) from error
    except ValueError as error:
        raise click.UsageError(f"cannot draw to {path}: {error}") from error
    common.write(path, image)
    click.echo(f"drew {common.counted(len(pictures), 'counterexample')} to {path}", err=True)


# ---------------------------------------------------------------- certificates


def _check(path: Path, as_json: bool, timeout: float) -> None:
    """Replay a certificate and say what it proves."""
    from losslang import driver

    try:
        result = driver.check_certificate(json.loads(common.read(path)), timeout)
    except (ValueError, RecursionError) as error:
        result = driver.CertificateResult((), f"it is not JSON: {error}")
    proved, problem = list(result.proved), result.problem
    if as_json:
        common.echo_json({"ok": problem is None, "proved": proved, "problem": problem})
    elif problem is None:
        for line in proved:
            click.echo(line)
        click.echo(f"{common.shown(path)}: accepted")
    else:
        click.echo(f"{common.shown(path)}: rejected: {problem}", err=True)
    if problem is not None:
        raise SystemExit(1)
