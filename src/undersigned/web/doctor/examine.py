"""The examination, from the directory inwards. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import DatabaseError

from undersigned.protocol.errors import ProtocolError
from undersigned.web.datadir import DataDir
from undersigned.web.editions.lock import publishing, rounding
from undersigned.web.letters.known import know
from undersigned.web.letters.models import Letter
from undersigned.web.log.fold import fold
from undersigned.web.ports import World

from . import deep, letter, site
from .finding import Finding

Progress = Callable[[str], None]


def examine(*, data: DataDir, world: World, thorough: bool, progress: Progress) -> list[Finding]:
    """Everything found. ``thorough``: every tree, count and edition is derived again from the entries' bytes.

    The clerk waits meanwhile; signing goes on.
    """
    with rounding(), publishing():
        return list(_findings(data, world, thorough, progress))


def _findings(data: DataDir, world: World, thorough: bool, progress: Progress) -> Iterator[Finding]:
    progress("directory and keys")
    yield from site.directory(data)
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
            known = know(row, world.keys)
            yield from letter.checkpoints(known, world)
            if thorough:
                yield from deep.documents(known, world)
                yield from deep.log(known, world)
                standing = fold(known)
                yield from deep.objects(known, standing)
                yield from deep.editions(known, standing, world)
        except (ProtocolError, DatabaseError, ValueError, TypeError) as error:
            yield Finding(row.slug, f"what is stored of it cannot be read: {type(error).__name__}: {error}")
    if thorough:
        progress("compressed files")
        yield from site.packed(data.public)
