"""Sets up a process for one data directory: environment, Django, and the directory itself if it is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import msgspec

from undersigned.web.config.credentials import read_secret
from undersigned.web.config.datadir import ENVIRONMENT, DataDir
from undersigned.web.config.first_start import prepare
from undersigned.web.config.settings import Settings, find_authority_fault, find_database_fault
from undersigned.web.config.sources import parse_settings, read_settings, variable_of
from undersigned.web.database.postgresql.server import UnreadableUrlError, connection_options, try_connection
from undersigned.web.maintenance.authority import change_authority, default_authority
from undersigned.web.operator.database_errors import explain_connection_error
from undersigned.web.operator.errors import MisuseError, OperatorError, explained


@dataclass(frozen=True, slots=True)
class Ready:
    """A data directory at this version's schema. ``changed``: whether its authority was changed now."""

    root: Path
    authority: str
    changed: bool


@contextmanager
def on_site(root: Path) -> Iterator[DataDir]:
    """Sets the environment of this process, and of those it starts, to the site in ``root``.

    Every expected failure inside becomes an OperatorError.
    """
    data = DataDir(root.resolve())
    os.environ[ENVIRONMENT] = str(data.root)
    os.environ["DJANGO_SETTINGS_MODULE"] = "undersigned.web.settings"
    # A site's files are readable by its own user only.
    os.umask(0o077)
    with explained(data):
        yield data


def set_up_django() -> None:
    """Loads Django's settings and models, for the site of ``on_site``."""
    import django

    django.setup(set_prefix=False)


def initialise(
    root: Path,
    *,
    host: str | None = None,
    port: int | None = None,
    authority: str | None = None,
    database: str | None = None,
) -> Ready:
    """Creates what is missing of a data directory, and changes its ``authority`` if it has no letter yet.

    ``host`` and ``port``: where the site will listen, from which a first start without an authority derives one.
    ``database``: a PostgreSQL URL, for a first start. Raises OperatorError.
    """
    with on_site(root) as data:
        found = find_settings(data, host, port, authority, database)
        changed = bring_up_to_date(data, found, change=True)
        return Ready(data.root, found.authority, changed)


def find_settings(
    data: DataDir, host: str | None, port: int | None, authority: str | None, database: str | None
) -> Settings:
    """The settings, overridden by the command line; works for a first start too. Raises MisuseError."""
    _check_words(authority, database)
    if data.settings.exists():
        found = read_settings(data)
        _check_same_database(data, found.database, database)
        return _replace(found, host=host, port=port, authority=authority)
    # There is no settings.toml yet, but the environment applies.
    first = parse_settings({"authority": "localhost"}, os.environ, where="the environment")
    first = _replace(first, host=host, port=port, authority=authority, database=database)
    if authority is None and variable_of("authority") not in os.environ:
        first = _replace(first, authority=default_authority(first.host, first.port))
    return first


def _check_words(authority: str | None, database: str | None) -> None:
    """Raises MisuseError for invalid arguments, such as a password, which other users could see in ``ps``."""
    fault = find_authority_fault(authority) if authority is not None else None
    if fault is not None:
        raise MisuseError(f"--authority {fault}")
    fault = find_database_fault(database) if database is not None else None
    if fault is not None:
        raise MisuseError(f"--database {fault}")


def _check_same_database(data: DataDir, own: str | None, asked: str | None) -> None:
    """Raises MisuseError if a site with letters were to use another database, where it would start empty."""
    if asked is not None and asked != own:
        raise MisuseError(f"{data.settings} names another database than --database; it was not changed")
    if own is not None and data.database.exists():
        raise MisuseError(
            f"this site's letters are in {data.database}, and the settings name a PostgreSQL database: take it out of "
            "the settings, or move that file away if the letters are in PostgreSQL by now"
        )


def _replace(settings: Settings, **values: object) -> Settings:
    return msgspec.structs.replace(settings, **{key: value for key, value in values.items() if value is not None})


def bring_up_to_date(data: DataDir, settings: Settings, *, change: bool) -> bool:
    """Creates directory, settings and keys as needed, and migrates the database; changes nothing else.

    ``change``: also writes a changed authority into the settings, if the site has no letter. Returns whether it did.
    """
    if settings.database is not None and not data.settings.exists():
        # Before the URL is written to the settings: a mistyped one can still be corrected.
        _try_database(settings.database, read_secret(data, "database-password"))
    prepare(data, settings.authority, settings.database)
    set_up_django()
    from django.db import connection

    from undersigned.web.database import schema
    from undersigned.web.database.postgresql import locks

    # Several machines may start at the same time on one PostgreSQL database.
    with locks.hold_lock(locks.SCHEMA) if connection.vendor == "postgresql" else nullcontext():
        schema.migrate_schema()
    if connection.vendor == "sqlite":
        data.database.chmod(0o600)
    return change and change_authority(data, settings.authority)


def _try_database(url: str, password: str | None) -> None:
    """Raises OperatorError if the connection fails, UnsafeDatabaseError if the server could lose receipts."""
    # Imported here, because a site on SQLite does not need it.
    import psycopg

    try:
        options = connection_options(url, password)
        try_connection(url, password)
    except UnreadableUrlError as error:
        raise MisuseError(f"{error}. Nothing was made.") from None
    except psycopg.OperationalError as error:
        raise OperatorError(f"{explain_connection_error(error, options)}. Nothing was made.") from None
