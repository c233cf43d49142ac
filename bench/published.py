"""A large sealed letter from its first signature to its published edition, with people's own tools.

    python bench/published.py --sizes 1000,10000,100000 [--bulk] [--mirror] [--out bench/results/published.md]
    python bench/published.py --sizes 1000000 --bulk --place DIR [--until STEP] [--skip fetch]

Every step is done as in reality: signatures with three post-quantum boxes each over HTTP, notice and cut by the
organiser, the tool of two trustees (mirrors, checks, openings), publication over HTTP, a reader who fetches the letter
and verifies it on all cores, and one withdrawal afterwards. ``--bulk``: all signatures except one are generated on all
cores and appended without HTTP; ``--mirror``: the trustees' seals are copied from the site's table, instead of
requested a hundred at a time.

For each step it measures the seconds and the peak memory of the process that runs it, of the site's web process and of
its clerk. ``--place DIR`` keeps the letter and the completed steps: the same command resumes after the last one, and
``--until`` stops after a step.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import people
import soak
from life import STEPS, WITHOUT_SITE, Life

HEAD = (
    "# A letter is published\n\nMade by `python bench/published.py`: three trustees, two needed; by people's own "
    "tools, on the same {cores} process_pool.\n\n"
)


def reset(pid: int) -> None:
    """Resets the kernel's record of a process's peak memory."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        return


def largest(server: people.Process | None) -> dict[str, float]:
    """Returns the peak megabytes of the site's web process, clerk and press since ``reset``."""
    found = {"web_mb": 0.0, "clerk_mb": 0.0, "press_mb": 0.0}
    for pid in soak.below(server.pid) if server else ():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        # Any other process is typesetting a page for the clerk, in the background.
        kind = "clerk_mb" if b"clerk" in command else "web_mb" if b"granian" in command else "press_mb"
        found[kind] = max(found[kind], *(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")))
    return {name: round(most) for name, most in found.items() if most}


def take(life: Life, step: str, server: people.Process | None) -> dict[str, float]:
    """Runs one step in a separate process; returns what it took."""
    for pid in soak.below(server.pid) if server else ():
        reset(pid)
    command = [sys.executable, __file__, "--place", str(life.place), "--step", step]
    began = time.perf_counter()
    done = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert done.stdout is not None
    said = done.stdout.read().decode()
    _, status, used = os.wait4(done.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"{step} failed: {said[-3000:]}\nWhat is done is kept in {life.place}")
    last = said.strip().splitlines()[-1:] or [""]
    own = json.loads(last[0]) if last[0].startswith("{") else {}
    # Preparation before the step is not counted, where the step says so.
    figures = {"seconds": round(own.pop("seconds", seconds), 2), **own, "mb": round(used.ru_maxrss / 1024)}
    return {**figures, **largest(server)}


def live(life: Life, skip: list[str], last: str | None) -> None:
    """Runs all remaining steps."""
    server: people.Process | None = None
    try:
        for step in life.steps:
            if step not in life.known["found"] and step not in skip:
                if step.rstrip("12") in ("bulk", "restart") and server:
                    server.stop()
                    server = None
                elif step not in WITHOUT_SITE and server is None:
                    server = life.serve()
                figures = take(life, step, server)
                life = Life(life.place)
                life.note(step, {name: round(value, 1) for name, value in figures.items()})
                print(f"{life.size:,}: {step} {json.dumps(figures)}", file=sys.stderr, flush=True)
            if step == last:
                break
    finally:
        if server:
            server.stop()


def table(life: Life) -> str:
    """Markdown."""
    lines = [
        f"## {life.size:,} names\n",
        "| | s | MB, the tool | MB, the web process | MB, the clerk |\n|---|---:|---:|---:|---:|",
    ]
    for name, title in STEPS:
        if found := life.known["found"].get(name):
            cells = [f"{found[key]:,g}" if key in found else "" for key in ("seconds", "mb", "web_mb", "clerk_mb")]
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    known = life.known["found"]
    if "bulk" in known:
        lines.append(f"\nMaking took {known['bulk']['make']:,g} s, appending {known['bulk']['append']:,g} s.")
    if "withdraw" in known:
        lines.append(f"The edition was back {known['withdraw']['and_back_s']:,g} s after it was gone.")
    if "publish" in known:
        lines.append(f"On disk: {', '.join(f'{name} {mb:,} MB' for name, mb in sizes(life).items())}.")
    return "\n".join(lines) + "\n"


def sizes(life: Life) -> dict[str, int]:
    """Returns the megabytes on disk, by name."""
    public = life.data / "public" / people.SLUG
    places = {
        "database": life.data / "undersigned.sqlite3", "log": public / "log", "edition": public / "editions",
        "bundle": public / "bundle.zip", "a trustee's folder": life.place / "trustee-1",
    }  # fmt: skip
    return {name: _bytes(place) // 10**6 for name, place in places.items() if place.exists()}


def _bytes(place: Path) -> int:
    found = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in found)


def main() -> None:
    """Runs every size and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000")
    parser.add_argument("--bulk", action="store_true")
    parser.add_argument("--mirror", action="store_true")
    parser.add_argument("--place", type=Path)
    parser.add_argument("--until", choices=[name for name, _ in STEPS])
    parser.add_argument("--skip", default="")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if asked.step:
        Life(asked.place).run(asked.step)
        return
    text = HEAD.format(cores=os.cpu_count())
    with tempfile.TemporaryDirectory(prefix="undersigned-published-") as name:
        for size in (int(size) for size in asked.sizes.split(",")):
            place = (asked.place or Path(name)) / str(size)
            life = Life.begin(place, size, in_bulk=asked.bulk, mirrored=asked.mirror)
            live(life, asked.skip.split(","), asked.until)
            text += table(Life(place)) + "\n"
    print(text)
    if asked.out is not None:
        asked.out.write_text(text)


if __name__ == "__main__":
    main()
