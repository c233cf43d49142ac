"""SQL statements of the hot path: accepting entries and access codes.

Django's ORM builds and reads rows about ten times slower than the database stores them, and blocks the event loop
meanwhile. So this module and ``log.rows`` use SQL directly, and no other does. The tables are the models' own, with the
models' constraints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from undersigned.web.database.postgresql.begin import Answers, Question
from undersigned.web.database.postgresql.copy import insert_in_one_statement
from undersigned.web.records.models import Batch
from undersigned.web.records.models.use import name_of

_PENDING: Final = {
    "leaf": "text", "letter_id": "int8", "batch_id": "int8", "kind": "text", "key": "text", "seq": "int4",
    "object": "text", "data": "bytea", "body": "bytea",
}  # fmt: skip
# The last column: the number of entries besides the manifest. The log's is its last index, so they are not counted;
# those that wait are, but only if the number of signatories is limited: it takes longer the more there are.
_STATE: Final = (
    "SELECT l.open, l.abandoned, l.halted, b.id, b.number, b.by, b.due, b.urgent, "
    'coalesce((SELECT max("index") FROM log_entry WHERE letter_id = l.id), 0) '
    "+ CASE WHEN %s THEN (SELECT count(*) FROM signing_pending WHERE letter_id = l.id) ELSE 0 END "
    "FROM letters_letter l "
    "LEFT JOIN signing_batch b ON b.letter_id = l.id AND NOT b.closed WHERE l.id = %s"
)
_COUNT: Final = (
    "SELECT (SELECT count(*) FROM log_entry WHERE letter_id = %s AND kind = %s AND seq = 0) "
    "+ (SELECT count(*) FROM signing_pending WHERE letter_id = %s AND kind = %s AND seq = 0)"
)
_WIDTH = 200
"""Keys in one query: each is a parameter twice, and SQLite limits the number of parameters."""


@dataclass(frozen=True, slots=True)
class Row:
    """An earlier entry, as far as admission needs it."""

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


_USE: Final = (
    "UPDATE letters_code SET blinded = CASE WHEN used THEN blinded ELSE %s END, "
    "answer = CASE WHEN used THEN answer ELSE %s END, used = TRUE WHERE letter_id = %s AND token_hash = %s "
    "RETURNING leaf, box, blinded, answer"
)
_FIND: Final = "SELECT leaf, box, used, blinded, answer FROM letters_code WHERE letter_id = %s AND token_hash = %s"
# PostgreSQL stores a new version of an updated row, after the other rows and with its transaction's number. So uses are
# inserted into a small table first, which is rewritten every few seconds (``records.models.Use``).
_USE_ASIDE: Final = (
    "WITH code AS ("
    "SELECT leaf, box, used, blinded, answer FROM letters_code WHERE letter_id = %s AND token_hash = %s), "
    "kept AS (INSERT INTO letters_use (name, letter_id, token_hash, blinded, answer) "
    "SELECT %s, %s, %s, CASE WHEN used THEN blinded ELSE %s END, CASE WHEN used THEN answer ELSE %s END FROM code "
    "ON CONFLICT (name) DO UPDATE SET letter_id = letters_use.letter_id RETURNING blinded, answer) "
    "SELECT code.leaf, code.box, kept.blinded, kept.answer FROM code, kept"
)
_FIND_ASIDE: Final = (
    "SELECT c.leaf, c.box, c.used OR u.name IS NOT NULL, coalesce(u.blinded, c.blinded), coalesce(u.answer, c.answer) "
    "FROM letters_code c LEFT JOIN letters_use u ON u.name = %s WHERE c.letter_id = %s AND c.token_hash = %s"
)
_BOX: Final = "SELECT leaf, box FROM letters_code WHERE letter_id = %s AND token_hash = %s"


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What the server stores of an access code. ``blinded``, ``answer``: value and signature, None if unused."""

    leaf: str | None
    box: bytes | None
    blinded: bytes | None = None
    answer: bytes | None = None


