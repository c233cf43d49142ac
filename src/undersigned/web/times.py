"""Unix seconds, which the site counts in, as moments, which people and the protocol write."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(seconds: int) -> datetime:
    """The aware moment of ``seconds``."""
    return datetime.fromtimestamp(seconds, UTC)
