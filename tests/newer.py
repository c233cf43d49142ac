"""Characters newer than Unicode 14.0, and seals around names of them, as an altered signing client would make them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from undersigned.protocol import canonical, seal

NEWER = {
    "Unicode 15.0, a mark": "\U0001e08f",
    "Unicode 15.0, a letter": "\U00011f02",
    "Unicode 15.0, an emoji": "\U0001fae8",
    "Unicode 15.1, an ideograph": "\U0002ebf0",
    "Unicode 16.0, a letter": "\u1c89",
    "Unicode 16.0, a letter of Garay": "\U00010d4a",
    "Unicode 17.0, a mark": "\U00010efa",
    "Unicode 17.0, an ideograph": "\U000323b0",
    "nobody yet": "\U000e0fff",
    "a noncharacter": "\ufdd0",
}
REORDERED = "a\U0001e08f\u0323"
"""In NFC for software that does not know U+1E08F; newer software knows that it comes after the dot below."""


def payload_bytes(payload: seal.Payload, name: str) -> bytes:
    """``payload`` under a name that canonical JSON does not take: its bytes as they would be."""
    data = canonical.encode(payload)
    return data.replace(b'"name":"%b"' % payload.name.encode(), b'"name":"%b"' % name.encode())


def padded(payload: seal.Payload, name: str) -> bytes:
    """The same, padded as for sealing."""
    data = payload_bytes(payload, name)
    return data + b"\x80" + bytes(seal.PADDED - len(data) - 1)


@contextmanager
def sealing(name: str) -> Iterator[None]:
    """Within the block, every seal holds ``name``, unchecked."""
    with mock.patch.object(seal, "pad", lambda payload: padded(payload, name)):
        yield
