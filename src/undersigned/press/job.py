"""A page made in a process of its own, so that neither its memory nor its death is its caller's.

The caller writes one line of JSON to the process: what is ordered, and where it goes. The process answers with lines:
progress, and at last the report or the error. It ends when its caller does. Killed half-way it leaves nothing under a
page's names (output.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from . import errors
from .errors import JobError, PressError
from .order import PageOrder
from .report import Finding, FitReport, PageReport

# Only the child process makes pages: who starts it needs none of the libraries for that.
if TYPE_CHECKING:
    from .archive import ArchiveReport

Progress = Callable[[str, float], None]
MEMORY: Final = 2 * 1024**3
"""Bytes of address space: several times what a page of 10,000 names takes."""
SECONDS: Final = 300.0
A_NAME: Final = 30_000
"""Bytes that a reader's PDF takes for each name of a large edition, in whatever scripts it is."""
MOST: Final = 200_000
"""Names in one reader's PDF: beyond, it asks for more than an ordinary machine has."""


_NOTHING: Final = msgspec.Raw(b"")
_NULL: Final = msgspec.Raw(b"null")


class _Task(msgspec.Struct):
    kind: Literal["page", "archive"]
    order: PageOrder
    out: str
    memory: int


class _Line(msgspec.Struct, omit_defaults=True):
    """``what``, ``share``: progress; ``report``: the end; ``error``: the error's class, with what it carries."""

    what: str = ""
    share: float = 0.0
    report: msgspec.Raw = _NOTHING
    error: str = ""
    message: str = ""
    carried: msgspec.Raw = _NULL


def run_page(
    order: PageOrder, out: Path, *, memory: int = MEMORY, seconds: float = SECONDS, progress: Progress | None = None
) -> PageReport:
    """``make_page`` in a child process with at most ``memory`` bytes and ``seconds`` of time.

    Raises what ``make_page`` raises, and JobError if the process did not come to its end. Whatever ``progress`` raises
    ends the process and is raised here.
    """
    return msgspec.json.decode(_run("page", order, out, memory, seconds, progress), type=PageReport)


def run_archive(
    order: PageOrder,
    out: Path,
    *,
    names: int = 0,
    memory: int = MEMORY,
    seconds: float = SECONDS,
    progress: Progress | None = None,
) -> ArchiveReport:
    """``make_archive`` in a child process; otherwise as ``run_page``.

    ``names``: how many there are; a large edition is given more memory and time.
    """
    from .archive import ArchiveReport

    memory, seconds = max(memory, MEMORY // 4 + names * A_NAME), max(seconds, names / 100)
    return msgspec.json.decode(_run("archive", order, out, memory, seconds, progress), type=ArchiveReport)


def _run(
    kind: Literal["page", "archive"],
    order: PageOrder,
    out: Path,
    memory: int,
    seconds: float,
    progress: Progress | None,
) -> bytes:
    task = msgspec.json.encode(_Task(kind, order, str(out.resolve()), memory))
    child = subprocess.Popen(
        [sys.executable, "-m", __spec__.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    late = threading.Event()

    def expire() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(seconds, expire)
    timer.start()
    try:
        return _listen(child, task, progress)
    except _SilentError as error:
        if late.is_set():
            raise JobError(f"the page was not ready after {seconds:g} seconds") from None
        raise JobError(_epitaph(error.status, memory)) from None
    finally:
        timer.cancel()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


class _SilentError(Exception):
    """The process ended without a report. ``status``: its exit status, negative for a signal."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


def _listen(child: subprocess.Popen[bytes], task: bytes, progress: Progress | None) -> bytes:
    """Hands the task over and follows the work. The pipe to the process stays open: its end is ours."""
    assert child.stdin is not None  # noqa: S101 - both are pipes
    assert child.stdout is not None  # noqa: S101
    try:
        child.stdin.write(task + b"\n")
        child.stdin.flush()
    except BrokenPipeError:
        raise _SilentError(child.wait()) from None
    for row in child.stdout:
        try:
            line = msgspec.json.decode(row, type=_Line)
        except msgspec.MsgspecError:
            # Its last line, cut off by its death.
            break
        if line.error:
            raise _error(line)
        if bytes(line.report):
            return bytes(line.report)
        if progress is not None:
            progress(line.what, line.share)
    raise _SilentError(child.wait())


def _epitaph(status: int, memory: int) -> str:
    if status == _OUT_OF_MEMORY or -status in (6, 11):
        # The engine has no other way to say that it was given no more memory than to abort.
        return f"the page needs more than the {memory // 1024**2} MiB it was given"
    return f"the process that made the page ended with status {status}"


def _error(line: _Line) -> PressError:
    kind: Any = getattr(errors, line.error)
    carried = bytes(line.carried)
    if kind is errors.DidNotFitError:
        return errors.DidNotFitError(line.message, msgspec.json.decode(carried, type=FitReport))
    if kind is errors.PreflightError:
        return errors.PreflightError(msgspec.json.decode(carried, type=list[Finding]))
    if kind is errors.ReadBackError:
        return errors.ReadBackError(line.message, msgspec.json.decode(carried, type=int | None))
    if kind is errors.MissingGlyphError:
        return errors.MissingGlyphError(*msgspec.json.decode(carried, type=tuple[str, str, str]))
    found: PressError = kind(line.message)
    return found


def _carried(error: PressError) -> object:
    match error:
        case errors.DidNotFitError():
            return error.report
        case errors.PreflightError():
            return error.findings
        case errors.ReadBackError():
            return error.position
        case errors.MissingGlyphError():
            return (error.character, error.name, error.where)
    return None


# -- in the child

_OUT_OF_MEMORY: Final = 12


def _say(line: _Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _follow_caller() -> None:
    """Ends this process when its caller has ended, or has had enough of it."""
    # Not through sys.stdin, whose lock would be held when this process comes to its own end.
    while os.read(0, 4096):
        pass
    os._exit(1)


def _limit(memory: int) -> None:
    """At most ``memory`` bytes for this process, and no core dump. Windows has no such limits, macOS not the first."""
    try:
        import resource
    except ImportError:
        return
    if sys.platform != "darwin":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Reads a task from standard input, does it, and tells of it on standard output."""
    from .archive import make_archive
    from .make import make_page

    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=_Task)
    threading.Thread(target=_follow_caller, daemon=True).start()
    _limit(task.memory)
    make: Callable[..., PageReport | ArchiveReport] = make_page if task.kind == "page" else make_archive
    try:
        report = make(task.order, Path(task.out), progress=lambda what, share: _say(_Line(what=what, share=share)))
    except MemoryError:
        return _OUT_OF_MEMORY
    except PressError as error:
        carried = msgspec.Raw(msgspec.json.encode(_carried(error)))
        _say(_Line(error=type(error).__name__, message=str(error), carried=carried))
        return 1
    _say(_Line(report=msgspec.Raw(msgspec.json.encode(report))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
