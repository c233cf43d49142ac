"""Makes access codes, the roll and the server's slots from a list of people (protocol.md section 3).

Output: ``codes.csv`` links codes to people, and must be destroyed once the codes are distributed; ``roll.json`` is
public; ``slots.jsonl`` goes to the server, which cannot decrypt anything in it.
"""

from __future__ import annotations

import csv
import io
import secrets
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from undersigned.protocol import base64url, canonical, codes, roll
from undersigned.protocol import text as names
from undersigned.protocol.errors import MalformedError

from .errors import InputError

COLUMNS: Final = ("group", "name", "title", "address")
MAX_PEOPLE: Final = 10_000_000
_FORMULA: Final = "=+-@\t\r"
"""Characters with which a spreadsheet formula can begin (CSV injection)."""


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the organiser's list. ``address``: where to send the code, on paper or otherwise; never uploaded."""

    record: roll.Record
    address: str = ""


@dataclass(frozen=True, slots=True)
class CodeSet:
    """``people`` and ``codes`` have the same order; ``roll`` is None for blank codes."""

    people: list[Person]
    codes: list[bytes]
    slots: list[dict[str, str | None]]
    roll: roll.Roll | None


def read_people(text: str, groups: Collection[str]) -> list[Person]:
    """Parses CSV with the header ``group,name,title[,address]``. Raises InputError with the line number."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    people: list[Person] = []
    seen: dict[Person, int] = {}
    try:
        columns = _columns(next(reader, []))
        for row in reader:
            if row:
                person = _person(row, columns, groups, reader.line_num)
                # A person listed twice would have two codes. Different people differ in name, title, group or address.
                if seen.setdefault(person, reader.line_num) != reader.line_num:
                    raise InputError(f"line {reader.line_num}: the same person as on line {seen[person]}")
                people.append(person)
            if len(people) > MAX_PEOPLE:
                raise InputError(f"line {reader.line_num}: more than {MAX_PEOPLE} people")
    except csv.Error as error:
        raise InputError(f"line {reader.line_num}: not CSV: {error}") from None
    if not people:
        raise InputError("the list is empty: it needs the header group,name,title and a line for each person")
    return people


def _columns(heading: Sequence[str]) -> dict[str, int]:
    found = {name.strip().lower(): index for index, name in enumerate(heading)}
    if "group" not in found or "name" not in found or set(found) - set(COLUMNS) or len(found) != len(heading):
        raise InputError("line 1: the header must be group,name,title or group,name,title,address")
    return found


def _person(row: Sequence[str], columns: dict[str, int], groups: Collection[str], line: int) -> Person:
    if len(row) != len(columns):
        raise InputError(f"line {line}: {len(row)} fields instead of {len(columns)}")
    fields = {name: unicodedata.normalize("NFC", row[index].strip()) for name, index in columns.items()}
    if fields["group"] not in groups:
        raise InputError(f"line {line}: no such group; this letter has {', '.join(sorted(groups))}")
    for name in ("name", "title"):
        text = fields.get(name, "")
        if not text and name == "title":
            continue
        if text[:1] and text[0] in _FORMULA:
            raise InputError(f"line {line}: the {name} begins with {text[0]!r}, which a spreadsheet reads as a formula")
        try:
            names.check_name(text)
        except MalformedError as error:
            raise InputError(f"line {line}: the {name} is invalid: {error}") from None
    if fields.get("address", "")[:1] in tuple(_FORMULA):
        raise InputError(f"line {line}: the address begins with a character that a spreadsheet reads as a formula")
    record = roll.Record(group=fields["group"], name=fields["name"], title=fields.get("title", ""))
    return Person(record, fields.get("address", ""))


def make_codes(people: list[Person], spki: bytes) -> CodeSet:
    """Makes codes, roll and slots for ``people``. ``spki``: the registrar's public key, from the server."""
    rid = roll.registrar_id(spki)
    made = [codes.code_from(secrets.token_bytes(codes.LENGTH)) for _ in people]
    slots = [roll.make_slot(code, rid, person.record) for code, person in zip(made, people, strict=True)]
    rows: list[dict[str, str | None]] = [
        {
            "box": base64url.encode(slot.box),
            "leaf": base64url.encode(slot.leaf),
            "token_hash": base64url.encode(slot.token_hash),
        }
        for slot in slots
    ]
    return CodeSet(people, made, _shuffled(rows), roll.make_roll([slot.leaf for slot in slots]))


def make_blank_codes(count: int, spki: bytes) -> CodeSet:
    """Makes ``count`` codes without names, to be handed from person to person."""
    rid = roll.registrar_id(spki)
    made = [codes.code_from(secrets.token_bytes(codes.LENGTH)) for _ in range(count)]
    rows: list[dict[str, str | None]] = [
        {
            "box": None,
            "leaf": None,
            "token_hash": base64url.encode(roll.token_hash(roll.place(code, rid).token)),
        }
        for code in made
    ]
    return CodeSet([], made, _shuffled(rows), None)


def _shuffled(rows: list[dict[str, str | None]]) -> list[dict[str, str | None]]:
    """Sorted by hash: in the list's order, the server could tell whose code is used."""
    return sorted(rows, key=lambda row: str(row["token_hash"]))


def encode_codes(made: CodeSet) -> bytes:
    """``codes.csv``: group, name, title, address, code; blank codes have only the last column."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, "code"])
    people = made.people or [Person(roll.Record(group="", name="", title=""))] * len(made.codes)
    for person, code in zip(people, made.codes, strict=True):
        record = person.record
        writer.writerow([record.group, record.name, record.title, person.address, codes.format_code("S", code)])
    return out.getvalue().encode("utf-8")


def read_codes(data: bytes) -> list[tuple[Person, bytes]]:
    """Parses ``codes.csv``. Raises InputError with the line number."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError):
        raise InputError("the file of codes is not CSV in UTF-8") from None
    if not rows or rows[0] != [*COLUMNS, "code"]:
        raise InputError("line 1: this is not a file of codes from `undersigned roll make`")
    found = []
    for line, row in enumerate(rows[1:], start=2):
        try:
            group, name, title, address, typed = row
            code = codes.parse_code("S", typed)
        except (ValueError, MalformedError):
            raise InputError(f"line {line}: this line is not from `undersigned roll make`") from None
        found.append((Person(roll.Record(group=group, name=name, title=title), address), code))
    return found


def encode_slots(made: CodeSet) -> bytes:
    """``slots.jsonl``: what the server stores for each code."""
    return b"".join(canonical.encode(row) + b"\n" for row in made.slots)


def read_slots(data: bytes) -> list[dict[str, str | None]]:
    """Parses ``slots.jsonl``. Raises InputError with the line number."""
    rows = []
    for line, text in enumerate(data.splitlines(), start=1):
        try:
            row = canonical.decode(text)
        except MalformedError as error:
            raise InputError(f"slots, line {line}: {error}") from None
        if not isinstance(row, dict) or set(row) != {"box", "leaf", "token_hash"}:
            raise InputError(f"slots, line {line}: not a slot")
        rows.append(row)
    return rows
