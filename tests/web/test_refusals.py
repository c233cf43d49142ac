"""Invalid requests: each gets a problem with a stable type, the right 4xx status, and nothing is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.apps import apps
from django.conf import settings

from undersigned.protocol import base64url as b64
from undersigned.protocol import canonical, codes, entries, keys, opening
from undersigned.protocol import request as requests

from . import people
from .conftest import Site
from .people import JSON, Answer, Letter


def world_bytes() -> str:
    """A hash over every row of every table and every served file."""
    digest = hashlib.sha256()
    for model in apps.get_models():
        for row in model._default_manager.order_by("pk").values_list():
            digest.update(repr([bytes(v) if isinstance(v, memoryview) else v for v in row]).encode())
    for path in sorted(settings.DATA.public.rglob("*")):
        digest.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()


def raw(path: str, body: bytes, kind: str = "application/json") -> Callable[[Letter], Answer]:
    """A post of these bytes."""
    return lambda letter: letter.call("POST", f"/{letter.slug}/{path}", body, {"content-type": kind})


def signature(change: Callable[[Letter, dict[str, Any]], dict[str, Any]]) -> Callable[[Letter], Answer]:
    """A good signature by the third person, changed."""

    def send(letter: Letter) -> Answer:
        return letter.post("entries", change(letter, dict(PREPARED[letter.slug])))

    return send


PREPARED: dict[str, dict[str, Any]] = {}


def resigned(owner: Letter, body: dict[str, Any], /, **fields: Any) -> dict[str, Any]:
    """The entry with other fields, signed again by its key."""
    entry = msgspec.structs.replace(body["entry"], **fields)
    return {**body, "entry": entries.sign_entry(entry, owner.people[2].seed)}


def other_object(letter: Letter, body: dict[str, Any]) -> dict[str, Any]:
    """Another person's sealed name."""
    return {**body, "object": letter.people[0].object}


def nested(depth: int) -> bytes:
    return b'{"entry":' + b"[" * depth + b"]" * depth + b"}"


def flipped(letter: Letter, body: dict[str, Any]) -> dict[str, Any]:
    spelt = bytearray(b64.decode(body["entry"].signature))
    spelt[5] ^= 1
    return {**body, "entry": msgspec.structs.replace(body["entry"], signature=b64.encode(bytes(spelt)))}


def forged_credential(letter: Letter, body: dict[str, Any]) -> dict[str, Any]:
    forged = msgspec.structs.replace(body["entry"].credentials[0], signature=b64.encode(bytes(384)))
    return resigned(letter, body, credentials=[forged])


def question(**change: Any) -> Callable[[Letter], Answer]:
    """An activation with other fields."""
    return lambda letter: letter.post(
        "activate", {**people.ask(letter, people.Signer(b"0" * 20, letter.people[0].record)).body, **change}
    )


def used_code(letter: Letter) -> Answer:
    """Another request with the code of a person who has signed."""
    again = people.Signer(letter.people[0].code, letter.people[0].record)
    return letter.post("activate", people.ask(letter, again).body)


def new_letter(slug: str) -> Callable[[Letter], Answer]:
    """A new letter at this word."""
    return lambda letter: people.post(letter.call, "/api/letters", {"slug": slug}, **letter.auth)


def organiser(path: str, value: object, token: str | None = None) -> Callable[[Letter], Answer]:
    """A post with the organiser's token, or another."""
    return lambda letter: letter.post(path, value, authorization=f"Bearer {token or letter.token}")


BIG = canonical.encode({"entry": "x" * 70_000})
STRANGER = bytes(range(32))
STRANGER_KEY = b64.encode(keys.public_key(STRANGER))

