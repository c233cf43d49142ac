"""Strict zip reader and writer for bundles: one file, one reading (protocol.md section 7.1, docs/adr/0091).

Files one after the other from the first byte, the central directory directly after the last, the end record at the very
end. Everything stands twice at most, and then the same; nothing is left over that a reader could take or leave. What
general zip libraries accept beyond that (comments, bytes before or between, names that differ between the headers)
is where two of them read two different bundles out of one file.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from struct import Struct
from typing import BinaryIO, Final, NamedTuple, NoReturn

from . import bundle, findings
from .canonical import MAX_DOCUMENT
from .errors import MalformedError
from .finding import Finding

Reader = Callable[[int, int], bytes]
"""Reads at an offset so many bytes, or fewer where the file ends."""

MAX_RATIO: Final = 200
"""How many times its packed size a file may unpack to, beyond 4,096 bytes; JSON and base64 stay far below."""
MAX_PATH: Final = 100
STORED: Final = 0
DEFLATED: Final = 8

_LOCAL: Final = Struct("<4s5H3I2H")
_CENTRAL: Final = Struct("<4s6H3I5H2I")
_END: Final = Struct("<4s4H2IH")
_END64: Final = Struct("<4sQ2H2I4Q")
_LOCATOR64: Final = Struct("<4sIQI")
_OFFSET64: Final = Struct("<2HQ")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END64_MARK, _LOCATOR64_MARK = b"PK\x06\x06", b"PK\x06\x07"
_FULL16: Final = 0xFFFF
_FULL32: Final = 0xFFFFFFFF
_VERSION, _VERSION64, _UNIX = 20, 45, 3
_EPOCH: Final = 0x21
"""1 January 1980 as zips write dates: the same files give the same bytes."""
_PLAIN: Final = 0o100644 << 16


class Member(NamedTuple):
    """A file of a zip: its path, how and as how many bytes it is packed, what it unpacks to, where it lies."""

    path: str
    method: int
    crc: int
    packed: int
    size: int
    header: int

    @property
    def start(self) -> int:
        """Where its packed bytes start."""
        return self.header + _LOCAL.size + len(self.path)


def _refuse(reason: Finding) -> NoReturn:
    raise MalformedError(reason)


def reader_of(file: BinaryIO) -> Reader:
    """Reads from a seekable file."""

    def read(offset: int, length: int) -> bytes:
        file.seek(offset)
        return file.read(length)

    return read


def looks_like_zip(read: Reader, length: int) -> bool:
    """Whether a file of ``length`` bytes is meant as a zip, perhaps a damaged one or one outside the profile."""
    tail = min(length, _END.size + _FULL16)
    return read(0, 4) in (_LOCAL_MARK, _END_MARK) or _END_MARK in read(length - tail, tail)


def read_members(read: Reader, length: int) -> list[Member]:
    """The files of a zip of ``length`` bytes, in order. Raises MalformedError, saying why, outside the profile."""
    total, start, end = _read_end(read, length)
    if total > bundle.MAX_FILES:
        _refuse(findings.zip_files())
    if end - start > total * (_CENTRAL.size + MAX_PATH + _OFFSET64.size):
        _refuse(findings.zip_directory())
    directory = _exactly(read, start, end - start)
    members: dict[str, Member] = {}
    at = position = sum_of_sizes = 0
    for _ in range(total):
        member, local, at = _read_header(directory, at, position)
        if member.path in members:
            _refuse(findings.zip_twice(path=member.path))
        sum_of_sizes += member.size
        if member.size > MAX_DOCUMENT or sum_of_sizes > bundle.MAX_TOTAL:
            _refuse(findings.zip_size())
        if member.size > MAX_RATIO * member.packed + 4096:
            _refuse(findings.zip_ratio())
        if read(member.header, len(local)) != local:
            _refuse(findings.zip_headers(path=member.path))
        members[member.path] = member
        position = member.start + member.packed
    if at != len(directory) or position != start:
        _refuse(findings.zip_gap())
    return list(members.values())


def _exactly(read: Reader, offset: int, length: int) -> bytes:
    data = read(offset, length)
    if len(data) != length:
        _refuse(findings.zip_changing())
    return data


def _read_end(read: Reader, length: int) -> tuple[int, int, int]:
    """How many files there are, and where their directory starts and ends."""
    last = length - _END.size
    if last < 0:
        _refuse(findings.zip_end())
    mark, disk, first_disk, here, total, size, start, comment = _END.unpack(_exactly(read, last, _END.size))
    if mark != _END_MARK or comment:
        _refuse(findings.zip_end())
    if disk or first_disk or here != total:
        _refuse(findings.zip_disks())
    if total != _FULL16 and _FULL32 not in (size, start):
        if start + size != last:
            _refuse(findings.zip_gap())
        return total, start, last
    return _read_end64(read, last, (total, size, start))


def _read_end64(read: Reader, last: int, narrow: tuple[int, int, int]) -> tuple[int, int, int]:
    """The same where one of the three does not fit into the end record."""
    there = last - _LOCATOR64.size - _END64.size
    if there < 0 or read(last - _LOCATOR64.size, _LOCATOR64.size) != _LOCATOR64.pack(_LOCATOR64_MARK, 0, there, 1):
        _refuse(findings.zip_end64_place())
    fields = _END64.unpack(_exactly(read, there, _END64.size))
    total, size, start = fields[7:]
    if fields != (_END64_MARK, _END64.size - 12, fields[2], _VERSION64, 0, 0, total, total, size, start):
        _refuse(findings.zip_end64_form())
    if narrow != (min(total, _FULL16), min(size, _FULL32), min(start, _FULL32)):
        _refuse(findings.zip_ends())
    if start + size != there:
        _refuse(findings.zip_gap())
    return total, start, there


def _read_header(directory: bytes, at: int, position: int) -> tuple[Member, bytes, int]:
    """The file whose header stands ``at`` in the directory, its local header, and where the next one's stands.

    ``position``: where it must lie.
    """
    if at + _CENTRAL.size > len(directory):
        _refuse(findings.zip_directory())
    (
        mark, _, version, flags, method, time, date, crc, packed, size,
        name_length, extra_length, comment_length, disk, _, attributes, header,
    ) = _CENTRAL.unpack_from(directory, at)  # fmt: skip
    name_end = at + _CENTRAL.size + name_length
    end = name_end + extra_length + comment_length
    if mark != _CENTRAL_MARK or end > len(directory):
        _refuse(findings.zip_directory())
    name, extra = directory[at + _CENTRAL.size : name_end], directory[name_end : name_end + extra_length]
    path = _check_name(name)
    if flags & 1:
        _refuse(findings.zip_encrypted())
    if flags & 8:
        _refuse(findings.zip_descriptors())
    if flags or method not in (STORED, DEFLATED) or version > _VERSION64:
        _refuse(findings.zip_packing(path=path))
    if comment_length or disk or attributes >> 28 not in (0, 8) or attributes & 0x10:
        _refuse(findings.zip_attributes(path=path))
    if header == _FULL32 and extra_length == _OFFSET64.size:
        kind, width, header = _OFFSET64.unpack(extra)
        if (kind, width) != (1, 8) or header < _FULL32:
            _refuse(findings.zip_extra(path=path))
    elif header == _FULL32 or extra:
        _refuse(findings.zip_extra(path=path))
    if method == STORED and packed != size:
        _refuse(findings.zip_packing(path=path))
    if header != position:
        _refuse(findings.zip_gap())
    member = Member(path, method, crc, packed, size, header)
    local = _LOCAL.pack(_LOCAL_MARK, version, flags, method, time, date, crc, packed, size, name_length, 0) + name
    return member, local, end


def _check_name(name: bytes) -> str:
    path = name.decode("ascii", "replace")
    if len(name) > MAX_PATH or not bundle.is_path(path):
        if bundle.is_path(path.partition("/")[2]):
            _refuse(findings.zip_folder())
        if path.endswith("/"):
            _refuse(findings.zip_folders())
        _refuse(findings.zip_name())
    return path


def unpack(member: Member, data: bytes) -> bytes:
    """The content of a file from its packed bytes. Raises MalformedError if it is not what the headers say."""
    if member.method == STORED:
        content = data
    else:
        # One byte more than there may be: enough to tell, and no bomb.
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = inflater.decompress(data, member.size + 1)
        except zlib.error:
            raise MalformedError(findings.zip_file_damaged(path=member.path)) from None
        if not inflater.eof or inflater.unused_data:
            _refuse(findings.zip_file_damaged(path=member.path))
    if len(data) != member.packed or len(content) != member.size or zlib.crc32(content) != member.crc:
        _refuse(findings.zip_file_damaged(path=member.path))
    return content


def write_zip(files: Mapping[str, bytes], file: BinaryIO) -> None:
    """Writes ``files`` as a zip whose bytes depend on nothing else. One file at a time is in memory."""
    members = []
    position = 0
    for path in sorted(files):
        member, data = _pack(path, files[path], position)
        file.write(_local_header(member))
        file.write(data)
        members.append(member)
        position = member.start + member.packed
    for part in _directory(members, position):
        file.write(part)


def _pack(path: str, content: bytes, position: int) -> tuple[Member, bytes]:
    # Hashes, keys and signatures do not compress; base64 of them does, a little.
    deflater = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    method, data = DEFLATED, deflater.compress(content) + deflater.flush()
    if len(content) > MAX_RATIO * len(data) + 4096:
        # No reader takes it packed so well.
        method, data = STORED, content
    return Member(path, method, zlib.crc32(content), len(data), len(content), position), data


def _local_header(member: Member) -> bytes:
    path, method, crc, packed, size, _ = member
    fields = _version(member), 0, method, 0, _EPOCH, crc, packed, size, len(path), 0
    return _LOCAL.pack(_LOCAL_MARK, *fields) + path.encode("ascii")


def _version(member: Member) -> int:
    return _VERSION64 if member.header >= _FULL32 else _VERSION


def _directory(members: list[Member], start: int) -> Iterator[bytes]:
    """Central directory and end records of ``members``, whose bytes end at ``start``."""
    size = 0
    for member in members:
        path, method, crc, packed, length, header = member
        extra = _OFFSET64.pack(1, 8, header) if header >= _FULL32 else b""
        made = _UNIX << 8 | _VERSION
        fields = (
            made, _version(member), 0, method, 0, _EPOCH, crc, packed, length,
            len(path), len(extra), 0, 0, 0, _PLAIN, min(header, _FULL32),
        )  # fmt: skip
        part = _CENTRAL.pack(_CENTRAL_MARK, *fields) + path.encode("ascii") + extra
        size += len(part)
        yield part
    total = len(members)
    if total >= _FULL16 or size >= _FULL32 or start >= _FULL32:
        made = _UNIX << 8 | _VERSION64
        yield _END64.pack(_END64_MARK, _END64.size - 12, made, _VERSION64, 0, 0, total, total, size, start)
        yield _LOCATOR64.pack(_LOCATOR64_MARK, 0, start + size, 1)
    narrow = min(total, _FULL16)
    yield _END.pack(_END_MARK, 0, 0, narrow, narrow, min(size, _FULL32), min(start, _FULL32), 0)
