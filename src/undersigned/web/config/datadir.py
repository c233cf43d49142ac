"""The data directory: everything one site keeps, and how its files come to be durable.

::

    DIR/                      0700
      settings.toml           authority, scheme, perhaps [mail], commented
      undersigned.sqlite3     the database, unless settings.toml names another
      keys/                   0700, each file 0600
        django-secret         signs what Django signs
        organiser-token       the organiser's bearer token
        database-password     the database role's, if settings.toml names a PostgreSQL database
        mail                  hashes and encrypts mail addresses; made when it is first needed
        bucket-key            id and secret of an access key, if settings.toml has [bucket]
        smtp-password         yours to put there, if settings.toml has [mail] with a user
        <slug>.log            seed of a letter's log key
        <slug>.registrar      PKCS #8 of a letter's registrar key
      public/                 what is served as it lies there
      pages/                  newspapers' pages, for the organiser
      reserve                 room kept for withdrawals (storage/reserve.py)
      clerk.lock, publish.lock, round.lock
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from undersigned.durable import make_directory, write_new
from undersigned.web.storage.reserve import FileReserve

ENVIRONMENT: Final = "UNDERSIGNED_DATA"
_AUTHORITY: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")
_LOOPBACK: Final = re.compile(r"(localhost|127(\.\d{1,3}){3})(:\d+)?")

_SETTINGS: Final = """\
# The settings of this site. Everything here is public.

# Where the site is reached: host, and port if it is not the scheme's own. Letters carry it in their origin,
# <authority>/<slug>, which is part of what is signed: it cannot change for a letter once that letter is open.
authority = "{authority}"

# https, or http on the loopback interface only (a rehearsal, or a proxy on this machine that speaks https).
scheme = "{scheme}"

{database}
# Whom the press may ask: a mail address, or words. It stands on each letter's press page.
# contact = "press@example.org"

# How this site sends mail; without it, it sends none, and no letter can check mail addresses
# (docs/howto/public-letter.md).
# [mail]
# host = "smtp.example.org"
# port = 587
# security = "starttls"            # or "tls"; "none" to this machine only
# user = "letters"                 # its password lies in keys/smtp-password
# sender = "letters@example.org"

# Where the published files lie: in public/ of this directory, unless a bucket is named (docs/howto/postgresql.md).
# [bucket]
# name = "letters-public"
# endpoint = "https://s3.example.org"
"""


_SQLITE: Final = """\
# Where the database is: in this directory, unless a PostgreSQL database is named here (docs/howto/postgresql.md). The
# password does not stand here but in keys/database-password, or where libpq looks for it.
# database = "postgresql://letters@db.example.org/letters"
"""
_POSTGRESQL: Final = """\
# Where the database is (docs/howto/postgresql.md). The password does not stand here but in keys/database-password, or
# where libpq looks for it.
database = {}
"""


class DataError(Exception):
    """The data directory cannot be used; the message says why and what to do."""


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
    def database_password(self) -> str | None:
        """The password of the PostgreSQL role, if ``keys/`` has one."""
        try:
            return (self.keys / "database-password").read_text(encoding="utf-8").rstrip("\n")
        except FileNotFoundError:
            return None

    @property
    def reserve(self) -> Path:
        """Room on the disk that is kept for withdrawals."""
        return self.root / "reserve"

    @property
    def public(self) -> Path:
        """The directory of served files."""
        return self.root / "public"


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What ``settings.toml`` says."""

    authority: str
    scheme: str
    database: str | None = None
    """The URL of a PostgreSQL database; None: SQLite in the data directory."""
    contact: str = ""
    """Whom the press may ask, as the letters' press pages say it: a mail address, or words."""

    @property
    def host(self) -> str:
        """The authority without its port."""
        return self.authority.partition(":")[0]


def scheme_for(authority: str) -> str:
    """``http`` on loopback, ``https`` anywhere else."""
    return "http" if _LOOPBACK.fullmatch(authority) else "https"


