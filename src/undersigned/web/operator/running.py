"""Runs a site: web workers and the clerk under one parent process, or the clerk alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from undersigned.web.config.credentials import credential_path
from undersigned.web.config.datadir import DataDir
from undersigned.web.config.settings import Settings
from undersigned.web.operator.errors import MisuseError, OperatorError
from undersigned.web.operator.setup import bring_up_to_date, find_settings, on_site, set_up_django


@dataclass(frozen=True, slots=True)
class Started:
    """A site that is up. ``url``: its address on this machine, or its public one if that is the same."""

    url: str
    token_file: Path


def serve(
    root: Path,
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    authority: str | None = None,
    database: str | None = None,
    ready: Callable[[Started], None] = lambda _: None,
) -> int:
    """Runs the site until SIGTERM or SIGINT; returns the exit status. The first start creates the data directory.

    Arguments that are None come from the settings. ``ready`` is called once the site is up. Raises OperatorError.
    """
    from undersigned.web import serve as site

    with on_site(root) as data:
        found = find_settings(data, host, port, authority, database)
        try:
            # Checked before anything is created, and again by ``serve`` before the processes start.
            site.check_port(found.host, found.port)
            bring_up_to_date(data, found, change=True)
            _halt_rolled_back_letters(data)
            started = Started(_url(found), credential_path("organiser-token") or data.keys / "organiser-token")
            return site.serve(data.root, found.host, found.port, workers or found.workers, lambda: ready(started))
        except site.CannotListenError as error:
            raise MisuseError(str(error)) from None


def _url(settings: Settings) -> str:
    if settings.authority.rpartition(":")[2] == str(settings.port):
        return f"http://{settings.authority}"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def _halt_rolled_back_letters(data: DataDir) -> None:
    """Halts each log whose database is behind it, before the site is up, so that no receipt is sent from old state."""
    from undersigned.web.log.guard import halt_rolled_back_letters
    from undersigned.web.ports import StorageAwayError
    from undersigned.web.wiring import world_of

    try:
        for line in halt_rolled_back_letters(world_of(data)):
            print(f"undersigned: {line}.", file=sys.stderr)
    except StorageAwayError as error:
        # The clerk checks again before it signs.
        print(f"undersigned: {error}", file=sys.stderr)


def run_clerk(root: Path) -> None:
    """Runs the clerk alone until SIGTERM or SIGINT. Raises OperatorError."""
    with on_site(root) as data:
        set_up_django()
        from undersigned.web.clerk import clerk
        from undersigned.web.wiring import world_of

        try:
            clerk.run(data, world_of(data))
        except clerk.AnotherClerkError as error:
            raise OperatorError(str(error)) from None
