"""Checking a whole letter, and every way of tampering with it (sections 6 and 7).

Each tampering says the step that must catch it, and what the sentence must name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letterlives import Rehearsed, rehearsed
from letterworld import LetterWorld, serve_log
from strategies import mutations, one_byte_changed
from undersigned.protocol import base64url, bundle, canonical, checkpoint, edition, entries, note, opening, roll, seal
from undersigned.protocol.report import Report
from undersigned.protocol.spec import STEPS
from undersigned.protocol.verify import verify_bundle

Files = dict[str, bytes]
LIVED = rehearsed()
WORLD = LIVED.world
WHO = WORLD.people
PUBLIC = rehearsed(sealed=False)
ED1, ED2, OP1, OP2 = "editions/1/edition.json", "editions/2/edition.json", "openings/1.jsonl", "openings/2.jsonl"
C1 = "editions/1/counts.json"


def verdict(files: Mapping[str, bytes], letter: bytes | None = WORLD.letter) -> tuple[str, str, str]:
    """Outcome, the step that decided it, and its sentence."""
    report = verify_bundle(files, letter=letter)
    step = next((s for s in report.steps if s.outcome == report.outcome), report.steps[-1])
    return report.outcome, step.name, step.detail


# --- what is true is found valid


@pytest.mark.parametrize("lived", [LIVED, PUBLIC, rehearsed(check="codes"), rehearsed(check="mail")])
def test_a_letter_that_lived_honestly_is_valid_at_each_edition(lived: Rehearsed) -> None:
    """All steps, in order, with the figures of the log."""
    for files in (lived.first, lived.last):
        report = verify_bundle(files, letter=lived.world.letter)
        assert [step.name for step in report.steps] == list(STEPS)
        assert {step.outcome for step in report.steps} == {"valid"}
        assert report.standing == (report.signed or 0) - (report.withdrawn or 0)
    assert report.editions[0]["erased"] == 1
    assert report.editions[1]["counts"]["signed"] == 11


def test_with_two_registrars_and_before_any_edition() -> None:
    """A letter without any openings is checked as far as it goes."""
    world = LetterWorld(3, registrars=2)
    assert verdict(world.bundle(cosigners=()), world.letter)[0] == "valid"
    world.sign(world.people[0])
    report = verify_bundle(world.bundle(cosigners=(3,)), letter=world.letter)
    assert report.outcome == "valid"
    assert (report.cosignatures, report.standing) == (1, 1)


def test_a_long_log_is_checked_over_many_tiles() -> None:
    """More than one entry bundle, and progress is told."""
    world = LetterWorld(90)
    for _ in range(3):
        for person in world.people:
            world.sign(person)
    world.notice()
    world.cut()
    world.publish()
    told: list[tuple[str, int, int]] = []
    report = verify_bundle(world.bundle(), progress=lambda *step: told.append(step))
    assert report.outcome == "valid"
    size = len(world.log)
    assert [step for step in told if step[0] == "entries"] == [("entries", 256, size), ("entries", size, size)]
    assert told[-1] == ("openings", 90, 90)


def test_a_pool_of_processes_finds_the_same() -> None:
    """The heavy pieces can be given away: plain values in and out."""
    with ProcessPoolExecutor(2) as pool:
        for files in (LIVED.last, {**LIVED.last, OP2: LIVED.last[OP2].replace(b"named", b"x")}):
            assert verify_bundle(files, run=pool.map) == verify_bundle(files)


# --- what is false is found, by its step


def rebuilt(change: Callable[[list[bytes]], object], base: Files) -> Files:
    """The bundle over a log that a dishonest operator rewrote and signed again, with the trustees' help."""
    log = list(WORLD.log[: size_of(base)])
    change(log)
    files = {path: data for path, data in base.items() if not path.startswith("log/")}
    return {**files, **serve_log(WORLD, log)}


def size_of(files: Mapping[str, bytes]) -> int:
    return checkpoint.parse_text(note.parse(files["log/checkpoint"]).text).size


