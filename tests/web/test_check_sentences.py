"""Pages say how signatories were checked, and no more: neither without signatories nor with a weaker check."""

from __future__ import annotations

import html
from typing import Any

import pytest

from undersigned.protocol.spec import INAPPLICABLE
from undersigned.protocol.verify import verify_bundle
from undersigned.web.reader.messages import say
from undersigned.web.reader.words import words

from .conftest import Site
from .people import Letter
from .test_forms import filled_in
from .test_life import bundle_of

EACH = ("count_each_roll", "count_each_codes", "count_each_mail")


def said_on(letter: Letter, path: str, language: str) -> set[str]:
    """Which of the three sentences a page has."""
    text = html.unescape(letter.get(path).body.decode())
    found = {key: say(words(language), key, size=letter.manifest.eligibility.size or 0) for key in EACH}
    return {key for key, sentence in found.items() if sentence in text}


@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.parametrize("check", ["codes", "roll"])
def test_a_page_says_what_was_checked_and_nothing_about_no_signatures(site: Site, check: str, language: str) -> None:
    """The letter's page and the press's: a roll makes people different, codes only make codes different."""
    letter = site.letter(public=True, check=check, size=2)
    pages = (f"{language}/", f"press/{language}.html")
    site.rounds()
    assert [said_on(letter, page, language) for page in pages] == [set(), set()]
    filled_in(letter)
    site.clock.now += 60
    site.rounds()
    assert [said_on(letter, page, language) for page in pages] == [{f"count_each_{check}"}] * 2
    assert "different person" not in letter.get("en/").body.decode() or check == "roll"


@pytest.mark.parametrize("language", ["en", "he"])
def test_without_script_a_page_says_why_it_needs_it_and_another_way(site: Site, language: str) -> None:
    """Looking and checking seal no name: they say their own reason, a command, and of a public letter the list."""
    for how in ({"public": True, "check": "codes", "size": 1}, {}):
        letter: Any = site.letter(**how)
        for kind in ("counted", "verify"):
            text = html.unescape(letter.get(f"{language}/{kind}/").body.decode())
            said = words(language)
            assert said[f"{kind}_noscript"] in text
            assert said["seal_noscript"] not in text
            assert f"undersigned {kind} '{letter.manifest.origin}" in text.replace("http://", "").replace(
                "https://", ""
            )
            assert '<noscript><link rel="stylesheet" href="/static/noscript.css">' in text
            assert (f"names/signatories-{language}.html" in text) == (bool(how) and kind == "counted")


def test_no_page_says_that_a_public_name_waits_for_publication(site: Site) -> None:
    """It is public from the moment of signing: no page of its letter says "before publication"."""
    letter = site.letter(public=True, check="codes", size=1)
    signed = html.unescape(filled_in(letter).text)
    page = html.unescape(letter.get("en/").body.decode())
    for text in (signed, page):
        assert "before publication" not in text
    assert words("en")["signed_public_text"] in signed
    assert words("en")["withdraw_public"] in page
    assert "before publication" in html.unescape(site.letter().get("en/").body.decode()), "the control"


def test_a_step_with_nothing_to_check_is_inapplicable(site: Site) -> None:
    """A public letter with codes has no roll, no trustees and no edition yet: valid, and shown as nothing shown."""
    letter = site.letter(public=True, check="codes", size=1)
    filled_in(letter)
    site.clock.now += 60
    site.rounds()
    report = verify_bundle(bundle_of(letter))
    assert report.outcome == "valid"
    assert [step.name for step in report.steps if not step.applies] == ["roll", "cosignatures", "editions"]
    assert {found.id for step in report.steps if not step.applies for found in step.findings} == INAPPLICABLE
