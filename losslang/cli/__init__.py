"""The command ``losslang``: each subcommand is a file of this package, loaded when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from losslang._version import __version__

COMMANDS = ("compile", "check", "fmt", "show", "list", "test", "verify")


class Commands(click.Group):
    """Subcommands in the order in which a newcomer meets them, imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every subcommand's name."""
        # Not `list(...)`: once its file is imported, the subcommand `list` has that name here.
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"losslang.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\n"
    "Exit status:\n"
    "  0  all is well\n"
    "  1  a problem was found; it has been printed\n"
    "  2  the command line was wrong\n",
)
@click.version_option(__version__, prog_name="losslang")
def main() -> None:
    """Write a loss once, as the paper prints it; compile it to a PyTorch module.

    A TARGET is a file that ends in .loss, or an expression over the standard library such as
    "ce + 0.5 * dice".
    """
