"""``make pictures``: takes screenshots of every page of a small real letter, into a folder, to be looked at.

    python -m browser.pictures FOLDER        (from tests/)

Phone and desktop, light and dark, English, Hebrew, Arabic; ``<page>-<language>-<size>-<scheme>.png``.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from web.people import Letter
from web.server import Server, free_port

from .reading import ACTS, PAGES, read_letter

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "he", "ar")
SITE = ("", "verify/{tag}/", "integrity/{tag}/", "nothing-here")
"""The site's own pages, from the root."""


def pages_of(letter: Letter, tag: str) -> dict[str, str]:
    """Every page's path from the root, by a name for its file."""
    own = {name_of(path): f"/{letter.slug}/{path.format(tag=tag)}" for path in (*PAGES, *ACTS)}
    return own | {f"site-{name_of(path) if path else 'front'}": f"/{path.format(tag=tag)}" for path in SITE}


def name_of(path: str) -> str:
    """``editions/2/changes-{tag}.html`` as ``editions-2-changes``."""
    return path.replace("{tag}", "").replace(".html", "").strip("/").replace("/", "-").strip("-") or "letter"


def look(browser: Browser, site: str, letter: Letter, folder: Path) -> int:
    """Takes them all; how many."""
    taken = 0
    for (size, (width, height)), scheme in itertools.product(SIZES.items(), SCHEMES):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        for tag in LANGUAGES:
            for name, path in pages_of(letter, tag).items():
                page.goto(f"{site}{path}")
                page.evaluate("document.fonts.ready")
                if name == "editions-2-signatories":
                    page.fill("input[type=search]", "test" if tag == "en" else "בדיקה")
                    page.locator("[data-part=found] li").first.wait_for()
                page.screenshot(path=folder / f"{name}-{tag}-{size}-{scheme}.png", full_page=True)
                taken += 1
        context.close()
    return taken


def main() -> int:
    """Starts a site in its own folder, and ends it."""
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="undersigned-pictures-") as name, sync_playwright() as playwright:
        server = Server(Path(name) / "data", free_port())
        server.start()
        try:
            letter = read_letter(server, "valley-water", arabic=True)
            chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            taken = look(browser, f"http://{server.authority}", letter, folder)
            browser.close()
        finally:
            server.stop()
    print(f"{taken} pictures in {folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
