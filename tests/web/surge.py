"""A public letter in a surge: people sign and withdraw while a verifier reads and an attacker forges its data."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from undersigned.protocol import tiles
from undersigned.protocol.manifest import format_time
from undersigned.web.times import moment

from . import people
from .people import Letter, Signer
from .server import Server, until

SLUG = "surge"
Meddle = Callable[[str, bytes], bytes]
"""What becomes of the bytes at a path below the letter's address."""


def begin(server: Server, size: int) -> Letter:
    """A public letter on a running site, which ``size`` people can sign; the first of them has, for good."""
    letter = people.start(server.call, server.token, server.authority, SLUG, size=size, public=True, check="codes")
    until(lambda: letter.status()["state"] == "open")
    assert people.sign(letter, letter.people[0]).status == 201
    until(lambda: all(letter.get(path).status == 200 for path in ("objects.jsonl", "bundle.checkpoint")))
    return letter


def link_of(server: Server, letter: Letter) -> str:
    """The invitation."""
    return f"http://{server.authority}/{letter.slug}/#{letter.l}"


class Surge:
    """Three people sign a second, and of those who have, one withdraws a second, until they are to stop.

    ``people``: who may; none waits for the response of the one before.
    """

    def __init__(self, letter: Letter, people: Sequence[Signer], *, every: float = 1 / 3) -> None:
        self._letter, self._people, self._every = letter, people, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._standing: deque[Signer] = deque()
        self.signed = self.withdrawn = 0
        self.failed: list[BaseException] = []

    def _run(self) -> None:
        with ThreadPoolExecutor(8) as pool:
            for number, person in enumerate(self._people, start=1):
                if self._stop.wait(self._every) or self.failed:
                    return
                pool.submit(self._act, person, number)

    def _act(self, person: Signer, number: int) -> None:
        try:
            answer = people.sign(self._letter, person, ("name", "initials", "anonymous")[number % 3])
            assert answer.status == 201, answer.body
            self.signed += 1
            self._standing.append(person)
            if number % 3 == 0:
                assert people.withdraw(self._letter, self._standing.popleft()).status == 201
                self.withdrawn += 1
        except BaseException as error:
            self.failed.append(error)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """While it does."""
        self._thread.start()
        try:
            yield
            assert self._thread.is_alive(), "everybody has signed: the surge was too short"
        finally:
            self._stop.set()
            self._thread.join(60)
        assert not self.failed, self.failed


def verify(link: str, *words: str, timeout: float = 120) -> tuple[int, str]:
    """Runs ``undersigned verify`` in a separate process: exit status and output."""
    command = [sys.executable, "-m", "undersigned.cli.app", "verify", link, "--workers", "1", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    return done.returncode, done.stderr


@contextmanager
def forger(meddle: Meddle) -> Iterator[str]:
    """A proxy on loopback that changes what it carries; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            target = urlsplit(self.path)
            origin = http.client.HTTPConnection(target.netloc, timeout=20)
            origin.request("GET", target.path, headers={"Accept-Encoding": "identity"})
            answer = origin.getresponse()
            data = answer.read()
            if answer.status == 200:
                data = meddle(target.path.removeprefix(f"/{SLUG}/"), data)
            origin.close()
            self.send_response(answer.status)
            for name in ("content-type", "etag"):
                if answer.getheader(name):
                    self.send_header(name, str(answer.getheader(name)))
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def altered(key: str) -> Meddle:
    """Another person's name in the record of ``key``."""

    def meddle(path: str, data: bytes) -> bytes:
        if path != "objects.jsonl":
            return data
        rows = data.splitlines(keepends=True)
        return b"".join(r.replace(b'"name":"', b'"name":"X', 1) if key.encode() in r else r for r in rows)

    return meddle


def left_out(path: str, data: bytes) -> bytes:
    """The log without its second entry, as far as bytes go."""
    if not path.startswith("log/tile/entries/000"):
        return data
    width = int(path.partition(".p/")[2] or tiles.WIDTH)
    rows = tiles.unpack_entries(data, width)
    return tiles.pack_entries([rows[0], *rows[2:]])


def publish(letter: Letter, people_: Sequence[Signer]) -> None:
    """From notice to edition 1 of a sealed letter that these have signed."""
    now = int(time.time())
    assert people.notice(letter, 1, format_time(moment(now + 1))).status == 201
    until(lambda: people.cut(letter).status == 201)
    until(lambda: letter.status()["pending"] == 0)
    until(lambda: letter.get("count.json").json["size"] == letter.status()["size"])
    keys = {person.key for person in people_}
    for trustee in (1, 2):
        answer = people.open_names(letter, trustee, int(time.time()), keys)
        assert answer.status == 204, answer.body
    cosign(letter)
    answer = letter.post("publish", {"edition": 1}, **letter.auth)
    assert answer.status == 201, answer.body


def cosign(letter: Letter) -> None:
    """Two trustees cosign what is served; nothing if the log has gone on before the second could."""
    for trustee in (1, 2):
        people.cosign(letter, trustee, int(time.time()))
