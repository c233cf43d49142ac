"""Readers', signatories' and trustees' tools: quick to start, without the site's packages, on any system."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import tomllib
import venv
from pathlib import Path

import pytest

from letterworld import LetterWorld
from undersigned.cli import commands, voice
from undersigned.cli.site import missing_site, require_site, site_modules
from undersigned.client import process_pool
from undersigned.client.errors import InputError

from .conftest import Said, typed
from .test_verify import written

ROOT = Path(__file__).parents[2]
SITE = ("django", "granian", "typst", "pikepdf", "fontTools", "icu4py", "psycopg", "aiosmtpd", "segno", "nh3")
LIGHT = ("verify", "bundle", "sign", "edit", "withdraw", "counted", "trustee", "letter", "roll", "page", "booking")


def bundle_of(people: int) -> LetterWorld:
    world = LetterWorld(people=people)
    for person in world.people:
        world.sign(person, "name")
    world.notice()
    world.cut()
    world.publish()
    return world


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("bundle"), bundle_of(4).bundle())


def loaded_by(code: str) -> set[str]:
    """The packages that ``code`` imports, run in a separate process."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {line.partition(".")[0] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("name", LIGHT)
def test_a_tool_imports_nothing_of_the_site(name: str) -> None:
    """Not even to show its help. (Control: the command that plays a rehearsal does.)"""
    loaded = loaded_by(f"from undersigned.cli import app, commands\ncommands.load({name!r})")
    assert not loaded & set(SITE)
    assert loaded & {"typer", "httpx"}


def test_the_control_of_it_does() -> None:
    assert loaded_by("from undersigned.cli import commands\ncommands.load('rehearse')") & set(SITE)


def test_a_verification_imports_nothing_of_the_site(bundle: Path) -> None:
    loaded = loaded_by(f"from undersigned.cli.app import run\nassert run(['verify', {str(bundle)!r}]) == 0")
    assert not loaded & set(SITE)


def test_help_lists_the_commands_without_importing_them() -> None:
    loaded = loaded_by("from undersigned.cli.app import run\nassert run(['--help']) == 0")
    assert not loaded & {*SITE, "httpx", "cryptography", "gmpy2"}


def test_the_help_of_verify_imports_no_verifier() -> None:
    """Nothing of the site, and none of the packages that fetch, parse and verify. (Control: a verification does.)"""
    heavy = {*SITE, "httpx", "cryptography", "nacl", "gmpy2", "pyrage", "asyncio"}
    loaded = loaded_by("from undersigned.cli.app import run\nassert run(['verify', '--help']) == 0")
    assert "typer" in loaded
    assert not loaded & heavy
    assert {"httpx", "cryptography", "msgspec"} <= loaded_by(
        "from undersigned.cli.app import run\nassert run(['verify', 'nowhere']) == 2"
    )


@pytest.mark.parametrize("words", [("--help",), ("verify", "--help")], ids=" ".join)
def test_help_is_there_at_once(words: tuple[str, ...]) -> None:
    """As a ratio: a machine at work is slow, and a Python that imports only typer and rich is as slow as it is."""

    def least(*words: str) -> float:
        times = []
        for _ in range(5):
            started = time.process_time(), time.perf_counter(), os.times().children_user
            subprocess.run([sys.executable, *words], capture_output=True, check=True)
            times.append(os.times().children_user - started[2])
        return min(times)

    bare = least("-c", "import typer, rich.console, rich.progress, rich.table, typer.rich_utils")
    assert least("-m", "undersigned.cli.app", *words) < 2.5 * bare + 0.05


# What Windows, or macOS, has not got. The tools run without all of it.
HIDING = """
import os, sys
for name in ("fcntl", "resource", "pwd", "grp", "termios", "pty", "syslog", "uvloop"):
    sys.modules[name] = None
for name in ("sched_getaffinity", "fork", "forkpty", "getuid", "geteuid", "fchmod", "chown", "killpg", "statvfs",
             "O_DIRECTORY", "O_NOFOLLOW", "posix_fadvise"):
    if hasattr(os, name):
        delattr(os, name)
"""


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every Python started from here on, and what it starts, lacks what Unix alone has."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HIDING)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def test_the_hiding_hides(elsewhere: Path) -> None:
    """The control."""
    for line in ("import fcntl", "import resource", "import os; os.sched_getaffinity(0)", "import os; os.O_DIRECTORY"):
        assert subprocess.run([sys.executable, "-c", line], capture_output=True, check=False).returncode == 1


def test_a_bundle_is_verified_elsewhere_and_by_several_processes(elsewhere: Path, bundle: Path, tmp_path: Path) -> None:
    assert typed("verify", bundle).code == 0
    several = typed("verify", bundle, "--workers", "2")
    assert several.code == 0, several.err
    false = shutil.copytree(bundle, tmp_path / "false")
    roll = false / "roll.json"
    roll.write_bytes(roll.read_bytes().replace(b'"', b"'", 1))
    assert typed("verify", false, "--workers", "2").code == 1


