"""The database's schema: brought to this version's, wholly or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection, transaction


def bring_up_to_date() -> None:
    """Applies the migrations that are missing, in one transaction: a process that dies meanwhile changes nothing."""
    with whole():
        call_command("migrate", verbosity=0, interactive=False)


@contextmanager
def whole() -> Iterator[None]:
    """One transaction around all of them.

    Django gives each its own, and notes it as applied after it if it leaves indices for the end: a death between the
    two would leave tables that the next start finds in its way.
    """
    sqlite = connection.vendor == "sqlite"
    if sqlite:
        # Tables are made anew under others that refer to them; inside a transaction this cannot be switched any more.
        connection.disable_constraint_checking()
    try:
        with transaction.atomic():
            yield
    finally:
        if sqlite:
            connection.enable_constraint_checking()
