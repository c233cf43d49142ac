"""`make release`: one version everywhere, the same bytes twice, a list of parts, checksums; nothing else changes."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
MODULES = ROOT / "frontend/node_modules"


def git(at: Path, *words: str) -> str:
    """git's answer in ``at``."""
    return subprocess.run(["git", *words], cwd=at, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A separate repository with the files of this one, on main."""
    place = tmp_path_factory.mktemp("release") / "checkout"
    listing = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard")
    for name in listing.splitlines():
        # The figures and pictures of benchmarks are large, and no part of the wheel.
        if (ROOT / name).is_file() and not name.startswith("bench/results/"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    git(place, "init", "--quiet", "--initial-branch", "main")
    git(place, "config", "user.name", "A Maintainer")
    git(place, "config", "user.email", "maintainer@example.org")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", "Begin")
    yield place
    shutil.rmtree(place)


def release(at: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """``scripts/release``, as it is typed."""
    command = [sys.executable, str(at / "scripts/release"), *words]
    return subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3rc1", "01.2.3", "1.2.3.4"])
def test_a_version_is_three_numbers(scratch: Path, version: str) -> None:
    done = release(scratch, version)
    assert (done.returncode, "is not a version" in done.stderr) == (1, True)


def test_an_unclean_checkout_is_not_released(scratch: Path) -> None:
    (scratch / "forgotten.py").write_text("")
    done = release(scratch, "9.8.7")
    (scratch / "forgotten.py").unlink()
    assert (done.returncode, "forgotten.py" in done.stderr) == (1, True)


def test_only_main_is_released(scratch: Path) -> None:
    git(scratch, "switch", "--quiet", "--create", "side")
    done = release(scratch, "9.8.7")
    git(scratch, "switch", "--quiet", "main")
    assert (done.returncode, "releases are made from main" in done.stderr) == (1, True)


def test_a_release_is_newer_than_those_before(scratch: Path) -> None:
    """Neither a tagged version again nor an older one."""
    git(scratch, "tag", "v9.8.7")
    try:
        assert "already tagged" in release(scratch, "9.8.7").stderr
        assert "is not newer than 9.8.7" in release(scratch, "9.8.6").stderr
    finally:
        git(scratch, "tag", "--delete", "v9.8.7")


def test_a_release_without_a_change_is_refused(scratch: Path) -> None:
    path = scratch / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8")
    before, _, after = text.partition("## Unreleased\n")
    path.write_text(f"{before}## 0.0.1, 2020-01-01\n{after}", encoding="utf-8")
    git(scratch, "commit", "--quiet", "--all", "--message", "Nothing new")
    try:
        assert "has nothing under" in release(scratch, "9.8.7").stderr
    finally:
        git(scratch, "reset", "--quiet", "--hard", "HEAD~1")


def loaded(at: Path) -> ModuleType:
    """``scripts/release`` as a module."""
    loader = SourceFileLoader("release_script", str(at / "scripts/release"))
    spec = importlib.util.spec_from_loader("release_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_two_builds_that_differ_are_no_release(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the comparison: a build that depends on where it is made."""
    module = loaded(scratch)
    monkeypatch.setattr(module, "build", lambda clone, out: {"undersigned.whl": clone.name})
    with pytest.raises(module.ReleaseError, match="differ"):
        module.make("9.8.7", "2030-01-31", rehearse=False)


@pytest.mark.slow
@pytest.mark.skipif(not (MODULES / "esbuild").is_dir(), reason="the wheel is built with the npm packages")
def test_a_release_is_made_in_a_clone_and_taken_over_whole(scratch: Path) -> None:
    """Dry it changes nothing here; made again on the same day it is the same bytes; final it is tagged."""
    shutil.copytree(MODULES, scratch / "frontend/node_modules", symlinks=True)
    head = git(scratch, "rev-parse", "HEAD")
    done = release(scratch, "9.8.7", "--no-rehearsal", "--date", "2030-01-31")
    assert done.returncode == 0, done.stderr
    assert git(scratch, "rev-parse", "HEAD") == head
    assert git(scratch, "tag") + git(scratch, "status", "--porcelain") == ""
    files = scratch / "build/release/9.8.7/files"
    sums = (files / "SHA256SUMS").read_text()
    named = {name: digest for digest, _, name in (line.partition("  ") for line in sums.splitlines())}
    assert {name: hashlib.sha256((files / name).read_bytes()).hexdigest() for name in named} == named
    assert set(named) == {path.name for path in files.iterdir()} - {"SHA256SUMS"}

    with zipfile.ZipFile(files / "undersigned-9.8.7-py3-none-any.whl") as wheel:
        assert b"\nVersion: 9.8.7\n" in wheel.read("undersigned-9.8.7.dist-info/METADATA")
        assert '"9.8.7"' in wheel.read("undersigned/__init__.py").decode()
        assert any(name.startswith("undersigned/web/static/scripts/") for name in wheel.namelist())
    with tarfile.open(files / "undersigned-9.8.7.tar.gz") as archive:
        assert not [name for name in archive.getnames() if "node_modules" in name]

    parts = json.loads((files / "undersigned-9.8.7.cdx.json").read_text(encoding="utf-8"))
    assert (parts["bomFormat"], parts["metadata"]["component"]["version"]) == ("CycloneDX", "9.8.7")
    assert parts["metadata"]["timestamp"].startswith("2030-01-31T00:00:00")
    purls = {component["purl"].partition("@")[0] for component in parts["components"]}
    assert {"pkg:pypi/cryptography", "pkg:pypi/django", "pkg:npm/esbuild"} <= purls
    assert not purls & {"pkg:pypi/pytest", "pkg:npm/typescript"}, "those are not in a release"
    assert all(component["hashes"] for component in parts["components"])

    final = release(scratch, "9.8.7", "--no-rehearsal", "--date", "2030-01-31", "--final")
    assert final.returncode == 0, final.stderr
    assert (files / "SHA256SUMS").read_text() == sums
    assert git(scratch, "rev-list", "-n1", "v9.8.7") == git(scratch, "rev-parse", "main")
    assert git(scratch, "rev-parse", "main~1") == head
    assert git(scratch, "log", "-1", "--format=%s") == "Release 9.8.7"
    assert "## 9.8.7, 2030-01-31\n" in (scratch / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "- " in git(scratch, "tag", "--list", "--format=%(contents:body)", "v9.8.7")
