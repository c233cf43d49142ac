"""How many signatures a second does the site accept, and how far is that from the bare ceiling?

    python bench/sign.py [--signatures 2000] [--connections 32] [--rounds 2] [--postgresql]

Sealed letter, RSA-3072 credential, receipt after durable commit, HTTP on loopback; the load generator shares the
machine. Ceiling and site take turns on the same prepared signatures; the best round of each counts. ``--postgresql``:
the site has two web workers and a private PostgreSQL cluster; the ceiling stays what it is, on SQLite.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import load
import people
from outcome import Outcome
from undersigned.web.operations.serve import web_command


def site(data: Path, port: int, *options: str) -> people.Process:
    """The real server: web worker and clerk."""
    command = [people.python(), "-m", "undersigned.web", "serve", "--data", str(data), "--port", str(port), *options]
    return people.Process(command, port, {})


@contextmanager
def database(wanted: bool) -> Iterator[list[str]]:
    """Options of a site on a private PostgreSQL cluster, with two web workers; none if it is not wanted."""
    if not wanted:
        yield []
        return
    from cluster import Cluster

    cluster = Cluster()
    try:
        cluster.initialise()
        cluster.start()
        cluster.ask("CREATE DATABASE letters")
        yield ["--database", cluster.url("letters"), "--workers", "2"]
    finally:
        cluster.remove()


COMPANY = 0.006
"""Seconds; the site's (``signing/committer.py``, which cannot be imported without a site)."""


def ceiling(root: Path, source: bytes, number: int, company: float) -> people.Process:
    """The bare application under the same granian settings; a batch waits ``company`` seconds for more."""
    (root / "manifest.json").write_bytes(source)
    port = people.free_port()
    environment = {
        "CEILING_MANIFEST": str(root / "manifest.json"),
        "CEILING_DATABASE": str(root / f"ceiling-{number}-{company}.sqlite3"),
        "CEILING_COMPANY": str(company),
        "PYTHONPATH": str(Path(__file__).parent),
    }
    return people.Process(web_command("127.0.0.1", port, 1, "ceiling:application"), port, environment)


def describe(name: str, result: load.Result) -> None:
    """Prints a result's figures."""
    median, late = result.percentile(0.5), result.percentile(0.99)
    print(f"{name:8} {result.rate:>6.0f} /s   p50 {median:.1f} ms   p99 {late:.1f} ms   errors {result.errors(201)}")


def main() -> int:
    """Runs it; exit status 1 if the ratio is below 0.6, p99 over 250 ms, or anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signatures", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--postgresql", action="store_true")
    asked = parser.parse_args()
    each = asked.signatures
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as name, database(asked.postgresql) as options:
        root, port = Path(name), people.free_port()
        server = site(root / "data", port, *options)
        token = (root / "data" / "keys" / "organiser-token").read_text().strip()
        letter = people.open_letter(server, token, each * asked.rounds)
        registrar = root / "data" / "keys" / f"{people.SLUG}.registrar"
        bodies = people.signatures(letter.manifest, registrar, each * asked.rounds)
        found: dict[str, list[load.Result]] = {"ceiling": [], "site": []}
        for number in range(asked.rounds):
            part = bodies[number * each : (number + 1) * each]
            # Both ways to batch, so that the ceiling is the better one.
            for company in (0, COMPANY):
                bare = ceiling(root, letter.manifest, number, company)
                found["ceiling"].append(load.run(bare.port, f"/{people.SLUG}/entries", part, asked.connections))
                bare.stop()
            found["site"].append(load.run(port, f"/{people.SLUG}/entries", part, asked.connections))
        server.stop()
    best = {name: max(results, key=lambda result: result.rate) for name, results in found.items()}
    for name, result in best.items():
        describe(name, result)
    errors = sum(result.errors(201) for results in found.values() for result in results)
    base, site_ms = "PostgreSQL" if asked.postgresql else "SQLite", best["site"].percentile(0.99)
    reached = [
        Outcome(
            f"signatures accepted, {base}",
            f"{best['site'].rate:,.0f}/s, {errors} errors",
            f"bare ceiling {best['ceiling'].rate:,.0f}/s",
            best["site"].rate / best["ceiling"].rate,
            0.6,
        ).say(),
        Outcome(
            f"a receipt, p99, {base}",
            f"{site_ms:.0f} ms",
            f"bare ceiling {best['ceiling'].percentile(0.99):.0f} ms",
            site_ms,
            250,
            "ms",
            at_most=True,
        ).say(),
    ]
    return 0 if all(reached) and not errors else 1


if __name__ == "__main__":
    raise SystemExit(main())
