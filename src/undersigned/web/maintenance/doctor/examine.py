"""Runs all checks: directory, keys, database, then each letter. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import DatabaseError

from undersigned.protocol.errors import ProtocolError
from undersigned.web.config.datadir import DataDir
from undersigned.web.database.site_locks import is_clerk_active
from undersigned.web.letters.fixed_letter import load_letter
from undersigned.web.maintenance.doctor import deep, letter, site
from undersigned.web.maintenance.doctor.look import PAUSE, Check, examine_letter
from undersigned.web.maintenance.finding import Finding
from undersigned.web.ports import World
from undersigned.web.records.models import Letter

Progress = Callable[[str], None]
QUICK: list[Check] = [letter.memory, letter.checkpoints]
DEEP: list[Check] = [deep.documents, deep.log, deep.objects, deep.editions, deep.bundle_made]
DEEP_AFTERWARDS: list[Check] = [deep.bundle_served]


def examine(*, data: DataDir, world: World, thorough: bool, progress: Progress, pause: float = PAUSE) -> list[Finding]:
    """All findings. ``thorough``: recomputes every tree, count and edition from the entries' bytes.

    Blocks the clerk only for the moment in which a letter's snapshot is opened, however large the letters are.
    ``pause``: seconds between two examinations of a difference that the clerk may be about to fix.
    """
    return list(_findings(data, world, thorough, progress, pause))


def _findings(data: DataDir, world: World, thorough: bool, progress: Progress, pause: float) -> Iterator[Finding]:
    progress("directory and keys")
    yield from site.directory(data, at_work=_at_work())
    progress("database")
    try:
        yield from site.database(thorough)
        rows = list(Letter.objects.filter(letter__isnull=False).order_by("slug"))
    except DatabaseError as error:
        yield Finding("database", f"it cannot be read: {type(error).__name__}")
        return
    for row in rows:
        progress(row.slug)
        problem = site.letter_keys(row, data)
        if problem is not None:
            yield problem
            continue
        try:
            known = load_letter(row, world.keys)
            checks, afterwards = ([*QUICK, *DEEP], DEEP_AFTERWARDS) if thorough else (QUICK, [])
            yield from examine_letter(known, world, checks, afterwards, pause)
        except (ProtocolError, DatabaseError, ValueError, TypeError) as error:
            yield Finding(row.slug, f"what is stored of it cannot be read: {type(error).__name__}: {error}")
    if thorough:
        progress("compressed files")
        yield from site.packed(data.public)


def _at_work() -> bool:
    try:
        return is_clerk_active()
    except DatabaseError:
        # The database check reports it.
        return False
