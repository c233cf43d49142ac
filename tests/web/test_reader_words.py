"""The reader's words: seven languages, all of them whole, each with its own plurals and digits."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from undersigned.web import reader
from undersigned.web.reader.said import number, say
from undersigned.web.reader.words import words

LANGUAGES = ("en", "he", "ar", "fr", "de", "es", "ru")
FOLDER = Path(reader.__file__).parent


def tables(file: str) -> dict[str, dict[str, str]]:
    """What a file of words says, by language."""
    return tomllib.loads((FOLDER / file).read_text(encoding="utf-8"))


def figures(pattern: str) -> set[str]:
    """The names of the figures a pattern takes."""
    return set(re.findall(r"(?<![\w=])\{(\w+)(?:\}|, plural)", pattern))


@pytest.mark.parametrize("file", ["words.toml", "reader-words.toml", "state-words.toml"])
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_each_language_says_everything_english_says(file: str, language: str) -> None:
    """With the same figures in it: none is left out, none is made up."""
    english, other = tables(file)["en"], words(language)
    for key, pattern in english.items():
        assert key in tables(file)[language], key
        assert figures(other[key]) == figures(pattern), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_pattern_can_be_filled_in_for_any_number(language: str) -> None:
    """0, 1, 2, a few, many: always a sentence, never a brace or a pattern's name."""
    said = words(language)
    for file in ("words.toml", "reader-words.toml", "state-words.toml"):
        for key, pattern in tables(file)["en"].items():
            assert "'" not in said[key], f"{key}: an apostrophe is ’ here"
            for n in (0, 1, 2, 3, 5, 11, 21, 100, 1234, 100_000):
                text = say(said, key, **dict.fromkeys(figures(pattern), n))
                assert not re.search(r"[{}#]", text), (key, n, text)


def test_russian_and_arabic_count_as_they_do() -> None:
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


def test_numbers_are_written_as_each_language_writes_them() -> None:
    """Grouping and digits."""
    assert [number(1234567, tag) for tag in ("en", "de", "ar")] == ["1,234,567", "1.234.567", "١٬٢٣٤٬٥٦٧"]


def test_a_language_without_words_gets_english_ones_and_says_so() -> None:
    """A letter may exist in any language; its page's own words are then marked as English."""
    assert words("sw")["language"] == "en"
    assert words("de-AT")["language"] == "de"
