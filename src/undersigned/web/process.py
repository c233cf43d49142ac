"""No process of the site outlives the one that started it."""

from __future__ import annotations

import ctypes
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent() -> None:
    """Linux: this process is told to end (SIGTERM) when its parent dies, also by kill -9.

    A clerk left behind would hold its lock; a web worker left behind would hold the port, and give receipts for
    entries that no clerk takes in. macOS has no such order: there, what is left behind is stopped by hand.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
