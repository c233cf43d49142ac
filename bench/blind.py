"""Overhead of the registrar's blind signature over the bare RSA operation.

    python bench/blind.py [--operations 200]

Three figures per core: the bare gmpy2 loop (only CRT, base blinding and check), the site's ``sign_blindly``, and
activations per second over HTTP on the real server with all cores, database and durable commit included.
"""

from __future__ import annotations

import argparse
import os
import secrets
import tempfile
import time
from pathlib import Path

import gmpy2

import load
import people
from outcome import Outcome
from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, credential, manifest, roll
from undersigned.web.signing.registrar import sign_blindly


def bare(key: credential.RegistrarKey, blinded: list[int]) -> float:
    """Measures the arithmetic alone, in seconds."""
    begun = time.perf_counter()
    for m in blinded:
        factor = secrets.randbelow(key.n - 1) + 1
        base = m * gmpy2.powmod(factor, key.e, key.n) % key.n
        s_p = gmpy2.powmod_sec(base % key.p, key.dp, key.p)
        s_q = gmpy2.powmod_sec(base % key.q, key.dq, key.q)
        s = s_q + key.q * ((s_p - s_q) * key.q_inverse % key.p)
        s = s * gmpy2.invert(factor, key.n) % key.n
        assert gmpy2.powmod(s, key.e, key.n) == m
    return time.perf_counter() - begun


def through_site(key: credential.RegistrarKey, blinded: list[bytes]) -> float:
    """Measures the site's own function, in seconds."""
    begun = time.perf_counter()
    for value in blinded:
        sign_blindly(key, value, os.urandom)
    return time.perf_counter() - begun


def over_http(number: int) -> load.Result:
    """Measures activations on the real server, with as many connections as in a busy minute."""
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as name:
        data, port = Path(name) / "data", people.free_port()
        command = [people.python(), "-m", "undersigned.cli.app", "serve", "--data", str(data), "--port", str(port)]
        server = people.Process(command, port, {})
        letter = people.open_letter(server, (data / "keys" / "organiser-token").read_text().strip(), number)
        spki = b64.decode(manifest.parse(letter.manifest).registrars[0])
        modulus = credential.load_public(spki).public_numbers().n
        rid = roll.registrar_id(spki)
        bodies = [
            canonical.encode(
                {
                    "blinded": b64.encode((secrets.randbelow(modulus - 2) + 2).to_bytes(384, "big")),
                    "token": b64.encode(roll.place(code, rid).token),
                }
            )
            for code in letter.codes
        ]
        result = load.run(port, f"/{people.SLUG}/activate", bodies, 16)
        server.stop()
        return result


def main() -> int:
    """Runs it; exit status 1 if the site's function is below 0.9 of the bare loop, or anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=200)
    number = parser.parse_args().operations
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = rsa.generate_private_key(65537, credential.KEY_BITS)
    key = credential.load_private(made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    values = [secrets.randbelow(key.n - 2) + 2 for _ in range(number)]
    spelt = [value.to_bytes(384, "big") for value in values]
    # Alternating, best of three, because the machine is shared.
    seconds = [(bare(key, values), through_site(key, spelt)) for _ in range(3)]
    alone, site = number / min(s[0] for s in seconds), number / min(s[1] for s in seconds)
    http = over_http(number)
    cores = os.cpu_count() or 1
    whole = http.rate / alone / cores
    print(f"http     {http.rate:6.0f} /s on {cores} cores   ratio {whole:.2f} to the bare loop on all of them")
    print(f"         p99 {http.percentile(0.99):.0f} ms, errors {http.errors(200)}")
    ratio = site / alone
    reached = Outcome("blind signatures", f"{site:,.0f}/s per core", f"bare loop {alone:,.0f}/s", ratio, 0.9).say()
    return 0 if reached and not http.errors(200) else 1


if __name__ == "__main__":
    raise SystemExit(main())