MATRIX: dict[str, tuple[Callable[[Letter], Answer], int, str]] = {
    "no json": (raw("entries", b"hello"), 400, "malformed"),
    "nothing at all": (raw("entries", b""), 400, "malformed"),
    "half a json": (raw("entries", b'{"entry":{'), 400, "malformed"),
    "not utf-8": (raw("entries", b'{"entry":"\xff\xfe"}'), 400, "malformed"),
    "another shape": (raw("entries", b"[1,2,3]"), 400, "malformed"),
    "a type spelt in two marks": (raw("entries", b'{"entry":{"type":"a\xcc\x81"}}'), 400, "malformed"),
    "duplicate keys": (raw("activate", b'{"blinded":"a","blinded":"b","token":"c"}'), 400, "malformed"),
    "stray space": (raw("activate", b'{"blinded":"a", "token":"c"}'), 400, "malformed"),
    "unknown field": (raw("activate", b'{"blinded":"a","token":"c","x":1}'), 400, "malformed"),
    "deep nesting": (raw("entries", nested(5000)), 400, "malformed"),
    "a huge number": (raw("entries", b'{"entry":' + b"9" * 5000 + b"}"), 400, "malformed"),
    "oversize entry": (raw("entries", BIG), 413, "too-large"),
    "oversize activation": (raw("activate", BIG), 413, "too-large"),
    "oversize openings": (raw("openings", BIG), 413, "too-large"),
    "oversize cosignature": (raw("cosignatures", BIG, "text/plain"), 413, "too-large"),
    "wrong type": (raw("entries", b"{}", "text/plain"), 415, "unsupported-type"),
    "no type": (raw("activate", b"{}", ""), 415, "unsupported-type"),
    "a form": (raw("openings", b"a=b", "application/x-www-form-urlencoded"), 415, "unsupported-type"),
    "cosignature as json": (raw("cosignatures", b"{}"), 415, "unsupported-type"),
    "get entries": (lambda s: s.get("entries"), 405, "method-not-allowed"),
    "get publish": (lambda s: s.get("publish", **s.auth), 405, "method-not-allowed"),
    "post a file": (raw("manifest.json", b"{}"), 405, "method-not-allowed"),
    "post seals": (raw("seals", b"{}"), 405, "method-not-allowed"),
    "put": (lambda s: s.call("PUT", f"/{s.slug}/entries", b"{}", JSON), 405, "method-not-allowed"),
    "no such page": (lambda s: s.get("nothing-here"), 404, "not-found"),
    "above the root": (lambda s: s.call("GET", f"/{s.slug}/../../keys/organiser-token"), 404, "not-found"),
    "a name too long for any file": (lambda s: s.get("a" * 300), 404, "not-found"),
    "an address too long for any file": (lambda s: s.get("a/" * 2500), 404, "not-found"),
    "a hidden file": (lambda s: s.get(".secret"), 404, "not-found"),
    "an edition to come": (lambda s: s.get("editions/1/edition.json"), 404, "not-found"),
    "no such letter": (lambda s: people.post(s.call, "/nowhere/entries", PREPARED[s.slug]), 404, "letter-unknown"),
    "no such letter to activate": (
        lambda s: people.post(s.call, "/nowhere/activate", people.ask(s, s.people[4]).body), 404, "letter-unknown",
    ),
    "another letter's entry": (
        signature(lambda s, b: resigned(s, b, letter=b64.encode(STRANGER))), 404, "letter-unknown",
    ),
    "a broken signature": (signature(flipped), 403, "signature-invalid"),
    "a forged credential": (signature(forged_credential), 403, "credential-invalid"),
    "no credential": (signature(lambda s, b: resigned(s, b, credentials=[])), 403, "credential-invalid"),
    "another's object": (signature(other_object), 422, "object-mismatch"),
    "no object": (signature(lambda s, b: {"entry": b["entry"]}), 400, "malformed"),
    "a first signature that is not the first": (signature(lambda s, b: resigned(s, b, seq=3)), 409, "sequence"),
    "a used code": (used_code, 409, "code-used"),
    "an unknown code": (question(), 403, "code-unknown"),
    "a short token": (question(token="AAAA"), 400, "malformed"),
    "a blinded value of another length": (question(blinded="AAAA"), 400, "malformed"),
    "withdrawal of a stranger": (
        lambda s: s.entry(entries.Withdraw(v=1, letter=s.l, key=STRANGER_KEY), STRANGER),
        409, "sequence",
    ),
    "withdrawal signed with another key": (
        lambda s: s.entry(entries.Withdraw(v=1, letter=s.l, key=s.people[0].key), STRANGER), 403, "signature-invalid",
    ),
    "signing again after withdrawing": (lambda s: people.sign(s, s.people[1]), 409, "key-withdrawn"),
    "withdrawing twice": (
        lambda s: s.entry(entries.Withdraw(v=1, letter=s.l, key=s.people[1].key), s.people[1].seed), 200, "",
    ),
    "an approval again": (lambda s: s.entry(entries.Approval(v=1, letter=s.l, trustee=9), STRANGER), 400, "malformed"),
    "a notice by a trustee": (
        lambda s: s.entry(entries.Notice(v=1, letter=s.l, edition=1, after="2099-01-01T00:00:00Z"), s.trustees[0][1]),
        403, "signature-invalid",
    ),
    "a notice for yesterday": (lambda s: people.notice(s, after="2020-01-01T00:00:00Z"), 409, "condition-unmet"),
    "a notice of edition 2": (lambda s: people.notice(s, 2), 409, "sequence"),
    "a cut without notice": (people.cut, 409, "sequence"),
    "a strike before the cut": (lambda s: people.strike(s, s.people[0].key), 409, "sequence"),
    "the manifest as an entry": (
        lambda s: s.post("entries", {"entry": s.manifest}), 400, "malformed",
    ),
    "openings before the cut": (
        lambda s: s.post("openings", opening.sign_openings(
            opening.Openings(v=1, letter=s.l, edition=1, trustee=1, shares={}), s.trustees[0][1])),
        409, "sequence",
    ),
    "openings of an unknown trustee": (
        lambda s: s.post("openings", opening.sign_openings(
            opening.Openings(v=1, letter=s.l, edition=1, trustee=1, shares={}), STRANGER)),
        403, "signature-invalid",
    ),
    "a stranger's cosignature": (raw("cosignatures", "— x AAAAAAAA\n".encode(), "text/plain"), 400, "malformed"),
    "no cosignature": (raw("cosignatures", b"\n", "text/plain"), 400, "malformed"),
    "seals without a signature": (lambda s: s.get("seals?from=0"), 401, "not-authorized"),
    "seals with another path's signature": (
        lambda s: s.get("seals?from=1", authorization=requests.authorize(
            s.id, 1, 1_800_000_000, f"/{s.slug}/seals?from=0", s.trustees[0][1])),
        401, "not-authorized",
    ),
    "seals with an old signature": (
        lambda s: s.get("seals?from=0", authorization=requests.authorize(
            s.id, 1, 1_700_000_000, f"/{s.slug}/seals?from=0", s.trustees[0][1])),
        401, "not-authorized",
    ),
    "status without the token": (lambda s: s.get("status"), 401, "not-authorized"),
    "a wrong token": (organiser("publish", {"edition": 1}, "guessed"), 401, "not-authorized"),
    "a token that is not ascii": (lambda s: s.get("status", authorization="Bearer ÿÿ"), 401, "not-authorized"),
    "publish before the cut": (organiser("publish", {"edition": 1}), 409, "sequence"),
    "publish edition minus one": (organiser("publish", {"edition": -1}), 409, "sequence"),
    "publish edition huge": (organiser("publish", {"edition": 2**52}), 409, "sequence"),
    "codes after the manifest": (organiser("draft/codes", {"codes": []}), 409, "letter-closed"),
    "a text after the manifest": (organiser("draft/text", {"language": "en", "text": "x"}), 409, "letter-closed"),
    "review of nothing": (lambda s: s.get("review?edition=1", **s.auth), 409, "sequence"),
    "review of a word": (lambda s: s.get("review?edition=x", **s.auth), 400, "malformed"),
    "review of a huge number": (lambda s: s.get("review?edition=" + "9" * 40, **s.auth), 400, "malformed"),
    "a letter with the site's own word": (new_letter("static"), 400, "malformed"),
    "a letter with a path": (new_letter("../x"), 400, "malformed"),
    "a letter again": (lambda s: people.post(s.call, "/api/letters", {"slug": s.slug}, **s.auth), 409, "letter-closed"),
    "another host": (lambda s: s.get("manifest.json", host="evil.example"), 400, "malformed"),
    "another host, to Django": (lambda s: s.get("status", host="evil.example", **s.auth), 400, "malformed"),
    "no host": (lambda s: s.get("status", host="", **s.auth), 400, "malformed"),
}  # fmt: skip


