"""``undersigned backup`` and ``restore``, as they are typed: nothing lost, nothing in clear, no log forked (R9)."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyrage
import pytest

from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, checkpoint, seal
from web import people
from web.people import Letter
from web.server import Server, free_port, until

from .conftest import Said, typed

pytestmark = pytest.mark.skipif("UNDERSIGNED_TEST_DATABASE" in os.environ, reason="PostgreSQL's own tools do it there")

KEY = pyrage.x25519.Identity.generate()


@dataclass
class Place:
    """A site with one letter, and room beside it."""

    server: Server
    letter: Letter
    folder: Path

    def sign(self, first: int, last: int) -> bytes:
        """People sign, one after another; the checkpoint that is served then."""
        for person in self.letter.people[first:last]:
            assert people.sign(self.letter, person).status == 201
        until(lambda: self.letter.status()["pending"] == 0)
        size = self.letter.status()["size"]
        until(lambda: self.letter.get("log/checkpoint").status == 200)
        until(lambda: point(self.letter, self.letter.get("log/checkpoint").body).size == size)
        return self.letter.get("log/checkpoint").body

    def backup(self, name: str) -> Path:
        """A backup of now."""
        target = self.folder / name
        said = typed("backup", "--data", self.server.data, "--to", target, "--recipient", str(KEY.to_public()))
        assert said.code == 0, said.err
        return target

    def restore(self, source: Path, name: str, *known: Path, more: tuple[str, ...] = ()) -> Said:
        """As an operator types it."""
        words = [word for path in known for word in ("--known", path)]
        identity = self.folder / "identity"
        identity.write_text(f"# created: today\n{KEY}\n")
        return typed("restore", source, "--data", self.folder / name, "--identity", identity, *words, *more)

    def kept(self, name: str, note: bytes) -> Path:
        """What a trustee kept."""
        path = self.folder / name
        path.write_bytes(note)
        return path

    def move(self, data: Path) -> None:
        """The server goes on with another directory, at the same address."""
        self.server = Server(data, self.server.port)
        self.server.start()
        self.letter.call = self.server.call


def point(letter: Letter, note: bytes) -> checkpoint.Checkpoint:
    """A checkpoint, checked."""
    return checkpoint.verify(note, letter.manifest.origin, b64.decode(letter.manifest.log))[0]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A running site whose letter is open."""
    server = Server(tmp_path / "data", free_port())
    server.start()
    letter = people.start(server.call, server.token, server.authority, "kept", size=12)
    people.approve(letter)
    until(lambda: letter.status()["state"] == "open")
    made = Place(server, letter, tmp_path)
    yield made
    process = made.server.process
    if process is not None and process.poll() is None:
        made.server.kill()


def test_a_site_comes_back_from_its_backup(place: Place) -> None:
    """Same log, same count, same secrets; people withdraw and sign, and the doctor finds nothing."""
    note = place.sign(0, 4)
    source = place.backup("backup.age")
    before = place.letter.get("count.json").body
    assert place.server.stop() == 0
    said = place.restore(source, "again", place.kept("note", note))
    assert said.code == 0, said.err
    place.move(place.folder / "again")
    until(lambda: place.letter.get("log/checkpoint").status == 200)
    assert point(place.letter, place.letter.get("log/checkpoint").body) == point(place.letter, note)
    assert place.letter.get("count.json").body == before
    assert people.withdraw(place.letter, place.letter.people[0]).status == 201
    assert point(place.letter, place.sign(4, 6)).size == point(place.letter, note).size + 3
    said = typed("doctor", "--deep", "--data", place.folder / "again")
    assert said.code == 0, said.err


def test_a_backup_holds_nothing_in_clear(place: Place) -> None:
    """Keys and database are encrypted in the file; only its recipient can read it; no other file is left next to it."""
    place.sign(0, 2)
    source = place.backup("backup.age")
    data = source.read_bytes()
    assert data.startswith(b"age-encryption.org/v1")
    token = (place.server.data / "keys" / "organiser-token").read_bytes().strip()
    assert token not in data
    assert b"SQLite format 3" not in data
    # Control: what the recipient reads holds both.
    clear = pyrage.decrypt(data, [KEY])
    assert token in clear
    assert b"SQLite format 3" in clear
    assert source.stat().st_mode & 0o077 == 0
    assert not list(place.server.data.glob(".backup-*"))
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(data, [pyrage.x25519.Identity.generate()])


