"""Eight processes commit at once while the write-ahead log is reset under them again and again (R8).

The versions of SQLite that could lose a commit then are refused before a site starts (``tests/web/test_serve.py``);
this is the same place, beaten upon, in the version that the site brings. Chance hardly ever meets the one moment in
which such a version loses something; ``test_reset`` makes it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pysqlite3
import pytest

from undersigned.web.database.sqlite_library import INIT_COMMAND

from .tally import Tally
from .test_reset import FAULT

pytestmark = pytest.mark.slow
PROCESSES = 8
_WRITER = f"""
import sys, time
import pysqlite3
path, seconds, who = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
database = pysqlite3.connect(path, timeout=30, isolation_level=None)
database.executescript({INIT_COMMAND!r})
# Nearly every commit copies the log into the database and begins it anew.
database.execute("PRAGMA wal_autocheckpoint=2")
end, done = time.monotonic() + seconds, 0
while time.monotonic() < end:
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO taken VALUES (?, ?, zeroblob(3000))", [who, done])
    database.execute("COMMIT")
    done += 1
print(done)
"""


def test_no_commit_is_lost_while_the_log_is_reset_under_it(
    tmp_path: Path, tally: Tally, request: pytest.FixtureRequest
) -> None:
    """Every commit that was acknowledged to any of them is there in the end, and the file is whole."""
    seconds = float(os.environ.get("HAMMER", "120" if request.config.getoption("--durability") else "4"))
    path = tmp_path / "hammered.sqlite3"
    with pysqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE taken (who INTEGER, number INTEGER, body BLOB, PRIMARY KEY (who, number))")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path), str(seconds), str(who)], stdout=subprocess.PIPE, text=True
        )
        for who in range(PROCESSES)
    ]
    told = [int(writer.communicate(timeout=seconds + 60)[0]) for writer in writers]
    with pysqlite3.connect(path) as read:
        kept = dict(read.execute("SELECT who, count(*) FROM taken GROUP BY who").fetchall())
        assert read.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    row = tally.row(*FAULT)
    row.trials += 1
    row.acknowledged += sum(told)
    row.lost += sum(told) - sum(kept.values())
    assert all(told)
    assert {who: kept[who] for who in kept} == dict(enumerate(told))
