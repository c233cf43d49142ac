"""Makes what the TypeScript tests run on: letters, broken letters, and single documents, each with Python's verdict.

``fixtures.py DIR``: writes DIR/*.json and DIR/*.zip. Values are base64url; bundles are zips; a tampered bundle is said
as the files it changes. New ones each time: nothing here may pass because it has been seen before.
"""

from __future__ import annotations

import base64
import io
import json
import random
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from tampering import Files, tampered
from world import World

from undersigned.protocol import (
    base64url,
    bundle,
    canonical,
    edition,
    entries,
    manifest,
    merkle,
    receipt,
    roll,
    seal,
    tiles,
    verify,
    zip_profile,
)
from undersigned.protocol.errors import MalformedError

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
import newer
import zips

encode = base64url.encode


def verdict(files: Files, letter: bytes | None = None) -> dict[str, Any]:
    """Python's word on a bundle: the outcome and the step that decided it."""
    try:
        report = verify.verify_bundle(files, letter=letter)
    except Exception as error:  # a traceback is a verdict too: of Python's own mistake
        return {"outcome": "traceback", "step": repr(error), "steps": [], "detail": repr(error)}
    bad = next((s for s in report.steps if s.outcome == "invalid"), None)
    bad = bad or next((s for s in report.steps if s.outcome == "undetermined"), None)
    return {
        "outcome": report.outcome,
        "step": bad.name if bad else None,
        "detail": bad.detail if bad else None,
        "steps": [[s.name, s.outcome, [found.as_value() for found in s.findings]] for s in report.steps],
        "details": [s.detail for s in report.steps],
        "figures": [report.letter, report.size, report.signed, report.withdrawn, report.standing, report.cosignatures],
        "editions": report.editions,
    }


