"""Accessibility: each step of the signing pages by axe-core's rules, in both directions, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from web.people import Letter
from web.server import Server, until

from .conftest import PHONE, open_letter
from .visitor import Visitor, access_code

AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"


def faults(page: Page) -> list[tuple[str, list[str]]]:
    """The rules that are broken on the page as it is, and where."""
    page.add_script_tag(path=AXE)
    rules = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(rule["id"], [node["html"][:120] for node in rule["nodes"]][:3]) for rule in rules]


@pytest.fixture(scope="module")
def stepped(server: Server) -> Letter:
    """A separate letter: each run signs and withdraws once."""
    return open_letter(server)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "he"])
def test_axe_finds_nothing_at_any_step(
    stepped: Letter, server: Server, chromium: Browser, language: str, scheme: Any
) -> None:
    """An error, the choice, the code that is shown once, a look in the log, a change, being asked, being out."""
    person = stepped.people[("en", "he").index(language) * 2 + ("light", "dark").index(scheme)]
    context = chromium.new_context(viewport=PHONE, color_scheme=scheme, locale=language, bypass_csp=True)
    visitor = Visitor(context, f"http://{server.authority}")
    page, found = visitor.page, {}

    def send(code: str) -> None:
        page.fill("#code", code)
        page.keyboard.press("Enter")

    visitor.open(stepped, f"{language}/sign/", stepped.l)
    send("S-1")
    page.locator('[data-part="error"]').wait_for(state="visible")
    found["error"] = faults(page)
    send(access_code(person))
    visitor.step("choice")
    page.check('[value="initials"]')
    found["choice"] = faults(page)
    page.check('[value="name"]')
    page.click('[data-step="choice"] button')
    visitor.step("done")
    page.evaluate("history.back()")
    page.locator('[data-part="keep-ask"]').wait_for(state="visible")
    found["done"] = faults(page)
    code = visitor.withdrawal_code()
    until(lambda: _is_in(visitor, stepped, language, code))
    for kind, step in (("counted", "counted"), ("edit", "access"), ("withdraw", "sure")):
        visitor.open(stepped, f"{language}/{kind}/", stepped.l)
        send(code)
        visitor.step(step)
        found[f"{kind} {step}"] = faults(page)
        if kind == "edit":
            page.fill("#access", access_code(person))
            page.keyboard.press("Enter")
            visitor.step("choice")
            found["edit choice"] = faults(page)
    page.click('[data-step="sure"] button:not([type="button"])')
    visitor.step("done")
    found["withdrawn"] = faults(page)
    visitor.open(stepped, f"{language}/verify/", stepped.l)
    page.click('[data-part="site"]')
    visitor.step("report")
    found["report"] = faults(page)
    context.close()
    assert {step: rules for step, rules in found.items() if rules} == {}


def _is_in(visitor: Visitor, letter: Letter, language: str, code: str) -> bool:
    """Whether the log has the signature of this code: a batch takes a moment."""
    page = visitor.open(letter, f"{language}/counted/", letter.l)
    page.fill("#code", code)
    page.keyboard.press("Enter")
    page.locator('[data-step="counted"], [data-step="unknown"]').locator("visible=true").first.wait_for()
    return page.locator('[data-step="counted"]').is_visible()
