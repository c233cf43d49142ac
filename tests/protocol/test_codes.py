"""Codes people read, type and say on the telephone (protocol.md section 1)."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.protocol import codes
from undersigned.protocol.errors import MalformedError


@given(st.binary(min_size=20, max_size=20), st.sampled_from(["S", "W"]))
def test_a_code_survives_being_shown_and_typed(entropy: bytes, kind: codes.Kind) -> None:
    """What is printed, typed in any case and spacing, with O for 0 and I or L for 1, is the same code."""
    code = codes.code_from(entropy)
    shown = codes.format_code(kind, code)
    sloppy = shown.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    for typed in (shown, sloppy, shown[2:], shown.replace("-", "\u2013"), f"  {shown}\n", shown.replace("1", "I")):
        assert codes.parse_code(kind, typed) == code


def test_every_character_is_equally_likely() -> None:
    """Five bits of each random byte choose a character: over all bytes each comes up the same number of times."""
    counts = Counter(codes.code_from(bytes([byte]) * 20).decode()[0] for byte in range(256))
    assert set(counts.values()) == {8}
    assert len(counts) == 32


@pytest.mark.parametrize(
    "typed", ["", "S-7QK4", "S-7QK4-M2ZD-9XHF-R3TB-5WNU", "7QK4M2ZD9XHFR3TB5WN", "S" * 40, "é" * 20]
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    """Too short, too long, or with a character that no code has (U)."""
    with pytest.raises(MalformedError, match="20 letters and digits"):
        codes.parse_code("S", typed)


def test_a_withdrawal_code_is_not_taken_for_an_access_code() -> None:
    """The kind letter says what a code is for, and the refusal says so too."""
    with pytest.raises(MalformedError, match="not an access code"):
        codes.parse_code("S", "W-7QK4-M2ZD-9XHF-R3TB-5WNE")
    with pytest.raises(MalformedError, match="not a withdrawal code"):
        codes.parse_code("W", "S-7QK4-M2ZD-9XHF-R3TB-5WNE")


def test_a_code_needs_twenty_random_bytes() -> None:
    """Less randomness is our mistake."""
    with pytest.raises(ValueError, match="20 random bytes"):
        codes.code_from(bytes(19))


def test_any_typo_is_another_code() -> None:
    """There is no checksum: a wrong code looks like one that never signed."""
    assert codes.parse_code("W", "W-7QK4-M2ZD-9XHF-R3TB-5WNF") != codes.parse_code("W", "W-7QK4-M2ZD-9XHF-R3TB-5WNE")
