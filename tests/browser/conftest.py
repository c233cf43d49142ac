"""Debian's Chromium against a real server: its own web workers, clerk and database, real keys, on loopback."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from undersigned.web.reader import scripts
from web import people
from web.people import Letter
from web.server import Server, free_port, until

from .visitor import Visitor

PHONE = ViewportSize(width=390, height=844)
_SLUGS = itertools.count(1)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser per test file; each visitor has their own profile in it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """``undersigned serve`` as an operator runs it."""
    assert scripts.are_built(), "the browser's scripts are not built here: run `make scripts`"
    running = Server(Path(tmp_path_factory.mktemp("site")) / "data", free_port())
    running.start()
    # The clerk makes the site's own pages after the workers answer.
    until(lambda: running.call("GET", "/verify/").status == 200)
    yield running
    running.stop()


def open_letter(server: Server, **how: object) -> Letter:
    """A letter of invented people, approved, in the log, with its pages in place."""
    slug = f"letter{next(_SLUGS)}"
    letter = people.start(server.call, server.token, server.authority, slug, size=12, **how)  # type: ignore[arg-type]
    people.approve(letter)
    until(lambda: letter.status()["state"] == "open")
    until(lambda: letter.get("he/verify/").status == 200 and letter.get("bundle.zip").status == 200)
    return letter


@pytest.fixture(scope="module")
def letter(server: Server) -> Letter:
    """A sealed letter with a roll, in English and Hebrew."""
    return open_letter(server)


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[type[Visitor]]:
    """Makes visitors, each with their own browser; afterwards none may have met an error or another origin."""
    made: list[Visitor] = []

    def make(language: str = "en", *, script: bool = True) -> Visitor:
        context = chromium.new_context(
            viewport=PHONE,
            has_touch=True,
            locale=language,
            java_script_enabled=script,
            accept_downloads=True,
        )
        made.append(Visitor(context, f"http://{server.authority}"))
        return made[-1]

    yield make  # type: ignore[misc]
    for visitor in made:
        visitor.context.close()
        assert visitor.foreign == [], "nobody but this site was asked"
        assert visitor.problems == [], "no script failed, and nothing offended the policy"
