"""Invented people who act on a letter: organiser, signatories, trustees. They know the protocol and HTTP, nothing else.

``Call`` is how they reach the site: a function of method, path, body and headers. Tests hand in one over ASGI in this
process, or one over a real connection.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from undersigned.protocol import base64url as b64
from undersigned.protocol import (
    canonical,
    codes,
    credential,
    entries,
    keys,
    manifest,
    note,
    opening,
    purposes,
    roll,
    seal,
)
from undersigned.protocol import checkpoint as checkpoints
from undersigned.protocol import request as requests

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return canonical.decode(self.body, limit=canonical.MAX_DOCUMENT)

    @property
    def problem(self) -> str:
        """The last word of the problem's type; checks that it is a whole problem."""
        assert self.headers["content-type"] == "application/problem+json"
        found = self.json
        assert found["status"] == self.status
        assert found["detail"]
        assert found["title"]
        return str(found["type"]).removeprefix("urn:undersigned:problem:")


Call = Callable[..., Answer]


def post(call: Call, path: str, value: object, **headers: str) -> Answer:
    """A JSON post."""
    return call("POST", path, canonical.encode(value), {**JSON, **headers})


@dataclass
class Signer:
    """One person with an access code and, once signed, a key."""

    code: bytes
    record: roll.Record
    seed: bytes = b""
    seq: int = 0
    credential: entries.Credential | None = None
    entry: entries.Sign | None = None
    object: Any = None

    @property
    def key(self) -> str:
        """Their public key."""
        return b64.encode(keys.public_key(self.seed))


@dataclass
class Letter:
    """A letter as its organiser holds it, with its trustees and the people on its roll."""

    call: Call
    token: str
    slug: str
    people: list[Signer] = field(default_factory=list)
    organiser: bytes = field(default_factory=lambda: os.urandom(32))
    trustees: list[tuple[bytes, bytes]] = field(default_factory=list)
    manifest: manifest.Manifest = None  # type: ignore[assignment]
    id: bytes = b""

    @property
    def l(self) -> str:  # noqa: E743
        """The letter id as it is written."""
        return b64.encode(self.id)

    @property
    def auth(self) -> dict[str, str]:
        """The organiser's header."""
        return {"authorization": f"Bearer {self.token}"}

    @property
    def rid(self) -> bytes:
        """The registrar's id."""
        return roll.registrar_id(b64.decode(self.manifest.registrars[0]))

    def get(self, path: str, **headers: str) -> Answer:
        """A GET under the letter's origin."""
        return self.call("GET", f"/{self.slug}/{path}", b"", headers)

    def post(self, path: str, value: object, **headers: str) -> Answer:
        """A JSON post under the letter's origin."""
        return post(self.call, f"/{self.slug}/{path}", value, **headers)

    def entry(self, value: Any, seed: bytes, **more: object) -> Answer:
        """Signs and posts an entry."""
        return self.post("entries", {"entry": entries.sign_entry(value, seed), **more})

    def status(self) -> Any:
        """The organiser's figures."""
        return self.get("status", **self.auth).json


TEXTS = {
    "en": "# Give the valley its water\n\nWe ask for **water**.\n",
    "he": "# תנו לעמק מים\n\nאנו מבקשים **מים**.\n",
}


ARABIC = {
    "text": "# أعطوا الوادي ماءه\n\nنطلب **الماء**.\n",
    "title": "أعطوا الوادي ماءه",
    "reserve": "الاحتياط",
    "retired": "المتقاعدون",
}


def _named(english: str, hebrew: str, arabic: str, with_arabic: bool, also: tuple[str, ...]) -> dict[str, str]:
    named = {"en": english, "he": hebrew, **({"ar": ARABIC[arabic]} if with_arabic else {})}
    return named | dict.fromkeys(also, english)


def invented(number: int, tag: str = "Nr") -> roll.Record:
    """A plainly invented person."""
    names = (
        f"Testperson {tag}{number}",
        f"דנה בדיקה{tag}{number}",
        f"تجربة رقم{tag}{number}",
        f"Тест Номер{tag}{number}",
    )
    name = names[number % 4]
    return roll.Record(group="reserve" if number % 2 else "retired", name=name, title="Capt." if number % 3 else "")


