"""A whole letter in memory, made through the protocol's own functions: for the tests of every folder.

Everything follows from a seed, except the ephemeral keys inside sealing. All people are invented. Registrar keys are
those of ``tests/vectors/keys.json`` (making RSA keys is slow); credentials and seals are kept between worlds, since
the same seed gives the same letter.

    world = LetterWorld(people=12)
    world.sign(world.people[0])
    world.notice(); world.cut(); world.publish()
    verify_bundle(world.bundle(), letter=world.letter)
"""

from __future__ import annotations

import functools
import json
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from undersigned.protocol import (
    base64url,
    bundle,
    canonical,
    checkpoint,
    codes,
    credential,
    edition,
    entries,
    keys,
    manifest,
    merkle,
    opening,
    purposes,
    roll,
    seal,
    standing,
    tiles,
)
from undersigned.protocol.note import Note

VECTORS = Path(__file__).parent / "vectors"
TEXTS = {"en": b"Give the valley its water back.\n", "he": "החזירו לעמק את המים.\n".encode()}
GIVEN = ("Tova", "Émile", "Zdeněk", "דנה", "יואב", "ليلى", "Ирина", "Søren", "Ngọc", "Amaru")
FAMILY = ("Testwell", "Müstermann", "כהן־לוי", "الحسن", "Пробная", "O'Sample", "Exempelsson", "van Proef", "Δοκιμή")
TITLES = ("", "Prof.", "Dr. (ret.)", "אל״ם במיל׳")
NOT_BEFORE, AFTER, ABANDON = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2036-01-01T00:00:00Z"
COSIGNED = 1_767_300_000
"""Unix seconds: 2026-01-01, somewhat before noon."""
Kind = Literal["name", "initials", "anonymous"]
Openers = tuple[int, ...] | None
"""Trustees by index, from 1; None for the first ``threshold`` of them."""


@dataclass
class Person:
    """A person who may sign, and all that their device would know."""

    number: int
    code: bytes
    record: roll.Record
    place: roll.Place
    slot: roll.Slot
    withdrawal: bytes
    seed: bytes
    key: str
    seq: int = -1

    @property
    def key_bytes(self) -> bytes:
        """The public key, 32 bytes."""
        return base64url.decode(self.key, 32)


@dataclass
class Published:
    """An edition as published: its bytes and over how many entries."""

    number: int
    data: bytes
    size: int


@functools.cache
def registrar(index: int = 0) -> tuple[bytes, credential.RegistrarKey]:
    """SubjectPublicKeyInfo and private key of a fixed registrar, 0 or 1."""
    known = json.loads((VECTORS / "keys.json").read_text(encoding="utf-8"))["registrars"][index]
    return base64url.decode(known["spki"]), credential.load_private(base64url.decode(known["pkcs8"]))


@functools.cache
def _credential(index: int, rid: bytes, key: bytes) -> entries.Credential:
    spki, private = registrar(index)
    dice = random.Random(b"credential" + bytes([index]) + rid + key)
    public = credential.load_public(spki)
    prefix = dice.randbytes(32)
    prepared = credential.prepare(credential.credential_message(rid, key), prefix)
    blinding = credential.blind(public, prepared, salt=dice.randbytes(48), factor=dice.randrange(1, private.n))
    answer = credential.blind_sign(private, blinding.blinded, factor=dice.randrange(1, private.n))
    signature = credential.finalise(public, blinding, answer)
    return entries.Credential(
        prefix=base64url.encode(prefix),
        registrar=base64url.encode(roll.registrar_id(spki)),
        signature=base64url.encode(signature),
    )


_seals: dict[tuple[bytes, bytes, bytes], seal.Seal] = {}


