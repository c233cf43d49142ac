"""The layout of the data directory, which holds everything one site stores.

::

    DIR/                      0700
      settings.toml           what an operator can set (docs/reference/settings.md)
      undersigned.sqlite3     the database, unless settings.toml names another
      keys/                   0700, each file 0600
        django-secret         signs what Django signs
        organiser-token       the organiser's bearer token
        database-password     supplied by the operator, if settings.toml names a PostgreSQL database
        mail                  hashes and encrypts email addresses; created on first use
        bucket-key            id and secret of an access key, if settings.toml has [bucket]
        smtp-password         supplied by the operator, if settings.toml has [mail] with a user
        <slug>.log            seed of a letter's log key
        <slug>.registrar      PKCS #8 of a letter's registrar key
      public/                 published files, served byte for byte
      pages/                  newspapers' pages, for the organiser
      signed/                 the newest signed checkpoint of each log
      withdrawn/              withdrawals that wait until a halted log resumes
      reserve                 disk space kept for withdrawals (storage/reserve.py)
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
"""What a data directory may hold before its first start: files from the operator, or from an interrupted first start.
``lost+found`` exists if the directory is a mount point."""


class DataError(Exception):
    """The data directory cannot be used; the message says why and what to do."""


class ForeignDirectoryError(DataError):
    """The directory holds other files and is not a site's data directory."""


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
        """The directory of newspapers' pages, for the organiser."""
        return self.root / "pages"

    @property
    def signed(self) -> Path:
        """The directory of the newest signed checkpoints."""
        return self.root / "signed"

    @property
    def withdrawn(self) -> Path:
        """The directory of withdrawals that wait until a halted log resumes."""
        return self.root / "withdrawn"

    @property
    def reserve(self) -> Path:
        """The file that reserves disk space for withdrawals."""
        return self.root / "reserve"

    @property
    def public(self) -> Path:
        """The directory of published files."""
        return self.root / "public"

    def foreign_files(self) -> Sequence[str]:
        """Files that are not a site's, if the directory has no settings yet. Hidden files are ignored."""
        if self.settings.exists() or not self.root.is_dir():
            return []
        names = sorted(path.name for path in self.root.iterdir() if not path.name.startswith("."))
        return [name for name in names if name not in _OURS and not name.startswith("undersigned.sqlite3-")]


def from_environment() -> DataDir | None:
    """The data directory named by UNDERSIGNED_DATA; None if unset, as in tools that only read the code."""
    name = os.environ.get(ENVIRONMENT)
    return DataDir(Path(name).resolve()) if name else None
