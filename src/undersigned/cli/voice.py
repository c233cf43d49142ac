"""Output of the command line: messages go to stderr, data to stdout. No other module prints.

Names, titles and server messages are sanitised first, without control and direction characters: a name must not be able
to move the cursor, recolour the terminal or reverse a line.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from getpass import getpass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from undersigned.client.errors import InputError

Report = Callable[[str, int, int], None]
"""Called with a description of the step, the amount done, and the total."""


def speak_utf8() -> None:
    """Switches output to UTF-8 where the system's encoding differs (Windows, pipes): names are in every script."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and stream.encoding.lower().replace("-", "") != "utf8":
            reconfigure(encoding="utf-8", errors="backslashreplace")


def command(*words: object) -> str:
    """``undersigned`` with these arguments, in a form that works from the directory where this program was started."""
    return shlex.join([*_program(), *map(str, words)])


def _program() -> list[str]:
    started = sys.argv[0]
    if Path(started).name not in ("undersigned", "undersigned.exe"):
        return [sys.executable, "-m", "undersigned.cli.app"] if started.endswith("app.py") else ["undersigned"]
    found = shutil.which("undersigned")
    # Started by a relative path, as make does, or by one that differs from what a shell would find in PATH.
    if Path(started).is_absolute() and found is not None and Path(found).resolve() == Path(started).resolve():
        return ["undersigned"]
    return [started]


def clean(text: object) -> str:
    """``text`` with control and direction characters replaced."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def _console() -> Console:
    # Made at each use, because tests and pipes change sys.stderr.
    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def say(text: str = "") -> None:
    """Prints a sentence."""
    _console().print(Text(clean(text)))


def good(text: str) -> None:
    """Prints a success message."""
    _console().print(Text("✓ ", "green") + Text(clean(text)))


def warn(text: str) -> None:
    """Prints a warning."""
    _console().print(Text("! ", "yellow") + Text(clean(text)))


def fail(text: str) -> None:
    """Prints an error message."""
    _console().print(Text("✗ ", "red") + Text(clean(text)))


_MARKS: Final = {"valid": ("ok", "green"), "invalid": ("INVALID", "red"), "inapplicable": ("n/a", "dim")}


def step(number: int, name: str, outcome: str, detail: str) -> None:
    """Prints one step of a verification."""
    mark, colour = _MARKS.get(outcome, ("COULD NOT TELL", "yellow"))
    _console().print(Text(f"{number:>2}  {name:<13}") + Text(f"{mark:<8}", colour) + Text(clean(detail)))


def data(text: str) -> None:
    """Prints a line of data to stdout."""
    sys.stdout.write(clean(text) + "\n")
    sys.stdout.flush()


def data_row(cells: Sequence[object]) -> None:
    """Prints a tab-separated line of data; tabs inside cells are replaced."""
    sys.stdout.write("\t".join(clean(cell).replace("\n", "\N{REPLACEMENT CHARACTER}") for cell in cells) + "\n")
    sys.stdout.flush()


def data_json(value: object) -> None:
    """Prints data as ASCII JSON, so that no name can affect a terminal or a log."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, sort_keys=True, indent=1) + "\n")
    sys.stdout.flush()


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints a table."""
    shown = Table(title=clean(title), title_justify="left", show_edge=False, pad_edge=False)
    for number, column in enumerate(columns):
        shown.add_column(clean(column), justify="left" if number == 0 else "right", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(clean(cell)) for cell in row))
    Console(stderr=True, highlight=False, emoji=False).print(shown)


def facts(rows: Sequence[tuple[str, str]]) -> None:
    """What is so, to the person: a line for each fact, its name first, the rest in a column."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        say(f"{name:<{width}}  {value}")


@contextlib.contextmanager
def progress() -> Iterator[Report]:
    """Progress bars on a terminal; nothing elsewhere, so that logs stay readable."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("  {task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_console(), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def report(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(clean(name), total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield report


@contextlib.contextmanager
def working(name: str) -> Iterator[None]:
    """A spinner on a terminal, for work on another machine that reports no progress."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=_console(), transient=True) as shown:
        shown.add_task(clean(name), total=None)
        yield


@contextlib.contextmanager
def stage(name: str) -> Iterator[Report]:
    """A stage of long work: a progress bar while it runs, then a line with its duration."""
    started = time.monotonic()
    with progress() as report:
        yield report
    good(f"{name} ({time.monotonic() - started:.1f} s)")


def ask_secret(prompt: str, file: Path | None, *, twice: bool = False) -> str:
    """Reads a passphrase or code: from ``file``, else typed without echo, else the next line of stdin.

    Never from an argument: every user of the machine can see arguments. Raises InputError if there is none.
    """
    if file is not None:
        return _secret_from(file)
    if sys.stdin.isatty():
        first = getpass(f"{prompt}: ")
        if twice and getpass(f"{prompt}, again: ") != first:
            raise InputError("the two entries differ; nothing was written")
        return _not_empty(first, prompt)
    return _not_empty(sys.stdin.readline().rstrip("\r\n"), prompt)


def _secret_from(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as lines:
            return _not_empty(lines.readline().rstrip("\r\n"), str(file))
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{file} cannot be read") from None


def _not_empty(text: str, what: str) -> str:
    if not text:
        raise InputError(f"{what}: the input is empty")
    return text


def confirm(question: str, yes: bool) -> None:
    """Asks a yes/no question. Raises InputError unless answered yes; ``yes``: answered on the command line."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(f"{question} To confirm, add --yes.")
    _console().print(Text(clean(f"{question} [y/N] ")), end="")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise InputError("Nothing was done.")


def choose(question: str, options: Sequence[str], option: str) -> str:
    """Asks for one of ``options`` at a terminal; there is no default.

    Raises InputError for any other answer, and without a terminal. ``option``: the command line option to use instead.
    """
    listed = ", ".join(options)
    if not sys.stdin.isatty():
        raise InputError(f"{question} Choose with {option}: one of {listed}.")
    _console().print(Text(clean(f"{question} ({listed}) ")), end="")
    said = sys.stdin.readline().strip().lower()
    if said not in options:
        raise InputError(f"Please type one of {listed}. Nothing was done.")
    return said


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: ``1 name``, ``2 names``. ``many``: a plural that is not the noun with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def moment(unix: float) -> str:
    """A time in UTC for people to read."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(unix))
