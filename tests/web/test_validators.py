"""No metadata that an anonymous reader gets dates an action: validators, and times inside files."""

from __future__ import annotations

import io
import re
import time
import zipfile

from django.conf import settings

from undersigned.protocol.tiles import tiles_of

from . import people
from .arrival import PEOPLE, tells
from .conftest import Site
from .people import Letter
from .test_static import published

CONTENT = {"content-length"}
"""Grows with the log, as the bytes do."""


def one_by_one(site: Site, *, public: bool) -> Letter:
    """A letter whose log grew by one each time, some hundredths of a second apart."""
    letter = site.letter(size=PEOPLE, public=public)
    for person in letter.people:
        people.activate(letter, person)
    for person in letter.people:
        assert people.sign(letter, person).status == 201
        site.rounds(1)
        time.sleep(0.012)
    return letter


def partial_tiles(letter: Letter) -> list[str]:
    """The entry bundle of each size the log had, oldest first."""
    size = letter.status()["size"]
    first = size - PEOPLE
    return [f"/{letter.slug}/log/{tiles_of(first + i)[0].path}" for i in range(1, PEOPLE + 1)]


def numbers(text: str) -> list[int]:
    """A header's value as every number that could be read in it."""
    return [int(part, 16) for part in re.findall(r"[0-9a-f]+", text.lower())]


def telling(heads: list[dict[str, str]]) -> set[str]:
    """Names of headers of which some number follows the order of the answers."""
    found = set()
    for name in set.intersection(*map(set, heads)) - CONTENT:
        values = [numbers(head[name]) for head in heads]
        for place in range(min(map(len, values))):
            if tells([value[place] for value in values]):
                found.add(name)
    return found


def test_no_validator_dates_a_signature(site: Site) -> None:
    """HEAD of each size's tile, without a token: no header follows the order in which people signed.

    Control: tags of inode, time and size, as they once were.
    """
    letter = one_by_one(site, public=True)
    paths = partial_tiles(letter)
    heads = [site.call("HEAD", path).headers for path in paths]
    assert all("etag" in head for head in heads)
    assert len({head["etag"] for head in heads}) == PEOPLE
    assert telling(heads) == set()
    assert not any("last-modified" in head for head in heads)
    files = [settings.DATA.public / path[1:] for path in paths]
    old = [{"etag": f'"{s.st_ino:x}-{s.st_ctime_ns:x}-{s.st_size:x}"'} for s in (file.stat() for file in files)]
    assert telling(old) == {"etag"}


def test_no_file_of_the_log_says_when_it_was_written(site: Site) -> None:
    """A copy of the files with their times, as tar or rsync makes one: tiles have no time themselves."""
    letter = one_by_one(site, public=True)
    files = [settings.DATA.public / path[1:] for path in partial_tiles(letter)]
    assert {file.stat().st_mtime_ns for file in files} == {0}
    tiles = [file for file in (settings.DATA.public / letter.slug / "log" / "tile").rglob("*") if file.is_file()]
    assert not tells([file.stat().st_mtime_ns for file in files])
    assert {file.stat().st_mtime_ns for file in tiles} == {0}
    # The control: what is written as any other file is.
    for number in range(PEOPLE):
        (settings.DATA.public / f"control-{number}").write_bytes(b"x")
        time.sleep(0.012)
    written = [(settings.DATA.public / f"control-{number}").stat().st_mtime_ns for number in range(PEOPLE)]
    assert tells(written)
    for number in range(PEOPLE):
        (settings.DATA.public / f"control-{number}").unlink()


def test_no_served_file_holds_the_time_of_its_making(site: Site) -> None:
    """Zip members, gzip headers, pictures: none has a time in it; a feed's are whole hours."""
    letter = published(site)
    site.clock.now += 120
    site.rounds(3)
    folder = settings.DATA.public / letter.slug
    seen = set()
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        data = file.read_bytes()
        if file.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}, file
        elif file.suffix == ".gz":
            assert data[4:8] == bytes(4), file
        elif file.suffix == ".png":
            assert b"tIME" not in data, file
            assert b"date:" not in data, file
        elif file.suffix == ".atom":
            times = re.findall(rb"<updated>([^<]+)</updated>", data)
            assert times
            assert all(found.endswith(b":00:00Z") for found in times), times
        else:
            continue
        seen.add(file.suffix)
    assert {".zip", ".gz", ".atom", ".png"} <= seen