@pytest.fixture
def letter(site: Site) -> Letter:
    """An open letter: the first has signed, the second has withdrawn, the third is about to sign."""
    found = site.letter(size=5)
    for person in found.people[:2]:
        assert people.sign(found, person).status == 201
    assert people.withdraw(found, found.people[1]).status == 201
    people.activate(found, found.people[2])
    PREPARED[found.slug] = people.prepare(found, found.people[2])
    site.rounds()
    return found


def test_everything_wrong_is_refused_and_leaves_no_trace(letter: Letter) -> None:
    """Each of these gets its problem and status; afterwards every row and every file is what it was."""
    before = world_bytes()
    wrong = []
    for name, (send, status, kind) in MATRIX.items():
        answer = send(letter)
        found = (answer.status, answer.problem if answer.status >= 400 else "")
        if found != (status, kind):
            wrong.append(f"{name}: {found} instead of {(status, kind)}: {answer.body[:200]!r}")
        if world_bytes() != before:
            wrong.append(f"{name}: something was stored")
            before = world_bytes()
    assert wrong == []


def test_the_good_one_is_still_taken_after_all_that(letter: Letter) -> None:
    """The matrix fails for the reasons it names, not because nothing would pass."""
    for send, _, _ in list(MATRIX.values())[:40]:
        send(letter)
    before = world_bytes()
    assert letter.post("entries", PREPARED[letter.slug]).status == 201
    assert world_bytes() != before


