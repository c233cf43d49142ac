"""Signing latency while many viewers watch the count.

    python bench/viewers.py [--viewers 1000,10000,30000,60000,100000] [--every 20] [--rate 33] [--seconds 30]
        [--workers 1] [--postgresql]

Each viewer keeps a connection open and requests the count every few seconds, like a page that refreshes itself.
Meanwhile people sign at a steady rate, whether or not the answers keep up; latency is measured from when a signature
was due. The web server closes connections that are idle for thirty seconds, so viewers ask more often. The control is
the same rate without viewers, before and after. Viewers, signatories and server share the machine.

A connection is an open file at both ends. If a process may not have enough of them for all viewers (``ulimit -Hn``),
the viewers run in several processes, and the site gets as many web workers as it needs.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import load
import people
import soak
import steady
from outcome import Outcome
from sign import site
from undersigned.web.serve import OWN_FILES

REACH = 250.0
"""Milliseconds within which 99 of 100 receipts must have come."""
A_PROCESS = 15_000
"""Viewers in one process: below the ports of one source address, and below the files most systems let one have."""
MARGIN = 1.1
"""Room in the web workers above the number of viewers: the kernel deals them out unevenly."""


class Crowd:
    """All viewers, in separate processes."""

    def __init__(self, port: int, path: str, every: float) -> None:
        self._words = [str(port), path, str(every)]
        self._groups: list[subprocess.Popen[str]] = []

    def grow(self, number: int) -> str:
        """Connects viewers up to the number; returns the error if that fails."""
        needed = -(-number // A_PROCESS)
        while len(self._groups) < needed:
            place = Path(__file__).with_name("crowd.py")
            # One address each, because an address has a limited number of ports.
            command = [sys.executable, str(place), *self._words, f"127.0.0.{2 + len(self._groups)}"]
            pipe = subprocess.PIPE
            self._groups.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
        shares = [number // needed + (i < number % needed) for i in range(needed)] if needed else []
        answers = self._ask([{"grow": share} for share in shares])
        return "; ".join(sorted({answer["why"] for answer in answers if answer["why"]}))

    def clear(self) -> None:
        """Resets the statistics."""
        self._ask([{"clear": 1}] * len(self._groups))

    def tell(self) -> tuple[int, int, load.Result]:
        """Returns the number of viewers, failures and disconnects, and the latencies."""
        seen, here, missed = load.Result(), 0, 0
        for answer in self._ask([{"tell": 1}] * len(self._groups)):
            here, missed = here + answer["here"], missed + answer["late"] + answer["lost"]
            seen.latencies += answer["latencies"]
            seen.statuses.update({int(status): number for status, number in answer["statuses"].items()})
        return here, missed, seen

    def memory(self) -> float:
        """MiB of all of them."""
        return sum(soak.memory(group.pid) for group in self._groups)

    def leave(self) -> None:
        """Disconnects all viewers."""
        for group in self._groups:
            assert group.stdin is not None
            group.stdin.close()
            group.wait(timeout=60)
        self._groups.clear()

    def _ask(self, questions: list[dict[str, int]]) -> list[dict[str, Any]]:
        for group, question in zip(self._groups, questions, strict=True):
            assert group.stdin is not None
            group.stdin.write(json.dumps(question) + "\n")
            group.stdin.flush()
        return [json.loads(group.stdout.readline()) for group in self._groups if group.stdout]


def web_workers(server: people.Process) -> tuple[float, int]:
    """MiB of the site's processes that are not the clerk, and how many files the one with the most has open."""
    memory, files = 0.0, 0
    for pid in soak.below(server.pid):
        try:
            if b"clerk" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                memory += soak.memory(pid)
                files = max(files, len(list(Path(f"/proc/{pid}/fd").iterdir())))
        except OSError:
            continue
    return memory, files


