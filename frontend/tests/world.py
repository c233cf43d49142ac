"""A whole letter in memory, through the protocol package: what the fixtures are cut from. Invented people only."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

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
from undersigned.protocol.seal import Payload

NAMES = ("Person", "דנה כהן", "ليلى حسن", "Иван Петров", "Zoë Müller")
TEXTS = {"en": b"Give the valley its water back.\n", "he": "החזירו לעמק את המים.\n".encode()}


@dataclass
class Person:
    """A person of the roll, and what their device knew."""

    code: bytes
    record: roll.Record
    slot: roll.Slot
    withdrawal: bytes = b""
    seed: bytes = b""
    key: bytes = b""
    seq: int = -1
    credentials: list[entries.Credential] = field(default_factory=list)


class World:
    """One letter's life. Every act goes through the protocol's own checks, as on a server."""

    def __init__(
        self,
        people: int,
        *,
        sealed: bool = True,
        trustees: int = 3,
        threshold: int = 2,
        origin: str = "127.0.0.1:8000/valley",
    ) -> None:
        private = rsa.generate_private_key(65537, credential.KEY_BITS)
        self.spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.registrar = credential.load_private(
            private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        )
        self.rid = roll.registrar_id(self.spki)
        self.people = [self._person(number) for number in range(people)]
        self.roll = roll.make_roll([person.slot.leaf for person in self.people])
        self.trustees = [(os.urandom(32), os.urandom(32)) for _ in range(trustees if sealed else 0)]
        self.organiser, self.log_seed = os.urandom(32), os.urandom(32)
        self.sealed, self.threshold, self.origin = sealed, threshold, origin
        self.freeze()

    @property
    def log_key(self) -> keys.SigningKey:
        """What signs receipts."""
        return keys.SigningKey(self.log_seed)

    def freeze(self) -> None:
        """Fixes the manifest for the people there are, and begins the log."""
        self.manifest = self._manifest(self.sealed, self.threshold, self.origin)
        self.source = manifest.encode(self.manifest)
        self.letter = manifest.letter_id(self.source)
        self.id = base64url.encode(self.letter)
        self.log: list[bytes] = [self.source]
        self.standing = standing.Standing(self.manifest)
        self.objects: dict[str, seal.SignedObject] = {}
        for index, (_, seed) in enumerate(self.trustees, start=1):
            self.add(entries.sign_entry(entries.Approval(v=1, letter=self.id, trustee=index), seed))

    def _person(self, number: int) -> Person:
        code = codes.code_from(os.urandom(20))
        name = f"{NAMES[number % len(NAMES)]} {number}"
        record = roll.Record(
            group="reserve" if number % 3 else "retired", name=name, title="Maj." if number % 2 else ""
        )
        return Person(code, record, roll.make_slot(code, self.rid, record))

    def _manifest(self, sealed: bool, threshold: int, origin: str) -> manifest.Manifest:
        return manifest.Manifest(
            v=1,
            origin=origin,
            title={"en": "Give the valley its water back", "he": "החזירו לעמק את המים"},
            text={language: manifest.text_digest(text) for language, text in TEXTS.items()},
            groups=[
                manifest.Group(id="reserve", name={"en": "Reserve", "he": "מילואים"}),
                manifest.Group(id="retired", name={"en": "Retired", "he": "גמלאים"}),
            ],
            names="sealed" if sealed else "public",
            anonymous="allowed",
            eligibility=manifest.Eligibility(check="roll", size=len(self.people), root=self.roll.root),
            registrars=[base64url.encode(self.spki)],
            trustees=[
                manifest.Trustee(
                    name=f"Trustee {index}",
                    seal=base64url.encode(seal.seal_public_key(sealing)),
                    sign=base64url.encode(keys.public_key(signing)),
                )
                for index, (sealing, signing) in enumerate(self.trustees, start=1)
            ],
            threshold=threshold if sealed else 0,
            organiser=base64url.encode(keys.public_key(self.organiser)),
            log=base64url.encode(keys.public_key(self.log_seed)),
            batch=manifest.Batch(min=1, wait=1),
            release=manifest.Release(
                signatures=1, not_before="2026-01-01T00:00:00Z", grace=1, abandon_after="2036-01-01T00:00:00Z"
            ),
        )

    def add(self, entry: entries.Entry) -> bytes:
        """Takes an entry in as a server does, checked from its bytes."""
        data = entries.encode(entry)
        parsed = entries.parse(data)
        entries.verify_entry(parsed, self.manifest, self.id)
        self.standing.apply(parsed)
        self.log.append(data)
        return data

    def certify(self, person: Person) -> None:
        """Makes a key for a person and has it certified by a blind signature."""
        person.withdrawal = codes.code_from(os.urandom(20))
        person.seed = purposes.hkdf(person.withdrawal, self.rid, "signer-key", 32)
        person.key = keys.public_key(person.seed)
        prefix = os.urandom(32)
        public = credential.load_public(self.spki)
        blinding = credential.blind(
            public,
            credential.prepare(credential.credential_message(self.rid, person.key), prefix),
            salt=os.urandom(48),
            factor=secrets.randbelow(self.registrar.n - 1) + 1,
        )
        answer = self.blind_sign(blinding.blinded)
        signature = credential.finalise(public, blinding, answer)
        person.credentials = [
            entries.Credential(
                prefix=base64url.encode(prefix),
                registrar=base64url.encode(self.rid),
                signature=base64url.encode(signature),
            )
        ]

    def blind_sign(self, blinded: bytes) -> bytes:
        """The registrar's answer."""
        return credential.blind_sign(self.registrar, blinded, factor=secrets.randbelow(self.registrar.n - 1) + 1)

    def payload(self, person: Person, kind: str) -> Payload:
        """What a person seals: name, initials or anonymous."""
        record, salt = person.record, roll.place(person.code, self.rid).salt
        return Payload(
            as_=kind,  # type: ignore[arg-type]
            group=record.group,
            name={"name": record.name, "initials": "P. Q."}.get(kind, ""),
            title=record.title if kind == "name" else "",
            roll=base64url.encode(salt) if kind == "name" else None,
            nonce=base64url.encode(os.urandom(16)),
        )

    def seal(self, key: bytes, payload: Payload) -> seal.SignedObject:
        """The object of one signature."""
        if not self.manifest.sealed:
            return seal.RecordObject(v=1, letter=self.id, key=base64url.encode(key), record=payload)
        return seal.make_seal(
            self.manifest,
            self.letter,
            key,
            payload,
            secret=os.urandom(32),
            xs=bytes(secrets.SystemRandom().sample(range(1, 256), len(self.trustees))),
            coefficients=os.urandom(32 * (self.manifest.threshold - 1)),
        )

    def sign(self, person: Person, kind: str = "name", payload: Payload | None = None) -> None:
        """Signs, or edits if the person has signed before."""
        if not person.key:
            self.certify(person)
        value = self.seal(person.key, payload or self.payload(person, kind))
        person.seq += 1
        key = base64url.encode(person.key)
        self.add(
            entries.sign_entry(
                entries.Sign(
                    v=1,
                    letter=self.id,
                    key=key,
                    seq=person.seq,
                    credentials=person.credentials,
                    object=seal.object_hash(value),
                ),
                person.seed,
            )
        )
        self.objects[key] = value

    def sign_with_wrong_share(self, person: Person) -> None:
        """Signs with a seal whose second trustee was given a share that is not on the polynomial: it must be void."""
        make = self.seal

        def cheat(key: bytes, payload: Payload) -> seal.SignedObject:
            value = make(key, payload)
            assert isinstance(value, seal.Seal)
            wrong = msgspec.structs.replace(value.shares[1], commit=base64url.encode(os.urandom(32)))
            return msgspec.structs.replace(value, shares=[value.shares[0], wrong, *value.shares[2:]])

        self.seal = cheat  # type: ignore[method-assign]
        try:
            self.sign(person)
        finally:
            self.seal = make  # type: ignore[method-assign]

    def withdraw(self, person: Person) -> None:
        """Withdraws."""
        entry = entries.Withdraw(v=1, letter=self.id, key=base64url.encode(person.key))
        self.add(entries.sign_entry(entry, person.seed))

    def notice(self, number: int) -> None:
        """Announces an edition's cut."""
        entry = entries.Notice(v=1, letter=self.id, edition=number, after="2026-01-02T00:00:00Z")
        self.add(entries.sign_entry(entry, self.organiser))

    def cut(self, number: int) -> None:
        """Fixes whom an edition opens."""
        self.add(entries.sign_entry(entries.Cut(v=1, letter=self.id, edition=number), self.organiser))

    def strike(self, number: int, person: Person) -> None:
        """Leaves a name out of an edition."""
        key = base64url.encode(person.key)
        entry = entries.Strike(v=1, letter=self.id, edition=number, key=key, reason="asked")
        self.add(entries.sign_entry(entry, self.organiser))

    def log_files(self, size: int | None = None, cosigners: tuple[int, ...] = (1, 3)) -> dict[str, bytes]:
        """The log as served, by path under the letter's origin."""
        log = self.log[:size]
        store: dict[str, bytes] = {}
        done = 0
        while done < len(log):
            part = log[done : done + 200]
            store.update(tiles.extend(done, store.__getitem__, part))
            done += len(part)
        root = merkle.root(merkle.leaf_hash(entry) for entry in log)
        state = checkpoint.Checkpoint(self.manifest.origin, len(log), root)
        note = checkpoint.sign(state, self.log_seed)
        lines = [
            checkpoint.cosign(state, index, self.trustees[index - 1][1], 1_700_000_000 + index)
            for index in cosigners
            if index <= len(self.trustees)
        ]
        note = Note(note.text, (*note.signatures, *lines))
        files = {path: store[path[4:]] for path in bundle.log_paths(len(log))[1:]}
        return {"log/checkpoint": note.encode(), **files}

    def opening(self, key: str, openers: tuple[int, ...] = (1, 3)) -> opening.Opening:
        """A seal and the shares that trustees opened."""
        value = self.objects[key]
        assert isinstance(value, seal.Seal)
        shares = [(j, seal.open_share(value, j, seal.seal_key(self.trustees[j - 1][0]))) for j in openers]
        return opening.Opening(key=key, seal=value, shares=[(j, base64url.encode(share)) for j, share in shares])

    def edition(self, number: int) -> bytes:
        """An edition over the log as it is now."""
        verdicts = {}
        for row in edition.covered(self.standing, number):
            if row.struck is None:
                value = self.objects[row.key]
                shares = opening.checked_shares(self.opening(row.key)) if self.manifest.sealed else {}
                verdicts[row.key] = opening.object_payload(value, shares, self.manifest)
        root = merkle.root(merkle.leaf_hash(entry) for entry in self.log)
        leaves = frozenset(self.roll.leaves)
        return edition.encode(edition.build(self.standing, self.id, number, root, verdicts, leaves))

    def bundle(self, editions: dict[int, bytes], cosigners: tuple[int, ...] = (1, 3)) -> dict[str, bytes]:
        """Everything public, with these editions."""
        files = {
            "manifest.json": self.source,
            "roll.json": canonical.encode(self.roll),
            **{bundle.text_path(language): text for language, text in TEXTS.items()},
            **self.log_files(cosigners=cosigners),
        }
        for number, data in editions.items():
            files[bundle.edition_path(number)] = data
        if self.manifest.sealed:
            for number in range(1, self.standing.cuts + 1):
                rows = [s for s in self.standing.open_set(number) if s.struck is None and s.withdrawn is None]
                parts = bundle.encode_openings(self.opening(s.key) for s in rows)
                files |= {bundle.openings_path(number, part): data for part, data in parts.items()}
        else:
            rows = [s for s in self.standing.signatories.values() if s.struck is None and s.withdrawn is None]
            files["objects.jsonl"] = bundle.encode_objects(self.objects[s.key] for s in rows)  # type: ignore[misc]
        return files


def set_signature(entry: entries.E, signature: str) -> entries.E:
    """An entry with another signature in place."""
    return msgspec.structs.replace(entry, signature=signature)
