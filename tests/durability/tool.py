"""A trustee's tool, to be sabotaged: started once, and forked for each command, so that a thousand runs are quick.

    python -m durability.tool

reads commands from stdin, one JSON object a line (``words``; ``gate``: where its gate is welcomed, or nothing;
``broken``: whether it is the control), and says how each ended: ``status`` (negative: killed by a signal), ``said``.

Two things are unlike the real one: the passphrase's slow derivation is left out, and the control writes its files in
place and keeps what it has cosigned only afterwards.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyrage

from undersigned import durable
from undersigned.cli import app
from undersigned.client import keyfile, trustee
from undersigned.client.log_extension import VerifiedExtension
from undersigned.client.mirror import Mirror
from undersigned.client.trustee import Trustee, WatchResult
from undersigned.protocol import base64url, canonical

from . import gate

_HEAD = b"age-encryption.org/v1\n-> none\n"


class _Quick:
    """In place of pyrage.passphrase."""

    @staticmethod
    def encrypt(data: bytes, _passphrase: str) -> bytes:
        return _HEAD + data  # never a secret: all keys here are invented

    @staticmethod
    def decrypt(data: bytes, _passphrase: str) -> bytes:
        return data.removeprefix(_HEAD)


def locked(key: keyfile.TrusteeKey) -> bytes:
    """A key file as this tool reads it."""
    kept = keyfile._Stored(
        v=1, name=key.name, seal=base64url.encode(key.seal_seed), sign=base64url.encode(key.sign_seed)
    )
    return _HEAD + canonical.encode(kept)


def _in_place(path: Path, data: bytes, mode: int = 0o600, *, dated: bool = True, durable: bool = True) -> None:
    path.write_bytes(data)


def _later(self: Trustee) -> WatchResult:
    """``Trustee.watch``, in the wrong order."""
    keep = Mirror.keep
    kept: list[VerifiedExtension] = []
    Mirror.keep = lambda _, fetched: kept.append(fetched)  # type: ignore[method-assign,assignment]
    try:
        with self._locked():
            watched, _, point, note = self._look()
            watched.cosigned = self._cosign(point, note)
            for fetched in kept:
                keep(self.mirror, fetched)
            return watched
    finally:
        Mirror.keep = keep  # type: ignore[method-assign]


def run(words: list[str], where: str, broken: bool) -> int:
    """One command, in this process."""
    if broken:
        durable.write_over = _in_place
        trustee.Trustee.watch = _later  # type: ignore[method-assign]
    if where:
        gate.enter(where, "files")
    return app.run(words)


def main() -> None:
    """Until stdin ends."""
    pyrage.passphrase = _Quick
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        with tempfile.TemporaryFile() as said:
            if (child := os.fork()) == 0:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
                status = run(asked["words"], asked["gate"], asked["broken"])
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            said.seek(0)
            print(json.dumps({"status": status, "said": said.read().decode(errors="replace")}), flush=True)


if __name__ == "__main__":
    main()
