"""Does the site stand a rush, and does it say so when it cannot?

    python bench/sustained.py [--rates 100x600,300x60,1000x10,3000x5] [--out bench/results/sustained.md]

People sign at a steady rate for so many seconds each, whether or not the answers keep up; an answer's time is counted
from when the signature was due. Reached is: everybody gets a receipt at 100 a second, in 300 ms (p99), and at 300 a
second in 1.5 s. Beyond what the machine carries, whoever gets no receipt is told when to come back, and the others get
theirs in 2 s. After each rate the log is asked whether everybody with a receipt is counted, and nobody else.

The control is the smallest rate.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import load
import people
import steady
from sign import site

REACH = {100: 300.0, 300: 1500.0}
"""Milliseconds for the p99 at rates up to this one, at which everybody must get a receipt."""
REACH_BEYOND = 2000.0


def count(server: people.Process) -> int:
    """Who is counted, once nothing waits any more."""
    place, last = f"/{people.SLUG}/count.json", -1
    while True:
        found = server.request("GET", place)
        now = int(json.loads(found[1])["count"]) if found[0] == 200 else 0
        if now == last:
            return now
        last = now
        # Longer than a batch waits for company.
        time.sleep(4)


def run(server: people.Process, rates: list[tuple[int, int]], bodies: list[bytes]) -> list[dict[str, Any]]:
    """A row for each rate."""
    rows = []
    before = count(server)
    for rate, seconds in rates:
        part, bodies = bodies[: rate * seconds], bodies[rate * seconds :]
        found = steady.post(server.port, f"/{people.SLUG}/entries", part, rate)
        after, accepted = count(server), load.Result(latencies=found.accepted)
        receipts, told = found.statuses[201], found.patient
        late = accepted.percentile(0.99) if receipts else 0.0
        bounds = [most for limit, most in REACH.items() if rate <= limit]
        good = late < min(bounds, default=REACH_BEYOND) and (receipts == len(part) or not bounds)
        rows.append({
            "rate": rate, "seconds": seconds, "receipts": receipts, "told": told,
            "otherwise": len(part) - receipts - told, "p50": round(accepted.percentile(0.5), 1) if receipts else 0,
            "p99": round(late, 1), "lost": receipts - (after - before),
        })  # fmt: skip
        rows[-1]["good"] = good and not rows[-1]["otherwise"] and not rows[-1]["lost"]
        before = after
        print(json.dumps(rows[-1]), flush=True)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown."""
    titles = (
        "offered a second", "for, s", "receipts", "told to come back", "otherwise", "p50 of receipts, ms", "p99",
        "with a receipt and not counted", "",
    )  # fmt: skip
    lines = ["| " + " | ".join(titles) + " |", "|" + "---:|" * len(titles)]
    for row in rows:
        cells = [f"{row[key]:,}" for key in row if key != "good"]
        lines.append("| " + " | ".join((*cells, "reached" if row["good"] else "**not reached**")) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Exit status 1 if a line is not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", default="100x600,300x60,1000x10,3000x5")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    rates = [(int(rate), int(seconds)) for rate, _, seconds in (one.partition("x") for one in asked.rates.split(","))]
    number = sum(rate * seconds for rate, seconds in rates)
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as name:
        root, port = Path(name), people.free_port()
        server = site(root / "data", port, "--workers", str(asked.workers))
        try:
            token = (root / "data" / "keys" / "organiser-token").read_text().strip()
            letter = people.open_letter(server, token, number)
            registrar = root / "data" / "keys" / f"{people.SLUG}.registrar"
            rows = run(server, rates, people.signatures(letter.manifest, registrar, number))
        finally:
            server.stop()
    print(table(rows))
    if asked.out:
        asked.out.write_text(f"# Overload\n\nMade by `python bench/sustained.py`.\n\n{table(rows)}")
    return 0 if all(row["good"] for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
