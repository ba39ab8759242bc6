"""``losslang compile``: from a loss to a Python module that needs only torch."""

from __future__ import annotations

from pathlib import Path

import click

from losslang.cli import common


@click.command(
    name="compile",
    short_help="Turn a loss into a Python module that imports only torch.",
    epilog="\b\n"
    "Examples:\n"
    "  losslang compile my.loss -o my_loss.py\n"
    "  losslang compile my.loss --name focal -o focal.py\n"
    '  losslang compile "ce + 0.5 * dice(smooth=0)" --name total -o total.py\n'
    '  losslang compile "focal(gamma=3)" --from my.loss\n',
)
@click.argument("target")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the module here instead of printing it.",
)
@click.option(
    "--name",
    metavar="NAME",
    help="Only this loss of the file; or, for an expression, what to call it.",
)
@common.scope_option
def command(target: str, output: Path | None, name: str | None, scope: Path | None) -> None:
    """Turn TARGET into a Python module that imports only torch.

    For each loss the module has a function, `focal`, and a class, `Focal`, an nn.Module that keeps
    the hyperparameters and the state. Without -o the module is printed. The output file is
    replaced in one step, and stays as it was if anything is wrong with the loss.
    """
    from losslang import driver

    spec, path, name = common.resolve(target, name, scope)
    with common.reported():
        text = driver.emit(spec, path=path, name=name)
    if output is None:
        click.echo(text, nl=False)
    else:
        common.write(output, text)
        click.echo(f"wrote {output}", err=True)
