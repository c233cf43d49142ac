"""Prepares a data directory: creates directories, keys and ``settings.toml``. Migrations create the database later."""

from __future__ import annotations

import os
import secrets

from undersigned.durable import make_directory, write_new
from undersigned.web.config.credentials import credential_path
from undersigned.web.config.datadir import DataDir, DataError, ForeignDirectoryError
from undersigned.web.config.settings import check_authority, check_database, scheme_for
from undersigned.web.config.template import write_template
from undersigned.web.storage.reserve import FileReserve


def prepare(data: DataDir, authority: str, database: str | None = None) -> bool:
    """Creates what is missing of the directory, its settings and its site-wide keys; changes no existing file.

    Returns whether the settings were created now. Django's migrations create the database afterwards. Raises DataError,
    and creates nothing, if the directory holds other files.
    """
    values = {"authority": check_authority(authority), "scheme": scheme_for(authority)}
    if database is not None:
        values["database"] = check_database(database)
    foreign = data.foreign_files()
    if foreign:
        shown = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
        raise ForeignDirectoryError(
            f"{data.root} holds other files ({shown}) and no settings.toml, so it is not a site's data directory. "
            "Name an empty or a new directory with --data"
        )
    make_directory(data.root, 0o700)
    make_directory(data.keys, 0o700)
    make_directory(data.public, 0o755)
    make_directory(data.pages, 0o700)
    if data.root.stat().st_uid != os.getuid():
        raise DataError(f"{data.root} belongs to another user: let the user who runs the site own it (chown)")
    write_new(data.keys / "django-secret", secrets.token_urlsafe(48).encode("ascii") + b"\n")
    if credential_path("organiser-token") is None:
        write_new(data.keys / "organiser-token", secrets.token_urlsafe(32).encode("ascii") + b"\n")
    made = write_new(data.settings, write_template(values).encode("utf-8"))
    FileReserve(data.reserve).adjust()
    return made
