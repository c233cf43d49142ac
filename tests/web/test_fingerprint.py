"""Fingerprints of large editions: files that are up to date are not made again; out-of-date ones are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from undersigned.web import wiring
from undersigned.web.access import access_letter
from undersigned.web.editions.open_set import find_cuts, open_set_keys, open_set_size
from undersigned.web.log.fold import fold_log
from undersigned.web.publication import bundler, edition_files, fingerprint, reconciler
from undersigned.web.records.models import Edition, Entry, Share

from . import people
from .conftest import Site
from .people import Letter
from .test_life import outcome, signed_letter


@pytest.fixture
def published(site: Site, monkeypatch: pytest.MonkeyPatch) -> Letter:
    """A published letter of five; every letter is a large one."""
    monkeypatch.setattr(bundler, "MAX_INLINE_ENTRIES", 0)
    letter = signed_letter(site, ["name"] * 5)
    site.make_edition(letter, {p.key for p in letter.people[:5]})
    site.rounds(1)
    return letter


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is made of an edition's files from here on."""
    seen: list[str] = []
    real: Callable[..., dict[str, Callable[[], bytes]]] = edition_files.make_files

    def make_files(*given: object) -> dict[str, Callable[[], bytes]]:
        def noting(name: str, make: Callable[[], bytes]) -> Callable[[], bytes]:
            return lambda: seen.append(name) or make()  # type: ignore[func-returns-value]

        return {name: noting(name, make) for name, make in real(*given).items()}

    monkeypatch.setattr(edition_files, "make_files", make_files)
    return seen


def place(letter: Letter) -> None:
    known = access_letter(letter.slug)
    reconciler.place_editions(known, fold_log(known), wiring.world())


def folder(letter: Letter) -> Path:
    return Path(settings.DATA.public) / letter.slug / "editions" / "1"


def test_an_edition_with_the_right_fingerprint_is_not_made_again(published: Letter, made: list[str]) -> None:
    """Neither page nor opening. Control: without a stored fingerprint, every file is made and compared."""
    place(published)
    assert made == []
    (folder(published) / fingerprint.NAME).unlink()
    before = folder(published).stat().st_ino
    place(published)
    assert {"edition.json", "openings.jsonl", "en.html"} <= set(made)
    assert folder(published).stat().st_ino == before
    made.clear()
    place(published)
    assert made == []


def test_a_file_that_is_missing_is_put_back(published: Letter, made: list[str]) -> None:
    """What the note says is there has to be there."""
    held = published.get("openings/1.jsonl").body
    (folder(published) / "openings.jsonl").unlink()
    place(published)
    assert made
    assert published.get("openings/1.jsonl").body == held


def test_another_release_looks_once_and_leaves_what_is_the_same(
    published: Letter, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory stays in its place: an edition does not vanish for the time it takes to write it."""
    before = folder(published).stat().st_ino
    monkeypatch.setattr(fingerprint, "_hash_code", lambda: "another release")
    place(published)
    assert made
    assert folder(published).stat().st_ino == before
    made.clear()
    place(published)
    assert made == []


def test_who_withdraws_is_gone_from_a_large_edition(site: Site, published: Letter) -> None:
    """From the names and from the openings, and the bundle of what is left verifies."""
    gone = published.people[0]
    assert gone.key.encode() in published.get("openings/1.jsonl").body
    people.withdraw(published, gone)
    site.rounds(1)
    site.wait_for("edition writer")
    site.rounds(1)
    assert published.get("editions/1/edition.json").status == 404
    assert gone.key.encode() not in published.get("openings/1.jsonl").body
    assert published.get("editions/1/counts.json").status == 200


def test_who_publishes_takes_names_away_before_anything_else_is_made(
    site: Site, published: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To make the files of a large edition takes a while: meanwhile nothing is there, rather than that name."""
    real, there = edition_files.make_files, []

    def seen(*given: Any) -> Any:
        there.append(published.get("editions/1/edition.json").status)
        return real(*given)

    monkeypatch.setattr(edition_files, "make_files", seen)
    people.withdraw(published, published.people[0])
    for rounds in site.clerk._letters.values():
        rounds.run_round(only_log=True)
    place(published)
    assert there == [404]


def test_a_share_that_comes_later_is_published_too(published: Letter, made: list[str]) -> None:
    """Openings show all shares there are; one that is taken away here stands for one that came."""
    before = published.get("openings/1.jsonl").body
    row = Share.objects.order_by("-pk").first()
    assert row is not None
    row.delete()
    place(published)
    assert made
    assert published.get("openings/1.jsonl").body != before


def test_the_bundle_of_a_large_edition_holds_its_names(site: Site, published: Letter) -> None:
    """They are read when the bundle is written, not before."""
    for _ in range(50):
        site.rounds(1)
        if published.get("bundle.zip").status == 200:
            break
    assert outcome(published) == "valid"


def test_shares_are_looked_up_by_their_keys(published: Letter) -> None:
    """As the whole open set has them; and the database goes to the keys, not through the log."""
    edition = Edition.objects.get(number=1)
    whole = open_set_keys(edition)
    assert open_set_size(edition) == len(whole)
    some = [p.key for p in published.people[:2]]
    assert open_set_keys(edition, [*some, "x" * 43]) == whole & set(some) == set(some)
    if connection.vendor == "sqlite":
        asked = Entry.objects.filter(letter=edition.letter_id, kind__in=("sign", "withdraw"), key__in=some)
        assert "key=?" in asked.explain()
        assert "key=?" in find_cuts(edition.letter_id).filter(seq=1).explain()
