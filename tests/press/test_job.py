"""Typesetting in a child process: same page, same errors, limits on memory and time, safe to kill."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned import press
from undersigned.press import Beside, PageOrder, errors, job
from undersigned.press.output import PREFIX
from undersigned.press.report import Finding

from .setup import WHEN, order

MIB = 1024**2


def children() -> set[int]:
    """The running child processes."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def files_in(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_the_child_process_makes_an_identical_page(tmp_path: Path) -> None:
    """The same bytes and report as in this process; progress reaches 1."""
    here = press.make_page(order(), tmp_path / "here")
    steps: list[float] = []
    there = job.run_page(order(), tmp_path / "there", progress=lambda _what, share: steps.append(share))
    assert files_in(tmp_path / "there") == files_in(tmp_path / "here")
    assert msgspec.json.encode(there) == msgspec.json.encode(here)
    assert steps == sorted(steps)
    assert steps[-1] == 1.0


def test_the_child_process_makes_an_identical_archive(tmp_path: Path) -> None:
    """As for the page."""
    here = press.make_archive(order("he"), tmp_path / "here")
    assert job.run_archive(order("he"), tmp_path / "there") == here
    assert files_in(tmp_path / "there") == files_in(tmp_path / "here")


def test_errors_of_the_child_reach_the_caller_with_their_data(tmp_path: Path) -> None:
    """A failed fit, an invalid order: the same exception with the same attributes."""
    with pytest.raises(press.DidNotFitError) as here:
        press.make_page(order("en", 3000), tmp_path)
    with pytest.raises(press.DidNotFitError) as there:
        job.run_page(order("en", 3000), tmp_path)
    assert str(there.value) == str(here.value)
    assert msgspec.json.encode(there.value.report) == msgspec.json.encode(here.value.report)
    with pytest.raises(press.OrderError, match="no style 'grid'"):
        job.run_page(order(style="grid"), tmp_path)
    with pytest.raises(press.MissingGlyphError) as missing:
        job.run_page(order(imprint="Paid for by \U00012000"), tmp_path)
    assert missing.value.character == "\U00012000"
    assert files_in(tmp_path) == {}


@pytest.mark.parametrize(
    "error",
    [
        errors.PreflightError([Finding("box", 1, "too small"), Finding("rgb", 0, "colour")]),
        errors.ReadBackError("the third name differs", 2),
        errors.ReadBackError("nothing to be read"),
        errors.MissingGlyphError("\u1234", "NAME", "words"),
        errors.PaperError("ask them"),
        errors.FontError("another font"),
        errors.EngineError("our mistake"),
    ],
)
def test_every_error_can_be_serialised(error: errors.PressError) -> None:
    """Class, message and data survive the round trip."""
    carried = msgspec.Raw(msgspec.json.encode(job._error_data(error)))
    line = job._Line(error=type(error).__name__, message=str(error), carried=carried)
    found = job._error(msgspec.json.decode(msgspec.json.encode(line), type=job._Line))
    assert type(found) is type(error)
    assert str(found) == str(error)
    assert vars(found) == vars(error)


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=12, max_size=12),
    data=st.binary(max_size=40),
    icc=st.none() | st.binary(max_size=40),
    numbers=st.tuples(st.integers(-5, 5), st.none() | st.integers(1, 10**6)),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_every_order_survives_serialisation(
    texts: list[str], data: bytes, icc: bytes | None, numbers: tuple[int, int | None], flags: tuple[bool, bool, bool]
) -> None:
    """The child decodes the order that the caller encoded."""
    a, b, c, d, e, f, g, h, i, j, k, size = texts
    beside = Beside(i, j, k) if flags[2] else None
    made = PageOrder(
        data, a, b, {c: d}, e, f, g, h, i, j, WHEN, flags[0], flags[1], numbers[0], numbers[1], icc, beside, size
    )
    task = job._Task("page", made, "out", 1)
    assert msgspec.json.decode(msgspec.json.encode(task), type=job._Task).order == made
    assert b"\n" not in msgspec.json.encode(task)


def test_the_memory_limit_ends_the_child(tmp_path: Path) -> None:
    """With too little memory: an error, no files. With enough: a page. No process remains."""
    before = children()
    for little in (60, 400):
        with pytest.raises(press.JobError, match=r"needs more|ended with status"):
            job.run_page(order("en", 400, paper="371x528 mm"), tmp_path, memory=little * MIB)
        assert files_in(tmp_path) == {}
    assert job.run_page(order("en", 400, paper="371x528 mm"), tmp_path).fit.fits
    assert children() == before


