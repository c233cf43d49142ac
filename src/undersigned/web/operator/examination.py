"""Examines a data directory (``undersigned doctor``), read-only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from undersigned.web.config.datadir import DataDir
from undersigned.web.config.settings import Settings
from undersigned.web.config.sources import read_settings
from undersigned.web.maintenance.finding import Finding
from undersigned.web.operator.setup import on_site, set_up_django


def examine(root: Path, *, deep: bool, progress: Callable[[str], None] = lambda _: None) -> list[Finding]:
    """Examines the site; returns all findings. ``deep``: recomputes each tree, count and edition from the entries.

    Raises OperatorError if the examination is impossible.
    """
    with on_site(root) as data:
        # The settings are read first, so that a missing directory is an error and is not created.
        missing = find_missing(data, read_settings(data))
        if missing is not None:
            return [missing]
        set_up_django()
        from undersigned.web.maintenance import doctor
        from undersigned.web.wiring import world_of

        return doctor.examine(data=data, world=world_of(data), thorough=deep, progress=progress)


def find_missing(data: DataDir, site: Settings) -> Finding | None:
    """A missing file without which nothing can be examined. Checked first: opening a missing database creates it."""
    if not (data.keys / "django-secret").is_file():
        return Finding(
            "keys", "django-secret is missing: `undersigned serve` makes another, and forms that are open are void"
        )
    if site.database is None and not data.database.is_file():
        return Finding(
            "database",
            "undersigned.sqlite3 is missing: restore a backup. Do not start the site: it would start with an empty one",
        )
    return None
