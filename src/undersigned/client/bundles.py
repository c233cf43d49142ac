"""Bundles of letters on the web, fetched file by file as served. Those on a disk: ``bundle_path``."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from undersigned.protocol import base64url, bundle, checkpoint, edition, entries, tiles
from undersigned.protocol.canonical import MAX_DOCUMENT
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.note import Note

from . import files
from .bundle_folder import FolderFiles
from .bundle_path import open_path as open_path
from .errors import ProblemError
from .http import Http
from .letter import Letter, fetch_checkpoint, fetch_letter
from .link import Link

_TRIES: Final = 5
_MOMENT: Final = 5.0
"""Seconds."""
Progress = Callable[[int, int], None]


@contextlib.contextmanager
def open_link(link: Link, progress: Progress | None = None) -> Iterator[Mapping[str, bytes]]:
    """The bundle of a letter on the web, fetched into a temporary directory, file by file as served."""
    with tempfile.TemporaryDirectory(prefix="undersigned-") as folder, Http(link.base) as http:
        fetch(http, link, Path(folder), progress)
        yield FolderFiles(Path(folder))


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
