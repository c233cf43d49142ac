"""Published files: written whole, compressed next to the original, and gone when they must go."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.conf import settings
from django.db.backends.utils import CursorWrapper

from undersigned.durable import write_over
from undersigned.web.clerk.clerk import Clerk
from undersigned.web.edge.file_cache import FileCache, FileVersion, version_of
from undersigned.web.storage.files import FileStorage
from undersigned.web.storage.lazy_files import LazyFiles, given

from . import people
from .conftest import Site
from .people import Letter
from .server import until
from .test_life import signed_letter

LONG = b"<!doctype html><p>" + b"Testperson Eins stands here. " * 100


class ForgetfulStorage(FileStorage):
    """A control: it replaces a file, and leaves the compressed one of the old bytes next to it."""

    def put(self, path: str, data: bytes) -> None:
        """The fault."""
        write_over(self._root / path, data, 0o644)


def published(site: Site) -> Letter:
    """A letter with one edition, of three."""
    letter = signed_letter(site, ["name"] * 3)
    site.make_edition(letter, {p.key for p in letter.people[:3]})
    site.rounds()
    return letter


def readable(folder: Path) -> dict[str, bytes]:
    """Every file under ``folder`` as a reader could get it, compressed ones unpacked."""
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    return {name: gzip.decompress(data) if name.endswith(".gz") else data for name, data in files.items()}


def test_a_page_is_compressed_for_clients_that_accept_gzip(site: Site) -> None:
    """The same page either way, under two tags; and its tag alone if it has not changed."""
    letter = site.letter()
    plain = letter.get("en/")
    packed = letter.get("en/", **{"accept-encoding": "br, gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "accept-encoding" in packed.headers["vary"]
    again = letter.get("en/", **{"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_the_count_is_a_tiny_file_of_its_own(site: Site) -> None:
    """It is not worth compressing, and changes with each batch."""
    letter = signed_letter(site, ["name"])
    answer = letter.get("count.json", **{"accept-encoding": "gzip"})
    assert answer.json["count"] == 1
    assert len(answer.body) < 100
    assert "content-encoding" not in answer.headers
    before = answer.headers["etag"]
    assert people.sign(letter, letter.people[1]).status == 201
    site.rounds()
    answer = letter.get("count.json")
    assert answer.json["count"] == 2
    assert answer.headers["etag"] != before


def test_public_pages_ask_no_database(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page of a published letter is read with the database out of reach."""
    letter = published(site)

    def refuse(*_: Any) -> None:
        raise AssertionError("a page asked the database")

    monkeypatch.setattr(CursorWrapper, "execute", refuse)
    for path in ("", "en/", "he/", "count.json", "editions/1/", "editions/1/signatories-he.html", "bundle.zip"):
        assert letter.get(path).status == 200, path
    # The control: what does ask is refused.
    assert letter.get("status", **letter.auth).status == 500
    monkeypatch.undo()


@pytest.mark.parametrize("kind", [FileStorage, ForgetfulStorage])
def test_replacing_a_file_leaves_nothing_of_the_old_one(kind: type[FileStorage], tmp_path: Path) -> None:
    """Neither as it is nor compressed; the control, which forgets the compressed one, is found out."""
    FileStorage(tmp_path).put("page.html", LONG)
    assert b"Testperson Eins" in readable(tmp_path)["page.html.gz"]
    kind(tmp_path).put("page.html", b"<p>Nobody.")
    left = any(b"Testperson Eins" in data for data in readable(tmp_path).values())
    assert left == (kind is ForgetfulStorage)


def test_deleting_a_file_deletes_it_compressed_too(tmp_path: Path) -> None:
    """A file, and a folder of files."""
    storage = FileStorage(tmp_path)
    storage.put("one.html", LONG)
    storage.put_tree("all", {"one.html": LONG, "two.html": LONG})
    storage.delete("one.html")
    storage.put_tree("all", {"one.html": b"<p>Nobody."})
    assert set(readable(tmp_path)) == {"all/one.html"}


