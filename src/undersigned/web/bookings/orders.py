"""Builds the press's orders: a booking's newspaper page, and an edition's PDF for readers."""

from __future__ import annotations

from undersigned import press
from undersigned.press import PageOrder
from undersigned.protocol import bundle
from undersigned.web.letters.fixed_letter import FixedLetter
from undersigned.web.records.models import Booking, Document


def page_order(letter: FixedLetter, row: Booking, number: int, edition: bytes, site: str) -> PageOrder:
    """The order for a booking's page. ``edition``: edition.json; ``site``: scheme and host of this site.

    Raises PressError for terms that allow no page.
    """
    return press.order_from_bundle(
        _files(letter, number, edition),
        lang=row.lang,
        paper=row.paper,
        style=row.style,
        design=row.design,
        imprint=row.imprint,
        number=number,
        beside=row.beside or None,
        address=_address(letter, site),
        size=row.size or None,
        titles=row.titles,
        sections=row.sections,
        pages=row.pages,
        first=row.first or None,
        icc=bytes(row.icc) or None,
    )


def archive_order(letter: FixedLetter, language: str, number: int, edition: bytes, site: str) -> PageOrder:
    """The order for an edition's PDF for readers."""
    return press.archive_order_from_bundle(
        _files(letter, number, edition), lang=language, number=number, address=_address(letter, site)
    )


def _address(letter: FixedLetter, site: str) -> str:
    return f"{site.partition('://')[0]}://{letter.manifest.origin}/"


def _files(letter: FixedLetter, number: int, edition: bytes) -> dict[str, bytes]:
    rows = Document.objects.filter(letter=letter.pk).exclude(path="roll.json")
    return {row.path: bytes(row.data) for row in rows} | {bundle.edition_path(number): edition}
