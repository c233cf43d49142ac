"""What no page or picture of a letter will be able to show, said while the text can still be changed."""

from __future__ import annotations

from collections.abc import Mapping

from undersigned.client.folder import LetterFile

from . import voice


def warn_of(described: LetterFile, texts: Mapping[str, str]) -> None:
    """Warns of letters of titles, texts and groups that no typeface of the press has. Without the press: nothing."""
    found = False
    for language, title in sorted(described.title.items()):
        parts = {"title": title, "text": texts.get(language, "")}
        parts |= {f"group {group.id!r}": group.name.get(language, "") for group in described.groups}
        for what, text in parts.items():
            lost = _lost(text, language)
            if lost:
                found = True
                voice.warn(f"The {what} in {language!r} has letters that no typeface here shows: {_told(lost)}")
    if found:
        voice.warn(
            "No newspaper page or reader's PDF can be made in that language, and its share picture shows the address "
            "instead of the title. Once the letter is open its text cannot be changed."
        )


def warn_of_title(title: str, language: str) -> None:
    """Warns that slips go without the title."""
    lost = _lost(title, language)
    if lost:
        voice.warn(f"The slips go without the title: no typeface here shows {_told(lost)}")


def _lost(text: str, language: str) -> list[str]:
    try:
        from undersigned import press
    except ImportError:
        # Whoever only writes a letter need not have the press.
        return []
    try:
        return list(
            dict.fromkeys(sign for line in text.split("\n") for sign in press.find_missing_glyphs(line, language))
        )
    except press.FontError:
        return []


def _told(lost: list[str]) -> str:
    return " ".join(lost[:12]) + (f" and {len(lost) - 12} more" if len(lost) > 12 else "")
