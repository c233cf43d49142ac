"""Rollback protection: a database older than its log, or another one, never forks the log; it is noticed by itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace

import pytest
from django.conf import settings
from django.db.models import QuerySet

from undersigned.protocol import base64url as b64
from undersigned.protocol import checkpoint
from undersigned.protocol.errors import LogError
from undersigned.web.clerk.clerk import Clerk
from undersigned.web.log import guard
from undersigned.web.log.sequence import Log
from undersigned.web.maintenance.backup import known
from undersigned.web.maintenance.backup.contents import BackupError
from undersigned.web.records.models import Checkpoint, Entry, Pending, SealedObject
from undersigned.web.records.models import Letter as Row

from . import people
from .conftest import Site
from .people import Letter
from .test_doctor import look

Rows = list[Entry | Checkpoint | SealedObject]


def served(letter: Letter) -> checkpoint.Checkpoint:
    """What the public can read."""
    note = letter.get("log/checkpoint").body
    return checkpoint.verify(note, letter.manifest.origin, b64.decode(letter.manifest.log))[0]


def grown(site: Site, more: int = 3) -> tuple[Letter, int]:
    """A letter that three signed, then ``more``; and how many entries it had between. Four more hold credentials."""
    letter = site.letter(size=8 + more)
    for person in letter.people[:-1]:
        people.activate(letter, person)
    for part in (letter.people[:3], letter.people[3 : 3 + more]):
        for person in part:
            assert letter.post("entries", people.prepare(letter, person)).status == 201
        site.clock.now += 600
        site.rounds()
    return letter, Entry.objects.filter(letter__slug=letter.slug).count() - more


def go_back(letter: Letter, size: int) -> Rows:
    """The database as it was when the log had ``size`` entries; what it has lost."""
    gone: Rows = []
    later: list[QuerySet[SealedObject] | QuerySet[Entry] | QuerySet[Checkpoint]] = [
        SealedObject.objects.filter(letter__slug=letter.slug, index__gte=size),
        Entry.objects.filter(letter__slug=letter.slug, index__gte=size),
        Checkpoint.objects.filter(letter__slug=letter.slug, size__gt=size),
    ]
    for rows in later:
        gone += list(rows)
        rows.delete()
    return gone


def come_back(rows: Iterable[Entry | Checkpoint | SealedObject]) -> None:
    """The newest database again."""
    for row in rows:
        row.save(force_insert=True)


def restart(site: Site) -> None:
    """A new clerk, which knows what database and files say, and nothing else."""
    site.clerk = Clerk(site.world)
    site.rounds()


def without_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns off the guard's checks: a control."""
    for name in ("check_size", "check_roots", "check_last_index"):
        monkeypatch.setattr(guard, name, lambda *_: None)
    monkeypatch.setattr(Log, "_check_served", lambda self: None)


def sign_more(site: Site, letter: Letter, first: int) -> list[int]:
    """Two more people sign; the answers' statuses."""
    two = letter.people[first : first + 2]
    statuses = [letter.post("entries", people.prepare(letter, person)).status for person in two]
    site.clock.now += 600
    site.rounds()
    return statuses


def test_an_older_database_is_not_signed_on_from(site: Site) -> None:
    """Served files stay; no signatures; withdrawals are kept; the doctor reports it; other letters go on."""
    letter, size = grown(site)
    other, _ = grown(site)
    before = served(letter)
    ready = letter.people[6]
    go_back(letter, size)
    restart(site)
    assert served(letter) == before
    answer = letter.post("entries", people.prepare(letter, ready))
    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "busy", "600")
    assert b"withdrawals" in answer.body
    with pytest.raises(AssertionError, match="busy"):
        people.activate(letter, letter.people[-1])
    assert people.withdraw(letter, letter.people[0]).status == 201
    # A signatory whom this database lacks is told to retry, not that they never signed.
    assert people.withdraw(letter, letter.people[5]).status == 503
    site.rounds()
    assert served(letter) == before
    assert letter.get("count.json").json["size"] == before.size
    assert any("an older database" in finding.what for finding in look(site) if finding.where == letter.slug)
    size = served(other).size
    assert sign_more(site, other, 6) == [201, 201]
    assert served(other).size == size + 2


