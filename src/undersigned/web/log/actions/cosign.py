"""Taking a trustee's cosignature."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from undersigned.protocol import base64url, note
from undersigned.protocol.checkpoint import verify_cosignature
from undersigned.protocol.errors import LogError, MalformedError, SignatureError
from undersigned.protocol.note import SignatureLine
from undersigned.web.audit.actions import record
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Checkpoint, Cosignature

RECENT: Final = 16
"""Checkpoints back that are still taken: while a trustee looked at one, the log may have gone on."""


def cosign(*, letter: FixedLetter, lines: bytes, now: int) -> None:
    """Stores each line as a cosignature of the checkpoint it is for; the same again is no error.

    There is no ``by``: the lines prove themselves. Raises MalformedError for what is no signature line or names no
    trustee, LogError for a line under none of the log's recent checkpoints. All or nothing.
    """
    try:
        rows = note.parse_signatures(lines.decode("utf-8"))
    except UnicodeDecodeError:
        raise MalformedError("the lines are not UTF-8") from None
    trustees = [base64url.decode(trustee.sign) for trustee in letter.manifest.trustees]
    with transaction.atomic():
        recent = list(Checkpoint.objects.filter(letter=letter.pk).order_by("-size")[:RECENT])
        for line in rows:
            checkpoint, trustee = _place(line, recent, trustees)
            _, new = Cosignature.objects.get_or_create(
                checkpoint=checkpoint, trustee=trustee, defaults={"line": line.encode()}
            )
            if new:
                record(
                    by=f"trustee {trustee}",
                    now=now,
                    verb="cosign",
                    letter=letter.slug,
                    detail=f"size {checkpoint.size}",
                )


def _place(line: SignatureLine, recent: list[Checkpoint], trustees: list[bytes]) -> tuple[Checkpoint, int]:
    for checkpoint in recent:
        text = note.parse(bytes(checkpoint.note)).text
        try:
            found = verify_cosignature(text, line, trustees)
        except SignatureError:
            continue
        if found is None:
            raise MalformedError("a line is by nobody this letter names as a trustee")
        return checkpoint, found.trustee
    raise LogError("a line is not under a recent checkpoint of this log")
