"""How large, how fast: a thousand names on a broadsheet, fitted, set, preflighted and read back.

Each time stands beside its control from the same run: one bare compilation of the same lines by the engine, without
fit, preflight or read-back. Run: ``PYTHONPATH=src:tests python -P bench/press.py > bench/results/press.md``
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from press.people import edition_of
from press.setup import WHEN, order, take_apart
from undersigned import press

REACH = {("en", "list"): 6.85, ("en", "run-in"): 7.95, ("he", "list"): 8.6, ("he", "run-in"): 10.3}
PAPERS = ["371x528 mm", "welt", "saarbruecker", "mf-dnes", "bay-area-news", "petit-press", "saarbruecker-tabloid"]


def main() -> None:
    """Prints the tables."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        say("## A broadsheet, 371 x 528 mm, 1,000 names, 60 % of them with titles, two groups", "")
        for line in broadsheet(out):
            say(line)
        say(
            "",
            "## The same names on other papers: pt; in brackets what would fit, under the paper's floor",
            "",
        )
        for line in others(out):
            say(line)
        say("", "## The reader's PDF, 10,000 names", "")
        for line in archive(out):
            say(line)
    say("", f"Peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def say(*lines: str) -> None:
    """To whoever keeps the results."""
    sys.stdout.writelines(line + "\n" for line in lines)
    sys.stdout.flush()


def broadsheet(out: Path) -> Iterator[str]:
    """Sizes and times."""
    yield "| names | style | pt | to reach | letter | columns | turned over | widest gap em | warm s | bare s | ratio |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for roll in ("en", "he", "ar", "mixed"):
        for style in ("list", "run-in"):
            wanted = order(roll, 1000, paper="371x528 mm", style=style)
            press.make_page(wanted, out)
            started = time.perf_counter()
            report = press.make_page(wanted, out)
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
    rolls = [(roll, style) for roll in ("en", "he", "ar", "mixed") for style in ("list", "run-in")]
    yield "| paper | " + " | ".join(f"{roll} {style}" for roll, style in rolls) + " |"
    yield "|---" * (len(rolls) + 1) + "|"
    for paper in PAPERS:
        cells = []
        for roll, style in rolls:
            try:
                report = press.make_page(order(roll, 1000, paper=paper, style=style), out)
                cells.append(f"{report.fit.reached:g}")
            except press.DidNotFitError as refusal:
                cells.append(f"({refusal.report.reached:g})")
        yield f"| {paper} | " + " | ".join(cells) + " |"


def archive(out: Path) -> Iterator[str]:
    """Time of a long reader's PDF."""
    yield "| names | s |"
    yield "|---|---|"
    for number in (100, 1000, 10_000):
        wanted = order(edition=edition_of("en", number))
        started = time.perf_counter()
        press.make_archive(wanted, out)
        yield f"| {number} | {time.perf_counter() - started:.2f} |"


if __name__ == "__main__":
    main()
