"""Makes the known answers, once: ``python tests/vectors/make.py`` (from the project's folder).

They are committed and not made again when code changes: a change that needs other vectors changes the protocol. Sealing
holds fresh randomness, so running this twice gives other seals; everything else comes out the same.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from pathlib import Path
from typing import Any, get_args

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import msgspec  # noqa: E402

import newer  # noqa: E402
from letterworld import LetterWorld, registrar  # noqa: E402
from undersigned.protocol import (  # noqa: E402
    base64url,
    canonical,
    checkpoint,
    codes,
    credential,
    edition,
    entries,
    keys,
    manifest,
    merkle,
    note,
    opening,
    purposes,
    receipt,
    request,
    seal,
    shamir,
    tiles,
)
from undersigned.protocol.spec import Purpose  # noqa: E402
from undersigned.protocol.verify import verify_bundle  # noqa: E402

encode = base64url.encode
DICE = random.Random("known answers")


def save(folder: str, name: str, content: dict[str, Any]) -> None:
    """Writes ``folder/name.json``."""
    text = json.dumps(content, ensure_ascii=True, indent=1, sort_keys=True)
    (HERE / folder / f"{name}.json").write_text(text + "\n", encoding="ascii")


def canonical_json() -> None:
    values = {
        "scalars": [None, True, False, 0, -1, 2**53 - 1, -(2**53) + 1],
        "strings": ["", "é", "דָּנָה", "\U0001f58b", "\u2028", "\x7f", '"\\/', "\b\f\n\r\t\x00\x1f", "\n\u0301"],
        "characters of Unicode 14.0": ["\U00016a70", "\U0001e290", "\U0001f6dd", "\u0870", "x\u1dfa\u0323"],
        "keys in order of their bytes": {"b": 1, "a": 2, "A": 3, "_": 4, "": 5, "aa": 6},
        "eight levels": [[[[[[[1]]]]]]],
    }
    save(
        "valid",
        "canonical",
        {"cases": [{"name": n, "value": v, "bytes": encode(canonical.encode(v))} for n, v in values.items()]},
    )
    wrong = {
        "duplicate key": b'{"a":1,"a":1}',
        "keys out of order": b'{"b":1,"a":2}',
        "space": b'{"a": 1}',
        "newline at the end": b"1\n",
        "float": b"1.5",
        "float that is whole": b"1.0",
        "exponent": b"1e3",
        "minus zero": b"-0",
        "leading zero": b"01",
        "integer too large": b"9007199254740992",
        "integer far too large": b"9" * 400,
        "escaped letter": b'"\\u0041"',
        "escaped solidus": b'"\\/"',
        "upper-case escape": b'"\\u001F"',
        "raw control": b'"\x01"',
        "lone surrogate": b'"\\ud800"',
        "surrogate in UTF-8": b'"\xed\xa0\x80"',
        "not UTF-8": b'"\xff"',
        "decomposed": '"e\u0301"'.encode(),
        **{what: f'"{character}"'.encode() for what, character in newer.NEWER.items()},
        "a newer mark before an older one": f'"{newer.REORDERED}"'.encode(),
        "key not ASCII": '{"é":1}'.encode(),
        "byte order mark": b"\xef\xbb\xbf1",
        "nine levels": b"[" * 8 + b"1" + b"]" * 8,
        "bomb": b"[" * 3000,
        "trailing": b"1 2",
        "empty": b"",
        "NaN": b"NaN",
        "comma": b"[1,]",
        "single quotes": b"'a'",
    }
    save(
        "invalid",
        "canonical",
        {"cases": [{"name": n, "bytes": encode(b), "error": "malformed"} for n, b in wrong.items()]},
    )


def code_forms() -> None:
    entropy = bytes(range(0, 160, 8))
    code = codes.code_from(DICE.randbytes(20))
    shown = codes.format_code("S", code)
    typed = {
        "as shown": shown,
        "lower case": shown.lower(),
        "without hyphens": shown.replace("-", ""),
        "without kind": shown[2:],
        "spaces": f" {shown.replace('-', ' ')} ",
        "en dashes": shown.replace("-", "\u2013"),
        "letters for digits": shown.replace("0", "O").replace("1", "I"),
    }
    save(
        "valid",
        "codes",
        {
            "cases": [{"name": n, "kind": "S", "typed": t, "code": code.decode()} for n, t in typed.items()],
            "from": [
                {
                    "entropy": encode(e),
                    "code": codes.code_from(e).decode(),
                    "shown": codes.format_code("W", codes.code_from(e)),
                }
                for e in (entropy, bytes(20), b"\xff" * 20)
            ],
        },
    )
    wrong = {
        "too short": shown[:-2],
        "too long": shown + "A",
        "a U": shown[:-1] + "U",
        "other kind": "W" + shown[1:],
        "empty": "",
    }
    save(
        "invalid",
        "codes",
        {"cases": [{"name": n, "kind": "S", "typed": t, "error": "malformed"} for n, t in wrong.items()]},
    )


def purpose_values() -> None:
    secret, salt = bytes(range(32)), bytes(range(32, 64))
    save(
        "valid",
        "purposes",
        {
            "cases": [
                {
                    "name": p,
                    "tag": purposes.tag(p).decode(),
                    "message": encode(b"m"),
                    "digest": encode(purposes.digest(p, b"m")),
                    "secret": encode(secret),
                    "salt": encode(salt),
                    "hkdf_48": encode(purposes.hkdf(secret, salt, p, 48)),
                    "seed": encode(secret),
                    "key": encode(keys.public_key(secret)),
                    "signature": encode(keys.sign(p, secret, b"m")),
                }
                for p in sorted(get_args(Purpose))
            ],
        },
    )


def manifests(world: LetterWorld) -> None:
    worlds = {
        "sealed": world,
        "public": LetterWorld(3, sealed=False),
        "codes, two registrars": LetterWorld(3, check="codes", registrars=2),
        "mail": LetterWorld(3, check="mail"),
    }
    save(
        "valid",
        "manifest",
        {
            "cases": [{"name": n, "manifest": encode(w.source), "letter": w.id} for n, w in worlds.items()],
            "text": encode(b"Hello\n"),
            "text_digest": manifest.text_digest(b"Hello\n"),
        },
    )
    known = canonical.decode(world.source)
    changes: dict[str, dict[str, Any]] = {
        "threshold of one": {"threshold": 1},
        "threshold above trustees": {"threshold": 4},
        "origin with scheme": {"origin": "https://a.example/b"},
        "unknown field": {"x": 1},
        "another version": {"v": 2},
        "no registrar": {"registrars": []},
        "organiser is the log": {"organiser": known["log"]},
        "one trustee twice": {"trustees": [known["trustees"][0]] * 3},
        "roll without root": {"eligibility": {"check": "roll", "size": 3}},
        "text without title": {"title": {"en": "x"}},
        "public with trustees": {"names": "public"},
        "group twice": {"groups": [known["groups"][0]] * 2},
        "time of no day": {"release": {**known["release"], "not_before": "2026-02-30T00:00:00Z"}},
        "a newer character in a title": {"title": {**known["title"], "en": newer.REORDERED}},
        "a newer character in a trustee's name": {
            "trustees": [{**known["trustees"][0], "name": newer.REORDERED}, *known["trustees"][1:]]
        },
        "short sealing key": {"trustees": [{**known["trustees"][0], "seal": "AA"}, *known["trustees"][1:]]},
    }
    save(
        "invalid",
        "manifest",
        {
            "base": encode(world.source),
            "cases": [
                {"name": n, "splice": splice(world.source, loose({**known, **c})), "error": "malformed"}
                for n, c in changes.items()
            ],
        },
    )


def loose(value: Any) -> bytes:
    """As ``canonical.encode`` writes it, and also what that refuses."""
    return msgspec.json.encode(value, order="sorted")


def rolls(world: LetterWorld) -> None:
    spki, _ = registrar()
    rows = []
    for p in world.people[:3]:
        rows.append(
            {
                "code": p.code.decode(),
                "record": msgspec.structs.asdict(p.record),
                "token": encode(p.place.token),
                "salt": encode(p.place.salt),
                "box_key": encode(p.place.box_key),
                "token_hash": encode(p.slot.token_hash),
                "leaf": encode(p.slot.leaf),
                "box": encode(p.slot.box),
            }
        )
    save(
        "valid",
        "roll",
        {
            "spki": encode(spki),
            "rid": encode(world.rid),
            "cases": rows,
            "roll": encode(canonical.encode(world.roll)),
            "all_leaves": [encode(p.slot.leaf) for p in world.people],
        },
    )
    good = world.roll
    wrong = {
        "a leaf dropped": msgspec.structs.replace(good, leaves=good.leaves[1:]),
        "not sorted": msgspec.structs.replace(good, leaves=good.leaves[::-1]),
        "a leaf twice": msgspec.structs.replace(good, leaves=[good.leaves[0], *good.leaves[:-1]]),
        "another root": msgspec.structs.replace(good, root=good.leaves[0]),
        "another size": msgspec.structs.replace(good, size=good.size + 1),
    }
    save(
        "invalid",
        "roll",
        {"cases": [{"name": n, "roll": encode(canonical.encode(r)), "error": "malformed"} for n, r in wrong.items()]},
    )


def credentials(world: LetterWorld) -> None:
    spki, private = registrar()
    public, person, prefix, salt = credential.load_public(spki), world.people[0], DICE.randbytes(32), DICE.randbytes(48)
    factor, own = DICE.randrange(1, private.n), DICE.randrange(1, private.n)
    message = credential.credential_message(world.rid, person.key_bytes)
    blinding = credential.blind(public, credential.prepare(message, prefix), salt=salt, factor=factor)
    answer = credential.blind_sign(private, blinding.blinded, factor=own)
    signature = credential.finalise(public, blinding, answer)

    def number(value: int) -> str:
        return encode(value.to_bytes(384, "big"))

    good = {
        "spki": encode(spki),
        "rid": encode(world.rid),
        "key": person.key,
        "prefix": encode(prefix),
        "signature": encode(signature),
    }
    save(
        "valid",
        "credential",
        {
            **good,
            "pkcs8": json.loads((HERE / "keys.json").read_text())["registrars"][0]["pkcs8"],
            "withdrawal_code": person.withdrawal.decode(),
            "seed": encode(person.seed),
            "message": encode(message),
            "prepared": encode(blinding.prepared),
            "salt": encode(salt),
            "factor": number(factor),
            "inverse": number(blinding.inverse),
            "blinded": encode(blinding.blinded),
            "registrar_factor": number(own),
            "blind_signature": encode(answer),
        },
    )
    wrong = {
        "another key": {**good, "key": world.people[1].key},
        "another prefix": {**good, "prefix": encode(bytes(32))},
        "another letter": {**good, "rid": encode(bytes(32))},
        "another registrar": {**good, "spki": encode(registrar(1)[0])},
        "the blind signature": {**good, "signature": encode(answer)},
        "zeros": {**good, "signature": encode(bytes(384))},
        "plus the modulus": {
            **good,
            "signature": encode((int.from_bytes(signature, "big") + private.n).to_bytes(385, "big")),
        },
    }
    save(
        "invalid",
        "credential",
        {
            "cases": [{"name": n, "error": "credential-invalid", **w} for n, w in wrong.items()],
            "blinded": [
                {"name": n, "blinded": encode(b), "error": "malformed"}
                for n, b in {
                    "zero": bytes(384),
                    "short": b"\1" * 383,
                    "the modulus": private.n.to_bytes(384, "big"),
                }.items()
            ],
        },
    )


def sharings() -> None:
    cases = []
    for k, n in ((2, 2), (2, 3), (3, 5), (5, 9)):
        secret, xs, rest = DICE.randbytes(32), DICE.sample(range(1, 256), n), DICE.randbytes(32 * (k - 1))
        cases.append(
            {
                "name": f"{k} of {n}",
                "secret": encode(secret),
                "xs": xs,
                "threshold": k,
                "coefficients": encode(rest),
                "shares": [encode(s) for s in shamir.split(secret, xs, k, rest)],
            }
        )
    save("valid", "shamir", {"cases": cases})


def seals(world: LetterWorld) -> None:
    person = world.people[0]
    payload = world.payload(person)
    secret, xs, rest = DICE.randbytes(32), bytes(DICE.sample(range(1, 256), 3)), DICE.randbytes(32)
    made = seal.make_seal(
        world.manifest, world.letter, person.key_bytes, payload, secret=secret, xs=xs, coefficients=rest
    )
    shares = [seal.open_share(made, j, seal.seal_key(world.trustees[j - 1][0])) for j in (1, 2, 3)]
    data = canonical.encode(made)
    save(
        "valid",
        "seal",
        {
            "manifest": encode(world.source),
            "letter": world.id,
            "key": person.key,
            "trustee_seeds": [encode(a) for a, _ in world.trustees],
            "trustee_keys": [t.seal for t in world.manifest.trustees],
            "secret": encode(secret),
            "xs": list(xs),
            "coefficients": encode(rest),
            "payload": encode(canonical.encode(payload)),
            "padded": encode(seal.pad(payload)),
            "object": encode(data),
            "object_hash": seal.object_hash(made),
            "infos": [encode(seal.share_info(world.letter, person.key_bytes, j)) for j in (1, 2, 3)],
            "shares": [encode(s) for s in shares],
        },
    )
    swap = msgspec.structs.replace
    part = made.shares
    objects: dict[str, tuple[Any, str]] = {
        "another key": (swap(made, key=world.people[1].key), "object-mismatch"),
        "another letter": (swap(made, letter=encode(bytes(32))), "letter-unknown"),
        "a share missing": (swap(made, shares=part[:2]), "object-mismatch"),
        "shares out of order": (swap(made, shares=part[::-1]), "object-mismatch"),
        "one x twice": (swap(made, shares=[swap(s, x=5) for s in part]), "object-mismatch"),
        "short body": (swap(made, body="AA"), "malformed"),
        "x is zero": (swap(made, shares=[swap(part[0], x=0), *part[1:]]), "malformed"),
        "a record": (seal.RecordObject(v=1, letter=world.id, key=person.key, record=payload), "object-mismatch"),
    }
    padded = seal.pad(payload)
    paddings = {
        "no marker": padded.replace(b"\x80", b"\x00"),
        "bytes after the marker": padded[:-1] + b"\1",
        "short": padded[:-1],
        "long": padded + b"\0",
        "a newer character in the name": newer.padded(payload, newer.REORDERED),
    }
    low = base64url.decode(part[0].sealed)
    closed = {
        "a share altered": swap(part[0], sealed=encode(low[:-1] + bytes([low[-1] ^ 1]))),
        "a share of another trustee": swap(part[1], t=1),
        "a point of small order": swap(part[0], sealed=encode(low[:1088] + bytes(32) + low[1120:])),
        "another commitment": swap(part[0], commit=encode(bytes(32))),
    }
    save(
        "invalid",
        "seal",
        {
            "manifest": encode(world.source),
            "key": person.key,
            "trustee_seed": encode(world.trustees[0][0]),
            "objects": [
                {"name": n, "splice": splice(data, canonical.encode(o)), "error": e} for n, (o, e) in objects.items()
            ],
            "paddings": [{"name": n, "padded": encode(p), "error": "malformed"} for n, p in paddings.items()],
            "first_share": [
                {"name": n, "share": msgspec.to_builtins(s), "error": "share-mismatch"} for n, s in closed.items()
            ],
            "seal": encode(data),
        },
    )


def log_entries(world: LetterWorld) -> None:
    person, other, organiser = world.people[0], world.people[1], world.organiser_seed
    signed = world.sign_entry(person, world.make_object(person, world.payload(person)), 0)
    made: dict[str, tuple[Any, bytes]] = {
        "approval": (entries.Approval(v=1, letter=world.id, trustee=2), world.trustees[1][1]),
        "sign": (signed, person.seed),
        "withdraw": (entries.Withdraw(v=1, letter=world.id, key=person.key), person.seed),
        "notice": (entries.Notice(v=1, letter=world.id, edition=1, after="2026-01-02T00:00:00Z"), organiser),
        "cut": (entries.Cut(v=1, letter=world.id, edition=1), organiser),
        "strike": (entries.Strike(v=1, letter=world.id, edition=1, key=person.key, reason="asked"), organiser),
        "abandon": (entries.Abandon(v=1, letter=world.id), organiser),
    }
    cases = []
    for kind, (entry, seed) in made.items():
        whole = entries.sign_entry(entry, seed)
        unsigned = canonical.encode(msgspec.structs.replace(whole, signature=""))
        data = entries.encode(whole)
        cases.append(
            {
                "name": kind,
                "type": kind,
                "entry": encode(data),
                "unsigned": encode(unsigned),
                "seed": encode(seed),
                "signer": entries.signer_of(whole, world.manifest),
                "leaf_hash": encode(merkle.leaf_hash(data)),
            }
        )
    save("valid", "entries", {"manifest": encode(world.source), "letter": world.id, "cases": cases})
    swap = msgspec.structs.replace
    lent = entries.sign_entry(swap(signed, key=other.key), other.seed)
    stranger = LetterWorld(3, seed=9)
    wrong: dict[str, tuple[bytes, str]] = {
        "signed by another": (entries.encode(entries.sign_entry(made["cut"][0], person.seed)), "signature-invalid"),
        "another letter": (stranger.log[1], "letter-unknown"),
        "a credential used under another key": (entries.encode(lent), "credential-invalid"),
        "no credential": (
            entries.encode(entries.sign_entry(swap(signed, credentials=[]), person.seed)),
            "credential-invalid",
        ),
        "trustee 4 of 3": (
            entries.encode(entries.sign_entry(swap(made["approval"][0], trustee=4), organiser)),
            "malformed",
        ),
        "no signature": (entries.encode(swap(signed, signature="")), "malformed"),
        "unknown type": (b'{"type":"praise","v":1}', "malformed"),
        "unknown reason": (
            entries.encode(entries.sign_entry(made["strike"][0], organiser)).replace(b"asked", b"bored"),
            "malformed",
        ),
        "edition 0": (entries.encode(entries.sign_entry(swap(made["cut"][0], edition=0), organiser)), "malformed"),
    }
    save(
        "invalid",
        "entries",
        {
            "manifest": encode(world.source),
            "cases": [{"name": n, "entry": encode(d), "error": e} for n, (d, e) in wrong.items()],
        },
    )


def logs(world: LetterWorld) -> None:
    data = [b"entry %d" % i for i in range(300)]
    leaves = [merkle.leaf_hash(d) for d in data]
    files = tiles.extend(0, lambda _: b"", data)
    sizes = [0, 1, 2, 3, 4, 7, 8, 255, 256, 257, 300]
    roots = [{"size": n, "root": encode(merkle.root(leaves[:n]))} for n in sizes]
    inclusion = [
        {"size": n, "index": i, "path": [encode(h) for h in merkle.inclusion_proof(leaves[:n], i)]}
        for n in (1, 2, 7, 300)
        for i in (0, n // 2, n - 1)
    ]
    consistency = [
        {"old": a, "size": b, "path": [encode(h) for h in merkle.consistency_proof(leaves[:b], a)]}
        for a, b in ((1, 1), (1, 2), (3, 7), (4, 7), (7, 8), (256, 300), (257, 300), (300, 300))
    ]
    state = checkpoint.Checkpoint(world.manifest.origin, 300, merkle.root(leaves))
    signed = checkpoint.sign(state, world.log_seed)
    lines = [checkpoint.cosign(state, j, world.trustees[j - 1][1], 1_700_000_000 + j) for j in (1, 3)]
    whole = note.Note(signed.text, (*signed.signatures, *lines))
    trustees = [t.sign for t in world.manifest.trustees]
    save(
        "valid",
        "log",
        {
            "entries": "300 of them: the ASCII text 'entry <i>', i from 0",
            "roots": roots,
            "inclusion": inclusion,
            "consistency": consistency,
            "tiles": {path: encode(hashlib.sha256(content).digest()) for path, content in files.items()},
            "origin": world.manifest.origin,
            "log_seed": encode(world.log_seed),
            "log_key": world.manifest.log,
            "trustee_seeds": [encode(s) for _, s in world.trustees],
            "trustees": trustees,
            "checkpoint": encode(whole.encode()),
            "cosignatures": [{"trustee": j, "time": 1_700_000_000 + j} for j in (1, 3)],
        },
    )
    text = whole.encode().decode()
    early = checkpoint.cosign(checkpoint.Checkpoint(world.manifest.origin, 299, state.root), 2, world.trustees[1][1], 5)
    wrong = {
        "another origin": (text.replace("/valley\n", "/hill\n", 1), "log-inconsistent"),
        "another size": (text.replace("\n300\n", "\n301\n"), "signature-invalid"),
        "no signature by the log": (signed.text + "\n" + lines[0].encode(), "signature-invalid"),
        "no signatures": (signed.text, "malformed"),
        "extension line": (text.replace("\n\n", "\nx\n\n"), "malformed"),
        "size with a zero in front": (text.replace("\n300\n", "\n0300\n"), "malformed"),
        "line that does not end": (text[:-1], "malformed"),
        "a cosignature over another size": (text + early.encode(), "signature-invalid"),
        "root not ASCII": (signed.text.replace("=\n", "\u00e9\n") + "\n" + signed.signatures[0].encode(), "malformed"),
    }
    save(
        "invalid",
        "log",
        {
            "origin": world.manifest.origin,
            "log_key": world.manifest.log,
            "trustees": trustees,
            "checkpoints": [{"name": n, "checkpoint": encode(t.encode()), "error": e} for n, (t, e) in wrong.items()],
            "bundles": [
                {"name": n, "data": encode(d), "width": w, "error": "malformed"}
                for n, (d, w) in {
                    "one entry missing": (tiles.pack_entries([b"a"]), 2),
                    "one too many": (tiles.pack_entries([b"a", b"b"]), 1),
                    "cut off": (tiles.pack_entries([b"abc"])[:-1], 1),
                    "half a length": (tiles.pack_entries([b"a"]) + b"\0", 1),
                }.items()
            ],
        },
    )


def messages(world: LetterWorld) -> None:
    entry = world.log[1]
    given = receipt.make(world.id, entry, "2026-12-01T06:00:00Z", world.log_key)
    path = "/valley/seals?from=0"
    header = request.authorize(world.letter, 2, 1_800_000_000, path, world.trustees[1][1])
    person = world.people[0]
    post = opening.sign_openings(
        opening.Openings(v=1, letter=world.id, edition=1, trustee=2, shares={person.key: encode(bytes(range(33)))}),
        world.trustees[1][1],
    )
    save(
        "valid",
        "messages",
        {
            "manifest": encode(world.source),
            "receipt": {
                "receipt": encode(canonical.encode(given)),
                "entry": encode(entry),
                "log_seed": encode(world.log_seed),
                "by": given.by,
            },
            "request": {
                "header": header,
                "path": path,
                "time": 1_800_000_000,
                "trustee": 2,
                "seed": encode(world.trustees[1][1]),
            },
            "openings": {
                "openings": encode(canonical.encode(post)),
                "seed": encode(world.trustees[1][1]),
                "trustee": 2,
            },
        },
    )
    late = canonical.encode(msgspec.structs.replace(given, by="2027-12-01T06:00:00Z"))
    save(
        "invalid",
        "messages",
        {
            "manifest": encode(world.source),
            "receipts": [
                {"name": "another time", "receipt": encode(late), "entry": encode(entry), "error": "signature-invalid"},
                {
                    "name": "another entry",
                    "receipt": encode(canonical.encode(given)),
                    "entry": encode(b"x"),
                    "error": "log-inconsistent",
                },
            ],
            "requests": [
                {"name": "too old", "header": header, "path": path, "time": 1_800_000_301, "error": "condition-unmet"},
                {
                    "name": "another path",
                    "header": header,
                    "path": "/",
                    "time": 1_800_000_000,
                    "error": "signature-invalid",
                },
                {
                    "name": "no such trustee",
                    "header": header.replace("=2 ", "=4 "),
                    "path": path,
                    "time": 1_800_000_000,
                    "error": "malformed",
                },
            ],
            "openings": [
                {
                    "name": "another trustee",
                    "openings": encode(canonical.encode(msgspec.structs.replace(post, trustee=1))),
                    "error": "signature-invalid",
                }
            ],
        },
    )


def splice(old: bytes, new: bytes) -> dict[str, Any]:
    """How ``new`` comes from ``old``: the bytes from ``at`` to ``end`` replaced by ``put``."""
    at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    tail = next(
        (i for i, (a, b) in enumerate(zip(old[at:][::-1], new[at:][::-1], strict=False)) if a != b),
        min(len(old), len(new)) - at,
    )
    return {"at": at, "end": len(old) - tail, "put": encode(new[at : len(new) - tail])}


def bundles() -> None:
    # The tampering of the tests, on the same small letter.
    from protocol import test_tampering as tampering

    for name, files in (("bundle-first", tampering.FIRST), ("bundle-last", tampering.LAST)):
        report = verify_bundle(files, letter=tampering.WORLD.letter)
        editions = [{"number": e["number"], "id": e["id"], "erased": e["erased"]} for e in report.editions]
        save(
            "valid",
            name,
            {
                "letter": tampering.WORLD.id,
                "files": {p: encode(d) for p, d in files.items()},
                "editions": editions,
                "figures": {
                    "size": report.size,
                    "signed": report.signed,
                    "withdrawn": report.withdrawn,
                    "standing": report.standing,
                    "cosignatures": report.cosignatures,
                },
            },
        )
    cases = []
    # Every line moves when they change order: too long to write down.
    makers = {n: m for n, (m, _, _) in (tampering.TAMPERED | tampering.DROPPED).items() if n != "openings out of order"}
    makers["one trustee's shares where two belong"] = lambda: tampering.WORLD.bundle(openers=(1,))
    makers["one cosignature where two belong"] = lambda: tampering.cosigned_by(tampering.LAST, 3)
    for name, make in makers.items():
        files = make()
        base = min(
            ("bundle-first", tampering.FIRST),
            ("bundle-last", tampering.LAST),
            key=lambda b: sum(b[1].get(p) != d for p, d in files.items()),
        )
        changes: dict[str, Any] = {p: None for p in base[1] if p not in files}
        for path, data in files.items():
            if base[1].get(path) != data:
                # A log of another length has tiles under other names: those are told from the tile they resemble.
                like = next((p for p in base[1] if p == path or p.startswith(path.split(".p/")[0] + ".p/")), None)
                changes[path] = {"from": like, **splice(base[1].get(like or "", b""), data)}
        outcome, step, _ = tampering.verdict(files)
        cases.append({"name": name, "base": base[0], "changes": changes, "outcome": outcome, "step": step})
    save("invalid", "bundles", {"letter": tampering.WORLD.id, "cases": cases})


def editions() -> None:
    from letterlives import rehearsed

    world = rehearsed().world
    data = world.published[1].data
    counts = edition.counts_of(edition.parse(data))
    save(
        "valid",
        "edition",
        {"edition": encode(data), "id": encode(edition.edition_id(data)), "counts": encode(canonical.encode(counts))},
    )
    made = edition.parse(data)
    wrong = {
        "names out of order": msgspec.structs.replace(made, roll=made.roll[::-1]),
        "a name twice": msgspec.structs.replace(made, roll=[made.roll[0], *made.roll]),
    }
    save(
        "invalid",
        "edition",
        {"cases": [{"name": n, "edition": encode(edition.encode(e)), "error": "malformed"} for n, e in wrong.items()]},
    )


def main() -> None:
    """Makes all of them."""
    world = LetterWorld(3)
    canonical_json()
    code_forms()
    purpose_values()
    sharings()
    for make in (manifests, rolls, credentials, seals, log_entries, logs, messages):
        make(world)
    editions()
    bundles()


if __name__ == "__main__":
    main()
