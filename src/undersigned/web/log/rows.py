"""The clerk's statements for a batch, in SQL (``signing.rows`` says why). Sealed names do not pass through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from undersigned.protocol.errors import LogError
from undersigned.web.database.postgresql.copy import copy_rows

_ENTRY: Final = {
    "letter_id": "int8", "index": "int8", "leaf": "text", "batch": "int4", "kind": "text", "key": "text", "seq": "int4",
    "object": "text", "data": "bytea",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that waits, without its object."""

    leaf: str
    kind: str
    key: str
    seq: int
    object: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry and the index it got."""

    index: int
    entry: Waiting


def read_waiting(batch: int) -> list[Waiting]:
    """What a batch holds, in no order that means anything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT leaf, kind, key, seq, object, data FROM signing_pending WHERE batch_id = %s", [batch])
        return [Waiting(leaf, kind, key, seq, hashed, bytes(data)) for leaf, kind, key, seq, hashed, data in cursor]


def insert_entries(letter: int, batch: int, rows: Sequence[Placed]) -> None:
    """Stores entries at their indices. ``batch``: its number."""
    values = [
        (letter, r.index, r.entry.leaf, batch, r.entry.kind, r.entry.key, r.entry.seq, r.entry.object, r.entry.data)
        for r in rows
    ]
    if connection.vendor == "postgresql":
        copy_rows("log_entry", _ENTRY, values)
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO log_entry (letter_id, "index", leaf, batch, kind, key, seq, object, data) '
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            values,
        )


def keep_objects(letter: int, rows: Sequence[Placed]) -> None:
    """Of each key among ``rows`` its newest object in place of an older one; of those who withdrew, nothing."""
    newest: dict[str, Placed] = {}
    gone: set[str] = set()
    for row in rows:
        if row.entry.kind == "sign":
            newest[row.entry.key] = row
        elif row.entry.kind == "withdraw":
            gone.add(row.entry.key)
    again = [key for key, row in newest.items() if row.entry.seq > 0]
    kept = [(r.index, r.entry.leaf) for r in newest.values() if r.entry.key not in gone]
    if connection.vendor == "postgresql":
        _keep_at_once(letter, [*again, *gone], kept)
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "DELETE FROM signing_sealedobject WHERE letter_id = %s AND key = %s",
            [(letter, key) for key in (*again, *gone)],
        )
        cursor.executemany(
            'INSERT INTO signing_sealedobject (letter_id, key, "index", hash, body) '
            "SELECT letter_id, key, %s, object, body FROM signing_pending WHERE leaf = %s",
            kept,
        )


def _keep_at_once(letter: int, gone: list[str], kept: list[tuple[int, str]]) -> None:
    """``keep_objects`` in two statements, whatever their number."""
    with connection.cursor() as cursor:
        if gone:
            cursor.execute("DELETE FROM signing_sealedobject WHERE letter_id = %s AND key = ANY(%s)", [letter, gone])
        cursor.execute(
            'INSERT INTO signing_sealedobject (letter_id, key, "index", hash, body) '
            "SELECT p.letter_id, p.key, k.place, p.object, p.body "
            "FROM unnest(%s::bigint[], %s::text[]) AS k(place, leaf) JOIN signing_pending p ON p.leaf = k.leaf",
            [[place for place, _ in kept], [leaf for _, leaf in kept]],
        )


def delete_waiting(batch: int, leaves: Sequence[str], *, last: bool) -> None:
    """Forgets these entries of a batch. ``last``: they are all that is left of it.

    Raises LogError if an entry was gone already, or if there is one that was never read.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DELETE FROM signing_pending WHERE leaf = ANY(%s)", [list(leaves)])
        else:
            cursor.executemany("DELETE FROM signing_pending WHERE leaf = %s", [(leaf,) for leaf in leaves])
        gone = cursor.rowcount
        if last:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM signing_pending WHERE batch_id = %s)", [batch])
            if cursor.fetchone()[0]:
                raise LogError("a batch that was closed has grown")
        if gone != len(leaves):
            raise LogError("an entry of a batch that was closed has gone")
