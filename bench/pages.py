"""Pages served per second, relative to a bare application with the same bytes.

    python bench/pages.py [--names 1000] [--seconds 5] [--connections 32] [--rounds 2]

A letter's page, the page of its signatories and its count, as files under ``public/``, compressed, over kept-alive
connections on loopback; the readers share the machine with the server. Control and site alternate; the best round of
each counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import load
import people
import readers
from outcome import Outcome
from sign import site
from undersigned.web.serve import web_command

REACH = 5000
LATE = 50.0
"""Milliseconds within which 99 of 100 pages must have come."""


def control(root: Path, body: bytes, number: int) -> people.Process:
    """The bare application under the same granian settings."""
    file = root / f"body-{number}"
    file.write_bytes(body)
    port = people.free_port()
    environment = {"HELLO_BODY": str(file), "PYTHONPATH": str(Path(__file__).parent)}
    return people.Process(web_command("127.0.0.1", port, 1, "hello:application"), port, environment)


def names_page(number: int) -> bytes:
    """Returns a page as long as one with that many signatories."""
    rows = "".join(
        f'<li><bdi>Testperson Number {i}</bdi>, <bdi class="title">Capt.</bdi></li>\n' for i in range(number)
    )
    return f'<!doctype html><title>Signatories</title><ul class="names">{rows}</ul>'.encode()


def served(server: people.Process, data: Path, slug: str, names: int) -> list[str]:
    """Returns the requested paths; waits for the clerk's pages, and writes the page of signatories as it would."""
    from undersigned.web.storage.files import FileStorage

    for _ in range(200):
        if server.request("GET", f"/{slug}/en/")[0] == 200:
            break
        time.sleep(0.05)

    FileStorage(data / "public").put(f"{slug}/editions/1/signatories-en.html", names_page(names))
    return [f"/{slug}/en/", f"/{slug}/", f"/{slug}/editions/1/signatories-en.html", f"/{slug}/count.json"]


def body_at(data: Path, path: str) -> bytes:
    """Returns what a reader that accepts gzip gets at ``path``."""
    file = data / "public" / f"{path}index.html"[1:] if path.endswith("/") else data / "public" / path[1:]
    packed = file.with_name(file.name + ".gz")
    return (packed if packed.exists() else file).read_bytes()


def compare(bare: int, port: int, path: str, asked: argparse.Namespace) -> bool:
    """Measures control and site alternately; returns whether the best rounds reach the bar."""
    found: dict[str, list[load.Result]] = {"control": [], "site": []}
    for _ in range(asked.rounds):
        for kind, at in (("control", bare), ("site", port)):
            found[kind].append(readers.read(at, path, asked.seconds, asked.connections))
    best = {kind: max(results, key=lambda r: r.rate) for kind, results in found.items()}
    ours, errors = best["site"], sum(r.errors(200) for rs in found.values() for r in rs)
    ratio, late = ours.rate / best["control"].rate, ours.percentile(0.99)
    Outcome(
        f"served: {path.replace(people.SLUG, 'letter')}",
        f"{ours.rate:,.0f}/s, p99 {late:.1f} ms (bar {LATE:.0f}), {errors} errors",
        f"bare application {best['control'].rate:,.0f}/s, ratio {ratio:.2f}",
        ours.rate,
        REACH,
        "/s",
    ).say()
    return ours.rate >= REACH and late < LATE and not errors


def main() -> int:
    """Runs it; exit status 1 if a page is below 5,000 a second, p99 over 50 ms, or anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as name:
        root, port = Path(name), people.free_port()
        server = site(root / "data", port)
        try:
            token = (root / "data" / "keys" / "organiser-token").read_text().strip()
            people.open_letter(server, token, 10)
            for number, path in enumerate(served(server, root / "data", people.SLUG, asked.names)):
                bare = control(root, body_at(root / "data", path), number)
                try:
                    good = compare(bare.port, port, path, asked) and good
                finally:
                    bare.stop()
        finally:
            server.stop()
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
