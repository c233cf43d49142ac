"""Atom feed of a letter (RFC 4287): its editions, and its count after each batch. No names.

A batch may be a single person, so the feed's times are whole hours, and only the last batches have entries. The times
are stored nowhere but in the served feed itself: each new version copies them from the one before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.template.loader import render_to_string

from undersigned.languages.figures import long_date
from undersigned.protocol.edition import EditionCounts
from undersigned.protocol.tally import tally
from undersigned.web.reader.letter import LetterView, say_since
from undersigned.web.reader.messages import say
from undersigned.web.reader.state import State, cut_not_before, say_state
from undersigned.web.reader.words import words

LAST: Final = 20
"""How many batches have entries."""
_HOUR: Final = 3600
_ENTRY: Final = re.compile(
    r"<entry>\s*<id>([^<]+)</id>\s*<updated>([^<]+)</updated>\s*<title>([^<]*)</title>\s*"
    r"<link href=\"[^\"]*\"/>\s*<summary>([^<]*)</summary>\s*</entry>"
)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry. ``updated``: in RFC 3339 format."""

    id: str
    updated: str
    title: str
    summary: str
    link: str


def feed(
    view: LetterView,
    state: State,
    language: str,
    editions: Sequence[EditionCounts],
    previous: bytes | None,
    now: int,
) -> bytes:
    """The feed as of now. ``previous``: the served feed, if any. ``now``: Unix seconds."""
    said = words(language)
    known = _read_times(previous)
    hour = datetime.fromtimestamp(now - now % _HOUR, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    urn = f"urn:undersigned:letter:{view.letter}:"
    entries = [_edition(view, language, edition, known, hour) for edition in editions]
    entries += _acts(view, state, language, known, hour)
    entries += _batches(view, language, known, hour)
    entries.sort(key=lambda entry: entry.updated, reverse=True)
    context: dict[str, Any] = {
        "t": said,
        "language": language,
        "title": view.manifest.title[language],
        "id": f"{urn}{language}",
        "updated": max((entry.updated for entry in entries), default=hour),
        "page": f"{view.origin}/{language}/",
        "address": f"{view.origin}/{language}/feed.atom",
        "state": f"{say_state(state, view.manifest, said).now} {say_state(state, view.manifest, said).names}",
        "entries": entries,
    }
    return render_to_string("reader/feed.atom", context).encode("utf-8")


def _read_times(previous: bytes | None) -> dict[str, str]:
    """The time of each entry in the served feed, by id."""
    if previous is None:
        return {}
    return {found[1]: found[2] for found in _ENTRY.finditer(previous.decode("utf-8"))}


def _edition(view: LetterView, language: str, edition: EditionCounts, known: dict[str, str], hour: str) -> FeedEntry:
    said, number = words(language), edition.number
    id_ = f"urn:undersigned:letter:{view.letter}:{language}:edition:{number}"
    return FeedEntry(
        id_,
        known.get(id_, hour),
        say(said, "feed_edition", number=number, count=tally(edition.counts).number),
        say_since(edition, said),
        f"{view.origin}/editions/{number}/{language}.html",
    )


def _acts(view: LetterView, state: State, language: str, known: dict[str, str], hour: str) -> list[FeedEntry]:
    """Entries for what the organiser did: notices, cuts, abandonment."""
    said, manifest = words(language), view.manifest
    stem, page = f"urn:undersigned:letter:{view.letter}:{language}:", f"{view.origin}/{language}/"
    found: list[tuple[str, str, str]] = []
    for edition in view.standing.editions:
        until = long_date(cut_not_before(manifest, edition.after), said["language"])
        told = say(said, "feed_notice", until=until)
        found.append((f"notice:{edition.number}", say(said, "short_notice", edition=edition.number), told))
        if edition.cut is not None:
            told = say(said, "feed_count", count=edition.standing or 0)
            found.append((f"cut:{edition.number}", say(said, "feed_cut", edition=edition.number), told))
    if view.standing.abandoned is not None:
        saying = say_state(state, manifest, said)
        found.append(("abandoned", saying.short, saying.now))
    return [FeedEntry(stem + id_, known.get(stem + id_, hour), title, summary, page) for id_, title, summary in found]


def _batches(view: LetterView, language: str, known: dict[str, str], hour: str) -> list[FeedEntry]:
    """Entries for the last batches: the newest, and those in the served feed, whose ids contain their figures."""
    standing = view.standing
    stem = f"urn:undersigned:letter:{view.letter}:{language}:count:"
    here = (standing.size, standing.signed, standing.withdrawn)
    figures = {here: stem + "-".join(map(str, here))}
    for id_ in known:
        if id_.startswith(stem):
            size, signed, withdrawn = map(int, id_.removeprefix(stem).split("-"))
            figures[size, signed, withdrawn] = id_
    said = words(language)
    newest = sorted((key for key in figures if key[1]), reverse=True)[:LAST]
    return [
        FeedEntry(
            figures[key],
            known.get(figures[key], hour),
            say(said, "feed_count", count=key[1] - key[2]),
            say(said, "feed_detail", size=key[0], signed=key[1], withdrawn=key[2]),
            f"{view.origin}/{language}/",
        )
        for key in newest
    ]
