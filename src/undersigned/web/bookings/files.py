"""Storage of a booking's files: page, report, refusal. They may name people, so they are private and get erased.

::

    pages/<slug>/<number>/     0700
      page.pdf, page.png (a spread: page-2.png), report.json
      refusal                  why there is no page, for the organiser
    pages/<slug>/<number>.new/ the next page, until its row records it
      progress                 how far the clerk has come with it, in percent
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import Final

from undersigned.durable import make_directory, sync_directory, write_over
from undersigned.protocol.manifest import SLUG

SERVED: Final = {
    "page.pdf": "application/pdf",
    "page.png": "image/png",
    "page-2.png": "image/png",
    "report.json": "application/json",
}
"""What an organiser may fetch, by content type."""
_SLUG: Final = re.compile(SLUG)


class PageFiles:
    """``root``: the data directory's ``pages``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def directory(self, slug: str, number: int) -> Path:
        """The directory of a booking's page, whether it exists or not."""
        assert _SLUG.fullmatch(slug)  # noqa: S101 - from the table, whose rows all match
        return self._root / slug / str(number)

    def next_directory(self, slug: str, number: int) -> Path:
        """The directory of a booking's next page, until its row records it."""
        return self.directory(slug, number).with_name(f"{number}.new")

    def start(self, slug: str, number: int) -> Path:
        """Creates an empty directory for the next page."""
        directory = self.next_directory(slug, number)
        shutil.rmtree(directory, ignore_errors=True)
        make_directory(directory, 0o700)
        return directory

    def write_progress(self, slug: str, number: int, share: float) -> None:
        """Stores how far the next page is. Without an fsync: after a crash it is worthless."""
        directory = self.next_directory(slug, number)
        temporary = directory / ".progress"
        temporary.write_text(str(round(share * 100)))
        temporary.replace(directory / "progress")

    def read_progress(self, slug: str, number: int) -> int | None:
        """How far the next page is, in percent; None if none is being made."""
        try:
            return int((self.next_directory(slug, number) / "progress").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def reconcile(self, slug: str, number: int, sha256: str) -> None:
        """Puts the next page in place if it is the one whose hash the row records; deletes it otherwise. Idempotent."""
        directory, following = self.directory(slug, number), self.next_directory(slug, number)
        if not following.exists():
            return
        if sha256 and _hash_page(following) == sha256:
            (following / "progress").unlink(missing_ok=True)
            shutil.rmtree(directory, ignore_errors=True)
            following.rename(directory)
        else:
            shutil.rmtree(following)
        sync_directory(directory.parent)

    def has_unknown_page(self, slug: str, number: int, sha256: str, *, refused: bool) -> bool:
        """Whether there are files that are neither the page with ``sha256`` nor, if it was refused, the refusal."""
        directory = self.directory(slug, number)
        if (directory / "refusal").exists():
            return not refused
        return directory.exists() and not (sha256 and _hash_page(directory) == sha256)

    def read(self, slug: str, number: int, name: str, sha256: str) -> bytes | None:
        """A file of the page with ``sha256``, or None if it does not exist any more."""
        # The page may be recorded and not yet in place.
        for directory in (self.directory(slug, number), self.next_directory(slug, number)):
            try:
                if _hash_page(directory) == sha256:
                    return (directory / name).read_bytes()
            except FileNotFoundError:
                continue
        return None

    def refuse(self, slug: str, number: int, why: str) -> None:
        """Replaces the page by the reason why there is none, durably."""
        self.delete(slug, number)
        directory = self.directory(slug, number)
        make_directory(directory, 0o700)
        write_over(directory / "refusal", why.encode())

    def refusal(self, slug: str, number: int) -> str | None:
        """Why there is no page, if there is none."""
        try:
            return (self.directory(slug, number) / "refusal").read_text()
        except FileNotFoundError:
            return None

    def delete(self, slug: str, number: int) -> bool:
        """Deletes all files of a booking, durably; returns whether there were any."""
        both = (self.directory(slug, number), self.next_directory(slug, number))
        found = [path for path in both if path.exists()]
        for path in found:
            shutil.rmtree(path, ignore_errors=True)
            sync_directory(path.parent)
        return bool(found)


def _hash_page(directory: Path) -> str | None:
    """The SHA-256 of the page in ``directory``, in hex; None if it is incomplete. The report is written last."""
    if not (directory / "report.json").exists():
        return None
    try:
        return hashlib.sha256((directory / "page.pdf").read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
