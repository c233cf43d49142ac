"""Fills a site's log with valid entries generated on all cores: in minutes what would take people weeks.

Every entry has its own key, a credential from the letter's registrar and a signature, and the clerk's fold checks it
like any other. With ``sealed`` it also has a real seal: an invented name, sealed to the letter's trustees in three
post-quantum boxes and stored by the site's own statements. Without it, only the hash of a stand-in exists, for
benchmarks that open no names; this takes a fifth of the disk space.
"""

from __future__ import annotations

import os
import random
import secrets
import sqlite3
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import load_der_private_key

from undersigned.client.seals import Seals
from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, credential, entries, keys, manifest, merkle, roll, seal

CHUNK = 500
BATCH = 5000
PROGRESS_STEP = 10_000
PART = 20_000
GIVEN = ("Tova", "Émile", "Zdeněk", "דנה", "ليلى", "Ирина", "Søren", "Ngọc", "Amaru", "Δημήτρης")
SYLLABLES = ("ba", "den", "fi", "gor", "hal", "ki", "lu", "mer", "no", "pra", "sten", "tu", "vel", "zi")
"""A family name is three of these, so that a search narrows down as it does with real names."""
Row = tuple[str, str, str, bytes, bytes]
"""Leaf hash, key, object hash, the entry's bytes, the object's bytes."""


def invented(random_: random.Random) -> str:
    """Returns an invented name."""
    return f"{random_.choice(GIVEN)} {''.join(random_.choices(SYLLABLES, k=3)).title()} {random_.randrange(1000)}"


@cache
def _known(source: bytes, key: bytes) -> tuple[manifest.Manifest, bytes, bytes, RSAPrivateKey]:
    private = load_der_private_key(key, None)
    assert isinstance(private, RSAPrivateKey)
    found = manifest.parse(source)
    return found, manifest.letter_id(source), roll.registrar_id(b64.decode(found.registrars[0])), private


def _make(work: tuple[bytes, bytes, int, bool]) -> list[Row]:
    source, private, number, sealed = work
    return [_entry(source, private, sealed) for _ in range(number)]


def _entry(source: bytes, private: bytes, sealed: bool) -> Row:
    found, letter, rid, registrar = _known(source, private)
    seed, prefix = os.urandom(32), os.urandom(32)
    key = keys.public_key(seed)
    certified = registrar.sign(prefix + credential.credential_message(rid, key), credential._PSS, SHA384())
    body, hashed = _seal(found, letter, key) if sealed else (b"{}", b64.encode(os.urandom(32)))
    item = entries.Credential(prefix=b64.encode(prefix), registrar=b64.encode(rid), signature=b64.encode(certified))
    spelt = b64.encode(key)
    entry = entries.Sign(v=1, letter=b64.encode(letter), key=spelt, seq=0, credentials=[item], object=hashed)
    data = entries.encode(entries.sign_entry(entry, seed))
    return b64.encode(merkle.leaf_hash(data)), spelt, hashed, data, body


def _seal(found: manifest.Manifest, letter: bytes, key: bytes) -> tuple[bytes, str]:
    chance = random.SystemRandom()
    payload = seal.Payload(
        as_="name", group=chance.choice(found.groups).id, name=invented(chance), title="", roll=None,
        nonce=b64.encode(os.urandom(16)),
    )  # fmt: skip
    xs = bytes(secrets.SystemRandom().sample(range(1, 256), len(found.trustees)))
    coefficients = os.urandom(32 * (found.threshold - 1))
    made = seal.make_seal(found, letter, key, payload, secret=os.urandom(32), xs=xs, coefficients=coefficients)
    return canonical.encode(made), seal.object_hash(made)


