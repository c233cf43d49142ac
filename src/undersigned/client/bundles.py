"""Bundles from wherever they lie: a directory, a zip, or a letter's address, as a read-only mapping.

Nothing in a bundle is trusted, not even that it is a bundle: paths, numbers of files and sizes are bounded before
anything is read.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from undersigned.protocol import base64url, bundle, checkpoint, edition, entries, tiles
from undersigned.protocol.canonical import MAX_DOCUMENT
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.note import Note

from . import files
from .errors import InputError, ProblemError
from .http import Http
from .letter import Letter, fetch_checkpoint, fetch_letter
from .link import Link

MAX_FILES: Final = 200_000
MAX_TOTAL: Final = 16 * 1024**3
"""Bytes of all files together, unpacked."""
MAX_RATIO: Final = 200
"""How many times its packed size a file of a zip may unpack to; JSON and base64 stay far below."""
_TRIES: Final = 5
_MOMENT: Final = 5.0
"""Seconds."""
Progress = Callable[[int, int], None]


class DirectoryFiles(Mapping[str, bytes]):
    """The files below a directory, read when they are asked for. Raises InputError for what is no plain file."""

    def __init__(self, root: Path) -> None:
        self._paths = sorted(self._walk(root))
        self._root = root
        self._known = frozenset(self._paths)

    def _walk(self, root: Path) -> Iterator[str]:
        total = count = 0
        for path in root.rglob("*"):
            if path.is_symlink():
                raise InputError(f"{path} is a link: a bundle holds plain files only")
            if path.is_dir():
                continue
            size = path.stat().st_size
            total, count = total + size, count + 1
            if not path.is_file() or size > MAX_DOCUMENT or total > MAX_TOTAL or count > MAX_FILES:
                raise InputError("the bundle is too large, or holds something that is not a file")
            yield path.relative_to(root).as_posix()

    def __getitem__(self, path: str) -> bytes:
        if path not in self._known:
            raise KeyError(path)
        return (self._root / path).read_bytes()

    def lend(self, path: str) -> Callable[[], bytes]:
        """What reads a file in another process. Raises KeyError if it is not there."""
        if path not in self._known:
            raise KeyError(path)
        return (self._root / path).absolute().read_bytes

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, path: object) -> bool:
        return path in self._known


class ZipFiles(Mapping[str, bytes]):
    """The files of a zip, unpacked one at a time and never beyond what its index says, nor beyond the bounds here."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        infos = [info for info in archive.infolist() if not info.is_dir()]
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) != len(infos):
            raise InputError("the zip holds two files of one name")
        if len(infos) > MAX_FILES or sum(info.file_size for info in infos) > MAX_TOTAL:
            raise InputError("the zip is too large")
        for info in infos:
            path = PurePosixPath(info.filename)
            if path.is_absolute() or ".." in path.parts or "\\" in info.filename or info.flag_bits & 1:
                raise InputError("the zip holds a path that leads out of it, or an encrypted file")
            if info.file_size > MAX_DOCUMENT or info.file_size > MAX_RATIO * info.compress_size + 4096:
                raise InputError("the zip unpacks to far more than it holds")

    def __getitem__(self, path: str) -> bytes:
        info = self._infos[path]
        try:
            with self._archive.open(info) as file:
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as error:
            raise MalformedError(f"{path} cannot be unpacked") from error
        except Exception as error:  # each compression library has errors of its own
            if type(error).__module__ in ("zlib", "lzma", "bz2", "_lzma"):
                raise MalformedError(f"{path} cannot be unpacked") from error
            raise
        if len(data) != info.file_size:
            raise MalformedError(f"{path} is not as long as the zip's index says")
        return data

    def lend(self, path: str) -> bytes | Callable[[], bytes]:
        """What unpacks a file in another process, or its bytes if the zip is in memory. Raises KeyError."""
        if self._archive.filename is None or path not in self._infos:
            return self[path]
        return functools.partial(_unpack, str(Path(self._archive.filename).absolute()), path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)

    def __contains__(self, path: object) -> bool:
        return path in self._infos


def _unpack(archive: str, path: str) -> bytes:
    return _opened(archive)[path]


@functools.lru_cache(maxsize=1)
def _opened(archive: str) -> ZipFiles:
    """A zip in a process that works on its files: opened once, and held to the same bounds."""
    return ZipFiles(zipfile.ZipFile(archive))


