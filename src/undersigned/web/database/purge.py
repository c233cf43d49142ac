"""Purges deleted rows from a database's WAL and free pages, so that a copy of the disk does not hold them.

SQLite overwrites deleted rows in its file (``secure_delete``), but its WAL keeps their pages until it is truncated.
PostgreSQL marks rows as dead and leaves them in place; rewriting the table (CLUSTER) leaves only live rows, in the
order of the key. How long PostgreSQL's own WAL is kept is the operator's to configure (docs/howto/postgresql.md).
"""

from __future__ import annotations

import time
from typing import Any, Final

from django.db import OperationalError, connection

from undersigned.web.database.postgresql.server import without_standby_wait

MAX_WAIT: Final = 1.0
"""Seconds to wait for sessions that can still see deleted rows; after that the caller has to try again."""
MAX_WRITE_LOCK: Final = 0.2
"""Seconds for which a truncation of SQLite's WAL may block writers."""
_PAUSE: Final = 0.02
_NEXT: Final = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_OLDEST: Final = f"""
SELECT ({_NEXT}) - coalesce(max(age(seen)), 0) FROM (
  SELECT backend_xmin AS seen FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
  UNION ALL SELECT backend_xmin FROM pg_stat_replication UNION ALL SELECT xmin FROM pg_replication_slots
) AS sessions
"""  # noqa: S608 - nothing of it comes from outside
_KEY: Final = (
    "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "WHERE i.indrelid = %s::regclass AND i.indisprimary"
)


_was_blocked = False
"""The last purge was blocked by a reader. Then the next one does not wait: a ``snapshot`` may last for minutes."""


def purge_deleted(*tables: str) -> bool:
    """Purges the deleted rows of these tables; False if a reader blocked it, and the caller has to try again."""
    global _was_blocked
    timeout = 0.0 if _was_blocked else MAX_WAIT
    is_purged = _rewrite_tables(tables, timeout) if connection.vendor == "postgresql" else _truncate_wal(timeout)
    _was_blocked = not is_purged
    return is_purged


def _rewrite_tables(tables: tuple[str, ...], timeout: float) -> bool:
    try:
        with connection.cursor() as cursor:
            if not _is_invisible(timeout):
                return False
            # CLUSTER locks the table until it has committed: it must not wait for a standby that is away.
            with without_standby_wait(connection.connection):
                for table in tables:
                    cursor.execute(_KEY, [table])
                    name = connection.ops.quote_name
                    # Like VACUUM FULL, and sorted by the primary key.
                    cursor.execute(f"CLUSTER {name(table)} USING {name(cursor.fetchone()[0])}")
    except OperationalError:
        return False
    return True


def _truncate_wal(timeout: float) -> bool:
    """Truncates SQLite's WAL; returns whether it is empty now.

    A truncating checkpoint blocks writers while it waits for readers. So first a passive checkpoint, which blocks no
    one, copies what it can; if a reader still needs a part of the WAL, the truncation is left for later.
    """
    deadline = time.monotonic() + timeout
    with connection.cursor() as cursor:
        while not _checkpoint_passively(cursor):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE)
        cursor.execute("PRAGMA busy_timeout")
        before = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {int(MAX_WRITE_LOCK * 1000)}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row = cursor.fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")
    return not (row and row[0])


def _checkpoint_passively(cursor: Any) -> bool:
    cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    _, frames, copied = cursor.fetchone()
    return bool(frames == copied)


def _is_invisible(timeout: float) -> bool:
    """Whether no session can see rows any more that were deleted before this call: CLUSTER copies rows that are still
    visible to one."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT)
        now = int(cursor.fetchone()[0])
        deadline = time.monotonic() + timeout
        while True:
            cursor.execute(_OLDEST)
            if int(cursor.fetchone()[0]) >= now:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
