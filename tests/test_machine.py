"""What the scripts say and do on machines that lack something, shown by machines made of stubs."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
TOOLS = ("bash", "sh", "env", "dirname", "sort", "cut", "grep", "id", "ls", "cat")


def machine(folder: Path, stubs: dict[str, str]) -> Path:
    """A folder for PATH that holds the shell's tools and ``stubs``: names, and what each does."""
    commands = folder / "bin"
    commands.mkdir()
    for tool in TOOLS:
        found = next(Path(part) / tool for part in ("/usr/bin", "/bin") if (Path(part) / tool).exists())
        (commands / tool).symlink_to(found)
    for name, body in stubs.items():
        (commands / name).unlink(missing_ok=True)
        (commands / name).write_text(f"#!{commands / 'bash'}\n{body}\n")
        (commands / name).chmod(0o755)
    return commands


def run(script: str, *words: str, path: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "HOME": str(path)}
    return subprocess.run(
        [ROOT / "scripts" / script, *words], env=environment, capture_output=True, text=True, check=False
    )


def python(version: str, *, fits: bool = True) -> str:
    """A Python that says its version and path; or one that does not fit: too old or new, or without venv."""
    return f'[[ "$2" == *ensurepip* ]] && exit {0 if fits else 1}\necho "{version} $0"'


def test_the_newest_python_that_fits_is_taken(tmp_path: Path) -> None:
    path = machine(tmp_path, {f"python3.{n}": python(f"3.{n}") for n in (11, 12, 13)} | {"python3": python("3.11")})
    assert run("find-python", path=path).stdout.strip() == str(path / "python3.13")


def test_a_python_that_cannot_make_an_environment_is_passed_over(tmp_path: Path) -> None:
    """Debian's without python3-venv, and pyenv's shims for versions that are not chosen."""
    stubs = {"python3.14": python("3.14", fits=False), "python3.13": "exit 127", "python3.12": python("3.12")}
    path = machine(tmp_path, stubs)
    assert run("find-python", path=path).stdout.strip() == str(path / "python3.12")


def test_a_newer_python3_is_not_taken_for_one_of_ours(tmp_path: Path) -> None:
    path = machine(tmp_path, {"python3": python("3.15", fits=False)})
    done = run("find-python", path=path)
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12, 3.13 or 3.14" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


DEBIAN = {"apt-get": 'echo "apt-get $*" >>"$HOME/done"', "dpkg-query": "exit 1"}


def test_an_ordinary_user_is_told_the_command(tmp_path: Path) -> None:
    """In one sentence; nothing is tried that only root may do."""
    path = machine(tmp_path, DEBIAN | {"id": "echo 1000"})
    done = run("find-python", path=path)
    assert done.returncode == 1
    assert done.stderr == (
        "Debian packages are missing; install them with: "
        "sudo apt-get install --no-install-recommends python3 python3-venv\n"
    )
    assert not (path / "done").exists()


def test_root_has_it_done(tmp_path: Path) -> None:
    path = machine(tmp_path, DEBIAN | {"id": "echo 0"})
    done = run("system-packages", "python", path=path)
    assert done.returncode == 0
    assert done.stderr == "Installing Debian packages: python3 python3-venv\n"
    assert "install -y -qq --no-install-recommends python3 python3-venv" in (path / "done").read_text()


def test_nothing_is_compiled() -> None:
    """No compiler and no headers among the packages that installing needs."""
    text = (ROOT / "scripts" / "system-packages").read_text(encoding="utf-8")
    assert re.search(r"python\) packages=\(python3 python3-venv\)", text)
    assert "g++" not in text
    assert "-dev " not in text.replace("golang-golang-x-mod-dev ", "")


def pins(lock: str) -> dict[str, str]:
    """What a lock file pins: name to version and marker."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(.*) \\$", text, re.MULTILINE))


def test_what_is_tested_is_what_runs() -> None:
    """Each package that runs undersigned is tested at the same version, and so is what installs it."""
    runs, tested = pins("run.lock"), pins("dev.lock")
    assert runs.items() <= tested.items()
    assert pins("build.lock").items() <= tested.items()
    for heavy in ("playwright", "moto", "mypy", "hypothesis", "cryptography-vectors", "boto3"):
        assert heavy in tested
        assert heavy not in runs


def test_locks_are_for_every_system() -> None:
    assert pins("run.lock")["pysqlite3"].endswith("; platform_machine == 'x86_64' and sys_platform == 'linux'")
    assert "sys_platform != 'win32'" in pins("run.lock")["uvloop"]


@pytest.mark.parametrize("extra", ["site", "bucket"])
def test_each_part_can_be_installed_apart(extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.15"
    light = {re.split(r"[^a-z0-9-]", name.lower())[0] for name in project["dependencies"]}
    assert light == {"cryptography", "pynacl", "gmpy2", "msgspec", "pyrage", "typer", "rich", "httpx"}
    assert light.isdisjoint(re.split(r"[^a-z0-9-]", n)[0] for n in project["optional-dependencies"][extra])


def test_the_python_versions_are_the_same_everywhere() -> None:
    """pyproject.toml, the script that looks for one, and README."""
    script = (ROOT / "scripts" / "find-python").read_text(encoding="utf-8")
    assert 'versions="3.14 3.13 3.12 3.11"' in script
    assert "Python 3.11 to 3.14" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_scripts_can_be_run() -> None:
    for script in itertools.chain((ROOT / "scripts").iterdir(), [ROOT / ".ci" / "run"]):
        assert os.access(script, os.X_OK), script


@pytest.mark.parametrize("python", ["3.11.4", "3.12.0", "3.13.1", "3.14.0"])
@pytest.mark.parametrize(("lock", "parts"), [("run.lock", ("site",)), ("dev.lock", ("site", "bucket", "dev"))])
def test_each_lock_pins_what_pyproject_asks_for(python: str, lock: str, parts: tuple[str, ...]) -> None:
    """For each Python one version of each direct dependency, and one that is allowed. If this fails: make lock."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = found["project"]["optional-dependencies"] | found["dependency-groups"]
    here = {"python_version": python.rpartition(".")[0], "python_full_version": python}
    lines = re.findall(r"^([a-z0-9\[][^\s]*==.*?) \\$", (ROOT / "requirements" / lock).read_text("utf-8"), re.MULTILINE)
    pinned = [one for one in map(Requirement, lines) if one.marker is None or one.marker.evaluate(here)]
    for asked in map(Requirement, [*found["project"]["dependencies"], *(d for part in parts for d in groups[part])]):
        if asked.marker is not None and not asked.marker.evaluate(here):
            continue
        versions = [str(one.specifier)[2:] for one in pinned if canonical(one) == canonical(asked)]
        assert len(versions) == 1, (asked, versions)
        assert versions[0] in asked.specifier, asked


def canonical(requirement: Requirement) -> str:
    """A package's name in its one spelling."""
    return re.sub(r"[-_.]+", "-", requirement.name).lower()