def edited(path: str, change: Callable[[Any], object], base: Files) -> Files:
    """A JSON document changed and written again, as canonical as before."""
    value = canonical.decode(base[path], limit=canonical.MAX_DOCUMENT)
    change(value)
    return {**base, path: canonical.encode(value)}


def lines(path: str, change: Callable[[list[bytes]], object], base: Files) -> Files:
    rows = bundle.split_lines(base[path])
    change(rows)
    return {**base, path: b"".join(row + b"\n" for row in rows)}


def line_of(base: Files, path: str, number: int) -> bytes:
    """One signatory's line of the openings."""
    return next(row for row in bundle.split_lines(base[path]) if opening.parse_opening(row).key == WHO[number].key)


def add_line(row: bytes) -> Callable[[list[bytes]], object]:
    def change(rows: list[bytes]) -> None:
        rows.append(row)
        rows.sort(key=lambda r: base64url.decode(opening.parse_opening(r).key))

    return change


def alter_share(place: int) -> Callable[[list[bytes]], object]:
    """One trustee's share of the first opening replaced by other bytes."""

    def change(rows: list[bytes]) -> None:
        row = opening.parse_opening(rows[0])
        share = bytearray(base64url.decode(row.shares[place][1]))
        share[0] ^= 1
        shares = list(row.shares)
        shares[place] = (shares[place][0], base64url.encode(bytes(share)))
        rows[0] = canonical.encode(msgspec.structs.replace(row, shares=shares))

    return change


def swap_shares(rows: list[bytes]) -> None:
    """The shares of two people change places."""
    a, b = opening.parse_opening(rows[0]), opening.parse_opening(rows[1])
    rows[0] = canonical.encode(msgspec.structs.replace(a, shares=b.shares))
    rows[1] = canonical.encode(msgspec.structs.replace(b, shares=a.shares))


def of_sealed(number: int) -> bytes:
    """The opening of a signatory who has withdrawn, from a trustee who kept the seal."""
    value = WORLD.make_object(WHO[number], WORLD.payload_of(WHO[number]))
    assert isinstance(value, seal.Seal)
    keys = [seal.seal_key(sealing) for sealing, _ in WORLD.trustees[:2]]
    shares = [(j, base64url.encode(seal.open_share(value, j, keys[j - 1]))) for j in (1, 2)]
    return canonical.encode(opening.Opening(key=WHO[number].key, seal=value, shares=shares))


def other_object(rows: list[bytes]) -> None:
    """One seal replaced by another one that opens just as well, with another person's name."""
    row = opening.parse_opening(rows[0])
    person = next(p for p in WHO if p.key == row.key)
    payload = msgspec.structs.replace(WORLD.payload(person), name="Somebody Famous")
    value = WORLD.make_object(person, payload)
    assert isinstance(value, seal.Seal)
    keys = [seal.seal_key(sealing) for sealing, _ in WORLD.trustees[:2]]
    shares = [(j, base64url.encode(seal.open_share(value, j, keys[j - 1]))) for j in (1, 2)]
    rows[0] = canonical.encode(opening.Opening(key=row.key, seal=value, shares=shares))


def index_of(kind: type, log: list[bytes]) -> int:
    return next(i for i, data in enumerate(log) if i and isinstance(entries.parse(data), kind))


def reuse_credential(log: list[bytes]) -> None:
    """A second person signs with the credential of the first who signed."""
    first = entries.parse(log[index_of(entries.Sign, log)])
    assert isinstance(first, entries.Sign)
    value = WORLD.make_object(WHO[11], WORLD.payload(WHO[11]))
    entry = WORLD.sign_entry(WHO[11], value, 0)
    forged = entries.sign_entry(msgspec.structs.replace(entry, credentials=first.credentials), WHO[11].seed)
    log.append(entries.encode(forged))


def cosigned_by(files: Files, *trustees: int) -> Files:
    """The same log with other trustees' lines under its checkpoint."""
    return {**files, **serve_log(WORLD, WORLD.log[: size_of(files)], trustees)}


def raw_line(files: Files, line: str) -> Files:
    return {**files, "log/checkpoint": files["log/checkpoint"] + line.encode()}


