"""What was deleted is also gone from where a database keeps its past.

SQLite overwrites deleted rows in its file, but its write-ahead log has their pages until it starts afresh. PostgreSQL
marks rows as dead and leaves them in place; a table that is written anew has only the living (what its own write-ahead
log keeps, and for how long, is the operator's: docs/howto/postgresql.md).
"""

from __future__ import annotations

import time
from typing import Final

from django.db import OperationalError, connection

from undersigned.web.postgresql.server import waiting_for_nobody

PATIENCE: Final = 1.0
"""Seconds to wait for sessions that still see the past, before it is to be asked again."""
_NEXT: Final = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_OLDEST: Final = f"""
SELECT ({_NEXT}) - coalesce(max(age(seen)), 0) FROM (
  SELECT backend_xmin AS seen FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
  UNION ALL SELECT backend_xmin FROM pg_stat_replication UNION ALL SELECT xmin FROM pg_replication_slots
) AS sessions
"""  # noqa: S608 - nothing of it comes from outside


def wash(*tables: str) -> bool:
    """Clears the past of these tables; False if somebody was in the way, and it is to be asked again."""
    if connection.vendor == "postgresql":
        try:
            with connection.cursor() as cursor:
                if not _is_past():
                    return False
                # The table is held until the commit, so nobody could read it while a standby is missed.
                with waiting_for_nobody(connection.connection):
                    for table in tables:
                        cursor.execute(f"VACUUM FULL {connection.ops.quote_name(table)}")
        except OperationalError:
            return False
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
    return not (row and row[0])


def _is_past() -> bool:
    """Whether nobody still sees what was deleted before this call: a table written anew keeps what somebody sees."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT)
        now = int(cursor.fetchone()[0])
        deadline = time.monotonic() + PATIENCE
        while True:
            cursor.execute(_OLDEST)
            if int(cursor.fetchone()[0]) >= now:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