def test_control_without_the_guard_an_older_database_forks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two checkpoints of one size, both signed by the log, under two roots."""
    letter, size = grown(site, 2)
    before = served(letter)
    without_guard(monkeypatch)
    go_back(letter, size)
    restart(site)
    assert sign_more(site, letter, 5) == [201, 201]
    after = served(letter)
    assert (after.size, after.root != before.root) == (before.size, True)


def test_a_database_of_the_same_size_with_another_log_is_not_signed_on_from(site: Site) -> None:
    """Two entries have changed places: as many as were signed, and not those."""
    letter, _ = grown(site)
    before = served(letter)
    last = before.size - 1
    rows = Entry.objects.filter(letter__slug=letter.slug)
    rows.filter(index=last).update(index=10_000)
    rows.filter(index=last - 1).update(index=last)
    rows.filter(index=10_000).update(index=last - 1)
    restart(site)
    assert letter.post("entries", {}).status == 400
    assert Row.objects.get(slug=letter.slug).halted
    assert sign_more(site, letter, 6) == [503, 503]
    assert served(letter) == before


def test_when_the_newest_database_is_back_the_letter_goes_on(site: Site) -> None:
    """And with the withdrawals that were taken meanwhile, though they were taken into the other database."""
    letter, size = grown(site)
    before = served(letter)
    gone = go_back(letter, size)
    restart(site)
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    assert Pending.objects.filter(kind="withdraw").count() == 1
    # The other database comes in its place: it knows nothing of the withdrawal.
    Pending.objects.all().delete()
    come_back(gone)
    Row.objects.update(halted=False)
    restart(site)
    site.rounds()
    assert letter.get("count.json").json == {"count": 5, "signed": 6, "size": before.size + 1, "withdrawn": 1}
    assert not list((settings.DATA.withdrawn / letter.slug).glob("*"))
    assert sign_more(site, letter, 6) == [201, 201]
    assert look(site) == []


def test_a_running_clerk_notices_that_the_database_has_moved(site: Site) -> None:
    """Its memory is ahead of the tables (a standby was promoted that did not have everything): no gap, no fork."""
    letter, size = grown(site)
    before = served(letter)
    ready = letter.people[6]
    go_back(letter, size)
    # No one has noticed yet.
    assert letter.post("entries", people.prepare(letter, ready)).status == 201
    site.clock.now += 600
    site.rounds(3)
    assert served(letter) == before
    assert Row.objects.get(slug=letter.slug).halted
    rows = Entry.objects.filter(letter__slug=letter.slug).order_by("index")
    assert list(rows.values_list("index", flat=True)) == list(range(size))


def test_control_without_the_guard_a_running_clerk_leaves_a_gap(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same: its next batch goes behind entries that the database does not have, and only then it stumbles."""
    letter, size = grown(site)
    without_guard(monkeypatch)
    go_back(letter, size)
    with pytest.raises(LogError):
        sign_more(site, letter, 6)
    rows = Entry.objects.filter(letter__slug=letter.slug).order_by("index")
    assert list(rows.values_list("index", flat=True)) != list(range(rows.count()))


def test_a_site_without_memory_waits_for_a_word(site: Site) -> None:
    """Neither served files nor marks, and a database that has signed: nothing is signed until trustees were asked."""
    letter, _ = grown(site)
    note = letter.get("log/checkpoint").body
    place = settings.DATA.public / letter.slug
    shutil.rmtree(place)
    (settings.DATA.signed / letter.slug).unlink()
    restart(site)
    assert not (place / "log" / "checkpoint").exists()
    assert sign_more(site, letter, 6) == [503, 503]
    assert any("no memory" in finding.what for finding in look(site))
    with pytest.raises(BackupError, match="--known"):
        known.check(notes=[], unwitnessed=[])
    known.check(notes=[note], unwitnessed=[])
    known.vouch(site.world)
    site.rounds(3)
    assert letter.get("log/checkpoint").body.startswith(note[:40])
    assert sign_more(site, letter, 8) == [201, 201]
    assert look(site) == []


def test_the_mark_is_memory_enough(site: Site) -> None:
    """The served files are lost, as with a bucket: they are made again, and an older database is still found out."""
    letter, size = grown(site)
    before = served(letter)
    shutil.rmtree(settings.DATA.public / letter.slug)
    restart(site)
    assert served(letter) == before
    shutil.rmtree(settings.DATA.public / letter.slug)
    go_back(letter, size)
    restart(site)
    assert letter.get("log/checkpoint").status == 404
    assert sign_more(site, letter, 6) == [503, 503]


def test_rolled_back_letters_are_halted_before_the_first_request(site: Site) -> None:
    """``serve`` asks before its workers start, so no receipt comes from the old database; nor for one that is sound."""
    letter, size = grown(site)
    assert guard.halt_rolled_back_letters(site.world) == []
    assert not Row.objects.get(slug=letter.slug).halted
    go_back(letter, size)
    (said,) = guard.halt_rolled_back_letters(site.world)
    assert f"{size + 3} entries were signed and served, but the database holds {size}" in said
    assert sign_more(site, letter, 6) == [503, 503]


def test_what_this_log_did_not_sign_says_nothing(site: Site) -> None:
    """A served checkpoint that is damaged, or another log's, halts no letter: the newest one is served again."""
    letter, _ = grown(site)
    before = served(letter)
    stranger = checkpoint.sign(replace(before, size=9_999), bytes(32)).encode()
    path = settings.DATA.public / letter.slug / "log" / "checkpoint"
    for content in (b"", b"\xff\x00", stranger):
        path.write_bytes(content)
        restart(site)
        assert served(letter) == before
    assert not Row.objects.get(slug=letter.slug).halted


def test_a_withdrawal_that_is_kept_twice_is_taken_once(site: Site) -> None:
    """Given back to the database that took it: nothing is said twice in the log."""
    letter, size = grown(site)
    gone = go_back(letter, size)
    restart(site)
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    come_back(gone)
    site.rounds(4)
    assert letter.get("count.json").json["withdrawn"] == 1
    assert Entry.objects.filter(letter__slug=letter.slug, kind="withdraw").count() == 1
    assert look(site) == []
