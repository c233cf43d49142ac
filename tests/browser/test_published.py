"""Two browsers sign and the edition with both is published; each signatory in it can still withdraw."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from undersigned.protocol import manifest
from undersigned.web.reader.words import words
from web import people
from web.people import Letter
from web.server import Server, until

from .conftest import open_letter
from .visitor import Visitor, access_code

Visit = Callable[..., Visitor]


def keys_of(letter: Letter) -> set[str]:
    """Of every signatory whose seal is handed out."""
    return set(people.seals(letter, 1, int(time.time())))


def publish(letter: Letter) -> None:
    """Notice, cut, opening by two of three trustees, cosignatures, publication: at once, by the clock on the wall."""
    after = manifest.format_time(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2))
    assert people.notice(letter, 1, after).status == 201
    until(lambda: people.cut(letter).status == 201)
    until(lambda: letter.status()["editions"][0]["cut"] is not None)
    wanted = keys_of(letter)
    for trustee in (1, 2):
        assert people.open_names(letter, trustee, int(time.time()), wanted).status == 204
    until(lambda: letter.status()["editions"][0]["resolved"] == len(wanted))
    size = letter.status()["size"]
    until(lambda: letter.get("count.json").json["size"] == size)
    for trustee in (1, 2):
        assert people.cosign(letter, trustee, int(time.time())).status == 204
    assert letter.post("publish", {"edition": 1}, **letter.auth).status == 201


def test_a_name_signed_in_a_browser_is_published_and_gone_after_its_withdrawal(server: Server, visit: Visit) -> None:
    """Sealed in one browser, opened by trustees, read by the public; withdrawn from another browser, and erased."""
    letter = open_letter(server)
    named, other = letter.people[0], letter.people[1]
    code = visit().sign(letter, named)
    visit("he").sign(letter, other, "he", "anonymous")
    until(lambda: letter.get("count.json").json["count"] == 2)
    assert named.record.name.encode() not in letter.get("objects.jsonl").body + letter.get("bundle.zip").body
    publish(letter)
    until(lambda: letter.get("editions/1/edition.json").status == 200)
    edition = letter.get("editions/1/edition.json").json
    assert [row["name"] for row in edition["roll"]] == [named.record.name]
    assert (edition["counts"]["standing"], edition["counts"]["anonymous"]) == (2, 1)

    visitor = visit()
    page = visitor.open(letter, "en/withdraw/", letter.l)
    page.fill("#code", code)
    page.keyboard.press("Enter")
    visitor.step("sure")
    page.click('[data-step="sure"] button:not([type="button"])')
    visitor.step("done")
    until(lambda: letter.get("editions/1/edition.json").status == 404)
    assert letter.get("count.json").json["count"] == 1
    visitor.open(letter, "en/verify/", letter.l)
    # The bundle follows the withdrawal; until then the old one, which was true, may still be there.
    until(lambda: named.record.name.encode() not in letter.get("bundle.zip").body)
    page.click('[data-part="site"]')
    visitor.step("report")
    assert page.inner_text('[data-part="outcome"]') in (words("en")["verify_valid"], words("en")["verify_undetermined"])
    assert page.locator('[data-check][data-outcome="invalid"]').count() == 0


@pytest.mark.parametrize("language", ["en", "he"])
def test_a_slips_link_to_a_public_letter_goes_to_its_form(server: Server, visit: Visit, language: str) -> None:
    """The code is filled in there and sent by a button, in the reader's language."""
    letter = open_letter(server, public=True, check="codes")
    visitor = visit(language)
    page = visitor.open(letter, "", f"{letter.l}.{access_code(letter.people[0])}")
    page.wait_for_url(f"**/form/{language}/sign")
    assert page.input_value("#code") == access_code(letter.people[0])
    page.focus("#code")
    page.keyboard.press("Enter")
    page.locator("#as").wait_for()
    assert page.locator("html").get_attribute("lang") == language