def test_a_draft_takes_no_signatures_and_says_so(site: Site) -> None:
    """Before the trustees have approved nothing is signed; before the manifest is fixed there is no letter."""
    letter = site.draft()
    refused = letter.post("activate", people.ask(letter, letter.people[0]).body)
    assert (refused.status, refused.problem) == (409, "letter-closed")
    assert people.post(site.call, "/api/letters", {"slug": "unfinished"}, **letter.auth).status == 201
    again = people.post(site.call, "/api/letters", {"slug": "unfinished"}, **letter.auth)
    assert again.status == 200
    unknown = people.post(site.call, "/unfinished/activate", people.ask(letter, letter.people[0]).body)
    assert (unknown.status, unknown.problem) == (404, "letter-unknown")


def test_a_manifest_must_speak_of_this_draft(site: Site) -> None:
    """Another origin, log key, registrar, text or roll is refused; the draft stays a draft."""
    good = site.draft()
    other = people.post(site.call, "/api/letters", {"slug": f"{good.slug}-b"}, **good.auth)
    assert other.status == 201
    answer = people.post(site.call, f"/{good.slug}-b/draft/manifest", {"manifest": good.manifest}, **good.auth)
    assert (answer.status, answer.problem) == (409, "condition-unmet")
    again = good.post("draft/manifest", {"manifest": good.manifest}, **good.auth)
    assert (again.status, again.json) == (200, {"letter": good.l})
    changed = msgspec.structs.replace(good.manifest, threshold=3)
    refused = good.post("draft/manifest", {"manifest": changed}, **good.auth)
    assert (refused.status, refused.problem) == (409, "letter-closed")


def test_code_rows_that_do_not_fit_are_refused(site: Site) -> None:
    """A leaf without a box, a hash of another length."""
    letter = site.draft()
    path = f"/{letter.slug}-c"
    assert people.post(site.call, "/api/letters", {"slug": path[1:]}, **letter.auth).status == 201
    hashed = b64.encode(bytes(32))
    for row in (
        {"box": None, "leaf": hashed, "token_hash": hashed},
        {"box": None, "leaf": None, "token_hash": "AAAA"},
    ):
        answer = people.post(site.call, f"{path}/draft/codes", {"codes": [row]}, **letter.auth)
        assert (answer.status, answer.problem) == (400, "malformed")
    good = {"box": None, "leaf": None, "token_hash": hashed}
    for _ in range(2):
        assert people.post(site.call, f"{path}/draft/codes", {"codes": [good]}, **letter.auth).status == 204
    assert codes.LENGTH == 20