FIRST, LAST = LIVED.first, LIVED.last
KEPT = next(name for name in edition.parse(LAST[ED2]).roll)
OTHER = rehearsed(seed=2)
TRUE_ROLL = roll.parse_roll(FIRST["roll.json"])
SHORT_ROLL = roll.make_roll([base64url.decode(leaf) for leaf in TRUE_ROLL.leaves[1:]])
WITNESS = note.SignatureLine("witness.example/w", b"\0\0\0\1", bytes(72)).encode()

TAMPERED: dict[str, tuple[Callable[[], Files], str, str]] = {
    # a signatory dropped, added, renamed, reordered
    "a signatory dropped": (lambda: edited(ED2, lambda v: v["roll"].pop(0), LAST), "editions", "dropped"),
    "a signatory added": (
        lambda: edited(ED2, lambda v: v["roll"].append({**v["roll"][-1], "key": base64url.encode(b"\xff" * 32)}), LAST),
        "editions",
        "added",
    ),
    "a signatory renamed": (lambda: edited(ED2, lambda v: v["roll"][0].update(name="X"), LAST), "editions", KEPT.key),
    "signatories reordered": (lambda: edited(ED2, lambda v: v["roll"].reverse(), LAST), "editions", "sorted"),
    "somebody marked unverified": (
        lambda: edited(ED2, lambda v: v["roll"][0].update(verified=not v["roll"][0]["verified"]), LAST),
        "editions",
        "altered",
    ),
    "a count raised": (lambda: edited(ED2, lambda v: v["counts"].update(signed=99), LAST), "editions", "counts differ"),
    "what changed since, altered": (
        lambda: edited(ED2, lambda v: v["since"].update(added=9), LAST),
        "editions",
        "since",
    ),
    "an edition that ends before its cut": (
        lambda: edited(ED2, lambda v: v.update(size=5), LAST),
        "editions",
        "before its cut",
    ),
    "an edition over more than the log": (
        lambda: edited(ED2, lambda v: v.update(size=999), LAST),
        "editions",
        "more entries",
    ),
    "an edition over a part of the log": (
        lambda: edited(ED2, lambda v: v.update(size=v["size"] - 1), LAST),
        "editions",
        "before its cut",
    ),
    "an edition that was not cut": (
        lambda: {**FIRST, ED2: LAST[ED2]},
        "editions",
        "edition 2 has not been cut",
    ),
    "an edition under another number": (lambda: {**LAST, ED2: FIRST[ED1]}, "editions", "edition 2"),
    "an edition with its names and as erased": (lambda: {**LAST, ED1: FIRST[ED1]}, "editions", "and as erased"),
    # a withdrawn one put back
    "a withdrawn one put back in the edition": (
        lambda: {p: d for p, d in {**LAST, ED1: FIRST[ED1]}.items() if p != C1},
        "editions",
        "no longer published",
    ),
    "one withdrawn after edition 1 put back with the opening": (
        lambda: lines(
            OP1, add_line(line_of(FIRST, OP1, 9)), {p: d for p, d in {**LAST, ED1: FIRST[ED1]}.items() if p != C1}
        ),
        "openings",
        WHO[9].key,
    ),
    "one withdrawn before the cut opened": (lambda: lines(OP1, add_line(of_sealed(5)), FIRST), "openings", WHO[5].key),
    "one withdrawn after the cut opened": (lambda: lines(OP1, add_line(of_sealed(8)), FIRST), "openings", WHO[8].key),
    "one struck opened": (lambda: lines(OP1, add_line(of_sealed(6)), FIRST), "openings", WHO[6].key),
    "a stranger opened": (
        lambda: lines(OP1, add_line(of_sealed(11)), FIRST),
        "openings",
        WHO[11].key,
    ),
    "an opening in another edition's file": (
        lambda: lines(
            OP2, add_line(line_of(LAST, OP1, 0)), lines(OP1, lambda r: r.remove(line_of(LAST, OP1, 0)), LAST)
        ),
        "openings",
        WHO[0].key,
    ),
    # the log
    "a log entry removed": (lambda: rebuilt(lambda log: log.pop(6), LAST), "openings", WHO[2].key),
    "a withdrawal removed": (
        lambda: rebuilt(lambda log: log.pop(index_of(entries.Withdraw, log)), LAST),
        "openings",
        WHO[5].key,
    ),
    "a log entry altered and signed over": (
        lambda: rebuilt(lambda log: log.__setitem__(6, log[6].replace(b'"seq":0', b'"seq":1')), LAST),
        "entries",
        "entry 6",
    ),
    "two log entries exchanged": (
        lambda: rebuilt(lambda log: log.insert(1, log.pop(index_of(entries.Notice, log))), LAST),
        "editions",
        "edition 1",
    ),
    "another manifest in the log": (lambda: rebuilt(lambda log: log.__setitem__(0, b"{}"), LAST), "log", "entry 0"),
    "an entry that is none": (lambda: rebuilt(lambda log: log.append(b"{}"), LAST), "entries", "entry"),
    "an entry of another letter": (
        lambda: rebuilt(lambda log: log.append(OTHER.world.log[4]), LAST),
        "entries",
        "another letter",
    ),
    "a replayed entry": (lambda: rebuilt(lambda log: log.append(log[4]), LAST), "standing", "entry"),
    "a credential used twice": (lambda: rebuilt(reuse_credential, LAST), "entries", f"entry {len(WORLD.log)}"),
    "a checkpoint from another letter": (
        lambda: {**LAST, "log/checkpoint": OTHER.last["log/checkpoint"]},
        "checkpoint",
        "not signed",
    ),
    "a checkpoint with another root": (
        lambda: {
            **LAST,
            "log/checkpoint": _signed(checkpoint.Checkpoint(WORLD.manifest.origin, size_of(LAST), bytes(32))),
        },
        "log",
        "not the one the checkpoint signs",
    ),
    "a checkpoint of nothing": (
        lambda: {**LAST, "log/checkpoint": _signed(checkpoint.Checkpoint(WORLD.manifest.origin, 0, bytes(32)))},
        "checkpoint",
        "empty",
    ),
    "a checkpoint with a stranger's line": (lambda: raw_line(LAST, WITNESS), "checkpoint", "does not name"),
    "a cosignature that does not verify": (
        lambda: raw_line(
            cosigned_by(LAST, 1),
            checkpoint.cosign(
                checkpoint.Checkpoint(WORLD.manifest.origin, 1, bytes(32)), 2, WORLD.trustees[1][1], 1
            ).encode(),
        ),
        "checkpoint",
        "verify",
    ),
    "a tile that does not follow": (
        lambda: {**LAST, **{p: bytes(len(d)) for p, d in LAST.items() if p.startswith("log/tile/0")}},
        "log",
        "tile/0/000",
    ),
    # shares and objects
    "a share altered": (lambda: lines(OP1, alter_share(1), LAST), "openings", "trustee 2 misses"),
    "two shares swapped": (lambda: lines(OP1, swap_shares, LAST), "openings", "key"),
    "an object replaced": (lambda: lines(OP1, other_object, LAST), "openings", "not the object it signed"),
    "an opening dropped": (lambda: lines(OP1, lambda rows: rows.pop(), LAST), "openings", "missing"),
    "an opening twice": (lambda: lines(OP1, lambda rows: rows.insert(0, rows[0]), LAST), "openings", "twice"),
    "openings out of order": (lambda: lines(OP1, lambda rows: rows.reverse(), LAST), "openings", "sorted"),
    "a line that is none": (lambda: lines(OP1, lambda rows: rows.append(b"{}"), LAST), "openings", "JSON"),
    # what was signed
    "another manifest": (lambda: {**LAST, "manifest.json": OTHER.last["manifest.json"]}, "manifest", "another letter"),
    "another text": (lambda: {**LAST, "text/en.md": b"Keep the water.\n"}, "text", "text/en.md"),
    "another roll": (lambda: {**LAST, "roll.json": OTHER.last["roll.json"]}, "roll", "not the roll"),
    "a shorter roll": (lambda: {**LAST, "roll.json": canonical.encode(SHORT_ROLL)}, "roll", "not the roll"),
    "a file nobody asked for": (lambda: {**LAST, "names.csv": b"x"}, "files", "names.csv"),
    # erased editions
    "erased counts raised": (lambda: edited(C1, lambda v: v["counts"].update(signed=99), LAST), "editions", "follow"),
    "erased counts that do not add up": (
        lambda: edited(C1, lambda v: v["counts"].update(void=99), LAST),
        "editions",
        "add up",
    ),
    "erased groups that do not add up": (
        lambda: edited(C1, lambda v: v["counts"]["groups"].update(reserve=99), LAST),
        "editions",
        "groups",
    ),
    "erased since altered": (lambda: edited(C1, lambda v: v["since"].update(added=9), LAST), "editions", "follow"),
    "erased though nobody left": (
        lambda: {
            **{p: d for p, d in FIRST.items() if p != ED1},
            C1: canonical.encode(edition.counts_of(edition.parse(FIRST[ED1]))),
        },
        "editions",
        "no one in it has withdrawn",
    ),
}


