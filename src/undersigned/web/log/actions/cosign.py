"""Action: stores a trustee's cosignatures of checkpoints, after verifying them."""

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
"""How many of the newest checkpoints may be cosigned: the log goes on while a trustee checks one."""


def store_cosignatures(*, letter: FixedLetter, lines: bytes, now: int) -> None:
    """Stores each signature line as a cosignature of its checkpoint, all of them or none. Idempotent.

    There is no ``by``: the signatures say whose they are. Raises MalformedError for a line that is no signature or not
    a trustee's, LogError for a line that belongs to none of the recent checkpoints.
    """
    try:
        rows = note.parse_signatures(lines.decode("utf-8"))
    except UnicodeDecodeError:
        raise MalformedError("the lines are not UTF-8") from None
    trustees = [base64url.decode(trustee.sign) for trustee in letter.manifest.trustees]
    with transaction.atomic():
        recent = list(Checkpoint.objects.filter(letter=letter.pk).order_by("-size")[:RECENT])
        for line in rows:
            checkpoint, trustee = _find_checkpoint(line, recent, trustees)
            _, is_new = Cosignature.objects.get_or_create(
                checkpoint=checkpoint, trustee=trustee, defaults={"line": line.encode()}
            )
            if is_new:
                record(
                    by=f"trustee {trustee}",
                    now=now,
                    verb="cosign",
                    letter=letter.slug,
                    detail=f"size {checkpoint.size}",
                )


def _find_checkpoint(line: SignatureLine, recent: list[Checkpoint], trustees: list[bytes]) -> tuple[Checkpoint, int]:
    for checkpoint in recent:
        text = note.parse(bytes(checkpoint.note)).text
        try:
            found = verify_cosignature(text, line, trustees)
        except SignatureError:
            continue
        if found is None:
            raise MalformedError("a line is not by one of this letter's trustees")
        return checkpoint, found.trustee
    raise LogError("a line does not sign a recent checkpoint of this log")
