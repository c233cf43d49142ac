"""An answer that rests on an earlier transaction, made to wait until that one is where it must be."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError, connection


def wait_for_all_before() -> None:
    """Within ``atomic``: the commit will wait for the standby, though this transaction may have stored nothing.

    Somebody whose answer was cut off asks again, and their entry is found. It may be there because the primary kept it
    and came back before the standby had it. A commit that wrote nothing waits for nobody, so this one writes an empty
    message into the write-ahead log, which the standby gets after all that stands before it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_logical_emit_message(true, 'undersigned', '')")


def is_absence(error: BaseException) -> bool:
    """Whether ``error`` is that of a PostgreSQL server that went away, or is busy: it may be asked again."""
    return connection.vendor == "postgresql" and isinstance(error, (InterfaceError, OperationalError))
