"""Notifies systemd that the service is ready, stopping or alive (the sd_notify(3) protocol).

Sends one datagram with a line of text to the Unix socket that NOTIFY_SOCKET names. That is too little for a dependency,
and libsystemd is not on every machine. Without that variable, it does nothing.
"""

from __future__ import annotations

import os
import socket
import sys


def notify(state: str) -> None:
    """Sends ``state``, such as ``READY=1``. A failure is printed and not raised."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # "@" means Linux's abstract namespace: a name without a file.
    target = f"\0{address[1:]}" if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(target)
            sender.sendall(state.encode("utf-8"))
    except OSError as error:
        print(f"undersigned: systemd could not be notified of {state}: {error.strerror}", file=sys.stderr)


def watchdog_seconds() -> float | None:
    """Seconds without a notification after which systemd restarts the service; None without a watchdog."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    meant_for = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdecimal() or meant_for != str(os.getpid()):
        return None
    return int(microseconds) / 1e6 or None
