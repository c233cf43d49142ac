"""Bundle verification throughput, relative to the bare signature checks.

    python bench/verify.py [--entries 2000] [--processes 2]

The bundle is a directory, as ``undersigned verify`` reads it. The control makes only the cryptographic checks that
a bundle needs, once each: for each signature one RSA-PSS verification (pyca) and one Ed25519
verification (PyNaCl); for each opening the hashes of its commitments, the interpolation of the shares that were not
published, and one AES-GCM decryption. Everything is parsed in advance, unmeasured, and is in the memory of the
process that works on it. It runs as a plain loop on one core, and on as many processes as the verifier has.

The bar is a ratio of 0.8. All alternate, because a shared machine's speed varies, and each turn gives a ratio; the
median counts. The last line, which has no bar, compares one process each in processor time, which does not depend on
what two cores can do together.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.bindings import crypto_sign_open

import bundles
from letterworld import registrar
from outcome import Outcome
from undersigned.client.bundle_folder import FolderFiles
from undersigned.protocol import base64url, credential, purposes, seal, shamir
from undersigned.protocol.verify import verify_bundle
from undersigned.protocol.work_queue import Runner

Check = tuple[bytes, bytes, bytes, bytes, bytes]
Open = tuple[bytes, bytes, list[tuple[int, int]], list[tuple[int, bytes]], bytes]
CHUNK = 250

_checks: list[Check] = []
_opens: list[Open] = []


def bare_signatures(start: int) -> int:
    """RSA-PSS and Ed25519 only."""
    public = credential.load_public(registrar()[0])
    part = _checks[start : start + CHUNK]
    for rsa_signature, prepared, signature, message, key in part:
        credential.verify_prepared(public, rsa_signature, prepared)
        crypto_sign_open(signature + message, key)
    return len(part)


def bare_openings(start: int) -> int:
    """Commitments, interpolation and decryption only."""
    part = _opens[start : start + CHUNK]
    for letter, key, missing, shares, body in part:
        chosen = [share for _, share in shares]
        for trustee, x in missing:
            seal.commitment(letter, key, trustee, shamir.value_at(chosen, x) + bytes([x]))
        for trustee, share in shares:
            seal.commitment(letter, key, trustee, share)
        AESGCM(shamir.combine(chosen)).decrypt(bytes(12), body, purposes.tag("seal") + letter + key)
    return len(part)


def prepare(files: Mapping[str, bytes]) -> None:
    """Parses the control's input; processes started afterwards inherit it."""
    signed, opened = bundles.signed_parts(files)
    decode, rid = base64url.decode, purposes.digest("registrar", registrar()[0])
    for entry in signed:
        item, key = entry.credentials[0], decode(entry.key)
        prepared = decode(item.prefix) + credential.credential_message(rid, key)
        message = purposes.tag("sign") + bundles.unsigned(entry)
        _checks.append((decode(item.signature), prepared, decode(entry.signature), message, key))
    for row in opened:
        shares = [(trustee, decode(share)) for trustee, share in row.shares]
        missing = [(part.t, part.x) for part in row.seal.shares if part.t not in dict(shares)]
        _opens.append((decode(row.seal.letter), decode(row.key), missing, shares, decode(row.seal.body)))


def bare(run: Runner) -> None:
    """Makes the bare checks, with something like ``map``."""
    assert sum(run(bare_signatures, range(0, len(_checks), CHUNK))) == len(_checks)
    assert sum(run(bare_openings, range(0, len(_opens), CHUNK))) == len(_opens)


def seconds_of(act: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Measures one run."""
    start = clock()
    act()
    return clock() - start


def turns_of(files: FolderFiles, letter: bytes, processes: int, runs: int) -> list[tuple[float, ...]]:
    """Returns the seconds of the verifier, of the control (as many processes; one core), and both processor times."""

    def whole(run: Runner, lend: bool) -> None:
        report = verify_bundle(files, letter=letter, run=run, lend=files.lend if lend else None)
        assert report.outcome == "valid", report.steps

    with ProcessPoolExecutor(processes) as pool:
        bare(pool.map)
        whole(pool.map, True)
        return [
            (
                seconds_of(lambda: whole(pool.map, True)),
                seconds_of(lambda: bare(pool.map)),
                seconds_of(lambda: bare(map)),
                seconds_of(lambda: whole(map, False), time.process_time),
                seconds_of(lambda: bare(map), time.process_time),
            )
            for _ in range(runs)
        ]


def main() -> None:
    """Builds, runs all alternately, prints four lines."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--entries", type=int, default=2000)
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options.add_argument("--runs", type=int, default=7)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="undersigned-verify-") as name:
        start = time.perf_counter()
        with ProcessPoolExecutor(given.processes) as pool:
            letter = bundles.place(given.entries, pool, Path(name))
        built, files = time.perf_counter() - start, FolderFiles(Path(name))
        size = sum(path.stat().st_size for path in Path(name).rglob("*") if path.is_file()) / 1e6
        prepare(files)
        turns = turns_of(files, letter, given.processes, given.runs)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{given.entries} signatures and openings, {size:.1f} MB; built in {built:.1f} s; {memory:.0f} MB of memory")
    took, together, alone, spent, bare_spent = (list(column) for column in zip(*turns, strict=True))
    many = f"{given.processes} processes"
    for of, control in (("one core", alone), (many, together)):
        Outcome(
            f"a bundle verified, {many}, to {of}",
            f"{given.entries / min(took):,.0f} signatories/s",
            f"bare checks {given.entries / min(control):,.0f}/s, {of}",
            ratio(took, control),
            0.8,
        ).say()
    per = 1e6 / given.entries
    print(
        f"one process: {min(spent) * per:.0f} us of processor time a signatory, bare {min(bare_spent) * per:.0f} us;",
        end=" ",
    )
    print(f"{ratio(spent, bare_spent):.3g} x")


def ratio(ours: list[float], control: list[float]) -> float:
    """Returns the median of the turns' ratios."""
    return statistics.median(bare_once / once for once, bare_once in zip(ours, control, strict=True))


if __name__ == "__main__":
    main()
