"""The clerk dies between any two of its durable effects: what is served stays true, and the next round repairs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import pytest
from django.conf import settings
from django.db import connection

from undersigned.protocol import base64url as b64
from undersigned.protocol import checkpoint as checkpoints
from undersigned.protocol import merkle, tiles
from undersigned.protocol.errors import LogError, ProtocolError
from undersigned.web.clerk.clerk import Clerk
from undersigned.web.database.site_locks import publishing
from undersigned.web.log import sequence
from undersigned.web.log.sequence import Log
from undersigned.web.log.shuffle import shuffle_batch
from undersigned.web.ports import Staged, Storage, Writer
from undersigned.web.records.models import Batch, Entry, Pending, Refused, SealedObject

from . import people
from .conftest import Site
from .people import Letter
from .test_life import outcome


class Crash(BaseException):
    """The power went out. Not an Exception: nothing may catch it and go on."""


@dataclass
class Failing:
    """A storage that dies at its ``at``-th effect, before the disk has it or right after."""

    inner: Storage
    at: int
    persisted: bool
    done: int = 0
    died_at: str = ""

    def _effect(self, name: str, act: Callable[[], None]) -> None:
        self.done += 1
        if self.done == self.at:
            self.died_at = name
            if self.persisted:
                act()
            raise Crash
        act()

    def put(self, path: str, data: bytes) -> None:
        self._effect(path, lambda: self.inner.put(path, data))

    def stage(self, path: str, write: Writer) -> Staged:
        return FailingStaged(self, path, self.inner.stage(path, write))

    def put_tree(self, path: str, files: Mapping[str, bytes]) -> None:
        self._effect(path, lambda: self.inner.put_tree(path, files))

    def stage_tree(self, path: str, files: Mapping[str, bytes]) -> Staged:
        return FailingStaged(self, path, self.inner.stage_tree(path, files))

    def delete(self, path: str) -> None:
        self._effect(path, lambda: self.inner.delete(path))

    def get(self, path: str) -> bytes | None:
        return self.inner.get(path)

    def open(self, path: str) -> BinaryIO | None:
        return self.inner.open(path)

    def has(self, path: str) -> bool:
        return self.inner.has(path)

    def clean_up(self) -> int:
        return self.inner.clean_up()


@dataclass
class FailingStaged:
    """A file of such a storage, whose placing is an effect."""

    storage: Failing
    path: str
    inner: Staged

    def place(self) -> None:
        self.storage._effect(self.path, self.inner.place)

    def discard(self) -> None:
        self.inner.discard()


def check_served(letter: Letter, storage: Storage) -> int:
    """What is served is true right now: the checkpoint's tree is there, all of it. Returns its size.

    Raises LogError or AssertionError if it is not.
    """
    note = storage.get(f"{letter.slug}/log/checkpoint")
    assert note is not None
    found, _ = checkpoints.verify(note, letter.manifest.origin, b64.decode(letter.manifest.log))

    def read(path: str) -> bytes:
        data = storage.get(f"{letter.slug}/log/{path}")
        assert data is not None, f"{path} is not there"
        return data

    entries = list(tiles.read_entries(found.size, read))
    tiles.check_tiles(found.size, read, entries)
    assert merkle.root(merkle.leaf_hash(entry) for entry in entries) == found.root
    return found.size


@dataclass
class Deaths:
    """Runs a clerk into its death, again and again, each time one effect later."""

    site: Site
    letter: Letter
    places: set[str] = field(default_factory=set)

    def run(self, act: Callable[[], object]) -> Iterator[Clerk]:
        """Before each death ``act`` gives the clerk something to do; yields the dead clerk's successor."""
        for persisted in (False, True):
            for at in range(1, 50):
                act()
                failing = Failing(self.site.world.storage, at, persisted)
                clerk = Clerk(replace(self.site.world, storage=failing))
                try:
                    clerk.run_round()
                except Crash:
                    self.places.add(failing.died_at.removeprefix(self.letter.slug + "/"))
                    yield Clerk(self.site.world)
                else:
                    break


def test_a_crash_between_any_two_effects_is_repaired(site: Site) -> None:
    """The served checkpoint is true at once; after the next round everything promised is in the log, once."""
    letter = site.letter(size=100)
    waiting = iter(letter.people)
    signed: list[str] = []

    def one_signs() -> None:
        person = next(waiting)
        assert people.sign(letter, person).status == 201
        signed.append(person.key)
        site.clock.now += 10

    deaths = Deaths(site, letter)
    for successor in deaths.run(one_signs):
        check_served(letter, site.world.storage)
        successor.run_round()
        size = check_served(letter, site.world.storage)
        logged = list(Entry.objects.filter(letter__slug=letter.slug, kind="sign").values_list("key", flat=True))
        assert sorted(logged) == sorted(signed)
        assert size == 4 + len(signed)
        assert not Pending.objects.exists()
        assert not Refused.objects.exists()
    assert {place.split("/")[0] for place in deaths.places} >= {"log", "count.json", "en", "he", "bundle.zip"}
    assert any("tile/entries" in place for place in deaths.places)
    site.clock.now += 60
    site.rounds()
    assert outcome(letter) == "valid"


