"""A public letter's entry enters the log at once: waiting for its place, to answer with the proof."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final

from undersigned.protocol import base64url
from undersigned.protocol.errors import LogError
from undersigned.web.letters.known import KnownLetter
from undersigned.web.log.models import Checkpoint, Entry
from undersigned.web.log.proofs import TiledTree
from undersigned.web.ports import Storage

PATIENCE: Final = 5.0
"""Seconds. After that the receipt goes out alone; it is a promise by itself."""
_PAUSE: Final = 0.03


async def wait_for_place(letter: KnownLetter, leaf: str, storage: Storage, pool: Executor) -> dict[str, Any]:
    """``index``, ``proof`` and ``checkpoint`` of an entry, or nothing if the clerk does not come in time."""
    loop = asyncio.get_running_loop()
    for _ in range(int(PATIENCE / _PAUSE)):
        place = await loop.run_in_executor(pool, partial(place_of, letter, leaf, storage))
        if place:
            return place
        await asyncio.sleep(_PAUSE)
    return {}


def place_of(letter: KnownLetter, leaf: str, storage: Storage) -> dict[str, Any]:
    """Where an entry stands under the newest checkpoint, or nothing if it is not below it yet."""
    index = Entry.objects.filter(letter=letter.pk, leaf=leaf).values_list("index", flat=True).first()
    newest = Checkpoint.objects.filter(letter=letter.pk).order_by("-size").first()
    if index is None or newest is None or newest.size <= index:
        return {}

    def read(path: str) -> bytes:
        data = storage.get(f"{letter.slug}/log/{path}")
        if data is None:
            raise LogError(f"log/{path} is missing from the served files")
        return data

    proof = [base64url.encode(node) for node in TiledTree(newest.size, read).inclusion(index)]
    return {"index": index, "proof": proof, "checkpoint": bytes(newest.note).decode("utf-8")}
