"""Storage of the served files in an S3-compatible bucket, for sites on several machines (ADR 0057)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from undersigned.web.ports import Staged, StorageAwayError, Writer
from undersigned.web.storage.media_types import caching_headers, type_of

if TYPE_CHECKING:
    from storages.backends.s3 import S3Storage


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """A bucket's address and credentials. ``key``: id and secret of the access key; None: boto3's own search."""

    name: str
    endpoint: str | None = None
    region: str | None = None
    key: tuple[str, str] | None = None


class NoBucketClientError(Exception):
    """The packages for buckets are not installed."""


class BucketStorage:
    """The files in a bucket. A file is replaced atomically; a directory is not, but file by file.

    Every method raises StorageAwayError if the bucket does not answer as expected.
    """

    def __init__(self, settings: BucketSettings) -> None:
        self._storage = _connect(settings)

    def put(self, path: str, data: bytes) -> None:
        """Writes or replaces a file, atomically."""
        # The bucket sends the same content type and caching headers as this server would.
        kind = type_of(f"/{path}", Path(path)).decode("ascii")
        headers = dict(caching_headers(f"/{path}", kind.encode("ascii")))
        with _wrap_errors():
            self._storage.bucket.Object(path).put(
                Body=data, ContentType=kind, CacheControl=headers.get(b"cache-control", b"no-cache").decode("ascii")
            )

    def stage(self, path: str, write: Writer) -> Staged:
        """Writes a file that does not fit in memory to this machine's disk, until it is put in place."""
        # An unnamed temporary file: if this process dies, nothing of it remains.
        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - closed when it is placed or discarded
        try:
            write(file)
        except BaseException:
            file.close()
            raise
        return _StagedObject(self._storage.bucket.Object(path), type_of(f"/{path}", Path(path)).decode("ascii"), file)

    def put_tree(self, path: str, files: Mapping[str, bytes]) -> None:
        """Replaces the files under ``path``, in an order without dead links: openings, then editions, then pages.

        The old files are deleted first: a name must be removed rather than out of date.
        """
        self.delete(path)
        for name in sorted(files, key=_upload_order):
            self.put(f"{path}/{name}", files[name])

    def stage_tree(self, path: str, files: Mapping[str, bytes]) -> Staged:
        """Puts the directory in place at once: a bucket cannot rename."""
        try:
            self.put_tree(path, files)
        except BaseException:
            self.delete(path)
            raise
        return _PutTree(self, path)

    def get(self, path: str) -> bytes | None:
        """A file's bytes, or None if there is none."""
        with _wrap_errors():
            try:
                with self._storage.open(path, "rb") as file:
                    return bytes(file.read())
            except FileNotFoundError:
                return None

    def open(self, path: str) -> BinaryIO | None:
        """A file to read and seek in, copied to this machine's disk if it is large; None if there is none."""
        with _wrap_errors():
            try:
                return cast(BinaryIO, self._storage.open(path, "rb").file)
            except FileNotFoundError:
                return None

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        with _wrap_errors():
            return bool(self._storage.exists(path))

    def delete(self, path: str) -> None:
        """Deletes a file or directory, if it is there. Idempotent."""
        with _wrap_errors():
            self._storage.bucket.objects.filter(Prefix=f"{path}/").delete()
            self._storage.delete(path)

    @staticmethod
    def clean_up() -> int:
        """A bucket never holds half-written files."""
        return 0


def _upload_order(name: str) -> tuple[int, str]:
    """Sort key: files that link to others come after them."""
    return (2 if name.endswith(".html") else int(name.endswith(".json")), name)


@dataclass(frozen=True, slots=True)
class _StagedObject:
    target: Any
    kind: str
    file: BinaryIO

    def place(self) -> None:
        """Uploads it; a bucket replaces an object atomically."""
        self.file.seek(0)
        with self.file, _wrap_errors():
            headers = {"ContentType": self.kind, "CacheControl": "no-cache"}
            self.target.upload_fileobj(self.file, ExtraArgs=headers)

    def discard(self) -> None:
        """Deletes it."""
        self.file.close()


@dataclass(frozen=True, slots=True)
class _PutTree:
    storage: BucketStorage
    path: str

    def place(self) -> None:
        """Does nothing: it is in place already."""

    def discard(self) -> None:
        """Deletes it."""
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
def _wrap_errors() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        # boto's messages quote paths and hosts, never contents or keys.
        raise StorageAwayError(f"the bucket does not answer as expected: {error}") from error
