"""What is ordered: everything that decides the bytes of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from undersigned.protocol import base64url
from undersigned.protocol.edition import Edition, edition_id, parse
from undersigned.protocol.errors import ProtocolError

from .design import DESIGNS
from .errors import OrderError
from .papers import Paper, find

STYLES: Final = ("list", "run-in")
MAX_PAGES: Final = 2
MISSING: Final = ("leave-out", "set-aside", "refuse")


@dataclass(frozen=True, slots=True)
class Beside:
    """The same letter in a second language, set beside the first."""

    lang: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class PageOrder:
    """One page of one paper. The same order gives the same bytes.

    ``edition``: canonical edition.json (protocol.md section 7). ``title``, ``text``: headline and Markdown in ``lang``.
    ``groups``: id to name in ``lang``, in manifest order. ``paper``: id of a paper, or a free size ("254x533 mm").
    ``address``: the public URL, for QR and foot. ``imprint``: who pays and answers for the advertisement.
    ``timestamp``: aware, UTC. ``titles``: whether titles are printed. ``sections``: whether groups stand apart.
    ``pages``: 2 for a spread. ``first``: print only so many names, and say where the rest are. ``icc``: the paper's
    profile (needed for PDF/X-4). ``beside``: a second language. ``size``: mm, for a paper whose size is not known.
    ``missing``: what becomes of a sign no face shows, and ``overrides``: of whose name otherwise (missing.py).
    """

    edition: bytes
    title: str
    text: str
    groups: Mapping[str, str]
    lang: str
    paper: str
    style: str
    design: str
    address: str
    imprint: str
    timestamp: datetime
    titles: bool = True
    sections: bool = True
    pages: int = 1
    first: int | None = None
    icc: bytes | None = None
    beside: Beside | None = None
    size: str | None = None
    letter_size: float | None = None
    missing: str = "leave-out"
    overrides: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    proof_ppi: int = field(default=100)


@dataclass(frozen=True, slots=True)
class Checked:
    """An order that makes sense, with what it names looked up. ``id``: the edition's, base64url."""

    order: PageOrder
    edition: Edition
    id: str
    paper: Paper


def check(order: PageOrder) -> Checked:
    """``order``, looked up. Raises OrderError for what does not exist, PaperError for what is not known."""
    if order.style not in STYLES:
        raise OrderError(f"there is no style {order.style!r}: {' and '.join(STYLES)} are")
    if order.design not in DESIGNS:
        raise OrderError(f"there is no design {order.design!r}: {', '.join(DESIGNS)} are")
    if order.timestamp.utcoffset() != timedelta(0):
        raise OrderError("the timestamp must be aware and in UTC")
    if not 1 <= order.pages <= MAX_PAGES:
        raise OrderError(f"a page is 1 sheet or a spread of 2, not {order.pages}")
    if order.first is not None and order.first < 1:
        raise OrderError("at least one name is printed")
    if order.missing not in MISSING:
        raise OrderError(f"a name with a sign that no typeface shows is handled by {', '.join(MISSING)}")
    if not order.title.strip() or not order.text.strip():
        raise OrderError("a letter has a title and a text")
    try:
        edition = parse(order.edition)
    except ProtocolError as error:
        raise OrderError(f"this is not an edition: {error}") from error
    return Checked(order, edition, base64url.encode(edition_id(order.edition)), find(order.paper, order.size))
