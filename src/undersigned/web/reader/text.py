"""Renders a letter's Markdown as sanitised HTML (CommonMark, then an allowlist of tags)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import nh3
from markdown_it import MarkdownIt

# Raw HTML is escaped. Images are disabled: each would be a request to another site.
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).disable("image")
_TAGS: Final = frozenset(
    {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "h2", "h3", "h4", "hr", "code", "pre"}
)


@lru_cache(maxsize=64)
def to_html(source: str) -> str:
    """The HTML of ``source``. Headings are one level lower, because the page has its own."""
    html = _MARKDOWN.render(source)
    for level in (5, 4, 3, 2, 1):
        below = min(level + 1, 4)
        html = html.replace(f"<h{level}>", f"<h{below}>").replace(f"</h{level}>", f"</h{below}>")
    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
