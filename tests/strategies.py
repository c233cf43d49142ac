"""What hypothesis draws from: values of the restricted JSON, valid bytes with something changed, and old tricks."""

from __future__ import annotations

import unicodedata
from typing import Any

from hypothesis import strategies as st

from undersigned.protocol.assigned import first_unassigned

nfc_text = st.text(st.characters(codec="utf-8"), max_size=20).map(
    lambda s: unicodedata.normalize("NFC", "".join(c for c in s if first_unassigned(c) is None))
)
integers = st.integers(-(2**53) + 1, 2**53 - 1)
ascii_keys = st.text(st.characters(max_codepoint=127), max_size=8)

restricted_json = st.recursive(
    st.none() | st.booleans() | integers | nfc_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_keys, inner, max_size=4),
    max_leaves=12,
)
"""Every value canonical JSON can say (nesting well below the limit)."""

loose_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
"""Any JSON, most of it not canonical."""

TRICKS = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"null",
    b"true",
    b"0",
    b"-0",
    b"1.0",
    b"1e3",
    b"1E400",
    b"-1e-400",
    b"NaN",
    b"Infinity",
    b"9007199254740992",
    b"18446744073709551616",
    b"9" * 5000,
    b'""',
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\xed\xa0\x80"',
    b'"e\xcc\x81"',
    b'"\\u0000"',
    b'"\\u0041"',
    b'"\\/"',
    b'"\x00"',
    b"[]",
    b"{}",
    b"[1,]",
    b'{"a":1,"a":1}',
    b'{"b":1,"a":1}',
    b'{"a": 1}',
    b'{"\xc3\xa9":1}',
    b"\n\n",
    b"\xe2\x80\x94 a b\n",
    b"[" * 100_000,
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b"[" * 9 + b"]" * 9,
    b'{"type":"manifest","v":1}',
    b'{"type":"sign"}',
    b'{"type":["sign"]}',
    b'{"type":null}',
    b"'; DROP TABLE letters; --",
    b"{{7*7}}",
    b"a" * 70_000,
)
"""Bytes that have broken parsers before."""

_SPLICES = (b'"', b"{", b"[", b"]", b"}", b",", b":", b"-", b"0", b"\x00", b"\n", b"\xcc\x81", b"\\", b"null", b"1e9")


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` with one to three things changed: a bit, a byte, a cut, a doubled part, something put in."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(changed) - 1, 0)))
        end = min(len(changed), place + draw(st.integers(1, 40)))
        match draw(st.integers(0, 5)):
            case 0 if changed:
                changed[place] ^= 1 << draw(st.integers(0, 7))
            case 1 if changed:
                changed[place] = draw(st.integers(0, 255))
            case 2:
                del changed[place:end]
            case 3:
                changed[place:place] = changed[place:end]
            case 4:
                changed[place:place] = draw(st.sampled_from(_SPLICES))
            case _:
                del changed[place:]
    return bytes(changed)


@st.composite
def one_byte_changed(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` with exactly one byte another."""
    place = draw(st.integers(0, len(data) - 1))
    return data[:place] + bytes([data[place] ^ draw(st.integers(1, 255))]) + data[place + 1 :]
