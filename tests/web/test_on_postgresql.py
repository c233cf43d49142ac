"""The site's own tests once more, on PostgreSQL: part of every run. ``make test-postgresql`` runs them all there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cluster import BINARIES

from .server import ROOT

LANES = {
    "two at once, two workers, a clerk that dies at every step": ("test_races", "test_workers", "test_clerk"),
    "a letter's life, and whatever is refused": ("test_life", "test_public", "test_refusals", "test_fuzz"),
}


@pytest.mark.slow
@pytest.mark.skipif(BINARIES is None, reason="needs Debian's package postgresql")
@pytest.mark.skipif("UNDERSIGNED_TEST_DATABASE" in os.environ, reason="they run there already")
@pytest.mark.parametrize("lane", LANES)
def test_the_site_is_the_same_on_postgresql(lane: str) -> None:
    """What holds on SQLite holds there, word for word: the same tests pass."""
    command = [
        sys.executable, str(ROOT / "tests" / "onpostgresql.py"), sys.executable, "-m", "pytest", "-q",
        "-p", "no:cacheprovider", *(f"tests/web/{name}.py" for name in LANES[lane]),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
