"""A migration is killed at each of its statements (R10): the next start finishes it, as if nothing had been."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cluster import BINARIES, Cluster
from web.server import SOURCES

from .tally import Tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "UNDERSIGNED_TEST_DATABASE" in os.environ, reason="it makes databases of its own, of both kinds"
    ),
]
STEP = 29
"""In a run of every change only each so-manieth statement; with --durability all of them."""
_STRUCTURE = """
SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'migration ' || app || ' ' || name FROM django_migrations ORDER BY 1
"""


@dataclass
class Site:
    """A data directory to be, on SQLite or in a database of ``cluster``."""

    data: Path
    cluster: Cluster | None

    def initialise(self, when: str = "before", number: int = 0, manner: str = "whole") -> tuple[int, str]:
        """Exit status, and what was said; killed at a statement if ``number`` is one."""
        words = ["init", "--data", str(self.data), "--authority", "127.0.0.1:8000"]
        if self.cluster is not None:
            words += ["--database", self.cluster.url(self.data.name)]
        done = subprocess.run(
            [sys.executable, "-m", "durability.halting", when, str(number), manner, *words],
            env={**os.environ, "UNDERSIGNED_DATA": str(self.data), "PYTHONPATH": SOURCES},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stderr

    def structure(self) -> list[str]:
        """Every table, index and constraint, and which migrations are said to be applied."""
        if self.cluster is not None:
            return [str(row[0]) for row in self.cluster.ask(_STRUCTURE, self.data.name)]
        with sqlite3.connect(self.data / "undersigned.sqlite3") as database:
            tables = database.execute("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master")
            applied = database.execute("SELECT 'migration ' || app || ' ' || name FROM django_migrations")
            return sorted(row[0] for row in (*tables, *applied))


@pytest.fixture(params=["sqlite", "postgresql"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster | None]:
    """None: SQLite."""
    if request.param == "sqlite":
        yield None
        return
    if BINARIES is None:
        pytest.skip("needs Debian's package postgresql")
    made = Cluster()
    try:
        made.initialise()
        made.start()
        yield made
    finally:
        made.remove()


def site(folder: Path, name: str, cluster: Cluster | None) -> Site:
    """A fresh one."""
    if cluster is not None:
        cluster.ask(f"CREATE DATABASE {name}")
    return Site(folder / name, cluster)


def whole(folder: Path, cluster: Cluster | None) -> tuple[list[str], int]:
    """The structure that nothing interrupted, and how many statements it took."""
    first = site(folder, "whole", cluster)
    status, said = first.initialise()
    assert status == 0, said
    found = re.search(r"statements (\d+)", said)
    assert found is not None
    return first.structure(), int(found[1])


def test_a_migration_killed_at_any_statement_is_finished_by_the_next_start(
    tmp_path: Path, cluster: Cluster | None, tally: Tally, request: pytest.FixtureRequest
) -> None:
    """Killed before or after it, half a schema is never left: what the next start makes is what one start makes."""
    kind = "SQLite" if cluster is None else "PostgreSQL"
    row = tally.row("R10", f"a migration killed at a statement, {kind}", "migrations are no transactions")
    expected, statements = whole(tmp_path, cluster)
    assert statements > 50
    step = 1 if request.config.getoption("--durability") else STEP
    for number in range(1, statements + 1, step):
        when = ("before", "after")[number % 2]
        one = site(tmp_path, f"halted_{number}", cluster)
        assert one.initialise(when, number)[0] == -9
        status, said = one.initialise()
        row.trials += 1
        row.lost += status != 0 or one.structure() != expected
        assert status == 0, said
        assert one.structure() == expected, (when, number)


def test_migrations_that_are_no_transactions_are_left_half_done(
    tmp_path: Path, cluster: Cluster | None, tally: Tally
) -> None:
    """Control: the same kills where no migration is whole; some next start then stumbles over what is there."""
    kind = "SQLite" if cluster is None else "PostgreSQL"
    row = tally.row("R10", f"a migration killed at a statement, {kind}", "migrations are no transactions")
    expected, statements = whole(tmp_path, cluster)
    for number in range(statements // 4, 3 * statements // 4, statements // 8):
        one = site(tmp_path, f"loose_{number}", cluster)
        assert one.initialise("after", number, "loose")[0] == -9
        status, _ = one.initialise()
        row.control_trials += 1
        row.control_lost += status != 0 or one.structure() != expected
    assert row.control_lost, "a test that cannot fail proves nothing"
