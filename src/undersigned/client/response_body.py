"""Reads an HTTP response body with a size limit, also after decompression (protection against decompression bombs).

We ask for uncompressed responses (``Accept-Encoding: identity``). A proxy may compress them anyway: one layer of gzip
is decompressed piece by piece, so that the limit applies before the data is in memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

import httpx

from .errors import AnswerError, UndeliveredError

_PIECE: Final = 65536
_PLAIN: Final = ("", "identity")
_GZIP: Final = ("gzip", "x-gzip")


def read_bounded(response: httpx.Response, limit: int) -> Iterator[bytes]:
    """The decompressed body, piece by piece. Raises AnswerError past ``limit`` bytes, UndeliveredError for an encoding
    that we cannot decode."""
    got = 0
    for piece in _decompressed(response):
        got += len(piece)
        if got > limit:
            raise AnswerError(f"the server's response is larger than {limit} bytes")
        yield piece


def _decompressed(response: httpx.Response) -> Iterator[bytes]:
    said = response.headers.get("content-encoding", "").strip().lower()
    if response.is_stream_consumed:
        # The transport had the whole response in memory and decompressed it, as a test's does.
        yield response.content
    elif said in _PLAIN:
        yield from response.iter_raw()
    elif said in _GZIP:
        yield from _gunzip(response)
    else:
        raise UndeliveredError("the response is compressed, though we asked for none; try from another network")


def _gunzip(response: httpx.Response) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for chunk in response.iter_raw():
            left = chunk
            while left and not unpacker.eof:
                yield unpacker.decompress(left, _PIECE)
                left = unpacker.unconsumed_tail
    except zlib.error:
        raise UndeliveredError("the response is compressed and damaged; try from another network") from None
    if not unpacker.eof or unpacker.unused_data:
        raise UndeliveredError("the response is compressed and damaged; try from another network")
