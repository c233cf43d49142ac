"""The page that works from a file: signing without running anything that a site sends."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from web.people import Letter
from web.server import until

from .visitor import Visitor, access_code

Visit = Callable[..., Visitor]


def test_a_page_kept_on_disk_signs_with_the_real_server_and_withdraws_again(
    letter: Letter, visit: Visit, tmp_path: Path
) -> None:
    """Downloaded from /integrity, compared by its hash, opened from disk: the server answers its origin, ``null``."""
    visitor = visit()
    page = visitor.page
    page.goto(f"{visitor.site}/integrity/en/")
    with page.expect_download() as saved:
        page.click('a[download="sign.html"]')
    kept = tmp_path / "sign.html"
    kept.write_bytes(Path(saved.value.path()).read_bytes())
    assert hashlib.sha256(kept.read_bytes()).hexdigest() in page.inner_text("main")

    invitation = f"{visitor.site}/{letter.slug}/#{letter.l}"
    page.goto(kept.as_uri())
    before = letter.get("count.json").json["count"]
    page.fill('#sign [name="link"]', invitation)
    page.fill('#sign [name="code"]', access_code(letter.people[0]))
    page.keyboard.press("Enter")
    page.locator('#sign [data-step="choice"]').wait_for(state="visible")
    page.check('#sign [name="as"][value="name"]')
    page.click('#sign [data-step="choice"] button')
    page.locator('#sign [data-step="done"]').wait_for(state="visible")
    until(lambda: letter.get("count.json").json["count"] == before + 1)
    code = visitor.withdrawal_code()
    page.fill('#counted [name="link"]', invitation)
    page.fill('#counted [name="code"]', code)
    page.click('#counted [data-step="code"] button')
    page.locator('#counted [data-step="counted"]').wait_for(state="visible")
    page.fill('#withdraw [name="link"]', invitation)
    page.fill('#withdraw [name="code"]', code)
    page.click('#withdraw [data-step="code"] button')
    page.click('#withdraw [data-step="sure"] button:not([type="button"])')
    page.locator('#withdraw [data-step="done"]').wait_for(state="visible")
    until(lambda: letter.get("count.json").json["count"] == before)


def test_the_page_kept_on_disk_speaks_hebrew_from_right_to_left(letter: Letter, visit: Visit, tmp_path: Path) -> None:
    """Its words, its direction, and its errors; nothing of it is left in English."""
    visitor = visit("he")
    visitor.page.goto(f"{visitor.site}/integrity/he/")
    with visitor.page.expect_download() as saved:
        visitor.page.click('a[download="sign.he.html"]')
    kept = tmp_path / "sign.he.html"
    kept.write_bytes(Path(saved.value.path()).read_bytes())
    visitor.page.goto(kept.as_uri())
    assert visitor.page.locator("html").get_attribute("dir") == "rtl"
    visitor.page.fill('#withdraw [name="link"]', f"{visitor.site}/{letter.slug}/#{letter.l}")
    visitor.page.fill('#withdraw [name="code"]', "hello")
    visitor.page.click('#withdraw [data-step="code"] button')
    visitor.page.locator('#withdraw [data-part="error"]').wait_for(state="visible")
    left = re.sub(r"JavaScript|SHA-256|[SW]-?", "", visitor.page.inner_text("main"))
    assert not re.search("[A-Za-z]{3}", left), left


def test_a_refusal_can_be_read_from_another_origin_too(letter: Letter, visit: Visit, tmp_path: Path) -> None:
    """An unknown code gets a message that says so, not that the site does not answer."""
    visitor = visit()
    visitor.expected = "403"
    listed = visitor.context.request.get(f"{visitor.site}/integrity.json").json()
    kept = tmp_path / "sign.html"
    kept.write_bytes(visitor.context.request.get(visitor.site + listed["sign.html"]["path"]).body())
    visitor.page.goto(kept.as_uri())
    visitor.page.fill('#sign [name="link"]', f"{visitor.site}/{letter.slug}/#{letter.l}")
    visitor.page.fill('#sign [name="code"]', "S-0000-0000-0000-0000-0000")
    visitor.page.keyboard.press("Enter")
    error = visitor.page.locator('#sign [data-part="error"]')
    error.wait_for(state="visible")
    assert "no such access code" in error.inner_text()
