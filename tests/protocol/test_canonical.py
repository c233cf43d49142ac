"""One value, one spelling: RFC 8785 further restricted (protocol.md section 1)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from strategies import restricted_json
from undersigned.protocol import base64url, canonical
from undersigned.protocol.errors import MalformedError


@given(restricted_json)
def test_ours_is_rfc_8785(value: Any) -> None:
    """On everything the restricted form can say, the bytes are those of the reference implementation."""
    assert canonical.encode(value) == rfc8785.dumps(value)


@given(restricted_json)
def test_what_is_written_is_read_again(value: Any) -> None:
    """Reading canonical bytes gives the value they were written from."""
    assert canonical.decode(canonical.encode(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        [1.0],
        2**53,
        -(2**53),
        "e\u0301",
        "\ud800",
        {"é": 1},
        {1: 2},
        {"a": {"b": ["e\u0301"]}},
        [[[[[[[[1]]]]]]]],
        [b"bytes"],
    ],
)
def test_what_the_form_cannot_say_is_our_mistake(value: Any) -> None:
    """Writing a float, a huge number, a decomposed string, an odd key or a ninth level is a ValueError."""
    with pytest.raises(ValueError):
        canonical.encode(value)


def test_a_struct_with_a_decomposed_string_is_not_written() -> None:
    """A name that no reader could decode is refused where it is written, not years later where it is opened."""

    class Named(msgspec.Struct):
        name: str

    with pytest.raises(ValueError):
        canonical.encode(Named("e\u0301"))
    with pytest.raises(ValueError):
        canonical.encode([Named("e\u0301")])
    assert canonical.encode([Named("é")]) == '[{"name":"é"}]'.encode()


@pytest.mark.parametrize("depth", [8, 9])
def test_nesting_ends_at_eight(depth: int) -> None:
    """Eight levels are read, nine are not."""
    data = b"[" * (depth - 1) + b"1" + b"]" * (depth - 1)
    if depth == 8:
        canonical.decode(data)
    else:
        with pytest.raises(MalformedError, match="nested"):
            canonical.decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b"1.0",
        b"1.5",
        b"1e3",
        b"-0",
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        '"e\u0301"'.encode(),
        '{"é":1}'.encode(),
        b"9007199254740992",
        b"[1",
        b"\xff",
        b"[" * 60_000,
        b"[" * 900 + b"]" * 900,
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    """Only the canonical encoding is read."""
    with pytest.raises(MalformedError):
        canonical.decode(data)


def test_the_limit_is_64_kib_and_documents_may_be_longer() -> None:
    """65,536 bytes are read, one more is not; a document's own limit may be higher (ADR 0003)."""
    assert canonical.decode(b'"' + b"a" * (64 * 1024 - 2) + b'"')
    longer = b'"' + b"a" * (64 * 1024 - 1) + b'"'
    with pytest.raises(MalformedError, match="65537 bytes"):
        canonical.decode(longer)
    assert canonical.decode(longer, limit=canonical.MAX_DOCUMENT)


@pytest.mark.parametrize("before", ["\n", "\t", "\b", "\f", "\r", "\x0e", "\x1f", '"', "\\"])
def test_an_escape_composes_with_nothing(before: str) -> None:
    """An accent after a line break is in NFC, though in the JSON text it follows the letter n of the escape."""
    value = {"a": before + "\u0301"}
    data = canonical.encode(value)
    assert data == rfc8785.dumps(value)
    assert canonical.decode(data) == value
    with pytest.raises(MalformedError):
        canonical.decode(data[:-2] + 'e\u0301"}'.encode())


@given(st.binary(max_size=60))
def test_bytes_have_one_base64url_spelling(data: bytes) -> None:
    """Encoding and decoding are each other's inverse."""
    assert base64url.decode(base64url.encode(data)) == data


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "AAA=", "A A", "+A", "/A", "é", "AA\n", "AAAAA", "AB*="])
def test_other_base64_is_refused(text: str) -> None:
    """No padding, no spare bits, no other alphabet."""
    with pytest.raises(MalformedError):
        base64url.decode(text)


@given(st.text("AQgwBEIM-_+/= \n\u00e9", max_size=9), st.integers(0, 6))
def test_checking_refuses_what_decoding_refuses(text: str, length: int) -> None:
    """To look whether a text spells so many bytes is as strict as to decode it."""
    try:
        base64url.decode(text, length)
    except MalformedError:
        with pytest.raises(MalformedError):
            base64url.check(text, length)
    else:
        base64url.check(text, length)


@pytest.mark.parametrize("text", ["AA", "AB", "+A", "\u00e9A", "AAA", "AB=", ""])
def test_what_does_not_spell_one_byte_is_refused(text: str) -> None:
    """One spelling of one byte: two characters, the second with four spare bits at zero."""
    if text == "AA":
        base64url.check(text, 1)
    else:
        with pytest.raises(MalformedError):
            base64url.check(text, 1)


def test_a_length_is_kept() -> None:
    """Where 32 bytes belong, 31 are refused."""
    with pytest.raises(MalformedError, match="31 bytes where 32"):
        base64url.decode(base64url.encode(bytes(31)), 32)