def run(server: people.Process, asked: argparse.Namespace, bodies: list[bytes]) -> list[dict[str, Any]]:
    """Returns one row per number of viewers; the first and last rows have none."""
    rows: list[dict[str, Any]] = []
    each, path = int(asked.rate * asked.seconds), f"/{people.SLUG}"
    crowd = Crowd(server.port, f"{path}/count.json", asked.every)
    try:
        for number in [0, *sizes(asked), 0]:
            why = ""
            if number:
                why = crowd.grow(number)
                # All viewers have asked once: connecting is not part of the measurement.
                time.sleep(asked.every)
            else:
                crowd.leave()
            crowd.clear()
            part, bodies = bodies[:each], bodies[each:]
            found = steady.post(server.port, f"{path}/entries", part, asked.rate)
            here, missed, seen = crowd.tell()
            memory, fullest = web_workers(server)
            rows.append({
                "viewers": here, "asked": round(len(seen.latencies) / found.seconds),
                "seen_p50_ms": round(seen.percentile(0.5), 1) if seen.latencies else 0,
                "seen_p99_ms": round(seen.percentile(0.99), 1) if seen.latencies else 0,
                "sign_p50_ms": round(found.percentile(0.5), 1), "sign_p99_ms": round(found.percentile(0.99), 1),
                "errors": found.errors(201) + seen.errors(200) + missed + max(0, number - here),
                "web_mb": round(memory), "fullest": fullest, "viewers_mb": round(crowd.memory()), "why": why,
            })  # fmt: skip
            print(json.dumps(rows[-1]), flush=True)
            if number and (here < number or rows[-1]["sign_p99_ms"] > 4 * REACH):
                break
    finally:
        crowd.leave()
    return rows


@contextmanager
def database(wanted: bool) -> Iterator[list[str]]:
    """Returns the options of a site on a private PostgreSQL cluster, or none."""
    if not wanted:
        yield []
        return
    from cluster import Cluster

    cluster = Cluster()
    try:
        cluster.initialise()
        cluster.start()
        cluster.ask("CREATE DATABASE letters")
        yield ["--database", cluster.url("letters")]
    finally:
        cluster.remove()


def sizes(asked: argparse.Namespace) -> list[int]:
    """Returns the numbers of viewers."""
    return [int(size) for size in asked.viewers.split(",")]


def open_files(wanted: int) -> int:
    """Raises the limit of open files for this process and its children as far as allowed; returns it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for number in (wanted, most):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (number, max(number, most)))
        except (ValueError, OSError):
            continue
        return number
    return most


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown."""
    columns = (
        ("viewers", "viewers"), ("asked", "counts a second"), ("seen_p50_ms", "p50 of the count, ms"),
        ("seen_p99_ms", "p99"), ("sign_p50_ms", "p50 of signing, ms"), ("sign_p99_ms", "p99"), ("errors", "errors"),
        ("web_mb", "MiB, web workers"), ("fullest", "files of the fullest"), ("viewers_mb", "MiB, viewers"),
    )  # fmt: skip
    head = "| " + " | ".join(title for _, title in columns) + " |\n|" + "---:|" * len(columns) + "\n"
    return head + "".join("| " + " | ".join(f"{row[key]:,}" for key, _ in columns) + " |\n" for row in rows)


def main() -> int:
    """Exit status 1 if a receipt was late, or anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", default="1000,10000,30000,60000,100000")
    parser.add_argument("--every", type=float, default=20)
    parser.add_argument("--rate", type=float, default=33)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true")
    asked = parser.parse_args()
    files = open_files(max(sizes(asked)) + 10_000)
    workers = max(asked.workers, -(-int(MARGIN * max(sizes(asked))) // (files - OWN_FILES)))
    print(f"{files:,} files may be open in a process; {workers} web workers", flush=True)
    number = int(asked.rate * asked.seconds) * (2 + len(sizes(asked)))
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as name, database(asked.postgresql) as options:
        root, port = Path(name), people.free_port()
        server = site(root / "data", port, *options, "--workers", str(workers))
        try:
            token = (root / "data" / "keys" / "organiser-token").read_text().strip()
            letter = people.open_letter(server, token, number)
            bodies = people.signatures(letter.manifest, root / "data" / "keys" / f"{people.SLUG}.registrar", number)
            rows = run(server, asked, bodies)
        finally:
            server.stop()
    print(table(rows))
    most = max(rows, key=lambda row: row["viewers"])
    Outcome(
        f"a receipt, p99, {asked.rate:g} a second, {most['viewers']:,} viewers",
        f"{most['sign_p99_ms']:.0f} ms, {most['errors']} errors",
        f"without viewers {rows[0]['sign_p99_ms']:.0f} ms",
        most["sign_p99_ms"],
        REACH,
        "ms",
        at_most=True,
    ).say()
    return 1 if any(row["sign_p99_ms"] >= REACH or row["errors"] for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
