"""What is wrong with a file: its mistakes, and worked examples that do not hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from losslang.diagnostics import Diagnostic, DiagnosticError
from losslang.driver.finding import of_declaration, takes_losses
from losslang.driver.loading import load
from losslang.syntax import nodes


def check_file(path: Path | str, text: str | None = None) -> tuple[Diagnostic, ...]:
    """Errors and warnings of a file; loads no torch."""
    from losslang.ir.signatures import check_alias
    from losslang.syntax.mistakes import layout_warnings

    try:
        module, scope = load(path, text)
    except DiagnosticError as error:
        return error.diagnostics
    found: list[Diagnostic] = list(layout_warnings(module))
    for declaration in module.declarations:
        if isinstance(declaration, nodes.Loss):
            try:
                for alias in declaration.aliases:
                    check_alias(declaration, alias)
                if not takes_losses(declaration):
                    of_declaration(declaration, scope)
            except DiagnosticError as error:
                found.extend(error.diagnostics)
                # Whatever uses a loss that is too large is so too, after as long a time.
                if any(problem.code == "formula-too-large" for problem in error.diagnostics):
                    break
    return tuple(found)


def check(path: Path | str) -> tuple[Diagnostic, ...]:
    """Errors and warnings of a file, with their places; none if all is well."""
    return check_file(path)


@dataclass(frozen=True)
class ExampleResult:
    """One worked example: where it stands, its text, and what is wrong with it."""

    loss: str
    line: int
    text: str
    problem: Diagnostic | None


def run_examples(path: Path | str, text: str | None = None) -> tuple[ExampleResult, ...]:
    """Every ``example ... == value`` of a file, checked to the digits written.

    Raises :class:`~losslang.diagnostics.DiagnosticError` for a file that does not parse.
    """
    from losslang.ir import examples

    module, scope = load(path, text)
    found: list[ExampleResult] = []
    for loss in (d for d in module.declarations if isinstance(d, nodes.Loss)):
        for example in loss.examples:
            line = example.span.source.position(example.span.start)[0]
            problem = examples.problem(loss, example, scope)
            found.append(ExampleResult(loss.name, line, example.stated, problem))
    return tuple(found)
