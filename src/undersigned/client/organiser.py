"""The organiser's work: draft, opening, notice, cut, review, strike, publication (docs/reference/http.md)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from undersigned.protocol import base64url, canonical, entries, keys, manifest, roll
from undersigned.protocol import receipt as receipts
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.manifest import Eligibility, Manifest, Release, Trustee

from .errors import AnswerError, InputError, WaitingError
from .folder import Folder, Known, LetterFile, protocol_time
from .http import Http
from .letter import Letter, fetch_checkpoint

_SERVED: Final = 60.0
"""Seconds until a frozen letter has to be on the site."""
_PUBLISHING: Final = 3600.0
"""Seconds in which a server is expected to publish an edition."""
_POST: Final = 60 * 1024
"""Bytes of slots in one request, under the 64 KiB a server takes."""

E = TypeVar("E", entries.Notice, entries.Cut, entries.Strike, entries.Abandon)


def draft(server: str, token: str, slug: str, token_file: str) -> Known:
    """Has the server prepare a letter: its origin and the keys that only it may hold. Again while a draft: the same."""
    with Http(f"{server}/", token=token) as http:
        answer = http.post("api/letters", {"slug": slug})
    try:
        return Known(
            server=server,
            slug=slug,
            origin=str(answer["origin"]),
            log=str(answer["log"]),
            registrar=str(answer["registrar"]),
            token_file=token_file,
        )
    except (TypeError, KeyError):
        raise AnswerError("the server's answer does not describe a draft") from None


class Organiser:
    """An organiser's connection to one letter. ``seed``: the organiser's Ed25519 key."""

    def __init__(self, known: Known, token: str, seed: bytes) -> None:
        self.known, self.seed = known, seed
        scheme = known.server.partition("://")[0]
        self.base = f"{scheme}://{known.origin}/"
        self.http = Http(self.base, token=token)

    def close(self) -> None:
        """Ends the connections."""
        self.http.close()

    # -- before it is open

    def upload_slots(self, slots: list[dict[str, str | None]], progress: Callable[[int, int], None]) -> None:
        """Sends what the server keeps of each code, in pieces; what is there already is skipped there."""
        piece: list[dict[str, str | None]] = []
        size = 0
        for number, row in enumerate(slots, start=1):
            length = len(canonical.encode(row)) + 1
            if piece and size + length > _POST:
                self.http.post("draft/codes", {"codes": piece})
                piece, size = [], 0
                progress(number - 1, len(slots))
            piece.append(row)
            size += length
        if piece:
            self.http.post("draft/codes", {"codes": piece})
        progress(len(slots), len(slots))

    def upload_texts(self, texts: dict[str, str]) -> None:
        """Sends the letter's text in each language."""
        for language, text in texts.items():
            self.http.post("draft/text", {"language": language, "text": text})

    def freeze(self, source: Manifest) -> Letter:
        """Freezes text, roll and manifest: from here on it is a letter. Raises AnswerError if its id is not ours."""
        from .link import parse_link

        encoded = manifest.encode(source)
        spelt = base64url.encode(manifest.letter_id(encoded))
        answer = self.http.post("draft/manifest", {"manifest": source})
        if not isinstance(answer, dict) or answer.get("letter") != spelt:
            raise AnswerError("the server froze another letter than the one sent: do not use it")
        self._wait_for_manifest()
        return Letter(parse_link(f"{self.base}#{spelt}"), encoded, source)

    def _wait_for_manifest(self) -> None:
        """The clerk puts the letter on the site a moment later: an invitation is good only once it is there."""
        deadline = time.monotonic() + _SERVED
        while self.http.find("manifest.json") is None or self.http.find("log/checkpoint") is None:
            if time.monotonic() > deadline:
                raise WaitingError("the letter is frozen, but the site does not show it yet: is the clerk running?")
            time.sleep(0.1)

    # -- once it is

    def notice(self, letter: Letter, edition: int, after: datetime) -> None:
        """Announces an edition's cut, not before ``after``."""
        self._enter(
            letter,
            entries.Notice(v=1, letter=letter.spelt, edition=edition, after=manifest.format_time(after)),
        )

    def cut(self, letter: Letter, edition: int) -> None:
        """Fixes who is opened."""
        self._enter(letter, entries.Cut(v=1, letter=letter.spelt, edition=edition))

    def strike(self, letter: Letter, edition: int, key: str, reason: str) -> None:
        """Leaves a name out, counted and with a reason. Raises InputError for a reason that is none."""
        if reason not in entries.REASONS:
            raise InputError(f"a reason is one of {', '.join(entries.REASONS)}")
        try:
            base64url.decode(key, 32)
        except MalformedError:
            raise InputError("this is not a key: copy it whole from the review") from None
        self._enter(
            letter,
            entries.Strike(v=1, letter=letter.spelt, edition=edition, key=key, reason=reason),  # type: ignore[arg-type]
        )

    def abandon(self, letter: Letter) -> None:
        """Gives the letter up: nothing is published after it, and trustees destroy their keys."""
        self._enter(letter, entries.Abandon(v=1, letter=letter.spelt))

    def _enter(self, letter: Letter, entry: E) -> None:
        signed = entries.sign_entry(entry, self.seed)
        answer = self.http.post("entries", {"entry": signed})
        if not isinstance(answer, dict) or "receipt" not in answer:
            raise AnswerError("the log's answer holds no receipt")
        promised = receipts.parse(canonical.encode(answer["receipt"]))
        receipts.verify(promised, letter=letter.spelt, entry=entries.encode(signed), log_key=letter.log_key)

    def wait_served(
        self,
        letter: Letter,
        until: Callable[[dict[str, Any]], bool] = bool,
        what: str = "the log",
        seconds: float = 120,
    ) -> dict[str, Any]:
        """Waits until ``until`` holds, nothing is pending, and the checkpoint that everybody sees has come that far.

        Raises WaitingError after ``seconds``.
        """
        status = self.wait(lambda found: found["pending"] == 0 and until(found), seconds, what)
        deadline = time.monotonic() + seconds
        while fetch_checkpoint(self.http, letter)[0].size < status["size"]:
            if time.monotonic() > deadline:
                raise WaitingError(f"waited {seconds:.0f} seconds in vain for {what} to be served")
            time.sleep(0.05)
        return status

    def status(self) -> dict[str, Any]:
        """How the letter stands, as docs/reference/http.md says."""
        answer = self.http.get_json("status")
        if not isinstance(answer, dict) or not isinstance(answer.get("editions"), list):
            raise AnswerError("the server's answer is not a status")
        return answer

    def review(self, edition: int) -> Iterator[dict[str, Any]]:
        """The opened names of an edition, one by one; the server writes each look into its audit trail."""
        start: int | None = 0
        while start is not None:
            answer = self.http.get_json(f"review?edition={edition}&from={start}")
            if not isinstance(answer, dict) or not isinstance(answer.get("names"), list):
                raise AnswerError("the server's answer is not a review")
            yield from answer["names"]
            following = answer.get("next")
            if following is not None and (not isinstance(following, int) or following <= start):
                raise AnswerError("the server's review does not come to an end")
            start = following

    def publish(self, edition: int) -> str:
        """Publishes an edition; its id. The server checks all of it first: some minutes for a hundred thousand names.

        A proxy may give up sooner; asked again, the server answers when it is done.
        """
        answer = self.http.post("publish", {"edition": edition}, patience=_PUBLISHING)
        if not isinstance(answer, dict) or not isinstance(answer.get("edition"), str):
            raise AnswerError("the server's answer names no edition")
        return str(answer["edition"])

    def wait(self, until: Callable[[dict[str, Any]], bool], seconds: float, what: str) -> dict[str, Any]:
        """Asks for the status until ``until`` holds of it. Raises WaitingError after ``seconds``."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.status()
            if until(status):
                return status
            if time.monotonic() > deadline:
                raise WaitingError(f"waited {seconds:.0f} seconds in vain for {what}")
            time.sleep(0.1)


def build_manifest(
    folder: Folder, letter: LetterFile, known: Known, slots: int | None, people: roll.Roll | None
) -> tuple[Manifest, dict[str, str]]:
    """The manifest that ``folder`` describes, checked, and the texts it fixes.

    ``slots``: how many codes there are; ``people``: the roll, with ``check = "roll"``. Raises InputError.
    """
    texts = folder.texts(letter.title)
    trustees = folder.trustees(letter)
    eligibility = Eligibility(
        check=letter.check,
        size=None if letter.check == "mail" else slots,
        root=people.root if people is not None else None,
        domains=letter.domains,
    )
    built = Manifest(
        v=1,
        origin=known.origin,
        title=letter.title,
        text={language: manifest.text_digest(text.encode("utf-8")) for language, text in texts.items()},
        groups=letter.groups,
        names=letter.names,
        anonymous=letter.anonymous,
        eligibility=eligibility,
        registrars=[known.registrar],
        trustees=[Trustee(name=t.name, seal=t.seal, sign=t.sign) for t in trustees],
        threshold=letter.threshold,
        organiser=base64url.encode(keys.public_key(folder.organiser_seed())),
        log=known.log,
        batch=letter.batch,
        release=Release(
            signatures=letter.release.signatures,
            not_before=protocol_time(letter.release.not_before, "release.not_before"),
            grace=letter.release.grace,
            abandon_after=protocol_time(letter.release.abandon_after, "release.abandon_after"),
        ),
        follows=letter.follows,
    )
    try:
        encoded = manifest.encode(built)
        manifest.parse(encoded)
    except MalformedError as error:
        raise InputError(f"letter.toml does not make a letter: {error}") from None
    if people is not None and people.size != slots:
        raise InputError("roll.json and slots.jsonl are not of one making: run `undersigned roll make` again")
    return built, texts


def earliest_cut(letter: Letter, now: float) -> datetime:
    """The earliest time a notice given now may name: the grace, and a minute for the notice to reach the log."""
    grace = letter.manifest.release.grace
    return datetime.fromtimestamp(int(now) + grace + min(60, max(1, grace // 10)) + 1, UTC)
