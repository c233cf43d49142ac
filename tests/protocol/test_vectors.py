"""The known answers of tests/vectors, in both directions: made again from their inputs, and read back."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from typing import Any, ParamSpec

import pytest

from letterworld import VECTORS
from undersigned.protocol import (
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
    roll,
    seal,
    shamir,
    tiles,
)
from undersigned.protocol.errors import ProtocolError
from undersigned.protocol.verify import verify_bundle

decode, encode = base64url.decode, base64url.encode
P = ParamSpec("P")


def load(path: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((VECTORS / f"{path}.json").read_text(encoding="ascii"))
    return content


def spliced(old: bytes, change: dict[str, Any]) -> bytes:
    return old[: change["at"]] + decode(change["put"]) + old[change["end"] :]


def refuses(case: dict[str, Any], act: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Fails unless ``act``, called with the rest, ends in the error the case names."""
    with pytest.raises(ProtocolError) as raised:
        act(*args, **kwargs)
    assert raised.value.code == case["error"], (case["name"], raised.value)


def test_canonical_json() -> None:
    """Values and their bytes; bytes that are none."""
    for case in load("valid/canonical")["cases"]:
        assert encode(canonical.encode(case["value"])) == case["bytes"]
        assert canonical.decode(decode(case["bytes"])) == case["value"]
    for case in load("invalid/canonical")["cases"]:
        refuses(case, canonical.decode, decode(case["bytes"]))


def test_codes() -> None:
    """As made, shown and typed."""
    known = load("valid/codes")
    for case in known["cases"]:
        assert codes.parse_code(case["kind"], case["typed"]).decode() == case["code"]
    for case in known["from"]:
        code = codes.code_from(decode(case["entropy"]))
        assert (code.decode(), codes.format_code("W", code)) == (case["code"], case["shown"])
    for case in load("invalid/codes")["cases"]:
        refuses(case, codes.parse_code, case["kind"], case["typed"])


def test_purposes() -> None:
    """Each with its tag, a digest, a derived key and a signature."""
    cases = load("valid/purposes")["cases"]
    assert {case["name"] for case in cases} == purposes.PURPOSES
    for case in cases:
        name, message = case["name"], decode(case["message"])
        assert purposes.tag(name).decode() == case["tag"]
        assert encode(purposes.digest(name, message)) == case["digest"]
        assert encode(purposes.hkdf(decode(case["secret"]), decode(case["salt"]), name, 48)) == case["hkdf_48"]
        assert encode(keys.public_key(decode(case["seed"]))) == case["key"]
        assert encode(keys.sign(name, decode(case["seed"]), message)) == case["signature"]
        keys.verify(name, decode(case["key"]), decode(case["signature"]), message)


def test_manifests_and_letter_ids() -> None:
    """A manifest is its bytes, a letter is their digest."""
    known = load("valid/manifest")
    for case in known["cases"]:
        data = decode(case["manifest"])
        assert manifest.encode(manifest.parse(data)) == data
        assert encode(manifest.letter_id(data)) == case["letter"]
    assert manifest.text_digest(decode(known["text"])) == known["text_digest"]
    wrong = load("invalid/manifest")
    for case in wrong["cases"]:
        refuses(case, manifest.parse, spliced(decode(wrong["base"]), case["splice"]))


def test_rolls() -> None:
    """From a code and a record to token, leaf and box, and back to the record."""
    known = load("valid/roll")
    rid = roll.registrar_id(decode(known["spki"]))
    assert encode(rid) == known["rid"]
    for case in known["cases"]:
        code, record = case["code"].encode(), roll.Record(**case["record"])
        place, slot = roll.place(code, rid), roll.make_slot(code, rid, record)
        assert [encode(v) for v in (place.token, place.salt, place.box_key)] == [
            case["token"],
            case["salt"],
            case["box_key"],
        ]
        assert [encode(v) for v in (slot.token_hash, slot.leaf, slot.box)] == [
            case["token_hash"],
            case["leaf"],
            case["box"],
        ]
        assert roll.open_box(place, decode(case["leaf"]), decode(case["box"])) == record
    made = roll.make_roll([decode(leaf) for leaf in known["all_leaves"]])
    assert encode(canonical.encode(made)) == known["roll"]
    assert roll.parse_roll(decode(known["roll"])) == made
    for case in load("invalid/roll")["cases"]:
        refuses(case, roll.parse_roll, decode(case["roll"]))


