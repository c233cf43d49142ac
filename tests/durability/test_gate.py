"""The gate of the fault tests is where it says: what it counts is what strace sees, and what it breaks is broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.server import SOURCES

from . import gate
from .saboteur import Saboteur

pytestmark = [pytest.mark.slow, pytest.mark.skipif(gate.usable() != "", reason=gate.usable())]
_WORKER = """
import os, socket, sys, threading
place, done = sys.argv[1], []
def work(name):
    try:
        os.mkdir(f"{place}/{name}")
        number = os.open(f"{place}/{name}/file", os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(number, b"one")
        os.pwrite(number, b"two", 0)
        os.ftruncate(number, 2)
        os.fsync(number)
        os.close(number)
        os.link(f"{place}/{name}/file", f"{place}/{name}/other")
        os.rename(f"{place}/{name}/other", f"{place}/{name}/third")
        os.unlink(f"{place}/{name}/third")
    except OSError as error:
        done.append(error.errno)
# Neither reading nor what goes elsewhere counts.
one, other = socket.socketpair()
for _ in range(5):
    one.sendall(b"x"); os.write(one.fileno(), b"x"); open("/dev/null", "wb").write(b"x"); os.listdir(place)
for name in sys.argv[2:]:
    thread = threading.Thread(target=work, args=(name,))
    thread.start()
    thread.join()
print(done, flush=True)
"""
_EACH = ["mkdir", "open", "write", "write", "truncate", "sync", "link", "rename", "remove"]


@pytest.fixture
def saboteur(tmp_path: Path) -> Iterator[Saboteur]:
    (tmp_path / "data").mkdir()
    made = Saboteur(tmp_path / "data")
    yield made
    made.close()


def run(saboteur: Saboteur, *names: str, before: tuple[str, ...] = ()) -> tuple[int, str]:
    """Two threads' work, one after the other, in folders of these names; exit status and errors."""
    words = [*before, *saboteur.command([sys.executable, "-c", _WORKER, saboteur.root.rstrip("/"), *names])]
    done = subprocess.run(
        words, env={**os.environ, "PYTHONPATH": SOURCES}, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout.strip()


def test_one_count_for_all_threads_of_what_changes_the_folder(saboteur: Saboteur) -> None:
    """In order, with nothing of sockets, of reading, or of files elsewhere."""
    saboteur.arm("EIO", 0)
    assert run(saboteur, "a", "b") == (0, "[]")
    assert [call.kind for call in saboteur.seen] == _EACH * 2
    assert all(call.path.startswith(saboteur.root) for call in saboteur.seen)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs Debian's package strace")
def test_strace_sees_the_same_calls(saboteur: Saboteur, tmp_path: Path) -> None:
    """An outside witness, who knows nothing of the gate."""
    saboteur.arm("EIO", 0)
    said = tmp_path / "said"
    status, _ = run(saboteur, "a", "b", before=("strace", "-f", "-y", "-qq", "-o", str(said)))
    assert status == 0
    lines = [line for line in said.read_text().splitlines() if saboteur.root in line.partition(" = ")[0]]
    calls = [match[1] for line in lines if (match := re.match(r"\d+ +(\w+)\(", line))]
    changing = {name for calls in gate.KINDS.values() for name in calls}
    assert [call for call in calls if call in changing] == [call.name for call in saboteur.seen]


@pytest.mark.parametrize(("fault", "expected"), [("EIO", "[5]"), ("ENOSPC", "[28]")])
def test_each_call_fails_in_its_turn_and_no_other(saboteur: Saboteur, fault: str, expected: str) -> None:
    for when in range(1, len(_EACH) + 1):
        saboteur.arm(fault, when)
        assert run(saboteur, f"a{when}", f"b{when}") == (0, expected)
        assert saboteur.disarm()
        assert saboteur.hit == saboteur.seen[when - 1]
        # The thread gave up there; the other one's work is whole.
        assert [call.kind for call in saboteur.seen] == _EACH[:when] + _EACH


def test_who_is_killed_has_not_made_the_call(saboteur: Saboteur) -> None:
    saboteur.arm("killed", 1 + _EACH.index("rename"))
    assert run(saboteur, "a")[0] == -9
    assert sorted(os.listdir(f"{saboteur.root}a")) == ["file", "other"]  # noqa: PTH208
