"""A letter's bundle from what the site holds: the files anybody needs to check it (protocol.md section 7)."""

from __future__ import annotations

import io
import zipfile
from typing import Final

from undersigned.protocol import bundle
from undersigned.protocol.errors import LogError
from undersigned.protocol.standing import Standing
from undersigned.web.editions import names
from undersigned.web.editions.models import Edition, published_editions
from undersigned.web.letters.known import KnownLetter
from undersigned.web.letters.models import Document
from undersigned.web.log.cosigned import note_of
from undersigned.web.log.models import Checkpoint
from undersigned.web.ports import Storage

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The date in every zip: the same files give the same bytes."""


def log_files(letter: KnownLetter, checkpoint: Checkpoint, storage: Storage) -> dict[str, bytes]:
    """Documents and log as of ``checkpoint``."""
    files = {row.path: bytes(row.data) for row in Document.objects.filter(letter=letter.pk)}
    files["log/checkpoint"] = note_of(checkpoint)
    for path in bundle.log_paths(checkpoint.size)[1:]:
        data = storage.get(f"{letter.slug}/{path}")
        if data is None:
            raise LogError(f"{path} is missing from the served files")
        files[path] = data
    return files


def edition_files(letter: KnownLetter, edition: Edition, standing: Standing) -> dict[str, bytes]:
    """What is served under ``editions/<n>/`` of a published edition, openings with it, by file name."""
    files: dict[str, bytes] = {}
    if edition.data is not None:
        files["edition.json"] = bytes(edition.data)
    else:
        files["counts.json"] = bytes(edition.counts or b"")
    if letter.manifest.sealed:
        files["openings.jsonl"] = bundle.encode_openings(names.openings(letter, shown(standing, edition.number)))
    return files


def shown(standing: Standing, number: int) -> list[str]:
    """Keys of an edition's open set whose opening is published: neither withdrawn nor struck."""
    return [s.key for s in standing.open_set(number) if s.withdrawn is None and s.struck is None]


def object_lines(letter: KnownLetter, standing: Standing) -> bytes:
    """``objects.jsonl`` of a public letter."""
    keys = [s.key for s in standing.signatories.values() if s.withdrawn is None and s.struck is None]
    return bundle.encode_objects(names.records(letter, keys))


def assemble(letter: KnownLetter, checkpoint: Checkpoint, standing: Standing, storage: Storage) -> dict[str, bytes]:
    """The whole bundle as of ``checkpoint``. ``standing``: the fold over at least as many entries."""
    files = log_files(letter, checkpoint, storage)
    if not letter.manifest.sealed:
        files["objects.jsonl"] = object_lines(letter, standing)
    for edition in published_editions(letter.pk):
        for name, data in edition_files(letter, edition, standing).items():
            path = (
                bundle.openings_path(edition.number)
                if name == "openings.jsonl"
                else f"editions/{edition.number}/{name}"
            )
            files[path] = data
    return files


def zipped(files: dict[str, bytes]) -> bytes:
    """``files`` as a zip whose bytes depend on nothing else."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, date_time=_EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            # Hashes, keys and signatures do not compress; base64 of them does, a little.
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[path], compresslevel=6)
    return buffer.getvalue()
