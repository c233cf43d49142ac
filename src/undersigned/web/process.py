"""Ends a child process when its parent dies (Linux: PR_SET_PDEATHSIG)."""

from __future__ import annotations

import ctypes
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent() -> None:
    """On Linux, this process gets SIGTERM when its parent dies, even by kill -9.

    An orphaned clerk would keep its lock; an orphaned web worker would keep the port and give receipts for entries that
    no clerk sequences. macOS has nothing like it: there the operator stops orphaned processes by hand.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
