"""Published files in an S3-compatible bucket: a real client, a real server on loopback (moto's)."""

from __future__ import annotations

import asyncio
import io
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

from undersigned.protocol import verify
from undersigned.web.config.credentials import read_bucket_key
from undersigned.web.config.datadir import DataDir, DataError
from undersigned.web.config.first_start import prepare
from undersigned.web.config.sources import read_settings
from undersigned.web.edge.bucket_files import BucketServer
from undersigned.web.ports import StorageAwayError
from undersigned.web.problems import Problem
from undersigned.web.publication.background import JobCancelledError
from undersigned.web.storage.bucket import BucketSettings, BucketStorage
from undersigned.web.storage.lazy_files import LazyFiles, given

from . import people
from .server import Server, free_port, until

KEY = ("id-of-nobody", "secret-of-nobody")


class S3:
    """The server, and a separate client to inspect the bucket."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()
        self.client: Any = boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=KEY[0], aws_secret_access_key=KEY[1]
        )
        self.client.create_bucket(Bucket="letters")

    def start(self) -> None:
        """Listens."""
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """Does not."""
        self._server.stop()

    def lose_everything(self) -> None:
        """A new, empty bucket in place of the old one."""
        for account in get_backend("s3").values():
            for backend in account.values():
                backend.reset()
                backend.create_bucket("letters", "us-east-1")

    @property
    def settings(self) -> BucketSettings:
        """How the site reaches it."""
        return BucketSettings("letters", self.url, "us-east-1", KEY)

    def names(self) -> set[str]:
        """The keys of all objects in the bucket."""
        return {row["Key"] for row in self.client.list_objects_v2(Bucket="letters").get("Contents", [])}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """A bucket."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    made = S3()
    yield made
    made.stop()


def test_files_are_replaced_and_found_and_gone(s3: S3) -> None:
    """The port's promises, on a bucket: with the types and the caching that the site's own copies have."""
    storage = BucketStorage(s3.settings)
    assert storage.get("a/count.json") is None
    storage.put("a/count.json", b"1")
    storage.put("a/count.json", b"22")
    assert storage.get("a/count.json") == b"22"
    storage.put("a/log/tile/0/000", bytes(8192))
    heads = {name: s3.client.head_object(Bucket="letters", Key=name) for name in ("a/count.json", "a/log/tile/0/000")}
    assert heads["a/count.json"]["ContentType"] == "application/json"
    assert heads["a/count.json"]["CacheControl"] == "no-cache"
    assert "immutable" in heads["a/log/tile/0/000"]["CacheControl"]
    storage.put_tree("a/editions/1", {"edition.json": b"{}", "old.html": b"x"})
    storage.put_tree("a/editions/1", {"edition.json": b"[]", "index.html": b"y"})
    assert {name for name in s3.names() if "editions" in name} == {
        "a/editions/1/edition.json",
        "a/editions/1/index.html",
    }
    assert storage.get("a/editions/1/edition.json") == b"[]"
    storage.stage("a/bundle.zip", lambda file: file.write(b"old")).place()
    storage.stage("a/bundle.zip", lambda file: file.write(b"PK" * 3_000_000)).place()
    storage.stage("a/bundle.zip", lambda file: file.write(b"never")).discard()
    assert s3.client.head_object(Bucket="letters", Key="a/bundle.zip")["ContentType"] == "application/zip"
    opened = storage.open("a/bundle.zip")
    assert opened is not None
    with opened:
        opened.seek(5_999_998)
        assert opened.read() == b"PK"
    assert storage.open("a/nothing.zip") is None
    storage.delete("a/bundle.zip")
    storage.delete("a/editions/1")
    storage.delete("a/editions/1")
    storage.delete("a/count.json")
    assert s3.names() == {"a/log/tile/0/000"}


