"""The doctor finds each planted fault, names the place, and finds nothing where nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from undersigned.web.maintenance.doctor import Finding, examine
from undersigned.web.records.models import Checkpoint, Cosignature, Entry, SealedObject

from . import people
from .conftest import Site
from .people import Letter
from .test_life import signed_letter


def look(site: Site, *, deep: bool = True) -> list[Finding]:
    """What the doctor finds, but for what the tests' own directory lacks, or keeps of earlier letters."""
    found = examine(data=settings.DATA, world=site.world, thorough=deep, progress=lambda _what: None, pause=0)
    return [finding for finding in found if finding.where not in ("disk", "directory", "database", "public")]


def published(site: Site) -> Letter:
    """Six signed, one withdrew, one edition is out, trustees have cosigned."""
    letter = signed_letter(site, ["name"] * 5 + ["anonymous"])
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.make_edition(letter, {person.key for person in letter.people[1:6]})
    site.rounds(4)
    return letter


def served(letter: Letter, path: str) -> Path:
    """A served file."""
    return Path(settings.DATA.public / letter.slug / path)


def flip(path: Path) -> None:
    """One bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def change(table: str, what: str, where: str) -> None:
    """Behind everybody's back."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {what} WHERE {where}")


def swap_notes(letter: Letter) -> None:
    """The newest checkpoint gets the note of an older one."""
    new, old = Checkpoint.objects.filter(letter__slug=letter.slug).order_by("-size")[:2]
    Checkpoint.objects.filter(pk=new.pk).update(note=old.note)


FAULTS: dict[str, tuple[Callable[[Letter], object], str]] = {
    "a bit in a hash tile": (lambda letter: flip(next(served(letter, "log/tile/0").rglob("*.p/*"))), "served log"),
    "a bit in a bundle of entries": (
        lambda letter: flip(next(served(letter, "log/tile/entries").rglob("*.p/*"))),
        "served",
    ),
    "a tile is gone": (lambda letter: next(served(letter, "log/tile/0").rglob("*.p/*")).unlink(), "missing"),
    "another count": (lambda letter: served(letter, "count.json").write_text('{"count":9}'), "count.json"),
    "an older checkpoint is served": (lambda letter: flip(served(letter, "log/checkpoint")), "log/checkpoint"),
    "an edition is served otherwise": (lambda letter: flip(served(letter, "editions/1/edition.json")), "edition 1"),
    "openings are gone": (lambda letter: served(letter, "editions/1/openings.jsonl").unlink(), "openings.jsonl"),
    "the last entry is gone": (lambda letter: Entry.objects.order_by("-index")[:1].get().delete(), "restore"),
    "an entry in the middle is gone": (lambda letter: Entry.objects.get(index=5).delete(), "entry 5 is missing"),
    "an entry's bytes": (lambda letter: Entry.objects.filter(index=6).update(data=b"{}"), "entry 6"),
    "an entry's row": (lambda letter: change("log_entry", "key = ''", '"index" = 6'), "entry 6"),
    "a checkpoint's root": (lambda letter: Checkpoint.objects.update(root="A" * 43), "root"),
    "a checkpoint's note": (swap_notes, "not what was signed"),
    "a cosignature": (lambda letter: Cosignature.objects.filter(trustee=1).update(trustee=3), "cosignature"),
    "a sealed object is gone": (lambda letter: SealedObject.objects.first().delete(), "is missing"),  # type: ignore[union-attr]
    "a sealed object of another": (
        lambda letter: change(
            "signing_sealedobject", "body = (SELECT body FROM signing_sealedobject ORDER BY key LIMIT 1)", "1 = 1"
        ),
        "not the one its entry names",
    ),
    "the log's key": (lambda letter: flip(settings.DATA.keys / f"{letter.slug}.log"), "log's key"),
    "the registrar's key is gone": (lambda letter: (settings.DATA.keys / f"{letter.slug}.registrar").unlink(), "keys"),
    "a key others may read": (lambda letter: (settings.DATA.keys / f"{letter.slug}.log").chmod(0o644), "others may"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(site: Site, fault: str) -> None:
    """Nothing before it was planted; after it a finding that says where."""
    letter = published(site)
    assert look(site) == []
    plant, said = FAULTS[fault]
    plant(letter)
    found = look(site)
    for path in settings.DATA.keys.iterdir():
        # The directory is the next test's too.
        path.chmod(0o600)
    assert any(said in finding.what for finding in found), found
    assert all(finding.where in (letter.slug, "keys") for finding in found)
    assert not [f for f in found for person in letter.people if person.record.name in f.what]


def test_the_quick_look_reads_no_entry(site: Site) -> None:
    """What only deriving finds is left to --deep."""
    letter = published(site)
    Entry.objects.filter(index=6).update(data=b"{}")
    assert look(site, deep=False) == []
    assert look(site) != []
    assert letter.slug
