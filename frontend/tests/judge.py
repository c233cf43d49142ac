"""Python's word on what TypeScript made: one JSON question on standard input, one JSON answer on standard output.

A question is a list of ``{"what": .., ...}``; the answer a list of ``{"ok": true, ..}`` or ``{"error": <code>, ..}``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

from undersigned.languages import figures
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
    note,
    opening,
    receipt,
    roll,
    seal,
    shamir,
    text,
)
from undersigned.protocol.errors import ProtocolError
from undersigned.web.reader.words import read_catalog, spoken

decode = base64url.decode
Item = dict[str, Any]


def judge_seal(item: Item) -> Any:
    """Opens a seal with every subset of shares, as trustees would."""
    known = manifest.parse(decode(item["manifest"]))
    letter = base64url.encode(manifest.letter_id(decode(item["manifest"])))
    value = seal.parse_object(decode(item["object"]))
    seal.check_object(value, known, letter, item["key"])
    assert isinstance(value, seal.Seal)
    shares = {
        j: seal.open_share(value, j, seal.seal_key(decode(seed))) for j, seed in enumerate(item["seeds"], start=1)
    }
    subsets = [{1, 2}, {1, 3}, {2, 3}, {1, 2, 3}]
    found = [opening.object_payload(value, {j: shares[j] for j in subset}, known) for subset in subsets]
    assert all(one == found[0] for one in found)
    return {"verdict": found[0].verdict, "name": found[0].payload.name if found[0].payload else None}


def judge_entry(item: Item) -> Any:
    """Verifies an entry by itself."""
    source = decode(item["manifest"])
    entry = entries.parse(decode(item["entry"]))
    entries.verify_entry(entry, manifest.parse(source), base64url.encode(manifest.letter_id(source)))
    return {"type": entries.type_of(entry)}


def judge_receipt(item: Item) -> Any:
    """Verifies a receipt."""
    value = receipt.parse(decode(item["receipt"]))
    receipt.verify(value, letter=item["letter"], entry=decode(item["entry"]), log_key=decode(item["logKey"]))
    return {}


def judge_code(item: Item) -> Any:
    """Reads a code."""
    return {"code": codes.parse_code(item["kind"], item["text"]).decode()}


def judge_shares(item: Item) -> Any:
    """Combines shares."""
    return {"secret": base64url.encode(shamir.combine([decode(share) for share in item["shares"]]))}


def judge_manifest(item: Item) -> Any:
    """Parses a manifest."""
    manifest.parse(decode(item["data"]))
    return {}


def judge_parsed_entry(item: Item) -> Any:
    """Parses an entry."""
    return {"type": entries.type_of(entries.parse(decode(item["data"])))}


PARSERS: dict[str, Callable[[bytes], Any]] = {
    "edition": edition.parse,
    "counts": edition.parse_counts,
    "opening": opening.parse_opening,
    "record": opening.parse_objects_line,
    "roll": roll.parse_roll,
    "receipt": receipt.parse,
}


def judge_parsed(item: Item) -> Any:
    """Parses a document of one kind."""
    PARSERS[item["kind"]](decode(item["data"]))
    return {}


def judge_object(item: Item) -> Any:
    """Parses an object, and checks it for a letter."""
    source = decode(item["manifest"])
    letter = base64url.encode(manifest.letter_id(source))
    seal.check_object(seal.parse_object(decode(item["data"])), manifest.parse(source), letter, item["key"])
    return {}


def judge_note(item: Item) -> Any:
    """Parses a checkpoint's note."""
    state = checkpoint.parse_text(note.parse(decode(item["data"])).text)
    return {"size": state.size}


def judge_text(item: Item) -> Any:
    """Whether an opened name, or opened initials, are well formed."""
    (text.check_sealed_initials if item["initials"] else text.check_sealed)(item["text"])
    return {}


def judge_canonical(item: Item) -> Any:
    """Whether bytes are canonical."""
    canonical.decode(decode(item["data"]))
    return {}


def judge_points(item: Item) -> Any:
    """Which code points a string of canonical JSON may hold: the ends of each run of those that may and may not."""
    del item
    ends, before = [], False
    for point in (*range(0xD800), *range(0xE000, 0x33000), *range(0x33000, 0x110000, 251)):
        now = canonical.is_normal(json.dumps("x" + chr(point), ensure_ascii=False).encode())
        if now != before:
            ends.append(point)
        before = now
    return {"ends": ends}


def judge_signature(item: Item) -> Any:
    """libsodium's word on an Ed25519 signature."""
    keys.verify_raw(decode(item["key"]), decode(item["signature"]), decode(item["message"]))
    return {}


def judge_credential(item: Item) -> Any:
    """Verifies a credential."""
    spki = decode(item["spki"])
    credential.verify(
        spki,
        roll.registrar_id(spki),
        decode(item["key"]),
        prefix=decode(item["prefix"]),
        signature=decode(item["signature"]),
    )
    return {}


def judge_messages(item: Item) -> Any:
    """What ICU makes of every finding in every language, with numbers for each plural form."""
    del item
    found = []
    for language in spoken():
        for id_, pattern in read_catalog(language).items():
            if id_.startswith("finding_"):
                names = set(re.findall(r"\{(\w+)[,}]", pattern))
                for n in (0, 1, 2, 3, 5, 11, 21, 100, 1234, 100_000):
                    given = {name: "a" if name in TEXTS else n for name in names}
                    said = figures.say(pattern, language, given)
                    found.append({"language": language, "pattern": pattern, "parameters": given, "said": said})
    return {"messages": found}


TEXTS = {"because", "edition", "key", "letter", "origin", "path", "text"}
"""Parameters that are text; one that is a number somewhere else, such as an edition's, is none the worse for it."""

JUDGES: dict[str, Callable[[Item], Any]] = {
    "messages": judge_messages,
    "seal": judge_seal,
    "entry": judge_entry,
    "receipt": judge_receipt,
    "code": judge_code,
    "shares": judge_shares,
    "canonical": judge_canonical,
    "points": judge_points,
    "manifest": judge_manifest,
    "parsed-entry": judge_parsed_entry,
    "parsed": judge_parsed,
    "object": judge_object,
    "note": judge_note,
    "text": judge_text,
    "signature": judge_signature,
    "credential": judge_credential,
}


def judge(item: Item) -> Any:
    """One answer."""
    try:
        return {"ok": True, **JUDGES[item["what"]](item)}
    except ProtocolError as error:
        return {"ok": False, "error": error.code, "detail": str(error), "finding": error.finding.as_value()}


if __name__ == "__main__":
    json.dump([judge(item) for item in json.load(sys.stdin)], sys.stdout)
