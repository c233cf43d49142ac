"""A commit resets the write-ahead log under a checkpoint that has not noticed (R8): SQLite's "WAL-reset bug".

Chance hardly ever meets that moment (``test_hammer``), so it is made: the process that checkpoints maps the database,
and SQLite then makes one system call between reading the log's header and deciding what is still to be copied. It is
held there, at a gate, until another process has committed. Both SQLites are used as they are.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from undersigned.web.database.sqlite_library import UnsafeDatabaseError, check_version
from web.server import SOURCES

from . import gate
from .tally import Tally

pytestmark = [pytest.mark.slow, pytest.mark.skipif(gate.usable() != "", reason=gate.usable())]
_SPEAKER = """
import importlib, json, sys
module = importlib.import_module(sys.argv[1])
database = module.connect(sys.argv[2], timeout=10, isolation_level=None)
database.execute("PRAGMA mmap_size=268435456")
database.execute("PRAGMA wal_autocheckpoint=0")
print(json.dumps(module.sqlite_version_info), flush=True)
for line in sys.stdin:
    try:
        print(json.dumps(database.execute(line).fetchall()), flush=True)
    except module.DatabaseError as error:
        print(json.dumps(str(error)), flush=True)
"""
ROWS = 84
FAULT = ("R8", "commits while SQLite's log is begun anew", "this machine's own SQLite, which is refused")


class Speaker:
    """A process with a connection of its own, asked one statement at a time. ``gated``: it can be held."""

    def __init__(self, module: str, path: Path, *, gated: bool = False) -> None:
        words = [sys.executable, "-c", _SPEAKER, module, str(path)]
        with tempfile.TemporaryDirectory(prefix="gate") as folder, socket.socket(socket.AF_UNIX) as listening:
            if gated:
                listening.bind(f"{folder}/s")
                listening.listen()
                words = [sys.executable, "-m", "durability.gate", f"{folder}/s", "unmap", *words]
            environment = {**os.environ, "PYTHONPATH": SOURCES}
            self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
            self._gate = gate.welcome(listening) if gated else -1
        self.version: tuple[int, int, int] = tuple(json.loads(self.hear()))

    def say(self, statement: str) -> None:
        """Begins it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{statement}\n".encode())
        self._process.stdin.flush()

    def held(self) -> gate.Call:
        """Waits until it unmaps something, and leaves it there."""
        assert select.select([self._gate], [], [], 30)[0], "it unmapped nothing"
        call = gate.receive(self._gate)
        assert call is not None
        return call

    def let_go(self, call: gate.Call) -> None:
        """It goes on."""
        gate.answer(self._gate, call)

    def hear(self) -> bytes:
        """Its answer; meanwhile it may unmap what it likes."""
        out = self._process.stdout
        assert out is not None
        while self._gate >= 0:
            ready, _, _ = select.select([self._gate, out.fileno()], [], [], 30)
            assert ready, "no answer"
            if out.fileno() in ready:
                break
            self.let_go(self.held())
        return out.readline()

    def ask(self, statement: str) -> Any:
        """A statement's rows, or what went wrong."""
        self.say(statement)
        return json.loads(self.hear())

    def close(self) -> None:
        """Ends it."""
        if self._gate >= 0:
            os.close(self._gate)
        self._process.communicate(timeout=30)


def commit(writer: Speaker, rows: Iterable[int]) -> int:
    """One commit a row; how many were acknowledged."""
    return sum(writer.ask(f"INSERT INTO taken VALUES ({row}, zeroblob(3000))") == [] for row in rows)


def race(module: str, path: Path) -> tuple[tuple[int, int, int], int, int]:
    """The moment, once. Returns the version, how many commits were acknowledged, how many of them can be read after."""
    writer, checkpointer = Speaker(module, path), Speaker(module, path, gated=True)
    try:
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"):
            writer.ask(statement)
        writer.ask("CREATE TABLE taken (number INTEGER PRIMARY KEY, body BLOB)")
        done = commit(writer, range(20))
        # It has the database mapped from now on, once the rows are there and not in the log.
        writer.ask("PRAGMA wal_checkpoint")
        checkpointer.ask("SELECT sum(length(body)) FROM taken")
        # The first checkpoint comes to its end: the log may be started again.
        done += commit(writer, range(20, 40))
        assert writer.ask("PRAGMA wal_checkpoint")[0][0] == 0
        # The second has read the log's header, and is held; a commit starts the log again; it goes on.
        checkpointer.say("PRAGMA wal_checkpoint")
        call = checkpointer.held()
        done += commit(writer, [40])
        checkpointer.let_go(call)
        checkpointer.hear()
        # The log grows beyond what it was; a third checkpoint, and the log is started once more.
        done += commit(writer, range(41, 81))
        writer.ask("PRAGMA wal_checkpoint")
        done += commit(writer, range(81, ROWS))
    finally:
        writer.close()
        checkpointer.close()
    reader = Speaker(module, path)
    try:
        kept = sum(reader.ask(f"SELECT number FROM taken WHERE number = {row}") == [[row]] for row in range(ROWS))
    finally:
        reader.close()
    return reader.version, done, kept


def test_a_log_begun_anew_under_a_checkpoint_loses_nothing(tmp_path: Path, tally: Tally) -> None:
    """With the SQLite that the site brings every commit is there."""
    row = tally.row(*FAULT)
    version, acknowledged, kept = race("pysqlite3", tmp_path / "database")
    check_version(version)
    row.trials += 1
    row.acknowledged += acknowledged
    row.lost += acknowledged - kept
    assert (acknowledged, kept) == (ROWS, ROWS)


def test_an_sqlite_that_would_be_refused_loses(tmp_path: Path, tally: Tally) -> None:
    """Control: the same moment with this Python's own SQLite, of a version that no site starts with."""
    row = tally.row(*FAULT)
    version, row.control_acknowledged, kept = race("sqlite3", tmp_path / "database")
    try:
        check_version(version)
    except UnsafeDatabaseError:
        row.control_trials, row.control_lost = 1, row.control_acknowledged - kept
    else:
        pytest.skip("this Python's own SQLite has the mend")
    assert row.control_lost, "a test that cannot fail proves nothing"
