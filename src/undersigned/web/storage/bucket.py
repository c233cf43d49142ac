"""Published files in an S3-compatible bucket, for sites of several machines (ADR 0057)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from undersigned.web.ports import Staged, StorageAwayError, Writer
from undersigned.web.storage.media_types import manner, type_of

if TYPE_CHECKING:
    from storages.backends.s3 import S3Storage


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """``key``: id and secret of the access key; None: boto3 finds its own."""

    name: str
    endpoint: str | None = None
    region: str | None = None
    key: tuple[str, str] | None = None


class NoBucketClientError(Exception):
    """The packages that talk to a bucket are not installed."""


class BucketStorage:
    """A bucket, whole files at a time: each is replaced at once, a directory file by file.

    Every method raises StorageAwayError if the bucket does not answer as it should.
    """

    def __init__(self, settings: BucketSettings) -> None:
        self._storage = _connect(settings)

    def put(self, path: str, data: bytes) -> None:
        """Writes or replaces a file, whole or not at all."""
        # What browsers are told of the site's own copy, the bucket's copy tells them too.
        kind = type_of(f"/{path}", Path(path)).decode("ascii")
        said = dict(manner(f"/{path}", kind.encode("ascii")))
        with _answering():
            self._storage.bucket.Object(path).put(
                Body=data, ContentType=kind, CacheControl=said.get(b"cache-control", b"no-cache").decode("ascii")
            )

    def stage(self, path: str, write: Writer) -> Staged:
        """A file that does not fit in memory, on this machine's disk until it is placed."""
        # Nameless: if this process dies, nothing of it is left.
        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - closed when it is placed or discarded
        try:
            write(file)
        except BaseException:
            file.close()
            raise
        return _StagedObject(self._storage.bucket.Object(path), type_of(f"/{path}", Path(path)).decode("ascii"), file)

    def put_tree(self, path: str, files: Mapping[str, bytes]) -> None:
        """Puts these files, and no others, under ``path``: what leads to others after them, so that whoever finds an
        edition finds its openings, and whoever finds its pages finds the edition.

        What was there goes first: a name that must go is gone rather than late.
        """
        self.delete(path)
        for name in sorted(files, key=_turn):
            self.put(f"{path}/{name}", files[name])

    def stage_tree(self, path: str, files: Mapping[str, bytes]) -> Staged:
        """Puts it there, in place of what was: a bucket moves nothing."""
        try:
            self.put_tree(path, files)
        except BaseException:
            self.delete(path)
            raise
        return _PutTree(self, path)

    def get(self, path: str) -> bytes | None:
        """A file's bytes, or None if there is none."""
        with _answering():
            try:
                with self._storage.open(path, "rb") as file:
                    return bytes(file.read())
            except FileNotFoundError:
                return None

    def open(self, path: str) -> BinaryIO | None:
        """A file to read and seek in, copied to this machine's disk if it is large; None if there is none."""
        with _answering():
            try:
                return cast(BinaryIO, self._storage.open(path, "rb").file)
            except FileNotFoundError:
                return None

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        with _answering():
            return bool(self._storage.exists(path))

    def delete(self, path: str) -> None:
        """Removes a file or directory, if it is there."""
        with _answering():
            self._storage.bucket.objects.filter(Prefix=f"{path}/").delete()
            self._storage.delete(path)

    @staticmethod
    def tidy() -> int:
        """Nothing is ever half written in a bucket."""
        return 0


def _turn(name: str) -> tuple[int, str]:
    """In which turn a file of a directory is put there."""
    return (2 if name.endswith(".html") else int(name.endswith(".json")), name)


@dataclass(frozen=True, slots=True)
class _StagedObject:
    target: Any
    kind: str
    file: BinaryIO

    def place(self) -> None:
        """Uploads it: a bucket replaces an object whole."""
        self.file.seek(0)
        with self.file, _answering():
            said = {"ContentType": self.kind, "CacheControl": "no-cache"}
            self.target.upload_fileobj(self.file, ExtraArgs=said)

    def discard(self) -> None:
        """Throws it away."""
        self.file.close()


@dataclass(frozen=True, slots=True)
class _PutTree:
    storage: BucketStorage
    path: str

    def place(self) -> None:
        """It is there."""

    def discard(self) -> None:
        """Takes it away."""
        self.storage.delete(self.path)


def _connect(settings: BucketSettings) -> S3Storage:
    try:
        from storages.backends.s3 import S3Storage
    except ImportError:
        raise NoBucketClientError("settings.toml names a bucket: install undersigned[bucket]") from None
    options: dict[str, Any] = {
        "bucket_name": settings.name, "endpoint_url": settings.endpoint, "region_name": settings.region,
        "file_overwrite": True, "default_acl": None, "querystring_auth": False,
    }  # fmt: skip
    if settings.key is not None:
        options["access_key"], options["secret_key"] = settings.key
    return S3Storage(**options)


@contextmanager
def _answering() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        # boto's sentences quote paths and hosts, never contents or keys.
        raise StorageAwayError(f"the bucket does not answer as it should: {error}") from error
