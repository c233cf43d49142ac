"""Shamir's secret sharing over GF(2^8), polynomial 0x11b (protocol.md section 5).

A share is y (as long as the secret) ‖ x (one byte, not zero). Wire-compatible with npm ``shamir-secret-sharing``.
Nothing here notices a wrong share: never combine shares that were not checked against their commitments.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache


def _tables() -> tuple[bytes, bytes]:
    exp, log = bytearray(510), bytearray(256)
    value = 1
    for i in range(255):
        exp[i] = exp[i + 255] = value
        log[value] = i
        # Times the generator 3 = x + 1, reduced by x^8 + x^4 + x^3 + x + 1.
        value ^= (value << 1) ^ (0x11B if value & 0x80 else 0)
        value &= 0xFF
    return bytes(exp), bytes(log)


_EXP, _LOG = _tables()


def _multiply(a: int, b: int) -> int:
    return _EXP[_LOG[a] + _LOG[b]] if a and b else 0


@lru_cache(maxsize=256)
def _times(weight: int) -> bytes:
    """What each byte becomes when multiplied by ``weight``: a table for ``bytes.translate``."""
    return bytes(_multiply(value, weight) for value in range(256))


def _divide(a: int, b: int) -> int:
    return _EXP[_LOG[a] + 255 - _LOG[b]] if a else 0


def split(secret: bytes, xs: Sequence[int], threshold: int, coefficients: bytes) -> list[bytes]:
    """One share for each x of ``xs``, any ``threshold`` of which give ``secret`` again.

    ``coefficients``: (threshold - 1) x len(secret) random bytes, the polynomials' upper coefficients, a row a power.
    Raises ValueError unless the xs are distinct bytes other than zero, enough for the threshold, and there is
    randomness of that length.
    """
    if not 2 <= threshold <= len(xs) or len(set(xs)) != len(xs) or not all(0 < x < 256 for x in xs):
        raise ValueError("shares need distinct x in 1..255 and 2 <= threshold <= shares")
    length = len(secret)
    if len(coefficients) != (threshold - 1) * length:
        raise ValueError("the random coefficients have a wrong length")
    rows = [secret, *(coefficients[i * length : (i + 1) * length] for i in range(threshold - 1))]
    shares = []
    for x in xs:
        y = bytearray(rows[-1])
        for row in reversed(rows[:-1]):
            for i in range(length):
                y[i] = _multiply(y[i], x) ^ row[i]
        shares.append(bytes(y) + bytes([x]))
    return shares


def value_at(shares: Sequence[bytes], x: int) -> bytes:
    """The value at ``x`` of the polynomials through ``shares``; at 0 it is the secret, elsewhere another share's y.

    Raises ValueError unless the shares are of one length and have distinct x other than zero.
    """
    points = [share[-1] for share in shares]
    if not points or 0 in points or len(set(points)) != len(points) or len({len(s) for s in shares}) != 1:
        raise ValueError("shares must be of one length, with distinct x other than zero")
    length = len(shares[0]) - 1
    result = 0
    for i, share in enumerate(shares):
        weight = 1
        for j, other in enumerate(points):
            if j != i:
                weight = _multiply(weight, _divide(x ^ other, points[i] ^ other))
        result ^= int.from_bytes(share[:-1].translate(_times(weight)), "big")
    return result.to_bytes(length, "big")


def combine(shares: Sequence[bytes]) -> bytes:
    """The secret behind ``shares``, if each is right and there are enough."""
    return value_at(shares, 0)
