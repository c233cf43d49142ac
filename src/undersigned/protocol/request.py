"""Requests only a trustee may make: the ``Authorization`` header of protocol.md section 8.

``Undersigned trustee=<j> time=<unix> signature=<...>``: Ed25519 over letter_id ‖ byte(j) ‖ time ‖ path, where time is
8 bytes big endian and path is the request's path and query, UTF-8. Good for five minutes either way.
"""

from __future__ import annotations

import re
from typing import Final

from . import base64url, findings, keys
from .errors import ConditionError, MalformedError
from .manifest import Manifest

GRACE: Final = 300
"""Seconds by which the requester's clock may differ."""
_HEADER: Final = re.compile(r"Undersigned trustee=([1-9]) time=([0-9]{1,12}) signature=([A-Za-z0-9_-]{86})")


def _message(letter: bytes, trustee: int, time: int, path: str) -> bytes:
    return letter + bytes([trustee]) + time.to_bytes(8, "big") + path.encode("utf-8")


def authorize(letter: bytes, trustee: int, time: int, path: str, seed: bytes) -> str:
    """The header's value for trustee ``trustee`` (from 1), at ``time`` in Unix seconds."""
    signature = keys.sign("request", seed, _message(letter, trustee, time, path))
    return f"Undersigned trustee={trustee} time={time} signature={base64url.encode(signature)}"


def verify(header: str, manifest: Manifest, letter: bytes, path: str, now: int) -> int:
    """The trustee who makes a request.

    Raises MalformedError, ConditionError (too old or from the future), SignatureError.
    """
    match = _HEADER.fullmatch(header)
    if not match:
        raise MalformedError("the Authorization header is not of the form")
    trustee, time = int(match[1]), int(match[2])
    if trustee > len(manifest.trustees):
        raise MalformedError(findings.trustee_unknown())
    if abs(now - time) > GRACE:
        raise ConditionError("the request is more than five minutes old, or from the future")
    key = base64url.decode(manifest.trustees[trustee - 1].sign)
    try:
        message = _message(letter, trustee, time, path)
    except UnicodeEncodeError as error:
        raise MalformedError("the path is not UTF-8") from error
    keys.verify("request", key, base64url.decode(match[3], 64), message)
    return trustee
