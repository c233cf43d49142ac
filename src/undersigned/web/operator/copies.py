"""Backup and restore of a site (docs/howto/operate.md)."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from undersigned.web.config.datadir import ENVIRONMENT, DataDir
from undersigned.web.config.sources import read_settings
from undersigned.web.operator.errors import OperatorError
from undersigned.web.operator.examination import find_missing
from undersigned.web.operator.setup import bring_up_to_date, on_site, set_up_django


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The contents of a backup: each letter's size in entries. ``whole``: whether it includes the database."""

    letters: dict[str, int]
    whole: bool


def back_up(root: Path, *, target: Path, recipients: Sequence[str]) -> BackedUp:
    """Writes an encrypted backup to ``target`` while the site runs. Raises OperatorError."""
    with on_site(root) as data:
        whole = read_settings(data).database is None
        set_up_django()
        from undersigned.web.maintenance.backup.contents import BackupError
        from undersigned.web.maintenance.backup.take import take

        try:
            made = take(data=data, target=target.resolve(), recipients=recipients, now=int(time.time()))
        except BackupError as error:
            raise OperatorError(str(error)) from None
        return BackedUp({letter.slug: letter.size for letter in made.letters}, whole)


def restore(
    root: Path, *, source: Path, identity: str, known: Sequence[bytes], unwitnessed: Sequence[str]
) -> list[str]:
    """Restores a data directory from a backup, unless that would fork a log. Returns what was checked, as lines.

    ``identity``: the age identity. ``known``: checkpoints that others kept. ``unwitnessed``: letters without trustees.
    Raises OperatorError.
    """
    data = DataDir(root.resolve())
    if data.root.exists():
        raise OperatorError(f"{data.root} is there already and will not be written over")
    partial = DataDir(data.root.with_name(f".{data.root.name}.restoring"))
    from undersigned.web.maintenance.backup import restore as copy
    from undersigned.web.maintenance.backup.contents import BackupError

    # Uses the restored settings. Django works on the temporary directory until the checks have passed.
    try:
        with on_site(partial.root):
            copy.discard(partial.root)
            copy.unpack(source=source, folder=partial.root, identity=identity)
            said = _check(partial, known, unwitnessed)
            from django.db import connections

            connections.close_all()
            copy.place(folder=partial.root, target=data.root)
    except (BackupError, OperatorError) as error:
        copy.discard(partial.root)
        raise OperatorError(f"{error}. Nothing was restored.") from None
    os.environ[ENVIRONMENT] = str(data.root)
    return said


def check_restored(root: Path, *, known: Sequence[bytes], unwitnessed: Sequence[str]) -> list[str]:
    """Checks that a database restored by other means may go on, and records it. Raises OperatorError if not."""
    from undersigned.web.maintenance.backup.contents import BackupError

    with on_site(root) as data:
        missing = find_missing(data, read_settings(data))
        if missing is not None:
            raise OperatorError(f"{missing.where}: {missing.what}")
        try:
            return _check(data, known, unwitnessed)
        except BackupError as error:
            raise OperatorError(f"{error}. Nothing was changed.") from None


def _check(data: DataDir, notes: Sequence[bytes], unwitnessed: Sequence[str]) -> list[str]:
    bring_up_to_date(data, read_settings(data), change=False)
    from undersigned.web.maintenance.backup import known
    from undersigned.web.wiring import world_of

    said = known.check(notes=notes, unwitnessed=unwitnessed)
    known.vouch(world_of(data))
    return list(said)