def test_nothing_of_those_who_withdrew_is_in_a_later_backup(place: Place) -> None:
    """Their sealed object is not in the copy of the database, though the live file's free pages may hold it still."""
    place.sign(0, 3)
    gone = place.letter.people[0]
    sealed = seal.object_hash(gone.object)
    assert people.withdraw(place.letter, gone).status == 201
    until(lambda: place.letter.get("count.json").json["withdrawn"] == 1)
    clear = pyrage.decrypt(place.backup("later.age").read_bytes(), [KEY])
    assert sealed.encode() in clear  # the log's entry names the object permanently
    body = canonical.encode(gone.object)
    assert body[200:400] not in clear
    assert canonical.encode(place.letter.people[1].object)[200:400] in clear


def test_a_log_is_not_restored_below_what_was_signed(place: Place) -> None:
    """A trustee has a newer checkpoint, or no trustee was asked: restore refuses, and the error says why."""
    place.sign(0, 3)
    old = place.backup("old.age")
    newer = place.kept("newer", place.sign(3, 6))
    new = place.backup("new.age")
    assert place.server.stop() == 0
    nobody = place.restore(old, "a")
    assert (nobody.code, "--known" in nobody.err) == (1, True)
    below = place.restore(old, "a", newer)
    assert (below.code, "fork" in below.err) == (1, True)
    word = place.restore(old, "a", more=("--unwitnessed", "kept"))
    assert (word.code, "has trustees" in word.err) == (1, True)
    assert not (place.folder / "a").exists()
    assert not list(place.folder.glob(".a*"))
    assert place.restore(new, "a", newer).code == 0


def by_hand(place: Place, source: Path) -> Path:
    """A backup unpacked without asking the trustees."""
    folder = place.folder / "by-hand"
    folder.mkdir(mode=0o700)
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(source.read_bytes(), [KEY]))) as archive:
        archive.extractall(folder, filter="data")
    (folder / "keys").chmod(0o700)
    (folder / "pages").mkdir(mode=0o700, exist_ok=True)
    (folder / "backup.json").unlink()
    return folder


def test_a_database_that_was_put_there_by_hand_is_asked_first(place: Place) -> None:
    """A site that does not remember what it signed signs nothing; a word, with what trustees kept, and it goes on."""
    place.sign(0, 3)
    old = place.backup("old.age")
    newer = place.kept("newer", place.sign(3, 6))
    new = place.backup("new.age")
    assert place.server.stop() == 0
    data = by_hand(place, old)
    place.move(data)
    with pytest.raises(AssertionError, match="withdrawals"):
        place.sign(6, 7)
    assert people.withdraw(place.letter, place.letter.people[0]).status == 201
    for words, said in (((), "--known"), (("--known", newer), "would fork the log")):
        refused = typed("restore", "--check", "--data", data, *words)
        assert (refused.code, said in refused.err, "Nothing was changed" in refused.err) == (1, True, True)
    found = typed("doctor", "--data", data)
    assert (found.code, "no memory of what it signed" in found.err) == (1, True)
    # The newest one, put there by hand as well. The withdrawal was taken into the other.
    assert place.server.stop() == 0
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(new.read_bytes(), [KEY]))) as archive:
        for path in data.glob("undersigned.sqlite3*"):
            path.unlink()
        archive.extract("undersigned.sqlite3", data, filter="data")
    allowed = typed("restore", "--check", "--data", data, "--known", newer)
    assert allowed.code == 0, allowed.err
    place.move(data)
    assert point(place.letter, place.sign(6, 8)).size == point(place.letter, newer.read_bytes()).size + 3
    assert place.letter.status()["withdrawn"] == 1
    assert typed("doctor", "--deep", "--data", data).code == 0


