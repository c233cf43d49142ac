"""Who stands behind a letter: the pages of an edition's names, and the files in which a browser searches them.

Few names stand on one page. Many stand in parts of a thousand, in the order of the page's language, group by group, so
that everybody can be found without script. The search fetches all names as files of five thousand and looks through
them in the browser: what somebody searches for is sent nowhere, and no database is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from django.template.loader import render_to_string

from undersigned.languages.order import sort_names
from undersigned.protocol import canonical
from undersigned.protocol.edition import Edition, Name
from undersigned.web.made import Maker
from undersigned.web.pages.letter import Shown, frame
from undersigned.web.pages.said import number, say
from undersigned.web.pages.scripts import find_script
from undersigned.web.pages.words import words

ONE_PAGE: Final = 1500
"""Names that stand on one page."""
PART: Final = 1000
"""Names on each page where there are more."""
SHARD: Final = 5000
"""Names in each file that the search fetches: some 60 kB compressed."""


def shards(shown: Shown, edition: Edition) -> dict[str, Maker]:
    """``names-<i>.json``, from 0: ``[[name, title, group's index, 1 if initials], ..]``, in the edition's order."""
    place = {group.id: index for index, group in enumerate(shown.manifest.groups)}

    def shard(start: int) -> bytes:
        names = edition.roll[start : start + SHARD]
        return canonical.encode([[n.name, n.title, place[n.group], int(n.as_ == "initials")] for n in names])

    starts = range(0, max(1, len(edition.roll)), SHARD)
    return {f"names-{i}.json": partial(shard, start) for i, start in enumerate(starts)}


def names_pages(shown: Shown, edition: Edition, language: str) -> dict[str, Maker]:
    """``signatories-<language>.html``, and if there are many names ``signatories-<language>-<part>.html``, from 1."""
    groups = _groups(edition, shown, language)
    if len(edition.roll) <= ONE_PAGE:
        listed = [{"name": name, "count": len(rows), "rows": _rows(rows)} for name, rows in groups]
        return {f"signatories-{language}.html": partial(_front, shown, edition, language, groups=listed)}
    pages: dict[str, Maker] = {}
    parts = [(name, rows[i : i + PART]) for name, rows in groups for i in range(0, len(rows), PART)]
    contents: dict[str, list[dict[str, Any]]] = {}
    for place, (name, rows) in enumerate(parts, start=1):
        path = f"signatories-{language}-{place}.html"
        pages[path] = partial(_part, shown, edition, language, name, rows, place, len(parts))
        contents.setdefault(name, []).append({"path": path, "first": rows[0].name, "last": rows[-1].name})
    listed = [{"name": name, "count": len(rows), "parts": contents[name]} for name, rows in groups]
    pages[f"signatories-{language}.html"] = partial(_front, shown, edition, language, groups=listed)
    return pages


def _groups(edition: Edition, shown: Shown, language: str) -> list[tuple[str, list[Name]]]:
    """Each group's name and its people, as a reader of ``language`` expects them; without the empty ones."""
    by_group: dict[str, list[Name]] = {group.id: [] for group in shown.manifest.groups}
    for name in edition.roll:
        by_group[name.group].append(name)
    found = ((group.name[language], by_group[group.id]) for group in shown.manifest.groups)
    return [(name, sort_names(rows, language, lambda row: row.name)) for name, rows in found if rows]


def _rows(names: Sequence[Name]) -> list[dict[str, Any]]:
    return [{"name": n.name, "title": n.title, "initials": n.as_ == "initials"} for n in names]


def _frame(shown: Shown, edition: Edition, language: str, page: str) -> dict[str, Any]:
    said = words(language)
    return {
        **frame(shown, language, f"editions/{edition.number}/{page}"),
        "heading": said["signatories"],
        "edition": say(said, "edition", number=edition.number),
        "edition_path": f"{language}.html",
    }


def _front(shown: Shown, edition: Edition, language: str, groups: list[dict[str, Any]]) -> bytes:
    said = words(language)
    spoken, counts = said["language"], edition.counts
    groups = [{**group, "count": number(group["count"], spoken)} for group in groups]
    context: dict[str, Any] = {
        **_frame(shown, edition, language, "signatories-{language}.html"),
        "groups": groups,
        "anonymous": say(said, "anonymous_line", anonymous=counts.anonymous) if counts.anonymous else "",
        "script": find_script("names.js"),
        "shards": -(-max(1, len(edition.roll)) // SHARD),
        "choices": [group.name[language] for group in shown.manifest.groups],
    }
    return render_to_string("pages/signatories.html", context).encode("utf-8")


def _part(
    shown: Shown, edition: Edition, language: str, group: str, rows: Sequence[Name], place: int, parts: int
) -> bytes:
    path = "signatories-{}-{}.html"
    context: dict[str, Any] = {
        # Each language orders names in its own way, so the other languages' parts are other names.
        **_frame(shown, edition, language, "signatories-{language}.html"),
        "group": group,
        "rows": _rows(rows),
        "part": say(words(language), "names_part", part=place, parts=parts),
        "front": f"signatories-{language}.html",
        "earlier": path.format(language, place - 1) if place > 1 else None,
        "later": path.format(language, place + 1) if place < parts else None,
    }
    return render_to_string("pages/names.html", context).encode("utf-8")