def test_how_many_cores_is_known_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows waits for no more than 61 processes at once."""
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: 128)
    assert process_pool.workers_for(process_pool.SMALL) == 61
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert process_pool.workers_for(process_pool.SMALL) == 1
    assert process_pool.workers_for(process_pool.SMALL - 1) == 1


def test_names_are_written_where_the_system_writes_another_encoding(bundle: Path) -> None:
    """A pipe on Windows is not UTF-8 by itself."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys\nfrom undersigned.cli import app\nsys.argv[1:] = ['verify', sys.argv[1]]\n"
         "app.main()", str(bundle)],
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "NO_COLOR": "1"}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "VALID" in done.stderr.decode("utf-8")


def test_what_is_not_installed_is_named_with_what_brings_it() -> None:
    assert {"django", "granian", "typst", "csp", "markdown_it", "fontTools"} <= site_modules()
    assert not site_modules() & {"httpx", "cryptography", "storages"}
    sentence = missing_site(ModuleNotFoundError("No module named 'django.db'", name="django.db"))
    assert sentence is not None
    assert "pip install 'undersigned[site]'" in sentence
    assert missing_site(ModuleNotFoundError("No module named 'ours'", name="ours")) is None


def without_site(*words: str | Path) -> Said:
    """``undersigned`` where the site's packages are not installed."""
    hidden = "\n".join(f"sys.modules[{name!r}] = None" for name in sorted(site_modules()))
    # A package that is None is not found, by import and by find_spec alike.
    script = f"import sys\n{hidden}\nfrom undersigned.cli.app import run\nsys.exit(run(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", script, *map(str, words)], capture_output=True, check=False, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ("serve", "--data", "nowhere"),
        ("demo",),
        ("rehearse", "--out", "nowhere"),
        ("page", "placard", "--title", "x", "--address", "https://x", "--lang", "en", "--out", "nowhere"),
        ("backup", "--data", ".", "--to", "x", "--recipient", "age1x"),
    ],
    ids=lambda words: words[0],
)
def test_a_command_that_needs_the_site_says_so(words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "settings.toml").touch()
    said = without_site(*(tmp_path if word == "." else word for word in words))
    assert said.code == 2, said
    assert said.err.count("pip install 'undersigned[site]'") == 1
    assert len(said.err.strip().splitlines()) == 1


def test_a_site_on_windows_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(InputError, match="Linux and macOS"):
        require_site()


@pytest.mark.parametrize(
    ("started", "spelt"),
    [(".venv/bin/undersigned", ".venv/bin/undersigned"), ("/usr/local/bin/undersigned", "/usr/local/bin/undersigned")],
)
def test_a_printed_command_is_spelt_as_it_was_started(
    started: str, spelt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where make has put the environment's folder on its own PATH, which is not that of who reads it."""
    monkeypatch.setattr("sys.argv", [started])
    monkeypatch.setattr(shutil, "which", lambda _name: str(Path(".venv/bin/undersigned").resolve()))
    assert voice.command("verify", "http://h/#a b") == f"{spelt} verify 'http://h/#a b'"


def test_a_printed_command_is_bare_where_the_shell_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/opt/bin/undersigned"])
    monkeypatch.setattr(shutil, "which", lambda _name: "/opt/bin/undersigned")
    assert voice.command("verify", "x") == "undersigned verify x"


@pytest.mark.slow
def test_a_bundle_is_verified_with_nothing_but_the_light_install(bundle: Path, tmp_path: Path) -> None:
    """From the wheel, in a fresh environment: what ``pip install undersigned`` brings is enough, and is little."""
    if shutil.which("npm") is None:
        pytest.skip("the wheel is built with npm")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    # The versions of the lock file, from the network or pip's cache: as a user installs it.
    pins = [line.split(" ")[0] for line in (ROOT / "requirements/run.lock").read_text().splitlines() if "==" in line]
    constraints = tmp_path / "constraints"
    constraints.write_text("\n".join(pin for pin in pins if not pin.startswith("#") and "[" not in pin))
    pip = [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", "-c", str(constraints), str(wheel)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode and "No matching distribution" in done.stderr + done.stdout:
        pytest.skip("no package index can be reached from here")
    assert done.returncode == 0, done.stderr
    listed = subprocess.run([python, "-m", "pip", "list", "--format", "freeze"], capture_output=True, text=True)
    installed = {line.partition("==")[0].lower() for line in listed.stdout.splitlines()}
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert len(asked) == 8
    assert len(installed) < 32, sorted(installed)
    assert not installed & {"django", "typst", "granian", "icu4py", "pikepdf"}
    program = tmp_path / "venv" / "bin" / "undersigned"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    checked = subprocess.run([program, "verify", bundle], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    refused = subprocess.run([program, "serve"], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert (refused.returncode, "undersigned[site]" in refused.stderr) == (2, True)
    assert set(commands.COMMANDS) <= set(
        subprocess.run([program, "--help"], capture_output=True, text=True, env=environment).stdout.split()
    )