def make(source: bytes, registrar: Path, number: int, *, sealed: bool = False) -> Iterator[list[Row]]:
    """Yields entries in chunks as they are ready, a few chunks ahead of the consumer."""
    private = registrar.read_bytes()
    work = [(source, private, min(CHUNK, number - start), sealed) for start in range(0, number, CHUNK)]
    ahead = 4 * (os.cpu_count() or 1)
    with ProcessPoolExecutor() as pool:
        # Not ``map``, which generates everything at once and keeps it in memory until it is appended.
        waiting = [pool.submit(_make, part) for part in work[:ahead]]
        for place in range(len(work)):
            yield waiting.pop(0).result()
            if place + ahead < len(work):
                waiting.append(pool.submit(_make, work[place + ahead]))


def fill(slug: str, source: bytes, registrar: Path, number: int, *, sealed: bool = False) -> dict[str, float]:
    """Generates entries up to the size and has a clerk append them, batch by batch.

    Returns the seconds of generating and of appending. After an interruption it resumes from there. No clerk may be
    running on the site.
    """
    from django.conf import settings

    from undersigned.web import wiring
    from undersigned.web.clerk.clerk import lock_data_directory
    from undersigned.web.database.purge import purge_deleted
    from undersigned.web.letters.fixed_letter import load_letter
    from undersigned.web.log.sequence import Log
    from undersigned.web.records.models import Letter

    world, lock = wiring.world(), lock_data_directory(settings.DATA)
    letter = load_letter(Letter.objects.get(slug=slug), world.keys)
    log = Log(letter, world)
    log.run_round()
    spent = {"make": 0.0, "append": 0.0}
    waiting: list[Row] = []
    began, told = time.perf_counter(), log.standing.signed

    def passed(what: str) -> None:
        nonlocal began
        now = time.perf_counter()
        spent[what] += now - began
        began = now

    for chunk in make(source, registrar, max(0, number - log.standing.signed), sealed=sealed):
        waiting += chunk
        if len(waiting) >= BATCH or log.standing.signed + len(waiting) >= number:
            passed("make")
            _append(log, waiting)
            waiting.clear()
            passed("append")
            if log.standing.signed >= told + PROGRESS_STEP:
                told = log.standing.signed
                print(f"{told:,} of {number:,} entries, {sum(spent.values()):,.0f} s", file=sys.stderr, flush=True)
    # The clerk does this every few seconds; the WAL contains each seal twice.
    purge_deleted("signing_pending")
    os.close(lock)
    return spent


def _append(log: object, rows: list[Row]) -> None:
    """Closes one batch and has the clerk append it."""
    from django.db import transaction

    from undersigned.web.log.sequence import Log
    from undersigned.web.records.models import Batch
    from undersigned.web.signing.rows import insert_pending

    assert isinstance(log, Log)
    letter = log.letter.pk
    with transaction.atomic():
        last = Batch.objects.filter(letter=letter).order_by("-number").values_list("number", flat=True).first()
        batch = Batch.objects.create(
            letter_id=letter, number=(last or 0) + 1, due=1, closed=True, by="2026-01-01T00:00:00Z"
        )
        insert_pending(
            (leaf, letter, batch.pk, "sign", key, 0, hashed, data, body) for leaf, key, hashed, data, body in rows
        )
    log.run_round()


def mirror(data: Path, target: Path, size: int) -> None:
    """Copies a trustee's folder of seals from the table of the site in ``data``, as the trustee's tool would.

    ``size``: entries of the log."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    work = [(str(data), str(target), first, first + PART) for first in range(0, size, PART)]
    with ProcessPoolExecutor() as pool:
        for done, _ in enumerate(pool.map(_mirror, work), start=1):
            print(f"{done * PART:,} places of the log mirrored", file=sys.stderr, flush=True)


def _mirror(work: tuple[str, str, int, int]) -> None:
    data, target, first, last = work
    kept, database = Seals(Path(target)), sqlite3.connect(f"file:{data}/undersigned.sqlite3?mode=ro", uri=True)
    rows = database.execute('SELECT body FROM signing_sealedobject WHERE "index" >= ? AND "index" < ?', (first, last))
    for (body,) in rows:
        value = seal.parse_object(body)
        assert isinstance(value, seal.Seal)
        kept.put(value)
    database.close()
