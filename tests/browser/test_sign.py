"""Signing on a phone, from the letter's page to a withdrawal code on paper, and withdrawing again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Route

from undersigned.protocol import base64url, entries
from undersigned.web.reader.words import words
from web import people
from web.people import Letter
from web.server import Server, until

from .conftest import open_letter
from .visitor import NOTHING, Visitor, access_code

Visit = Callable[..., Visitor]
BUDGET = 100_000
"""Bytes of everything the signing page loads, as they go over the wire."""


@pytest.mark.parametrize("language", ["en", "he"])
def test_by_typed_code_and_keyboard_alone_from_the_letter_to_the_withdrawal_code(
    letter: Letter, visit: Visit, language: str
) -> None:
    """No pointer is needed at any step; the page speaks the reader's language; the title names nothing."""
    person = letter.people[0 if language == "en" else 1]
    visitor = visit(language)
    page = visitor.open(letter, "", letter.l)
    assert page.locator("html").get_attribute("lang") == language
    visitor.tab_to('a[href*="/sign/"]')
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{language}/sign/#{letter.l}")
    assert letter.manifest.title[language] not in page.title()
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "he" else "ltr")
    visitor.tab_to("#code")
    page.keyboard.type(access_code(person).lower().replace("-", " "))
    page.keyboard.press("Enter")
    visitor.step("choice")
    assert person.record.name in page.locator('[data-step="choice"] h2').inner_text()
    assert page.locator("input:checked").count() == 0, "nothing is chosen beforehand"
    visitor.tab_to('[name="as"]')
    page.keyboard.press("ArrowDown")
    assert page.is_checked('[value="initials"]')
    visitor.tab_to("#initials")
    page.keyboard.type("T. P.")
    visitor.tab_to('[data-step="choice"] button')
    page.keyboard.press("Enter")
    visitor.step("done")
    assert visitor.withdrawal_code().startswith("W-")
    assert page.evaluate("document.activeElement.closest('[data-step]').dataset.step") == "done"
    visitor.tab_to('[data-part="save"]')
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    text = Path(saved.value.path()).read_text(encoding="utf-8")
    assert saved.value.suggested_filename == "code.txt"
    assert visitor.withdrawal_code() in text
    assert f"/{letter.slug}/{language}/withdraw/" in text


def test_a_slips_link_goes_to_the_signing_page_with_the_code_and_out_of_the_history(
    letter: Letter, visit: Visit
) -> None:
    """The camera opens the letter's address; the code is filled in, is never sent as an address, and does not stay."""
    person = letter.people[2]
    visitor = visit()
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url + (request.post_data or "")))
    page = visitor.open(letter, "", f"{letter.l}.{access_code(person)}")
    page.wait_for_url("**/en/sign/*")
    assert page.url.endswith(f"/en/sign/#{letter.l}")
    assert page.input_value("#code") == access_code(person)
    page.click('[data-step="code"] button')
    visitor.step("choice")
    page.check('[name="as"][value="name"]')
    page.click('[data-step="choice"] button')
    visitor.step("done")
    assert not any(access_code(person) in line for line in asked)
    # The slip's own address is in no history: there is nothing before this page but the empty tab.
    page.click('[data-part="keep-confirm"]')
    page.wait_for_function("history.state === 'below'")
    page.go_back()
    assert page.url == "about:blank"


def test_an_invitation_without_a_code_stays_on_the_letter_and_goes_along_with_its_links(
    letter: Letter, visit: Visit
) -> None:
    """What the invitation says of the letter's id reaches the signing page, without any server's having seen it."""
    page = visit().open(letter, "en/", letter.l)
    assert page.url.endswith(f"/en/#{letter.l}")
    for kind in ("sign", "withdraw", "counted", "edit", "verify"):
        assert page.locator(f'a[href$="/{letter.slug}/en/{kind}/#{letter.l}"]').count() == 1, kind
    assert page.locator(f'a[hreflang="he"][href$="#{letter.l}"]').count() == 1


