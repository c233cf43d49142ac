"""The tampering list: what a dishonest operator, organiser or courier could do to a bundle, and what comes of it.

Each function yields what was done, to which bundle (``early``: with edition 1; ``late``: edition 2, and 1 erased),
and the files. What a verifier must say of them is not known here.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from world import World

from undersigned.protocol import base64url, canonical, checkpoint, edition, entries

Files = dict[str, bytes]
Cases = Iterator[tuple[str, str, Files]]
Rows = list[dict[str, Any]]
EDITION, COUNTS, OPENINGS = "editions/1/edition.json", "editions/1/counts.json", "openings/1.jsonl"
encode = base64url.encode


def tampered(world: World, other: World, early: Files, late: Files, other_early: Files) -> Cases:
    """The whole list. ``other``: another letter, and its bundle."""
    yield from editions(early, late)
    yield from openings(world, early)
    yield from erased(early, late)
    yield from strays(world, early, other_early)
    yield from rewritten(world, other, late)


def editions(early: Files, late: Files) -> Cases:
    """Names and figures of an edition."""
    ed, op = EDITION, OPENINGS

    def edit(change: Callable[[dict[str, Any]], None]) -> Files:
        return early | {ed: document_changed(early[ed], change)}

    def resize(delta: int) -> Callable[[dict[str, Any]], None]:
        return lambda value: value.update(size=value["size"] + delta)

    yield "a name dropped", "early", edit(lambda v: v["roll"].pop())
    yield "a name added", "early", edit(lambda v: v["roll"].append({**v["roll"][-1], "key": encode(b"\xff" * 32)}))
    yield "a name altered", "early", edit(lambda v: v["roll"][0].update(name="Another"))
    yield "names reordered", "early", edit(lambda v: swap(v["roll"], 0, 1))
    yield "an unverified name passed off", "early", edit(lambda v: v["roll"][0].update(verified=False))
    yield "a count raised", "early", edit(lambda v: v["counts"].update(standing=v["counts"]["standing"] + 1))
    yield "a group count moved", "early", edit(lambda v: v["counts"]["groups"].update(reserve=0))
    yield "a group invented", "early", edit(lambda v: v["counts"]["groups"].update(x=0))
    yield "since altered", "early", edit(lambda v: v["since"].update(added=3))
    yield "another root", "early", edit(lambda v: v.update(root=encode(bytes(32))))
    yield "another letter's edition", "early", edit(lambda v: v.update(letter=encode(bytes(32))))
    yield "an edition over more", "early", edit(resize(1))
    yield "an edition over less", "early", edit(resize(-1))
    yield "an edition over nothing", "early", edit(lambda v: v.update(size=0))
    yield "an edition before its cut", "early", edit(resize(-3))
    yield "an edition nobody cut", "early", early | {"editions/2/edition.json": early[ed]}
    yield "an edition twice", "late", late | {"editions/1/edition.json": early[ed]}
    yield "a field too many", "early", edit(lambda v: v.update(extra=1))
    yield "no edition", "early", {path: data for path, data in early.items() if path != ed}
    yield "neither edition nor openings", "early", {p: d for p, d in early.items() if p not in (ed, op)}


def openings(world: World, early: Files) -> Cases:
    """Seals and shares."""
    op = OPENINGS

    def openings(change: Callable[[Rows], object]) -> Files:
        return early | {op: lines_changed(early[op], change)}

    yield "an opening missing", "early", openings(lambda rows: rows.pop())
    yield "an opening doubled", "early", openings(lambda rows: rows.append(rows[-1]))
    yield "openings reordered", "early", openings(lambda rows: swap(rows, 0, 1))
    yield "shares swapped", "early", openings(lambda rows: swap_shares(rows))
    yield "a share altered", "early", openings(lambda rows: rows[0]["shares"][0].__setitem__(1, encode(bytes(33))))
    yield "a share of nobody", "early", openings(lambda rows: rows[0]["shares"].append([9, rows[0]["shares"][0][1]]))
    yield "a share short", "early", openings(lambda rows: rows[0]["shares"].pop())
    yield "no shares at all", "early", openings(lambda rows: [row["shares"].clear() for row in rows])
    yield (
        "a share under a minus sign",
        "early",
        openings(lambda rows: rows[0]["shares"].insert(0, [-1, rows[0]["shares"][0][1]])),
    )
    yield "seals swapped", "early", openings(lambda rows: swap_seals(rows))
    yield "a seal of another key", "early", openings(lambda rows: rows[0].update(seal=rows[1]["seal"]))
    yield "openings of no object", "early", early | {op: b"[]\n"}
    yield "openings of a number", "early", early | {op: b"1\n"}
    yield "openings with an empty line", "early", early | {op: early[op] + b"\n"}
    yield "openings without an end", "early", early | {op: early[op][:-1]}
    yield "empty openings", "early", early | {op: b""}
    yield "openings under another edition", "early", early | {"openings/2.jsonl": early[op]}
    struck = next(s.key for s in world.standing.signatories.values() if s.struck is not None)
    row = json.loads(canonical.encode(world.opening(struck)))
    yield "a struck name opened", "early", openings(lambda rows: put(rows, row))
    withdrawn = next(s.key for s in world.standing.signatories.values() if s.withdrawn is not None)
    row2 = json.loads(canonical.encode(world.opening(withdrawn)))
    yield "a withdrawn name opened", "early", openings(lambda rows: put(rows, row2))
    late_row = json.loads(canonical.encode(world.opening(encode(world.people[8].key))))
    yield "a name withdrawn after the cut opened", "early", openings(lambda rows: put(rows, late_row))


def erased(early: Files, late: Files) -> Cases:
    """The counts of an edition whose names are gone."""
    counts, ed = COUNTS, EDITION
    for name, change in {
        "erased counts raised": lambda v: v["counts"].update(signed=99),
        "erased counts that do not add up": lambda v: v["counts"].update(void=99),
        "erased groups that do not add up": lambda v: v["counts"]["groups"].update(reserve=0),
        "erased groups by other names": lambda v: v["counts"].update(groups={"x": 1}),
        "erased since altered": lambda v: v["since"].update(added=9),
        "erased edition id altered": lambda v: v.update(edition=encode(bytes(32))),
        "erased split moved": lambda v: v["counts"].update(
            named=v["counts"]["named"] - 1, anonymous=v["counts"]["anonymous"] + 1
        ),
    }.items():
        yield name, "late", late | {counts: document_changed(late[counts], change)}
    shrunk = canonical.encode(edition.counts_of(edition.parse(early[ed])))
    yield "erased without a withdrawal", "early", {p: d for p, d in early.items() if p != ed} | {counts: shrunk}


def strays(world: World, early: Files, other_early: Files) -> Cases:
    """Files that are missing, empty, too many, or another letter's."""
    op = OPENINGS
    entry_bundle = next(path for path in early if path.startswith("log/tile/entries/000.p"))
    yield "a stray file", "early", early | {"readme.txt": b"hello"}
    yield "a path in other digits", "early", early | {"editions/1٢/edition.json": b"{}"}
    for path in ("manifest.json", "text/en.md", "roll.json", "log/checkpoint", entry_bundle, op):
        yield f"no {path}", "early", {p: d for p, d in early.items() if p != path}
        yield f"an empty {path}", "early", early | {path: b""}
    beyond = checkpoint.Checkpoint(world.manifest.origin, canonical.MAX_INTEGER, bytes(32))
    signed = checkpoint.sign(beyond, world.log_seed).encode()
    yield "a checkpoint of more entries than anybody could read", "early", early | {"log/checkpoint": signed}
    yield "another letter's checkpoint", "early", early | {"log/checkpoint": other_early["log/checkpoint"]}
    yield "another letter's manifest", "early", early | {"manifest.json": other_early["manifest.json"]}
    yield "another letter's roll", "early", early | {"roll.json": other_early["roll.json"]}
    yield "one cosignature", "early", early | {"log/checkpoint": one_line_less(early["log/checkpoint"])}
    twice = early["log/checkpoint"] + early["log/checkpoint"].splitlines(keepends=True)[-1]
    yield "a cosignature twice", "early", early | {"log/checkpoint": twice}
    stranger = other_early["log/checkpoint"].splitlines(keepends=True)[-1]
    yield "a stranger's cosignature", "early", early | {"log/checkpoint": early["log/checkpoint"] + stranger}


