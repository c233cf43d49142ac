"""SQL statements that move a batch from pending rows into the log (``signing.rows`` says why it is not the ORM).

Sealed names are moved inside the database and never loaded.
"""

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
class PendingEntry:
    """A pending entry, without its object."""

    leaf: str
    kind: str
    key: str
    seq: int
    object: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class IndexedEntry:
    """An entry and its index in the log."""

    index: int
    entry: PendingEntry


def read_pending(batch: int) -> list[PendingEntry]:
    """The entries of a batch, in an unspecified order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT leaf, kind, key, seq, object, data FROM signing_pending WHERE batch_id = %s", [batch])
        return [
            PendingEntry(leaf, kind, key, seq, hashed, bytes(data)) for leaf, kind, key, seq, hashed, data in cursor
        ]


def insert_entries(letter: int, batch: int, rows: Sequence[IndexedEntry]) -> None:
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


def store_objects(letter: int, rows: Sequence[IndexedEntry]) -> None:
    """Stores each key's newest object, replacing an older one; deletes the objects of keys that have withdrawn."""
    newest: dict[str, IndexedEntry] = {}
    withdrawn: set[str] = set()
    for row in rows:
        if row.entry.kind == "sign":
            newest[row.entry.key] = row
        elif row.entry.kind == "withdraw":
            withdrawn.add(row.entry.key)
    edited = [key for key, row in newest.items() if row.entry.seq > 0]
    to_store = [(r.index, r.entry.leaf) for r in newest.values() if r.entry.key not in withdrawn]
    if connection.vendor == "postgresql":
        _store_in_bulk(letter, [*edited, *withdrawn], to_store)
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "DELETE FROM signing_sealedobject WHERE letter_id = %s AND key = %s",
            [(letter, key) for key in (*edited, *withdrawn)],
        )
        cursor.executemany(
            'INSERT INTO signing_sealedobject (letter_id, key, "index", hash, body) '
            "SELECT letter_id, key, %s, object, body FROM signing_pending WHERE leaf = %s",
            to_store,
        )


def _store_in_bulk(letter: int, to_delete: list[str], to_store: list[tuple[int, str]]) -> None:
    """``store_objects`` in two round trips, however many objects there are."""
    with connection.cursor() as cursor:
        if to_delete:
            cursor.execute(
                "DELETE FROM signing_sealedobject WHERE letter_id = %s AND key = ANY(%s)", [letter, to_delete]
            )
        cursor.execute(
            'INSERT INTO signing_sealedobject (letter_id, key, "index", hash, body) '
            "SELECT p.letter_id, p.key, k.place, p.object, p.body "
            "FROM unnest(%s::bigint[], %s::text[]) AS k(place, leaf) JOIN signing_pending p ON p.leaf = k.leaf",
            [[place for place, _ in to_store], [leaf for _, leaf in to_store]],
        )


def delete_pending(batch: int, leaves: Sequence[str], *, last: bool) -> None:
    """Deletes these pending entries of a batch. ``last``: no others are left.

    Raises LogError if one of them was missing, or if the batch holds one that was never read: an acknowledged entry
    would be lost.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DELETE FROM signing_pending WHERE leaf = ANY(%s)", [list(leaves)])
        else:
            cursor.executemany("DELETE FROM signing_pending WHERE leaf = %s", [(leaf,) for leaf in leaves])
        deleted = cursor.rowcount
        if last:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM signing_pending WHERE batch_id = %s)", [batch])
            if cursor.fetchone()[0]:
                raise LogError("an entry was added to a batch after it was closed")
        if deleted != len(leaves):
            raise LogError("an entry of a closed batch is missing")
