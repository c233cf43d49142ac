"""What changed between two editions: who joined, by name where they gave one; who withdrew, as a number and no more.

Joined are those whom this edition's cut opened. So the page needs no names of the edition before, which may be gone;
and nobody can be told from it by being missing.
"""

from __future__ import annotations

from typing import Any, Final

from django.template.loader import render_to_string

from undersigned.protocol.edition import Edition, EditionCounts
from undersigned.web.pages.collate import sort_names
from undersigned.web.pages.letter import Shown, frame
from undersigned.web.pages.said import say
from undersigned.web.pages.words import words

LISTED: Final = 2000
"""Names that are listed; more stand among all signatories."""


def changes_page(shown: Shown, edition: Edition | EditionCounts, language: str) -> bytes:
    """Between edition ``edition.number`` and the one before it."""
    said, since = words(language), edition.since
    before = shown.standing.editions[edition.number - 2].standing or 0
    now = shown.standing.editions[edition.number - 1].standing or 0
    joined = _joined(shown, edition) if isinstance(edition, Edition) else []
    groups = []
    for group in shown.manifest.groups:
        rows = sort_names((n for n in joined if n.group == group.id), language, lambda n: n.name)
        if rows and len(joined) <= LISTED:
            groups.append({"name": group.name[language], "rows": rows})
    figures = {"before": edition.number - 1, "number": edition.number}
    context: dict[str, Any] = {
        **frame(shown, language, f"editions/{edition.number}/changes-{{language}}.html"),
        "heading": say(said, "changes_of", **figures),
        "edition": say(said, "edition", number=edition.number),
        "edition_path": f"{language}.html",
        "text": say(said, "changes_text", **figures),
        "joined": say(said, "changes_joined", n=since.added),
        "left": say(said, "changes_left", n=since.withdrawn),
        "count": say(said, "changes_count", **{"from": before, "to": now}),
        "groups": groups,
        "names_path": f"signatories-{language}.html" if isinstance(edition, Edition) else None,
        "many": len(joined) > LISTED,
        "unnamed": say(said, "changes_unnamed", n=max(0, since.added - len(joined))) if joined else "",
    }
    return render_to_string("pages/changes.html", context).encode("utf-8")


def _joined(shown: Shown, edition: Edition) -> list[Any]:
    people = shown.standing.signatories
    return [name for name in edition.roll if people[name.key].opened == edition.number]
