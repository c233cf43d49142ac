"""``make durability`` shows all of it or fails: a fault that cannot be made real here is none that was withstood."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from web.server import ROOT, SOURCES

pytestmark = pytest.mark.slow
_TEST = "tests/durability/test_power_cut.py"


def test_what_would_be_skipped_fails_where_all_is_asked_for(tmp_path: Path) -> None:
    """By name, and with the reason."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'base'}"]
    done = subprocess.run(
        [*words, "--durability", _TEST],
        env={**os.environ, "PYTHONPATH": SOURCES, "UNDERSIGNED_TEST_DATABASE": "postgresql://nobody"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stdout
    assert f"{_TEST}::test_the_power_goes" in done.stdout
    assert "was not run, so nothing is shown" in done.stdout
