"""Fills a site's log with valid entries, made on all cores: what takes people weeks, in minutes.

Every entry has a key of its own, a credential of the letter's registrar and a signature, and is checked by the clerk's
fold as any other. The seal behind it is a stand-in of its size in words only: nobody will open it, and making three
post-quantum boxes a signatory would take as long as everything else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import load_der_private_key

from undersigned.protocol import base64url as b64
from undersigned.protocol import credential, entries, keys, manifest, merkle, roll

CHUNK = 500
BATCH = 5000
Row = tuple[str, str, str, bytes]
"""Leaf hash, key, object hash, the entry's bytes."""


@cache
def _known(source: bytes, key: bytes) -> tuple[str, bytes, RSAPrivateKey]:
    private = load_der_private_key(key, None)
    assert isinstance(private, RSAPrivateKey)
    found = manifest.parse(source)
    return b64.encode(manifest.letter_id(source)), roll.registrar_id(b64.decode(found.registrars[0])), private


def _make(work: tuple[bytes, bytes, int]) -> list[Row]:
    source, private, number = work
    return [_entry(source, private) for _ in range(number)]


def _entry(source: bytes, private: bytes) -> Row:
    letter, rid, registrar = _known(source, private)
    seed, prefix = os.urandom(32), os.urandom(32)
    key = keys.public_key(seed)
    certified = registrar.sign(prefix + credential.credential_message(rid, key), credential._PSS, SHA384())
    spelt, hashed = b64.encode(key), b64.encode(os.urandom(32))
    item = entries.Credential(prefix=b64.encode(prefix), registrar=b64.encode(rid), signature=b64.encode(certified))
    entry = entries.Sign(v=1, letter=letter, key=spelt, seq=0, credentials=[item], object=hashed)
    data = entries.encode(entries.sign_entry(entry, seed))
    return b64.encode(merkle.leaf_hash(data)), spelt, hashed, data


def make(source: bytes, registrar: Path, number: int) -> Iterator[list[Row]]:
    """So many entries, in chunks, as they are ready."""
    private = registrar.read_bytes()
    work = [(source, private, min(CHUNK, number - start)) for start in range(0, number, CHUNK)]
    with ProcessPoolExecutor() as pool:
        yield from pool.map(_make, work)


def fill(slug: str, source: bytes, registrar: Path, number: int) -> dict[str, float]:
    """Makes entries and has a clerk take them, batch after batch; seconds of making and of appending."""
    from django.db import transaction

    from undersigned.web import wiring
    from undersigned.web.letters.known import know
    from undersigned.web.letters.models import Letter
    from undersigned.web.log.sequence import Log
    from undersigned.web.signing.models import Batch
    from undersigned.web.signing.rows import insert_pending

    world = wiring.world()
    letter = know(Letter.objects.get(slug=slug), world.keys)
    log = Log(letter, world)
    log.round()
    spent = {"make": 0.0, "append": 0.0}
    waiting: list[Row] = []
    began = time.perf_counter()

    def take() -> None:
        with transaction.atomic():
            last = Batch.objects.filter(letter=letter.pk).order_by("-number").values_list("number", flat=True).first()
            batch = Batch.objects.create(
                letter_id=letter.pk, number=(last or 0) + 1, due=1, closed=True, by="2026-01-01T00:00:00Z"
            )
            insert_pending(
                (leaf, letter.pk, batch.pk, "sign", key, 0, hashed, data, b"{}") for leaf, key, hashed, data in waiting
            )
        waiting.clear()
        log.round()

    for chunk in make(source, registrar, number):
        waiting += chunk
        if len(waiting) >= BATCH:
            spent["make"] += time.perf_counter() - began
            began = time.perf_counter()
            take()
            spent["append"] += time.perf_counter() - began
            began = time.perf_counter()
    spent["make"] += time.perf_counter() - began
    began = time.perf_counter()
    if waiting:
        take()
    spent["append"] += time.perf_counter() - began
    return spent
