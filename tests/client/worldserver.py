"""A letter in memory, served to clients as a server would; tests make it honest or dishonest.

The real server cannot be made to lie, so lies are told here: over httpx's own transport, without a socket.
"""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import msgspec

from letterworld import LetterWorld, serve_log
from undersigned.client.http import Http
from undersigned.client.letter import Letter
from undersigned.client.link import Link
from undersigned.client.live_snapshot import NAMES_CHECKPOINT
from undersigned.protocol import (
    base64url,
    canonical,
    credential,
    entries,
    manifest,
    opening,
    receipt,
    request,
    seal,
)
from undersigned.protocol.errors import ProtocolError

BASE = "https://letters.example.org/valley/"
LATER = "2026-06-01T00:00:00Z"


class WorldServer:
    """Serves ``world``. ``log``: None for the world's own; ``posts``: what clients sent, by path; ``shows``: whether it
    says which checkpoint its names belong to: the newest, if ``files`` has no other."""

    def __init__(self, world: LetterWorld) -> None:
        self.world = world
        self.log: list[bytes] | None = None
        self.files: dict[str, bytes] = {}
        self.shows = True
        self.objects: dict[str, seal.SignedObject] | None = None
        self.posts: list[tuple[str, bytes]] = []
        self.gets: list[str] = []

    def http(self) -> Http:
        """A connection to it."""
        return Http(BASE, transport=httpx.MockTransport(self.answer), pause=lambda _: None)

    @property
    def letter(self) -> Letter:
        """The letter as a client that has checked it knows it."""
        link = Link("https", self.world.manifest.origin, self.world.letter)
        return Letter(link, self.world.source, self.world.manifest)

    def answer(self, asked: httpx.Request) -> httpx.Response:
        """One request and its answer."""
        path = str(asked.url).removeprefix(BASE)
        if asked.method == "POST":
            self.posts.append((path, asked.content))
            return self._act(path, asked.content)
        self.gets.append(path)
        if path.startswith("seals?"):
            return self._seals(asked)
        data = self._files().get(path)
        return httpx.Response(404) if data is None else httpx.Response(200, content=data)

    def _files(self) -> dict[str, bytes]:
        log = serve_log(self.world, self.log if self.log is not None else self.world.log, ())
        shown = {NAMES_CHECKPOINT: {**log, **self.files}["log/checkpoint"]} if self.shows else {}
        return {**self.world.bundle(cosigners=()), **log, **shown, **self.files}

    def _seals(self, asked: httpx.Request) -> httpx.Response:
        path = asked.url.raw_path.decode()
        now = int(asked.headers["Authorization"].split("time=")[1].split()[0])
        request.verify(asked.headers["Authorization"], self.world.manifest, self.world.letter, path, now)
        first = int(asked.url.params["from"])
        people = self.world.standing.signatories.values()
        objects = self.objects if self.objects is not None else self.world.objects
        rows = sorted((s.signed, objects[s.key]) for s in people if s.key in objects and s.signed >= first)
        listed = [{"index": index, "object": canonical.decode(canonical.encode(row))} for index, row in rows[:3]]
        following = rows[3][0] if len(rows) > 3 else None
        return httpx.Response(200, content=canonical.encode({"next": following, "seals": listed}))

    def _act(self, path: str, data: bytes) -> httpx.Response:
        if path == "cosignatures":
            return httpx.Response(204)
        if path == "openings":
            opening.verify_openings(opening.parse_openings(data), self.world.manifest)
            return httpx.Response(204)
        if path == "activate":
            return self._activate(canonical.decode(data))
        if path == "box":
            return self._box(canonical.decode(data))
        return self._post_entry(canonical.decode(data))

    def _activate(self, asked: dict[str, Any]) -> httpx.Response:
        _, private = self.world.registrars[0]
        token = base64url.decode(asked["token"])
        person = next(p for p in self.world.people if p.place.token == token)
        factor = secrets.randbelow(private.n - 1) + 1
        signature = credential.blind_sign(private, base64url.decode(asked["blinded"]), factor=factor)
        answer = {
            "box": base64url.encode(person.slot.box),
            "leaf": base64url.encode(person.slot.leaf),
            "signature": base64url.encode(signature),
        }
        return httpx.Response(200, content=canonical.encode(answer))

    def _box(self, asked: dict[str, Any]) -> httpx.Response:
        token = base64url.decode(asked["token"])
        slot = next((p.slot for p in self.world.people if p.place.token == token), None)
        if slot is None:
            problem = {"type": "urn:undersigned:problem:code-unknown", "title": "", "status": 403,
                       "detail": "There is no such access code."}  # fmt: skip
            headers = {"content-type": "application/problem+json"}
            return httpx.Response(403, headers=headers, content=canonical.encode(problem))
        answer = {"box": base64url.encode(slot.box), "leaf": base64url.encode(slot.leaf)}
        return httpx.Response(200, content=canonical.encode(answer))

    def _post_entry(self, asked: dict[str, Any]) -> httpx.Response:
        data = canonical.encode(asked["entry"])
        entry = entries.parse(data)
        try:
            self.world.add(entry)
        except ProtocolError as error:
            problem = {
                "type": f"urn:undersigned:problem:{error.code}",
                "title": "",
                "status": 409,
                "detail": str(error),
            }
            headers = {"content-type": "application/problem+json"}
            return httpx.Response(409, headers=headers, content=canonical.encode(problem))
        if "object" in asked:
            value = seal.parse_object(canonical.encode(asked["object"]))
            self.world.objects[value.key] = value
        made = receipt.make(self.world.id, data, LATER, self.world.log_key)
        return httpx.Response(201, content=canonical.encode({"receipt": canonical.decode(canonical.encode(made))}))

    def posted(self, path: str) -> list[bytes]:
        """What was posted there."""
        return [data for where, data in self.posts if where == path]


def unix(text: str) -> int:
    """A protocol time in Unix seconds."""
    return int(manifest.parse_time(text).timestamp())


def unknown_entry(world: LetterWorld) -> bytes:
    """Canonical bytes of an unknown type."""
    return msgspec.json.encode({"letter": world.id, "type": "pardon", "v": 1}, order="sorted")
