"""The files of bookings: pages, their reports, refusals. They may name people, so they are private and can vanish.

::

    pages/<slug>/<number>/     0700
      page.pdf, page.png (a spread: page-2.png), report.json
      refusal                  why there is no page, for the organiser
    pages/<slug>/<number>.new/ a page on its way to become that one
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

    def folder(self, slug: str, number: int) -> Path:
        """Where the files of a booking lie, whether it exists or not."""
        assert _SLUG.fullmatch(slug)  # noqa: S101 - from the table, where no other is
        return self._root / slug / str(number)

    def fresh(self, slug: str, number: int) -> Path:
        """Where the next page of a booking comes to lie until it is proved."""
        return self.folder(slug, number).with_name(f"{number}.new")

    def begin(self, slug: str, number: int) -> Path:
        """An empty folder for the next page."""
        fresh = self.fresh(slug, number)
        shutil.rmtree(fresh, ignore_errors=True)
        make_directory(fresh, 0o700)
        return fresh

    def tell(self, slug: str, number: int, share: float) -> None:
        """Notes how far the next page is. Worth nothing after a crash, so it is not synced."""
        fresh = self.fresh(slug, number)
        beside = fresh / ".progress"
        beside.write_text(str(round(share * 100)))
        beside.replace(fresh / "progress")

    def told(self, slug: str, number: int) -> int | None:
        """How far the next page is, in percent; None if none is being made."""
        try:
            return int((self.fresh(slug, number) / "progress").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def settle(self, slug: str, number: int, sha256: str) -> None:
        """Puts the new page in place of the old if it is the proved one; otherwise it goes."""
        folder, fresh = self.folder(slug, number), self.fresh(slug, number)
        if not fresh.exists():
            return
        if sha256 and _hash(fresh) == sha256:
            (fresh / "progress").unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
        else:
            shutil.rmtree(fresh)
        sync_directory(folder.parent)

    def strange(self, slug: str, number: int, sha256: str, *, refused: bool) -> bool:
        """Whether something lies there that is neither the page with ``sha256`` nor, if one was, a refusal."""
        folder = self.folder(slug, number)
        if (folder / "refusal").exists():
            return not refused
        return folder.exists() and not (sha256 and _hash(folder) == sha256)

    def read(self, slug: str, number: int, name: str, sha256: str) -> bytes | None:
        """A file of the page with ``sha256``, or None if it is gone."""
        for folder in (self.folder(slug, number), self.fresh(slug, number)):
            try:
                if _hash(folder) == sha256:
                    return (folder / name).read_bytes()
            except FileNotFoundError:
                continue
        return None

    def refuse(self, slug: str, number: int, why: str) -> None:
        """Leaves nothing there but the reason, durably."""
        self.delete(slug, number)
        folder = self.folder(slug, number)
        make_directory(folder, 0o700)
        write_over(folder / "refusal", why.encode())

    def refusal(self, slug: str, number: int) -> str | None:
        """Why there is no page, if there is none."""
        try:
            return (self.folder(slug, number) / "refusal").read_text()
        except FileNotFoundError:
            return None

    def delete(self, slug: str, number: int) -> bool:
        """Removes everything of a booking, durably; returns whether there was anything."""
        found = [path for path in (self.folder(slug, number), self.fresh(slug, number)) if path.exists()]
        for path in found:
            shutil.rmtree(path, ignore_errors=True)
            sync_directory(path.parent)
        return bool(found)


def _hash(folder: Path) -> str | None:
    """The SHA-256 of the page in ``folder``, in hex, if it is all there: its report is written last."""
    try:
        return hashlib.sha256((folder / "page.pdf").read_bytes()).hexdigest() if _reported(folder) else None
    except FileNotFoundError:
        return None


def _reported(folder: Path) -> bool:
    return (folder / "report.json").exists()
