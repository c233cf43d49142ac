"""What was deleted is also gone from where a database keeps its past.

SQLite overwrites deleted rows in its file, but its write-ahead log has their pages until it starts afresh. PostgreSQL
marks rows as dead and leaves them in place; a table that is written anew has only the living, in the order of its key
(what its own write-ahead log keeps, and for how long, is the operator's: docs/howto/postgresql.md).
"""

from __future__ import annotations

import time
from typing import Any, Final

from django.db import OperationalError, connection

from undersigned.web.database.postgresql.server import waiting_for_nobody

PATIENCE: Final = 1.0
"""Seconds to wait for sessions that still see the past, before it is to be asked again."""
MOMENT: Final = 0.2
"""Seconds for which nobody can write to SQLite, at most."""
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


_hurried = False
"""Somebody was in the way the last time: nobody waits for them again and again (``snapshot`` may last for minutes)."""


def wash(*tables: str) -> bool:
    """Clears the past of these tables; False if somebody was in the way, and it is to be asked again."""
    global _hurried
    patience = 0.0 if _hurried else PATIENCE
    done = _rewritten(tables, patience) if connection.vendor == "postgresql" else _begun_afresh(patience)
    _hurried = not done
    return done


def _rewritten(tables: tuple[str, ...], patience: float) -> bool:
    try:
        with connection.cursor() as cursor:
            if not _is_past(patience):
                return False
            # The table is held until the commit, so nobody could read it while a standby is missed.
            with waiting_for_nobody(connection.connection):
                for table in tables:
                    cursor.execute(_KEY, [table])
                    name = connection.ops.quote_name
                    # As VACUUM FULL, and sorted.
                    cursor.execute(f"CLUSTER {name(table)} USING {name(cursor.fetchone()[0])}")
    except OperationalError:
        return False
    return True


def _begun_afresh(patience: float) -> bool:
    """Whether SQLite's log is empty now.

    A truncation lets nobody write while it waits for readers. So first everything is carried over that can be without
    keeping anybody; if a reader still needs some of it, that is all for now.
    """
    deadline = time.monotonic() + patience
    with connection.cursor() as cursor:
        while not _carried_over(cursor):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE)
        cursor.execute("PRAGMA busy_timeout")
        before = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {int(MOMENT * 1000)}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row = cursor.fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")
    return not (row and row[0])


def _carried_over(cursor: Any) -> bool:
    cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    _, frames, carried = cursor.fetchone()
    return bool(frames == carried)


def _is_past(patience: float) -> bool:
    """Whether nobody still sees what was deleted before this call: a table written anew keeps what somebody sees."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT)
        now = int(cursor.fetchone()[0])
        deadline = time.monotonic() + patience
        while True:
            cursor.execute(_OLDEST)
            if int(cursor.fetchone()[0]) >= now:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
