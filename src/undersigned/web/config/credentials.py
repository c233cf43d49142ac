"""Reads secrets: from systemd's credentials, otherwise from ``keys/`` in the data directory. Never from arguments.

Command-line arguments are visible to every user of a machine (``ps``). A file in ``keys/`` is readable by the site's
user only, and a credential (``LoadCredential=NAME:FILE`` in the unit) by this service only, in memory that is never
swapped.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from undersigned.web.config.datadir import DataDir, DataError

SECRETS: Final[dict[str, str]] = {
    "database-password": "the password of the PostgreSQL role, if `database` is set. Without it, libpq looks for one "
    "itself: in the file that PGPASSFILE names, `~/.pgpass` or PGPASSWORD",
    "smtp-password": "the password of `user` in `[mail]`",
    "bucket-key": "two lines: the id of the access key for `[bucket]`, and its secret",
    "organiser-token": "the bearer token of the organiser's tools; the first start makes one in `keys/`",
}
"""The secrets that operators may supply, each with its description for docs/reference/settings.md."""


def credential_path(name: str) -> Path | None:
    """The file of the systemd credential ``name``; None if this service has no such credential."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    path = Path(folder) / name
    return path if path.is_file() else None


def read_secret(data: DataDir, name: str) -> str | None:
    """Reads the secret ``name``, without a trailing line break; None if there is none."""
    path = credential_path(name) or data.keys / name
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text") from None


def read_smtp_password(data: DataDir) -> str:
    """Reads the mail account's password. Raises DataError if there is none."""
    found = read_secret(data, "smtp-password")
    if found is None:
        raise DataError(
            "[mail] names a user, and there is no password: put it into keys/smtp-password (mode 0600), "
            "or into the systemd credential smtp-password"
        )
    return found.strip()


def read_bucket_key(data: DataDir) -> tuple[str, str] | None:
    """Reads the access key's id and secret; None: boto3 finds its own. Raises DataError if the file is malformed."""
    found = read_secret(data, "bucket-key")
    if found is None:
        return None
    lines = found.split()
    if len(lines) != 2:
        raise DataError("bucket-key must hold two lines: the access key's id, and its secret")
    return lines[0], lines[1]
