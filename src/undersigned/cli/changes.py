"""What a page or PDF does not print as it was signed, told to the organiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from . import voice

MOST: Final = 20
"""Told in full; the rest stand in the report."""


def tell(mended: Sequence[Mapping[str, Any]]) -> None:
    """``mended``: as in report.json."""
    for change in mended[:MOST]:
        voice.warn(_sentence(change))
    if len(mended) > MOST:
        voice.warn(f"... and {len(mended) - MOST} more: see `mended` in the report")
    if any(change["key"] for change in mended):
        voice.say("  Otherwise for one of them: --decisions FILE, by the key in brackets (see docs/press.md)")


def _sentence(change: Mapping[str, Any]) -> str:
    key = f" [{change['key']}]" if change["key"] else ""
    if not change["signed"]:
        return f"{change['name']}: {change['what']}{key}"
    if not change["name"]:
        return f"{change['signed']}: counted, and not printed here but listed at the address; {change['what']}{key}"
    return f"{change['signed']}: printed as {change['name']!r}; {change['what']}{key}"
