"""Checks a restored log against known checkpoints, so that the site does not fork it (R9).

A log that signs two different checkpoints of one size has forked, and anyone who kept the first can prove it. So before
anything is signed, the restored log is compared with the checkpoints that trustees and others have kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from undersigned.protocol import base64url, checkpoint, merkle
from undersigned.protocol.errors import ProtocolError
from undersigned.protocol.note import parse
from undersigned.web.log.cosigned import newest
from undersigned.web.maintenance.backup.contents import BackupError
from undersigned.web.ports import World
from undersigned.web.records.models import Entry, Letter


def check(*, notes: Sequence[bytes], unwitnessed: Sequence[str]) -> list[str]:
    """Raises BackupError unless each letter in the database has at least the entries of every checkpoint in ``notes``.

    ``notes``: checkpoints that trustees have kept; ``unwitnessed``: letters without trustees, whom the operator could
    ask. Returns a sentence for each letter.
    """
    sentences = []
    points = [_parsed(note) for note in notes]
    for row in Letter.objects.filter(letter__isnull=False).order_by("slug"):
        known = [_verified(row, note) for origin, note in points if origin == row.origin]
        if not known:
            sentences.append(_check_unwitnessed(row, unwitnessed))
            continue
        _compare(row, known)
        size = max(point.size for point in known)
        sentences.append(f"{row.slug}: {size} entries or more, as {len(known)} kept checkpoints say")
    return sentences


def vouch(world: World) -> None:
    """Sets each log's high-water mark to what the database holds, so that the site goes on. Call after ``check``."""
    for row in Letter.objects.filter(letter__isnull=False):
        last = newest(row.pk)
        if last is not None:
            world.signed_checkpoints.put(row.slug, bytes(last.note))
        # True now: the data directory remembers this checkpoint. The clerk checks once more before it signs.


def _parsed(note: bytes) -> tuple[str, bytes]:
    try:
        return checkpoint.parse_text(parse(note).text).origin, note
    except ProtocolError as error:
        raise BackupError(f"what was given as known is no checkpoint: {error}") from None


def _check_unwitnessed(row: Letter, allowed: Sequence[str]) -> str:
    if Entry.objects.filter(letter=row.pk).count() <= 1:
        return f"{row.slug}: nothing but its manifest was in the log"
    if row.slug not in allowed:
        raise BackupError(
            f"nobody has said how long the log of {row.slug} is. Ask each of its trustees for log/checkpoint of their "
            f"mirror and give it with --known; for a letter without trustees: --unwitnessed {row.slug}"
        )
    if row.manifest and b'"trustees":[]' not in bytes(row.manifest):
        raise BackupError(f"{row.slug} has trustees: ask them, and give what they have with --known")
    return f"{row.slug}: goes on unwitnessed, at your word"


def _verified(row: Letter, note: bytes) -> checkpoint.Checkpoint:
    try:
        return checkpoint.verify(note, row.origin, base64url.decode(row.log))[0]
    except ProtocolError as error:
        raise BackupError(f"a checkpoint given for {row.slug} is not signed by its log: {error}") from None


def _compare(row: Letter, known: Sequence[checkpoint.Checkpoint]) -> None:
    """Raises BackupError unless the stored entries extend every checkpoint in ``known``. One pass over the entries."""
    frontier, size, wanted = merkle.Frontier(), 0, {point.size for point in known}
    roots = {0: frontier.root()}
    for size, data in enumerate(_entries(row, max(wanted)), start=1):
        frontier.append(merkle.leaf_hash(data))
        if size in wanted:
            roots[size] = frontier.root()
    for point in known:
        if size < point.size:
            raise BackupError(
                f"{row.slug}: what was restored holds {size} entries, and {point.size} were signed. Going on from here"
                " would fork the log, which convicts it. Restore a newer one; if there is none, the letter cannot go"
                " on: begin a new one that follows it, and tell its signatories"
            )
        if roots[point.size] != point.root:
            raise BackupError(
                f"{row.slug}: what was restored holds another log than the one that was signed: it is not its own"
            )


def _entries(row: Letter, size: int) -> Iterator[bytes]:
    rows = Entry.objects.filter(letter=row.pk, index__lt=size).order_by("index").values_list("data", flat=True)
    for data in rows.iterator():
        yield bytes(data)
