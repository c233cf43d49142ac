"""Chooses the SQLite library: pysqlite3's, which has the fix for the bug that loses writes in WAL mode.

pysqlite3 has a wheel for Linux on x86-64. On other platforms Python's own SQLite is used, unless it has the bug.

Call ``use_bundled_sqlite`` before Django loads its SQLite backend. Only Django's settings call it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sqlite3
import sys
from typing import Final

# The "WAL-reset bug" (sqlite.org/wal.html, section 11): a race between a checkpoint and a write could lose a committed
# transaction. Every version with WAL mode has it, up to these fixes.
_FIRST_AFFECTED: Final = (3, 7, 0)
_LAST_AFFECTED: Final = (3, 51, 2)
_FIXED_BRANCHES: Final = frozenset({(3, 44, 6), (3, 50, 7)})


class UnsafeDatabaseError(Exception):
    """The SQLite library in use can lose committed transactions."""


def check_version(version: tuple[int, int, int]) -> None:
    """Raises UnsafeDatabaseError if this version of SQLite can lose committed transactions."""
    if _FIRST_AFFECTED <= version <= _LAST_AFFECTED and version not in _FIXED_BRANCHES:
        name = ".".join(map(str, version))
        raise UnsafeDatabaseError(
            f"SQLite {name} can lose committed writes in WAL mode. "
            "Install pysqlite3 0.6.1 or newer, which brings its own (Linux on x86-64), a Python with SQLite 3.51.3 or "
            "newer, or keep the site in PostgreSQL (docs/howto/postgresql.md)."
        )


def use_bundled_sqlite() -> None:
    """Replaces the module ``sqlite3`` with pysqlite3 in this process, if it is installed."""
    if importlib.util.find_spec("pysqlite3") is not None:
        sys.modules["sqlite3"] = importlib.import_module("pysqlite3")
        sys.modules["sqlite3.dbapi2"] = importlib.import_module("pysqlite3.dbapi2")


def require_safe_sqlite() -> None:
    """Raises UnsafeDatabaseError if the SQLite in use can lose committed transactions."""
    found = sys.modules["sqlite3"] if "pysqlite3" in sys.modules else sqlite3
    check_version(found.sqlite_version_info)


INIT_COMMAND: Final = (
    "PRAGMA journal_mode=WAL;"
    # FULL syncs the WAL at each commit: a receipt must survive power loss. NORMAL could lose the newest commits.
    "PRAGMA synchronous=FULL;"
    "PRAGMA foreign_keys=ON;"
    # A database from an untrusted source must not call SQL functions through its views and triggers.
    "PRAGMA trusted_schema=OFF;"
    # Overwrites deleted data: pending rows would reveal the order of arrival, and withdrawn names must be erased.
    "PRAGMA secure_delete=ON;"
    "PRAGMA temp_store=MEMORY;"
    # At most 64 MiB. A batch of sealed names does not fit in SQLite's default of 2 MiB: pages would be written in the
    # middle of a transaction, and read again.
    "PRAGMA cache_size=-65536;"
    # 64 MiB of write-ahead log before a commit runs a checkpoint. Under load the clerk runs checkpoints earlier
    # (``KEEP_LOG_SHORT``), so that no request waits for one.
    "PRAGMA wal_autocheckpoint=16384;"
)
KEEP_LOG_SHORT: Final = "PRAGMA wal_autocheckpoint=1000"
"""For the clerk's connection: its commits run a checkpoint once the write-ahead log has 4 MiB."""
