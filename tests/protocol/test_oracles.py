"""Independent test vectors: RFCs, Wycheproof, speccheck, and the vectors of pyca/cryptography.

Those outside the project are found through UNDERSIGNED_VECTORS, or in ``../shared/vectors`` next to the checkout;
without them these tests are skipped, and say so.
"""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from undersigned.protocol import credential, keys, seal
from undersigned.protocol.errors import CredentialError, SignatureError

XWING = 0x647A


def outside(name: str) -> Any:
    """A file of the outside vectors."""
    folder = Path(os.environ.get("UNDERSIGNED_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors")
    if not (folder / name).exists():
        pytest.skip(f"OUTSIDE VECTORS MISSING: {folder / name}; set UNDERSIGNED_VECTORS")
    return json.loads((folder / name).read_text(encoding="utf-8"))


def number(text: str) -> int:
    return int(text, 16)


@pytest.mark.vectors
@pytest.mark.parametrize("variant", range(4))
def test_rfc_9474(variant: int) -> None:
    """Prepare, blind, blind-sign, finalise and verify give the bytes of the RFC's appendix, for its four variants."""
    case = outside("rfc9474.json")[variant]
    p, q, n, e, d = (number(case[name]) for name in "pqned")
    public = rsa.RSAPublicNumbers(e, n).public_key()
    private = credential.RegistrarKey(n=n, e=e, p=p, q=q, dp=d % (p - 1), dq=d % (q - 1), q_inverse=pow(q, -1, p))
    message, prepared = bytes.fromhex(case["msg"]), bytes.fromhex(case["input_msg"])
    if number(case["is_randomized"]):
        assert credential.prepare(message, bytes.fromhex(case["msg_prefix"])) == prepared
    factor = pow(number(case["inv"]), -1, n)
    salt = bytes.fromhex(case["salt"])
    blinding = credential.blind(public, prepared, salt=salt, factor=factor)
    assert blinding.blinded.hex() == case["blinded_msg"]
    assert blinding.inverse == number(case["inv"])
    said = credential.blind_sign(private, blinding.blinded, factor=12345)
    assert said.hex() == case["blind_sig"]
    if len(salt) == credential.SALT_LENGTH:
        assert credential.finalise(public, blinding, said).hex() == case["sig"]
        credential.verify_prepared(public, bytes.fromhex(case["sig"]), prepared)
    else:
        # The PSSZERO variants are not ours: a signature with an empty salt is refused.
        with pytest.raises(CredentialError):
            credential.finalise(public, blinding, said)


def accepted(key: str, signature: str, message: str) -> bool:
    try:
        keys.verify_raw(bytes.fromhex(key), bytes.fromhex(signature), bytes.fromhex(message))
    except SignatureError:
        return False
    return True


@pytest.mark.vectors
def test_wycheproof_ed25519() -> None:
    """All its cases, one way or the other."""
    seen = 0
    for group in outside("wycheproof_ed25519.json")["testGroups"]:
        for case in group["tests"]:
            found = accepted(group["publicKey"]["pk"], case["sig"], case["msg"])
            assert found == (case["result"] == "valid"), case
            seen += 1
    assert seen >= 150


@pytest.mark.vectors
def test_ed25519_speccheck() -> None:
    """libsodium's rule: of the crafted signatures on which verifiers differ, only number 3 is taken."""
    cases = outside("ed25519_speccheck.json")
    taken = [i for i, c in enumerate(cases) if accepted(c["pub_key"], c["signature"], c["message"])]
    assert taken == [3]


def hpke_vectors(name: str) -> list[dict[str, Any]]:
    source = files("cryptography_vectors").joinpath("HPKE", name)
    found: list[dict[str, Any]] = json.loads(source.read_text(encoding="utf-8"))
    return found


PQ = [v for v in hpke_vectors("hpke-pq-test-vectors.json") if v["kem_id"] == XWING and v["mode"] == 0]
KDFS = {1: KDF.HKDF_SHA256, 17: KDF.SHAKE256} if hasattr(KDF, "SHAKE256") else {1: KDF.HKDF_SHA256}
AEADS = {1: AEAD.AES_128_GCM, 2: AEAD.AES_256_GCM, 3: AEAD.CHACHA20_POLY1305}


def test_x_wing_keys_are_those_of_the_hpke_pq_vectors() -> None:
    """From a 32-byte seed to the public key, by our expansion."""
    assert PQ
    for case in PQ:
        assert seal.seal_public_key(bytes.fromhex(case["skRm"])).hex() == case["pkRm"]


def test_what_the_hpke_pq_vectors_sealed_opens_with_our_keys() -> None:
    """HPKE with KEM 0x647a: the first message of each vector, with its associated data."""
    opened = 0
    for case in PQ:
        if case["kdf_id"] not in KDFS:
            continue
        suite = Suite(KEM.MLKEM768_X25519, KDFS[case["kdf_id"]], AEADS[case["aead_id"]])
        private = seal.seal_key(bytes.fromhex(case["skRm"]))
        first = case["encryptions"][0]
        # pyca offers no associated data in public; the vectors have some.
        text = openssl.hpke._decrypt_with_aad(
            suite,
            bytes.fromhex(case["enc"] + first["ct"]),
            private,
            bytes.fromhex(case["info"]),
            bytes.fromhex(first["aad"]),
        )
        assert text.hex() == first["pt"]
        opened += 1
    assert opened


def test_hpke_vectors_of_rfc_9180() -> None:
    """The library under ours, on the RFC's own suite nearest to it: X25519, HKDF-SHA256, AES-256-GCM."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    cases = [
        v
        for v in hpke_vectors("test-vectors.json")
        if (v["mode"], v["kem_id"], v["kdf_id"], v["aead_id"]) == (0, 32, 1, 2)
    ]
    assert cases
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    for case in cases:
        first = case["encryptions"][0]
        private = X25519PrivateKey.from_private_bytes(bytes.fromhex(case["skRm"]))
        sealed = bytes.fromhex(case["enc"] + first["ct"])
        info, aad = bytes.fromhex(case["info"]), bytes.fromhex(first["aad"])
        assert openssl.hpke._decrypt_with_aad(suite, sealed, private, info, aad).hex() == first["pt"]
