"""A large letter's edition is written in a background job: the log goes on, and no withdrawn name is served."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings

from undersigned.web.database.site_locks import publishing_unless_busy
from undersigned.web.ports import Staged
from undersigned.web.publication import bundler, edition_files
from undersigned.web.storage.files import FileStorage

from . import people
from .conftest import Site
from .people import Letter, Signer
from .test_life import outcome, signed_letter

_stage_tree = FileStorage.stage_tree


@dataclass
class Slow:
    """Each file of an edition is written when the test says so, or none is."""

    begun: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)
    error: OSError | None = None

    def stage_tree(self, storage: FileStorage, path: str, files: Mapping[str, bytes]) -> Staged:
        """In place of ``FileStorage.stage_tree``."""
        self.begun.set()
        if threading.current_thread().name == "edition writer":
            assert self.let.wait(timeout=30)
        if self.error is not None:
            raise self.error
        return _stage_tree(storage, path, files)

    def finish(self, site: Site) -> None:
        """Lets it be written, and the clerk put it in place."""
        self.let.set()
        site.wait_for("edition writer", "bundler")
        self.let.clear()
        self.begun.clear()
        site.rounds(1)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """Every letter is a large one."""
    made = Slow()
    monkeypatch.setattr(bundler, "MAX_INLINE_ENTRIES", 0)

    def stage_tree(self: FileStorage, path: str, files: Mapping[str, bytes]) -> Staged:
        return made.stage_tree(self, path, files)

    monkeypatch.setattr(FileStorage, "stage_tree", stage_tree)
    yield made
    made.let.set()


@pytest.fixture
def published(site: Site, slow: Slow) -> Letter:
    """Edition 1 names three of four, and all of it is in place."""
    letter = signed_letter(site, ["name"] * 4)
    site.make_edition(letter, {p.key for p in letter.people[:4]})
    slow.finish(site)
    slow.begun.clear()
    assert letter.get("editions/1/edition.json").status == 200
    return letter


def hidden(letter: Letter) -> list[Path]:
    """What is half made, or half removed."""
    return [p for p in (settings.DATA.public / letter.slug).rglob(".*") if p.name.startswith(".")]


def served_with(letter: Letter, person: Signer) -> list[str]:
    """The files, half made or not, that tell who that is."""
    files = [p for p in (settings.DATA.public / letter.slug).rglob("*") if p.is_file() and "log" not in p.parts]
    return [p.name for p in files if person.record.name.encode() in p.read_bytes()]


def test_while_an_edition_is_written_the_log_goes_on(site: Site, slow: Slow, published: Letter) -> None:
    """A withdrawal is removed at once; others are counted meanwhile; then the edition appears without that name."""
    gone = published.people[0]
    assert served_with(published, gone)
    assert people.withdraw(published, gone).status == 201
    site.rounds()
    assert slow.begun.wait(timeout=30)
    assert served_with(published, gone) == []
    assert published.get("editions/1/edition.json").status == 404
    assert published.get("editions/1/counts.json").status == 404
    before = published.status()["count"]
    assert people.sign(published, published.people[4]).status == 201
    site.rounds()
    assert published.status()["count"] == before + 1, "signatures do not wait for the edition"
    slow.finish(site)
    assert published.get("editions/1/counts.json").status == 200
    slow.finish(site)
    assert served_with(published, gone) == []
    assert hidden(published) == []
    site.cosigned(published)
    site.clock.now += 60
    site.rounds()
    slow.finish(site)
    assert outcome(published) == "valid"


def test_who_withdraws_meanwhile_is_not_in_what_was_being_written(site: Site, slow: Slow, published: Letter) -> None:
    """It is thrown away, and the next is without both."""
    first, second = published.people[:2]
    assert people.withdraw(published, first).status == 201
    site.rounds(1)
    assert slow.begun.wait(timeout=30)
    assert people.withdraw(published, second).status == 201
    site.rounds(1)
    slow.finish(site)
    assert published.get("editions/1/counts.json").status == 404, "it showed the second's opening"
    slow.finish(site)
    assert published.get("editions/1/counts.json").status == 200
    openings = published.get("openings/1.jsonl").body
    assert first.key.encode() not in openings
    assert second.key.encode() not in openings
    assert published.people[2].key.encode() in openings


@pytest.mark.parametrize(("vain", "status"), [(1, 200), (10, 404)])
def test_from_whom_many_withdraw_there_is_an_edition_all_the_same(
    site: Site, slow: Slow, published: Letter, monkeypatch: pytest.MonkeyPatch, vain: int, status: int
) -> None:
    """After so many failed attempts the log waits once. Control: while it does not, there is none."""
    monkeypatch.setattr(edition_files, "MAX_DISCARDS", vain)
    people.withdraw(published, published.people[0])
    site.rounds(1)
    assert slow.begun.wait(timeout=30)
    people.withdraw(published, published.people[1])
    site.rounds(1)
    slow.finish(site)
    assert published.get("editions/1/counts.json").status == status


def test_the_doctor_and_publications_wait_for_the_edition_writer(site: Site, slow: Slow, published: Letter) -> None:
    """As for a publication; once it is in place the lock is free, and so it is when the clerk leaves in the middle."""

    def free() -> bool:
        with publishing_unless_busy() as found:
            return found

    assert free()
    people.withdraw(published, published.people[0])
    site.rounds(1)
    assert slow.begun.wait(timeout=30)
    assert not free()
    slow.finish(site)
    slow.finish(site)
    assert free()
    people.withdraw(published, published.people[1])
    site.rounds(1)
    assert slow.begun.wait(timeout=30)
    slow.let.set()
    site.clerk.cancel()
    assert free()
    assert hidden(published) == []
    assert published.get("editions/1/counts.json").status == 404
    site.rounds(1)
    slow.finish(site)
    assert published.get("editions/1/counts.json").status == 200


def test_a_failed_edition_job_is_logged_and_started_again(site: Site, slow: Slow, published: Letter) -> None:
    """Disk full: the round reports it, no withdrawn name is served, and the next round tries again."""
    slow.error = OSError(errno.ENOSPC, "no room")
    people.withdraw(published, published.people[0])
    site.rounds(1)
    assert slow.begun.wait(timeout=30)
    with pytest.raises(OSError, match="no room"):
        slow.finish(site)
    assert served_with(published, published.people[0]) == []
    slow.error = None
    slow.begun.clear()
    site.rounds(1)
    slow.finish(site)
    assert published.get("editions/1/counts.json").status == 200


def test_a_clerk_that_starts_takes_a_bundle_away_with_a_name_that_went(
    site: Site, slow: Slow, published: Letter
) -> None:
    """The one before it died between the log and the files. Control: without a withdrawal the bundle stays."""
    for _ in range(4):
        site.clock.now += 60
        slow.finish(site)
    assert published.get("bundle.zip").status == 200
    site.clerk = type(site.clerk)(site.world)
    site.rounds(1)
    assert published.get("bundle.zip").status == 200
    site.clerk.cancel()
    people.withdraw(published, published.people[0])
    for rounds in site.clerk._letters.values():
        rounds.run_round(only_log=True)
    site.clerk = type(site.clerk)(site.world)
    site.rounds(1)
    assert published.get("bundle.zip").status == 404
    assert published.get("editions/1/edition.json").status == 404
    slow.let.set()
    site.clerk.cancel()
