"""A letter's site in memory, for the signing client's tests: docs/reference/http.md by way of the protocol package.

Prints its address, then serves until standard input ends. ``/valley`` is a sealed letter with a roll, ``/open`` a
public one, ``/draft`` a sealed one that a trustee has not approved; ``/<letter>/codes`` gives its access codes, which
no real site could. It does what a server must (real blind signatures, real checks), without its storage or its clerk;
every entry is in the log at once. The real site is tested too: ``realsite.py``.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from world import TEXTS, World

from undersigned.protocol import (
    base64url,
    canonical,
    codes,
    entries,
    merkle,
    receipt,
    roll,
    seal,
)
from undersigned.protocol.errors import InvalidError, MalformedError, ObjectError, ProtocolError

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "content-type",
    "Access-Control-Expose-Headers": "retry-after",
}
STATUS = {
    "malformed": 400,
    "letter-unknown": 404,
    "code-unknown": 403,
    "signature-invalid": 403,
    "credential-invalid": 403,
}


class CodeUnknownError(InvalidError):
    """No such access code."""

    code = "code-unknown"


class CodeUsedError(InvalidError):
    """The code has been used with another request."""

    code = "code-used"


class Letterbox:
    """One letter, and what its site does with it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lock = threading.Lock()
        self.slots = {roll.token_hash(roll.place(p.code, world.rid).token): p.slot for p in world.people}
        self.answers: dict[bytes, tuple[str, Any]] = {}
        self.receipts: dict[bytes, Any] = {}

    def get(self, path: str) -> bytes | None:
        """A file of the letter, if there is one."""
        if path == "codes":
            return json.dumps([codes.format_code("S", p.code) for p in self.world.people]).encode()
        if path == "records":
            return b"[" + b",".join(canonical.encode(p.record) for p in self.world.people) + b"]"
        files = {
            "manifest.json": self.world.source,
            "roll.json": canonical.encode(self.world.roll),
            **{f"text/{language}.md": text for language, text in TEXTS.items()},
            **self.world.log_files(cosigners=()),
        }
        return files.get(path)

    def activate(self, body: Any) -> Any:
        """The registrar's answer, the same to the same question."""
        token = roll.token_hash(base64url.decode(body["token"], 32))
        slot = self.slots.get(token)
        if slot is None:
            raise CodeUnknownError("There is no such access code. Nothing was kept.")
        blinded, answer = self.answers.get(token, (body["blinded"], None))
        if blinded != body["blinded"]:
            raise CodeUsedError("This code has been used with another request. Nothing was kept.")
        if answer is None:
            signature = base64url.encode(self.world.blind_sign(base64url.decode(blinded)))
            answer = {"box": base64url.encode(slot.box), "leaf": base64url.encode(slot.leaf), "signature": signature}
            self.answers[token] = (blinded, answer)
        return answer

    def box(self, body: Any) -> Any:
        """What the roll has of a code's holder, used or not."""
        slot = self.slots.get(roll.token_hash(base64url.decode(body["token"], 32)))
        if slot is None:
            raise CodeUnknownError("There is no such access code. Nothing was kept.")
        return {"box": base64url.encode(slot.box), "leaf": base64url.encode(slot.leaf)}

    def enter(self, body: Any) -> tuple[int, Any]:
        """Takes an entry in: status and answer."""
        data = canonical.encode(body["entry"])
        if data in self.receipts:
            return 200, self.receipts[data]
        entry = entries.parse(data)
        if isinstance(entry, entries.Sign):
            value = seal.parse_object(canonical.encode(body.get("object")))
            seal.check_object(value, self.world.manifest, self.world.id, entry.key)
            if seal.object_hash(value) != entry.object:
                raise ObjectError("the object is not the one the entry names")
            self.world.objects[entry.key] = value
        self.world.add(entry)
        answer: dict[str, Any] = {
            "receipt": msgspec.to_builtins(
                receipt.make(self.world.id, data, "2036-12-01T06:00:00Z", self.world.log_key)
            )
        }
        if not self.world.manifest.sealed:
            leaves = [merkle.leaf_hash(one) for one in self.world.log]
            answer["index"] = len(leaves) - 1
            answer["proof"] = [base64url.encode(h) for h in merkle.inclusion_proof(leaves, len(leaves) - 1)]
            answer["checkpoint"] = self.world.log_files(cosigners=())["log/checkpoint"].decode()
        self.receipts[data] = answer
        return 201, answer


class Handler(BaseHTTPRequestHandler):
    """HTTP around the letterboxes."""

    boxes: dict[str, Letterbox]
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Says nothing."""

    def do_OPTIONS(self) -> None:
        """The preflight of a page from elsewhere."""
        self._send(204, b"", "text/plain")

    def do_GET(self) -> None:
        """A file."""
        _, name, path = self.path.split("/", 2)
        box = self.boxes.get(name)
        data = None
        if box:
            with box.lock:
                data = box.get(path)
        if data is None:
            self._problem(404, "not-found", "There is no such page.")
        else:
            self._send(200, data, "application/octet-stream")

    def do_POST(self) -> None:
        """An act."""
        body = self.rfile.read(int(self.headers["content-length"]))
        _, name, path = self.path.split("/", 2)
        box = self.boxes[name]
        try:
            with box.lock:
                value = canonical.decode(body)
                asked = {"activate": box.activate, "box": box.box}.get(path)
                status, answer = (200, asked(value)) if asked else box.enter(value)
        except (ProtocolError, KeyError) as error:
            known = error if isinstance(error, ProtocolError) else MalformedError("a field is missing")
            self._problem(STATUS.get(known.code, 409), known.code, str(known))
            return
        self._send(status, canonical.encode(answer), "application/json")

    def _problem(self, status: int, code: str, detail: str) -> None:
        fields = {"type": f"urn:undersigned:problem:{code}", "title": code, "status": status, "detail": detail}
        self._send(status, json.dumps(fields).encode(), "application/problem+json")

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in CORS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main() -> None:
    """Serves until standard input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host = f"127.0.0.1:{server.server_port}"
    draft = World(2, origin=f"{host}/draft")
    draft.log.pop()
    Handler.boxes = {
        "valley": Letterbox(World(40, origin=f"{host}/valley")),
        "open": Letterbox(World(8, sealed=False, origin=f"{host}/open")),
        "draft": Letterbox(draft),
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://{host}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
