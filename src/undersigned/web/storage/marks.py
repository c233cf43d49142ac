"""The newest checkpoint of each log that this directory knows to have been signed, as files in ``signed/``.

Not in ``keys/``, and in no backup: a mark that came back with an old database would vouch for it.
"""

from __future__ import annotations

from pathlib import Path

from undersigned.durable import make_directory, write_over


class FileMarks:
    """``signed/`` of a data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, slug: str) -> bytes | None:
        """The note, or None if none was kept here."""
        try:
            return (self._directory / slug).read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, slug: str, note: bytes) -> None:
        """Remembers it in place of an older one, durably."""
        make_directory(self._directory, 0o700)
        write_over(self._directory / slug, note)
