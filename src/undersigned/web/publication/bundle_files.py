"""Assembles a letter's bundle from the database and the served files (protocol.md section 7).

The files are lazy: each is made when it is read, because a large letter's files do not fit in memory together.
"""

from __future__ import annotations

from functools import partial

from undersigned.protocol import bundle
from undersigned.protocol.errors import LogError
from undersigned.protocol.standing import Standing
from undersigned.web.editions import names
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.log.cosigned import note_of
from undersigned.web.ports import Storage
from undersigned.web.records.models import Checkpoint, Document, Edition, published_editions
from undersigned.web.storage.lazy_files import LazyFiles, Maker, given


def _log_makers(letter: FixedLetter, checkpoint: Checkpoint, storage: Storage) -> dict[str, Maker]:
    """Documents and log as of ``checkpoint``."""
    makers = {row.path: given(bytes(row.data)) for row in Document.objects.filter(letter=letter.pk)}
    makers["log/checkpoint"] = given(note_of(checkpoint))
    for path in bundle.log_paths(checkpoint.size)[1:]:
        if not storage.has(f"{letter.slug}/{path}"):
            raise LogError(f"{path} is missing from the served files")
        makers[path] = partial(_read_served, storage, letter, path)
    return makers


def _read_served(storage: Storage, letter: FixedLetter, path: str) -> bytes:
    data = storage.get(f"{letter.slug}/{path}")
    if data is None:
        raise LogError(f"{path} is missing from the served files")
    return data


def edition_files(letter: FixedLetter, edition: Edition, keys: list[str]) -> dict[str, Maker]:
    """The files under ``editions/<n>/`` of a published edition, openings included, by file name. ``keys``: from
    ``opened_keys``."""
    parts = _opening_makers(letter, keys)
    return _edition_makers(edition) | {openings_name(part): make for part, make in parts.items()}


def _bundled_edition(letter: FixedLetter, edition: Edition, standing: Standing) -> dict[str, Maker]:
    """The same files by their paths in a bundle."""
    number = edition.number
    parts = _opening_makers(letter, opened_keys(letter, number, standing))
    documents = {f"editions/{number}/{name}": make for name, make in _edition_makers(edition).items()}
    return documents | {bundle.openings_path(number, part): make for part, make in parts.items()}


def _edition_makers(edition: Edition) -> dict[str, Maker]:
    if edition.pk is None:
        # A draft is not in the table.
        return {"edition.json": given(bytes(edition.data or b""))}
    if Edition.objects.filter(pk=edition.pk, data__isnull=False).exists():
        # Loaded when it is read: with a million names it is 200 MB, and writing a bundle takes a while.
        return {"edition.json": partial(_load_edition, edition.pk)}
    return {"counts.json": given(bytes(edition.counts or b""))}


def _load_edition(pk: int) -> bytes:
    data = Edition.objects.values_list("data", flat=True).get(pk=pk)
    if data is None:
        raise LogError("a signatory withdrew meanwhile: the names of this edition have been deleted")
    return bytes(data)


def opened_keys(letter: FixedLetter, number: int, standing: Standing) -> list[str]:
    """The keys whose openings edition ``number`` shows, in the order of its files; none for a public letter."""
    return names.ordered_keys(_openable_keys(standing, number)) if letter.manifest.sealed else []


def _opening_makers(letter: FixedLetter, keys: list[str]) -> dict[int, Maker]:
    """The parts of an edition's openings, from 1; none for a public letter."""
    if not letter.manifest.sealed:
        return {}
    width = bundle.OPENINGS_IN_PART
    return {
        part: partial(names.openings_part, letter, keys[(part - 1) * width : part * width])
        for part in range(1, bundle.parts_of(len(keys)) + 1)
    }


def openings_name(part: int) -> str:
    """The file name of one part of an edition's openings."""
    return "openings.jsonl" if part == 1 else f"openings.{part}.jsonl"


def _openable_keys(standing: Standing, number: int) -> list[str]:
    """Keys of an edition's open set whose opening is published: neither withdrawn nor struck."""
    return [s.key for s in standing.open_set(number) if s.withdrawn is None and s.struck is None]


def assemble_bundle(
    letter: FixedLetter, checkpoint: Checkpoint, standing: Standing, storage: Storage, draft: Edition | None = None
) -> LazyFiles:
    """The whole bundle as of ``checkpoint``. ``standing``: the fold over at least as many entries, or, for a public
    letter, over exactly as many.

    ``draft``: an edition that is not published yet, included as if it were.
    """
    makers = _log_makers(letter, checkpoint, storage)
    if not letter.manifest.sealed:
        # Copied from the fold now: a thread reads the file later, when the fold may have gone on.
        signed = {s.key: s.object for s in standing.signatories.values() if s.withdrawn is None and s.struck is None}
        makers["objects.jsonl"] = partial(names.public_records, letter, signed)
    for edition in [*published_editions(letter.pk).defer("data"), *([draft] if draft is not None else [])]:
        makers |= _bundled_edition(letter, edition, standing)
    return LazyFiles(makers)