def start(
    call: Call, token: str, authority: str, slug: str, *, size: int = 6, trustees: int = 3, threshold: int = 2,
    public: bool = False, check: Literal["roll", "codes", "mail"] = "roll",
    batch: tuple[int, int] = (1, 0), signatures: int = 1, grace: int = 0,
    tag: str = "Nr", domains: list[str] | None = None, arabic: bool = False,
    also: tuple[str, ...] = (),
) -> Letter:  # fmt: skip
    """A letter whose manifest is fixed: draft, texts, codes, manifest.

    ``also``: further languages, in which everything is as in English.
    """
    letter = Letter(call, token, slug)
    made = post(call, "/api/letters", {"slug": slug}, **letter.auth)
    assert made.status == 201, made.body
    spki = made.json["registrar"]
    rid = roll.registrar_id(b64.decode(spki))
    letter.people = [Signer(codes.code_from(os.urandom(20)), invented(i, tag)) for i in range(size)]
    with_roll = check == "roll"
    # With a mail check codes are made when their mails are sent.
    slots = [roll.make_slot(p.code, rid, p.record) for p in letter.people] if check != "mail" else []
    for i in range(0, len(slots), 100):
        rows = [
            {
                "box": b64.encode(s.box) if with_roll else None,
                "leaf": b64.encode(s.leaf) if with_roll else None,
                "token_hash": b64.encode(s.token_hash),
            }
            for s in slots[i : i + 100]
        ]
        assert letter.post("draft/codes", {"codes": rows}, **letter.auth).status == 204
    texts = {**TEXTS, **({"ar": ARABIC["text"]} if arabic else {}), **dict.fromkeys(also, TEXTS["en"])}
    for language, text in texts.items():
        assert letter.post("draft/text", {"language": language, "text": text}, **letter.auth).status == 204
    letter.trustees = [] if public else [(os.urandom(32), os.urandom(32)) for _ in range(trustees)]
    letter.manifest = manifest.Manifest(
        v=1,
        origin=f"{authority}/{slug}",
        title=_named("Give the valley its water", "תנו לעמק מים", "title", arabic, also),
        text={language: manifest.text_digest(text.encode()) for language, text in texts.items()},
        groups=[
            manifest.Group(id="reserve", name=_named("Reserve", "מילואים", "reserve", arabic, also)),
            manifest.Group(id="retired", name=_named("Retired", "בדימוס", "retired", arabic, also)),
        ],
        names="public" if public else "sealed",
        anonymous="allowed",
        eligibility=manifest.Eligibility(
            check=check,
            size=size if check != "mail" else None,
            domains=domains,
            root=roll.make_roll([s.leaf for s in slots]).root if with_roll else None,
        ),
        registrars=[spki],
        trustees=[
            manifest.Trustee(
                name=f"Trustee {i}", seal=b64.encode(seal.seal_public_key(a)), sign=b64.encode(keys.public_key(b))
            )
            for i, (a, b) in enumerate(letter.trustees, start=1)
        ],
        threshold=0 if public else threshold,
        organiser=b64.encode(keys.public_key(letter.organiser)),
        log=made.json["log"],
        batch=manifest.Batch(min=batch[0], wait=batch[1]),
        release=manifest.Release(
            signatures=signatures, not_before="2026-01-01T00:00:00Z", grace=grace, abandon_after="2099-01-01T00:00:00Z"
        ),
    )
    letter.id = manifest.letter_id(manifest.encode(letter.manifest))
    fixed = letter.post("draft/manifest", {"manifest": letter.manifest}, **letter.auth)
    assert fixed.status == 201, fixed.body
    assert fixed.json == {"letter": letter.l}
    return letter


def approve(letter: Letter) -> None:
    """Every trustee approves."""
    for number, (_, seed) in enumerate(letter.trustees, start=1):
        answer = letter.entry(entries.Approval(v=1, letter=letter.l, trustee=number), seed)
        assert answer.status == 201, answer.body


@cache
def _public(spki: str) -> RSAPublicKey:
    return credential.load_public(b64.decode(spki))


@dataclass(frozen=True)
class Question:
    """An activation before its answer."""

    body: dict[str, str]
    prefix: bytes
    blinding: credential.Blinding


def ask(letter: Letter, signer: Signer) -> Question:
    """Blinds a fresh key; sets the signer's seed."""
    public = _public(letter.manifest.registrars[0])
    withdrawal = codes.code_from(os.urandom(20))
    signer.seed = purposes.hkdf(withdrawal, letter.rid, "signer-key", 32)
    prefix = os.urandom(32)
    message = credential.credential_message(letter.rid, keys.public_key(signer.seed))
    factor = secrets.randbelow(public.public_numbers().n - 1) + 1
    blinding = credential.blind(public, credential.prepare(message, prefix), salt=os.urandom(48), factor=factor)
    token = roll.place(signer.code, letter.rid).token
    return Question({"blinded": b64.encode(blinding.blinded), "token": b64.encode(token)}, prefix, blinding)


def finish(letter: Letter, signer: Signer, question: Question, signature: str) -> None:
    """Takes the registrar's answer."""
    public = _public(letter.manifest.registrars[0])
    made = credential.finalise(public, question.blinding, b64.decode(signature))
    signer.credential = entries.Credential(
        prefix=b64.encode(question.prefix), registrar=b64.encode(letter.rid), signature=b64.encode(made)
    )


def activate(letter: Letter, signer: Signer) -> None:
    """Turns the access code into a credential for a fresh key."""
    question = ask(letter, signer)
    answer = letter.post("activate", question.body)
    assert answer.status == 200, answer.body
    if letter.manifest.eligibility.check == "roll":
        box, leaf = b64.decode(answer.json["box"]), b64.decode(answer.json["leaf"])
        assert roll.open_box(roll.place(signer.code, letter.rid), leaf, box) == signer.record
    finish(letter, signer, question, answer.json["signature"])


