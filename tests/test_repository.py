"""The project keeps its own rules."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def tracked(*patterns: str) -> list[Path]:
    """The files git tracks, or would track, that match."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).exists()]


def test_no_source_file_outgrows_its_noun() -> None:
    """Past 400 lines a file is about more than one thing. Django writes migrations, and they are not read as text."""
    written = ("src/**/*.py", "frontend/src/**/*.ts")
    sources = [path for path in tracked(*written) if path.parent.name != "migrations" and not _is_generated(path)]
    long = [path.name for path in sources if _lines(path) > 400]
    assert long == []


def _is_generated(path: Path) -> bool:
    """Whether a script writes the file: a table is as long as what it lists."""
    return "not edited by hand" in path.read_text(encoding="utf-8")[:400]


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_every_dependency_has_its_reason() -> None:
    """Each dependency in pyproject.toml has a comment that says why it is there."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    settings = tomllib.loads(text)
    lines = text.splitlines()
    project = settings["project"]
    for dependency in [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]:
        line = next(line for line in lines if f'"{dependency}"' in line)
        assert re.search(r"#\s*\S+ \S+", line), f"{dependency} has no reason"


def test_every_locked_package_is_pinned_by_hash() -> None:
    """No requirement is installed that the lock file does not name with a version and a hash."""
    for lock in ("run.lock", "dev.lock", "build.lock", "node.lock"):
        text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
        entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
        assert entries
        assert [entry for entry in entries if not re.match(r"\S+==\S+.* \\\n +--hash=sha256:", entry)] == []


def test_the_arrows_point_one_way() -> None:
    """import-linter's contract in .importlinter holds (ARCHITECTURE.md)."""
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    "path", tracked("*.md", "docs/**/*.md", "tests/**/*.md"), ids=lambda p: str(p.relative_to(ROOT))
)
def test_every_link_in_the_documents_leads_somewhere(path: Path) -> None:
    """A link to a file of the project names a file that is there."""
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    missing = [t for t in targets if "://" not in t and not t.startswith("mailto:") and not (path.parent / t).exists()]
    assert missing == []


def test_the_pictures_of_the_imports_are_those_of_the_code() -> None:
    """docs/explanation/ shows the rooms as they are, and no import goes up."""
    command = [sys.executable, str(ROOT / "scripts" / "draw-imports"), "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("path", tracked("*.md", "**/*.md"), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_code_file_named_in_the_documents_exists(path: Path) -> None:
    """By its path from the root, from the package or from a folder that the sentence is about; or by its name alone."""
    files = {str(file.relative_to(ROOT)) for file in tracked("*.py", "*.ts", "*.mjs", "*.svg")}
    named = re.findall(r"`([A-Za-z0-9_./-]+\.(?:py|ts|mjs))`", path.read_text(encoding="utf-8"))
    assert [name for name in named if not any(f"/{file}".endswith(f"/{name}") for file in files)] == []


def test_the_tests_for_a_second_python_exist() -> None:
    """Each of the site's tests that make test-python names is there."""
    names = re.search(r"^WEB \?= .*%\.py,([a-z_ ]+)\)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert names is not None
    assert [name for name in names[1].split() if not (ROOT / f"tests/web/test_{name}.py").exists()] == []


def test_no_file_holds_a_conflict() -> None:
    """No merge was committed with its markers: in a comment they compile."""
    marker = re.compile(r"^.{0,3}(<{7} |>{7} )", re.MULTILINE)
    texts = tracked(
        "**/*.py", "**/*.ts", "**/*.mjs", "**/*.md", "**/*.toml", "**/*.html", "**/*.css", "scripts/*", "Makefile"
    )
    assert [str(path.relative_to(ROOT)) for path in texts if marker.search(path.read_text(encoding="utf-8"))] == []