def test_once_the_code_is_kept_the_device_keeps_nothing_and_going_back_shows_nothing(
    letter: Letter, visit: Visit
) -> None:
    """By Chromium's own count: no cookie, no storage of any kind; reload and the back button give an empty form."""
    visitor = visit()
    code = visitor.sign(letter, letter.people[3])
    page = visitor.page
    # Control: until then this tab has what a reload needs, and no other place has it.
    kept = visitor.kept()
    assert len(kept["session"]) == 1
    assert {**kept, "session": []} == NOTHING
    page.reload()
    visitor.step("done")
    assert visitor.withdrawal_code() == code
    page.click('[data-part="keep-confirm"]')
    page.wait_for_function("history.state === 'below'")
    assert visitor.kept() == NOTHING
    assert page.locator('[data-part="keep-tabs"]').is_hidden()
    assert page.locator("a[target]").count() == 0, "links are links again"
    page.reload()
    assert visitor.withdrawal_code() == ""
    visitor.step("code")
    page.goto("about:blank")
    page.go_back()
    visitor.step("code")
    assert visitor.withdrawal_code() == ""
    assert code not in page.content()
    assert letter.people[3].record.name not in page.content()
    assert page.input_value("#code") == ""


def test_looking_at_what_a_code_stands_for_uses_nothing_up(letter: Letter, visit: Visit) -> None:
    """Until the last button the tab keeps nothing and the code is good anywhere: here in another browser."""
    visitor = visit()
    page = visitor.open(letter, "en/sign/", letter.l)
    page.fill("#code", access_code(letter.people[4]))
    page.click('[data-step="code"] button')
    visitor.step("choice")
    assert visitor.kept() == NOTHING
    page.close()
    assert visit().sign(letter, letter.people[4]).startswith("W-")


@pytest.mark.parametrize("after", ["press", "reload"])
def test_an_answer_that_is_lost_loses_nobody_their_code(server: Server, visit: Visit, after: str) -> None:
    """The log has it but the answer was lost: the same bytes go again, the receipt comes, one more is counted."""
    letter = open_letter(server)
    visitor = visit()
    visitor.expected = "ERR_FAILED"
    page = visitor.open(letter, "en/sign/", letter.l)
    page.fill("#code", access_code(letter.people[0]))
    page.keyboard.press("Enter")
    visitor.step("choice")
    page.check('[name="as"][value="name"]')
    sent: list[tuple[str | None, int]] = []

    def lose(route: Route) -> None:
        answer = route.fetch()
        sent.append((route.request.post_data, answer.status))
        route.abort()

    page.route("**/entries", lose)
    page.click('[data-step="choice"] button')
    page.locator('[data-part="error"]').wait_for(state="visible")
    visitor.step("resume")
    assert words("en")["resume_unreachable"] in page.inner_text('[data-part="error"]')
    code = page.inner_text('[data-part="resume-code"]')
    assert visitor.withdrawal_code() == ""
    page.unroute("**/entries")
    page.on("request", lambda asked: sent.append((asked.post_data, 0)) if asked.url.endswith("/entries") else None)
    if after == "press":
        page.click('[data-step="resume"] button')
    else:
        page.reload()
    visitor.step("done")
    assert visitor.withdrawal_code() == code
    assert code.startswith("W-")
    assert sent[0][1] == 201
    assert len({body for body, _ in sent}) == 1
    until(lambda: letter.get("count.json").json["count"] == 1)
    assert page.locator('[data-part="by"]').get_attribute("datetime")
    page.click('[data-part="keep-confirm"]')
    assert visitor.kept() == NOTHING


