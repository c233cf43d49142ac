"""Everything derived again from the entries' bytes: tree, tiles, rows, count, sealed objects, editions, bundle."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from functools import partial

from undersigned.protocol import base64url, bundle, checkpoint, entries, manifest, merkle, tiles, verify
from undersigned.protocol import edition as editions_
from undersigned.protocol.errors import ProtocolError
from undersigned.protocol.note import parse_signatures
from undersigned.protocol.seal import object_hash, parse_object
from undersigned.protocol.standing import Standing
from undersigned.web.editions.assemble import assemble, edition_files
from undersigned.web.editions.models import Share, published_editions
from undersigned.web.editions.upkeep import bundle_checkpoint
from undersigned.web.letters.known import KnownLetter
from undersigned.web.letters.models import Document
from undersigned.web.log.models import Checkpoint, Entry
from undersigned.web.made import MadeFiles
from undersigned.web.ports import World
from undersigned.web.signing.candidate import place_of
from undersigned.web.signing.models import SealedObject

from .finding import Finding


def log(letter: KnownLetter, world: World) -> Iterator[Finding]:
    """Every entry where its index says, every signed root that of the entries, every tile as the entries make it."""
    signed = {row.size: row for row in Checkpoint.objects.filter(letter=letter.pk).prefetch_related("cosignatures")}
    frontier = merkle.Frontier()
    size = 0
    for row in Entry.objects.filter(letter=letter.pk).order_by("index").iterator():
        if row.index != size:
            yield Finding(letter.slug, f"entry {size} is missing from the database")
            return
        data = bytes(row.data)
        problem = _entry(letter, row, data)
        if problem is not None:
            yield Finding(letter.slug, f"entry {size}: {problem}")
        frontier.append(merkle.leaf_hash(data))
        size += 1
        if size in signed:
            yield from _root(letter, signed[size], frontier.root())
    if signed and max(signed) <= size:
        yield from _tiles(letter, max(signed), world)


def _entry(letter: KnownLetter, row: Entry, data: bytes) -> str | None:
    if row.index == 0:
        return None if data == letter.source else "it is not the letter's manifest"
    try:
        found = entries.parse(data)
    except ProtocolError as error:
        return f"its bytes are no entry: {error}"
    if base64url.encode(merkle.leaf_hash(data)) != row.leaf:
        return "its bytes are not those that were taken: its leaf hash is another"
    told = (entries.type_of(found), *place_of(found), getattr(found, "object", None))
    same = told == (row.kind, row.key, row.seq, row.object)
    return None if same else "its row says something else than its bytes"


def _root(letter: KnownLetter, row: Checkpoint, root: bytes) -> Iterator[Finding]:
    if base64url.encode(root) != row.root:
        yield Finding(letter.slug, f"the root signed at size {row.size} is not that of its entries")
        return
    point, _ = checkpoint.verify(bytes(row.note), letter.manifest.origin, base64url.decode(letter.manifest.log))
    trustees = [base64url.decode(trustee.sign) for trustee in letter.manifest.trustees]
    for line in row.cosignatures.all():
        if not _cosigned(point, line.line, line.trustee, trustees):
            yield Finding(letter.slug, f"trustee {line.trustee}'s cosignature at size {row.size} does not verify")


def _cosigned(point: checkpoint.Checkpoint, lines: str, trustee: int, trustees: list[bytes]) -> bool:
    try:
        found = [checkpoint.verify_cosignature(point.text(), line, trustees) for line in parse_signatures(lines)]
    except ProtocolError:
        return False
    return [cosignature and cosignature.trustee for cosignature in found] == [trustee]


def _tiles(letter: KnownLetter, size: int, world: World) -> Iterator[Finding]:
    def read(path: str) -> bytes:
        data = world.storage.get(f"{letter.slug}/log/{path}")
        if data is None:
            raise ValueError(f"log/{path} is missing from the served files")
        return data

    stored = Entry.objects.filter(letter=letter.pk, index__lt=size).order_by("index")
    rows = (bytes(data) for data in stored.values_list("data", flat=True).iterator())
    try:
        for index, (served, data) in enumerate(zip(tiles.read_entries(size, read), rows, strict=True)):
            if served != data:
                yield Finding(letter.slug, f"entry {index} is served with other bytes than are stored")
                return
        tiles.check_tiles(size, read, list(tiles.read_entries(size, read)))
    except (ProtocolError, ValueError) as error:
        yield Finding(letter.slug, f"the served log: {error}")


def documents(letter: KnownLetter, world: World) -> Iterator[Finding]:
    """The letter's id is that of its manifest; its texts are those the manifest fixed; they are served so."""
    if base64url.encode(manifest.letter_id(letter.source)) != letter.letter:
        yield Finding(letter.slug, "its manifest is not the one its id names")
    held = {row.path: bytes(row.data) for row in Document.objects.filter(letter=letter.pk)}
    if held.get("manifest.json") != letter.source:
        yield Finding(letter.slug, "the stored manifest.json is not its manifest")
    for language, digest in sorted(letter.manifest.text.items()):
        if manifest.text_digest(held.get(bundle.text_path(language), b"")) != digest:
            yield Finding(letter.slug, f"the stored {bundle.text_path(language)} is not the text that was signed")
    for path, data in sorted(held.items()):
        if world.storage.get(f"{letter.slug}/{path}") != data:
            yield Finding(letter.slug, f"{path} is not served as it is stored")


