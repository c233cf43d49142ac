"""Zips of bundles: one profile, one reading. The hostile ones are those of ``tests/zips.py``."""

from __future__ import annotations

import io
import random
import zipfile
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zips
from undersigned.protocol import bundle, zip_profile
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.zip_profile import Member, read_members, write_zip

HOSTILE = list(zips.hostile())
LARGE = 2**32


def unzipped(data: bytes) -> dict[str, bytes]:
    """All the files of a zip."""
    read = zip_profile.reader_of(io.BytesIO(data))
    members = read_members(read, len(data))
    return {member.path: zip_profile.unpack(member, read(member.start, member.packed)) for member in members}


def made(files: dict[str, bytes]) -> bytes:
    """The zip that a site serves of ``files``."""
    file = io.BytesIO()
    write_zip(files, file)
    return file.getvalue()


@pytest.mark.parametrize(("name", "data"), list(zips.honest()))
def test_a_zip_within_the_profile_is_read_whoever_made_it(name: str, data: bytes) -> None:
    assert unzipped(data) == zips.SMALL


@pytest.mark.parametrize(("name", "data", "words"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_a_zip_outside_the_profile_is_refused_with_its_reason(name: str, data: bytes, words: str) -> None:
    with pytest.raises(MalformedError, match=words):
        unzipped(data)


def test_general_libraries_read_what_we_refuse() -> None:
    """The control: Python's own zipfile opens many of the hostile zips without a word, some as two bundles."""
    taken = []
    for name, data, _ in HOSTILE:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                taken.append((name, archive.testzip()))
        except Exception:
            continue
    names = [name for name, bad in taken if bad is None]
    assert len(names) > 30
    assert {"a zip in the comment of another", "a zip behind the zip", "a hidden file", "one name twice"} <= set(names)


def test_what_we_write_is_read_here_and_by_zipfile_and_depends_on_the_files_alone() -> None:
    files = {**zips.SMALL, "openings/1.jsonl": b"", "roll.json": random.Random(1).randbytes(5000)}
    data = made(files)
    assert unzipped(data) == files
    assert made(dict(reversed(files.items()))) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert archive.namelist() == sorted(files)


def test_a_file_that_packs_too_well_is_stored() -> None:
    """Otherwise we would write what we refuse as a bomb."""
    files = {"text/en.md": b"a" * 5_000_000}
    data = made(files)
    assert len(data) > 5_000_000
    assert unzipped(data) == files


def test_65535_files_need_the_large_end_record_and_65534_do_not() -> None:
    for number in (0xFFFE, 0xFFFF):
        files = {f"log/tile/entries/x{i // 1000:03d}/{i % 1000:03d}": b"" for i in range(number)}
        data = made(files)
        assert (b"PK\x06\x06" in data) == (number == 0xFFFF)
        assert unzipped(data) == files
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert len(archive.namelist()) == number


def test_offsets_beyond_four_gigabytes() -> None:
    """Nine files of 500 MB, of which only headers and directory are there to be read."""
    size = 500_000_000
    members, position = [], 0
    for number in range(1, 11):
        members.append(Member(bundle.openings_path(number), zip_profile.STORED, 0, size, size, position))
        position = members[-1].start + size
    tail = b"".join(zip_profile._directory(members, position))
    pieces = {member.header: zip_profile._local_header(member) for member in members}

    def read(offset: int, length: int) -> bytes:
        return pieces[offset][:length] if offset in pieces else tail[offset - position :][:length]

    assert members[8].header < LARGE <= members[9].header
    assert read_members(read, position + len(tail)) == members
    # The last only, and the end record, say so in their large fields.
    assert tail.count(zip_profile._OFFSET64.pack(1, 8, members[9].header)) == 1
    assert tail.count(b"PK\x06\x06") == tail.count(b"PK\x06\x07") == 1


def test_bounds_are_looked_at_before_anything_is_read() -> None:
    with pytest.raises(MalformedError, match="too many"):
        unzipped(zips.zipped([], large={"here": 200_001, "total": 200_001}, end={"here": 65535, "total": 65535}))
    many = [
        Member(bundle.openings_path(n), 0, 0, 5 * 10**8, 5 * 10**8, (n - 1) * (5 * 10**8 + 50)) for n in range(1, 50)
    ]
    start, tail = 0, b""
    fixed = []
    for member in many:
        fixed.append(member._replace(header=start))
        start = fixed[-1].start + member.packed
    tail = b"".join(zip_profile._directory(fixed, start))
    pieces = {member.header: zip_profile._local_header(member) for member in fixed}
    with pytest.raises(MalformedError, match="too large"):
        read_members(lambda o, n: pieces[o][:n] if o in pieces else tail[o - start :][:n], start + len(tail))


def _read_short(data: bytes, kept: int, offset: int, length: int) -> bytes:
    return data[offset:][:length][:kept]


def test_a_file_that_shrinks_while_it_is_read_is_refused() -> None:
    data = made(zips.SMALL)
    for kept in (0, 10):
        with pytest.raises(MalformedError, match="changes"):
            read_members(partial(_read_short, data, kept), len(data))


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_mutated_zip_is_refused_or_holds_the_very_same_files(chance: random.Random) -> None:
    """Nothing of a zip can be read otherwise: what is taken unpacks to the same, except under another known path."""
    honest = [data for _, data in zips.honest()]
    data = zips.mutated(lambda n: chance.randrange(max(n, 1)), chance.choice(honest))
    try:
        files = unzipped(data)
    except MalformedError:
        return
    assert sorted(files.values()) == sorted(zips.SMALL.values())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(MalformedError):
        unzipped(data)


@pytest.mark.parametrize(
    ("data", "seems"),
    [
        (b"PK\x03\x04", True),
        (b"PK\x05\x06", True),
        (b"MZ" + b"\0" * 90 + b"PK\x05\x06", True),
        (b"", False),
        (b"PK", False),
    ],
)
def test_what_is_meant_as_a_zip_is_told_from_what_is_not(data: bytes, seems: bool) -> None:
    assert zip_profile.looks_like_zip(zip_profile.reader_of(io.BytesIO(data)), len(data)) is seems


@pytest.mark.parametrize(
    "path", ["text/en.md", "log/tile/0/x001/067", "log/tile/entries/000.p/18", "editions/3/counts.json"]
)
def test_a_path_of_a_bundle_is_known(path: str) -> None:
    assert bundle.is_path(path)
    assert not bundle.is_path(path + "\n")
    assert not bundle.is_path("/" + path)