def test_the_crash_test_sees_a_clerk_that_serves_too_early(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: a clerk that serves its checkpoint before the tiles are on disk is caught by the same check."""
    letter = site.letter(size=100)
    waiting = iter(letter.people)
    write, put = Log._write_tiles, Log.publish

    def too_early(self: Log) -> None:
        made = checkpoints.Checkpoint(self.letter.manifest.origin, self.standing.size, self._frontier.root())
        note = checkpoints.sign(made, self.letter.seed).encode()
        self._world.storage.put(f"{self.letter.slug}/log/checkpoint", note)
        put(self)

    monkeypatch.setattr(Log, "publish", too_early)
    caught = 0
    for successor in Deaths(site, letter).run(lambda: people.sign(letter, next(waiting))):
        try:
            check_served(letter, site.world.storage)
        except (AssertionError, ProtocolError):
            caught += 1
            break
        successor.run_round()
    assert caught > 0
    assert write is Log._write_tiles


def test_a_crash_inside_the_batch_leaves_it_waiting(site: Site) -> None:
    """Dying while entries get their indices changes nothing: they still wait, in one batch."""
    letter = site.letter()
    for person in letter.people[:3]:
        people.sign(letter, person)

    def dead(_: int) -> bytes:
        raise Crash

    with pytest.raises(Crash):
        Clerk(replace(site.world, entropy=dead)).run_round()
    assert (Pending.objects.count(), letter.status()["count"]) == (3, 0)
    site.rounds()
    assert (Pending.objects.count(), letter.status()["count"]) == (0, 3)


def test_a_large_batch_enters_the_log_part_by_part(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two parts others sign; a death there leaves the first part in its place and the rest waiting, and the
    next clerk goes on. An edit and the withdrawal after it stay in their order, and the withdrawn leave nothing."""
    letter = site.letter(size=20)
    for person in letter.people[:5]:
        assert people.sign(letter, person).status == 201
    assert people.sign(letter, letter.people[0], "anonymous").status == 201
    assert people.withdraw(letter, letter.people[0]).status == 201
    monkeypatch.setattr(sequence, "PER_TRANSACTION", 2)
    late = iter(letter.people[5:8])

    def dead(_: float) -> None:
        assert people.sign(letter, next(late)).status == 201
        raise Crash

    for placed in (2, 4, 6):
        monkeypatch.setattr(sequence, "pause", dead)
        with pytest.raises(Crash):
            Clerk(site.world).run_round()
        assert Entry.objects.filter(kind__in=("sign", "withdraw")).count() == placed
        assert Pending.objects.count() == 10 - placed - len(list(copy(late)))
        check_served(letter, site.world.storage)
    monkeypatch.setattr(sequence, "pause", lambda _: None)
    clerk = Clerk(site.world)
    clerk.run_round()
    clerk.run_round()
    check_served(letter, site.world.storage)
    assert not Pending.objects.exists()
    assert not Refused.objects.exists()
    logged = Entry.objects.filter(kind__in=("sign", "withdraw")).order_by("index")
    mine = logged.filter(key=letter.people[0].key).values_list("kind", "seq")
    assert list(mine) == [("sign", 0), ("sign", 1), ("withdraw", 0)]
    assert letter.status()["count"] == 7
    assert SealedObject.objects.count() == 7
    batches = logged.values_list("batch", flat=True)
    assert list(batches) == sorted(batches)


def test_who_signs_while_a_batch_is_folded_waits_for_the_next(site: Site) -> None:
    """The fold blocks no request: it runs outside the write lock, over a batch that takes no more."""
    letter = site.letter()
    for person in letter.people[:2]:
        people.sign(letter, person)
    late = iter(letter.people[2:3])

    def one_more_meanwhile(size: int) -> bytes:
        for person in late:
            assert people.sign(letter, person).status == 201
        return site.world.entropy(size)

    Clerk(replace(site.world, entropy=one_more_meanwhile)).run_round()
    assert not list(late), "somebody signed meanwhile"
    batches = Entry.objects.filter(kind="sign").order_by("index").values_list("batch", flat=True)
    assert [batch - batches[0] for batch in batches] == [0, 0, 1]
    assert (Pending.objects.count(), letter.status()["count"]) == (0, 3)


def test_an_entry_added_to_a_closed_batch_is_not_lost(site: Site) -> None:
    """It cannot grow. If it did, the clerk would stop rather than forget an entry it has not read."""
    letter = site.letter()
    for person in letter.people[:2]:
        people.sign(letter, person)
    first = Pending.objects.first()
    assert first is not None

    def slips_in(size: int) -> bytes:
        if not Pending.objects.filter(leaf="A" * 43).exists():
            Pending.objects.create(
                leaf="A" * 43, letter=first.letter, batch=first.batch, kind="sign", key="B" * 43, seq=0, data=first.data
            )
        return site.world.entropy(size)

    with pytest.raises(LogError, match="after it was closed"):
        Clerk(replace(site.world, entropy=slips_in)).run_round()
    assert (Pending.objects.count(), letter.status()["count"]) == (3, 0)
    Pending.objects.filter(leaf="A" * 43).delete()
    Clerk(site.world).run_round()
    assert (Pending.objects.count(), letter.status()["count"]) == (0, 2)


def test_a_crash_while_publishing_leaves_nothing_or_all(site: Site) -> None:
    """Before the decision is stored there is no edition; after it the clerk completes what is missing."""
    letter = site.letter()
    for person in letter.people[:3]:
        people.sign(letter, person)
    site.rounds()
    site.cut(letter)
    site.open_all(letter, {p.key for p in letter.people[:3]})
    site.cosigned(letter)
    from undersigned.web.access import access_letter
    from undersigned.web.publication.publish import publish_edition

    crashes = 0
    for at, persisted in [(1, False), (1, True), (2, False), (2, True), (3, False)]:
        failing = Failing(site.world.storage, at, persisted)
        world = replace(site.world, storage=failing)
        try:
            publish_edition(
                letter=access_letter(letter.slug), number=1, world=world, by="organiser", now=site.clock.now
            )
        except Crash:
            crashes += 1
        edition, openings = letter.get("editions/1/edition.json").status, letter.get("openings/1.jsonl").status
        assert edition == openings, "an edition is served with its openings or not at all"
        Clerk(site.world).run_round()
        assert letter.get("editions/1/edition.json").status == 200
        assert outcome(letter) == "valid"
        site.world.storage.delete(f"{letter.slug}/editions/1")
        site.world.storage.delete(f"{letter.slug}/bundle.zip")
    assert crashes >= 4


def test_a_key_s_own_entries_keep_their_order_in_the_shuffle(site: Site) -> None:
    """Sign, edit and withdrawal of one person in one batch follow one another, whatever the shuffle does."""
    letter = site.letter(batch=(1000, 3600), size=8)
    for person in letter.people[:6]:
        people.sign(letter, person)
    people.sign(letter, letter.people[0], "anonymous")
    people.sign(letter, letter.people[0], "initials")
    rows = list(Pending.objects.filter(letter__slug=letter.slug))
    orders = set()
    for number in range(40):
        mixed = shuffle_batch(rows, _counting(number))
        own = [row.seq for row in mixed if row.key == letter.people[0].key]
        assert own == [0, 1, 2]
        orders.add(tuple(row.leaf for row in mixed))
    assert len(orders) > 20, "the order of arrival does not show"
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    assert not Refused.objects.exists()
    assert letter.status()["withdrawn"] == 1


def _counting(start: int) -> Callable[[int], bytes]:
    import random

    return random.Random(start).randbytes  # a reproducible shuffle is what this test is about


def test_pending_rows_leave_no_order_behind(site: Site) -> None:
    """The order of a batch's entries in the log does not show when they came."""
    letter = site.letter(batch=(1000, 3600), size=12)
    for person in letter.people:
        people.sign(letter, person)
    site.clock.now += 3600
    site.rounds()
    arrived = [person.key for person in letter.people]
    rows = Entry.objects.filter(letter__slug=letter.slug, kind="sign").order_by("id")
    assert sorted(rows.values_list("key", flat=True)) == sorted(arrived)
    assert list(rows.values_list("key", flat=True)) != arrived  # one chance in 479,001,600 to be wrong
    assert set(Batch.objects.filter(letter__slug=letter.slug).values_list("due", flat=True)) == {0}


def test_a_clerk_that_begins_while_another_process_publishes_keeps_no_log_waiting(site: Site) -> None:
    """Signatures enter the log; what a dead process left is cleared away, and the rest done, once that is over."""
    letter = site.letter()
    left = settings.DATA.public / letter.slug / ".left.half"
    left.write_bytes(b"half")
    tidied, at_it, over = threading.Event(), threading.Event(), threading.Event()

    def publish() -> None:
        with publishing():
            at_it.set()
            over.wait(30)
        connection.close()

    other = threading.Thread(target=publish)
    other.start()
    try:
        assert at_it.wait(10)
        clerk = Clerk(site.world, tidied)
        assert people.sign(letter, letter.people[0]).status == 201
        clerk.run_round()
        assert letter.get("count.json").json["count"] == 1
        assert left.exists()
        assert not tidied.is_set()
    finally:
        over.set()
        other.join()
    clerk.run_round()
    assert tidied.is_set()
    assert not left.exists()
