"""Runs typesetting in a child process with limits on memory and time, so that a crash or leak cannot hurt the caller.

Protocol: the caller writes one line of JSON (the order and the output folder) to the child's standard input. The child
answers with lines of JSON: progress, and finally the report or the error. The child exits when the caller does. If it
is killed half-way, no incomplete file has a page's name (output.py).
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
"""Address space limit in bytes: several times what a page of 10,000 names takes."""
SECONDS: Final = 300.0
BYTES_PER_NAME: Final = 30_000
"""Bytes that the archive PDF of a large edition takes for each name, in any script."""
MOST: Final = 200_000
"""Most names in one archive PDF: more would need more memory than an ordinary machine has."""


_NOTHING: Final = msgspec.Raw(b"")
_NULL: Final = msgspec.Raw(b"null")


class _Task(msgspec.Struct):
    kind: Literal["page", "archive"]
    order: PageOrder
    out: str
    memory: int


class _Line(msgspec.Struct, omit_defaults=True):
    """From the child. ``what``, ``share``: progress; ``report``: success; ``error``: class name, and its data."""

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

    Raises what ``make_page`` raises, and JobError if the process ended without a result. An exception raised by
    ``progress`` stops the process and propagates: so a caller can cancel.
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
    """``make_archive`` in a child process; otherwise like ``run_page``.

    ``names``: the number of names; a large edition gets more memory and time.
    """
    from .archive import ArchiveReport

    memory, seconds = max(memory, MEMORY // 4 + names * BYTES_PER_NAME), max(seconds, names / 100)
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
        return _read_answers(child, task, progress)
    except _NoReportError as error:
        if late.is_set():
            raise JobError(f"the page was not ready after {seconds:g} seconds") from None
        raise JobError(_describe_exit(error.status, memory)) from None
    finally:
        timer.cancel()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


class _NoReportError(Exception):
    """The child ended without a report. ``status``: its exit status, negative for a signal."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


def _read_answers(child: subprocess.Popen[bytes], task: bytes, progress: Progress | None) -> bytes:
    """Sends the task and reads the answers. The pipe to the child stays open: when it closes, the child exits."""
    assert child.stdin is not None  # noqa: S101 - both are pipes
    assert child.stdout is not None  # noqa: S101
    try:
        child.stdin.write(task + b"\n")
        child.stdin.flush()
    except BrokenPipeError:
        raise _NoReportError(child.wait()) from None
    for row in child.stdout:
        try:
            line = msgspec.json.decode(row, type=_Line)
        except msgspec.MsgspecError:
            # The child died while writing this line.
            break
        if line.error:
            raise _error(line)
        if bytes(line.report):
            return bytes(line.report)
        if progress is not None:
            progress(line.what, line.share)
    raise _NoReportError(child.wait())


def _describe_exit(status: int, memory: int) -> str:
    if status == _OUT_OF_MEMORY or -status in (6, 11):
        # Out of memory, the engine's allocator aborts (6) or crashes (11) instead of raising MemoryError.
        return f"the page needs more than its memory limit of {memory // 1024**2} MiB"
    return f"the typesetting process ended with status {status}"


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


def _error_data(error: PressError) -> object:
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


def _send(line: _Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _follow_caller() -> None:
    """Exits when the caller has exited or closed the pipe (on a timeout, for instance)."""
    # Not through sys.stdin: its lock would be held when the interpreter shuts down, and the shutdown would hang.
    while os.read(0, 4096):
        pass
    os._exit(1)


def _limit(memory: int) -> None:
    """Limits memory to ``memory`` bytes and disables core dumps, where the platform can (macOS: only the latter)."""
    try:
        import resource
    except ImportError:
        return
    if sys.platform != "darwin":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Reads a task from standard input, runs it, and writes progress and result to standard output."""
    from .archive import make_archive
    from .page import make_page

    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=_Task)
    threading.Thread(target=_follow_caller, daemon=True).start()
    _limit(task.memory)
    make: Callable[..., PageReport | ArchiveReport] = make_page if task.kind == "page" else make_archive
    try:
        report = make(task.order, Path(task.out), progress=lambda what, share: _send(_Line(what=what, share=share)))
    except MemoryError:
        return _OUT_OF_MEMORY
    except PressError as error:
        carried = msgspec.Raw(msgspec.json.encode(_error_data(error)))
        _send(_Line(error=type(error).__name__, message=str(error), carried=carried))
        return 1
    _send(_Line(report=msgspec.Raw(msgspec.json.encode(report))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
