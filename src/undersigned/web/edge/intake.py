"""The hot path: POST entries, activate and box, handled in ASGI without Django (docs/adr/0010).

One strict parse, then the checks that need no database, then the group commit; the response follows the commit.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, Final

import msgspec
from django.db import connection

from undersigned.protocol import base64url, canonical, receipt
from undersigned.protocol.credential import check_blinded
from undersigned.protocol.entries import Entry
from undersigned.protocol.errors import LetterError
from undersigned.protocol.seal import SignedObject
from undersigned.web.edge.body import Headers, Receive, Scope, Send, check_type, read_body, respond
from undersigned.web.edge.inclusion import Inclusions
from undersigned.web.edge.load_limit import LoopMonitor
from undersigned.web.letters.fixed_letter import FixedLetter, LetterCache
from undersigned.web.ports import World
from undersigned.web.problems import Problem, busy, full
from undersigned.web.signing import candidate, registrar
from undersigned.web.signing.actions import CodeUse, find_box, find_code
from undersigned.web.signing.actions.use_codes import CodeFound, check_open
from undersigned.web.signing.candidate import Candidate
from undersigned.web.signing.committer import Committer

_JSON: Final = b"application/json"
MAX_COMPUTING: Final = 512
"""Blind signatures that are being computed or wait for it. Beyond this bound, waiting would take longer than people
wait, so requests are told to retry (backpressure)."""


class _Posted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Body of POST entries."""

    entry: Entry
    object: SignedObject | None = None


class _Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST activate."""

    token: str
    blinded: str


class _Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST box."""

    token: str


class Intake:
    """Handles a signatory's requests: submit an entry, use an access code, open a code's box.

    One per process; shares the committer and the registrar's threads.
    """

    def __init__(
        self, world: World, letters: LetterCache, committer: Committer, pool: ThreadPoolExecutor, beat: LoopMonitor
    ) -> None:
        self._world, self._letters, self._committer, self._pool, self._beat = world, letters, committer, pool, beat
        self._inclusions = Inclusions(world.storage, pool)
        self._computing = 0

    async def entries(self, scope: Scope, receive: Receive, send: Send, slug: str, base: Headers) -> None:
        """POST entries: 201 with the receipt once the entry is durable. Idempotent: 200 with the same receipt."""
        check_type(scope, _JSON)
        body = await read_body(scope, receive)
        self._beat.check()
        posted: _Posted = canonical.decode_as(body, _Posted)
        letter = await self._letter(slug)
        checked = candidate.check(letter, canonical.encode(posted.entry), posted.object)
        outcome = await self._commit(checked)
        answer: dict[str, object] = {"receipt": receipt.make(letter.letter, checked.data, outcome.by, letter.log)}
        if not letter.manifest.sealed:
            answer |= await self._inclusions.wait_for_proof(letter, checked.leaf)
        await self._respond(send, base, 201 if outcome.new else 200, msgspec.json.encode(answer, order="sorted"))

    async def activate(self, scope: Scope, receive: Receive, send: Send, slug: str, base: Headers) -> None:
        """POST activate: the registrar's blind signature. Idempotent: the same request gets the same signature.

        Every check that does not need the code comes before the code is looked up, in the order of this function and of
        ``_answer``: no refusal may tell whether a code has been used (docs/adr/0098). Keep that order.
        """
        check_type(scope, _JSON)
        body = await read_body(scope, receive)
        self._beat.check()
        question: _Question = canonical.decode_as(body, _Question)
        token = base64url.decode(question.token, 32)
        letter = await self._letter(slug)
        blinded = base64url.decode(question.blinded, letter.registrar.length)
        check_blinded(letter.registrar, blinded)
        self._committer.check_room()
        found = await self._compute(partial(self._answer, CodeUse(letter, _hash_token(token), blinded)))
        if isinstance(found, CodeUse):
            found = await self._commit(found)
        assert isinstance(found, CodeFound)  # noqa: S101 - for the type checker
        assert found.answer is not None  # noqa: S101 - stored a moment ago
        answer = {**_encode_box(found), "signature": base64url.encode(found.answer)}
        await self._respond(send, base, 200, canonical.encode(answer))

    async def box(self, scope: Scope, receive: Receive, send: Send, slug: str, base: Headers) -> None:
        """POST box: the encrypted roll record of a code's holder. Neither uses the code nor checks its use."""
        check_type(scope, _JSON)
        body = await read_body(scope, receive)
        self._beat.check()
        holder: _Holder = canonical.decode_as(body, _Holder)
        token = base64url.decode(holder.token, 32)
        letter = await self._letter(slug)
        found = await self._compute(partial(find_box, letter, _hash_token(token)))
        assert isinstance(found, CodeFound)  # noqa: S101 - for the type checker
        await self._respond(send, base, 200, canonical.encode(_encode_box(found)))

    async def _commit(self, work: Candidate | CodeUse) -> Any:
        """Submits to the group commit and returns the durable outcome. Raises the refusal, if it was refused."""
        outcome = await self._committer.submit(work)
        if isinstance(outcome, Problem) and outcome.code == "busy":
            # Perhaps the database was unreachable and is another one now: read the letter again.
            self._letters.forget(work.letter.slug)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _compute(self, work: Callable[[], CodeFound | CodeUse]) -> CodeFound | CodeUse:
        """Runs ``work`` in the registrar's threads. Raises Problem ``busy`` if their queue is full."""
        if self._computing >= MAX_COMPUTING:
            raise busy()
        self._computing += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._computing -= 1

    def _answer(self, use: CodeUse) -> CodeFound | CodeUse:
        """The stored answer to this request, or the request with a new answer that is not stored yet. Runs in the
        registrar's threads.

        A code that has answered another request is not refused here, but in the commit: until then it takes the same
        steps and the same time as an unused one.
        """
        check_open(use.letter)
        if not self._world.reserve.is_held():
            raise full()
        found = find_code(use)
        if found.answer is not None and connection.vendor != "postgresql":
            return found
        # On PostgreSQL the stored answer goes through the committer too, which waits until it is durable.
        answer = found.answer or registrar.sign_blindly(use.letter.registrar, use.blinded, self._world.entropy)
        return replace(use, answer=answer)

    async def _letter(self, slug: str) -> FixedLetter:
        letter = self._letters.find_cached(slug)
        if letter is None:
            # Not in Django's thread, in which a publication may be running for minutes.
            letter = await asyncio.get_running_loop().run_in_executor(self._pool, self._letters.find, slug)
        if letter is None:
            raise LetterError("there is no letter at this address, or it is still a draft")
        return letter

    async def _respond(self, send: Send, base: Headers, status: int, body: bytes) -> None:
        headers = [*base, (b"content-type", _JSON), (b"cache-control", b"no-store")]
        await respond(send, status, headers, body)


def _hash_token(token: bytes) -> str:
    return base64url.encode(hashlib.sha256(token).digest())


def _encode_box(found: CodeFound) -> dict[str, str | None]:
    return {"box": None if found.box is None else base64url.encode(found.box), "leaf": found.leaf}
