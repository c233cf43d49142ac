"""How fast is a bundle verified, beside the sum of its bare signature checks?

    python bench/verify.py [--entries 2000] [--processes 2]

The control does nothing but the cryptography a bundle cannot be checked without: for each signature one RSA-PSS
verification (pyca) and one Ed25519 verification (PyNaCl); for each opening the hashes of its commitments, the
interpolation, and one AES-GCM decryption. Everything is parsed beforehand, outside the clock. It runs twice: as a plain
loop on one core, and on as many processes as the verifier has. The bar is a ratio of 0.8. All take turns, since a
shared machine is quicker now and slower then, and each turn gives a ratio; the median of them counts.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.bindings import crypto_sign_open

from bench import bundles
from bench.outcome import Outcome
from undersigned.protocol import base64url, credential, purposes, seal, shamir
from undersigned.protocol.handout import Runner
from undersigned.protocol.verify import verify_bundle

Check = tuple[bytes, bytes, bytes, bytes, bytes]
Open = tuple[bytes, bytes, list[tuple[int, int]], list[bytes], bytes]
CHUNK = 250


def bare_signatures(work: tuple[bytes, list[Check]]) -> int:
    """RSA-PSS and Ed25519 only."""
    spki, checks = work
    public = credential.load_public(spki)
    for rsa_signature, prepared, signature, message, key in checks:
        credential.verify_prepared(public, rsa_signature, prepared)
        crypto_sign_open(signature + message, key)
    return len(checks)


def bare_openings(work: list[Open]) -> int:
    """Commitments, interpolation and decryption only."""
    for letter, key, places, shares, body in work:
        for trustee, x in places:
            seal.commitment(letter, key, trustee, shamir.value_at(shares, x) + bytes([x]))
        for share in shares:
            seal.commitment(letter, key, 1, share)
        AESGCM(shamir.combine(shares)).decrypt(bytes(12), body, purposes.tag("seal") + letter + key)
    return len(work)


def control(files: dict[str, bytes], spki: bytes, rid: bytes) -> Callable[[Runner], None]:
    """The bare work, ready to be run by something like ``map``."""
    signed, opened = bundles.signed_parts(files)
    decode = base64url.decode
    checks: list[Check] = []
    for entry in signed:
        item, key = entry.credentials[0], decode(entry.key)
        prepared = decode(item.prefix) + credential.credential_message(rid, key)
        message = purposes.tag("sign") + bundles.unsigned(entry)
        checks.append((decode(item.signature), prepared, decode(entry.signature), message, key))
    opens: list[Open] = []
    for row in opened:
        places = [(part.t, part.x) for part in row.seal.shares]
        shares = [decode(share) for _, share in row.shares]
        opens.append((decode(row.seal.letter), decode(row.key), places, shares, decode(row.seal.body)))

    def work(run: Runner) -> None:
        parts = [(spki, checks[i : i + CHUNK]) for i in range(0, len(checks), CHUNK)]
        assert sum(run(bare_signatures, parts)) == len(signed)
        assert sum(run(bare_openings, [opens[i : i + CHUNK] for i in range(0, len(opens), CHUNK)])) == len(opened)

    return work


def seconds_of(act: Callable[[], object]) -> float:
    """How long it takes once."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    """Builds, runs all in turn, prints two lines."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--entries", type=int, default=2000)
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options.add_argument("--runs", type=int, default=7)
    given = options.parse_args()
    with ProcessPoolExecutor(given.processes) as pool:
        start = time.perf_counter()
        letter, files = bundles.build(given.entries, pool)
        built = time.perf_counter() - start
        spki, _ = bundles.registrar()
        bare = control(files, spki, purposes.digest("registrar", spki))

        def whole() -> None:
            report = verify_bundle(files, letter=letter, run=pool.map)
            assert report.outcome == "valid", report.steps

        bare(pool.map)
        turns = [
            (seconds_of(whole), seconds_of(lambda: bare(pool.map)), seconds_of(lambda: bare(map)))
            for _ in range(given.runs)
        ]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = sum(map(len, files.values())) / 1e6
    print(f"{given.entries} signatures and openings, {size:.1f} MB; built in {built:.1f} s; {memory:.0f} MB of memory")
    seconds, together, alone = (min(column) for column in zip(*turns, strict=True))
    rate = given.entries / seconds
    for control_name, least, ratio in (
        ("one core", alone, statistics.median(loop / took for took, _, loop in turns)),
        (f"{given.processes} processes", together, statistics.median(pooled / took for took, pooled, _ in turns)),
    ):
        Outcome(
            f"a bundle verified, {given.processes} processes, to {control_name}",
            f"{rate:,.0f} signatories/s",
            f"bare checks {given.entries / least:,.0f}/s, {control_name}",
            ratio,
            0.8,
        ).say()


if __name__ == "__main__":
    main()
