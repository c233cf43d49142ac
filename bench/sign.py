"""Signatures accepted per second, relative to the bare ceiling.

    python bench/sign.py [--signatures 2000] [--connections 32] [--rounds 3] [--postgresql]

Sealed letter, RSA-3072 credential, receipt after durable commit, HTTP on loopback; the load generator shares the
machine. Ceiling and site alternate on the same prepared signatures, and the ceiling tries both ways to batch. Each
round gives a ratio of the site to the better ceiling of that round; the median counts. ``--postgresql``: two web
workers on a private PostgreSQL cluster, of the site and, beside the ceiling on SQLite, of the ceiling, too.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import load
import people
from outcome import Outcome
from undersigned.web.serve import web_command


def site(data: Path, port: int, *options: str) -> people.Process:
    """The real server: web worker and clerk."""
    command = [
        people.python(),
        "-m",
        "undersigned.cli.app",
        "serve",
        "--data",
        str(data),
        "--port",
        str(port),
        *options,
    ]
    return people.Process(command, port, {})


@dataclass(frozen=True)
class Base:
    """The site's database: ``options`` of its command, and the URL of the ceiling's database, if any."""

    name: str
    options: list[str]
    ceiling: str | None = None


@contextmanager
def base(postgresql: bool) -> Iterator[Base]:
    """SQLite, or a private PostgreSQL cluster with two web workers."""
    if not postgresql:
        yield Base("SQLite", [])
        return
    from cluster import Cluster

    cluster = Cluster()
    try:
        cluster.initialise()
        cluster.start()
        for name in ("letters", "ceiling"):
            cluster.ask(f"CREATE DATABASE {name}")
        yield Base("PostgreSQL", ["--database", cluster.url("letters"), "--workers", "2"], cluster.url("ceiling"))
    finally:
        cluster.remove()


class Ceiling:
    """The bare application under the same granian settings, on an empty table each time."""

    def __init__(self, root: Path, source: bytes, database: str | None) -> None:
        """``database``: the URL of a PostgreSQL database; then it has two workers, like the site."""
        self._root, self._database, self._number = root, database, 0
        (root / "manifest.json").write_bytes(source)

    def run(self, bodies: list[bytes], connections: int, *, lap: bool) -> load.Result:
        """Posts every body once. ``lap``: with a batching window."""
        self._number += 1
        environment = {
            "CEILING_MANIFEST": str(self._root / "manifest.json"),
            "CEILING_DATABASE": self._database or str(self._root / f"ceiling-{self._number}.sqlite3"),
            "CEILING_LAP": "yes" if lap else "no",
            "PYTHONPATH": str(Path(__file__).parent),
        }
        if self._database is not None:
            with psycopg.connect(self._database, autocommit=True) as connection:
                connection.execute("DROP TABLE IF EXISTS entry")
                connection.execute(
                    "CREATE TABLE entry (leaf bytea PRIMARY KEY, key text UNIQUE, data bytea, body bytea)"
                )
        port = people.free_port()
        workers = 1 if self._database is None else 2
        process = people.Process(web_command("127.0.0.1", port, workers, "ceiling:application"), port, environment)
        result = load.run(port, f"/{people.SLUG}/entries", bodies, connections)
        process.stop()
        return result

    def best(self, bodies: list[bytes], connections: int) -> load.Result:
        """Returns the better of both ways to batch."""
        found = [self.run(bodies, connections, lap=lap) for lap in (False, True)]
        return max(found, key=lambda result: result.rate)


def describe(name: str, result: load.Result) -> None:
    """Prints a result's figures."""
    median, late = result.percentile(0.5), result.percentile(0.99)
    print(f"{name:24} {result.rate:>6.0f} /s   p50 {median:.1f} ms   p99 {late:.1f} ms   errors {result.errors(201)}")


@dataclass
class Round:
    """One round's results: the site's, and each ceiling's by name."""

    site: load.Result
    ceilings: dict[str, load.Result]

    def ratio(self, name: str) -> float:
        """Returns the ratio of the site to that ceiling."""
        return self.site.rate / self.ceilings[name].rate


def measure(asked: argparse.Namespace, on: Base, root: Path) -> list[Round]:
    """All rounds."""
    each, port = asked.signatures, people.free_port()
    server = site(root / "data", port, *on.options)
    token = (root / "data" / "keys" / "organiser-token").read_text().strip()
    letter = people.open_letter(server, token, each * asked.rounds)
    registrar = root / "data" / "keys" / f"{people.SLUG}.registrar"
    bodies = people.signatures(letter.manifest, registrar, each * asked.rounds)
    bare = {"bare ceiling": Ceiling(root, letter.manifest, None)}
    if on.ceiling is not None:
        bare["bare ceiling there"] = Ceiling(root, letter.manifest, on.ceiling)
    rounds = []
    for number in range(asked.rounds):
        part = bodies[number * each : (number + 1) * each]
        ceilings = {name: ceiling.best(part, asked.connections) for name, ceiling in bare.items()}
        rounds.append(Round(load.run(port, f"/{people.SLUG}/entries", part, asked.connections), ceilings))
        describe(f"site on {on.name}", rounds[-1].site)
        for name, result in ceilings.items():
            describe(name, result)
    server.stop()
    return rounds


def main() -> int:
    """Runs it; exit status 1 if a bar is missed, or anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signatures", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgresql", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="undersigned-bench-") as name, base(asked.postgresql) as on:
        rounds = measure(asked, on, Path(name))
    errors = sum(result.errors(201) for one in rounds for result in (one.site, *one.ceilings.values()))
    typical = statistics.median(one.site.rate for one in rounds)
    reached = []
    for name in rounds[0].ceilings:
        ratios = sorted(one.ratio(name) for one in rounds)
        bare = statistics.median(one.ceilings[name].rate for one in rounds)
        reached.append(
            Outcome(
                f"signatures accepted, {on.name}" + (", to a ceiling there" if name.endswith("there") else ""),
                f"{typical:,.0f}/s, {errors} errors",
                f"{name} {bare:,.0f}/s; ratios {', '.join(f'{ratio:.2f}' for ratio in ratios)}",
                statistics.median(ratios),
                0.6,
            ).say()
        )
    late = max(one.site.percentile(0.99) for one in rounds)
    bare = max(one.ceilings["bare ceiling"].percentile(0.99) for one in rounds)
    reached.append(
        Outcome(
            f"a receipt, p99, {on.name}",
            f"{late:.0f} ms",
            f"bare ceiling {bare:.0f} ms",
            late,
            250,
            "ms",
            at_most=True,
        ).say()
    )
    return 0 if all(reached) and not errors else 1


if __name__ == "__main__":
    raise SystemExit(main())
