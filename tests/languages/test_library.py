"""One ICU, from one wheel: never the system's, and PyICU is gone."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import icu4py
import pytest

from undersigned.languages import library
from undersigned.languages.direction import in_visual_order

ROOT = Path(__file__).parents[2]


def test_the_library_is_the_wheels() -> None:
    """What is called lies among the files that icu4py's wheel brought."""
    for which in ("common", "rules"):
        path = Path(library._library(which)._name)
        assert any(Path(str(file.locate())) == path for file in metadata.files("icu4py") or ())
    assert icu4py.icu_version == library.VERSION
    assert library.unicode_version() == "17.0"


@pytest.mark.parametrize(
    "names",
    [
        ["libicuuc-55b0ea0a.so.78.3", "libicui18n-27b40375.so.78.3", "libicuio-d603cb85.so.78.3"],
        ["libicuuc.78.3.dylib", "libicui18n.78.3.dylib", "libicuio.78.3.dylib"],
        ["icuuc78-6cd930a05b15f877bb9baaf0b694e5b7.dll", "icuin78-1b8ca781a4ed863976c7a3b8f9f282ac.dll"],
    ],
    ids=["linux", "macos", "windows"],
)
def test_it_is_found_as_each_systems_wheels_name_it(names: list[str]) -> None:
    """The names in the wheels of icu4py 1.2.0."""
    found = {which: [name for name in names if pattern.fullmatch(name)] for which, pattern in library._FILES.items()}
    assert found == {"common": names[:1], "rules": names[1:2]}


def test_an_icu4py_without_its_own_icu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Built against the system's, it would sort as the system does: a sentence says what to install."""
    files = [SimpleNamespace(name="messageformat.cpython-311-x86_64-linux-gnu.so")]
    monkeypatch.setattr(metadata, "files", lambda _: files)
    library._library.cache_clear()
    try:
        with pytest.raises(library.IcuError, match="--only-binary icu4py"):
            library.function("common", "u_getUnicodeVersion", None, [])
    finally:
        library._library.cache_clear()


def test_a_site_with_another_icu_does_not_start(tmp_path: Path) -> None:
    """It says so in a sentence, before the first signature (control: with the wheel's, the same call succeeds)."""
    call = f"from undersigned.cli.app import run; sys.exit(run(['init', '--data', {str(tmp_path / 'data')!r}]))"
    hide = "from importlib import metadata; metadata.files = lambda name: [];"
    without = subprocess.run([sys.executable, "-c", f"import sys; {hide} {call}"], capture_output=True, timeout=60)
    assert without.returncode == 3
    assert b"icu4py was not installed from its wheel" in without.stderr
    assert b"Traceback" not in without.stderr
    wheel = subprocess.run([sys.executable, "-c", f"import sys; {call}"], capture_output=True, timeout=60)
    assert wheel.returncode == 0


def test_nothing_imports_pyicu() -> None:
    """Neither the program nor its tests and benches; the lock does not bring it."""
    for folder in ("src", "tests", "bench", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            if "node_modules" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                assert not any(name.partition(".")[0] == "icu" for name in names), path
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "pyicu" not in str(project).lower()
    locks = [path.read_text(encoding="utf-8").lower() for path in (ROOT / "requirements").rglob("*.lock")]
    assert locks
    assert not any("pyicu" in lock for lock in locks)


@pytest.mark.parametrize(
    ("line", "rtl", "seen"),
    [
        ("Ada, Bram", True, "Ada, Bram"),
        ("אבנר, Ada", False, "רנבא, Ada"),
        ("אבנר, Ada", True, "Ada ,רנבא"),
        ("בן (12)", True, ")12( ןב"),
        ("Ada \u2067אב x\u2069, b", False, "Ada \u2067x בא\u2069, b"),
        ("\U0001e900\U0001e901 a", False, "\U0001e901\U0001e900 a"),
        ("", True, ""),
    ],
)
def test_a_line_is_seen_as_uax_9_says(line: str, rtl: bool, seen: str) -> None:
    """Hebrew from the right, figures from the left, an isolate by itself; characters stay what they are."""
    bare = str.maketrans("", "", "\u2067\u2069")
    assert in_visual_order(line, rtl=rtl).translate(bare) == seen.translate(bare)