def rewritten(world: World, other: World, late: Files) -> Cases:
    """Logs that a dishonest operator rewrote, and signed again."""
    signs = [i for i, data in enumerate(world.log) if data.find(b'"type":"sign"') > 0]
    last, a, b = len(world.log) - 1, signs[0], signs[1]
    for name, change2 in {
        "the log cut short": lambda log: log.pop(),
        "an entry removed": lambda log: log.pop(a),
        "entries swapped": lambda log: swap(log, a, b),
        "an entry twice": lambda log: log.append(log[a]),
        "a signature altered": lambda log: log.__setitem__(a, with_signature(log[a], log[b])),
        "a credential used twice": lambda log: log.__setitem__(a, other_credential(world, log, a, b)),
        "an object named twice": lambda log: log.__setitem__(a, other_object(world, log, a, b)),
        "a withdrawal twice": lambda log: log.append(next(d for d in log if b'"withdraw"' in d)),
        "a seq skipped": lambda log: log.append(again(world, log, last_sign(world), 2)),
        "an edit after the cut": lambda log: log.append(again(world, log, last_sign(world), 1)),
        "an edit after withdrawal": lambda log: log.append(again(world, log, withdrawn_sign(world), 1)),
        "a notice out of turn": lambda log: log.append(
            by_organiser(world, entries.Notice(v=1, letter=world.id, edition=4, after="2026-01-02T00:00:00Z"))
        ),
        "a notice in turn": lambda log: log.append(
            by_organiser(world, entries.Notice(v=1, letter=world.id, edition=3, after="2026-01-02T00:00:00Z"))
        ),
        "a cut without a notice": lambda log: log.append(
            by_organiser(world, entries.Cut(v=1, letter=world.id, edition=3))
        ),
        "a cut twice": lambda log: log.append(by_organiser(world, entries.Cut(v=1, letter=world.id, edition=2))),
        "a strike of nobody": lambda log: log.append(
            by_organiser(world, entries.Strike(v=1, letter=world.id, edition=1, key=encode(bytes(32)), reason="asked"))
        ),
        "a strike after publication": lambda log: log.append(
            by_organiser(
                world, entries.Strike(v=1, letter=world.id, edition=1, key=encode(world.people[0].key), reason="asked")
            )
        ),
        "an approval twice": lambda log: log.append(log[1]),
        "an approval by a fourth": lambda log: log.append(
            by_organiser(world, entries.Approval(v=1, letter=world.id, trustee=4))
        ),
        "a withdrawal dropped": lambda log: log.pop(next(i for i, d in enumerate(log) if b'"withdraw"' in d)),
        "another letter's entry": lambda log: log.append(other.log[signs[0]]),
        "an approval dropped": lambda log: log.pop(1),
        "a cut dropped": lambda log: log.pop(next(i for i, d in enumerate(log) if b'"type":"cut"' in d)),
        "an entry that is no JSON": lambda log: log.append(b"hello"),
        "an entry with stray space": lambda log: log.__setitem__(last, log[last].replace(b":", b": ", 1)),
        "a second manifest": lambda log: log.append(log[0]),
        "an unsigned abandon": lambda log: log.append(
            canonical.encode({"letter": world.id, "type": "abandon", "v": 1})
        ),
        "an abandon": lambda log: log.append(
            entries.encode(entries.sign_entry(entries.Abandon(v=1, letter=world.id), world.organiser))
        ),
        "a notice in other digits": lambda log: log.append(
            entries.encode(
                entries.sign_entry(
                    entries.Notice(v=1, letter=world.id, edition=3, after="२०२६-01-02T00:00:00Z"), world.organiser
                )
            )
        ),
    }.items():
        yield name, "late", relog(world, late, change2)


