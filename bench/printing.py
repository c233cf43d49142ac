"""Type size and time for a thousand names on a broadsheet: fitted, set, preflighted and read back.

Each time has a control from the same run: one bare compilation of the same lines by the engine, without fit, preflight
or read-back; for the readers' PDF, one of the same names as bare paragraphs.

Run: ``python bench/printing.py > bench/results/press.md``. ``--pictures DIR`` keeps the pages. The bar is two
seconds for the broadsheet; for a readers' PDF of 10,000 names one second and 300 MB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typst

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from outcome import Outcome
from press.people import edition_of
from press.setup import WHEN, order, take_apart
from undersigned import press
from undersigned.press.names import entries_of
from undersigned.press.order import check
from undersigned.press.pdf import _fonts
from undersigned.press.stack import stack_for

REACH = {("en", "list"): 6.85, ("en", "run-in"): 7.95, ("he", "list"): 8.6, ("he", "run-in"): 10.3}
PROFILE = bytes(12) + b"prtrCMYK" + bytes(16) + b"acsp" + bytes(200)
"""Enough of a profile for a page to be built with; a real one is the paper's."""
ROLLS = ("en", "he", "ar", "mixed")
PAPERS = [paper.id for paper in press.list_papers().values() if paper.width is not None]


def main() -> None:
    """Prints the tables."""
    if sys.argv[1:2] == ["archive"]:
        one_archive(sys.argv[2], int(sys.argv[3]))
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(sys.argv[2]) if sys.argv[1:2] == ["--pictures"] else Path(folder)
        say("## A broadsheet, 371 x 528 mm, 1,000 names, 60 % of them with titles, two groups", "")
        lines = list(broadsheet(out))
        for line in lines:
            say(line)
        keep("1,000 names on a broadsheet, the slowest", lines[2:], took=8, bare=9, bar=2)
        say(
            "",
            "## The same names on other papers: pt; in brackets: what would fit, below the paper's minimum",
            "",
        )
        for line in others(out):
            say(line)
        say("", f"Peak memory of this process, all these pages: {peak()} MB")
        say("", "## The readers' PDF, each in a separate process", "")
        lines = list(archive())
        for line in lines:
            say(line)
        thousands = [line for line in lines if line.startswith("| 10000 |")]
        english = [line for line in thousands if "| en |" in line]
        keep("a reader's PDF of 10,000 names, English", english, took=2, bare=3, bar=1)
        keep("a reader's PDF of 10,000 names, the slowest", thousands, took=2, bare=3, bar=1)
    say("", f"Load average at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} process_pool.")


def keep(question: str, rows: list[str], *, took: int, bare: int, bar: float) -> None:
    """Writes the slowest row of a table as one line of the speed table. ``took``, ``bare``: columns, in seconds."""
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    slowest = max(cells, key=lambda row: float(row[took]))
    seconds, control = float(slowest[took]), f"bare compilation {slowest[bare]} s"
    which = " ".join(cell for cell in slowest[:2] if cell.isalpha() or "-" in cell)
    Outcome(question, f"{seconds:.2f} s ({which})", control, seconds, bar, "s", at_most=True).keep()


def peak() -> int:
    """Returns this process's peak memory, in MB."""
    # Not getrusage, which starts with the peak of the parent process.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def say(*lines: str) -> None:
    """Prints lines to standard output."""
    sys.stdout.writelines(line + "\n" for line in lines)
    sys.stdout.flush()


def broadsheet(out: Path) -> Iterator[str]:
    """Sizes and times."""
    yield "| names | style | pt | to reach | letter | columns | turned over | widest gap em | warm s | bare s | ratio |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for roll in ROLLS:
        for style in ("list", "run-in"):
            wanted = order(roll, 1000, paper="371x528 mm", style=style)
            # Warm: fonts are loaded; a different page, so that none of it is cached.
            press.make_page(order(roll, 400, paper="371x528 mm", style=style), out / "warm")
            started = time.perf_counter()
            report = press.make_page(wanted, out / f"371x528-{roll}-{style}")
            warm = time.perf_counter() - started
            taken = take_apart(wanted)
            started = time.perf_counter()
            size = taken.composer
            taken.engine.pages(taken.layout.sheets, size.width, size.height, "A bare compilation", WHEN)
            bare = time.perf_counter() - started
            fit = report.fit
            reach = REACH.get((roll, style), "")
            yield (
                f"| {roll} | {style} | {fit.reached:g} | {reach} | {fit.letter_size:g} | {fit.columns} | "
                f"{fit.wrapped:.1%} | {fit.widest_gap:.2f} | {warm:.2f} | {bare:.2f} | {warm / bare:.1f} |"
            )


def others(out: Path) -> Iterator[str]:
    """Sizes on other papers."""
    rolls = [(roll, style) for roll in ROLLS for style in ("list", "run-in")]
    yield "| paper | mm | floor | " + " | ".join(f"{roll} {style}" for roll, style in rolls) + " | s each |"
    yield "|---" * (len(rolls) + 4) + "|"
    for name in PAPERS:
        paper = press.find_paper(name)
        # X-4 is built with the paper's own profile; the size does not depend on it.
        icc = PROFILE if paper.flavour == "PDF/X-4" else None
        cells = []
        started = time.perf_counter()
        for roll, style in rolls:
            try:
                wanted = order(roll, 1000, paper=name, style=style, icc=icc)
                report = press.make_page(wanted, out / f"{name}-{roll}-{style}")
                cells.append(f"{report.fit.reached:g}")
            except press.DidNotFitError as refusal:
                cells.append(f"({refusal.report.reached:g})")
        each = (time.perf_counter() - started) / len(rolls)
        size = f"{paper.width:g} x {paper.height:g}"
        yield f"| {name} | {size} | {paper.type_floor:g} | " + " | ".join(cells) + f" | {each:.2f} |"


def archive() -> Iterator[str]:
    """Time and memory of a long reader's PDF."""
    yield "| names | roll | s | bare s | ratio | peak MB | pages' KiB |"
    yield "|---|---|---|---|---|---|---|"
    for roll, number in (("en", 1000), *((roll, 10_000) for roll in ROLLS), ("en", 100_000)):
        told = subprocess.run(
            [sys.executable, __file__, "archive", roll, str(number)], check=True, capture_output=True, text=True
        )
        yield told.stdout.strip()


def one_archive(roll: str, number: int) -> None:
    """Makes one of them in this process: fonts loaded, text new."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        press.make_archive(order(roll, 20), out)
        wanted = order(roll, edition=edition_of(roll, number))
        started = time.perf_counter()
        press.make_archive(wanted, out)
        took, memory, size = time.perf_counter() - started, peak(), (out / "archive.pdf").stat().st_size
    names = [entry.name + entry.title for entry in entries_of(check(wanted).edition, {}, "en", titles=True)]
    source = '#set text(font: ("Source Serif 4", "Noto Serif"), size: 9pt)\n#for n in json("n.json") { par(n) }'
    # The stubs know a path or one source; the engine takes a mapping of files as well.
    files: Any = {"main.typ": source.encode(), "n.json": json.dumps(names).encode()}
    compiler = typst.Compiler(files, font_paths=_fonts(stack_for("en", names).files))
    started = time.perf_counter()
    compiler.compile(format="pdf")
    bare = time.perf_counter() - started
    say(f"| {number} | {roll} | {took:.2f} | {bare:.2f} | {took / bare:.1f} | {memory} | {size // 1024} |")


if __name__ == "__main__":
    main()
