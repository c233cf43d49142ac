"""The page's own phrases: plural forms in every language, and glyphs for every letter."""

from __future__ import annotations

import pytest

from undersigned.press.stack import stack_for
from undersigned.press.words import languages, words_for

COUNTED = ("signatories", "unnamed", "groupless", "more")


@pytest.mark.parametrize(
    ("lang", "number", "said"),
    [
        ("en", 1, "One person has signed this letter."),
        ("en", 1234, "1,234 people have signed this letter."),
        ("ru", 21, "Это письмо подписал 21 человек."),
        ("ru", 22, "Это письмо подписали 22 человека."),
        ("ru", 25, "Это письмо подписали 25 человек."),
        ("cs", 3, "Tento dopis podepsali 3 lidé."),
        ("cs", 5, "Tento dopis podepsalo 5 lidí."),
        ("ar", 5, "وقّع هذه الرسالة ٥ أشخاص."),
        ("ar", 11, "وقّع هذه الرسالة ١١ شخصًا."),
        ("ar", 100, "وقّع هذه الرسالة ١٠٠ شخص."),
        ("he", 2, "על מכתב זה חתמו שני אנשים."),
        ("de-CH", 2, "2 Personen haben diesen Brief unterschrieben."),
    ],
)
def test_nouns_have_the_plural_form_of_their_number(lang: str, number: int, said: str) -> None:
    """Russian counts in three ways, Arabic in six, each with its own digits and grouping."""
    assert words_for(lang).say("signatories", n=number) == said


@pytest.mark.parametrize("lang", languages())
def test_every_language_has_every_phrase(lang: str) -> None:
    """The same phrases everywhere; nothing of a pattern is left over; every face has its letters."""
    words, english = words_for(lang), words_for("en")
    assert words.phrases.keys() == english.phrases.keys()
    said = [words.say(key, n=n) for key in COUNTED for n in (1, 2, 3, 5, 11, 21, 40, 100, 1234)]
    said += [words.say("check"), words.say("edition", n=12), words.say("group", name="A", n=7)]
    assert not any(mark in text for text in said for mark in "{}#")
    # Raises MissingGlyphError if a letter or a grouping space is in no face.
    stack_for(lang, said, strict=True)


def test_a_groups_name_is_never_parsed_as_a_message_pattern() -> None:
    """Braces, hashes and apostrophes of a group's name appear as they were written."""
    assert words_for("en").say("group", name="{n} '#' {0}", n=2) == "{n} '#' {0} (2)"


def test_a_language_without_words_counts_in_english() -> None:
    """The English sentence with English digits, not a mixture."""
    assert words_for("ckb").say("signatories", n=1234) == "1,234 people have signed this letter."
