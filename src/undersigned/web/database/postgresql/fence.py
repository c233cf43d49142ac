"""Fencing token of the clerk's lease: each new leader starts a term, and a clerk of an earlier term cannot write.

A process that was stopped for a while (a paused machine, a stuck disk) does not know that another clerk has taken over.
Its lease is gone, but it may be in the middle of its work; so each of its transactions checks the term under the
writer's lock.
"""

from __future__ import annotations

from typing import Any, Final

QUESTION: Final = "SELECT holder FROM operations_term"
_own: list[str] = []


class DeposedError(Exception):
    """Another clerk has taken over. Nothing was written."""


def current_term() -> str | None:
    """The token of this process's newest term as clerk; None if it never was the clerk."""
    return _own[0] if _own else None


def start_term(holder: str) -> None:
    """Fences this process's transactions with the token ``holder`` from now on. There is no way back."""
    _own[:] = [holder]


def check_term(row: tuple[Any, ...] | None) -> None:
    """Raises DeposedError unless ``row``, the answer to QUESTION, is this process's term."""
    if row is None or [row[0]] != _own:
        raise DeposedError("another clerk has taken over")
