"""The life of a letter, from draft to published edition and beyond, over the site's HTTP interface."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings

from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, entries, manifest, merkle, note, opening, receipt, seal, verify
from undersigned.protocol import checkpoint as checkpoints
from undersigned.protocol import edition as editions
from undersigned.web.database.site_locks import publishing_unless_busy
from undersigned.web.publication import reconciler
from undersigned.web.records.models import Act, Pending
from undersigned.web.times import moment

from . import people
from .conftest import NOW, Site
from .people import Answer, Letter


def bundle_of(letter: Letter) -> dict[str, bytes]:
    """The served bundle, unpacked."""
    with zipfile.ZipFile(io.BytesIO(letter.get("bundle.zip").body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def outcome(letter: Letter) -> str:
    """What a stranger's verifier says of the served bundle."""
    return verify.verify_bundle(bundle_of(letter), letter=letter.id).outcome


def signed_letter(site: Site, kinds: list[str], **how: object) -> Letter:
    """A letter that so many have signed, each in their way."""
    letter = site.letter(size=len(kinds) + 2, **how)
    for person, kind in zip(letter.people, kinds, strict=False):
        answer = people.sign(letter, person, kind)
        assert answer.status == 201, answer.body
    site.rounds()
    return letter


def check_proof(letter: Letter, body: dict[str, object], answer: Answer) -> None:
    """An answer's proof leads from the entry sent, at the index said, to a checkpoint that the log's key signed."""
    found, _ = checkpoints.verify(
        answer.json["checkpoint"].encode(), letter.manifest.origin, b64.decode(letter.manifest.log)
    )
    leaf = merkle.leaf_hash(canonical.encode(body["entry"]))
    path = [b64.decode(step) for step in answer.json["proof"]]
    merkle.verify_inclusion(leaf, answer.json["index"], found.size, path, found.root)


def test_a_sealed_letter_lives_and_is_published(site: Site) -> None:
    """Ten sign, one withdraws, one is struck: the edition names the rest, and a stranger can verify it all."""
    letter = signed_letter(site, ["name"] * 7 + ["initials", "anonymous", "anonymous"])
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.cut(letter)
    standing = {person.key for person in letter.people[1:10]}
    site.open_all(letter, standing)
    assert people.strike(letter, letter.people[1].key).status == 201
    site.cosigned(letter)
    published = site.publish(letter)
    assert published.status == 201, published.body
    edition = editions.parse(letter.get("editions/1/edition.json").body)
    assert published.json["edition"] == b64.encode(editions.edition_id(editions.encode(edition)))
    counts = edition.counts
    assert (counts.signed, counts.withdrawn, counts.standing, counts.struck) == (10, 1, 9, 1)
    assert (counts.named, counts.initials, counts.anonymous) == (5, 1, 2)
    assert {name.name for name in edition.roll} == {p.record.name for p in letter.people[2:7]} | {"T. P."}
    assert all(name.verified == (name.as_ == "name") for name in edition.roll)
    assert outcome(letter) == "valid"
    site.clock.now += 60
    site.rounds()
    assert outcome(letter) == "valid"


def test_publishing_twice_gives_the_same_bytes(site: Site) -> None:
    """The second time nothing changes: same edition, same openings, same bundle."""
    letter = signed_letter(site, ["name"] * 3)
    site.cut(letter)
    site.open_all(letter, {p.key for p in letter.people[:3]})
    site.cosigned(letter)
    paths = ("editions/1/edition.json", "openings/1.jsonl", "bundle.zip")
    first = site.publish(letter), [letter.get(path).body for path in paths]
    second = site.publish(letter), [letter.get(path).body for path in paths]
    assert first[0].json == second[0].json
    assert first[1] == second[1]
    assert all(first[1])


def test_the_same_entry_again_gets_the_same_receipt(site: Site) -> None:
    """While it waits and after it is in the log: 200, byte for byte the receipt it got at first."""
    letter = site.letter(batch=(16, 3600))
    person = letter.people[0]
    people.activate(letter, person)
    body = people.prepare(letter, person)
    first = letter.post("entries", body)
    assert first.status == 201
    site.clock.now += 100
    again = letter.post("entries", body)
    assert (again.status, again.body) == (200, first.body)
    site.clock.now += 3600
    site.rounds()
    assert letter.status()["pending"] == 0
    later = letter.post("entries", body)
    assert (later.status, later.body) == (200, first.body)
    made = receipt.parse(canonical.encode(first.json["receipt"]))
    entry = canonical.encode(body["entry"])
    receipt.verify(made, letter=letter.l, entry=entry, log_key=b64.decode(letter.manifest.log))


