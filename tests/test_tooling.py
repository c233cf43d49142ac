"""Contributor tooling: pre-commit hooks, .editorconfig, the devcontainer and `make check` agree with each other."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def hooks() -> list[dict[str, Any]]:
    """The hooks of .pre-commit-config.yaml."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    return [hook for repo in config["repos"] for hook in repo["hooks"]]


def recipe(target: str) -> list[str]:
    """The commands of a Makefile target."""
    found = re.search(
        rf"^{target}:[^\n]*\n((?:\t[^\n]*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found, f"no target {target}"
    return [line.strip() for line in found[1].splitlines()]


def test_hooks_fetch_nothing() -> None:
    """Every hook is local and runs what the lock files installed; pre-commit accepts the file."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks()} == {"unsupported"}
    command = [str(BIN / "pre-commit"), "validate-config", str(ROOT / ".pre-commit-config.yaml")]
    assert subprocess.run(command, check=False).returncode == 0


def test_each_command_of_make_check_is_a_hook() -> None:
    """A commit that passes the hooks passes `make check`."""
    run = {hook["entry"].replace(".venv/bin/", "").replace(" --force-exclude", "") for hook in hooks()}
    run = {entry.replace("npm --prefix frontend run", "cd frontend && npm run") for entry in run}
    assert run == set(recipe("check"))


def test_the_commands_of_hooks_are_locked() -> None:
    """The version of each tool is in a lock file, not whatever the machine has."""
    lock = (ROOT / "requirements/dev.lock").read_text(encoding="utf-8")
    package = json.loads((ROOT / "frontend/package.json").read_text(encoding="utf-8"))
    for hook in hooks():
        tool = hook["entry"].split()[0]
        if tool == "npm":
            assert hook["entry"].split()[-1] in package["scripts"]
            continue
        name = {"lint-imports": "import-linter"}.get(Path(tool).name, Path(tool).name)
        assert re.search(rf"^{name}==", lock, re.MULTILINE), tool
        assert (BIN / Path(tool).name).is_file()


@pytest.mark.parametrize(("text", "code"), [('"""Fine."""\n', 0), ("import os\n", 1)])
def test_a_hook_lets_a_clean_commit_pass_and_stops_a_faulty_one(tmp_path: Path, text: str, code: int) -> None:
    """In a separate repository, without a network."""
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    (tmp_path / ".venv").symlink_to(BIN.parent)
    (tmp_path / "some.py").write_text(text, encoding="utf-8")
    for words in (["init", "-q"], ["add", "some.py", ".pre-commit-config.yaml"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    command = [str(BIN / "pre-commit"), "run", "ruff-check", "--files", "some.py"]
    home = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(tmp_path), "PRE_COMMIT_HOME": str(tmp_path / "cache")}
    done = subprocess.run(command, cwd=tmp_path, env=home, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr


def test_files_are_as_the_editorconfig_says() -> None:
    """UTF-8, line feeds, a final newline, no trailing spaces; tabs only in the Makefile."""
    rules = configparser.ConfigParser()
    rules.read_string("[root]\n" + (ROOT / ".editorconfig").read_text(encoding="utf-8"))
    every = rules["*"]
    assert (every["charset"], every["end_of_line"], every["trim_trailing_whitespace"]) == ("utf-8", "lf", "true")
    assert rules["Makefile"]["indent_style"] == "tab"
    assert int(every["max_line_length"]) == 120
    listing = subprocess.run(
        ["git", "ls-files", "*.py", "*.ts", "*.mjs", "*.toml", "*.json", "*.jsonc", "*.yaml", "Makefile", "scripts/*"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    wrong = []
    for name in listing.stdout.splitlines():
        path = ROOT / name
        if not path.is_file() or name.startswith("tests/vectors/"):
            continue
        text = path.read_bytes().decode("utf-8")
        if "\r" in text or text[-1:] not in ("", "\n") or re.search(r"[ \t]$", text, re.MULTILINE):
            wrong.append(name)
    assert wrong == []


def test_the_devcontainer_is_set_up_as_the_readme_says() -> None:
    """Debian with git and make; everything else comes from the Makefile's own targets."""
    made = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert made["image"] in ("debian:12", "debian:13")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "need only `git` and `make`" in readme
    assert {"git", "make"} <= set(made["onCreateCommand"].split())
    program, *targets = made["postCreateCommand"].split()
    assert program == "make"
    for target in targets:
        assert recipe(target)
