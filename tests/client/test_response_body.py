"""Compressed responses: decompressed piece by piece, counted, and bounded by their decompressed size."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from pathlib import Path

import httpx
import pytest

from undersigned.client.errors import AnswerError, ClientError, UndeliveredError
from undersigned.client.http import Http

BASE = "https://letters.example.org/valley/"


def answered(data: bytes, encoding: str) -> Http:
    """A server whose every answer is ``data``, said to be packed so."""
    headers = {"content-encoding": encoding} if encoding else {}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(data)))
    return Http(BASE, transport=transport, pause=lambda _: None)


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "X-GZIP"])
def test_one_layer_is_taken_off(encoding: str) -> None:
    data = b"what was signed" * 10_000
    packed = gzip.compress(data) if "gzip" in encoding.lower() else data
    assert answered(packed, encoding).get("x") == data


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"plain", "gzip"),
        (b"plain", "br"),
        (gzip.compress(b"x" * 1000)[:-9], "gzip"),
        (gzip.compress(b"x") + b"more", "gzip"),
        (gzip.compress(gzip.compress(b"x")), "gzip, gzip"),
        (zlib.compress(b"x"), "deflate"),
        (b"x", ",".join(["gzip"] * 8000)),
    ],
    ids=["plain", "brotli", "cut", "more", "twice", "deflate", "8000"],
)
def test_what_cannot_be_unpacked_says_nothing_about_the_letter(data: bytes, encoding: str, tmp_path: Path) -> None:
    with pytest.raises(UndeliveredError):
        answered(data, encoding).get("x")
    with pytest.raises(UndeliveredError):
        answered(data, encoding).save("x", tmp_path / "x", limit=1000)


def test_a_small_answer_cannot_become_a_large_one() -> None:
    """300 MB in 300 KB: refused at the limit, in a few megabytes. Control: unpacked first, it takes all of it."""
    bomb = gzip.compress(bytes(300_000_000), 9)
    assert len(bomb) < 400_000
    tracemalloc.start()
    with pytest.raises(AnswerError, match="larger than"):
        answered(bomb, "gzip").get("x", limit=1_000_000)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert len(gzip.decompress(bomb)) == 300_000_000


def test_every_failure_is_one_of_ours() -> None:
    for encoding in ("zstd", "compress", "*", "gzip;q=1", "?"):
        with pytest.raises(ClientError):
            answered(b"x", encoding).get("x")
