"""Migrates the database's schema to this version, atomically."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection, transaction


def migrate_schema() -> None:
    """Applies the missing migrations in one transaction: a process that dies meanwhile changes nothing."""
    with one_transaction():
        call_command("migrate", verbosity=0, interactive=False)


@contextmanager
def one_transaction() -> Iterator[None]:
    """One transaction around all migrations.

    Django gives each migration its own, and may record it as applied only after that has committed. A crash in between
    would leave tables that make the next start fail.
    """
    is_sqlite = connection.vendor == "sqlite"
    if is_sqlite:
        # A migration on SQLite recreates tables that others refer to. The checks cannot be switched in a transaction.
        connection.disable_constraint_checking()
    try:
        with transaction.atomic():
            yield
    finally:
        if is_sqlite:
            connection.enable_constraint_checking()
