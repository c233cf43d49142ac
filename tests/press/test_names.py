"""Names as printed: order, direction, breaks."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.press.names import (
    Entry,
    Word,
    direction_of,
    entries_of,
    entry_words,
    own_direction,
    printable,
    words_of,
)
from undersigned.protocol.edition import parse

from .people import edition_from

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def _names(rows: list[str], lang: str) -> list[str]:
    edition = parse(edition_from([(name, "") for name in rows]))
    return [e.name for e in entries_of(edition, ["reserve", "retired"], lang, titles=True) if e.group == "reserve"]


def test_names_are_sorted_by_the_pages_language() -> None:
    """Swedish puts Å, Ä, Ö last; German sorts Ä with A."""
    rows = [f"{name} {n}" for n in range(8) for name in ("Zeta", "Ähle", "Adam")]
    swedish, german = _names(rows, "sv"), _names(rows, "de")
    assert [n.split()[0] for n in swedish] == sorted((n.split()[0] for n in swedish), key="Adam Zeta Ähle".index)
    assert [n.split()[0] for n in german] == sorted((n.split()[0] for n in german), key="Adam Ähle Zeta".index)


def test_groups_are_in_manifest_order() -> None:
    """All of one group, then all of the next."""
    edition = parse(edition_from([(f"Name {i}", "") for i in range(40)]))
    for order in (["reserve", "retired"], ["retired", "reserve"]):
        found = [e.group for e in entries_of(edition, order, "en", titles=True)]
        assert found == sorted(found, key=order.index)


@given(st.permutations([f"Name {i}" for i in range(6)] + ["Same", "Same"]))
def test_the_order_is_total(rows: list[str]) -> None:
    """Namesakes are sorted by key: the order never depends on how the edition was read."""
    edition = parse(edition_from([(name, "") for name in rows]))
    entries = entries_of(edition, ["reserve", "retired"], "en", titles=True)
    assert len({e.key for e in entries}) == len(rows)


@given(TEXT)
def test_removing_unprintable_characters_is_idempotent(text: str) -> None:
    """It is idempotent, and leaves no control, override or pile of marks."""
    once, what = printable(text)
    assert printable(once) == (once, "")
    assert not any(unicodedata.category(c) in ("Cc", "Co", "Cn") for c in once)
    assert not set(once) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    if what == "" and once != text:
        assert unicodedata.normalize("NFC", " ".join(text.split())) == once


@given(TEXT)
def test_splitting_into_words_loses_nothing(text: str) -> None:
    """The words, joined by their glue, are the text."""
    clean, _ = printable(text)
    words = words_of(clean)
    joined = "".join((" " if i and w.glue in (" ", "~") else "") + w.text for i, w in enumerate(words))
    assert joined == " ".join(part for part in clean.split(" ") if part)


def test_a_line_may_break_after_the_maqaf_and_not_within_a_rank() -> None:
    """Hebrew's maqaf gives a break; "Maj. (res.)" holds together."""
    assert [(w.text, w.glue) for w in words_of("בן־דוגמה")] == [("בן־", " "), ("דוגמה", "")]
    assert [(w.text, w.glue) for w in words_of("Maj. (res.)")] == [("Maj.", " "), ("(res.)", "~")]
    assert [w.glue for w in words_of("J. Sample")] == [" ", "~"]


@pytest.mark.parametrize(
    ("page", "name", "side"),
    [
        ("en", "Ada Sample", ""),
        ("en", "אבנר אלון", "rtl"),
        ("he", "Ada Sample", "ltr"),
        ("he", "אבנר אלון", ""),
        ("he", "אבנר (Avner) אלון", "rtl"),
        ("ar", "محمود الكاتب", ""),
    ],
)
def test_only_entries_of_another_direction_are_isolated(page: str, name: str, side: str) -> None:
    """An isolate is set where the direction differs, or where both directions meet in one name."""
    entry = Entry("k", "g", name, "", "")
    assert {w.side for w in entry_words(entry, 0, direction_of(page), ", ")} == {side}


def test_a_title_of_another_direction_has_its_own_isolate() -> None:
    """A Hebrew title after a Latin name does not pull the comma along."""
    words = entry_words(Entry("k", "g", "Ada Sample", "נווטת", ""), 0, "ltr", ", ")
    assert [(w.text, w.side) for w in words] == [("Ada", ""), ("Sample", ""), (",", ""), ("נווטת", "rtl")]


def test_the_direction_of_a_name_is_that_of_its_first_letter() -> None:
    """Digits and marks have none."""
    assert own_direction("123 אב") == "rtl"
    assert own_direction("123 ab") == "ltr"
    assert own_direction("123") is None
    assert isinstance(words_of("x")[0], Word)
