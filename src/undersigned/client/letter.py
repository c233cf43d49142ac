"""Downloads and verifies a letter: manifest, checkpoint, text and roll, by the letter id (protocol.md section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from undersigned.protocol import base64url, bundle, checkpoint, entries, findings, manifest, merkle, roll, tiles
from undersigned.protocol.errors import InvalidError, LetterError, LogError, MalformedError
from undersigned.protocol.manifest import Manifest
from undersigned.protocol.note import Note

from .errors import InputError, UndeliveredError
from .http import Http
from .link import Link
from .rate_limit import Budget


@dataclass(frozen=True)
class Letter:
    """A letter whose manifest hashes to its id. ``source``: the manifest's canonical bytes."""

    link: Link
    source: bytes
    manifest: Manifest

    @cached_property
    def id(self) -> bytes:
        """The letter id, 32 bytes."""
        return manifest.letter_id(self.source)

    @cached_property
    def id_text(self) -> str:
        """The letter id in base64url, as in entries."""
        return base64url.encode(self.id)

    @cached_property
    def rid(self) -> bytes:
        """The first registrar's id: the salt of all keys derived from codes."""
        return roll.registrar_id(base64url.decode(self.manifest.registrars[0]))

    @property
    def invitation(self) -> str:
        """The invitation link, with the letter id in its fragment."""
        return f"{self.link.base}#{self.id_text}"

    @property
    def log_key(self) -> bytes:
        """The log's Ed25519 key."""
        return base64url.decode(self.manifest.log)

    @property
    def trustee_keys(self) -> list[bytes]:
        """The trustees' Ed25519 keys, in order."""
        return [base64url.decode(trustee.sign) for trustee in self.manifest.trustees]


MOST_ENTRIES: Final = 2**26
"""Maximum number of log entries: more would not fit in a bundle."""
_MORE: Final = 1_000_000
"""Entries allowed beyond one per eligible person: edits, withdrawals, notices. The number of edits is not limited."""


def connect(link: Link, *, connections: int = 8, proxy: str | None = None, budget: Budget | None = None) -> Http:
    """A connection to the site of ``link``. ``proxy``: an HTTP proxy, if any."""
    return Http(link.base, connections=connections, proxy=proxy, budget=budget)


def fetch_letter(http: Http, link: Link, *, expect: bool = True) -> Letter:
    """Fetches the letter at ``link`` and verifies its manifest.

    ``expect``: whether the link must contain the letter id. Only reading is safe without one: the server could show any
    letter. Raises InputError if it is missing, LetterError for another letter, UndeliveredError for no letter,
    ClientError.
    """
    if expect and link.letter is None:
        raise InputError("this link has no letter id after the #: ask for the complete invitation")
    source = http.get("manifest.json")
    try:
        known = manifest.parse(source)
    except MalformedError as error:
        raise UndeliveredError(
            f"{link.base}manifest.json is not a letter ({error}); check the address, and open it in a browser: "
            "a network may ask you to log in first"
        ) from None
    if link.letter is not None and manifest.letter_id(source) != link.letter:
        raise LetterError(findings.letter_invited())
    if known.origin != link.origin:
        raise LetterError(findings.letter_place(origin=known.origin))
    return Letter(link, source, known)


def fetch_checkpoint(http: Http, letter: Letter) -> tuple[checkpoint.Checkpoint, Note]:
    """Fetches the newest checkpoint and verifies the log's signature. Raises InvalidError, ClientError."""
    return read_checkpoint(http.get("log/checkpoint"), letter, "log/checkpoint")


def read_checkpoint(data: bytes, letter: Letter, path: str) -> tuple[checkpoint.Checkpoint, Note]:
    """Parses and verifies a checkpoint of the letter. Raises SignatureError or LogError if it is not of this log,
    UndeliveredError if it is damaged or claims more entries than there can be."""
    try:
        point, note = checkpoint.verify(data, letter.manifest.origin, letter.log_key)
    except MalformedError as error:
        raise UndeliveredError(f"the file {path} is damaged ({error}); try again") from None
    may_sign = letter.manifest.eligibility.size
    most = MOST_ENTRIES if may_sign is None else min(MOST_ENTRIES, 2 * may_sign + _MORE)
    if point.size > most:
        raise UndeliveredError(
            f"the file {path} claims {point.size} entries, more than this letter can have ({most}): download refused"
        )
    return point, note


def require_approvals(http: Http, letter: Letter) -> None:
    """Raises unless the log has every trustee's approval: only then are the names sealed to n confirmed keys.

    Approvals are among the log's first 256 entries, which are verified against the checkpoint.
    """
    if not letter.manifest.sealed:
        return
    missing = set(range(1, len(letter.manifest.trustees) + 1)) - approvals(http, letter)
    if missing:
        names = ", ".join(str(trustee) for trustee in sorted(missing))
        raise InvalidError(f"not every trustee has approved this letter yet (missing: {names}): it cannot be signed")


def approvals(http: Http, letter: Letter) -> set[int]:
    """The trustees whose approval is among the log's first entries."""
    wanted = set(range(1, len(letter.manifest.trustees) + 1))
    found: set[int] = set()
    for index, data in enumerate(_first_entries(http, letter)):
        if index == 0:
            if data != letter.source:
                raise LogError("the log does not begin with this letter's manifest")
            continue
        # No signature comes before the last approval, so stop here.
        if found == wanted:
            break
        entry = entries.parse(data)
        if isinstance(entry, entries.Approval):
            entries.verify_entry(entry, letter.manifest, letter.id_text)
            found.add(entry.trustee)
    return found


def _first_entries(http: Http, letter: Letter) -> Iterator[bytes]:
    """The log's first entries, at most 256, verified against the checkpoint with one tile per level."""
    point, _ = fetch_checkpoint(http, letter)
    if not point.size:
        raise LogError("the log is empty")
    cache: dict[str, bytes] = {}

    def read(path: str) -> bytes:
        if path not in cache:
            cache[path] = http.get(f"log/{path}")
        return cache[path]

    width = min(point.size, tiles.WIDTH)
    found = tiles.unpack_entries(read(tiles.Tile(-1, 0, width).path), width)
    row = [merkle.leaf_hash(entry) for entry in found]
    level, count = 0, point.size
    # Walk up the left edge of the tree: each full tile must hash to the first hash of the tile above it.
    while True:
        width = min(count, tiles.WIDTH)
        above = tiles.split_hashes(read(tiles.Tile(level, 0, width).path), width)
        if above[: len(row)] != row:
            raise LogError("the log's tiles contradict each other")
        if count < tiles.WIDTH:
            break
        row, level, count = [tiles.subtree_root(above)], level + 1, count >> 8
        if not count:
            break
    if tiles.root_from_tiles(point.size, read) != point.root:
        raise LogError("the log's tiles do not match the root hash in the signed checkpoint")
    return iter(found)


def fetch_text(http: Http, letter: Letter, language: str) -> str:
    """Fetches the letter's text in one language. Raises InvalidError if its hash is not the manifest's."""
    data = http.get(bundle.text_path(language))
    if manifest.text_digest(data) != letter.manifest.text.get(language):
        raise InvalidError("the text differs from the one fixed in this letter: do not sign")
    return data.decode("utf-8")


def fetch_roll(http: Http, letter: Letter) -> roll.Roll:
    """Fetches the published roll. Raises InvalidError if its hash is not the manifest's."""
    published = roll.parse_roll(http.get("roll.json", limit=512 * 1024 * 1024))
    if published.root != letter.manifest.eligibility.root:
        raise InvalidError("the roll differs from the one fixed in this letter")
    return published
