"""The schema of ``settings.toml``: each key with its type, its default and its documentation.

This is the only list of settings: the parser (``sources.py``), the file that a first start writes (``template.py``) and
docs/reference/settings.md are derived from it. Secrets are not settings but separate files (``credentials.py``).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Final, Literal

from email_validator import EmailNotValidError, validate_email
from msgspec import Meta, Struct

from undersigned.web.config.datadir import DataError

_AUTHORITY: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")

Port = Annotated[int, Meta(ge=1, le=65535)]


class Mail(Struct, frozen=True, kw_only=True):
    """How this site sends email. Without this table it sends none, and no letter can check email addresses."""

    host: Annotated[
        Annotated[str, Meta(min_length=1)],
        Meta(description="The mail server.", examples=["smtp.example.org"]),
    ]
    port: Annotated[Port, Meta(description="The port of the mail server.", examples=[587])]
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(
            description="How the connection is encrypted. `none` is accepted for a mail server on this machine only.",
            examples=["starttls"],
        ),
    ]
    user: Annotated[
        str,
        Meta(
            description="The account at the mail server. Its password is the secret `smtp-password`. "
            "Leave it out if the server needs no login.",
            examples=["letters"],
        ),
    ] = ""
    sender: Annotated[
        str,
        Meta(
            description="The address that emails come from. Recipients and their mail servers see it: it should not "
            "name a letter.",
            examples=["letters@example.org"],
        ),
    ]
    per_minute: Annotated[
        Annotated[int, Meta(ge=1, le=100_000)],
        Meta(description="How many emails the site sends in a minute at most.", examples=[60]),
    ] = 60


class Bucket(Struct, frozen=True, kw_only=True):
    """An S3-compatible bucket for published files, instead of `public/` in the data directory.

    For sites with several machines. Its access key is the secret `bucket-key`; without that secret, boto3's own
    sources apply.
    """

    name: Annotated[
        Annotated[str, Meta(min_length=1)],
        Meta(description="The bucket's name.", examples=["letters-public"]),
    ]
    endpoint: Annotated[
        str | None,
        Meta(description="The address of the S3 service. Leave it out for AWS.", examples=["https://s3.example.org"]),
    ] = None
    region: Annotated[
        str | None,
        Meta(description="The region, if the service needs one.", examples=["eu-north-1"]),
    ] = None


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of one site. All of them are public."""

    authority: Annotated[
        str,
        Meta(
            description="Where people reach the site: the host name, with a port if it is not the scheme's own. "
            "Letters carry it in their origin, `<authority>/<slug>`, which is part of what is signed, so it cannot "
            "change once the site has a letter. Until then `undersigned serve --authority` changes it.",
            examples=["letters.example.org"],
        ),
    ]
    scheme: Annotated[
        Literal["https", "http"],
        Meta(
            description="How people reach the site. `http` is accepted on the loopback interface only (a rehearsal). "
            "If you leave it out, it is `http` for a loopback authority and `https` for any other.",
            examples=["https"],
        ),
    ]
    host: Annotated[
        Annotated[str, Meta(min_length=1)],
        Meta(description="The address that `undersigned serve` listens on.", examples=["127.0.0.1"]),
    ] = "127.0.0.1"
    port: Annotated[Port, Meta(description="The port that `undersigned serve` listens on.", examples=[8000])] = 8000
    workers: Annotated[
        Annotated[int, Meta(ge=1, le=64)],
        Meta(description="How many web worker processes there are.", examples=[1]),
    ] = 1
    database: Annotated[
        str | None,
        Meta(
            description="A PostgreSQL database (docs/howto/postgresql.md). Without it, the database is SQLite in the "
            "data directory. The password does not belong here: it is the secret `database-password`, or wherever "
            "libpq looks for it.",
            examples=["postgresql://letters@db.example.org/letters"],
        ),
    ] = None
    contact: Annotated[
        Annotated[str, Meta(max_length=200)],
        Meta(
            description="Whom the press can ask: an email address, or one line of text. Every letter's press page "
            "shows it.",
            examples=["press@example.org"],
        ),
    ] = ""
    mail: Mail | None = None
    bucket: Bucket | None = None

    @property
    def hostname(self) -> str:
        """The authority without its port."""
        return self.authority.partition(":")[0]


TABLES: Final[dict[str, type[Struct]]] = {"mail": Mail, "bucket": Bucket}
"""The tables of ``settings.toml``, in the file's order."""


def is_loopback(host: str) -> bool:
    """Whether a connection to ``host`` stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def scheme_for(authority: str) -> str:
    """``http`` on loopback, ``https`` anywhere else."""
    return "http" if is_loopback(authority.partition(":")[0]) else "https"


def find_authority_fault(authority: str) -> str | None:
    """What is wrong with an authority, as the end of a sentence that begins with its key; None if nothing is."""
    if not _AUTHORITY.fullmatch(authority) or int(authority.partition(":")[2] or 0) > 65535:
        return f"is {authority!r}, which is not a host name in lower case, with or without a port"
    return None


def find_database_fault(url: str) -> str | None:
    """What is wrong with a database's URL, likewise. It may contain a password, so it is never quoted."""
    if not url.startswith(("postgresql://", "postgres://")):
        return "does not name a PostgreSQL database: write postgresql://USER@HOST/NAME, or leave it out for SQLite"
    if has_password(url):
        return (
            "holds a password, which other people on this machine could read. Put the password into the file "
            "keys/database-password of the data directory (mode 0600), into the file that PGPASSFILE names, or into "
            "the systemd credential database-password"
        )
    return None


def check_authority(authority: str) -> str:
    """``authority`` if it is HOST or HOST:PORT in lower case. Raises DataError."""
    fault = find_authority_fault(authority)
    if fault is not None:
        raise DataError(f"the authority {fault}")
    return authority


def check_database(url: str) -> str:
    """``url`` if it names a PostgreSQL database without a password. Raises DataError."""
    fault = find_database_fault(url)
    if fault is not None:
        raise DataError(f"the database's URL {fault}")
    return url


def has_password(url: str) -> bool:
    """Whether a database's URL contains a password, before its host or among its parameters."""
    return ":" in url.partition("://")[2].partition("?")[0].rpartition("@")[0] or "password=" in url.partition("?")[2]


def find_faults(settings: Settings) -> list[tuple[str, str]]:
    """Checks the rules that types cannot express; each fault as the key and the rest of a sentence."""
    faults: list[tuple[str, str | None]] = [("authority", find_authority_fault(settings.authority))]
    if settings.scheme == "http" and not is_loopback(settings.hostname):
        faults.append(("scheme", "is http, which is for the loopback interface only: use https"))
    if settings.database is not None:
        faults.append(("database", find_database_fault(settings.database)))
    if not settings.contact.isprintable():
        faults.append(("contact", "is not one line of text"))
    mail = settings.mail
    if mail is not None:
        if mail.security == "none" and not is_loopback(mail.host):
            faults.append(
                ("mail.security", "is none: unencrypted email goes to this machine only, so use starttls or tls")
            )
        if not _is_address(mail.sender):
            faults.append(("mail.sender", f"is {mail.sender!r}, which is not an email address"))
    return [(key, fault) for key, fault in faults if fault is not None]


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return False
    return True
