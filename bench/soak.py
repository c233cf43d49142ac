"""Soak test: does memory, open files or the WAL grow while people sign and read for a long time?

    python bench/soak.py [--seconds 1200] [--rate 10] [--out bench/results/soak]

People sign at a steady rate, every tenth signature is sent again, and readers request the count, the checkpoint and
the page. Memory, open files and the WAL are sampled every few seconds. The first fifth is warm-up; of the rest, the
beginning is compared with the end. Only the clerk's memory may grow, because the letter does.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import people
from sign import site

EVERY = 2.0
"""Seconds between two looks."""
SLACK_MEMORY = 12.0
"""MiB by which a web worker's memory may differ from beginning to end: what an allocator holds back."""
CLERK_BYTES = 4096
"""What the clerk's memory may grow by for each signature: its fold over the log, and a bundle being made."""
SLACK_FILES = 8
MAX_WAL = 64.0
"""MiB: the write-ahead log is emptied again and again."""
READ = (f"/{people.SLUG}/count.json", f"/{people.SLUG}/log/checkpoint", f"/{people.SLUG}/")


@dataclass
class Look:
    """One sample. Memory and WAL in MiB."""

    at: float
    web: float
    clerk: float
    files: int
    wal: float
    signed: int


@dataclass
class Crowd:
    """The signing and reading clients; ``statuses`` of all answers, and unexpected answers."""

    port: int
    bodies: Sequence[bytes]
    rate: float
    signed: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    def sign(self) -> None:
        """Signs at a steady rate, however long the answers take; each tenth signature is sent twice."""
        begun = time.monotonic()
        for number, body in enumerate(self.bodies):
            if self.over.wait(max(0.0, begun + number / self.rate - time.monotonic())):
                return
            self.statuses[self._ask("POST", f"/{people.SLUG}/entries", body)] += 1
            self.signed += 1
            if number % 10 == 0:
                self.statuses[self._ask("POST", f"/{people.SLUG}/entries", body)] += 1

    def read(self) -> None:
        """Reads page after page, on separate connections."""
        number = 0
        while not self.over.wait(0.02):
            self.statuses[self._ask("GET", READ[number % len(READ)])] += 1
            number += 1

    def _ask(self, method: str, path: str, body: bytes | None = None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"content-type": "application/json"} if body else {})
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except OSError:
            status = 0
        finally:
            connection.close()
        if status not in (200, 201):
            self.wrong[f"{status} {method} {path}"] += 1
        return status


