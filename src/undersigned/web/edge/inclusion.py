"""Inclusion proof in the response to a signature: waits until a public letter's entry is in the log."""

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
TIMEOUT: Final = 5.0
"""Seconds. After that the response has the receipt only, which is a promise by itself."""
_PAUSE: Final = 0.03


class Inclusions:
    """Finds the proofs that requests wait for. They share one poll of the log's size, however many there are."""

    def __init__(self, storage: Storage, pool: Executor) -> None:
        self._storage, self._pool = storage, pool
        self._polls: dict[int, asyncio.Future[int]] = {}

    async def wait_for_proof(self, letter: FixedLetter, leaf: str) -> dict[str, Any]:
        """``index``, ``proof`` and ``checkpoint`` of an entry; empty if the clerk does not sequence it in time.

        Never raises: the entry is durable, so its receipt must be sent whatever happens to the proof.
        """
        try:
            return await self._wait(letter, leaf)
        except Exception as error:
            logger.warning("a receipt was sent without its proof: %s", where(error))
            return {}

    async def _wait(self, letter: FixedLetter, leaf: str) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        checked, deadline = -1, loop.time() + TIMEOUT
        while loop.time() < deadline:
            size = await self._poll_size(letter.pk)
            if size == checked:
                continue
            proof = await loop.run_in_executor(self._pool, partial(find_proof, letter, leaf, self._storage))
            if proof:
                return proof
            checked = size
        return {}

    async def _poll_size(self, letter: int) -> int:
        """The newest checkpoint's size after a pause. Requests that wait at the same time share the result."""
        poll = self._polls.get(letter)
        if poll is None:
            poll = self._polls[letter] = asyncio.ensure_future(self._read_size_later(letter))
            poll.add_done_callback(lambda _: self._polls.pop(letter, None))
        # A client that disconnects cancels its own wait, but not the shared poll.
        return await asyncio.shield(poll)

    async def _read_size_later(self, letter: int) -> int:
        await asyncio.sleep(_PAUSE)
        return await asyncio.get_running_loop().run_in_executor(self._pool, _read_size, letter)


def _read_size(letter: int) -> int:
    return Checkpoint.objects.filter(letter=letter).order_by("-size").values_list("size", flat=True).first() or 0


def find_proof(letter: FixedLetter, leaf: str, storage: Storage) -> dict[str, Any]:
    """An entry's index and inclusion proof under the newest checkpoint; empty if that does not cover it yet."""
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
