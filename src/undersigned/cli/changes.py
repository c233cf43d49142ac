"""Reports the names and texts that a page or PDF does not print as they were signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from . import voice

MAX_PRINTED: Final = 20
"""Maximum number of changes printed; all are in the report."""


def print_changes(mended: Sequence[Mapping[str, Any]]) -> None:
    """Prints the changes. ``mended``: as in report.json."""
    for change in mended[:MAX_PRINTED]:
        voice.warn(_sentence(change))
    if len(mended) > MAX_PRINTED:
        voice.warn(f"... and {len(mended) - MAX_PRINTED} more: see `mended` in the report")
    if any(change["key"] for change in mended):
        voice.say("  To decide otherwise: --decisions FILE, by the key in brackets (see docs/press.md)")


def _sentence(change: Mapping[str, Any]) -> str:
    key = f" [{change['key']}]" if change["key"] else ""
    if not change["signed"]:
        return f"{change['name']}: {change['what']}{key}"
    if not change["name"]:
        return f"{change['signed']}: counted, and listed at the address instead of here; {change['what']}{key}"
    return f"{change['signed']}: printed as {change['name']!r}; {change['what']}{key}"