def test_a_credential() -> None:
    """Blinded, signed, finalised, verified; and what does not verify."""
    case = load("valid/credential")
    spki, rid, key = decode(case["spki"]), decode(case["rid"]), decode(case["key"])
    seed = purposes.hkdf(case["withdrawal_code"].encode(), rid, "signer-key", 32)
    assert (encode(seed), encode(keys.public_key(seed))) == (case["seed"], case["key"])
    public, private = credential.load_public(spki), credential.load_private(decode(case["pkcs8"]))
    message = credential.credential_message(rid, key)
    assert encode(message) == case["message"]
    prepared = credential.prepare(message, decode(case["prefix"]))
    factor = int.from_bytes(decode(case["factor"]), "big")
    blinding = credential.blind(public, prepared, salt=decode(case["salt"]), factor=factor)
    assert (encode(prepared), encode(blinding.blinded)) == (case["prepared"], case["blinded"])
    assert blinding.inverse == int.from_bytes(decode(case["inverse"]), "big")
    for own in (int.from_bytes(decode(case["registrar_factor"]), "big"), 3):
        assert encode(credential.blind_sign(private, blinding.blinded, factor=own)) == case["blind_signature"]
    assert encode(credential.finalise(public, blinding, decode(case["blind_signature"]))) == case["signature"]
    credential.verify(spki, rid, key, prefix=decode(case["prefix"]), signature=decode(case["signature"]))
    wrong = load("invalid/credential")
    for bad in wrong["cases"]:
        args = {name: decode(bad[name]) for name in ("spki", "rid", "key", "prefix", "signature")}
        refuses(bad, credential.verify, **args)
    for bad in wrong["blinded"]:
        refuses(bad, credential.blind_sign, private, decode(bad["blinded"]), factor=3)


def test_sharings() -> None:
    """Split as written, and combined from any."""
    for case in load("valid/shamir")["cases"]:
        secret, rest = decode(case["secret"]), decode(case["coefficients"])
        shares = shamir.split(secret, case["xs"], case["threshold"], rest)
        assert [encode(share) for share in shares] == case["shares"]
        assert shamir.combine(random.Random(1).sample(shares, case["threshold"])) == secret


def test_a_seal() -> None:
    """Opened by each trustee; made again it is the same but for the sealed shares."""
    case = load("valid/seal")
    known = manifest.parse(decode(case["manifest"]))
    letter, key = decode(case["letter"]), decode(case["key"])
    seeds = [decode(seed) for seed in case["trustee_seeds"]]
    assert [encode(seal.seal_public_key(seed)) for seed in seeds] == case["trustee_keys"]
    value = seal.parse_object(decode(case["object"]))
    assert isinstance(value, seal.Seal)
    seal.check_object(value, known, case["letter"], case["key"])
    assert seal.object_hash(value) == case["object_hash"]
    shares = [seal.open_share(value, j, seal.seal_key(seed)) for j, seed in enumerate(seeds, start=1)]
    assert [encode(share) for share in shares] == case["shares"]
    assert [encode(seal.share_info(letter, key, j)) for j in (1, 2, 3)] == case["infos"]
    secret = decode(case["secret"])
    assert shamir.combine(shares[:2]) == shamir.combine(shares[1:]) == secret
    payload = seal.open_body(value, secret)
    assert encode(canonical.encode(payload)) == case["payload"]
    assert encode(seal.pad(payload)) == case["padded"]
    again = seal.make_seal(
        known, letter, key, payload, secret=secret, xs=bytes(case["xs"]), coefficients=decode(case["coefficients"])
    )
    assert again.body == value.body
    assert [(s.t, s.x, s.commit) for s in again.shares] == [(s.t, s.x, s.commit) for s in value.shares]
    assert all(a.sealed != b.sealed for a, b in zip(again.shares, value.shares, strict=True))


