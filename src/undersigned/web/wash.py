"""What was deleted is also gone from where a database keeps its past.

SQLite overwrites deleted rows in its file, but its write-ahead log has their pages until it starts afresh. PostgreSQL
marks rows as dead and leaves them in place; a table that is written anew has only the living (what its own write-ahead
log keeps, and for how long, is the operator's: docs/howto/postgresql.md).
"""

from __future__ import annotations

from django.db import OperationalError, connection


def wash(*tables: str) -> bool:
    """Clears the past of these tables; False if somebody was in the way, and it is to be asked again."""
    if connection.vendor == "postgresql":
        try:
            with connection.cursor() as cursor:
                for table in tables:
                    cursor.execute(f"VACUUM FULL {connection.ops.quote_name(table)}")
        except OperationalError:
            return False
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
    return not (row and row[0])
