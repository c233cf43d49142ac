"""A power cut on a separate file system: what was not synced is gone, as when the plug is pulled.

ext4 in a file, mounted through a loop device. The writers are stopped, the file system is shut down without writing its
journal (FS_IOC_SHUTDOWN, NOLOGFLUSH), the processes are killed, and it is mounted again from what its device holds.
"""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from web.server import Server

_SHUTDOWN = 0x8004587D
_NOLOGFLUSH = 2


def _run(*words: str | Path) -> bool:
    return subprocess.run([*map(str, words)], check=False, capture_output=True).returncode == 0


class Disk:
    """``place``: where it is mounted."""

    def __init__(self, image: Path, place: Path) -> None:
        self._image, self.place = image, place

    def mount(self) -> bool:
        """Makes its files appear; recovers as after any power cut."""
        return _run("mount", "-o", "loop", self._image, self.place)

    def unmount(self) -> None:
        """Takes it away, once the last killed process has let go."""
        for _ in range(100):
            if _run("umount", self.place):
                return
            time.sleep(0.05)
        raise AssertionError("the file system is still in use")

    def cut(self) -> None:
        """No byte more reaches the device."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NOLOGFLUSH))
        finally:
            os.close(descriptor)


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """A fresh file system of 512 MiB. Skips the test where one may not be mounted."""
    place = folder / "disk"
    place.mkdir()
    image = folder / "image"
    with image.open("wb") as file:
        file.truncate(512 << 20)
    made = Disk(image, place)
    if not (_run("mkfs.ext4", "-q", image) and made.mount()):
        pytest.skip("needs to be allowed to mount a file system: run as root, with mkfs.ext4")
    try:
        yield made
    finally:
        _run("umount", "-l", place)
        image.unlink()


class Plugged(Server):
    """A server on a disk; ``kill`` pulls the plug instead."""

    disk: Disk

    def kill(self) -> None:
        """Stops every process between two instructions, cuts the disk off, and mounts what is left."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)
        self.disk.cut()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.disk.unmount()
        assert self.disk.mount(), "the file system does not come back"
