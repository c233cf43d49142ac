"""Commands as they are typed, against a real server with its own database, on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from undersigned.cli.server import Server, free_port
from web.server import database_of


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


def typed(*words: str | Path, stdin: str = "", home: Path | None = None, cwd: Path | None = None) -> Said:
    """Runs ``undersigned`` with these arguments in a separate process, without a terminal."""
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    if home is not None:
        environment["XDG_STATE_HOME"] = str(home)
    result = subprocess.run(
        [sys.executable, "-m", "undersigned.cli.app", *map(str, words)],
        input=stdin.encode(),
        capture_output=True,
        check=False,
        env=environment,
        cwd=cwd,
        timeout=240,
    )
    said = Said(result.returncode, result.stdout.decode(), result.stderr.decode())
    assert "Traceback" not in said.err, said.err
    return said


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running site."""
    folder = tmp_path_factory.mktemp("site")
    with Server(folder / "data", "127.0.0.1", free_port(), log=folder / "log") as server:
        if database := database_of(server.data):
            server.initialise(f"127.0.0.1:{server.port}", database)
        server.start()
        yield server
