"""``undersigned doctor``, as it is typed, on the data of a running site."""

from __future__ import annotations

import json
from pathlib import Path

from undersigned.cli.server import Server

from .conftest import typed


def test_a_healthy_site_has_nothing_found(site: Server) -> None:
    """Quickly and deeply, while it runs."""
    for words in ((), ("--deep",)):
        said = typed("doctor", "--data", site.data, *words)
        assert said.code == 0, said.err
        assert "Nothing found" in said.err


def test_a_finding_is_a_line_and_an_exit_code(site: Server) -> None:
    """A key others may read; once fixed, the finding is gone."""
    token = site.data / "keys" / "organiser-token"
    token.chmod(0o644)
    try:
        said = typed("doctor", "--data", site.data, "--json")
        assert said.code == 1
        (finding,) = json.loads(said.out)
        assert (finding["where"], "chmod 600" in finding["what"]) == ("keys", True)
    finally:
        token.chmod(0o600)
    assert typed("doctor", "--data", site.data).code == 0


def test_no_directory_is_made_by_looking(tmp_path: Path) -> None:
    """A path that holds no site is misuse, and stays as it was."""
    assert typed("doctor", "--data", tmp_path / "none").code == 2
    assert not (tmp_path / "none").exists()
