"""The statements of the hot path, in SQL.

Django's models build and read rows some ten times slower than the database stores them, and while they do so the event
loop waits for the interpreter. So here, and only here and in ``log.rows``, tables are spoken to directly; they are the
models' own, and the models' constraints hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from undersigned.web.signing.models import Batch

_WIDTH = 200
"""Keys asked for at once: each stands twice in the question, and SQLite takes a limited number of parameters."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of an earlier entry."""

    key: str
    kind: str
    seq: int
    leaf: str
    batch: int
    object: str | None


def read_letter(letter: int) -> tuple[bool, bool]:
    """Whether a letter is open, and whether it is abandoned."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT open, abandoned FROM letters_letter WHERE id = %s", [letter])
        row = cursor.fetchone()
    return bool(row[0]), bool(row[1])


def read_open_batch(letter: int) -> Batch | None:
    """The batch that takes entries now, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, number, by, due, urgent FROM signing_batch WHERE letter_id = %s AND NOT closed", [letter]
        )
        row = cursor.fetchone()
    if row is None:
        return None
    # As a model's instance, since closing it and making it urgent, which happen once, go through the model.
    batch = Batch(id=row[0], letter_id=letter, number=row[1], by=row[2], due=row[3], urgent=bool(row[4]), closed=False)
    batch._state.adding, batch._state.db = False, connection.alias
    return batch


def read_known(letter: int, keys: Sequence[str]) -> list[Row]:
    """Every entry about these keys, in the log or waiting."""
    found: list[Row] = []
    with connection.cursor() as cursor:
        for part in (keys[i : i + _WIDTH] for i in range(0, len(keys), _WIDTH)):
            marks = ", ".join(["%s"] * len(part))
            cursor.execute(
                # The marks are placeholders; no value is written into the statement.
                f"SELECT key, kind, seq, leaf, batch, object FROM log_entry WHERE letter_id = %s AND key IN ({marks}) "  # noqa: S608
                "AND kind <> 'manifest' "
                "UNION ALL SELECT p.key, p.kind, p.seq, p.leaf, b.number, p.object FROM signing_pending p "
                f"JOIN signing_batch b ON b.id = p.batch_id WHERE p.letter_id = %s AND p.key IN ({marks})",
                [letter, *part, letter, *part],
            )
            found += (Row(*row) for row in cursor.fetchall())
    return found


def insert_pending(rows: Iterable[tuple[Any, ...]]) -> None:
    """Stores entries that wait: leaf, letter, batch, kind, key, seq, object, data, body."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO signing_pending (leaf, letter_id, batch_id, kind, key, seq, object, data, body) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            list(rows),
        )
