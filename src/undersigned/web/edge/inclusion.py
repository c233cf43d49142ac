"""A public letter's entry enters the log at once: waiting for its place, to answer with the proof."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final

from undersigned.protocol import base64url
from undersigned.protocol.errors import LogError
from undersigned.web.failures import where
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log.proofs import TiledTree
from undersigned.web.ports import Storage
from undersigned.web.records.models import Checkpoint, Entry

logger = logging.getLogger(__name__)
PATIENCE: Final = 5.0
"""Seconds. After that the receipt goes out alone; it is a promise by itself."""
_PAUSE: Final = 0.03


class Inclusions:
    """Tells those who wait where their entries stand. However many they are, the log's size is asked once a pause."""

    def __init__(self, storage: Storage, pool: Executor) -> None:
        self._storage, self._pool = storage, pool
        self._asked: dict[int, asyncio.Future[int]] = {}

    async def of(self, letter: FixedLetter, leaf: str) -> dict[str, Any]:
        """``index``, ``proof`` and ``checkpoint`` of an entry, or nothing if the clerk does not come in time.

        Raises nothing: the entry is durable, and its receipt goes out whatever stands in the proof's way.
        """
        try:
            return await self._wait(letter, leaf)
        except Exception as error:
            logger.warning("a receipt went out without its proof: %s", where(error))
            return {}

    async def _wait(self, letter: FixedLetter, leaf: str) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        seen, deadline = -1, loop.time() + PATIENCE
        while loop.time() < deadline:
            size = await self._size(letter.pk)
            if size == seen:
                continue
            place = await loop.run_in_executor(self._pool, partial(find_inclusion, letter, leaf, self._storage))
            if place:
                return place
            seen = size
        return {}

    async def _size(self, letter: int) -> int:
        """The newest checkpoint's, a pause from now: one answer for all who ask meanwhile."""
        asked = self._asked.get(letter)
        if asked is None:
            asked = self._asked[letter] = asyncio.ensure_future(self._ask(letter))
            asked.add_done_callback(lambda _: self._asked.pop(letter, None))
        return await asyncio.shield(asked)

    async def _ask(self, letter: int) -> int:
        await asyncio.sleep(_PAUSE)
        return await asyncio.get_running_loop().run_in_executor(self._pool, _size_of, letter)


def _size_of(letter: int) -> int:
    return Checkpoint.objects.filter(letter=letter).order_by("-size").values_list("size", flat=True).first() or 0


def find_inclusion(letter: FixedLetter, leaf: str, storage: Storage) -> dict[str, Any]:
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
