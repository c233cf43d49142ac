"""The message catalogs: seven languages, each complete and with its own plurals; nothing missing, nothing unused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import undersigned
from undersigned.languages.figures import say
from undersigned.web.reader.words import read_catalog, spoken, words

from .messages import PatternError, asked_by, categories, faults, parameters, plurals, read_pattern

LANGUAGES = ["en", "ar", "de", "es", "fr", "he", "ru"]
PACKAGE = Path(undersigned.__file__).parent
FRONTEND = PACKAGE.parents[1] / "frontend" / "pages"
PYTHON = [*PACKAGE.joinpath("web").rglob("*.py"), *PACKAGE.joinpath("protocol").glob("*.py")]
PAGES = [*PACKAGE.joinpath("web", "templates").rglob("*.*"), *FRONTEND.glob("*.html")]
OF_THE_BUILD = {"csp", "style", "script"}
"""What the build puts into the frontend's page in addition to messages."""
TEXTS = {"each", "until", "grace", "not_before", "domains", "language", "code", "host", "page", "link", "stop", "wait"}
"""Parameters that are text, whatever the language."""
FILLED_IN_THE_BROWSER = {"names_found", "names_first", "counted_yes", "counted_longest"}


def test_the_site_speaks_seven_languages() -> None:
    """English first; each by its own name, and a regional version by its language."""
    assert spoken() == LANGUAGES
    assert len({words(language)["language_name"] for language in LANGUAGES}) == len(LANGUAGES)
    for language in LANGUAGES:
        assert words(f"{language}-XX")["language"] == language


def test_a_language_without_a_catalog_gets_english_and_says_so() -> None:
    """A letter may exist in any language; its page's own sentences are then marked as English."""
    assert words("sw")["language"] == words("eo")["language"] == "en"
    assert words("sw")["direction"] == "ltr"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalog_is_complete_and_has_the_parameters_and_plurals_it_needs(language: str) -> None:
    """No page falls into English half-way, no figure is left out, and every number has its form."""
    assert faults(read_catalog("en"), language, read_catalog(language)) == []


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_catalogs_have_the_messages_in_one_order(language: str) -> None:
    """So that a translator reads two of them side by side."""
    assert list(read_catalog(language)) == list(read_catalog("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_can_be_filled_in_for_any_number(language: str) -> None:
    """0, 1, 2, a few, many: always a sentence, never a brace or a pattern's name."""
    for id_, message in read_catalog(language).items():
        for n in (0, 1, 2, 3, 5, 11, 21, 100, 1234, 100_000):
            text = say(message, language, dict.fromkeys(parameters(message), n))
            assert not re.search(r"[{}]", text), (id_, n, text)
            assert "plural" not in text, (id_, n, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_never_counted(language: str) -> None:
    """A date, an address or what the browser fills in chooses no plural."""
    for id_, message in read_catalog(language).items():
        counted = {plural.name for plural in plurals(message)}
        assert not counted & TEXTS, id_
        assert not (counted and id_ in FILLED_IN_THE_BROWSER), id_


def test_every_message_is_used_and_every_id_that_is_asked_for_exists() -> None:
    """Read from the code, the templates and the frontend's page."""
    english, asked = read_catalog("en"), asked_by(PYTHON, PAGES)
    assert [id_ for id_ in english if not asked.uses(id_)] == []
    assert asked.shown - {*english, "language", "direction", *OF_THE_BUILD} == set()
    subscripts = re.compile(r"""(?:\bsaid|words\(\w+\))\[f?"(\w+)"|\bsay\((?:said|words\(\w+\)), "(\w+)\"""")
    by_code = {one or other for file in PYTHON for one, other in subscripts.findall(file.read_text(encoding="utf-8"))}
    assert by_code - {*english, "language", "direction"} == set()
    assert len(by_code) > 50


def test_no_page_shows_a_message_with_unfilled_parameters() -> None:
    """A template shows only messages without parameters, save those that a script in the browser fills in."""
    shown = asked_by([], PAGES).shown & set(read_catalog("en"))
    assert {id_ for id_ in shown if parameters(read_catalog("en")[id_])} == FILLED_IN_THE_BROWSER


def test_what_is_wrong_with_a_catalog_is_found() -> None:
    """The control of the tests above: each fault, by itself."""
    english = {"a_b": "Two words", "count": "{n, plural, one{# name} other{# names}}", "found": "Found: {n}"}
    good = {"a_b": "كلمتان", "found": "وُجد: {n}"} | {
        "count": "{n, plural, =0{a} one{b} two{c} few{# d} many{# e} other{# f}}",
    }
    assert faults(english, "ar", good) == []
    assert faults(english, "ar", {**good, "a_b": "Two words"}) == ["a_b: still in English"]
    assert faults(english, "ar", {**good, "a_c": "x"}) == ["a_c: no such id; meant a_b?"]
    assert faults(english, "ar", {k: v for k, v in good.items() if k != "a_b"}) == ["a_b: not translated"]
    assert faults(english, "ar", {**good, "found": "وُجد: {m}"}) == ["found: parameters ['m'] instead of ['n']"]
    few = ["zero", "two", "few", "many"]
    assert faults(english, "ar", {**good, "count": english["count"]}) == [
        *(f"count: n lacks {word}" for word in few),
        "count: still in English",
    ]
    assert faults(english, "en", {**english, "count": good["count"]}) == [
        "count: n has two",
        "count: n has few",
        "count: n has many",
    ]
    assert faults(english, "en", {**english, "a_b": "Two  words"}) == ["a_b: stray spaces"]
    for wrong in ("it's", "{n", "n}", "{n, plural, one{#}}", "{n, plural, lots{#} other{#}}", "{n, number}"):
        with pytest.raises(PatternError):
            read_pattern(wrong)
    asked = asked_by(PYTHON, PAGES)
    assert asked.uses("step_roll")
    assert not asked.uses("step_stairs")
    assert not asked.uses("nobody_asks_for_this")


def test_plural_categories_are_those_of_the_language() -> None:
    """Taken from ICU, so that a new language needs no table here."""
    assert list(categories("ar")) == ["zero", "one", "two", "few", "many", "other"]
    assert set(categories("ru")) == {"one", "few", "many"}
    assert set(categories("he")) == {"one", "two", "other"}
    assert set(categories("de")) == {"one", "other"}


def test_russian_and_arabic_count_as_they_do() -> None:
    """Three forms and six, and the digits of each."""
    message = read_catalog("ar")["days"]
    assert [say(message, "ar", {"n": n}) for n in (1, 2, 3, 11, 100)] == [
        "يوم واحد", "يومان", "٣ أيام", "١١ يومًا", "١٠٠ يوم",
    ]  # fmt: skip
    message = read_catalog("ru")["days"]
    assert [say(message, "ru", {"n": n}) for n in (1, 2, 5, 11, 21, 22)] == [
        "1 день", "2 дня", "5 дней", "11 дней", "21 день", "22 дня",
    ]  # fmt: skip


def test_templates_have_no_sentences_of_their_own() -> None:
    """All text of a page is in the catalogs; between tags and in attributes that are read out are only ids."""
    files = {"openings", "bundle.zip", "integrity.json", "withdraw"}
    for file in PAGES:
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        read_out = re.findall(r'\b(?:aria-label|alt|title|data-\w*valid|data-found)="([^"]*[A-Za-z]{2}[^"]*)"', text)
        assert read_out == [], file.name
        if file.name != "attributes.html":
            assert set(re.findall(r"[A-Za-z][\w. ]+", re.sub(r"<[^>]*>", "\n", text))) <= files, file.name
