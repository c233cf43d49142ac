"""The ``[bucket]`` table of ``settings.toml`` (docs/howto/postgresql.md, ADR 0057).

::

    [bucket]
    name = "letters-public"
    endpoint = "https://s3.example.org"   # left out: AWS
    region = "eu-north-1"                 # if the endpoint wants one

The access key lies in ``keys/bucket-key``, two lines: its id and its secret; without that file, wherever boto3 looks.
"""

from __future__ import annotations

from typing import Final

from undersigned.web.config.datadir import DataDir, DataError, read_tables
from undersigned.web.storage.bucket import BucketSettings

_KEYS: Final = {"name", "endpoint", "region"}


def read_bucket_settings(data: DataDir) -> BucketSettings | None:
    """What ``settings.toml`` says of a bucket; None if nothing. Raises DataError."""
    found = read_tables(data).get("bucket")
    if found is None:
        return None
    where = f"{data.settings}, [bucket]"
    if not isinstance(found, dict) or set(found) - _KEYS or not all(isinstance(v, str) for v in found.values()):
        raise DataError(f"{where}: takes {', '.join(sorted(_KEYS))}, each a text")
    if not found.get("name"):
        raise DataError(f"{where}: name is missing")
    return BucketSettings(**found, key=_key(data))


def _key(data: DataDir) -> tuple[str, str] | None:
    try:
        lines = (data.keys / "bucket-key").read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return None
    if len(lines) != 2:
        raise DataError("keys/bucket-key holds two lines: the access key's id, and its secret")
    return lines[0], lines[1]
