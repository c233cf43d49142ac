"""Signing a public letter in a browser with JavaScript off: every step, by keyboard."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog

from undersigned.web.reader.words import words
from web.people import Letter
from web.server import Server, until

from .conftest import open_letter
from .visitor import Visitor, access_code

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def public(server: Server) -> Letter:
    """A letter whose names are public, with a roll."""
    return open_letter(server, public=True)


def tab_to(visitor: Visitor, selector: str) -> None:
    """As Visitor.tab_to, without JavaScript to ask for the focus: the browser's own focus ring shows it."""
    focused = visitor.page.locator(f"{selector}:focus")
    for _ in range(100):
        visitor.page.keyboard.press("Tab")
        if focused.count():
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


@pytest.mark.parametrize("language", ["en", "he"])
def test_without_script_one_signs_and_withdraws_by_keyboard(public: Letter, visit: Visit, language: str) -> None:
    """From the letter's page through every form to the code, and back out; a reload shows the code again."""
    person = public.people[0 if language == "en" else 1]
    before = public.get("count.json").json["count"]
    visitor = visit(language, script=False)
    page = visitor.open(public, f"{language}/")
    tab_to(visitor, 'a[href$="/sign"]')
    page.keyboard.press("Enter")
    page.locator("#code").wait_for()
    tab_to(visitor, "#code")
    page.keyboard.type(access_code(person))
    page.keyboard.press("Enter")
    page.locator("#as").wait_for()
    assert person.record.name in page.inner_text("main")
    assert page.locator("input:checked").count() == 0, "nothing is chosen beforehand"
    tab_to(visitor, '[name="as"]')
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator("#withdrawal").wait_for()
    code = page.inner_text("#withdrawal")
    page.reload()
    assert page.inner_text("#withdrawal") == code
    assert not page.locator("#key").is_visible(), "nobody has to wonder what a key is"
    (cookie,) = visitor.context.cookies()
    assert cookie["expires"] <= time.time() + 3600, "what a reload needs goes by itself"
    until(lambda: public.get("count.json").json["count"] == before + 1)

    visitor.open(public, f"{language}/")
    tab_to(visitor, 'a[href*="/withdraw"]')
    page.keyboard.press("Enter")
    tab_to(visitor, "#code")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.locator('[name="sure"]').wait_for(state="attached")
    tab_to(visitor, "button")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    until(lambda: public.get("count.json").json["count"] == before)


def test_with_script_leaving_the_withdrawal_code_asks(public: Letter, visit: Visit) -> None:
    """Reload and back ask, until the person says that the code is kept; a reload that was meant shows it again."""
    asked: list[str] = []
    visitor = visit("en")
    page = visitor.page

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    visitor.open(public, "form/en/sign")
    page.fill("#code", access_code(public.people[2]))
    page.click("main form button")
    page.check('[name="as"][value="initials"]')
    page.fill("#initials", "T. P.")
    page.click("main form button")
    page.locator('[data-part="keep-confirm"]').wait_for(state="visible")
    code = page.inner_text("#withdrawal")
    assert visitor.problems == []
    page.click("h1")
    page.evaluate("history.back()")
    page.locator('[data-part="keep-ask"]').wait_for(state="visible")
    assert page.inner_text("#withdrawal") == code
    page.click('[data-part="keep-stay"]')
    page.reload()
    assert asked == ["beforeunload"]
    page.locator('[data-part="keep-confirm"]').wait_for(state="visible")
    assert page.inner_text("#withdrawal") == code
    page.click('[data-part="keep-confirm"]')
    page.locator('[data-part="keep-noted"]').wait_for(state="visible")
    visitor.open(public, "en/")
    assert asked == ["beforeunload"]


def test_the_pages_of_a_sealed_letter_say_what_they_need_where_there_is_no_script(letter: Letter, visit: Visit) -> None:
    """They name the two ways that are left, and send nothing that is typed anywhere: the buttons are off."""
    visitor = visit(script=False)
    page = visitor.open(letter, "en/sign/", letter.l)
    assert "needs JavaScript" in page.inner_text("main")
    assert page.locator("noscript a[download]").count() == 1
    assert page.locator('[data-step="code"] button').is_disabled()
    page.fill("#code", access_code(letter.people[11]))
    page.keyboard.press("Enter")
    assert "S-" not in page.url


def test_the_check_in_the_page_marks_what_does_not_apply(public: Letter, visit: Visit) -> None:
    """A public letter has no trustees: that step is neither called true nor left open."""
    visitor = visit("en")
    page = visitor.open(public, "en/verify/")
    page.click('[data-part="site"]')
    visitor.step("report")
    assert page.locator("section").first.get_attribute("data-outcome") == "valid"
    skipped = page.locator('[data-outcome="inapplicable"]').evaluate_all("(all) => all.map((one) => one.dataset.check)")
    assert skipped == ["cosignatures", "editions"]
    assert words("en")["outcome_inapplicable"] in page.inner_text('[data-check="cosignatures"]')


@pytest.mark.parametrize("kind", ["counted", "verify"])
def test_without_script_no_form_is_shown_that_could_do_nothing(public: Letter, visit: Visit, kind: str) -> None:
    """The reason and another way are shown; with JavaScript the form is."""
    page = visit("en", script=False).open(public, f"en/{kind}/")
    page.locator("noscript .code").wait_for(state="visible")
    assert not page.locator("main form").first.is_visible()
    page = visit("en").open(public, f"en/{kind}/")
    page.locator("main form").first.wait_for(state="visible")
