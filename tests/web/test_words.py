"""Whoever signs is spoken to in one language, all the way."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from undersigned.web.reader import words as module
from undersigned.web.reader.words import form_words, sign_words, spoken, words

FOLDER = Path(module.__file__).parent
LANGUAGES = ["ar", "de", "en", "es", "fr", "he", "ru"]


def table(file: str) -> dict[str, dict[str, str]]:
    """A file of words, by language."""
    return tomllib.loads((FOLDER / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", ["form-words.toml", "sign-words.toml"])
def test_every_language_says_all_that_english_says_with_the_same_blanks(file: str) -> None:
    """No form, mail or signing page falls into English half-way, and none leaves a figure out."""
    tables = table(file)
    assert sorted(tables) == LANGUAGES
    for language, said in tables.items():
        # What counts may mean stands on the reader's pages.
        missing = {word for word in tables["en"] if word not in said and not word.startswith("count_m")}
        assert missing == set(), language
        assert set(said) <= set(tables["en"]), language
        for word, text in said.items():
            blanks = re.findall(r"\{\w+\}", tables["en"][word])
            assert sorted(re.findall(r"\{\w+\}", text)) == sorted(blanks), (language, word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_in_that_language_is_signed_in_it(language: str) -> None:
    """Pages, forms and mails alike; a regional version is served by its language."""
    assert sign_words(language)["language"] == form_words(f"{language}-XX")["language"] == language
    assert language in spoken()


def test_a_language_without_words_of_its_own_is_signed_in_english() -> None:
    """In English throughout, rather than in two languages at once."""
    assert sign_words("eo")["language"] == form_words("eo")["language"] == "en"


def test_hebrew_tells_a_group_of_people_from_an_update_and_sealed_from_signed() -> None:
    """One word each: the log is updated, names are locked; and Hebrew has quotation marks of its own."""
    said = words("he")
    assert not [key for key, text in said.items() if "\u201e" in text or "\u201c" in text]
    sealed = ("names_sealed", "names_opening", "names_later", "names_kept", "short_sealed", "sealing", "seal_promise")
    assert all("נעול" in said[key] or "ננעל" in said[key] for key in sealed)
    waiting = ("counted_wait", "counted_longest", "counted_newest", "say_edit_waiting", "chart_axis")
    assert not [key for key in waiting if "קבוצ" in said[key]]