def below(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += below(int(child))
    except OSError:
        return found
    return found


def memory(pid: int) -> float:
    """Resident memory in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def look(server: people.Process, data: Path, begun: float, signed: int) -> Look:
    """Takes a sample."""
    web = clerk = 0.0
    files = 0
    for pid in below(server._process.pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            files += len(list(Path(f"/proc/{pid}/fd").iterdir()))
            if b"clerk" in words:
                clerk += memory(pid)
            else:
                web += memory(pid)
        except OSError:
            continue
    wal = data / "undersigned.sqlite3-wal"
    size = wal.stat().st_size / 2**20 if wal.exists() else 0.0
    return Look(time.monotonic() - begun, web, clerk, files, size, signed)


def run(seconds: int, rate: float) -> tuple[list[Look], Crowd]:
    """Returns the samples and the clients."""
    with tempfile.TemporaryDirectory(prefix="undersigned-soak-") as name:
        data, port = Path(name) / "data", people.free_port()
        server = site(data, port)
        try:
            token = (data / "keys" / "organiser-token").read_text().strip()
            letter = people.open_letter(server, token, int(seconds * rate))
            registrar = data / "keys" / f"{people.SLUG}.registrar"
            crowd = Crowd(port, people.signatures(letter.manifest, registrar, int(seconds * rate)), rate)
            # A letter that was just approved has its pages only after the clerk's next round.
            for path in READ:
                while server.request("GET", path)[0] != 200:
                    time.sleep(0.1)
            threads = [threading.Thread(target=crowd.sign), *(threading.Thread(target=crowd.read) for _ in range(2))]
            begun = time.monotonic()
            for thread in threads:
                thread.start()
            looks = []
            while time.monotonic() - begun < seconds:
                looks.append(look(server, data, begun, crowd.signed))
                time.sleep(EVERY)
            crowd.over.set()
            for thread in threads:
                thread.join(timeout=60)
        finally:
            server.stop()
    return looks, crowd


@dataclass(frozen=True)
class Verdict:
    """One figure at the beginning and at the end, and whether it stayed within its limit."""

    name: str
    unit: str
    first: float
    last: float
    allowed: str
    good: bool

    def row(self) -> str:
        """A line of the table."""
        cells = (self.name, f"{self.first:.1f} {self.unit}", f"{self.last:.1f} {self.unit}", self.allowed)
        return "| " + " | ".join((*cells, "flat" if self.good else "GROWS")) + " |"


def judge(looks: Sequence[Look]) -> list[Verdict]:
    """Compares the end with the beginning, after the first fifth: medians over a fifth each."""
    part = max(1, len(looks) // 5)
    first, last = looks[part : 2 * part], looks[-part:]

    def both(name: str) -> tuple[float, float]:
        medians = [statistics.median(getattr(one, name) for one in some) for some in (first, last)]
        return medians[0], medians[1]

    web, clerk, files = both("web"), both("clerk"), both("files")
    more = (last[-1].signed - first[0].signed) * CLERK_BYTES / 2**20 + SLACK_MEMORY
    highest = max(one.wal for one in looks)
    return [
        Verdict(
            "memory of the web processes", "MiB", *web, f"+ {SLACK_MEMORY:.0f} MiB", web[1] - web[0] < SLACK_MEMORY
        ),
        Verdict(
            "memory of the clerk", "MiB", *clerk, f"+ {more:.0f} MiB, for the signatures", clerk[1] - clerk[0] < more
        ),
        Verdict("open files", "", *files, f"+ {SLACK_FILES}", files[1] - files[0] < SLACK_FILES),
        Verdict(
            "write-ahead log, highest last", "MiB", both("wal")[0], highest, f"{MAX_WAL:.0f} MiB", highest < MAX_WAL
        ),
    ]


def picture(looks: Sequence[Look]) -> str:
    """Draws four curves over time as SVG, each with its own scale."""
    width, height, gap = 720, 110, 24
    parts = []
    for number, (name, title) in enumerate(
        (("web", "web, MiB"), ("clerk", "clerk, MiB"), ("files", "open files"), ("wal", "write-ahead log, MiB"))
    ):
        top = 20 + number * (height + gap)
        values = [float(getattr(one, name)) for one in looks]
        most, span = max(*values, 1.0), max(looks[-1].at, 1.0)
        points = " ".join(
            f"{60 + one.at / span * (width - 80):.1f},{top + height - value / most * height:.1f}"
            for one, value in zip(looks, values, strict=True)
        )
        parts.append(
            f'<text x="60" y="{top - 5}">{title}</text><text x="54" y="{top + 10}" text-anchor="end">{most:.0f}</text>'
            f'<text x="54" y="{top + height}" text-anchor="end">0</text>'
            f'<path d="M60 {top}V{top + height}H{width - 20}" fill="none" stroke="#888"/>'
            f'<polyline points="{points}" fill="none" stroke="#000" stroke-width="1.5"/>'
        )
    tall = 20 + 4 * (height + gap) + 10
    parts.append(f'<text x="{width - 20}" y="{tall - 14}" text-anchor="end">{looks[-1].at:.0f} s</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {tall}" font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{tall}" fill="#fff"/>' + "".join(parts) + "</svg>\n"
    )


def main() -> int:
    """Runs it; exit status 1 if anything grows that should not, or an answer was an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("DURATION", "1200")))
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--out", type=Path, help="writes OUT.md and OUT.svg")
    asked = parser.parse_args()
    looks, crowd = run(asked.seconds, asked.rate)
    verdicts, errors = judge(looks), sum(crowd.wrong.values())
    text = (
        "# Soak test\n\n"
        f"{asked.seconds} seconds, {looks[-1].signed} signatures, {sum(crowd.statuses.values())} answers, {errors} "
        f"errors; {os.cpu_count()} cores, shared with the load generator. ({Path(__file__).name}, `make soak`)\n\n"
        "| | after warm-up | at the end | allowed | |\n| --- | --- | --- | --- | --- |\n"
        + "\n".join(verdict.row() for verdict in verdicts)
        + "\n"
        + "".join(f"\n{number} x {what}\n" for what, number in crowd.wrong.most_common(10))
    )
    print(text)
    if asked.out:
        asked.out.with_suffix(".md").write_text(text + f"\n![curves]({asked.out.name}.svg)\n", encoding="utf-8")
        asked.out.with_suffix(".svg").write_text(picture(looks), encoding="utf-8")
    return 0 if all(verdict.good for verdict in verdicts) and not errors else 1


if __name__ == "__main__":
    raise SystemExit(main())
