"""The statements of the hot path, in SQL.

Django's models build and read rows some ten times slower than the database stores them, and while they do so the event
loop waits for the interpreter. So here, and only here and in ``log.rows``, tables are spoken to directly; they are the
models' own, and the models' constraints hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from undersigned.web.postgresql.begin import Answers, Question
from undersigned.web.postgresql.copy import insert_at_once
from undersigned.web.signing.models import Batch

_PENDING: Final = {
    "leaf": "text", "letter_id": "int8", "batch_id": "int8", "kind": "text", "key": "text", "seq": "int4",
    "object": "text", "data": "bytea", "body": "bytea",
}  # fmt: skip
_STATE: Final = (
    "SELECT l.open, l.abandoned, l.halted, b.id, b.number, b.by, b.due, b.urgent FROM letters_letter l "
    "LEFT JOIN signing_batch b ON b.letter_id = l.id AND NOT b.closed WHERE l.id = %s"
)
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


def read_letter(letter: int) -> tuple[bool, bool, bool]:
    """Whether a letter is open, whether it is abandoned, and whether its log has halted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT open, abandoned, halted FROM letters_letter WHERE id = %s", [letter])
        row = cursor.fetchone()
    return bool(row[0]), bool(row[1]), bool(row[2])


@dataclass(frozen=True, slots=True)
class Before:
    """What stands before a batch of entries: the letter's state, the batch that takes entries, if there is one, and
    every earlier entry about their keys, in the log or waiting."""

    open: bool
    abandoned: bool
    halted: bool
    batch: Batch | None
    rows: list[Row]


def questions(letter: int, keys: Sequence[str]) -> list[Question]:
    """What is to be asked for ``Before``."""
    parts = [keys[i : i + _WIDTH] for i in range(0, len(keys), _WIDTH)]
    return [(_STATE, [letter]), *(_known(letter, part) for part in parts)]


def _known(letter: int, keys: Sequence[str]) -> Question:
    marks = ", ".join(["%s"] * len(keys))
    # The marks are placeholders; no value is written into the statement.
    return (
        f"SELECT key, kind, seq, leaf, batch, object FROM log_entry WHERE letter_id = %s AND key IN ({marks}) "  # noqa: S608
        "AND kind <> 'manifest' "
        "UNION ALL SELECT p.key, p.kind, p.seq, p.leaf, b.number, p.object FROM signing_pending p "
        f"JOIN signing_batch b ON b.id = p.batch_id WHERE p.letter_id = %s AND p.key IN ({marks})",
        [letter, *keys, letter, *keys],
    )


def before(letter: int, answers: Answers) -> Before:
    """The answers to ``questions``, read."""
    ((open_, abandoned, halted, pk, number, by, due, urgent),), *known = answers
    rows = [Row(*row) for part in known for row in part]
    if pk is None:
        return Before(bool(open_), bool(abandoned), bool(halted), None, rows)
    # As a model's instance, since closing it and making it urgent, which happen once, go through the model.
    batch = Batch(id=pk, letter_id=letter, number=number, by=by, due=due, urgent=bool(urgent), closed=False)
    batch._state.adding, batch._state.db = False, connection.alias
    return Before(bool(open_), bool(abandoned), bool(halted), batch, rows)


def insert_pending(rows: Iterable[tuple[Any, ...]]) -> None:
    """Stores entries that wait: leaf, letter, batch, kind, key, seq, object, data, body."""
    if connection.vendor == "postgresql":
        insert_at_once("signing_pending", _PENDING, list(rows))
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO signing_pending (leaf, letter_id, batch_id, kind, key, seq, object, data, body) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            list(rows),
        )
