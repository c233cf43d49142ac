"""Bulk inserts on PostgreSQL: COPY, and one INSERT for many rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection


def copy_rows(table: str, columns: Mapping[str, str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Inserts ``rows`` with COPY, inside ``atomic``. ``columns``: name to PostgreSQL type, in the order of the values.

    Raises IntegrityError like an INSERT; then none of the rows is stored.
    """
    # On SQLite this module is imported and nothing of it is called.
    import psycopg.sql

    names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns))
    statement = psycopg.sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(psycopg.sql.Identifier(table), names)
    with connection.wrap_database_errors, connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


def insert_in_one_statement(table: str, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts rows in one statement and one round trip: faster than COPY for a few hundred rows on the hot path."""
    import psycopg.sql

    names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns))
    lists = psycopg.sql.SQL(", ").join(psycopg.sql.SQL(f"%b::{kind}[]") for kind in columns.values())
    statement = psycopg.sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({})").format(
        psycopg.sql.Identifier(table), names, lists
    )
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])
