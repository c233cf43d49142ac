"""Rewrites tables in the order of their keys, so that a copy of the disk does not tell who signed first (ADR 0076).

A database writes a row where there is free space: SQLite fills each page from its end, PostgreSQL the heap, and a
PostgreSQL row also stores the id of the transaction that wrote it (``xmin``). So tables that signatories' actions add
rows to are rewritten as a whole, in the order of their keys, which are hashes or random numbers; on PostgreSQL in one
transaction, so that all rows have the same ``xmin``. Then ``purge`` removes the old copies.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.apps import apps
from django.db import OperationalError, connection, transaction
from django.db.models import BinaryField, Model

from undersigned.web.database.purge import purge_deleted
from undersigned.web.storage.reserve import is_full

SHORT: Final = 0.1
"""A rewrite that takes at most this many seconds is not rate-limited."""
SMALL_TABLE: Final = 500
"""Nor is one of at most this many rows: if that takes long, the machine is busy."""
BACKOFF: Final = 50
"""A longer rewrite is repeated only after this many times its duration, so it takes at most 2 % of the time."""
_PER_TRANSACTION: Final = {True: 256, False: 4096}
"""Rows in one transaction on SQLite, for tables with BLOBs and without: signatures wait while it runs."""
_PAUSE: Final = 0.03
_LOCK_NOT_AVAILABLE: Final = "55P03"
"""PostgreSQL's error code; by its class it would need psycopg on SQLite, too."""


class RowRewriter:
    """Rewrites and purges tables, large ones rarely. Each thread has its own."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._not_before: dict[str, float] = {}

    def clear(self, *tables: str) -> bool:
        """Rewrites and purges these tables. False if one is rate-limited or blocked: then call it again later."""
        due = [table for table in tables if self._now() >= self._not_before.get(table, 0)]
        is_purged = True
        for table in due:
            began = self._now()
            try:
                rewrite_by_key(table)
            except OperationalError as error:
                if not _is_temporary(error):
                    raise
                return False
            # On SQLite all tables share one WAL, which is purged once, below.
            is_purged = (connection.vendor != "postgresql" or purge_deleted(table)) and is_purged
            took = self._now() - began
            if took > SHORT and _count_rows(table) > SMALL_TABLE:
                self._not_before[table] = self._now() + BACKOFF * took
        if connection.vendor != "postgresql":
            is_purged = purge_deleted(*tables)
        return is_purged and len(due) == len(tables)


def _count_rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - our own table's name
        return int(cursor.fetchone()[0])


def _is_temporary(error: OperationalError) -> bool:
    """Whether to try again later: a lock timed out, or the disk is full. The disk reserve is not for this."""
    is_timeout = getattr(error.__cause__, "sqlstate", None) == _LOCK_NOT_AVAILABLE
    return is_timeout or "database is locked" in str(error) or is_full(error)


def is_ordered(table: str) -> bool:
    """On PostgreSQL: whether a table's rows were written by different transactions, which tells their order."""
    name = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(DISTINCT xmin::text) FROM {name}")  # noqa: S608 - our own table's name
        return bool(cursor.fetchone()[0] > 1)


def rewrite_by_key(table: str) -> None:
    """Rewrites a table in the order of its keys, and commits. On SQLite in parts of ``_PER_TRANSACTION`` rows."""
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    if connection.vendor == "postgresql":
        _rewrite_at_once(model)
    else:
        _rewrite_in_parts(model)


def _rewrite_at_once(model: type[Model]) -> None:
    table, key = _quote_names(model)
    if not is_ordered(model._meta.db_table):
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {key} = {key}")  # noqa: S608 - as above
    # True now: every row was written by this transaction. CLUSTER (purge) then sorts them and drops their old versions.


def _quote_names(model: type[Model]) -> tuple[str, str]:
    """Names of table and key column, quoted."""
    name = connection.ops.quote_name
    return name(model._meta.db_table), name(str(model._meta.pk.column))


def _rewrite_in_parts(model: type[Model]) -> None:
    fields = model._meta.concrete_fields
    table, key = _quote_names(model)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    place = next(i for i, field in enumerate(fields) if field.primary_key)
    limit = _PER_TRANSACTION[any(isinstance(field, BinaryField) for field in fields)]
    last: Any = None
    while True:
        where, values = ("", []) if last is None else (f" WHERE {key} > %s", [last])
        began = time.monotonic()
        with transaction.atomic(), connection.cursor() as cursor:
            # Only names of our own table and columns are formatted into the statement, never values.
            cursor.execute(f"SELECT {columns} FROM {table}{where} ORDER BY {key} LIMIT {limit}", values)  # noqa: S608
            rows = cursor.fetchall()
            if rows:
                _replace_rows(cursor, table, key, columns, rows, place)
        if len(rows) < limit:
            return
        last = rows[-1][place]
        # Transactions that waited for the write lock poll for it: the pause lets them in.
        time.sleep(max(_PAUSE, time.monotonic() - began))


def _replace_rows(cursor: Any, table: str, key: str, columns: str, rows: Sequence[tuple[Any, ...]], place: int) -> None:
    bounds = [rows[0][place], rows[-1][place]]
    cursor.execute(f"DELETE FROM {table} WHERE {key} BETWEEN %s AND %s", bounds)  # noqa: S608 - as above
    marks = ", ".join(["%s"] * len(rows[0]))
    cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - as above
