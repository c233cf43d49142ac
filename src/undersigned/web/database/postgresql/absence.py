"""A PostgreSQL server that went away, or is busy."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError, connection


def is_absence(error: BaseException) -> bool:
    """Whether ``error`` is that of a PostgreSQL server that went away, or is busy: it may be asked again."""
    return connection.vendor == "postgresql" and isinstance(error, (InterfaceError, OperationalError))
