"""Files appear whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from undersigned import press
from undersigned.press.output import PREFIX, write_all

from .setup import order

FILES = {"page.pdf": b"pdf", "page.png": b"png", "report.json": b"{}"}


def test_all_files_are_written(tmp_path: Path) -> None:
    """Bytes as given, and no other files."""
    write_all(tmp_path / "out", FILES)
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == FILES


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_failure_at_any_step_leaves_no_report(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk fails, no old report is left next to partly new files, and no temporary file remains."""
    write_all(tmp_path, {**FILES, "page.pdf": b"old", "report.json": b"old"})
    calls = iter(range(100))

    def fail_third(*_arguments: object, **_options: object) -> None:
        if next(calls) == 1:
            raise OSError(28, "no space left")

    real = {"open": os.open, "fsync": os.fsync, "replace": Path.replace}[step]

    def broken(*arguments: object, **options: object) -> object:
        fail_third()
        return real(*arguments, **options)  # type: ignore[operator]

    monkeypatch.setattr(Path if step == "replace" else os, step, broken)
    with pytest.raises(OSError, match="no space left"):
        write_all(tmp_path, FILES)
    monkeypatch.undo()
    if (tmp_path / "report.json").exists():
        assert (tmp_path / "page.pdf").read_bytes() == b"old"
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(PREFIX)]


def test_temporary_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    """A leftover folder goes."""
    (tmp_path / f"{PREFIX}abc").mkdir()
    (tmp_path / f"{PREFIX}abc" / "page.pdf").write_bytes(b"half")
    write_all(tmp_path, FILES)
    assert {p.name for p in tmp_path.iterdir()} == set(FILES)


def test_a_page_killed_at_any_moment_is_whole_or_absent(tmp_path: Path) -> None:
    """Killed at different moments of its work, a page job leaves a complete set of files, or none with a report."""
    program = (
        "import sys; from pathlib import Path; from press.setup import order; from undersigned import press\n"
        "print('ready', flush=True)\n"
        "while True: press.make_page(order('en', 30), Path(sys.argv[1]))\n"
    )
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    for number in range(4):
        out = tmp_path / str(number)
        job = subprocess.Popen(
            [sys.executable, "-c", program, str(out)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert job.stdout is not None
        job.stdout.readline()
        time.sleep(0.35 + 0.037 * number)
        job.send_signal(signal.SIGKILL)
        job.wait()
        if (out / "report.json").exists():
            assert (out / "page.pdf").read_bytes().endswith(b"%%EOF\n")
            assert (out / "page.png").read_bytes().endswith(b"IEND\xaeB`\x82")
        press.make_page(order("en", 30), out)
        assert {p.name for p in out.iterdir()} == {"page.pdf", "page.png", "report.json"}


def test_a_refused_page_leaves_the_old_one(tmp_path: Path) -> None:
    """A job that does not fit touches nothing."""
    press.make_page(order(), tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(press.DidNotFitError):
        press.make_page(order("en", 3000), tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