def test_leaving_while_sending_asks(server: Server, visit: Visit) -> None:
    """A reload in the middle is asked about; gone through with, it takes up where it was."""
    letter = open_letter(server)
    visitor = visit()
    visitor.expected = "ERR_"
    page = visitor.open(letter, "en/sign/", letter.l)
    page.fill("#code", access_code(letter.people[0]))
    page.keyboard.press("Enter")
    visitor.step("choice")
    page.check('[name="as"][value="anonymous"]')
    held: list[Route] = []

    def hold(route: Route) -> None:
        assert route.fetch().status == 201
        held.append(route)

    page.route("**/entries", hold)
    with page.expect_request("**/entries"):
        page.click('[data-step="choice"] button')

    def is_held() -> bool:
        page.wait_for_timeout(50)
        return bool(held)

    until(is_held)
    asked: list[str] = []

    def go(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", go)
    page.unroute("**/entries")
    page.reload()
    assert asked == ["beforeunload"]
    visitor.step("done")
    assert visitor.withdrawal_code().startswith("W-")
    until(lambda: letter.get("count.json").json["count"] == 1)


def test_whoever_signed_looks_changes_and_withdraws_from_another_device(server: Server, visit: Visit) -> None:
    """With the withdrawal code alone; the public count follows; what was sealed first is replaced in the log."""
    letter = open_letter(server)
    code = visit().sign(letter, letter.people[6])
    until(lambda: letter.get("count.json").json["count"] == 1)
    other = visit("he")
    page = other.open(letter, "he/counted/", letter.l)
    page.fill("#code", code)
    page.keyboard.press("Enter")
    other.step("counted")
    assert page.inner_text('[data-part="count"]') == "1"

    # A signatory of the second group, without the access code: initials, in the group they choose, and no name.
    signer = letter.people[6]
    assert signer.record.group != letter.manifest.groups[0].id
    page = other.open(letter, "he/edit/", letter.l)
    page.fill("#code", code)
    page.keyboard.press("Enter")
    other.step("access")
    page.click('[data-part="without"]')
    other.step("choice")
    assert page.locator("input:checked").count() == 0, "nothing is chosen beforehand"
    assert page.input_value("#group") == ""
    assert page.is_disabled('[value="name"]')
    page.check('[value="initials"]')
    page.fill("#initials", "P. Q.")
    page.click('[data-step="choice"] button')
    assert page.locator("#group:invalid").count() == 1, "the group has to be chosen"
    page.select_option("#group", signer.record.group)
    page.click('[data-step="choice"] button')
    other.step("done")
    until(lambda: letter.get("count.json").json["size"] == 6)
    assert letter.get("count.json").json["count"] == 1

    # Back to the name, which comes from the roll with the group.
    page = other.open(letter, "he/edit/", letter.l)
    page.fill("#code", code)
    page.keyboard.press("Enter")
    other.step("access")
    page.fill("#access", "S-1234")
    page.click('[data-step="access"] button:not([type="button"])')
    page.locator('[data-part="error"]').wait_for(state="visible")
    assert page.input_value("#access") == "S-1234", "what was typed is still there"
    page.fill("#access", access_code(signer))
    page.keyboard.press("Enter")
    other.step("choice")
    group = next(g.name["he"] for g in letter.manifest.groups if g.id == signer.record.group)
    assert page.inner_text('[data-part="name"]') == signer.record.name
    assert page.inner_text('[data-part="group"]') == group
    assert page.locator("#group").is_hidden(), "the group is not asked where the roll says it"
    assert page.locator("input:checked").count() == 0
    page.check('[value="name"]')
    page.click('[data-step="choice"] button')
    other.step("done")
    until(lambda: letter.get("count.json").json["size"] == 7)

    page = other.open(letter, "he/withdraw/", letter.l)
    page.fill("#code", code)
    page.keyboard.press("Enter")
    other.step("sure")
    assert letter.get("count.json").json["count"] == 1, "being asked changes nothing"
    page.click('[data-step="sure"] button:not([type="button"])')
    other.step("done")
    until(lambda: letter.get("count.json").json["count"] == 0)
    page = other.open(letter, "he/withdraw/", letter.l)
    page.fill("#code", code)
    page.keyboard.press("Enter")
    other.step("sure")
    page.click('[data-step="sure"] button:not([type="button"])')
    other.step("already")
    assert "כבר בוטל" in page.inner_text("main")
    assert other.kept() == NOTHING
    page = other.open(letter, "he/counted/", letter.l)
    page.fill("#code", code)
    page.keyboard.press("Enter")
    other.step("withdrawn")


def test_the_code_is_not_lost_by_leaving_the_page(letter: Letter, visit: Visit) -> None:
    """Back, reload, another address: each asks first. Links open a tab. After "I have kept the code" nothing asks."""
    visitor = visit()
    code = visitor.sign(letter, letter.people[10])
    page = visitor.page
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.evaluate("history.back()")
    page.locator('[data-part="keep-ask"]').wait_for(state="visible")
    assert page.evaluate("document.activeElement.dataset.part") == "keep-ask"
    assert visitor.withdrawal_code() == code
    page.click('[data-part="keep-stay"]')
    for leave in ("location.reload()", "location.assign('/verify/')"):
        before = len(asked)
        page.evaluate(f"setTimeout(() => {leave})")
        page.wait_for_timeout(300)
        assert len(asked) == before + 1, leave
        assert visitor.withdrawal_code() == code, leave
    assert set(asked) == {"beforeunload"}
    for link in ('.masthead > a[href*="/en/"]', 'a[hreflang="he"]', '[data-step="done"] a[href*="/counted/"]'):
        with visitor.context.expect_page() as opened:
            page.click(link)
        opened.value.wait_for_load_state()
        assert opened.value.evaluate("window.opener") is None
        opened.value.close()
        assert visitor.withdrawal_code() == code, link
    assert asked == ["beforeunload"] * 2
    page.click('[data-part="keep-confirm"]')
    assert visitor.kept() == NOTHING
    page.locator('[data-part="keep-noted"]').wait_for(state="visible")
    page.wait_for_function("history.state === 'below'")
    page.go_back()
    assert page.url == "about:blank"
    assert asked == ["beforeunload"] * 2


def test_waiting_is_said_as_waiting(server: Server, visit: Visit) -> None:
    """The page one signed on has the receipt and says by when; on another device the same code is not denied."""
    letter = open_letter(server, batch=(100, 7200))
    visitor = visit()
    code = visitor.sign(letter, letter.people[0])
    page = visitor.page
    page.click('[data-part="look"]')
    waiting = page.locator('[data-look="waiting"]')
    waiting.wait_for(state="visible")
    assert "accepted" in waiting.inner_text()
    promised = page.locator('[data-look="waiting"] time').get_attribute("datetime")
    assert promised == page.locator('[data-step="done"] [data-part="by"]').get_attribute("datetime")
    assert page.locator('[data-look="counted"]').is_hidden()
    other = visit("he")
    for language, kind, typed, message in (
        ("en", "counted", code, "counted_unknown"),
        ("en", "counted", "W-7QK4-M2ZD-9XHF-R3TB-5WNE", "counted_unknown"),
        ("he", "counted", code, "counted_unknown"),
        ("en", "edit", code, "say_edit_waiting"),
    ):
        page = other.open(letter, f"{language}/{kind}/", letter.l)
        page.fill("#code", typed)
        page.keyboard.press("Enter")
        if kind == "counted":
            other.step("unknown")
            said = page.inner_text('[data-step="unknown"]')
            assert ("2 hours" if language == "en" else "שעתיים") in said
        else:
            page.locator('[data-part="error"]').wait_for(state="visible")
            said = page.inner_text('[data-part="error"]')
        assert words(language)[message] in said
        assert "no one" not in said.lower()
    # Withdrawing while it waits works: the server knows what the log does not yet.
    page = other.open(letter, "en/withdraw/", letter.l)
    page.fill("#code", code)
    page.keyboard.press("Enter")
    page.click('[data-step="sure"] button:not([type="button"])')
    other.step("done")


def test_withdrawing_works_when_the_letter_is_abandoned_and_signing_says_why_it_does_not(
    server: Server, visit: Visit
) -> None:
    """The page of signing says it is closed, and so does an attempt; the way out stays open."""
    letter = open_letter(server)
    visitor = visit()
    code = visitor.sign(letter, letter.people[0])
    visitor.page.click('[data-part="keep-confirm"]')
    ended = letter.entry(entries.Abandon(v=1, letter=letter.l), letter.organiser)
    assert ended.status == 201, ended.body
    until(lambda: "abandoned" in letter.get("en/sign/").body.decode())
    visitor.expected = "409"
    page = visitor.open(letter, "en/sign/", letter.l)
    page.fill("#code", access_code(letter.people[1]))
    page.keyboard.press("Enter")
    visitor.step("choice")
    page.check('[name="as"][value="name"]')
    page.click('[data-step="choice"] button')
    page.locator('[data-part="error"]').wait_for(state="visible")
    assert words("en")["problem_letter_closed"] in page.inner_text('[data-part="error"]')
    assert visitor.kept() == NOTHING
    page = visitor.open(letter, "en/withdraw/", letter.l)
    page.fill("#code", code)
    page.keyboard.press("Enter")
    page.click('[data-step="sure"] button:not([type="button"])')
    visitor.step("done")


@pytest.mark.parametrize(
    ("typed", "status", "message"),
    [
        ("S-0000-0000", "", "say_code_access"),
        ("W-0000-0000-0000-0000-0000", "", "say_code_is_withdrawal"),
        ("S-0000-0000-0000-0000-0000", "403", "say_code_unknown"),
        ("used", "409", "error_code_used"),
    ],
)
def test_a_code_that_does_not_do_is_said_in_words_and_what_was_typed_stays(
    letter: Letter, visit: Visit, typed: str, status: str, message: str
) -> None:
    """The focus goes to what is wrong; nothing of it stays on the device."""
    if typed == "used":
        typed = access_code(letter.people[6])
        if letter.people[6].credential is None:
            assert people.sign(letter, letter.people[6]).status == 201
    visitor = visit()
    visitor.expected = status
    page = visitor.open(letter, "en/sign/", letter.l)
    page.fill("#code", typed)
    page.keyboard.press("Enter")
    if message == "error_code_used":
        # Looking does not show whether a code has been used: only signing with it does.
        visitor.step("choice")
        page.check('[name="as"][value="name"]')
        page.click('[data-step="choice"] button')
    error = page.locator('[data-part="error"]')
    error.wait_for(state="visible")
    assert words("en")[message] in error.inner_text()
    assert page.evaluate("document.activeElement.dataset.part") == "error"
    if message != "error_code_used":
        assert page.input_value("#code") == typed
    assert visitor.kept() == NOTHING


def test_a_site_that_shows_another_letter_is_not_signed(letter: Letter, visit: Visit) -> None:
    """The invitation's letter id is not the one served: the page says so and uses no code."""
    visitor = visit()
    other = base64url.encode(bytes(32))
    page = visitor.open(letter, "en/sign/", other)
    page.fill("#code", access_code(letter.people[7]))
    page.keyboard.press("Enter")
    error = page.locator('[data-part="error"]')
    error.wait_for(state="visible")
    assert words("en")["say_letter_unknown"] in error.inner_text()
    # Control: the same code, with the right invitation, is unused.
    assert visitor.sign(letter, letter.people[7]).startswith("W-")


@pytest.mark.parametrize("language", ["en", "he"])
def test_the_signing_page_is_light_and_nothing_on_it_moves(letter: Letter, visit: Visit, language: str) -> None:
    """All it loads is at most 100 kB as sent, and no step shifts what a thumb is about to touch."""
    visitor = visit(language)
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page = visitor.open(letter, f"{language}/sign/", letter.l)
    page.wait_for_load_state("networkidle")
    assert 60_000 < sum(sizes) <= BUDGET, sum(sizes)
    assert visitor.shift() == 0
    page.fill("#code", access_code(letter.people[8 if language == "en" else 9]))
    page.click('[data-step="code"] button')
    visitor.step("choice")
    page.check('[name="as"][value="name"]')
    page.click('[data-step="choice"] button')
    visitor.step("done")
    page.wait_for_timeout(200)
    assert visitor.shift() == 0
    # Control: the observer sees a line pushed down by something that comes later.
    page.evaluate(
        "document.querySelector('h1').before(Object.assign(document.createElement('p'), {innerText: 'late'}))"
    )
    page.wait_for_function("globalThis.shifted > 0")
