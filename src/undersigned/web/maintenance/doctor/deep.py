"""Deep checks: recomputes tree, tiles, rows, sealed objects, editions and bundle from the entries' bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from undersigned.protocol import base64url, bundle, checkpoint, entries, manifest, merkle, tiles, verify, zip_profile
from undersigned.protocol import edition as editions_
from undersigned.protocol.errors import MalformedError, ProtocolError
from undersigned.protocol.note import parse_signatures
from undersigned.protocol.seal import object_hash, parse_object
from undersigned.web.database.site_locks import is_clerk_active
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.maintenance.doctor.look import Look
from undersigned.web.maintenance.finding import Finding
from undersigned.web.publication.bundle_files import assemble_bundle, edition_files, opened_keys
from undersigned.web.publication.bundler import is_large
from undersigned.web.publication.reconciler import bundle_checkpoint
from undersigned.web.records.models import Checkpoint, Document, Entry, SealedObject, Share, published_editions
from undersigned.web.signing.candidate import row_identity
from undersigned.web.storage.lazy_files import LazyFiles

ENTRIES_IN_MEMORY = 65536
"""Entries that are loaded at once to compute tiles: full tiles of two levels."""


def log(look: Look) -> Iterator[Finding]:
    """Checks that indices have no gaps, that every signed root is that of the entries, and that the tiles match."""
    letter = look.letter
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
        yield from _tiles(look, max(signed))


def _entry(letter: FixedLetter, row: Entry, data: bytes) -> str | None:
    if row.index == 0:
        return None if data == letter.source else "it is not the letter's manifest"
    try:
        found = entries.parse(data)
    except ProtocolError as error:
        return f"its bytes are no entry: {error}"
    if base64url.encode(merkle.leaf_hash(data)) != row.leaf:
        return "its bytes are not those that were taken: its leaf hash is another"
    told = (entries.type_of(found), *row_identity(found), getattr(found, "object", None))
    same = told == (row.kind, row.key, row.seq, row.object)
    return None if same else "its row says something else than its bytes"


def _root(letter: FixedLetter, row: Checkpoint, root: bytes) -> Iterator[Finding]:
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


def _tiles(look: Look, size: int) -> Iterator[Finding]:
    """Compares served tiles with computed ones, up to a signed size: entries appended meanwhile do not change them."""
    wanted = {tile.path: tile.width for tile in tiles.tiles_of(size)}
    edge: dict[str, bytes] = {}
    for first in range(0, size, ENTRIES_IN_MEMORY):
        rows = Entry.objects.filter(
            letter=look.letter.pk, index__gte=first, index__lt=min(size, first + ENTRIES_IN_MEMORY)
        )
        data = [bytes(row) for row in rows.order_by("index").values_list("data", flat=True)]
        made = tiles.extend(first, edge.__getitem__, data)
        # Kept for the next part, which extends the partial tiles of the upper levels.
        edge = {path: content for path, content in made.items() if ".p/" in path}
        for path, content in made.items():
            if path not in wanted:
                continue
            served = look.world.storage.get(f"{look.letter.slug}/log/{path}")
            if served != content:
                yield Finding(look.letter.slug, _differing(path, content, served, wanted[path]))
                return


def _differing(path: str, made: bytes, served: bytes | None, width: int) -> str:
    if served is None:
        return f"the served log: log/{path} is missing from the served files"
    if not path.startswith("tile/entries/"):
        return f"the served log: {path} does not follow from the entries"
    try:
        pairs = zip(tiles.unpack_entries(served, width), tiles.unpack_entries(made, width), strict=True)
    except ProtocolError as error:
        return f"the served log: {path}: {error}"
    place = next(place for place, (there, stored) in enumerate(pairs) if there != stored)
    return f"{path}: its entry {place} is served with other bytes than are stored"


def documents(look: Look) -> Iterator[Finding]:
    """Checks that the id is the manifest's hash, that the texts are those it fixes, and that they are served."""
    letter = look.letter
    if base64url.encode(manifest.letter_id(letter.source)) != letter.letter:
        yield Finding(letter.slug, "its manifest is not the one its id names")
    held = {row.path: bytes(row.data) for row in Document.objects.filter(letter=letter.pk)}
    if held.get("manifest.json") != letter.source:
        yield Finding(letter.slug, "the stored manifest.json is not its manifest")
    for language, digest in sorted(letter.manifest.text.items()):
        if manifest.text_digest(held.get(bundle.text_path(language), b"")) != digest:
            yield Finding(letter.slug, f"the stored {bundle.text_path(language)} is not the text that was signed")
    for path, data in sorted(held.items()):
        if look.world.storage.get(f"{letter.slug}/{path}") != data:
            yield Finding(letter.slug, f"{path} is not served as it is stored")


def objects(look: Look) -> Iterator[Finding]:
    """Checks that each standing key has exactly the object of its newest entry, and that other keys have none."""
    letter, standing = look.letter, look.standing
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


def editions(look: Look) -> Iterator[Finding]:
    """Checks that each published edition has its id and is served as it is stored."""
    letter = look.letter
    for row in published_editions(letter.pk):
        if row.data is not None and base64url.encode(editions_.edition_id(bytes(row.data))) != row.published:
            yield Finding(letter.slug, f"edition {row.number} is not the one that was published")
        for name, make in edition_files(letter, row, opened_keys(letter, row.number, look.standing)).items():
            if look.world.storage.get(f"{letter.slug}/editions/{row.number}/{name}") != make():
                yield Finding(letter.slug, f"{name} of edition {row.number} is not served as it is stored")


def bundle_made(look: Look) -> Iterator[Finding]:
    """Runs the public verifier on the bundle that would be made now."""
    last = bundle_checkpoint(look.letter)
    if last is not None:
        files = assemble_bundle(look.letter, last, look.standing, look.world.storage)
        yield from _verified(look.letter, files, "its bundle")


def bundle_served(look: Look) -> Iterator[Finding]:
    """Runs the public verifier on the served bundle, which may be of an earlier moment."""
    letter = look.letter
    last = bundle_checkpoint(letter)
    if last is None:
        return
    packed = look.world.storage.open(f"{letter.slug}/bundle.zip")
    if packed is None:
        # A large letter's bundle is made in a background job, so there may be none for some minutes.
        if not (is_large(last.size) and is_clerk_active()):
            yield Finding(letter.slug, "bundle.zip is missing: is the clerk running?")
        return
    try:
        with packed:
            read = zip_profile.reader_of(packed)
            members = zip_profile.read_members(read, packed.seek(0, 2))
            files = LazyFiles({member.path: partial(_unpacked, read, member) for member in members})
            yield from _verified(letter, files, "the served bundle.zip")
    except (MalformedError, _DamagedError):
        yield Finding(letter.slug, "bundle.zip is damaged: remove it and start the site, which makes it again")


class _DamagedError(Exception):
    """A file of the zip cannot be unpacked: the file is damaged, which is no verdict on the letter."""


def _unpacked(read: zip_profile.Reader, member: zip_profile.Member) -> bytes:
    try:
        return zip_profile.unpack(member, read(member.start, member.packed))
    except MalformedError as error:
        raise _DamagedError(str(error)) from None


def _verified(letter: FixedLetter, files: Mapping[str, bytes], what: str) -> Iterator[Finding]:
    report = verify.verify_bundle(files, letter=letter.id)
    step = report.steps[-1]
    # A verification ends early if a step fails or a file is missing.
    if step.outcome != "valid":
        yield Finding(letter.slug, f"{what} does not verify: {step.name}: {step.detail}")
