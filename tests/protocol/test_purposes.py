"""Bytes made for one purpose are never good for another (protocol.md section 1)."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from undersigned.protocol import keys, purposes
from undersigned.protocol.errors import SignatureError


def test_no_tag_is_the_beginning_of_another() -> None:
    """So no message under one tag can be read as one under another."""
    tags = [purposes.tag(p) for p in purposes.PURPOSES]  # type: ignore[arg-type]
    assert all(a == b or not a.startswith(b) for a in tags for b in tags)
    assert all(tag.startswith(b"undersigned/1/") and tag.endswith(b"\n") for tag in tags)


def test_digest_and_hkdf_are_what_the_page_says() -> None:
    """SHA-256 over tag and message; RFC 5869 with the tag as info, written out by hand."""
    assert purposes.digest("text", b"m") == hashlib.sha256(b"undersigned/1/text\nm").digest()
    extracted = hmac.digest(b"salt", b"secret", "sha256")
    first = hmac.digest(extracted, b"undersigned/1/roll-salt\n\x01", "sha256")
    second = hmac.digest(extracted, first + b"undersigned/1/roll-salt\n\x02", "sha256")
    assert purposes.hkdf(b"secret", b"salt", "roll-salt", 40) == (first + second)[:40]


def test_a_signature_for_one_purpose_is_none_for_another() -> None:
    """A withdrawal's signature does not sign a signature."""
    seed = bytes(range(32))
    signature = keys.sign("withdraw", seed, b"m")
    keys.verify("withdraw", keys.public_key(seed), signature, b"m")
    with pytest.raises(SignatureError):
        keys.verify("sign", keys.public_key(seed), signature, b"m")


@pytest.mark.parametrize(("key", "signature"), [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_wrong_lengths_are_refused(key: int, signature: int) -> None:
    """libsodium does not look at lengths; we do."""
    with pytest.raises(SignatureError, match="length"):
        keys.verify_raw(bytes(key), bytes(signature), b"m")
