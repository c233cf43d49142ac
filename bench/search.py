"""Somebody looks for a name among a million: what the browser fetches, and how long it takes to answer.

    python bench/search.py --sizes 1000,10000,100000,1000000 [--out bench/results/search.md]

The pages and the files of names of an edition of invented people are made by the site's own code and served by the real
server; Debian's Chromium opens the page of signatories, goes into the field and types. The first answer waits for all
names, the others do not. ``the page stands still``: the longest time in which the page answered to nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

import million
import people

QUESTIONS = ("sten", "émile", "דנה ba", "Gorhalki 7", "zzz")
PATIENCE = 300_000
"""Milliseconds."""
WATCH = """
  window.still = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.still = Math.max(window.still, entry.duration);
  }).observe({ type: "longtask", buffered: true });
"""


def make(data: Path, size: int) -> dict[str, float]:
    """The edition's files among the served ones, and what making them took."""
    found = million.run_stage("names", data, size)
    place = data / "public" / people.SLUG / "editions" / "1"
    place.parent.mkdir(parents=True, exist_ok=True)
    (data / "named" / "1").rename(place)
    plain = list(place.glob("names-*.json"))
    packed = [path.with_name(path.name + ".gz") for path in plain]
    return {
        **found, "shards": len(plain), "shards_mb": round(sum(path.stat().st_size for path in plain) / 1e6, 1),
        "packed_mb": round(sum(path.stat().st_size for path in packed if path.exists()) / 1e6, 1),
    }  # fmt: skip


def answered(page: Page, question: str, waiting: str) -> float:
    """Milliseconds from the question to its answer on the page."""
    says = page.locator('[data-part="says"]')
    began = time.perf_counter()
    # The answer stands there when the words about it are new ones, and not those that ask for patience.
    page.evaluate("document.querySelector('[data-part=says]').textContent = ''")
    page.fill("input[type=search]", question)
    page.wait_for_function(
        "(waiting) => { const t = document.querySelector('[data-part=says]').textContent; return t && t !== waiting; }",
        arg=waiting, timeout=PATIENCE,
    )  # fmt: skip
    spent = 1000 * (time.perf_counter() - began)
    assert says.text_content()
    return spent


def search(browser: Browser, port: int) -> dict[str, Any]:
    """One reader."""
    context = browser.new_context(locale="en")
    page, fetched = context.new_page(), list[Request]()
    page.add_init_script(WATCH)
    page.on("requestfinished", lambda request: fetched.append(request) if request.url.endswith(".json") else None)
    page.goto(f"http://127.0.0.1:{port}/{people.SLUG}/editions/1/signatories-en.html")
    waiting = page.get_attribute('form[data-controller="names"]', "data-waiting") or ""
    first = answered(page, QUESTIONS[0], waiting)
    fetched_mb = sum(one.sizes()["responseBodySize"] for one in fetched) / 1e6
    first_still = float(page.evaluate("window.still"))
    page.evaluate("window.still = 0")
    later = [answered(page, question, waiting) for question in QUESTIONS[1:]]
    heap = float(page.evaluate("performance.memory.usedJSHeapSize")) / 2**20
    found = {
        "files": len(fetched), "fetched_mb": round(fetched_mb, 2), "first_ms": round(first),
        "first_still_ms": round(first_still), "later_ms": round(statistics.median(later)),
        "later_most_ms": round(max(later)), "still_ms": round(float(page.evaluate("window.still"))),
        "heap_mb": round(heap),
    }  # fmt: skip
    context.close()
    return found


def run(root: Path, size: int) -> dict[str, Any]:
    """One size."""
    data, port = root / str(size), people.free_port()
    server = million.serve(data, port)
    try:
        token = (data / "keys" / "organiser-token").read_text().strip()
        people.open_letter(server, token, 1)
        row: dict[str, Any] = {"size": size, **make(data, size)}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
                args=["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"],
            )
            row |= search(browser, port)
            browser.close()
    finally:
        server.stop()
    print(json.dumps(row), flush=True)
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown."""
    columns = (
        ("size", "names"), ("names_s", "all files made, s"), ("names_mb", "MB"), ("names_mb_of_memory", "MB of memory"),
        ("files", "files fetched"), ("shards_mb", "MB of names"), ("fetched_mb", "MB fetched"),
        ("first_ms", "first answer, ms"), ("first_still_ms", "the page stands still, ms"), ("later_ms", "others, ms"),
        ("later_most_ms", "at most"), ("heap_mb", "MiB, heap"),
    )  # fmt: skip
    head = "| " + " | ".join(title for _, title in columns) + " |\n|" + "---:|" * len(columns) + "\n"
    return head + "".join("| " + " | ".join(f"{row[key]:,}" for key, _ in columns) + " |\n" for row in rows)


def main() -> None:
    """Runs every size and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="undersigned-search-") as name:
        rows = [run(Path(name), int(size)) for size in asked.sizes.split(",")]
    print(table(rows))
    if asked.out:
        asked.out.write_text(f"# Looking for a name\n\nMade by `python bench/search.py`.\n\n{table(rows)}")


if __name__ == "__main__":
    main()
