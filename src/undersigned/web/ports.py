"""Ports: interfaces to everything outside the site's code, such as clock, keys, storage and mail server.

``wiring`` chooses the implementations; tests replace them one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from django.core.mail import EmailMessage

from undersigned.protocol.credential import RegistrarKey

Clock = Callable[[], int]
"""Unix seconds now."""
Writer = Callable[[BinaryIO], object]
"""Writes the content of a new file, in which it may seek."""
Entropy = Callable[[int], bytes]
"""Returns so many cryptographically random bytes."""


class Keys(Protocol):
    """The site's secrets. A letter's two keys are created once and never change."""

    def make(self, slug: str) -> None:
        """Creates a letter's log seed and registrar key, unless they exist. Idempotent."""
        ...

    def log_seed(self, slug: str) -> bytes:
        """The 32-byte seed of the letter's log key."""
        ...

    def registrar(self, slug: str) -> RegistrarKey:
        """The letter's registrar key, prepared for blind signatures."""
        ...

    def registrar_public(self, slug: str) -> bytes:
        """The registrar's public key as SubjectPublicKeyInfo DER."""
        ...

    def organiser_token(self) -> str:
        """The bearer token of the organiser."""
        ...

    def mail_secret(self) -> bytes:
        """The 32-byte key of the hashes of email addresses; created at the first call."""
        ...


class Staged(Protocol):
    """A file or directory that has been written but not put in place. Call one of the two methods, once."""

    def place(self) -> None:
        """Puts it in place, atomically replacing what was there."""
        ...

    def discard(self) -> None:
        """Deletes it."""
        ...


class Storage(Protocol):
    """Served files, by path under the site's root. Writes are durable: they survive power loss once they return."""

    def put(self, path: str, data: bytes) -> None:
        """Writes or replaces a file, atomically."""
        ...

    def stage(self, path: str, write: Writer) -> Staged:
        """Writes a file that does not fit in memory, by ``write``, without putting it in place."""
        ...

    def put_tree(self, path: str, files: Mapping[str, bytes]) -> None:
        """Replaces a directory by one with these files, atomically. Reads each of them once."""
        ...

    def stage_tree(self, path: str, files: Mapping[str, bytes]) -> Staged:
        """Writes such a directory without putting it in place. A bucket cannot rename, so there it is in place."""
        ...

    def get(self, path: str) -> bytes | None:
        """A file's bytes, or None if there is none."""
        ...

    def open(self, path: str) -> BinaryIO | None:
        """A file to read and seek in, for one that does not fit in memory; None if there is none."""
        ...

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        ...

    def delete(self, path: str) -> None:
        """Deletes a file or directory, if it is there. Idempotent."""
        ...

    def clean_up(self) -> int:
        """Removes temporary files of processes that died; returns how many. No other process may be writing."""
        ...


class Reserve(Protocol):
    """Disk space that is reserved for withdrawals, so that they work when the disk is full."""

    def is_held(self) -> bool:
        """Whether the space is still reserved. People can sign only while it is."""
        ...

    def release(self) -> bool:
        """Frees the space; returns whether any was reserved."""
        ...

    def adjust(self) -> None:
        """Frees the space if the disk is nearly full, or reserves it again once there is more than enough."""
        ...


class SignedCheckpoints(Protocol):
    """High-water mark of each log: its newest signed checkpoint, remembered outside the database (docs/adr/0066)."""

    def get(self, slug: str) -> bytes | None:
        """The newest checkpoint of a letter's log that is remembered, as a note; None if there is none."""
        ...

    def put(self, slug: str, note: bytes) -> None:
        """Replaces the remembered checkpoint, durably."""
        ...


class StorageAwayError(Exception):
    """The served files are on another machine, which does not answer. A write that failed may have happened."""


class MailError(Exception):
    """An email was not sent. The message holds no address."""


class MailRejectedError(MailError):
    """The mail server has rejected this email for good."""


class MailServerDownError(MailError):
    """The mail server accepts nothing now, or not this email. It was not sent, and may be sent later."""


class MailUncertainError(MailError):
    """The connection broke during the transfer: the mail server may have accepted the email."""


class MailTransport(Protocol):
    """A mail server that accepts emails for delivery."""

    sender: str
    per_minute: int

    def open(self) -> None:
        """Connects, unless connected. Raises MailServerDownError."""
        ...

    def send(self, message: EmailMessage) -> None:
        """Sends one email. Raises MailError."""
        ...

    def close(self) -> None:
        """Closes the connection, if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """All ports together, as they are passed to actions and to the clerk."""

    clock: Clock
    entropy: Entropy
    keys: Keys
    storage: Storage
    authority: str
    scheme: str
    reserve: Reserve
    signed_checkpoints: SignedCheckpoints
    mail: MailTransport | None = None
    """None: this site sends no emails."""
