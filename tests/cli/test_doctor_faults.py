"""The doctor finds what is wrong with a site, each of a list of faults, and says so in words; a sound site has none."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from undersigned.protocol import base64url as b64
from undersigned.protocol import checkpoint, merkle
from web.finished_letter import SLUG, Lived, lived
from web.server import Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("UNDERSIGNED_TEST_DATABASE" in os.environ, reason="its faults are planted in an SQLite file"),
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """A site with nothing wrong."""
    return lived(tmp_path_factory.mktemp("lived"))


def doctor(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """``undersigned doctor`` as it is typed."""
    command = [sys.executable, "-m", "undersigned.cli.app", "doctor", "--data", str(data), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def wrongs(said: str) -> list[str]:
    """What the doctor calls wrong."""
    return [line for line in said.splitlines() if line.startswith("✗")]


def every_byte(data: Path) -> dict[str, bytes]:
    """All files of a directory but locks and the database's working files."""
    return {
        str(path.relative_to(data)): path.read_bytes()
        for path in data.rglob("*")
        if path.is_file() and not path.name.endswith((".lock", "-wal", "-shm", "reserve"))
    }


@pytest.mark.parametrize("options", [(), ("--deep",)])
def test_a_sound_site_has_nothing_wrong_and_is_left_as_it_was(sound: Lived, options: tuple[str, ...]) -> None:
    """Exit code 0; not a byte is changed. Control of all the faults below."""
    before = every_byte(sound.data)
    done = doctor(sound.data, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert wrongs(done.stderr) == []
    assert every_byte(sound.data) == before


def test_a_site_that_runs_can_be_looked_at(sound: Lived, tmp_path: Path) -> None:
    """The clerk waits for a moment, and goes on."""
    server = Server(sound.copy(tmp_path / "data"), sound.port)
    server.start()
    try:
        done = doctor(server.data, "--deep")
        assert done.returncode == 0, done.stdout + done.stderr
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def sql(statement: str, *values: object) -> Callable[[Path], None]:
    """A fault in the tables."""

    def act(data: Path) -> None:
        with sqlite3.connect(data / "undersigned.sqlite3") as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            changed = connection.execute(statement, values).rowcount
        connection.close()
        assert changed > 0, "the fault was not planted"

    return act


def rewritten(table: str, column: str, old: str, new: str, where: str = "1 = 1") -> Callable[[Path], None]:
    """Other bytes where there were these."""
    return sql(
        f"UPDATE {table} SET {column} = CAST(replace(CAST({column} AS TEXT), ?, ?) AS BLOB) WHERE {where}", old, new
    )


def newest(data: Path, path: str) -> Path:
    """The widest tile of the files that match; narrower ones of an earlier log may still be next to it."""
    return max(data.glob(path), key=lambda found: (len(found.name), found.name))


def flip(path: str, at: int = -1) -> Callable[[Path], None]:
    """One bit of a file, the last by default."""

    def act(data: Path) -> None:
        place = newest(data, path)
        content = bytearray(place.read_bytes())
        content[at] ^= 1
        place.write_bytes(content)

    return act


def remove(path: str) -> Callable[[Path], None]:
    """A file less."""
    return lambda data: newest(data, path).unlink()


def write(path: str, content: bytes) -> Callable[[Path], None]:
    """Another file there."""
    return lambda data: void((data / path).write_bytes(content))


def void(_: object) -> None:
    """Nothing."""


def forge_root(data: Path) -> None:
    """The newest checkpoint signed, by the log's own key, over another root: what an intruder with the keys can do."""
    seed = (data / "keys" / f"{SLUG}.log").read_bytes()
    with sqlite3.connect(data / "undersigned.sqlite3") as connection:
        size, note = connection.execute("SELECT size, note FROM log_checkpoint ORDER BY size DESC LIMIT 1").fetchone()
        origin = bytes(note).decode().split("\n")[0]
        root = merkle.leaf_hash(b"another")
        made = checkpoint.sign(checkpoint.Checkpoint(origin, size, root), seed)
        connection.execute(
            "UPDATE log_checkpoint SET root = ?, note = ? WHERE size = ?", [b64.encode(root), made.encode(), size]
        )
    connection.close()


def other_text(data: Path) -> None:
    """A served bundle with another text in it, whole as a zip."""
    place = data / "public" / SLUG / "bundle.zip"
    with zipfile.ZipFile(place) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["text/en.md"] += b"And more.\n"
    with zipfile.ZipFile(place, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def cut_off(data: Path) -> None:
    """The database ends in the middle of a page."""
    place = data / "undersigned.sqlite3"
    place.write_bytes(place.read_bytes()[: place.stat().st_size * 2 // 3 // 4096 * 4096])


PUBLIC = f"public/{SLUG}"
NEWEST = "(SELECT MAX(size) FROM log_checkpoint)"
FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "settings are not TOML": (write("settings.toml", b"authority = "), "is not TOML"),
    "the token is missing": (remove("keys/organiser-token"), "organiser-token is missing"),
    "Django's secret is missing": (remove("keys/django-secret"), "django-secret is missing"),
    "a key can be read by others": (
        lambda data: (data / "keys" / f"{SLUG}.log").chmod(0o644), "others may read",
    ),
    "the log's key is missing": (remove(f"keys/{SLUG}.log"), "its keys cannot be read"),
    "the log's key is another": (write(f"keys/{SLUG}.log", bytes(32)), "key"),
    "the registrar's key is missing": (remove(f"keys/{SLUG}.registrar"), "its keys cannot be read"),
    "the database is missing": (remove("undersigned.sqlite3"), "undersigned.sqlite3 is missing"),
    "the database ends too early": (cut_off, "database"),
    "no room is kept": (remove("reserve"), "the disk reserve is missing"),
    "an entry is missing": (sql('DELETE FROM log_entry WHERE "index" = 7'), "entry 7 is missing"),
    "the last entry is missing": (
        sql('DELETE FROM log_entry WHERE "index" = (SELECT MAX("index") FROM log_entry)'), "entries were signed",
    ),
    "an entry's bytes are others": (
        rewritten("log_entry", "data", '"v":1', '"v":2', "seq = 1"),
        "entry ",
    ),
    "a row says something else": (sql('UPDATE log_entry SET seq = 5 WHERE "index" = 9'), "entry 9: its row says"),
    "a cut's row is another edition's": (
        sql("UPDATE log_entry SET seq = 5 WHERE kind = 'cut'"), "its row says something else",
    ),
    "a withdrawal's row has a number": (
        sql("UPDATE log_entry SET seq = 5 WHERE kind = 'withdraw'"), "its row says something else",
    ),
    "a checkpoint's signature": (
        rewritten("log_checkpoint", "note", "— ", "— x", "size = " + NEWEST),
        "the checkpoint of size",
    ),
    "a checkpoint forged with the key": (forge_root, "is not that of its entries"),
    "a checkpoint's row": (
        sql("UPDATE log_checkpoint SET root = ? WHERE size = " + NEWEST, "A" * 43), "is not what was signed",
    ),
    "a cosignature of somebody else": (
        sql("UPDATE log_cosignature SET trustee = 3 WHERE trustee = 2"), "trustee 3's cosignature",
    ),
    "a byte of a hash tile": (flip(f"{PUBLIC}/log/tile/0/000.p/*"), "the served log"),
    "a byte of an entry tile": (flip(f"{PUBLIC}/log/tile/entries/000.p/*"), "is served with other bytes"),
    "an entry tile is missing": (remove(f"{PUBLIC}/log/tile/entries/000.p/*"), "missing from the served"),
    "the served checkpoint": (flip(f"{PUBLIC}/log/checkpoint"), "log/checkpoint is not the newest"),
    "the served count": (
        write(f"{PUBLIC}/count.json", b'{"count":1000,"signed":1000,"size":16,"withdrawn":0}'), "count.json",
    ),
    "the served text": (flip(f"{PUBLIC}/text/en.md", 5), "text/en.md is not served"),
    "the fixed text": (
        sql("UPDATE letters_document SET data = ? WHERE path = 'text/en.md'", b"Another.\n"), "not the text",
    ),
    "the manifest": (
        rewritten("letters_letter", "manifest", "valley", "forest"),
        "its id names",
    ),
    "an object is missing": (
        sql('DELETE FROM signing_sealedobject WHERE "index" = (SELECT MIN("index") FROM signing_sealedobject)'),
        "is missing",
    ),
    "an object is another": (
        sql("UPDATE signing_sealedobject SET body = (SELECT body FROM signing_sealedobject ORDER BY id LIMIT 1)"),
        "not the one its entry names",
    ),
    "an edition in the tables": (
        rewritten("editions_edition", "data", "Testperson", "Testpersona"),
        "is not the one that was published",
    ),
    "an edition that is served": (
        flip(f"{PUBLIC}/editions/1/edition.json", 40), "edition.json of edition 1",
    ),
    "its openings": (flip(f"{PUBLIC}/editions/1/openings.jsonl", 90), "openings.jsonl of edition 1"),
    "the bundle is damaged": (write(f"{PUBLIC}/bundle.zip", b"PK"), "bundle.zip is damaged"),
    "the bundle is another": (other_text, "bundle.zip does not verify"),
    "a compressed page": (write(f"{PUBLIC}/index.html.gz", b"no"), "differs from its file"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_and_named(sound: Lived, tmp_path: Path, name: str) -> None:
    """A copy of the sound site, one thing changed: exit code 1, and a sentence that says what."""
    act, said = FAULTS[name]
    data = sound.copy(tmp_path / "data")
    act(data)
    done = doctor(data, "--deep")
    assert done.returncode == 1, done.stdout
    assert said in (done.stdout + done.stderr), done.stdout + done.stderr


def test_a_folder_that_is_no_site_is_said_to_be_none(tmp_path: Path) -> None:
    """Nothing is made there."""
    for place in (tmp_path / "nowhere", tmp_path):
        done = doctor(place)
        assert done.returncode == 2
        assert "is not a data directory" in done.stderr
    assert list(tmp_path.iterdir()) == []
