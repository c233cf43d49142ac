"""People who sign while something happens to the server, the answers they got, and what its log then says."""

from __future__ import annotations

import random
import threading
import time
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import load_der_private_key

from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, checkpoint, credential, entries, keys, note, tiles

from . import people
from .people import Letter, Signer
from .server import Server, until


@cache
def _key(path: Path) -> RSAPrivateKey:
    key = load_der_private_key(path.read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def give_credential(letter: Letter, signer: Signer, data: Path) -> None:
    """A credential without the detour over blinding: what is under test here begins after it."""
    key = _key(data / "keys" / f"{letter.slug}.registrar")
    signer.seed, prefix = random.randbytes(32), random.randbytes(32)
    message = prefix + credential.credential_message(letter.rid, keys.public_key(signer.seed))
    made = key.sign(message, credential._PSS, SHA384())
    signer.credential = entries.Credential(
        prefix=b64.encode(prefix), registrar=b64.encode(letter.rid), signature=b64.encode(made)
    )


def prepared(server: Server, number: int) -> tuple[Letter, list[dict[str, object]]]:
    """An open letter and so many signatures, ready to be sent."""
    letter = people.start(server.call, server.token, server.authority, "killed", size=number, check="codes")
    people.approve(letter)
    bodies = []
    for signer in letter.people:
        give_credential(letter, signer, server.data)
        bodies.append(people.prepare(letter, signer))
    return letter, bodies


class Senders:
    """Threads that post signatures and note which were acknowledged.

    ``unanswered``: how often a connection broke between a signature and its answer.
    """

    def __init__(self, letter: Letter, bodies: list[dict[str, object]]) -> None:
        self.letter, self.todo = letter, list(bodies)
        self.acknowledged: dict[str, bytes] = {}
        self.unanswered, self._waiting = 0, 0
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def _send(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                if not self.todo:
                    return
                body = self.todo.pop()
                self._waiting += 1
            try:
                answer = self.letter.post("entries", body)
            except OSError:
                with self._lock:
                    self.todo.insert(0, body)
                    self.unanswered += 1
                return
            finally:
                with self._lock:
                    self._waiting -= 1
            assert answer.status in (200, 201), answer.body
            with self._lock:
                self.acknowledged[canonical.encode(body["entry"]).decode()] = answer.body

    def run_until_killed(self, server: Server, after: float, least: int = 0) -> None:
        """Sends from four threads; kills the server ``after`` seconds, but not before ``least`` more have a receipt.

        Requests are in flight at that moment: fails if none was left without a response.
        """
        had, cut = len(self.acknowledged), self.unanswered
        threads = [threading.Thread(target=self._send) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(after)
        until(lambda: len(self.acknowledged) >= had + least)
        # As it stands now it will be killed. Answers that were on their way are heard first, so that it is known who
        # has none; else all four might have theirs by chance, and the kill fall between two signatures.
        server.halt()
        until(lambda: self._waiting == sum(thread.is_alive() for thread in threads))
        server.kill()
        self._stop.set()
        for thread in threads:
            thread.join()
        self._stop.clear()
        assert self.unanswered > cut, "no request was in flight when it happened"

    def run_until_killed_at_random(self, server: Server) -> None:
        """The same at a random moment, after at most 20 more receipts and a twentieth of a second."""
        self.run_until_killed(server, random.uniform(0, 0.05), least=random.randint(1, 20))

    def finish(self) -> None:
        """Sends what is left."""
        self._send()


def logged(letter: Letter, kind: str = "sign") -> list[str]:
    """The entries of a kind in the served log, checked against its checkpoint."""
    served = letter.get("log/checkpoint").body
    found, _ = checkpoint.verify(served, letter.manifest.origin, b64.decode(letter.manifest.log))

    def read(path: str) -> bytes:
        answer = letter.get(f"log/{path}")
        assert answer.status == 200, path
        return answer.body

    data = list(tiles.read_entries(found.size, read))
    tiles.check_tiles(found.size, read, data)
    assert note.parse(served).text == found.text()
    return [row.decode() for row in data if f'"type":"{kind}"'.encode() in row]