@contextlib.contextmanager
def open_path(path: Path) -> Iterator[Mapping[str, bytes]]:
    """The bundle at ``path``, a directory or zip. Raises InputError if it is neither."""
    if path.is_dir():
        yield DirectoryFiles(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                yield ZipFiles(archive)
        except zipfile.BadZipFile:
            raise InputError(f"{path} is a damaged zip") from None
    elif path.exists():
        raise InputError(f"{path} is neither a directory nor a zip")
    else:
        raise InputError(f"{path} is not there")


@contextlib.contextmanager
def open_link(link: Link, progress: Progress | None = None) -> Iterator[Mapping[str, bytes]]:
    """The bundle of a letter on the web, fetched into a temporary directory, file by file as served."""
    with tempfile.TemporaryDirectory(prefix="undersigned-") as folder, Http(link.base) as http:
        fetch(http, link, Path(folder), progress)
        yield DirectoryFiles(Path(folder))


def fetch(http: Http, link: Link, target: Path, progress: Progress | None = None) -> Letter:
    """Fetches a letter's bundle into ``target``, an empty directory.

    The letter may grow meanwhile: if a file of one checkpoint is gone, it starts over with the next.
    """
    letter = fetch_letter(http, link, expect=False)
    for attempt in range(_TRIES):
        try:
            _fetch_once(http, letter, target, progress)
        except ProblemError as error:
            if error.status != 404 or attempt == _TRIES - 1:
                raise
        else:
            point, _ = fetch_checkpoint(http, letter)
            held = checkpoint.parse_text(
                (target / "log" / "checkpoint").read_text(encoding="utf-8").rpartition("\n\n")[0] + "\n"
            )
            # An edition or a withdrawal between first and last file would make a bundle of two halves.
            if point.size == held.size:
                break
        _empty(target)
    _await_cosignatures(http, letter, target)
    return letter


def _await_cosignatures(http: Http, letter: Letter, target: Path) -> None:
    """After a publication the site shows the cosignatures a moment later than it has them; waits for that moment.

    Trustees who have not cosigned yet are waited for no longer than that: the verifier says what is missing.
    """
    if not letter.manifest.sealed or not (target / "editions").is_dir():
        return
    held = (target / "log" / "checkpoint").read_bytes()
    deadline = time.monotonic() + _MOMENT
    while time.monotonic() < deadline:
        _, note = fetch_checkpoint(http, letter)
        if note.text.encode() != held[: len(note.text.encode())]:
            return
        kept = own_lines(note, letter)
        if len(kept.signatures) > letter.manifest.threshold:
            _write(target, "log/checkpoint", kept.encode())
            return
        time.sleep(0.2)


def _empty(target: Path) -> None:
    for path in sorted(target.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def _fetch_once(http: Http, letter: Letter, target: Path, progress: Progress | None) -> None:
    point, note = fetch_checkpoint(http, letter)
    paths = [bundle.text_path(language) for language in letter.manifest.languages]
    if letter.manifest.eligibility.check == "roll":
        paths.append("roll.json")
    paths += bundle.log_paths(point.size)[1:]
    _write(target, "manifest.json", letter.source)
    _write(target, "log/checkpoint", own_lines(note, letter).encode())
    for number, path in enumerate(paths, start=1):
        if not http.save(path, target / path, limit=MAX_DOCUMENT):
            raise ProblemError("not-found", 404, "", f"{path} is not there")
        if progress:
            progress(number, len(paths))
    if not letter.manifest.sealed:
        http.save("objects.jsonl", target / "objects.jsonl", limit=MAX_DOCUMENT)
    for number in range(1, _cuts(target, point.size) + 1):
        _fetch_edition(http, target, number)


def _fetch_edition(http: Http, target: Path, number: int) -> None:
    for path in (bundle.edition_path(number), bundle.counts_path(number)):
        if http.save(path, target / path, limit=MAX_DOCUMENT):
            _fetch_openings(http, target, number)
            return


def _fetch_openings(http: Http, target: Path, number: int) -> None:
    """Every part: one that is not full is the last."""
    for part in itertools.count(1):
        path = bundle.openings_path(number, part)
        if not http.save(path, target / path, limit=MAX_DOCUMENT):
            return
        if (target / path).read_bytes().count(b"\n") < bundle.OPENINGS_IN_PART:
            return


def _cuts(target: Path, size: int) -> int:
    """How many editions the fetched log cuts. Bad entries are the verifier's to report, not ours."""

    def read(path: str) -> bytes:
        return (target / "log" / path).read_bytes()

    return sum(1 for data in tiles.read_entries(size, read, first=1) if b'"type":"cut"' in data and _is_cut(data))


def _is_cut(data: bytes) -> bool:
    try:
        return isinstance(entries.parse(data), entries.Cut)
    except MalformedError:
        return False


def own_lines(note: Note, letter: Letter) -> Note:
    """The checkpoint with the lines of the log and the trustees only: all that a bundle carries (docs/adr/0005)."""
    kept = []
    for line in note.signatures:
        if line.name == letter.manifest.origin or checkpoint.verify_cosignature(note.text, line, letter.trustee_keys):
            kept.append(line)
    return Note(note.text, tuple(kept))


def _write(target: Path, path: str, data: bytes) -> None:
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    files.write_atomic(place, data, mode=0o644, durable=False)


def edition_ids(found: Mapping[str, bytes]) -> dict[int, str]:
    """The ids of the editions in a bundle, by number, as their bytes give them."""
    return {
        number: base64url.encode(edition.edition_id(found[bundle.edition_path(number)]))
        for number in bundle.editions_in(found)
        if bundle.edition_path(number) in found
    }
