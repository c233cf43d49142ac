"""Whatever a visitor types into the forms: a page that says what is wrong, nothing stored, and no server error."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from undersigned.protocol import codes

from .conftest import Site
from .mailing import Browser, pooled_keys
from .test_refusals import world_bytes

__all__ = ["pooled_keys"]

NAUGHTY = [
    "\x00", "a\x00b", "\ufeff", "💥" * 300, "'; DROP TABLE x; --", "<script>alert(1)</script>", "{{ 7 }}", "%s%n%p",
    "../../etc", "x\r\nBcc: y@example.org", "e" + "\u0301" * 50, "\u202egnp.exe", "\U000e0001", "a" * 50_000, "[]",
]  # fmt: skip


@pytest.mark.parametrize("field", ["code", "group", "as", "title", "address", "withdrawal"])
def test_no_field_takes_what_it_should_not(site: Site, field: str) -> None:
    """Each naughty text in each field of the second form, all others right: refused, escaped, and nothing changes."""
    letter = site.letter(public=True, check="codes", size=1)
    code = codes.format_code("S", letter.people[0].code)
    browser = Browser(letter.call)
    browser.open(f"/{letter.slug}/form/en/sign")
    browser.send(code=code)
    kept, cookies, before = dict(browser.form), dict(browser.cookies), world_bytes()
    for text in NAUGHTY:
        if text == "\ufeff" and field in ("title", "address"):
            continue  # dropped as a pasted mark: what is left is empty, and these may be
        browser.form, browser.cookies, browser.action = dict(kept), dict(cookies), f"/{letter.slug}/form/en/sign"
        answer = browser.send(**{"as": "name", "name": "Testperson", "group": "reserve", field: text})
        if not (field == "title" and answer.status == 200 and acceptable(text)):
            # A withdrawal code that is none gets another one, and the form again.
            assert answer.status in ((200,) if field == "withdrawal" else (400, 422)), text[:40]
            assert b"<script>alert" not in answer.body
    if field != "title":
        assert world_bytes() == before


def acceptable(text: str) -> bool:
    """Odd, and still a possible title."""
    return len(text) <= 120 and text.isprintable()


def test_addresses_of_pages_take_anything(site: Site) -> None:
    """A code, a stop link, a language that is anything: a page or a problem."""
    letter = site.letter(public=True, check="codes", size=1)
    for text in NAUGHTY:
        spelt = quote(text[:200], safe="")
        browser = Browser(letter.call)
        browser.open("/code/en/")
        assert browser.send(code=text).status == (400 if len(text) > 60_000 else 422)
        for path in (f"/stop/{spelt}", f"/stop/A?l={spelt}", f"/code/{spelt}/", f"/{letter.slug}/form/{spelt}/sign"):
            assert letter.call("GET", path).status in (200, 400, 404)
