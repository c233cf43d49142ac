"""docs/tutorial.md, pasted block by block: it goes from an empty folder to a published letter."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from undersigned.cli.server import Server, free_port

from .test_light import HIDING

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


def blocks() -> list[str]:
    """The tutorial's commands, a block an item, but for the server's."""
    text = TUTORIAL.read_text(encoding="utf-8")
    return [body for kind, body in re.findall(r"```sh( serve)?\n(.*?)```", text, re.DOTALL) if not kind]


@pytest.mark.slow
@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_the_tutorial_does_what_it_says(where: str, tmp_path: Path) -> None:
    """Every block in order, in one shell, which ends at the first that fails.

    Elsewhere: the tools run without what only Linux has, as on macOS and Windows. The site itself runs here.
    """
    port = free_port()
    commands = tmp_path / "bin"
    commands.mkdir()
    script = commands / "undersigned"
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    if where == "elsewhere":
        (hiding / "sitecustomize.py").write_text(HIDING)
    script.write_text(f'#!/bin/sh\nPYTHONPATH={hiding} exec {sys.executable} -m undersigned.cli.app "$@"\n')
    script.chmod(0o755)
    folder = tmp_path / "folder"
    folder.mkdir()
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "XDG_STATE_HOME": str(tmp_path / "state")}
    shell = "set -eu -o pipefail\n" + "\n".join(blocks()).replace(":8000", f":{port}")
    with Server(folder / "site", "127.0.0.1", port, log=tmp_path / "log") as server:
        server.start()
        result = subprocess.run(
            ["bash", "-c", shell],
            cwd=folder,
            env=environment,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=240,
        )
    said = result.stderr.decode()
    assert result.returncode == 0, said
    assert "Traceback" not in said
    assert re.search(r"^Approved by +trustees 1 and 2$", said, re.MULTILINE)
    assert "Next, the trustees open the names" in said
    report = json.loads((folder / "report.json").read_text())
    assert (report["outcome"], report["signed"], report["withdrawn"], report["standing"]) == ("valid", 3, 1, 2)
    assert report["editions"][0]["id"] == (folder / "edition").read_text().strip()
    rows = [line.split("\t") for line in (folder / "names").read_text().splitlines()]
    assert sorted((row[1], row[3], row[5]) for row in rows) == [
        ("anonymous", "", "anonymous"),
        ("name", "Ada Millward", "named"),
    ]
    assert "exit status 1" in result.stdout.decode()
    assert (folder / "page" / "page.pdf").read_bytes().startswith(b"%PDF")
    assert not list((folder / "letter" / "trustees").glob("*.age"))
    _nothing_secret_is_left(folder, tmp_path, said)


def _nothing_secret_is_left(folder: Path, home: Path, said: str) -> None:
    """Withdrawal codes are only where the shell wrote them; only their owner can read the tools' own files."""
    code = (folder / "withdrawal-2").read_text().strip()
    assert re.fullmatch(r"W(-[0-9A-Z]{4}){5}", code)
    assert code not in said
    bare = code.replace("-", "")[1:].encode()
    for path in [*folder.rglob("*"), *(home / "state").rglob("*")]:
        if path.is_file() and not path.name.startswith("withdrawal-"):
            data = path.read_bytes()
            assert code.encode() not in data, path
            assert bare not in data, path
    assert stat.S_IMODE((folder / "letter" / "organiser.key").stat().st_mode) == 0o600
    assert list((home / "state").rglob("pending-*")) == []
