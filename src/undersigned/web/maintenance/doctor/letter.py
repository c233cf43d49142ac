"""Checks a letter's newest checkpoint: stored, signed, and served together with its count."""

from __future__ import annotations

from collections.abc import Iterator

from undersigned.protocol import base64url, canonical, checkpoint
from undersigned.protocol.errors import ProtocolError
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log import guard
from undersigned.web.log.cosigned import newest, note_of
from undersigned.web.maintenance.doctor.look import Look
from undersigned.web.maintenance.finding import Finding
from undersigned.web.records.models import Checkpoint, Entry, Letter


def checkpoints(look: Look) -> Iterator[Finding]:
    """Checks the newest checkpoint and the served count."""
    letter = look.letter
    last = newest(letter.pk)
    size = Entry.objects.filter(letter=letter.pk).count()
    if last is None:
        if size:
            yield Finding(letter.slug, "it has entries and no checkpoint: is the clerk running?")
        return
    if size < last.size:
        yield Finding(letter.slug, f"{last.size} entries were signed, {size} are stored: restore the newest backup")
    elif size > last.size:
        yield Finding(letter.slug, f"{size - last.size} entries wait for a checkpoint: is the clerk running?")
    yield from _signed(letter, last)
    if look.checkpoint != note_of(last):
        yield Finding(letter.slug, "what is served as log/checkpoint is not the newest one: is the clerk running?")
    yield from _count(look, last)


def memory(look: Look) -> Iterator[Finding]:
    """Checks whether the database has been rolled back behind what this site has signed, and whether it is halted."""
    letter = look.letter
    notes = (look.checkpoint, look.world.signed_checkpoints.get(letter.slug))
    found = (guard.signed_by(note, letter.manifest.origin, letter.manifest.log) for note in notes)
    try:
        guard.check_size(Letter.objects.get(pk=letter.pk), [point for point in found if point is not None])
    except guard.BehindError as error:
        yield Finding(letter.slug, str(error).removeprefix(f"{letter.slug}: "))
        return
    if Letter.objects.filter(pk=letter.pk, halted=True).exists():
        yield Finding(letter.slug, "it is halted: see what the clerk says on standard error")


def _signed(letter: FixedLetter, last: Checkpoint) -> Iterator[Finding]:
    try:
        found, _ = checkpoint.verify(bytes(last.note), letter.manifest.origin, base64url.decode(letter.manifest.log))
    except ProtocolError as error:
        yield Finding(letter.slug, f"the checkpoint of size {last.size} is not signed by its log: {error}")
        return
    if (found.size, base64url.encode(found.root)) != (last.size, last.root):
        yield Finding(letter.slug, f"the row of the checkpoint of size {last.size} is not what was signed")


def _count(look: Look, last: Checkpoint) -> Iterator[Finding]:
    entries = Entry.objects.filter(letter=look.letter.pk, index__lt=last.size)
    signed = entries.filter(kind="sign", seq=0).count()
    withdrawn = entries.filter(kind="withdraw").count()
    true = {"count": signed - withdrawn, "signed": signed, "size": last.size, "withdrawn": withdrawn}
    if look.count != canonical.encode(true):
        yield Finding(look.letter.slug, "count.json is not the count of its log")
