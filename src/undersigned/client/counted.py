"""Am I counted? Answered by downloading the log and looking: nobody learns who asked (protocol.md section 9)."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from undersigned.protocol import entries
from undersigned.protocol.standing import Signatory, Standing

from .http import Http
from .letter import Letter
from .mirror import Mirror, Progress


@dataclass(frozen=True, slots=True)
class Counted:
    """What the log says of one key: its newest ``sign`` entry and where it stands, or None for both."""

    size: int
    count: int
    signatory: Signatory | None
    entry: entries.Sign | None

    @property
    def counted(self) -> bool:
        """Whether the key stands behind the letter now."""
        return self.signatory is not None and self.signatory.withdrawn is None


def find(http: Http, letter: Letter, key: str, progress: Progress | None = None) -> Counted:
    """Looks ``key`` up in the log, checked from first entry to last. Raises ProtocolError, ClientError."""
    with tempfile.TemporaryDirectory(prefix="undersigned-") as folder:
        mirror = Mirror(Path(folder), letter)
        fetched = mirror.fetch(http, progress)
        standing, newest = Standing(letter.manifest), None
        for data in fetched.made.entries(first=1):
            entry = entries.parse(data)
            entries.verify_entry(entry, letter.manifest, letter.spelt)
            standing.apply(entry)
            if isinstance(entry, entries.Sign) and entry.key == key:
                newest = entry
    return Counted(standing.size, standing.count, standing.signatories.get(key), newest)
