"""A copy of the server's disk, taken while a letter is sealed, contains not one name."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from undersigned.web.clerk.clerk import OBJECTS_PURGE_INTERVAL
from undersigned.web.records.models import Act, Code, Entry, Pending, SealedObject

from . import people
from .conftest import Site, on_disk
from .people import Letter


def spellings(name: str) -> list[bytes]:
    """Every form a name could have on a disk: text encodings, base64 at its three alignments, hex, escapes."""
    found: list[bytes] = []
    for data in (name.encode("utf-8"), name.encode("utf-16-le"), name.encode("utf-16-be")):
        found += [data, data.hex().encode(), data.hex().upper().encode()]
        for shift in range(3):
            # What is common to every base64 of a text that has the name at this alignment.
            padded = base64.b64encode(bytes(shift) + data)
            inner = padded[(0, 2, 3)[shift] : len(padded) - 4]
            found += [inner, inner.replace(b"+", b"-").replace(b"/", b"_")]
    found += [quote(name).encode(), quote(name).lower().encode(), json.dumps(name)[1:-1].encode()]
    return [spelling for spelling in found if len(spelling) >= 6]


def hits(root: Path, names: list[str]) -> list[tuple[str, str]]:
    """Names found in any file under ``root``, write-ahead log and temporary files included."""
    found = []
    for path in root.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found += [(path.name, name) for name in names if any(s in data for s in spellings(name))]
    return found


def sealed_letter(site: Site) -> tuple[Letter, list[str]]:
    """A sealed letter with signatures in the log and signatures waiting, and the names behind them."""
    # Names no other test uses: those may have been published together with these.
    letter = site.letter(size=12, batch=(4, 3600), tag=secrets.token_hex(4))
    for person in letter.people[:6]:
        assert people.sign(letter, person).status == 201
    site.rounds()
    for person in letter.people[6:9]:
        assert people.sign(letter, person).status == 201
    people.withdraw(letter, letter.people[0])
    names = [person.record.name for person in letter.people]
    return letter, names


def test_the_whole_disk_of_a_sealed_letter_holds_no_name(site: Site) -> None:
    """Database, write-ahead log, served files, keys: none of the people who signed or could sign is there by name."""
    letter, names = sealed_letter(site)
    assert SealedObject.objects.filter(letter__slug=letter.slug).exists()
    assert Pending.objects.filter(letter__slug=letter.slug).exists()
    assert hits(settings.DATA.root, names) == []


def test_the_search_finds_a_name_in_any_spelling(site: Site, tmp_path: Path) -> None:
    """Control: a planted name is found however it is written."""
    letter, names = sealed_letter(site)
    assert letter.slug
    for number, name in enumerate(names[:4]):
        for place, spelling in enumerate(spellings(name)):
            file = tmp_path / f"{number}-{place}.bin"
            file.write_bytes(b"\x00\x01before" + spelling + b"after\xff")
            assert hits(tmp_path, [name]) == [(file.name, name)]
            file.unlink()


def test_no_row_holds_the_time_or_origin_of_a_signature(site: Site) -> None:
    """Signatures carry no time and no address; what is audited is what organisers and trustees did."""
    letter, _ = sealed_letter(site)
    columns = {field.name for model in (Entry, SealedObject, Pending) for field in model._meta.get_fields()}
    assert not columns & {"at", "time", "created", "ip", "address", "agent", "user_agent"}
    verbs = set(Act.objects.filter(letter=letter.slug).values_list("verb", flat=True))
    assert verbs == {"create", "codes", "text", "fix", "approval"}
    details = " ".join(Act.objects.filter(letter=letter.slug).values_list("detail", flat=True))
    assert not any(person.seed and person.key in details for person in letter.people)


def test_used_codes_leave_no_order(site: Site) -> None:
    """Using a code changes its row in place: rows stay sorted by hash, not by time of use."""
    letter = site.letter(size=8)

    def rows() -> list[tuple[int, str]]:
        return list(Code.objects.filter(letter__slug=letter.slug).order_by("id").values_list("id", "token_hash"))

    before = rows()
    for person in reversed(letter.people):
        people.activate(letter, person)
    assert rows() == before
    assert [hashed for _, hashed in before] == sorted(hashed for _, hashed in before)


def test_what_a_withdrawn_signatory_sealed_is_gone_from_the_disk(site: Site) -> None:
    """Once the withdrawal is in the log the sealed object is nowhere any more, not even in free pages."""
    letter = site.letter()
    person = letter.people[0]
    people.sign(letter, person)
    site.rounds()
    sealed = person.object.body.encode()[100:160]
    assert sealed in on_disk()
    people.withdraw(letter, person)
    # On SQLite at once; PostgreSQL's table is rewritten from time to time.
    site.clock.now += OBJECTS_PURGE_INTERVAL + 10 if connection.vendor == "postgresql" else 10
    site.rounds()
    assert sealed not in on_disk()