def test_the_timeout_ends_the_child(tmp_path: Path) -> None:
    """The child is killed and nothing is written."""
    before = children()
    with pytest.raises(press.JobError, match=r"not ready after 0\.1 seconds"):
        job.run_page(order(), tmp_path, seconds=0.1)
    assert files_in(tmp_path) == {}
    assert children() == before


def test_an_exception_in_the_progress_callback_cancels_the_child(tmp_path: Path) -> None:
    """The exception ends the process and propagates."""
    before = children()

    def cancel(_what: str, _share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.run_page(order(), tmp_path, progress=cancel)
    assert children() == before
    assert files_in(tmp_path) == {}


@pytest.mark.parametrize("share", [0.1, 0.65, 0.8, 0.9])
def test_a_killed_child_leaves_no_incomplete_files(share: float, tmp_path: Path) -> None:
    """Killed -9 at each of its steps: no file under a page's name, and the old page untouched where there was one."""
    out = tmp_path / "page"
    press.make_page(order(number=10), out)
    old = files_in(out)

    def kill(_what: str, done: float) -> None:
        if done >= share:
            for pid in children() - before:
                os.kill(pid, signal.SIGKILL)

    for folder, there in ((out, old), (tmp_path / "none", {})):
        before = children()
        with pytest.raises(press.JobError, match="status -9"):
            job.run_page(order(), folder, progress=kill)
        assert files_in_visible(folder) == there


def files_in_visible(folder: Path) -> dict[str, bytes]:
    """Files in a folder, without the temporary ones that a killed process left for the next run to remove."""
    found = folder.iterdir() if folder.exists() else ()
    return {path.name: path.read_bytes() for path in found if not path.name.startswith(PREFIX)}


_WRITER = """
import os, signal, sys
from pathlib import Path
from undersigned.press import output
class Killing(dict):
    def items(self):
        for number, item in enumerate(super().items()):
            if number == int(sys.argv[3]):
                os.kill(os.getpid(), signal.SIGKILL)
            yield item
files = Killing({"page.pdf": b"new" * 1000, "page.png": b"new", "report.json": b"new"})
out = Path(sys.argv[2])
if sys.argv[1] == "whole":
    output.write_all(out, files)
else:
    for name, data in files.items():
        (out / name).write_bytes(data)
"""


@pytest.mark.parametrize("way", ["whole", "control"])
def test_writing_killed_half_way_leaves_the_old_page(way: str, tmp_path: Path) -> None:
    """Killed -9 between two files: the old page, whole. The control writes in place, and leaves a mixture."""
    mixed = 0
    for at in range(3):
        old = {"page.pdf": b"old", "page.png": b"old", "report.json": b"old"}
        out = tmp_path / str(at)
        out.mkdir()
        for name, data in old.items():
            (out / name).write_bytes(data)
        found = subprocess.run([sys.executable, "-c", _WRITER, way, str(out), str(at)], check=False)
        assert found.returncode == -9
        mixed += files_in_visible(out) != old
    assert (mixed > 0) == (way == "control")


def test_the_child_exits_when_its_caller_is_killed(tmp_path: Path) -> None:
    """After kill -9 of the caller the child does not go on."""
    program = (
        "import sys, time; from pathlib import Path; from press.setup import order; from undersigned.press import job\n"
        "def tell(what, share):\n"
        "    kids = [t.read_text() for t in Path('/proc/self/task').glob('*/children')]\n"
        "    print(' '.join(kids), flush=True); time.sleep(60)\n"
        "job.run_page(order(), Path(sys.argv[1]), progress=tell)\n"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        stdout=subprocess.PIPE,
    )
    assert caller.stdout is not None
    (worker,) = (int(pid) for pid in caller.stdout.readline().split())
    assert Path(f"/proc/{worker}").exists()
    caller.kill()
    caller.wait()
    caller.stdout.close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and Path(f"/proc/{worker}").exists():
        time.sleep(0.01)
    assert not Path(f"/proc/{worker}").exists()


def test_the_returned_report_equals_report_json(tmp_path: Path) -> None:
    """The report from the child is the one in report.json."""
    report = job.run_page(order(), tmp_path)
    written = msgspec.json.decode((tmp_path / "report.json").read_bytes())
    assert msgspec.json.decode(msgspec.json.encode(dataclasses.asdict(report))) == written
