"""An edition whose openings fill several files: served, bundled, checked, and followed by withdrawals."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from undersigned.protocol import base64url, bundle, opening
from undersigned.web import wiring
from undersigned.web.access import access_letter
from undersigned.web.log.fold import fold_log
from undersigned.web.publication import reconciler
from undersigned.web.storage.lazy_files import LazyFiles, given

from . import people
from .conftest import Site
from .people import Letter, Signer
from .test_life import bundle_of, outcome, signed_letter


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of two lines; how a thousand and more behave is shown in tests/protocol/test_parts.py."""
    monkeypatch.setattr(bundle, "OPENINGS_IN_PART", 2)


def parts(letter: Letter) -> list[list[str]]:
    """The keys in each part that is served, in order."""
    found = []
    for part in range(1, 10):
        answer = letter.get(bundle.openings_path(1, part))
        if answer.status == 404:
            break
        found.append([opening.parse_opening(line).key for line in bundle.split_lines(answer.body)])
    return found


def last_key(letter: Letter) -> Signer:
    key = parts(letter)[-1][-1]
    return next(person for person in letter.people if person.key == key)


@pytest.mark.usefixtures("narrow")
def test_openings_are_served_in_parts_and_shrink_with_withdrawals(site: Site) -> None:
    """Five names in three parts, all in order; a part whose last name has gone is gone too."""
    letter = signed_letter(site, ["name"] * 5)
    site.make_edition(letter, {p.key for p in letter.people[:5]})
    held = parts(letter)
    assert [len(keys) for keys in held] == [2, 2, 1]
    keys = [base64url.decode(key) for part in held for key in part]
    assert keys == sorted(keys)
    assert outcome(letter) == "valid"
    assert {path for path in bundle_of(letter) if path.startswith("openings/")} == {
        "openings/1.jsonl", "openings/1.2.jsonl", "openings/1.3.jsonl"
    }  # fmt: skip
    for wanted in ((2, 2), (2, 1)):
        assert people.withdraw(letter, last_key(letter)).status == 201
        site.rounds(1)
        assert tuple(map(len, parts(letter))) == wanted
        site.cosigned(letter)
        assert outcome(letter) == "valid"
    # One name more goes with its whole file, and the first file stays as it was.
    first = letter.get("openings/1.jsonl").body
    assert people.withdraw(letter, last_key(letter)).status == 201
    site.rounds(1)
    assert (parts(letter), letter.get("openings/1.jsonl").body) == ([parts(letter)[0]], first)


@pytest.mark.usefixtures("narrow")
def test_an_openings_part_that_is_no_longer_needed_is_deleted(site: Site) -> None:
    """A clerk that died between two editions of the directory: parts beyond the last one are removed."""
    letter = signed_letter(site, ["name"] * 3)
    site.make_edition(letter, {p.key for p in letter.people[:3]})
    beyond = Path(settings.DATA.public) / letter.slug / "editions/1/openings.3.jsonl"
    beyond.write_bytes(b"left over\n")
    assert letter.get("openings/1.3.jsonl").status == 200
    known = access_letter(letter.slug)
    reconciler.place_editions(known, fold_log(known, letter.status()["size"]), wiring.world())
    assert letter.get("openings/1.3.jsonl").status == 404


@pytest.mark.usefixtures("narrow")
def test_parts_have_one_address_each(site: Site) -> None:
    """Not the directory they are in, nor a number spelt otherwise."""
    letter = signed_letter(site, ["name"] * 3)
    site.make_edition(letter, {p.key for p in letter.people[:3]})
    for path in (
        "editions/1/openings.jsonl",
        "editions/1/openings.2.jsonl",
        "openings/1.1.jsonl",
        "openings/1.02.jsonl",
    ):
        assert letter.get(path).status == 404, path
    assert letter.get("openings/1.2.jsonl").status == 200
    page = letter.get("editions/1/en.html").body
    assert b"openings/1.jsonl" not in page
    assert b"bundle.zip" in page


def test_a_file_is_made_only_when_it_is_asked_for() -> None:
    """What a bundle would hold is known before any of it is made."""

    def never() -> bytes:
        raise AssertionError("made")

    files = LazyFiles({"a": given(b"x"), "b": never})
    assert (len(files), sorted(files), "b" in files, "c" in files, files["a"]) == (2, ["a", "b"], True, False, b"x")
    with pytest.raises(AssertionError, match="made"):
        _ = files["b"]