def objects(letter: KnownLetter, standing: Standing) -> Iterator[Finding]:
    """Of each key that stands exactly the object its newest entry names; of the others nothing."""
    wanted = {s.key: s.object for s in standing.signatories.values() if s.withdrawn is None}
    for key, body in SealedObject.objects.filter(letter=letter.pk).values_list("key", "body").iterator():
        expected = wanted.pop(key, None)
        if expected is None:
            yield Finding(letter.slug, f"an object is kept of {key}, which does not stand")
        elif object_hash(parse_object(bytes(body))) != expected:
            yield Finding(letter.slug, f"the object kept of {key} is not the one its entry names")
    for key in sorted(wanted)[:5]:
        yield Finding(letter.slug, f"the sealed object of {key} is missing")
    if len(wanted) > 5:
        yield Finding(letter.slug, f"... and of {len(wanted) - 5} more")
    gone = {s.key for s in standing.signatories.values() if s.withdrawn is not None}
    kept = set(Share.objects.filter(edition__letter=letter.pk).values_list("key", flat=True))
    if gone & kept:
        yield Finding(letter.slug, f"shares are kept of {len(gone & kept)} keys that have withdrawn")


def editions(letter: KnownLetter, standing: Standing, world: World) -> Iterator[Finding]:
    """Each published edition has its id, is served as it is stored, and the bundle verifies as a stranger's."""
    published = list(published_editions(letter.pk))
    for row in published:
        if row.data is not None and base64url.encode(editions_.edition_id(bytes(row.data))) != row.published:
            yield Finding(letter.slug, f"edition {row.number} is not the one that was published")
        for name, make in edition_files(letter, row, standing).items():
            if world.storage.get(f"{letter.slug}/editions/{row.number}/{name}") != make():
                yield Finding(letter.slug, f"{name} of edition {row.number} is not served as it is stored")
    last = bundle_checkpoint(letter)
    if last is None:
        return
    yield from _verified(letter, assemble(letter, last, standing, world.storage), "its bundle")
    packed = world.storage.open(f"{letter.slug}/bundle.zip")
    if packed is None:
        yield Finding(letter.slug, "bundle.zip is missing: is the clerk running?")
        return
    try:
        with packed, zipfile.ZipFile(packed) as archive:
            files = MadeFiles({name: partial(archive.read, name) for name in archive.namelist()})
            yield from _verified(letter, files, "the served bundle.zip")
    except (zipfile.BadZipFile, zlib.error):
        yield Finding(letter.slug, "bundle.zip is damaged: remove it and start the site, which makes it anew")


def _verified(letter: KnownLetter, files: Mapping[str, bytes], what: str) -> Iterator[Finding]:
    report = verify.verify_bundle(files, letter=letter.id)
    if report.outcome == "invalid":
        step = next(step for step in report.steps if step.outcome == "invalid")
        yield Finding(letter.slug, f"{what} does not verify: {step.name}: {step.detail}")
