"""Zips byte by byte, also such as no honest program writes: some sixty, each with the words it is refused with.

Used by the tests of Python and, through ``frontend/tests/fixtures.py``, of TypeScript.
"""

from __future__ import annotations

import dataclasses
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Files = Mapping[str, bytes]

BROKEN = "its directory is broken"
BETWEEN = "there are bytes between its parts"
END = "it is cut short, or something stands behind its end"
NO_FILE = "it holds something that is no file of a bundle"
PACKED = "is packed in a way that bundles are not"
PLAIN = "is not a plain file without a comment"
FIELD = "carries a field that bundles have no use for"
OTHERWISE = "otherwise than the header before its bytes"
DAMAGED = "is damaged"
LARGE_END = "its large end record is not"


def deflated(data: bytes) -> bytes:
    """A raw deflate stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@dataclass
class Part:
    """A file of a zip. What is not said follows from ``data``; ``local`` and ``central`` override header fields."""

    name: bytes
    data: bytes
    method: int = 8
    packed: bytes | None = None
    local: dict[str, Any] = field(default_factory=dict)
    central: dict[str, Any] = field(default_factory=dict)
    before: bytes = b""
    after: bytes = b""

    def fields(self) -> dict[str, Any]:
        """What both headers say."""
        packed = self.packing()
        return {
            "name": self.name, "version": 20, "flags": 0, "method": self.method, "time": 0, "date": 33,
            "crc": zlib.crc32(self.data), "packed": len(packed), "size": len(self.data), "extra": b"",
        }  # fmt: skip

    def packing(self) -> bytes:
        """The packed bytes."""
        if self.packed is not None:
            return self.packed
        return deflated(self.data) if self.method == 8 else self.data


def zipped(
    parts: list[Part],
    *,
    order: list[int] | None = None,
    before_directory: bytes = b"",
    end: dict[str, Any] | None = None,
    large: dict[str, Any] | None = None,
    comment: bytes = b"",
    after: bytes = b"",
    front: bytes = b"",
) -> bytes:
    """The zip of ``parts``. ``order``: of the directory; ``large``: a zip64 end record too, with overrides."""
    out = bytearray(front)
    rows = []
    for part in parts:
        out += part.before
        header = len(out)
        said = {**part.fields(), **part.local}
        out += struct.pack(
            "<4s5H3I2H", b"PK\x03\x04", said["version"], said["flags"], said["method"], said["time"], said["date"],
            said["crc"], said["packed"], said["size"], len(said["name"]), len(said["extra"]),
        )  # fmt: skip
        out += said["name"] + said["extra"] + part.packing() + part.after
        said = {**part.fields(), "header": header, "made": 788, "attributes": 0o100644 << 16, "comment": b"", "disk": 0}
        said |= part.central
        rows.append(
            struct.pack(
                "<4s6H3I5H2I",
                b"PK\x01\x02",
                said["made"],
                said["version"],
                said["flags"],
                said["method"],
                said["time"],
                said["date"],
                said["crc"],
                said["packed"],
                said["size"],
                len(said["name"]),
                len(said["extra"]),
                len(said["comment"]),
                said["disk"],
                0,
                said["attributes"],
                said["header"],
            )
            + said["name"]
            + said["extra"]
            + said["comment"]
        )
    out += before_directory
    start = len(out)
    out += b"".join(rows[i] for i in order or range(len(rows)))
    size = len(out) - start
    if large is not None:
        values: dict[str, Any] = {
            "made": 45,
            "needed": 45,
            "here": len(rows),
            "total": len(rows),
            "size": size,
            "start": start,
        }
        values |= {"there": len(out), "rest": 44, "disk": 0, "disks": 1, "gap": b""} | large
        out += struct.pack(
            "<4sQ2H2I4Q", b"PK\x06\x06", values["rest"], values["made"], values["needed"], values["disk"], 0,
            values["here"], values["total"], values["size"], values["start"],
        )  # fmt: skip
        out += values["gap"] + struct.pack("<4sIQI", b"PK\x06\x07", 0, values["there"], values["disks"])
    said = {"disk": 0, "first": 0, "here": len(rows), "total": len(rows), "size": size, "start": start} | (end or {})
    said.setdefault("comment", len(comment))
    out += struct.pack(
        "<4s4H2IH", b"PK\x05\x06", said["disk"], said["first"], said["here"], said["total"], said["size"],
        said["start"], said["comment"],
    )  # fmt: skip
    return bytes(out + comment + after)


def parts_of(files: Files) -> list[Part]:
    """One part a file, deflated."""
    return [Part(path.encode(), data) for path, data in sorted(files.items())]


SMALL: dict[str, bytes] = {
    "manifest.json": b'{"type":"manifest"}' * 9,
    "log/checkpoint": b"letters.example.org/x\n5\n",
    "text/en.md": b"Keep the water. " * 20,
}


def honest(files: Files = SMALL) -> Iterator[tuple[str, bytes]]:
    """Zips within the profile, by different hands; all of ``files``."""
    parts = parts_of(files)
    when = {"time": 0x6000, "date": 0x5D7E}
    yield "deflated", zipped(parts)
    yield "stored", zipped([dataclasses.replace(part, method=0) for part in parts])
    yield "in another order", zipped(parts[::-1])
    yield (
        "with times, made elsewhere",
        zipped([dataclasses.replace(p, local=when, central={**when, "made": 20, "attributes": 0x20}) for p in parts]),
    )
    for name, kind in (("zipfile deflated", zipfile.ZIP_DEFLATED), ("zipfile stored", zipfile.ZIP_STORED)):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", kind) as archive:
            for path, data in files.items():
                archive.writestr(path, data)
        yield name, buffer.getvalue()


def hostile(files: Files = SMALL) -> Iterator[tuple[str, bytes, str]]:
    """What was done, the zip, and words of the refusal."""
    parts = parts_of(files)
    yield from _around(parts)
    yield from _names(parts)
    yield from _headers(parts)
    yield from _contents(parts)
    yield from _large_ends(parts)
    yield from _two_readings(files)


def _around(parts: list[Part]) -> Iterator[tuple[str, bytes, str]]:
    whole = zipped(parts)
    yield "nothing at all", b"", END
    yield "not a zip", b"x" * 5000, END
    yield "only an end record", zipped([])[:-1], END
    yield "a comment", zipped(parts, comment=b"hello"), END
    yield "a comment that is not there", zipped(parts, end={"comment": 5}), END
    yield "bytes behind the end", zipped(parts, after=b"\0"), END
    yield "another zip behind it", whole + whole, BETWEEN
    yield "bytes in front", zipped(parts, front=b"#!/bin/sh\n"), BETWEEN
    yield "bytes in front that offsets know nothing of", b"MZ" + whole, BETWEEN
    yield "bytes between two files", zipped([parts[0], dataclasses.replace(parts[1], before=b"x"), *parts[2:]]), BETWEEN
    yield "bytes behind a file", zipped([dataclasses.replace(parts[0], after=b"x"), *parts[1:]]), BETWEEN
    yield "bytes before the directory", zipped(parts, before_directory=b"x"), BETWEEN
    yield "a hidden file", _hidden(parts), BETWEEN
    yield "cut short", whole[: len(whole) // 2], END
    yield "without its last byte", whole[:-1], END
    yield "without its first byte", whole[1:], BETWEEN
    yield "one part of several", zipped(parts, end={"disk": 1}), "one part of several"
    yield "the first part of several", zipped(parts, end={"first": 1}), "one part of several"
    yield "fewer files than there are", zipped(parts, end={"here": 1, "total": 1}), BROKEN
    yield "more files than there are", zipped(parts, end={"here": 9, "total": 9}), BROKEN
    yield "counts that differ", zipped(parts, end={"here": 1}), "one part of several"
    yield "a directory that starts later", zipped(parts, end={"start": 1}), BETWEEN
    yield "a directory larger than the file", zipped(parts, end={"size": 2**31}), BETWEEN
    yield "no files and a directory", zipped(parts, end={"here": 0, "total": 0}), BROKEN
    yield "the directory in another order", zipped(parts, order=[1, 0, 2]), BETWEEN


def _hidden(parts: list[Part]) -> bytes:
    """A file that no directory lists."""
    part = Part(b"roll.json", b"{}")
    lone = zipped([part])
    return zipped([parts[0], dataclasses.replace(parts[1], before=lone[: lone.index(b"PK\x01\x02")]), *parts[2:]])


def _names(parts: list[Part]) -> Iterator[tuple[str, bytes, str]]:
    odd = {
        "a path that leads out": b"../manifest.json",
        "an absolute path": b"/manifest.json",
        "a path with a backslash": b"text\\en.md",
        "a path with a dot": b"./manifest.json",
        "a drive letter": b"C:/manifest.json",
        "a NUL in a name": b"manifest.json\0.txt",
        "a NUL behind a name": b"roll.json\0",
        "a name in UTF-8": "text/\u05d0.md".encode(),
        "a name in no encoding": b"text/\xff\xfe.md",
        "an escape in a name": b"\x1b[31mred",
        "an empty name": b"",
        "a folder's entry": b"text/",
        "a name of a thousand letters": b"text/en" + b"-aaaaaaaa" * 111 + b".md",
        "a name in capitals": b"Manifest.json",
        "a name with a space": b"roll.json ",
        "litter of a Mac": b"__MACOSX/._manifest.json",
        "litter": b".DS_Store",
        "some other file": b"readme.txt",
    }
    for what, name in odd.items():
        words = "is in a folder" if name.endswith(b"/manifest.json") else BROKEN if len(name) > 500 else NO_FILE
        words = "it lists folders" if name.endswith(b"/") else words
        yield what, zipped([*parts, Part(name, b"")]), words
    inside = [dataclasses.replace(part, name=b"letter-bundle/" + part.name) for part in parts]
    yield "a folder on top", zipped(inside), "is in a folder inside"
    yield "one name twice", zipped([*parts, parts[0]]), "twice"
    yield "one name twice, with other bytes", zipped([*parts, Part(parts[1].name, b"other")]), "twice"


def _headers(parts: list[Part]) -> Iterator[tuple[str, bytes, str]]:
    first, *rest = parts

    def both(**said: Any) -> bytes:
        return zipped([dataclasses.replace(first, local=said, central=said), *rest])

    def one(where: str, **said: Any) -> bytes:
        changes: dict[str, Any] = {where: said}
        return zipped([dataclasses.replace(first, **changes), *rest])

    yield "encrypted", both(flags=1), "encrypted"
    yield "sizes behind the files", both(flags=8), "sizes stand behind"
    sizes = struct.pack("<4s3I", b"PK\x07\x08", zlib.crc32(first.data), len(first.packing()), len(first.data))
    yield "a data descriptor", zipped(
        [
            dataclasses.replace(
                first, local={"flags": 8, "crc": 0, "packed": 0, "size": 0}, central={"flags": 8},
                after=sizes,
            ),
            *rest,
        ]
    ), "sizes stand behind"  # fmt: skip
    yield "names marked as UTF-8", both(flags=0x800), PACKED
    yield "a patch", both(flags=0x20), PACKED
    yield "packed by another method", both(method=12), PACKED
    yield "for a reader of the future", both(version=63), PACKED
    yield "a field in the directory", one("central", extra=b"UT\x01\x00x"), FIELD
    yield "a field before the file", one("local", extra=b"UT\x01\x00x"), OTHERWISE
    yield "another name before the file", one("local", name=b"manifest.jsoN"[: len(first.name)]), OTHERWISE
    yield "a longer name before the file", one("local", name=first.name + b"x"), OTHERWISE
    yield "a stored file in the directory", one("central", method=0), PACKED
    yield "a stored file before its bytes", one("local", method=0), OTHERWISE
    yield "another size before the file", one("local", size=1), OTHERWISE
    yield "another packed size before the file", one("local", packed=1), OTHERWISE
    yield "another CRC before the file", one("local", crc=1), OTHERWISE
    yield "another time before the file", one("local", time=1), OTHERWISE
    yield "flags only before the file", one("local", flags=1), OTHERWISE
    yield "a comment on a file", one("central", comment=b"x"), PLAIN
    yield "a file on another disk", one("central", disk=1), PLAIN
    yield "a link", one("central", attributes=0o120777 << 16), PLAIN
    yield "a folder by its attributes", one("central", attributes=0x10), PLAIN
    yield "a file that lies elsewhere", one("central", header=7), BETWEEN
    yield "two files in one place", zipped([*parts[:2], dataclasses.replace(parts[2], central={"header": 0})]), BETWEEN
    yield "a large offset that is small", one("central", header=2**32 - 1, extra=struct.pack("<2HQ", 1, 8, 0)), FIELD
    yield "a large offset without its field", one("central", header=2**32 - 1), FIELD
    yield (
        "a large offset in another field",
        one("central", header=2**32 - 1, extra=struct.pack("<2HQ", 2, 8, 2**33)),
        FIELD,
    )
    yield "a large offset that nobody needs", one("central", extra=struct.pack("<2HQ", 1, 8, 2**33)), FIELD


def _contents(parts: list[Part]) -> Iterator[tuple[str, bytes, str]]:
    first, *rest = parts
    data, packed = first.data, first.packing()

    def holding(content: bytes, **said: Any) -> bytes:
        return zipped([dataclasses.replace(first, packed=content, local=said, central=said), *rest])

    yield "another CRC", holding(packed, crc=1), DAMAGED
    yield "a size too small", holding(packed, size=len(data) - 1), DAMAGED
    yield "a size too large", holding(packed, size=len(data) + 1), DAMAGED
    yield "a stream that does not end", holding(packed[:-1]), DAMAGED
    yield "a stream with bytes behind it", holding(packed + b"\0"), DAMAGED
    yield "a stream twice", holding(packed * 2), DAMAGED
    yield "a stream that is none", holding(b"\xff" * len(packed)), DAMAGED
    yield "no stream", holding(b""), DAMAGED
    yield "a zlib stream", holding(zlib.compress(data)), DAMAGED
    yield (
        "a stored file with another CRC",
        zipped([dataclasses.replace(first, method=0, local={"crc": 1}, central={"crc": 1}), *rest]),
        DAMAGED,
    )
    yield "a bomb", holding(deflated(bytes(2_000_000)), size=2_000_000), "far more than it holds"
    yield "a bomb that says less", holding(deflated(bytes(2_000_000)), size=300_000), DAMAGED
    yield "a file of two gigabytes", holding(packed, size=2**31), "too large"


def _large_ends(parts: list[Part]) -> Iterator[tuple[str, bytes, str]]:
    """Zip64 where nothing overflows, and where it does with a false value."""
    mark16, mark32 = 0xFFFF, 2**32 - 1
    counts = {"here": mark16, "total": mark16}
    yield "a large end that nobody needs", zipped(parts, large={}), BETWEEN
    yield "a large end for a small count", zipped(parts, large={}, end=counts), "end records differ"
    yield "a large end for a small size", zipped(parts, large={}, end={"size": mark32}), "end records differ"
    yield "a large end for a small offset", zipped(parts, large={}, end={"start": mark32}), "end records differ"
    yield "no large end", zipped(parts, end=counts), LARGE_END
    yield "nothing but an end that overflows", zipped([], end=counts), LARGE_END
    lies: dict[str, dict[str, Any]] = {
        "a large end of another version": {"needed": 46},
        "a large end with more in it": {"rest": 45},
        "a large end on another disk": {"disk": 1},
        "a large end of two counts": {"here": 1},
        "a large end elsewhere": {"there": 1},
        "a large end of two disks": {"disks": 2},
        "a gap behind the large end": {"gap": b"x"},
    }
    for what, said in lies.items():
        yield what, zipped(parts, large=said, end=counts), LARGE_END
    yield "a large end of endless files", zipped(parts, large={"here": 2**63, "total": 2**63}, end=counts), "too many"
    far = {"start": 2**64 - 1}
    yield "a large end beyond everything", zipped(parts, large=far, end={"start": mark32}), BETWEEN


def _two_readings(files: Files) -> Iterator[tuple[str, bytes, str]]:
    """One file in which readers that start at the other end of the rules find another bundle."""
    other = {**files, "text/en.md": b"Sell the water. "}
    mine, theirs = zipped(parts_of(files)), zipped(parts_of(other))
    yield "a zip in the comment of another", _commented(mine, theirs), BETWEEN
    yield "an end record in the comment", _commented(mine, mine[-22:]), BETWEEN
    yield "a zip before the zip", theirs + _shifted(mine, len(theirs)), BETWEEN
    yield "a zip behind the zip", mine + _shifted(theirs, len(mine)), BETWEEN


def _commented(data: bytes, comment: bytes) -> bytes:
    return data[:-2] + struct.pack("<H", len(comment)) + comment


def _shifted(data: bytes, by: int) -> bytes:
    """A zip whose offsets are counted from ``by`` bytes before it."""
    end = len(data) - 22
    total, size, start = struct.unpack_from("<HII", data, end + 10)
    out = bytearray(data)
    at = start
    for _ in range(total):
        length = 46 + sum(struct.unpack_from("<3H", data, at + 28))
        struct.pack_into("<I", out, at + 42, struct.unpack_from("<I", data, at + 42)[0] + by)
        at += length
    struct.pack_into("<I", out, end + 16, start + by)
    assert at == start + size
    return bytes(out)


def mutated(draw: Callable[[int], int], data: bytes) -> bytes:
    """One or a few changes where a zip says something about itself. ``draw(n)``: a number below n."""
    out = bytearray(data)
    for _ in range(1 + draw(3)):
        marks = [i for i in range(len(out) - 3) if out[i : i + 2] == b"PK"]
        at = marks[draw(len(marks))] + draw(46) if marks and draw(4) else draw(len(out) or 1)
        if at >= len(out):
            continue
        match draw(6):
            case 0 | 1:
                out[at] ^= 1 << draw(8)
            case 2:
                out[at] = (0, 1, 8, 255)[draw(4)]
            case 3:
                out[at:at] = bytes(out[at : at + 1 + draw(30)])
            case 4:
                del out[at : at + 1 + draw(30)]
            case _:
                other = draw(len(out))
                out[at : at + 4] = out[other : other + 4]
    return bytes(out)
