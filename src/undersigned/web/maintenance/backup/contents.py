"""The format of a backup: the members of its archive.

::

    backup.json             when, of which site, and the newest checkpoint of each letter
    settings.toml
    keys/*                  every secret of the site
    pages/<slug>/<n>/*      newspapers' pages
    undersigned.sqlite3     a snapshot of the database, without deleted rows

The served files are not in it: the clerk makes them again from the database.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from undersigned.protocol.manifest import SLUG

MEMBER: Final = re.compile(
    r"backup\.json|settings\.toml|undersigned\.sqlite3|keys/[A-Za-z0-9][A-Za-z0-9._-]*"
    rf"|pages/{SLUG}/[1-9][0-9]*/[a-z0-9][a-z0-9.-]*"
)


class BackupError(Exception):
    """No backup was written, or nothing was restored; the message says why and what to do."""


class LetterState(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A letter's state when the backup was made. ``size``, ``root``: of its newest checkpoint, root in base64url."""

    slug: str
    origin: str
    size: int
    root: str


class Contents(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``backup.json``. ``at``: Unix seconds."""

    v: int
    at: int
    authority: str
    letters: list[LetterState]