def dropped(*prefixes: str) -> Files:
    """The last bundle without the files whose paths start so."""
    return {path: data for path, data in LAST.items() if not path.startswith(prefixes)}


DROPPED: dict[str, tuple[Callable[[], Files], str, str]] = {
    # A copy that was broken off, or made between two states: nothing in it contradicts anything.
    "nothing at all": (lambda: {}, "manifest", "manifest.json"),
    "no manifest": (lambda: dropped("manifest"), "manifest", "manifest.json"),
    "no text": (lambda: dropped("text/he.md"), "text", "text/he.md"),
    "no roll": (lambda: dropped("roll"), "roll", "roll.json"),
    "no checkpoint": (lambda: dropped("log/checkpoint"), "checkpoint", "log/checkpoint"),
    "no entries": (lambda: dropped("log/tile/entries"), "log", "log/tile/entries/000.p/"),
    "no tiles": (lambda: dropped("log/tile/0"), "log", "log/tile/0/000.p/"),
    "no log": (lambda: dropped("log/tile"), "log", "log/tile/entries/000.p/"),
    "an older checkpoint": (
        lambda: {**LAST, "log/checkpoint": FIRST["log/checkpoint"]},
        "log",
        "log/tile/entries/000.p/",
    ),
    "a newer checkpoint": (
        lambda: {**FIRST, "log/checkpoint": LAST["log/checkpoint"]},
        "log",
        "log/tile/entries/000.p/",
    ),
    "a checkpoint of more entries than anybody could read": (
        lambda: {
            **LAST,
            "log/checkpoint": _signed(checkpoint.Checkpoint(WORLD.manifest.origin, canonical.MAX_INTEGER, bytes(32))),
        },
        "log",
        "log/tile/entries/000",
    ),
    "all openings dropped": (lambda: dropped(OP1), "openings", OP1),
    "tiles dropped, entries altered": (
        lambda: {p: d[:-1] if "entries" in p else d for p, d in dropped("log/tile/0").items()},
        "log",
        "log/tile/0/000.p/",
    ),
}


