"""The actors of a rehearsal (registrar, signatories, trustees), which call the same functions as the commands."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from undersigned.client import keyfile, signer
from undersigned.client import trustee as trustee_tool
from undersigned.client.http import Http
from undersigned.client.letter import Letter, connect, fetch_letter, require_approvals
from undersigned.client.link import parse_link
from undersigned.client.signer import Activated
from undersigned.client.trustee import OpeningResult, Trustee, WatchResult

from .people import initials_of
from .plan import Part

THREADS = 8
Progress = Callable[[int, int], None]
T = TypeVar("T")
R = TypeVar("R")


def map_in_threads(work: Callable[[T], R], items: Iterable[T], progress: Progress, threads: int = THREADS) -> list[R]:
    """Runs ``work`` on every item in a thread pool; results in order. The first exception stops it."""
    listed = list(items)
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, item) for item in listed]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                progress(done, len(listed))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in futures]


@dataclass(frozen=True, slots=True)
class Holder:
    """A signatory who has activated the access code and not signed yet."""

    part: Part
    signer: signer.Signer
    activated: Activated


class Signatories:
    """All signatories, on a few shared connections. Each has an own code, credential, seal and entry."""

    def __init__(self, invitation: str) -> None:
        link = parse_link(invitation)
        self.http: Http = connect(link, connections=THREADS)
        self.letter: Letter = fetch_letter(self.http, link)
        require_approvals(self.http, self.letter)

    def close(self) -> None:
        """Closes the connections."""
        self.http.close()

    def activate(self, parts: list[Part], codes: list[bytes], progress: Progress) -> list[Holder]:
        """Has the registrar certify a new key for each. ``codes``: of the whole roll."""

        def one(part: Part) -> Holder:
            who = signer.new_signer(self.letter)
            question = signer.Blinded.fresh(self.letter)
            return Holder(part, who, signer.activate(self.http, self.letter, codes[part.place], who, question))

        return map_in_threads(one, parts, progress)

    def sign(self, holders: list[Holder], progress: Progress) -> None:
        """For each: seals, signs, posts and checks the receipt."""

        def one(holder: Holder) -> None:
            choice = _choice(holder.part)
            signer.sign(self.http, self.letter, holder.signer, holder.activated, choice)

        map_in_threads(one, holders, progress)

    def withdraw(self, holders: list[Holder], progress: Progress) -> None:
        """Withdraws each signature with only the withdrawal code, as from another device."""

        def one(holder: Holder) -> None:
            signer.withdraw(self.http, self.letter, signer.signer_from(self.letter, holder.signer.code))

        map_in_threads(one, holders, progress)


def _choice(part: Part) -> signer.Choice:
    record = part.person.record
    if part.as_ == "initials":
        return signer.Choice("initials", group=record.group, name=initials_of(record.name))
    return signer.Choice(part.as_, group=record.group)


class Trustees:
    """The trustees: key files with real passphrases, each with its own state folder."""

    def __init__(self, folder: Path, count: int) -> None:
        folder.mkdir(parents=True)
        self.files = [folder / f"trustee-{number}.age" for number in range(1, count + 1)]
        self._passphrases = [secrets.token_urlsafe(24) for _ in self.files]
        self._stack = ExitStack()
        self.trustees: list[Trustee] = []

    def init(self, progress: Progress) -> list[Path]:
        """Makes their keys; returns the paths of their public files."""

        def one(number: int) -> Path:
            key = keyfile.new_key(f"Trustee {'ABCDEFGHI'[number]} (invented)")
            return keyfile.save_key(key, self.files[number], self._passphrases[number])

        return map_in_threads(one, range(len(self.files)), progress, threads=2)

    def meet(self, invitation: str) -> None:
        """Each trustee decrypts the key file and fetches the letter."""
        link = parse_link(invitation)
        for path, passphrase in zip(self.files, self._passphrases, strict=True):
            http = self._stack.enter_context(connect(link, connections=1))
            letter = fetch_letter(http, link)
            key = keyfile.load_key(path, passphrase)
            self.trustees.append(Trustee(key, letter, http, path.with_name(f"{path.name}.state")))

    def approve(self) -> None:
        """Each trustee approves."""
        for trustee in self.trustees:
            trustee.approve()

    def watch(self) -> list[WatchResult]:
        """Each trustee checks and cosigns once."""
        return [trustee.watch() for trustee in self.trustees]

    def open(self, edition: int, count: int, progress: Progress) -> list[OpeningResult]:
        """The first ``count`` trustees open their shares."""
        released = []
        for number, trustee in enumerate(self.trustees[:count], start=1):
            released.append(trustee.open(edition))
            progress(number, count)
        return released

    def destroy(self) -> int:
        """Each trustee destroys the key after publication; returns the number of key files left."""
        for path in self.files:
            trustee_tool.destroy(path, path.with_name(f"{path.name}.state"))
        return sum(1 for path in self.files if path.exists())

    def close(self) -> None:
        """Closes the connections."""
        self._stack.close()


def wait_until(moment: float) -> None:
    """Sleeps until a time that the plan set, seconds away."""
    time.sleep(max(0.0, moment - time.time()))
