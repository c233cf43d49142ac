"""Public letters through the HTTP API: names can be read at once, and withdrawn at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError

from undersigned.protocol import edition as editions
from undersigned.web.edge import inclusion
from undersigned.web.records.models import Pending, SealedObject

from . import people
from .conftest import Site
from .mailing import pooled_keys
from .people import Letter
from .server import until
from .test_life import bundle_of, check_proof, outcome

__all__ = ["pooled_keys"]


def signed(site: Site, kinds: list[str], check: str) -> Letter:
    """A public letter that so many have signed."""
    letter = site.letter(public=True, check=check, size=len(kinds) + 1)
    for person, kind in zip(letter.people, kinds, strict=False):
        assert people.sign(letter, person, kind).status == 201
    site.rounds()
    return letter


@pytest.mark.parametrize("check", ["roll", "codes"])
def test_a_public_letter_lives_and_is_published(site: Site, check: str) -> None:
    """With a roll names are verified, with handed-on codes they are self-declared; either way the bundle holds."""
    letter = signed(site, ["name", "name", "initials", "anonymous"], check)
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.cut(letter)
    published = site.publish(letter)
    assert published.status == 201, published.body
    edition = editions.parse(letter.get("editions/1/edition.json").body)
    counts = edition.counts
    assert (counts.signed, counts.withdrawn, counts.standing) == (4, 1, 3)
    assert (counts.named, counts.initials, counts.anonymous) == (1, 1, 1)
    assert {name.name for name in edition.roll} == {letter.people[1].record.name, "T. P."}
    assert [name.verified for name in edition.roll if name.as_ == "name"] == [check == "roll"]
    site.clock.now += 60
    site.rounds()
    assert outcome(letter) == "valid"


def test_every_entry_is_in_the_log_at_once(site: Site) -> None:
    """However large a batch the manifest asks for: in a public letter a signature never waits for others."""
    letter = site.letter(public=True, check="codes", batch=(1000, 3600))
    person = letter.people[0]
    people.activate(letter, person)
    body = people.prepare(letter, person)
    assert letter.post("entries", body).status == 201
    site.rounds()
    again = letter.post("entries", body)
    assert (again.status, again.json["index"]) == (200, 1)
    check_proof(letter, body, again)


def test_requests_that_wait_for_proofs_share_one_poll(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty at once get receipt and proof in one answer; how far the log is was asked for all of them together."""
    letter = site.letter(public=True, check="codes", size=20)
    bodies = []
    for person in letter.people:
        people.activate(letter, person)
        bodies.append(people.prepare(letter, person))
    monkeypatch.setattr(inclusion, "TIMEOUT", 60)
    asked, real = [], inclusion._read_size

    def counted(letter: int) -> int:
        asked.append(letter)
        return real(letter)

    monkeypatch.setattr(inclusion, "_read_size", counted)
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(letter.post, "entries", body) for body in bodies]
        until(lambda: Pending.objects.count() == 20)
        before = len(asked)
        site.rounds()
        answers = [answer.result(30) for answer in waiting]
    for body, answer in zip(bodies, answers, strict=True):
        assert answer.status == 201
        check_proof(letter, body, answer)
    assert len(asked) - before < 20


def test_a_receipt_goes_out_though_its_proof_cannot_be_made(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry is durable: a later failure does not take the receipt away."""
    letter = site.letter(public=True, check="codes")
    people.activate(letter, letter.people[0])

    def away(_: int) -> int:
        raise OperationalError("gone")

    monkeypatch.setattr(inclusion, "_read_size", away)
    answer = letter.post("entries", people.prepare(letter, letter.people[0]))
    assert (answer.status, set(answer.json)) == (201, {"receipt"})


def test_a_withdrawal_erases_the_record(site: Site) -> None:
    """Out of the table, out of objects.jsonl, out of the bundle; before publication and after it."""
    letter = signed(site, ["name"] * 3, "codes")
    first, second, third = letter.people[:3]
    site.clock.now += 60
    site.rounds()
    assert first.record.name in letter.get("objects.jsonl").body.decode()
    people.withdraw(letter, first)
    site.clock.now += 60
    site.rounds()
    lines = letter.get("objects.jsonl").body.decode()
    assert first.record.name not in lines
    assert second.record.name in lines
    assert not SealedObject.objects.filter(letter__slug=letter.slug, key=first.key).exists()
    site.cut(letter)
    assert site.publish(letter).status == 201
    people.withdraw(letter, second)
    site.clock.now += 60
    site.rounds()
    everything = b"".join(bundle_of(letter).values()).decode("utf-8", "replace")
    assert second.record.name not in everything
    assert third.record.name in everything
    assert letter.get("editions/1/edition.json").status == 404
    assert letter.get("editions/1/counts.json").status == 200
    assert outcome(letter) == "valid"


def test_an_edit_replaces_the_record(site: Site) -> None:
    """Who wants initials after all has them: the name they gave before is gone."""
    letter = signed(site, ["name"], "codes")
    person = letter.people[0]
    assert letter.post("entries", people.prepare(letter, person, "initials")).status == 201
    site.clock.now += 60
    site.rounds()
    lines = letter.get("objects.jsonl").body.decode()
    assert "T. P." in lines
    assert person.record.name not in lines
    assert letter.status()["count"] == 1


def test_without_mail_settings_no_letter_can_check_addresses(site: Site) -> None:
    """A site that sends no mail says so when the manifest is fixed, not when a signatory waits for a code."""
    with pytest.raises(AssertionError, match=r"no \[mail\]"):
        site.draft(public=True, check="mail")
