"""High-water marks of the logs, as files: ``signed/<slug>`` is the newest checkpoint that was signed of a letter.

Never part of a backup, and not in ``keys/``, which is: a mark restored along with an old database would vouch for it.
"""

from __future__ import annotations

from pathlib import Path

from undersigned.durable import make_directory, write_over


class SignedCheckpointFiles:
    """The directory ``signed/`` of a data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, slug: str) -> bytes | None:
        """The remembered note, or None if there is none."""
        try:
            return (self._directory / slug).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, slug: str, note: bytes) -> None:
        """Replaces the remembered note, durably."""
        make_directory(self._directory, 0o700)
        write_over(self._directory / slug, note)
