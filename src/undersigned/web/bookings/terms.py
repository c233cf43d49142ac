"""What an organiser orders of a page, as it comes over HTTP, and whether it makes sense."""

from __future__ import annotations

import unicodedata
from typing import Final

import msgspec

from undersigned.press import PressError
from undersigned.press.design import DESIGNS
from undersigned.press.order import MAX_PAGES, STYLES
from undersigned.press.papers import find
from undersigned.protocol.errors import MalformedError
from undersigned.protocol.manifest import Manifest

MAX_IMPRINT: Final = 500
MAX_FIRST: Final = 10_000_000


class Terms(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One page's terms. ``paper``: an id or a free size; ``size``: the booked size of a paper whose own is not known.

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
    """Raises MalformedError, with a sentence for the organiser, unless a page could be made on ``terms``."""
    for language in (terms.lang, *([terms.beside] if terms.beside else [])):
        if language not in letter.languages:
            raise MalformedError(f"the letter is not in {language!r}: it is in {', '.join(letter.languages)}")
    if terms.lang == terms.beside:
        raise MalformedError("beside a language stands another one")
    if terms.style not in STYLES:
        raise MalformedError(f"there is no style {terms.style!r}: {' and '.join(STYLES)} are")
    if terms.design not in DESIGNS:
        raise MalformedError(f"there is no design {terms.design!r}: {', '.join(DESIGNS)} are")
    if not 1 <= terms.pages <= MAX_PAGES:
        raise MalformedError("a page is 1 sheet or a spread of 2")
    if not 0 <= terms.first <= MAX_FIRST:
        raise MalformedError("first is a number of names, or 0 for all of them")
    if not terms.imprint.strip() or len(terms.imprint) > MAX_IMPRINT:
        raise MalformedError(f"an imprint says who pays and answers for the page, in at most {MAX_IMPRINT} letters")
    if any(unicodedata.category(character) == "Cc" for character in terms.imprint):
        raise MalformedError("an imprint is one line")
    try:
        find(terms.paper, terms.size or None)
    except PressError as error:
        raise MalformedError(str(error)) from None
