"""A gate before the system calls that change files: the kernel asks before each one (seccomp, user notification).

    python -m durability.gate SOCKET files|unmap COMMAND...

becomes COMMAND, whose calls, and those of every process it starts, wait at the gate until the listener at SOCKET has
answered: let it through, let it fail, or kill who asked. Unlike strace, whose ``when=`` counts in each thread by itself
and whose ``-P`` knows whole paths but no directory, the gate is one for all threads and processes of a site and sees
the path: so "the i-th call that changes anything in the data directory" is one call.
"""

from __future__ import annotations

import array
import ctypes
import errno
import fcntl
import os
import platform
import socket
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

_PRCTL_NO_NEW_PRIVS, _SECCOMP, _MODE_FILTER = 38, 317, 1
# A listener; and a signal that is not deadly waits for the answer, so that no call is asked about twice.
_FLAGS = (1 << 3) | (1 << 5)
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1
_NOTICE, _ANSWER = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI")
_X86_64 = 0xC000003E
_ALLOW, _ASK = 0x7FFF0000, 0x7FC00000
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_DIRECTORY

KINDS: dict[str, dict[str, int]] = {
    "write": {
        "write": 1, "pwrite64": 18, "writev": 20, "sendfile": 40, "fallocate": 285, "pwritev": 296,
        "copy_file_range": 326, "pwritev2": 328,
    },
    "sync": {"fsync": 74, "fdatasync": 75, "sync_file_range": 277},
    "open": {"open": 2, "creat": 85, "openat": 257, "openat2": 437},
    "truncate": {"truncate": 76, "ftruncate": 77},
    "rename": {"rename": 82, "renameat": 264, "renameat2": 316},
    "link": {"link": 86, "symlink": 88, "linkat": 265, "symlinkat": 266},
    "remove": {"unlink": 87, "unlinkat": 263, "rmdir": 84},
    "mkdir": {"mkdir": 83, "mkdirat": 258},
}  # fmt: skip
"""Calls of x86-64 by what they do. ``open`` counts where it may create, write or empty a file, or is of a directory
that is then synced."""
WHICH = {"files": KINDS, "unmap": {"unmap": {"munmap": 11}}}
"""What a gate is before. ``unmap``: the one call that SQLite makes amid a checkpoint, if it maps its file."""
_NAMES = {
    number: (kind, name) for kinds in WHICH.values() for kind, calls in kinds.items() for name, number in calls.items()
}
_TO = {"copy_file_range": 2}
"""Which argument is the descriptor of what is changed, where it is not the first."""
_PATHS = {
    "open": (None, 0), "creat": (None, 0), "truncate": (None, 0), "unlink": (None, 0), "rmdir": (None, 0),
    "mkdir": (None, 0), "rename": (None, 1), "link": (None, 1), "symlink": (None, 1),
    "openat": (0, 1), "openat2": (0, 1), "unlinkat": (0, 1), "mkdirat": (0, 1), "renameat": (2, 3),
    "renameat2": (2, 3), "linkat": (2, 3), "symlinkat": (1, 2),
}  # fmt: skip
"""Which arguments are the folder's descriptor and the path, of calls that name one; of two paths, the new one."""
_FOLDER_ONLY = os.O_DIRECTORY | os.O_NONBLOCK


@dataclass(frozen=True)
class Call:
    """One call that waits. ``path``: absolute, of what it would change."""

    id: int
    pid: int
    kind: str
    name: str
    path: str


def usable() -> str:
    """Why there can be no gate on this machine; empty if there can."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "needs Linux on x86-64"
    version = tuple(int(word) for word in platform.release().split(".")[:2])
    return "" if version >= (5, 19) else "needs Linux 5.19 or newer"


def _program(which: str) -> bytes:
    """The filter: ask about these calls, about opening only if it may change something; let all others pass."""
    wanted = {number for calls in WHICH[which].values() for number in calls.values()}
    opening = [(number, argument) for number, argument in ((2, 1), (257, 2)) if number in wanted]
    lines = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _X86_64), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, 0)]
    for number, argument in opening:
        lines += [
            (_EQUAL, 0, 4, number), (_LOAD, 0, 0, 16 + 8 * argument), (_ANY_BIT, 0, 1, _WRITES),
            (_RETURN, 0, 0, _ASK), (_RETURN, 0, 0, _ALLOW),
        ]  # fmt: skip
    for number in sorted(wanted - dict(opening).keys()):
        lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ASK)]
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(which: str) -> int:
    """Puts this process behind a gate; returns the descriptor at which its calls are answered."""
    libc = ctypes.CDLL(None, use_errno=True)
    data = _program(which)
    kept = ctypes.create_string_buffer(data, len(data))
    program = _Program(len(data) // 8, ctypes.addressof(kept))
    if libc.prctl(_PRCTL_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    found = int(libc.syscall(_SECCOMP, _MODE_FILTER, _FLAGS, ctypes.byref(program)))
    if found < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return found


def receive(gate: int) -> Call | None:
    """The next call that waits; None if who asked has died meanwhile."""
    notice = bytearray(_NOTICE.size)
    try:
        fcntl.ioctl(gate, _RECEIVE, notice)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINTR):
            return None
        raise
    number, pid, _, which, _, _, *values = _NOTICE.unpack(notice)
    kind, name = _NAMES[which]
    try:
        path = _path(pid, name, values)
    except (OSError, ValueError):
        path = ""
    return Call(number, pid, kind, name, path)


def answer(gate: int, call: Call, error: int = 0) -> None:
    """Lets a call through, or fail with ``error``."""
    with_flags = _ANSWER.pack(call.id, 0, -error, 0 if error else _CONTINUE)
    try:
        fcntl.ioctl(gate, _SEND, bytearray(with_flags))
    except OSError as gone:
        if gone.errno != errno.ENOENT:
            raise


def welcome(listening: socket.socket) -> int:
    """The descriptor of a gate whose process has just come to ``listening``."""
    joined, _ = listening.accept()
    with joined:
        _, given, _, _ = joined.recvmsg(1, socket.CMSG_SPACE(4))
    return array.array("i", given[0][2])[0]


def _path(pid: int, name: str, values: list[int]) -> str:
    if name == "munmap":
        return ""
    if name not in _PATHS:
        return str(Path(f"/proc/{pid}/fd/{values[_TO.get(name, 0)] & 0xFFFFFFFF}").readlink())
    if name in ("open", "openat") and values[1 if name == "open" else 2] & _FOLDER_ONLY == _FOLDER_ONLY:
        return ""  # a listing
    folder, where = _PATHS[name]
    given = _text(pid, values[where])
    if given.startswith("/"):
        return os.path.normpath(given)
    number = ctypes.c_int(values[folder] & 0xFFFFFFFF).value if folder is not None else -100
    base = f"/proc/{pid}/cwd" if number == -100 else f"/proc/{pid}/fd/{number}"
    return os.path.normpath(Path(base).readlink() / given)


def _text(pid: int, address: int) -> str:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        found = memory.read(256)
        while b"\0" not in found and len(found) < 8192:
            found += memory.read(256)
    return os.fsdecode(found.partition(b"\0")[0])


def enter(where: str, which: str) -> None:
    """Puts this process behind a gate, and passes the gate to the listener at ``where``."""
    with socket.socket(socket.AF_UNIX) as there:
        there.connect(where)
        gate = install(which)
        there.sendmsg([b"g"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [gate]))])
        os.close(gate)


if __name__ == "__main__":
    enter(sys.argv[1], sys.argv[2])
    os.execvp(sys.argv[3], sys.argv[3:])
