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
    "  losslang list --family contrastive\n"
    "  losslang list --property calibrated\n"
    "  losslang list --library torch     what torch calls them\n",
)
@click.argument("word", required=False, default="")
@click.option("--family", help="List only this family.")
@click.option("--property", "claim", help="List only losses that claim this.")
@click.option("--library", help="List only losses that this package has, with its names.")
@common.json_option
def command(
    word: str, family: str | None, claim: str | None, library: str | None, as_json: bool
) -> None:
    """List the losses of the standard library by family, or only those that mention WORD.

    WORD is also looked for in the names that other libraries have for a loss.
    """
    from losslang import driver

    entries = driver.library()
    families = sorted({entry.family for entry in entries})
    if family is not None and family not in families:
        raise click.UsageError(f"no family {family!r}; there are {', '.join(families)}")
    packages = sorted({alias.partition(".")[0] for entry in entries for alias in entry.aliases})
    if library is not None and library not in packages:
        raise click.UsageError(f"no library {library!r}; there are {', '.join(packages)}")
    chosen = [
        entry
        for entry in entries
        if family in (None, entry.family)
        and (claim is None or any(each.startswith(claim) for each in entry.claims))
        and (library is None or entry.known_to(library))
        and entry.mentions(word)
    ]
    if as_json:
        common.echo_json(
            [
                {
                    "name": entry.name,
                    "family": entry.family,
                    "summary": entry.summary,
                    "path": str(entry.path),
                    "claims": list(entry.claims),
                    "aliases": list(entry.aliases),
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
                for alias in entry.known_to(library) if library is not None else ():
                    click.echo(f"  {'':<{width}}  {alias}")
    if not chosen:
        click.echo("no loss matches", err=True)
        raise SystemExit(1)
