"""Recognises errors of a PostgreSQL server that is unreachable or overloaded."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError, connection


def is_absence(error: BaseException) -> bool:
    """Whether ``error`` means that the PostgreSQL server is unreachable or overloaded, so the client may retry."""
    return connection.vendor == "postgresql" and isinstance(error, (InterfaceError, OperationalError))