@pytest.mark.parametrize("what", DROPPED)
def test_a_missing_file_is_named_and_proves_nothing(what: str) -> None:
    """Neither valid nor invalid; and nothing after it is judged, since it would be judged without it."""
    make, step, words = DROPPED[what]
    outcome, found, detail = verdict(make())
    assert (outcome, found) == ("undetermined", step), detail
    assert detail.startswith(words)
    assert detail.endswith("is missing")
    assert verify_bundle(make()).steps[-1].name == step


def _signed(state: checkpoint.Checkpoint) -> bytes:
    made = checkpoint.sign(state, WORLD.log_seed)
    return note.Note(made.text, (*made.signatures, checkpoint.cosign(state, 1, WORLD.trustees[0][1], 1))).encode()


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_is_found_by_its_step_and_named(what: str) -> None:
    """Invalid, at this step, with this in the sentence."""
    make, step, words = TAMPERED[what]
    outcome, found, detail = verdict(make())
    assert (outcome, found) == ("invalid", step), detail
    assert words in detail


def test_without_the_invitations_letter_id_another_letter_is_just_another_letter() -> None:
    """What ties a bundle to the letter a person was invited to is the id in the link, which the caller gives."""
    assert verdict(OTHER.last, None)[0] == "valid"
    assert verdict(OTHER.last)[:2] == ("invalid", "manifest")


