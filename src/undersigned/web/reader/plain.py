"""The front page and the 404 page, in all languages of the site. They list no letters: invitations have the address."""

from __future__ import annotations

from django.template.loader import render_to_string

from undersigned.web.reader.scripts import are_built
from undersigned.web.reader.words import FALLBACK, direction, spoken, words


def front_page(first: str = FALLBACK) -> bytes:
    """The page at ``/``, in every language of the site, one below the other. ``first``: the language on top."""
    return _page("front", first, links=are_built())


def missing_page(first: str = FALLBACK) -> bytes:
    """The 404 page for browsers, in every language of the site. ``first``: the language on top."""
    return _page("missing", first, links=False)


def _page(name: str, first: str, *, links: bool) -> bytes:
    # Pages that anyone can use, with or without an invitation.
    kinds = ("verify", "integrity") if links else ()
    versions = [
        {
            "t": said,
            "heading": said[f"{name}_title"],
            "text": said[f"{name}_text"],
            "links": [(f"/{kind}/{said['language']}/", said[f"{kind}_heading"]) for kind in kinds],
        }
        for said in map(words, sorted(spoken(), key=lambda language: language != first))
    ]
    context = {
        "heading": versions[0]["heading"],
        "versions": versions,
        "language": first,
        "direction": direction(first),
    }
    return render_to_string("reader/plain.html", context).encode("utf-8")
