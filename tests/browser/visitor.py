"""A visitor with a browser: what they press and see, which hosts their browser asks, and what it stores."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from undersigned.protocol import codes
from web.people import Letter, Signer

PATIENCE: Final = 20_000
"""Milliseconds for anything the page does; a machine with others at work on it needs some of them."""
_WATCH: Final = """
globalThis.shifted = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) globalThis.shifted += one.value; })
  .observe({ type: "layout-shift", buffered: true });
"""


def access_code(signer: Signer) -> str:
    """As it is printed on their slip."""
    return codes.format_code("S", signer.code)


class Visitor:
    """One person's browser, one page. ``foreign``: requests to other origins; ``problems``: what the console said."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.context, self.site = context, site
        self.foreign: list[str] = []
        self.problems: list[str] = []
        context.set_default_timeout(PATIENCE)
        context.add_init_script(_WATCH)
        context.on("request", self._asked)
        self.page: Page = context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.expected = ""
        """A word the console may say: a refusal the test provokes shows there as a failed request."""

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.site}/", "file:", "data:", "blob:", "about:")):
            self.foreign.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        awaited = bool(self.expected) and self.expected in message.text
        if message.type == "error" and not awaited:
            self.problems.append(message.text)

    def open(self, letter: Letter, path: str = "", fragment: str = "") -> Page:
        """Opens an address of the letter's."""
        if self.page.url != "about:blank":
            # The same address with the same fragment would load nothing.
            self.page.goto("about:blank")
        self.page.goto(f"{self.site}/{letter.slug}/{path}{fragment and '#' + fragment}")
        return self.page

    def step(self, name: str) -> None:
        """Waits until the page shows this step."""
        self.page.locator(f'[data-step="{name}"]').wait_for(state="visible")

    def tab_to(self, selector: str, *, key: str = "Tab") -> None:
        """Presses Tab until the focus is there, at most a hundred times, as a keyboard user does."""
        for _ in range(100):
            self.page.keyboard.press(key)
            if self.page.evaluate("(selector) => document.activeElement?.matches(selector) ?? false", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    def withdrawal_code(self) -> str:
        """What the page shows of it, or an empty text."""
        return self.page.locator('[data-part="withdrawal"]').inner_text().strip()

    def sign(self, letter: Letter, signer: Signer, language: str = "en", way: str = "name") -> str:
        """Signs by the typed code; returns the withdrawal code."""
        self.open(letter, f"{language}/sign/", letter.l)
        self.page.fill("#code", access_code(signer))
        self.page.click('[data-step="code"] button')
        self.step("choice")
        self.page.check(f'[name="as"][value="{way}"]')
        self.page.click('[data-step="choice"] button')
        self.step("done")
        return self.withdrawal_code()

    def kept(self) -> dict[str, Any]:
        """Everything the browser keeps of the site, by Chromium's own word."""
        session = self.context.new_cdp_session(self.page)
        session.send("DOMStorage.enable")
        stores = {}
        for local in (True, False):
            where = {"storageId": {"securityOrigin": self.site, "isLocalStorage": local}}
            stores["local" if local else "session"] = session.send("DOMStorage.getDOMStorageItems", where)["entries"]
        usage = session.send("Storage.getUsageAndQuota", {"origin": self.site})["usageBreakdown"]
        return {
            **stores,
            "cookies": session.send("Storage.getCookies")["cookies"],
            "used": {row["storageType"]: row["usage"] for row in usage if row["usage"]},
            "databases": self.page.evaluate("async () => (await indexedDB.databases()).length"),
            "caches": self.page.evaluate("async () => (await caches.keys()).length"),
        }

    def shift(self) -> float:
        """How much the layout has moved by itself since the page was opened."""
        return float(self.page.evaluate("globalThis.shifted"))


NOTHING: Final = {"local": [], "session": [], "cookies": [], "used": {}, "databases": 0, "caches": 0}