def test_an_answered_code_answers_the_same_question_again(site: Site) -> None:
    """A lost connection costs nothing; another question is refused."""
    letter = site.letter()
    person = letter.people[0]
    question = people.ask(letter, person)
    first, second = letter.post("activate", question.body), letter.post("activate", question.body)
    assert (first.status, first.body) == (200, second.body)
    other = people.ask(letter, person)
    refused = letter.post("activate", other.body)
    assert (refused.status, refused.problem) == (409, "code-used")
    assert letter.post("activate", question.body).body == first.body


def test_a_batch_waits_for_company_or_for_its_time(site: Site) -> None:
    """Three of four wait until the hour is over; a fourth would have brought them in at once."""
    letter = site.letter(batch=(4, 3600))
    for person in letter.people[:3]:
        people.sign(letter, person)
    site.rounds()
    assert (Pending.objects.count(), letter.status()["count"]) == (3, 0)
    site.clock.now += 3600
    site.rounds()
    assert letter.status()["count"] == 3
    for person in letter.people[3:6]:
        people.sign(letter, person)
    site.rounds()
    assert letter.status()["count"] == 3
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    assert (letter.status()["signed"], letter.status()["withdrawn"]) == (6, 1), "a withdrawal waits for no minimum"


def test_what_was_taken_before_a_cut_is_counted_before_it(site: Site) -> None:
    """However long the batch would have waited: a withdrawal before the cut counts, a signature after it does not."""
    letter = site.letter(batch=(1000, 3600), size=8)
    for person in letter.people[:4]:
        people.sign(letter, person)
    assert people.notice(letter, after=manifest.format_time(moment(site.clock.now + 5))).status == 201
    site.clock.now += 10
    people.withdraw(letter, letter.people[0])
    people.sign(letter, letter.people[4])
    assert people.cut(letter).status == 201
    people.sign(letter, letter.people[5])
    assert people.strike(letter, letter.people[0].key).problem == "sequence", "the cut does not cover who had withdrawn"
    assert people.strike(letter, letter.people[5].key).problem == "sequence", "nor who signed after it"
    site.clock.now += 3600
    site.rounds()
    status = letter.status()["editions"][0]
    assert status["open_set"] == 4
    assert letter.status()["count"] == 5


def test_an_edit_replaces_the_name_and_not_the_count(site: Site) -> None:
    """A signatory who signs again with the next number is counted once, and the newer object is the one opened."""
    letter = site.letter()
    person = letter.people[0]
    people.sign(letter, person)
    assert people.sign(letter, person, "anonymous").status == 201
    site.rounds()
    assert letter.status()["count"] == 1
    site.cut(letter)
    held = people.seals(letter, 1, site.clock.now)
    assert held[person.key][1] == person.object
    refused = people.sign(letter, person)
    assert (refused.status, refused.problem) == (409, "letter-closed")


def test_after_publication_a_withdrawal_erases_the_name_everywhere(site: Site) -> None:
    """The name leaves edition, openings, objects, shares and bundle; the counts stay and verify."""
    letter = signed_letter(site, ["name"] * 4)
    site.make_edition(letter, {p.key for p in letter.people[:4]})
    name = letter.people[2].record.name.encode()
    assert name in letter.get("editions/1/edition.json").body
    assert people.withdraw(letter, letter.people[2]).status == 201
    site.rounds(1)
    assert letter.get("editions/1/edition.json").status == 404
    assert letter.people[2].key.encode() not in letter.get("openings/1.jsonl").body
    counts = editions.parse_counts(letter.get("editions/1/counts.json").body)
    assert counts.counts.named == 4
    served = [path for path in (settings.DATA.public / letter.slug).rglob("*") if path.is_file()]
    assert not [path.name for path in served if name in path.read_bytes()]
    assert letter.get("editions/1/signatories-en.html").status == 404
    assert letter.get("editions/1/en.html").status == 200
    site.cosigned(letter)
    assert outcome(letter) == "valid"
    assert name not in b"".join(bundle_of(letter).values())


def test_a_second_edition_shows_joined_and_withdrawn(site: Site) -> None:
    """Edition 2 names those of edition 1 who stayed and those who joined."""
    letter = signed_letter(site, ["name"] * 4)
    site.make_edition(letter, {p.key for p in letter.people[:4]})
    people.withdraw(letter, letter.people[0])
    people.sign(letter, letter.people[4])
    site.rounds()
    site.make_edition(letter, {letter.people[4].key}, 2, (2, 3))
    second = editions.parse(letter.get("editions/2/edition.json").body)
    assert (second.counts.standing, second.since.added, second.since.withdrawn) == (4, 1, 1)
    assert outcome(letter) == "valid"


