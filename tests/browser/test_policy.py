"""Content Security Policy: a page runs only the scripts whose hashes its policy names, even from its own origin."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Request, Route

from undersigned.web.reader.scripts import script_sources, scripts
from web.people import Letter

from .visitor import Visitor

Visit = Callable[..., Visitor]
_ADD = """(path) => new Promise((done) => {
  const added = document.createElement("script");
  Object.assign(added, { src: path, onload: () => done("ran"), onerror: () => done("refused") });
  document.head.append(added);
})"""


def with_policy(page: Page, change: Callable[[str], str]) -> None:
    """Every document comes with another policy than the one the site sends."""

    def answer(route: Route, request: Request) -> None:
        if request.resource_type != "document":
            route.fallback()
            return
        found = route.fetch()
        headers = {**found.headers, "content-security-policy": change(found.headers["content-security-policy"])}
        route.fulfill(response=found, headers=headers)

    page.route("**/*", answer)


def own_script(page: Page) -> str:
    """Makes this origin serve a script that was never shipped, as an attacker with access to its disk could."""
    page.route(
        "**/static/added.js", lambda route: route.fulfill(content_type="text/javascript", body="'of this origin'")
    )
    return "/static/added.js"


def test_the_policy_names_every_script_by_its_hash(letter: Letter) -> None:
    """And no source besides: `script-src` holds hashes only."""
    for path in ("en/", "en/sign/", "en/verify/", "en/signatories.html"):
        lines = {name.lower(): value for name, value in letter.get(path).headers.items()}
        directives = dict(part.strip().split(" ", 1) for part in lines["content-security-policy"].split(";"))
        assert directives["script-src"].split() == script_sources()
        assert directives["worker-src"] == "'self'"
    shipped = {f"'{script.integrity}'" for name, script in scripts().items() if name.endswith(".js")}
    assert set(script_sources()) == shipped


def test_a_script_of_this_origin_that_is_not_named_does_not_run(letter: Letter, visit: Visit) -> None:
    """Even when a page asks for it."""
    visitor = visit()
    visitor.expected = "Content Security Policy"
    page = visitor.open(letter, "en/sign/", letter.l)
    assert page.evaluate(_ADD, own_script(page)) == "refused"


def test_the_policy_is_what_refuses_it(letter: Letter, visit: Visit) -> None:
    """Control: where the policy names the origin instead of the hashes, the same script runs."""
    visitor = visit()
    with_policy(visitor.page, lambda policy: policy.replace(" ".join(script_sources()), "'self'"))
    page = visitor.open(letter, "en/sign/", letter.l)
    assert page.evaluate(_ADD, own_script(page)) == "ran"


def test_a_script_with_one_byte_changed_does_not_run(letter: Letter, visit: Visit) -> None:
    """The page then says what it needs, in its own language, instead of doing nothing."""
    visitor = visit("he")
    visitor.expected = "integrity"
    script = scripts()["undersigned.js"].path

    def changed(route: Route) -> None:
        found = route.fetch()
        route.fulfill(response=found, body=found.body() + b" ")

    visitor.page.route(f"**{script}", changed)
    page = visitor.open(letter, "he/sign/", letter.l)
    page.locator('[data-part="unstarted"]').wait_for(state="visible")
    assert "JavaScript" in page.inner_text('[data-part="unstarted"]')
    assert page.locator('[data-step="code"] button').is_disabled()


def test_a_browser_that_matches_no_script_by_its_hash_is_told(letter: Letter, visit: Visit) -> None:
    """Such a browser sees a policy that allows nothing; one that matches them never shows the sentence."""
    visitor = visit()
    visitor.expected = "Content Security Policy"
    with_policy(visitor.page, lambda policy: policy.replace(" ".join(script_sources()), "'none'"))
    page = visitor.open(letter, "en/withdraw/", letter.l)
    page.locator('[data-part="unstarted"]').wait_for(state="visible")
    started = visit().open(letter, "en/withdraw/", letter.l)
    assert started.locator('[data-part="unstarted"]').count() == 0