PUBLIC_TAMPERED: dict[str, tuple[Callable[[list[bytes]], object], str]] = {
    "a record dropped": (lambda rows: rows.pop(0), "missing"),
    "a record altered": (
        lambda rows: rows.__setitem__(0, rows[0].replace(b'"title":"', b'"title":"x')),
        "not the object",
    ),
    "a record of nobody": (
        lambda rows: rows.append(rows[-1].replace(rows[-1][8:50], base64url.encode(b"\xff" * 32)[:42].encode())),
        "key",
    ),
    "a seal among records": (
        lambda rows: rows.__setitem__(slice(None), [canonical.encode(WORLD.objects[WHO[0].key])]),
        "records only",
    ),
    "a record that is none": (lambda rows: rows.insert(0, b"{}"), "JSON"),
    "a record of another letter": (
        lambda rows: rows.__setitem__(0, rows[0].replace(PUBLIC.world.id.encode(), WORLD.id.encode())),
        "another letter",
    ),
}


@pytest.mark.parametrize("what", PUBLIC_TAMPERED)
def test_tampering_with_a_public_letter(what: str) -> None:
    """Its records are checked against the log as a sealed letter's openings are."""
    change, words = PUBLIC_TAMPERED[what]
    outcome, step, detail = verdict(lines("objects.jsonl", change, PUBLIC.last), PUBLIC.world.letter)
    assert (outcome, step) == ("invalid", "openings"), detail
    assert words in detail


def test_a_public_letter_without_its_records() -> None:
    """Names that stand must be there; openings do not belong."""
    without = {p: d for p, d in PUBLIC.last.items() if p != "objects.jsonl"}
    assert verdict(without, PUBLIC.world.letter) == ("undetermined", "openings", "objects.jsonl is missing")
    assert verdict({**without, "objects.jsonl": b""}, PUBLIC.world.letter)[:2] == ("invalid", "openings")
    assert verdict({**PUBLIC.last, OP1: b""}, PUBLIC.world.letter)[:2] == ("invalid", "files")
    assert verdict({**LAST, "objects.jsonl": b""})[:2] == ("invalid", "files")


def test_a_stranger_among_the_records() -> None:
    """A record by a key that never signed is refused and named."""
    stranger = PUBLIC.world.people[11]
    record = PUBLIC.world.make_object(stranger, PUBLIC.world.payload(stranger))
    rows = [seal.parse_object(row) for row in bundle.split_lines(PUBLIC.last["objects.jsonl"])]
    records = [row for row in (*rows, record) if isinstance(row, seal.RecordObject)]
    outcome, step, detail = verdict(
        {**PUBLIC.last, "objects.jsonl": bundle.encode_objects(records)}, PUBLIC.world.letter
    )
    assert (outcome, step) == ("invalid", "openings")
    assert stranger.key in detail


# --- what isn't enough to decide


def test_a_trustee_missing_below_the_threshold_cannot_be_told() -> None:
    """One share where two belong: neither valid nor shown to be false."""
    files = WORLD.bundle(openers=(1,))
    outcome, step, detail = verdict(files)
    assert (outcome, step) == ("undetermined", "openings")
    assert "fewer than 2 trustees' shares" in detail


def test_cosignatures_missing_after_a_cut_cannot_be_told() -> None:
    """One trustee has seen the log where two must; before a cut none must."""
    outcome, step, detail = verdict(cosigned_by(LAST, 3))
    assert (outcome, step) == ("undetermined", "cosignatures")
    assert "1 trustee has cosigned" in detail


def test_something_false_outweighs_something_missing() -> None:
    """A later step that shows a falsehood makes the whole invalid."""
    files = edited(ED2, lambda v: v["roll"].pop(0), cosigned_by(LAST, 3))
    assert verdict(files)[:2] == ("invalid", "editions")


