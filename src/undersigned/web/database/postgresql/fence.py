"""The clerk's term: whoever becomes the clerk begins a new one, and a clerk of an earlier term can write nothing.

A process that was stopped (a paused machine, a stuck disk) does not know that another has taken its place. Its session
may be gone, its transaction may not; so each transaction of a clerk looks at the term under the writer's lock.
"""

from __future__ import annotations

from typing import Any, Final

QUESTION: Final = "SELECT holder FROM operations_term"
_own: list[str] = []


class DeposedError(Exception):
    """Another clerk has taken over. Nothing was written."""


def term() -> str | None:
    """The mark of the term in which this process is, or was last, the clerk; None if it never was."""
    return _own[0] if _own else None


def start_term(holder: str) -> None:
    """From now on this process is the clerk, in the term marked so. It never becomes an unfenced process again."""
    _own[:] = [holder]


def check(row: tuple[Any, ...] | None) -> None:
    """Raises DeposedError unless ``row``, the answer to QUESTION, is this process's term."""
    if row is None or [row[0]] != _own:
        raise DeposedError("another clerk has taken over")
