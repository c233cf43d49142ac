"""How much memory an idle site takes, process by process, beside a bare granian with an empty Django application.

    python bench/idle.py [--seconds 10] [--database postgresql://...]

PSS is what counts: pages that several processes share are divided among them, so the sum is what the machine gives.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from undersigned.web.serve import web_command

BARE = """
import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__, SECRET_KEY="bench", ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
urlpatterns = [path("healthz", lambda request: HttpResponse("ok"))]
application = get_asgi_application()
"""
"""The control: what every site on granian and Django pays."""
_SHOWN = ("Pss", "Rss", "Private_Dirty")


def memory(pid: int) -> dict[str, float]:
    """MB of a process by ``_SHOWN``. Linux only."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return {name: int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1]) / 1024 for name in _SHOWN}  # type: ignore[index]


def family(pid: int, parent: str = "") -> Iterator[tuple[int, str]]:
    """A process and all its descendants, each with its name."""
    name = name_of(pid, parent)
    yield pid, name
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        yield from family(int(child), name)


def name_of(pid: int, parent: str) -> str:
    """What a process of a site is, by its command line. ``parent``: what its parent is."""
    line = " ".join(Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[1:])
    if parent == "web supervisor":
        return "web worker"
    names = {
        "granian": "web supervisor", "clerk": "clerk", "undersigned.web serve": "site supervisor", "serve": "command",
    }  # fmt: skip
    return next((name for mark, name in names.items() if mark in line), line[:40])


@contextmanager
def running(words: list[str], url: str, folder: Path, environment: dict[str, str]) -> Iterator[int]:
    """A server until it has answered, and to its end."""
    with subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(url, timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise SystemExit(f"{words} does not answer")
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def measure(title: str, pid: int) -> float:
    """Prints a line a process; returns the sum of their PSS in MB."""
    total = 0.0
    print(f"{title}\n  {'process':<18}{'PSS MB':>8}{'RSS MB':>8}{'own MB':>8}")
    for found, name in family(pid):
        one = memory(found)
        total += one["Pss"]
        print(f"  {name:<18}{one['Pss']:>8.1f}{one['Rss']:>8.1f}{one['Private_Dirty']:>8.1f}")
    print(f"  {'together':<18}{total:>8.1f}\n")
    return total


def main() -> None:
    """Measures the site, then the control."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10, help="rest before it is measured")
    parser.add_argument("--port", type=int, default=18750)
    parser.add_argument("--database", help="a PostgreSQL URL; else SQLite")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, base = Path(name), f"http://127.0.0.1:{chosen.port}"
        (folder / "bare.py").write_text(BARE, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        words = [sys.executable, "-m", "undersigned.cli.app", "serve", "--data", str(folder / "data")]
        words += ["--port", str(chosen.port), *(["--database", chosen.database] if chosen.database else [])]
        with running(words, f"{base}/healthz", folder, environment) as pid:
            time.sleep(chosen.seconds)
            site = measure("undersigned serve, one worker", pid)
        command = web_command("127.0.0.1", chosen.port + 1, 1, "bare:application")
        with running(command, f"http://127.0.0.1:{chosen.port + 1}/healthz", folder, environment) as pid:
            time.sleep(min(3.0, chosen.seconds))
            bare = measure("granian with an empty Django application, one worker", pid)
    print(f"{site:.0f} MB, {site / bare:.1f} times the control")


if __name__ == "__main__":
    main()