def zipped(files: Files, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A bundle as one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return buffer.getvalue()


def zip_verdict(data: bytes) -> str | dict[str, str]:
    """Python's word on a zip: why it is refused, or the files in it."""
    read = zip_profile.reader_of(io.BytesIO(data))
    try:
        members = zip_profile.read_members(read, len(data))
        return {m.path: encode(zip_profile.unpack(m, read(m.start, m.packed))) for m in members}
    except MalformedError as error:
        return str(error)


def zip_cases(number: int) -> Iterator[dict[str, Any]]:
    """Honest zips, hostile ones, and ``number`` of them changed at random; each with Python's word."""
    known = [*zips.honest(), *((name, data) for name, data, _ in zips.hostile())]
    for name, data in known:
        yield {"name": name, "zip": encode(data), "verdict": zip_verdict(data)}
    for i in range(number):
        # Mostly from an honest one: what is changed in a hostile one may never be looked at.
        name, data = random.choice(known[: 6 if i % 4 else None])
        changed = zips.mutated(lambda n: random.randrange(max(n, 1)), data)
        yield {"name": f"{name}, changed", "zip": encode(changed), "verdict": zip_verdict(changed)}


def live(people: int, signing: int) -> tuple[World, Files, Files]:
    """A sealed letter with two editions: the world, the bundle at edition 1, and the one after withdrawals."""
    world = World(people)
    crowd = world.people[:signing]
    for number, person in enumerate(crowd):
        world.sign(person, "anonymous" if number % 10 == 3 else "initials" if number % 10 == 7 else "name")
    world.sign(crowd[0])  # an edit
    world.sign(crowd[1], payload=msgspec.structs.replace(world.payload(crowd[1], "name"), name="Somebody Else"))
    world.sign(crowd[2], payload=world.payload(crowd[4], "name"))  # another's place on the roll
    world.sign_with_wrong_share(crowd[10])
    world.notice(1)
    world.withdraw(crowd[5])
    world.cut(1)
    world.strike(1, crowd[6])
    world.withdraw(crowd[8])  # between cut and publication
    first = world.edition(1)
    early = world.bundle({1: first})
    world.withdraw(crowd[9])
    world.sign(world.people[signing])
    world.notice(2)
    world.cut(2)
    late = world.bundle({2: world.edition(2)})
    late[bundle.counts_path(1)] = canonical.encode(edition.counts_of(edition.parse(first)))
    return world, early, late


def public() -> tuple[World, Files]:
    """A public letter."""
    world = World(6, sealed=False)
    for person in world.people[:4]:
        world.sign(person)
    world.withdraw(world.people[1])
    world.notice(1)
    world.cut(1)
    return world, world.bundle({1: world.edition(1)})


def crowded() -> Files:
    """A letter with more signatures than people who may sign: no server would take the last one in."""
    world = World(3)
    stranger = world.people.pop()
    world.roll = roll.make_roll([person.slot.leaf for person in world.people])
    world.freeze()
    for person in world.people:
        world.sign(person)
    kept = world.manifest
    world.standing.manifest = msgspec.structs.replace(kept, eligibility=manifest.Eligibility(check="mail"))
    world.sign(stranger, "anonymous")
    return world.bundle({})


def newer_names() -> Iterator[tuple[str, Files]]:
    """A letter with a name that an altered client sealed, newer than Unicode 14.0; and its edition, shown as a name."""
    world = World(4)
    with newer.sealing(newer.REORDERED):
        world.sign(world.people[0])
    for person in world.people[1:3]:
        world.sign(person)
    world.notice(1)
    world.cut(1)
    files = world.bundle({1: world.edition(1)})
    yield "a sealed name newer than Unicode 14.0", files
    path = bundle.edition_path(1)
    value = json.loads(files[path])
    value["counts"].update(void=0, named=3)
    value["roll"][0]["name"] = newer.REORDERED
    written = msgspec.json.encode(value, order="sorted")
    yield "such a name in an edition", files | {path: written}
    manifest_ = json.loads(files["manifest.json"])
    manifest_["title"]["en"] = newer.REORDERED
    yield "such a title", files | {"manifest.json": msgspec.json.encode(manifest_, order="sorted")}


def newer_record(files: Files) -> Files:
    """A public letter's bundle with such a name in its first record."""
    first = json.loads(files["objects.jsonl"].split(b"\n")[0])["record"]["name"]
    changed = files["objects.jsonl"].replace(f'"name":"{first}"'.encode(), f'"name":"{newer.REORDERED}"'.encode(), 1)
    return files | {"objects.jsonl": changed}


def one_byte_changes(base: str, files: Files, number: int, seed: int) -> Iterator[dict[str, Any]]:
    """Random changes of one byte anywhere in a bundle: where, and Python's word."""
    draw = random.Random(seed)
    paths = sorted(files)
    for _ in range(number):
        path = draw.choice(paths)
        at, value = draw.randrange(len(files[path])), draw.randrange(1, 256)
        changed = bytearray(files[path])
        changed[at] ^= value
        found = verdict(files | {path: bytes(changed)})
        yield {"base": base, "path": path, "at": at, "xor": value, "steps": found["steps"]}


def difference(base: Files, files: Files) -> dict[str, str | None]:
    """A bundle as the files it changes; None: not there."""
    changed: dict[str, str | None] = {path: None for path in base if path not in files}
    return changed | {path: encode(data) for path, data in files.items() if base.get(path) != data}


def documents(world: World) -> dict[str, Any]:
    """Single documents and derivations, for tests of one module each."""
    person = world.people[0]
    where = roll.place(person.code, world.rid)
    value = world.objects[encode(person.key)]
    leaves = [merkle.leaf_hash(i.to_bytes(2, "big")) for i in range(300)]
    entry = world.log[-1]
    return {
        "manifest": encode(world.source),
        "checkpoint": encode(world.log_files()["log/checkpoint"]),
        "entries": [encode(data) for data in {entries.type_of(entries.parse(d)): d for d in world.log[1:]}.values()],
        "letter": world.id,
        "rid": encode(world.rid),
        "code": person.code.decode(),
        "withdrawal": person.withdrawal.decode(),
        "key": encode(person.key),
        "place": {"token": encode(where.token), "salt": encode(where.salt), "boxKey": encode(where.box_key)},
        "leaf": encode(person.slot.leaf),
        "box": encode(person.slot.box),
        "record": json.loads(canonical.encode(person.record)),
        "seal": json.loads(canonical.encode(value)),
        "objectHash": seal.object_hash(value),
        "trustees": [encode(sealing) for sealing, _ in world.trustees],
        "shares": [share for _, share in world.opening(encode(person.key), (1, 2, 3)).shares],
        "entry": encode(entry),
        "receipt": json.loads(canonical.encode(receipt.make(world.id, entry, "2026-12-01T06:00:00Z", world.log_key))),
        "roots": {str(n): encode(merkle.root(leaves[:n])) for n in (0, 1, 2, 3, 7, 8, 255, 256, 257, 300)},
        "inclusion": [
            {"index": i, "size": n, "path": [encode(h) for h in merkle.inclusion_proof(leaves[:n], i)]}
            for i, n in ((0, 1), (0, 2), (2, 3), (5, 7), (255, 256), (256, 257), (299, 300), (17, 300))
        ],
        "consistency": [
            {"old": a, "size": n, "path": [encode(h) for h in merkle.consistency_proof(leaves[:n], a)]}
            for a, n in ((1, 1), (1, 2), (2, 3), (6, 7), (128, 256), (256, 300), (255, 257), (3, 300))
        ],
        "tiles": {str(n): [tile.path for tile in tiles.tiles_of(n)] for n in (1, 255, 256, 257, 70_000)},
        "bigTile": tiles.Tile(0, 1_234_067, 256).path,
        "parsed": parsed_kinds(world),
    }


def parsed_kinds(world: World) -> dict[str, Any]:
    """One small document of each kind that a bundle holds in addition to manifest and entries."""
    first, second = sorted((encode(bytes([i]) * 32) for i in (1, 2)), key=base64url.sort_key)
    name = {"as": "name", "group": "reserve", "key": first, "name": "A B", "title": "", "verified": True}
    counts = {
        **dict.fromkeys(("signed", "standing", "named"), 2),
        **dict.fromkeys(("withdrawn", "initials", "anonymous", "void", "unresolved", "struck"), 0),
        "groups": {"reserve": 2},
    }
    since = {"from": 3, "added": 2, "withdrawn": 0}
    common = {"v": 1, "letter": world.id, "number": 1, "cut": 7, "size": 9, "root": first}
    common |= {"counts": counts, "since": since}
    initials = {**name, "as": "initials", "key": second, "verified": False}
    leaves = [base64url.decode(first), base64url.decode(second)]
    root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
    promise = receipt.make(world.id, world.log[-1], "2026-12-01T06:00:00Z", world.log_key)
    person = world.people[0]
    record = {"as": "name", "group": "reserve", "name": "A B", "title": "", "roll": first, "nonce": encode(bytes(16))}
    return {
        "edition": {"type": "edition", **common, "roll": [name, initials]},
        "counts": {"type": "counts", **common, "edition": first},
        "opening": json.loads(canonical.encode(world.opening(encode(person.key), (1, 2)))),
        "record": {"type": "record", "v": 1, "letter": world.id, "key": first, "record": record},
        "roll": {"type": "roll", "v": 1, "size": 2, "root": encode(root), "leaves": [first, second]},
        "receipt": json.loads(canonical.encode(promise)),
    }


def main(target: Path) -> None:
    """Writes everything."""
    target.mkdir(parents=True, exist_ok=True)
    world, early, late = live(30, 27)
    open_world, open_files = public()
    bases = {"early": early, "late": late, "public": open_files}
    for name, files in bases.items():
        (target / f"{name}.zip").write_bytes(zipped(files))
    (target / "stored.zip").write_bytes(zipped(early, zipfile.ZIP_STORED))
    cases = [{"name": name, "base": name, "files": {}, **verdict(files)} for name, files in bases.items()]
    other, other_early, _ = live(14, 12)
    for name, base, files in tampered(world, other, early, late, other_early):
        cases.append({"name": name, "base": base, "files": difference(bases[base], files), **verdict(files)})
        if name == "a name altered":
            (target / "tampered.zip").write_bytes(zipped(files))
    for name, files in {"more signatures than people": crowded(), **dict(newer_names())}.items():
        cases.append({"name": name, "base": "early", "files": difference(bases["early"], files), **verdict(files)})
    cases.append(
        {
            "name": "another id than asked for",
            "base": "early",
            "files": {},
            "letter": encode(bytes(32)),
            **verdict(early, bytes(32)),
        }
    )
    record = newer_record(open_files)
    name = "a public record newer than Unicode 14.0"
    cases.append({"name": name, "base": "public", "files": difference(open_files, record), **verdict(record)})
    bytes_changed = [
        change
        for seed, (name, files) in enumerate(bases.items())
        for change in one_byte_changes(name, files, 150, random.randrange(2**32) + seed)
    ]
    write(target / "bundles.json", {"cases": cases, "bytes": bytes_changed})
    write(target / "documents.json", documents(world) | {"publicManifest": encode(open_world.source)})
    write(target / "zips.json", {"cases": list(zip_cases(1500))})
    _, files, _ = live(1100, 1060)
    (target / "thousand.zip").write_bytes(zipped(files))
    write(target / "thousand.json", verdict(files))
    cases = [
        {"name": name, "base": "thousand", "files": difference(files, changed), **verdict(changed)}
        for name, changed in parts_changed(files)
    ]
    write(target / "parts.json", {"cases": cases})


def parts_changed(files: Files) -> Iterator[tuple[str, Files]]:
    """An edition's openings in two parts, cut otherwise than they must be."""
    first, second = "openings/1.jsonl", "openings/1.2.jsonl"
    tail = files[second].splitlines(keepends=True)
    rest = {path: data for path, data in files.items() if path != second}
    yield "a part under a number too high", rest | {"openings/1.3.jsonl": files[second]}
    yield "a part under its other name", rest | {"openings/1.02.jsonl": files[second]}
    yield "a part left out", rest
    yield "a line in the part before", files | {first: files[first] + tail[0], second: b"".join(tail[1:])}
    yield "a part of nothing after the last", files | {"openings/1.3.jsonl": b""}
    yield "parts exchanged", files | {first: files[second], second: files[first]}
    yield "a line of the first part again", files | {second: files[second] + files[first].splitlines(keepends=True)[-1]}


def write(path: Path, value: Any) -> None:
    """JSON in a file."""
    path.write_text(json.dumps(value, ensure_ascii=False, default=lambda b: base64.b64encode(b).decode()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
