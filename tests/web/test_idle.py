"""An idle site keeps out of memory what only making pages needs (bench/idle.py measures it)."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .server import Server, database_of, free_port, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
PAGES = {"typst", "pikepdf", "PIL", "pypdfium2_raw", "uharfbuzz", "fontTools"}
"""Packages with their own libraries that set, check or paint pages."""


def family(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        yield from family(int(child))


def packages(pid: int) -> set[str]:
    """The packages of which a process has a library in memory."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    return set(re.findall(r"site-packages/([A-Za-z0-9_]+)/", maps))


def test_an_idle_site_loads_nothing_that_makes_pages(tmp_path: Path) -> None:
    """Neither a web worker nor the clerk, which has made its first rounds. On SQLite, no PostgreSQL client either."""
    server = Server(tmp_path / "data", free_port())
    server.start()
    try:
        assert server.process is not None
        until(lambda: (server.data / "public" / "index.html").exists() or any(server.data.glob("public/index*")))
        found = [packages(pid) for pid in family(server.process.pid)]
        # Control: the worker under its supervisor, and the clerk, are among them with what they do need.
        assert sum("granian" in names for names in found) >= 2
        assert sum("cryptography" in names for names in found) >= 2
        unwanted = PAGES | (set() if database_of(server.data) else {"psycopg_binary"})
        assert [names & unwanted for names in found if names & unwanted] == []
    finally:
        server.stop()


def test_what_makes_pages_is_recognised_in_memory() -> None:
    """Control: this process has loaded it."""
    from undersigned import press

    assert callable(press.make_page)
    assert {"typst", "pikepdf", "PIL"} <= packages(os.getpid())
