"""An edition's pages in one language: its figures, and the names."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from undersigned.protocol import base64url
from undersigned.protocol.edition import Edition, EditionCounts, Name, edition_id, encode
from undersigned.web.pages.collate import sort_names
from undersigned.web.pages.letter import Shown, frame
from undersigned.web.pages.words import words


def edition_pages(shown: Shown, edition: Edition | EditionCounts) -> dict[str, bytes]:
    """Every page under ``editions/<n>/``, by file name. An edition whose names are gone has no page of names."""
    pages: dict[str, bytes] = {}
    for language in shown.manifest.languages:
        pages[f"{language}.html"] = figures_page(shown, edition, language)
        if isinstance(edition, Edition):
            pages[f"signatories-{language}.html"] = names_page(shown, edition, language)
    pages["index.html"] = pages[f"{shown.manifest.languages[0]}.html"]
    return pages


def figures_page(shown: Shown, edition: Edition | EditionCounts, language: str) -> bytes:
    """Counts, what changed, id and files."""
    said, counts = words(language), edition.counts
    number = edition.number
    with_names = isinstance(edition, Edition)
    hashed = base64url.encode(edition_id(encode(edition))) if isinstance(edition, Edition) else edition.edition
    kinds = [(said[kind], getattr(counts, kind)) for kind in ("initials", "anonymous", "struck", "void")]
    named = said["verified"] if shown.manifest.eligibility.check == "roll" else said["all_signatories"]
    files = ["edition.json"] if with_names else ["counts.json"]
    context: dict[str, Any] = {
        **frame(shown, language, f"editions/{number}/{{language}}.html"),
        "heading": said["edition_of"].format(number=number),
        "counts": counts,
        "kinds": [(named, counts.named), *((label, n) for label, n in kinds if n)],
        "groups": [(group.name[language], counts.groups[group.id]) for group in shown.manifest.groups],
        "since": said["since"].format(added=edition.since.added, withdrawn=edition.since.withdrawn),
        "edition_id": hashed,
        "names_path": f"signatories-{language}.html" if with_names else None,
        "files": files,
        "openings": f"/{shown.slug}/openings/{number}.jsonl" if shown.manifest.sealed else None,
        "bundle": f"/{shown.slug}/bundle.zip",
        "command": f"undersigned verify {shown.origin}/",
    }
    return render_to_string("pages/edition.html", context).encode("utf-8")


def names_page(shown: Shown, edition: Edition, language: str) -> bytes:
    """Everybody named, by group, in the order of the page's language."""
    said = words(language)

    def by_name(name: Name) -> str:
        return name.name

    groups = []
    for group in shown.manifest.groups:
        rows = sort_names((name for name in edition.roll if name.group == group.id), language, by_name)
        if rows:
            shown_rows = [{"name": r.name, "title": r.title, "initials": r.as_ == "initials"} for r in rows]
            groups.append({"name": group.name[language], "rows": shown_rows, "count": len(rows)})
    context: dict[str, Any] = {
        **frame(shown, language, f"editions/{edition.number}/signatories-{{language}}.html"),
        "heading": said["signatories"],
        "edition": said["edition"].format(number=edition.number),
        "edition_path": f"{language}.html",
        "counts": edition.counts,
        "groups": groups,
        "anonymous": said["anonymous_line"].format(anonymous=edition.counts.anonymous)
        if edition.counts.anonymous
        else "",
    }
    return render_to_string("pages/signatories.html", context).encode("utf-8")
