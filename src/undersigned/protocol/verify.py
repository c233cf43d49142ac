"""Checking a whole letter, trusting nothing but its bundle (protocol.md sections 6 and 7).

Numbered steps, each ok or the reason why not. An invalid step ends the run; one that cannot be told does not, since a
later one may still show that something is false.

What the caller still owes: where the letter id came from (the invitation's link carries it), and whether the trustees
are people they have reason to trust.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from . import base64url, bundle, canonical, checkpoint, edition, entries, manifest, merkle, opening, roll, tiles
from .errors import (
    InvalidError,
    LetterError,
    LogError,
    MalformedError,
    ObjectError,
    OpeningError,
    ProtocolError,
    UndeterminedError,
)
from .pieces import check_entries, check_openings
from .report import Report, Step
from .standing import Signatory, Standing

Progress = Callable[[str, int, int], None]
"""Called with a step's name, how much of it is done, and how much there is."""
Runner = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""``map``, or something like it that uses several cores and keeps the order."""

STEPS: Final = (
    "manifest",
    "text",
    "roll",
    "checkpoint",
    "log",
    "entries",
    "standing",
    "cosignatures",
    "openings",
    "editions",
    "files",
)
_CHUNK: Final = 64


def verify_bundle(
    files: bundle.Files,
    *,
    letter: bytes | None = None,
    run: Runner = map,
    progress: Progress | None = None,
) -> Report:
    """Re-derives everything in ``files`` and reports step by step; raises nothing for bad data.

    ``letter``: the letter id expected, if the caller knows it from elsewhere.
    """
    verifier = _Verifier(files, letter, run, progress or (lambda *_: None))
    report = verifier.report
    for number, name in enumerate(STEPS, start=1):
        try:
            detail = getattr(verifier, f"_check_{name}")()
            step = Step(number, name, "valid", detail)
        except UndeterminedError as error:
            step = Step(number, name, "undetermined", str(error))
        except ProtocolError as error:
            report.steps.append(Step(number, name, "invalid", str(error)))
            break
        report.steps.append(step)
    return report


class _Verifier:
    """The state between steps. Each ``_check_*`` returns a sentence or raises."""

    def __init__(self, files: bundle.Files, letter: bytes | None, run: Runner, progress: Progress) -> None:
        self.files, self.expected, self.run, self.progress = files, letter, run, progress
        self.report = Report()
        self.manifest: manifest.Manifest
        self.letter = ""
        self.source = b""
        self.leaves: frozenset[str] | None = None
        self.checkpoint: checkpoint.Checkpoint
        self.cosigned: list[checkpoint.Cosignature] = []
        self.standing: Standing
        self.verdicts: dict[str, opening.Opened] = {}
        self.roots: dict[int, bytes] = {}
        # What other processes may already work on while this one is at an earlier step.
        self._entries_begun: Iterable[Any] = ()
        self._openings_begun: Iterable[Any] | None = None
        self._places: collections.deque[tuple[int, str]] = collections.deque()

    def _read(self, path: str) -> bytes:
        try:
            return self.files[path]
        except KeyError:
            raise MalformedError(f"{path} is missing") from None

    def _read_log(self, path: str) -> bytes:
        return self._read(f"log/{path}")

    def _check_manifest(self) -> str:
        self.source = self._read("manifest.json")
        self.manifest = manifest.parse(self.source)
        letter = manifest.letter_id(self.source)
        if self.expected is not None and letter != self.expected:
            raise LetterError("this is another letter than the one asked for")
        self.letter = self.report.letter = base64url.encode(letter)
        return f"letter {self.letter}"

    def _check_text(self) -> str:
        for language, digest in sorted(self.manifest.text.items()):
            path = bundle.text_path(language)
            if manifest.text_digest(self._read(path)) != digest:
                raise InvalidError(f"{path} is not the text that was signed")
        return f"{len(self.manifest.text)} language versions are those that were signed"

    def _check_roll(self) -> str:
        rules = self.manifest.eligibility
        if rules.check != "roll":
            return "this letter has no roll"
        published = roll.parse_roll(self._read("roll.json"))
        if published.root != rules.root or published.size != rules.size:
            raise InvalidError("roll.json is not the roll the manifest names")
        self.leaves = frozenset(published.leaves)
        return f"{published.size} people may sign"

    def _check_checkpoint(self) -> str:
        log_key = base64url.decode(self.manifest.log)
        self.checkpoint, note = checkpoint.verify(self._read_log("checkpoint"), self.manifest.origin, log_key)
        trustees = [base64url.decode(trustee.sign) for trustee in self.manifest.trustees]
        self.cosigned = checkpoint.cosignatures(note, trustees)
        # A line by nobody the manifest names would be a place to change a byte unseen; bundles carry none.
        if len(note.signatures) != 1 + len(self.cosigned):
            raise LogError("the checkpoint carries a signature by nobody this letter names, or one twice")
        self.report.size = self.checkpoint.size
        self.report.cosignatures = len(self.cosigned)
        if not self.checkpoint.size:
            raise LogError("the log is empty")
        return f"{self.checkpoint.size} entries, signed by the log"

    def _check_log(self) -> str:
        size = self.checkpoint.size
        first = next(tiles.read_entries(1, lambda _: self._first_bundle()))
        if first != self.source:
            raise LogError("entry 0 is not the manifest")
        self._entries_begun = self.run(check_entries, self._entry_work())
        frontier = merkle.Frontier()
        sizes = self._edition_sizes()

        def watch() -> Iterator[bytes]:
            for index, entry in enumerate(tiles.read_entries(size, self._read_log), start=1):
                frontier.append(merkle.leaf_hash(entry))
                if index in sizes:
                    self.roots[index] = frontier.root()
                yield entry

        tiles.check_tiles(size, self._read_log, watch())
        if frontier.root() != self.checkpoint.root:
            raise LogError("the tree over the entries is not the one the checkpoint signs")
        return "every tile follows from the entries, and the root from the tiles"

    def _first_bundle(self) -> bytes:
        tile = tiles.Tile(-1, 0, min(self.checkpoint.size, tiles.WIDTH))
        return tiles.pack_entries(tiles.unpack_entries(self._read_log(tile.path), tile.width)[:1])

    def _edition_sizes(self) -> set[int]:
        sizes = set()
        for number in bundle.editions_in(self.files):
            for path, parse in (
                (bundle.edition_path(number), edition.parse),
                (bundle.counts_path(number), edition.parse_counts),
            ):
                # One that does not parse is left for its own step to refuse.
                with contextlib.suppress(MalformedError):
                    sizes.add(parse(self._read(path)).size)
        return sizes

    def _entry_tiles(self) -> list[tiles.Tile]:
        return [tile for tile in tiles.tiles_of(self.checkpoint.size) if tile.level < 0]

    def _entry_work(self) -> Iterator[tuple[bytes, int, bytes, int]]:
        for tile in self._entry_tiles():
            yield self.source, tile.number * tiles.WIDTH, self._read_log(tile.path), tile.width

    def _check_entries(self) -> str:
        size, done = self.checkpoint.size, 0
        # Files that cannot be told into lines are left for their own step to refuse.
        with contextlib.suppress(MalformedError):
            self._openings_begun = self._begin_openings()
        for tile, bad in zip(self._entry_tiles(), self._entries_begun, strict=True):
            if bad is not None:
                raise InvalidError(f"entry {bad[0]}: {bad[1]}")
            done += tile.width
            self.progress("entries", done, size)
        return f"{size - 1} entries are signed by those they name, with valid credentials"

    def _fold(self, size: int) -> Standing:
        standing = Standing(self.manifest)
        # The bundle's tiles are those of the whole log: a shorter one has no partial tiles of its own there.
        whole = tiles.read_entries(self.checkpoint.size, self._read_log, first=1)
        for index, data in enumerate(itertools.islice(whole, max(size - 1, 0)), start=1):
            try:
                standing.apply(entries.parse_checked(data))
            except ProtocolError as error:
                raise type(error)(f"entry {index}: {error}") from error
        return standing

    def _check_standing(self) -> str:
        self.standing = self._fold(self.checkpoint.size)
        self.report.signed = self.standing.signed
        self.report.withdrawn = self.standing.withdrawn
        self.report.standing = self.standing.count
        return (
            f"{self.standing.signed} signed, {self.standing.withdrawn} withdrew, {self.standing.count} stand behind it"
        )

    def _check_cosignatures(self) -> str:
        have, need = len(self.cosigned), self.manifest.threshold
        if not self.manifest.sealed:
            return "a public letter has no trustees"
        if self.standing.cuts and have < need:
            raise UndeterminedError(f"{have} trustees have cosigned the checkpoint, {need} must after a cut")
        return f"{have} of {len(self.manifest.trustees)} trustees have cosigned"

    def _check_openings(self) -> str:
        bundle.check_parts(bundle.openings_in(self.files))
        expected, seen = self._expected_openings(), 0
        before: tuple[int, bytes] = (0, b"")
        for rows in self._openings_begun or self._begin_openings():
            number, path = self._places.popleft()
            for row in rows:
                if isinstance(row, str):
                    raise OpeningError(row)
                place = (number, base64url.decode(row[0], 32))
                if place <= before:
                    raise MalformedError(f"{path} is not sorted by key, or a key stands twice")
                before = place
                self._take_verdict(number, *row)
            seen += len(rows)
            self.progress("openings", seen, max(seen, len(expected)))
        for signatory in expected:
            if signatory.key not in self.verdicts:
                raise OpeningError(
                    f"key {signatory.key}: its {'opening' if self.manifest.sealed else 'record'} is missing"
                )
        unresolved = [key for key, opened in self.verdicts.items() if opened.verdict == "unresolved"]
        if unresolved and not self._declared_unresolved(len(unresolved)):
            raise UndeterminedError(
                f"{len(unresolved)} names have fewer than {self.manifest.threshold} trustees' shares, "
                f"the first of key {unresolved[0]}"
            )
        return f"{len(self.verdicts)} {'seals opened by their shares' if self.manifest.sealed else 'records'}"

    def _opening_paths(self) -> list[str]:
        if not self.manifest.sealed:
            return ["objects.jsonl"] if "objects.jsonl" in self.files else []
        return [bundle.openings_path(*part) for part in bundle.openings_in(self.files)]

    def _begin_openings(self) -> Iterable[Any]:
        """What the lines say by themselves, judged before it is known whose they are."""
        self._places.clear()
        return self.run(check_openings, self._opening_work())

    def _opening_work(self) -> Iterator[tuple[bytes, list[bytes]]]:
        """Some lines at a time, a file at a time. ``_places`` says of which edition and file each of them is."""
        parts = bundle.openings_in(self.files) if self.manifest.sealed else []
        for index, path in enumerate(self._opening_paths()):
            lines, number = bundle.split_lines(self._read(path)), 0
            if parts:
                number, part = parts[index]
                bundle.check_lines(path, len(lines), part, last=(number, part + 1) not in parts[index + 1 : index + 2])
            for start in range(0, len(lines), _CHUNK):
                self._places.append((number, path))
                yield self.source, lines[start : start + _CHUNK]

    def _take_verdict(self, number: int, key: str, hashed: str, opened: opening.Opened) -> None:
        signatory = self.standing.signatories.get(key)
        if number and (signatory is None or signatory.opened != number):
            raise OpeningError(f"key {key} is not among those edition {number} opens")
        if signatory is None:
            raise OpeningError(f"key {key} has not signed")
        if signatory.withdrawn is not None:
            raise OpeningError(f"key {key} has withdrawn; its name must not be published")
        if signatory.struck is not None and self.manifest.sealed:
            raise OpeningError(f"key {key} was struck; its opening must not be published")
        if hashed != signatory.object:
            raise ObjectError(f"key {key}: this is not the object it signed")
        self.verdicts[key] = opened

    def _expected_openings(self) -> list[Signatory]:
        """Who must be opened here: covered by a published edition, not struck, and not withdrawn by now."""
        if not self.manifest.sealed:
            return [s for s in self.standing.signatories.values() if s.withdrawn is None and s.struck is None]
        published = bundle.editions_in(self.files)
        last = published[-1] if published else 0
        return [s for s in edition.covered(self.standing, last) if s.struck is None]

    def _declared_unresolved(self, number: int) -> bool:
        """Whether the newest edition itself says that so many could not be opened."""
        for known in reversed(bundle.editions_in(self.files)):
            path = bundle.edition_path(known)
            if path in self.files:
                return edition.parse(self._read(path)).counts.unresolved >= number
        return False

    def _check_editions(self) -> str:
        numbers = bundle.editions_in(self.files)
        sentences = []
        for number in numbers:
            if number > self.standing.cuts:
                raise InvalidError(f"edition {number} has not been cut")
            full = bundle.edition_path(number) in self.files
            if full and bundle.counts_path(number) in self.files:
                raise InvalidError(f"edition {number} is there with its names and as erased")
            sentences.append(self._check_edition(number) if full else self._check_counts(number))
        return "; ".join(sentences) or "nothing has been published yet"

    def _fold_to(self, number: int, size: int) -> tuple[Standing, bytes]:
        if size > self.checkpoint.size:
            raise LogError(f"edition {number} is over more entries than the log has")
        standing = self.standing if size == self.checkpoint.size else self._fold(size)
        if standing.cuts < number:
            raise InvalidError(f"edition {number} ends before its cut")
        return standing, self.roots[size]

    def _check_edition(self, number: int) -> str:
        data = self._read(bundle.edition_path(number))
        claimed = edition.parse(data)
        standing, root = self._fold_to(number, claimed.size)
        gone = [s for s in edition.covered(standing, number) if s.struck is None and s.key not in self.verdicts]
        if gone:
            raise InvalidError(f"edition {number} still names {len(gone)} whose opening is no longer published")
        rebuilt = edition.build(standing, self.letter, number, root, self.verdicts, self.leaves)
        if edition.encode(rebuilt) != data:
            if rebuilt.counts.unresolved > claimed.counts.unresolved:
                raise UndeterminedError(f"edition {number} cannot be rebuilt from the shares that are here")
            raise InvalidError(f"edition {number} is not what the log gives: {edition.difference(rebuilt, claimed)}")
        hashed = base64url.encode(edition.edition_id(data))
        self._note_edition(number, hashed, claimed.counts, claimed.since, 0)
        return f"edition {number} rebuilt to the same bytes, id {hashed}"

    def _check_counts(self, number: int) -> str:
        claimed = edition.parse_counts(self._read(bundle.counts_path(number)))
        standing, root = self._fold_to(number, claimed.size)
        # What follows from the log alone; how the names split does not, once they are gone.
        known = edition.build(standing, self.letter, number, root, {}, None)
        edition.check_counts(number, known, claimed, self.manifest.group_ids)
        erased = sum(1 for s in edition.covered(standing, number) if self._left_since(s))
        if not erased:
            raise InvalidError(
                f"the names of edition {number} are gone, and nobody in it has withdrawn or was struck since"
            )
        self._note_edition(number, claimed.edition, claimed.counts, claimed.since, erased)
        return f"edition {number} is superseded, {erased} names erased"

    def _left_since(self, then: Signatory) -> bool:
        """Whether somebody whom an edition covers has withdrawn, or was struck, after it."""
        now = self.standing.signatories[then.key]
        return now.withdrawn is not None or now.struck != then.struck

    def _note_edition(
        self, number: int, hashed: str, counts: edition.Counts, since: edition.Since, erased: int
    ) -> None:
        self.report.editions.append(
            {
                "number": number,
                "id": hashed,
                "erased": erased,
                "counts": canonical.decode(canonical.encode(counts)),
                "since": canonical.decode(canonical.encode(since)),
            }
        )

    def _check_files(self) -> str:
        expected = {
            "manifest.json",
            *map(bundle.text_path, self.manifest.text),
            *bundle.log_paths(self.checkpoint.size),
        }
        if self.leaves is not None:
            expected.add("roll.json")
        expected.update(self._opening_paths())
        for number in bundle.editions_in(self.files):
            expected.update((bundle.edition_path(number), bundle.counts_path(number)))
        extra = sorted(set(self.files) - expected)
        if extra:
            raise InvalidError(f"{extra[0]} belongs to no step")
        return f"{len(self.files)} files, and no other"
