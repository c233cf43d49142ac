"""Which SQLite we run on: pysqlite3's, newer than the bug that loses writes in WAL mode.

There is a wheel of pysqlite3 for Linux on x86-64. Elsewhere Python's own SQLite is used, if it has not got the bug.

``use_bundled_sqlite`` must run before Django loads its SQLite backend; the settings do it, and nothing else does.
"""

from __future__ import annotations

import importlib
import importlib.util
import sqlite3
import sys
from typing import Final

# The "WAL-reset bug" (sqlite.org/wal.html, section 11): a checkpoint racing with a write could lose a committed
# transaction. Everything since WAL mode began has it, up to these fixes.
_FIRST_AFFECTED: Final = (3, 7, 0)
_LAST_AFFECTED: Final = (3, 51, 2)
_FIXED_BRANCHES: Final = frozenset({(3, 44, 6), (3, 50, 7)})


class UnsafeDatabaseError(Exception):
    """The SQLite library at hand can lose committed transactions."""


def check_version(version: tuple[int, int, int]) -> None:
    """Raises UnsafeDatabaseError if this SQLite may lose what it has committed."""
    if _FIRST_AFFECTED <= version <= _LAST_AFFECTED and version not in _FIXED_BRANCHES:
        name = ".".join(map(str, version))
        raise UnsafeDatabaseError(
            f"SQLite {name} can lose committed writes in WAL mode. "
            "Install pysqlite3 0.6.1 or newer, which brings its own (Linux on x86-64), a Python with SQLite 3.51.3 or "
            "newer, or keep the site in PostgreSQL (docs/howto/postgresql.md)."
        )


def use_bundled_sqlite() -> None:
    """Makes ``sqlite3`` mean pysqlite3 in this process, where there is one."""
    if importlib.util.find_spec("pysqlite3") is not None:
        sys.modules["sqlite3"] = importlib.import_module("pysqlite3")
        sys.modules["sqlite3.dbapi2"] = importlib.import_module("pysqlite3.dbapi2")


def require_safe_sqlite() -> None:
    """Raises UnsafeDatabaseError if the SQLite that this process uses may lose what it has committed."""
    found = sys.modules["sqlite3"] if "pysqlite3" in sys.modules else sqlite3
    check_version(found.sqlite_version_info)


INIT_COMMAND: Final = (
    "PRAGMA journal_mode=WAL;"
    # FULL syncs the WAL at each commit: a receipt must survive power loss. NORMAL would lose the newest.
    "PRAGMA synchronous=FULL;"
    "PRAGMA foreign_keys=ON;"
    # A database handed in by somebody else must not run functions of its own through views and triggers.
    "PRAGMA trusted_schema=OFF;"
    # What is deleted is overwritten: pending rows tell the order of arrival, sealed objects of the withdrawn are gone.
    "PRAGMA secure_delete=ON;"
    "PRAGMA temp_store=MEMORY;"
    # 64 MiB, as far as they are used. A batch of sealed names does not fit in SQLite's own 2: pages are written out in
    # the middle of a transaction, and read again.
    "PRAGMA cache_size=-65536;"
    # 64 MiB of write-ahead log before a commit copies it into the database file: while many sign, that is the clerk's
    # work (``KEEP_LOG_SHORT``), and nobody waits for it.
    "PRAGMA wal_autocheckpoint=16384;"
)
KEEP_LOG_SHORT: Final = "PRAGMA wal_autocheckpoint=1000"
"""For the clerk's connection: its commits copy the write-ahead log into the database file from 4 MiB on."""