class LetterWorld:
    """One letter's life. Every entry goes through the protocol's checks, as on a server.

    ``people``: how many may sign; ``trustees`` and ``threshold``: for sealed letters; ``check``: eligibility;
    ``registrars``: 1 or 2; ``approve``: whether the trustees approve at once; ``extra``: other manifest fields.
    """

    def __init__(
        self,
        people: int = 12,
        *,
        seed: int = 1,
        sealed: bool = True,
        trustees: int = 3,
        threshold: int = 2,
        check: Literal["roll", "codes", "mail"] = "roll",
        registrars: int = 1,
        signatures: int = 1,
        approve: bool = True,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.dice = random.Random(seed)
        self.registrars = [registrar(index) for index in range(registrars)]
        self.rid = roll.registrar_id(self.registrars[0][0])
        self.people = [self._person(number) for number in range(people)]
        self.roll = roll.make_roll([person.slot.leaf for person in self.people])
        self.trustees = [(self.dice.randbytes(32), self.dice.randbytes(32)) for _ in range(trustees if sealed else 0)]
        self.organiser_seed, self.log_seed = self.dice.randbytes(32), self.dice.randbytes(32)
        self.manifest = self._manifest(sealed, threshold if sealed else 0, check, signatures, extra or {})
        manifest.check(self.manifest)
        self.source = manifest.encode(self.manifest)
        self.letter = manifest.letter_id(self.source)
        self.id = base64url.encode(self.letter)
        self.log: list[bytes] = [self.source]
        self.standing = standing.Standing(self.manifest)
        self.objects: dict[str, seal.SignedObject] = {}
        self.published: dict[int, Published] = {}
        for index in range(1, len(self.trustees) + 1) if approve else ():
            self.approve(index)

    @property
    def log_key(self) -> keys.SigningKey:
        """What signs receipts."""
        return keys.SigningKey(self.log_seed)

    def _person(self, number: int) -> Person:
        code, withdrawal = (codes.code_from(self.dice.randbytes(20)) for _ in range(2))
        record = roll.Record(
            group=("reserve", "retired")[number % 3 == 0],
            name=f"{self.dice.choice(GIVEN)} {self.dice.choice(FAMILY)} {number}",
            title=self.dice.choice(TITLES),
        )
        seed = purposes.hkdf(withdrawal, self.rid, "signer-key", 32)
        key = base64url.encode(keys.public_key(seed))
        place, slot = roll.place(code, self.rid), roll.make_slot(code, self.rid, record)
        return Person(number, code, record, place, slot, withdrawal, seed, key)

    def _manifest(
        self, sealed: bool, threshold: int, check: Any, signatures: int, extra: dict[str, Any]
    ) -> manifest.Manifest:
        made = manifest.Manifest(
            v=1,
            origin="letters.example.org/valley",
            title={"en": "Give the valley its water back", "he": "החזירו לעמק את המים"},
            text={language: manifest.text_digest(text) for language, text in TEXTS.items()},
            groups=[
                manifest.Group(id="reserve", name={"en": "Reserve", "he": "מילואים"}),
                manifest.Group(id="retired", name={"en": "Retired", "he": "גמלאים"}),
            ],
            names="sealed" if sealed else "public",
            anonymous="allowed",
            eligibility=manifest.Eligibility(
                check=check,
                size=None if check == "mail" else len(self.people),
                root=self.roll.root if check == "roll" else None,
            ),
            registrars=[base64url.encode(spki) for spki, _ in self.registrars],
            trustees=[
                manifest.Trustee(
                    name=f"Trustee {index}",
                    seal=base64url.encode(seal.seal_public_key(sealing)),
                    sign=base64url.encode(keys.public_key(signing)),
                )
                for index, (sealing, signing) in enumerate(self.trustees, start=1)
            ],
            threshold=threshold,
            organiser=base64url.encode(keys.public_key(self.organiser_seed)),
            log=base64url.encode(keys.public_key(self.log_seed)),
            batch=manifest.Batch(min=1, wait=1),
            release=manifest.Release(signatures=signatures, not_before=NOT_BEFORE, grace=60, abandon_after=ABANDON),
        )
        return msgspec.structs.replace(made, **extra)

    # --- acts: each appends one entry

    def add(self, entry: entries.Entry) -> bytes:
        """Takes an entry in as a server does, from its bytes; gives them. Raises as the protocol does."""
        data = entries.encode(entry)
        parsed = entries.parse(data)
        entries.verify_entry(parsed, self.manifest, self.id)
        self.standing.apply(parsed)
        self.log.append(data)
        return data

    def approve(self, trustee: int) -> bytes:
        """A trustee (from 1) approves."""
        entry = entries.Approval(v=1, letter=self.id, trustee=trustee)
        return self.add(entries.sign_entry(entry, self.trustees[trustee - 1][1]))

    def payload(self, person: Person, kind: Kind = "name") -> seal.Payload:
        """What a person's device would seal."""
        with_roll = self.manifest.eligibility.check == "roll"
        dice = random.Random(person.seed + kind.encode() + bytes([max(person.seq + 1, 0)]))
        return seal.Payload(
            as_=kind,
            group=person.record.group,
            name={"name": person.record.name, "initials": "P. Q."}.get(kind, ""),
            title=person.record.title if kind == "name" else "",
            roll=base64url.encode(person.place.salt) if kind == "name" and with_roll else None,
            nonce=base64url.encode(dice.randbytes(16)),
        )

    def payload_of(self, person: Person) -> seal.Payload:
        """What ``sign`` sealed for a person who signed once, by name."""
        return self.payload(replace(person, seq=person.seq - 1))

    def make_object(self, person: Person, payload: seal.Payload) -> seal.SignedObject:
        """The object of one signature."""
        if not self.manifest.sealed:
            return seal.RecordObject(v=1, letter=self.id, key=person.key, record=payload)
        place = (self.letter, person.key_bytes, canonical.encode(payload))
        if place not in _seals:
            dice = random.Random(b"".join(place))
            _seals[place] = seal.make_seal(
                self.manifest,
                self.letter,
                person.key_bytes,
                payload,
                secret=dice.randbytes(32),
                xs=bytes(dice.sample(range(1, 256), len(self.trustees))),
                coefficients=dice.randbytes(32 * (self.manifest.threshold - 1)),
            )
        return _seals[place]

    def sign_entry(self, person: Person, value: seal.SignedObject, seq: int) -> entries.Sign:
        """The signed entry for an object, not yet in the log."""
        entry = entries.Sign(
            v=1,
            letter=self.id,
            key=person.key,
            seq=seq,
            credentials=[_credential(i, self.rid, person.key_bytes) for i in range(len(self.registrars))],
            object=seal.object_hash(value),
        )
        return entries.sign_entry(entry, person.seed)

    def sign(
        self,
        person: Person,
        kind: Kind = "name",
        *,
        payload: seal.Payload | None = None,
        value: seal.SignedObject | None = None,
    ) -> bytes:
        """Signs, or edits if the person has signed before."""
        value = value or self.make_object(person, payload or self.payload(person, kind))
        data = self.add(self.sign_entry(person, value, person.seq + 1))
        person.seq += 1
        self.objects[person.key] = value
        return data

    def withdraw(self, person: Person) -> bytes:
        """Withdraws; the sealed object is deleted."""
        entry = entries.Withdraw(v=1, letter=self.id, key=person.key)
        data = self.add(entries.sign_entry(entry, person.seed))
        self.objects.pop(person.key, None)
        return data

    def notice(self, number: int | None = None) -> bytes:
        """Announces an edition's cut; by default the next one's."""
        entry = entries.Notice(v=1, letter=self.id, edition=number or len(self.standing.editions) + 1, after=AFTER)
        return self.add(entries.sign_entry(entry, self.organiser_seed))

    def cut(self, number: int | None = None) -> bytes:
        """Fixes whom an edition opens; by default the one announced."""
        entry = entries.Cut(v=1, letter=self.id, edition=number or max(len(self.standing.editions), 1))
        return self.add(entries.sign_entry(entry, self.organiser_seed))

    def strike(self, person: Person, number: int = 1, reason: entries.Reason = "asked") -> bytes:
        """Leaves a name out."""
        entry = entries.Strike(v=1, letter=self.id, edition=number, key=person.key, reason=reason)
        return self.add(entries.sign_entry(entry, self.organiser_seed))

    def abandon(self) -> bytes:
        """Gives the letter up."""
        return self.add(entries.sign_entry(entries.Abandon(v=1, letter=self.id), self.organiser_seed))

    # --- opening and publishing

    def enough(self, trustees: Openers) -> tuple[int, ...]:
        """These trustees, or the first ``threshold`` of them."""
        return tuple(range(1, self.manifest.threshold + 1)) if trustees is None else trustees

    def make_opening(self, key: str, openers: Openers = None) -> opening.Opening:
        """A seal with the shares these trustees opened."""
        value = self.objects[key]
        assert isinstance(value, seal.Seal)
        shares = [(j, seal.open_share(value, j, _seal_key(self.trustees[j - 1][0]))) for j in self.enough(openers)]
        return opening.Opening(key=key, seal=value, shares=[(j, base64url.encode(share)) for j, share in shares])

    def verdicts(self, number: int, openers: Openers = None) -> dict[str, opening.Opened]:
        """The verdict on each signatory edition ``number`` covers who is not struck, short of the roll."""
        found = {}
        for row in edition.covered(self.standing, number):
            if row.struck is None:
                shares = opening.checked_shares(self.make_opening(row.key, openers)) if self.manifest.sealed else {}
                found[row.key] = opening.object_payload(self.objects[row.key], shares, self.manifest)
        return found

    @property
    def root(self) -> bytes:
        """The log's root now."""
        return merkle.root(merkle.leaf_hash(entry) for entry in self.log)

    @property
    def leaves(self) -> frozenset[str] | None:
        """The roll's leaves, in a letter with a roll."""
        return frozenset(self.roll.leaves) if self.manifest.eligibility.check == "roll" else None

    def build(self, number: int, openers: Openers = None) -> edition.Edition:
        """Edition ``number`` over the log as it is now."""
        return edition.build(self.standing, self.id, number, self.root, self.verdicts(number, openers), self.leaves)

    def publish(self, number: int | None = None, openers: Openers = None) -> edition.Edition:
        """Publishes an edition, by default the newest cut, and gives it."""
        number = number or self.standing.cuts
        made = self.build(number, openers)
        self.published[number] = Published(number, edition.encode(made), len(self.log))
        return made

    # --- what is served

    def log_files(self, cosigners: Openers = None) -> dict[str, bytes]:
        """The log as served, by path in a bundle."""
        return serve_log(self, self.log, cosigners)

    def bundle(self, cosigners: Openers = None, openers: Openers = None) -> dict[str, bytes]:
        """Everything public, as the server would put it together now."""
        files = {"manifest.json": self.source, **self.log_files(cosigners)}
        files.update({bundle.text_path(language): text for language, text in TEXTS.items()})
        if self.leaves is not None:
            files["roll.json"] = canonical.encode(self.roll)
        here = [s for s in self.standing.signatories.values() if s.withdrawn is None and s.struck is None]
        if self.manifest.sealed:
            # An edition names every signatory opened up to its cut, also by cuts that were never published.
            for number in range(1, max(self.published, default=0) + 1):
                rows = [self.make_opening(s.key, openers) for s in here if s.opened == number]
                parts = bundle.encode_openings(rows).items()
                files.update({bundle.openings_path(number, part): data for part, data in parts})
        else:
            records = [self.objects[s.key] for s in here]
            files["objects.jsonl"] = bundle.encode_objects(r for r in records if isinstance(r, seal.RecordObject))
        for row in self.published.values():
            if self._must_shrink(row):
                counts = edition.counts_of(edition.parse(row.data))
                files[bundle.counts_path(row.number)] = canonical.encode(counts)
            else:
                files[bundle.edition_path(row.number)] = row.data
        return files

    def _must_shrink(self, row: Published) -> bool:
        """Whether a signatory the edition could name has withdrawn, or was struck, since it was published."""
        people = self.standing.signatories.values()
        then = [s for s in people if s.opened is not None and s.opened <= row.number]
        return any(s.withdrawn is not None and s.withdrawn >= row.size for s in then) or any(
            s.struck is not None and s.struck >= row.size for s in then
        )


@functools.cache
def _seal_key(seed: bytes) -> Any:
    return seal.seal_key(seed)


def serve_log(world: LetterWorld, log: list[bytes], cosigners: Openers = None) -> dict[str, bytes]:
    """Any list of entries as a log signed by this world's keys: also one a dishonest operator rewrote."""
    store: dict[str, bytes] = {}
    done = 0
    while done < len(log):
        part = log[done : done + 200]
        store.update(tiles.extend(done, store.__getitem__, part))
        done += len(part)
    root = merkle.root(merkle.leaf_hash(entry) for entry in log)
    state = checkpoint.Checkpoint(world.manifest.origin, len(log), root)
    signed = checkpoint.sign(state, world.log_seed)
    lines = [
        checkpoint.cosign(state, index, world.trustees[index - 1][1], COSIGNED) for index in world.enough(cosigners)
    ]
    files = {path: store[path.removeprefix("log/")] for path in bundle.log_paths(len(log))[1:]}
    return {"log/checkpoint": Note(signed.text, (*signed.signatures, *lines)).encode(), **files}
