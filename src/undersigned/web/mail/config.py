"""The ``[mail]`` table of ``settings.toml``: how this site sends mail. Without it, it sends none.

::

    [mail]
    host = "smtp.example.org"
    port = 587
    security = "starttls"              # or "tls"; "none" on the loopback interface only
    user = "letters"                   # its password lies in keys/smtp-password
    sender = "letters@example.org"     # neutral: it names no letter
    per_minute = 60
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Final

from undersigned.protocol.errors import MalformedError
from undersigned.web.config.datadir import DataDir, DataError, read_tables
from undersigned.web.mail.addresses import parse_address

_SHAPE: Final[dict[str, type]] = {
    "host": str, "port": int, "security": str, "user": str, "sender": str, "per_minute": int,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MailSettings:
    """``per_minute``: mails the site sends at most, whatever is asked of it. ``password``: None without a user."""

    host: str
    port: int
    security: str
    sender: str
    per_minute: int = 60
    user: str = ""
    password: str = ""


def read_mail_settings(data: DataDir) -> MailSettings | None:
    """What ``settings.toml`` says of mail; None if nothing. Raises DataError, saying which line is wrong."""
    found = read_tables(data).get("mail")
    return None if found is None else _checked(found, data)


def _checked(found: Any, data: DataDir) -> MailSettings:
    where = f"{data.settings}, [mail]"
    if not isinstance(found, dict) or set(found) - set(_SHAPE):
        raise DataError(f"{where}: takes {', '.join(_SHAPE)}")
    for name, kind in _SHAPE.items():
        if name in found and type(found[name]) is not kind:
            raise DataError(f"{where}: {name} is not {'a text' if kind is str else 'a number'}")
    missing = {"host", "port", "security", "sender"} - set(found)
    if missing:
        raise DataError(f"{where}: {', '.join(sorted(missing))} missing")
    if found["security"] not in ("starttls", "tls", "none"):
        raise DataError(f'{where}: security is "starttls", "tls" or "none"')
    if found["security"] == "none" and not _is_loopback(found["host"]):
        raise DataError(f"{where}: mail in the clear goes to this machine only; use starttls or tls")
    if not 1 <= found.get("per_minute", 60) <= 100_000:
        raise DataError(f"{where}: per_minute is between 1 and 100000")
    try:
        parse_address(found["sender"])
    except MalformedError:
        raise DataError(f"{where}: sender is not a mail address") from None
    return MailSettings(**found, password=_password(data) if found.get("user") else "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _password(data: DataDir) -> str:
    try:
        return (data.keys / "smtp-password").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise DataError("[mail] names a user: put the password into keys/smtp-password (mode 0600)") from None