def test_control_a_site_that_asks_nobody_forks_its_log(place: Place) -> None:
    """The old backup, unpacked by hand and served: the log signs a second checkpoint of a size it had signed before."""
    place.sign(0, 3)
    old = place.backup("old.age")
    first = point(place.letter, place.sign(3, 6))
    assert place.server.stop() == 0
    data, port = by_hand(place, old), place.server.port
    words = ["serve", "--data", str(data), "--port", str(port)]
    place.server = Server(data, port, [sys.executable, "-m", "web.forgetful", *words])
    place.server.start()
    place.letter.call = place.server.call
    second = point(place.letter, place.sign(6, 9))
    assert first.size == second.size
    assert first.root != second.root


def test_a_directory_copied_without_its_newest_database_is_found_out(place: Place) -> None:
    """An older file of the database laid over the newer one: what is served says that it is older."""
    place.sign(0, 3)
    assert place.server.stop() == 0
    kept = (place.server.data / "undersigned.sqlite3").read_bytes()
    place.move(place.server.data)
    first = point(place.letter, place.sign(3, 6))
    assert place.server.stop() == 0
    (place.server.data / "undersigned.sqlite3").write_bytes(kept)
    place.move(place.server.data)
    with pytest.raises(AssertionError, match="withdrawals"):
        place.sign(6, 7)
    assert point(place.letter, place.letter.get("log/checkpoint").body) == first
    found = typed("doctor", "--data", place.server.data)
    assert (found.code, "it is an older database" in found.err) == (1, True)
    refused = typed("restore", "--check", "--data", place.server.data, "--unwitnessed", "kept")
    assert (refused.code, "has trustees" in refused.err) == (1, True)
    # Misuse: a check takes no backup.
    assert typed("restore", "x.age", "--check", "--data", place.server.data).code == 2


def test_what_is_no_backup_is_refused(place: Place) -> None:
    """Damaged, cut off, another key, another file, a directory that is there: each refused, and nothing is left."""
    note = place.kept("note", place.sign(0, 2))
    source = place.backup("backup.age")
    data = source.read_bytes()
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 1
    cut = data[: len(data) * 2 // 3]
    other = pyrage.encrypt(b"not a tar", [KEY.to_public()])
    outside = io.BytesIO()
    with tarfile.open(fileobj=outside, mode="w") as archive:
        member = tarfile.TarInfo("../outside")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    sneaky = pyrage.encrypt(outside.getvalue(), [KEY.to_public()])
    foreign = pyrage.encrypt(b"x", [pyrage.x25519.Identity.generate().to_public()])
    for number, bad in enumerate((bytes(damaged), cut, other, sneaky, foreign, b"", b"plain text")):
        said = place.restore(place.kept(f"bad{number}", bad), "none", note)
        assert said.code == 1, (number, said.err)
        assert "Nothing was restored" in said.err
    assert not (place.folder / "none").exists()
    assert not (place.folder / "outside").exists()
    assert place.restore(source, "data", note).code == 2
    assert place.restore(place.folder / "missing", "none", note).code == 2
    again = typed("backup", "--data", place.server.data, "--to", source, "--recipient", str(KEY.to_public()))
    assert (again.code, "overwritten" in again.err) == (1, True)
    nobody = typed("backup", "--data", place.server.data, "--to", place.folder / "x", "--recipient", "age1nobody")
    assert (nobody.code, "no age recipient" in nobody.err) == (1, True)


def test_signing_goes_on_while_a_backup_is_taken(place: Place) -> None:
    """Receipts come during the backup; the restored site has a whole state of one moment."""
    place.sign(0, 1)
    process = subprocess.Popen(
        [
            sys.executable, "-m", "undersigned.cli.app", "backup", "--data", str(place.server.data),
            "--to", str(place.folder / "running.age"), "--recipient", str(KEY.to_public()),
        ]
    )  # fmt: skip
    for person in place.letter.people[1:8]:
        assert people.sign(place.letter, person).status == 201
    assert process.wait(timeout=60) == 0
    first = place.kept("first", place.letter.get("log/checkpoint").body)
    assert place.server.stop() == 0
    said = place.restore(place.folder / "running.age", "whole", first)
    # Either the backup has everything that was signed, or it says how much it lacks.
    assert said.code == 0 or "fork" in said.err
