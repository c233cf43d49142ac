"""A trustee's actions: approve, watch, cosign, and open the names after a cut (protocol.md sections 7 and 9).

The tool trusts only its own disk and clock. It cosigns a checkpoint only if every entry is valid, the log extends all
that was seen before, and no cut came before the end of the grace period by this clock.

::

    STATE/state.json     when each notice was first seen
    STATE/log/           the mirrored log
    STATE/seals/         the mirrored seals of standing signatures
    STATE/evidence/      signed checkpoints that contradict earlier ones
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from undersigned import durable
from undersigned.protocol import base64url, canonical, checkpoint, entries, manifest, opening, request, seal
from undersigned.protocol.errors import ConditionError, InvalidError, LogError, OpeningError, ProtocolError
from undersigned.protocol.note import Note
from undersigned.protocol.rules import check_times
from undersigned.protocol.standing import Signatory, Standing

from . import files
from .errors import AnswerError, InputError, WaitingError
from .file_lock import hold_lock
from .http import Http
from .keyfile import TrusteeKey
from .letter import Letter
from .mirror import Mirror
from .process_pool import parallel_map, workers_for
from .seals import Seals

CHUNK: Final = 500
"""Shares per request: 93 bytes each, below the server's limit of 64 KiB."""
Progress = Callable[[str, int, int], None]
"""Called with a description of the step, the amount done, and the total."""


_PART: Final = 256
"""Seals that a worker process opens as one piece of work."""


class _State(msgspec.Struct, kw_only=True):
    noticed: dict[int, int] = msgspec.field(default_factory=dict)
    seals_from: int = 0


@dataclass(slots=True)
class WatchResult:
    """The result of a watch. ``mute``: keys whose share for us does not open; ``missing``: keys without a seal."""

    size: int
    new: int
    count: int
    cosigned: bool
    mute: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(slots=True)
class OpeningResult:
    """The result of an opening: the number of shares posted, and the keys without one."""

    edition: int
    shares: int
    failed: list[str]


