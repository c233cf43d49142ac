"""The site's own pages: front page, ``/verify`` for any bundle, ``/integrity`` for the scripts' hashes."""

from __future__ import annotations

import json
from dataclasses import asdict

from django.template.loader import render_to_string

from undersigned.web.reader.plain import front_page
from undersigned.web.reader.scripts import are_built, scripts
from undersigned.web.reader.signing import plain_context
from undersigned.web.reader.words import direction, own_name, spoken, words


def site_pages() -> dict[str, bytes]:
    """Every page of the site, by path. Those that need scripts are included only if these are built."""
    pages = {"index.html": front_page()}
    for language in spoken():
        # Found by ``edge.language``.
        pages[f"index.{language}.html"] = front_page(language)
    if not are_built():
        return pages
    for language in spoken():
        for kind in ("verify", "integrity"):
            page = _page(kind, language)
            pages[f"{kind}/{language}/index.html"] = page
            if language == "en":
                pages[f"{kind}/index.html"] = page
    listed = {name: asdict(script) for name, script in scripts().items()}
    pages["integrity.json"] = json.dumps(listed, indent=2).encode("utf-8") + b"\n"
    return pages


def _page(kind: str, language: str) -> bytes:
    said = words(language)
    languages = [
        {"tag": tag, "name": own_name(tag), "direction": direction(tag),
         "path": f"/{kind}/{tag}/", "here": tag == language}
        for tag in spoken()
    ]  # fmt: skip
    context = {**plain_context(said, kind), "languages": languages, "rows": list(scripts().items())}
    return render_to_string(f"signing/{kind}.html", context).encode("utf-8")
