"""Verifies a whole letter from its bundle alone, in eleven steps (protocol.md sections 6 and 7).

Each step reports what it found. An invalid step ends the run, and so does a missing file; any other undetermined step
does not, since a later one may still show that something is false.

The caller still has to know where the letter id came from (the invitation's link carries it), and whether the trustees
are people they have reason to trust.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable

from . import base64url, bundle, canonical, checkpoint, edition, entries, findings, manifest, note, roll, tiles
from .errors import (
    InvalidError,
    LetterError,
    LogError,
    MalformedError,
    MissingError,
    ObjectError,
    OpeningError,
    ProtocolError,
    UndeterminedError,
)
from .finding import Finding
from .pieces import entries_in, openings_in
from .report import Report, Step
from .spec import STEPS
from .standing import Signatory, Standing
from .verdict import CompactVerdict, assemble_edition, expand_verdict
from .walk import Walk
from .work_queue import Lender, Runner, WorkQueue

Progress = Callable[[str, int, int], None]
"""Called with a step's name, how much of it is done, and how much there is."""


def verify_bundle(
    files: bundle.Files,
    *,
    letter: bytes | None = None,
    run: Runner = map,
    lend: Lender | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verifies ``files`` step by step and reports what it found; does not raise for bad data.

    ``letter``: the letter id expected, if the caller knows it from elsewhere. ``lend``: gives ``run`` a file to
    read, instead of its bytes.
    """
    verifier = _Verifier(files, letter, run, lend or files.__getitem__, progress or (lambda *_: None))
    report = verifier.report
    for number, name in enumerate(STEPS, start=1):
        try:
            found: Finding | list[Finding] = getattr(verifier, f"_check_{name}")()
            step = Step(number, name, "valid", found if isinstance(found, list) else [found])
        except MissingError as error:
            report.steps.append(Step(number, name, "undetermined", [error.finding]))
            break
        except UndeterminedError as error:
            step = Step(number, name, "undetermined", [error.finding])
        except ProtocolError as error:
            report.steps.append(Step(number, name, "invalid", [error.finding]))
            break
        report.steps.append(step)
        if verifier.queue and verifier.queue.lost:
            break
    return report


class _Verifier:
    """The state between steps. Each ``_check_*`` returns what it found, or raises."""

    def __init__(
        self, files: bundle.Files, letter: bytes | None, run: Runner, lend: Lender, progress: Progress
    ) -> None:
        self.files, self.expected, self.run, self.lend, self.progress = files, letter, run, lend, progress
        self.report = Report()
        self.manifest: manifest.Manifest
        self.letter = ""
        self.source = b""
        self.leaves: frozenset[str] | None = None
        self.checkpoint: checkpoint.Checkpoint
        self.cosigned: list[checkpoint.Cosignature] = []
        self.walk: Walk
        self.standing: Standing
        self.verdicts: dict[str, CompactVerdict] = {}
        # What others work on. They begin while this process still looks at other files.
        self.queue: WorkQueue | None = None
        self._folded: Standing | None = None

    def _read(self, path: str) -> bytes:
        try:
            return self.files[path]
        except KeyError:
            raise MissingError(findings.missing(path=path)) from None

    def _read_log(self, path: str) -> bytes:
        return self._read(f"log/{path}")

    def _check_manifest(self) -> Finding:
        self.source = self._read("manifest.json")
        self.manifest = manifest.parse(self.source)
        letter = manifest.letter_id(self.source)
        if self.expected is not None and letter != self.expected:
            raise LetterError(findings.letter_differs())
        self.letter = self.report.letter = base64url.encode(letter)
        # As long as the checkpoint is not checked, only time is lost if it does not tell the truth.
        with contextlib.suppress(MalformedError, MissingError):
            self._start_work(checkpoint.parse_text(note.parse(self._read_log("checkpoint")).text).size)
        return findings.letter_id(letter=self.letter)

    def _start_work(self, size: int) -> WorkQueue:
        self.queue = WorkQueue(self.source, self.files, self.lend, size, sealed=self.manifest.sealed)
        self.queue.begin(self.run)
        return self.queue

    def _check_text(self) -> Finding:
        for language, digest in sorted(self.manifest.text.items()):
            path = bundle.text_path(language)
            if manifest.text_digest(self._read(path)) != digest:
                raise InvalidError(findings.text_differs(path=path))
        return findings.texts_match(texts=len(self.manifest.text))

    def _check_roll(self) -> Finding:
        rules = self.manifest.eligibility
        if rules.check != "roll":
            return findings.no_roll()
        published = roll.parse_roll(self._read("roll.json"))
        if published.root != rules.root or published.size != rules.size:
            raise InvalidError(findings.roll_differs())
        self.leaves = frozenset(published.leaves)
        return findings.roll_matches(size=published.size)

    def _check_checkpoint(self) -> Finding:
        log_key = base64url.decode(self.manifest.log)
        self.checkpoint, signed = checkpoint.verify(self._read_log("checkpoint"), self.manifest.origin, log_key)
        trustees = [base64url.decode(trustee.sign) for trustee in self.manifest.trustees]
        self.cosigned = checkpoint.cosignatures(signed, trustees)
        # A line by a key that the manifest does not name could be changed unnoticed, so bundles carry none.
        if len(signed.signatures) != 1 + len(self.cosigned):
            raise LogError(findings.checkpoint_stranger())
        self.report.size = self.checkpoint.size
        self.report.cosignatures = len(self.cosigned)
        if not self.checkpoint.size:
            raise LogError(findings.log_empty())
        return findings.checkpoint_signed(size=self.checkpoint.size)

    def _check_log(self) -> Finding:
        size = self.checkpoint.size
        # All of them before any is looked at: what is missing is said first, whatever else there is.
        bundle.require(self.files, (f"log/{tile.path}" for tile in tiles.each_tile(size)))
        first = next(tiles.read_entries(1, lambda _: self._first_bundle()))
        if first != self.source:
            raise LogError(findings.first_entry())
        self.walk = Walk(self.manifest, size, self._read_log, self._edition_sizes())
        queue = self.queue if self.queue and self.queue.size == size else self._start_work(size)
        for tile, answer in zip(tiles.tiles_of_level(-1, size), queue.answers, strict=False):
            queue.sound = self.walk.take(tile, entries_in(answer))
            self.progress("entries", tile.number * tiles.WIDTH + tile.width, size)
        self.walk.check_tree(self.checkpoint.root)
        return findings.tree_matches()

    def _first_bundle(self) -> bytes:
        tile = tiles.Tile(-1, 0, min(self.checkpoint.size, tiles.WIDTH))
        return tiles.pack_entries(tiles.unpack_entries(self._read_log(tile.path), tile.width)[:1])

    def _edition_sizes(self) -> set[int]:
        """The log sizes that the editions name; whether those are right is for their own step."""
        numbers = bundle.editions_in(self.files)
        paths = {place(number) for number in numbers for place in (bundle.edition_path, bundle.counts_path)}
        sizes = set()
        for path in paths:
            with contextlib.suppress(MalformedError, MissingError):
                sizes.add(edition.size_in(self._read(path)))
        return {size for size in sizes if size is not None}

    def _check_entries(self) -> Finding:
        self.walk.check_entries()
        return findings.entries_valid(entries=self.checkpoint.size - 1)

    def _fold(self, size: int) -> Standing:
        standing = Standing(self.manifest)
        # The bundle's tiles are those of the whole log: a shorter one has no partial tiles of its own there.
        whole = tiles.read_entries(self.checkpoint.size, self._read_log, first=1)
        # Every one of them has been taken before, in the walk over the whole log.
        for data in itertools.islice(whole, max(size - 1, 0)):
            standing.apply(entries.parse_checked(data))
        return standing

    def _check_standing(self) -> Finding:
        self.standing = self.walk.check_standing()
        self.report.signed = self.standing.signed
        self.report.withdrawn = self.standing.withdrawn
        self.report.standing = self.standing.count
        return findings.standing(
            signed=self.standing.signed, withdrawn=self.standing.withdrawn, standing=self.standing.count
        )

    def _check_cosignatures(self) -> Finding:
        have, need = len(self.cosigned), self.manifest.threshold
        if not self.manifest.sealed:
            return findings.no_trustees()
        if self.standing.cuts and have < need:
            raise UndeterminedError(findings.cosignatures_missing(have=have, need=need))
        return findings.cosigned(have=have, trustees=len(self.manifest.trustees))

    def _check_openings(self) -> Finding:
        expected, seen = self._expected_openings(), 0
        bundle.require(self.files, self._expected_files(expected))
        bundle.check_parts(bundle.openings_in(self.files))
        before: tuple[int, bytes] = (0, b"")
        assert self.queue is not None  # noqa: S101 - the log has been read from it
        for answer in self.queue.answers:
            rows = openings_in(answer)
            number, path, part, last = self.queue.parts.popleft()
            if number:
                bundle.check_lines(path, len(rows), part, last=last)
            for row in rows:
                if isinstance(row, Finding):
                    raise OpeningError(row)
                place = (number, base64url.sort_key(row[0]))
                if place <= before:
                    raise MalformedError(findings.openings_order(path=path))
                before = place
                self._take(number, *row)
            seen += len(rows)
            self.progress("openings", seen, max(seen, len(expected)))
        for signatory in expected:
            if signatory.key not in self.verdicts:
                absent = findings.opening_missing if self.manifest.sealed else findings.record_missing
                raise OpeningError(absent(key=signatory.key))
        unresolved = [key for key, row in self.verdicts.items() if row.verdict == "unresolved"]
        if unresolved and not self._declared_unresolved(len(unresolved)):
            raise UndeterminedError(
                findings.shares_missing(
                    unresolved=len(unresolved), threshold=self.manifest.threshold, key=unresolved[0]
                )
            )
        if not self.manifest.sealed:
            return findings.records_match(records=len(self.verdicts))
        opened = len(self.verdicts) - len(unresolved)
        if unresolved:
            return findings.openings_unresolved(opened=opened, unresolved=len(unresolved))
        return findings.openings_match(opened=opened)

    def _opening_paths(self) -> list[str]:
        if not self.manifest.sealed:
            return [bundle.OBJECTS] if bundle.OBJECTS in self.files else []
        return [bundle.openings_path(*part) for part in bundle.openings_in(self.files)]

    def _take(self, number: int, key: str, hashed: str, verdict: CompactVerdict) -> None:
        signatory = self.standing.signatories.get(key)
        if number and (signatory is None or signatory.opened != number):
            raise OpeningError(findings.opening_edition(key=key, edition=number))
        if signatory is None:
            raise OpeningError(findings.opening_unsigned(key=key))
        if signatory.withdrawn is not None:
            raise OpeningError(findings.opening_withdrawn(key=key))
        if signatory.struck is not None and self.manifest.sealed:
            raise OpeningError(findings.opening_struck(key=key))
        if hashed != signatory.object:
            raise ObjectError(findings.opening_object(key=key))
        self.verdicts[signatory.key] = verdict

    def _expected_openings(self) -> list[Signatory]:
        """The signatories whose opening must be here: in a published edition, not struck and not withdrawn by now."""
        if not self.manifest.sealed:
            return [s for s in self.standing.signatories.values() if s.withdrawn is None and s.struck is None]
        last = max(bundle.editions_in(self.files), default=0)
        return [s for s in edition.covered(self.standing, last) if s.struck is None]

    def _expected_files(self, expected: list[Signatory]) -> Iterable[str]:
        """The files that hold what must be opened."""
        if not self.manifest.sealed:
            return [bundle.OBJECTS] if expected else []
        return bundle.opening_files(signatory.opened or 0 for signatory in expected)

    def _declared_unresolved(self, number: int) -> bool:
        """Whether the newest edition itself says that so many could not be opened."""
        for known in reversed(bundle.editions_in(self.files)):
            path = bundle.edition_path(known)
            if path in self.files:
                return edition.parse(self._read(path)).counts.unresolved >= number
        return False

    def _check_editions(self) -> list[Finding]:
        numbers = bundle.editions_in(self.files)
        found = []
        for number in numbers:
            if number > self.standing.cuts:
                raise InvalidError(findings.edition_uncut(number=number))
            full = bundle.edition_path(number) in self.files
            if full and bundle.counts_path(number) in self.files:
                raise InvalidError(findings.edition_twice(number=number))
            found.append(self._check_edition(number) if full else self._check_counts(number))
        return found or [findings.edition_left_out() if self.standing.cuts else findings.nothing_published()]

    def _fold_to(self, number: int, size: int) -> tuple[Standing, bytes]:
        if size > self.checkpoint.size:
            raise LogError(findings.edition_size(number=number))
        if self._folded is None or self._folded.size != size:
            self._folded = self.standing if size == self.checkpoint.size else self._fold(size)
        if self._folded.cuts < number:
            raise InvalidError(findings.edition_early(number=number))
        return self._folded, self.walk.roots[size]

    def _check_edition(self, number: int) -> Finding:
        data = self._read(bundle.edition_path(number))
        made = self._rebuild(number, data) or self._rebuild_at_length(number, data)
        hashed = base64url.encode(edition.edition_id(data))
        self._note_edition(number, hashed, made.counts, made.since, 0)
        return findings.edition_rebuilt(number=number, edition=hashed)

    def _rebuild(self, number: int, data: bytes) -> edition.Edition | None:
        """The edition without its names, if ``data`` are its bytes and it is a simple one."""
        size = edition.size_in(data)
        if size is None or len(data) > canonical.MAX_DOCUMENT:
            return None
        try:
            standing, root = self._fold_to(number, size)
        except ProtocolError:
            return None
        made = assemble_edition(standing, self.letter, number, root, self.verdicts, self.leaves)
        return made[1] if made is not None and made[0] == data else None

    def _rebuild_at_length(self, number: int, data: bytes) -> edition.Edition:
        """The slow path of ``_rebuild``: the edition, or the error that says what is wrong with it."""
        claimed = edition.parse(data)
        standing, root = self._fold_to(number, claimed.size)
        gone = [s for s in edition.covered(standing, number) if s.struck is None and s.key not in self.verdicts]
        if gone:
            raise InvalidError(findings.edition_names(number=number, names=len(gone)))
        verdicts = {key: expand_verdict(row) for key, row in self.verdicts.items()}
        rebuilt = edition.build(standing, self.letter, number, root, verdicts, self.leaves)
        if edition.encode(rebuilt) != data:
            if rebuilt.counts.unresolved > claimed.counts.unresolved:
                raise UndeterminedError(findings.edition_unresolved(number=number))
            raise InvalidError(findings.edition_differs(number=number, because=edition.difference(rebuilt, claimed)))
        return claimed

    def _check_counts(self, number: int) -> Finding:
        claimed = edition.parse_counts(self._read(bundle.counts_path(number)))
        standing, root = self._fold_to(number, claimed.size)
        # What follows from the log alone; how the names split does not, once they are gone.
        known = edition.build(standing, self.letter, number, root, {}, None)
        edition.check_counts(number, known, claimed, self.manifest.group_ids)
        erased = sum(1 for s in edition.covered(standing, number) if self._left_since(s))
        if not erased:
            raise InvalidError(findings.names_withheld(number=number))
        self._note_edition(number, claimed.edition, claimed.counts, claimed.since, erased)
        return findings.edition_superseded(number=number, erased=erased)

    def _left_since(self, then: Signatory) -> bool:
        """Whether a signatory whom an edition covers has withdrawn, or was struck, after it."""
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

    def _check_files(self) -> Finding:
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
            raise InvalidError(findings.stray_file(path=extra[0]))
        return findings.files_complete(files=len(self.files))
