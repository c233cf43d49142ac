"""Warns of characters without a glyph in a letter's texts, before the letter is fixed."""

from __future__ import annotations

from collections.abc import Mapping

from undersigned.client.folder import LetterFile

from . import voice


def warn_of(described: LetterFile, texts: Mapping[str, str]) -> None:
    """Warns of characters in titles, texts and groups that no font of the press has. Without the press: no check."""
    found = False
    for language, title in sorted(described.title.items()):
        parts = {"title": title, "text": texts.get(language, "")}
        parts |= {f"group {group.id!r}": group.name.get(language, "") for group in described.groups}
        for what, text in parts.items():
            lost = _find_missing(text, language)
            if lost:
                found = True
                voice.warn(f"The {what} in {language!r} has characters that no font here has: {_list_clusters(lost)}")
    if found:
        voice.warn(
            "No newspaper page or archive PDF can be made in that language, and its share picture shows the address "
            "instead of the title. Once the letter is open, its text cannot be changed."
        )


def warn_of_title(title: str, language: str) -> None:
    """Warns that slips are printed without the title."""
    lost = _find_missing(title, language)
    if lost:
        voice.warn(f"The slips have no title: no font here has {_list_clusters(lost)}")


def _find_missing(text: str, language: str) -> list[str]:
    try:
        from undersigned import press
    except ImportError:
        # The press is optional: writing a letter works without it.
        return []
    try:
        return list(
            dict.fromkeys(sign for line in text.split("\n") for sign in press.find_missing_glyphs(line, language))
        )
    except press.FontError:
        return []


def _list_clusters(lost: list[str]) -> str:
    return " ".join(lost[:12]) + (f" and {len(lost) - 12} more" if len(lost) > 12 else "")
