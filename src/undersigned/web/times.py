"""Converts Unix seconds, which the site stores, to aware datetimes, which the protocol formats."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(seconds: int) -> datetime:
    """The aware datetime of ``seconds``, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