def test_who_finds_an_edition_in_a_bucket_finds_its_openings(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory is put there file by file: openings, then the edition, then the pages that lead to it."""
    storage = BucketStorage(s3.settings)
    put: list[str] = []
    monkeypatch.setattr(storage, "put", lambda path, data: put.append(path.removeprefix("a/editions/1/")))
    names = ("edition.json", "signatories-en.html", "openings.jsonl", "openings.2.jsonl", "index.html")
    storage.put_tree("a/editions/1", dict.fromkeys(names, b"x"))
    assert put == ["openings.2.jsonl", "openings.jsonl", "edition.json", "index.html", "signatories-en.html"]


def test_a_directory_in_a_bucket_is_there_until_it_is_discarded(s3: S3) -> None:
    """A bucket cannot move objects: staged files are written to their final keys. A discarded tree leaves nothing."""
    storage = BucketStorage(s3.settings)

    def there() -> set[str]:
        return {name for name in s3.names() if name.startswith("b/")}

    storage.put("b/editions/1/old.html", b"x")
    staged = storage.stage_tree("b/editions/1", {"counts.json": b"{}", "openings.jsonl": b"y"})
    staged.place()
    assert there() == {"b/editions/1/counts.json", "b/editions/1/openings.jsonl"}
    staged.discard()
    assert there() == set()

    def given_up() -> bytes:
        raise JobCancelledError

    with pytest.raises(JobCancelledError):
        storage.stage_tree("b/editions/1", LazyFiles({"openings.jsonl": given(b"y"), "counts.json": given_up}))
    assert there() == set()


def test_an_unreachable_bucket_gets_a_clear_error(s3: S3) -> None:
    """Away, or refusing: one kind of error, and no traceback of boto's."""
    nowhere = BucketStorage(BucketSettings("letters", f"http://127.0.0.1:{free_port()}", "us-east-1", KEY))
    missing = BucketStorage(BucketSettings("no-such-bucket", s3.url, "us-east-1", KEY))
    for storage in (nowhere, missing):
        with pytest.raises(StorageAwayError):
            storage.put("a", b"1")
        with pytest.raises(StorageAwayError):
            storage.stage("a", lambda file: file.write(b"1")).place()


@pytest.mark.parametrize(
    "text",
    ['[bucket]\nregion = "x"\n', "[bucket]\nname = 3\n", '[bucket]\nname = "x"\nkey = "y"\n', "bucket = 1\n"],
)
def test_settings_that_are_wrong_are_named(tmp_path: Path, text: str) -> None:
    """A bucket without a name, a number, a secret where none belongs."""
    data = DataDir(tmp_path / "data")
    prepare(data, "127.0.0.1:8000")
    assert read_settings(data).bucket is None
    data.settings.write_text('authority = "x.example.org"\n' + text)
    with pytest.raises(DataError, match="bucket"):
        read_settings(data)
    assert read_bucket_key(data) is None
    (data.keys / "bucket-key").write_text("one\n")
    with pytest.raises(DataError, match="bucket-key"):
        read_bucket_key(data)
    (data.keys / "bucket-key").write_text("id\nsecret\n")
    assert read_bucket_key(data) == ("id", "secret")


class Asked:
    """What a door says to one request."""

    def __init__(self, door: BucketServer, method: str, path: str, **headers: str) -> None:
        lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.sent: list[Any] = []
        self.answered = asyncio.run(
            door.serve({"type": "http", "method": method, "path": path, "headers": lines}, self._send, [])
        )
        self.headers = {name.decode(): value.decode() for name, value in self.sent[0]["headers"]} if self.sent else {}
        self.status = self.sent[0]["status"] if self.sent else None
        self.body = b"".join(message.get("body", b"") for message in self.sent[1:])

    async def _send(self, message: Any) -> None:
        self.sent.append(message)


def test_what_lies_in_a_bucket_is_served_as_what_lies_here(s3: S3) -> None:
    """GET, HEAD, the same again, what is not there, what no address leads to, and a method that is none."""
    storage = BucketStorage(s3.settings)
    storage.put("a/editions/1/openings.2.jsonl", b"{}\n")
    with ThreadPoolExecutor(1) as pool:
        door = BucketServer(storage, pool)
        found = Asked(door, "GET", "/a/openings/1.2.jsonl")
        assert (found.status, found.body, found.headers["content-type"]) == (200, b"{}\n", "application/jsonl")
        head = Asked(door, "HEAD", "/a/openings/1.2.jsonl")
        assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "3")
        again = Asked(door, "GET", "/a/openings/1.2.jsonl", if_none_match=found.headers["etag"])
        assert (again.status, again.body) == (304, b"")
        for method, path in (
            ("GET", "/a/openings/1.jsonl"),
            ("GET", "/a/editions/1/openings.2.jsonl"),
            ("PUT", "/a/x"),
        ):
            assert not Asked(door, method, path).answered
        with pytest.raises(Problem) as refused:
            Asked(door, "POST", "/a/openings/1.2.jsonl")
        assert refused.value.status == 405


@pytest.mark.slow
def test_a_letter_lives_in_a_bucket_and_outlives_its_absence(s3: S3, tmp_path: Path) -> None:
    """Signed, counted, verified from the bucket. While it is away signatures are taken; when it is back, and empty, all
    that was published is put there again, and they are counted."""
    data = tmp_path / "data"
    port = free_port()
    prepare(DataDir(data), f"127.0.0.1:{port}")
    with (data / "settings.toml").open("a") as file:
        file.write(f'[bucket]\nname = "letters"\nendpoint = "{s3.url}"\nregion = "us-east-1"\n')
    (data / "keys" / "bucket-key").write_text("\n".join(KEY))
    command = [sys.executable, "-m", "undersigned.cli.app", "serve", "--data", str(data), "--port", str(port)]
    server = Server(data, port, command)
    server.start()
    try:
        letter = people.start(server.call, server.token, server.authority, "clouded", size=6)
        people.approve(letter)
        assert people.sign(letter, letter.people[0]).status == 201
        until(lambda: "clouded/count.json" in s3.names() and letter.get("count.json").json["count"] == 1)
        assert not (data / "public" / "clouded").exists()
        until(lambda: letter.get("en/").status == 200)
        page = letter.get("en/")
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        again = letter.call("GET", "/clouded/en/", b"", {"if-none-match": page.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        assert letter.get("no-such-file.json").status == 404
        s3.stop()
        assert people.sign(letter, letter.people[1]).status == 201
        assert letter.get("count.json").status == 503
        s3.lose_everything()
        s3.start()
        until(lambda: letter.get("count.json").status == 200, seconds=40)
        until(lambda: letter.get("count.json").json["count"] == 2)
        until(lambda: letter.get("bundle.zip").status == 200, seconds=30)
        with zipfile.ZipFile(io.BytesIO(letter.get("bundle.zip").body)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        assert verify.verify_bundle(files, letter=letter.id).outcome == "valid"
    finally:
        assert server.stop() == 0
