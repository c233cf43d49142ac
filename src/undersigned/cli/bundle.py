"""``undersigned bundle``: download all public files of a letter."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from undersigned.client import live_snapshot
from undersigned.client.errors import InputError
from undersigned.client.letter import connect
from undersigned.client.link import parse_link

from . import exits, network, voice

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="markdown", help="Download all files needed to check a letter."
)


@app.callback()
def _group() -> None:
    """Makes typer keep ``get`` as a subcommand although it is the only one."""


@app.command()
def get(
    link: Annotated[str, typer.Argument(help="The letter's address or invitation.", metavar="LINK")],
    target: Annotated[Path, typer.Argument(help="A directory, new or empty.", metavar="DIR")],
    proxy: network.Proxy = None,
    timeout: network.Timeout = network.TIMEOUT,
) -> int:
    """Download a letter's bundle: manifest, text, roll, log, openings, editions.

    ```
    undersigned bundle get https://letters.example.org/valley-water/ ./bundle
    undersigned verify ./bundle
    ```

    Downloads file by file from the letter's site. Only the letter id is checked, if LINK contains one; `verify` checks
    everything else.
    """
    where = parse_link(link)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is not an empty directory")
    target.mkdir(parents=True, exist_ok=True)
    by = network.Network(proxy, timeout)
    with connect(where, proxy=network.chosen(proxy), budget=by.budget()) as http, voice.progress() as progress:
        read = live_snapshot.fetch(http, where, target, lambda done, total: progress("fetching", done, total))
    if not read.settled:
        voice.warn("The letter's names changed during the download: if the bundle is not valid, download it again.")
    voice.good(f"The bundle is in {target}. Check it: {voice.command('verify', target)}")
    return exits.OK
