"""Pages of the changes between two editions: who joined, by name; how many withdrew, as a number only.

"Joined" are the signatories whom the cuts after the earlier edition opened. So the page does not need that edition's
names, which may have been erased, and no withdrawn person can be inferred from a missing name.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.template.loader import render_to_string

from undersigned.languages.order import sort_names
from undersigned.protocol.edition import Edition, EditionCounts
from undersigned.protocol.tally import tally
from undersigned.web.reader.letter import LetterView, frame
from undersigned.web.reader.messages import say
from undersigned.web.reader.words import words
from undersigned.web.storage.lazy_files import Maker

MAX_LISTED: Final = 2000
"""Longest list of names; if more joined, the page links to all signatories instead."""


MAX_EARLIER: Final = 20
"""How many earlier editions an edition is compared with, the newest ones."""


def changes_pages(view: LetterView, edition: Edition | EditionCounts, language: str) -> dict[str, Maker]:
    """A page for each earlier published edition that this one is compared with, by file name."""
    earlier = earlier_editions(view, edition.number)
    return {
        changes_path(m, earlier, language): partial(_page, view, edition, language, view.counts[m], earlier)
        for m in earlier
    }


def earlier_editions(view: LetterView, number: int) -> list[int]:
    """The published editions that edition ``number`` is compared with, the oldest first."""
    return sorted(n for n in view.counts if n < number)[-MAX_EARLIER:]


def changes_path(before: int, earlier: list[int], language: str) -> str:
    """The page's file name. The comparison with the newest earlier edition has the short one."""
    return f"changes-{language}.html" if before == earlier[-1] else f"changes-since-{before}-{language}.html"


def _page(
    view: LetterView, edition: Edition | EditionCounts, language: str, before: EditionCounts, others: list[int]
) -> bytes:
    said, earlier = words(language), before.number
    added, withdrawn = _moved(view, before, edition)
    joined = _joined(view, edition, earlier) if isinstance(edition, Edition) else []
    groups = []
    for group in view.manifest.groups:
        rows = sort_names((n for n in joined if n.group == group.id), language, lambda n: n.name)
        if rows and len(joined) <= MAX_LISTED:
            groups.append({"name": group.name[language], "rows": rows})
    figures = {"before": earlier, "number": edition.number}
    place = changes_path(earlier, others, "{language}")
    context: dict[str, Any] = {
        **frame(view, language, f"editions/{edition.number}/{place}"),
        "heading": say(said, "changes_of", **figures),
        "edition": say(said, "edition", number=edition.number),
        "edition_path": f"{language}.html",
        "text": say(said, "changes_text", **figures),
        "joined": say(said, "changes_joined", n=added),
        "left": say(said, "changes_left", n=withdrawn),
        "count": say(
            said, "changes_count", **{"from": tally(before.counts).number, "to": tally(edition.counts).number}
        ),
        "groups": groups,
        "names_path": f"signatories-{language}.html" if isinstance(edition, Edition) else None,
        "many": len(joined) > MAX_LISTED,
        "unnamed": say(said, "changes_unnamed", n=max(0, added - len(joined))) if joined else "",
        "others": [
            {"path": changes_path(m, others, language), "name": say(said, "changes_of", before=m)}
            for m in others
            if m != earlier
        ],
    }
    return render_to_string("reader/changes.html", context).encode("utf-8")


def _joined(view: LetterView, edition: Edition, earlier: int) -> list[Any]:
    people = view.standing.signatories
    return [name for name in edition.roll if (people[name.key].opened or 0) > earlier]


def _moved(view: LetterView, before: EditionCounts, after: Edition | EditionCounts) -> tuple[int, int]:
    """How many signed for the first time and how many withdrew between two editions. Invariant: the earlier edition's
    count, plus the first, minus the second, is the later edition's count."""
    people = view.standing.signatories.values()
    added = sum(1 for s in people if before.cut < s.first < after.cut)

    def left(edition: Edition | EditionCounts) -> int:
        return sum(
            1 for s in people if s.first < edition.cut and s.withdrawn is not None and s.withdrawn < edition.size
        )

    return added, left(after) - left(before)
