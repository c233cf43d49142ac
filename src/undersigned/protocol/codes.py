"""Codes shown to people: access codes ``S-...`` and withdrawal codes ``W-...`` (protocol.md section 1).

Twenty characters of Crockford's base32 (100 bits) in groups of four. There is no checksum on purpose: a wrong
withdrawal code must look like "never signed", also to a person who holds the phone.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from .errors import MalformedError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 20
Kind = Literal["S", "W"]

_FOLD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BODY: Final = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")
# Hyphens and spaces as people's devices write them: soft keyboards like to turn "-" into a dash.
_SEPARATORS: Final = re.compile(r"[\s\-\u00ad\u2010-\u2015\u2212\u200e\u200f\u2066-\u2069]+")


def code_from(entropy: bytes) -> bytes:
    """Generates a code from 20 random bytes: 20 ASCII characters, five bits of each byte.

    Raises ValueError for another number of bytes.
    """
    if len(entropy) != LENGTH:
        raise ValueError(f"a code needs {LENGTH} random bytes, not {len(entropy)}")
    return "".join(ALPHABET[byte & 31] for byte in entropy).encode("ascii")


def format_code(kind: Kind, code: bytes) -> str:
    """``S-7QK4-M2ZD-9XHF-R3TB-5WNE``: how a person sees the 20 characters of ``code``."""
    text = code.decode("ascii")
    return "-".join([kind, *(text[i : i + 4] for i in range(0, LENGTH, 4))])


def parse_code(kind: Kind, text: str) -> bytes:
    """Parses and normalises a code as a person types it: its 20 ASCII characters.

    Case, spaces, hyphens and the letters O, I and L are forgiven, and the kind letter may be left out.
    Raises MalformedError for anything else, and when the code is of the other kind.
    """
    typed = _SEPARATORS.sub("", text).upper()
    if len(typed) == LENGTH + 1:
        if typed[0] != kind:
            raise MalformedError("this is not an access code" if kind == "S" else "this is not a withdrawal code")
        typed = typed[1:]
    body = typed.translate(_FOLD)
    if not _BODY.fullmatch(body):
        raise MalformedError(f"a code has {LENGTH} letters and digits in groups of four")
    return body.encode("ascii")