def test_seals_that_are_refused() -> None:
    """By form, by place, by padding, by share."""
    case = load("invalid/seal")
    source = decode(case["manifest"])
    known, letter = manifest.parse(source), encode(manifest.letter_id(source))
    good = decode(case["seal"])

    def taken(data: bytes) -> None:
        seal.check_object(seal.parse_object(data), known, letter, case["key"])

    taken(good)
    for bad in case["objects"]:
        refuses(bad, taken, spliced(good, bad["splice"]))
    for bad in case["paddings"]:
        refuses(bad, seal.unpad, decode(bad["padded"]))
    mine = seal.seal_key(decode(case["trustee_seed"]))
    for bad in case["first_share"]:
        value = canonical.decode(good)
        value["shares"][0] = bad["share"]
        other = seal.parse_object(canonical.encode(value))
        assert isinstance(other, seal.Seal)
        refuses(bad, seal.open_share, other, 1, mine)


def test_entries() -> None:
    """Each type signed again to the same bytes; and what is refused by itself."""
    known = load("valid/entries")
    rules = manifest.parse(decode(known["manifest"]))
    for case in known["cases"]:
        data = decode(case["entry"])
        entry = entries.parse(data)
        assert entries.type_of(entry) == case["type"]
        entries.verify_entry(entry, rules, known["letter"])
        assert entries.encode(entries.sign_entry(entry, decode(case["seed"]))) == data  # type: ignore[type-var]
        assert entries.signer_of(entry, rules) == case["signer"]
        assert encode(merkle.leaf_hash(data)) == case["leaf_hash"]
        keys.verify(case["type"], decode(case["signer"]), decode(entry.signature), decode(case["unsigned"]))
    wrong = load("invalid/entries")
    rules, letter = manifest.parse(decode(wrong["manifest"])), known["letter"]

    def verified(data: bytes) -> None:
        entries.verify_entry(entries.parse(data), rules, letter)

    for case in wrong["cases"]:
        refuses(case, verified, decode(case["entry"]))


def test_a_log() -> None:
    """Roots, proofs, tiles, checkpoint and cosignatures over three hundred texts."""
    known = load("valid/log")
    data = [b"entry %d" % i for i in range(300)]
    leaves = [merkle.leaf_hash(d) for d in data]
    for case in known["roots"]:
        assert encode(merkle.root(leaves[: case["size"]])) == case["root"]
    for case in known["inclusion"]:
        path, size, index = [decode(h) for h in case["path"]], case["size"], case["index"]
        assert merkle.inclusion_proof(leaves[:size], index) == path
        merkle.verify_inclusion(leaves[index], index, size, path, merkle.root(leaves[:size]))
    for case in known["consistency"]:
        path, old, size = [decode(h) for h in case["path"]], case["old"], case["size"]
        assert merkle.consistency_proof(leaves[:size], old) == path
        merkle.verify_consistency(old, merkle.root(leaves[:old]), size, merkle.root(leaves[:size]), path)
    files = tiles.extend(0, lambda _: b"", data)
    assert {path: encode(hashlib.sha256(d).digest()) for path, d in files.items()} == known["tiles"]
    state, signed = checkpoint.verify(decode(known["checkpoint"]), known["origin"], decode(known["log_key"]))
    assert (state.size, state.root) == (300, merkle.root(leaves))
    made = checkpoint.sign(state, decode(known["log_seed"]))
    seeds = [decode(seed) for seed in known["trustee_seeds"]]
    lines = [checkpoint.cosign(state, c["trustee"], seeds[c["trustee"] - 1], c["time"]) for c in known["cosignatures"]]
    assert note.Note(made.text, (*made.signatures, *lines)) == signed
    found = checkpoint.cosignatures(signed, [decode(key) for key in known["trustees"]])
    assert [{"trustee": c.trustee, "time": c.time} for c in found] == known["cosignatures"]


