"""Every line of the speed table, each beside its control: a table and a picture.

    python bench/speed.py [--only sign,opens] [--out bench/results/speed]

Each bench runs in a process of its own, one after another; some twenty minutes in all. Nothing else should be at work.
The letter that grows is taken to 100,000 here; ``million.py --sizes 1000,1000000`` takes it to a million.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import outcome
from outcome import Outcome

BENCHES = (
    ("sign", ()),
    ("sign", ("--postgresql",)),
    ("viewers", ("--viewers", "100000")),
    ("blind", ()),
    ("verify", ("--entries", "10000")),
    ("opens", ()),
    ("answers", ()),
    ("pages", ()),
    ("printing", ()),
    ("million", ("--sizes", "1000,10000,100000")),
)
WIDTH, ROW, LEFT, SCALE, END = 900, 26, 400, 190, 2.0
"""Pixels; where the bar stands is ``SCALE`` from ``LEFT``, and what is ``END`` times the bar is not drawn longer."""


def main() -> int:
    """Exit status 1 if a bench broke; a bar that is not reached is a result like another."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(name for name, _ in BENCHES))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "speed")
    asked = parser.parse_args()
    chosen = [(name, options) for name, options in BENCHES if name in asked.only.split(",")]
    broken, load = [], os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="undersigned-speed-") as folder:
        told = Path(folder) / "outcomes"
        told.touch()
        for number, (name, options) in enumerate(chosen, start=1):
            print(f"-- {number} of {len(chosen)}: {name} {' '.join(options)}", flush=True)
            out = ("--out", f"{asked.out.parent}/growth") if name == "million" else ()
            command = [sys.executable, str(Path(__file__).with_name(f"{name}.py")), *options, *out]
            before = len(told.read_text().splitlines())
            subprocess.run(command, env={**os.environ, outcome.FILE: str(told)}, check=False)
            if len(told.read_text().splitlines()) == before:
                broken.append(" ".join((name, *options)))
        found = outcome.read(told)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.with_suffix(".md").write_text(table(found, load, asked.out.name))
    asked.out.with_suffix(".svg").write_text(picture(found))
    print(asked.out.with_suffix(".md").read_text())
    for name in broken:
        print(f"{name} found nothing", file=sys.stderr)
    return 1 if broken else 0


def table(found: list[Outcome], load: float, picture_name: str) -> str:
    """Markdown."""
    head = "| | measured | control, same run | | bar | |\n|---|---|---|---:|---|---|\n"
    lines = head + "".join(
        f"| {one.question} | {one.measured} | {one.control} | {one.figure(one.value)} | {one.spelt_bar} | "
        f"{'reached' if one.share >= 1 else '**not reached**'} |\n"
        for one in found
    )
    return (
        f"# Speed\n\nMade by `make bench` on {datetime.date.today():%Y-%m-%d}: {os.cpu_count()} cores, shared with "
        f"whoever asks; Python {platform.python_version()}; load {load:.1f} at the beginning.\n\n{lines}\n"
        f"![Each line in parts of its bar]({picture_name}.svg)\n"
    )


def picture(found: list[Outcome]) -> str:
    """An SVG: how much of its bar each line reaches."""
    height = 60 + ROW * len(found)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT + SCALE}" y="20" text-anchor="middle">the bar</text>',
    ]
    for number, one in enumerate(found):
        top = 34 + ROW * number
        long, colour = SCALE * min(one.share, END), "#2f6f3e" if one.share >= 1 else "#a33b20"
        parts += [
            f'<text x="{LEFT - 10}" y="{top + 14}" text-anchor="end">{one.question}</text>',
            f'<rect x="{LEFT}" y="{top}" width="{long:.0f}" height="18" fill="{colour}"/>',
            f'<text x="{LEFT + long + 8:.0f}" y="{top + 14}">{one.figure(one.value)}</text>',
        ]
    parts.append(f'<path d="M{LEFT + SCALE} 26V{height - 16}" stroke="#222" stroke-dasharray="4 3"/>')
    return "\n".join(parts) + "\n</svg>\n"


if __name__ == "__main__":
    raise SystemExit(main())
