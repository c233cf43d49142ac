"""What a name may consist of, when it comes in and when it is opened (protocol.md section 5, ADR 0006)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.protocol import text
from undersigned.protocol.errors import MalformedError

GOOD = [
    "Ada Testwell",
    "Émile O'Sample-Ngọc",
    "דָּנָה כֹּהֵן",
    "أمل الحسن",
    "Ирина Пробная",
    "山田 太郎",
    "प्रिया शर्मा",
    "علی\u200cرضا",
    "M. van der Proef III",
    "Nguyễn Thị Ánh",
    "J\u00a0K",
    "X" * 120,
]
NEVER = ["a\u202eb", "a\u200bb", "a\x00b", "a\nb", "\ufeffa", "a\u2066b", "a\u00adb", "\ue000", "a\U000e0041", "\uffff"]
SPACES = [" a", "a ", "a  b"]


@pytest.mark.parametrize("name", GOOD)
def test_names_of_the_world_are_taken(name: str) -> None:
    """Latin, Hebrew with vowel points, Arabic, Cyrillic, Han, Devanagari, Persian with its joiner."""
    text.check_name(name)
    text.check_sealed(name)


@pytest.mark.parametrize("name", [*NEVER, *SPACES, "X" * 121])
def test_what_could_deceive_is_refused_everywhere(name: str) -> None:
    """Overrides, invisible characters, controls, stray spaces, and too much: neither taken in nor opened."""
    for check in (text.check_name, text.check_sealed):
        with pytest.raises(MalformedError):
            check(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "no letter"),
        ("12345", "no letter"),
        ("e\u0301", "normal form"),
        ("a" + "\u0316" * 5, "piles up"),
        ("a\u2003b", "unusual space"),
        ("a\u0378", "does not know"),
        ("\u0600a", "format"),
    ],
)
def test_intake_refuses_more_than_opening(name: str, why: str) -> None:
    """While the person can still fix it, a refusal helps; an opened name is judged by fixed code points alone."""
    with pytest.raises(MalformedError, match=why):
        text.check_name(name)
    text.check_sealed(name)


@pytest.mark.parametrize("initials", ["P. Q.", "A-B", "ד.כ.", "ד״כ", "Ç. Ö.", "क. ख्", "X" * 12])
def test_initials(initials: str) -> None:
    """Letters of any script, spaces, full stops and hyphens, twelve at most."""
    text.check_initials(initials)
    text.check_sealed_initials(initials)


@pytest.mark.parametrize("initials", ["", "X" * 13, "A1", "A_B", "A@B", "(A)", "A/B", "A\u200bB"])
def test_what_are_no_initials(initials: str) -> None:
    """Digits, marks and hidden characters are not."""
    with pytest.raises(MalformedError):
        text.check_initials(initials)
    with pytest.raises(MalformedError):
        text.check_sealed_initials(initials)


@given(st.text(max_size=130))
def test_whatever_comes_in_can_be_opened(name: str) -> None:
    """A name that intake takes is never void for its text when it is opened."""
    try:
        text.check_name(name)
    except MalformedError:
        return
    text.check_sealed(name)


@pytest.mark.parametrize("initials", ["A\U0001f600", "A\u00d7B", "\u0663\u0664A", "A\u2014B", "A\u20acB"])
def test_signs_that_any_verifier_takes_are_refused_at_intake(initials: str) -> None:
    """A face, a sign, a digit of any script: forms refuse these, though an opened seal may hold them."""
    with pytest.raises(MalformedError):
        text.check_initials(initials)
    text.check_sealed_initials(initials)


@pytest.mark.parametrize("mark", "\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff")
def test_what_pasting_brings_along_is_dropped_and_is_what_names_may_not_hold(mark: str) -> None:
    """In any position; characters that decide spelling stay; characters that reorder text are not dropped silently."""
    assert text.has_invisible(f"A{mark}B")
    assert text.drop_pasted(f"{mark}A{mark}B{mark}") == "AB"
    assert text.drop_pasted("می\u200cخواهم") == "می\u200cخواهم"
    assert text.has_invisible(text.drop_pasted("A\u202eb"))
    assert not text.has_invisible("می\u200cخواهم")
