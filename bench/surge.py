"""Is an honest public letter ever called invalid while people sign it, and a forged one ever anything else?

    python bench/surge.py [--runs 200] [--out bench/results/surge.md]

A real site, with one web worker and with three, on SQLite and on PostgreSQL (a private cluster); three people
sign per second and one withdraws, while ``undersigned verify LINK`` runs repeatedly in a separate process. Every tenth
time it goes through a proxy that changes a name in one record, and then through one that drops an entry of the log. The
control is in the test suite (``tests/web/test_surge.py``): a site that serves checkpoints before names.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from cluster import Cluster
from web.server import Server, database_for, free_port
from web.surge import Surge, altered, begin, forger, left_out, link_of, verify

FORGE_EVERY = 10


def one_site(workers: int, runs: int) -> dict[str, Any]:
    """Checks one site's letter a number of times; returns the outcomes."""
    honest: Counter[int] = Counter()
    forged: Counter[int] = Counter()
    took = []
    with tempfile.TemporaryDirectory() as folder:
        data, port = Path(folder) / "data", free_port()
        command = [sys.executable, "-m", "undersigned.cli.app", "serve", "--data", str(data), "--port", str(port)]
        server = Server(data, port, [*command, "--workers", str(workers), *database_for(data)])
        server.start()
        try:
            letter = begin(server, 100 + runs * 60)
            link, surge = link_of(server, letter), Surge(letter, letter.people[1:])
            with surge.going_on():
                for run in range(runs):
                    began = time.monotonic()
                    code, said = verify(link)
                    took.append(time.monotonic() - began)
                    honest[code] += 1
                    if code:
                        print(said, file=sys.stderr)
                    if run % FORGE_EVERY == FORGE_EVERY - 1:
                        for meddle in (altered(letter.people[0].key), left_out):
                            with forger(meddle) as proxy:
                                forged[verify(link, "--proxy", proxy)[0]] += 1
            code, _ = verify(link)
            honest[code] += 1
        finally:
            server.kill()
    return {
        "honest": dict(honest), "forged": dict(forged), "signed": surge.signed, "withdrawn": surge.withdrawn,
        "median": sorted(took)[len(took) // 2], "longest": max(took),
    }  # fmt: skip


def main() -> int:
    """The exit status: 1 if an honest letter was called invalid, or a forged one was not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    lines = [
        "# Checks during a surge\n",
        "Made by `python bench/surge.py`: three signatures and one withdrawal a second; `undersigned verify LINK`"
        " meanwhile.\n",
        "| database | web workers | checks | valid | could not tell | invalid | forged | found | signed, withdrew "
        "| seconds: median, longest |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    wrong = 0
    for database in ("SQLite", "PostgreSQL"):
        with ExitStack() as held:
            if database == "PostgreSQL":
                cluster = Cluster()
                held.callback(cluster.remove)
                cluster.initialise()
                cluster.start()
                cluster.ask("CREATE DATABASE undersigned")
                os.environ["UNDERSIGNED_TEST_DATABASE"] = cluster.url("undersigned")
            for workers in (1, 3):
                made = one_site(workers, given.runs // 4)
                honest, forged = Counter(made["honest"]), Counter(made["forged"])
                wrong += honest[1] + forged.total() - forged[1]
                lines.append(
                    f"| {database} | {workers} | {honest.total()} | {honest[0]} | {honest[3]} | {honest[1]} "
                    f"| {forged.total()} | {forged[1]} | {made['signed']}, {made['withdrawn']} "
                    f"| {made['median']:.1f}, {made['longest']:.1f} |"
                )
                print(lines[-1], flush=True)
            os.environ.pop("UNDERSIGNED_TEST_DATABASE", None)
    if given.out:
        given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
