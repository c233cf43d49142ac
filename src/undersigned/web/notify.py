"""Telling systemd that the service is ready, is stopping, or is alive (the protocol of sd_notify(3)).

One datagram with a line of text to the Unix socket that NOTIFY_SOCKET names: that is not worth a dependency, and
libsystemd is not on every machine. Without that variable nothing happens.
"""

from __future__ import annotations

import os
import socket
import sys


def notify(state: str) -> None:
    """Sends ``state``, such as ``READY=1``. A service manager that is away is reported and stops nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # "@" is the abstract namespace of Linux: a name without a file.
    target = f"\0{address[1:]}" if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(target)
            sender.sendall(state.encode("utf-8"))
    except OSError as error:
        print(f"undersigned: systemd could not be notified of {state}: {error.strerror}", file=sys.stderr)


def watchdog_seconds() -> float | None:
    """How long systemd waits for a sign of life before it restarts the service; None if it does not wait for any."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    meant_for = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdecimal() or meant_for != str(os.getpid()):
        return None
    return int(microseconds) / 1e6 or None
