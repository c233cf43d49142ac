"""API client for organisers: draft, freeze, notice, cut, review, strike, publish (docs/reference/http.md)."""

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
from .folder import Folder, LetterFile, ServerRecord, protocol_time
from .http import Http
from .letter import Letter, fetch_checkpoint

_SERVED: Final = 60.0
"""Timeout in seconds for a frozen letter to appear on the site."""
_PUBLISHING: Final = 3600.0
"""Timeout in seconds for the server to publish an edition."""
_POST: Final = 60 * 1024
"""Bytes of slots per request, below the server's limit of 64 KiB."""

E = TypeVar("E", entries.Notice, entries.Cut, entries.Strike, entries.Abandon)


def draft(server: str, token: str, slug: str, token_file: str) -> ServerRecord:
    """Creates a draft on the server: its origin and the keys that only the server holds. Idempotent while a draft."""
    with Http(f"{server}/", token=token) as http:
        answer = http.post("api/letters", {"slug": slug})
    try:
        return ServerRecord(
            server=server,
            slug=slug,
            origin=str(answer["origin"]),
            log=str(answer["log"]),
            registrar=str(answer["registrar"]),
            token_file=token_file,
        )
    except (TypeError, KeyError):
        raise AnswerError("the server's response does not describe a draft") from None


