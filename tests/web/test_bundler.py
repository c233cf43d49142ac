"""A large letter's bundle is made in a background job: the log goes on, and no withdrawn name slips in."""

from __future__ import annotations

import errno
import fcntl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import pytest
from django.conf import settings

from undersigned.protocol.zip_profile import write_zip
from undersigned.web.publication import bundler, publish

from . import people
from .conftest import Site
from .people import Letter
from .test_life import bundle_of, outcome, signed_letter


@dataclass
class Slow:
    """The zip is written when the test says so, or not at all."""

    begun: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)
    error: OSError | None = None

    def write(self, files: Mapping[str, bytes], file: BinaryIO) -> None:
        """In place of ``write_zip``."""
        self.begun.set()
        assert self.let.wait(timeout=30)
        if self.error is not None:
            raise self.error
        _write_zip(files, file)

    def finish(self, site: Site) -> None:
        """Lets it be written, and the clerk find it."""
        self.let.set()
        site.wait_for("bundler")
        self.let.clear()
        self.begun.clear()
        site.rounds(1)


_write_zip = write_zip


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """Every letter is a large one."""
    made = Slow()
    monkeypatch.setattr(bundler, "MAX_INLINE_ENTRIES", 0)
    monkeypatch.setattr(bundler, "write_zip", made.write)
    yield made
    made.let.set()


def size_of(letter: Letter) -> int:
    """Entries of the log that the bundle holds."""
    text = bundle_of(letter)["log/checkpoint"].decode()
    return int(text.splitlines()[1])


def settled(site: Site, slow: Slow, letter: Letter) -> None:
    """Bundle after bundle, until the newest is in place."""
    for _ in range(6):
        site.wait_for("edition writer")
        site.rounds(1)
        slow.finish(site)
        site.clock.now += 60
        site.rounds(1)
    assert letter.get("bundle.zip").status == 200


def test_while_a_bundle_is_made_the_log_goes_on(site: Site, slow: Slow) -> None:
    """Signatures enter log and count; then the bundle is there, as of when it was begun, and the next one follows."""
    letter = site.letter(size=4)
    settled(site, slow, letter)
    people.sign(letter, letter.people[0])
    site.clock.now += 60
    site.rounds()
    assert slow.begun.wait(timeout=30)
    held = size_of(letter)
    people.sign(letter, letter.people[1])
    site.rounds()
    assert letter.status()["count"] == 2, "nobody waits for the bundle"
    assert size_of(letter) == held, "and the one that was there is there"
    slow.finish(site)
    assert size_of(letter) == held + 1
    assert outcome(letter) == "valid"
    settled(site, slow, letter)
    assert size_of(letter) == letter.status()["size"]
    assert outcome(letter) == "valid"


def test_a_name_that_goes_while_a_bundle_is_made_is_in_none(site: Site, slow: Slow) -> None:
    """The old bundle goes with the name at once, the one in the making is thrown away, the next one is clean."""
    letter = signed_letter(site, ["name"] * 3)
    site.make_edition(letter, {p.key for p in letter.people[:3]})
    settled(site, slow, letter)
    name = letter.people[0].record.name.encode()
    assert name in b"".join(bundle_of(letter).values())
    people.sign(letter, letter.people[3])
    site.rounds()
    site.cosigned(letter)
    site.clock.now += 60
    site.rounds()
    assert slow.begun.wait(timeout=30), "a bundle with the name in it is in the making"
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    assert letter.get("bundle.zip").status == 404
    slow.finish(site)
    assert letter.get("bundle.zip").status == 404, "what was in the making is thrown away"
    settled(site, slow, letter)
    assert name not in b"".join(bundle_of(letter).values())
    site.cosigned(letter)
    settled(site, slow, letter)
    assert outcome(letter) == "valid"
    hidden = [p.name for p in (settings.DATA.public / letter.slug).iterdir() if p.name.startswith(".")]
    assert hidden == []


def test_a_failed_bundle_job_is_logged_and_started_again(site: Site, slow: Slow) -> None:
    """No room: the round says so as every full disk, and the next one tries again."""
    letter = site.letter(size=3)
    settled(site, slow, letter)
    people.sign(letter, letter.people[0])
    site.clock.now += 60
    slow.error = OSError(errno.ENOSPC, "no room")
    site.rounds()
    with pytest.raises(OSError, match="no room"):
        slow.finish(site)
    assert letter.get("bundle.zip").status == 404, "it made room"
    slow.error = None
    settled(site, slow, letter)
    assert outcome(letter) == "valid"


def test_after_a_large_publication_the_clerk_makes_the_bundle(site: Site, slow: Slow) -> None:
    """The organiser does not wait for it; until it is made there is none."""
    letter = signed_letter(site, ["name"] * 3)
    site.make_edition(letter, {p.key for p in letter.people[:3]})
    assert letter.get("editions/1/edition.json").status == 200
    settled(site, slow, letter)
    assert "editions/1/edition.json" in bundle_of(letter)
    assert outcome(letter) == "valid"


def test_a_public_letter_s_records_are_made_in_the_background_too(site: Site, slow: Slow) -> None:
    """Who withdraws while the file is made is not in it."""
    letter = site.letter(size=3, public=True)
    for person in letter.people[:2]:
        assert people.sign(letter, person).status == 201
    site.rounds()
    settled(site, slow, letter)
    assert outcome(letter) == "valid"
    people.sign(letter, letter.people[2])
    site.clock.now += 60
    site.rounds()
    assert slow.begun.wait(timeout=30)
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    slow.finish(site)
    settled(site, slow, letter)
    assert letter.people[0].key.encode() not in bundle_of(letter)["objects.jsonl"]
    assert outcome(letter) == "valid"


def test_where_there_is_no_room_for_the_bundle_a_record_goes_all_the_same(site: Site, slow: Slow) -> None:
    """Who withdraws from a public letter is no longer among its records, whatever becomes of the bundle."""
    letter = site.letter(size=3, public=True)
    for person in letter.people[:2]:
        assert people.sign(letter, person).status == 201
    site.rounds()
    settled(site, slow, letter)
    slow.error = OSError(errno.ENOSPC, "no room")
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.clock.now += 60
    site.rounds()
    assert slow.begun.wait(timeout=30)
    with pytest.raises(OSError, match="no room"):
        slow.finish(site)
    assert letter.people[0].key.encode() not in letter.get("objects.jsonl").body
    assert letter.people[1].key.encode() in letter.get("objects.jsonl").body
    assert letter.get("bundle.zip").status == 404
    slow.error = None
    settled(site, slow, letter)


def test_a_publication_elsewhere_holds_no_log_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process publishes for minutes: entries go into the log; names and bundle follow when it is done."""
    letter = signed_letter(site, ["name"] * 3)
    site.make_edition(letter, {p.key for p in letter.people[:3]})
    name = letter.people[0].record.name.encode()
    monkeypatch.setattr(publish, "LOCK_TIMEOUT", 0.1)
    with (settings.DATA.root / "publish.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        again = site.publish(letter)
        assert (again.status, again.problem) == (503, "busy"), "nobody queues behind it"
        assert people.withdraw(letter, letter.people[0]).status == 201
        site.rounds()
        assert letter.status()["count"] == 2
    site.rounds()
    served = [path for path in (settings.DATA.public / letter.slug).rglob("*") if path.is_file()]
    assert not [path.name for path in served if name in path.read_bytes()]
