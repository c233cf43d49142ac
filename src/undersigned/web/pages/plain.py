"""Pages of the site that belong to no letter. They name none: whoever has an invitation has its address."""

from __future__ import annotations

from django.template.loader import render_to_string

from undersigned.web.pages.scripts import are_built
from undersigned.web.pages.words import spoken, words


def front_page() -> bytes:
    """What stands at ``/``, in every language of the site, one below the other."""
    return _page("front", links=are_built())


def missing_page() -> bytes:
    """What a browser gets where there is nothing; nobody knows in which language it was looked for."""
    return _page("missing", links=False)


def _page(name: str, *, links: bool) -> bytes:
    # What everybody may use here, invited or not.
    kinds = ("verify", "integrity") if links else ()
    versions = [
        {
            "t": said,
            "heading": said[f"{name}_title"],
            "text": said[f"{name}_text"],
            "links": [(f"/{kind}/{said['language']}/", said[f"{kind}_heading"]) for kind in kinds],
        }
        for said in map(words, spoken())
    ]
    context = {"heading": versions[0]["heading"], "versions": versions}
    return render_to_string("pages/plain.html", context).encode("utf-8")