def test_what_breaks_off_while_it_is_written_leaves_what_was_there(tmp_path: Path) -> None:
    """A file written piece by piece, and a folder one of whose files cannot be made: whole, or as it was."""
    storage = FileStorage(tmp_path)
    storage.stage("b.zip", lambda file: file.write(b"zeroth")).place()
    storage.stage("b.zip", lambda file: file.write(b"first")).place()
    storage.stage("b.zip", lambda file: file.write(b"never")).discard()
    storage.put_tree("all", {"one.md": b"one"})

    def break_off(file: BinaryIO) -> None:
        file.write(b"half of the seco")
        raise RuntimeError

    def broken() -> bytes:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        storage.stage("b.zip", break_off)
    with pytest.raises(RuntimeError):
        storage.put_tree("all", LazyFiles({"one.md": given(b"two"), "two.md": broken}))
    assert readable(tmp_path) == {"b.zip": b"first", "all/one.md": b"one"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all", "b.zip"]
    opened = storage.open("b.zip")
    assert opened is not None
    with opened:
        assert (opened.seek(2), opened.read()) == (2, b"rst")
    assert storage.open("all") is None
    assert storage.open("none") is None


def test_a_name_that_must_go_goes_compressed_too(site: Site) -> None:
    """One of three withdraws after publication: no served file holds the name, in any coding."""
    letter = published(site)
    folder = settings.DATA.public / letter.slug
    name = letter.people[0].record.name.encode()
    assert sum(name in data for path, data in readable(folder).items() if path.endswith(".gz")) >= 2
    assert people.withdraw(letter, letter.people[0]).status == 201
    site.rounds(4)
    assert not [path for path, data in readable(folder).items() if name in data]


def test_a_file_is_whole_at_every_moment(site: Site) -> None:
    """While the clerk replaces a page again and again, every reader gets one of its versions, whole."""
    letter = site.letter()
    versions = [LONG + bytes([65 + i]) * 1000 * i for i in range(8)]
    stop, seen = threading.Event(), set[bytes]()

    def replace_it() -> None:
        while not stop.is_set():
            for data in versions:
                site.world.storage.put(f"{letter.slug}/page.html", data)

    site.world.storage.put(f"{letter.slug}/page.html", versions[0])
    writer = threading.Thread(target=replace_it)
    writer.start()
    try:
        for number in range(6000):
            if number > 600 and len(seen) > 1:
                break
            answer = letter.get("page.html", **({"accept-encoding": "gzip"} if number % 2 else {}))
            assert answer.status == 200
            packed = "content-encoding" in answer.headers
            seen.add(gzip.decompress(answer.body) if packed else answer.body)
    finally:
        stop.set()
        writer.join()
    assert seen <= set(versions)
    assert len(seen) > 1, "nothing changed while it was read"


def test_what_is_kept_in_memory_is_believed_only_of_the_same_file() -> None:
    """Another inode, time or size: it is read again. What does not fit makes room for itself."""
    kept, file = FileCache(max_total=10), "page"

    def held(name: str, mark: FileVersion) -> bytes | None:
        copy = kept.get(name, mark)
        return None if copy is None else copy.data

    kept.put(file, FileVersion(1, 1, 4), b"abcd")
    assert held(file, FileVersion(1, 1, 4)) == b"abcd"
    assert [held(file, mark) for mark in (FileVersion(2, 1, 4), FileVersion(1, 2, 4), FileVersion(1, 1, 5))] == [
        None
    ] * 3
    kept.put("other", FileVersion(2, 1, 8), b"abcdefgh")
    assert held(file, FileVersion(1, 1, 4)) is None
    assert held("other", FileVersion(2, 1, 8)) == b"abcdefgh"
    kept.forget("other")
    assert held("other", FileVersion(2, 1, 8)) is None
    kept.put(file, FileVersion(1, 1, 5), b"abcd")
    assert held(file, FileVersion(1, 1, 5)) is None, "what was read short is not kept"


def test_a_file_of_the_same_time_and_size_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    """Times of writing may be set to anything; the mark does not rely on them."""
    file, marks = tmp_path / "page.html", set()
    for text in (b"abcd", b"efgh"):
        file.write_bytes(text)
        os.utime(file, (0, 0))
        marks.add(version_of(file.stat()))
        time.sleep(0.02)
    assert len(marks) == 2


@pytest.mark.parametrize("asked", ["{tag}", "W/{tag}", '"other", {tag}', 'W/"a,b" , W/{tag}', "*", " * "])
def test_if_none_match_in_every_form_is_304(site: Site, asked: str) -> None:
    """A weak tag, a list and an asterisk, for a small file, a compressed one and a large one."""
    (settings.DATA.public / "large.zip").write_bytes(bytes(300_000))
    for path, coding in (("static/site.css", ""), ("large.zip", ""), ("robots.txt", ""), ("", "gzip")):
        headers = {"accept-encoding": coding}
        first = site.call("GET", f"/{path}", b"", headers)
        if path == "large.zip":
            until(lambda: "etag" in site.call("HEAD", "/large.zip").headers)
            first = site.call("HEAD", "/large.zip")
        if first.status == 404:
            continue
        told = {**headers, "if-none-match": asked.format(tag=first.headers["etag"])}
        again = site.call("GET", f"/{path}", b"", told)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
        for other in ('"other"', 'W/"other"', "", first.headers["etag"].strip('"')):
            assert site.call("GET", f"/{path}", b"", {**headers, "if-none-match": other}).status == 200


def test_the_same_bytes_have_the_same_tag_whenever_they_were_written(site: Site) -> None:
    """Small and large: the tag is of the content alone, on every worker and after every restart."""
    for size in (100, 300_000):
        tags = set()
        for _ in range(2):
            file = settings.DATA.public / "tagged.zip"
            file.unlink(missing_ok=True)
            file.write_bytes(bytes(size))
            until(lambda: "etag" in site.call("HEAD", "/tagged.zip").headers)
            tags.add(site.call("HEAD", "/tagged.zip").headers["etag"])
            time.sleep(0.02)
        assert tags == {f'"{hashlib.sha256(bytes(size)).hexdigest()[:32]}"'}


def test_the_clerk_compresses_what_an_older_one_did_not(site: Site) -> None:
    """A page whose compressed file is missing gets it when it is written next."""
    letter = site.letter()
    packed = settings.DATA.public / letter.slug / "en" / "index.html.gz"
    packed.unlink()
    assert "content-encoding" not in letter.get("en/", **{"accept-encoding": "gzip"}).headers
    Clerk(replace(site.world)).run_round()
    assert letter.get("en/", **{"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("call", ["replace", "rename"])
def test_what_cannot_be_put_in_its_place_is_taken_away(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file and a folder: a file left over might contain a name, and would stay until the next start."""
    storage = FileStorage(tmp_path)
    storage.put("one.md", b"one")
    puts = {"replace": lambda: storage.put("one.md", LONG), "rename": lambda: storage.put_tree("1", {"one.md": LONG})}

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(Path, call, refuse)
    with pytest.raises(OSError, match="no room"):
        puts[call]()
    assert [path.name for path in tmp_path.rglob("*")] == ["one.md"]
    assert storage.get("one.md") == b"one"
