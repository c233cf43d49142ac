"""Pages of the site that belong to no letter. They name none: whoever has an invitation has its address."""

from __future__ import annotations

from django.template.loader import render_to_string

from undersigned.web.pages.scripts import are_built
from undersigned.web.pages.words import words


def front_page() -> bytes:
    """What stands at ``/``."""
    said = words("en")
    context = {"t": said, "heading": said["front_title"], "text": said["front_text"], "links": _links()}
    return render_to_string("pages/plain.html", context).encode("utf-8")


def _links() -> list[tuple[str, str]]:
    """What everybody may use here, invited or not."""
    said = words("en")
    pages = [("/verify/", said["verify_heading"]), ("/integrity/", said["integrity_heading"])]
    return pages if are_built() else []


def missing_page() -> bytes:
    """What a browser gets where there is nothing."""
    said = words("en")
    context = {"t": said, "heading": said["missing_title"], "text": said["missing_text"]}
    return render_to_string("pages/plain.html", context).encode("utf-8")
