"""Rules about single sentences: words that must not be mixed up, and figures as each language writes them."""

from __future__ import annotations

import pytest

from undersigned.web.reader.messages import number, say
from undersigned.web.reader.words import spoken, words


def test_hebrew_tells_a_group_of_people_from_an_update_and_sealed_from_signed() -> None:
    """One word each: the log is updated, names are locked; and Hebrew has quotation marks of its own."""
    said = words("he")
    assert not [key for key, text in said.items() if "\u201e" in text or "\u201c" in text]
    sealed = ("names_sealed", "names_opening", "names_later", "names_kept", "short_sealed", "sealing", "seal_promise")
    assert all("נעול" in said[key] or "ננעל" in said[key] for key in sealed)
    waiting = ("counted_wait", "counted_longest", "counted_newest", "say_edit_waiting", "chart_axis")
    assert not [key for key in waiting if "קבוצ" in said[key]]


def test_russian_and_arabic_sentences_count_as_they_do() -> None:
    """Three forms and six, and the digits of each."""
    russian, arabic = words("ru"), words("ar")
    said = [say(russian, "feed_count", count=n) for n in (1, 2, 5, 11, 21, 22)]
    assert [text.removeprefix("Письмо ") for text in said] == [
        "поддерживает 1 человек", "поддерживают 2 человека", "поддерживают 5 человек", "поддерживают 11 человек",
        "поддерживает 21 человек", "поддерживают 22 человека",
    ]  # fmt: skip
    assert [say(arabic, "changes_joined", n=n) for n in (0, 1, 2, 3, 11, 100)] == [
        "لم ينضم أحد", "انضم شخص واحد", "انضم شخصان", "انضم ٣ أشخاص", "انضم ١١ شخصًا", "انضم ١٠٠ شخص",
    ]  # fmt: skip


@pytest.mark.parametrize("language", spoken())
def test_what_the_count_means_fits_the_line_of_the_drawing(language: str) -> None:
    """The drawing for other sites (``embed.svg``) sets it in one line, 424 pixels wide, at about 14 pixels a letter."""
    for n in (1, 2, 3, 5, 11, 21, 100, 1000):
        assert len(say(words(language), "count_means", count=n)) <= 29, n


def test_numbers_are_written_as_each_language_writes_them() -> None:
    """Grouping and digits."""
    assert [number(1234567, tag) for tag in ("en", "de", "ar")] == ["1,234,567", "1.234.567", "١٬٢٣٤٬٥٦٧"]