def relog(world: World, files: Files, change: Callable[[list[bytes]], None]) -> Files:
    """The bundle of a log that a dishonest operator rewrote, and signed again."""
    kept = list(world.log)
    change(world.log)
    changed = {path: data for path, data in files.items() if not path.startswith("log/")} | world.log_files()
    world.log[:] = kept
    return changed


def lines_changed(data: bytes, change: Callable[[list[dict[str, Any]]], object]) -> bytes:
    """A .jsonl file after a change to its rows, written canonically again."""
    rows = [json.loads(line) for line in data.splitlines()]
    change(rows)
    return b"".join(canonical.encode(row) + b"\n" for row in rows)


def document_changed(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A document after a change, written canonically again."""
    value = json.loads(data)
    change(value)
    return canonical.encode(value)


def swap(rows: list[Any], a: int, b: int) -> None:
    """Two rows in each other's place."""
    rows[a], rows[b] = rows[b], rows[a]


def put(rows: list[dict[str, Any]], row: dict[str, Any]) -> None:
    """Adds an opening where it belongs."""
    rows.append(row)
    rows.sort(key=lambda r: base64url.decode(r["key"]))


def swap_shares(rows: list[dict[str, Any]]) -> None:
    """The first shares of two signatories in each other's place."""
    rows[0]["shares"][0], rows[1]["shares"][0] = rows[1]["shares"][0], rows[0]["shares"][0]


def swap_seals(rows: list[dict[str, Any]]) -> None:
    """Two signatories' seals and shares in each other's place, with the keys rewritten."""
    for field in ("seal", "shares"):
        rows[0][field], rows[1][field] = rows[1][field], rows[0][field]
    for row in rows[:2]:
        row["seal"]["key"] = row["key"]


def one_line_less(note: bytes) -> bytes:
    """A checkpoint without its last signature."""
    return b"".join(note.splitlines(keepends=True)[:-1])


def with_signature(data: bytes, other: bytes) -> bytes:
    """An entry under another's signature."""
    entry, signature = entries.parse(data), entries.parse(other).signature
    return entries.encode(msgspec.structs.replace(entry, signature=signature))


def other_credential(world: World, log: list[bytes], a: int, b: int) -> bytes:
    """Entry ``a`` with the credential of entry ``b``, signed again by its own key."""
    mine, theirs = entries.parse(log[a]), entries.parse(log[b])
    assert isinstance(mine, entries.Sign)
    assert isinstance(theirs, entries.Sign)
    seed = next(p.seed for p in world.people if encode(p.key) == mine.key)
    return entries.encode(entries.sign_entry(msgspec.structs.replace(mine, credentials=theirs.credentials), seed))


def other_object(world: World, log: list[bytes], a: int, b: int) -> bytes:
    """Entry ``a`` naming the object of entry ``b``, signed again by its own key."""
    mine, theirs = entries.parse(log[a]), entries.parse(log[b])
    assert isinstance(mine, entries.Sign)
    assert isinstance(theirs, entries.Sign)
    seed = next(p.seed for p in world.people if encode(p.key) == mine.key)
    return entries.encode(entries.sign_entry(msgspec.structs.replace(mine, object=theirs.object), seed))


def again(world: World, log: list[bytes], at: int, step: int) -> bytes:
    """Entry ``at``'s signatory signing once more, ``step`` later in the sequence."""
    mine = entries.parse(log[at])
    assert isinstance(mine, entries.Sign)
    seed = next(p.seed for p in world.people if encode(p.key) == mine.key)
    fresh = encode(random.randbytes(32))
    return entries.encode(entries.sign_entry(msgspec.structs.replace(mine, object=fresh, seq=mine.seq + step), seed))


def last_sign(world: World) -> int:
    """The newest sign entry."""
    return max(s.signed for s in world.standing.signatories.values())


def withdrawn_sign(world: World) -> int:
    """The sign entry of a signatory who withdrew."""
    return next(s.signed for s in world.standing.signatories.values() if s.withdrawn is not None)


def by_organiser(world: World, entry: entries.E) -> bytes:
    """An entry as the organiser signs it."""
    return entries.encode(entries.sign_entry(entry, world.organiser))
