"""Queries for checkpoints and their cosignatures."""

from __future__ import annotations

from django.db.models import Count

from undersigned.protocol import note
from undersigned.web.records.models import Checkpoint


def newest(letter: int) -> Checkpoint | None:
    """The largest checkpoint of a letter; None if there is none."""
    return Checkpoint.objects.filter(letter=letter).order_by("-size").first()


def newest_cosigned(letter: int, threshold: int) -> Checkpoint | None:
    """The largest checkpoint that at least ``threshold`` trustees have cosigned."""
    rows = Checkpoint.objects.filter(letter=letter).annotate(number=Count("cosignatures"))
    return rows.filter(number__gte=threshold).order_by("-size").first()


def note_of(checkpoint: Checkpoint) -> bytes:
    """The signed note as it is served: the log's signature, then the trustees' in their order."""
    own = note.parse(bytes(checkpoint.note))
    lines = checkpoint.cosignatures.order_by("trustee").values_list("line", flat=True)
    added = note.parse_signatures("".join(lines)) if lines else ()
    return note.Note(own.text, (*own.signatures, *added)).encode()


def trustees_of(checkpoint: Checkpoint) -> list[int]:
    """The trustees that have cosigned it, by number."""
    return list(checkpoint.cosignatures.order_by("trustee").values_list("trustee", flat=True))
