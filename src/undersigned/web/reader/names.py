"""Pages that list a letter's signatories, and the data files for searching them in the browser.

The list is an edition's, or a public letter's live list (``publication/live_names.py``).

A short list is one page. A long one is divided into pages of a thousand names, sorted by the page's language, group by
group, so that every name can be found without JavaScript. The search loads all names as files of five thousand and runs
in the browser: no server learns what a reader searches for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.template.loader import render_to_string

from undersigned.languages.order import sort_names
from undersigned.protocol import canonical
from undersigned.protocol.edition import Edition, Name
from undersigned.protocol.standing import Standing
from undersigned.protocol.tally import Tally, tally
from undersigned.web.reader.letter import LetterView, count_said, frame
from undersigned.web.reader.messages import number, say
from undersigned.web.reader.scripts import find_script
from undersigned.web.reader.words import words
from undersigned.web.storage.lazy_files import Maker

ONE_PAGE: Final = 1500
"""Longest list that is shown on one page."""
PART: Final = 1000
"""Names on each page of a longer list."""
SHARD: Final = 5000
"""Names in each file of the search: about 60 kB compressed."""


@dataclass(frozen=True, slots=True)
class NameList:
    """A list of names, and the counts that belong to it.

    ``place``: its directory under the letter; ``edition``: its number, or 0 for a public letter's names as they are
    now; ``notes``: ids of messages about the names.
    """

    roll: Sequence[Name]
    tally: Tally
    place: str
    edition: int = 0
    notes: tuple[str, ...] = ()


def edition_list(view: LetterView, edition: Edition) -> NameList:
    """The list of an edition's names."""
    notes = () if view.manifest.eligibility.check == "roll" else ("names_given",)
    return NameList(edition.roll, tally(edition.counts), f"editions/{edition.number}", edition.number, notes)


def shards(view: LetterView, listed: NameList) -> dict[str, Maker]:
    """``names-<i>.json``, from 0: ``[[name, title, group's index, 1 if initials], ..]``, in the list's order."""
    place = {group.id: index for index, group in enumerate(view.manifest.groups)}

    def shard(start: int) -> bytes:
        names = listed.roll[start : start + SHARD]
        return canonical.encode([[n.name, n.title, place[n.group], int(n.as_ == "initials")] for n in names])

    starts = range(0, max(1, len(listed.roll)), SHARD)
    return {f"names-{i}.json": partial(shard, start) for i, start in enumerate(starts)}


def names_pages(view: LetterView, listed: NameList, language: str) -> dict[str, Maker]:
    """``signatories-<language>.html``, and if there are many names ``signatories-<language>-<part>.html``, from 1."""
    groups = _groups(listed, view, language)
    if len(listed.roll) <= ONE_PAGE:
        whole = [_heading(listed, id_, name, rows) | {"rows": _rows(rows)} for id_, name, rows in groups]
        return {f"signatories-{language}.html": partial(_front, view, listed, language, groups=whole)}
    pages: dict[str, Maker] = {}
    parts = [(id_, name, rows[i : i + PART]) for id_, name, rows in groups for i in range(0, len(rows), PART)]
    contents: dict[str, list[dict[str, Any]]] = {}
    for place, (id_, name, rows) in enumerate(parts, start=1):
        path = f"signatories-{language}-{place}.html"
        pages[path] = partial(_part, view, listed, language, name, rows, place, len(parts))
        contents.setdefault(id_, []).append({"path": path, "first": rows[0].name, "last": rows[-1].name})
    front = [_heading(listed, id_, name, rows) | {"parts": contents.get(id_, [])} for id_, name, rows in groups]
    pages[f"signatories-{language}.html"] = partial(_front, view, listed, language, groups=front)
    return pages


def _groups(listed: NameList, view: LetterView, language: str) -> list[tuple[str, str, list[Name]]]:
    """Each non-empty group's id, name and listed names, sorted for ``language``."""
    by_group: dict[str, list[Name]] = {group.id: [] for group in view.manifest.groups}
    for name in listed.roll:
        by_group[name.group].append(name)
    return [
        (group.id, group.name[language], sort_names(by_group[group.id], language, lambda row: row.name))
        for group in view.manifest.groups
        if by_group[group.id] or listed.tally.groups.get(group.id)
    ]


def _heading(listed: NameList, group: str, name: str, rows: Sequence[Name]) -> dict[str, Any]:
    """A group's count, and how many of its members are not listed."""
    count = listed.tally.groups.get(group, 0)
    return {"name": name, "count": count, "anonymous": count - len(rows)}


def _rows(names: Sequence[Name]) -> list[dict[str, Any]]:
    return [{"name": n.name, "title": n.title, "initials": n.as_ == "initials"} for n in names]


def _frame(view: LetterView, listed: NameList, language: str, page: str) -> dict[str, Any]:
    said = words(language)
    found = frame(view, language, f"{listed.place}/{page}")
    return {
        **found,
        "heading": said["signatories"],
        "edition": say(said, "edition", number=listed.edition) if listed.edition else said["back"],
        "edition_path": f"{language}.html" if listed.edition else found["home"],
    }


def _front(view: LetterView, listed: NameList, language: str, groups: list[dict[str, Any]]) -> bytes:
    said = words(language)
    spoken, found = said["language"], listed.tally
    unlisted = found.outside(found.groups)
    # An edition's count is fixed; a letter's may have changed since the page was written.
    key = "names_edition" if listed.edition else "names_count"
    groups = [
        {
            **group,
            "count": number(group["count"], spoken),
            "anonymous": say(said, "anonymous_line", anonymous=group["anonymous"]) if group["anonymous"] else "",
        }
        for group in groups
    ]
    context: dict[str, Any] = {
        **_frame(view, listed, language, "signatories-{language}.html"),
        "counted": say(said, key, count=found.number, listed=found.listed),
        "note": " ".join(said[note] for note in listed.notes),
        "groups": groups,
        "unlisted": say(said, "names_unlisted", n=unlisted) if unlisted else "",
        "script": find_script("names.js") if listed.roll else None,
        "shards": -(-max(1, len(listed.roll)) // SHARD),
        "choices": [group.name[language] for group in view.manifest.groups],
    }
    return render_to_string("reader/signatories.html", context).encode("utf-8")


def too_many_page(view: LetterView, standing: Standing, language: str) -> dict[str, Maker]:
    """The page in place of a public letter's list that is too long for one: where the names are."""
    said = words(language)
    context: dict[str, Any] = {
        **frame(view, language, "names/signatories-{language}.html"),
        "heading": said["signatories"],
        "edition": said["back"],
        "edition_path": f"/{view.slug}/{language}/",
        "counted": count_said(standing, said) + ".",
        "note": said["names_many"],
        "file": "objects.jsonl",
    }
    return {
        f"signatories-{language}.html": lambda: render_to_string("reader/signatories.html", context).encode("utf-8")
    }


def _part(
    view: LetterView, listed: NameList, language: str, group: str, rows: Sequence[Name], place: int, parts: int
) -> bytes:
    path = "signatories-{}-{}.html"
    context: dict[str, Any] = {
        # Each language orders names in its own way, so the other languages' parts are other names.
        **_frame(view, listed, language, "signatories-{language}.html"),
        "group": group,
        "rows": _rows(rows),
        "part": say(words(language), "names_part", part=place, parts=parts),
        "front": f"signatories-{language}.html",
        "earlier": path.format(language, place - 1) if place > 1 else None,
        "later": path.format(language, place + 1) if place < parts else None,
    }
    return render_to_string("reader/names.html", context).encode("utf-8")