def payload_of(letter: Letter, signer: Signer, as_: str = "name") -> seal.Payload:
    """What a signer seals."""
    with_roll = letter.manifest.eligibility.check == "roll" and as_ == "name"
    place = roll.place(signer.code, letter.rid)
    name = {"name": signer.record.name, "initials": "T. P.", "anonymous": ""}[as_]
    return seal.Payload(
        as_=as_,  # type: ignore[arg-type]
        group=signer.record.group,
        name=name,
        title=signer.record.title if as_ == "name" else "",
        roll=b64.encode(place.salt) if with_roll else None,
        nonce=b64.encode(os.urandom(16)),
    )


def prepare(letter: Letter, signer: Signer, as_: str = "name") -> dict[str, object]:
    """The body of POST entries for the signer's next signature."""
    payload = payload_of(letter, signer, as_)
    if letter.manifest.sealed:
        signer.object = seal.make_seal(
            letter.manifest, letter.id, keys.public_key(signer.seed), payload, secret=os.urandom(32),
            xs=bytes(secrets.SystemRandom().sample(range(1, 256), len(letter.trustees))),
            coefficients=os.urandom(32 * (letter.manifest.threshold - 1)),
        )  # fmt: skip
    else:
        signer.object = seal.RecordObject(v=1, letter=letter.l, key=signer.key, record=payload)
    assert signer.credential is not None
    unsigned = entries.Sign(
        v=1, letter=letter.l, key=signer.key, seq=signer.seq, credentials=[signer.credential],
        object=seal.object_hash(signer.object),
    )  # fmt: skip
    signer.entry = entries.sign_entry(unsigned, signer.seed)
    signer.seq += 1
    return {"entry": signer.entry, "object": signer.object}


def sign(letter: Letter, signer: Signer, as_: str = "name") -> Answer:
    """Activates, if need be, and signs."""
    if signer.credential is None:
        activate(letter, signer)
    return letter.post("entries", prepare(letter, signer, as_))


def withdraw(letter: Letter, signer: Signer) -> Answer:
    """Withdraws."""
    return letter.entry(entries.Withdraw(v=1, letter=letter.l, key=signer.key), signer.seed)


def notice(letter: Letter, edition: int = 1, after: str = "2099-01-01T00:00:00Z") -> Answer:
    """Gives notice."""
    return letter.entry(entries.Notice(v=1, letter=letter.l, edition=edition, after=after), letter.organiser)


def cut(letter: Letter, edition: int = 1) -> Answer:
    """Cuts."""
    return letter.entry(entries.Cut(v=1, letter=letter.l, edition=edition), letter.organiser)


def strike(letter: Letter, key: str, reason: Any = "asked", edition: int = 1) -> Answer:
    """Strikes."""
    return letter.entry(entries.Strike(v=1, letter=letter.l, edition=edition, key=key, reason=reason), letter.organiser)


def cosign(letter: Letter, trustee: int, when: int = 1_800_000_000) -> Answer:
    """Cosigns the checkpoint that is served."""
    served = note.parse(letter.get("log/checkpoint").body)
    line = checkpoints.cosign(checkpoints.parse_text(served.text), trustee, letter.trustees[trustee - 1][1], when)
    body = line.encode().encode("utf-8")
    return letter.call("POST", f"/{letter.slug}/cosignatures", body, {"content-type": "text/plain"})


def seals(letter: Letter, trustee: int, now: int) -> dict[str, tuple[int, seal.Seal]]:
    """Every seal a trustee is given, by key."""
    found: dict[str, tuple[int, seal.Seal]] = {}
    following: int | None = 0
    while following is not None:
        path = f"/{letter.slug}/seals?from={following}"
        header = requests.authorize(letter.id, trustee, now, path, letter.trustees[trustee - 1][1])
        answer = letter.call("GET", path, b"", {"authorization": header})
        assert answer.status == 200, answer.body
        for row in answer.json["seals"]:
            value = seal.parse_object(canonical.encode(row["object"]))
            assert isinstance(value, seal.Seal)
            found[value.key] = (row["index"], value)
        following = answer.json["next"]
    return found


def open_names(letter: Letter, trustee: int, now: int, wanted: set[str], edition: int = 1) -> Answer:
    """A trustee opens ``wanted`` keys in one post."""
    private = seal.seal_key(letter.trustees[trustee - 1][0])
    held = seals(letter, trustee, now)
    shares = {key: b64.encode(seal.open_share(held[key][1], trustee, private)) for key in sorted(wanted)}
    unsigned = opening.Openings(v=1, letter=letter.l, edition=edition, trustee=trustee, shares=shares)
    return letter.post("openings", opening.sign_openings(unsigned, letter.trustees[trustee - 1][1]))
