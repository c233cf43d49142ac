"""The server is killed while people sign: nobody who got a receipt is lost, nobody is counted twice."""

from __future__ import annotations

import io
import random
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, checkpoint, credential, entries, keys, note, tiles, verify
from undersigned.web.operations.serve import clerk_command, web_command

from . import people
from .people import Letter, Signer
from .server import Server, crowding, free_port, until

pytestmark = pytest.mark.slow
KILLS = 5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running server on a fresh data directory."""
    made = Server(tmp_path / "data", free_port())
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()


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
    made = key.sign(message, credential._PSS, credential.SHA384())
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
    """Threads that post signatures and note which were acknowledged."""

    def __init__(self, letter: Letter, bodies: list[dict[str, object]]) -> None:
        self.letter, self.todo = letter, list(bodies)
        self.acknowledged: dict[str, bytes] = {}
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def _send(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                if not self.todo:
                    return
                body = self.todo.pop()
            try:
                answer = self.letter.post("entries", body)
            except OSError:
                with self._lock:
                    self.todo.insert(0, body)
                return
            assert answer.status in (200, 201), answer.body
            with self._lock:
                self.acknowledged[canonical.encode(body["entry"]).decode()] = answer.body

    def run_until_killed(self, server: Server, after: float, least: int = 0) -> None:
        """Sends from four threads; kills the server ``after`` seconds, but not before ``least`` are acknowledged."""
        threads = [threading.Thread(target=self._send) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(after)
        until(lambda: len(self.acknowledged) >= least)
        server.kill()
        self._stop.set()
        for thread in threads:
            thread.join()
        self._stop.clear()

    def finish(self) -> None:
        """Sends what is left."""
        self._send()


def logged(letter: Letter) -> list[str]:
    """The `sign` entries in the served log, checked against its checkpoint."""
    served = letter.get("log/checkpoint").body
    found, _ = checkpoint.verify(served, letter.manifest.origin, b64.decode(letter.manifest.log))

    def read(path: str) -> bytes:
        answer = letter.get(f"log/{path}")
        assert answer.status == 200, path
        return answer.body

    data = list(tiles.read_entries(found.size, read))
    tiles.check_tiles(found.size, read, data)
    assert note.parse(served).text == found.text()
    return [row.decode() for row in data if b'"type":"sign"' in row]


def test_killed_five_times_under_load_nothing_acknowledged_is_lost_or_doubled(server: Server) -> None:
    """kill -9 of all its processes at random moments; each restart takes less than five seconds."""
    letter, bodies = prepared(server, 400)
    senders = Senders(letter, bodies)
    for _ in range(KILLS):
        senders.run_until_killed(server, random.uniform(0.02, 0.25))
        assert server.start() < 5 * crowding()
        # Somebody whose connection broke asks again, and gets the receipt they had or would have had.
        for entry, receipt in list(senders.acknowledged.items())[-3:]:
            body = next(b for b in bodies if canonical.encode(b["entry"]).decode() == entry)
            again = letter.post("entries", body)
            assert (again.status, again.body) == (200, receipt)
    assert 0 < len(senders.acknowledged) <= len(bodies)
    senders.finish()
    until(lambda: letter.status()["pending"] == 0)
    until(lambda: len(logged(letter)) == len(bodies))
    assert sorted(logged(letter)) == sorted(senders.acknowledged)
    assert letter.status()["count"] == len(bodies)
    until(lambda: letter.get("bundle.zip").status == 200)
    with zipfile.ZipFile(io.BytesIO(letter.get("bundle.zip").body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert verify.verify_bundle(files, letter=letter.id).outcome == "valid"
    assert server.stop() == 0


def test_a_server_that_answers_before_it_commits_is_caught(tmp_path: Path) -> None:
    """Control: the same check finds acknowledged signatures missing when the receipt comes before the commit."""
    data, port = tmp_path / "data", free_port()
    honest = Server(data, port)
    honest.start()
    letter, bodies = prepared(honest, 60)
    until(lambda: letter.status()["state"] == "open")
    assert honest.stop() == 0
    hasty = Server(data, port, web_command("127.0.0.1", port, 1, "web.hasty:application"))
    hasty.start()
    senders = Senders(letter, bodies)
    senders.run_until_killed(hasty, 0.1, least=5)
    assert senders.acknowledged
    honest.start()
    until(lambda: letter.status()["pending"] == 0)
    lost = set(senders.acknowledged) - set(logged(letter))
    honest.stop()
    assert lost, "a test that cannot fail proves nothing"
    assert clerk_command(data)[0] == sys.executable