class Organiser:
    """An organiser's connection to one letter. ``seed``: the organiser's Ed25519 key."""

    def __init__(self, known: ServerRecord, token: str, seed: bytes) -> None:
        self.known, self.seed = known, seed
        scheme = known.server.partition("://")[0]
        self.base = f"{scheme}://{known.origin}/"
        self.http = Http(self.base, token=token)

    def close(self) -> None:
        """Closes the connections."""
        self.http.close()

    # -- before the letter is open

    def upload_slots(self, slots: list[dict[str, str | None]], progress: Callable[[int, int], None]) -> None:
        """Uploads the server's part of each code, in batches; the server skips slots that it already has."""
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
        """Uploads the letter's text in each language."""
        for language, text in texts.items():
            self.http.post("draft/text", {"language": language, "text": text})

    def freeze(self, source: Manifest) -> Letter:
        """Freezes text, roll and manifest, which opens the letter. Raises AnswerError if its id differs from ours."""
        from .link import parse_link

        encoded = manifest.encode(source)
        spelt = base64url.encode(manifest.letter_id(encoded))
        answer = self.http.post("draft/manifest", {"manifest": source})
        if not isinstance(answer, dict) or answer.get("letter") != spelt:
            raise AnswerError("the server froze a different letter than the one we sent: do not use it")
        self._wait_for_manifest()
        return Letter(parse_link(f"{self.base}#{spelt}"), encoded, source)

    def _wait_for_manifest(self) -> None:
        """Waits until the clerk has published the letter: an invitation must not lead to a 404."""
        deadline = time.monotonic() + _SERVED
        while self.http.find("manifest.json") is None or self.http.find("log/checkpoint") is None:
            if time.monotonic() > deadline:
                raise WaitingError("the letter is frozen, but not on the site yet: is the clerk running?")
            time.sleep(0.1)

    # -- once the letter is open

    def notice(self, letter: Letter, edition: int, after: datetime) -> None:
        """Announces an edition's cut, not before ``after``."""
        self._post_entry(
            letter,
            entries.Notice(v=1, letter=letter.id_text, edition=edition, after=manifest.format_time(after)),
        )

    def cut(self, letter: Letter, edition: int) -> None:
        """Posts a cut entry, which fixes the signatures that the edition opens."""
        self._post_entry(letter, entries.Cut(v=1, letter=letter.id_text, edition=edition))

    def strike(self, letter: Letter, edition: int, key: str, reason: str) -> None:
        """Removes a name, counted and with a reason. Raises InputError for an invalid reason or key."""
        if reason not in entries.REASONS:
            raise InputError(f"the reason must be one of {', '.join(entries.REASONS)}")
        try:
            base64url.decode(key, 32)
        except MalformedError:
            raise InputError("this is not a key: copy the complete key from the review") from None
        self._post_entry(
            letter,
            entries.Strike(v=1, letter=letter.id_text, edition=edition, key=key, reason=reason),  # type: ignore[arg-type]
        )

    def abandon(self, letter: Letter) -> None:
        """Abandons the letter: nothing is published after it, and trustees destroy their keys."""
        self._post_entry(letter, entries.Abandon(v=1, letter=letter.id_text))

    def _post_entry(self, letter: Letter, entry: E) -> None:
        signed = entries.sign_entry(entry, self.seed)
        answer = self.http.post("entries", {"entry": signed})
        if not isinstance(answer, dict) or "receipt" not in answer:
            raise AnswerError("the log's response has no receipt")
        promised = receipts.parse(canonical.encode(answer["receipt"]))
        receipts.verify(promised, letter=letter.id_text, entry=entries.encode(signed), log_key=letter.log_key)

    def wait_served(
        self,
        letter: Letter,
        until: Callable[[dict[str, Any]], bool] = bool,
        what: str = "the log",
        seconds: float = 120,
    ) -> dict[str, Any]:
        """Polls until ``until`` holds, nothing is pending, and the public checkpoint covers it.

        Raises WaitingError after ``seconds``.
        """
        status = self.wait(lambda found: found["pending"] == 0 and until(found), seconds, what)
        deadline = time.monotonic() + seconds
        while fetch_checkpoint(self.http, letter)[0].size < status["size"]:
            if time.monotonic() > deadline:
                raise WaitingError(f"gave up after waiting {seconds:.0f} seconds for {what} to be served")
            time.sleep(0.05)
        return status

    def status(self) -> dict[str, Any]:
        """The letter's status as in docs/reference/http.md."""
        answer = self.http.get_json("status")
        if not isinstance(answer, dict) or not isinstance(answer.get("editions"), list):
            raise AnswerError("the server's response is not a status")
        return answer

    def review(self, edition: int) -> Iterator[dict[str, Any]]:
        """The opened names of an edition, page by page; the server records each access in its audit log."""
        start: int | None = 0
        while start is not None:
            answer = self.http.get_json(f"review?edition={edition}&from={start}")
            if not isinstance(answer, dict) or not isinstance(answer.get("names"), list):
                raise AnswerError("the server's response is not a review")
            yield from answer["names"]
            following = answer.get("next")
            if following is not None and (not isinstance(following, int) or following <= start):
                raise AnswerError("the server's review does not end")
            start = following

    def publish(self, edition: int) -> str:
        """Publishes an edition and returns its id. The server verifies all of it first: minutes for 100,000 names.

        Idempotent: if a proxy times out, the retry gets the answer once the server is done.
        """
        answer = self.http.post("publish", {"edition": edition}, patience=_PUBLISHING)
        if not isinstance(answer, dict) or not isinstance(answer.get("edition"), str):
            raise AnswerError("the server's response has no edition id")
        return str(answer["edition"])

    def wait(self, until: Callable[[dict[str, Any]], bool], seconds: float, what: str) -> dict[str, Any]:
        """Polls the status until ``until`` holds. Raises WaitingError after ``seconds``."""
        deadline = time.monotonic() + seconds
        while True:
            status = self.status()
            if until(status):
                return status
            if time.monotonic() > deadline:
                raise WaitingError(f"gave up after waiting {seconds:.0f} seconds for {what}")
            time.sleep(0.1)


def build_manifest(
    folder: Folder, letter: LetterFile, known: ServerRecord, slots: int | None, people: roll.Roll | None
) -> tuple[Manifest, dict[str, str]]:
    """The validated manifest that ``folder`` describes, and the texts it fixes.

    ``slots``: the number of codes; ``people``: the roll, with ``check = "roll"``. Raises InputError.
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
        raise InputError(f"letter.toml does not describe a valid letter: {error}") from None
    if people is not None and people.size != slots:
        raise InputError("roll.json and slots.jsonl do not belong together: run `undersigned roll make` again")
    return built, texts


def earliest_cut(letter: Letter, now: float) -> datetime:
    """The earliest cut time for a notice posted now: the grace period, plus a minute until the notice is logged."""
    grace = letter.manifest.release.grace
    return datetime.fromtimestamp(int(now) + grace + min(60, max(1, grace // 10)) + 1, UTC)
