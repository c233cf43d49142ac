"""Reading a letter: find a name, with JavaScript and without; and what a screen reader says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from undersigned.web.reader.words import words
from web.people import Letter
from web.server import Server

from .reading import ACTS, PAGES, read_letter
from .visitor import Visitor

AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
Visit = Callable[..., Visitor]


@contextmanager
def elsewhere(html: str) -> Iterator[str]:
    """Another site, on its own port, that shows this page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def published(server: Server) -> Letter:
    """A letter with two editions."""
    return read_letter(server, "readers")


@pytest.mark.parametrize("language", ["en", "he"])
def test_a_reader_finds_a_name_and_sends_it_nowhere(published: Letter, visit: Visit, language: str) -> None:
    """Typed without its marks and in any case; narrowed by group; no request carries what is looked for."""
    visitor = visit(language)
    asked: list[str] = []
    visitor.context.on("request", lambda request: asked.append(request.url))
    page = visitor.open(published, f"editions/2/signatories-{language}.html")
    page.fill("input[type=search]", "TESTPERSON nr0")
    page.locator("[data-part=found] li").first.wait_for()
    assert page.locator("[data-part=found] li bdi").first.inner_text() == published.people[0].record.name
    page.fill("input[type=search]", "דנה")
    page.wait_for_function("document.querySelector('[data-part=found]').textContent.includes('דנה')")
    page.select_option("select", "1")
    page.wait_for_function("document.querySelectorAll('[data-part=found] li').length === 0")
    assert page.inner_text("[data-part=says]") in (words("en")["names_none"], words("he")["names_none"])
    assert not [url for url in asked if "?" in url or "TEST" in url or "%D7" in url]
    assert not visitor.foreign
    assert not visitor.problems


def test_without_script_the_names_stand_on_the_page(published: Letter, server: Server, chromium: Browser) -> None:
    """The search does not show; the names do, and so does what changed."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"http://{server.authority}/{published.slug}/editions/2/signatories-en.html")
    assert not page.locator("input[type=search]").is_visible()
    assert page.get_by_text(published.people[0].record.name).is_visible()
    page.goto(f"http://{server.authority}/{published.slug}/editions/2/changes-en.html")
    assert page.get_by_text(published.people[6].record.name).is_visible()
    assert page.get_by_text("2 people joined").is_visible()
    context.close()


def test_the_count_stands_in_a_frame_of_another_site_and_the_letter_does_not(
    published: Letter, server: Server, chromium: Browser
) -> None:
    """A page of another origin shows the embedded count; the letter's own page stays out of its frame."""
    site = f"http://{server.authority}/{published.slug}"
    frames = f'<iframe name="count" src="{site}/embed/en.html"></iframe><iframe name="own" src="{site}/en/"></iframe>'
    context = chromium.new_context()
    page = context.new_page()
    with elsewhere(frames) as address:
        page.goto(address)
        page.frame("count").locator(".numeral").wait_for()  # type: ignore[union-attr]
    assert page.frame("count").inner_text(".numeral") == "7"  # type: ignore[union-attr]
    assert page.frame("own").locator("article").count() == 0  # type: ignore[union-attr]
    context.close()


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [
        *[(language, scheme, 390) for language in ("en", "he") for scheme in ("light", "dark")],
        ("ar", "dark", 1280),
        ("en", "light", 1280),
    ],
)
def test_axe_finds_nothing_on_any_page(
    published: Letter, server: Server, chromium: Browser, language: str, scheme: Any, width: int
) -> None:
    """Every page of a letter and of the site, in both directions, light and dark: 0 violations of axe's rules."""
    site = [f"/{published.slug}/{path.format(tag=language)}" for path in (*PAGES, *ACTS)]
    site += ["/", f"/verify/{language}/", f"/integrity/{language}/", "/nothing-here"]
    site += [f"/code/{language}/"]
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 844}, bypass_csp=True)
    page = context.new_page()
    found = {}
    for path in site:
        page.goto(f"http://{server.authority}{path}")
        page.add_script_tag(path=AXE)
        rules = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        found[path] = [(rule["id"], [node["html"][:120] for node in rule["nodes"]][:3]) for rule in rules]
    context.close()
    assert {path: rules for path, rules in found.items() if rules} == {}


def test_axe_sees_what_is_wrong(chromium: Browser) -> None:
    """Control: a picture without words and pale text are found."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_content('<html lang="en"><title>x</title><main><h1>x</h1><img src="x.png"><p style="color:#ccc">pale</p>')
    page.add_script_tag(path=AXE)
    rules = page.evaluate("axe.run()")["violations"]
    assert {rule["id"] for rule in rules} >= {"image-alt", "color-contrast"}
    context.close()
