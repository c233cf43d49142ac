"""A public letter's entry enters the log at once: waiting for its place, to answer with the proof."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from asgiref.sync import sync_to_async

from undersigned.protocol import base64url, merkle
from undersigned.web.letters.known import KnownLetter
from undersigned.web.log.models import Checkpoint, Entry

PATIENCE: Final = 5.0
"""Seconds. After that the receipt goes out alone; it is a promise by itself."""
_PAUSE: Final = 0.03


async def wait_for_place(letter: KnownLetter, leaf: str) -> dict[str, Any]:
    """``index``, ``proof`` and ``checkpoint`` of an entry, or nothing if the clerk does not come in time."""
    for _ in range(int(PATIENCE / _PAUSE)):
        place = await sync_to_async(place_of)(letter, leaf)
        if place:
            return place
        await asyncio.sleep(_PAUSE)
    return {}


def place_of(letter: KnownLetter, leaf: str) -> dict[str, Any]:
    """Where an entry stands under the newest checkpoint, or nothing if it is not below it yet."""
    index = Entry.objects.filter(letter=letter.pk, leaf=leaf).values_list("index", flat=True).first()
    newest = Checkpoint.objects.filter(letter=letter.pk).order_by("-size").first()
    if index is None or newest is None or newest.size <= index:
        return {}
    rows = Entry.objects.filter(letter=letter.pk, index__lt=newest.size).order_by("index")
    leaves = [base64url.decode(row, 32) for row in rows.values_list("leaf", flat=True)]
    proof = [base64url.encode(node) for node in merkle.inclusion_proof(leaves, index)]
    return {"index": index, "proof": proof, "checkpoint": bytes(newest.note).decode("utf-8")}
