"""strace on every process of a site: it turns one system call into a fault."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from web.server import Server, until

CALLS = {
    "write": "pwrite64",
    "sync": "fsync,fdatasync",
    "rename": "rename,renameat,renameat2",
    "remove": "unlink,unlinkat",
}
FAULTS = {"killed": ("R2", "signal=KILL"), "EIO": ("R3", "error=EIO"), "ENOSPC": ("R3", "error=ENOSPC")}


def below(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += below(int(child))
    except OSError:
        # A thread ended while it was looked at.
        return found
    return found


@dataclass
class Saboteur:
    """strace on a site. ``hit``: whether the fault happened."""

    process: subprocess.Popen[bytes]
    said: Path

    @classmethod
    def sit(cls, server: Server, calls: str, fault: str, when: int | str, said: Path) -> Saboteur:
        """Attached to every thread of the site before this returns."""
        assert server.process is not None
        pids = [word for pid in below(server.process.pid) for word in ("-p", str(pid))]
        said.unlink(missing_ok=True)
        with said.open("wb") as out:
            process = subprocess.Popen(
                ["strace", "-f", "-qq", "-e", f"trace={calls}", "-e", f"inject={calls}:{fault}:when={when}", *pids],
                stderr=out,
            )
        made = cls(process, said)
        until(lambda: all(traced(int(pid)) for pid in pids[1::2]))
        return made

    def leave(self) -> bool:
        """Detaches; returns whether the fault happened."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            # It waits for a process that ended while it let go of it.
            self.process.kill()
            self.process.wait()
        return self.happened()

    def happened(self) -> bool:
        """Whether the fault has happened by now."""
        said = self.said.read_bytes()
        return b"INJECTED" in said or b"killed by" in said


def traced(pid: int) -> bool:
    """Whether somebody traces every thread of a process, or it is gone."""
    try:
        states = [(task / "status").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return True
    return all("TracerPid:\t0\n" not in state for state in states)
