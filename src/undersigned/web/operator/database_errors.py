"""Explains database connection errors: which database, why, and what to try, instead of the driver's text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import django.db

_REASONS: Final = (
    (r"password authentication failed|no password supplied", "it refuses the password", "Put the right password into "
     "keys/database-password of the data directory, the systemd credential database-password or the file that "
     "PGPASSFILE names"),
    (r"no pg_hba\.conf entry", "it does not let this machine in", "Add a line for this machine to its pg_hba.conf"),
    (r"database \"[^\"]*\" does not exist", "it has no such database", "Create it with createdb, or correct the URL"),
    (r"role \"[^\"]*\" does not exist", "it has no such role", "Create it with createuser, or correct the URL"),
    (r"translate host name|resolve host|Name or service not known", "there is no such host name",
     "Check the host in the URL, and this machine's DNS"),
    (r"certificate|SSL|TLS", "no encrypted connection could be made", "Check sslmode and sslrootcert in the URL"),
    (r"read-only|read-write", "none of its servers accepts writes", "Promote the standby, or name the primary"),
    (r"refused", "the connection was refused", "Check that PostgreSQL runs there and listens on that address"),
    (r"timeout|timed out|unreachable|No route", "it does not answer", "Check the host and port in the URL, and the "
     "firewalls between"),
    (r"No such file or directory", "there is no such socket", "Check that PostgreSQL runs on this machine"),
)  # fmt: skip
"""A pattern of libpq's message (there are no error codes before a session exists), the reason, and what to try."""


def explain_database_error(error: Exception) -> str:
    """Explains an exception from Django's database layer."""
    connection = django.db.connection
    if connection.vendor == "postgresql" and _never_connected(error.__cause__):
        options = {**connection.settings_dict.get("OPTIONS", {}), "dbname": connection.settings_dict["NAME"]}
        return explain_connection_error(error, options)
    return f"the database does not answer as it should: {' '.join(str(error).split())}"


def explain_connection_error(error: Exception, options: Mapping[str, Any]) -> str:
    """Explains why a connection failed. ``options``: libpq's parameters; no secret of theirs is shown."""
    text = " ".join(str(error).split())
    for pattern, reason, try_this in _REASONS:
        if re.search(pattern, text):
            return f"cannot reach the database at {_place(options)}: {reason}. {try_this}, then run this again"
    return f"cannot reach the database at {_place(options)}: {text}"


def _never_connected(error: BaseException | None) -> bool:
    """Whether the connection failed before there was a session: after that, errors have an SQLSTATE code."""
    import psycopg

    return isinstance(error, psycopg.OperationalError) and error.sqlstate is None


def _place(options: Mapping[str, Any]) -> str:
    hosts = str(options.get("host", "this machine")).split(",")
    ports = str(options.get("port", "5432")).split(",")
    paired = zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=False)
    places = ", ".join(f"{host}:{port}" for host, port in paired)
    return f"{places}, database {options.get('dbname') or options.get('user')}"
