"""A letter's bundle from what the site holds: the files anybody needs to check it (protocol.md section 7).

Files are made one at a time, when somebody asks for them: all of a large letter's together do not fit in memory.
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
    made = {row.path: given(bytes(row.data)) for row in Document.objects.filter(letter=letter.pk)}
    made["log/checkpoint"] = given(note_of(checkpoint))
    for path in bundle.log_paths(checkpoint.size)[1:]:
        if not storage.has(f"{letter.slug}/{path}"):
            raise LogError(f"{path} is missing from the served files")
        made[path] = partial(_stored, storage, letter, path)
    return made


def _stored(storage: Storage, letter: FixedLetter, path: str) -> bytes:
    data = storage.get(f"{letter.slug}/{path}")
    if data is None:
        raise LogError(f"{path} is missing from the served files")
    return data


def edition_files(letter: FixedLetter, edition: Edition, keys: list[str]) -> dict[str, Maker]:
    """What is served under ``editions/<n>/`` of a published edition, openings with it, by file name. ``keys``: those of
    ``opened_keys``."""
    parts = _openings(letter, keys)
    return _documents(edition) | {openings_name(part): make for part, make in parts.items()}


def _bundled(letter: FixedLetter, edition: Edition, standing: Standing) -> dict[str, Maker]:
    """The same by their paths in a bundle."""
    number = edition.number
    parts = _openings(letter, opened_keys(letter, number, standing))
    documents = {f"editions/{number}/{name}": make for name, make in _documents(edition).items()}
    return documents | {bundle.openings_path(number, part): make for part, make in parts.items()}


def _documents(edition: Edition) -> dict[str, Maker]:
    if edition.pk is None:
        # A draft is nowhere but here.
        return {"edition.json": given(bytes(edition.data or b""))}
    if Edition.objects.filter(pk=edition.pk, data__isnull=False).exists():
        # Read when it is asked for: of a million names it is 200 MB, and a bundle is a while in the making.
        return {"edition.json": partial(_names, edition.pk)}
    return {"counts.json": given(bytes(edition.counts or b""))}


def _names(pk: int) -> bytes:
    data = Edition.objects.values_list("data", flat=True).get(pk=pk)
    if data is None:
        raise LogError("somebody withdrew meanwhile: the names of this edition are gone")
    return bytes(data)


def opened_keys(letter: FixedLetter, number: int, standing: Standing) -> list[str]:
    """Whose openings edition ``number`` shows, in the order of its files; nobody's of a public letter."""
    return names.ordered_keys(shown(standing, number)) if letter.manifest.sealed else []


def _openings(letter: FixedLetter, keys: list[str]) -> dict[int, Maker]:
    """The parts of an edition's openings, from 1; none of a public letter."""
    if not letter.manifest.sealed:
        return {}
    width = bundle.OPENINGS_IN_PART
    return {
        part: partial(names.openings_part, letter, keys[(part - 1) * width : part * width])
        for part in range(1, bundle.parts_of(len(keys)) + 1)
    }


def openings_name(part: int) -> str:
    """A part of the openings among an edition's files."""
    return "openings.jsonl" if part == 1 else f"openings.{part}.jsonl"


def shown(standing: Standing, number: int) -> list[str]:
    """Keys of an edition's open set whose opening is published: neither withdrawn nor struck."""
    return [s.key for s in standing.open_set(number) if s.withdrawn is None and s.struck is None]


def assemble(
    letter: FixedLetter, checkpoint: Checkpoint, standing: Standing, storage: Storage, draft: Edition | None = None
) -> LazyFiles:
    """The whole bundle as of ``checkpoint``. ``standing``: the fold over at least as many entries; of a public letter,
    over exactly so many.

    ``draft``: an edition that is not published yet, as if it were.
    """
    made = _log_makers(letter, checkpoint, storage)
    if not letter.manifest.sealed:
        # Who stands is asked now: whoever makes the file later must not look at a fold that goes on.
        signed = {s.key: s.object for s in standing.signatories.values() if s.withdrawn is None and s.struck is None}
        made["objects.jsonl"] = partial(names.records, letter, signed)
    for edition in [*published_editions(letter.pk).defer("data"), *([draft] if draft is not None else [])]:
        made |= _bundled(letter, edition, standing)
    return LazyFiles(made)