def test_an_edition_may_say_itself_that_a_name_could_not_be_opened() -> None:
    """Then it is counted as unresolved, publicly, and the letter is as valid as it says."""
    world = LetterWorld(4)
    for person in world.people[:2]:
        world.sign(person)
    world.notice()
    world.cut()
    made = world.publish(openers=(2,))
    assert made.counts.unresolved == 2
    assert verdict(world.bundle(openers=(2,)), world.letter)[0] == "valid"
    # One more share than it was made of would open the names: it is no longer what the openings give.
    outcome, step, detail = verdict(world.bundle(), world.letter)
    assert (outcome, step) == ("invalid", "editions")
    assert "counts differ" in detail or "dropped" in detail


def test_editions_that_are_all_erased_declare_nothing() -> None:
    """With a share missing and no edition left to say so, the bundle isn't enough to decide."""
    world = LetterWorld(4)
    for person in world.people[:3]:
        world.sign(person)
    world.notice()
    world.cut()
    world.publish()
    world.withdraw(world.people[0])
    files = world.bundle(openers=(1,))
    assert C1 in files
    assert verdict(files, world.letter)[:2] == ("undetermined", "openings")


def test_a_strike_after_publication_erases_the_edition() -> None:
    """The name must go: the edition shrinks to its counts, and the letter stays valid."""
    world = LetterWorld(4)
    for person in world.people[:3]:
        world.sign(person)
    world.notice()
    world.cut()
    world.publish()
    world.strike(world.people[0])
    files = world.bundle()
    assert C1 in files
    assert verdict(files, world.letter)[0] == "valid"
    assert verify_bundle(files).editions[0]["erased"] == 1


# --- any byte, and any bytes


@functools.cache
def _paths() -> list[tuple[str, str]]:
    return [("first", p) for p in sorted(FIRST)] + [("last", p) for p in sorted(LAST)]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_one_byte_changed_anywhere_is_found(data: st.DataObject) -> None:
    """In any file of either bundle, but for the id of an erased edition: only those who kept it can tell that."""
    which, path = data.draw(st.sampled_from(_paths()))
    files = dict(FIRST if which == "first" else LAST)
    good = files[path]
    files[path] = data.draw(one_byte_changed(good))
    if path == C1 and verdict(files)[0] == "valid":
        claimed = edition.parse_counts(good).edition
        assert msgspec.structs.replace(edition.parse_counts(files[path]), edition=claimed) == edition.parse_counts(good)
        return
    assert verdict(files)[0] == "invalid"


def test_the_first_and_last_byte_of_every_file() -> None:
    """And a byte more, and a byte less, and none at all."""
    for which, path in _paths():
        files = FIRST if which == "first" else LAST
        good = files[path]
        for bad in (bytes([good[0] ^ 1]) + good[1:], good[:-1] + bytes([good[-1] ^ 1]), good + b"\n", good[:-1], b""):
            assert verdict({**files, path: bad})[0] == "invalid", path
        gone = {p: d for p, d in files.items() if p != path}
        if path == ED2:
            # An edition that is not there is not claimed: its openings remain, unpublished.
            continue
        assert verdict(gone)[0] == ("valid" if path in (ED1, C1) else "undetermined"), path


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_bundle_raises(data: st.DataObject) -> None:
    """Files changed, dropped, exchanged, invented: always a report, never a traceback."""
    files = dict(data.draw(st.sampled_from([FIRST, LAST, PUBLIC.last])))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(files)))
        match data.draw(st.integers(0, 3)):
            case 0:
                files[path] = data.draw(mutations(files[path]))
            case 1:
                del files[path]
            case 2:
                files[path] = files[data.draw(st.sampled_from(sorted(files)))]
            case _:
                files[data.draw(st.sampled_from([ED1, ED2, C1, OP1, "openings/9.jsonl", "editions/9/counts.json"]))] = (
                    data.draw(st.binary(max_size=30) | st.sampled_from(list(LAST.values())))
                )
        if not files:
            break
    report = verify_bundle(files)
    assert isinstance(report, Report)
    assert report.outcome in ("valid", "invalid", "undetermined")
