"""A sealed letter of many names, from its first signature to its published edition, as people would do it.

    python bench/published.py --sizes 1000,10000,100000 [--out bench/results/published.md]

Everything goes the way it goes in life: signatures with three post-quantum boxes each over HTTP, notice and cut by the
organiser, two trustees' own tool (their mirrors, their checks, their openings), publication over HTTP, a stranger who
fetches the letter and checks it on all cores, and somebody who withdraws afterwards. Seconds of each, and the memory of
the site's processes at its largest.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import load
import people
from undersigned.client.http import Http
from undersigned.client.keyfile import TrusteeKey
from undersigned.client.letter import Letter
from undersigned.client.link import Link
from undersigned.client.trustee import Trustee
from undersigned.protocol import base64url as b64
from undersigned.protocol import entries, keys, manifest

CHUNK = 5_000
STEPS = (
    ("sign", "signed over HTTP"),
    ("watch", "two trustees watch"),
    ("open", "two trustees open"),
    ("publish", "published"),
    ("bundle", "the bundle is there"),
    ("fetch", "a stranger fetches it"),
    ("verify", "and checks it"),
    ("withdraw", "one withdraws: the edition is gone"),
    ("rebundle", "the next bundle is there"),
)


HEAD = (
    "# A letter is published\n\nMade by `python bench/published.py`: three trustees, two needed; everything over HTTP "
    "and by people's own tools, on the same two cores.\n\n"
)


class Run:
    """One size, step by step."""

    def __init__(self, root: Path, size: int) -> None:
        self.size, self.root = size, root / str(size)
        self.port = people.free_port()
        serve = ["-m", "undersigned.web", "serve", "--data", str(self.root), "--port", str(self.port)]
        self.server = people.Process([people.python(), *serve], self.port, {})
        self.found: dict[str, float] = {"size": size}

    def timed(self, name: str, act: Callable[[], Any]) -> Any:
        """Does it and notes the seconds."""
        began = time.perf_counter()
        result = act()
        self.found[name] = round(time.perf_counter() - began, 2)
        print(json.dumps(self.found), file=sys.stderr, flush=True)
        return result

    def life(self) -> None:
        """All of it."""
        token = (self.root / "keys" / "organiser-token").read_text().strip()
        self.bench = people.open_letter(self.server, token, self.size + 1)
        found = manifest.parse(self.bench.manifest)
        self.letter = Letter(Link("http", found.origin, None), self.bench.manifest, found)
        self.http = Http(self.letter.link.base, token=token)
        self.sign()
        trustees = [self.trustee(number) for number in (1, 2)]
        self.timed("watch", lambda: [trustee.watch() for trustee in trustees])
        self.act(entries.Notice(v=1, letter=self.letter.spelt, edition=1, after=soon()))
        time.sleep(3)
        self.act(entries.Cut(v=1, letter=self.letter.spelt, edition=1))
        self.timed("open", lambda: [self.open(trustee) for trustee in trustees])
        for trustee in trustees:
            trustee.watch()
        self.timed("publish", lambda: self.http.post("publish", {"edition": 1}, patience=3600))
        self.timed("bundle", lambda: until(lambda: "editions/1/edition.json" in self.bundled()))
        self.check()
        self.withdraw()
        for name in ("web", "clerk"):
            self.found[f"{name}_mb"] = round(self.memory(name))

    def sign(self) -> None:
        """So many, with what they send prepared before it is timed."""
        registrar, spent = self.root / "keys" / f"{people.SLUG}.registrar", 0.0
        # One whose key is known here: that one withdraws in the end.
        self.seed = os.urandom(32)
        left = self.size
        while left:
            number = min(CHUNK, left)
            bodies = people.signatures(self.bench.manifest, registrar, number)
            if left == number:
                bodies[-1] = people.signature(self.bench.manifest, registrar, self.seed)
            done = load.run(self.port, f"/{people.SLUG}/entries", bodies, 16)
            assert done.errors(201) == 0, done.statuses
            spent += done.seconds
            left -= number
        began = time.perf_counter()
        until(lambda: self.status()["pending"] == 0)
        self.found["sign"] = round(spent + time.perf_counter() - began, 2)

    def trustee(self, number: int) -> Trustee:
        """One trustee's tool."""
        seal, sign = self.bench.trustees[number - 1]
        place = self.root.parent / f"trustee-{self.size}-{number}"
        return Trustee(TrusteeKey(f"Trustee {number}", seal, sign), self.letter, Http(self.letter.link.base), place)

    def open(self, trustee: Trustee) -> None:
        """Every name."""
        released = trustee.open(1)
        assert (released.shares, released.failed) == (self.size, [])

    def check(self) -> None:
        """As a stranger, in processes of their own."""
        place = self.root.parent / f"fetched-{self.size}"
        command = [sys.executable, "-m", "undersigned.cli.app"]
        fetch = [*command, "bundle", "get", self.letter.invitation, str(place)]
        self.timed("fetch", lambda: subprocess.run(fetch, check=True))
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.timed("verify", lambda: subprocess.run([*command, "verify", str(place)], check=True))
        self.found["verify_mb"] = round(max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024)

    def withdraw(self) -> None:
        """One of them."""
        spelt = b64.encode(keys.public_key(self.seed))
        entry = entries.sign_entry(entries.Withdraw(v=1, letter=self.letter.spelt, key=spelt), self.seed)

        def act() -> None:
            self.http.post("entries", {"entry": entry})
            until(lambda: self.http.find("editions/1/edition.json") is None)

        self.timed("withdraw", act)
        self.timed("rebundle", lambda: until(lambda: "editions/1/counts.json" in self.bundled()))

    def act(self, entry: Any) -> None:
        """The organiser's entry, until it is in the log."""
        self.http.post("entries", {"entry": entries.sign_entry(entry, self.bench.organiser)})
        until(lambda: self.status()["pending"] == 0)

    def status(self) -> dict[str, Any]:
        """What the site says of the letter."""
        return dict(self.http.get_json("status"))

    def bundled(self) -> list[str]:
        """What is in the bundle that is served now."""
        import zipfile

        try:
            with zipfile.ZipFile(self.root / "public" / people.SLUG / "bundle.zip") as archive:
                return archive.namelist()
        except FileNotFoundError:
            return []

    def memory(self, kind: str) -> float:
        """Megabytes that a process of the site has had, at most."""
        most = 0.0
        for place in Path("/proc").glob("[0-9]*"):
            try:
                command = (place / "cmdline").read_bytes()
                own = str(self.root).encode() in command + (place / "environ").read_bytes()
                if own and (kind == "clerk") == (b"clerk" in command):
                    status = (place / "status").read_text().splitlines()
                    most = max(most, *(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")))
            except (OSError, ValueError):
                continue
        return most


def soon() -> str:
    """A moment from now: the letter's grace is none."""
    return manifest.format_time(datetime.now(UTC) + timedelta(seconds=2))


def until(true: Callable[[], bool]) -> None:
    """Waits for it, an hour at most."""
    for _ in range(36_000):
        if true():
            return
        time.sleep(0.1)
    raise SystemExit("it does not come")


def table(rows: list[dict[str, float]]) -> str:
    """Markdown."""
    head = "| | " + " | ".join(f"{row['size']:,.0f} names" for row in rows) + " |\n|---|" + "---:|" * len(rows) + "\n"
    lines = [f"| {title}, s | " + " | ".join(f"{row[name]:,g}" for row in rows) + " |" for name, title in STEPS]
    for name, title in (("web_mb", "the web process"), ("clerk_mb", "the clerk"), ("verify_mb", "the verifier")):
        lines.append(f"| {title} at its largest, MB | " + " | ".join(f"{row[name]:,g}" for row in rows) + " |")
    return head + "\n".join(lines) + "\n"


def main() -> None:
    """Runs every size and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000,10000")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="undersigned-published-") as name:
        for size in (int(size) for size in asked.sizes.split(",")):
            run = Run(Path(name), size)
            try:
                run.life()
            finally:
                run.server.stop()
            rows.append(run.found)
    print(table(rows))
    if asked.out is not None:
        asked.out.write_text(HEAD + table(rows))


if __name__ == "__main__":
    main()