def test_checkpoints_and_bundles_that_are_refused() -> None:
    """Each with its error."""
    known = load("invalid/log")
    trustees = [decode(key) for key in known["trustees"]]

    def taken(data: bytes) -> None:
        _, signed = checkpoint.verify(data, known["origin"], decode(known["log_key"]))
        checkpoint.cosignatures(signed, trustees)

    for case in known["checkpoints"]:
        refuses(case, taken, decode(case["checkpoint"]))
    for case in known["bundles"]:
        refuses(case, tiles.unpack_entries, decode(case["data"]), case["width"])


def test_messages() -> None:
    """A receipt, a trustee's request, a trustee's openings; and what is refused."""
    known = load("valid/messages")
    source = decode(known["manifest"])
    rules, letter = manifest.parse(source), manifest.letter_id(source)
    one, two, three = known["receipt"], known["request"], known["openings"]
    given = receipt.parse(decode(one["receipt"]))
    entry, log_key = decode(one["entry"]), decode(rules.log)
    receipt.verify(given, letter=encode(letter), entry=entry, log_key=log_key)
    assert receipt.make(encode(letter), entry, one["by"], keys.SigningKey(decode(one["log_seed"]))) == given
    assert request.authorize(letter, two["trustee"], two["time"], two["path"], decode(two["seed"])) == two["header"]
    assert request.verify(two["header"], rules, letter, two["path"], two["time"]) == two["trustee"]
    post = opening.parse_openings(decode(three["openings"]))
    opening.verify_openings(post, rules)
    assert opening.sign_openings(post, decode(three["seed"])) == post
    wrong = load("invalid/messages")
    for case in wrong["receipts"]:
        parsed = receipt.parse(decode(case["receipt"]))
        refuses(
            case,
            receipt.verify,
            parsed,
            letter=encode(letter),
            entry=decode(case["entry"]),
            log_key=log_key,
        )
    for case in wrong["requests"]:
        refuses(case, request.verify, case["header"], rules, letter, case["path"], case["time"])
    for case in wrong["openings"]:
        bad = opening.parse_openings(decode(case["openings"]))
        refuses(case, opening.verify_openings, bad, rules)


def test_editions() -> None:
    """An edition, its id, and what stays of it."""
    known = load("valid/edition")
    data = decode(known["edition"])
    made = edition.parse(data)
    assert edition.encode(made) == data
    assert encode(edition.edition_id(data)) == known["id"]
    assert encode(canonical.encode(edition.counts_of(made))) == known["counts"]
    assert edition.parse_counts(decode(known["counts"])) == edition.counts_of(made)
    for case in load("invalid/edition")["cases"]:
        refuses(case, edition.parse, decode(case["edition"]))


def whole(name: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    known = load(f"valid/{name}")
    return known, {path: decode(data) for path, data in known["files"].items()}


@pytest.mark.parametrize("name", ["bundle-first", "bundle-last"])
def test_whole_bundles(name: str) -> None:
    """Valid, with these figures and edition ids."""
    known, files = whole(name)
    report = verify_bundle(files, letter=decode(known["letter"]))
    assert report.outcome == "valid"
    assert {field: getattr(report, field) for field in known["figures"]} == known["figures"]
    assert [{key: e[key] for key in ("number", "id", "erased")} for e in report.editions] == known["editions"]


def _tampered() -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in load("invalid/bundles")["cases"]]


@pytest.mark.parametrize("case", _tampered())
def test_tampered_bundles(case: dict[str, Any]) -> None:
    """The outcome, and the step that decides it."""
    known, base = whole(case["base"])
    files = dict(base)
    for path, change in case["changes"].items():
        if change is None:
            del files[path]
        else:
            files[path] = spliced(base[change["from"]] if change["from"] else b"", change)
    report = verify_bundle(files, letter=decode(known["letter"]))
    step = next(s for s in report.steps if s.outcome == report.outcome)
    assert (report.outcome, step.name) == (case["outcome"], case["step"])