class Trustee:
    """One trustee of one letter, with its state in the folder ``state``. ``clock`` returns Unix seconds."""

    def __init__(
        self,
        key: TrusteeKey,
        letter: Letter,
        http: Http,
        state: Path,
        *,
        clock: Callable[[], float] = time.time,
        progress: Progress | None = None,
    ) -> None:
        self.key, self.letter, self.http = key, letter, http
        self.index = _index(key, letter)
        self.directory = files.make_private_directory(state)
        self.clock = clock
        self._progress = progress or (lambda *_: None)
        self._seal_key = seal.seal_key(key.seal_seed)
        self.mirror = Mirror(state, letter)
        self.seals = Seals(state / "seals")
        self._state = self._load()

    def report_to(self, progress: Progress) -> None:
        """Sets the progress callback."""
        self._progress = progress

    # -- approving

    def approve(self) -> None:
        """Posts the approval: "I have seen this letter and hold its key". Raises ProblemError ``duplicate``."""
        entry = entries.sign_entry(
            entries.Approval(v=1, letter=self.letter.id_text, trustee=self.index), self.key.sign_seed
        )
        self.http.post("entries", {"entry": entry})

    # -- watching

    def watch(self) -> WatchResult:
        """Mirrors the log once, verifies and cosigns it.

        Raises LogError (rollback, fork), InvalidError (an invalid entry), WaitingError (a cut before the end of the
        grace period by this clock: nothing is cosigned), ClientError.
        """
        with self._locked():
            watched, standing, point, note = self._look()
            self._require_grace(standing)
            watched.cosigned = self._cosign(point, note)
            return watched

    def _look(self) -> tuple[WatchResult, Standing, checkpoint.Checkpoint, Note]:
        fetched = self.mirror.fetch(self.http, lambda done, total: self._progress("log", done, total))
        standing = self._check(fetched.made.start, fetched.made.entries(first=1))
        self._save()  # the time of a notice must be durable before anything depends on it
        if fetched.number:
            self.mirror.keep(fetched)
        gone = [s.key for s in standing.signatories.values() if s.withdrawn is not None]
        self.seals.drop(gone)
        mute = self._mirror_seals(standing, self._state.seals_from)
        self._state.seals_from = standing.size
        self._save()
        missing = [s.key for s in standing.signatories.values() if s.withdrawn is None and not self.seals.has(s.key)]
        watched = WatchResult(standing.size, fetched.number, standing.count, False, mute, missing)
        return watched, standing, fetched.checkpoint, fetched.note

    def _check(self, start: int, new: Iterable[bytes]) -> Standing:
        """Folds the log after verifying ``new`` entries one by one. Records when each notice was first seen."""
        standing = Standing(self.letter.manifest)
        now = int(self.clock())
        known = self.mirror.entries(first=1) if start else iter(())
        for index, data in enumerate(itertools.chain(known, new), start=1):
            try:
                entry = entries.parse(data)
                if index >= start:
                    entries.verify_entry(entry, self.letter.manifest, self.letter.id_text)
                standing.apply(entry)
            except ProtocolError as error:
                raise InvalidError(f"entry {index} is invalid in this log: {error}") from error
            if isinstance(entry, entries.Notice):
                self._state.noticed.setdefault(entry.edition, now)
        return standing

    def _require_grace(self, standing: Standing) -> None:
        """Raises WaitingError if a cut is in the log before the end of the grace period by this clock."""
        now = int(self.clock())
        for edition in standing.editions:
            if edition.cut is None:
                continue
            noticed = self._state.noticed.get(edition.number)
            cut = entries.Cut(v=1, letter=self.letter.id_text, edition=edition.number)
            try:
                check_times(cut, self.letter.manifest, now, noticed=noticed, after=edition.after)
            except ConditionError as error:
                until = max(
                    (noticed or now) + self.letter.manifest.release.grace,
                    int(manifest.parse_time(edition.after).timestamp()),
                    int(manifest.parse_time(self.letter.manifest.release.not_before).timestamp()),
                )
                raise WaitingError(
                    f"edition {edition.number} was cut too early by this computer's clock: {error}. "
                    "Nothing was cosigned or opened",
                    until,
                ) from error

    def _mirror_seals(self, standing: Standing, first: int) -> list[str]:
        """Downloads seals from index ``first`` and tries our share of each. Returns the keys whose share fails."""
        by_index = {s.signed: s for s in standing.signatories.values() if s.withdrawn is None}
        mute: list[str] = []
        start: int | None = first
        while start is not None:
            answer = self.http.get_json(f"seals?from={start}", headers={"Authorization": self._authorize(start)})
            if not isinstance(answer, dict) or not isinstance(answer.get("seals"), list):
                raise AnswerError("the server's response has no seals")
            for row in answer["seals"]:
                self._take_seal(row, by_index, mute)
            following = answer.get("next")
            if following is not None and (not isinstance(following, int) or following <= start):
                raise AnswerError("the server's list of seals does not end")
            self._progress("seals", min(following or standing.size, standing.size), standing.size)
            start = following
        return mute

    def _authorize(self, start: int) -> str:
        path = f"{urlsplit(self.http.base).path}seals?from={start}"
        return request.authorize(self.letter.id, self.index, int(self.clock()), path, self.key.sign_seed)

    def _take_seal(self, row: object, by_index: dict[int, Signatory], mute: list[str]) -> None:
        if not isinstance(row, dict) or not isinstance(row.get("index"), int):
            raise AnswerError("the server's response contains something that is not a seal")
        signatory = by_index.get(row["index"])
        if signatory is None:
            return  # newer than our checkpoint, or withdrawn since
        value = seal.parse_object(canonical.encode(row.get("object")))
        if not isinstance(value, seal.Seal) or seal.object_hash(value) != signatory.object:
            raise LogError(f"the seal of entry {row['index']} does not match the hash in the log")
        seal.check_object(value, self.letter.manifest, self.letter.id_text, signatory.key)
        if _share(value, self.index, self._seal_key) is None:
            mute.append(signatory.key)
        self.seals.put(value)

    def _cosign(self, point: checkpoint.Checkpoint, note: Note) -> bool:
        """Cosigns the checkpoint unless this was done before; returns whether it was done now."""
        have = checkpoint.cosignatures(note, self.letter.trustee_keys)
        if any(cosignature.trustee == self.index for cosignature in have):
            return False
        line = checkpoint.cosign(point, self.index, self.key.sign_seed, int(self.clock()))
        self.http.post_text("cosignatures", line.encode().encode("utf-8"))
        return True

    # -- opening

    def open(self, edition: int) -> OpeningResult:
        """Opens our shares of the edition's open set, except withdrawn signatures, and posts them.

        Raises WaitingError if it is too early, InvalidError for an abandoned letter, and whatever ``watch`` raises.
        """
        with self._locked():
            _, standing, _, _ = self._look()
            self._require_open(standing, edition)
            wanted = [s for s in standing.open_set(edition) if s.withdrawn is None and s.struck is None]
            self._complete(standing, wanted)
            shares, failed = self._open_shares(wanted)
            keys = sorted(shares)
            for start in range(0, len(keys), CHUNK):
                part = {key: shares[key] for key in keys[start : start + CHUNK]}
                self._post_openings(edition, part)
                self._progress("handing in", min(start + CHUNK, len(keys)), len(keys))
            return OpeningResult(edition, len(shares), failed)

    def _require_open(self, standing: Standing, edition: int) -> None:
        """Checks the conditions for opening names. Each is on its own line: this is what protects the names."""
        if standing.abandoned is not None:
            raise InvalidError("the letter has been abandoned: nothing is opened; destroy the key")
        if standing.cuts < edition:
            raise WaitingError(f"edition {edition} has not been cut")
        end = int(manifest.parse_time(self.letter.manifest.release.abandon_after).timestamp())
        if edition == 1 and self.clock() > end:
            raise InvalidError("the letter's publication deadline has passed: nothing is opened")
        self._require_grace(standing)

    def _complete(self, standing: Standing, wanted: list[Signatory]) -> None:
        """Requests missing seals again."""
        missing = [s.signed for s in wanted if not self.seals.has(s.key)]
        if missing:
            self._mirror_seals(standing, min(missing))

    def _open_shares(self, wanted: list[Signatory]) -> tuple[dict[str, str], list[str]]:
        places = [(s.key, s.object) for s in wanted]
        parts = [places[start : start + _PART] for start in range(0, len(places), _PART)]
        work = partial(_open_part, self.seals.directory, self.index, self.key.seal_seed)
        found: list[str | None] = []
        with parallel_map(workers_for(len(wanted))) as run:
            for shares in run(work, parts):
                found += shares
                self._progress("opening", len(found), len(wanted))
        opened = {s.key: share for s, share in zip(wanted, found, strict=True) if share is not None}
        return opened, [s.key for s, share in zip(wanted, found, strict=True) if share is None]

    def _post_openings(self, edition: int, shares: dict[str, str]) -> None:
        unsigned = opening.Openings(v=1, letter=self.letter.id_text, edition=edition, trustee=self.index, shares=shares)
        self.http.post("openings", opening.sign_openings(unsigned, self.key.sign_seed))

    # -- state

    def _load(self) -> _State:
        path = self.directory / "state.json"
        if not path.exists():
            return _State()
        try:
            return msgspec.json.decode(path.read_bytes(), type=_State)
        except msgspec.MsgspecError:
            raise InputError(f"{path} is damaged; if you remove it, the grace period starts again") from None

    def _save(self) -> None:
        durable.write_over(self.directory / "state.json", msgspec.json.encode(self._state))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Locks the state folder against a second process."""
        with hold_lock(self.directory / "lock") as ours:
            if not ours:
                raise InputError(f"another trustee tool is using {self.directory}")
            self._state = self._load()
            self.mirror = Mirror(self.directory, self.letter)
            yield


def _index(key: TrusteeKey, letter: Letter) -> int:
    """This key's trustee number in ``letter``, from 1. Raises InputError if none, or if one half differs."""
    public = key.public
    for index, trustee in enumerate(letter.manifest.trustees, start=1):
        if trustee.sign == public.sign or trustee.seal == public.seal:
            if (trustee.sign, trustee.seal) != (public.sign, public.seal):
                raise InputError("the letter names only one half of this key: do not approve it")
            return index
    raise InputError("this key is not one of the letter's trustees'")


def destroy(keyfile: Path, state: Path | None) -> None:
    """Destroys a key file, and before it the seals mirrored with it. The public file and the log remain.

    If it is interrupted, the next call completes it: the key is destroyed last.
    """
    if state is not None and (state / "seals").is_dir():
        Seals(state / "seals").clear()
    files.destroy(keyfile)


def _open_part(seals: Path, trustee: int, seed: bytes, places: list[tuple[str, str]]) -> list[str | None]:
    """Trustee ``trustee``'s share of each key's seal, base64url; None if there is no seal, or no share in it.

    ``seed`` reaches the worker process through a pipe, never on a command line or a disk.
    """
    mirrored, key = Seals(seals), seal.seal_key(seed)
    found: list[str | None] = []
    for place in places:
        value = mirrored.get(*place)
        share = _share(value, trustee, key) if value is not None else None
        found.append(base64url.encode(share) if share is not None else None)
    return found


def _share(value: seal.Seal, trustee: int, key: MLKEM768X25519PrivateKey) -> bytes | None:
    """A trustee's share of a seal, or None if it does not open or does not match its commitment."""
    try:
        return seal.open_share(value, trustee, key)
    except OpeningError:
        return None
