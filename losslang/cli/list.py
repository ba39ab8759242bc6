"""``losslang list``: what the standard library holds."""

from __future__ import annotations

from itertools import groupby

import click

from losslang.cli import common


@click.command(
    name="list",
    short_help="List the losses of the standard library.",
    epilog="\b\n"
    "Examples:\n"
    "  losslang list\n"
    "  losslang list focal               names and summaries with this word\n"
    "  losslang list --family contrastive\n",
)
@click.argument("word", required=False, default="")
@click.option("--family", help="List only this family.")
@common.json_option
def command(word: str, family: str | None, as_json: bool) -> None:
    """List the losses of the standard library by family, or only those that mention WORD."""
    from losslang import driver

    entries = driver.library()
    families = sorted({entry.family for entry in entries})
    if family is not None and family not in families:
        raise click.UsageError(f"no family {family!r}; there are {', '.join(families)}")
    word = word.lower()
    chosen = [
        entry
        for entry in entries
        if family in (None, entry.family) and word in f"{entry.name} {entry.summary}".lower()
    ]
    chosen.sort(key=lambda entry: (entry.family, entry.name))
    if as_json:
        common.echo_json(
            [
                {
                    "name": entry.name,
                    "family": entry.family,
                    "summary": entry.summary,
                    "path": str(entry.path),
                }
                for entry in chosen
            ]
        )
    else:
        width = max((len(entry.name) for entry in chosen), default=0)
        for name, group in groupby(chosen, key=lambda entry: entry.family):
            click.echo(name)
            for entry in group:
                click.echo(f"  {entry.name:<{width}}  {entry.summary}".rstrip())
    if not chosen:
        click.echo("no loss matches", err=True)
        raise SystemExit(1)