def find_code_row(letter: int, token_hash: str) -> CodeRow | None:
    """Finds an access code, used or not; None if there is none. Read-only."""
    if connection.vendor == "postgresql":
        row = _one(_FIND_ASIDE, [name_of(letter, token_hash), letter, token_hash])
    else:
        row = _one(_FIND, [letter, token_hash])
    if row is None:
        return None
    leaf, box, used, blinded, answer = row
    return CodeRow(leaf, _bytes(box), _bytes(blinded) if used else None, _bytes(answer) if used else None)


def find_box_row(letter: int, token_hash: str) -> CodeRow | None:
    """Finds an access code's leaf and box, used or not; None if there is no such code."""
    row = _one(_BOX, [letter, token_hash])
    return None if row is None else CodeRow(row[0], _bytes(row[1]))


def use_code_row(letter: int, token_hash: str, blinded: bytes, answer: bytes) -> CodeRow | None:
    """Stores question and answer unless the code has an answer; returns the stored row, None if there is no code.

    A used code's row is rewritten unchanged, so that both cases run the same statements, change the same pages and wait
    for the same commit: neither timing nor a failing disk tells used and unused codes apart.
    """
    if connection.vendor == "postgresql":
        key = name_of(letter, token_hash)
        row = _one(_USE_ASIDE, [letter, token_hash, key, letter, token_hash, blinded, answer])
    else:
        row = _one(_USE, [blinded, answer, letter, token_hash])
    return None if row is None else CodeRow(row[0], _bytes(row[1]), _bytes(row[2]), _bytes(row[3]))


def _one(statement: str, values: list[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        # Fetch all rows: SQLite cannot commit while an UPDATE has rows left to return.
        rows = cursor.fetchall()
    return rows[0] if rows else None


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


@dataclass(frozen=True, slots=True)
class Before:
    """The state before a batch of entries is decided: the letter, its open batch if any, the number of entries
    (``entries``: those that wait only if ``limited``), and each earlier entry of the same keys, logged or pending."""

    open: bool
    abandoned: bool
    halted: bool
    batch: Batch | None
    entries: int
    rows: list[Row]


def questions(letter: int, keys: Sequence[str], *, limited: bool) -> list[Question]:
    """The queries that ``Before`` is built from. ``limited``: whether only so many people may sign."""
    parts = [keys[i : i + _WIDTH] for i in range(0, len(keys), _WIDTH)]
    return [(_STATE, [limited, letter]), *(_known(letter, part) for part in parts)]


def _known(letter: int, keys: Sequence[str]) -> Question:
    marks = ", ".join(["%s"] * len(keys))
    # The marks are placeholders; no value is formatted into the statement.
    return (
        f"SELECT key, kind, seq, leaf, batch, object FROM log_entry WHERE letter_id = %s AND key IN ({marks}) "  # noqa: S608
        "AND kind <> 'manifest' "
        "UNION ALL SELECT p.key, p.kind, p.seq, p.leaf, b.number, p.object FROM signing_pending p "
        f"JOIN signing_batch b ON b.id = p.batch_id WHERE p.letter_id = %s AND p.key IN ({marks})",
        [letter, *keys, letter, *keys],
    )


def before(letter: int, answers: Answers) -> Before:
    """Builds ``Before`` from the results of ``questions``."""
    ((open_, abandoned, halted, pk, number, by, due, urgent, entries),), *known = answers
    rows = [Row(*row) for part in known for row in part]
    batch = None
    if pk is not None:
        # A model instance, since closing it and making it urgent happen once each and go through the ORM.
        batch = Batch(id=pk, letter_id=letter, number=number, by=by, due=due, urgent=bool(urgent), closed=False)
        batch._state.adding, batch._state.db = False, connection.alias
    return Before(bool(open_), bool(abandoned), bool(halted), batch, entries, rows)


def count_keys(letter: int, kind: str) -> int:
    """Counts the keys with an entry of this kind, ``sign`` or ``withdraw``, logged or pending. Reads every row."""
    return int(_one(_COUNT, [letter, kind, letter, kind])[0])


def insert_pending(rows: Iterable[tuple[Any, ...]]) -> None:
    """Inserts pending entries: leaf, letter, batch, kind, key, seq, object, data, body."""
    if connection.vendor == "postgresql":
        insert_in_one_statement("signing_pending", _PENDING, list(rows))
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO signing_pending (leaf, letter_id, batch_id, kind, key, seq, object, data, body) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            list(rows),
        )