def check_authority(authority: str) -> str:
    """``authority`` if it is HOST or HOST:PORT in lower case. Raises DataError."""
    if not _AUTHORITY.fullmatch(authority) or int(authority.partition(":")[2] or 0) > 65535:
        raise DataError(f"{authority!r} is not a host name with perhaps a port, in lower case")
    return authority


def read_tables(data: DataDir) -> dict[str, Any]:
    """What stands in ``settings.toml``, whatever it is. Raises DataError if the file is missing or is not TOML."""
    try:
        return tomllib.loads(data.settings.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{data.settings} is missing: run `python -m undersigned.web init`") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{data.settings} is not TOML: {error}") from None


def read_settings(data: DataDir) -> SiteSettings:
    """Raises DataError if the file is missing or wrong."""
    found = read_tables(data)
    authority, scheme = found.get("authority"), found.get("scheme")
    if not isinstance(authority, str) or scheme not in ("https", "http"):
        raise DataError(f"{data.settings} needs an authority and a scheme, http or https")
    check_authority(authority)
    if scheme == "http" and scheme_for(authority) != "http":
        raise DataError("http is for the loopback interface only; put https in settings.toml")
    database = found.get("database")
    contact = found.get("contact", "")
    if not isinstance(contact, str) or len(contact) > 200 or not contact.isprintable():
        raise DataError(f"{data.settings} has a contact that is no line of at most 200 characters")
    return SiteSettings(authority, scheme, None if database is None else check_database(database), contact)


def check_database(url: object) -> str:
    """``url`` if it names a PostgreSQL database without a password. Raises DataError."""
    if not isinstance(url, str) or not url.startswith(("postgresql://", "postgres://")):
        raise DataError("the database is named as postgresql://USER@HOST/NAME; without one it is SQLite")
    if ":" in url.partition("://")[2].rpartition("@")[0] or "password=" in url:
        raise DataError("the password of the database belongs into keys/database-password, not into its URL")
    return url


def split_password(url: str) -> tuple[str, str | None]:
    """``url`` without its password, and the password."""
    parts = urlsplit(url)
    who, _, where = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    if not password:
        return url, None
    return urlunsplit(parts._replace(netloc=f"{user}@{where}")), unquote(password)


def check_same(data: DataDir, database: str | None) -> None:
    """Raises DataError if settings.toml names another database than the one that was asked for."""
    if database is not None and read_settings(data).database != split_password(database)[0]:
        raise DataError(f"{data.settings} names another database; it is not changed behind your back")


def prepare(data: DataDir, authority: str, database: str | None = None) -> bool:
    """Makes whatever is missing of the directory, its settings and its site-wide keys; touches nothing that is there.

    ``database``: a PostgreSQL URL, perhaps with a password, which goes into ``keys/``. Returns whether the settings
    were made now. The database is made by Django's migrations, after this.
    """
    url, password = (None, None) if database is None else split_password(database)
    named = _SQLITE if url is None else _POSTGRESQL.format(json.dumps(check_database(url)))
    text = _SETTINGS.format(authority=check_authority(authority), scheme=scheme_for(authority), database=named)
    make_directory(data.root, 0o700)
    make_directory(data.keys, 0o700)
    make_directory(data.public, 0o755)
    make_directory(data.pages, 0o700)
    if data.root.stat().st_uid != os.getuid():
        raise DataError(f"{data.root} belongs to somebody else")
    write_new(data.keys / "django-secret", secrets.token_urlsafe(48).encode("ascii") + b"\n")
    write_new(data.keys / "organiser-token", secrets.token_urlsafe(32).encode("ascii") + b"\n")
    if password is not None:
        write_new(data.keys / "database-password", password.encode("utf-8") + b"\n")
    made = write_new(data.settings, text.encode("utf-8"))
    FileReserve(data.reserve).settle()
    return made


def from_environment() -> DataDir:
    """The data directory named by UNDERSIGNED_DATA. Raises DataError if it names none."""
    name = os.environ.get(ENVIRONMENT)
    if not name:
        raise DataError(f"{ENVIRONMENT} does not name a data directory")
    return DataDir(Path(name).resolve())
