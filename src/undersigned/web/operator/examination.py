"""Examining a data directory (``undersigned doctor``). It changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from undersigned.web.config.datadir import DataDir
from undersigned.web.config.settings import Settings
from undersigned.web.config.sources import read_settings
from undersigned.web.maintenance.finding import Finding
from undersigned.web.operator.errors import explained
from undersigned.web.operator.setup import enter, set_up_django


def examine(root: Path, *, deep: bool, progress: Callable[[str], None] = lambda _: None) -> list[Finding]:
    """Everything found. ``deep``: every tree, count and edition is derived again from the entries' bytes.

    Raises OperatorError if it cannot be done at all.
    """
    data = DataDir(root.resolve())
    enter(data)
    with explained(data):
        # A directory that is none is not made: the settings are read first.
        missing = find_missing(data, read_settings(data))
        if missing is not None:
            return [missing]
        set_up_django()
        from undersigned.web.maintenance import doctor
        from undersigned.web.wiring import world_of

        return doctor.examine(data=data, world=world_of(data), thorough=deep, progress=progress)


def find_missing(data: DataDir, site: Settings) -> Finding | None:
    """What is missing without which nothing can be examined. Opening a database that is not there would make one."""
    if not (data.keys / "django-secret").is_file():
        return Finding(
            "keys", "django-secret is missing: `undersigned serve` makes another, and forms that are open are void"
        )
    if site.database is None and not data.database.is_file():
        return Finding(
            "database", "undersigned.sqlite3 is missing: restore a backup. Do not start the site: it would begin anew"
        )
    return None
