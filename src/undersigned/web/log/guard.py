"""No log is signed below what it has signed before (docs/adr/0066).

A database may be an older one than it was: a file copied by hand, a PostgreSQL server restored or brought back to a
point in time, a standby that was promoted without having everything. Whoever signed on from there would sign a second
log, which convicts the first. The database cannot know it; two others do: what is served as ``log/checkpoint``, and the
mark of the newest checkpoint that the data directory keeps (``signed/<slug>``). What they say counts if this log's key
signed it. If neither says anything although the database has signed before, somebody has to say it: ``undersigned
restore --check``.
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
    "Put the newest database in place (docs/howto/operate.md, Restore); if there is none, the letter cannot go on: "
    "begin a new one that follows it. Nobody can sign it now; withdrawals are taken and kept"
)


class BehindError(Exception):
    """The database is behind what this log has signed, or nobody can say that it is not. Nothing is signed."""


class MovedError(Exception):
    """The database has other entries than those this process has read: it must read them again before it goes on."""


def tip_question(letter: int) -> Question:
    """What asks for the index of a letter's last entry."""
    return 'SELECT max("index") FROM log_entry WHERE letter_id = %s', [letter]


def size_of(letter: int) -> int:
    """How many entries the database has, if none is missing in between."""
    with connection.cursor() as cursor:
        cursor.execute(*tip_question(letter))
        return int(cursor.fetchone()[0] or 0) + 1


def check_tip(answer: Sequence[Sequence[object]], size: int) -> None:
    """Raises MovedError unless ``answer``, to ``tip_question``, is that of a log of ``size`` entries."""
    if answer[0][0] != size - 1:
        raise MovedError(f"the database holds other entries than the {size} that were read from it")


def signed_by(note: bytes | None, origin: str, log: str) -> checkpoint.Checkpoint | None:
    """The checkpoint in ``note``, if the log with the public key ``log`` (base64url) signed it."""
    try:
        return None if note is None else checkpoint.verify(note, origin, base64url.decode(log))[0]
    except ProtocolError:
        return None


def witnesses(row: Letter, world: World) -> list[checkpoint.Checkpoint]:
    """What is known to have been signed of a letter's log, besides what the database says."""
    notes = (world.storage.get(f"{row.slug}/log/checkpoint"), world.marks.get(row.slug))
    found = (signed_by(note, row.origin, row.log) for note in notes)
    return [point for point in found if point is not None]


def check_size(row: Letter, known: Sequence[checkpoint.Checkpoint]) -> None:
    """What can be said without reading the log. Raises BehindError."""
    last, size = newest(row.pk), size_of(row.pk)
    if not known and last is not None and last.size > 1:
        raise BehindError(
            f"{row.slug}: this site has no memory of what it signed, neither as served files nor in signed/, and its "
            f"database says {last.size} entries. If it is not certain that this is the newest there was, ask the "
            f"trustees; then: undersigned restore --check --known FILE... --data DIR"
        )
    longest = max((point.size for point in known), default=0)
    if longest > size:
        raise BehindError(
            f"{row.slug}: {longest} entries were signed and served, and the database holds {size}: it is an older one. "
            f"Signing on from here would fork the log. {WHAT_TO_DO}"
        )


def check_roots(row: Letter, known: Iterable[checkpoint.Checkpoint], roots: dict[int, bytes]) -> None:
    """Raises BehindError unless the log goes on from every checkpoint in ``known``. ``roots``: its own, by size."""
    for point in known:
        if roots.get(point.size) != point.root:
            raise BehindError(
                f"{row.slug}: of the first {point.size} entries another log was signed and served than the database "
                f"holds: it is another one, or it was changed. {WHAT_TO_DO}"
            )


def halt(letter: int, *, halted: bool) -> None:
    """Has everybody know whether a letter's log goes on: while it does not, nobody signs."""
    if Letter.objects.filter(pk=letter, halted=not halted).exists():
        with transaction.atomic():
            Letter.objects.filter(pk=letter).update(halted=halted)


def halt_what_is_behind(world: World) -> list[str]:
    """Before anybody is answered: halts each letter whose database is plainly behind; what is to be said of them."""
    said = []
    for row in Letter.objects.filter(letter__isnull=False).order_by("slug"):
        try:
            check_size(row, witnesses(row, world))
        except BehindError as error:
            halt(row.pk, halted=True)
            said.append(str(error))
    return said
