"""The data directory: everything one site keeps.

::

    DIR/                      0700
      settings.toml           what an operator can set (docs/reference/settings.md)
      undersigned.sqlite3     the database, unless settings.toml names another
      keys/                   0700, each file 0600
        django-secret         signs what Django signs
        organiser-token       the organiser's bearer token
        database-password     yours to put there, if settings.toml names a PostgreSQL database
        mail                  hashes and encrypts email addresses; made when it is first needed
        bucket-key            id and secret of an access key, if settings.toml has [bucket]
        smtp-password         yours to put there, if settings.toml has [mail] with a user
        <slug>.log            seed of a letter's log key
        <slug>.registrar      PKCS #8 of a letter's registrar key
      public/                 what is served as it lies there
      pages/                  newspapers' pages, for the organiser
      signed/                 what was signed last
      withdrawn/              withdrawals that no log takes now
      reserve                 room kept for withdrawals (storage/reserve.py)
      clerk.lock, publish.lock, round.lock
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ENVIRONMENT: Final = "UNDERSIGNED_DATA"
_OURS: Final = frozenset({
    "settings.toml", "undersigned.sqlite3", "keys", "public", "pages", "signed", "withdrawn", "reserve", "clerk.lock",
    "publish.lock", "round.lock", "lost+found",
})  # fmt: skip
"""What a data directory may hold before its first start: what an operator put there, or what a start left that was
cut short. ``lost+found`` is there when the directory is a file system of its own."""


class DataError(Exception):
    """The data directory cannot be used; the message says why and what to do."""


class ForeignDirectoryError(DataError):
    """The directory belongs to something else than a site."""


@dataclass(frozen=True, slots=True)
class DataDir:
    """Paths within a data directory."""

    root: Path

    @property
    def settings(self) -> Path:
        """``settings.toml``."""
        return self.root / "settings.toml"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "undersigned.sqlite3"

    @property
    def keys(self) -> Path:
        """The directory of secrets."""
        return self.root / "keys"

    @property
    def pages(self) -> Path:
        """The directory of newspapers' pages: the organiser's."""
        return self.root / "pages"

    @property
    def signed(self) -> Path:
        """The directory of what was signed last."""
        return self.root / "signed"

    @property
    def withdrawn(self) -> Path:
        """The directory of withdrawals that no log takes now."""
        return self.root / "withdrawn"

    @property
    def reserve(self) -> Path:
        """Room on the disk that is kept for withdrawals."""
        return self.root / "reserve"

    @property
    def public(self) -> Path:
        """The directory of served files."""
        return self.root / "public"

    def foreign_files(self) -> Sequence[str]:
        """What is in the directory and is not a site's, if it has no settings yet. Hidden files do not count."""
        if self.settings.exists() or not self.root.is_dir():
            return []
        names = sorted(path.name for path in self.root.iterdir() if not path.name.startswith("."))
        return [name for name in names if name not in _OURS and not name.startswith("undersigned.sqlite3-")]


def from_environment() -> DataDir | None:
    """The data directory named by UNDERSIGNED_DATA; None if there is none: in tools that only read the code."""
    name = os.environ.get(ENVIRONMENT)
    return DataDir(Path(name).resolve()) if name else None
