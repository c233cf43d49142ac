"""``undersigned serve``: a site on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import exits, voice
from .server import Server, stop_like_ctrl_c, stop_on_signals


def serve(
    data: Annotated[Path, typer.Option(help="The directory that holds everything; made on first start.")] = Path(
        "data"
    ),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    authority: Annotated[
        str | None,
        typer.Option(help="HOST or HOST:PORT under which people reach the site; fixed by the first letter."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(help="postgresql://USER:PASSWORD@HOST/NAME instead of SQLite in the directory; fixed likewise."),
    ] = None,
    workers: Annotated[int, typer.Option(help="Web worker processes.", min=1, max=64)] = 1,
) -> int:
    """Run a site: web workers and the clerk, until it is told to stop.

    The first start makes the data directory with its keys, settings and database. Letters carry the authority in what
    is signed: it can be changed, with --authority, until the site has its first letter. Behind a proxy that speaks
    https:

    ```
    undersigned serve --data /srv/letters --authority letters.example.org
    ```

    Ctrl-C or SIGTERM ends it cleanly: whatever was promised in a receipt is on disk before the receipt is sent.
    """
    # Until it answers, too: nothing that was begun is left behind without us.
    stop_like_ctrl_c()
    with Server(data, host, port, workers=workers) as server:
        server.require_port()
        new = not (data / "settings.toml").exists()
        if new or authority is not None:
            server.initialise(authority, database if new else None)
        if database is not None and not new:
            voice.warn(f"the database is fixed in {data / 'settings.toml'}; --database is not used")
        server.start()
        stop_on_signals(server.end)
        voice.good(f"The site answers at {server.address}/. Its data lie in {data}.")
        voice.say(f"  The organiser's token lies in {server.token_file}.")
        voice.say("  Ctrl-C stops it.")
        status = server.wait()
    voice.say("Stopped.")
    return exits.OK if status in (0, -15, 143) else exits.INVALID
