"""An edition's pages: counts, names and changes, in each language."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.template.loader import render_to_string

from undersigned.protocol import base64url, bundle
from undersigned.protocol.edition import Edition, EditionCounts, edition_id, encode
from undersigned.protocol.tally import tally
from undersigned.web.reader.changes import changes_pages, earlier_editions
from undersigned.web.reader.letter import LetterView, frame, say_since
from undersigned.web.reader.messages import number as written
from undersigned.web.reader.messages import say
from undersigned.web.reader.names import edition_list, names_pages, shards
from undersigned.web.reader.words import words
from undersigned.web.storage.lazy_files import Maker


def edition_pages(view: LetterView, edition: Edition | EditionCounts) -> dict[str, Maker]:
    """Every page under ``editions/<n>/``, by file name. An edition without names has no list of names."""
    pages: dict[str, Maker] = {}
    for language in view.manifest.languages:
        pages[f"{language}.html"] = partial(figures_page, view, edition, language)
        pages |= changes_pages(view, edition, language)
        if isinstance(edition, Edition):
            pages |= names_pages(view, edition_list(view, edition), language)
    if isinstance(edition, Edition):
        pages |= shards(view, edition_list(view, edition))
    pages["index.html"] = pages[f"{view.manifest.languages[0]}.html"]
    return pages


def figures_page(view: LetterView, edition: Edition | EditionCounts, language: str) -> bytes:
    """The edition's main page: counts, changes, id and files."""
    said, found = words(language), tally(edition.counts)
    number, spoken = edition.number, said["language"]
    earlier = earlier_editions(view, number)
    with_names = isinstance(edition, Edition)
    hashed = base64url.encode(edition_id(encode(edition))) if isinstance(edition, Edition) else edition.edition
    kinds = [
        (said[f"kind_{kind}"], getattr(found, kind))
        for kind in ("initials", "anonymous", "struck", "void", "unresolved")
    ]
    named = said["kind_verified" if view.manifest.eligibility.check == "roll" else "kind_named"]
    files = ["edition.json"] if with_names else ["counts.json"]
    rows = [(named, found.named), *((label, n) for label, n in kinds if n)]
    groups = [(group.name[language], found.groups.get(group.id, 0)) for group in view.manifest.groups]
    outside = found.outside(found.groups) if groups else 0
    context: dict[str, Any] = {
        **frame(view, language, f"editions/{number}/{{language}}.html"),
        "heading": say(said, "edition_of", number=number),
        "standing": written(found.number, spoken),
        "count_means": say(said, "edition_means", count=found.number),
        "kinds": [(label, written(n, spoken)) for label, n in rows],
        "groups": [(label, written(n, spoken)) for label, n in groups],
        "no_group": written(outside, spoken) if outside else "",
        "no_group_word": said["outside_struck" if outside == found.struck else "no_group"],
        "since": say_since(edition, said),
        "changes": say(said, "changes_of", before=earlier[-1]) if earlier else None,
        "edition_id": hashed,
        "names_path": f"signatories-{language}.html" if with_names else None,
        "files": files,
        "openings": _openings(view, edition),
        "bundle": f"/{view.slug}/bundle.zip",
        "command": f"undersigned verify {view.origin}/",
    }
    return render_to_string("reader/edition.html", context).encode("utf-8")


def _openings(view: LetterView, edition: Edition | EditionCounts) -> str | None:
    """The path of an edition's openings if they are one file. Larger ones are in several; readers use the bundle."""
    opened = edition.counts.standing if edition.number == 1 else edition.since.added
    if not view.manifest.sealed or opened > bundle.OPENINGS_IN_PART:
        return None
    return f"/{view.slug}/{bundle.openings_path(edition.number)}"