def test_nothing_is_published_before_its_time(site: Site) -> None:
    """Not before the cut, not before two trustees have opened, not before two have cosigned, not past a new strike."""
    letter = signed_letter(site, ["name"] * 3)
    refusals = [site.publish(letter).problem]
    site.cut(letter)
    keys = {p.key for p in letter.people[:3]}
    site.open_all(letter, keys, trustees=(1,))
    site.cosigned(letter)
    refusals.append(site.publish(letter).problem)
    site.open_all(letter, keys, trustees=(3,))
    people.strike(letter, letter.people[0].key)
    refusals.append(site.publish(letter).problem)
    site.rounds()
    refusals.append(site.publish(letter).problem)
    assert refusals == ["sequence", "condition-unmet", "condition-unmet", "condition-unmet"]
    assert letter.get("editions/1/edition.json").status == 404
    site.cosigned(letter)
    assert site.publish(letter).status == 201


def test_a_wrong_share_is_named_and_the_others_kept(site: Site) -> None:
    """A share that misses its commitment is refused by key."""
    letter = signed_letter(site, ["name"] * 3)
    site.cut(letter)
    keys = sorted(p.key for p in letter.people[:3])
    private = seal.seal_key(letter.trustees[0][0])
    held = people.seals(letter, 1, site.clock.now)
    shares = {key: b64.encode(seal.open_share(held[key][1], 1, private)) for key in keys}
    shares[keys[1]] = shares[keys[0]]
    unsigned = opening.Openings(v=1, letter=letter.l, edition=1, trustee=1, shares=shares)
    answer = letter.post("openings", opening.sign_openings(unsigned, letter.trustees[0][1]))
    assert (answer.status, answer.problem) == (422, "share-mismatch")
    assert keys[1] in answer.json["detail"]
    assert letter.status()["editions"][0]["opened"] == {"1": 2}


def test_a_public_letter_answers_with_the_proof(site: Site) -> None:
    """No seal, no trustees: entries are in the log at once, and editions need no opening."""
    letter = site.draft(public=True, check="codes")
    site.rounds()
    for person in letter.people[:2]:
        people.activate(letter, person)
        body = people.prepare(letter, person)
        assert letter.post("entries", body).status == 201
        site.rounds()
    again = letter.post("entries", body)
    assert (again.status, again.json["index"]) == (200, 2)
    check_proof(letter, body, again)
    site.cut(letter)
    assert site.publish(letter).status == 201
    site.clock.now += 60
    site.rounds()
    assert outcome(letter) == "valid"
    assert len(letter.get("objects.jsonl").body.splitlines()) == 2


def test_an_abandoned_letter_takes_withdrawals_and_nothing_else(site: Site) -> None:
    """Signing is over, withdrawing never is."""
    letter = signed_letter(site, ["name"] * 2)
    abandon = entries.Abandon(v=1, letter=letter.l)
    assert letter.entry(abandon, letter.organiser).status == 201
    person = letter.people[2]
    refused = letter.post("activate", people.ask(letter, person).body)
    assert (refused.status, refused.problem) == (409, "letter-closed")
    assert people.notice(letter).problem == "letter-closed"
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds()
    assert letter.status()["state"] == "abandoned"
    assert letter.status()["count"] == 1
    assert site.clock.now >= NOW


def test_the_organiser_reviews_names_by_the_page_and_every_look_is_noted(site: Site) -> None:
    """25 names at a time, only once enough trustees have opened."""
    letter = signed_letter(site, ["name"] * 3 + ["anonymous"])
    site.cut(letter)
    early = letter.get("review?edition=1&from=0", **letter.auth)
    assert (early.status, early.problem) == (409, "condition-unmet")
    site.open_all(letter, {p.key for p in letter.people[:4]})
    looks = letter.get("review?edition=1&from=0", **letter.auth).json
    assert sorted(row["name"] for row in looks["names"]) == sorted(["", *(p.record.name for p in letter.people[:3])])
    assert looks["next"] is None
    assert Act.objects.filter(verb="review", letter=letter.slug).count() == 1


def test_a_bundle_made_while_an_edition_is_published_holds_its_checkpoint(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clerk comes after the organiser who publishes; what it then puts in place verifies, too."""
    letter = signed_letter(site, ["name"] * 3)
    site.cut(letter)
    site.open_all(letter, {p.key for p in letter.people[:3]})
    site.rounds()
    older = checkpoints.parse_text(note.parse(letter.get("log/checkpoint").body).text)
    site.clock.now += 60
    assert people.sign(letter, letter.people[3]).status == 201
    real, waited = publishing_unless_busy, list[bool]()

    @contextmanager
    def behind_the_organiser() -> Iterator[bool]:
        if not waited:
            waited.append(True)
            for trustee in (1, 2):
                line = checkpoints.cosign(older, trustee, letter.trustees[trustee - 1][1], 1_800_000_000)
                body = line.encode().encode("utf-8")
                answer = letter.call("POST", f"/{letter.slug}/cosignatures", body, {"content-type": "text/plain"})
                assert answer.status == 204
            assert site.publish(letter).status == 201
        with real() as free:
            yield free

    monkeypatch.setattr(reconciler, "publishing_unless_busy", behind_the_organiser)
    site.rounds(1)
    assert waited
    assert outcome(letter) == "valid"
