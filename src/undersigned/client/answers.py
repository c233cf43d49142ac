"""The bytes of an answer: unpacked, counted, and never more than was asked for.

We ask for answers as they are (``Accept-Encoding: identity``). Something between may pack them all the same: one layer
of gzip is taken off, piece by piece, so that a small answer cannot become a large one before it is counted.
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


def bounded(response: httpx.Response, limit: int) -> Iterator[bytes]:
    """The answer's bytes, piece by piece. Raises AnswerError past ``limit`` bytes, UndeliveredError if they are packed
    in a way that cannot be read."""
    got = 0
    for piece in _unpacked(response):
        got += len(piece)
        if got > limit:
            raise AnswerError(f"the server's answer is larger than {limit} bytes")
        yield piece


def _unpacked(response: httpx.Response) -> Iterator[bytes]:
    said = response.headers.get("content-encoding", "").strip().lower()
    if response.is_stream_consumed:
        # From a transport that had the whole answer in memory, and unpacked it: a test's.
        yield response.content
    elif said in _PLAIN:
        yield from response.iter_raw()
    elif said in _GZIP:
        yield from _gunzipped(response)
    else:
        raise UndeliveredError("the answer came packed, though we asked for it as it is; try from another network")


def _gunzipped(response: httpx.Response) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for chunk in response.iter_raw():
            left = chunk
            while left and not unpacker.eof:
                yield unpacker.decompress(left, _PIECE)
                left = unpacker.unconsumed_tail
    except zlib.error:
        raise UndeliveredError("the answer came packed and damaged; try from another network") from None
    if not unpacker.eof or unpacker.unused_data:
        raise UndeliveredError("the answer came packed and damaged; try from another network")
