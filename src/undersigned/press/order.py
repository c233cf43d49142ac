"""The order for a page: all the input that determines its bytes, and its validation."""

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
from .papers import Paper, find_paper

STYLES: Final = ("list", "run-in")
MAX_PAGES: Final = 2
MISSING: Final = ("leave-out", "set-aside", "refuse")


@dataclass(frozen=True, slots=True)
class Beside:
    """The same letter in a second language, typeset next to the first."""

    lang: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class PageOrder:
    """One page of one paper. The same order gives the same bytes.

    ``edition``: canonical edition.json (protocol.md section 7). ``title``, ``text``: headline and Markdown in ``lang``.
    ``groups``: id to name in ``lang``, in manifest order. ``paper``: id of a paper, or a free size ("254x533 mm").
    ``address``: the public URL, for QR and foot. ``imprint``: who paid for the advertisement and is responsible for it.
    ``timestamp``: aware, UTC. ``titles``: whether titles are printed. ``sections``: whether each group has a heading.
    ``pages``: 2 for a spread. ``first``: print only this many names, and say where the others are. ``icc``: the paper's
    profile (required for PDF/X-4). ``beside``: a second language. ``size``: mm, for a paper with an unknown size.
    ``missing``: policy for characters without a glyph; ``overrides``: exceptions by key (see the module that applies
    them).
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
    """A validated order, with edition, paper and design looked up. ``id``: the edition's, base64url."""

    order: PageOrder
    edition: Edition
    id: str
    paper: Paper


def check(order: PageOrder) -> Checked:
    """Validates ``order``. Raises OrderError for an invalid value, PaperError for an unknown figure of the paper."""
    if order.style not in STYLES:
        raise OrderError(f"there is no style {order.style!r}: choose {' or '.join(STYLES)}")
    if order.design not in DESIGNS:
        raise OrderError(f"there is no design {order.design!r}: choose one of {', '.join(DESIGNS)}")
    if order.timestamp.utcoffset() != timedelta(0):
        raise OrderError("the timestamp must have a time zone, UTC")
    if not 1 <= order.pages <= MAX_PAGES:
        raise OrderError(f"a page has 1 sheet, or 2 as a spread, not {order.pages}")
    if order.first is not None and order.first < 1:
        raise OrderError("print at least one name")
    if order.missing not in MISSING:
        raise OrderError(f"the policy for a name with a character no font has is one of {', '.join(MISSING)}")
    if not order.title.strip() or not order.text.strip():
        raise OrderError("the letter needs a title and a text")
    try:
        edition = parse(order.edition)
    except ProtocolError as error:
        raise OrderError(f"this is not an edition: {error}") from error
    return Checked(order, edition, base64url.encode(edition_id(order.edition)), find_paper(order.paper, order.size))
