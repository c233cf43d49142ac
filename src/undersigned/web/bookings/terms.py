"""The terms of a booked page, as an organiser sends them, and their validation."""

from __future__ import annotations

import unicodedata
from typing import Final

import msgspec

from undersigned.press import PressError
from undersigned.press.design import DESIGNS
from undersigned.press.order import MAX_PAGES, STYLES
from undersigned.press.papers import find_paper
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.manifest import Manifest

MAX_IMPRINT: Final = 500
MAX_FIRST: Final = 10_000_000


class Terms(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One page's terms. ``paper``: an id or a free size; ``size``: the booked size, for a paper whose size is unknown.

    ``beside``: a second language, or empty; ``pages``: 2 for a spread; ``first``: print only so many names, 0 for all.
    """

    paper: str
    lang: str
    imprint: str
    size: str = ""
    beside: str = ""
    style: str = "list"
    design: str = "classic"
    titles: bool = True
    sections: bool = True
    pages: int = 1
    first: int = 0


def check_terms(terms: Terms, letter: Manifest) -> None:
    """Raises MalformedError, with a sentence for the organiser, if no page can be made on ``terms``."""
    for language in (terms.lang, *([terms.beside] if terms.beside else [])):
        if language not in letter.languages:
            raise MalformedError(f"the letter is not in {language!r}: it is in {', '.join(letter.languages)}")
    if terms.lang == terms.beside:
        raise MalformedError("the second language must be another one than the first")
    if terms.style not in STYLES:
        raise MalformedError(f"there is no style {terms.style!r}: the styles are {' and '.join(STYLES)}")
    if terms.design not in DESIGNS:
        raise MalformedError(f"there is no design {terms.design!r}: the designs are {', '.join(DESIGNS)}")
    if not 1 <= terms.pages <= MAX_PAGES:
        raise MalformedError("a booking is 1 page or a spread of 2")
    if not 0 <= terms.first <= MAX_FIRST:
        raise MalformedError("first is a number of names, or 0 for all of them")
    if not terms.imprint.strip() or len(terms.imprint) > MAX_IMPRINT:
        raise MalformedError(
            f"an imprint names who pays for the page and is responsible for it, in at most {MAX_IMPRINT} characters"
        )
    if any(unicodedata.category(character) == "Cc" for character in terms.imprint):
        raise MalformedError("an imprint is a single line")
    try:
        find_paper(terms.paper, terms.size or None)
    except PressError as error:
        raise MalformedError(str(error)) from None
