"""What the site needs of the world, as small interfaces. ``wiring`` decides what stands behind each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from django.core.mail import EmailMessage

from undersigned.protocol.credential import RegistrarKey

Clock = Callable[[], int]
"""Unix seconds now."""
Writer = Callable[[BinaryIO], object]
"""Fills a new file, which it may seek in."""
Entropy = Callable[[int], bytes]
"""So many bytes that nobody can guess."""


class Keys(Protocol):
    """The site's secrets. A letter's two keys are made once and never change."""

    def make(self, slug: str) -> None:
        """Makes a letter's log seed and registrar key, unless they are there."""
        ...

    def log_seed(self, slug: str) -> bytes:
        """The 32-byte seed of the letter's log key."""
        ...

    def registrar(self, slug: str) -> RegistrarKey:
        """The letter's registrar key, ready for the blind operation."""
        ...

    def registrar_public(self, slug: str) -> bytes:
        """Its SubjectPublicKeyInfo DER."""
        ...

    def organiser_token(self) -> str:
        """The bearer token of the organiser."""
        ...

    def mail_secret(self) -> bytes:
        """32 bytes under which mail addresses are hashed; made at the first call."""
        ...


class Staged(Protocol):
    """A file or directory that is written and not yet at its place. One of the two is called, once."""

    def place(self) -> None:
        """Puts it there, in place of what was: whole, or not at all."""
        ...

    def discard(self) -> None:
        """Throws it away."""
        ...


class Storage(Protocol):
    """Served files, by path under the site's root. What ``put`` has returned from survives power loss."""

    def put(self, path: str, data: bytes) -> None:
        """Writes or replaces a file, whole or not at all."""
        ...

    def stage(self, path: str, write: Writer) -> Staged:
        """A file that does not fit in memory, written by ``write`` and whole, but not at its place yet."""
        ...

    def put_tree(self, path: str, files: Mapping[str, bytes]) -> None:
        """Makes a directory with these files appear at once, in place of whatever was there. Each is asked for once."""
        ...

    def stage_tree(self, path: str, files: Mapping[str, bytes]) -> Staged:
        """The same directory, written and not yet at its place; a bucket moves nothing, so there it is at its place."""
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
        """Removes a file or directory, if it is there."""
        ...

    def tidy(self) -> int:
        """Removes what was half written, or half removed, when a process died; returns how much. Nobody may write."""
        ...


class Reserve(Protocol):
    """Room on the disk that is kept for withdrawals."""

    def held(self) -> bool:
        """Whether the room is still kept, so that people may sign."""
        ...

    def release(self) -> bool:
        """Gives the room up; returns whether there was any."""
        ...

    def settle(self) -> None:
        """Gives the room up if the disk is nearly full, or takes it again once there is more than enough."""
        ...


class Marks(Protocol):
    """What this site knows to have signed, besides what its database says (docs/adr/0066)."""

    def get(self, slug: str) -> bytes | None:
        """The newest checkpoint of a letter's log that was kept here, as a note; None if none was."""
        ...

    def keep(self, slug: str, note: bytes) -> None:
        """Remembers it in place of an older one, durably."""
        ...


class StorageAwayError(Exception):
    """The served files lie on another machine, and it does not answer. What was being written may be there or not."""


class PostError(Exception):
    """A mail was not handed over. The message holds no address."""


class PostRefusedError(PostError):
    """The mail server will never take this mail."""


class PostDownError(PostError):
    """The mail server takes nothing, or not this, now. The mail was not taken."""


class PostUnsureError(PostError):
    """The connection broke while the mail was handed over: it may have been taken."""


class Post(Protocol):
    """Somebody who carries mail."""

    sender: str
    per_minute: int

    def open(self) -> None:
        """Connects, unless connected. Raises PostDownError."""
        ...

    def send(self, message: EmailMessage) -> None:
        """Hands one mail over. Raises PostError."""
        ...

    def close(self) -> None:
        """Ends the connection, if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """All of it together, as it is handed to those who act."""

    clock: Clock
    entropy: Entropy
    keys: Keys
    storage: Storage
    authority: str
    scheme: str
    reserve: Reserve
    marks: Marks
    post: Post | None = None
    """None: this site sends no mail."""
