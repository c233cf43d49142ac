"""Checks whether a key is counted, by downloading the whole log: the server does not learn which key (protocol.md
section 9)."""

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
class CountStatus:
    """The log's state of one key: its newest ``sign`` entry and its index, or None for both."""

    size: int
    count: int
    signatory: Signatory | None
    entry: entries.Sign | None

    @property
    def counted(self) -> bool:
        """Whether the key's signature is counted now."""
        return self.signatory is not None and self.signatory.withdrawn is None


def look_up_key(http: Http, letter: Letter, key: str, progress: Progress | None = None) -> CountStatus:
    """Looks ``key`` up in the log, after verifying the whole log. Raises ProtocolError, ClientError."""
    with tempfile.TemporaryDirectory(prefix="undersigned-") as folder:
        mirror = Mirror(Path(folder), letter)
        fetched = mirror.fetch(http, progress)
        standing, newest = Standing(letter.manifest), None
        for data in fetched.made.entries(first=1):
            entry = entries.parse(data)
            entries.verify_entry(entry, letter.manifest, letter.id_text)
            standing.apply(entry)
            if isinstance(entry, entries.Sign) and entry.key == key:
                newest = entry
    return CountStatus(standing.size, standing.count, standing.signatories.get(key), newest)
