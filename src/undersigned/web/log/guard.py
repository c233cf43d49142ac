"""Rollback protection: never signs a checkpoint that would fork the log (docs/adr/0066).

A database can go back to an older state: a file copied by hand, a PostgreSQL server restored or recovered to a point in
time, a standby promoted before it had everything. Signing on from there would fork the log, and the two checkpoints
would prove it against the site for good.

The database itself cannot tell. Two other places can: the served ``log/checkpoint``, and the newest signed checkpoint
that the data directory remembers (``signed/<slug>``). Either counts if this log's key signed it. If neither has one
although the database has signed before, an operator has to decide: ``undersigned restore --check``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from undersigned.protocol import base64url, checkpoint
from undersigned.protocol.errors import ProtocolError
from undersigned.web.database.postgresql.begin import Question
from undersigned.web.log.cosigned import newest
from undersigned.web.ports import World
from undersigned.web.records.models import Letter

WHAT_TO_DO = (
    "Restore the newest database (docs/howto/operate.md, Restore); if there is none, the letter cannot go on: "
    "start a new letter that follows it. This letter takes no signatures now; withdrawals are taken and kept"
)


class BehindError(Exception):
    """The database is behind what this log has signed, or it cannot be shown that it is not. Nothing is signed."""


class MovedError(Exception):
    """The database's entries are not those this process has read. It must read the log again before it goes on."""


def last_index_question(letter: int) -> Question:
    """The query for the index of a letter's last entry."""
    return 'SELECT max("index") FROM log_entry WHERE letter_id = %s', [letter]


def log_size(letter: int) -> int:
    """How many entries the database has, assuming that there are no gaps."""
    with connection.cursor() as cursor:
        cursor.execute(*last_index_question(letter))
        return int(cursor.fetchone()[0] or 0) + 1


def check_last_index(answer: Sequence[Sequence[object]], size: int) -> None:
    """Raises MovedError unless ``answer``, to ``last_index_question``, is that of a log of ``size`` entries."""
    if answer[0][0] != size - 1:
        raise MovedError(f"the database holds other entries than the {size} that were read from it")


def signed_by(note: bytes | None, origin: str, log: str) -> checkpoint.Checkpoint | None:
    """The checkpoint in ``note``, if the log with the public key ``log`` (base64url) signed it."""
    try:
        return None if note is None else checkpoint.verify(note, origin, base64url.decode(log))[0]
    except ProtocolError:
        return None


def known_checkpoints(row: Letter, world: World) -> list[checkpoint.Checkpoint]:
    """Signed checkpoints of a letter's log that are known from outside the database."""
    notes = (world.storage.get(f"{row.slug}/log/checkpoint"), world.signed_checkpoints.get(row.slug))
    found = (signed_by(note, row.origin, row.log) for note in notes)
    return [point for point in found if point is not None]


def check_size(row: Letter, known: Sequence[checkpoint.Checkpoint]) -> None:
    """The checks that need not read the log. Raises BehindError."""
    last, size = newest(row.pk), log_size(row.pk)
    if not known and last is not None and last.size > 1:
        raise BehindError(
            f"{row.slug}: this site has no memory of what it signed, neither as served files nor in signed/, and its "
            f"database has {last.size} entries. If you are not certain that this is the newest database, ask the "
            f"trustees; then: undersigned restore --check --known FILE... --data DIR"
        )
    longest = max((point.size for point in known), default=0)
    if longest > size:
        raise BehindError(
            f"{row.slug}: {longest} entries were signed and served, but the database holds {size}: it is an older "
            f"database. Signing from here would fork the log. {WHAT_TO_DO}"
        )


def check_roots(row: Letter, known: Iterable[checkpoint.Checkpoint], roots: dict[int, bytes]) -> None:
    """Raises BehindError unless the log extends every checkpoint in ``known``. ``roots``: the log's own, by size."""
    for point in known:
        if roots.get(point.size) != point.root:
            raise BehindError(
                f"{row.slug}: the first {point.size} entries that were signed and served are not those in the "
                f"database: it is another database, or it was changed. {WHAT_TO_DO}"
            )


def halt(letter: int, *, halted: bool) -> None:
    """Stores whether a letter's log is halted, for all processes to see: a halted letter takes no signatures."""
    if Letter.objects.filter(pk=letter, halted=not halted).exists():
        with transaction.atomic():
            Letter.objects.filter(pk=letter).update(halted=halted)


def halt_rolled_back_letters(world: World) -> list[str]:
    """Halts each letter whose database is plainly behind; returns the messages for the operator.

    Runs at start, before the first request is answered.
    """
    messages = []
    for row in Letter.objects.filter(letter__isnull=False).order_by("slug"):
        try:
            check_size(row, known_checkpoints(row, world))
        except BehindError as error:
            halt(row.pk, halted=True)
            messages.append(str(error))
    return messages
