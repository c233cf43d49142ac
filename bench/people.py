"""A letter and signatures for benchmarks, prepared on all cores before anything is measured."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import load_der_private_key

from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, codes, credential, entries, keys, manifest, roll, seal

SLUG = "bench"
CODES_A_POST = 500


def free_port() -> int:
    """Returns a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """A server at ``port`` of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def request(self, method: str, path: str, value: object = None, token: str = "") -> tuple[int, bytes]:
        """Sends one request; returns status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        connection.request(method, path, canonical.encode(value) if value is not None else None, headers)
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found


class Process(Site):
    """A server process: start, wait, stop."""

    def __init__(self, command: list[str], port: int, environment: dict[str, str]) -> None:
        super().__init__(port)
        self._process = subprocess.Popen(command, env={**os.environ, **environment})
        for _ in range(1200):
            try:
                if self.request("GET", "/healthz")[0] < 500:
                    return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server does not answer")

    @property
    def pid(self) -> int:
        """Returns the id of its first process."""
        return self._process.pid

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(timeout=20)


@dataclass(frozen=True)
class Bench:
    """An open sealed letter, the access codes for it, and the keys of its organiser and trustees.

    ``trustees``: each one's sealing and signing seed; ``organiser``: the signing seed.
    """

    manifest: bytes
    codes: list[bytes]
    trustees: list[tuple[bytes, bytes]]
    organiser: bytes


def open_letter(server: Site, token: str, size: int) -> Bench:
    """Creates a letter with that many blank codes and has its three trustees approve it."""

    def good(answer: tuple[int, bytes]) -> bytes:
        if answer[0] >= 300:
            raise SystemExit(answer[1].decode())
        return answer[1]

    made = canonical.decode(good(server.request("POST", "/api/letters", {"slug": SLUG}, token)))
    rid = roll.registrar_id(b64.decode(made["registrar"]))
    handed = [codes.code_from(os.urandom(20)) for _ in range(size)]
    hashes = [b64.encode(roll.token_hash(roll.place(code, rid).token)) for code in handed]
    for start in range(0, size, CODES_A_POST):
        rows = [{"box": None, "leaf": None, "token_hash": h} for h in hashes[start : start + CODES_A_POST]]
        good(server.request("POST", f"/{SLUG}/draft/codes", {"codes": rows}, token))
    good(server.request("POST", f"/{SLUG}/draft/text", {"language": "en", "text": "A letter."}, token))
    trustees, organiser = [(os.urandom(32), os.urandom(32)) for _ in range(3)], os.urandom(32)
    found = manifest.Manifest(
        v=1,
        origin=made["origin"],
        title={"en": "A letter"},
        text={"en": manifest.text_digest(b"A letter.")},
        groups=[manifest.Group(id="all", name={"en": "All"})],
        names="sealed",
        anonymous="allowed",
        eligibility=manifest.Eligibility(check="codes", size=size),
        registrars=[made["registrar"]],
        trustees=[
            manifest.Trustee(
                name=f"Trustee {i}",
                seal=b64.encode(seal.seal_public_key(s)),
                sign=b64.encode(keys.public_key(k)),
            )
            for i, (s, k) in enumerate(trustees, start=1)
        ],
        threshold=2,
        organiser=b64.encode(keys.public_key(organiser)),
        log=made["log"],
        batch=manifest.Batch(min=256, wait=2),
        release=manifest.Release(
            signatures=1, not_before="2026-01-01T00:00:00Z", grace=0, abandon_after="2099-01-01T00:00:00Z"
        ),
    )
    source = manifest.encode(found)
    letter = b64.encode(manifest.letter_id(source))
    good(server.request("POST", f"/{SLUG}/draft/manifest", {"manifest": found}, token))
    for number, (_, seed) in enumerate(trustees, start=1):
        entry = entries.sign_entry(entries.Approval(v=1, letter=letter, trustee=number), seed)
        good(server.request("POST", f"/{SLUG}/entries", {"entry": entry}, token))
    return Bench(source, handed, trustees, organiser)


@cache
def _known(source: bytes, key: bytes) -> tuple[manifest.Manifest, RSAPrivateKey]:
    private = load_der_private_key(key, None)
    assert isinstance(private, RSAPrivateKey)
    return manifest.parse(source), private


def _signature(work: tuple[bytes, bytes]) -> bytes:
    source, private = work
    return _body(source, private, os.urandom(32))


def signature(source: bytes, registrar: Path, seed: bytes) -> bytes:
    """Returns a valid body for a signatory with a known signing seed."""
    return _body(source, registrar.read_bytes(), seed)


def _body(source: bytes, private: bytes, seed: bytes) -> bytes:
    """Returns the body of one POST entries. No server can tell its directly signed credential from a blind one."""
    found, registrar = _known(source, private)
    letter = manifest.letter_id(source)
    rid = roll.registrar_id(b64.decode(found.registrars[0]))
    key, prefix = keys.public_key(seed), os.urandom(32)
    certified = registrar.sign(prefix + credential.credential_message(rid, key), credential._PSS, SHA384())
    payload = seal.Payload(
        as_="name", group="all", name="Test Person", title="", roll=None, nonce=b64.encode(os.urandom(16))
    )
    xs = bytes(secrets.SystemRandom().sample(range(1, 256), 3))
    sealed = seal.make_seal(found, letter, key, payload, secret=os.urandom(32), xs=xs, coefficients=os.urandom(32))
    entry = entries.Sign(
        v=1,
        letter=b64.encode(letter),
        key=b64.encode(key),
        seq=0,
        credentials=[
            entries.Credential(prefix=b64.encode(prefix), registrar=b64.encode(rid), signature=b64.encode(certified))
        ],
        object=seal.object_hash(sealed),
    )
    return canonical.encode({"entry": entries.sign_entry(entry, seed), "object": sealed})


def signatures(source: bytes, registrar: Path, number: int) -> list[bytes]:
    """Returns that many valid bodies, each from a different person."""
    work = [(source, registrar.read_bytes())] * number
    with ProcessPoolExecutor() as pool:
        return list(pool.map(_signature, work, chunksize=32))


def python() -> str:
    """The interpreter that runs this."""
    return sys.executable
