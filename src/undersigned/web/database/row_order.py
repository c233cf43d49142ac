"""Rows that stand in no order but that of their keys, wherever a database would show how they came (docs/adr/0076).

A database writes a row where there is room: in SQLite each page fills from its end, in PostgreSQL the heap does, and
each row there says which transaction wrote it. So tables that people's acts add to are rewritten, whole, in the order
of their keys, which are hashes or random numbers; on PostgreSQL by one transaction, so that all rows name the same.
What the rows left behind is then cleared by ``purge``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.apps import apps
from django.db import OperationalError, connection, transaction
from django.db.models import BinaryField, Model

from undersigned.web.database.purge import wash
from undersigned.web.storage.reserve import is_full

SHORT: Final = 0.1
"""Seconds a rewriting may take as often as it is asked for..."""
FEW: Final = 500
"""... or rows it may be of: then it takes long only because the machine is busy."""
SHARE: Final = 50
"""One that took longer is not repeated before so many times as long: it costs 2 % of the time at most."""
_TOGETHER: Final = {True: 256, False: 4096}
"""Rows in one transaction on SQLite, with large values or without: meanwhile nobody can sign."""
_PAUSE: Final = 0.03
_LOCK_NOT_AVAILABLE: Final = "55P03"
"""PostgreSQL's error code; by its class it would need psycopg on SQLite, too."""


class RowRewriter:
    """Clears tables of order and past, large ones seldom. One for each thread that does."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._not_before: dict[str, float] = {}

    def clear(self, *tables: str) -> bool:
        """Rewrites these and washes them; False if one of them is not due yet, or somebody was in the way: it is to be
        asked again."""
        due = [table for table in tables if self._now() >= self._not_before.get(table, 0)]
        washed = True
        for table in due:
            began = self._now()
            try:
                mix(table)
            except OperationalError as error:
                if not _may_wait(error):
                    raise
                return False
            # SQLite has one past for all of them.
            washed = (connection.vendor != "postgresql" or wash(table)) and washed
            took = self._now() - began
            if took > SHORT and _rows(table) > FEW:
                self._not_before[table] = self._now() + SHARE * took
        if connection.vendor != "postgresql":
            washed = wash(*tables)
        return washed and len(due) == len(tables)


def _rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - our own table's name
        return int(cursor.fetchone()[0])


def _may_wait(error: OperationalError) -> bool:
    """Whether it can be done later: somebody held a lock for too long, or there is no room. The room that is kept for
    withdrawals is not for this."""
    locked = getattr(error.__cause__, "sqlstate", None) == _LOCK_NOT_AVAILABLE
    busy = locked or "database is locked" in str(error)
    return busy or is_full(error)


def is_ordered(table: str) -> bool:
    """On PostgreSQL: whether the rows of a table name different transactions."""
    name = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(DISTINCT xmin::text) FROM {name}")  # noqa: S608 - our own table's name
        return bool(cursor.fetchone()[0] > 1)


def mix(table: str) -> None:
    """Rewrites a table in the order of its keys. Commits; nothing waits for more than ``_TOGETHER`` rows."""
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    if connection.vendor == "postgresql":
        _by_one_transaction(model)
    else:
        _part_by_part(model)


def _by_one_transaction(model: type[Model]) -> None:
    table, key = _names(model)
    if not is_ordered(model._meta.db_table):
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {key} = {key}")  # noqa: S608 - as above
    # True now: every row names this transaction. Their order, and what they were before, is the washing's.


def _names(model: type[Model]) -> tuple[str, str]:
    """Table and key, quoted."""
    name = connection.ops.quote_name
    return name(model._meta.db_table), name(str(model._meta.pk.column))


def _part_by_part(model: type[Model]) -> None:
    fields = model._meta.concrete_fields
    table, key = _names(model)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    place = next(i for i, field in enumerate(fields) if field.primary_key)
    together = _TOGETHER[any(isinstance(field, BinaryField) for field in fields)]
    last: Any = None
    while True:
        where, values = ("", []) if last is None else (f" WHERE {key} > %s", [last])
        began = time.monotonic()
        with transaction.atomic(), connection.cursor() as cursor:
            # Names of our own table and columns; no value is written into a statement.
            cursor.execute(f"SELECT {columns} FROM {table}{where} ORDER BY {key} LIMIT {together}", values)  # noqa: S608
            rows = cursor.fetchall()
            if rows:
                _again(cursor, table, key, columns, rows, place)
        if len(rows) < together:
            return
        last = rows[-1][place]
        # Whoever waited for the lock asks again within this time.
        time.sleep(max(_PAUSE, time.monotonic() - began))


def _again(cursor: Any, table: str, key: str, columns: str, rows: Sequence[tuple[Any, ...]], place: int) -> None:
    bounds = [rows[0][place], rows[-1][place]]
    cursor.execute(f"DELETE FROM {table} WHERE {key} BETWEEN %s AND %s", bounds)  # noqa: S608 - as above
    marks = ", ".join(["%s"] * len(rows[0]))
    cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - as above
