"""``undersigned serve`` runs a site on this machine; ``undersigned init`` only creates its data directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import exits, voice
from .server import stop_like_ctrl_c
from .site import at_site

if TYPE_CHECKING:
    from undersigned.web.operator import Started

NewData = Annotated[Path, typer.Option(help="The directory that holds everything; made on first start.")]
Host = Annotated[str | None, typer.Option(help="The address to listen on; else as the settings say, or 127.0.0.1.")]
Port = Annotated[
    int | None, typer.Option(help="The port to listen on; else as the settings say, or 8000.", min=1, max=65535)
]
Authority = Annotated[
    str | None,
    typer.Option(help="HOST or HOST:PORT under which people reach the site; fixed by the first letter."),
]
Database = Annotated[
    str | None,
    typer.Option(
        help="postgresql://USER@HOST/NAME instead of SQLite in the directory; fixed by the first start. Its password "
        "is read from keys/database-password, a systemd credential of that name, or PGPASSFILE."
    ),
]


def serve(
    data: NewData = Path("data"),
    host: Host = None,
    port: Port = None,
    authority: Authority = None,
    database: Database = None,
    workers: Annotated[
        int | None, typer.Option(help="Web worker processes; else as the settings say, or 1.", min=1, max=64)
    ] = None,
) -> int:
    """Run a site: web workers and the clerk, until it is told to stop.

    The first start makes the data directory with its keys, settings and database. The authority is part of what
    signatories sign, so it can be changed, with --authority, only until the site has its first letter. Behind a proxy
    that terminates TLS:

    ```
    undersigned serve --data /srv/letters --authority letters.example.org
    ```

    Options that you leave out come from the environment (`UNDERSIGNED_PORT` and so on), then from `settings.toml` in
    the directory (docs/reference/settings.md).

    Ctrl-C or SIGTERM stops it cleanly: each signature is on disk before its receipt is sent.
    """
    # Also during startup: no child process is left behind when this one ends.
    stop_like_ctrl_c()

    def ready(started: Started) -> None:
        voice.good(f"The site answers at {started.url}/. Its data lie in {data}.")
        voice.say(f"  The organiser's token lies in {started.token_file}.")
        voice.say("  Ctrl-C stops it.")

    with at_site():
        from undersigned.web import operator

        status = operator.serve(
            data, host=host, port=port, workers=workers, authority=authority, database=database, ready=ready
        )
    voice.say("Stopped.")
    return exits.OK if status == 0 else exits.INVALID


def init(
    data: NewData = Path("data"),
    host: Host = None,
    port: Port = None,
    authority: Authority = None,
    database: Database = None,
) -> int:
    """Make a data directory without starting the site, so that its settings can be changed first.

    ```
    undersigned init --data /srv/letters --authority letters.example.org
    ```

    Makes what `undersigned serve` would make: keys, `settings.toml` and the database. If you run it again, it migrates
    the database to this version's schema and keeps everything else.
    """
    with at_site():
        from undersigned.web import operator

        made = operator.initialise(data, host=host, port=port, authority=authority, database=database)
    voice.good(f"{data} is {'now' if made.changed else 'ready'} for {made.authority}.")
    return exits.OK
