"""``losslang show``: what a loss is, for a reader."""

from __future__ import annotations

from pathlib import Path

import click

from losslang.cli import common


@click.command(
    name="show",
    short_help="Print a loss's signature, formula, expansion, gradient and cost.",
    epilog="\b\n"
    "Examples:\n"
    "  losslang show focal\n"
    '  losslang show ce --expand "1 - p" --order 4\n'
    "  losslang show my.loss --name total\n"
    '  losslang show "focal(gamma=3) + ce" --plan\n',
)
@click.argument("target")
@click.option("--name", metavar="NAME", help="Only this loss of the file.")
@common.scope_option
@click.option("--expand", metavar="BASE", help='Expand as a series in BASE, such as "1 - p".')
@click.option(
    "--order", type=click.IntRange(min=0), default=4, show_default=True, help="Terms of --expand."
)
@click.option("--plan", is_flag=True, help="Print the plan that the backends receive.")
def command(
    target: str,
    name: str | None,
    scope: Path | None,
    expand: str | None,
    order: int,
    plan: bool,
) -> None:
    """Print what TARGET is: its signature, its formula, its gradient and what it costs."""
    from losslang import driver

    chosen = common.resolve(target, name, scope)
    if chosen.spec is not None and name is not None:
        raise click.UsageError("--name goes with a file, not with an expression")
    with common.reported():
        for at, spec in enumerate(_specs(chosen)):
            if at:
                click.echo()
            click.echo(driver.show(spec, path=chosen.path, expand=expand, order=order, plan=plan))


def _specs(target: common.Target) -> list[str]:
    """The expressions to show; of a whole file, its losses in the order they are written."""
    from losslang.source import Source
    from losslang.syntax.nodes import Loss
    from losslang.syntax.parse import parse_module

    if target.path is None or target.spec is not None or target.name is not None:
        return [target.spec or target.name or ""]
    module = parse_module(Source(common.read(target.path), str(target.path)))
    return [item.name for item in module.declarations if isinstance(item, Loss)]
